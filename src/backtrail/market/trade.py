"""Trades: from the first execution that opens one to the one that closes it."""

from __future__ import annotations

import datetime as _dt
from itertools import count
from typing import Any, ClassVar

from ..base.autodict import AutoOrderedDict
from ..base.time import num2date


class TradeHistory(AutoOrderedDict):
    """What a trade looked like after one update (``status``) and what the update was (``event``)."""

    def __init__(
        self,
        status: int,
        dt: float,
        barlen: int,
        size: float,
        price: float,
        value: float,
        pnl: float,
        pnlcomm: float,
        tz: Any,
        event: Any = None,
    ) -> None:
        super().__init__()
        self.status = AutoOrderedDict(
            status=status,
            dt=dt,
            barlen=barlen,
            size=size,
            price=price,
            value=value,
            pnl=pnl,
            pnlcomm=pnlcomm,
            tz=tz,
        )
        self.event = AutoOrderedDict() if event is None else event

    def __reduce__(self) -> tuple[Any, ...]:
        state = self.status
        names = ("status", "dt", "barlen", "size", "price", "value", "pnl", "pnlcomm", "tz")
        return type(self), (*(state[name] for name in names), self.event)

    def doupdate(self, order: Any, size: float, price: float, commission: float) -> None:
        """Take note of the execution behind the update; the entry is complete then."""
        self.event.order = order
        self.event.size = size
        self.event.price = price
        self.event.commission = commission
        self._close()

    def datetime(self, tz: Any = None, naive: bool = True) -> _dt.datetime:
        """Give the time of the update."""
        return num2date(self.status.dt, tz or self.status.tz, naive)


