"""How long a pending order can be left alone: the next bar on which it could be executed or expire.

Only bars that are known beforehand can be looked through, and only for orders that a bar without a touch leaves as
they are (limit and stop orders, not trailing ones).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..market.execution import OrderData
from ..market.order import Order

#: Bars that an order is matched one by one before its next touch is looked for: looking costs as much as a few bars.
PATIENCE = 6
_CHUNK = 128
_NEVER = 1 << 60

_BY_LIMIT = (Order.Limit,)
_BY_STOP = (Order.Stop, Order.StopLimit)


class WatchedPrices(OrderData):
    """The prices of a sleeping order: changing one wakes the broker."""

    _broker: Any = None

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        self._broker.wake()


def next_touch(order: Any, start: int, stop: int) -> int:
    """Give the first bar in [start, stop) at which *order* could be executed or expires; *stop* if there is none.

    Looks through chunks of growing size and gives up after the first few: it may give a bar before which nothing
    happens, too.
    """
    data = order.data
    lines = data.lines
    if order.exectype in _BY_LIMIT or order.triggered:
        wanted = order.created.pricelimit if order.triggered else order.created.price
        below = order.ordtype == Order.Buy
    else:
        wanted = order.created.price
        below = order.ordtype == Order.Sell
    edge = (lines.low if below else lines.high).array
    opening = lines.open.array
    valid = order.valid
    if valid:
        stop = min(stop, int(np.searchsorted(lines.datetime.array[start:stop], valid, side="right")) + start)
    chunk = _CHUNK
    at = start
    while at < stop:
        end = min(at + chunk, stop)
        if below:
            touched = (edge[at:end] <= wanted) | (opening[at:end] <= wanted)
        else:
            touched = (edge[at:end] >= wanted) | (opening[at:end] >= wanted)
        first = int(touched.argmax())
        if touched[first]:
            return at + first
        at = end
        chunk *= 4
    return stop


def next_expiry(order: Any, start: int, stop: int) -> int:
    """Give the first bar in [start, stop) at which *order* expires; *stop* if there is none."""
    valid = order.valid
    if not valid:
        return stop
    return start + int(np.searchsorted(order.data.lines.datetime.array[start:stop], valid, side="right"))


def can_sleep(order: Any) -> bool:
    """Tell whether a bar that does not touch the order's prices leaves the order as it is."""
    return order.exectype in _BY_LIMIT or order.exectype in _BY_STOP


def put_to_sleep(order: Any, broker: Any) -> int:
    """Find the next bar to match *order* on, note it, and give the cycle of the run in which that bar is current."""
    clock = order.data._c
    now, size = clock.i, clock.size
    # From this bar on: on a bar that does not move, an order that was executed in part is executed again.
    order._wake = at = (next_touch if order._active else next_expiry)(order, now, size)
    created = order.created
    if type(created) is OrderData:
        created.__class__ = WatchedPrices
        object.__setattr__(created, "_broker", broker)
    return cycle_of(clock, at)


def cycle_of(clock: Any, bar: int) -> int:
    """Give the first cycle of the run in which *bar* (an index) is current; a very late one if there is none."""
    if bar >= clock.size:
        return _NEVER
    bars = clock.bars_at
    return bar if bars is None else int(np.searchsorted(bars, bar))


__all__ = ["PATIENCE", "WatchedPrices", "can_sleep", "cycle_of", "next_expiry", "next_touch", "put_to_sleep"]
