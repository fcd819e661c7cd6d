"""Encoders of single values beyond the plain ones: times and zones, decimals, paths, scalars of numpy and pandas."""

from __future__ import annotations

import datetime as _dt
import re
import sys
from array import array
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from ..base.timezone import UTC, TZLocal
from .encoding import Place, encode, encode_at, integer, items, named, refusal, register, text, type_name


def _fields(*values: Any) -> bytes:
    return b"".join([encode(one) for one in values])


@register(Decimal)
def _decimal(value: Decimal, place: Place) -> bytes:
    sign, digits, exponent = value.as_tuple()
    return named(b"K", "Decimal", _fields(sign, "".join(map(str, digits)), exponent))


@register(Fraction)
def _fraction(value: Fraction, place: Place) -> bytes:
    return named(b"K", "Fraction", integer(value.numerator), integer(value.denominator))


@register(UUID)
def _uuid(value: UUID, place: Place) -> bytes:
    return named(b"K", "UUID", encode(value.bytes))


@register(re.Pattern)
def _pattern(value: re.Pattern[Any], place: Place) -> bytes:
    return named(b"K", "re.Pattern", _fields(value.pattern, value.flags))


@register(array)
def _array(value: array[Any], place: Place) -> bytes:
    return named(b"K", "array", text(value.typecode), items(value, place, value))


# -- time ---------------------------------------------------------------------------------------------------


@register(_dt.date)
def _date(value: _dt.date, place: Place) -> bytes:
    return named(b"K", "date", integer(value.toordinal()))


@register(_dt.timedelta)
def _timedelta(value: _dt.timedelta, place: Place) -> bytes:
    return named(b"K", "timedelta", _fields(value.days, value.seconds, value.microseconds))


def _clock(value: _dt.time | _dt.datetime) -> tuple[int, ...]:
    return (value.hour, value.minute, value.second, value.microsecond, value.fold)


@register(_dt.time)
def _time(value: _dt.time, place: Place) -> bytes:
    return named(b"K", "time", _fields(*_clock(value)), zone(value.tzinfo, place))


@register(_dt.datetime)
def _datetime(value: _dt.datetime, place: Place) -> bytes:
    where = zone(value.tzinfo, place)
    # a pytz zone that was chosen for another season shows another offset under the same name
    shift = None if value.tzinfo is None else value.utcoffset()
    return named(b"K", "datetime", _fields(value.toordinal(), *_clock(value), shift), where)


@register(_dt.timezone)
def _timezone(value: _dt.timezone, place: Place) -> bytes:
    return zone(value, place)


@register(ZoneInfo)
def _zoneinfo(value: ZoneInfo, place: Place) -> bytes:
    return zone(value, place)


def zone(value: _dt.tzinfo | None, place: Place) -> bytes:
    """Encode a time zone by name or fixed offset; zones that have neither are refused."""
    name = None if value is None else zone_name(value)
    if value is not None and name is None:
        raise refusal(
            value, place, "a zone without a name", "use zoneinfo.ZoneInfo, datetime.timezone or a pytz zone"
        )
    return named(b"K", "tzinfo", encode(name))


def zone_name(value: _dt.tzinfo) -> str | None:
    """Give what a zone is known by: its name in the zone database, or its fixed offset; None if it has none."""
    wrapped = getattr(value, "zone", None)
    if isinstance(wrapped, _dt.tzinfo):
        value = wrapped
    if value is TZLocal:
        import time

        return f"local {time.tzname} {time.timezone} {time.altzone}"
    if value is UTC or value is _dt.UTC:
        return "UTC"
    if isinstance(value, ZoneInfo):
        return value.key
    if type(value) is _dt.timezone:
        return f"offset {value.utcoffset(None).total_seconds()} {value.tzname(None)}"
    name = getattr(value, "zone", None)
    if type(value).__module__.partition(".")[0] != "pytz":
        return None
    if isinstance(name, str):
        return name
    shift = value.utcoffset(None)
    return None if shift is None else f"offset {shift.total_seconds()}"


# -- recognised by what they derive from --------------------------------------------------------------------


