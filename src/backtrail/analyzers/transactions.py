"""Executions, bar by bar."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from ..base.declare import param
from ..market.position import Position
from .base import Analyzer

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

    def create_analysis(self) -> None:
        """Make the results: nothing executed yet."""
        self._positions: defaultdict[Any, Position] = defaultdict(Position)
        self._moment: datetime | None = None
        self._cycle = 0
        super().create_analysis()

    @property
    def rets(self) -> Any:
        """The results, with the executions of all complete bars."""
        if self._positions and self._behind and self.strategy._account_path().cycles >= self._cycle:
            self._report()
        return self._rets

    @rets.setter
    def rets(self, value: Any) -> None:
        self._rets = value

    def start(self) -> None:
        """Write the header row."""
        super().start()
        if self.p.headers:
            self.rets[self.p._pfheaders[0]] = [list(self.p._pfheaders[1:])]

    def notify_order(self, order: Any) -> None:
        """Take the executions since the last notification."""
        if order.status not in _EXECUTED:
            return
        if self._behind:
            cycle = len(self.strategy)
            if cycle != self._cycle:
                self._report()
                self._cycle = cycle
                self._moment = self.strategy.datetime.datetime()
        position = self._positions[order.data]
        for bit in order.executed.iterpending():
            if bit is None:
                break
            position.update(bit.size, bit.price)

    def next(self) -> None:
        """Report what was executed in this bar."""
        if self._positions:
            self._moment = self.strategy.datetime.datetime()
            self._report()

    def _report(self) -> None:
        """Report what was executed in the bar of the last notification."""
        rows = []
        for number, data in enumerate(self.datas):
            position = self._positions.get(data)
            if position is not None and position.size:
                size, price = position.size, position.price
                rows.append([size, price, number, data._name, -size * price])
        if rows:
            self._rets[self._moment] = rows
        self._positions.clear()

    def stop(self) -> None:
        """Report on the last bar."""
        self._report()
        super().stop()

    def advance(self, start: int, stop: int) -> None:
        """Do nothing: bars are told apart when orders are notified."""


__all__ = ["Transactions"]
