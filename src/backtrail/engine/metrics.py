"""The figures of a finished run: each with its definition, and whether more of it is better."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .ending import Account
from .tables import Column, Table

Floats = NDArray[np.float64]
TRADING_DAYS = 252
DAYS_PER_YEAR = 365.25


class Metric(NamedTuple):
    """What a figure means. ``higher_is_better`` is None where neither is."""

    definition: str
    higher_is_better: bool | None = None


METRICS: dict[str, Metric] = {
    "bars": Metric("cycles of the run"),
    "start_value": Metric("value of the account before the first bar"),
    "final_value": Metric("value of the account at the last bar", True),
    "total_return": Metric("final value / start value - 1", True),
    "annual_return": Metric("(final value / start value) ** (365.25 / calendar days) - 1", True),
    "volatility": Metric("population standard deviation of the daily returns x sqrt(252)", False),
    "sharpe_ratio": Metric(
        "mean of the daily returns / their population standard deviation x sqrt(252), risk-free rate 0", True
    ),
    "sortino_ratio": Metric(
        "mean of the daily returns / root mean square of the negative ones over all days x sqrt(252), target 0",
        True,
    ),
    "max_drawdown": Metric(
        "largest fall below an earlier high, bar by bar, as a fraction of that high", False
    ),
    "max_drawdown_money": Metric("largest fall below an earlier high, bar by bar, in money", False),
    "max_drawdown_bars": Metric("most bars in a row below an earlier high", False),
    "calmar_ratio": Metric("annual return / max drawdown", True),
    "trades": Metric("closed trades"),
    "win_rate": Metric("share of the closed trades with a net profit above 0", True),
    "profit_factor": Metric("sum of the net profits / sum of the net losses of closed trades", True),
    "expectancy": Metric("mean net profit of the closed trades", True),
    "average_win": Metric("mean net profit of the closed trades that won", True),
    "average_loss": Metric("mean net profit of the closed trades that lost", True),
    "commission": Metric("commission paid on all executions", False),
    "exposure": Metric("share of the cycles at whose end a position was held"),
}


def drawdowns(value: Floats) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Give, per bar, the high so far, the fall below it as a fraction of it (0 where it is not above 0), and for how
    many bars the value has been below it."""
    peak = np.fmax.accumulate(value) if len(value) else value
    with np.errstate(all="ignore"):
        fall = np.where(peak > 0, (peak - value) / peak, 0.0)
    below = value < peak
    count = np.arange(len(value))
    last = np.maximum.accumulate(np.where(below, -1, count)) if len(value) else count
    return peak, fall, np.where(below, count - last, 0)


def daily(moments: Floats, value: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Give the days (UTC, ordinals) and the last value of each."""
    days = moments.astype(np.int64)
    if not len(days):
        return days, value
    ends = np.flatnonzero(np.append(days[1:] != days[:-1], True))
    return days[ends], value[ends]


def figures(account: Account, start: float, trades: Table, fills: Table) -> dict[str, float]:
    """Work out every figure of :data:`METRICS` that is defined for the run."""
    value = account.value
    made: dict[str, float | None] = {"bars": float(len(value)), "start_value": start}
    if len(value):
        made.update(_of_value(account, start))
    net = trades["pnl_net"][trades["status"] == "closed"] if len(trades) else np.empty(0)
    made["trades"] = float(len(net))
    if len(net):
        made.update(_of_trades(net))
    made["commission"] = math.fsum(fills["commission"].tolist())
    made["exposure"] = _exposure(fills, len(value))
    known = {name: made.get(name) for name in METRICS}
    return {name: value for name, value in known.items() if value is not None and value == value}


def _of_value(account: Account, start: float) -> dict[str, float | None]:
    value = account.value
    last = float(value[-1])
    growth = last / start if start else math.nan
    days, ends = daily(account.moments, value)
    years = float(days[-1] - days[0]) / DAYS_PER_YEAR
    annual = growth ** (1.0 / years) - 1.0 if years > 0 and growth > 0 else None
    before = np.concatenate(([start], ends[:-1]))
    with np.errstate(all="ignore"):
        returns = ends[before != 0] / before[before != 0] - 1.0
    made: dict[str, float | None] = {
        "final_value": last, "total_return": growth - 1.0, "annual_return": annual,
    }  # fmt: skip
    if len(returns) > 1 and np.isfinite(returns).all():
        mean = math.fsum(returns.tolist()) / len(returns)
        deviation = math.sqrt(math.fsum(((returns - mean) ** 2).tolist()) / len(returns))
        downside = math.sqrt(math.fsum((np.minimum(returns, 0.0) ** 2).tolist()) / len(returns))
        year = math.sqrt(TRADING_DAYS)
        made["volatility"] = deviation * year
        made["sharpe_ratio"] = mean / deviation * year if deviation > 0 else None
        made["sortino_ratio"] = mean / downside * year if downside > 0 else None
    peak, fall, length = drawdowns(value)
    deepest = float(fall.max())
    made["max_drawdown"] = deepest
    with np.errstate(all="ignore"):
        made["max_drawdown_money"] = float((peak - value).max())
    made["max_drawdown_bars"] = float(length.max())
    made["calmar_ratio"] = annual / deepest if annual is not None and deepest > 0 else None
    return made


def _of_trades(net: Floats) -> dict[str, float | None]:
    won, lost = net[net > 0], net[net < 0]
    gains, losses = math.fsum(won.tolist()), -math.fsum(lost.tolist())
    return {
        "win_rate": len(won) / len(net),
        "profit_factor": gains / losses if losses > 0 else None,
        "expectancy": math.fsum(net.tolist()) / len(net),
        "average_win": gains / len(won) if len(won) else None,
        "average_loss": -losses / len(lost) if len(lost) else None,
    }


def _exposure(fills: Table, cycles: int) -> float | None:
    """Give the share of the cycles with a position; None if the cycles of the executions are not known."""
    when = fills["cycle"].tolist()
    if not cycles or any(cycle < 0 for cycle in when):
        return None
    held: dict[Any, float] = {}
    exposed, since = 0, 0
    for cycle, data, size in zip(when, fills["data"].tolist(), fills["position_size"].tolist(), strict=True):
        at = min(cycle, cycles)
        if any(held.values()):
            exposed += at - since
        since = at
        held[data] = size
    if any(held.values()):
        exposed += cycles - since
    return exposed / cycles


def metrics_table(figures: dict[str, float]) -> Table:
    """Give figures as a table: metric, value, definition."""
    return Table(
        "metrics",
        {
            "metric": Column("text", list(figures)),
            "value": Column("float", list(figures.values())),
            "definition": Column("text", [_definition(name) for name in figures]),
        },
    )


def _definition(name: str) -> str:
    known = METRICS.get(name)
    return "" if known is None else known.definition


__all__ = ["METRICS", "Metric", "daily", "drawdowns", "figures", "metrics_table"]
