"""The consistency rule of prop firms: no day may make too large a part of the profit."""

from __future__ import annotations

import datetime as _dt
from collections import OrderedDict
from typing import Any, ClassVar

from ..base.declare import param
from .base import Analyzer

_CLOSED = 2  # Trade.Closed


class ConsistencyAnalyzer(Analyzer):
    """Report whether the profit of any day is more than ``max_day_pct`` percent of the total net profit.

    The profit of a day is that of the trades closed on it, after commission. The rule is judged only when the total is
    above 0; otherwise ``consistent`` is True.

    Results: ``daily_pnl`` (by date), ``net_pnl`` (their sum), ``total_profit`` and ``total_loss`` (sum of the days
    above and below 0; the latter is negative), ``consistent``, ``max_day_pct`` (the limit), ``best_day`` (``date``,
    ``pnl`` and ``pct``, its share of the total in percent; ``pct`` is 0.0 when the total is not above 0, and they are
    None, 0.0 and 0.0 without a trade) and ``violations`` (such entries for the days above the limit, in order of time).
    """

    max_day_pct: float = param(default=40.0, gt=0.0)
    _from_log_: ClassVar[tuple[str, ...]] = ("notify_trade",)

    def start(self) -> None:
        """Begin without trades."""
        super().start()
        self._trades = 0
        self._days: OrderedDict[_dt.date, float] = OrderedDict()

    def notify_trade(self, trade: Any) -> None:
        """Take a closed trade."""
        if trade.status == _CLOSED:
            self._take_(trade)

    def advance(self, start: int, stop: int) -> None:
        """Take the trades that closed since the last time."""
        for _, trade in self.strategy._closed_[self._trades :]:
            self._take_(trade)

    def _take_(self, trade: Any) -> None:
        self._trades += 1
        day = trade.close_datetime().date()
        self._days[day] = self._days.get(day, 0.0) + trade.pnlcomm

    def stop(self) -> None:
        """Report."""
        days = self._days
        total = sum(days.values())

        def entry(day: _dt.date) -> dict[str, Any]:
            return {"date": day, "pnl": days[day], "pct": 100.0 * days[day] / total if total > 0.0 else 0.0}

        best = max(days, key=lambda day: days[day], default=None)
        violations = [found for found in map(entry, sorted(days)) if found["pct"] > self.p.max_day_pct]
        self.rets.update(
            daily_pnl=OrderedDict(days),
            net_pnl=float(total),
            total_profit=float(sum(pnl for pnl in days.values() if pnl > 0.0)),
            total_loss=float(sum(pnl for pnl in days.values() if pnl < 0.0)),
            consistent=not violations,
            max_day_pct=self.p.max_day_pct,
            best_day={"date": None, "pnl": 0.0, "pct": 0.0} if best is None else entry(best),
            violations=violations,
        )


__all__ = ["ConsistencyAnalyzer"]
