"""Observer of executed orders."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from .base import Observer


class BuySell(Observer):
    """Mark the bars in which orders on the data were executed.

    ``buy`` and ``sell`` are the mean of the average prices of the orders that were executed, at least in part, when
    their owner was notified; with ``barplot`` they lie ``bardist`` (a fraction) below the low and above the high.
    """

    lines: ClassVar[Any] = ("buy", "sell")
    plotinfo: ClassVar[Any] = {"plot": True, "subplot": False, "plotlinelabels": True}
    plotlines: ClassVar[Any] = {
        "buy": {"marker": "^", "markersize": 8.0, "color": "lime", "fillstyle": "full", "ls": ""},
        "sell": {"marker": "v", "markersize": 8.0, "color": "red", "fillstyle": "full", "ls": ""},
    }
    params: ClassVar[Any] = (("barplot", False), ("bardist", 0.015))

    def setup(self) -> None:
        """Begin with no bar."""
        self._at = -1  # the bar that the prices below belong to
        self._bought: list[float] = []
        self._sold: list[float] = []
        self._noticed = 0

    def _enter(self, index: int) -> None:
        if index != self._at:
            self._at = index
            self._bought = []
            self._sold = []

    def next(self) -> None:
        """Mark this bar."""
        self._enter(len(self))
        for order in self._owner._orderspending:
            if order.data is self.data and order.executed.size:
                (self._bought if order.isbuy() else self._sold).append(order.executed.price)
        low, high = self.data.low, self.data.high
        if self._bought:
            self.lines.buy[0] = self._mark(
                self._bought, low[0] * (1 - self.p.bardist) if self.p.barplot else 0.0
            )
        if self._sold:
            self.lines.sell[0] = self._mark(
                self._sold, high[0] * (1 + self.p.bardist) if self.p.barplot else 0.0
            )

    def _mark(self, prices: list[float], beyond: float) -> float:
        return beyond if self.p.barplot else math.fsum(prices) / len(prices)

    def observe(self, start: int, stop: int) -> None:
        """Mark the bars of many cycles."""
        owner, data = self._owner, self.data
        notices = owner.broker.journal.notices
        at = self._noticed
        count = len(notices)
        while at < count:
            cycle, order, _, price = notices[at]
            if cycle >= stop:
                break
            at += 1
            if order.data is data and owner._owns(order):
                self._notice(cycle, order.isbuy(), price)
        self._noticed = at

    def _notice(self, cycle: int, bought: bool, price: float) -> None:
        index = self._index(cycle)
        self._enter(index)
        prices, line = (self._bought, self.lines.buy) if bought else (self._sold, self.lines.sell)
        prices.append(price)
        beyond = 0.0
        if self.p.barplot:
            data, dist = self.data, self.p.bardist
            bars = data._c.bars_at
            bar = cycle if bars is None else int(bars[cycle])
            beyond = data.low._a[bar] * (1 - dist) if bought else data.high._a[bar] * (1 + dist)
        line._a[index] = self._mark(prices, beyond)


__all__ = ["BuySell"]
