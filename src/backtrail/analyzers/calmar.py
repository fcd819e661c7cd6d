"""The Calmar ratio."""

from __future__ import annotations

import math
from collections import deque
from typing import Any, ClassVar

from ..base.declare import param
from ..base.timeframe import TimeFrame
from .base import AccountPath
from .drawdown import TimeDrawDown
from .moments import log_ratio
from .timeframe import TimeFrameAnalyzerBase


class Calmar(TimeFrameAnalyzerBase):
    """Report the Calmar ratio by period: average growth over ``period`` periods, by the maximum drawdown so far.

    Results are keyed by period; NaN until there are ``period`` of them, 0 while there was no drawdown. ``calmar`` is
    the last one.

    Source: Terry W. Young, "Calmar Ratio: A Smoother Tool", Futures (October 1991): the average yearly return of 36
    months by the maximum drawdown. As in backtrader the growth is ``log(V / V of period - 1 periods before) / period``
    here, per period, and the drawdown in percent.
    """

    params: ClassVar[Any] = (
        ("timeframe", TimeFrame.Months),
        ("period", param(default=36, ge=1)),
        ("fund", None),
    )

    def setup(self) -> None:
        """Follow the drawdown."""
        self._maxdd = TimeDrawDown(timeframe=self.p.timeframe, compression=self.p.compression)

    def start(self) -> None:
        """Begin with the value before the first bar."""
        super().start()
        self._mdd = 0.0
        self._values: deque[float] = deque([math.nan] * self.p.period, maxlen=self.p.period)
        self._fundmode = self._in_fund_mode_()
        self._values.append(self._worth_())

    def on_dt_over(self) -> None:
        """Report on the period that begins."""
        self._report(self._worth_(), self._maxdd.maxdd)

    def _report(self, value: float, drawdown: float) -> None:
        self._mdd = max(self._mdd, drawdown)
        self._values.append(value)
        growth = log_ratio(self._values[-1], self._values[0]) / len(self._values)
        self.rets[self.dtkey] = self.calmar = growth / (self._mdd or math.inf)

    def _advance_(self, path: AccountPath, start: int, stop: int) -> None:
        with self._maxdd._on_(path), self._on_(path):  # both move together, period by period
            if start < stop:
                self._advance_periods(start, stop)

    def _advance_periods(self, start: int, stop: int) -> None:
        drawdowns = self._maxdd._highest(start, stop)
        firsts, _, keys = self._divide_(start, stop)
        last = self.dtkey
        for value, drawdown, key in zip(
            self._worths_()[firsts[len(firsts) - len(keys) :]].tolist(), drawdowns, keys
        ):
            self.dtkey = key
            self._report(value, drawdown)
        self.dtkey = last

    def advance(self, start: int, stop: int) -> None:
        """Process many cycles at once, in step with the drawdown below."""

    def stop(self) -> None:
        """Report on the last period once more, with its final value."""
        self.on_dt_over()


__all__ = ["Calmar"]
