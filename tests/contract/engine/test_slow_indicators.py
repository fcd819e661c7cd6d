"""Indicators on a slow feed beside a faster one: what they show on each bar of the faster one."""

from __future__ import annotations

from typing import Any

import backtrader
import numpy as np
import pandas as pd
import pytest

import backtrail

pytestmark = pytest.mark.contract

MODES: dict[str, dict[str, Any]] = {"preloaded": {}, "stepped": {"runonce": False}, "delivered": {"preload": False}}
COUNT = 70


def frame() -> pd.DataFrame:
    draw = np.random.default_rng(7)
    close = 100.0 + np.cumsum(draw.normal(size=COUNT))
    opening = close + draw.normal(size=COUNT) * 0.3
    high, low = np.maximum(opening, close) + 0.5, np.minimum(opening, close) - 0.5
    index = pd.date_range("2024-01-01", periods=COUNT, freq="B")
    return pd.DataFrame({"open": opening, "high": high, "low": low, "close": close, "volume": 100.0}, index=index)


def shown(lib: Any, name: str, mode: str, **given: Any) -> list[tuple[int, list[str]]]:
    """Give, for each day, the number of weeks so far and the lines of an indicator of the weeks."""
    days: list[tuple[int, list[str]]] = []

    class Looking(lib.Strategy):  # type: ignore[misc]  # of either library
        def __init__(self) -> None:
            self.slow = getattr(lib.ind, name)(self.data1, **given)

        def next(self) -> None:
            days.append((len(self.data1), [repr(float(line[0])) for line in self.slow.lines]))

    cerebro = lib.Cerebro(stdstats=False, **MODES[mode])
    data = lib.feeds.PandasData(dataname=frame())
    cerebro.adddata(data)
    cerebro.resampledata(data, timeframe=lib.TimeFrame.Weeks)
    cerebro.addstrategy(Looking)
    cerebro.run()
    return days


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("EMA", {"period": 3}),
        ("KAMA", {"period": 3}),
        ("Accum", {}),
        ("ZLIndicator", {"period": 3}),
        ("ZLIndicatorEnvelope", {"period": 3}),
        ("ZLIndicatorOscillator", {"period": 3}),
        ("DMAEnvelope", {"period": 3}),
        ("PSAR", {}),
        ("MACD", {"period_me1": 2, "period_me2": 4, "period_signal": 2}),
    ],
)
def test_days_see_of_the_weeks_what_they_see_in_backtrader(name: str, given: dict[str, Any], mode: str) -> None:
    assert shown(backtrail, name, mode, **given) == shown(backtrader, name, mode, **given)


@pytest.mark.parametrize("name", ["LaguerreFilter", "LaguerreRSI"])
@pytest.mark.parametrize("mode", MODES)
def test_the_state_of_laguerre_moves_on_with_the_weeks(name: str, mode: str) -> None:
    days = shown(backtrail, name, mode)
    by_week: dict[int, set[str]] = {}
    for week, (value,) in days:
        by_week.setdefault(week, set()).add(value)
    assert len(by_week) > 5
    assert all(len(values) == 1 for values in by_week.values())
    assert shown(backtrader, name, mode) != days
