"""What executions do: check that they can be paid, move cash and positions, tell the owners."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import Any

from ..market.execution import OrderExecutionBit
from ..market.order import Order
from ..market.position import split
from .account import Account, Book
from .linked import original

log = logging.getLogger(__name__)

_LOUD_REFUSALS = 5
_MARKET = Order.Market
_ACCEPTED, _PARTIAL, _COMPLETED = Order.Accepted, Order.Partial, Order.Completed
_NOT_AFFORDABLE = (
    "refused for margin: {0} {1} of {2} at {3} takes {4} and {5} commission; cash before: {6}, after: {7}. "
    "Trade a smaller size, add cash, or set leverage or margin on the commission scheme."
)
_CASCADE = (
    "refused for margin: an order submitted with it was refused before, and what that lacks counts: the cash is {6} "
    "before {0} {1} of {2} at {3}, {7} after. Use BackBroker(margin_cascade=False) to check each order by itself."
)
_NO_NUMBER = (
    "refused for margin: what {0} {1} of {2} at {3} takes is not known. Check what price, size and commission are "
    "computed from: is an indicator still warming up?"
)


class Executor(Account):
    """The part of the simulated broker that executes orders at a price."""

    margin_cascade = True
    _quick_ = False
    _attributes_ = 0
    _entering_ = False
    tells_own_way = False
    _filler_: Callable[[Any, float, int], float] | None = None
    _warned_of_margin_ = 0

    def init(self) -> None:
        """Start over without orders."""
        super().init()
        self.orders: list[Any] = []
        # those taken the long way, whether they were transmitted or not
        self.special_orders: list[Any] = []
        self.pending: deque[Any] = deque()
        self.submitted: deque[Any] = deque()
        self.notifs: deque[Any] = deque()
        self._toactivate: deque[Any] = deque()
        # orders of this cycle whose owners do not listen, as often as there was something to tell of them
        self._untold_: list[Any] = []
        self._working_ = False
        self._warned_of_margin_ = 0

    # -- telling -----------------------------------------------------------------------------------------------

    def notify(self, order: Any) -> None:
        """Tell the owner of *order* about its present state: a copy is queued, if the owner looks at orders."""
        owner = order.owner
        if owner is None or owner._wants_orders_ or self._entering_:
            self.notifs.append(order.clone())
        elif not self._working_:
            self._untold_.append(order)
        if not order._counted and order._bit is None:
            return
        executed = order.executed
        if executed.size and self.journal.heard:
            cycle = self._cycle_() if self._working_ else self._cycle_() + 1
            self.journal.notices.append((cycle, order, executed.size, executed.price))

    def tell_untold(self, owner: Any) -> None:
        """Tell *owner*, who begins to listen, what became of its orders since the bar was worked on."""
        untold = [order for order in self._untold_ if order.owner is owner]
        self.notifs.extend(order.clone() for order in untold)
        self._untold_ = []
        self.wake()

    def wake(self) -> None:
        raise NotImplementedError

    def find_ways(self) -> None:
        raise NotImplementedError

    # -- checking ----------------------------------------------------------------------------------------------

    def check_submitted(self) -> None:
        """Accept the submitted orders that the cash suffices for, one after the other, as if each were executed.

        Orders accepted earlier are not taken into account. The cash that a refused order lacks is missing for
        the orders after it, unless ``margin_cascade`` is off.
        """
        cash = self.cash
        held: dict[Any, float] = {}
        books, submitted, quick = self._books_, self.submitted, self._quick_
        plain = self.p.shortcash and not self.p.coo
        while submitted:
            order = submitted.popleft()
            family = order._family_
            if family is not None and family.gone and not self._in_family_(order):
                continue
            data = order.data
            book = books.get(data) or self._book_(data)
            before = held.get(data)
            if before is None:
                before = self.positions[data].size
            lean = quick and order._lean and book.plain
            if lean:
                left = self._plain_cash_after_(book, order.size, order.price or order._pclose, cash, before)
            elif plain and book.plain:
                left = self._plain_cash_after_(book, order.size, order.created.price, cash, before)
            else:
                left = self._cash_after_(order, book, cash, before)
            if left >= 0.0:
                if lean:
                    self._accept_lean_(order)
                else:
                    self.submit_accept(order)
            else:
                order.margin()
                self._explain_margin_(order, self._check_price_(order), cash, left)
                self.notify(order)
                self._ococheck(order)
                self._bracketize(order, cancel=True)
                if not self.margin_cascade:
                    continue
            cash = left
            held[data] = before + order.size

    def _check_price_(self, order: Any) -> float:
        """Give the price that a submitted order is checked at."""
        if self.p.coo and order.exectype == _MARKET:
            return order.data.open[0]  # type: ignore[no-any-return]  # a line's value
        return order.created.price  # type: ignore[no-any-return]  # settled on creation

    def _cash_after_(self, order: Any, book: Book, cash: float, before: float) -> float:
        """Give the cash that would be left if *order* were executed now in a position of size *before*."""
        comminfo = book.comminfo
        price = self._check_price_(order)
        _, opened, closed = split(before, order.size)
        shortcash = self.p.shortcash
        if closed:
            if shortcash:
                value = comminfo.getvaluesize(-closed, price)
            else:
                value = comminfo.getoperationcost(closed, price)
            cash += value / comminfo.get_leverage() if value > 0 else value
            cash -= comminfo.getcommission(closed, price)
        if opened:
            if shortcash:
                value = comminfo.getvaluesize(opened, price)
            else:
                value = comminfo.getoperationcost(opened, price)
            cash -= value / comminfo.get_leverage() if value > 0 else value
            cash -= book.opening.getcommission(opened, price)
        return cash

    def _plain_cash_after_(self, book: Book, size: float, price: float, cash: float, before: float) -> float:
        raise NotImplementedError

    def _accept_lean_(self, order: Any) -> None:
        raise NotImplementedError

    def _explain_margin_(self, order: Any, price: float, before: float, after: float) -> None:
        """Give *order* its reason for being refused, and log it."""
        comminfo = self._book_(order.data).comminfo
        size = order.executed.remsize
        cost, commission = comminfo.getoperationcost(size, price), comminfo.getcommission(size, price)
        side = "buying" if order.isbuy() else "selling"
        name = order.data._name or "the data"
        text = _CASCADE if before < 0 else _NOT_AFFORDABLE
        if cost != cost:
            text = _NO_NUMBER
        order._why = (text, side, abs(size), name, price, cost, commission, before, after)
        # The first of a run are told aloud, the others to those who listen.
        self._warned_of_margin_ += 1
        level = logging.WARNING if self._warned_of_margin_ <= _LOUD_REFUSALS else logging.INFO
        if log.isEnabledFor(level):
            log.log(level, "Order %s was %s", order.ref, order.reason)

    # -- executing ---------------------------------------------------------------------------------------------

    def _execute(self, order: Any, ago: int, price: float, dtcoc: float | None = None) -> None:
        """Execute *order* at *price*, as far as the filler and the cash allow.

        The part that closes a position is executed first, whatever the cash. The part that opens one is
        refused when the cash would become negative: the order then ends with status Margin.
        """
        filler = self._filler_
        size: float
        if filler is None:
            size = order.executed.remsize if order._counted or order._bit is not None else order.size
        else:
            size = filler(order, price, ago)
            if order.ordtype == Order.Sell:
                size = -size
        data = order.data
        book = self._books_.get(data) or self._book_(data)
        if book.plain and size and self.p.shortcash and self.p.int2pnl and not self.d_credit:
            bit = self._settle_(book, size, price, dtcoc or data.datetime[ago])
            if bit is not None:
                self._enter_(order, book, bit)
                if order._group is not None:
                    self._ococheck(order)
                return
        self._execute_in_full_(order, book, size, price, dtcoc or book.target.datetime[ago])

    def _execute_in_full_(self, order: Any, book: Book, size: float, price: float, dt: float) -> None:
        """Execute *size* of *order* at *price* under any commission scheme."""
        comminfo, target = book.comminfo, book.target
        position = self.positions[target]
        entry = position.price
        psize, pprice, opened, closed = position.pseudoupdate(size, price)
        shortcash = self.p.shortcash
        cash = self.cash
        closedvalue = closedcomm = openedvalue = openedcomm = 0.0
        pnl = comminfo.profitandloss(-closed, entry, price)
        if closed:
            if shortcash:
                closedvalue = comminfo.getvaluesize(-closed, entry)
            else:
                closedvalue = comminfo.getoperationcost(closed, entry)
            freed = closedvalue / comminfo.get_leverage() if closedvalue > 0 else closedvalue
            cash += freed + pnl * comminfo.stocklike
            closedcomm = comminfo.getcommission(closed, price)
            cash -= closedcomm
            cash += comminfo.cashadjust(-closed, position.adjbase, price)
            self.cash = cash
        wanted = opened
        before = cash
        if opened:
            if shortcash:
                openedvalue = comminfo.getvaluesize(opened, price)
            else:
                openedvalue = comminfo.getoperationcost(opened, price)
            cash -= openedvalue / comminfo.get_leverage() if openedvalue > 0 else openedvalue
            openedcomm = book.opening.getcommission(opened, price)
            cash -= openedcomm
            if cash < 0.0:
                opened = 0
                openedvalue = openedcomm = 0.0
                psize, pprice = position.size + closed, entry if position.size + closed else 0.0
            else:
                if abs(psize) > abs(opened):
                    # Futures held before are settled to this price, so that all of them share one base.
                    cash += comminfo.cashadjust(psize - opened, position.adjbase, price)
                self._open_at_(position, price, book)
                self.cash = cash
        size = closed + opened
        if size:
            comminfo.confirmexec(size, price)
            if not psize and not opened:
                self._close_all_of_(position)
            position.update(size, price, target.datetime[0])
            position._data = target
            if closed and self.p.int2pnl:
                closedcomm += self.d_credit.pop(target, 0.0)
            parts = (closed, closedvalue, closedcomm, opened, openedvalue, openedcomm)
            journal = self.journal
            journal.moves.append(
                (self._cycle_(), target, position.size, position.price, self.cash, self._fundshares)
            )
            if book.daily or target is not book.data:
                self._watch_(book)
                position.datetime = target.datetime.datetime()
            self._enter_(order, book, (dt, size, price, *parts, pnl, psize, pprice))
            self._ococheck(order)
        if wanted and not opened:
            order.margin()
            self._explain_margin_(order, price, before, cash)
            self.notify(order)
            self._ococheck(order)
            self._bracketize(order, cancel=True)

    def _enter_(self, order: Any, book: Book, bit: tuple[Any, ...]) -> None:
        """Enter the execution *bit* into the order and the journal, and tell the owner.

        Trades are built from it even if nobody looks at the order.
        """
        comminfo = order.comminfo = book.comminfo
        size = bit[1]
        notice: tuple[int, Any, float, float]
        if not order._counted and size == order.size:
            order._bit = bit
            order.status = _COMPLETED
            notice = (self._cycle_(), order, size, size * bit[2] / size)
        else:
            executed = order.executed
            executed.addbit(tuple.__new__(OrderExecutionBit, bit))
            executed.margin = comminfo.margin
            order.status = _PARTIAL if executed.remsize else _COMPLETED
            notice = (self._cycle_(), order, executed.size, executed.price)
        if self.tells_own_way:
            self._entering_ = True
            self.notify(order)
            self._entering_ = False
            return
        if self.journal.heard:
            self.journal.notices.append(notice)
        owner = order.owner
        self.notifs.append(order.clone() if owner is None or owner._wants_orders_ else order)

    def _settle_(self, book: Book, size: float, price: float, dt: float) -> tuple[Any, ...] | None:
        raise NotImplementedError

    # -- links between orders ----------------------------------------------------------------------------------

    def _in_family_(self, order: Any) -> bool:
        """Tell whether the parent of *order* is still there (or was never needed); else reject the order."""
        family = order._family_
        if family is None or not family.gone or order is family.parent:
            return True
        self._reject_child_(order)
        return False

    def _reject_child_(self, order: Any) -> None:
        order._why = ("rejected: its parent, order {0}, is no longer there", original(order.parent).ref)
        order.reject()
        self.active = True
        self.notify(order)

    def _ococheck(self, order: Any) -> None:
        """Cancel the pending orders of the same group."""
        group = (order._source_ or order)._group
        if not group:
            return
        members = list(group)
        group.clear()
        why = ("cancelled: order {0} of the same OCO group was {1}", order.ref, Order.Status[order.status])
        pending = self.pending
        for at in range(len(pending) - 1, -1, -1):
            other = pending[at]
            if other is not None and other in members:
                del pending[at]
                other._why = why
                other.cancel()
                self.notify(other)

    def _bracketize(self, order: Any, cancel: bool = False) -> None:
        """End the bracket of *order*, or let the children of the completed parent be matched from the next cycle on."""
        mine = order._source_ or order
        family = mine._family_
        if family is None:
            return
        members = family.members
        if cancel or family.parent is not mine:
            why = ("cancelled: order {0} of the same bracket was {1}", order.ref, Order.Status[order.status])
            while members:
                member = members.popleft()
                if member is not mine or mine._group is not None:  # one in a group may wait a second time
                    self._cancel_(member, why, bracket=True)
            family.gone = True
        elif members:
            members.popleft()
            self._toactivate.extend(members)

    def _cancel_(self, order: Any, why: tuple[Any, ...], bracket: bool = False) -> bool:
        raise NotImplementedError

    def submit_accept(self, order: Any) -> None:
        """Accept *order*: it waits for its price from now on."""
        clock = order.data._c_
        order.plen = clock.i + 1 + clock.dropped
        order.status = _ACCEPTED
        self.pending.append(order)
        self._sleeps_until_ = -1
        self.notify(order)

    def _open_at_(self, position: Any, price: float, book: Book) -> None:
        """Take note that *position* was opened or increased at *price*."""
        position._adjbase, position._opened_in = price, self._clock_.i
        position._follows = book.target if self.lazy_value and not book.daily else None

    def _close_all_of_(self, position: Any) -> None:
        """Take note that *position* is closed: its base is that of the bar before, unless it was opened on this one."""
        data, cycle = position._follows, self._clock_.i
        if data is not None and position._opened_in != cycle:
            bars = data._c_.bars_at
            position._adjbase = data.close._a_[cycle - 1 if bars is None else bars[cycle - 1]]

    # -- every bar, where the scheme asks for it ---------------------------------------------------------------

    def _charge_interest_(self) -> None:
        """Take the interest on the positions held from the cash, by calendar days."""
        credit = 0.0
        for data, position in self.positions.items():
            if not position.size:
                continue
            now = data.datetime.datetime()
            amount = self._book_(data).comminfo.get_credit_interest(data, position, now)
            self.d_credit[data] += amount
            credit += amount
            position.datetime = now
        self.cash -= credit

    def _move_positions_(self) -> None:
        """Give what is held the time of the current bar, and its close as the base of what comes."""
        for data, position in self.positions.items():
            if position.size:
                position._adjbase = data.close[0]
                position._when, position._data = data.datetime[0], data

    def _settle_futures_(self) -> None:
        """Move the cash of futures held to the current close."""
        for data, position in self.positions.items():
            if position.size:
                scheme = self._book_(data).comminfo
                self.cash += scheme.cashadjust(position.size, position.adjbase, data.close[0])
