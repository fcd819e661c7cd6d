"""Statistics over closed trades."""

from __future__ import annotations

import sys
from functools import reduce
from operator import add
from typing import Any, ClassVar

from ..base.autodict import AutoOrderedDict
from .base import Analyzer

_CLOSED = 2  # Trade.Closed


_Row = tuple[float, float, int, bool]  # profit before and after commission, bars, long


class _Sums:
    """Sums over some of the trades; for the shortest a trade of 0 bars does not count."""

    __slots__ = ("count", "extreme", "longest", "net", "shortest", "total_len")

    def __init__(self) -> None:
        self.count = 0
        self.net: float = 0
        self.extreme: float = 0.0
        self.total_len = 0
        self.longest = 0
        self.shortest = sys.maxsize

    def add(self, rows: list[_Row]) -> None:
        """Add trades."""
        if rows:
            lengths = [row[2] for row in rows]
            self.count += len(rows)
            self.net = reduce(add, [row[1] for row in rows], self.net)
            self.total_len += sum(lengths)
            self.longest = max(self.longest, max(lengths))
            self.shortest = min(self.shortest or sys.maxsize, min(filter(None, lengths), default=sys.maxsize))


class _Group(_Sums):
    """Sums over all trades, the long ones or the short ones, and over the won and the lost ones among them."""

    __slots__ = ("lost", "won")

    def __init__(self) -> None:
        super().__init__()
        self.won = _Sums()
        self.lost = _Sums()

    def add(self, rows: list[_Row]) -> None:
        """Add trades."""
        super().add(rows)
        won = [row for row in rows if row[1] >= 0.0]
        lost = [row for row in rows if not row[1] >= 0.0]
        self.won.add(won)
        self.lost.add(lost)
        self.won.extreme = max([self.won.extreme, *(row[1] for row in won)])
        self.lost.extreme = min([self.lost.extreme, *(row[1] for row in lost)])


