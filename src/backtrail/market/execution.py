"""What was asked of an order and what has been done of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any


class OrderExecutionBit(tuple[Any, ...]):
    """One execution of (a part of) an order.

    ``closed`` and ``opened`` are the signed sizes that closed and opened a position; ``psize`` and ``pprice``
    are the position's size and price afterwards; ``pnl`` belongs to the closed part.
    """

    __slots__ = ()

    def __new__(
        cls,
        dt: float | None = None,
        size: float = 0,
        price: float = 0.0,
        closed: float = 0,
        closedvalue: float = 0.0,
        closedcomm: float = 0.0,
        opened: float = 0,
        openedvalue: float = 0.0,
        openedcomm: float = 0.0,
        pnl: float = 0.0,
        psize: float = 0,
        pprice: float = 0.0,
    ) -> OrderExecutionBit:
        """Take the facts of one execution."""
        parts = (closed, closedvalue, closedcomm, opened, openedvalue, openedcomm)
        return tuple.__new__(cls, (dt, size, price, *parts, pnl, psize, pprice))

    def __getnewargs__(self) -> tuple[Any, ...]:
        return tuple(self)

    dt = property(lambda self: self[0], doc="Date number of the bar.")
    size = property(lambda self: self[1], doc="Signed size executed.")
    price = property(lambda self: self[2], doc="Price of the execution.")
    closed = property(lambda self: self[3], doc="Signed size that closed (a part of) the position.")
    closedvalue = property(lambda self: self[4], doc="Value of the closed part at its entry price.")
    closedcomm = property(lambda self: self[5], doc="Commission of the closed part.")
    opened = property(lambda self: self[6], doc="Signed size that opened or increased a position.")
    openedvalue = property(lambda self: self[7], doc="Value of the opened part.")
    openedcomm = property(lambda self: self[8], doc="Commission of the opened part.")
    pnl = property(lambda self: self[9], doc="Profit and loss of the closed part.")
    psize = property(lambda self: self[10], doc="Size of the position afterwards.")
    pprice = property(lambda self: self[11], doc="Price of the position afterwards.")
    value = property(lambda self: self[4] + self[7], doc="Value of both parts.")
    comm = property(lambda self: self[5] + self[8], doc="Commission of both parts.")

    def __repr__(self) -> str:
        return f"OrderExecutionBit(dt={self[0]}, size={self[1]}, price={self[2]}, pnl={self[9]})"


class OrderData:
    """Prices and sizes of an order, as created or as executed so far.

    ``exbits`` holds the executions; ``p1`` and ``p2`` bound those that came since the last-but-one
    notification.
    ``price`` is the average over all executions.
    """

    dt: float | None = None
    size: float = 0
    price: Any = 0.0
    pricelimit: Any = 0.0
    _plimit: Any = 0.0
    remsize: float = 0
    pclose: Any = 0.0
    trailamount: Any = 0.0
    trailpercent: Any = 0.0
    value: float = 0.0
    comm: float = 0.0
    margin: float | None = None
    pnl: float = 0.0
    psize: float = 0
    pprice: float = 0
    p1: int = 0
    p2: int = 0
    exbits: Sequence[OrderExecutionBit] = ()
    _info: Any = None
    _params: Any = None

    def __init__(
        self,
        dt: float | None = None,
        size: float = 0,
        price: Any = 0.0,
        pricelimit: Any = 0.0,
        remsize: float = 0,
        pclose: Any = 0.0,
        trailamount: Any = 0.0,
        trailpercent: Any = 0.0,
    ) -> None:
        self.dt = dt
        self.size = size
        self.price = price
        self.pricelimit = self._plimit = pricelimit
        self.pclose = pclose
        self.trailamount = trailamount
        self.trailpercent = trailpercent
        if remsize:
            self.remsize = remsize

    @property
    def plimit(self) -> Any:
        """The limit price as given."""
        return self._plimit

    @plimit.setter
    def plimit(self, value: Any) -> None:
        self._plimit = value

    def __len__(self) -> int:
        """Give the number of executions."""
        return len(self.exbits)

    def __getitem__(self, key: int) -> OrderExecutionBit:
        return self.exbits[key]

    def add(self, dt: float | None, size: float, price: float, *parts: Any, **named: Any) -> None:
        """Count one execution in; the arguments are those of :class:`OrderExecutionBit`."""
        self.addbit(OrderExecutionBit(dt, size, price, *parts, **named))

    def addbit(self, exbit: OrderExecutionBit) -> None:
        """Count the execution *exbit* in: sizes, average price, value, commission, profit."""
        dt, size, price, _, closedvalue, closedcomm, _, openedvalue, openedcomm, pnl, psize, pprice = exbit
        bits = self.exbits
        if isinstance(bits, list):
            bits.append(exbit)
        else:
            self.exbits = [exbit]
        self.remsize -= size
        self.dt = dt
        before = self.size
        total = before + size
        self.price = (self.price * before + size * price) / total
        self.size = total
        self.value += closedvalue + openedvalue
        self.comm += closedcomm + openedcomm
        self.pnl += pnl
        self.psize = psize
        self.pprice = pprice

    def getpending(self) -> list[OrderExecutionBit]:
        """Give the executions since the last-but-one notification."""
        return list(self.iterpending())

    def iterpending(self) -> Iterator[OrderExecutionBit]:
        """Iterate over the executions since the last-but-one notification."""
        return islice(self.exbits, self.p1, self.p2)

    def markpending(self) -> None:
        """Take note that the executions up to now are being notified."""
        self.p1, self.p2 = self.p2, len(self.exbits)

    def clone(self) -> OrderData:
        """Give a copy that shares the list of executions, and mark those pending in both."""
        self.p1, self.p2 = self.p2, len(self.exbits)
        made = OrderData.__new__(OrderData)
        made.__dict__ = self.__dict__.copy()
        return made

    def __repr__(self) -> str:
        return f"OrderData(dt={self.dt}, size={self.size}, price={self.price}, remsize={self.remsize})"


__all__ = ["OrderData", "OrderExecutionBit"]
