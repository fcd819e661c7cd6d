"""The cursor that a group of lines shares."""

from __future__ import annotations

from typing import Any


class Clock:
    """Position within the bars of a feed, a strategy or an observer.

    ``i`` is the storage index of the current bar, -1 before the first. ``size`` is the number of bars known beforehand
    (0 when bars arrive one by one). ``dropped`` counts bars that were compacted away in memory-saving runs.
    ``bars_at`` maps a cycle number to a bar index when this clock does not tick in every cycle of a preloaded run.
    ``aligned`` tells how a preloaded run combines lines of different clocks: by time (True), or by position wherever
    there are enough bars, as backtrader does in its vectorised mode (False).
    """

    __slots__ = ("aligned", "bars_at", "dropped", "i", "size")

    def __init__(self, size: int = 0) -> None:
        self.i = -1
        self.size = size
        self.dropped = 0
        self.bars_at: Any = None
        self.aligned = False

    def __len__(self) -> int:
        """Give the number of bars seen."""
        return self.i + 1 + self.dropped

    def __repr__(self) -> str:
        return f"Clock(i={self.i}, size={self.size}, dropped={self.dropped})"
