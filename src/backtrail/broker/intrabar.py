"""Orders matched along the way of the price through a bar (see :mod:`.path`) instead of one after the other.

With ``price_order`` the orders of a bar are executed in the order in which the price reaches them, so that of a stop
and a target in one bar the one that comes first cancels the other. With ``live_brackets`` the children of a bracket are
alive from the execution of their parent on, and meet the rest of that bar. With ``trail_extremes`` trailing stops move
along the way, and can be hit on it.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from ..market.order import Order
from . import matching
from .path import Path, Rest

if TYPE_CHECKING:
    from .matcher import Matcher

_TRAILS = (Order.StopTrail, Order.StopTrailLimit)
_STOP_LIMITS = (Order.StopLimit, Order.StopTrailLimit)
_AT_ONCE = (Order.Market, Order.Historical)

#: Where an order is executed, and at which price; None for the price: as the broker finds it.
Found = tuple[float, float | None]


class Intrabar:
    """Matches a broker's pending orders, feed by feed, along the ways through their bars."""

    def __init__(self, broker: Matcher, price_order: bool, live_brackets: bool) -> None:
        self.broker = broker
        self.price_order = price_order
        self.live_brackets = live_brackets
        self._paths: dict[Any, Path] = {}
        self._queue: list[tuple[float, int, float, Any, float | None]] = []
        self._count_ = 0

    def match(self) -> None:
        """Execute what the current bars execute; orders that live on stay in their place in the queue."""
        broker = self.broker
        self._paths = {}
        for order in list(broker.pending):
            if order.status < 4 and not broker._expired_(order):
                if order._active and order._wake <= order.data._c_.i:
                    self._plan_(order, 0.0, False)
        queue = self._queue
        while queue:
            _, _, place, order, price = heappop(queue)
            if order.status < 4:
                self._execute(order, place, price)
        if not broker.trail_extremes:
            for order in broker.pending:
                if order.exectype in _TRAILS and order._active and not order.triggered:
                    order.trailadjust(broker._bar_(order.data)[3])

    # -- when ------------------------------------------------------------------------------------------------------

    def _plan_(self, order: Any, since: float, child: bool) -> None:
        """Queue *order* for the place after *since* at which it is executed, if there is one on this bar."""
        found = self._find(order, since, child)
        if found is None:
            return
        place, price = found
        # A child follows its parent; otherwise, without price_order, orders are taken as they were issued.
        turn = place if self.price_order else (1.0 + place if child else 0.0)
        self._count_ += 1
        heappush(self._queue, (turn, self._count_, place, order, price))

    def _find(self, order: Any, since: float, child: bool) -> Found | None:
        broker = self.broker
        kind = order.exectype
        if kind in _AT_ONCE:
            if not child:
                return since, None
            rest = self._path_(order.data).rest(since)
            return since, matching.market(order.ordtype == 0, *rest[:3], broker._slip_)
        if kind == Order.Close:
            over = order.pannotated is not None and order.data.datetime[0] > order.dteos
            return (since if over else Path.END), None
        if not child and not broker.stale_fills and broker._stale_(order):
            return None
        path = self._path_(order.data)
        if order.triggered or kind == Order.Limit:
            wanted = order.created.pricelimit if order.triggered else order.created.price
            return self._limit(order, path, since, wanted)
        if kind in _TRAILS and broker.trail_extremes:
            return self._trail(order, path, since)
        place = path.reach(order.created.price, order.ordtype == 0, since)
        return None if place is None else self._hit(order, path, place, path.rest(since))

    def _limit(self, order: Any, path: Path, since: float, wanted: float) -> Found | None:
        buy = order.ordtype == 0
        place = path.reach(wanted, not buy, since)
        if place is None:
            return None
        rest = path.rest(since)
        broker = self.broker
        price = matching.limit(
            buy, rest.open, rest.high, rest.low, wanted, broker._slip_, broker.sell_limit_floor
        )
        return None if price is None else (place, price)

    def _hit(self, order: Any, path: Path, place: float, rest: Rest) -> Found | None:
        """Execute a stop that is hit at *place* of the part *rest* of the bar, or make it a limit order there."""
        broker, created = self.broker, order.created
        buy = order.ordtype == 0
        if order.exectype in _STOP_LIMITS:
            order.triggered = True
            return self._limit(order, path, place, created.pricelimit)
        price = matching.stop(buy, rest.open, rest.high, rest.low, created.price, broker._slip_)
        return None if price is None else (place, price)

    def _trail(self, order: Any, path: Path, since: float) -> Found | None:
        """Move the stop along the way from *since* until it is hit."""
        buy = order.ordtype == 0
        first = path.price(since)
        if first >= order.created.price if buy else first <= order.created.price:
            return self._hit(order, path, since, path.rest(since))
        order.trailadjust(first)
        for end in range(int(since) + 1, 4):
            until = path.points[end]
            if until > first if buy else until < first:
                stop = order.created.price
                if until >= stop if buy else until <= stop:
                    start = max(float(end - 1), since)
                    place = start + (end - start) * (stop - first) / (until - first)
                    leg = Rest(first, max(first, until), min(first, until), until)
                    return self._hit(order, path, place, leg)
            else:
                order.trailadjust(until)
            first = until
        return None

    def _path_(self, data: Any) -> Path:
        path = self._paths.get(data)
        if path is None:
            path = self._paths[data] = Path(*self.broker._bar_(data))
        return path

    # -- what ------------------------------------------------------------------------------------------------------

    def _execute(self, order: Any, place: float, price: float | None) -> None:
        """Execute *order* at *place*; if that completes a parent, its children may follow on this bar."""
        broker = self.broker
        pending = broker.pending
        at = next(n for n, other in enumerate(pending) if other is order)
        del pending[at]
        if price is None:
            broker._try_(order)
        else:
            broker._execute(order, 0, price)
        if order.status < 4:
            pending.insert(at, order)
        elif order.status == Order.Completed and order._family_ is not None:
            waiting = len(broker._toactivate)
            broker._bracketize(order)
            if self.live_brackets:
                children = [broker._toactivate.pop() for _ in range(len(broker._toactivate) - waiting)]
                for child in reversed(children):
                    child.activate()
                    child._wake = -1
                    self._plan_(child, place, True)


__all__ = ["Intrabar"]
