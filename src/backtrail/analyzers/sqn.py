"""System quality number."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from ..base.autodict import AutoOrderedDict
from .base import Analyzer
from .moments import average, standarddev

_CLOSED = 2  # Trade.Closed


class SQN(Analyzer):
    """Report the system quality number: ``sqrt(trades) * mean(profit) / stddev(profit)``, after commission.

    1.6 – 1.9 is below average, 2.0 – 2.4 average, 2.5 – 2.9 good, 3.0 – 5.0 excellent; it says little for fewer than 30
    trades. Results: ``sqn`` (0 for fewer than two trades, None if profits do not vary) and ``trades``.

    Source: Van K. Tharp, "The Definitive Guide to Position Sizing" (2008), who takes multiples of the risk of a trade
    where this takes profits in money, as backtrader does.
    """

    alias: ClassVar[Any] = ("SystemQualityNumber",)
    _from_log_: ClassVar[tuple[str, ...]] = ("notify_trade",)

    def create_analysis(self) -> None:
        """Make the results."""
        self.rets = AutoOrderedDict()

    def start(self) -> None:
        """Begin without trades."""
        super().start()
        self.pnl: list[float] = []
        self.count = 0

    def notify_trade(self, trade: Any) -> None:
        """Take a closed trade."""
        if trade.status == _CLOSED:
            self.pnl.append(trade.pnlcomm)
            self.count += 1

    def advance(self, start: int, stop: int) -> None:
        """Take the trades that closed since the last time."""
        self.pnl += [trade.pnlcomm for _, trade in self.strategy._closed_[self.count :]]
        self.count = len(self.pnl)

    def stop(self) -> None:
        """Report."""
        sqn: float | None = 0
        if self.count > 1:
            try:
                sqn = math.sqrt(len(self.pnl)) * average(self.pnl) / standarddev(self.pnl)
            except ZeroDivisionError:
                sqn = None
        self.rets.sqn = sqn
        self.rets.trades = self.count


if TYPE_CHECKING:

    class SystemQualityNumber(SQN):
        """The alias, which the class makes."""


__all__ = ["SQN", "SystemQualityNumber"]
