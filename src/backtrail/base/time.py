"""Dates as numbers: days since year 0 with the time of day as the fraction, exactly as backtrader computes them.

Day 1 is 1 January of year 1 (``date.toordinal``). The number is the correctly rounded sum of day, hour/24,
minute/1440, second/86400 and microsecond/86400e6. On today's dates one step of the number is about 10 µs, which
is why reading a number back treats less than 10 µs as none and more than 999990 µs as a full second. The arrays'
counterparts are in ``datenums``.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from math import fsum
from typing import Any

from .timezone import UTC, Localizer, TZLocal, localize, tzparse

__all__ = [
    "TIME_MAX",
    "TIME_MIN",
    "UTC",
    "Localizer",
    "TZLocal",
    "date2num",
    "localize",
    "num2date",
    "num2dt",
    "num2time",
    "time2num",
    "tzparse",
]

TIME_MAX = time(23, 59, 59, 999990)
TIME_MIN = time.min

HOURS_PER_DAY = 24.0
MINUTES_PER_DAY = 1440.0
SECONDS_PER_DAY = 86400.0
MUSECONDS_PER_DAY = 86400e6

_from_ordinal = datetime.fromordinal


def num2date(x: float, tz: Any = None, naive: bool = True) -> datetime:
    """Give the datetime that number *x* stands for.

    With *tz* the time is given on that zone's clock (*x* counts UTC); it carries the zone only if *naive* is False.
    ValueError for a number below 1 or after year 9999, and for NaN.
    """
    if tz is None:
        return _moment(x)
    # as in backtrader, what is rounded up to a full second is added on the zone's clock
    moment, missing = _split(x)
    moment = moment.replace(tzinfo=UTC).astimezone(tz)
    if naive:
        moment = moment.replace(tzinfo=None, fold=0)
    return (moment + timedelta(microseconds=missing)).replace(fold=moment.fold) if missing else moment


@lru_cache(maxsize=1024)
def _moment(x: float) -> datetime:
    # one bar's number is read many times: by strategy, analyzers and writers
    moment, missing = _split(x)
    return moment + timedelta(microseconds=missing) if missing else moment


def _split(x: float) -> tuple[datetime, int]:
    """Give the moment at *x* and the microseconds up to the full second if at most nine are missing."""
    day = int(x)
    midnight = _from_ordinal(day)
    rest = 24.0 * (x - day)
    hour = int(rest)
    rest = 60.0 * (rest - hour)
    minute = int(rest)
    rest = 60.0 * (rest - minute)
    second = int(rest)
    micro = int(1e6 * (rest - second))
    if micro < 10:
        micro = 0
    moment = datetime(midnight.year, midnight.month, midnight.day, hour, minute, second, micro)
    return moment, 1000000 - micro if micro > 999990 else 0


def num2dt(num: float, tz: Any = None, naive: bool = True) -> date:
    """Give the date that number *num* stands for, on the clock of *tz*."""
    if tz is None and 0.0 <= num - int(num) < 0.99999:
        return date.fromordinal(int(num))
    return num2date(num, tz, naive).date()


def num2time(num: float, tz: Any = None, naive: bool = True) -> time:
    """Give the time of day that number *num* stands for, on the clock of *tz*; it never carries a zone."""
    return num2date(num, tz, naive).time()


def date2num(dt: date, tz: Any = None) -> float:
    """Give the number that stands for *dt*, a datetime or a date (its midnight).

    *tz* is the zone whose clock a naive *dt* was read from; a *dt* that carries a zone is counted in UTC.
    """
    if tz is not None:
        moment = dt if isinstance(dt, datetime) else datetime(dt.year, dt.month, dt.day)
        return _moment2num(localize(tz, moment))
    if not hasattr(dt, "hour"):
        return float(dt.toordinal())
    return _moment2num(dt)  # type: ignore[arg-type]  # a duck with hours, for example a pandas Timestamp, is a datetime


def _moment2num(dt: datetime) -> float:
    if dt.tzinfo is not None:
        offset = dt.utcoffset()
        if offset is not None:
            dt = dt.replace(tzinfo=None) - offset
    return fsum(
        (dt.toordinal(), dt.hour / 24.0, dt.minute / 1440.0, dt.second / 86400.0, dt.microsecond / 86400e6)
    )


def time2num(tm: time) -> float:
    """Give the fraction of a day that has passed at the time of day *tm* (plain sum, hours first)."""
    return tm.hour / 24.0 + tm.minute / 1440.0 + tm.second / 86400.0 + tm.microsecond / 86400e6
