"""Oscillators: differences of averages, and where the price stands in its range."""

from __future__ import annotations

from typing import Any, ClassVar

from ..base.declare import param
from ..kernels import recursive
from ..lines.functions import DivByZero
from ..lines.series import line
from .averages import SMA, ExponentialMovingAverage, MovingAverageSimple
from .base import Indicator
from .volatility import TrueLow, TrueRange
from .windows import Highest, Lowest, PercentRank, PeriodN, SumN


class MACD(Indicator):
    """Give the difference of a fast and a slow average, and the average of that difference (Appel)."""

    period_me1: int = param(default=12, ge=1)
    period_me2: int = param(default=26, ge=1)
    period_signal: int = param(default=9, ge=1)
    movav: Any = ExponentialMovingAverage
    plotinfo = {"plothlines": [0.0]}
    plotlines = {"signal": {"ls": "--"}}
    macd = line()
    signal = line()

    def _plotlabel(self) -> list[Any]:
        periods = [self.p.period_me1, self.p.period_me2, self.p.period_signal]
        return periods + [self.p.movav] * self.p.notdefault("movav")

    def setup(self) -> None:
        """Subtract the averages and average the difference."""
        fast = self.p.movav(self.data, period=self.p.period_me1)
        slow = self.p.movav(self.data, period=self.p.period_me2)
        self.lines.macd = fast - slow
        self.lines.signal = self.p.movav(self.lines.macd, period=self.p.period_signal)


class MACDHisto(MACD):
    """Give MACD, its signal and the distance between them."""

    alias = ("MACDHistogram",)
    plotlines = {"histo": {"_method": "bar", "alpha": 0.50, "width": 1.0}}
    histo = line()

    def setup(self) -> None:
        """Subtract the signal."""
        super().setup()
        self.lines.histo = self.lines.macd - self.lines.signal


class _PriceOscBase(Indicator):
    """Base that computes a fast average ``ma1``, a slow average ``ma2`` and their difference as first line."""

    period1: int = param(default=12, ge=1)
    period2: int = param(default=26, ge=1)
    _movav: Any = param(default=ExponentialMovingAverage)
    plotinfo = {"plothlines": [0.0]}

    def setup(self) -> None:
        """Subtract the averages."""
        self.ma1 = self.p._movav(self.data, period=self.p.period1)
        self.ma2 = self.p._movav(self.data, period=self.p.period2)
        self.lines[0] = self.ma1 - self.ma2


class PriceOscillator(_PriceOscBase):
    """Give the difference of a fast and a slow average."""

    alias = ("PriceOsc", "AbsolutePriceOscillator", "APO", "AbsPriceOsc")
    po = line()


class PercentagePriceOscillator(_PriceOscBase):
    """Give the difference of a fast and a slow average in percent of the slow one, its average and their distance."""

    alias = ("PPO", "PercPriceOsc")
    _long = True
    period_signal: int = param(default=9, ge=1)
    plotlines = {"histo": {"_method": "bar", "alpha": 0.50, "width": 1.0}}
    ppo = line()
    signal = line()
    histo = line()

    def setup(self) -> None:
        """Scale, average, subtract."""
        super().setup()
        base = self.ma2 if self._long else self.ma1
        self.lines.ppo = 100.0 * self.lines.ppo / base
        self.lines.signal = self.p._movav(self.lines.ppo, period=self.p.period_signal)
        self.lines.histo = self.lines.ppo - self.lines.signal


class PercentagePriceOscillatorShort(PercentagePriceOscillator):
    """Give the percentage price oscillator in percent of the fast average."""

    alias = ("PPOShort", "PercPriceOscShort")
    _long = False


