"""Orders, executions and trades of a finished run as rows; all are numbered from 1 within the run."""

from __future__ import annotations

import bisect
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..broker import matching
from ..broker.slippage import NO_SLIPPAGE
from ..market.order import Order
from ..market.splitting import shares_after
from .ending import Ending
from .tables import Column, Table, times

_NONE = float("nan")
_PRICED = frozenset(
    (Order.Limit, Order.Stop, Order.StopLimit, Order.StopTrail, Order.StopTrailLimit, Order.Historical)
)
_LIMITED = frozenset((Order.StopLimit, Order.StopTrailLimit))


class Fill(NamedTuple):
    """One execution of an order: the parts are those of an ``OrderExecutionBit``."""

    order: Any
    number: int
    bit: tuple[Any, ...]
    cycle: int
    cash: float


class Split(NamedTuple):
    """A split that was accounted for: how many executions came before, and the position that it left."""

    before: int
    data: Any
    ratio: float
    when: float
    cycle: int
    size: float
    price: float


@dataclass
class Held:
    """What the executions of one trade came to."""

    largest: float = 0.0
    size: float = 0.0
    left: float = 0.0
    received: float = 0.0

    def split(self, ratio: float) -> None:
        """Count in shares after a split; a trade that is over stays as it is."""
        if self.size:
            self.size = shares_after(self.size, ratio)
            self.largest = shares_after(self.largest, ratio)
            self.left = shares_after(self.left, ratio)


