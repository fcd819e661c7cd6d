"""Projects, stores and scripts for the tests of recording."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import backtrail as bt
from backtrail.engine.run import Run
from backtrail.runs import record as recording
from backtrail.runs.store import Store


@pytest.fixture(autouse=True)
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep index and configuration of the machine out of the tests."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("BACKTRAIL_STORE", raising=False)
    recording._said.clear()
    yield
    recording._stores.clear()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store")


def frame(count: int = 60, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    close = np.round(100 * np.exp(np.cumsum(rng.normal(0, 0.02, count))), 2)
    index = pd.date_range("2020-01-01", periods=count, freq="D")
    columns = {
        "open": close, "high": close + 1, "low": close - 1, "close": close, "volume": 10.0, "openinterest": 0.0,
    }  # fmt: skip
    return pd.DataFrame(columns, index=index)


class Cross(bt.Strategy):
    params = (("fast", 3), ("slow", 8))

    def __init__(self):
        self.cross = bt.ind.CrossOver(bt.ind.SMA(period=self.p.fast), bt.ind.SMA(period=self.p.slow))
        self.bought = 0

    def next(self):
        if not self.position and self.cross > 0:
            self.buy()
            self.bought += 1
        elif self.position and self.cross < 0:
            self.close()


def cerebro_of(
    store: Any,
    strategy: type = Cross,
    data: Any = None,
    setup: Callable[[bt.Cerebro], None] | None = None,
    args: dict[str, Any] | None = None,
    **kwargs: Any,
) -> bt.Cerebro:
    """Make a Cerebro that records into *store*; run it yourself."""
    cerebro = bt.Cerebro(store=store, stdstats=False, **kwargs)
    feed = data if data is not None else bt.feeds.PandasData(dataname=frame())
    cerebro.adddata(feed)
    cerebro.addstrategy(strategy, **(args or {}))
    if setup is not None:
        setup(cerebro)
    return cerebro


def key_of(store: Store, *args: Any, **kwargs: Any) -> str:
    """Give the key that a run would have, without running."""
    cerebro = cerebro_of(store, *args, **kwargs)
    strategies = [next(iter(builds)) for builds in cerebro.strats]
    if cerebro.signals:
        strategies = [next(iter(builds)) for builds in cerebro._with_signals(list(cerebro.strats))]
    with warnings.catch_warnings():
        warnings.simplefilter("error", recording.RecordWarning)
        key = recording.Recording(cerebro, Run(cerebro.spec(strategies), cerebro), store, None).key
    assert key is not None
    return key.digest


SCRIPT = """
import json
import sys

import backtrail as bt

from helper import SIZE


class Cross(bt.Strategy):
    '''Buy when the fast average crosses the slow one.'''

    params = (("fast", 3), ("slow", 8))

    def __init__(self):
        self.cross = bt.ind.CrossOver(bt.ind.SMA(period=self.p.fast), bt.ind.SMA(period=self.p.slow))

    def next(self):
        if not self.position and self.cross > 0:
            self.buy(size=SIZE)
        elif self.position and self.cross < 0:
            self.close()


def main():
    cerebro = bt.Cerebro(stdstats=False, cache="use")
    cerebro.adddata(bt.feeds.GenericCSVData(dataname=sys.argv[1]))
    cerebro.addstrategy(Cross)
    cerebro.run()
    from backtrail.runs.store import Store
    run = Store.open().run(cerebro.run_id)
    print(json.dumps({"run": cerebro.run_id, "key": run.key, "value": cerebro.broker.getvalue()}))


if __name__ == "__main__":
    main()
"""


class Project:
    """A folder with a script, a module and a data file, run in a process of its own."""

    def __init__(self, folder: Path, store: Path) -> None:
        self.folder = folder
        self.store = store
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "pyproject.toml").write_text("[project]\nname = 'mine'\n")
        self.write("strategy.py", SCRIPT)
        self.write("helper.py", "SIZE = 2\n")
        csv = frame().reset_index().rename(columns={"index": "date"})
        csv["date"] = csv["date"].dt.strftime("%Y-%m-%d %H:%M:%S")
        csv.to_csv(folder / "bars.csv", index=False)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))

    def replace(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text()
        assert old in text
        (self.folder / name).write_text(text.replace(old, new))

    def run(self) -> dict[str, Any]:
        environment = {**os.environ, "BACKTRAIL_STORE": str(self.store), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, "strategy.py", "bars.csv"], cwd=self.folder, env=environment, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        return told


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "mine", tmp_path / "shared")
