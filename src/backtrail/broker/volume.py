"""How much of a bar's volume all orders in it may take together."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..market.order import Order

Filler = Callable[[Any, float, int], float]


class VolumeShare:
    """A filler that gives out at most the part *share* of each bar's volume, however many orders there are.

    *filler* decides first, if there is one. Whole sizes stay whole: what is left of the share is rounded down for them.
    Feeds that have had no volume on any bar so far are taken to have none to tell of: they are not limited. Past
    executions are what they are.
    """

    def __init__(self, share: float, filler: Filler | None = None) -> None:
        self.share = share
        self.filler = filler
        self._taken: dict[Any, tuple[int, float]] = {}

    def __call__(self, order: Any, price: float, ago: int) -> float:
        """Give the size that is executed."""
        rest: float = abs(order.executed.remsize)
        wanted = rest if self.filler is None else self.filler(order, price, ago)
        data = order.data
        volume = data.volume[ago]
        if order.exectype == Order.Historical or volume != volume or not (volume > 0 or _has_volume(data)):
            return wanted
        bar = len(data) + ago
        at, taken = self._taken.get(data, (bar, 0.0))
        if at != bar:
            taken = 0.0
        left = max(volume * self.share - taken, 0.0)
        size = wanted
        if left < wanted:
            size = float(math.floor(left)) if float(order.size).is_integer() else left
        self._taken[data] = (bar, taken + size)
        return size


def _has_volume(data: Any) -> bool:
    """Tell whether any bar of *data* up to the current one has a volume."""
    line = data.lines.volume
    return bool((line.array[: line._c_.i + 1] > 0).any())


__all__ = ["VolumeShare"]
