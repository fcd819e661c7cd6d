"""Trading calendars: on which days a market trades, and when its sessions open and close."""

from __future__ import annotations

import bisect
from datetime import date, datetime, time, timedelta
from importlib import import_module
from typing import Any, ClassVar, TypeVar

from ..base.declare import ParamsBase
from ..base.time import TIME_MAX, TIME_MIN
from ..base.timezone import UTC, localize
from ..errors import ModuleImportError, ParameterValueError, UnknownCalendarError, unknown_name

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = range(7)
WEEKEND = [SATURDAY, SUNDAY]
ISONODAY, ISOMONDAY, ISOTUESDAY, ISOWEDNESDAY, ISOTHURSDAY, ISOFRIDAY, ISOSATURDAY, ISOSUNDAY = range(8)
ISOWEEKEND = [ISOSATURDAY, ISOSUNDAY]
ONEDAY = timedelta(days=1)
_YEARS_AHEAD = 366 * 10

Day = TypeVar("Day", date, datetime)


def _date(day: date) -> date:
    return day.date() if isinstance(day, datetime) else day


class TradingCalendarBase(ParamsBase):
    """Base of trading calendars; subclasses implement ``_nextday`` and ``schedule``."""

    def _nextday(self, day: Day) -> tuple[Day, tuple[int, int, int]]:
        """Give the next trading day after *day* with its ISO year, week and weekday."""
        raise NotImplementedError(
            f"{type(self).__name__} does not say which day trading goes on: implement _nextday"
        )

    def schedule(self, day: date, tz: Any = None) -> tuple[datetime, datetime]:
        """Give opening and close of the session of *day* (a UTC time), in UTC; of the next day's after the close."""
        raise NotImplementedError(f"{type(self).__name__} does not say when sessions are: implement schedule")

    def nextday(self, day: Day) -> Day:
        """Give the next trading day after *day*."""
        return self._nextday(day)[0]

    def nextday_week(self, day: date) -> int:
        """Give the ISO week of the next trading day after *day*."""
        return self._nextday(day)[1][1]

    def last_weekday(self, day: date) -> bool:
        """Tell whether no further day of *day*'s ISO week is a trading day."""
        return day.isocalendar()[:2] != tuple(self._nextday(day)[1])[:2]

    def last_monthday(self, day: date) -> bool:
        """Tell whether no further day of *day*'s month is a trading day."""
        following = self._nextday(day)[0]
        return (day.year, day.month) != (following.year, following.month)

    def last_yearday(self, day: date) -> bool:
        """Tell whether no further day of *day*'s year is a trading day."""
        return day.year != self._nextday(day)[0].year


class TradingCalendar(TradingCalendarBase):
    """A calendar by rules.

    ``open``, ``close``: times of a normal session. ``holidays``: dates (or datetimes) without trading. ``earlydays``:
    ``(date, open, close)`` of sessions that differ. ``offdays``: ISO weekdays (1 Monday to 7 Sunday) without trading.
    """

    params: ClassVar[Any] = (
        ("open", TIME_MIN),
        ("close", TIME_MAX),
        ("holidays", []),
        ("earlydays", []),
        ("offdays", ISOWEEKEND),
    )

    def __init__(self) -> None:
        self._holidays = frozenset(_date(day) for day in self.p.holidays)
        self._early: dict[date, tuple[time, time]] = {
            _date(day): (opens, closes) for day, opens, closes in self.p.earlydays
        }
        self._offdays = frozenset(self.p.offdays)
        if self._offdays >= set(range(1, 8)):
            raise ParameterValueError(
                f"{type(self).__name__}: reading offdays - expected at least one ISO weekday (1 to 7) to be left for "
                f"trading - found {list(self.p.offdays)!r} - take some out"
            )

    def _nextday(self, day: Day) -> tuple[Day, tuple[int, int, int]]:
        for _ in range(_YEARS_AHEAD):
            day += ONEDAY
            year, week, weekday = day.isocalendar()
            if weekday not in self._offdays and _date(day) not in self._holidays:
                return day, (year, week, weekday)
        raise ParameterValueError(
            f"{type(self).__name__}: looking for the trading day before {day} - expected one within ten years - "
            "found holidays and offdays only - correct them"
        )

    def schedule(self, day: date, tz: Any = None) -> tuple[datetime, datetime]:
        """Give opening and close of the session of *day* (a UTC time), in UTC; of the next day's after the close.

        Times of the calendar are read on the clock of *tz* (default: UTC). Days without trading are not left out.
        """
        moment = day if isinstance(day, datetime) else datetime.combine(day, TIME_MIN)
        session = moment.date()
        while True:
            opens, closes = self._early.get(session, (self.p.open, self.p.close))
            opening, closing = datetime.combine(session, opens), datetime.combine(session, closes)
            if tz is not None:
                opening = localize(tz, opening).astimezone(UTC).replace(tzinfo=None)
                closing = localize(tz, closing).astimezone(UTC).replace(tzinfo=None)
            if moment <= closing:
                return opening, closing
            session += ONEDAY


