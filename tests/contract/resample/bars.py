"""One feed through filters, in backtrader and in backtrail."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from typing import Any

import backtrader

import backtrail

Row = tuple[Any, ...]
TICKS, MICROSECONDS, SECONDS, MINUTES, DAYS, WEEKS, MONTHS, YEARS = range(1, 9)
START = datetime(2020, 1, 2, 9)


def feed_of(bt: Any) -> Any:
    """Give a feed class of library *bt* that delivers ``rows`` and counts those it was asked for."""

    class Rows(bt.feed.DataBase):  # type: ignore[misc]
        params = (("rows", ()),)

        def start(self) -> None:
            super().start()
            self.asked = -1

        def _load(self) -> bool:
            self.asked += 1
            if self.asked >= len(self.p.rows):
                return False
            row = self.p.rows[self.asked]
            lines = self.lines
            lines.datetime[0] = bt.date2num(row[0])
            lines.open[0], lines.high[0], lines.low[0], lines.close[0] = row[1:5]
            lines.volume[0], lines.openinterest[0] = row[5:7]
            return True

    return Rows


FEEDS = {backtrader: feed_of(backtrader), backtrail: feed_of(backtrail)}


def delivered(bt: Any, prepare: Callable[[Any, Any], Any], feed: Any = None, **modes: Any) -> list[Any]:
    """Give what a strategy sees of the feed that *prepare* adds to a Cerebro.

    Per call: lengths, rows read so far, and the values of the bar and of the newest tick.
    """
    seen: list[Any] = []

    class Watch(bt.Strategy):  # type: ignore[misc]
        def next(self) -> None:
            data = self.data
            ticks = None
            if data.replaying:
                ticks = [
                    getattr(data, f"tick_{name}", None) for name in ("open", "high", "low", "close", "volume")
                ]
            asked = getattr(data, "asked", None) if modes.get("preload") is False else None
            seen.append((len(self), len(data), asked, [line[0] for line in data.lines], ticks))

        nextstart = prenext = next

    cerebro = bt.Cerebro(stdstats=False, **modes)
    prepare(cerebro, feed or FEEDS[bt])
    cerebro.addstrategy(Watch)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cerebro.run()
    return seen


def rows_at(chance: random.Random, times: Sequence[datetime]) -> list[Row]:
    """Give a row with random prices for each of *times*."""
    rows = []
    for moment in times:
        opened, high, low, close = (round(chance.uniform(90, 110), 4) for _ in range(4))
        volume = chance.choice([float(chance.randint(0, 100)), chance.random()])
        interest = float(chance.randint(0, 50))
        top, bottom = max(opened, high, low, close), min(opened, high, low, close)
        rows.append((moment, opened, top, bottom, close, volume, interest))
    return rows


def times_apart(chance: random.Random, steps: Sequence[float], most: int = 40) -> list[datetime]:
    """Give up to *most* times that are some of *steps* seconds apart, sometimes days."""
    moment = START
    times = []
    for _ in range(chance.randint(1, most)):
        times.append(moment)
        moment += timedelta(seconds=chance.choice(steps))
        if chance.random() < 0.1:
            moment += timedelta(days=chance.choice([1, 3, 10]))
    return times


def shuffled(chance: random.Random, times: list[datetime]) -> list[datetime]:
    """Swap a few of *times*."""
    times = list(times)
    for _ in range(4):
        if chance.random() < 0.4:
            a, b = chance.randrange(len(times)), chance.randrange(len(times))
            times[a], times[b] = times[b], times[a]
    return times


def options(chance: random.Random, **choices: Sequence[Any]) -> dict[str, Any]:
    """Give some of the parameters named, each with one of its values."""
    return {name: chance.choice(values) for name, values in choices.items() if chance.random() < 0.35}


SESSION_ENDS = [time(17, 20), time(12), time(9, 30), time(13)]
