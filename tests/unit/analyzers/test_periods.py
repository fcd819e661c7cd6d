"""Periods: ranks, keys and boundaries, one by one and for arrays."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtrail.analyzers.periods import (
    local_days,
    local_micros,
    period_keys,
    period_of,
    period_starts,
    subday_end,
)
from backtrail.base.time import date2num, num2date
from backtrail.base.timeframe import TimeFrame
from backtrail.base.timezone import tzparse

MOMENT = dt.datetime(2020, 2, 27, 14, 37, 25, 300000)  # a Thursday


@pytest.mark.parametrize(
    ("timeframe", "compression", "key"),
    [
        (TimeFrame.Years, 1, dt.date(2020, 12, 31)),
        (TimeFrame.Months, 1, dt.datetime(2020, 2, 29)),
        (TimeFrame.Weeks, 3, dt.datetime(2020, 3, 1)),
        (TimeFrame.Days, 2, dt.datetime(2020, 2, 27)),
        (TimeFrame.Minutes, 1, dt.datetime(2020, 2, 27, 14, 37)),
        (TimeFrame.Minutes, 15, dt.datetime(2020, 2, 27, 14, 44)),
        (TimeFrame.Minutes, 1000, dt.datetime(2020, 2, 27, 16, 39)),
        (TimeFrame.Seconds, 20, dt.datetime(2020, 2, 27, 14, 37, 39)),
        (TimeFrame.MicroSeconds, 1000, dt.datetime(2020, 2, 27, 14, 37, 25, 300999)),
        (TimeFrame.Ticks, 1, MOMENT),
        (TimeFrame.NoTimeFrame, 1, dt.datetime.max),
    ],
)
def test_key_of_a_moment(timeframe: int, compression: int, key: object) -> None:
    assert period_of(MOMENT, timeframe, compression)[1] == key


def test_an_interval_over_midnight_ends_on_the_next_day() -> None:
    late = dt.datetime(2020, 12, 31, 23, 59)
    assert subday_end(late, TimeFrame.Minutes, 7) == dt.datetime(2021, 1, 1, 0, 1)


def test_the_week_of_new_year_is_one_week() -> None:
    ranks = {
        period_of(dt.datetime(2020, 12, 28) + dt.timedelta(days=day), TimeFrame.Weeks, 1) for day in range(7)
    }
    assert ranks == {(202053, dt.datetime(2021, 1, 3))}


moments = st.lists(
    st.datetimes(dt.datetime(1999, 1, 1), dt.datetime(2050, 1, 1)), min_size=1, max_size=30
).map(sorted)
frames = st.tuples(st.integers(TimeFrame.Ticks, TimeFrame.NoTimeFrame), st.integers(1, 2000))


@given(moments, frames)
def test_arrays_begin_periods_where_single_moments_do(
    times: list[dt.datetime], frame: tuple[int, int]
) -> None:
    numbers = np.array([date2num(time) for time in times])
    seen = [period_of(num2date(number), *frame) for number in numbers]
    firsts, highest = [], None
    for at, (rank, _) in enumerate(seen):
        if highest is None or rank > highest:
            firsts.append(at)
            highest = rank
    assert period_starts(numbers, *frame).tolist() == firsts
    assert period_keys(local_micros(numbers), *frame) == [key for _, key in seen]


@given(st.lists(st.datetimes(dt.datetime(1999, 1, 1), dt.datetime(2050, 1, 1)), min_size=1, max_size=20))
def test_a_step_back_in_time_begins_no_period(times: list[dt.datetime]) -> None:
    numbers = np.array([date2num(time) for time in times])
    highest, firsts = None, []
    for at, number in enumerate(numbers):
        rank = period_of(num2date(number), TimeFrame.Months, 1)[0]
        if highest is None or rank > highest:
            firsts.append(at)
            highest = rank
    assert period_starts(numbers, TimeFrame.Months, 1).tolist() == firsts


@given(st.integers(1, 3_000_000), st.sampled_from([0.0, 1e-12, 0.5, 1 - 1e-9, 1 - 1e-10, 1 - 2e-10]))
def test_days_round_up_at_midnight_as_single_numbers_do(day: int, fraction: float) -> None:
    number = day + fraction
    expected = num2date(number).toordinal() - 719163
    assert local_days(np.array([number])).tolist() == [expected]


def test_days_count_on_the_clock_of_a_zone() -> None:
    zone = tzparse("America/New_York")
    number = date2num(dt.datetime(2020, 7, 1, 2, 0))
    assert local_days(np.array([number]), zone)[0] == dt.date(2020, 6, 30).toordinal() - 719163
