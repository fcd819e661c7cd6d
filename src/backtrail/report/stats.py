"""The figures of a backtest, from the value of the account and the closed trades."""

from __future__ import annotations

import datetime as _dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import DataError

TRADING_DAYS = 252
DAYS_PER_YEAR = 365.25
SHARPE_DEFINITION = (
    "mean of the daily returns / their standard deviation (population), "
    "times the square root of 252; risk-free rate 0"
)


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The deepest fall of the account below an earlier high.

    ``depth`` is a fraction of the value at the ``peak``. ``recovered`` is None if the value never came back.
    """

    depth: float
    amount: float
    peak: _dt.date
    trough: _dt.date
    recovered: _dt.date | None


@dataclass(frozen=True, slots=True)
class Statistics:
    """The figures of a backtest; returns and rates are fractions, None where they are not defined.

    ``win_rate`` is the share of closed trades with a net profit. ``profit_factor`` is the sum of the net profits
    divided by the sum of the net losses.
    """

    first: _dt.date
    last: _dt.date
    bars: int
    start_value: float
    final_value: float
    total_return: float
    annual_return: float | None
    sharpe: float | None
    drawdown: Drawdown | None
    trades: int
    win_rate: float | None
    profit_factor: float | None
    commission: float


def statistics(
    moments: Sequence[_dt.datetime],
    values: Sequence[float],
    start_value: float,
    profits: Sequence[float],
    commission: float,
) -> Statistics:
    """Work out the figures.

    *values* is the account's value at the *moments*, at least one; *start_value* the value before the first; *profits*
    the net profit of each closed trade; *commission* the sum paid.
    """
    if not values:
        raise DataError(
            "Statistics need the account's value at one moment at least; got none. Run on some bars first."
        )
    daily_days, daily = _by_day(moments, values)
    gains = math.fsum(p for p in profits if p > 0)
    losses = -math.fsum(p for p in profits if p < 0)
    years = (daily_days[-1] - daily_days[0]).days / DAYS_PER_YEAR
    growth = values[-1] / start_value if start_value else math.nan
    return Statistics(
        first=daily_days[0],
        last=daily_days[-1],
        bars=len(values),
        start_value=start_value,
        final_value=values[-1],
        total_return=growth - 1.0,
        annual_return=growth ** (1.0 / years) - 1.0 if years > 0 and growth > 0 else None,
        sharpe=sharpe_ratio(daily, start_value),
        drawdown=deepest_drawdown(daily_days, daily),
        trades=len(profits),
        win_rate=sum(p > 0 for p in profits) / len(profits) if profits else None,
        profit_factor=gains / losses if losses > 0 else None,
        commission=commission,
    )


def sharpe_ratio(daily: Sequence[float], start_value: float) -> float | None:
    """Give the yearly Sharpe ratio of daily values, as :data:`SHARPE_DEFINITION` says; None for a constant return."""
    before = [start_value, *daily[:-1]]
    returns = [now / then - 1.0 for now, then in zip(daily, before, strict=True) if then]
    if len(returns) < 2:
        return None
    mean = math.fsum(returns) / len(returns)
    deviation = math.sqrt(math.fsum((r - mean) ** 2 for r in returns) / len(returns))
    return mean / deviation * math.sqrt(TRADING_DAYS) if deviation > 0 else None


def deepest_drawdown(days: Sequence[_dt.date], values: Sequence[float]) -> Drawdown | None:
    """Give the deepest drawdown, the first one among equals; None if the value never fell."""
    worst: tuple[float, int, int] | None = None
    peak = 0
    for at, value in enumerate(values):
        if value >= values[peak]:
            peak = at
        elif values[peak] > 0:
            depth = 1.0 - value / values[peak]
            if worst is None or depth > worst[0]:
                worst = (depth, peak, at)
    if worst is None:
        return None
    depth, peak, trough = worst
    back = next((days[at] for at in range(trough, len(values)) if values[at] >= values[peak]), None)
    return Drawdown(
        depth=depth,
        amount=values[peak] - values[trough],
        peak=days[peak],
        trough=days[trough],
        recovered=back,
    )


def _by_day(moments: Sequence[_dt.datetime], values: Sequence[float]) -> tuple[list[_dt.date], list[float]]:
    """Give the last value of each day."""
    last = {moment.date(): value for moment, value in zip(moments, values, strict=True)}
    return list(last), list(last.values())
