"""Fillers: how much of an order a bar can take.

A filler is called with ``(order, price, ago)`` and gives the size, 0 or more; ``ago`` is the bar (0, or -1 for the one
before). Put one into the broker with ``BackBroker(filler=…)`` or ``set_filler``.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

from ..base.declare import ParamsBase


class FixedSize(ParamsBase):
    """Fill at most *size* (default: all) of an order per bar, bounded by the bar's volume."""

    params: ClassVar[Any] = (("size", None),)

    def __call__(self, order: Any, price: float, ago: int) -> float:
        """Give the size that is executed."""
        size = self.p.size or abs(order.executed.remsize)
        return min(order.data.volume[ago], abs(order.executed.remsize), size)  # type: ignore[no-any-return]  # line values


class FixedBarPerc(ParamsBase):
    """Fill at most *perc* percent of the bar's volume."""

    params: ClassVar[Any] = (("perc", 100.0),)

    def __call__(self, order: Any, price: float, ago: int) -> float:
        """Give the size that is executed."""
        most = (order.data.volume[ago] * self.p.perc) // 100
        return min(most, abs(order.executed.remsize))  # type: ignore[no-any-return]  # line values


class BarPointPerc(ParamsBase):
    """Spread *perc* percent of the bar's volume evenly over the bar's prices in steps of *minmov*, and fill one step's part."""

    params: ClassVar[Any] = (("minmov", None), ("perc", 100.0))

    def __call__(self, order: Any, price: float, ago: int) -> float:
        """Give the size that is executed."""
        data = order.data
        minmov = self.p.minmov
        steps = 1.0
        if minmov:
            steps = (data.high[ago] - data.low[ago] + minmov) // minmov
        part = (data.volume[ago] * self.p.perc / 100.0) // steps
        return min(part, abs(order.executed.remsize))  # type: ignore[no-any-return]  # line values


__all__ = ["BarPointPerc", "FixedBarPerc", "FixedSize"]
