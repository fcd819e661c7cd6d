"""How long a pending order can be left alone: the next bar on which it could be executed or expire.

Only bars that are known beforehand can be looked through, and only for orders that a bar without a touch leaves as
they are (limit and stop orders, not trailing ones).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..market.execution import OrderData
from ..market.order import Order

#: Bars that are looked at first, one by one, which is quicker than arrays; after each look without a touch, this many
#: times as many.
_NEAR = 32
_GROWTH = 8
_NEVER = 1 << 60

_BY_LIMIT = (Order.Limit,)
#: Execution types of orders that a bar which does not touch their prices leaves as they are.
SLEEPERS = frozenset((Order.Limit, Order.Stop, Order.StopLimit))


class WatchedPrices(OrderData):
    """The prices of a sleeping order: changing one wakes the broker."""

    _broker: Any = None

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        self._broker.wake()


def next_touch(order: Any, start: int, stop: int) -> int:
    """Give the first bar in [start, stop) at which *order* could be executed or expires; *stop* if there is none.

    The first look goes a few bars ahead, each further one farther: it may give a bar before which nothing happens, too.
    """
    data = order.data
    lines = data.lines
    if order._exectype in _BY_LIMIT or order.triggered:
        wanted = order.created.pricelimit if order.triggered else order.created.price
        below = order.ordtype == Order.Buy
    else:
        wanted = order.created.price
        below = order.ordtype == Order.Sell
    side = lines.low if below else lines.high
    valid = order.valid
    if valid:
        stop = min(stop, int(np.searchsorted(lines.datetime.array[start:stop], valid, side="right")) + start)
    span = order._outlook
    order._outlook = span * _GROWTH
    if span > _NEAR:
        end = min(start + span, stop)
        edge, opening = side.array[start:end], lines.open.array[start:end]
        touched = (edge <= wanted) | (opening <= wanted) if below else (edge >= wanted) | (opening >= wanted)
        first = int(touched.argmax()) if end > start else 0
        return start + first if end > start and touched[first] else end
    stop = min(start + span, stop)
    reached, opens = side._a_, lines.open._a_
    if below:
        for at in range(start, stop):
            if reached[at] <= wanted or opens[at] <= wanted:
                return at
    else:
        for at in range(start, stop):
            if reached[at] >= wanted or opens[at] >= wanted:
                return at
    return stop


def next_expiry(order: Any, start: int, stop: int) -> int:
    """Give the first bar in [start, stop) at which *order* expires; *stop* if there is none."""
    valid = order.valid
    if not valid:
        return stop
    return start + int(np.searchsorted(order.data.lines.datetime.array[start:stop], valid, side="right"))


def put_to_sleep(order: Any, broker: Any, until: int) -> int:
    """Find the next bar to match *order* on, note it, and give the cycle of the run in which that bar is current.

    In cycle *until* the broker is at work again anyway: bars beyond it are not looked at.
    """
    clock = order.data._c_
    now, size = clock.i, clock.size
    if clock.bars_at is None and now < until < size:
        size = until
    # From this bar on: on a bar that does not move, an order that was executed in part is executed again.
    order._wake = at = (next_touch if order._active else next_expiry)(order, now, size)
    created = order.created
    if type(created) is OrderData:
        created.__class__ = WatchedPrices
        object.__setattr__(created, "_broker", broker)
    return at if clock.bars_at is None and at < clock.size else cycle_of(clock, at)


def cycle_of(clock: Any, bar: int) -> int:
    """Give the first cycle of the run in which *bar* (an index) is current; a very late one if there is none."""
    if bar >= clock.size:
        return _NEVER
    bars = clock.bars_at
    return bar if bars is None else int(np.searchsorted(bars, bar))


__all__ = ["SLEEPERS", "WatchedPrices", "cycle_of", "next_expiry", "next_touch", "put_to_sleep"]