class _StochasticBase(Indicator):
    """Base that computes the fast %K and %D as ``k`` and ``d``."""

    period: int = param(default=14, ge=1)
    period_dfast: int = param(default=3, ge=1)
    movav: Any = MovingAverageSimple
    upperband: float = 80.0
    lowerband: float = 20.0
    safediv: bool = False
    safezero: float = 0.0
    plotlines = {"percD": {"_name": "%D", "ls": "--"}, "percK": {"_name": "%K"}}
    percK = line()
    percD = line()

    def _plotlabel(self) -> list[Any]:
        return [self.p.period, self.p.period_dfast] + [self.p.movav] * self.p.notdefault("movav")

    def _plotinit(self) -> None:
        self.plotinfo.plotyhlines = [self.p.upperband, self.p.lowerband]

    def setup(self) -> None:
        """Relate the close to the range of *period* bars."""
        highest = Highest(self.data.high, period=self.p.period)
        lowest = Lowest(self.data.low, period=self.p.period)
        above = self.data.close - lowest
        span = highest - lowest
        if self.p.safediv:
            self.k = 100.0 * DivByZero(above, span, zero=self.p.safezero)
        else:
            self.k = 100.0 * (above / span)
        self.d = self.p.movav(self.k, period=self.p.period_dfast)


class StochasticFast(_StochasticBase):
    """Give where the close stands in the range of *period* bars, in percent, and the average of that (Lane)."""

    def setup(self) -> None:
        """Publish %K and %D."""
        super().setup()
        self.lines.percK = self.k
        self.lines.percD = self.d


class Stochastic(_StochasticBase):
    """Give the fast stochastic's %D as %K, and its average over *period_dslow* values as %D."""

    alias = ("StochasticSlow",)
    period_dslow: int = param(default=3, ge=1)

    def _plotlabel(self) -> list[Any]:
        periods = [self.p.period, self.p.period_dfast, self.p.period_dslow]
        return periods + [self.p.movav] * self.p.notdefault("movav")

    def setup(self) -> None:
        """Average once more."""
        super().setup()
        self.lines.percK = self.d
        self.lines.percD = self.p.movav(self.lines.percK, period=self.p.period_dslow)


class StochasticFull(_StochasticBase):
    """Give the fast stochastic's %K and %D, and the average of %D over *period_dslow* values."""

    period_dslow: int = param(default=3, ge=1)
    plotlines = {"percDSlow": {"_name": "%DSlow"}}
    percDSlow = line()

    def _plotlabel(self) -> list[Any]:
        periods = [self.p.period, self.p.period_dfast, self.p.period_dslow]
        return periods + [self.p.movav] * self.p.notdefault("movav")

    def setup(self) -> None:
        """Publish all three."""
        super().setup()
        self.lines.percK = self.k
        self.lines.percD = self.d
        self.lines.percDSlow = self.p.movav(self.lines.percD, period=self.p.period_dslow)


class WilliamsR(Indicator):
    """Give where the close stands below the highest high of *period* bars: 0 there, -100 at the lowest low."""

    period: int = param(default=14, ge=1)
    upperband: float = -20.0
    lowerband: float = -80.0
    plotinfo: ClassVar[Any] = {"plotname": "Williams R%"}
    plotlines = {"percR": {"_name": "R%"}}
    percR = line()

    def _plotinit(self) -> None:
        self.plotinfo.plotyhlines = [self.p.upperband, self.p.lowerband]

    def setup(self) -> None:
        """Relate the distance to the range."""
        highest = Highest(self.data.high, period=self.p.period)
        lowest = Lowest(self.data.low, period=self.p.period)
        self.lines.percR = -100.0 * (highest - self.data.close) / (highest - lowest)


class UltimateOscillator(Indicator):
    """Give buying pressure over true range, for three periods weighed 4 : 2 : 1, in percent (Williams)."""

    p1: int = param(default=7, ge=1)
    p2: int = param(default=14, ge=1)
    p3: int = param(default=28, ge=1)
    upperband: float = 70.0
    lowerband: float = 30.0
    uo = line()

    def _plotinit(self) -> None:
        bands = [self.p.upperband, self.p.lowerband]
        self.plotinfo.plotyticks = [10.0, 50.0, 90.0, *bands]
        self.plotinfo.plotyhlines = bands

    def setup(self) -> None:
        """Add the three shares."""
        pressure = self.data.close - TrueLow(self.data)
        spread = TrueRange(self.data)
        first, second, third = (
            SumN(pressure, period=period) / SumN(spread, period=period)
            for period in (self.p.p1, self.p.p2, self.p.p3)
        )
        self.lines.uo = (100.0 * 4 / 7) * first + (100.0 * 2 / 7) * second + (100.0 / 7) * third