@dataclass
class Listings:
    """The orders, executions and trades behind the tables of a run."""

    ending: Ending
    orders: list[Any] = field(init=False)
    numbers: dict[int, int] = field(init=False)
    fills: list[Fill] = field(init=False)
    splits: list[Split] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        every = {order.ref: order for order in (*self.ending.orders, *self.ending.special_orders)}
        self.orders = [every[ref] for ref in sorted(every)]
        self.numbers = {order.ref: number for number, order in enumerate(self.orders, 1)}
        self.fills = self._sequence()

    def strategy_of(self, order: Any) -> int:
        """Give the number of the strategy that an order belongs to; past orders belong to the first."""
        owner = order.owner
        return 0 if owner is None else int(owner._id)

    # -- executions ----------------------------------------------------------------------------------------------

    def _sequence(self) -> list[Fill]:
        """Give the executions in the order in which they happened, with the cycle and the cash after each."""
        waiting = [
            (bit[0], number, at, order, bit)
            for number, order in enumerate(self.orders, 1)
            for at, bit in enumerate(_bits(order))
        ]
        waiting.sort(key=lambda row: row[:3])
        journal = self.ending.journal
        moves = [] if journal is None else [row for row in enumerate(journal.moves) if row[1][1] is not None]
        actions = {} if journal is None else journal.actions
        if len(moves) - len(actions) != len(waiting):
            return [Fill(order, number, bit, -1, _NONE) for _, number, _, order, bit in waiting]
        target = self.ending.target
        fills: list[Fill] = []
        for place, (cycle, data, size, price, cash, _) in moves:
            if place in actions:
                ratio, when = actions[place]
                if ratio != 1.0:
                    self.splits.append(Split(len(fills), data, ratio, when, cycle, size, price))
                continue
            at = next(
                (
                    k
                    for k, (_, _, _, order, bit) in enumerate(waiting[:64])
                    if bit[10] == size and bit[11] == price and target(order.data) is data
                ),
                0,
            )
            _, number, _, order, bit = waiting.pop(at)
            fills.append(Fill(order, number, bit, cycle, cash))
        return fills

    def _slippage(self, fill: Fill) -> float:
        """Give how much worse than without slippage the price of an execution is, per unit; NaN if not known."""
        ending, order = self.ending, fill.order
        slip, kind = ending.slip, order.exectype
        if slip.none or kind in (Order.Close, Order.Historical):
            return 0.0
        when, price = fill.bit[0], fill.bit[2]
        created = order.created
        buy = order.ordtype == Order.Buy
        if ending.coc and kind == Order.Market and when == created.dt and order.info.get("coc", True):
            return float(price - created.pclose) if buy else float(created.pclose - price)
        bar = self._bar_(order.data, when)
        if bar is None:
            return _NONE
        o, h, l, c = bar  # noqa: E741
        if kind == Order.Market:
            plain = matching.market(buy, o, h, l, NO_SLIPPAGE)
        elif kind == Order.Limit:
            plain = matching.limit(buy, o, h, l, created.price, NO_SLIPPAGE, ending.floor)
        elif kind in _LIMITED:
            _, plain = matching.stop_limit(
                buy, o, h, l, c, created.price, created.pricelimit, NO_SLIPPAGE, ending.floor
            )
            if plain is None:  # the stop was hit on an earlier bar
                plain = matching.limit(buy, o, h, l, created.pricelimit, NO_SLIPPAGE, ending.floor)
        else:
            plain = matching.stop(buy, o, h, l, created.price, NO_SLIPPAGE)
        if plain is None:
            return _NONE
        return float(price - plain) if buy else float(plain - price)

    def _bar_(self, data: Any, when: float) -> tuple[float, float, float, float] | None:
        bars = self.ending.bars.get(data)
        if bars is None:
            return None
        at = bisect.bisect_left(bars.datetime, when, 0, min(bars.known, len(bars.datetime)))
        if at >= len(bars.datetime) or bars.datetime[at] != when:
            return None
        return float(bars.open[at]), float(bars.high[at]), float(bars.low[at]), float(bars.close[at])

    # -- tables --------------------------------------------------------------------------------------------------

    def fill_table(self, strategy: int | None) -> Table:
        """Give the executions, of one strategy or of all."""
        rows = [
            (number, fill)
            for number, fill in enumerate(self.fills, 1)
            if strategy is None or self.strategy_of(fill.order) == strategy
        ]
        label = self.ending.label
        bits = [fill.bit for _, fill in rows]
        orders = [fill.order for _, fill in rows]
        return Table(
            "fills",
            {
                "fill": _ints(number for number, _ in rows),
                "order": _ints(fill.number for _, fill in rows),
                "strategy": _ints(self.strategy_of(order) for order in orders),
                "data": _text(label(order.data) for order in orders),
                "time": times([bit[0] or 0.0 for bit in bits]),
                "cycle": _ints(fill.cycle for _, fill in rows),
                "size": _floats(bit[1] for bit in bits),
                "price": _floats(bit[2] for bit in bits),
                "closed": _floats(bit[3] for bit in bits),
                "opened": _floats(bit[6] for bit in bits),
                "value": _floats(bit[4] + bit[7] for bit in bits),
                "commission": _floats(bit[5] + bit[8] for bit in bits),
                "slippage": _floats(self._slippage(fill) for _, fill in rows),
                "pnl": _floats(bit[9] for bit in bits),
                "position_size": _floats(bit[10] for bit in bits),
                "position_price": _floats(bit[11] for bit in bits),
                "cash": _floats(fill.cash for _, fill in rows),
                "tradeid": _ids(order.tradeid for order in orders),
            },
        )

    def position_table(self) -> Table:
        """Give the positions of the account: one row per change, as it stood afterwards; a split has no fill."""
        target = self.ending.target
        rows: list[tuple[float, int, Any, float, float, int | None]] = []
        splits = deque(split for split in self.splits if split.size)
        for number, fill in enumerate(self.fills):
            while splits and splits[0].before <= number:
                rows.append(_row(splits.popleft()))
            bit = fill.bit
            rows.append((bit[0] or 0.0, fill.cycle, target(fill.order.data), bit[10], bit[11], number + 1))
        rows += map(_row, splits)
        return Table(
            "positions",
            {
                "time": times([row[0] for row in rows]),
                "cycle": _ints(row[1] for row in rows),
                "data": _text(self.ending.label(row[2]) for row in rows),
                "size": _floats(row[3] for row in rows),
                "price": _floats(row[4] for row in rows),
                "fill": Column("int", [row[5] for row in rows]),
            },
        )

    def order_table(self, strategy: int | None) -> Table:
        """Give the orders, of one strategy or of all, as they stood at the end of the run."""
        rows = [o for o in self.orders if strategy is None or self.strategy_of(o) == strategy]
        done = [_done(order) for order in rows]
        numbers, label = self.numbers, self.ending.label
        return Table(
            "orders",
            {
                "order": _ints(numbers[o.ref] for o in rows),
                "strategy": _ints(self.strategy_of(o) for o in rows),
                "data": _text(label(o.data) for o in rows),
                "side": _text("buy" if o.ordtype == Order.Buy else "sell" for o in rows),
                "type": _text(o.getordername() for o in rows),
                "size": _floats(abs(o.size) for o in rows),
                "price": _floats(o.created.price if o.exectype in _PRICED else None for o in rows),
                "limit_price": _floats(
                    o.created.pricelimit if o.exectype in _LIMITED else None for o in rows
                ),
                "trail_amount": _floats(o.trailamount for o in rows),
                "trail_percent": _floats(o.trailpercent for o in rows),
                "valid": times([o.valid if isinstance(o.valid, float) else 0.0 for o in rows]),
                "tradeid": _ids(o.tradeid for o in rows),
                "parent": _links((o.parent for o in rows), numbers),
                "oco": _links((o._oco_ for o in rows), numbers),
                "created": times([_created(o) for o in rows]),
                "status": _text(o.getstatusname() for o in rows),
                "filled": _floats(abs(each.size) for each in done),
                "filled_price": _floats(each.price for each in done),
                "commission": _floats(each.commission for each in done),
                "pnl": _floats(each.pnl for each in done),
                "executed": times([each.when for each in done]),
                "reason": _text(self._reason(o) for o in rows),
            },
        )

    def _reason(self, order: Any) -> str:
        """Give the reason of *order*, with the run's own numbers for other orders."""
        why = order._why
        if why is None:
            return ""
        text, *parts = why
        if "order {0}" in text and parts:
            parts[0] = self.numbers.get(parts[0], parts[0])
        return str(text.format(*parts))

    def trade_table(self, strategy: int | None) -> Table:
        """Give the trades, of one strategy or of all, in the order in which they opened."""
        held = self._held_()
        rows = []
        for strat in self.ending.strats:
            for data, by_id in strat._trades.items():
                for tradeid, trades in by_id.items():
                    known = held.get((strat._id, data, tradeid), [])
                    opened = [trade for trade in trades if trade.status]
                    parts_of: list[Held | None] = [None] * len(opened)
                    if len(known) == len(opened):
                        parts_of = list(known)
                    for trade, parts in zip(opened, parts_of, strict=True):
                        rows.append((trade.ref, strat._id, trade, parts))
        rows.sort(key=lambda row: row[0])
        numbered = [
            (number, owner, trade, parts)
            for number, (_, owner, trade, parts) in enumerate(rows, 1)
            if strategy is None or owner == strategy
        ]
        trades = [trade for _, _, trade, _ in numbered]
        label = self.ending.label
        return Table(
            "trades",
            {
                "trade": _ints(number for number, *_ in numbered),
                "strategy": _ints(owner for _, owner, _, _ in numbered),
                "data": _text(label(trade.data) for trade in trades),
                "tradeid": _ids(trade.tradeid for trade in trades),
                "side": _text("long" if trade.long else "short" for trade in trades),
                "status": _text(trade.status_names[trade.status].lower() for trade in trades),
                "size": _floats(None if parts is None else parts.largest for *_, parts in numbered),
                "entry_time": times([trade.dtopen for trade in trades]),
                "exit_time": times([trade.dtclose if trade.isclosed else 0.0 for trade in trades]),
                "entry_price": _floats(trade.price for trade in trades),
                "exit_price": _floats(_exit(parts) for *_, parts in numbered),
                "bars": _ints(trade.barlen for trade in trades),
                "commission": _floats(trade.commission for trade in trades),
                "pnl": _floats(trade.pnl for trade in trades),
                "pnl_net": _floats(trade.pnlcomm for trade in trades),
            },
        )

    def _held_(self) -> dict[Any, list[Held]]:
        """Give, for each strategy, data and trade id, what its executions came to, trade by trade."""
        made: defaultdict[Any, list[Held]] = defaultdict(list)
        splits = deque(self.splits)
        for number, fill in enumerate(self.fills):
            while splits and splits[0].before <= number:
                _split(made, splits.popleft())
            order, bit = fill.order, fill.bit
            trades = made[self.strategy_of(order), self.ending.target(order.data), order.tradeid]
            for size in (bit[3], bit[6]):
                if not size:
                    continue
                if not trades or not trades[-1].size:
                    trades.append(Held())
                held = trades[-1]
                if held.size * size < 0:
                    units = min(abs(size), abs(held.size))
                    held.left += units
                    held.received += units * bit[2]
                held.size += size
                held.largest = max(held.largest, abs(held.size))
        for split in splits:
            _split(made, split)
        return made


