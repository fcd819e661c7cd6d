"""Sizers of contracts: a largest position, and a fixed risk per trade."""

from __future__ import annotations

from typing import Any, ClassVar

from ..base.declare import param
from ..errors import OrderError
from .base import Sizer


class MaxContractsSizer(Sizer):
    """Trade ``stake`` contracts, but never so many that the position has more than ``max_contracts``.

    An order against the position may close it and open up to ``max_contracts`` on the other side. With the position at
    its limit the size is 0: no order. Orders that wait to be executed do not count.
    """

    params: ClassVar[Any] = (
        ("max_contracts", param(default=10, ge=0)),
        ("stake", param(default=1, ge=0)),
    )

    def _getsizing(self, comminfo: Any, cash: float, data: Any, isbuy: bool) -> float:
        held = self.strategy.getposition(data).size
        room: float = self.p.max_contracts - (held if isbuy else -held)
        return max(min(self.p.stake, room), 0)  # type: ignore[no-any-return]  # whatever numbers the user set


class RiskPerTradeSizer(Sizer):
    """Trade as many whole contracts as lose at most ``risk_per_trade`` when the price runs ``stop_ticks`` ticks away.

    ``tick_value`` is what a tick is worth per contract; None takes that of the commission scheme of the data
    (:class:`~backtrail.market.futures.FuturesCommInfo`). A risk too small for one contract gives a size of 0: no order.
    """

    params: ClassVar[Any] = (
        ("risk_per_trade", param(default=100.0, gt=0.0)),
        ("stop_ticks", param(default=4, gt=0)),
        ("tick_value", param(default=None, gt=0.0)),
    )

    def _getsizing(self, comminfo: Any, cash: float, data: Any, isbuy: bool) -> float:
        p = self.p
        tick_value = p.tick_value if p.tick_value is not None else getattr(comminfo.p, "tick_value", None)
        if tick_value is None or not tick_value > 0:
            raise OrderError(
                f"RiskPerTradeSizer, sizing an order on {data._name or 'the data'}: the value of a tick must be above "
                f"0; the sizer and the commission scheme {type(comminfo).__name__} give {tick_value!r}. "
                "Give the sizer tick_value=..., or the broker a FuturesCommInfo for this data."
            )
        return int(p.risk_per_trade / (p.stop_ticks * tick_value))


__all__ = ["MaxContractsSizer", "RiskPerTradeSizer"]
