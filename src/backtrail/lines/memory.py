"""The memory of a run that keeps only the last bars (``exactbars=1``)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .buffer import Line
from .clock import Clock

#: What is kept of every line at least, however short its minimum period.
LEAST = 1024


class Memory:
    """Forget old bars of all lines below *tops* (feeds, strategies, observers) from time to time.

    Kept are, of all lines that share a clock, at least the longest of their minimum periods, and at least *least* bars.
    Storage stays below three times that.
    """

    def __init__(self, tops: Iterable[Any], least: int = LEAST) -> None:
        found: dict[int, tuple[Clock, dict[int, Line]]] = {}
        longest = least
        seen: set[int] = set()
        pending = list(tops)
        while pending:
            top = pending.pop()
            if id(top) in seen:
                continue
            seen.add(id(top))
            longest = max(longest, top._minperiod)
            pending.extend(getattr(top, "_children_", ()))
            for line in top.lines:
                found.setdefault(id(line._c_), (line._c_, {}))[1][id(line)] = line
        self.keep = longest
        self._limit = 2 * longest
        self._groups = [(clock, list(lines.values())) for clock, lines in found.values()]

    def forget(self) -> None:
        """Drop what is not needed any more, where enough has come together."""
        for clock, lines in self._groups:
            if clock.i >= self._limit:
                drop = clock.i + 1 - self.keep
                for line in lines:
                    line._compact(drop)
                clock.i -= drop
                clock.dropped += drop