def _split(held: dict[Any, list[Held]], split: Split) -> None:
    """Count the open trades of a data in shares after a split."""
    for (_, traded, _), trades in held.items():
        if traded is split.data and trades:
            trades[-1].split(split.ratio)


def _row(split: Split) -> tuple[float, int, Any, float, float, None]:
    """Give the row of a split among the positions."""
    return split.when, split.cycle, split.data, split.size, split.price, None


class _Done(NamedTuple):
    size: float
    price: float | None
    commission: float
    pnl: float
    when: float


def _bits(order: Any) -> Iterable[tuple[Any, ...]]:
    if not order._counted and order._bit is not None:
        return (order._bit,)
    return order.executed.exbits if order._counted else ()


def _done(order: Any) -> _Done:
    if not order._counted and order._bit is not None:
        bit = order._bit
        return _Done(bit[1], bit[1] * bit[2] / bit[1], bit[5] + bit[8], bit[9], bit[0] or 0.0)
    if not order._counted or not order.executed.size:
        return _Done(0.0, None, 0.0, 0.0, 0.0)
    executed = order.executed
    return _Done(executed.size, executed.price, executed.comm, executed.pnl, executed.dt or 0.0)


def _created(order: Any) -> float:
    return float(order.created.dt or 0.0)


def _exit(parts: Held | None) -> float | None:
    return parts.received / parts.left if parts is not None and parts.left else None


def _floats(values: Iterable[Any]) -> Column:
    return Column("float", [None if v is None or v != v else float(v) for v in values])


def _ints(values: Iterable[int]) -> Column:
    return Column("int", [int(v) for v in values])


def _text(values: Iterable[Any]) -> Column:
    return Column("text", [str(v) for v in values])


def _ids(values: Iterable[Any]) -> Column:
    """Give trade ids, which may be anything, as text."""
    return _text(values)


def _links(orders: Iterable[Any], numbers: dict[int, int]) -> Column:
    return Column("int", [None if order is None else numbers.get(order.ref) for order in orders])


__all__ = ["Fill", "Listings"]
