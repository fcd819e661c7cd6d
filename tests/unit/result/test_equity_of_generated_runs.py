"""The equity table of a run equals what an analyzer notes on backtrader, bar by bar, over generated runs."""

from __future__ import annotations

import importlib
import math
import os
import warnings
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest
from tests.oracle import generate
from tests.oracle.record import record
from tests.oracle.scenario import Watch
from tests.oracle.spec import scenario_of

FAMILIES = (
    "market", "limits", "trails", "brackets", "oco", "targets", "commissions", "margin", "interest", "slippage",
    "fillers", "cheating", "funds", "datas", "timeframes", "resampling", "replaying", "modes", "strategies",
    "tradeids", "signals", "histories",
)  # fmt: skip
SEEDS = range(int(os.environ.get("BACKTRAIL_FUZZ_SEEDS", "2")))
# Bars resampled at the end of the data are matched against other prices: the compatibility page says why.
KNOWN = {("resampling", 3)}


def noting_analyzer(bt: ModuleType, noted: list[tuple[float, float]]) -> type:
    class Noting(bt.Analyzer):
        def prenext(self):
            self.next()

        def nextstart(self):
            self.next()

        def next(self):
            broker = self.strategy.broker
            noted.append((float(broker.getcash()), float(broker.getvalue())))

    return Noting


def run(bt: ModuleType, spec: dict[str, Any], analyzer: bool) -> tuple[Any, Any, list[tuple[float, float]]]:
    """Run *spec* without anybody looking at the account but, on request, an analyzer that notes it."""
    seen: list[Any] = []
    noted: list[tuple[float, float]] = []
    scenario = scenario_of(spec)
    usual = scenario.setup

    def setup(module: ModuleType, cerebro: Any) -> None:
        seen.append(cerebro)
        if usual is not None:
            usual(module, cerebro)
        if analyzer:
            cerebro.addanalyzer(noting_analyzer(module, noted))

    bare = replace(scenario, setup=setup, watch=Watch(("next",), 0), analyzers=())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        recording = record(bt, bare)
    return seen[0], recording, noted


@pytest.mark.contract
@pytest.mark.parametrize("family", FAMILIES)
def test_equity_is_the_value_that_backtrader_reports_bar_by_bar(family: str) -> None:
    backtrader, backtrail = importlib.import_module("backtrader"), importlib.import_module("backtrail")
    compared = 0
    for seed in SEEDS:
        if (family, seed) in KNOWN:
            continue
        spec = generate(seed, family)
        spec["cerebro"]["stdstats"] = False
        if spec["cerebro"].get("exactbars", 0) > 0 or spec.get("optimise"):
            continue
        _, theirs, noted = run(backtrader, spec, analyzer=True)
        ours, recording, _ = run(backtrail, spec, analyzer=False)
        if theirs.error or recording.error:
            continue
        strategies = len(spec["strategies"]) or 1
        wanted = noted[strategies - 1 :: strategies]
        equity = ours.result.equity
        found = list(zip(equity["cash"].tolist(), equity["value"].tolist(), strict=True))
        assert len(found) == len(wanted), (family, seed)
        for at, (a, b) in enumerate(zip(wanted, found, strict=True)):
            same = all(x == y or (math.isnan(x) and math.isnan(y)) for x, y in zip(a, b, strict=True))
            assert same, (family, seed, at, a, b)
        compared += len(found)
        check_tables(ours)
    assert compared or family == "signals"


def check_tables(cerebro: Any) -> None:
    """Check what must hold between the tables of any run."""
    result = cerebro.result
    orders, fills, trades = result.orders, result.fills, result.trades
    assert orders["order"].tolist() == list(range(1, len(orders) + 1))
    assert fills["fill"].tolist() == list(range(1, len(fills) + 1))
    assert trades["trade"].tolist() == list(range(1, len(trades) + 1))
    assert math.isclose(
        math.fsum(orders["commission"].tolist()), math.fsum(fills["commission"].tolist()), abs_tol=1e-9
    )
    by_order: dict[int, float] = {}
    for order, size in zip(fills["order"].tolist(), fills["size"].tolist(), strict=True):
        by_order[order] = by_order.get(order, 0.0) + abs(size)
    for order, filled in zip(orders["order"].tolist(), orders["filled"].tolist(), strict=True):
        assert math.isclose(by_order.get(order, 0.0), filled, abs_tol=1e-9)
    held = 0.0
    for _, opened, closed in zip(fills["data"], fills["opened"], fills["closed"], strict=True):
        held += opened + closed
    final = sum(p.size for p in cerebro.broker.positions.values())
    assert math.isclose(held, final, abs_tol=1e-9)
