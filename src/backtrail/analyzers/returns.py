"""Total, average and yearly logarithmic return."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, ClassVar

from ..base.declare import param
from ..base.timeframe import TimeFrame
from .moments import log_ratio, ratio
from .timeframe import TimeFrameAnalyzerBase


class Returns(TimeFrameAnalyzerBase):
    """Report returns over the whole run.

    Results: ``rtot`` (logarithm of final by initial value), ``ravg`` (``rtot`` per period), ``rnorm`` (the same growth
    for one year, compounded) and ``rnorm100`` (in percent). ``tann`` is the number of periods per year; by default 252
    days, 52 weeks, 12 months, 1 year.
    """

    params: ClassVar[Any] = (("tann", param(default=None, ge=0)), ("fund", None))
    if TYPE_CHECKING:  # for type checkers: the parameters
        tann: float | None = param(default=None)
        fund: bool | None = param(default=None)

    _TANN: ClassVar[dict[int, float]] = {
        TimeFrame.Days: 252.0,
        TimeFrame.Weeks: 52.0,
        TimeFrame.Months: 12.0,
        TimeFrame.Years: 1.0,
    }

    def start(self) -> None:
        """Note the initial value."""
        super().start()
        self._fundmode = self._in_fund_mode_()
        self._value_start = self._worth_()
        self._tcount = 0

    def on_dt_over(self) -> None:
        """Count a period."""
        self._tcount += 1

    def advance(self, start: int, stop: int) -> None:
        """Count the periods of many cycles."""
        if start < stop:
            self._tcount += len(self._divide_(start, stop)[2])

    def stop(self) -> None:
        """Report."""
        super().stop()
        self._value_end = self._worth_()
        growth = ratio(self._value_end, self._value_start)
        # a fund cannot lose more than everything: what is below zero counts as a total loss
        rtot = -math.inf if growth < 0.0 else log_ratio(self._value_end, self._value_start)
        ravg = ratio(rtot, self._tcount)
        tann = self.p.tann or self._TANN.get(self.timeframe, None)
        if tann is None:
            tann = self._TANN.get(self.data._timeframe, 1.0)
        if ravg > -math.inf:
            rnorm = _expm1(ravg * tann)
        else:
            rnorm = ravg
        self.rets = OrderedDict[str, Any](rtot=rtot, ravg=ravg, rnorm=rnorm, rnorm100=rnorm * 100.0)


def _expm1(x: float) -> float:
    try:
        return math.expm1(x)
    except OverflowError:
        return math.inf


__all__ = ["Returns"]
