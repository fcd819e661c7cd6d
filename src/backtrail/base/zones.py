"""Zones of the IANA database, apart from ``timezone`` because finding the database takes a while."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .timezone import place


class Zone(ZoneInfo):
    """A zone of the IANA database that can ``localize``."""

    def localize(self, dt: datetime, is_dst: bool = False) -> datetime:
        """Give naive *dt* this zone; standard time (``is_dst=True``: summer time) where the clock says it twice."""
        return place(self, dt, is_dst)

    def normalize(self, dt: datetime) -> datetime:
        """Give the moment of aware *dt* in this zone; a wall-clock time that never happens becomes the one meant."""
        if dt.tzinfo is None:
            raise ValueError(
                f"{dt!r} was to be normalised to time zone {self}, but it has no zone. localize() gives it one."
            )
        return dt.astimezone(UTC).astimezone(self)

    @property
    def zone(self) -> str:
        """The name of the zone, as pytz calls it."""
        return self.key


@lru_cache(maxsize=256)
def named(name: str) -> Zone | None:
    """Give the zone called *name*; None if the database has none."""
    try:
        return Zone(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