class TradeAnalyzer(Analyzer):
    """Report statistics over trades.

    Results: ``total`` (``total``, ``open``, ``closed``), ``streak`` (of won and lost: ``current``, ``longest``),
    ``pnl`` (``gross`` and ``net``: ``total``, ``average``), ``won`` and ``lost`` (``total``, ``pnl``: ``total``,
    ``average``, ``max``), ``long`` and ``short`` (the same, and by outcome) and ``len`` (bars: ``total``,
    ``average``, ``max``, ``min``, by outcome and direction). A trade is won if its profit after commission is not
    negative. Without a closed trade there is only ``total``; reading a name that is not there raises KeyError after
    the run.
    """

    _from_log_: ClassVar[tuple[str, ...]] = ("notify_trade",)

    def create_analysis(self) -> None:
        """Make the results: no trade yet."""
        self._opened_ = 0
        self._counted = 0
        self._all = _Group()
        self._long = _Group()
        self._short = _Group()
        self._gross: float = 0
        self._streaks = [0, 0, 0, 0]  # won: current, longest; lost: current, longest
        self.rets = AutoOrderedDict()
        self._rets.total.total = 0

    @property
    def rets(self) -> Any:
        """The results, with everything notified so far."""
        if self._behind_:
            self._read_log()
        return self._rets

    @rets.setter
    def rets(self, value: Any) -> None:
        self._rets = value

    def stop(self) -> None:
        """Close the results: a missing name raises KeyError from here on."""
        super().stop()
        self.rets._close()

    def notify_trade(self, trade: Any) -> None:
        """Count the trade."""
        if trade.justopened:
            self._count_(1, [])
        elif trade.status == _CLOSED:
            self._count_(0, [trade])

    def advance(self, start: int, stop: int) -> None:
        """Count the trades since the last time."""
        self._read_log()

    def _read_log(self) -> None:
        """Count what the strategy's log has more than was counted."""
        opened = self.strategy._openings_ - self._opened_
        closed = [trade for _, trade in self.strategy._closed_[self._counted :]]
        if opened or closed:
            self._count_(opened, closed)

    def _count_(self, opened: int, closed: list[Any]) -> None:
        """Work trades into the results: the number of those that opened, and those that closed."""
        total = self._rets["total"]
        if opened:
            self._opened_ += opened
            total["total"] += opened
            total["open"] = total.get("open", 0) + opened
        if closed:
            self._counted += len(closed)
            total["open"] = total.get("open", 0) - len(closed)
            total["closed"] = self._counted
            self._add(closed)
            self._write()

    def _add(self, trades: list[Any]) -> None:
        """Add to the sums, one trade after the other: another order would give other last digits."""
        rows = [(trade.pnl, trade.pnlcomm, trade.barlen, trade.long) for trade in trades]
        shortest = self._all.shortest
        self._gross = reduce(add, [row[0] for row in rows], self._gross)
        self._count_streaks([row[1] >= 0.0 for row in rows])
        self._all.add(rows)
        self._long.add([row for row in rows if row[3]])
        self._short.add([row for row in rows if not row[3]])
        if not all(row[2] for row in rows):
            # as in backtrader: a trade of 0 bars is the shortest of all, until the next trade
            for row in rows:
                shortest = min(shortest or sys.maxsize, row[2])
            self._all.shortest = shortest

    def _count_streaks(self, outcomes: list[bool]) -> None:
        won_now, won_most, lost_now, lost_most = self._streaks
        for won in outcomes:
            if won:
                won_now += 1
                lost_now = 0
                if won_now > won_most:
                    won_most = won_now
            else:
                lost_now += 1
                won_now = 0
                if lost_now > lost_most:
                    lost_most = lost_now
        self._streaks = [won_now, won_most, lost_now, lost_most]

    def _write(self) -> None:
        """Write the sums into the results, in place."""
        rets = self._rets
        everything = self._all
        won, lost = everything.won, everything.lost
        won_now, won_most, lost_now, lost_most = self._streaks
        _put(rets.streak.won, current=won_now, longest=won_most)
        _put(rets.streak.lost, current=lost_now, longest=lost_most)
        count = everything.count
        _put(rets.pnl.gross, total=self._gross, average=self._gross / count)
        _put(rets.pnl.net, total=everything.net, average=everything.net / count)
        for name, outcome in (("won", won), ("lost", lost)):
            rets[name]["total"] = outcome.count
            _put(rets[name].pnl, **_money(outcome))
        for name, group in (("long", self._long), ("short", self._short)):
            side = rets[name]
            side["total"] = group.count
            _put(side.pnl, total=_sum(group.net), average=group.net / (group.count or 1.0))
            _put(side.pnl.won, **_money(group.won))
            _put(side.pnl.lost, **_money(group.lost))
            side["won"] = group.won.count
            side["lost"] = group.lost.count
        lengths = rets["len"]
        _put(lengths, **_bars(everything, count))
        for name, outcome in (("won", won), ("lost", lost)):
            bars = _bars(outcome, outcome.count)
            if bars["min"] == sys.maxsize:
                del bars["min"]
            _put(lengths[name], **bars)
        for name, group in (("long", self._long), ("short", self._short)):
            _put(lengths[name], **_bars(group, group.count))
            _put(lengths[name].won, **_bars(group.won, group.won.count))
            _put(lengths[name].lost, **_bars(group.lost, group.lost.count))


def _put(results: AutoOrderedDict, **values: Any) -> None:
    results.update(values)


def _sum(total: float) -> float:
    return total or 0.0  # no trade, or a sum of zero: a float as for every other sum


def _money(outcome: _Sums) -> dict[str, float]:
    return {
        "total": _sum(outcome.net),
        "average": outcome.net / (outcome.count or 1.0),
        "max": outcome.extreme,
    }


def _bars(group: _Sums, count: int) -> dict[str, float]:
    total = group.total_len
    return {"total": total, "average": total / (count or 1.0), "max": group.longest, "min": group.shortest}


__all__ = ["TradeAnalyzer"]
