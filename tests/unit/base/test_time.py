from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtrail.base.time import TIME_MAX, date2num, num2date, num2dt, num2time, time2num, tzparse

NEW_YORK = tzparse("America/New_York")


def exact(moment: datetime) -> float:
    """Give the correctly rounded sum of the parts, by rational arithmetic."""
    parts = (
        float(moment.toordinal()),
        moment.hour / 24.0,
        moment.minute / 1440.0,
        moment.second / 86400.0,
        moment.microsecond / 86400e6,
    )
    return float(sum(map(Fraction, parts), Fraction(0)))


@given(st.datetimes())
def test_a_number_is_the_correctly_rounded_sum_of_its_parts(moment: datetime) -> None:
    assert date2num(moment) == exact(moment)


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)))
def test_a_number_reads_back_to_the_second(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    assert num2date(date2num(moment)) == moment


def test_the_end_of_session_reads_back_one_microsecond_short() -> None:
    end = datetime.combine(date(2006, 1, 2), TIME_MAX)
    assert date2num(end) == 732313.9999999999
    assert num2date(732313.9999999999) == datetime(2006, 1, 2, 23, 59, 59, 999989)


def test_less_than_ten_microseconds_are_none() -> None:
    assert num2date(732313.3965277778) == datetime(2006, 1, 2, 9, 31)
    assert num2date(732313.2083333333) == datetime(2006, 1, 2, 5)


def test_a_date_is_its_midnight() -> None:
    assert date2num(date(2006, 1, 2)) == 732313.0
    assert date2num(date(2006, 1, 2), NEW_YORK) == date2num(datetime(2006, 1, 2, 5))


def test_date_and_time_of_a_number() -> None:
    number = date2num(datetime(2006, 1, 2, 9, 31))
    assert num2dt(number) == date(2006, 1, 2)
    assert num2time(number) == time(9, 31)
    assert num2dt(date2num(datetime(2006, 1, 3, 3)), NEW_YORK) == date(2006, 1, 2)
    assert num2time(date2num(datetime(2006, 1, 3, 3)), NEW_YORK) == time(22)


def test_a_date_that_rounds_up_to_midnight_is_the_next_day() -> None:
    assert num2dt(732313.99999999999) == date(2006, 1, 3)


def test_a_moment_with_a_zone_counts_in_utc() -> None:
    two_east = timezone(timedelta(hours=2))
    assert date2num(datetime(2006, 1, 2, 11, 31, tzinfo=two_east)) == date2num(datetime(2006, 1, 2, 9, 31))


def test_a_number_is_shown_on_the_clock_of_a_zone() -> None:
    number = date2num(datetime(2006, 7, 2, 13, 31))
    assert num2date(number, NEW_YORK) == datetime(2006, 7, 2, 9, 31)
    aware = num2date(number, NEW_YORK, naive=False)
    assert aware.tzinfo is NEW_YORK
    assert aware.utcoffset() == timedelta(hours=-4)


def test_naive_results_have_no_fold() -> None:
    number = date2num(datetime(2006, 10, 29, 6, 30))
    assert repr(num2date(number, NEW_YORK)) == "datetime.datetime(2006, 10, 29, 1, 30)"
    assert num2date(number, NEW_YORK, naive=False).utcoffset() == timedelta(hours=-5)


@pytest.mark.parametrize("number", [0.0, 0.5, -1.0, 3652060.0, float("nan")])
def test_numbers_outside_the_calendar_are_refused(number: float) -> None:
    with pytest.raises(ValueError):
        num2date(number)


def test_a_time_of_day_is_a_plain_sum() -> None:
    assert time2num(time(9, 31)) == 9 / 24.0 + 31 / 1440.0
    assert time2num(time(23, 59, 59, 999990)) == 23 / 24.0 + 59 / 1440.0 + 59 / 86400.0 + 999990 / 86400e6
