"""Returns by period."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..base.declare import param
from .base import Floats
from .moments import ratio
from .timeframe import TimeFrameAnalyzerBase


class PeriodGrowth(TimeFrameAnalyzerBase):
    """Base of analyzers that compare the value at the end of each period with an earlier one.

    The value is that of the portfolio (of a fund share in fund mode), or the close of ``data`` if that is given; then
    the first period starts from the open of its first bar, or from its close with ``firstopen=False``. Before the
    first bar of ``data`` the result is 0.
    """

    params: ClassVar[Any] = (("data", None), ("firstopen", True), ("fund", None))
    if TYPE_CHECKING:  # for type checkers: the parameters
        data: Any = param(default=None)
        firstopen: bool = param(default=True)
        fund: bool | None = param(default=None)

    def start(self) -> None:
        """Begin with the value before the first bar."""
        super().start()
        self._value = 0.0
        self._value_start: float | None = 0.0
        self._lastvalue: float | None = None
        if self.p.data is None:
            self._fundmode = self._in_fund_mode()
            self._lastvalue = self._worth()

    def notify_fund(self, cash: float, value: float, fundvalue: float, shares: float) -> None:
        """Note the value."""
        if self.p.data is None:
            self._value = fundvalue if self._fundmode else value
        elif len(self.p.data):
            self._value = self.p.data.close[0]

    def _waits(self) -> bool:
        """Tell whether ``data`` has no bar yet; at its first bar, take the value to start from."""
        data = self.p.data
        if data is None:
            return False
        if not len(data):
            return True
        if self._value_start is None:
            self._begin(data.open[0] if self.p.firstopen else data.close[0])
        return False

    def _begin(self, base: float) -> None:
        self._value_start = base

    def _period_ends(self, start: int, stop: int) -> tuple[Floats, list[Any], int]:
        """Divide the cycles into periods.

        Gives the value in the last cycle of each (NaN while ``data`` has no bar), the keys, and the number of leading
        periods that are not new (0 or 1). ``_value`` is brought up to date.
        """
        path = self._path
        assert path is not None
        old_key = self.dtkey
        _, ends, keys = self._divide(start, stop)
        continued = len(ends) - len(keys)
        data = self.p.data
        values = self._worths() if data is None else path.seen(data, "close")
        if data is not None and self._lastvalue is None and not np.isnan(values[stop - 1]):
            self._first = int(np.flatnonzero(~np.isnan(values[:stop]))[0])
            self._first_base = float(path.seen(data, "open" if self.p.firstopen else "close")[self._first])
        if data is None or not np.isnan(values[stop - 1]):
            self._value = float(values[stop - 1])
        return values[ends - 1], [old_key] * continued + keys, continued


class TimeReturn(PeriodGrowth):
    """Report the return of each period: value at its end divided by that at the end of the one before, minus 1."""

    def on_dt_over(self) -> None:
        """Start a period from where the last one ended."""
        self._value_start = self._lastvalue

    def next(self) -> None:
        """Report the return of the period so far."""
        if self._waits():
            self.rets[self.dtkey] = 0.0
            return
        assert self._value_start is not None
        self.rets[self.dtkey] = ratio(self._value, self._value_start) - 1.0
        self._lastvalue = self._value

    def advance(self, start: int, stop: int) -> None:
        """Do the same for many cycles at once."""
        if start >= stop:
            return
        ends, keys, continued = self._period_ends(start, stop)
        if self._lastvalue is None:
            waiting = int(np.isnan(ends).sum())
            self.rets.update(dict.fromkeys(keys[:waiting], 0.0))
            if waiting == len(keys):
                self._value_start = None
                return
            ends, keys, continued = ends[waiting:], keys[waiting:], 0
            base = self._first_base
        else:
            base = self._value_start if continued else self._lastvalue  # type: ignore[assignment]  # set with _lastvalue
        bases = np.concatenate(([base], ends[:-1]))
        with np.errstate(divide="ignore", invalid="ignore"):
            returns = ends / bases - 1.0
        self.rets.update(zip(keys, returns.tolist()))
        self._value_start = float(bases[-1])
        self._lastvalue = float(ends[-1])


__all__ = ["PeriodGrowth", "TimeReturn"]