class AwesomeOscillator(Indicator):
    """Give the difference of a fast and a slow average of the middle of the bars (Williams)."""

    alias = ("AwesomeOsc", "AO")
    fast: int = param(default=5, ge=1)
    slow: int = param(default=34, ge=1)
    movav: Any = SMA
    plotlines = {"ao": {"_method": "bar", "alpha": 0.50, "width": 1.0}}
    ao = line()

    def setup(self) -> None:
        """Subtract the averages."""
        middle = (self.data.high + self.data.low) / 2.0
        fast = self.p.movav(middle, period=self.p.fast)
        slow = self.p.movav(middle, period=self.p.slow)
        self.lines.ao = fast - slow


class AccelerationDecelerationOscillator(Indicator):
    """Give the distance of the awesome oscillator from its average (Williams)."""

    alias = ("AccDeOsc",)
    period: int = param(default=5, ge=1)
    movav: Any = SMA
    plotlines = {"accde": {"_method": "bar", "alpha": 0.50, "width": 1.0}}
    accde = line()

    def setup(self) -> None:
        """Subtract the average."""
        oscillator = AwesomeOscillator()
        average = self.p.movav(oscillator, period=self.p.period)
        self.lines.accde = oscillator - average


class DV2(Indicator):
    """Give the percent rank, over *period* bars, of the averaged close relative to the middle of its bar (Varadi)."""

    period: int = param(default=252, ge=1)
    maperiod: int = param(default=2, ge=1)
    _movav: Any = param(default=SMA)
    dv2 = line()

    def setup(self) -> None:
        """Rank the averaged quotient."""
        quotient = self.data.close / ((self.data.high + self.data.low) / 2.0)
        average = self.p._movav(quotient, period=self.p.maperiod)
        self.lines.dv2 = PercentRank(average, period=self.p.period) * 100


class _Laguerre(PeriodN):
    """The four states of a Laguerre filter."""

    gamma: float = 0.5
    l0 = line()
    l1 = line()
    l2 = line()
    l3 = line()

    def compute(self, start: int, stop: int) -> None:
        """Continue the filter over [start, stop)."""
        columns = self._columns_of_(start, stop, *self.lines, self.data)
        recursive.laguerre(start, stop, *columns, self.p.gamma, start == self.first)


class LaguerreRSI(PeriodN):
    """Give the share of rises among the differences of four Laguerre states, between 0 and 1 (Ehlers)."""

    alias = ("LRSI",)
    period: int = param(default=6, ge=1)
    gamma: float = 0.5
    plotinfo = {"plotymargin": 0.15, "plotyticks": [0.0, 0.2, 0.5, 0.8, 1.0]}
    lrsi = line()

    def setup(self) -> None:
        """Build the filter."""
        super().setup()
        self._states = _Laguerre(self.data, period=self.p.period, gamma=self.p.gamma)

    def compute(self, start: int, stop: int) -> None:
        """Compare the states over [start, stop)."""
        states = [one.array for one in self._states.lines]
        recursive.share_of_rises(start, stop, self.array, *states)


class LaguerreFilter(PeriodN):
    """Give the weighted mean of four Laguerre states: a smooth average with little lag (Ehlers)."""

    alias = ("LAGF",)
    gamma: float = 0.5
    plotinfo = {"subplot": False}
    lfilter = line()

    def setup(self) -> None:
        """Build the filter."""
        super().setup()
        self._states = _Laguerre(self.data, period=self.p.period, gamma=self.p.gamma)

    def compute(self, start: int, stop: int) -> None:
        """Weigh the states over [start, stop)."""
        l0, l1, l2, l3 = (one.array[start:stop] for one in self._states.lines)
        self.array[start:stop] = (l0 + 2.0 * l1 + 2.0 * l2 + l3) / 6.0
