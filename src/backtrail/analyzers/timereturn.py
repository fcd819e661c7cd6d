"""Returns by period."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from ..base.declare import param
from ..errors import ParameterValueError
from .base import Floats
from .moments import ratio
from .timeframe import Ints, TimeFrameAnalyzerBase


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
        data = self.p.data
        if data is not None and not hasattr(data, "lines"):
            raise ParameterValueError(
                f"{type(self).__name__}: parameter 'data' must be a data of this run, or None for the portfolio; "
                f"got {data!r}. Pass cerebro.datas[0], or what adddata() gave."
            )
        self._value = 0.0
        self._value_start: float | None = 0.0
        self._lastvalue: float | None = None
        if self.p.data is None:
            self._fundmode = self._in_fund_mode_()
            self._lastvalue = self._worth_()

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

    def _periods(self, start: int, stop: int) -> Periods:
        """Divide the cycles into periods, and bring ``_value`` up to date."""
        path = self._path_
        assert path is not None
        present = self.dtkey
        firsts, stops, keys = self._divide_(start, stop)
        continued = len(firsts) - len(keys)
        data = self.p.data
        values = self._worths_() if data is None else path.seen(data, "close")
        base = self._value_start if continued else self._lastvalue
        waiting = 0
        if data is not None:
            known = ~np.isnan(values[start:stop])
            if self._lastvalue is None and known.any():
                first = start + int(np.argmax(known))
                base = float(path.seen(data, "open" if self.p.firstopen else "close")[first])
                waiting = int(np.searchsorted(stops, first, side="right"))
            elif self._lastvalue is None:
                waiting = len(stops)
        if waiting < len(stops):
            self._value = float(values[stop - 1])
        return Periods(values, firsts, stops, [present] * continued + keys, bool(continued), waiting, base)


class Periods(NamedTuple):
    """Cycles divided into periods.

    ``values`` per cycle of the whole path; ``firsts`` and ``stops`` delimit the periods, ``keys`` are theirs; the first
    one is ``continued`` or new; ``waiting`` counts the leading ones in which the data has no bar; the first period
    after those starts from ``base``.
    """

    values: Floats
    firsts: Ints
    stops: Ints
    keys: list[Any]
    continued: bool
    waiting: int
    base: float | None


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
        if start < stop:
            self._follow(start, stop)

    def _follow(self, start: int, stop: int) -> tuple[Periods, Floats]:
        """Advance, and give the periods and the value that each one (after those waiting) starts from."""
        found = self._periods(start, stop)
        waiting = found.waiting
        self.rets.update(dict.fromkeys(found.keys[:waiting], 0.0))
        if waiting == len(found.keys):
            self._value_start = None
            return found, np.empty(0)
        ends = found.values[found.stops[waiting:] - 1]
        assert found.base is not None
        bases: Floats = np.concatenate((np.array([found.base]), ends[:-1]))
        with np.errstate(divide="ignore", invalid="ignore"):
            returns = ends / bases - 1.0
        self.rets.update(zip(found.keys[waiting:], returns.tolist()))
        self._value_start = float(bases[-1])
        self._lastvalue = float(ends[-1])
        return found, bases

    def _trail(self, start: int, stop: int) -> Floats:
        """Advance, and give the return of the period so far in each of the cycles."""
        found, bases = self._follow(start, stop)
        lengths = np.diff(np.concatenate(([start], found.stops)))
        base = np.repeat(np.concatenate((np.full(found.waiting, np.nan), bases)), lengths)
        with np.errstate(divide="ignore", invalid="ignore"):
            returns: Floats = found.values[start:stop] / base - 1.0
        if self.p.data is not None:
            returns[np.isnan(found.values[start:stop])] = 0.0
        return returns


__all__ = ["PeriodGrowth", "Periods", "TimeReturn"]
