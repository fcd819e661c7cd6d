"""Every sizer trades what backtrader's trades, in every mode and under stocks and futures."""

from __future__ import annotations

from random import Random
from typing import Any

import backtrader
import pytest
from tests.contract.analyzers.setups import make_bars, quietly

import backtrail

pytestmark = pytest.mark.contract

CHOICES: dict[str, list[dict[str, Any]]] = {
    "FixedSize": [{}, {"stake": 7}, {"stake": 10, "tranches": 3}, {"stake": -4}, {"stake": 2.5}],
    "SizerFix": [{"stake": 3}],
    "FixedReverser": [{}, {"stake": 6}],
    "FixedSizeTarget": [{"stake": 9}, {"stake": 20, "tranches": 6}],
    "PercentSizer": [{}, {"percents": 35}, {"percents": 12.5, "retint": True}],
    "PercentSizerInt": [{}, {"percents": 50}],
    "AllInSizer": [{}, {"percents": 90}],
    "AllInSizerInt": [{}, {"percents": 99}],
}
CASES = [(name, options) for name, several in CHOICES.items() for options in several]


def trade(bt: Any, name: str, options: dict[str, Any], seed: int, runonce: bool) -> list[str]:
    """Trade without sizes, and give account, position and asked sizes bar by bar."""

    class Trader(bt.Strategy):  # type: ignore[misc]
        def __init__(self) -> None:
            self.rng = Random(seed)
            self.rows: list[str] = []

        def notify_order(self, order: Any) -> None:
            self.rows.append(f"{order.getstatusname()} {order.size!r} {order.executed.size!r}")

        def next(self) -> None:
            chance = self.rng.random()
            data = self.rng.choice(self.datas)
            sizes = [self.getsizing(data, isbuy=side) for side in (True, False)]
            positions = [self.getposition(one).size for one in self.datas]
            self.rows.append(f"{self.broker.getcash()!r} {self.broker.getvalue()!r} {positions!r} {sizes!r}")
            if chance < 0.2:
                self.buy(data)
            elif chance < 0.4:
                self.sell(data)
            elif chance < 0.5:
                self.close(data)

    cerebro = bt.Cerebro(stdstats=False, runonce=runonce)
    for number in range(2):
        frame = make_bars(60, seed + number)
        cerebro.adddata(bt.feeds.PandasData(dataname=frame), name=f"d{number}")
    if seed % 2:
        cerebro.broker.setcommission(commission=2.0, margin=500.0, mult=5.0)
    else:
        cerebro.broker.setcommission(0.001)
    cerebro.addstrategy(Trader)
    cerebro.addsizer(getattr(bt.sizers, name), **options)
    rows: list[str] = quietly(cerebro.run)[0].rows
    return rows


@pytest.mark.parametrize(("name", "options"), CASES, ids=str)
@pytest.mark.parametrize("seed", [2, 3])
def test_sizers_trade_the_same(name: str, options: dict[str, Any], seed: int) -> None:
    runonce = bool(len(repr(options)) % 2)
    assert trade(backtrail, name, options, seed, runonce) == trade(backtrader, name, options, seed, runonce)


def lines_of(bt: Any, name: str, options: dict[str, Any], runonce: bool) -> list[str]:
    """Run an observer on two datas, and give its lines."""
    cerebro = bt.Cerebro(stdstats=False, runonce=runonce)
    for number in range(2):
        cerebro.adddata(
            bt.feeds.PandasData(dataname=make_bars(60, 5 + number, holes=0.2 * number)), name=f"d{number}"
        )
    cerebro.addstrategy(bt.Strategy)
    cerebro.addobserver(getattr(bt.observers, name), **options)
    strategy = quietly(cerebro.run)[0]
    observer = strategy.observers[0]
    return [
        f"{alias} {[float(value) for value in line.array[: len(observer)]]!r}"
        for alias, line in zip(observer.lines.getlinealiases(), observer.lines, strict=False)
    ]


@pytest.mark.parametrize("runonce", [True, False])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("LogReturns2", {}),
        ("LogReturns2", {"timeframe": 6}),
        ("LogReturns2", {"timeframe": 7, "fund": True}),
        ("LogReturns", {"timeframe": 7}),
    ],
)
def test_observers_of_returns_of_two_datas_show_the_same(
    name: str, options: dict[str, Any], runonce: bool
) -> None:
    assert lines_of(backtrail, name, options, runonce) == lines_of(backtrader, name, options, runonce)
