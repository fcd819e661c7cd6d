"""Timers: calls at given times of the day, on chosen days."""

from __future__ import annotations

import datetime as _dt
import warnings
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Any, ClassVar

from ..base.declare import ParamsBase, param
from ..base.parameter import FUNCTION
from ..base.time import TIME_MAX, date2num, num2date
from ..base.timezone import tzparse
from ..errors import CompatWarning, ParameterTypeError, ParameterValueError

SESSION_TIME, SESSION_START, SESSION_END = range(3)

_NO_TIME = _dt.timedelta()


class _Days:
    """Which days of a week or of a month are due, given the trading days one by one.

    A chosen day that is no trading day is made up for on the next one if *carry* is set. As in backtrader, a trading
    day after a missed day also uses up the next chosen day of the same week or month, and counts with or without
    *carry*.
    """

    def __init__(self, days: Iterable[int], carry: bool) -> None:
        self.days = list(days)
        self.carry = carry
        self._span: int | None = None
        self._next = len(self.days)

    def due(self, span: int, day: int) -> bool:
        """Tell whether *day* of week or month number *span* is due."""
        days = self.days
        if not days:
            return True
        missed = False
        if span != self._span:
            self._span = span
            missed = self._next < len(days)
            self._next = 0
        begin = self._next
        at = bisect_left(days, day, lo=begin)
        missed = missed or at > begin
        chosen = at < len(days) and bisect_right(days, day, lo=at) > begin
        self._next = at + chosen
        return chosen or (missed and self.carry)


class Timer(ParamsBase):
    """A call that is due at a time of the day.

    ``when`` is a ``datetime.time``, or SESSION_START or SESSION_END of ``tzdata`` (default: the first data);
    ``offset`` is added to it. ``repeat`` makes the timer due again and again: until the end of the session for the
    last two and for a data as ``tzdata``, else until the end of the day. ``weekdays`` (1 is Monday) and ``monthdays``
    choose days, ``weekcarry`` and ``monthcarry`` make up for chosen days without trading; ``allow`` is asked last,
    with the date. ``tzdata`` (a data, a time zone or its name) says in which zone ``when`` is meant. With ``cheat``
    the timer is due before the broker works on the bar.

    ``lastwhen`` is the time for which the timer was last due.
    """

    params: ClassVar[Any] = (
        ("tid", None),
        ("owner", None),
        ("strats", False),
        ("when", None),
        ("offset", _NO_TIME),
        ("repeat", _NO_TIME),
        ("weekdays", []),
        ("weekcarry", False),
        ("monthdays", []),
        ("monthcarry", True),
        ("allow", param(kind=FUNCTION)),
        ("tzdata", None),
        ("cheat", False),
    )

    SESSION_TIME: ClassVar[int] = SESSION_TIME
    SESSION_START: ClassVar[int] = SESSION_START
    SESSION_END: ClassVar[int] = SESSION_END

    lastwhen: _dt.datetime

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.args = args
        self.kwargs = kwargs
        p = self.p
        if not (isinstance(p.when, _dt.time) or p.when in (SESSION_START, SESSION_END)):
            raise ParameterValueError(
                f"Timer: parameter 'when' must be a datetime.time, SESSION_START or SESSION_END; got {p.when!r}. "
                "For ten o'clock pass when=datetime.time(10, 0)."
            )
        for name in ("offset", "repeat"):
            value = getattr(p, name)
            if not isinstance(value, _dt.timedelta) or (name == "repeat" and value < _NO_TIME):
                wanted = "a datetime.timedelta" + " >= 0" * (name == "repeat")
                raise ParameterValueError(f"Timer: parameter {name!r} must be {wanted}; got {value!r}.")
        _check_days("weekdays", p.weekdays, 7, p)
        _check_days("monthdays", p.monthdays, 31, p)

    def start(self, data: Any, any_order: bool = False) -> None:
        """Begin, with *data* as the one whose sessions count unless ``tzdata`` is a data.

        With *any_order*, ``weekdays`` and ``monthdays`` need not be sorted.
        """
        p = self.p
        weekdays, monthdays = p.weekdays, p.monthdays
        if any_order:
            weekdays, monthdays = sorted(set(weekdays)), sorted(set(monthdays))
        _warn_of_order("weekdays", weekdays)
        _warn_of_order("monthdays", monthdays)
        zone = p.tzdata
        by_data = hasattr(zone, "_getnexteos")
        if by_data:
            data = zone
        if isinstance(p.when, _dt.time):
            self._when = p.when
        else:
            self._when = data.p.sessionstart if p.when == SESSION_START else data.p.sessionend
            by_data = by_data or zone is None
        self._data = data if by_data else None
        self._zone = data._tz if by_data else tzparse(zone)
        self._week = _Days(weekdays, p.weekcarry)
        self._month = _Days(monthdays, p.monthcarry)
        self._date = _dt.date.min
        self._done_: _dt.date | None = None
        self._session_end = _dt.datetime.min
        self._due: _dt.datetime | None = None
        self._due_num = 0.0

    def check(self, dt: float) -> bool:
        """Tell whether the timer is due at date number *dt*; ``lastwhen`` is then the time for which it is."""
        moment = num2date(dt)
        date = moment.date()
        if self._done_ == date:
            return False
        if moment > self._session_end:
            self._session_end = self._end_after(date)
            self._due = None
            self._done_ = None
        if date > self._date:
            self._date = date
            if not self._chosen(date):
                self._done_ = date
                return False
        if self._due is None:
            self._set_due(_dt.datetime.combine(date, self._when) + self.p.offset)
        if dt < self._due_num:
            return False
        assert self._due is not None
        self.lastwhen = self._due
        self._repeat(moment, date)
        return True

    def _end_after(self, date: _dt.date) -> _dt.datetime:
        """Give the end of the present session of the data, or that of the day if no data's sessions count."""
        if self._data is None:
            return _dt.datetime.combine(date, TIME_MAX)
        end: _dt.datetime = self._data._getnexteos()[0]
        return end

    def _chosen(self, date: _dt.date) -> bool:
        """Tell whether the timer may be due on *date*."""
        return (
            self._month.due(date.month, date.day)
            and self._week.due(date.isocalendar()[1], date.isoweekday())
            and (self.p.allow is None or bool(self.p.allow(date)))
        )

    def _set_due(self, due: _dt.datetime) -> None:
        self._due = due
        self._due_num = date2num(due, self._zone)

    def _repeat(self, moment: _dt.datetime, date: _dt.date) -> None:
        """Find when the timer is due next."""
        step = self.p.repeat
        if not step:
            self._due = None
            self._done_ = date
            return
        due = self._due
        assert due is not None
        while self._in_utc(due) <= moment:
            due += step
        if self._in_utc(due) > self._session_end:
            self._due = None
            self._done_ = date
        else:
            # by way of the number, whose rounding shows in the times that follow
            self._due_num = date2num(due, self._zone)
            self._due = num2date(self._due_num, self._zone)

    def _in_utc(self, due: _dt.datetime) -> _dt.datetime:
        return due if self._zone is None else num2date(date2num(due, self._zone))


