"""Ranges and deviations: true range, standard and mean deviation, Bollinger bands."""

from __future__ import annotations

from typing import Any

from ..base.declare import param
from ..lines.functions import Max, Min
from ..lines.series import line
from .averages import MovingAverageSimple, SmoothedMovingAverage
from .base import Indicator


class TrueHigh(Indicator):
    """Give the higher of the high and the close before (Wilder)."""

    truehigh = line()

    def setup(self) -> None:
        """Compare the high with the close before."""
        self.lines.truehigh = Max(self.data.high, self.data.close(-1))


class TrueLow(Indicator):
    """Give the lower of the low and the close before (Wilder)."""

    truelow = line()

    def setup(self) -> None:
        """Compare the low with the close before."""
        self.lines.truelow = Min(self.data.low, self.data.close(-1))


class TrueRange(Indicator):
    """Give the distance from the true low to the true high (Wilder)."""

    alias = ("TR",)
    tr = line()

    def setup(self) -> None:
        """Subtract."""
        self.lines.tr = TrueHigh(self.data) - TrueLow(self.data)


class AverageTrueRange(Indicator):
    """Give the average true range over *period* bars (Wilder)."""

    alias = ("ATR",)
    period: int = param(default=14, ge=1)
    movav: Any = SmoothedMovingAverage
    atr = line()

    def _plotlabel(self) -> list[Any]:
        return [self.p.period] + [self.p.movav] * self.p.notdefault("movav")

    def setup(self) -> None:
        """Average the true range."""
        self.lines.atr = self.p.movav(TrueRange(self.data), period=self.p.period)


class StandardDeviation(Indicator):
    """Give the standard deviation: the root of ``|mean(x²) - mean(x)²|`` over *period* values.

    The mean may be given as second data. *safepow* False leaves out the absolute value, which rounding can make
    necessary.
    """

    alias = ("StdDev",)
    period: int = param(default=20, ge=1)
    movav: Any = MovingAverageSimple
    safepow: bool = True
    stddev = line()

    def _plotlabel(self) -> list[Any]:
        return [self.p.period] + [self.p.movav] * self.p.notdefault("movav")

    def setup(self) -> None:
        """Combine the means."""
        mean = self.data1 if len(self.datas) > 1 else self.p.movav(self.data, period=self.p.period)
        mean_of_squares = self.p.movav(pow(self.data, 2), period=self.p.period)
        variance = mean_of_squares - pow(mean, 2)
        self.lines.stddev = pow(abs(variance) if self.p.safepow else variance, 0.5)


class MeanDeviation(Indicator):
    """Give the average of ``|value - mean|`` over *period* values, each with the mean of its own bar.

    The mean may be given as second data.
    """

    alias = ("MeanDev",)
    period: int = param(default=20, ge=1)
    movav: Any = MovingAverageSimple
    meandev = line()

    def _plotlabel(self) -> list[Any]:
        return [self.p.period] + [self.p.movav] * self.p.notdefault("movav")

    def setup(self) -> None:
        """Average the distances."""
        mean = self.data1 if len(self.datas) > 1 else self.p.movav(self.data, period=self.p.period)
        self.lines.meandev = self.p.movav(abs(self.data - mean), period=self.p.period)


class BollingerBands(Indicator):
    """Give a moving average and bands *devfactor* standard deviations above and below it (Bollinger)."""

    alias = ("BBands",)
    period: int = param(default=20, ge=1)
    devfactor: float = 2.0
    movav: Any = MovingAverageSimple
    plotinfo = {"subplot": False}
    plotlines = {"mid": {"ls": "--"}, "top": {"_samecolor": True}, "bot": {"_samecolor": True}}
    mid = line()
    top = line()
    bot = line()

    def _plotlabel(self) -> list[Any]:
        return [self.p.period, self.p.devfactor] + [self.p.movav] * self.p.notdefault("movav")

    def setup(self) -> None:
        """Build the bands."""
        mid = self.p.movav(self.data, period=self.p.period)
        self.lines.mid = mid
        deviation = StandardDeviation(self.data, mid, period=self.p.period, movav=self.p.movav)
        width = self.p.devfactor * deviation
        self.lines.top = mid + width
        self.lines.bot = mid - width


class BollingerBandsPct(BollingerBands):
    """Give Bollinger bands and where the data stands between them (0 at the lower band, 1 at the upper)."""

    plotlines = {"pctb": {"_name": "%B"}}
    pctb = line()

    def setup(self) -> None:
        """Relate the data to the bands."""
        super().setup()
        self.lines.pctb = (self.data - self.lines.bot) / (self.lines.top - self.lines.bot)
