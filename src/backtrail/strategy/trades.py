"""The trades of a strategy: what comes of the executions of its orders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from ..base.autodict import AutoDictList
from ..market.trade import Trade, opened_trade


class TradesMixin:
    """Trades of a strategy, built from executions.

    ``_wants_orders`` and ``_wants_trades`` tell whether somebody looks at notifications; without, neither copies of
    orders nor of trades are made. ``_uncounted`` holds executions of market orders ``(order, bit, bar number, cycle)``
    that are counted into trades once somebody asks for these (``_counts_later``).
    """

    _wants_orders: bool = True
    _wants_trades: bool = True
    _counts_later: bool = False
    _tradehistoryon: bool = False
    _clock_of_run: Any
    _orderspending: list[Any]
    _tradespending: list[Any]
    _notify: Any

    def _init_trades(self) -> None:
        """Start with no trades."""
        self._uncounted: list[tuple[Any, tuple[Any, ...], int, int]] = []
        self._trade_lists: defaultdict[Any, Any] = defaultdict(AutoDictList)
        self._plain_trades: dict[Any, list[Any]] = {}  # those of trade id 0, by data
        self._trades_closed: list[tuple[int, Any]] = []
        self._trades_opened = 0

    # -- what there is -----------------------------------------------------------------------------------------

    @property
    def _trades(self) -> defaultdict[Any, Any]:
        """The trades, by data and trade id."""
        if self._uncounted:
            self._count_all()
        return self._trade_lists

    @_trades.setter
    def _trades(self, value: Any) -> None:
        self._trade_lists = value

    @property
    def _closed(self) -> list[tuple[int, Any]]:
        """The closed trades, each with the cycle in which it closed."""
        if self._uncounted:
            self._count_all()
        return self._trades_closed

    @property
    def _openings(self) -> int:
        """The number of trades that opened."""
        if self._uncounted:
            self._count_all()
        return self._trades_opened

    # -- counting ----------------------------------------------------------------------------------------------

    def _addnotification(self, order: Any, quicknotify: bool = False) -> None:
        """Take an order from the broker's queue: keep it for the hooks, and build trades from its executions."""
        copied = order._source is not None
        shown = copied or self._wants_orders  # a broker of the user's own may queue the order itself
        if shown and not order.simulated:
            self._orderspending.append(order)
        bit = order._bit
        if bit is None and not order._counted:
            if quicknotify:
                self._notify((order,) if shown else (), ())
            return
        told: list[Any] | None = [] if self._wants_trades else None
        if order._counted:
            executed = order.executed
            if not copied:  # this is the order itself, after an execution
                executed.markpending()
            if executed.size and executed.p2 > executed.p1:
                self._trade(order, executed.exbits[executed.p1 : executed.p2], told)
        else:
            self._book(order, bit, told)
        if told:
            self._tradespending.extend(told)
        if quicknotify:
            self._notify((order,) if shown else (), told or ())

    def _book(self, order: Any, bit: tuple[Any, ...], told: list[Any] | None) -> None:
        """Count the execution that completed *order* at once into a trade; a copy for the hooks goes to *told*."""
        data = order.data
        if data._compensate is not None:
            self._trade(order, (bit,), told)
            return
        if self._uncounted:
            self._count_all()
        clock = data._c
        i = clock.i
        self._count(order, bit, told, i + 1 + clock.dropped, data.datetime._a[i], self._clock_of_run.i)

    def _count_all(self) -> None:
        """Count the executions in that were put off."""
        uncounted, self._uncounted = self._uncounted, []
        for order, bit, now, cycle in uncounted:
            self._count(order, bit, None, now, bit[0], cycle)

    def _count(
        self, order: Any, bit: tuple[Any, ...], told: list[Any] | None, now: int, dt: float, cycle: int
    ) -> None:
        """Count an execution on bar number *now* at the date number *dt*, in *cycle* of the run."""
        data = order.data
        comminfo = order.comminfo
        if order.tradeid or self._tradehistoryon or not (comminfo._standard and comminfo._stocklike):
            self._count_bits(order, (bit,), told, now, dt, cycle)
            return
        trades = self._plain_trades.get(data)
        if trades is None:
            trades = self._plain_trades[data] = self._trade_lists[data][0]
        _, size, price, closed, _, closedcomm, opened, _, openedcomm, _, _, _ = bit
        trade = trades[-1] if trades else None
        if not closed and (trade is None or trade.isclosed):
            trade = opened_trade(data, size, price, openedcomm, now, dt)
            trades.append(trade)
            self._trades_opened += 1
        elif not opened and trade is not None and trade.size == -size and not trade.historyon:
            trade.shut(size, price, closedcomm, comminfo.p.mult, now, dt)
            self._trades_closed.append((cycle, trade.copy()))
        else:
            self._count_bits(order, (bit,), told, now, dt, cycle)
            return
        if told is not None:
            told.append(trade.copy())

    def _trade(self, order: Any, bits: Iterable[tuple[Any, ...]], told: list[Any] | None) -> None:
        """Count executions of the current bar into the trades of their data and id."""
        if self._uncounted:
            self._count_all()
        data = order.data._compensate
        if data is None:
            data = order.data
        self._count_bits(order, bits, told, len(data), data.datetime[0], self._clock_of_run.i)

    def _count_bits(
        self,
        order: Any,
        bits: Iterable[tuple[Any, ...]],
        told: list[Any] | None,
        now: int,
        dt: float,
        cycle: int,
    ) -> None:
        """Count executions into the trades of their data and id; copies for the hooks go to *told*."""
        data = order.data._compensate
        if data is None:
            data = order.data
        tradeid = order.tradeid
        trades = self._trade_lists[data][tradeid]
        if trades:
            trade = trades[-1]
        else:
            trade = Trade(data, tradeid, self._tradehistoryon)
            trades.append(trade)
        comminfo = order.comminfo
        for bit in bits:
            _, _, price, closed, _, closedcomm, opened, _, openedcomm, _, _, _ = bit
            if closed:
                trade.count(order, closed, price, closedcomm, comminfo, now, dt)
                if trade.isclosed:
                    self._end_trade(trade, told, cycle)
            if opened:
                if trade.isclosed:
                    trade = Trade(data, tradeid, self._tradehistoryon)
                    trades.append(trade)
                trade.count(order, opened, price, openedcomm, comminfo, now, dt)
                if trade.isclosed:
                    self._end_trade(trade, told, cycle)
            if trade.justopened:
                self._trades_opened += 1
                if told is not None:
                    told.append(trade.copy())

    def _end_trade(self, trade: Trade, told: list[Any] | None, cycle: int) -> None:
        done = trade.copy()  # a later execution may go on with the trade itself
        self._trades_closed.append((cycle, done))
        if told is not None:
            told.append(done)


__all__ = ["TradesMixin"]
