"""Channels around the price, bands that trail it, and how choppy it moves."""

from __future__ import annotations

import math
from typing import Any

from ..base.declare import param
from ..errors import ParameterValueError
from ..kernels import trailing
from ..lines.series import line
from .averages import ExponentialMovingAverage, HullMovingAverage, SmoothedMovingAverage
from .base import Indicator
from .volatility import AverageTrueRange, StandardDeviation, TrueRange
from .volume import typical
from .windows import Highest, Lowest, SumN

_BANDS = {"mid": {"ls": "--"}, "top": {"_samecolor": True}, "bot": {"_samecolor": True}}


class DonchianChannel(Indicator):
    """Give the highest high and the lowest low of *period* bars, and their middle.

    With *ago* 1 the channel leaves out the current bar, so that a close can break out of it.

    Formula: Richard Donchian, "Commodities: High Finance in Copper", Financial Analysts Journal 16:6 (1960), the
    four-week rule.
    """

    alias = ("DonchianChannels",)
    period: int = param(default=20, ge=1)
    ago: int = param(default=0, ge=0)
    plotinfo = {"subplot": False}
    plotlines = _BANDS
    mid = line()
    top = line()
    bot = line()

    def _plotlabel(self) -> list[Any]:
        return [self.p.period] + [self.p.ago] * self.p.notdefault("ago")

    def setup(self) -> None:
        """Find the extremes."""
        top: Any = Highest(self.data.high, period=self.p.period)
        bot: Any = Lowest(self.data.low, period=self.p.period)
        if self.p.ago:
            top, bot = top(-self.p.ago), bot(-self.p.ago)
        self.lines.top = top
        self.lines.bot = bot
        self.lines.mid = (top + bot) / 2.0


class KeltnerChannel(Indicator):
    """Give an average of the typical price and bands *devfactor* average true ranges above and below it.

    The range is averaged over *atrperiod* bars with Wilder's smoothing. *movav* averages the price.

    Formula: Chester Keltner, "How to Make Money in Commodities" (1960), with Linda Bradford Raschke's exponential
    average and average true range.
    """

    alias = ("KeltnerChannels",)
    period: int = param(default=20, ge=1)
    devfactor: float = 2.0
    atrperiod: int = param(default=10, ge=1)
    movav: Any = ExponentialMovingAverage
    plotinfo = {"subplot": False}
    plotlines = _BANDS
    mid = line()
    top = line()
    bot = line()

    def _plotlabel(self) -> list[Any]:
        labels = [self.p.period, self.p.devfactor, self.p.atrperiod]
        return labels + [self.p.movav] * self.p.notdefault("movav")

    def setup(self) -> None:
        """Build the bands."""
        mid = self.p.movav(typical(self.data), period=self.p.period)
        width = self.p.devfactor * AverageTrueRange(self.data, period=self.p.atrperiod)
        self.lines.mid = mid
        self.lines.top = mid + width
        self.lines.bot = mid - width


class HullBands(Indicator):
    """Give a Hull moving average and bands *devfactor* standard deviations of *period* values above and below it.

    Formula: Alan Hull's average (2005) in the place of the simple average of Bollinger's bands; the deviation is that
    of the values from their simple average, as in :class:`BollingerBands`.
    """

    alias = ("HMABands",)
    period: int = param(default=20, ge=2)
    devfactor: float = 2.0
    plotinfo = {"subplot": False}
    plotlines = _BANDS
    mid = line()
    top = line()
    bot = line()

    def setup(self) -> None:
        """Build the bands."""
        mid = HullMovingAverage(self.data, period=self.p.period)
        width = self.p.devfactor * StandardDeviation(self.data, period=self.p.period)
        self.lines.mid = mid
        self.lines.top = mid + width
        self.lines.bot = mid - width


class Supertrend(Indicator):
    """Give a stop *multiplier* average true ranges from the middle of the bar, below rising and above falling prices.

    ``direction`` is 1 while the trend is up and -1 while it is down; the trend turns when a bar closes beyond the
    stop. It begins upwards.

    Formula: Olivier Seban, with the rules of TA-Lib's ``SUPERTREND``, whose bits these are for the same average
    true range.
    """

    period: int = param(default=10, ge=1)
    multiplier: float = param(default=3.0, gt=0.0)
    movav: Any = SmoothedMovingAverage
    plotinfo = {"subplot": False}
    plotlines = {"direction": {"_plotskip": True}}
    supertrend = line()
    direction = line()

    def _plotlabel(self) -> list[Any]:
        labels = [self.p.period, self.p.multiplier]
        return labels + [self.p.movav] * self.p.notdefault("movav")

    def setup(self) -> None:
        """Build the bands."""
        system = _Supertrend(
            self.data,
            AverageTrueRange(self.data, period=self.p.period, movav=self.p.movav),
            multiplier=self.p.multiplier,
        )
        self.lines.supertrend = system.stop
        self.lines.direction = system.side


class _Supertrend(Indicator):
    """Stop, side and both bands of a supertrend, from the bars and their average range."""

    multiplier: float = 3.0
    stop = line()
    side = line()
    upper = line()
    lower = line()

    def setup(self) -> None:
        """Wait for the average range, which the second data brings."""

    def compute(self, start: int, stop: int) -> None:
        """Continue the bands over [start, stop)."""
        data = self.data0
        columns = self._columns_of_(start, stop, *self.lines, data.high, data.low, data.close, self.data1)
        trailing.supertrend(start, stop, *columns, self.p.multiplier, start == self.first)


class ChoppinessIndex(Indicator):
    """Give how much of the way of *period* bars was forth and back: 100 where prices go nowhere, low in a trend.

    It is the logarithm, to base *period*, of the sum of true ranges over the range of all bars, times 100; 100 where
    prices stood still.

    Formula: ``100 * log10(sum(TR) / (highest high - lowest low)) / log10(period)``; E. W. Dreiss, in Gibbons Burke,
    "Measuring market choppiness with chaos", Futures (October 1993). Burke takes true highs and true lows; highs and
    lows are what most charts take, and differ where the first bar of the window has a gap.
    """

    alias = ("CHOP",)
    period: int = param(default=14, ge=2)
    upperband: float = 61.8
    lowerband: float = 38.2
    chop = line()

    def _plotlabel(self) -> list[Any]:
        return [self.p.period]

    def _plotinit(self) -> None:
        self.plotinfo.plotyhlines = [self.p.upperband, self.p.lowerband]

    def setup(self) -> None:
        """Sum the ranges and find the extremes."""
        period = self.p.period
        if not isinstance(period, int):
            raise ParameterValueError(
                f"ChoppinessIndex: parameter 'period' must be a whole number of bars; got {period!r}."
            )
        self._way = SumN(TrueRange(self.data), period=period)
        self._range = Highest(self.data.high, period=period) - Lowest(self.data.low, period=period)
        self._wait_for_(self._way, self._range)

    def compute(self, start: int, stop: int) -> None:
        """Relate the ranges of [start, stop)."""
        way = self._way.array[start:stop].tolist()
        span = self._range.array[start:stop].tolist()
        scale = math.log10(self.p.period)
        self.array[start:stop] = [100.0 * chop(w, s) / scale if s != 0.0 else 100.0 for w, s in zip(way, span)]


def chop(way: float, span: float) -> float:
    """Give the decimal logarithm of *way* over *span*; NaN where a price is missing."""
    ratio = way / span
    return math.log10(ratio) if ratio > 0.0 else math.nan
