"""The cycle of the simulated broker: what happens to its orders and positions on each bar."""

from __future__ import annotations

from typing import Any

from ..market.order import Order
from . import matching, sleep
from .history import PastOrders
from .intrabar import Intrabar
from .lane import MarketLane
from .margincall import MarginCall
from .slippage import NO_SLIPPAGE

_COMPLETED = Order.Completed
_EXPIRED = "expired: the bar is later than its time limit ({0})"


class Matcher(MarketLane):
    """The part of the simulated broker that works on bars."""

    stale_fills = True
    sell_limit_floor = False
    trail_extremes = False
    honour_eosbar = False
    _slip_ = NO_SLIPPAGE
    _intrabar_: Intrabar | None = None
    _margin_watch_: MarginCall | None = None
    _userhist: list[PastOrders]

    def wake(self) -> None:
        """Match all pending orders again from the next cycle on."""
        self.active = True
        self._sleeps_until_ = -1
        for order in self.pending:
            if order is not None:
                order._wake = -1

    # -- a cycle -----------------------------------------------------------------------------------------------

    def next(self) -> None:
        """Work on the current bar: check, charge, match, settle, value."""
        submitted = self.submitted
        if self._untold_:
            self._untold_.clear()
        if self._to_hold_ and self._clock_.i > 0:
            for data in self._to_hold_:
                self.positions[data]
            self._to_hold_ = []
        if submitted:
            if len(submitted) == 1 and submitted[0]._lean and not self.pending and self._work_on_one_(submitted[0]):
                return
        elif self._sleeps_until_ > self._clock_.i and not self._toactivate and not self._cash_addition:
            return
        self._working_ = True
        if self._cash_addition:
            self._close_bar_()
        if type(self.cash) is int:
            self.cash = float(self.cash)
        toactivate = self._toactivate
        while toactivate:
            child = toactivate.popleft()
            child.activate()
            child._wake = -1
        if submitted:
            self.check_submitted()
        if self._daily_:
            self._charge_interest_()
        if self._userhist:
            self._replay_orders_()
        if self.pending:
            if self._intrabar_ is None:
                self._match_pending_()
            else:
                self._intrabar_.match()
        if self._daily_:
            self._settle_futures_()
        self._close_cycle_()
        if self._margin_watch_ is not None:
            self._margin_watch_.check()
        self._working_ = False

    def _work_on_one_(self, order: Any) -> bool:
        """Check and execute the only order there is, if it is lean and nothing else is to be done.

        Tell whether that was so.
        """
        data = order.data
        book = self._books_.get(data)
        if (
            book is None
            or book.position is None
            or not book.plain
            or not self._quick_
            or not self.lazy_value
            or self._daily_
            or self._own_values_
            or self._cash_addition
            or self._userhist
            or self._fundhist
            or self.d_credit
            or self._toactivate
            or data._ticks_ is not None
        ):
            return False
        clock = data._c_
        i = clock.i
        now = data.datetime._a_[i]
        if now <= order._dt:
            return False
        opening = data.open._a_[i]
        if order.owner._counts_later_ and not self.notifs and not order._counted:
            was, order.plen = order.plen, i + 1 + clock.dropped
            if self._trade_whole_(order, book, opening, now):
                self.submitted.clear()
                self._valued_ = -2
                self.active = False
                return True
            order.plen = was
        price = order.price or order._pclose
        if not self._plain_cash_after_(book, order.size, price, self.cash, book.position.size) >= 0.0:
            return False
        self.submitted.clear()
        order.plen = i + 1 + clock.dropped
        if order.owner._wants_orders_:
            order.status = Order.Accepted
            self.notifs.append(order.clone())
        self._execute_lean_(order, book, opening, now)
        self._valued_ = -2
        self.active = bool(self.pending)
        return True

    def _match_pending_(self) -> None:
        """Try every pending order once, oldest first; those that live on are queued again."""
        pending = self.pending
        quick = self._quick_ and not self.d_credit
        pending.append(None)
        while True:
            order = pending.popleft()
            if order is None:
                break
            if order._lean and quick:
                data = order.data
                book = self._books_[data]
                if book.plain and data._ticks_ is None:
                    i = data._c_.i
                    now = data.datetime._a_[i]
                    if now > order._dt:
                        self._execute_lean_(order, book, data.open._a_[i], now)
                    else:
                        pending.append(order)
                    continue
            if order._wake > order.data._c_.i or not (order._active or order._valid):
                pending.append(order)
                continue
            self._match_(order)

    def _match_(self, order: Any) -> None:
        """Try one pending order against the current bar, and queue it again if it lives on."""
        if order._valid and order.expire():
            self._tell_expired_(order)
            return
        if order._active:
            _MATCHERS[order._exectype](self, order)
            status = order.status
            if status >= 4:
                if status == _COMPLETED and order._family_ is not None:
                    self._bracketize(order)
                return
        self.pending.append(order)

    def _tell_expired_(self, order: Any) -> None:
        try:
            limit = order.data.num2date(order._valid)
        except (ValueError, OverflowError):  # a number that stands for no date
            limit = order._valid
        order._why = (_EXPIRED, limit)
        self.notify(order)
        self._ococheck(order)
        self._bracketize(order, cancel=True)

    def _expired_(self, order: Any) -> bool:
        """Take *order* out of the queue if it expires on this bar; tell whether it does."""
        if not order._valid or not order.expire():
            return False
        at = next(n for n, other in enumerate(self.pending) if other is order)
        del self.pending[at]
        self._tell_expired_(order)
        return True

    def _try_(self, order: Any) -> None:
        """Execute *order* on the current bar if it can be, by the rules of its type."""
        _MATCHERS[order._exectype](self, order)

    def _close_cycle_(self) -> None:
        """Value the account, and tell the engine whether the next bar needs the broker."""
        daily = self._daily_ or self._fundhist or self._own_values_
        lazy = self.lazy_value and not daily
        if lazy and not self._cash_addition:
            self._valued_ = -2
        else:
            self._revalue_()
            self._move_positions_()
            recorded = self.journal.dense
            early = bool(recorded) and recorded[-1][0] == self._cycle_()  # by a reading before the bar was worked on
            if daily or early:
                self._record_()
        pending = self.pending
        self.active = not lazy or bool(pending or self.submitted or self._toactivate or self._userhist)
        self.active = self.active or bool(self._to_hold_)
        self._sleeps_until_ = -1
        if lazy and pending and not self._userhist and not self._toactivate:
            self._sleeps_until_ = self._asleep_until_()

    def _asleep_until_(self) -> int:
        """Put the orders that can wait to sleep; give the cycle before which all of them do nothing."""
        until = 1 << 60
        for order in self.pending:
            clock = order.data._c_
            if order._wake > clock.i:
                at = sleep.cycle_of(clock, order._wake)
            elif not clock.size or order._exectype not in sleep.SLEEPERS:
                at = -1
            else:
                at = sleep.put_to_sleep(order, self, until)
            if at < until:
                until = at
        return until

    def _replay_orders_(self) -> None:
        """Issue the past executions whose date has come."""
        for past in self._userhist:
            for data, size, price in past.due(self.cerebro):
                issue = self.buy if size > 0 else self.sell
                terms = {"exectype": Order.Historical, "histnotify": past.notify, "_checksubmit": False}
                issue(None, data, abs(size), price, **terms)
        self._userhist = [past for past in self._userhist if not past.done]

    # -- execution types ---------------------------------------------------------------------------------------

    def _bar_(self, data: Any) -> tuple[float, float, float, float]:
        """Give open, high, low and close of the current bar of *data*; of the newest tick, if that is another one."""
        if data._ticks_ is not None:
            ticks = data.tick_open, data.tick_high, data.tick_low, data.tick_close
            if ticks[3] is not None:
                return ticks
        i = data._c_.i
        return data.open._a_[i], data.high._a_[i], data.low._a_[i], data.close._a_[i]

    def _stale_(self, order: Any) -> bool:
        """Tell whether the order waits for a bar later than the one that created it (without ``stale_fills``)."""
        return bool(order.data.datetime[0] <= order.created.dt)

    def _try_market_(self, order: Any) -> None:
        data = order.data
        o, h, l, _ = self._bar_(data)  # noqa: E741
        p = self.p
        created = order.created
        dtcoc = None
        if p.coc and order.info.get("coc", True):
            dtcoc, o = created.dt, created.pclose
        elif not p.coo and data.datetime[0] <= created.dt:
            return
        price = matching.market(order.ordtype == 0, o, h, l, self._slip_)
        if price is not None:
            self._execute(order, 0, price, dtcoc)

    def _try_close_(self, order: Any) -> None:
        data = order.data
        close = self._bar_(data)[3]
        now = data.datetime[0]
        if not self.stale_fills and now <= order.created.dt:
            return
        end = order.dteos
        if now <= order.created.dt or now < end or self._not_the_end_(data, now, end):
            order.pannotated = close
        elif order.pannotated is not None and now > end:
            self._execute(order, -1, order.pannotated)
        else:
            self._execute(order, 0, close)

    def _not_the_end_(self, data: Any, now: float, end: float) -> bool:
        """Tell whether an intraday bar at the very end of the session leaves it open (``honour_eosbar``)."""
        return bool(self.honour_eosbar and now == end and not self.p.eosbar and data._timeframe < 5)

    def _try_limit_(self, order: Any) -> None:
        if not self.stale_fills and self._stale_(order):
            return
        o, h, l, _ = self._bar_(order.data)  # noqa: E741
        wanted = order.created.pricelimit if order.triggered else order.created.price
        price = matching.limit(order.ordtype == 0, o, h, l, wanted, self._slip_, self.sell_limit_floor)
        if price is not None:
            self._execute(order, 0, price)

    def _try_stop_(self, order: Any) -> None:
        if not self.stale_fills and self._stale_(order):
            return
        o, h, l, c = self._bar_(order.data)  # noqa: E741
        buy = order.ordtype == 0
        price = matching.stop(buy, o, h, l, order.created.price, self._slip_)
        if price is not None:
            self._execute(order, 0, price)
        if order.exectype == Order.StopTrail and order.status < 4:
            order.trailadjust((l if buy else h) if self.trail_extremes else c)

    def _try_stop_limit_(self, order: Any) -> None:
        if order.triggered:
            self._try_limit_(order)
            return
        if not self.stale_fills and self._stale_(order):
            return
        o, h, l, c = self._bar_(order.data)  # noqa: E741
        buy = order.ordtype == 0
        created = order.created
        order.triggered, price = matching.stop_limit(
            buy, o, h, l, c, created.price, created.pricelimit, self._slip_, self.sell_limit_floor
        )
        if price is not None:
            self._execute(order, 0, price)
        if order.exectype == Order.StopTrailLimit and order.status < 4:
            order.trailadjust((l if buy else h) if self.trail_extremes else c)

    def _try_historical_(self, order: Any) -> None:
        self._execute(order, 0, order.created.price)


# In the order of the execution types.
_MATCHERS = (
    *(Matcher._try_market_, Matcher._try_close_, Matcher._try_limit_, Matcher._try_stop_),
    *(Matcher._try_stop_limit_, Matcher._try_stop_, Matcher._try_stop_limit_, Matcher._try_historical_),
)

__all__ = ["Matcher"]