def days_of(name: str, days: Any) -> list[Any]:
    """Give a list of *days*; :class:`ParameterTypeError` unless they can be gone through."""
    try:
        return list(days)
    except TypeError:
        raise ParameterTypeError(
            f"Timer: parameter {name!r} must be a list of whole numbers; got {days!r}."
        ) from None


def _check_days(name: str, days: Any, last: int, p: Any) -> None:
    days = days_of(name, days)
    if any(not isinstance(day, int) or not 1 <= day <= last for day in days):
        raise ParameterValueError(
            f"Timer: parameter {name!r} must be a list of whole numbers from 1 to {last}; got {days!r}."
        )


def _warn_of_order(name: str, days: Iterable[int]) -> None:
    days = list(days)
    if days != sorted(days):
        warnings.warn(
            f"Timer: {name} {days!r} are not in order, and so some of these days are missed (as in backtrader). "
            f"Pass {name}={sorted(days)!r}, or use Cerebro(sort_timer_days=True).",
            CompatWarning,
            stacklevel=3,
        )


class TimerMixin:
    """Timers of a strategy."""

    cerebro: Any
    _run_: Any
    _timers_: list[Timer]

    def _init_timers_(self) -> None:
        """Start with no timers."""
        self._timers_ = []

    def add_timer(
        self,
        when: Any,
        offset: _dt.timedelta = _NO_TIME,
        repeat: _dt.timedelta = _NO_TIME,
        weekdays: Iterable[int] = (),
        weekcarry: bool = False,
        monthdays: Iterable[int] = (),
        monthcarry: bool = True,
        allow: Any = None,
        tzdata: Any = None,
        cheat: bool = False,
        *args: Any,
        **kwargs: Any,
    ) -> Timer:
        """Schedule a timer, in ``__init__`` or ``start``; :meth:`notify_timer` is called when it is due.

        See :class:`Timer` for the parameters; other arguments are passed on to :meth:`notify_timer`.
        """
        made = len(self._timers_) + sum(len(one._timers_) for one in self._run_.strats if one is not self)
        timer = Timer(
            tid=len(self.cerebro._pretimers) + made, owner=self, strats=False, when=when, offset=offset, repeat=repeat,
            weekdays=list(weekdays), weekcarry=weekcarry, monthdays=list(monthdays), monthcarry=monthcarry, allow=allow,
            tzdata=tzdata, cheat=cheat,
        )  # fmt: skip
        timer.args = args
        timer.kwargs = kwargs
        self._timers_.append(timer)
        if self._run_.timers_started:
            warnings.warn(
                f"{type(self).__name__}.add_timer() was called while the run goes on: the timer is never due (as in "
                "backtrader). Call it in __init__ or start().",
                CompatWarning,
                stacklevel=2,
            )
        return timer

    def notify_timer(self, timer: Timer, when: _dt.datetime, *args: Any, **kwargs: Any) -> None:
        """Run when a timer is due; *when* is the time for which it is, not that of the bar."""


__all__ = ["SESSION_END", "SESSION_START", "SESSION_TIME", "Timer", "TimerMixin"]
