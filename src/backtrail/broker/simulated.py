"""The broker of a backtest: takes orders, matches them against bars and keeps the account."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..market.order import BuyOrder, Order, SellOrder
from . import matching
from .checks import check_order
from .history import PastFund, PastOrders
from .lane import MarketLane
from .linked import found_family, join_group, original
from .slippage import Slippage

_USER = ("cancelled by request",)


class BackBroker(MarketLane):
    """Simulated broker with backtrader's rules of matching, cash and commission.

    What backtrader does in an unexpected way stays as it is unless asked for otherwise, one keyword each:

    ``margin_cascade=False``   an order refused for margin does not count against the orders submitted after it
    ``cancel_submitted=True``  an order can be cancelled in the bar that created it
    ``stale_fills=False``      limit and stop orders are matched only against bars later than the one that
                               created them
    ``sell_limit_floor=True``  a slipped limit sell is never executed below the bar's low
    ``trail_extremes=True``    trailing stops follow the bar's high (sell) or low (buy) instead of its close
    ``honour_eosbar=True``     the parameter ``eosbar`` has an effect: without it, an intraday bar at the very
                               end of the session does not end it
    """

    def __init__(
        self,
        margin_cascade: bool = True,
        cancel_submitted: bool = False,
        stale_fills: bool = True,
        sell_limit_floor: bool = False,
        trail_extremes: bool = False,
        honour_eosbar: bool = False,
    ) -> None:
        self.margin_cascade = margin_cascade
        self.cancel_submitted = cancel_submitted
        self.stale_fills = stale_fills
        self.sell_limit_floor = sell_limit_floor
        self.trail_extremes = trail_extremes
        self.honour_eosbar = honour_eosbar
        self._userhist: list[PastOrders] = []
        super().__init__()
        self._configure()

    def use_strict_rules(self) -> None:
        """Do without all of backtrader's unexpected ways that the keywords of the class name."""
        self.margin_cascade = self.stale_fills = False
        self.cancel_submitted = self.sell_limit_floor = self.trail_extremes = self.honour_eosbar = True
        self._configure()

    def start(self) -> None:
        """Begin a run with the cash that is set, without positions and orders."""
        super().start()
        self._configure()

    def stop(self) -> None:
        """End a run: the histories were for this run."""
        self._userhist = []
        self._fundhist = []

    # -- settings ----------------------------------------------------------------------------------------------

    def _configure(self) -> None:
        """Take the settings over into what the matching reads."""
        p = self.p
        slip = self._slip = Slippage(p.slip_perc, p.slip_fixed, p.slip_open, p.slip_match, p.slip_limit, p.slip_out)
        plain = p.checksubmit and p.shortcash and p.filler is None and not p.coc and not p.coo
        self._quick = bool(plain and (slip.none or not slip.open) and self._own_ways())

    @classmethod
    def _own_ways(cls) -> bool:
        """Tell whether a subclass leaves the ways of orders through the broker as they are."""
        return all(getattr(cls, name) is getattr(BackBroker, name) for name in _WAYS)

    def set_coc(self, coc: bool) -> None:
        """Let market orders be executed at the close of the bar that creates them."""
        self.p.coc = coc
        self._configure()

    def set_coo(self, coo: bool) -> None:
        """Let market orders created before the open is traded be executed at that open."""
        self.p.coo = coo
        self._configure()

    def set_slippage_perc(
        self,
        perc: float,
        slip_open: bool = True,
        slip_limit: bool = True,
        slip_match: bool = True,
        slip_out: bool = False,
    ) -> None:
        """Let prices slip by the fraction *perc*; openings slip too unless told otherwise."""
        self._set_slippage(perc, 0.0, slip_open, slip_limit, slip_match, slip_out)

    def set_slippage_fixed(
        self,
        fixed: float,
        slip_open: bool = True,
        slip_limit: bool = True,
        slip_match: bool = True,
        slip_out: bool = False,
    ) -> None:
        """Let prices slip by the amount *fixed*; openings slip too unless told otherwise."""
        self._set_slippage(0.0, fixed, slip_open, slip_limit, slip_match, slip_out)

    def _set_slippage(
        self, perc: float, fixed: float, opening: bool, limit: bool, match: bool, out: bool
    ) -> None:
        p = self.p
        p.slip_perc, p.slip_fixed = perc, fixed
        p.slip_open, p.slip_limit, p.slip_match, p.slip_out = opening, limit, match, out
        self._configure()

    def set_filler(self, filler: Callable[[Any, float, int], float] | None) -> None:
        """Let *filler* decide how much of an order a bar takes."""
        self.p.filler = filler
        self._configure()

    def set_checksubmit(self, checksubmit: bool) -> None:
        """Check the cash before orders are accepted (True) or only when they are executed."""
        self.p.checksubmit = checksubmit
        self._configure()

    def set_eosbar(self, eosbar: bool) -> None:
        """Take a bar at the end of the session for its end (needs ``honour_eosbar``)."""
        self.p.eosbar = eosbar

    seteosbar = set_eosbar

    def add_order_history(self, orders: Iterable[Any], notify: bool = True) -> None:
        """Replay past executions ``[date, size, price]`` or ``[date, size, price, data]``.

        They become orders of the first strategy. *notify* tells whether the strategy hears of them; analyzers do
        always.
        """
        self._userhist.append(PastOrders(orders, notify))

    def set_fund_history(self, fund: Iterable[Any]) -> None:
        """Take share value and net assets from ``[date, share value, net asset value]`` instead of computing them."""
        self._fundhist.append(PastFund(fund))

    # -- taking orders -----------------------------------------------------------------------------------------

    def buy(
        self,
        owner: Any,
        data: Any,
        size: float,
        price: float | None = None,
        plimit: float | None = None,
        exectype: int | None = None,
        valid: Any = None,
        tradeid: Any = 0,
        oco: Any = None,
        trailamount: float | None = None,
        trailpercent: float | None = None,
        parent: Any = None,
        transmit: bool = True,
        histnotify: bool = False,
        _checksubmit: bool = True,
        **kwargs: Any,
    ) -> Any:
        """Take an order to buy *size* of *data*; unknown keywords go to ``order.info``."""
        order = BuyOrder(
            owner, data, size, price, plimit, exectype, valid, tradeid, oco, trailamount, trailpercent, parent,
            transmit, False, histnotify,
        )  # fmt: skip
        return self._take(order, kwargs, _checksubmit)

    def sell(
        self,
        owner: Any,
        data: Any,
        size: float,
        price: float | None = None,
        plimit: float | None = None,
        exectype: int | None = None,
        valid: Any = None,
        tradeid: Any = 0,
        oco: Any = None,
        trailamount: float | None = None,
        trailpercent: float | None = None,
        parent: Any = None,
        transmit: bool = True,
        histnotify: bool = False,
        _checksubmit: bool = True,
        **kwargs: Any,
    ) -> Any:
        """Take an order to sell *size* of *data*; unknown keywords go to ``order.info``."""
        order = SellOrder(
            owner, data, size, price, plimit, exectype, valid, tradeid, oco, trailamount, trailpercent, parent,
            transmit, False, histnotify,
        )  # fmt: skip
        return self._take(order, kwargs, _checksubmit)

    def _take(self, order: Any, info: dict[str, Any], check: bool) -> Any:
        """Check, link and submit a new order."""
        if order.exectype != Order.Historical:
            check_order(order)
        if info:
            order.addinfo(**info)
        if order.oco is not None:
            join_group(order, order.oco)
        return self.submit(order, check)

    def submit(self, order: Any, check: bool = True) -> Any:
        """Submit *order*, with its bracket once the last part of that is there."""
        parent = order.parent
        if parent is None:
            if order.transmit:
                return self.transmit(order, check)
            found_family(order)
            return order
        order._active = False
        family = found_family(original(parent))
        order._family = family
        if family.gone or not (family.parent.alive()):
            self._reject_child(order)
            return order
        family.members.append(order)
        if not order.transmit:
            return order
        waiting = [member for member in family.members if member.status == Order.Created]
        return [self.transmit(member, check) for member in waiting][-1]

    def transmit(self, order: Any, check: bool = True) -> Any:
        """Queue *order*: for the check of the cash, or at once for matching."""
        if check and self.p.checksubmit:
            order.submit()
            self.submitted.append(order)
            self.orders.append(order)
            self.notify(order)
        else:
            self.submit_accept(order)
        self.active = True
        return order

    def cancel(self, order: Any, bracket: bool = False) -> bool:
        """Take *order* back; tell whether it was there.

        Orders that are not accepted yet (in the bar of their creation) are not found, unless
        ``cancel_submitted``.
        """
        return self._cancel(order, _USER, bracket)

    def _cancel(self, order: Any, why: tuple[Any, ...], bracket: bool = False) -> bool:
        mine = original(order)
        for queue in (self.pending, self.submitted) if self.cancel_submitted else (self.pending,):
            for at, other in enumerate(queue):
                if other is mine:
                    del queue[at]
                    break
            else:
                continue
            break
        else:
            return False
        order._why = mine._why = why
        order.cancel()
        self.notify(order)
        self._ococheck(order)
        if not bracket:
            self._bracketize(order, cancel=True)
        return True

    def get_orders_open(self, safe: bool = False) -> list[Any]:
        """Give the accepted orders that wait for execution; *safe* gives copies."""
        return [order.clone() if safe else order for order in self.pending if order is not None]

    def orderstatus(self, order: Any) -> int:
        """Give the status of *order*."""
        return int(original(order).status)

    # -- matching ----------------------------------------------------------------------------------------------

    def next(self) -> None:
        """Work on the current bar: check, charge, match, settle, value."""
        self._working = True
        if type(self.cash) is int:
            self.cash = float(self.cash)
        toactivate = self._toactivate
        while toactivate:
            toactivate.popleft().activate()
        if self.submitted:
            self.check_submitted()
        if self._daily:
            self._charge_interest()
        if self._userhist:
            self._replay_orders()
        if self.pending:
            self._match_pending()
        if self._daily:
            self._settle_futures()
        self._close_cycle()
        self._working = False

    def _match_pending(self) -> None:
        """Try every pending order once, oldest first; those that live on are queued again."""
        pending = self.pending
        quick = self._quick
        pending.append(None)
        while True:
            order = pending.popleft()
            if order is None:
                break
            if order._lean and quick:
                data = order.data
                book = self._books[data]
                if book.plain and not self.d_credit:
                    i = data._c.i
                    now = data.datetime._a[i]
                    if now > order._dt:
                        self._execute_lean(order, book, data.open._a[i], now)
                    else:
                        pending.append(order)
                    continue
            self._match(order)

    def _close_cycle(self) -> None:
        """Value the account, and tell the engine whether the next bar needs the broker."""
        lazy = self.lazy_value and not self._daily and not self._fundhist
        if lazy and not self._cash_addition:
            self._valued = -2
        else:
            self._revalue()
            if self._daily or self._fundhist:
                self.journal.dense.append((self._cycle(), self.cash, self._value, self._fundval))
        self.active = not lazy or bool(self.pending or self.submitted or self._toactivate or self._userhist)

    def _replay_orders(self) -> None:
        """Issue the past executions whose date has come."""
        for past in self._userhist:
            for data, size, price in past.due(self.cerebro):
                issue = self.buy if size > 0 else self.sell
                issue(
                    None,
                    data,
                    abs(size),
                    price,
                    exectype=Order.Historical,
                    histnotify=past.notify,
                    _checksubmit=False,
                )
        self._userhist = [past for past in self._userhist if not past.done]

    def _match(self, order: Any) -> None:
        """Try one pending order against the current bar, and queue it again if it lives on."""
        if order.expire():
            order._why = ("expired: the bar is later than its time limit ({0})", order.valid)
            self.notify(order)
            self._ococheck(order)
            self._bracketize(order, cancel=True)
        elif not order._active:
            self.pending.append(order)
        else:
            _MATCHERS[order.exectype](self, order)
            status = order.status
            if status < 4:
                self.pending.append(order)
            elif status == Order.Completed:
                self._bracketize(order)

    def _bar(self, data: Any) -> tuple[float, float, float, float]:
        """Give open, high, low and close of the current bar of *data*; of the newest tick while replaying."""
        if data._replaying:
            ticks = data.tick_open, data.tick_high, data.tick_low, data.tick_close
            if ticks[3] is not None:
                return ticks
        i = data._c.i
        return data.open._a[i], data.high._a[i], data.low._a[i], data.close._a[i]

    def _try_market(self, order: Any) -> None:
        data = order.data
        o, h, l, _ = self._bar(data)  # noqa: E741
        p = self.p
        created = order.created
        dtcoc = None
        if p.coc and order.info.get("coc", True):
            dtcoc, o = created.dt, created.pclose
        elif not p.coo and data.datetime[0] <= created.dt:
            return
        price = matching.market(order.ordtype == 0, o, h, l, self._slip)
        if price is not None:
            self._execute(order, 0, price, dtcoc)

    def _try_close(self, order: Any) -> None:
        data = order.data
        close = self._bar(data)[3]
        now = data.datetime[0]
        end = order.dteos
        if now <= order.created.dt or now < end or self._not_the_end(data, now, end):
            order.pannotated = close
        elif order.pannotated is not None and now > end:
            self._execute(order, -1, order.pannotated)
        else:
            self._execute(order, 0, close)

    def _not_the_end(self, data: Any, now: float, end: float) -> bool:
        """Tell whether an intraday bar at the very end of the session leaves it open (``honour_eosbar``)."""
        return bool(self.honour_eosbar and now == end and not self.p.eosbar and data._timeframe < 5)

    def _fresh(self, order: Any) -> bool:
        """Tell whether the order may be matched against the current bar of its data."""
        return self.stale_fills or order.data.datetime[0] > order.created.dt

    def _try_limit(self, order: Any) -> None:
        self._limit(order, order.created.price)

    def _limit(self, order: Any, wanted: float) -> None:
        if not self._fresh(order):
            return
        o, h, l, _ = self._bar(order.data)  # noqa: E741
        price = matching.limit(order.ordtype == 0, o, h, l, wanted, self._slip, self.sell_limit_floor)
        if price is not None:
            self._execute(order, 0, price)

    def _try_stop(self, order: Any) -> None:
        if not self._fresh(order):
            return
        o, h, l, c = self._bar(order.data)  # noqa: E741
        buy = order.ordtype == 0
        price = matching.stop(buy, o, h, l, order.created.price, self._slip)
        if price is not None:
            self._execute(order, 0, price)
        if order.exectype == Order.StopTrail and order.status < 4:
            order.trailadjust((l if buy else h) if self.trail_extremes else c)

    def _try_stop_limit(self, order: Any) -> None:
        if order.triggered:
            self._limit(order, order.created.pricelimit)
            return
        if not self._fresh(order):
            return
        o, h, l, c = self._bar(order.data)  # noqa: E741
        buy = order.ordtype == 0
        created = order.created
        order.triggered, price = matching.stop_limit(
            buy, o, h, l, c, created.price, created.pricelimit, self._slip, self.sell_limit_floor
        )
        if price is not None:
            self._execute(order, 0, price)
        if order.exectype == Order.StopTrailLimit and order.status < 4:
            order.trailadjust((l if buy else h) if self.trail_extremes else c)

    def _try_historical(self, order: Any) -> None:
        self._execute(order, 0, order.created.price)


BrokerBack = BackBroker

_WAYS = (
    *("buy", "sell", "submit", "transmit", "submit_accept", "check_submitted", "notify", "next", "getposition"),
    *("getcommissioninfo", "issue", "_execute", "_match", "_try_market"),
)
# In the order of the execution types.
_MATCHERS = (
    *(BackBroker._try_market, BackBroker._try_close, BackBroker._try_limit, BackBroker._try_stop),
    *(BackBroker._try_stop_limit, BackBroker._try_stop, BackBroker._try_stop_limit, BackBroker._try_historical),
)

__all__ = ["BackBroker", "BrokerBack"]
