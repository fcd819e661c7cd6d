"""Trading calendars of the package *exchange_calendars*."""

from __future__ import annotations

import bisect
from datetime import date, datetime
from importlib import import_module
from typing import Any, ClassVar

from ..base.time import TIME_MIN
from ..errors import ModuleImportError, ParameterValueError
from .calendar import ONEDAY, Day, TradingCalendarBase, _date


def is_exchange_calendar(cal: Any) -> bool:
    """Tell whether *cal* is a calendar of exchange_calendars."""
    return hasattr(cal, "session_open_close") and hasattr(cal, "first_session")


class ExchangeCalendar(TradingCalendarBase):
    """A calendar of the package *exchange_calendars*: an object of it, or the name of one (``"XNYS"``).

    An object knows the days from its first to its last session. Given by name, the years around the days that are
    asked for are looked up; ``cacheyears`` is how many at a time.
    """

    params: ClassVar[Any] = (("calendar", None), ("cacheyears", 10))

    def __init__(self) -> None:
        self._name = self.p.calendar if isinstance(self.p.calendar, str) else ""
        if self.p.cacheyears < 1:
            raise ParameterValueError(
                f"ExchangeCalendar: reading cacheyears - expected 1 or more - found {self.p.cacheyears!r} - correct it"
            )
        if not self._name and not is_exchange_calendar(self.p.calendar):
            raise ParameterValueError(
                "ExchangeCalendar: reading calendar - expected a calendar of exchange_calendars or the name of one - "
                f"found {self.p.calendar!r} - pass calendar='XNYS'"
            )
        self._days: list[date] = []
        self._sessions: list[tuple[datetime, datetime]] = []
        self._known = (date.max, date.min)
        if not self._name:
            self._take_(self.p.calendar)

    def _take_(self, calendar: Any) -> None:
        self._days = [stamp.date() for stamp in calendar.sessions]
        opens, closes = (
            [stamp.tz_convert("UTC").tz_localize(None).to_pydatetime() for stamp in column]
            for column in (calendar.opens, calendar.closes)
        )
        self._sessions = list(zip(opens, closes, strict=True))
        self._known = (self._days[0], self._days[-1])

    def _look_up(self, day: date) -> None:
        """Have the sessions around *day*."""
        first, last = self._known
        if first <= day < last:
            return
        if not self._name:
            raise ParameterValueError(
                f"ExchangeCalendar: looking for a session at {day} or later - expected a day within the calendar - "
                f"found that it goes from {first} to {last} - make it with start= and end=, or pass its name"
            )
        begin = date(max(day.year - 1, 1), 1, 1)
        end = date(min(day.year + self.p.cacheyears, 9999), 12, 31)
        self._take_(_package().get_calendar(self._name, start=begin.isoformat(), end=end.isoformat()))

    def _nextday(self, day: Day) -> tuple[Day, tuple[int, int, int]]:
        start = _date(day)
        self._look_up(start)
        following = self._days[bisect.bisect_right(self._days, start)]
        year, week, weekday = following.isocalendar()
        return day + (following - start), (year, week, weekday)

    def schedule(self, day: date, tz: Any = None) -> tuple[datetime, datetime]:
        """Give opening and close of the first session that closes at or after *day* (a UTC time), in UTC."""
        moment = day if isinstance(day, datetime) else datetime.combine(day, TIME_MIN)
        # the session of a day may begin on the day before, or end on the day after, in UTC
        self._look_up(moment.date() - ONEDAY)
        at = bisect.bisect_left(self._days, moment.date() - ONEDAY)
        while self._sessions[at][1] < moment:
            at += 1
            if at == len(self._sessions):
                self._look_up(self._days[-1])
                at = bisect.bisect_left(self._days, moment.date() - ONEDAY)
        return self._sessions[at]


def _package() -> Any:
    try:
        return import_module("exchange_calendars")
    except ImportError:
        raise ModuleImportError(
            "looking up a calendar of exchanges - expected the package exchange_calendars - found it missing - "
            "pip install exchange_calendars, or pass calendar=TradingCalendar(...)"
        ) from None


__all__ = ["ExchangeCalendar", "is_exchange_calendar"]
