"""What is computed from feeds that begin apart begins when all of them have a bar, and is the same in each mode."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest

import backtrail as bt

from .traces import START, feed, rows

MODES: dict[str, dict[str, Any]] = {"vectorised": {}, "stepped": {"runonce": False}}
FIRST = rows(60, 5)
LATER = rows(40, 6, start=START + timedelta(days=20))


def ran(mode: str, make: Any, weeks: bool = False) -> list[float]:
    class Holds(bt.Strategy):
        def __init__(self) -> None:
            self.one = make(self.data0, self.data1)

    cerebro = bt.Cerebro(**MODES[mode])
    data = feed(bt, FIRST, timeframe=bt.TimeFrame.Days)
    cerebro.adddata(data)
    cerebro.adddata(feed(bt, LATER, timeframe=bt.TimeFrame.Days))
    if weeks:
        cerebro.resampledata(data, timeframe=bt.TimeFrame.Weeks)
    cerebro.addstrategy(Holds)
    (strategy,) = cerebro.run()
    return [float(value) for value in strategy.one.lines[0].array[:60]]


def ema(values: list[float], period: int) -> list[float]:
    """Give the exponential average as it is defined: it begins with the mean of the first *period* values."""
    found = [math.fsum(values[:period]) / period]
    alpha = 2.0 / (1.0 + period)
    for value in values[period:]:
        found.append(found[-1] * (1.0 - alpha) + value * alpha)
    return found


SPREAD = [first[4] - later[4] for first, later in zip(FIRST[20:], LATER, strict=True)]


class Spread(bt.Indicator):
    """An indicator that reads both feeds itself."""

    lines = ("spread",)
    _mindatas = 2

    def __init__(self) -> None:
        self.lines.spread = bt.ind.EMA(self.data0.close - self.data1.close, period=3)


@pytest.mark.parametrize("weeks", [False, True])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "make",
    [
        lambda a, b: bt.ind.EMA(a.close - b.close, period=3),
        lambda a, b: Spread(a, b),
        lambda a, b: bt.ind.EMA(bt.If(a.close > b.close, a.close - b.close, a.close - b.close), period=3),
    ],
)
def test_an_average_of_a_spread_begins_with_the_later_feed(make: Any, mode: str, weeks: bool) -> None:
    found = ran(mode, make, weeks)
    assert all(math.isnan(value) for value in found[:22])
    assert found[22:] == pytest.approx(ema(SPREAD, 3), rel=1e-12)


@pytest.mark.parametrize("mode", MODES)
def test_what_is_computed_from_that_waits_too(mode: str) -> None:
    found = ran(mode, lambda a, b: bt.ind.SMA(bt.ind.EMA(a.close - b.close, period=3) * 2.0, period=2))
    wanted = [x + y for x, y in zip(ema(SPREAD, 3), ema(SPREAD, 3)[1:], strict=False)]
    assert all(math.isnan(value) for value in found[:23])
    assert found[23:] == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("mode", MODES)
def test_a_longer_warm_up_of_the_first_feed_is_not_made_longer(mode: str) -> None:
    found = ran(mode, lambda a, b: bt.ind.SMA(a.close, period=40) - b.close)
    assert [at for at, value in enumerate(found) if not math.isnan(value)] == list(range(39, 60))
