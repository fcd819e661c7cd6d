"""Feeds made of feeds: chained, rolled over, cloned; and the two vendors' CSV formats that are generic ones."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import backtrader
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import backtrail

pytestmark = [pytest.mark.contract, pytest.mark.filterwarnings("ignore::backtrail.errors.DataWarning")]

START = datetime(2020, 1, 1)


def seen_by(bt: Any, feeds: list[Any], **modes: Any) -> list[Any]:
    """Give length, lines and volume of every feed on every bar."""
    seen: list[Any] = []

    class Watch(bt.Strategy):  # type: ignore[misc]
        def next(self) -> None:
            seen.append([(len(d), *(line[0] for line in d.lines)) for d in self.datas])

    cerebro = bt.Cerebro(stdstats=False, **modes)
    for feed in feeds:
        cerebro.adddata(feed)
    cerebro.addstrategy(Watch)
    cerebro.run()
    return seen


def same(make: Callable[[Any], list[Any]], *modes: dict[str, Any]) -> int:
    for mode in modes or ({},):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = seen_by(backtrader, make(backtrader), **mode)
        found = seen_by(backtrail, make(backtrail), **mode)
        assert len(found) == len(expected)
        for mine, theirs in zip(found, expected):
            assert np.array_equal(np.array(mine), np.array(theirs), equal_nan=True), (mine, theirs)
    return len(expected)


def days(bt: Any, numbers: list[int], base: float = 0.0, **options: Any) -> Any:
    """Make a feed with a bar on each of the *numbers*-th days, priced by its day."""

    class Days(bt.feed.DataBase):  # type: ignore[misc]
        def start(self) -> None:
            super().start()
            self.left = list(numbers)

        def _load(self) -> bool:
            if not self.left:
                return False
            day = self.left.pop(0)
            self.lines.datetime[0] = bt.date2num(START + timedelta(days=day))
            self.lines.open[0] = self.lines.close[0] = base + day
            self.lines.high[0], self.lines.low[0] = base + day + 1, base + day - 1
            self.lines.volume[0], self.lines.openinterest[0] = 1000 - day, 0
            return True

    return Days(**options)


DAYS = st.lists(st.integers(0, 25), unique=True, min_size=1, max_size=12).map(sorted)


@settings(max_examples=18)
@given(parts=st.lists(DAYS, min_size=1, max_size=3), beside=DAYS)
def test_chained_feeds(parts: list[list[int]], beside: list[int]) -> None:
    def make(bt: Any) -> list[Any]:
        feeds = [days(bt, part, 100.0 * at) for at, part in enumerate(parts)]
        return [bt.feeds.Chainer(*feeds, dataname="chain"), days(bt, beside)]

    same(make)


@settings(max_examples=18)
@given(
    lengths=st.lists(st.integers(4, 20), min_size=2, max_size=3),
    first=st.integers(0, 10),
    width=st.integers(1, 4),
    by_volume=st.booleans(),
)
def test_futures_that_roll_over(lengths: list[int], first: int, width: int, by_volume: bool) -> None:
    lengths = sorted(lengths)  # a future that ends before the one in use can keep backtrader from ending

    def checkdate(dt: datetime, data: Any) -> bool:
        day = (dt - START).days
        return first <= day % 12 < first + width

    def heavier(now: Any, following: Any) -> bool:
        return bool(now.volume[0] < following.volume[0] + 5)

    def make(bt: Any) -> list[Any]:
        feeds = [
            days(bt, list(range(at * 3, length)) or [at], 100.0 * at) for at, length in enumerate(lengths)
        ]
        options = {"checkcondition": heavier} if by_volume else {}
        return [bt.feeds.RollOver(*feeds, dataname="rolled", checkdate=checkdate, **options)]

    same(make)


@settings(max_examples=10)
@given(numbers=DAYS, beside=DAYS)
def test_clones_and_copies(numbers: list[int], beside: list[int]) -> None:
    def make(bt: Any) -> list[Any]:
        data = days(bt, numbers)
        return [data, data.clone(), data.copyas("again"), days(bt, beside)]

    same(make, {}, {"runonce": False})


@pytest.mark.parametrize(
    ("kind", "row", "options"),
    [
        ("MT4CSVData", "2006.01.0{day},09:3{day},1,2,0.5,1.5,{day}00", {"timeframe": 4}),
        ("MT4CSVData", "2006.01.0{day},00:00,1,2,0.5,1.5,{day}00", {}),
        ("SierraChartCSVData", "2006/01/0{day},1,2,0.5,1.5,{day}00,7", {}),
        ("SierraChartCSVData", "2006/01/0{day},1,2,0.5,1.5,{day}00,7", {"timeframe": 4}),
    ],
)
@pytest.mark.parametrize("headers", [True, False])
def test_vendors_of_generic_files(kind: str, row: str, options: Any, headers: bool, tmp_path: Path) -> None:
    text = "title\n" * headers + "".join(row.format(day=day) + "\n" for day in range(1, 6))
    (tmp_path / "x.csv").write_text(text)

    def make(bt: Any) -> list[Any]:
        return [getattr(bt.feeds, kind)(dataname=str(tmp_path / "x.csv"), headers=headers, **options)]

    assert same(make, {}, {"runonce": False}, {"preload": False}) == 5