def other_scalar(value: Any, place: Place) -> bytes | None:
    """Encode enumeration members, paths, zones, and the scalars of pandas and Arrow; None for anything else."""
    if isinstance(value, Enum):
        return named(
            b"E", type_name(type(value)), encode(value.name), encode_at(value.value, place.key("value"))
        )
    if isinstance(value, PurePath):
        return _path(value)
    if isinstance(value, _dt.tzinfo):
        return zone(value, place)
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.dtype):
        return named(b"K", "numpy.dtype", _fields(value.str, value.descr if value.names else []))
    pandas = sys.modules.get("pandas")
    if pandas is not None:
        found = _pandas_scalar(value, place, pandas)
        if found is not None:
            return found
    arrow = sys.modules.get("pyarrow")
    if arrow is not None and isinstance(value, (arrow.Scalar, arrow.DataType, arrow.Field, arrow.Schema)):
        return _arrow_scalar(value, place, arrow)
    return None


def _path(value: PurePath) -> bytes | None:
    """Encode a path: one of this system by its parts, so that it is the same on another system."""
    kind = type(value)
    if isinstance(value, Path) and kind is type(Path()):
        return named(b"K", "Path", text(value.as_posix()))
    if kind in (PurePosixPath, PureWindowsPath):
        return named(b"K", kind.__name__, text(value.as_posix()))
    return None


def numpy_scalar(value: Any, place: Place) -> bytes:
    """Encode a numpy scalar as the Python value it stands for; moments and durations with their unit."""
    import numpy as np

    if isinstance(value, (np.datetime64, np.timedelta64)):
        unit, count = np.datetime_data(value.dtype)
        return named(b"K", type(value).__name__, _fields(unit, count, int(value.astype(np.int64))))
    if isinstance(value, (np.longdouble, np.clongdouble)) and value.dtype.itemsize > (
        8 if value.dtype.kind == "f" else 16
    ):
        raise refusal(value, place, "its bytes differ between machines", "use float(...)")
    plain = value.item()
    if isinstance(plain, np.generic) or value.dtype.names is not None:
        names = value.dtype.names
        if names is None:
            raise refusal(value, place, "it has no Python value", "pass bytes")
        return named(
            b"K", "numpy record", encode(list(names)), items([value[n] for n in names], place, value)
        )
    return encode_at(plain, place)


def _pandas_scalar(value: Any, place: Place, pandas: Any) -> bytes | None:
    if value is pandas.NaT or value is pandas.NA:
        return named(b"K", "pandas missing", text("NaT" if value is pandas.NaT else "NA"))
    if isinstance(value, pandas.Timestamp):
        return named(
            b"K", "Timestamp", _fields(value.unit, value.asm8.view("i8").item()), zone(value.tzinfo, place)
        )
    if isinstance(value, pandas.Timedelta):
        return named(b"K", "Timedelta", _fields(value.unit, value.asm8.view("i8").item()))
    if isinstance(value, pandas.Period):
        return named(b"K", "Period", _fields(value.freqstr, value.ordinal))
    if isinstance(value, pandas.Interval):
        return named(b"K", "Interval", text(value.closed), items((value.left, value.right), place, value))
    if isinstance(value, pandas.offsets.BaseOffset):
        return _offset(value, place)
    if isinstance(value, pandas.api.extensions.ExtensionDtype):
        return named(b"K", "dtype", text(str(value)))
    return None


def _offset(value: Any, place: Place) -> bytes:
    """Encode a frequency of pandas: its class, multiple and settings (a calendar by its holidays)."""
    settings = {name: one for name, one in value.kwds.items() if name != "calendar"}
    calendar = getattr(value, "calendar", None)
    if calendar is not None:
        settings["weekmask"], settings["holidays"] = calendar.weekmask, calendar.holidays
    contents = encode_at(settings, place.key("kwds"))
    return named(b"K", type_name(type(value)), _fields(value.n, value.normalize), contents)


def _arrow_scalar(value: Any, place: Place, arrow: Any) -> bytes:
    if isinstance(value, arrow.Scalar):
        return encode_at(arrow.array([value.as_py()], type=value.type), place)
    kind = type_name(type(value))
    if isinstance(value, arrow.DataType):
        return named(b"K", "Arrow type", text(str(value)))
    return named(
        b"K", kind, text(value.to_string(show_field_metadata=True) if kind.endswith("Schema") else str(value))
    )


__all__ = ["numpy_scalar", "other_scalar", "zone", "zone_name"]
