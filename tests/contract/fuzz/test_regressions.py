"""Runs that once differed from backtrader, made small; each file's name says what must hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.oracle import compare, load_case

CASES = sorted((Path(__file__).parent / "regressions").glob("*.json"))


@pytest.mark.contract
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_run_that_once_differed(path: Path) -> None:
    spec, about = load_case(path)
    found = compare(spec)
    assert found is None, f"{about}\n{found}"