class PandasMarketCalendar(TradingCalendarBase):
    """A calendar of the package *pandas_market_calendars*: an object of it, or the name of one (``"NYSE"``).

    ``cachesize`` is the number of days asked for at a time.
    """

    params: ClassVar[Any] = (("calendar", None), ("cachesize", 365))

    def __init__(self) -> None:
        calendar = self.p.calendar
        if isinstance(calendar, str):
            try:
                package = import_module("pandas_market_calendars")
            except ImportError:
                raise ModuleImportError(
                    f"looking up the market calendar {calendar!r} - expected the package pandas_market_calendars - "
                    "found it missing - pip install pandas_market_calendars, or pass calendar=TradingCalendar(...)"
                ) from None
            try:
                calendar = package.get_calendar(calendar)
            except RuntimeError:
                known = package.get_calendar_names()
                raise UnknownCalendarError(
                    unknown_name("calendar", "pandas_market_calendars", calendar, known)
                ) from None
        self._calendar = calendar
        self._ahead = timedelta(days=self.p.cachesize)
        self._days: list[date] = []
        self._until = date.min
        self._sessions: dict[date, tuple[datetime, datetime]] = {}
        self._order: list[date] = []
        self._scheduled = (date.max, date.min)

    def _nextday(self, day: Day) -> tuple[Day, tuple[int, int, int]]:
        start = _date(day)
        if not self._days or not self._days[0] <= start < self._until:
            self._fill_days(start)
        at = bisect.bisect_right(self._days, start)
        if at == len(self._days):
            self._fill_days(start)
            at = bisect.bisect_right(self._days, start)
            if at == len(self._days):
                raise ParameterValueError(
                    f"PandasMarketCalendar: looking for the trading day after {start} - expected one within "
                    f"{self._ahead.days} days - found none - raise cachesize, or use a calendar that goes on"
                )
        following = self._days[at]
        year, week, weekday = following.isocalendar()
        return day + (following - start), (year, week, weekday)

    def _fill_days(self, start: date) -> None:
        end = start + self._ahead
        self._days = [stamp.date() for stamp in self._calendar.valid_days(start_date=start, end_date=end)]
        self._until = end

    def schedule(self, day: date, tz: Any = None) -> tuple[datetime, datetime]:
        """Give opening and close of the first session that closes at or after *day* (a UTC time), in UTC."""
        moment = day if isinstance(day, datetime) else datetime.combine(day, TIME_MIN)
        start = moment.date() - ONEDAY
        first, last = self._scheduled
        if not first <= start or not moment.date() < last:
            self._fill_sessions(start)
        for session in self._order[bisect.bisect_left(self._order, start) :]:
            opening, closing = self._sessions[session]
            if moment <= closing:
                return opening, closing
        raise ParameterValueError(
            f"PandasMarketCalendar: looking for the session after {moment} - expected one within "
            f"{self._ahead.days} days - found none - raise cachesize, or use a calendar that goes on"
        )

    def _fill_sessions(self, start: date) -> None:
        end = start + self._ahead
        table = self._calendar.schedule(start_date=start, end_date=end)
        self._order = [stamp.date() for stamp in table.index]
        opens, closes = (
            [stamp.tz_convert("UTC").tz_localize(None).to_pydatetime() for stamp in table[name]]
            for name in ("market_open", "market_close")
        )
        self._sessions = dict(zip(self._order, zip(opens, closes, strict=True), strict=True))
        self._scheduled = (start, end)


def as_calendar(cal: Any) -> Any:
    """Give the calendar that *cal* means: one, a class of one, an object of a package of calendars, or a name.

    A name is one of pandas_market_calendars, which knows those of exchange_calendars too.
    """
    if cal is None or isinstance(cal, TradingCalendarBase):
        return cal
    if isinstance(cal, type) and issubclass(cal, TradingCalendarBase):
        return cal()
    if isinstance(cal, str) or hasattr(cal, "valid_days"):
        return PandasMarketCalendar(calendar=cal)  # type: ignore[call-arg]  # a declared parameter
    from .exchanges import ExchangeCalendar, is_exchange_calendar

    if is_exchange_calendar(cal):
        return ExchangeCalendar(calendar=cal)  # type: ignore[call-arg]  # a declared parameter
    if hasattr(cal, "schedule"):
        return cal
    raise ParameterValueError(
        f"setting a trading calendar - expected a TradingCalendar (object or class), a calendar of "
        f"pandas_market_calendars or exchange_calendars, or the name of one - found {cal!r} - pass for example "
        "TradingCalendar(holidays=[...])"
    )


_time_max = TIME_MAX
