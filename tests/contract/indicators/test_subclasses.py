"""Classes that users derive from the library's indicators compute what they compute in backtrader."""

from __future__ import annotations

import math
from typing import Any

import pytest

from .runs import Build, differences, make_bars


def centred_rsi(i: Any, s: Any) -> Any:
    class CentredRSI(i.RSI):  # type: ignore[misc]
        lines = ("centred",)
        params = (("period", 5), ("movav", i.EMA), ("safediv", True))

        def __init__(self) -> None:
            super().__init__()
            self.lines.centred = self.lines.rsi - 50.0

    return CentredRSI(s.data)


def early_expression(i: Any, s: Any) -> Any:
    class Doubled(i.SMA):  # type: ignore[misc]
        lines = ("twice",)

        def __init__(self) -> None:
            self.lines.twice = self.data.close * 2.0
            super().__init__()

    return Doubled(s.data, period=4)


def own_average(i: Any, s: Any) -> Any:
    class MiddleMovingAverage(i.MovingAverageBase):  # type: ignore[misc]
        lines = ("middle",)
        params = (("period", 6),)

        def __init__(self) -> None:
            self.lines[0] = (
                i.Highest(self.data, period=self.p.period) + i.Lowest(self.data, period=self.p.period)
            ) / 2.0
            super().__init__()

    return i.RSI(s.data, movav=MiddleMovingAverage, period=4, safediv=True)


def average_by_next(i: Any, s: Any) -> Any:
    class Plain(i.MovingAverageBase):  # type: ignore[misc]
        lines = ("plain",)

        def __init__(self) -> None:
            self.addminperiod(self.p.period)

        def next(self) -> None:
            self.lines.plain[0] = math.fsum(self.data.get(size=self.p.period)) / self.p.period

    return i.MACD(s.data, movav=Plain, period_me1=3, period_me2=6, period_signal=4)


def operation(i: Any, s: Any) -> Any:
    class Spread(i.OperationN):  # type: ignore[misc]
        lines = ("spread",)
        params = (("period", 7),)

        def func(self, values: Any) -> float:
            return max(values) - min(values)

    return Spread(s.data)


def operation_of_a_kernel(i: Any, s: Any) -> Any:
    class Total(i.OperationN):  # type: ignore[misc]
        lines = ("total",)
        func = math.fsum

    return Total(s.data, period=4)


def changed_extreme(i: Any, s: Any) -> Any:
    class SecondHighest(i.Highest):  # type: ignore[misc]
        def func(self, values: Any) -> float:
            return sorted(values)[-2]

    return SecondHighest(s.data, period=5)


def period_next(i: Any, s: Any) -> Any:
    class Change(i.PeriodN):  # type: ignore[misc]
        lines = ("change",)
        params = (("period", 5),)

        def nextstart(self) -> None:
            self.lines.change[0] = 0.0

        def next(self) -> None:
            self.lines.change[0] = self.data[0] - self.data[1 - self.p.period]

    return Change(s.data)


def histogram(i: Any, s: Any) -> Any:
    class Histogram(i.MACD):  # type: ignore[misc]
        lines = ("histo",)
        plotlines = {"histo": {"_method": "bar"}}

        def __init__(self) -> None:
            super().__init__()
            self.lines.histo = self.lines.macd - self.lines.signal

    return Histogram(s.data, period_me1=3, period_me2=5, period_signal=4)


def extended_bands(i: Any, s: Any) -> Any:
    class Bands(i.BollingerBands):  # type: ignore[misc]
        lines = ("width", "signal")

        def __init__(self) -> None:
            super().__init__()
            self.lines.width = (self.lines.top - self.lines.bot) / self.lines.mid
            self.lines.signal = i.CrossOver(self.data.close, self.lines.top)

    return Bands(s.data, period=6, devfactor=1.0)


def stochastic_parts(i: Any, s: Any) -> Any:
    class Difference(i.StochasticFast):  # type: ignore[misc]
        lines = ("difference",)
        params = (("safediv", True),)

        def __init__(self) -> None:
            super().__init__()
            self.lines.difference = self.k - self.d

    return Difference(s.data, period=5)


def smoothed_signal(i: Any, s: Any) -> Any:
    class Smoothed(i.ATR):  # type: ignore[misc]
        lines = ("stop",)
        params = (("mult", 2.0),)

        def __init__(self) -> None:
            super().__init__()
            self.addminperiod(3)

        def next(self) -> None:
            self.lines.stop[0] = self.data.close[-2] - self.p.mult * self.lines.atr[0]

    return Smoothed(s.data, period=4)


CASES: dict[str, Build] = {
    made.__name__: made
    for made in (
        centred_rsi, early_expression, own_average, average_by_next, operation, operation_of_a_kernel,
        changed_extreme, period_next, histogram, extended_bands, stochastic_parts, smoothed_signal,
    )
}  # fmt: skip


@pytest.mark.contract
@pytest.mark.parametrize("runonce", [True, False], ids=["vectorised", "bar by bar"])
@pytest.mark.parametrize("what", CASES)
def test_a_subclass_computes_the_same(what: str, runonce: bool) -> None:
    for kind in ("ticks", "walk"):
        assert differences(CASES[what], make_bars(kind, 80, 3), runonce) == []
