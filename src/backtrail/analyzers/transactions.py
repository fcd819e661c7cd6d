"""Executions, bar by bar."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections import defaultdict
from datetime import datetime
from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar

from ..base.declare import param
from ..market.position import Position
from .base import Analyzer
from .periods import as_datetimes, local_micros

_EXECUTED = (3, 4)  # Order.Partial, Order.Completed


class Transactions(Analyzer):
    """Report what was bought and sold: ``{moment: [[size, average price, data number, data name, -size * price], …]}``.

    All executions in one data within a bar are taken together; what adds up to nothing is left out. ``headers`` puts a
    row of names in front.
    """

    params: ClassVar[Any] = (
        ("headers", False),
        ("_pfheaders", ("date", "amount", "price", "sid", "symbol", "value")),
    )
    if TYPE_CHECKING:  # for type checkers: the parameter
        headers: bool = param(default=False)
    _from_log_: ClassVar[tuple[str, ...]] = ("notify_order",)

    def start(self) -> None:
        """Write the header row."""
        super().start()
        if self.p.headers:
            self.rets[self.p._pfheaders[0]] = [list(self.p._pfheaders[1:])]
        self._positions: defaultdict[Any, Position] = defaultdict(Position)
        self._noticed = 0
        self._seen: dict[
            int, tuple[int, float]
        ] = {}  # by order: number and total size of the executions counted

    def notify_order(self, order: Any) -> None:
        """Take the executions since the last notification."""
        if order.status not in _EXECUTED:
            return
        position = self._positions[order.data]
        for bit in order.executed.iterpending():
            if bit is None:
                break
            position.update(bit.size, bit.price)

    def next(self) -> None:
        """Report what was executed in this bar."""
        if self._positions:
            self._report(self.strategy.datetime.datetime())

    def _report(self, moment: datetime) -> None:
        rows = []
        for number, data in enumerate(self.datas):
            position = self._positions.get(data)
            if position is not None and position.size:
                size, price = position.size, position.price
                rows.append([size, price, number, data._name, -size * price])
        if rows:
            self.rets[moment] = rows
        self._positions.clear()

    def advance(self, start: int, stop: int) -> None:
        """Do the same for many cycles, from the broker's notices."""
        path = self._path_
        assert path is not None
        notices = self._notices(stop)
        cycles = [cycle for cycle, _ in itertools.groupby(notices, key=itemgetter(0))]
        zone = self.strategy.lines.datetime._tz
        moments = as_datetimes(local_micros(path.datetime[cycles], zone)) if cycles else []
        for moment, (_, group) in zip(moments, itertools.groupby(notices, key=itemgetter(0))):
            for _, order, total, _ in group:
                self._take_(order, total)
            self._report(moment)

    def _hear_of_(self, cycle: int, cash: float, value: float, fundvalue: float, shares: float) -> None:
        super()._hear_of_(cycle, cash, value, fundvalue, shares)
        for _, order, total, _ in self._notices(cycle + 1):
            self._take_(order, total)

    def _notices(self, stop: int) -> list[Any]:
        """Give the notices, up to cycle *stop*, of executions of this strategy's orders."""
        strategy = self.strategy
        notices = strategy.broker.journal.notices
        begin, self._noticed = self._noticed, bisect_left(notices, stop, lo=self._noticed, key=itemgetter(0))
        return [notice for notice in notices[begin : self._noticed] if strategy._owns_(notice[1])]

    def _take_(self, order: Any, total: float) -> None:
        """Count the executions of *order* up to a *total* size."""
        count, size = self._seen.get(order.ref, (0, 0.0))
        if size == total:
            return
        position = self._positions[order.data]
        for bit in order.executed.exbits[count:]:
            position.update(bit.size, bit.price)
            count += 1
            size += bit.size
            if size == total:
                break
        self._seen[order.ref] = (count, size)


__all__ = ["Transactions"]
