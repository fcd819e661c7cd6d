"""Analyzers and observers give what backtrader's give: same types, same keys, same digits."""

from __future__ import annotations

import importlib
import sys
from random import Random
from typing import Any

import backtrader
import pytest
from tests.contract.analyzers.setups import SetUp, quietly

import backtrail

pytestmark = pytest.mark.contract

Choice = tuple[str, dict[str, Any]]

DAYS, WEEKS, MONTHS, YEARS, NONE, MINUTES, SECONDS = 5, 6, 7, 8, 9, 4, 3
PERIODS: list[dict[str, Any]] = [
    {},
    {"timeframe": DAYS},
    {"timeframe": WEEKS},
    {"timeframe": MONTHS},
    {"timeframe": YEARS},
    {"timeframe": NONE},
    {"timeframe": MINUTES, "compression": 30},
    {"timeframe": MINUTES, "compression": 45},
    {"timeframe": MINUTES, "compression": 1000},
    {"timeframe": SECONDS, "compression": 90},
]


def choose_analyzers(rng: Random, setup: SetUp) -> list[Choice]:
    """Give every analyzer, with random parameters."""
    found: list[Choice] = [
        (name, {}) for name in ("AnnualReturn", "TradeAnalyzer", "SQN", "Calmar", "SharpeRatio")
    ]
    for fund in (None, True, False):
        for name in ("TimeDrawDown", "TimeReturn", "Returns", "LogReturnsRolling", "PeriodStats"):
            found.append((name, {"fund": fund, **rng.choice(PERIODS)}))
        for name in ("DrawDown", "GrossLeverage"):
            found.append((name, {"fund": fund}))
        found.append(("Calmar", {"fund": fund, "period": rng.randint(1, 5), **rng.choice(PERIODS)}))
        found.append(("SharpeRatio", {"fund": fund, "timeframe": DAYS}))
    for _ in range(4):
        switches = {name: rng.random() < 0.5 for name in ("convertrate", "annualize", "stddev_sample")}
        found.append(("SharpeRatio", {**switches, **rng.choice(PERIODS)}))
    if len(setup.bars[0]) > 2:
        found += [("VWR", rng.choice(PERIODS)), ("VWR", {"tau": 0.5, "sdev_max": 0.5, "tann": 100})]
    found += [
        ("SharpeRatio_A", {"timeframe": MONTHS}),
        ("PeriodStats", {"zeroispos": True, "timeframe": DAYS}),
        ("PositionsValue", {}),
        ("PositionsValue", {"headers": True, "cash": True}),
        ("Transactions", {}),
        ("Transactions", {"headers": True}),
        ("PyFolio", {}),
        ("TimeReturn", {"_doprenext": False, **rng.choice(PERIODS)}),
        ("Returns", {"_doprenext": False, "tann": 10}),
    ]
    # backtrader values positions in resampled feeds before they have a bar, and fails
    early = ("PositionsValue", "PyFolio") if setup.resampled else ()
    return [(name, options) for name, options in found if name not in early]


def choose_observers(rng: Random) -> list[Choice]:
    """Give every observer that needs one data, with random parameters."""
    found: list[Choice] = [
        (name, {})
        for name in ("Cash", "Value", "FundValue", "FundShares", "DrawDown", "DrawDownLength", "DrawDown_Old")
    ]
    found += [(name, {"fund": True}) for name in ("CashValue", "Value", "DrawDown")]
    for period in rng.sample(PERIODS[1:], 3):
        found += [(name, dict(period)) for name in ("TimeReturn", "LogReturns", "Benchmark")]
        found.append(("Benchmark", {"_doprenext": True, "firstopen": True, **period}))
    found += [("DataTrades", {"usenames": False}), ("Trades", {"pnlcomm": False})]
    return found


def with_hooks(bt: Any, name: str) -> Any:
    """Give a subclass of the analyzer that changes its hooks, so that it is stepped bar by bar."""
    base = getattr(bt.analyzers, name)
    for package in getattr(base, "packages", ()):  # backtrader imports them for the module of the derived class alone
        setattr(sys.modules[base.__module__], package, importlib.import_module(package))

    def notify_order(self: Any, order: Any) -> None:
        base.notify_order(self, order)

    def notify_trade(self: Any, trade: Any) -> None:
        base.notify_trade(self, trade)

    def next_(self: Any) -> None:
        base.next(self)

    hooks = {"next": next_, "notify_order": notify_order, "notify_trade": notify_trade}
    return type(base)(f"Own{name}", (base,), {**hooks, "__module__": __name__})


def results(bt: Any, seed: int, look_every: int = 0, stepped: bool = False) -> dict[str, str]:
    """Run the set-up of *seed*; give the results of analyzers and the lines of observers as text."""
    setup = SetUp(seed)
    rng = Random(seed)
    cerebro = setup.cerebro(bt, look_every, oldbuysell=rng.random() < 0.3, oldtrades=rng.random() < 0.3)
    analyzers, observers = choose_analyzers(rng, setup), choose_observers(rng)
    for name, options in analyzers:
        cls = with_hooks(bt, name) if stepped else getattr(bt.analyzers, name)
        cerebro.addanalyzer(cls, **options)
    for name, options in observers:
        cerebro.addobserver(getattr(bt.observers, name), **options)
    cerebro.addobservermulti(bt.observers.BuySell)
    cerebro.addobservermulti(bt.observers.BuySell, barplot=True, bardist=0.02)
    strategy = quietly(cerebro.run)[0]
    found = {"looked": repr(strategy.looked)}
    for number, ((name, options), analyzer) in enumerate(zip(analyzers, strategy.analyzers)):
        found[f"analyzer {number} {name} {options}"] = repr(analyzer.get_analysis())
    stats = [*strategy.stats, *strategy.stats.buysell]
    for number, observer in enumerate(stats):
        for name, line in zip(observer.lines.getlinealiases(), observer.lines):
            values = [float(value) for value in line.array[: len(observer)]]
            found[f"observer {number} {type(observer).__name__}.{name}"] = f"{len(observer)} {values!r}"
    return found


def check(seed: int, **how: Any) -> None:
    """Compare the two libraries."""
    expected = results(backtrader, seed, **how)
    found = results(backtrail, seed, **how)
    assert list(found) == list(expected)
    for key, value in expected.items():
        assert found[key] == value, key


@pytest.mark.parametrize("seed", range(14))
def test_results_computed_afterwards_are_those_of_backtrader(seed: int) -> None:
    check(seed)


@pytest.mark.parametrize("seed", range(14, 22))
def test_results_read_during_the_run_are_those_of_backtrader(seed: int) -> None:
    check(seed, look_every=7)


@pytest.mark.parametrize("seed", range(22, 28))
def test_results_of_subclasses_with_hooks_are_those_of_backtrader(seed: int) -> None:
    check(seed, stepped=True)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 400))
def test_results_of_a_campaign_are_those_of_backtrader(seed: int) -> None:
    check(seed, look_every=Random(seed).choice([0, 0, 5]), stepped=seed % 5 == 0)
