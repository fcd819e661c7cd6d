"""Executions, bar by bar."""

from __future__ import annotations

from collections import defaultdict
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
    _steps_on_events: ClassVar[bool] = True

    def start(self) -> None:
        """Write the header row."""
        super().start()
        if self.p.headers:
            self.rets[self.p._pfheaders[0]] = [list(self.p._pfheaders[1:])]
        self._positions: defaultdict[str, Position] = defaultdict(Position)
        self._idnames = [(number, data._name) for number, data in enumerate(self.datas)]

    def notify_order(self, order: Any) -> None:
        """Take the executions since the last notification."""
        if order.status not in _EXECUTED:
            return
        position = self._positions[order.data._name]
        for bit in order.executed.iterpending():
            if bit is None:
                break
            position.update(bit.size, bit.price)

    def next(self) -> None:
        """Report what was executed in this bar."""
        if not self._positions:
            return
        rows = []
        for number, name in self._idnames:
            position = self._positions.get(name)
            if position is not None and position.size:
                size, price = position.size, position.price
                rows.append([size, price, number, name, -size * price])
        if rows:
            self.rets[self.strategy.datetime.datetime()] = rows
        self._positions.clear()

    def advance(self, start: int, stop: int) -> None:
        """Do nothing: bars without executions have no effect."""


__all__ = ["Transactions"]
