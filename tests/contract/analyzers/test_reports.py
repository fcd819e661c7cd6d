"""Writers write what backtrader's write, character by character."""

from __future__ import annotations

import io
import re
from random import Random
from typing import Any

import backtrader
import pytest
from tests.contract.analyzers.setups import SetUp, make_trader, quietly

import backtrail

pytestmark = pytest.mark.contract

ANALYZERS = [
    "DrawDown", "TradeAnalyzer", "TimeReturn", "SharpeRatio", "Returns", "SQN", "Transactions",
    "PositionsValue", "PyFolio", "GrossLeverage", "PeriodStats", "Calmar",
]  # fmt: skip
OBSERVERS = ["DrawDown", "TimeReturn", "Benchmark", "Cash", "Value", "DataTrades", "FundShares"]


def make_strategy(bt: Any, seed: int) -> Any:
    """Give a strategy with indicators, some of which ask for columns, and parameters of many types."""

    class Written(make_trader(bt)):  # type: ignore[misc]
        params = {"average": bt.ind.SMA, "items": [1, 2.5], "nested": {"a": 1}, "text": "x", "none": None}
        plotinfo = {"plotname": "named" if seed % 3 == 0 else ""}

        def __init__(self) -> None:
            super().__init__()
            short = bt.ind.SMA(period=2)
            long = bt.ind.EMA(self.data.close, period=3)
            long.csv = True
            self.macd = bt.ind.MACD(period_me1=2, period_me2=3, period_signal=2, plotname="shown as")
            self.macd.csv = seed % 2 == 0
            self.distance = short - long
            bt.ind.CrossOver(short, long)

    return Written


def written(bt: Any, seed: int) -> list[str]:
    """Run the set-up of *seed* with two writers and give what they wrote."""
    rng = Random(seed)
    setup = SetUp(seed)
    cerebro = setup.cerebro(bt, stdstats=rng.random() < 0.7)
    if len(setup.bars[0]) > 5:
        cerebro.strats.clear()
        cerebro.addstrategy(make_strategy(bt, seed), seed=seed)
    for data in cerebro.datas:
        data.csv = rng.random() < 0.9
    early = (
        ("PositionsValue", "PyFolio") if setup.resampled else ()
    )  # fail before the first bar in backtrader
    for name in rng.sample(ANALYZERS, rng.randint(0, 6)):
        if name in early:
            continue
        cerebro.addanalyzer(getattr(bt.analyzers, name), **({"_name": "shown"} if rng.random() < 0.2 else {}))
    for name in rng.sample(OBSERVERS, rng.randint(0, 3)):
        cerebro.addobserver(getattr(bt.observers, name))

    class Own(bt.Observer):  # type: ignore[misc]
        lines = ("one", "two")
        params = (("z", 1),)
        plotinfo = {"plotname": "own"}

        def next(self) -> None:
            self.lines.one[0] = len(self) * 1.5

    if rng.random() < 0.5:
        cerebro.addobserver(Own)
    options: dict[str, Any] = {"csv": rng.random() < 0.8}
    if rng.random() < 0.3:
        options["rounding"] = rng.choice([0, 2, 4])
    if rng.random() < 0.2:
        options |= {"csvsep": ";", "csv_counter": False}
    if rng.random() < 0.2:
        options["csv_filternan"] = False
    if rng.random() < 0.2:
        options |= {"indent": 4, "seplen": 40}
    cerebro.addwriter(bt.WriterStringIO, **options)
    file = io.StringIO()
    cerebro.addwriter(bt.WriterFile, out=file, csv=True)
    quietly(cerebro.run)
    texts = [cerebro.runwriters[0].out.read(), file.getvalue()]
    return [re.sub(r"<[\w. ]+ at [\w]+>", "<an object>", text) for text in texts]


@pytest.mark.parametrize("seed", range(20))
def test_rows_and_report_are_those_of_backtrader(seed: int) -> None:
    expected = written(backtrader, seed)
    found = written(backtrail, seed)
    for mine, theirs in zip(found, expected):
        assert mine.split("\n") == theirs.split("\n")
