"""Indicators as they are before their strategy is stepped: on the bar where it left them."""

from __future__ import annotations

from typing import Any

from ..lines.clock import Clock


class Behind:
    """A context in which the indicators of strategies are still on the bar of the cycle before.

    Timers, ``next_open`` and quick notifications run when the feeds have moved to a bar already, and indicators are
    computed for it only afterwards: hooks must not read from them what the bar is going to end with.
    """

    def __init__(self, strats: list[Any]) -> None:
        """Find the indicators; the bars that their clocks are on count as seen."""
        found: dict[int, tuple[Clock, dict[int, Any]]] = {}
        pending = [child for strat in strats for child in strat.getindicators()]
        while pending:
            child = pending.pop()
            pending += child.getindicators()
            for line in child.lines:
                for one in (child, line, *line._mirrors):
                    found.setdefault(id(one._c_), (one._c_, {}))[1][id(one)] = one
        self._groups = [(clock, Clock(clock.size), list(group.values())) for clock, group in found.values()]
        self.note()

    def note(self) -> None:
        """Take note of the bars that the strategies are being stepped on."""
        self._lengths = [len(clock) for clock, _, _ in self._groups]

    def stay(self) -> None:
        """Put the indicators on the bar that was noted last, for good if the run ends here."""
        for (clock, before, group), length in zip(self._groups, self._lengths, strict=True):
            before.dropped = clock.dropped
            before.i = length - 1 - clock.dropped
            for one in group:
                one._c_ = before

    def __enter__(self) -> None:
        """Put the indicators on the bar that was noted last."""
        self.stay()

    def __exit__(self, *error: object) -> None:
        """Put them back on the clocks that they follow."""
        for clock, _before, group in self._groups:
            for one in group:
                one._c_ = clock


__all__ = ["Behind"]
