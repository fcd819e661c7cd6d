"""The base of analyzers that report by period (day, week, 30 minutes …)."""

from __future__ import annotations

import datetime as _dt
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..base.declare import param
from ..base.timeframe import TimeFrame
from .base import CYCLE_HOOKS, EVENT_HOOKS, Analyzer
from .periods import local_micros, period_keys, period_of, period_starts, subday_end

Ints = NDArray[np.int64]


class TimeFrameAnalyzerBase(Analyzer):
    """Base of analyzers that report by period.

    ``on_dt_over`` runs in the first cycle of each period, before ``next``; ``dtkey`` is the key of the period and
    ``dtkey1`` that of the one before. ``timeframe`` and ``compression`` default to those of the first data. With
    ``_doprenext=False`` the hook ``prenext`` is not called.
    """

    params: ClassVar[Any] = (
        ("timeframe", param(default=None, choices=(None, *range(1, 10)))),
        ("compression", None),
        ("_doprenext", True),
    )
    if TYPE_CHECKING:  # for type checkers: the parameters
        timeframe: Any = param(default=None)
        compression: Any = param(default=None)
    _stepping_hooks_: ClassVar[tuple[str, ...]] = (*CYCLE_HOOKS, *EVENT_HOOKS, "on_dt_over")

    @classmethod
    def _declare_(cls) -> None:
        if "_on_dt_over" in cls.__dict__:  # the hook's older name
            cls.on_dt_over = cls.__dict__["_on_dt_over"]  # type: ignore[method-assign]
            delattr(cls, "_on_dt_over")
        super()._declare_()

    def _start(self) -> None:
        self.timeframe = self.p.timeframe or self.data._timeframe
        self.compression = self.p.compression or self.data._compression
        _check_compression(self)
        self.dtcmp: Any = None
        self.dtkey: Any = None
        if self.timeframe != TimeFrame.NoTimeFrame:
            self.dtcmp, self.dtkey = self._get_dt_cmpkey(_dt.datetime.min)
        super()._start()

    def _prenext(self) -> None:
        for child in self._children:
            child._prenext()
        if self._dt_over():
            self.on_dt_over()
        if self.p._doprenext:
            self.prenext()

    def _nextstart(self) -> None:
        for child in self._children:
            child._nextstart()
        if self._dt_over() or not self.p._doprenext:
            self.on_dt_over()
        self.nextstart()

    def _next(self) -> None:
        for child in self._children:
            child._next()
        if self._dt_over():
            self.on_dt_over()
        self.next()

    def on_dt_over(self) -> None:
        """Run in the first cycle of each period, before ``next``."""

    def _dt_over(self) -> bool:
        """Tell whether this cycle begins a new period, and note it."""
        dtcmp, dtkey = self._get_dt_cmpkey(self.strategy.datetime.datetime())
        if self.dtcmp is None or dtcmp > self.dtcmp:
            self._enter_(dtcmp, dtkey)
            return True
        return False

    def _enter_(self, dtcmp: Any, dtkey: Any) -> None:
        self.dtkey1, self.dtkey = self.dtkey, dtkey
        self.dtcmp1, self.dtcmp = self.dtcmp, dtcmp

    def _get_dt_cmpkey(self, dt: _dt.datetime) -> tuple[Any, Any]:
        """Give rank and key of the period of *dt*."""
        return period_of(dt, self.timeframe, self.compression)

    def _get_subday_cmpkey(self, dt: _dt.datetime) -> tuple[Any, Any]:
        """Give rank and key of the period of *dt* for timeframes below days."""
        end = subday_end(dt, self.timeframe, self.compression)
        return end, end

    # -- whole arrays -----------------------------------------------------------------------------------------------

    def _needs_steps_(self) -> bool:
        return not self.p._doprenext or super()._needs_steps_()

    def _divide_(self, start: int, stop: int) -> tuple[Ints, Ints, list[Any]]:
        """Divide the cycles [start, stop) into periods and note the last one.

        Gives the first cycle of each stretch, the cycle after it, and the keys of the *new* periods: one less than
        there are stretches when the first stretch continues the present period.
        """
        assert self._path_ is not None
        numbers = self._path_.datetime[start:stop]
        zone = self.strategy.lines.datetime._tz
        firsts = period_starts(numbers, self.timeframe, self.compression, zone)
        micros = local_micros(numbers[firsts], zone)
        keys = period_keys(micros, self.timeframe, self.compression)
        if self.dtcmp is not None and not self._rank_(micros[0])[0] > self.dtcmp:
            # nothing up to the first later period is new: also not what lies before the present one
            later = (n for n, micro in enumerate(micros.tolist()) if self._rank_(micro)[0] > self.dtcmp)
            current = next(later, len(keys))
            firsts = np.concatenate((firsts[:1], firsts[current:]))
            micros = np.concatenate((micros[:1], micros[current:]))
            keys = keys[current:]
        for micro in micros[max(len(firsts) - len(keys), len(firsts) - 2) :].tolist():
            self._enter_(*self._rank_(micro))
        return firsts + start, np.append(firsts[1:], stop - start) + start, keys

    def _rank_(self, micro: int) -> tuple[Any, Any]:
        moment = _dt.datetime(1970, 1, 1) + _dt.timedelta(microseconds=int(micro))
        return self._get_dt_cmpkey(moment)


def _check_compression(analyzer: TimeFrameAnalyzerBase) -> None:
    compression = analyzer.compression
    if not isinstance(compression, int) or compression < 1:
        from ..errors import ParameterValueError

        raise ParameterValueError(
            f"{type(analyzer).__name__}: parameter 'compression' must be a whole number >= 1; got {compression!r}. "
            "Leave it out for the compression of the first data."
        )


__all__ = ["TimeFrameAnalyzerBase"]
