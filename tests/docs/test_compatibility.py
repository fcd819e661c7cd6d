"""The page of compatibility says what is: it is generated, nothing is missing, every difference is explained."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from backtrail.compat.differences import DIFFERENCES, KINDS

ROOT = Path(__file__).resolve().parent.parent.parent


@cache
def generator() -> ModuleType:
    path = ROOT / "scripts" / "compatibility.py"
    spec = importlib.util.spec_from_file_location("compatibility_generator", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@cache
def audit() -> Any:
    return generator().Audit()


def test_every_name_of_backtrader_is_answered_and_every_difference_explained() -> None:
    assert generator().faults(audit()) == []


def test_the_page_is_what_the_code_says() -> None:
    assert generator().PAGE.read_text(encoding="utf-8") == generator().page(audit())


def test_nothing_on_the_page_is_promised() -> None:
    text = generator().PAGE.read_text(encoding="utf-8").lower()
    assert [word for word in ("planned", "not yet", "coming", "soon", "in progress") if word in text] == []


@pytest.mark.long  # backtrader is pinned: its names change with its version only
def test_the_names_are_those_of_the_installed_backtrader() -> None:
    script = ROOT / "scripts" / "backtrader_names.py"
    done = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_fault_is_found() -> None:
    changed = generator().Audit()
    changed.modules["indicators.sma"]["MovingAverageSimple"]["params"] = [["period", 31], ["other", 1]]
    changed.modules["indicators.sma"]["MovingAverageSimple"]["lines"] = ["mean"]
    changed.modules["indicators.sma"]["NoSuchAverage"] = {
        "kind": "class",
        "home": "indicators.sma:NoSuchAverage",
    }
    found = "\n".join(generator().faults(changed))
    for said in (
        "has no parameter other",
        "period is 30, not 31",
        "NoSuchAverage is not answered",
        "lines ['sma']",
    ):
        assert said in found


def test_differences_have_names_of_their_own() -> None:
    keys = [found.key for found in DIFFERENCES]
    assert len(set(keys)) == len(keys)
    assert {found.kind for found in DIFFERENCES} == set(KINDS)
    assert all(found.switch for found in DIFFERENCES if found.kind == "switch")
