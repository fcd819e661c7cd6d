"""An analyzer that keeps what a report needs: the value of the account, orders and trades."""

from __future__ import annotations

import datetime as _dt
import math
from dataclasses import dataclass
from typing import Any, ClassVar

from ..analyzers.base import Analyzer
from ..base.time import num2date


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order at the end of its life (or of the run); prices and dates are None where there was no execution."""

    number: int
    data: str
    side: str
    type: str
    size: float
    price: float | None
    created: _dt.datetime
    status: str
    filled_size: float
    filled_price: float | None
    commission: float
    filled: _dt.datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class TradeRow:
    """One closed trade; *size* is what the first execution opened, *price* the average entry price."""

    number: int
    data: str
    side: str
    size: float
    opened: _dt.datetime
    closed: _dt.datetime
    price: float
    bars: int
    profit: float
    commission: float
    net_profit: float


class Record(Analyzer):
    """Keep the account's path, one row per order and one per closed trade.

    ``datetimes``, ``cash`` and ``value`` have one entry per cycle of the strategy. Orders and trades are numbered from
    1 in the order in which they were first notified.
    """

    _stepping_hooks_: ClassVar[tuple[str, ...]] = ("prenext", "nextstart", "next")

    def __init__(self) -> None:
        self.datetimes: list[float] = []
        self.cash: list[float] = []
        self.value: list[float] = []
        self.orders: dict[int, Any] = {}
        self.trades: list[tuple[Any, float]] = []
        self._opened_: dict[int, float] = {}

    def notify_order(self, order: Any) -> None:
        """Keep the latest state of *order*."""
        self.orders[order.ref] = order

    def notify_trade(self, trade: Any) -> None:
        """Keep *trade* once it is closed, and the size with which it opened."""
        if trade.justopened:
            self._opened_[trade.ref] = trade.size
        if trade.isclosed:
            self.trades.append((trade, self._opened_.pop(trade.ref, 0.0)))

    def next(self) -> None:
        """Note time, cash and value of this cycle."""
        self.datetimes.append(self.strategy.lines.datetime[0])
        self.cash.append(self.strategy.broker.getcash())
        self.value.append(self.strategy.broker.getvalue())

    def advance(self, start: int, stop: int) -> None:
        """Note time, cash and value of the cycles [start, stop)."""
        path = self._path_
        if path is not None:
            self.datetimes.extend(path.datetime[start:stop].tolist())
            self.cash.extend(path.cash[start:stop].tolist())
            self.value.extend(path.value[start:stop].tolist())

    def stop(self) -> None:
        """Put the counts into the results."""
        self.rets["orders"] = len(self.orders)
        self.rets["trades"] = len(self.trades)
        self.rets["cycles"] = len(self.value)

    def moments(self) -> list[_dt.datetime]:
        """Give the times of the cycles."""
        return [num2date(number) for number in self.datetimes]

    def order_rows(self) -> list[OrderRow]:
        """Give one row per order."""
        return [_order_row(number, order) for number, order in enumerate(self.orders.values(), 1)]

    def trade_rows(self) -> list[TradeRow]:
        """Give one row per closed trade."""
        return [_trade_row(number, trade, size) for number, (trade, size) in enumerate(self.trades, 1)]

    def commission(self) -> float:
        """Give the commission paid on all executions."""
        return math.fsum(order.executed.comm for order in self.orders.values())


def _order_row(number: int, order: Any) -> OrderRow:
    done = order.executed.size != 0
    return OrderRow(
        number=number,
        data=order.data._name,
        side="buy" if order.isbuy() else "sell",
        type=order.getordername(),
        size=abs(order.created.size),
        price=None if order.exectype == order.Market else order.created.price,
        created=num2date(order.created.dt),
        status=order.getstatusname(),
        filled_size=abs(order.executed.size),
        filled_price=order.executed.price if done else None,
        commission=order.executed.comm,
        filled=num2date(order.executed.dt) if done else None,
        reason=getattr(order, "reason", "") or "",
    )


def _trade_row(number: int, trade: Any, size: float) -> TradeRow:
    return TradeRow(
        number=number,
        data=trade.getdataname(),
        side="long" if trade.long else "short",
        size=abs(size),
        opened=trade.open_datetime(),
        closed=trade.close_datetime(),
        price=trade.price,
        bars=trade.barlen,
        profit=trade.pnl,
        commission=trade.commission,
        net_profit=trade.pnlcomm,
    )
