"""Orders: what is wanted, under which conditions, and how far it got."""

from __future__ import annotations

import datetime as _dt
from collections.abc import Hashable
from itertools import count
from numbers import Real
from operator import attrgetter
from typing import Any, ClassVar

from ..base.autodict import AutoOrderedDict
from ..errors import OrderTypeError
from .execution import OrderData, OrderExecutionBit
from .lazy import CreatedPart, ExecutedPart, ParamsAccess

_new = object.__new__
# The last instant of a day that an order of the day lives in (backtrader's, to the microsecond).
_END_OF_DAY = _dt.time(23, 59, 59, 9999)


class OrderBase:
    """Constants and state that all orders share.

    Orders compare by ``ref`` and can be held in sets and dicts. The parameters of creation are attributes of
    the order (and of ``order.params``); the size of a sell is negative as ``order.size``, as given in
    ``order.params.size``.
    ``reason`` says in words why an order was rejected, cancelled, expired or refused for margin.
    """

    DAY = _dt.timedelta()

    T_Close, T_Day, T_Date, T_None = range(4)
    V_None = range(1)
    Market, Close, Limit, Stop, StopLimit, StopTrail, StopTrailLimit, Historical = range(8)
    ExecTypes: ClassVar[list[str]] = [
        "Market",
        "Close",
        "Limit",
        "Stop",
        "StopLimit",
        "StopTrail",
        "StopTrailLimit",
        "Historical",
    ]
    OrdTypes: ClassVar[list[str]] = ["Buy", "Sell"]
    Buy, Sell = range(2)
    Created, Submitted, Accepted, Partial, Completed, Canceled, Expired, Margin, Rejected = range(9)
    Cancelled = Canceled
    Status: ClassVar[list[str]] = [
        "Created",
        "Submitted",
        "Accepted",
        "Partial",
        "Completed",
        "Canceled",
        "Expired",
        "Margin",
        "Rejected",
    ]
    refbasis = count(1)

    ordtype: ClassVar[Any] = None

    # What is not set on the instance has the default of a plain market order.
    owner: Any = None
    data: Any = None
    size: Any = None
    price: Any = None
    pricelimit: Any = None
    _exectype: Any = None
    _valid: Any = None
    tradeid: Any = 0
    oco: Any = None
    _oco_: Any = None  # the order that cancels this one
    _typed_: bool = False  # whether an execution type was given
    trailamount: Any = None
    trailpercent: Any = None
    parent: Any = None
    transmit: Any = True
    simulated: Any = False
    histnotify: Any = False
    broker: Any = None
    comminfo: Any = None
    triggered: bool = False
    position: Any = 0
    pannotated: float | None = None
    plen: int | None = None
    _why: tuple[Any, ...] | None = None
    _active: bool = True
    _source_: Any = None
    _group: Any = None
    _family_: Any = None
    _limitoffset: float = 0.0
    _plimit: Any = None
    _dteos: float | None = None
    _dt: float = 0.0
    _pclose: float = 0.0
    # An execution that completed the order at once, and the end of one that was not executed: kept until ``executed``
    # is asked for (``_counted``).
    _bit: tuple[Any, ...] | None = None
    _ended: float | None = None
    _counted: bool = False
    _lean: bool = False
    _outlook: int = 32  # bars to look ahead for the next touch
    _wake: int = -1
    ref: int
    status: int

    created: Any = CreatedPart()
    params: Any = ParamsAccess()
    p: Any = ParamsAccess()
    executed: Any = ExecutedPart()

    def __init__(
        self,
        owner: Any = None,
        data: Any = None,
        size: Any = None,
        price: Any = None,
        pricelimit: Any = None,
        exectype: Any = None,
        valid: Any = None,
        tradeid: Any = 0,
        oco: Any = None,
        trailamount: Any = None,
        trailpercent: Any = None,
        parent: Any = None,
        transmit: Any = True,
        simulated: Any = False,
        histnotify: Any = False,
    ) -> None:
        self.__dict__ = _NEW.copy()
        self.ref = next(OrderBase.refbasis)
        self.owner = owner
        self.data = data
        self.size = -size if self.ordtype == 1 and size is not None else size
        self._exectype = 0 if exectype is None else exectype
        if exectype is not None:
            self._typed_ = True
        self.status = 0
        if price is not None:
            self.price = price
        if pricelimit is not None:
            self.pricelimit = self._plimit = pricelimit
        if tradeid != 0:
            if not isinstance(tradeid, Hashable):
                raise OrderTypeError(f"An order's tradeid must be a number or a text; got {tradeid!r}.")
            self.tradeid = tradeid
        if oco is not None:
            self.oco = oco
        if trailamount is not None:
            self.trailamount = trailamount
        if trailpercent is not None:
            self.trailpercent = trailpercent
        if parent is not None:
            self.parent = parent
        if not transmit:
            self.transmit = transmit
        if simulated:
            self.simulated = simulated
        if histnotify:
            self.histnotify = histnotify
        self._price()
        if valid is not None:
            self.valid = valid
            if not simulated:
                self._time_limit(valid)

    def _price(self) -> None:
        """Settle the prices that the order works with: an omitted one comes from the other, else from the close."""
        given, limit = self.price, self.pricelimit
        if self.simulated:
            dt, pclose = 0.0, given
            price = pricelimit = given
        else:
            data = self.data
            dt, pclose = data.datetime[0], data.close[0]
            price = given or limit or pclose
            pricelimit = limit if limit else price
        created = self.created = OrderData(
            dt, self.size, price, pricelimit, 0, pclose, self.trailamount, self.trailpercent
        )
        created._plimit = limit
        exectype = self._exectype
        if exectype == OrderBase.StopTrail or exectype == OrderBase.StopTrailLimit:
            if given and limit:
                self._limitoffset = price - pricelimit
            self._trail_from(price)

    def _trail_from(self, price: float) -> None:
        """Put the stop of a trailing order at its distance from *price*."""
        created = self.created
        created.price = self._trailed(price)
        if self.exectype == OrderBase.StopTrailLimit:
            created.pricelimit = created.price - self._limitoffset

    def _trailed(self, price: float) -> float:
        """Give the stop that belongs to *price*: the amount counts before the percentage."""
        if self.trailamount:
            distance = self.trailamount
        elif self.trailpercent:
            distance = price * self.trailpercent
        else:
            return price
        return float(price + distance if self.ordtype == OrderBase.Buy else price - distance)

    def _time_limit(self, valid: Any) -> None:
        """Turn *valid* into the date number after which the order expires.

        A ``timedelta`` counts from now, except for an empty one, which (as 0 does) means the end of the day.
        """
        data = self.data
        given = valid
        # 0 is a documented spelling of "this day"; False is not.
        if isinstance(valid, int | float) and not isinstance(valid, bool) and valid == 0:
            valid = OrderBase.DAY
        if isinstance(valid, _dt.timedelta):
            if valid == OrderBase.DAY:
                end = _dt.datetime.combine(data.datetime.date(), _END_OF_DAY)
            else:
                end = data.datetime.datetime() + valid
            self.valid = data.date2num(end)
        elif isinstance(valid, _dt.date):
            self.valid = data.date2num(valid)
        elif isinstance(valid, Real):
            return
        else:
            raise OrderTypeError(
                "valid must be a date, a datetime, a timedelta from now, bt.Order.DAY or a date number; "
                f"got {valid!r}."
            )
        self._valid_given = given

    def _set_valid(self, valid: Any) -> None:
        self._valid = valid
        broker = getattr(self.created, "_broker", None)
        if broker is not None:
            broker.wake()

    def _set_exectype(self, exectype: Any) -> None:
        self._exectype = exectype
        self._lean = False
        broker = getattr(self.__dict__.get("created"), "_broker", None)
        if broker is not None:
            broker.wake()

    #: Number of the execution type; a waiting order goes by another one from the next bar on.
    exectype: Any = property(attrgetter("_exectype"), _set_exectype)

    #: Date number of the end of the last bar that the order may trade on; None or 0 for no end.
    valid: Any = property(attrgetter("_valid"), _set_valid)

    @property
    def info(self) -> Any:
        """Whatever the caller attached: keyword arguments unknown to the order, and attributes set later."""
        info = self.created._info
        if info is None:
            info = self.created._info = AutoOrderedDict()
        return info

    @info.setter
    def info(self, value: Any) -> None:
        self.created._info = value

    @property
    def dteos(self) -> float:
        """Date number of the end of the session in (or after) which the order was created; 0.0 when simulated."""
        end = self._dteos
        if end is None:
            if self.simulated:
                return 0.0
            data = self.data
            created = data.num2date(self.created.dt)
            sessionend = data.p.sessionend
            close = created.replace(
                hour=sessionend.hour,
                minute=sessionend.minute,
                second=sessionend.second,
                microsecond=sessionend.microsecond,
            )
            if created > close:
                close += _dt.timedelta(days=1)
            end = self._dteos = data.date2num(close)
        return end

    @property
    def plimit(self) -> Any:
        """The limit price as given."""
        return self._plimit

    @plimit.setter
    def plimit(self, value: Any) -> None:
        self._plimit = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OrderBase) and self.ref == other.ref

    def __ne__(self, other: object) -> bool:
        return not (isinstance(other, OrderBase) and self.ref == other.ref)

    def __hash__(self) -> int:
        return hash(self.ref)

    def __getitem__(self, key: str) -> Any:
        return getattr(self, key)

    def __str__(self) -> str:
        return "\n".join(
            (
                f"Ref: {self.ref}",
                f"OrdType: {self.ordtype}",
                f"OrdType: {self.ordtypename()}",
                f"Status: {self.status}",
                f"Status: {self.getstatusname()}",
                f"Size: {self.size}",
                f"Price: {self.price}",
                f"Price Limit: {self.pricelimit}",
                f"TrailAmount: {self.trailamount}",
                f"TrailPercent: {self.trailpercent}",
                f"ExecType: {self.exectype}",
                f"ExecType: {self.getordername()}",
                f"CommInfo: {self.comminfo}",
                f"End of Session: {self.dteos}",
                f"Info: {self.info}",
                f"Broker: {self.broker}",
                f"Alive: {self.alive()}",
            )
        )

    def __repr__(self) -> str:
        kind = f"{self.ordtypename()} {self.getordername()}"
        return f"<Order {self.ref}: {kind} {self.size} {self.getstatusname()}>"

    def clone(self) -> OrderBase:
        """Give a copy as it stands now; its executed part holds what came since the previous copy."""
        made: OrderBase = _new(self.__class__)
        own = self.__dict__.copy()
        own["_source_"] = self._source_ or self
        if self._counted:
            own["executed"] = self.executed.clone()
        made.__dict__ = own
        return made

    @property
    def reason(self) -> str:
        """Why the order was rejected, cancelled, expired or refused for margin; empty otherwise."""
        why = self._why
        return "" if why is None else why[0].format(*why[1:])

    def getstatusname(self, status: int | None = None) -> str:
        """Give the name of *status*, or of the order's own."""
        return self.Status[self.status if status is None else status]

    def getordername(self, exectype: int | None = None) -> str:
        """Give the name of *exectype*, or of the order's own."""
        return self.ExecTypes[self.exectype if exectype is None else exectype]

    @classmethod
    def ExecType(cls, exectype: str) -> Any:
        """Give the number of the execution type called *exectype*."""
        return getattr(cls, exectype)

    def ordtypename(self, ordtype: int | None = None) -> str:
        """Give ``"Buy"`` or ``"Sell"``."""
        which = self.ordtype if ordtype is None else ordtype
        return self.OrdTypes[which]

    def active(self) -> bool:
        """Tell whether the order may be matched: children of a bracket wait for their parent."""
        return self._active

    def activate(self) -> None:
        """Let the order be matched."""
        self._active = True

    def alive(self) -> bool:
        """Tell whether something can still happen to the order."""
        return self.status < 4  # Created, Submitted, Accepted, Partial

    def addcomminfo(self, comminfo: Any) -> None:
        """Take the commission scheme that the order is executed under."""
        self.comminfo = comminfo

    def addinfo(self, **kwargs: Any) -> None:
        """Attach named values to ``order.info``."""
        info = self.info
        for key, value in kwargs.items():
            info[key] = value

    def isbuy(self) -> bool:
        """Tell whether this is a buy."""
        return bool(self.ordtype == 0)

    def issell(self) -> bool:
        """Tell whether this is a sell."""
        return bool(self.ordtype == 1)

    def setposition(self, position: Any) -> None:
        """Take the position that the order was issued in."""
        self.position = position

    def submit(self, broker: Any = None) -> None:
        """Mark the order as submitted to *broker*."""
        self.status = OrderBase.Submitted
        self.broker = broker
        if not self.simulated:
            self.plen = len(self.data)

    def accept(self, broker: Any = None) -> None:
        """Mark the order as accepted by *broker*."""
        self.status = OrderBase.Accepted
        self.broker = broker

    def brokerstatus(self) -> Any:
        """Give the status that the broker knows."""
        if self.broker:
            return self.broker.orderstatus(self)
        return self.status

    def reject(self, broker: Any = None) -> bool:
        """Mark the order as rejected; False if it was already."""
        if self.status == OrderBase.Rejected:
            return False
        self._end(OrderBase.Rejected)
        if broker is not None:
            self.broker = broker
        return True

    def _end(self, status: int) -> None:
        """End the order with *status* now."""
        self.status = status
        now = None if self.simulated else self.data.datetime[0]
        if self._counted or self._bit is not None:
            self.executed.dt = now
        else:
            self._ended = now

    def cancel(self) -> None:
        """Mark the order as cancelled."""
        self._end(OrderBase.Canceled)

    def margin(self) -> None:
        """Mark the order as refused for lack of cash."""
        self._end(OrderBase.Margin)

    def completed(self) -> None:
        """Mark the order as executed in full."""
        self.status = OrderBase.Completed

    def partial(self) -> None:
        """Mark the order as executed in part."""
        self.status = OrderBase.Partial

    def execute(
        self,
        dt: float,
        size: float,
        price: float,
        closed: float,
        closedvalue: float,
        closedcomm: float,
        opened: float,
        openedvalue: float,
        openedcomm: float,
        margin: float | None,
        pnl: float,
        psize: float,
        pprice: float,
    ) -> None:
        """Count an execution of *size* at *price* in; nothing happens for a size of 0."""
        if not size:
            return
        parts = (closed, closedvalue, closedcomm, opened, openedvalue, openedcomm)
        executed = self.executed
        executed.addbit(tuple.__new__(OrderExecutionBit, (dt, size, price, *parts, pnl, psize, pprice)))
        executed.margin = margin

    def expire(self) -> bool:
        """Expire the order if its time has come; tell whether that happened."""
        return True

    def trailadjust(self, price: float) -> None:
        """Move the stop of a trailing order after *price*."""


