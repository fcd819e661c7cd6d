"""What a trade is expected to make."""

from __future__ import annotations

from typing import Any, ClassVar

from .base import Analyzer
from .moments import average
from .periodreturns import quotient

_CLOSED = 2  # Trade.Closed


class Expectancy(Analyzer):
    """Report what closed trades made on average, after commission, and what that consists of.

    A trade is won if its profit is not negative, as in :class:`TradeAnalyzer`. With *w* the share of won trades:

    ``trades``         number of closed trades
    ``expectancy``     mean profit, in money; equals ``w * average_win + (1 - w) * average_loss``
    ``win_rate``       *w*, 0 to 1
    ``average_win``    mean profit of the won trades, ``average_loss`` that of the lost ones (negative)
    ``payoff``         ``average_win / -average_loss``
    ``profit_factor``  sum of the profits of won trades, by minus the sum of those of lost ones
    ``expectancy_r``   ``expectancy / -average_loss``: the mean profit in units of the average loss
    ``kelly``          ``w - (1 - w) / payoff``: the fraction of the account that the Kelly criterion puts at risk

    ``definition``     how the expectancy is computed

    Sources: Van K. Tharp, "Trade Your Way to Financial Freedom" (1998), for the expectancy; J. L. Kelly, "A New
    Interpretation of Information Rate", Bell System Technical Journal 35 (1956).

    What cannot be computed is None: everything but ``trades`` without a trade; what divides by losses without a loss.
    """

    definition: ClassVar[str] = (
        "mean profit of a closed trade after commission: w * average_win + (1 - w) * average_loss"
    )
    _from_log_: ClassVar[tuple[str, ...]] = ("notify_trade",)

    def start(self) -> None:
        """Begin without trades."""
        super().start()
        self.pnl: list[float] = []

    def notify_trade(self, trade: Any) -> None:
        """Take a closed trade."""
        if trade.status == _CLOSED:
            self.pnl.append(trade.pnlcomm)

    def advance(self, start: int, stop: int) -> None:
        """Take the trades that closed since the last time."""
        self.pnl += [trade.pnlcomm for _, trade in self.strategy._closed_[len(self.pnl) :]]

    def stop(self) -> None:
        """Report."""
        profits = [profit for profit in self.pnl if profit == profit]
        won = [profit for profit in profits if profit >= 0.0]
        lost = [profit for profit in profits if profit < 0.0]
        win_rate = quotient(len(won), len(profits))
        average_win = average(won) if won else None
        average_loss = average(lost) if lost else None
        expectancy = average(profits) if profits else None
        payoff = None if average_win is None or average_loss is None else quotient(average_win, -average_loss)
        in_losses = (
            None if expectancy is None or average_loss is None else quotient(expectancy, -average_loss)
        )
        kelly = None if win_rate is None or not payoff else win_rate - (1.0 - win_rate) / payoff
        self.rets.update(
            trades=len(self.pnl),
            expectancy=expectancy,
            win_rate=win_rate,
            average_win=average_win,
            average_loss=average_loss,
            payoff=payoff,
            profit_factor=quotient(sum(won), -sum(lost)),
            expectancy_r=in_losses,
            kelly=kelly,
            definition=self.definition,
        )


__all__ = ["Expectancy"]
