"""Fillers: how much of an order a bar can take.

A filler is called with ``(order, price, ago)`` and gives the size, 0 or more; ``ago`` is the bar (0, or -1 for
the one before). Put one into the broker with ``BackBroker(filler=…)`` or ``set_filler``.
"""

from __future__ import annotations

from typing import Any, ClassVar

from ..base.declare import Param, ParamsBase, param

_PERCENT = param(
    default=100.0,
    ge=0,
    usual=Param(None, le=100),
    unusual="more is filled than was traded",
)


class FixedSize(ParamsBase):
    """Fill at most *size* (default: all) of an order per bar, bounded by the bar's volume."""

    params: ClassVar[Any] = (("size", param(default=None, ge=0)),)

    def __call__(self, order: Any, price: float, ago: int) -> float:
        """Give the size that is executed."""
        size = self.p.size or abs(order.executed.remsize)
        filled: float = min(order.data.volume[ago], abs(order.executed.remsize), size)
        return filled


class FixedBarPerc(ParamsBase):
    """Fill at most *perc* percent of the bar's volume."""

    params: ClassVar[Any] = (("perc", _PERCENT),)

    def __call__(self, order: Any, price: float, ago: int) -> float:
        """Give the size that is executed."""
        most = (order.data.volume[ago] * self.p.perc) // 100
        filled: float = min(most, abs(order.executed.remsize))
        return filled


class BarPointPerc(ParamsBase):
    """Fill at most the part of a bar's volume that is traded at one of its prices.

    *perc* percent of the volume are spread evenly over the prices from low to high in steps of *minmov*.
    """

    params: ClassVar[Any] = (("minmov", param(default=None, ge=0)), ("perc", _PERCENT))

    def __call__(self, order: Any, price: float, ago: int) -> float:
        """Give the size that is executed."""
        data = order.data
        minmov = self.p.minmov
        steps = 1.0
        if minmov:
            steps = (data.high[ago] - data.low[ago] + minmov) // minmov
        part = (data.volume[ago] * self.p.perc / 100.0) // steps
        filled: float = min(part, abs(order.executed.remsize))
        return filled


__all__ = ["BarPointPerc", "FixedBarPerc", "FixedSize"]
