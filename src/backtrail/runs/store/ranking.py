"""Which of two metrics is the better: the direction of every metric whose name is known, and what may be added.

Metrics that are better when lower are compared by magnitude, so that it makes no difference whether a drawdown is
written 0.2 or -0.2.
"""

from __future__ import annotations

import math
from typing import Literal

Direction = Literal["higher", "lower"]

_LOWER = {
    "average_drawdown",
    "avg_drawdown",
    "beta_abs",
    "commission",
    "commissions",
    "cvar",
    "downside_deviation",
    "downside_risk",
    "drawdown",
    "drawdown_duration",
    "expected_shortfall",
    "longest_drawdown",
    "loss",
    "losses",
    "lost",
    "max_drawdown",
    "max_drawdown_duration",
    "max_drawdown_length",
    "max_drawdown_money",
    "maxdrawdown",
    "mdd",
    "pain_index",
    "risk_of_ruin",
    "slippage",
    "std",
    "tracking_error",
    "turnover",
    "ulcer_index",
    "value_at_risk",
    "var",
    "volatility",
    "wall",
}
_LOWER_ENDINGS = (
    "_drawdown", "_drawdown_duration", "_loss", "_losses", "_volatility", "_risk", "_error", "_cost", "_costs",
)  # fmt: skip


class Directions:
    """Tells for each metric whether more of it is better. A metric that is not known is better when higher."""

    def __init__(self) -> None:
        """Begin with the names that are known."""
        self._given: dict[str, Direction] = {}

    def declare(self, metric: str, direction: Direction) -> None:
        """Say that *metric* is better when ``"higher"`` or ``"lower"``."""
        if direction not in ("higher", "lower"):
            raise ValueError(f"declaring metric {metric!r} - expected 'higher' or 'lower' - found {direction!r}")
        self._given[metric] = direction

    def of(self, metric: str) -> Direction:
        """Give the direction of *metric*."""
        if metric in self._given:
            return self._given[metric]
        name = metric.rpartition(".")[2].lower()
        return "lower" if name in _LOWER or name.endswith(_LOWER_ENDINGS) else "higher"

    def rank(self, metric: str, value: float | None) -> tuple[int, float]:
        """Give a key that sorts the best first; missing, NaN and infinite values come last."""
        if value is None or not math.isfinite(value):
            return (1, 0.0)
        return (0, abs(value) if self.of(metric) == "lower" else -value)
