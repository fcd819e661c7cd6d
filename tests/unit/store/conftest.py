"""A store in a folder of its own, and records to put into it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backtrail.runs.digests import digest
from backtrail.runs.store import Store

Opener = Callable[..., Store]


@pytest.fixture
def opener(tmp_path: Path) -> Opener:
    """Open the store of this test as machine *machine* does: each has an index of its own."""

    def open_store(machine: str = "here", **options: Any) -> Store:
        return Store.open(tmp_path / "store", index_folder=tmp_path / f"index-{machine}", **options)

    return open_store


@pytest.fixture
def store(opener: Opener) -> Store:
    return opener()


def key_of(text: str) -> str:
    return digest("test", text.encode())


def record(sharpe: float | None = 1.0, **fields: Any) -> dict[str, Any]:
    metrics = {} if sharpe is None else {"sharpe_ratio": sharpe}
    return {"strategy": "sma", "params": {"period": 14}, "result": {"metrics": metrics}, **fields}


@pytest.fixture
def make_record() -> Callable[..., dict[str, Any]]:
    return record


@pytest.fixture
def make_key() -> Callable[[str], str]:
    return key_of
