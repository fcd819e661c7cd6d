"""A cache in a folder of its own, and data to cache."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from backtrail.cache import BacktestCache
from backtrail.runs.store import Store


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep indices and stores of this test apart from those of the user."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache-home"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data-home"))
    monkeypatch.delenv("BACKTRAIL_STORE", raising=False)
    return tmp_path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store", index_folder=tmp_path / "index")


@pytest.fixture
def cache(store: Store) -> BacktestCache:
    return BacktestCache(store)


@pytest.fixture
def bars() -> pd.DataFrame:
    close = 100 + np.cumsum(np.sin(np.arange(300.0)))
    index = pd.date_range("2020-01-01", periods=300, name="date")
    return pd.DataFrame({"open": close, "close": close + 0.5}, index=index)


@pytest.fixture
def trades() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "entry": pd.to_datetime(["2020-01-03", "2020-02-01", "2020-03-01"]),
            "pnl": [1.5, -0.5, np.nan],
            "size": [10, -5, 3],
            "side": ["long", "short", None],
        },
        index=[3, 5, 8],
    )
