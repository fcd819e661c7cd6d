"""Which period (day, week, 30 minutes …) a moment belongs to, for one moment and for whole arrays.

A period has a *rank*, which only grows with time, and a *key* to report results under: 31 December (a date) for years,
the last day for months, Sunday for weeks, midnight for days; for minutes, seconds and microseconds the end of the
interval minus one unit, counted within the day; for ticks the moment itself; ``datetime.max`` for no timeframe.
"""

from __future__ import annotations

import calendar
import sys
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.datenums import EPOCH_ORDINAL, to_micros
from ..base.time import num2date
from ..base.timeframe import TimeFrame

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_DAY_US = 86_400_000_000
_UNIT_US = {TimeFrame.Minutes: 60_000_000, TimeFrame.Seconds: 1_000_000, TimeFrame.MicroSeconds: 1}
_EPOCH = datetime(1970, 1, 1)
_NEARLY_ONE = 1.0 - 1e-9
_TICK = timedelta(microseconds=1)


def period_of(moment: datetime, timeframe: int, compression: int) -> tuple[Any, Any]:
    """Give rank and key of the period that *moment* lies in; *compression* counts below days only."""
    if timeframe == TimeFrame.NoTimeFrame:
        return sys.maxsize, datetime.max
    if timeframe == TimeFrame.Years:
        return moment.year, date(moment.year, 12, 31)
    if timeframe == TimeFrame.Months:
        last = calendar.monthrange(moment.year, moment.month)[1]
        return moment.year * 100 + moment.month, datetime(moment.year, moment.month, last)
    if timeframe == TimeFrame.Weeks:
        year, week, weekday = moment.isocalendar()
        midnight = datetime(moment.year, moment.month, moment.day)
        return year * 100 + week, midnight + timedelta(days=7 - weekday)
    if timeframe == TimeFrame.Days:
        day = moment.year * 10000 + moment.month * 100 + moment.day
        return day, datetime(moment.year, moment.month, moment.day)
    end = subday_end(moment, timeframe, compression)
    return end, end


def subday_end(moment: datetime, timeframe: int, compression: int) -> datetime:
    """Give the last unit of the interval of *compression* minutes, seconds or microseconds that *moment* lies in."""
    if timeframe == TimeFrame.Ticks:
        return moment
    unit = _UNIT_US[timeframe]
    midnight = datetime(moment.year, moment.month, moment.day)
    point = (moment - midnight) // _TICK // unit
    return midnight + timedelta(microseconds=(point - point % compression + compression - 1) * unit)


def local_days(numbers: Floats, tz: Any = None) -> Ints:
    """Give the days since 1970 of date *numbers* on the clock of *tz*."""
    if tz is not None:
        return local_micros(numbers, tz) // _DAY_US
    whole = np.floor(numbers)
    days = whole.astype(np.int64) - EPOCH_ORDINAL
    late = np.flatnonzero(numbers - whole > _NEARLY_ONE)
    if len(late):  # so close to midnight that reading the number rounds up to it
        days[late] = to_micros(numbers[late]) // _DAY_US
    return days


def local_micros(numbers: Floats, tz: Any = None) -> Ints:
    """Give the microseconds since 1970 of date *numbers* on the clock of *tz*."""
    if tz is None:
        return to_micros(numbers)
    seen = (num2date(x, tz) for x in numbers.tolist())
    return np.fromiter(((m - _EPOCH) // _TICK for m in seen), dtype=np.int64, count=len(numbers))


def as_datetimes(micros: Ints) -> list[datetime]:
    """Give microseconds since 1970 as datetimes."""
    out: list[datetime] = micros.view("datetime64[us]").tolist()
    return out


def subday_numbers(micros: Ints, timeframe: int, compression: int) -> Ints:
    """Number the intervals of *micros* in time order, for timeframes below days."""
    if timeframe == TimeFrame.Ticks:
        return micros
    day = micros // _DAY_US
    length = _UNIT_US[timeframe] * compression
    per_day = -(-_DAY_US // length)
    return day * per_day + (micros - day * _DAY_US) // length


def period_starts(numbers: Floats, timeframe: int, compression: int, tz: Any = None) -> Ints:
    """Give the indices of date *numbers* (at least one) at which a new period begins, 0 among them.

    A step back in time begins none.
    """
    if timeframe == TimeFrame.NoTimeFrame:
        return np.zeros(1, dtype=np.int64)
    if timeframe < TimeFrame.Days:
        return _steps(subday_numbers(local_micros(numbers, tz), timeframe, compression))
    days = local_days(numbers, tz)
    firsts = _steps(days)
    if timeframe == TimeFrame.Days:
        return firsts
    days = days[firsts]
    if timeframe == TimeFrame.Weeks:
        larger = (days + 3) // 7
    else:
        unit = "M" if timeframe == TimeFrame.Months else "Y"
        larger = days.view("datetime64[D]").astype(f"datetime64[{unit}]").view(np.int64)
    return firsts[_steps(larger)]


def _steps(numbers: Ints) -> Ints:
    """Give the indices at which *numbers* reach a new high, 0 among them."""
    before, after = numbers[:-1], numbers[1:]
    if (after < before).any():
        numbers = np.maximum.accumulate(numbers)
        before, after = numbers[:-1], numbers[1:]
    return np.concatenate(([0], np.flatnonzero(after != before) + 1))


def period_keys(micros: Ints, timeframe: int, compression: int) -> list[Any]:
    """Give the key of the period of each of *micros*, as :func:`period_of` does."""
    day = micros // _DAY_US
    if timeframe == TimeFrame.NoTimeFrame:
        return [datetime.max] * len(micros)
    if timeframe == TimeFrame.Ticks:
        return as_datetimes(micros)
    if timeframe == TimeFrame.Days:
        return as_datetimes(day * _DAY_US)
    if timeframe == TimeFrame.Weeks:
        return as_datetimes(((day + 3) // 7 * 7 + 3) * _DAY_US)
    if timeframe == TimeFrame.Years:
        years = day.view("datetime64[D]").astype("datetime64[Y]") + np.timedelta64(1, "Y")
        last: list[Any] = (years.astype("datetime64[D]") - np.timedelta64(1, "D")).tolist()
        return last
    if timeframe == TimeFrame.Months:
        months = day.view("datetime64[D]").astype("datetime64[M]") + np.timedelta64(1, "M")
        last_day = months.astype("datetime64[D]") - np.timedelta64(1, "D")
        return as_datetimes(last_day.view(np.int64) * _DAY_US)
    unit = _UNIT_US[timeframe]
    length = unit * compression
    return as_datetimes(
        day * _DAY_US + (micros - day * _DAY_US) // length * length + (compression - 1) * unit
    )
