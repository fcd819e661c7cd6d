"""The trades of a strategy: what comes of the executions of its orders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from ..base.autodict import AutoDictList
from ..market.trade import Trade, opened_trade


class TradesMixin:
    """Trades of a strategy, built from executions.

    ``_wants_orders_`` and ``_wants_trades_`` tell whether somebody looks at notifications; without, neither copies of
    orders nor of trades are made. ``_uncounted_`` holds executions of market orders ``(order, bit, bar number, cycle)``
    that are counted into trades once somebody asks for these (``_counts_later_``).
    """

    _wants_orders_: bool = True
    _wants_trades_: bool = True
    _counts_later_: bool = False
    _tradehistoryon: bool = False
    _clock_of_run_: Any
    _orderspending: list[Any]
    _tradespending: list[Any]
    _notify: Any

    def _init_trades_(self) -> None:
        """Start with no trades."""
        self._uncounted_: list[tuple[Any, tuple[Any, ...], int, int]] = []
        self._trade_lists_: defaultdict[Any, Any] = defaultdict(AutoDictList)
        self._plain_trades_: dict[Any, list[Any]] = {}  # those of trade id 0, by data
        self._trades_closed_: list[tuple[int, Any]] = []
        self._trades_opened_ = 0

    # -- what there is -----------------------------------------------------------------------------------------

    @property
    def _trades(self) -> defaultdict[Any, Any]:
        """The trades, by data and trade id."""
        if self._uncounted_:
            self._count_all_()
        return self._trade_lists_

    @_trades.setter
    def _trades(self, value: Any) -> None:
        self._trade_lists_ = value

    @property
    def _closed_(self) -> list[tuple[int, Any]]:
        """The closed trades, each with the cycle in which it closed."""
        if self._uncounted_:
            self._count_all_()
        return self._trades_closed_

    @property
    def _openings_(self) -> int:
        """The number of trades that opened."""
        if self._uncounted_:
            self._count_all_()
        return self._trades_opened_

    # -- counting ----------------------------------------------------------------------------------------------

    def _addnotification(self, order: Any, quicknotify: bool = False) -> None:
        """Take an order from the broker's queue: keep it for the hooks, and build trades from its executions."""
        copied = order._source_ is not None
        shown = copied or self._wants_orders_  # a broker of the user's own may queue the order itself
        if shown and not order.simulated:
            self._orderspending.append(order)
        bit = order._bit
        if bit is None and not order._counted:
            if quicknotify:
                self._notify((order,) if shown else (), ())
            return
        told: list[Any] | None = [] if self._wants_trades_ else None
        if order._counted:
            executed = order.executed
            if not copied:  # this is the order itself, after an execution
                executed.markpending()
            if executed.size and executed.p2 > executed.p1:
                self._trade_(order, executed.exbits[executed.p1 : executed.p2], told)
        else:
            self._book_(order, bit, told)
        if told:
            self._tradespending.extend(told)
        if quicknotify:
            self._notify((order,) if shown else (), told or ())

    def _book_(self, order: Any, bit: tuple[Any, ...], told: list[Any] | None) -> None:
        """Count the execution that completed *order* at once into a trade; a copy for the hooks goes to *told*."""
        data = order.data
        if data._compensate is not None:
            self._trade_(order, (bit,), told)
            return
        if self._uncounted_:
            self._count_all_()
        clock = data._c_
        i = clock.i
        self._count_(order, bit, told, i + 1 + clock.dropped, data.datetime._a_[i], self._clock_of_run_.i)

    def _count_all_(self) -> None:
        """Count the executions in that were put off."""
        uncounted, self._uncounted_ = self._uncounted_, []
        for order, bit, now, cycle in uncounted:
            self._count_(order, bit, None, now, bit[0], cycle)

    def _count_(
        self, order: Any, bit: tuple[Any, ...], told: list[Any] | None, now: int, dt: float, cycle: int
    ) -> None:
        """Count an execution on bar number *now* at the date number *dt*, in *cycle* of the run."""
        data = order.data
        comminfo = order.comminfo
        if order.tradeid or self._tradehistoryon or not (comminfo._standard_ and comminfo._stocklike):
            self._count_bits_(order, (bit,), told, now, dt, cycle)
            return
        trades = self._plain_trades_.get(data)
        if trades is None:
            trades = self._plain_trades_[data] = self._trade_lists_[data][0]
        _, size, price, closed, _, closedcomm, opened, _, openedcomm, _, _, _ = bit
        trade = trades[-1] if trades else None
        if not closed and (trade is None or trade.isclosed):
            trade = opened_trade(data, size, price, openedcomm, now, dt)
            trades.append(trade)
            self._trades_opened_ += 1
        elif not opened and trade is not None and trade.size == -size and not trade.historyon:
            trade.shut(size, price, closedcomm, comminfo.p.mult, now, dt)
            self._trades_closed_.append((cycle, trade.copy()))
        else:
            self._count_bits_(order, (bit,), told, now, dt, cycle)
            return
        if told is not None:
            told.append(trade.copy())

    def _trade_(self, order: Any, bits: Iterable[tuple[Any, ...]], told: list[Any] | None) -> None:
        """Count executions of the current bar into the trades of their data and id."""
        if self._uncounted_:
            self._count_all_()
        data = order.data._compensate
        if data is None:
            data = order.data
        self._count_bits_(order, bits, told, len(data), data.datetime[0], self._clock_of_run_.i)

    def _count_bits_(
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
        trades = self._trade_lists_[data][tradeid]
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
                    self._end_trade_(trade, told, cycle)
            if opened:
                if trade.isclosed:
                    trade = Trade(data, tradeid, self._tradehistoryon)
                    trades.append(trade)
                trade.count(order, opened, price, openedcomm, comminfo, now, dt)
                if trade.isclosed:
                    self._end_trade_(trade, told, cycle)
            if trade.justopened:
                self._trades_opened_ += 1
                if told is not None:
                    told.append(trade.copy())

    def _end_trade_(self, trade: Trade, told: list[Any] | None, cycle: int) -> None:
        done = trade.copy()  # a later execution may go on with the trade itself
        self._trades_closed_.append((cycle, done))
        if told is not None:
            told.append(done)


__all__ = ["TradesMixin"]
