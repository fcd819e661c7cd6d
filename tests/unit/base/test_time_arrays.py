from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtrail.base.datenums import from_datetime64, from_days, localize_numbers, to_datetime64, to_micros
from backtrail.base.time import date2num, num2date, tzparse

MOMENTS = st.lists(st.datetimes(), min_size=1, max_size=20)


def numbers_of(moments: list[datetime]) -> list[float]:
    return [date2num(moment) for moment in moments]


@given(MOMENTS, st.sampled_from(["us", "ms", "s", "m", "h", "D"]))
def test_arrays_of_times_have_the_bits_of_single_ones(moments: list[datetime], unit: str) -> None:
    stamps = np.array(moments, dtype="datetime64[us]").astype(f"datetime64[{unit}]")
    exact = stamps.astype("datetime64[us]").tolist()
    assert from_datetime64(stamps).tolist() == numbers_of(exact)


@given(st.lists(st.datetimes(datetime(1700, 1, 1), datetime(2250, 1, 1)), min_size=1, max_size=20))
def test_nanoseconds_are_cut_off(moments: list[datetime]) -> None:
    stamps = np.array(moments, dtype="datetime64[ns]") + np.timedelta64(999, "ns")
    assert from_datetime64(stamps).tolist() == numbers_of(moments)


@given(MOMENTS)
def test_days_of_the_first_centuries_round_correctly(moments: list[datetime]) -> None:
    early = [moment.replace(year=1 + moment.year % 3, day=1) for moment in moments]
    assert from_datetime64(np.array(early, dtype="datetime64[us]")).tolist() == numbers_of(early)


def test_every_second_of_a_day_has_the_bits_of_a_single_one() -> None:
    start = datetime(2006, 1, 2)
    stamps = np.datetime64("2006-01-02", "s") + np.arange(86400)
    assert from_datetime64(stamps).tolist() == [date2num(start + timedelta(seconds=k)) for k in range(86400)]


@given(st.lists(st.floats(1.0, 3652058.99), min_size=1, max_size=20))
def test_numbers_read_back_as_single_ones_do(numbers: list[float]) -> None:
    assert to_datetime64(np.array(numbers)).tolist() == [num2date(number) for number in numbers]


def test_a_missing_time_is_nan() -> None:
    out = from_datetime64(np.array(["2006-01-02", "NaT"], dtype="datetime64[ns]"))
    assert out[0] == 732313.0
    assert np.isnan(out[1])


@pytest.mark.parametrize("kind", ["datetime64[W]", "datetime64[M]", "datetime64[Y]", "datetime64[15m]"])
def test_unusual_units(kind: str) -> None:
    stamps = np.array(["1970-01-01", "1970-02-26"], dtype="datetime64[D]").astype(kind)
    assert from_datetime64(stamps).tolist() == numbers_of(stamps.astype("datetime64[us]").tolist())


def test_strided_and_empty_arrays() -> None:
    stamps = np.array(["2006-01-02T09:30", "1999-01-01", "2006-01-02T09:31"], dtype="datetime64[us]")[::2]
    assert from_datetime64(stamps).tolist() == numbers_of(stamps.tolist())
    assert from_datetime64(stamps[:0]).tolist() == []
    assert localize_numbers(np.empty(0), tzparse("US/Eastern")).tolist() == []
    assert to_micros(np.empty(0)).tolist() == []


def test_days_and_microseconds() -> None:
    day, micro = np.array([13150, 13150]), np.array([0, 34_260_000_001])
    assert from_days(day, micro).tolist() == [732313.0, date2num(datetime(2006, 1, 2, 9, 31, 0, 1))]


@pytest.mark.parametrize(
    "name", ["US/Eastern", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Tokyo", "America/St_Johns"]
)
def test_times_placed_in_a_zone_have_the_bits_of_single_ones(name: str) -> None:
    zone = tzparse(name)
    start = datetime(2006, 1, 1)
    moments = [start + timedelta(minutes=37 * k) for k in range(14_300)]
    numbers = np.array(numbers_of(moments))
    expected = [date2num(num2date(number), zone) for number in numbers.tolist()]
    assert localize_numbers(numbers, zone).tolist() == expected


def test_no_zone_changes_nothing() -> None:
    numbers = np.array(numbers_of([datetime(2006, 1, 2, 9, 31)]))
    assert localize_numbers(numbers, None).tolist() == numbers.tolist()
