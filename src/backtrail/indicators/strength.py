"""Relative strength: moves up against moves down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ..base.declare import param
from ..lines.functions import DivZeroByZero, Max
from ..lines.series import line
from .averages import ExponentialMovingAverage, MovingAverageSimple, SmoothedMovingAverage
from .base import Indicator


class UpDay(Indicator):
    """Give how far the value rose over *period* bars, 0 when it did not."""

    period: int = param(default=1, ge=0)
    upday = line()

    def setup(self) -> None:
        """Keep the rises."""
        self.lines.upday = Max(self.data - self.data(-self.p.period), 0.0)


class DownDay(Indicator):
    """Give how far the value fell over *period* bars, 0 when it did not."""

    period: int = param(default=1, ge=0)
    downday = line()

    def setup(self) -> None:
        """Keep the falls."""
        self.lines.downday = Max(self.data(-self.p.period) - self.data, 0.0)


class UpDayBool(Indicator):
    """Give 1 when the value rose over *period* bars, else 0."""

    period: int = param(default=1, ge=0)
    upday = line()

    def setup(self) -> None:
        """Compare."""
        self.lines.upday = self.data > self.data(-self.p.period)


class DownDayBool(Indicator):
    """Give 1 when the value fell over *period* bars, else 0."""

    period: int = param(default=1, ge=0)
    downday = line()

    def setup(self) -> None:
        """Compare."""
        self.lines.downday = self.data(-self.p.period) > self.data


class RelativeStrengthIndex(Indicator):
    """Give ``100 - 100 / (1 + average rise / average fall)`` over *period* bars (Wilder).

    A series that does not fall divides by zero; with *safediv* True the index is then *safehigh*, and *safelow* if it
    does not rise either. Rises and falls are measured over *lookback* bars.
    """

    alias: ClassVar[Any] = ("RSI", "RSI_SMMA", "RSI_Wilder")
    period: int = param(default=14, ge=1)
    movav: Any = SmoothedMovingAverage
    upperband: float = 70.0
    lowerband: float = 30.0
    safediv: bool = False
    safehigh: float = 100.0
    safelow: float = 50.0
    lookback: int = param(default=1, ge=0)
    rsi = line()

    def _plotlabel(self) -> list[Any]:
        return (
            [self.p.period]
            + [self.p.movav] * self.p.notdefault("movav")
            + [self.p.lookback] * self.p.notdefault("lookback")
        )

    def _plotinit(self) -> None:
        self.plotinfo.plotyhlines = [self.p.upperband, self.p.lowerband]

    def setup(self) -> None:
        """Compare the averages of rises and falls."""
        movav, period = self.p.movav, self.p.period
        up = UpDay(self.data, period=self.p.lookback)
        down = DownDay(self.data, period=self.p.lookback)
        rise = movav(up, period=period)
        fall = movav(down, period=period)
        if self.p.safediv:
            strength = DivZeroByZero(rise, fall, _strength(self.p.safehigh), _strength(self.p.safelow))
        else:
            strength = rise / fall
        self.lines.rsi = 100.0 - 100.0 / (1.0 + strength)


def _strength(index: float) -> float:
    """Give the relative strength at which the index is *index*."""
    return -100.0 / (index - 100.0) - 1.0 if index != 100.0 else float("inf")


if TYPE_CHECKING:
    RSI = RelativeStrengthIndex


class RSI_Safe(RSI):
    """Give the relative strength index without division by zero."""

    safediv: bool = True


class RSI_SMA(RSI):
    """Give the relative strength index with simple averages (Cutler)."""

    alias = ("RSI_Cutler",)
    movav: Any = MovingAverageSimple


class RSI_EMA(RSI):
    """Give the relative strength index with exponential averages."""

    movav: Any = ExponentialMovingAverage


class RelativeMomentumIndex(RSI):
    """Give the relative strength index of moves over *lookback* bars (Altman)."""

    alias = ("RMI",)
    period: int = param(default=20, ge=1)
    lookback: int = param(default=5, ge=0)
    linealias = (("rsi", "rmi"),)
    plotlines = {"rsi": {"_name": "rmi"}}

    def _plotlabel(self) -> list[Any]:
        return [self.p.period, self.p.lookback] + [self.p.movav] * self.p.notdefault("movav")
