"""The broker of a backtest: takes orders, matches them against bars and keeps the account."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from ..base.replaced import methods_of, replaced
from ..errors import CompatWarning
from ..market.order import BuyOrder, Order, SellOrder
from .actions import ActionRules
from .checks import SLIPPAGE, check_settings, check_terms, warn_no_order
from .history import PastFund, PastOrders
from .instruments import InstrumentRules
from .intrabar import Intrabar
from .linked import check_order, family_of, group_of, join_group, original
from .margincall import MarginCall
from .matcher import Matcher
from .realism import STRICT, check_share
from .slippage import Slippage
from .volume import VolumeShare

_USER = ("cancelled by request",)
_SUBMITTED = Order.Submitted


class BackBroker(InstrumentRules, ActionRules, Matcher):
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

    What backtrader does not know can be asked for as well:

    ``price_order=True``       the orders of a bar are executed in the order in which the price reaches them
    ``live_brackets=True``     the children of a bracket are alive from the execution of their parent on, on the
                               same bar too
    ``volume_share=0.1``       all executions of a bar together take at most this part of its volume
    ``margin_call=0.5``        an account that is worth less than this part of what its positions bind is closed out
    """

    def __init__(
        self,
        margin_cascade: bool = True,
        cancel_submitted: bool = False,
        stale_fills: bool = True,
        sell_limit_floor: bool = False,
        trail_extremes: bool = False,
        honour_eosbar: bool = False,
        price_order: bool = False,
        live_brackets: bool = False,
        volume_share: float | None = None,
        margin_call: float | None = None,
    ) -> None:
        self.margin_cascade = margin_cascade
        self.cancel_submitted = cancel_submitted
        self.stale_fills = stale_fills
        self.sell_limit_floor = sell_limit_floor
        self.trail_extremes = trail_extremes
        self.honour_eosbar = honour_eosbar
        self.price_order = price_order
        self.live_brackets = live_brackets
        self.volume_share = volume_share
        self.margin_call = margin_call
        self._own_rules_: dict[str, Any] | None = None
        self.every_bar = self.own_reports = self.tells_own_way = False
        self._userhist: list[PastOrders] = []
        super().__init__()
        self._configure_()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Warn of methods that would be called inside of backtrader's broker and are not called here."""
        super().__init_subclass__(**kwargs)
        unheard = sorted(_INSIDE_BACKTRADER & cls.__dict__.keys())
        if unheard:
            warnings.warn(
                f"{cls.__name__} defines {', '.join(unheard)}, which this broker never calls: slippage is set with "
                "set_slippage_perc and set_slippage_fixed, executed sizes with a filler, and what an execution does "
                "with a commission scheme.",
                CompatWarning,
                stacklevel=2,
            )

    def use_strict_rules(self) -> None:
        """Do without all of backtrader's unexpected ways that the keywords of the class name."""
        if self._own_rules_ is None:
            self._own_rules_ = {name: getattr(self, name) for name in STRICT}
        for name, value in STRICT.items():
            setattr(self, name, value)
        self._configure_()

    def use_own_rules(self) -> None:
        """Go by the rules that were asked for by keyword again, after :meth:`use_strict_rules`."""
        if self._own_rules_ is not None:
            for name, value in self._own_rules_.items():
                setattr(self, name, value)
            self._own_rules_ = None
            self._configure_()

    def start(self) -> None:
        """Begin a run with the cash that is set, without positions and orders."""
        super().start()
        self.p._let_hear(self)  # a copy from another process has lost its hearing
        self._configure_()
        self._find_own_values_()

    def stop(self) -> None:
        """End a run: the histories were for this run."""
        if self._read_every_bar_ and self._cash_addition:
            self._note_late_()
            self._add_pending_cash_()
            self._record_()
        self._userhist = []
        self._fundhist = []

    # -- settings ----------------------------------------------------------------------------------------------

    def _configure_(self) -> None:
        """Take the settings over into what the matching reads."""
        p = self.p
        check_settings(p)
        slip = Slippage(p.slip_perc, p.slip_fixed, p.slip_open, p.slip_match, p.slip_limit, p.slip_out)
        self._slip_ = slip
        self._configure_realism_()
        plain = p.checksubmit and p.shortcash and p.int2pnl and self._filler_ is None and not p.coc and not p.coo
        plain = plain and self._intrabar_ is None and self._margin_watch_ is None
        lean = plain and (slip.none or not slip.open) and self._instruments_ is None
        self._allows_lean_ = bool(lean)
        self.find_ways()

    def _configure_realism_(self) -> None:
        """Have what the switches beyond backtrader's ways need, and nothing of it without them."""
        check_share("volume_share", self.volume_share)
        check_share("margin_call", self.margin_call)
        filler = self.p.filler
        self._filler_ = filler if self.volume_share is None else VolumeShare(self.volume_share, filler)
        along = self.price_order or self.live_brackets
        self._intrabar_ = Intrabar(self, self.price_order, self.live_brackets) if along else None
        self._margin_watch_ = None if self.margin_call is None else MarginCall(self, self.margin_call)

    def find_ways(self) -> None:
        """Find out which methods are backtrail's: through these orders may take the short way, and bars be left out."""
        ways = replaced(self, _WAYS)
        self._quick_ = self._allows_lean_ and not ways
        self.every_bar = "next" in ways
        self.tells_own_way = "notify" in ways
        reports = replaced(self, _REPORTS)
        self.own_reports = bool(reports) or bool(self._fundhist)  # whose shares no journal has
        # Orders look again when the number of attributes changed, and always while there is a method to be taken away.
        own = self.__dict__
        self._attributes_ = len(own) if own.keys().isdisjoint(ways | reports) else -1

    def set_coc(self, coc: bool) -> None:
        """Let market orders be executed at the close of the bar that creates them."""
        self.p.coc = coc
        self._configure_()

    def set_coo(self, coo: bool) -> None:
        """Let market orders created before the open is traded be executed at that open."""
        self.p.coo = coo
        self._configure_()

    def set_slippage_perc(
        self,
        perc: float,
        slip_open: bool = True,
        slip_limit: bool = True,
        slip_match: bool = True,
        slip_out: bool = False,
    ) -> None:
        """Let prices slip by the fraction *perc*; openings slip too unless told otherwise."""
        self._set_slippage_(perc, 0.0, slip_open, slip_limit, slip_match, slip_out)

    def set_slippage_fixed(
        self,
        fixed: float,
        slip_open: bool = True,
        slip_limit: bool = True,
        slip_match: bool = True,
        slip_out: bool = False,
    ) -> None:
        """Let prices slip by the amount *fixed*; openings slip too unless told otherwise."""
        self._set_slippage_(0.0, fixed, slip_open, slip_limit, slip_match, slip_out)

    def _set_slippage_(
        self, perc: float, fixed: float, opening: bool, limit: bool, match: bool, out: bool
    ) -> None:
        p = self.p
        for name, value in (("slip_perc", perc), ("slip_fixed", fixed)):
            SLIPPAGE.check(type(self).__name__, name, value)
        p.slip_perc, p.slip_fixed = perc, fixed
        p.slip_open, p.slip_limit, p.slip_match, p.slip_out = opening, limit, match, out
        self._configure_()

    def set_filler(self, filler: Callable[[Any, float, int], float] | None) -> None:
        """Let *filler* decide how much of an order a bar takes."""
        self.p.filler = filler
        self._configure_()

    def set_checksubmit(self, checksubmit: bool) -> None:
        """Check the cash before orders are accepted (True) or only when they are executed."""
        self.p.checksubmit = checksubmit
        self._configure_()

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
        if exectype != Order.Historical:
            check_terms("Buy", owner, data, size, price, plimit, exectype, trailamount, trailpercent)
        order = BuyOrder(
            owner, data, size, price, plimit, exectype, valid, tradeid, None, trailamount, trailpercent, parent,
            transmit, False, histnotify,
        )  # fmt: skip
        return self._take_(order, kwargs, _checksubmit, oco)

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
        if exectype != Order.Historical:
            check_terms("Sell", owner, data, size, price, plimit, exectype, trailamount, trailpercent)
        order = SellOrder(
            owner, data, size, price, plimit, exectype, valid, tradeid, None, trailamount, trailpercent, parent,
            transmit, False, histnotify,
        )  # fmt: skip
        return self._take_(order, kwargs, _checksubmit, oco)

    def _take_(self, order: Any, info: dict[str, Any], check: bool, oco: Any) -> Any:
        """Link and submit a new order. Its own ``oco`` stays None, as in backtrader."""
        if len(self.__dict__) != self._attributes_:
            self.find_ways()
        self.special_orders.append(order)
        if info:
            order.addinfo(**info)
        if self._instruments_ is not None and not self._admit_(order):
            return order
        if oco is not None:
            order._oco_ = oco
            join_group(order, oco)
        return self.submit(order, check)

    def submit(self, order: Any, check: bool = True) -> Any:
        """Submit *order*, with its bracket once the last part of that is there."""
        parent = order.parent
        if parent is None:
            if order.transmit:
                return self.transmit(order, check)
            family_of(order)
            return order
        check_order("parent", "the one whose completion this one waits for", parent)
        order._active = False
        family = family_of(original(parent))
        if family is None or family.gone:
            self._reject_child_(order)
            return order
        order._family_ = family
        family.members.append(order)
        if not order.transmit:
            return order
        members = list(family.members)
        for member in members:
            if member.status != Order.Created:
                # A child that comes late sends its family again; an execution of one instance cancels the other.
                group_of(member)
        return [self.transmit(member, check) for member in members][-1]

    def transmit(self, order: Any, check: bool = True) -> Any:
        """Queue *order*: for the check of the cash, or at once for matching."""
        if check and self.p.checksubmit:
            order.status = _SUBMITTED
            order.broker = None
            if not order.simulated:
                clock = order.data._c_
                order.plen = clock.i + 1 + clock.dropped
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
        return self._cancel_(order, _USER, bracket)

    def _withdraw_(self, order: Any, why: tuple[Any, ...]) -> None:
        """Take *order* back for the reason *why*, accepted or not."""
        self._cancel_(order, why, queues=(self.pending, self.submitted))

    def _cancel_(
        self,
        order: Any,
        why: tuple[Any, ...],
        bracket: bool = False,
        queues: tuple[deque[Any], ...] | None = None,
    ) -> bool:
        if not isinstance(order, Order):
            warn_no_order(order)
            return False
        mine = order._source_ or order
        if queues is None:
            queues = (self.pending, self.submitted) if self.cancel_submitted else (self.pending,)
        for queue in queues:
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
        if order is not mine and mine._counted:
            order.executed.exbits = mine.executed.exbits  # a copy's executions are those of the order
        self._sleeps_until_ = -1
        self.active = True
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


#: Methods inside of backtrader's broker that have no place in this one, or other arguments.
_INSIDE_BACKTRADER = frozenset((
    "_execute", "_get_value", "_ocoize", "_process_fund_history", "_process_order_history", "_slip_down", "_slip_up",
    "_take_children", "_try_exec", "_try_exec_close", "_try_exec_historical", "_try_exec_limit", "_try_exec_market",
    "_try_exec_stop", "_try_exec_stoplimit",
))  # fmt: skip

_WAYS = methods_of(
    BackBroker,
    (
        *("buy", "sell", "submit", "transmit", "submit_accept", "check_submitted", "notify", "next", "getposition"),
        *("getcommissioninfo", "issue", "_execute", "_match_", "_try_market_"),
    ),
)

_REPORTS = methods_of(
    BackBroker,
    (
        *("getcash", "get_cash", "getvalue", "get_value", "get_value_lever", "getposition", "get_leverage"),
        *("get_fundvalue", "fundvalue", "get_fundshares", "fundshares", "get_fundmode", "fundmode"),
    ),
)

BrokerBack = BackBroker

__all__ = ["BackBroker", "BrokerBack"]
