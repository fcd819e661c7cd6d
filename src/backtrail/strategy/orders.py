"""The order methods of strategies."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from ..base.replaced import methods_of, replaced, watched
from ..broker.checks import check_target
from ..errors import OrderTypeError, UnknownDataError, unknown_name
from ..market.order import Order
from ..sizers.base import Sizer
from ..sizers.fixedsize import FixedSize
from .trades import TradesMixin

_INF = float("inf")


class OrderMixin(TradesMixin):
    """Orders, positions and sizing of a strategy.

    ``data`` may be a data or its name everywhere; left out, it is the first data.
    """

    _price_sizes_: bool = False
    _quick_broker_: Any = None
    _fixed_size_: Any = None

    data: Any
    datas: list[Any]
    env: Any
    broker: Any
    position: Any
    _c_: Any
    _order_analyzers_: Any = ()
    _trade_analyzers_: Any = ()
    notify_order: Any
    notify_trade: Any

    def _init_orders_(self) -> None:
        """Start with no orders and no trades."""
        broker = self.broker
        self._quick_broker_ = broker if hasattr(broker, "issue") else None
        self._sizer: Any = FixedSize()  # one unit, if nothing else is said
        self._orders: list[Any] = []
        self._orderspending: list[Any] = []
        self._tradespending: list[Any] = []
        self._init_trades_()

    # -- sizing ------------------------------------------------------------------------------------------------

    def _addsizer(self, sizer: Any, *args: Any, **kwargs: Any) -> None:
        """Make a *sizer* (a class) and use it; None stands for the default one."""
        self.setsizer(FixedSize() if sizer is None else sizer(*args, **kwargs))

    def setsizer(self, sizer: Sizer) -> Sizer:
        """Let *sizer* decide on sizes; give it back."""
        self._sizer = sizer
        sizer.set(self, self.broker)
        self._find_size_()
        return sizer

    def _find_size_(self) -> None:
        """Find out whether sizes need not be asked for, because they are fixed."""
        sizer = self._sizer
        usual = type(sizer) is FixedSize and not replaced(sizer, _SIZING) and not replaced(self, _SIZES)
        self._fixed_size_ = sizer.p if usual else None

    def getsizer(self) -> Any:
        """Give the sizer."""
        return self._sizer

    @property
    def sizer(self) -> Any:
        """The sizer."""
        return self._sizer

    @sizer.setter
    def sizer(self, sizer: Sizer) -> None:
        self.setsizer(sizer)

    @watched
    def getsizing(self, data: Any = None, isbuy: bool = True) -> Any:
        """Give the size that the sizer has for an order now."""
        return self._sizer.getsizing(self._named_(data), isbuy=isbuy)

    # -- datas and positions -----------------------------------------------------------------------------------

    def _named_(self, data: Any) -> Any:
        """Give the data that *data* names: itself, by name, or the first one."""
        if data is None:
            return self.datas[0]
        if isinstance(data, str):
            known = self.env.datasbyname
            if data not in known:
                raise UnknownDataError(unknown_name("data", type(self).__name__, data, known))
            return known[data]
        if not hasattr(data, "_name"):
            raise OrderTypeError(
                f"{type(self).__name__}: data must be one of self.datas, its name, or None for the first one; "
                f"got {data!r}."
            )
        return data

    def getposition(self, data: Any = None, broker: Any = None) -> Any:
        """Give the position in *data*."""
        return (broker or self.broker).getposition(self._named_(data))

    def getpositionbyname(self, name: str | None = None, broker: Any = None) -> Any:
        """Give the position in the data called *name*."""
        return (broker or self.broker).getposition(self._named_(name or None))

    @property
    def positionbyname(self) -> Any:
        """The position in the first data."""
        return self.getpositionbyname()

    def getpositions(self, broker: Any = None) -> Any:
        """Give the positions by data."""
        return (broker or self.broker).positions

    @property
    def positions(self) -> Any:
        """The positions by data."""
        return self.getpositions()

    def getpositionsbyname(self, broker: Any = None) -> Any:
        """Give the positions by the name of the data."""
        positions = (broker or self.broker).positions
        return OrderedDict((name, positions[data]) for name, data in self.env.datasbyname.items())

    @property
    def positionsbyname(self) -> Any:
        """The positions by the name of the data."""
        return self.getpositionsbyname()

    # -- orders ------------------------------------------------------------------------------------------------

    def buy(
        self,
        data: Any = None,
        size: float | None = None,
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
        **kwargs: Any,
    ) -> Any:
        """Issue an order to buy; give it, or None for a size of 0.

        *size* comes from the sizer if left out; its sign does not matter. *price* is the limit or stop price,
        *plimit* the limit of StopLimit orders. *valid* is a date, a datetime, a ``timedelta`` from now,
        ``Order.DAY`` or a date number. *oco* cancels this order when that one is executed, and the other way
        round. *parent* and *transmit* build brackets. Other keywords are kept in ``order.info``.
        """
        if data is None:
            data = self.datas[0]
        elif isinstance(data, str) or not hasattr(data, "_name"):
            data = self._named_(data)
        broker = self.broker
        if size is None:
            fixed = self._fixed_size_
            size = self.getsizing(data, isbuy=True) if fixed is None or fixed.tranches > 1 else fixed.stake
        try:
            size = abs(size)
        except TypeError:
            return self._no_size_(size)
        if not size:
            return None
        if (
            exectype is plimit is valid is oco is parent is trailamount is trailpercent is None
            and (price is None or self._price_sizes_)
            and broker is self._quick_broker_
            and broker._quick_
            and transmit
            and not kwargs
            and tradeid == 0
            and size < _INF
        ):
            return broker.issue(self, data, size, True, price)
        return broker.buy(
            self, data, size=size, price=price, plimit=plimit, exectype=exectype, valid=valid, tradeid=tradeid, oco=oco,
            trailamount=trailamount, trailpercent=trailpercent, parent=parent, transmit=transmit, **kwargs,
        )  # fmt: skip

    def sell(
        self,
        data: Any = None,
        size: float | None = None,
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
        **kwargs: Any,
    ) -> Any:
        """Issue an order to sell; everything is as in :meth:`buy`."""
        if data is None:
            data = self.datas[0]
        elif isinstance(data, str) or not hasattr(data, "_name"):
            data = self._named_(data)
        broker = self.broker
        if size is None:
            fixed = self._fixed_size_
            size = self.getsizing(data, isbuy=False) if fixed is None or fixed.tranches > 1 else fixed.stake
        try:
            size = abs(size)
        except TypeError:
            return self._no_size_(size)
        if not size:
            return None
        if (
            exectype is plimit is valid is oco is parent is trailamount is trailpercent is None
            and (price is None or self._price_sizes_)
            and broker is self._quick_broker_
            and broker._quick_
            and transmit
            and not kwargs
            and tradeid == 0
            and size < _INF
        ):
            return broker.issue(self, data, size, False, price)
        return broker.sell(
            self, data, size=size, price=price, plimit=plimit, exectype=exectype, valid=valid, tradeid=tradeid, oco=oco,
            trailamount=trailamount, trailpercent=trailpercent, parent=parent, transmit=transmit, **kwargs,
        )  # fmt: skip

    def _no_size_(self, size: Any) -> None:
        """Take no size for no order; raise :class:`OrderTypeError` for anything else that is no number."""
        if size is not None:
            raise OrderTypeError(
                f"An order of {type(self).__name__}: size must be a finite number; got {size!r}. Check what it is "
                "computed from."
            )

    def cancel(self, order: Any) -> None:
        """Ask for *order* to be cancelled."""
        self.broker.cancel(order)

    def close(self, data: Any = None, size: float | None = None, **kwargs: Any) -> Any:
        """Issue the order that closes the position (or *size* of it); None without a position."""
        data = self._named_(data)
        held = self.broker.getposition(data).size
        try:
            size = abs(held if size is None else size)
        except TypeError:
            return self._no_size_(size)
        if held > 0:
            return self.sell(data=data, size=size, **kwargs)
        if held < 0:
            return self.buy(data=data, size=size, **kwargs)
        return None

    # -- brackets ----------------------------------------------------------------------------------------------

    def buy_bracket(
        self,
        data: Any = None,
        size: float | None = None,
        price: float | None = None,
        plimit: float | None = None,
        exectype: int = Order.Limit,
        valid: Any = None,
        tradeid: Any = 0,
        trailamount: float | None = None,
        trailpercent: float | None = None,
        oargs: Any = {},  # noqa: B006  # the documented default; it is only read
        stopprice: float | None = None,
        stopexec: int | None = Order.Stop,
        stopargs: Any = {},  # noqa: B006  # the documented default; it is only read
        limitprice: float | None = None,
        limitexec: int | None = Order.Limit,
        limitargs: Any = {},  # noqa: B006  # the documented default; it is only read
        **kwargs: Any,
    ) -> list[Any]:
        """Issue a buy with a stop below and a limit above that wait for it and cancel each other.

        ``stopexec=None`` or ``limitexec=None`` leaves that side out. *oargs*, *stopargs* and *limitargs* are
        arguments of one order each, other keywords of all three. Gives ``[main, stop, limit]``, each None if
        left out or of size 0.
        """
        main = dict(
            data=data, size=size, price=price, plimit=plimit, exectype=exectype, valid=valid, tradeid=tradeid,
            trailamount=trailamount, trailpercent=trailpercent,
        )  # fmt: skip
        stop = limit = None
        if stopexec is not None:
            stop = dict(data=data, valid=valid, tradeid=tradeid, price=stopprice, exectype=stopexec)
            stop.update(stopargs)
        if limitexec is not None:
            limit = dict(data=data, valid=valid, tradeid=tradeid, price=limitprice, exectype=limitexec)
            limit.update(limitargs)
        main.update(oargs)
        return self._bracket_(self.buy, self.sell, main, stop, limit, kwargs)

    def sell_bracket(
        self,
        data: Any = None,
        size: float | None = None,
        price: float | None = None,
        plimit: float | None = None,
        exectype: int = Order.Limit,
        valid: Any = None,
        tradeid: Any = 0,
        trailamount: float | None = None,
        trailpercent: float | None = None,
        oargs: Any = {},  # noqa: B006  # the documented default; it is only read
        stopprice: float | None = None,
        stopexec: int | None = Order.Stop,
        stopargs: Any = {},  # noqa: B006  # the documented default; it is only read
        limitprice: float | None = None,
        limitexec: int | None = Order.Limit,
        limitargs: Any = {},  # noqa: B006  # the documented default; it is only read
        **kwargs: Any,
    ) -> list[Any]:
        """Issue a sell with a stop above and a limit below; everything is as in :meth:`buy_bracket`."""
        main = dict(
            data=data, size=size, price=price, plimit=plimit, exectype=exectype, valid=valid, tradeid=tradeid,
            trailamount=trailamount, trailpercent=trailpercent,
        )  # fmt: skip
        stop = limit = None
        if stopexec is not None:
            stop = dict(data=data, valid=valid, tradeid=tradeid, price=stopprice, exectype=stopexec)
            stop.update(stopargs)
        if limitexec is not None:
            limit = dict(data=data, valid=valid, tradeid=tradeid, price=limitprice, exectype=limitexec)
            limit.update(limitargs)
        main.update(oargs)
        return self._bracket_(self.sell, self.buy, main, stop, limit, kwargs)

    def _bracket_(
        self,
        enter: Any,
        leave: Any,
        main: dict[str, Any],
        stop: dict[str, Any] | None,
        limit: dict[str, Any] | None,
        both: dict[str, Any],
    ) -> list[Any]:
        """Issue the main order and its children; the last one transmits them all."""
        main.update(both)
        main["transmit"] = stop is None and limit is None
        parent = enter(**main)
        if parent is None:
            return [None, None, None]
        size = parent.size
        stop_order = limit_order = None
        if stop is not None:
            stop.update(both, parent=parent, size=size, transmit=limit is None)
            stop_order = leave(**stop)
        if limit is not None:
            limit.update(both, parent=parent, size=size, transmit=True)
            limit_order = leave(**limit)
        return [parent, stop_order, limit_order]

    # -- targets -----------------------------------------------------------------------------------------------

    def order_target_size(self, data: Any = None, target: float = 0, **kwargs: Any) -> Any:
        """Issue the order that brings the position to *target* units; None if it is there.

        Pending orders do not count.
        """
        data = self._named_(data)
        check_target("order_target_size", target)
        held = self.broker.getposition(data).size
        if not target and held:
            return self.close(data=data, size=held, **kwargs)
        if target > held:
            return self.buy(data=data, size=target - held, **kwargs)
        if target < held:
            return self.sell(data=data, size=held - target, **kwargs)
        return None

    def order_target_value(
        self, data: Any = None, target: float = 0.0, price: float | None = None, **kwargs: Any
    ) -> Any:
        """Issue the order that brings the position's value to *target*; None if it is there.

        The size is in whole units at *price*, which is the close if left out.
        """
        data = self._named_(data)
        check_target("order_target_value", target)
        held = self.broker.getposition(data).size
        self._price_sizes_ = True
        try:
            if not target and held:
                return self.close(data=data, size=held, price=price, **kwargs)
            value = self.broker.getvalue(datas=[data])
            comminfo = self.broker.getcommissioninfo(data)
            price = price if price is not None else data.close[0]
            if target > value:
                return self.buy(
                    data=data, size=comminfo.getsize(price, target - value), price=price, **kwargs
                )
            if target < value:
                return self.sell(
                    data=data, size=comminfo.getsize(price, value - target), price=price, **kwargs
                )
        finally:
            self._price_sizes_ = False
        return None

    def order_target_percent(self, data: Any = None, target: float = 0.0, **kwargs: Any) -> Any:
        """Issue the order that brings the position's value to the fraction *target* of the account's value."""
        check_target("order_target_percent", target)
        return self.order_target_value(
            data=self._named_(data), target=target * self.broker.getvalue(), **kwargs
        )

    # -- what came of it ---------------------------------------------------------------------------------------

    def _notify(self, qorders: Any = (), qtrades: Any = ()) -> None:
        """Call the hooks of the strategy and of its analyzers for orders and trades.

        Orders of the past reach the strategy only if it asked to be told of them; analyzers see them always. An
        analyzer that begins to listen in the course of this knows of all of these orders and trades.
        """
        of_orders, of_trades = self._order_analyzers_, self._trade_analyzers_
        for order in qorders:
            if order.exectype != Order.Historical or order.histnotify:
                self.notify_order(order)
            for analyzer in of_orders:
                analyzer._notify_order(order)
        for trade in qtrades:
            self.notify_trade(trade)
            for analyzer in of_trades:
                analyzer._notify_trade(trade)


_SIZES = methods_of(OrderMixin, ("getsizing",))
_SIZING = methods_of(FixedSize, ("getsizing", "_getsizing"))

__all__ = ["OrderMixin"]
