"""Runs that came from elsewhere, and records that cannot be read: nothing of them takes the place of a computation."""

from __future__ import annotations

import enum
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import backtrail as bt
from backtrail.runs import record
from backtrail.runs.pack import PackRefused, pack, unpack
from backtrail.runs.store import Store
from backtrail.runs.store.manifest import encode


class State(enum.Enum):
    """What a strategy is at."""

    FLAT = 1
    LONG = 2


@dataclass
class Box:
    """Something that is kept."""

    size: int = 1


class Keeps(bt.Strategy):
    """A strategy that keeps more than numbers."""

    asked: str | None = None

    def __init__(self) -> None:
        super().__init__()
        self.kind = bt.ind.SMA

    def next(self) -> None:
        self.state = State.LONG
        self.box = Box(3)
        if len(self) == 3:
            self.buy()


def ran(store: Store, **more: Any) -> Any:
    closes = 100.0 + np.sin(np.arange(40.0))
    frame = pd.DataFrame({"open": closes, "high": closes + 1, "low": closes - 1, "close": closes, "volume": 1.0})
    frame.index = pd.date_range(datetime(2024, 1, 1), periods=40)
    cerebro = bt.Cerebro(store=store, cache="use")
    cerebro.adddata(bt.feeds.PandasData(dataname=frame))
    cerebro.addstrategy(Keeps)
    cerebro.strategies = cerebro.run(**more)
    return cerebro


def test_enumerations_dataclasses_and_classes_come_back(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    first, second = ran(store), ran(store)
    assert first.run_id == second.run_id
    (strategy,) = second.strategies
    assert (strategy.state, strategy.box, strategy.kind) == (State.LONG, Box(3), bt.ind.SMA)
    assert type(strategy.box) is Box


def test_an_imported_run_is_served_if_it_is_trusted(tmp_path: Path) -> None:
    theirs = Store.open(tmp_path / "theirs")
    made = ran(theirs).run_id
    packed = pack(theirs.run(made), tmp_path / "run.zip", acknowledge_secrets=True)
    mine = Store.open(tmp_path / "mine")
    assert unpack(mine, packed) == made
    assert mine.run(made).metrics == theirs.run(made).metrics
    own = ran(mine).run_id
    assert own != made
    assert ran(mine).run_id == own
    mine.reindex()
    mine.fsck()
    assert ran(mine).run_id == own
    other = Store.open(tmp_path / "other")
    unpack(other, packed)
    assert unpack(other, packed, trust=True) == made
    assert ran(other).run_id == made
    trusting = Store.open(tmp_path / "trusting")
    unpack(trusting, packed, trust=True)
    assert ran(trusting).run_id == made


def changed(packed: Path, target: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """Write the pack again with another manifest."""
    with zipfile.ZipFile(packed) as source, zipfile.ZipFile(target, "w") as made:
        for member in source.infolist():
            content = source.read(member)
            if member.filename == "manifest.json":
                manifest = json.loads(content)
                manifest.pop("seal", None)
                change(manifest)
                content = encode(manifest)
            made.writestr(member.filename, content)
    return target


def test_a_key_that_is_not_made_of_its_components_is_refused(tmp_path: Path) -> None:
    theirs = Store.open(tmp_path / "theirs")
    packed = pack(theirs.run(ran(theirs).run_id), tmp_path / "run.zip", acknowledge_secrets=True)
    bad = changed(packed, tmp_path / "bad.zip", lambda manifest: manifest.update(key="b3:" + "0" * 64))
    mine = Store.open(tmp_path / "mine")
    with pytest.raises(PackRefused, match="the key that its components make"):
        unpack(mine, bad)
    assert len(mine.runs()) == 0


@pytest.mark.parametrize(
    "shape",
    [5, {"format": 2}, {"format": 2, "strategies": 5, "broker": 5}, {"format": 2, "strategies": [{}], "broker": {}}],
)
def test_a_record_of_another_shape_is_passed_over(
    shape: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.open(tmp_path)
    first = ran(store)
    usual = record.restore
    monkeypatch.setattr(record, "restore", lambda run, found, _shape: usual(run, found, shape))
    with pytest.warns(bt.errors.BacktrailWarning, match="cannot be read, so the run is computed"):
        second = ran(store)
    assert second.broker.getvalue() == first.broker.getvalue()
    assert second.result.metrics.to_arrow() == first.result.metrics.to_arrow()
