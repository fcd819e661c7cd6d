"""Changes over a number of bars, absolute and relative, and what is averaged from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..base.declare import param
from ..base.parameter import Kind, Param
from ..lines.series import line
from .averages import EMA, SMA, MovingAverageSimple
from .base import Indicator
from .volatility import AverageTrueRange, MeanDeviation

_FACTORS = Kind(
    "a list of numbers",
    lambda value: (
        isinstance(value, Sequence) and bool(value) and all(hasattr(type(one), "__float__") for one in value)
    ),
)
_FOUR = Param(None, kind=Kind("four numbers", lambda value: len(value) == 4))
_NOT_FOUR = "there are four rates of change, and rates without a factor or factors without a rate do not count"


class Momentum(Indicator):
    """Give the change over *period* bars."""

    period: int = param(default=12, ge=0)
    plotinfo = {"plothlines": [0.0]}
    momentum = line()

    def setup(self) -> None:
        """Subtract."""
        self.lines.momentum = self.data - self.data(-self.p.period)


class MomentumOscillator(Indicator):
    """Give the value in percent of the value *period* bars ago."""

    alias = ("MomentumOsc",)
    period: int = param(default=12, ge=0)
    band: float = 100.0
    momosc = line()

    def _plotlabel(self) -> list[Any]:
        return [self.p.period]

    def _plotinit(self) -> None:
        self.plotinfo.plothlines = [self.p.band]

    def setup(self) -> None:
        """Divide."""
        self.lines.momosc = 100.0 * (self.data / self.data(-self.p.period))


class RateOfChange(Indicator):
    """Give the change over *period* bars relative to the value before."""

    alias = ("ROC",)
    period: int = param(default=12, ge=0)
    roc = line()

    def setup(self) -> None:
        """Relate the change to the value before."""
        before = self.data(-self.p.period)
        self.lines.roc = (self.data - before) / before


class RateOfChange100(Indicator):
    """Give the change over *period* bars in percent of the value before."""

    alias = ("ROC100",)
    period: int = param(default=12, ge=0)
    roc100 = line()

    def setup(self) -> None:
        """Scale the rate of change."""
        self.lines.roc100 = 100.0 * RateOfChange(self.data, period=self.p.period)


class PercentChange(Indicator):
    """Give the change over *period* bars as a fraction: ``value / value before - 1``."""

    alias = ("PctChange",)
    period: int = param(default=30, ge=0)
    plotlines = {"pctchange": {"_name": "%change"}}
    pctchange = line()

    def setup(self) -> None:
        """Divide."""
        self.lines.pctchange = self.data / self.data(-self.p.period) - 1.0


class CommodityChannelIndex(Indicator):
    """Give the distance of the typical price from its average, in mean deviations times *factor* (Lambert)."""

    alias = ("CCI",)
    period: int = param(default=20, ge=1)
    factor: float = 0.015
    movav: Any = MovingAverageSimple
    upperband: float = 100.0
    lowerband: float = -100.0
    cci = line()

    def _plotlabel(self) -> list[Any]:
        return [self.p.period, self.p.factor] + [self.p.movav] * self.p.notdefault("movav")

    def _plotinit(self) -> None:
        self.plotinfo.plotyhlines = [0.0, self.p.upperband, self.p.lowerband]

    def setup(self) -> None:
        """Relate the distance to the deviation."""
        period, movav = self.p.period, self.p.movav
        typical = (self.data.high + self.data.low + self.data.close) / 3.0
        mean = movav(typical, period=period)
        distance = typical - mean
        deviation = MeanDeviation(typical, mean, period=period)  # a simple average, whatever movav is
        self.lines.cci = distance / (self.p.factor * deviation)


class DetrendedPriceOscillator(Indicator):
    """Give the distance of the value from its average half a period ago."""

    alias = ("DPO",)
    period: int = param(default=20, ge=1)
    movav: Any = MovingAverageSimple
    plotinfo = {"plothlines": [0.0]}
    dpo = line()

    def _plotlabel(self) -> list[Any]:
        return [self.p.period] + [self.p.movav] * self.p.notdefault("movav")

    def setup(self) -> None:
        """Subtract the earlier average."""
        average = self.p.movav(self.data, period=self.p.period)
        self.lines.dpo = self.data - average(-self.p.period // 2 + 1)


class PrettyGoodOscillator(Indicator):
    """Give the distance of the value from its average, in average true ranges (Johnson)."""

    alias = ("PGO", "PrettyGoodOsc")
    period: int = param(default=14, ge=1)
    _movav: Any = param(default=MovingAverageSimple)
    pgo = line()

    def setup(self) -> None:
        """Relate the distance to the range."""
        average = self.p._movav(self.data, period=self.p.period)
        atr = AverageTrueRange(self.data, period=self.p.period)
        self.lines.pgo = (self.data - average) / atr


class Trix(Indicator):
    """Give the rate of change, in percent, of a threefold exponential average (Hutson)."""

    alias = ("TRIX",)
    period: int = param(default=15, ge=1)
    _rocperiod: int = param(default=1, ge=0)
    _movav: Any = param(default=EMA)
    plotinfo = {"plothlines": [0.0]}
    trix = line()

    def _plotlabel(self) -> list[Any]:
        return (
            [self.p.period]
            + [self.p._rocperiod] * self.p.notdefault("_rocperiod")
            + [self.p._movav] * self.p.notdefault("_movav")
        )

    def setup(self) -> None:
        """Average three times and take the change."""
        movav, period = self.p._movav, self.p.period
        average = movav(movav(movav(self.data, period=period), period=period), period=period)
        self.lines.trix = 100.0 * (average / average(-self.p._rocperiod) - 1.0)


class TrixSignal(Trix):
    """Give Trix and its average over *sigperiod* values."""

    sigperiod: int = param(default=9, ge=1)
    signal = line()

    def setup(self) -> None:
        """Average the indicator."""
        super().setup()
        self.lines.signal = self.p._movav(self.lines.trix, period=self.p.sigperiod)


class TrueStrengthIndicator(Indicator):
    """Give twice-averaged changes over twice-averaged absolute changes, in percent (Blau)."""

    alias = ("TSI",)
    period1: int = param(default=25, ge=1)
    period2: int = param(default=13, ge=1)
    pchange: int = param(default=1, ge=0)
    _movav: Any = param(default=EMA)
    tsi = line()

    def setup(self) -> None:
        """Average changes twice and divide."""
        movav = self.p._movav
        change = self.data - self.data(-self.p.pchange)
        signed = movav(movav(change, period=self.p.period1), period=self.p.period2)
        absolute = movav(movav(abs(change), period=self.p.period1), period=self.p.period2)
        self.lines.tsi = 100.0 * (signed / absolute)


class KnowSureThing(Indicator):
    """Give the weighted sum of four averaged rates of change, and its average (Pring)."""

    alias = ("KST",)
    rp1: int = param(default=10, ge=0)
    rp2: int = param(default=15, ge=0)
    rp3: int = param(default=20, ge=0)
    rp4: int = param(default=30, ge=0)
    rma1: int = param(default=10, ge=1)
    rma2: int = param(default=10, ge=1)
    rma3: int = param(default=10, ge=1)
    rma4: int = param(default=10, ge=1)
    rsignal: int = param(default=9, ge=1)
    rfactors: Any = param(default=[1.0, 2.0, 3.0, 4.0], kind=_FACTORS, usual=_FOUR, unusual=_NOT_FOUR)
    _rmovav: Any = param(default=SMA)
    _smovav: Any = param(default=SMA)
    kst = line()
    signal = line()
    plotinfo = {"plothlines": [0.0]}

    def setup(self) -> None:
        """Weigh the averaged rates."""
        p = self.p
        rates = [
            p._rmovav(RateOfChange100(period=change), period=average)
            for change, average in ((p.rp1, p.rma1), (p.rp2, p.rma2), (p.rp3, p.rma3), (p.rp4, p.rma4))
        ]
        weighed = [factor * rate for factor, rate in zip(p.rfactors, rates)]
        self.lines.kst = sum(weighed)
        self.lines.signal = p._smovav(self.lines.kst, period=p.rsignal)
