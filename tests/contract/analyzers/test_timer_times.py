"""Timers are due when backtrader's are, bar by bar, and name the same times."""

from __future__ import annotations

import datetime as dt
import warnings
from random import Random
from typing import Any

import backtrader
import pytest
from tests.contract.analyzers.setups import make_bars

import backtrail

pytestmark = pytest.mark.contract

Due = tuple[int, dt.datetime, int]


class Offset(dt.tzinfo):
    """A zone of whole hours that can localize, as backtrader asks of zones."""

    def __init__(self, hours: int) -> None:
        self.hours = hours

    def utcoffset(self, when: dt.datetime | None) -> dt.timedelta:
        return dt.timedelta(hours=self.hours)

    def dst(self, when: dt.datetime | None) -> dt.timedelta:
        return dt.timedelta(0)

    def localize(self, when: dt.datetime) -> dt.datetime:
        return when.replace(tzinfo=self)


def random_timer(rng: Random, zone: bool) -> dict[str, Any]:
    """Give the parameters of a timer; ``when`` is the name of a session constant or a time."""
    made: dict[str, Any] = {}
    choice = rng.random()
    if choice < 0.4:
        made["when"] = "SESSION_START" if choice < 0.2 else "SESSION_END"
    elif choice < 0.8:
        made["when"] = dt.time(rng.randrange(24), rng.choice([0, 0, 15, 30, 45]))
    else:
        made["when"] = dt.time(rng.randrange(24), rng.randrange(60), 59, rng.choice([500, 999990, 123456]))
    if rng.random() < 0.4:
        made["offset"] = dt.timedelta(minutes=rng.choice([-90, -30, -10, 5, 15, 60, 300]))
    if rng.random() < 0.5 and not zone:
        made["repeat"] = dt.timedelta(minutes=rng.choice([5, 10, 30, 45, 60, 300, 500, 1440, 2000]))
    if rng.random() < 0.5:
        made["weekdays"] = sorted(rng.sample(range(1, 8), rng.randint(1, 5)))
        if rng.random() < 0.15:
            rng.shuffle(made["weekdays"])
    if rng.random() < 0.5:
        made["monthdays"] = sorted(rng.sample(range(1, 32), rng.randint(1, 6)))
        if rng.random() < 0.15:
            rng.shuffle(made["monthdays"])
    if rng.random() < 0.5:
        made["weekcarry"] = rng.random() < 0.6
    if rng.random() < 0.5:
        made["monthcarry"] = rng.random() < 0.3
    if rng.random() < 0.2:
        modulus = rng.choice([2, 3])
        made["allow"] = lambda day: day.toordinal() % modulus == 0
    if zone and isinstance(made["when"], dt.time) and rng.random() < 0.5:
        made["tzdata"] = Offset(rng.choice([-3, 9]))
    return made


def times(bt: Any, seed: int) -> list[Due]:
    """Run with random timers, and give number, time and bar of each call."""
    rng = Random(seed)
    zone = seed % 3 == 0
    if rng.random() < 0.3:
        start = dt.datetime(2019, rng.randint(1, 12), rng.randint(1, 28))
        frame = make_bars(rng.randint(50, 400), seed, start, holes=rng.choice([0.0, 0.1, 0.3]))
        if rng.random() < 0.4:
            frame.index += dt.timedelta(hours=23, minutes=59, seconds=59, microseconds=999990)
        timeframe, compression = bt.TimeFrame.Days, 1
    else:
        timeframe, compression = bt.TimeFrame.Minutes, rng.choice([7, 30, 60, 95])
        start = dt.datetime(2019, rng.randint(1, 12), rng.randint(1, 28), rng.randrange(24))
        step = dt.timedelta(minutes=compression)
        frame = make_bars(rng.randint(300, 1200), seed, start, step, holes=rng.choice([0.0, 0.1, 0.6]))
        if rng.random() < 0.6:
            frame = frame[(frame.index.hour >= 8) & (frame.index.hour < 18)]
    session: dict[str, Any] = {}
    if rng.random() < 0.6:
        session["sessionstart"] = dt.time(rng.randint(6, 10), rng.choice([0, 30]))
        session["sessionend"] = dt.time(rng.randint(14, 23), rng.choice([0, 30]))
    if zone:
        session["tz"] = Offset(rng.choice([-5, 8]))
    timers = [random_timer(rng, zone) for _ in range(8)]
    seen: list[Due] = []

    class Timed(bt.Strategy):  # type: ignore[misc]
        def __init__(self) -> None:
            for options in timers:
                when = options["when"]
                if isinstance(when, str):
                    when = getattr(bt.timer, when)
                self.add_timer(**{**options, "when": when})

        def notify_timer(self, timer: Any, when: dt.datetime, *args: Any, **kwargs: Any) -> None:
            seen.append((timer.p.tid, when, len(self.data)))

    cerebro = bt.Cerebro(stdstats=False)
    feed = bt.feeds.PandasData(dataname=frame, timeframe=timeframe, compression=compression, **session)
    cerebro.adddata(feed, name="data")
    cerebro.addstrategy(Timed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cerebro.run()
    return seen


@pytest.mark.parametrize("seed", range(30))
def test_timers_are_due_when_backtraders_are(seed: int) -> None:
    assert times(backtrail, seed) == times(backtrader, seed)
