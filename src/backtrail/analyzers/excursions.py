"""How far prices ran against and in favour of each trade."""

from __future__ import annotations

import math
from bisect import bisect_left
from operator import itemgetter
from typing import Any, ClassVar

import numpy as np

from .base import Analyzer

_CLOSED = 2  # Trade.Closed
_EXECUTED = (3, 4)  # Order.Partial, Order.Completed


class TradeExcursions(Analyzer):
    """Report maximum adverse and favourable excursion (MAE and MFE) of each closed trade.

    ``mae`` is the farthest that the price went against the trade, ``mfe`` the farthest that it went in its favour: in
    price per unit from the average entry price, at least 0. All of the bars from that of the entry to the one before
    the exit count, and of the bar of the exit its open and the price of the order that closed the trade. (The whole
    bar of the entry counts also when the entry was in its middle.) ``mae_percent`` and ``mfe_percent`` are these
    in percent of the entry price (None for an entry price of 0). Sources: John Sweeney, "Campaign Trading" (1996) and
    "Maximum Adverse Excursion" (1997).

    Results: ``trades``, one dict per trade in order of closing (``ref``, ``data``: its name, ``long``, ``bars``,
    ``opened``, ``closed``: date numbers, ``price``, ``pnl``, ``pnlcomm``, ``mae``, ``mfe``, ``mae_percent``,
    ``mfe_percent``), and ``average`` and ``max`` with ``mae`` and ``mfe`` of all trades (None without one), and
    ``definition``. Prices that are NaN do not count. Prices must be adjusted for splits within a trade.
    """

    definition: ClassVar[str] = (
        "mae, mfe: farthest price against and in favour of the trade, from the average entry price"
    )
    _from_log_: ClassVar[tuple[str, ...]] = ("notify_order", "notify_trade")

    def start(self) -> None:
        """Begin without trades."""
        super().start()
        self._rows: list[dict[str, Any]] = []
        self._read = 0
        self._noticed = 0
        self._prices: dict[Any, float] = {}  # of the last execution by data
        self._followed: list[Any] = []  # open trades
        self._ranges: dict[int, _Span] = {}  # of the open trades by number

    def notify_order(self, order: Any) -> None:
        """Note the price of an execution."""
        if order.status in _EXECUTED:
            self._note(order, order.executed.price)

    def _note(self, order: Any, price: float) -> None:
        compensated = order.data._compensate
        self._prices[order.data if compensated is None else compensated] = price

    def notify_trade(self, trade: Any) -> None:
        """Follow the trade, or report on it."""
        if trade.justopened and trade.status != _CLOSED:
            self._ranges[trade.ref] = _Span()
            self._followed.append(trade)
        elif trade.status == _CLOSED:
            low, high = self._ranges.pop(trade.ref, _Span()).before(trade.barclose)
            self._followed[:] = [one for one in self._followed if one.ref != trade.ref]
            self._report(trade, low, high)

    def next(self) -> None:
        """Widen the range of the open trades by this bar."""
        for trade in self._followed:
            data = trade.data
            self._ranges[trade.ref].add(len(data), data.low[0], data.high[0])

    def advance(self, start: int, stop: int) -> None:
        """Report on the trades that closed since the last time."""
        closed = self.strategy._closed_
        while self._read < len(closed):
            cycle, trade = closed[self._read]
            self._read += 1
            self._note_until(cycle)
            low, high = _range(trade, trade.barclose - 1)
            self._report(trade, low, high, float(trade.data.open.array[trade.barclose - 1]))

    def _note_until(self, cycle: int) -> None:
        """Note the prices of the executions up to *cycle*."""
        notices = self.strategy.broker.journal.notices
        until = bisect_left(notices, cycle + 1, lo=self._noticed, key=itemgetter(0))
        for _, order, _, price in notices[self._noticed : until]:
            if self.strategy._owns_(order):
                self._note(order, price)
        self._noticed = until

    def _hear_of_(self, cycle: int, cash: float, value: float, fundvalue: float, shares: float) -> None:
        super()._hear_of_(cycle, cash, value, fundvalue, shares)
        self._note_until(cycle)
        for trades in self.strategy._trades.values():
            for trade in (one for by_id in trades.values() for one in by_id if one.isopen):
                self._ranges[trade.ref] = _Span(*_range(trade, len(trade.data) - 1))
                self._followed.append(trade)

    def _report(self, trade: Any, low: float, high: float, opened: float | None = None) -> None:
        """Enter a closed trade whose bars before the last ranged from *low* to *high*; the last began at *opened*."""
        if opened is None:
            opened = trade.data.open[0]
        entry = trade.price
        for price in (opened, self._prices.get(trade.data, entry), entry):
            low, high = _lower(low, price), _higher(high, price)
        down, up = max(entry - low, 0.0), max(high - entry, 0.0)
        mae, mfe = (down, up) if trade.long else (up, down)
        self._rows.append(
            {
                "ref": trade.ref,
                "data": trade.data._name,
                "long": trade.long,
                "bars": trade.barlen,
                "opened": trade.dtopen,
                "closed": trade.dtclose,
                "price": entry,
                "pnl": trade.pnl,
                "pnlcomm": trade.pnlcomm,
                "mae": mae,
                "mfe": mfe,
                "mae_percent": 100.0 * mae / abs(entry) if entry else None,
                "mfe_percent": 100.0 * mfe / abs(entry) if entry else None,
            }
        )

    def stop(self) -> None:
        """Report."""
        rows = self._rows
        self._prices.clear()  # let go of datas and trades
        self._followed.clear()
        self.rets["trades"] = rows
        self.rets["definition"] = self.definition
        names = ("mae", "mfe")
        self.rets["average"] = {
            n: math.fsum(row[n] for row in rows) / len(rows) if rows else None for n in names
        }
        self.rets["max"] = {n: max((row[n] for row in rows), default=None) for n in names}


class _Span:
    """The lowest and the highest price of the bars since a trade began; its last bar may be the one of the exit."""

    __slots__ = ("bar", "high", "highest", "low", "lowest")

    def __init__(self, lowest: float = math.inf, highest: float = -math.inf) -> None:
        self.lowest, self.highest = lowest, highest  # of the bars before number *bar*, which ranges from low to high
        self.bar, self.low, self.high = 0, math.inf, -math.inf

    def add(self, bar: int, low: float, high: float) -> None:
        """Take the present bar, which may come again in a later cycle."""
        if bar != self.bar:
            self.lowest, self.highest = self.before(bar)
        self.bar, self.low, self.high = bar, low, high

    def before(self, bar: int) -> tuple[float, float]:
        """Give the range of the bars before *bar*."""
        if self.bar >= bar:
            return self.lowest, self.highest
        return _lower(self.lowest, self.low), _higher(self.highest, self.high)


def _range(trade: Any, end: int) -> tuple[float, float]:
    """Give the lowest and the highest price of the bars of *trade* before the bar of index *end*."""
    data, bars = trade.data, slice(trade.baropen - 1, end)
    low = float(np.fmin.reduce(data.low.array[bars], initial=math.inf))
    return low, float(np.fmax.reduce(data.high.array[bars], initial=-math.inf))


def _lower(low: float, price: float) -> float:
    """Give the lower one; NaN does not count."""
    return price if price < low else low


def _higher(high: float, price: float) -> float:
    return price if price > high else high


__all__ = ["TradeExcursions"]
