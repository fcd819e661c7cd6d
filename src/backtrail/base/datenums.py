"""Arrays of times as date numbers and back: what ``time`` does one by one, for whole columns, with the same bits.

Times travel as two int64 arrays or as one of ``datetime64``; numbers are float64 as ``date2num`` gives them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .time import date2num
from .timezone import localize

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

EPOCH_ORDINAL = 719163  # day number of 1 January 1970
_DAY_US = 86_400_000_000
_MINUTE_US = 60_000_000
_SECOND_US = 1_000_000
_NAT = np.iinfo(np.int64).min
_BLOCK = 8192  # arrays of this size stay in the processor's cache from one step to the next
_EPOCH = datetime(1970, 1, 1)


def _two_sum(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """Add exactly: the rounded sum and what rounding lost."""
    total = a + b
    part = total - a
    lost = (a - (total - part)) + (b - part)
    return total, lost


def _fractions(second: Ints) -> tuple[Floats, Floats]:
    """Give the exact fraction of the day at each *second* of it, as the sum of two doubles."""
    hour, rest = np.divmod(second, 3600)
    minute, rest = np.divmod(rest, 60)
    high, low = _two_sum(hour / 24.0, minute / 1440.0)
    high, lost = _two_sum(high, rest / 86400.0)
    # the sum of what was lost is exact: few bits, all of them below the last bit of the total
    return _two_sum(high, low + lost)


class _Table(NamedTuple):
    """The fractions of all times of the day that are some seconds apart."""

    high: Floats
    low: Floats
    plain: bool  # on days since 1436 `low` never decides how day + high is rounded


@lru_cache(maxsize=2)
def _table(step: int) -> _Table:
    high, low = _fractions(np.arange(0, 86400, step, dtype=np.int64))
    high.flags.writeable = low.flags.writeable = False
    return _Table(high, low, not _decides(high, low))


def _decides(high: Floats, low: Floats) -> bool:
    """Tell whether some day + *high* lies exactly between two doubles while *low* is not 0 (years 1436 to 2870)."""
    steps = high * 2.0**34  # in halves of the last bit of the sum
    whole = steps == np.floor(steps)
    if not whole.any():
        return False
    pairs = steps * 0.5
    return bool(((low != 0.0) & whole & (pairs != np.floor(pairs))).any())


def _modern(ordinal: Floats) -> bool:
    return bool(ordinal.size) and float(ordinal.min()) >= 2**19 and float(ordinal.max()) < 2**20 - 1


def _add_days(ordinal: Floats, high: Floats, low: Floats) -> Floats:
    """Add whole days and the exact fraction *high* + *low* of a day, rounding once; *ordinal* may be overwritten."""
    if _modern(ordinal) and not _decides(high, low):
        ordinal += high
        return ordinal
    total, lost = _two_sum(ordinal, high)
    # `low` is far below half a step of the sum: it decides only where the sum lies exactly between two doubles
    toward = np.nextafter(total, np.where(lost > 0.0, np.inf, -np.inf))
    tie = (lost != 0.0) & (toward - total == 2.0 * lost) & (np.sign(low) == np.sign(lost))
    return np.where(tie, toward, total)


def from_days(day: Ints, micro_of_day: Ints | int) -> Floats:
    """Give the numbers of times counted as days since 1970 and microseconds of that day (0 to 86,399,999,999).

    *micro_of_day* is an integer where the time of day is the same throughout.
    """
    out = np.empty(len(day))
    fraction = _fraction(micro_of_day) if isinstance(micro_of_day, int) else None
    for start in range(0, len(day), _BLOCK):
        part = slice(start, start + _BLOCK)
        if fraction is not None:
            ordinal = np.add(day[part], EPOCH_ORDINAL, out=out[part], casting="unsafe")
            out[part] = _add_days(ordinal, *fraction)
        else:
            out[part] = _from_moments(day[part], micro_of_day[part])  # type: ignore[index]  # no integer
    return out


@lru_cache(maxsize=8)
def _fraction(micro_of_day: int) -> tuple[Floats, Floats]:
    """Give the exact fraction of the day at *micro_of_day*, as the sum of two arrays of one double."""
    second, micro = divmod(micro_of_day, _SECOND_US)
    high, low = _fractions(np.array([second]))
    high, lost = _two_sum(high, np.array([micro / 86400e6]))
    return _two_sum(high, low + lost)


def _from_moments(day: Ints, micro_of_day: Ints) -> Floats:
    ordinal = (day + EPOCH_ORDINAL).astype(np.float64)
    minute = micro_of_day // _MINUTE_US
    if not (minute * _MINUTE_US != micro_of_day).any():
        return _from_table(ordinal, minute, 60)
    second = micro_of_day // _SECOND_US
    micro = micro_of_day - second * _SECOND_US
    if not micro.any():
        return _from_table(ordinal, second, 1)
    table = _table(1)
    high, lost = _two_sum(table.high.take(second), micro / 86400e6)
    return _add_days(ordinal, *_two_sum(high, table.low.take(second) + lost))


def _from_table(ordinal: Floats, index: Ints, step: int) -> Floats:
    table = _table(step)
    if table.plain and _modern(ordinal):
        ordinal += table.high.take(index)
        return ordinal
    return _add_days(ordinal, table.high.take(index), table.low.take(index))


_PER_DAY = {"D": 1, "h": 24, "m": 1440, "s": 86400, "ms": 86_400_000, "us": _DAY_US, "ns": _DAY_US * 1000}


def from_datetime64(stamps: NDArray[np.datetime64]) -> Floats:
    """Give the numbers of *stamps*, of any unit; what is finer than a microsecond is cut off. NaT gives NaN."""
    unit, count = np.datetime_data(stamps.dtype)
    if unit not in _PER_DAY or count != 1:
        stamps = stamps.astype("datetime64[us]")
        unit = "us"
    ticks = stamps.view(np.int64) if stamps.flags.c_contiguous else stamps.astype(np.int64)
    per_day = _PER_DAY[unit]
    out = np.empty(len(ticks))
    for start in range(0, len(ticks), _BLOCK):
        part = ticks[start : start + _BLOCK]
        if part.min() == _NAT:
            there = part != _NAT
            out[start : start + _BLOCK] = np.nan
            out[start : start + _BLOCK][there] = _from_ticks(part[there], per_day)
        else:
            out[start : start + _BLOCK] = _from_ticks(part, per_day)
    return out


def _from_ticks(ticks: Ints, per_day: int) -> Floats:
    if per_day == 1:
        return (ticks + EPOCH_ORDINAL).astype(np.float64)
    if per_day >= 1440:
        # most bars are stamped on whole minutes: one division less, and a small table
        per_minute = per_day // 1440
        minutes = ticks // per_minute
        if not (minutes * per_minute != ticks).any():
            day = minutes // 1440
            return _from_table((day + EPOCH_ORDINAL).astype(np.float64), minutes - day * 1440, 60)
    if per_day > _DAY_US:
        ticks = ticks // (per_day // _DAY_US)
        per_day = _DAY_US
    day = ticks // per_day
    return _from_moments(day, (ticks - day * per_day) * (_DAY_US // per_day))


def to_micros(numbers: Floats) -> Ints:
    """Give the microseconds since 1970 that *numbers* stand for, as ``num2date`` reads them."""
    day = np.floor(numbers)
    rest = 24.0 * (numbers - day)
    hour = np.floor(rest)
    rest = 60.0 * (rest - hour)
    minute = np.floor(rest)
    rest = 60.0 * (rest - minute)
    second = np.floor(rest)
    micro = np.floor(1e6 * (rest - second))
    micro = np.where(micro < 10, 0.0, micro)
    micro = np.where(micro > 999990, 1e6, micro)
    whole = (hour.astype(np.int64) * 60 + minute.astype(np.int64)) * 60 + second.astype(np.int64)
    days = day.astype(np.int64) - EPOCH_ORDINAL
    return days * _DAY_US + whole * _SECOND_US + micro.astype(np.int64)


def to_datetime64(numbers: Floats) -> NDArray[np.datetime64]:
    """Give *numbers* as ``datetime64[us]``, the same times as ``num2date`` gives."""
    return to_micros(numbers).view("datetime64[us]")


def localize_moments(day: Ints, micro_of_day: Ints | int, tz: Any) -> Floats:
    """Give the UTC numbers of times read from the clock of *tz*: ``date2num(time, tz)`` for each; None is UTC.

    The zone is asked twice per day, and per time only on days on which its clock changes.
    """
    if tz is None or not len(day):
        return from_days(day, micro_of_day)
    days, of = np.unique(day, return_inverse=True)
    offsets = np.empty(len(days), dtype=np.int64)
    changing = np.zeros(len(days), dtype=bool)
    for at, number in enumerate(days.tolist()):
        start = datetime.fromordinal(number + EPOCH_ORDINAL)
        first = localize(tz, start).utcoffset()
        last = localize(tz, start + timedelta(days=1, microseconds=-1)).utcoffset()
        changing[at] = first != last
        offsets[at] = 0 if first is None else first // timedelta(microseconds=1)
    micros = day * _DAY_US + micro_of_day
    utc = micros - offsets[of]
    days = utc // _DAY_US
    out = from_days(days, utc - days * _DAY_US)
    for at in np.flatnonzero(changing[of]).tolist():
        out[at] = date2num(_EPOCH + timedelta(microseconds=int(micros[at])), tz)
    return out


def localize_numbers(numbers: Floats, tz: Any) -> Floats:
    """Give the UTC numbers of numbers read from the clock of *tz*: ``date2num(num2date(x), tz)`` for each."""
    micros = to_micros(numbers)
    day = micros // _DAY_US
    return localize_moments(day, micros - day * _DAY_US, tz)
