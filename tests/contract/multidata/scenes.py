"""Runs on several feeds, made for backtrader and for backtrail alike, and what a strategy sees in them."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import backtrader

import backtrail
from backtrail.feeds.columns import Columns

Row = tuple[Any, ...]
Build = Callable[[Any, Any], None]
MINUTES, DAYS, WEEKS, MONTHS = 4, 5, 6, 7
START = datetime(2020, 1, 2, 9)


def feed_of(bt: Any) -> Any:
    """Give a feed class of library *bt* that delivers ``rows`` of (time, open, high, low, close, volume, interest)."""

    class Rows(bt.feed.DataBase):  # type: ignore[misc]
        params = (("rows", ()),)

        def start(self) -> None:
            super().start()
            self.left = iter(self.p.rows)

        def _load(self) -> bool:
            row = next(self.left, None)
            if row is None:
                return False
            lines = self.lines
            lines.datetime[0] = bt.date2num(row[0])
            lines.open[0], lines.high[0], lines.low[0], lines.close[0] = row[1:5]
            lines.volume[0], lines.openinterest[0] = row[5:7]
            return True

    return Rows


class BulkRows(backtrail.feed.DataBase):  # type: ignore[misc,name-defined]
    """The same rows, read at once."""

    params = (("rows", ()),)

    def _read_columns_(self) -> Columns:
        import numpy as np

        table = np.array([(backtrail.date2num(row[0]), *row[1:7]) for row in self.p.rows])
        return Columns(*(np.ascontiguousarray(part) for part in table.reshape(-1, 7).T))


def strategy_of(bt: Any) -> Any:
    """Give a strategy class of library *bt* that writes down every value of every feed at each call."""

    class Watch(bt.Strategy):  # type: ignore[misc]
        def __init__(self) -> None:
            self.seen: list[Any] = []

        def note(self, hook: str) -> None:
            bars = []
            for data in self.datas:
                bar = [line[0] for line in data.lines] if len(data) else []
                ticks = None
                if data.replaying and len(data):
                    ticks = (data.tick_open, data.tick_high, data.tick_low, data.tick_close, data.tick_volume)
                bars.append((len(data), bar, ticks))
            self.seen.append((hook, len(self), self.datetime[0], bars))

        def prenext(self) -> None:
            self.note("prenext")

        def nextstart(self) -> None:
            self.note("nextstart")

        def next(self) -> None:
            self.note("next")

    return Watch


THEIRS, OURS = feed_of(backtrader), feed_of(backtrail)
WATCH = {backtrader: strategy_of(backtrader), backtrail: strategy_of(backtrail)}


def seen(bt: Any, feed: Any, build: Build, **modes: Any) -> list[Any]:
    """Run what *build* adds to a Cerebro of *bt* with feeds of class *feed*, and give what the strategy saw."""
    cerebro = bt.Cerebro(stdstats=False, **modes)
    build(cerebro, feed)
    cerebro.addstrategy(WATCH[bt])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        strategies = cerebro.run()
    return strategies[0].seen if strategies else []


def differ(build: Build, feeds: tuple[Any, ...] = (OURS, BulkRows), **modes: Any) -> bool | None:
    """Tell whether backtrail's strategy sees anything else than backtrader's; None if backtrader fails."""
    try:
        expected = seen(backtrader, THEIRS, build, **modes)
    except (ValueError, IndexError, AttributeError, OverflowError):
        return None  # its failures on such set-ups are its own
    # values are compared as text: NaN equals NaN, and 0.0 differs from -0.0
    return any(repr(seen(backtrail, feed, build, **modes)) != repr(expected) for feed in feeds)


def prices(chance: random.Random, times: list[datetime]) -> list[Row]:
    """Give a row with random prices for each of *times*."""
    rows = []
    for moment in times:
        opened, high, low, close = (round(chance.uniform(90, 110), 4) for _ in range(4))
        high, low = max(opened, high, low, close), min(opened, high, low, close)
        volume = float(chance.randint(0, 100)) if chance.random() < 0.9 else chance.random()
        rows.append((moment, opened, high, low, close, volume, float(chance.randint(0, 50))))
    return rows


def gappy_times(chance: random.Random, count: int, steps: list[int]) -> list[datetime]:
    """Give *count* times that are some of *steps* minutes apart, sometimes days."""
    moment = START + timedelta(minutes=chance.choice([0, 0, 1, 7, 100, 1500]))
    times = []
    for _ in range(count):
        times.append(moment)
        moment += timedelta(minutes=chance.choice(steps))
        if chance.random() < 0.05:
            moment += timedelta(days=chance.choice([1, 3]))
    return times


def daily_times(chance: random.Random, count: int) -> list[datetime]:
    """Give *count* days with gaps, all at the same time of the day."""
    day = START.date() + timedelta(days=chance.randint(-1, 20))
    clock = chance.choice([time(0), time(16), time(23, 59, 59, 999990)])
    times = []
    for _ in range(count):
        times.append(datetime.combine(day, clock))
        day += timedelta(days=chance.choice([1, 1, 1, 3, 2, 7]))
    return times


def larger(chance: random.Random, daily: bool) -> dict[str, Any]:
    """Give random parameters for resampling."""
    if daily:
        made = {"timeframe": chance.choice([DAYS, WEEKS, MONTHS]), "compression": chance.choice([1, 1, 2, 3])}
    else:
        made = {
            "timeframe": chance.choice([MINUTES, MINUTES, MINUTES, DAYS, WEEKS, 3]),
            "compression": chance.choice([1, 2, 5, 7, 15, 60]),
        }
    if made["timeframe"] >= DAYS and chance.random() < 0.6:
        made["compression"] = 1
    options: dict[str, Any] = {
        "bar2edge": False,
        "adjbartime": False,
        "rightedge": False,
        "boundoff": chance.choice([1, -1, 2]),
    }
    for name, value in options.items():
        if chance.random() < 0.1:
            made[name] = value
    return made


def scene(seed: int, resample: bool = True, unsorted: bool = False) -> Build:
    """Give a random run: one to three feeds, some of them resampled in the ways that there are."""
    chance = random.Random(seed)
    plans = []
    for _ in range(chance.choice([1, 1, 2, 2, 3])):
        daily = chance.random() < 0.25
        steps = chance.choice([[1], [1, 1, 1, 2, 3, 5], [5], [1, 30, 200], [5, 5, 10], [15]])
        count = chance.randint(0 if chance.random() < 0.1 else 1, 60)
        times = daily_times(chance, count) if daily else gappy_times(chance, count, steps)
        if unsorted and times and chance.random() < 0.5:
            for _ in range(3):
                a, b = chance.randrange(count), chance.randrange(count)
                times[a], times[b] = times[b], times[a] if chance.random() < 0.5 else times[b]
        params: dict[str, Any] = {"timeframe": DAYS if daily else MINUTES}
        if not daily and chance.random() < 0.3:
            params["compression"] = steps[0]
        if chance.random() < 0.15:
            params["sessionend"] = chance.choice([time(17, 20), time(12), time(9, 30)])
        for name in () if unsorted else ("fromdate", "todate"):
            if times and chance.random() < 0.15:
                params[name] = chance.choice(times)
        ways = ["add", "clone", "clone", "clones", "inplace", "itself"] if resample else ["add"]
        plans.append(
            (
                prices(chance, times),
                params,
                chance.choice(ways),
                larger(chance, daily),
                larger(chance, daily),
            )
        )

    def build(cerebro: Any, feed: Any) -> None:
        for rows, params, way, first, second in plans:
            data = feed(rows=rows, **params)
            if way == "itself":
                data.resample(**first)
            if way == "inplace":
                cerebro.resampledata(data, **first)
                continue
            cerebro.adddata(data)
            if way in ("clone", "clones"):
                cerebro.resampledata(data, **first)
            if way == "clones":
                cerebro.resampledata(data, **second)

    return build
