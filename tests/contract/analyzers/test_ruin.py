"""An account that is worth nothing: figures are infinite or NaN, and the run goes on."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

import backtrail as bt


def ruined(name: str, **kwargs: Any) -> tuple[Any, int]:
    closes = [0.25, 0.25, 0.0, 0.5]
    frame = pd.DataFrame(
        {"open": closes, "high": closes, "low": closes, "close": closes, "volume": 1.0},
        index=pd.date_range("2024-01-01", periods=4),
    )

    class AllIn(bt.Strategy):  # type: ignore[misc]
        def next(self) -> None:
            if len(self) == 1:
                self.buy(size=20_000)

    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame))
    cerebro.addstrategy(AllIn)
    cerebro.broker.setcash(5_000.0)
    cerebro.addanalyzer(getattr(bt.analyzers, name), _name="it", **kwargs)
    strategy = cerebro.run()[0]
    return strategy.analyzers.it.get_analysis(), len(strategy)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("TimeReturn", [0.0, 0.0, -1.0, math.inf]),
        ("LogReturnsRolling", [0.0, 0.0, -math.inf, math.inf]),
        ("GrossLeverage", [0.0, 1.0, math.nan, 1.0]),
    ],
)
def test_a_period_that_begins_or_ends_with_nothing_has_no_finite_figure(name: str, expected: list[float]) -> None:
    found, bars = ruined(name, **({} if name == "GrossLeverage" else {"timeframe": bt.TimeFrame.Days}))
    assert bars == 4
    assert repr(list(found.values())) == repr(expected)


@pytest.mark.parametrize("name", ["VWR", "SharpeRatio", "PeriodStats", "Returns", "PyFolio", "Calmar", "TimeDrawDown"])
def test_no_figure_ends_the_run(name: str) -> None:
    _, bars = ruined(name, timeframe=bt.TimeFrame.Days)
    assert bars == 4
