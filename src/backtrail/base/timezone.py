"""Time zones: naive wall-clock times made aware, from names, zoneinfo zones, pytz zones and plain offsets.

backtrader asks a zone for ``localize(naive)``, which only pytz zones have. The zones made here have it too, and
:func:`localize` serves every ``tzinfo``. Where a wall-clock time happens twice or never (a change of the clock),
standard time is meant, as pytz does by default; ``fold=1`` on the time given asks for the second of two.
"""

from __future__ import annotations

import sys
import time as _time
from datetime import datetime, timedelta, tzinfo
from typing import Any

from ..errors import ParameterValueError

ZERO = timedelta(0)
# backtrader takes the bare abbreviation for the zone with daylight saving time
_ABBREVIATIONS = {"CST": "CST6CDT"}


class _Utc(tzinfo):
    """Coordinated universal time."""

    def utcoffset(self, dt: datetime | None) -> timedelta:
        return ZERO

    def dst(self, dt: datetime | None) -> timedelta:
        return ZERO

    def tzname(self, dt: datetime | None) -> str:
        return "UTC"

    def localize(self, dt: datetime) -> datetime:
        """Give naive *dt* this zone."""
        return dt.replace(tzinfo=self)

    def __reduce__(self) -> str:
        return "UTC"

    def __repr__(self) -> str:
        return "UTC"


class _LocalTimezone(tzinfo):
    """The zone of this machine's clock."""

    def _moment_(self, dt: datetime | None) -> _time.struct_time:
        if dt is None:
            return _time.localtime()
        return _time.localtime(dt.replace(tzinfo=None).timestamp())

    def utcoffset(self, dt: datetime | None) -> timedelta:
        return timedelta(seconds=self._moment_(dt).tm_gmtoff)

    def dst(self, dt: datetime | None) -> timedelta:
        if self._moment_(dt).tm_isdst <= 0:
            return ZERO
        return timedelta(seconds=_time.timezone - _time.altzone)

    def tzname(self, dt: datetime | None) -> str:
        return self._moment_(dt).tm_zone

    def localize(self, dt: datetime) -> datetime:
        """Give naive *dt* this zone."""
        return dt.replace(tzinfo=self)

    def __reduce__(self) -> str:
        return "TZLocal"

    def __repr__(self) -> str:
        return "TZLocal"


UTC = _Utc()
TZLocal = _LocalTimezone()


class _Localized(tzinfo):
    """Another ``tzinfo`` that has no name to look up, with ``localize`` added."""

    def __init__(self, zone: tzinfo) -> None:
        self.zone = zone

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        return self.zone.utcoffset(dt)

    def dst(self, dt: datetime | None) -> timedelta | None:
        return self.zone.dst(dt)

    def tzname(self, dt: datetime | None) -> str | None:
        return self.zone.tzname(dt)

    def fromutc(self, dt: datetime) -> datetime:
        return self.zone.fromutc(dt.replace(tzinfo=self.zone)).replace(tzinfo=self)

    def localize(self, dt: datetime, is_dst: bool = False) -> datetime:
        """Give naive *dt* this zone; standard time (``is_dst=True``: summer time) where the clock says it twice."""
        return place(self, dt, is_dst)

    def __reduce__(self) -> tuple[Any, ...]:
        return _Localized, (self.zone,)

    def __repr__(self) -> str:
        return repr(self.zone)


def place(zone: tzinfo, dt: datetime, is_dst: bool) -> datetime:
    """Give naive *dt* the zone *zone*; *is_dst* decides for times that happen twice or never."""
    if dt.tzinfo is not None:
        raise ValueError(
            f"{dt!r} was to be placed in time zone {zone}, but it is not naive: it carries a zone already. "
            "Leave out tz/tzinput for times that carry their own zone."
        )
    if dt.fold:
        return dt.replace(tzinfo=zone)
    first = dt.replace(tzinfo=zone)
    second = first.replace(fold=1)
    offset, other = first.utcoffset(), second.utcoffset()
    if offset == other or offset is None or other is None:
        return first
    saving, other_saving = first.dst() or ZERO, second.dst() or ZERO
    if saving != other_saving:
        return first if (saving > other_saving) == is_dst else second
    # the zone itself moved: pytz takes the later moment
    return second if other < offset else first


def localize(tz: Any, dt: datetime) -> datetime:
    """Give the naive wall-clock time *dt* the zone *tz*: its own ``localize`` if it has one, else by its offsets."""
    own = getattr(tz, "localize", None)
    if own is not None:
        placed: datetime = own(dt)
        return placed
    return place(tz, dt, False)


def _named(name: str) -> Any:
    """Give the zone called *name*, None if there is none."""
    from .zones import named  # the zone database is not needed by most runs

    return named(name)


def tzparse(tz: Any) -> Any:
    """Give the zone that *tz* means: None, a name such as ``"Europe/Berlin"``, a pytz zone, or any ``tzinfo``.

    What is given back has ``localize`` (None stays None). A name that is not in the system's zone database is
    looked up in pytz if that is installed. ParameterValueError if nothing has the name.
    """
    if not isinstance(tz, str):
        return Localizer(tz)
    name = _ABBREVIATIONS.get(tz, tz)
    zone: Any = _named(name)
    if zone is None:
        zone = _from_pytz(name)
    if zone is None:
        raise ParameterValueError(
            f"looking up time zone {tz!r} - expected a name of the IANA database such as 'America/New_York' - found "
            "no such zone - correct the name; if no name at all is found, this machine has no zone database: "
            "pip install tzdata"
        )
    return zone


def _from_pytz(name: str) -> Any:
    try:
        import pytz
    except ImportError:
        return None
    try:
        return pytz.timezone(name)
    except pytz.UnknownTimeZoneError:
        return None


def Localizer(tz: Any) -> Any:
    """Give *tz* with a ``localize`` method: itself if it has one (None stays None), else a zone that adds it."""
    if tz is None or hasattr(tz, "localize"):
        return tz
    zoneinfo = sys.modules.get("zoneinfo")
    if zoneinfo is not None and isinstance(tz, zoneinfo.ZoneInfo) and tz.key is not None:
        return _named(tz.key) or _Localized(tz)
    if isinstance(tz, tzinfo):
        return _Localized(tz)
    raise ParameterValueError(
        f"reading a time zone - expected None, a name, or a tzinfo (zoneinfo, pytz, datetime.timezone) - found {tz!r} "
        f"of type {type(tz).__name__} - pass for example tz='America/New_York'"
    )
