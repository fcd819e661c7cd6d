"""Calendars of other packages, by what is asked of them; the packages themselves need not be there."""

from __future__ import annotations

import sys
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from backtrail.errors import ModuleImportError, ParameterValueError
from backtrail.market.calendar import PandasMarketCalendar, as_calendar
from backtrail.market.exchanges import ExchangeCalendar, is_exchange_calendar

NEW_YEAR = [date(year, 1, 1) for year in range(2015, 2026)]


class Exchange:
    """What backtrail asks of a calendar of exchange_calendars: weekdays from 14:30 to 21:00 UTC."""

    def __init__(self, start: str, end: str) -> None:
        days = [day for day in pd.bdate_range(start, end) if day.date() not in NEW_YEAR]
        self.sessions = pd.DatetimeIndex(days)
        self.opens = [pd.Timestamp(day, tz="UTC") + pd.Timedelta(hours=14.5) for day in days]
        self.closes = [pd.Timestamp(day, tz="UTC") + pd.Timedelta(hours=21) for day in days]
        self.first_session = self.sessions[0]

    def session_open_close(self, session: Any) -> Any:
        raise AssertionError("the lists of opens and closes tell")


@pytest.fixture(name="asked")
def _asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    """Have a package that makes such calendars, and note what it is asked for."""
    seen: list[tuple[str, str, str]] = []

    def get_calendar(name: str, start: str, end: str) -> Exchange:
        seen.append((name, start, end))
        return Exchange(start, end)

    package: Any = SimpleNamespace(get_calendar=get_calendar)
    monkeypatch.setitem(sys.modules, "exchange_calendars", package)
    return seen


def session(day: date) -> tuple[datetime, datetime]:
    return datetime(day.year, day.month, day.day, 14, 30), datetime(day.year, day.month, day.day, 21)


def test_an_object_of_exchange_calendars_is_taken_as_it_is() -> None:
    calendar = as_calendar(Exchange("2019-12-02", "2020-02-28"))
    assert isinstance(calendar, ExchangeCalendar)
    assert calendar.nextday(date(2019, 12, 31)) == date(2020, 1, 2)
    assert calendar.nextday(datetime(2020, 1, 3, 12)) == datetime(2020, 1, 6, 12)
    assert calendar.nextday_week(date(2020, 1, 3)) == 2
    assert calendar.last_weekday(date(2020, 1, 3))
    assert not calendar.last_weekday(date(2020, 1, 2))
    assert calendar.last_monthday(date(2020, 1, 31))
    assert calendar.last_yearday(date(2019, 12, 31))


def test_the_session_of_a_moment_is_the_first_that_closes_at_or_after_it() -> None:
    calendar = ExchangeCalendar(calendar=Exchange("2019-12-02", "2020-02-28"))
    friday, monday = date(2020, 1, 3), date(2020, 1, 6)
    assert calendar.schedule(friday) == session(friday)
    assert calendar.schedule(datetime(2020, 1, 3, 21)) == session(friday)
    assert calendar.schedule(datetime(2020, 1, 3, 21, 0, 1)) == session(monday)
    assert calendar.schedule(datetime(2020, 1, 5, 3)) == session(monday)


def test_days_outside_of_an_object_are_refused_with_its_range() -> None:
    calendar = ExchangeCalendar(calendar=Exchange("2019-12-02", "2020-02-28"))
    for ask in (calendar.nextday, calendar.schedule):
        with pytest.raises(ParameterValueError, match="goes from 2019-12-02 to 2020-02-28"):
            ask(date(2020, 3, 2))
        with pytest.raises(ParameterValueError, match=r"at 2019-11-2\d or later"):
            ask(date(2019, 11, 29))
    with pytest.raises(ParameterValueError, match="at 2020-02-28 or later"):
        calendar.schedule(datetime(2020, 2, 28, 22))


def test_a_name_is_looked_up_for_years_at_a_time(asked: list[Any]) -> None:
    calendar = ExchangeCalendar(calendar="XNYS", cacheyears=2)
    assert calendar.nextday(date(2020, 5, 1)) == date(2020, 5, 4)
    assert calendar.schedule(date(2021, 5, 3)) == session(date(2021, 5, 3))
    assert asked == [("XNYS", "2019-01-01", "2022-12-31")]
    assert calendar.nextday(date(2018, 5, 1)) == date(2018, 5, 2)
    assert asked[1:] == [("XNYS", "2017-01-01", "2020-12-31")]


def test_after_the_last_session_that_is_known_the_next_years_are_looked_up(asked: list[Any]) -> None:
    calendar = ExchangeCalendar(calendar="XNYS", cacheyears=1)
    calendar.nextday(date(2020, 5, 1))
    assert calendar.schedule(datetime(2021, 12, 31, 22)) == session(date(2022, 1, 3))
    assert asked == [("XNYS", "2019-01-01", "2021-12-31"), ("XNYS", "2020-01-01", "2022-12-31")]


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"calendar": None}, "the name of one - found None"),
        ({"calendar": ""}, "the name of one - found ''"),
        ({"calendar": "XNYS", "cacheyears": 0}, "expected 1 or more - found 0"),
    ],
    ids=str,
)
def test_parameters_of_an_exchange_calendar_are_checked(params: dict[str, Any], text: str) -> None:
    with pytest.raises(ParameterValueError, match=text):
        ExchangeCalendar(**params)


def test_without_the_package_a_name_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "exchange_calendars", None)
    with pytest.raises(ModuleImportError, match="pip install exchange_calendars"):
        ExchangeCalendar(calendar="XNYS").schedule(date(2020, 1, 2))


def test_an_object_of_ones_own_needs_a_schedule_only() -> None:
    own = SimpleNamespace(schedule=lambda day, tz=None: (day, day))
    assert as_calendar(own) is own
    assert not is_exchange_calendar(own)


class Shrinking:
    """A calendar of pandas_market_calendars without trading from the 10th to the 30th."""

    def __init__(self) -> None:
        self.asked = 0

    def valid_days(self, start_date: date, end_date: date) -> Any:
        self.asked += 1
        days = pd.date_range(start_date, end_date, tz="UTC")
        return days[(days.day < 10) | (days.day > 30)]


def test_days_that_are_far_apart_are_asked_for_again() -> None:
    """The days known end before the next trading day: those after it are asked for."""
    market = Shrinking()
    calendar = PandasMarketCalendar(calendar=market, cachesize=20)
    assert calendar.nextday(date(2020, 1, 1)) == date(2020, 1, 2)
    assert market.asked == 1
    assert calendar.nextday(date(2020, 1, 15)) == date(2020, 1, 31)
    assert market.asked == 2
    with pytest.raises(ParameterValueError, match="within 5 days - found none - raise cachesize"):
        PandasMarketCalendar(calendar=Shrinking(), cachesize=5).nextday(date(2020, 1, 9))


def test_a_calendar_answers_alike_in_whatever_order_it_is_asked() -> None:
    forth = PandasMarketCalendar(calendar=Shrinking(), cachesize=40)
    back = PandasMarketCalendar(calendar=Shrinking(), cachesize=40)
    days = [date(2020, 1, 1) + timedelta(days=5 * k) for k in range(30)]
    assert [forth.nextday(day) for day in days] == [back.nextday(day) for day in reversed(days)][::-1]
