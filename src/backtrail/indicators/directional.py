"""Directional movement (Wilder, "New Concepts in Technical Trading Systems")."""

from __future__ import annotations

from typing import Any

from ..base.declare import param
from ..lines.functions import And, If
from ..lines.series import line
from .averages import SmoothedMovingAverage
from .base import Indicator
from .volatility import AverageTrueRange


class UpMove(Indicator):
    """Give how far the value rose since the last bar (negative when it fell)."""

    upmove = line()

    def setup(self) -> None:
        """Subtract."""
        self.lines.upmove = self.data - self.data(-1)


class DownMove(Indicator):
    """Give how far the value fell since the last bar (negative when it rose)."""

    downmove = line()

    def setup(self) -> None:
        """Subtract."""
        self.lines.downmove = self.data(-1) - self.data


class _DirectionalIndicator(Indicator):
    """Base that computes the directional indicators as ``DIplus`` and ``DIminus``.

    They are 100 times the averaged moves up and down over the average true range.
    """

    _wanted = (True, True)
    period: int = param(default=14, ge=1)
    movav: Any = SmoothedMovingAverage
    plotlines = {"plusDI": {"_name": "+DI"}, "minusDI": {"_name": "-DI"}}

    def _plotlabel(self) -> list[Any]:
        return [self.p.period] + [self.p.movav] * self.p.notdefault("movav")

    def setup(self) -> None:
        """Build the wanted directional indicators."""
        period, movav = self.p.period, self.p.movav
        plus, minus = self._wanted
        atr = AverageTrueRange(self.data, period=period, movav=movav)
        up = self.data.high - self.data.high(-1)
        down = self.data.low(-1) - self.data.low
        if plus:
            gain = If(And(up > down, up > 0.0), up, 0.0)
            self.DIplus = 100.0 * movav(gain, period=period) / atr
        if minus:
            loss = If(And(down > up, down > 0.0), down, 0.0)
            self.DIminus = 100.0 * movav(loss, period=period) / atr


class DirectionalIndicator(_DirectionalIndicator):
    """Give the directional indicators +DI and -DI."""

    alias = ("DI",)
    plusDI = line()
    minusDI = line()

    def setup(self) -> None:
        """Publish both indicators."""
        super().setup()
        self.lines.plusDI = self.DIplus
        self.lines.minusDI = self.DIminus


class PlusDirectionalIndicator(_DirectionalIndicator):
    """Give the directional indicator +DI."""

    alias = (("PlusDI", "+DI"),)
    _wanted = (True, False)
    plotinfo = {"plotname": "+DirectionalIndicator"}
    plusDI = line()

    def setup(self) -> None:
        """Publish the indicator."""
        super().setup()
        self.lines.plusDI = self.DIplus


class MinusDirectionalIndicator(_DirectionalIndicator):
    """Give the directional indicator -DI."""

    alias = (("MinusDI", "-DI"),)
    _wanted = (False, True)
    plotinfo = {"plotname": "-DirectionalIndicator"}
    minusDI = line()

    def setup(self) -> None:
        """Publish the indicator."""
        super().setup()
        self.lines.minusDI = self.DIminus


class AverageDirectionalMovementIndex(_DirectionalIndicator):
    """Give the strength of a trend: the average of ``|+DI - -DI| / (+DI + -DI)``, times 100."""

    alias = ("ADX",)
    plotlines = {"adx": {"_name": "ADX"}}
    adx = line()

    def setup(self) -> None:
        """Average the index."""
        super().setup()
        index = abs(self.DIplus - self.DIminus) / (self.DIplus + self.DIminus)
        self.lines.adx = 100.0 * self.p.movav(index, period=self.p.period)


class AverageDirectionalMovementIndexRating(AverageDirectionalMovementIndex):
    """Give ADX and its rating: the middle of ADX and ADX *period* bars ago."""

    alias = ("ADXR",)
    plotlines = {"adxr": {"_name": "ADXR"}}
    adxr = line()

    def setup(self) -> None:
        """Rate the index."""
        super().setup()
        self.lines.adxr = (self.lines.adx + self.lines.adx(-self.p.period)) / 2.0


class DirectionalMovementIndex(AverageDirectionalMovementIndex, DirectionalIndicator):
    """Give ADX, +DI and -DI."""

    alias = ("DMI",)


class DirectionalMovement(AverageDirectionalMovementIndexRating, DirectionalIndicator):
    """Give ADX, ADXR, +DI and -DI."""

    alias = ("DM",)
