"""The way that a price takes through a bar, as far as the bar tells: from the open by both extremes to the close.

The nearer extreme comes first: open → low → high → close if the low is nearer to the open than the high is. With both
equally near, the low comes first in a bar that does not fall (close ≥ open), the high in one that falls.

A place on the way is a number from 0.0 (the open) over 1.0 and 2.0 (the extremes) to 3.0 (the close).
"""

from __future__ import annotations

from typing import NamedTuple


class Rest(NamedTuple):
    """The part of a bar that begins at some place: a bar of its own."""

    open: float
    high: float
    low: float
    close: float


class Path:
    """The way of the price through one bar."""

    __slots__ = ("points",)

    END = 3.0

    def __init__(self, opened: float, high: float, low: float, close: float) -> None:
        down, up = opened - low, high - opened
        low_first = down < up or (down == up and close >= opened)
        self.points = (opened, low, high, close) if low_first else (opened, high, low, close)

    def price(self, place: float) -> float:
        """Give the price at *place*."""
        leg = int(place)
        start = self.points[leg]
        if leg == place:
            return start
        return start + (self.points[leg + 1] - start) * (place - leg)

    def reach(self, level: float, up: bool, since: float = 0.0) -> float | None:
        """Give the first place from *since* on where the price is at or above *level* (below, without *up*)."""
        price, leg = self.price(since), int(since)
        if price >= level if up else price <= level:
            return since
        points = self.points
        for end in range(leg + 1, 4):
            until = points[end]
            if until >= level if up else until <= level:
                start = points[end - 1]
                return end - 1 + (level - start) / (until - start)
        return None

    def rest(self, since: float) -> Rest:
        """Give the part of the bar from *since* on, which begins at the price there."""
        first = self.price(since)
        prices = (first, *self.points[int(since) + 1 :])
        return Rest(first, max(prices), min(prices), self.points[3])


__all__ = ["Path", "Rest"]