class Trade:
    """A position from being opened to being closed, for one data and ``tradeid``.

    ``price`` stays at the average entry after closing; ``pnl`` is gross, ``pnlcomm`` net of commission.
    ``baropen``,
    ``barclose`` and ``barlen`` count bars, ``dtopen`` and ``dtclose`` are date numbers. ``long`` is there once
    opened.
    """

    refbasis = count(1)
    status_names: ClassVar[list[str]] = ["Created", "Open", "Closed"]
    Created, Open, Closed = range(3)

    pnl: float = 0.0
    pnlcomm: float = 0.0
    justopened: bool = False
    isopen: bool = False
    isclosed: bool = False
    baropen: int = 0
    dtopen: float = 0.0
    barclose: int = 0
    dtclose: float = 0.0
    barlen: int = 0
    status: int = 0
    historyon: bool = False
    tradeid: Any = 0
    _history: list[TradeHistory] | None = None
    long: bool

    def __init__(
        self,
        data: Any = None,
        tradeid: Any = 0,
        historyon: bool = False,
        size: float = 0,
        price: float = 0.0,
        value: float = 0.0,
        commission: float = 0.0,
    ) -> None:
        self.ref = next(Trade.refbasis)
        self.data = data
        self.tradeid = tradeid
        self.size = size
        self.price = price
        self.value = value
        self.commission = commission
        if historyon:
            self.historyon = historyon

    @property
    def history(self) -> list[TradeHistory]:
        """The updates, oldest first; filled when ``historyon``."""
        if self._history is None:
            self._history = []
        return self._history

    def __len__(self) -> int:
        return abs(self.size)  # type: ignore[return-value]  # fractional sizes raise TypeError, as len() must

    def __bool__(self) -> bool:
        return self.size != 0

    def copy(self) -> Trade:
        """Give a copy as it stands now."""
        made = type(self).__new__(type(self))
        made.__dict__ = self.__dict__.copy()
        return made

    def getdataname(self) -> str:
        """Give the name of the data traded."""
        return str(self.data._name)

    def open_datetime(self, tz: Any = None, naive: bool = True) -> _dt.datetime:
        """Give the time at which the trade was opened."""
        moment: _dt.datetime = self.data.num2date(self.dtopen, tz=tz, naive=naive)
        return moment

    def close_datetime(self, tz: Any = None, naive: bool = True) -> _dt.datetime:
        """Give the time at which the trade was closed."""
        moment: _dt.datetime = self.data.num2date(self.dtclose, tz=tz, naive=naive)
        return moment

    def update(
        self,
        order: Any,
        size: float,
        price: float,
        value: float,
        commission: float,
        pnl: float,
        comminfo: Any,
    ) -> None:
        """Count an execution of *size* at *price* in; nothing happens for a size of 0.

        Value and profit come from *comminfo*, not from the arguments *value* and *pnl*.
        """
        if size:
            self.count(order, size, price, commission, comminfo, len(self.data), self.data.datetime[0])

    def count(
        self, order: Any, size: float, price: float, commission: float, comminfo: Any, now: int, dt: float
    ) -> None:
        """Count an execution of *size* at *price* on bar number *now* at the date number *dt* in."""
        before = self.size
        after = self.size = before + size
        self.commission += commission
        if not before:
            self.justopened = True
            self.baropen = now
            self.dtopen = 0.0 if order.simulated else dt
            self.long = after > 0
        else:
            self.justopened = False
        self.isopen = bool(after)
        self.barlen = now - self.baropen
        self.isclosed = bool(before and not after)
        if self.isclosed:
            self.barclose = now
            self.dtclose = dt
            self.status = Trade.Closed
        else:
            self.status = Trade.Open
        if abs(after) > abs(before):
            self.price = (before * self.price + size * price) / after
        elif comminfo._standard_:
            self.pnl += -size * (price - self.price) * comminfo.p.mult
        else:
            self.pnl += comminfo.profitandloss(-size, self.price, price)
        self.pnlcomm = self.pnl - self.commission
        if comminfo._standard_ and comminfo._stocklike:
            self.value = after * self.price
        else:
            self.value = comminfo.getvaluesize(after, self.price)
        if self.historyon:
            self._remember(order, size, price, commission, dt)

    def shut(self, size: float, price: float, commission: float, mult: float, now: int, dt: float) -> None:
        """Count the execution in that closes the trade, in a stock under a standard scheme with the factor *mult*."""
        self.commission += commission
        self.size += size
        self.justopened = self.isopen = False
        self.isclosed = True
        self.barlen = now - self.baropen
        self.barclose = now
        self.dtclose = dt
        self.status = 2
        self.pnl += -size * (price - self.price) * mult
        self.pnlcomm = self.pnl - self.commission
        self.value = self.size * self.price  # zero, of the sign of the price

    def _remember(self, order: Any, size: float, price: float, commission: float, dt: float) -> None:
        """Append the update to the history."""
        entry = TradeHistory(
            self.status,
            0.0 if order.simulated else dt,
            self.barlen,
            self.size,
            self.price,
            self.value,
            self.pnl,
            self.pnlcomm,
            self.data._tz,
        )
        self.history.append(entry)
        entry.doupdate(order, size, price, commission)

    def __str__(self) -> str:
        names = (
            *(
                "ref",
                "data",
                "tradeid",
                "size",
                "price",
                "value",
                "commission",
                "pnl",
                "pnlcomm",
                "justopened",
            ),
            *(
                "isopen",
                "isclosed",
                "baropen",
                "dtopen",
                "barclose",
                "dtclose",
                "barlen",
                "historyon",
                "history",
            ),
            "status",
        )
        return "\n".join(f"{name}:{getattr(self, name)}" for name in names)

    def __repr__(self) -> str:
        state = self.status_names[self.status]
        return f"<Trade {self.ref}: {state} {self.size} at {self.price}, pnl {self.pnl}>"


def opened_trade(data: Any, size: float, price: float, commission: float, now: int, dt: float) -> Trade:
    """Give the trade that one execution in a stock opens on bar number *now* at the date number *dt*."""
    trade = Trade.__new__(Trade)
    trade.ref = next(Trade.refbasis)
    trade.data = data
    trade.size = size
    trade.price = average = size * price / size
    trade.value = size * average
    trade.commission = commission = 0.0 + commission  # no negative zero
    trade.pnlcomm = 0.0 - commission
    trade.justopened = trade.isopen = True
    trade.baropen = now
    trade.dtopen = dt
    trade.long = size > 0
    trade.status = 1
    return trade


__all__ = ["Trade", "TradeHistory", "opened_trade"]
