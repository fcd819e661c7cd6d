"""Lengths of time that backtrader names in its module of dates; the rest of that module is in :mod:`base.time`."""

from __future__ import annotations

MINUTES_PER_HOUR = 60.0
SECONDS_PER_MINUTE = 60.0
MUSECONDS_PER_SECOND = 1e6

__all__ = ["MINUTES_PER_HOUR", "MUSECONDS_PER_SECOND", "SECONDS_PER_MINUTE"]
