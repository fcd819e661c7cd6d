"""Observer of executed orders."""

from __future__ import annotations

import math
from bisect import bisect_left
from operator import itemgetter
from typing import Any, ClassVar

import numpy as np

from ..base.declare import param
from .base import Observer

_Mark = tuple[int, float, float]  # cycle, executed size, average price


class _Executions:
    """The notices of executed orders of a strategy, by data."""

    def __init__(self) -> None:
        self.read = 0
        self.by_data: dict[Any, list[_Mark]] = {}


def _executions(strategy: Any, stop: int) -> dict[Any, list[_Mark]]:
    """Give the executions of the strategy's orders that were notified before cycle *stop*, by data."""
    known: _Executions = strategy.__dict__.setdefault("_executions_", _Executions())
    notices = strategy.broker.journal.notices
    at, known.read = known.read, bisect_left(notices, stop, lo=known.read, key=itemgetter(0))
    fresh = notices[at : known.read]
    run = strategy._run_
    if len(run.datas) == 1 and len(run.strats) == 1:
        marks = known.by_data.setdefault(run.datas[0], [])
        marks += [(cycle, size, price) for cycle, _, size, price in fresh]
        return known.by_data
    for cycle, order, size, price in fresh:
        if strategy._owns_(order):
            known.by_data.setdefault(order.data, []).append((cycle, size, price))
    return known.by_data


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
    params: ClassVar[Any] = (("barplot", False), ("bardist", param(default=0.015, ge=0)))

    def setup(self) -> None:
        """Begin with no bar."""
        self._bought = _Prices()
        self._sold = _Prices()
        self._noticed = 0

    def next(self) -> None:
        """Mark this bar."""
        bar = len(self)
        for order in self._owner._orderspending:
            if order.data is self.data and order.executed.size:
                (self._bought if order.isbuy() else self._sold).add(bar, order.executed.price)
        dist = self.p.bardist
        if self._bought.bar == bar:
            below = self.data.low[0] * (1 - dist)
            self.lines.buy[0] = below if self.p.barplot else self._bought.mean()
        if self._sold.bar == bar:
            above = self.data.high[0] * (1 + dist)
            self.lines.sell[0] = above if self.p.barplot else self._sold.mean()

    def observe(self, start: int, stop: int) -> None:
        """Mark the bars of many cycles."""
        marks = _executions(self._owner, stop).get(self.data, ())[self._noticed :]
        self._noticed += len(marks)
        dist = self.p.bardist
        self._mark_all(self.lines.buy, [m for m in marks if m[1] > 0], self._bought, self.data.low, 1 - dist)
        self._mark_all(self.lines.sell, [m for m in marks if m[1] < 0], self._sold, self.data.high, 1 + dist)

    def _mark_all(self, line: Any, marks: list[_Mark], prices: _Prices, edge: Any, factor: float) -> None:
        if not marks:
            return
        cycles = np.array([mark[0] for mark in marks])
        bars = self.data._c_.bars_at
        at = cycles if bars is None else bars[cycles]
        index = cycles if self._in_step_() else at
        if self.p.barplot:
            self._room_(line)[index] = edge.array[at] * factor
            return
        out = self._room_(line)
        for bar, mark in zip(index.tolist(), marks):
            prices.add(bar, mark[2])
            out[bar] = prices.mean()


class _Prices:
    """The prices of one side in one bar."""

    __slots__ = ("bar", "prices")

    def __init__(self) -> None:
        self.bar = -1
        self.prices: list[float] = []

    def add(self, bar: int, price: float) -> None:
        """Add a price; those of an earlier bar are forgotten."""
        if bar != self.bar:
            self.bar = bar
            self.prices = []
        self.prices.append(price)

    def mean(self) -> float:
        """Give the mean (correctly rounded sum)."""
        return math.fsum(self.prices) / len(self.prices)


__all__ = ["BuySell"]
