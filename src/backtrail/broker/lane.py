"""A short way for what most orders are: market orders in stocks, checked on submission, executed at the next open.

The results are those of the general way, to the bit; what is left out is what such orders do not need: links to
other orders, time limits, slippage, partial executions, calls of a commission scheme that is the standard one.
"""

from __future__ import annotations

from typing import Any

from ..market.order import BuyOrder, Order, OrderBase, SellOrder
from ..market.position import split
from .account import Book
from .execution import Executor

_new = object.__new__
_SUBMITTED, _ACCEPTED, _COMPLETED = Order.Submitted, Order.Accepted, Order.Completed


class MarketLane(Executor):
    """The part of the simulated broker that takes, checks and executes lean orders.

    ``_quick_`` tells whether the settings allow it; an order is lean until it is linked to another one.
    """

    def issue(self, owner: Any, data: Any, size: float, buy: bool, price: float | None = None) -> Any:
        """Take a market order without conditions; *size* is positive.

        *price* is what the cash is checked with, if not the close.
        """
        if len(self.__dict__) != self._attributes_:  # perhaps a method put in place while the run goes on
            self.find_ways()
            if not self._quick_:
                return (self.buy if buy else self.sell)(owner, data, size, price)
        order: Any
        if buy:
            order = _new(BuyOrder)
            order.size = size
        else:
            order = _new(SellOrder)
            order.size = -size
        order.ref = next(OrderBase.refbasis)
        order.owner = owner
        order.data = data
        order._exectype = 0
        order.status = _SUBMITTED
        order._lean = True
        clock = data._c_
        i = clock.i
        order.plen = i + 1 + clock.dropped
        if price is not None:
            order.price = price
        order._dt = data.datetime._a_[i]
        order._pclose = data.close._a_[i]
        self.submitted.append(order)
        self.orders.append(order)
        if owner._wants_orders_:
            self.notifs.append(order.clone())
        else:
            self._untold_.append(order)
        self.active = True
        return order

    def _plain_cash_after_(self, book: Book, size: float, price: float, cash: float, before: float) -> float:
        """Give the cash that would be left after trading *size* at *price* in a position of size *before*."""
        scheme = book.scheme
        rate = scheme.commission
        if before:
            _, opened, closed = split(before, size)
        else:
            opened, closed = size, 0
        if closed:
            value = -closed * price
            cash += value / scheme.leverage if value > 0 else value
            cost = abs(closed) * rate
            cash -= cost * price if book.percent else cost
        if opened:
            value = opened * price
            cash -= value / scheme.leverage if value > 0 else value
            cost = abs(opened) * rate
            cash -= cost * price if book.percent else cost
        return cash

    def _accept_lean_(self, order: Any) -> None:
        """Accept *order* for the next open."""
        order.status = _ACCEPTED
        clock = order.data._c_
        order.plen = clock.i + 1 + clock.dropped
        self.pending.append(order)
        if order.owner._wants_orders_:
            self.notifs.append(order.clone())

    def _settle_(self, book: Book, size: float, price: float, dt: float) -> tuple[Any, ...] | None:
        """Move cash and position of a plain book by *size* at *price*.

        Give the parts of an :class:`OrderExecutionBit`, or None if the cash does not suffice: nothing has moved then.
        """
        position: Any = book.position
        if position is None:
            position = book.position = self.positions[book.data]
        before, entry = position.size, position.price
        scheme = book.scheme
        leverage, rate = scheme.leverage, scheme.commission
        cash = self.cash
        after, opened, closed = split(before, size)
        pnl = -closed * (price - entry) * scheme.mult
        closedvalue = closedcomm = openedvalue = openedcomm = 0.0
        if closed:
            closedvalue = -closed * entry
            cash += (closedvalue / leverage if closedvalue > 0 else closedvalue) + pnl
            closedcomm = abs(closed) * rate
            if book.percent:
                closedcomm *= price
            cash -= closedcomm
            closedcomm += 0.0  # no interest to add, but a negative zero ends
        if opened:
            openedvalue = opened * price
            cash -= openedvalue / leverage if openedvalue > 0 else openedvalue
            openedcomm = abs(opened) * rate
            if book.percent:
                openedcomm *= price
            cash -= openedcomm
            if cash < 0.0:
                return None
        data = book.data
        clock = self._clock_
        if opened:
            position._adjbase, position._opened_in = price, clock.i
            position._follows = data if self.lazy_value else None
        elif not after:
            self._close_all_of_(position)
        self.cash = cash
        if not after:
            pprice = 0.0
        elif not opened:
            pprice = entry
        else:
            pprice = price if closed or not before else (entry * before + size * price) / after
        position.size = after
        position.price = pprice
        position.price_orig = entry
        position.upopened = opened
        position.upclosed = closed
        position._when = data.datetime._a_[data._c_.i]
        position._data = data
        journal = self.journal
        if journal.kept:
            journal.moves.append((clock.i + clock.dropped, data, after, pprice, cash, self._fundshares))
        size = closed + opened
        return dt, size, price, closed, closedvalue, closedcomm, opened, openedvalue, openedcomm, pnl, after, pprice

    def _execute_lean_(self, order: Any, book: Book, price: float, dt: float) -> None:
        """Execute all of *order* at *price*; one that cannot be paid goes the long way."""
        size = order.size
        bit = self._settle_(book, size, price, dt)
        if bit is None:
            self._execute_in_full_(order, book, size, price, dt)
            return
        owner = order.owner
        if owner._wants_orders_ or owner._wants_trades_ or self.notifs or order._counted:
            self._enter_(order, book, bit)
            return
        order._bit = bit
        order.status = _COMPLETED
        order.comminfo = book.comminfo
        journal = self.journal
        if journal.heard:
            clock = self._clock_
            journal.notices.append((clock.i + clock.dropped, order, size, size * price / size))
        if owner._counts_later_:
            clock = order.data._c_
            owner._uncounted_.append((order, bit, clock.i + 1 + clock.dropped, self._clock_.i))
        else:
            owner._book_(order, bit, None)

    def _trade_whole_(self, order: Any, book: Book, price: float, dt: float) -> bool:
        """Check *order* and execute it at *price*, if it opens a position from nothing or closes all of one.

        Tell whether that was so and could be paid; nothing has happened otherwise. Nobody may look at the order.
        """
        position: Any = book.position
        before, entry, size = position.size, position.price, order.size
        after = before + size
        terms, percent = book.terms, book.percent
        leverage, rate = terms["leverage"], terms["commission"]
        check = order.price or order._pclose
        cash = left = self.cash
        data, clock = book.data, self._clock_
        cycle = clock.i
        amount = abs(size) * rate
        if not before:
            value = size * check
            left -= value / leverage if value > 0 else value
            left -= amount * check if percent else amount
            if not left >= 0.0:
                return False
            value = size * price
            commission = amount * price if percent else amount
            cash -= value / leverage if value > 0 else value
            cash -= commission
            if not cash >= 0.0:
                return False
            pnl = 0 * (price - entry) * terms["mult"]
            bit = (dt, size, price, 0, 0.0, 0.0, size, value, commission, pnl, after, price)
            position._adjbase = pprice = price
            position._follows, position._opened_in = data, cycle
            position.upopened, position.upclosed = size, 0
        elif not after:
            value = -size * check
            left += value / leverage if value > 0 else value
            left -= amount * check if percent else amount
            if not left >= 0.0:
                return False
            pnl = -size * (price - entry) * terms["mult"]
            value = -size * entry
            cash += (value / leverage if value > 0 else value) + pnl
            commission = amount * price if percent else amount
            cash -= commission
            pprice = 0.0
            bit = (dt, size, price, size, value, commission + 0.0, 0, 0.0, 0.0, pnl, after, 0.0)
            position.upopened, position.upclosed = 0, size
            self._close_all_of_(position)
        else:
            return False
        self.cash = cash
        position.size, position.price, position.price_orig = after, pprice, entry
        position._when, position._data = dt, data
        order._bit = bit
        order.status = _COMPLETED
        order.comminfo = book.comminfo
        journal = self.journal
        if journal.kept:
            journal.moves.append((cycle + clock.dropped, data, after, pprice, cash, self._fundshares))
        if journal.heard:
            journal.notices.append((cycle + clock.dropped, order, size, size * price / size))
        order.owner._uncounted_.append((order, bit, order.plen, cycle))
        return True


__all__ = ["MarketLane"]