# What orders have in their dicts from the beginning on: the same in the same places, which makes reading it quick.
_NEW: dict[str, Any] = {
    name: getattr(OrderBase, name, None)
    for name in (
        "ref", "owner", "data", "size", "status", "_exectype", "plen", "comminfo", "price", "_valid", "parent",
        "transmit", "broker", "triggered", "_active", "_source_", "_group", "_family_", "_bit", "_counted", "_lean",
        "_outlook", "_wake",
    )
}  # fmt: skip


class Order(OrderBase):
    """An order that knows how to be executed, to expire and to trail."""

    def execute(
        self,
        dt: float,
        size: float,
        price: float,
        closed: float,
        closedvalue: float,
        closedcomm: float,
        opened: float,
        openedvalue: float,
        openedcomm: float,
        margin: float | None,
        pnl: float,
        psize: float,
        pprice: float,
    ) -> None:
        """Count an execution in and set the status to Partial or Completed."""
        parts = (closed, closedvalue, closedcomm, opened, openedvalue, openedcomm)
        super().execute(dt, size, price, *parts, margin, pnl, psize, pprice)
        self.status = OrderBase.Partial if self.executed.remsize else OrderBase.Completed

    def expire(self) -> bool:
        """Expire the order if the bar is later than ``valid``; market orders never do."""
        valid = self.valid
        if not valid or self.exectype == OrderBase.Market:
            return False
        now = self.data.datetime[0]
        if now > valid:
            self._end(OrderBase.Expired)
            return True
        return False

    def trailadjust(self, price: float) -> None:
        """Move the stop to its distance from *price* if that is closer to the market; never back."""
        stop = self._trailed(price)
        created = self.created
        closer = stop < created.price if self.ordtype == OrderBase.Buy else stop > created.price
        if closer:
            created.price = stop
            if self.exectype == OrderBase.StopTrailLimit:
                created.pricelimit = stop - self._limitoffset


class BuyOrder(Order):
    """An order to buy."""

    ordtype = OrderBase.Buy


class StopBuyOrder(BuyOrder):
    """A name kept for user code; stops are orders of the execution type Stop."""


class StopLimitBuyOrder(BuyOrder):
    """A name kept for user code; these are orders of the execution type StopLimit."""


class SellOrder(Order):
    """An order to sell: its size is negative."""

    ordtype = OrderBase.Sell


class StopSellOrder(SellOrder):
    """A name kept for user code; stops are orders of the execution type Stop."""


class StopLimitSellOrder(SellOrder):
    """A name kept for user code; these are orders of the execution type StopLimit."""


__all__ = [
    "BuyOrder",
    "Order",
    "OrderBase",
    "OrderData",
    "OrderExecutionBit",
    "SellOrder",
    "StopBuyOrder",
    "StopLimitBuyOrder",
    "StopLimitSellOrder",
    "StopSellOrder",
]
