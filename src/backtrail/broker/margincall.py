"""Margin calls: an account that is worth too little for what it holds is closed out."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .simulated import BackBroker

log = logging.getLogger(__name__)

_CANCELLED = "cancelled: the account was closed out after a margin call"


class MarginCall:
    """Watches the account at the end of each bar.

    What is needed is *share* (the maintenance) of what opening the positions held would bind at the close: the margin
    of futures, price × size ÷ leverage of stocks, long or short. When the value of the account is less, all orders are
    cancelled and every position is closed by a market order (``order.info.margin_call`` is True), executed at the next
    open whatever the cash; nothing more is done while such an order waits.
    """

    def __init__(self, broker: BackBroker, share: float) -> None:
        self.broker = broker
        self.share = share
        self._closing: list[Any] = []

    def check(self) -> None:
        """Look at the account, and close it out if it must be."""
        broker = self.broker
        held = [(data, position) for data, position in broker.positions.items() if position.size]
        if not held:
            return
        broker.active = True
        broker._sleeps_until_ = -1
        self._closing = [order for order in self._closing if order.alive()]
        if self._closing:
            return
        needed = self.share * sum(self._bound(data, position) for data, position in held)
        value = broker.getvalue()
        if value >= needed:
            return
        log.warning(
            "Margin call: the account is worth %s and its positions need %s. All orders are cancelled, all positions "
            "are closed at the next open.",
            value,
            needed,
        )
        for order in [order for order in (*broker.pending, *broker.submitted) if order is not None]:
            if order.alive():
                broker._withdraw_(order, (_CANCELLED,))
        for data, position in held:
            self._close(data, position.size)

    def _bound(self, data: Any, position: Any) -> float:
        comminfo = self.broker.getcommissioninfo(data)
        value: float = abs(comminfo.getvaluesize(position.size, data.close[0]))
        leverage: float = comminfo.get_leverage()
        return value / leverage

    def _close(self, data: Any, size: float) -> None:
        """Close the position of *size* in *data*, trade by trade: for each owner and trade id what it holds."""
        broker = self.broker
        parts: dict[tuple[Any, Any], float] = {}
        for order in broker.orders:
            if (order.data if order.data._compensate is None else order.data._compensate) is data:
                done = order.executed.size
                if done:
                    key = (order.owner, order.tradeid)
                    parts[key] = parts.get(key, 0) + done
        rest = size - sum(parts.values())
        if rest:
            key = max(parts, key=lambda one: abs(parts[one]), default=(None, 0))
            parts[key] = parts.get(key, 0) + rest
        for (owner, tradeid), part in parts.items():
            if part:
                issue = broker.sell if part > 0 else broker.buy
                order = issue(owner, data, abs(part), tradeid=tradeid, _checksubmit=False, margin_call=True)
                broker.orders.append(order)
                self._closing.append(order)


__all__ = ["MarginCall"]
