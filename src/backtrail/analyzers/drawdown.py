"""How far, and for how long, the account is below its highest value."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..base.autodict import AutoOrderedDict
from ..base.declare import param
from .base import Analyzer, Floats
from .moments import ratio
from .timeframe import TimeFrameAnalyzerBase


class DrawDown(Analyzer):
    """Follow the drawdown bar by bar.

    Results: ``drawdown`` (percent of the peak, 0 to 100), ``moneydown`` (money) and ``len`` (bars) at the end, and the
    highest of each under ``max``. ``fund`` chooses the fund's share value; None asks the broker for its mode.
    """

    fund: bool | None = None

    def create_analysis(self) -> None:
        """Make the results, all zero."""
        self.rets = rets = AutoOrderedDict()
        rets.len = 0
        rets.drawdown = 0.0
        rets.moneydown = 0.0
        rets.max.len = 0.0
        rets.max.drawdown = 0.0
        rets.max.moneydown = 0.0

    def start(self) -> None:
        """Begin without a peak."""
        super().start()
        self._fundmode = self._in_fund_mode_()
        self._value = 0.0
        self._maxvalue = float("-inf")

    def stop(self) -> None:
        """Close the results: a missing name raises KeyError from here on."""
        self.rets._close()

    def notify_fund(self, cash: float, value: float, fundvalue: float, shares: float) -> None:
        """Note the value and the peak."""
        self._value = fundvalue if self._fundmode else value
        self._maxvalue = max(self._maxvalue, self._value)

    def next(self) -> None:
        """Compare the value with the peak."""
        rets = self.rets
        rets.moneydown = down = self._maxvalue - self._value
        rets.drawdown = drawdown = (
            0.0 if not down and not self._maxvalue else ratio(100.0 * down, self._maxvalue)
        )
        rets.max.moneydown = max(rets.max.moneydown, down)
        rets.max.drawdown = max(rets.max.drawdown, drawdown)
        rets.len = rets.len + 1 if drawdown else 0
        rets.max.len = max(rets.max.len, rets.len)

    def advance(self, start: int, stop: int) -> None:
        """Do the same for many cycles at once."""
        if start < stop:
            self._follow(start, stop)

    def _follow(self, start: int, stop: int) -> tuple[Floats, Floats]:
        """Advance, and give drawdown (percent) and length as they were in each of the cycles."""
        values = self._worths_()[start:stop]
        peaks = np.fmax.accumulate(np.fmax(values, self._maxvalue))
        with np.errstate(divide="ignore", invalid="ignore"):
            down = peaks - values
            percent = 100.0 * down / peaks
        if not peaks.all():
            percent[(peaks == 0.0) & (down == 0.0)] = 0.0
        rets = self.rets
        cycles = np.arange(stop - start)
        flat = np.maximum.accumulate(np.where(percent == 0.0, cycles, -1))
        lengths = np.where(flat >= 0, cycles - flat, rets.len + 1 + cycles)
        rets.moneydown, rets.drawdown, rets.len = float(down[-1]), float(percent[-1]), int(lengths[-1])
        rets.max.moneydown = max(rets.max.moneydown, float(np.fmax.reduce(down)))
        rets.max.drawdown = max(rets.max.drawdown, float(np.fmax.reduce(percent)))
        rets.max.len = max(rets.max.len, int(lengths.max()))
        self._value = float(values[-1])
        self._maxvalue = float(peaks[-1])
        return percent, lengths


class TimeDrawDown(TimeFrameAnalyzerBase):
    """Follow the drawdown from period to period, on the value in the first cycle of each.

    Results: ``maxdrawdown`` (percent) and ``maxdrawdownperiod`` (number of periods). ``dd``, ``maxdd``, ``ddlen`` and
    ``maxddlen`` hold the present state.
    """

    params: ClassVar[Any] = (("fund", None),)
    if TYPE_CHECKING:  # for type checkers: the parameter
        fund: bool | None = param(default=None)

    def start(self) -> None:
        """Begin without a peak."""
        super().start()
        self._fundmode = self._in_fund_mode_()
        self.dd = 0.0
        self.maxdd = 0.0
        self.maxddlen = 0
        self.peak = float("-inf")
        self.ddlen = 0

    def on_dt_over(self) -> None:
        """Compare the present value with the peak."""
        self._compare(self._worth_())

    def _compare(self, value: float) -> None:
        if value > self.peak:
            self.peak = value
            self.ddlen = 0
        down = self.peak - value
        self.dd = dd = 0.0 if not down and not self.peak else ratio(100.0 * down, self.peak)
        self.ddlen += bool(dd > 0)
        self.maxdd = max(self.maxdd, dd)
        self.maxddlen = max(self.maxddlen, self.ddlen)

    def advance(self, start: int, stop: int) -> None:
        """Do the same for many cycles at once."""
        self._highest(start, stop)

    def _highest(self, start: int, stop: int) -> list[float]:
        """Advance, and give ``maxdd`` as it was in each of the new periods."""
        firsts, _, keys = self._divide_(start, stop)
        values = self._worths_()[firsts[len(firsts) - len(keys) :]]
        if not len(values):
            return []
        peaks = np.fmax.accumulate(np.fmax(values, self.peak))
        with np.errstate(divide="ignore", invalid="ignore"):
            down = peaks - values
            percent = 100.0 * down / peaks
        percent[(peaks == 0.0) & (down == 0.0)] = 0.0
        below = self.ddlen + np.cumsum(percent > 0)
        higher = values > np.concatenate(([self.peak], peaks[:-1]))
        lengths = below - np.maximum.accumulate(np.where(higher, below, 0))
        highest = np.fmax.accumulate(np.fmax(percent, self.maxdd))
        self.peak, self.dd, self.maxdd = float(peaks[-1]), float(percent[-1]), float(highest[-1])
        self.ddlen = int(lengths[-1])
        self.maxddlen = max(self.maxddlen, int(lengths.max()))
        out: list[float] = highest.tolist()
        return out

    def stop(self) -> None:
        """Report."""
        self.rets = OrderedDict[str, Any]()
        self.rets["maxdrawdown"] = self.maxdd
        self.rets["maxdrawdownperiod"] = self.maxddlen


__all__ = ["DrawDown", "TimeDrawDown"]
