"""What a strategy changes of broker and schemes while the run goes on, settings and terms, counts as in backtrader."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from typing import Any

import backtrader
import pytest

import backtrail

from ..engine.replacing import frame, rounded

ANALYZERS = (
    "TimeReturn", "DrawDown", "TradeAnalyzer", "Transactions", "GrossLeverage", "PositionsValue", "SharpeRatio", "VWR",
)  # fmt: skip
OBSERVERS = ("Broker", "Value", "DrawDown", "BuySell", "Trades", "FundValue", "TimeReturn")


def terms(strat: Any) -> Any:
    return strat.broker.getcommissioninfo(strat.data).p


CHANGES: dict[str, Callable[[Any, Any, int], Any]] = {
    "percentage": lambda s, b, k: b.setcommission(commission=0.002 * (k % 3), leverage=1 + k % 2),
    "future": lambda s, b, k: b.setcommission(commission=1.0, margin=20.0, mult=2.0 + k % 3),
    "of its name": lambda s, b, k: b.setcommission(commission=0.003, mult=3.0, name="d0"),
    "interest": lambda s, b, k: b.setcommission(commission=0.001, interest=0.2, interest_long=True),
    "p.commission": lambda s, b, k: setattr(terms(s), "commission", 0.01),
    "p.mult": lambda s, b, k: setattr(terms(s), "mult", 2.0 + k % 2),
    "p.leverage": lambda s, b, k: setattr(terms(s), "leverage", 1.0 + k % 2),
    "cash": lambda s, b, k: b.set_cash(20000.0),
    "add cash": lambda s, b, k: b.add_cash(500.0 * (-1) ** k),
    "slippage": lambda s, b, k: b.set_slippage_perc(0.01 * (k % 2)),
    "check": lambda s, b, k: b.set_checksubmit(bool(k % 2)),
    "fund mode": lambda s, b, k: b.set_fundmode(bool(k % 2)),
    "coc": lambda s, b, k: b.set_coc(bool(k % 2)),
    "coo": lambda s, b, k: b.set_coo(bool(k % 2)),
    "shortcash": lambda s, b, k: b.set_shortcash(bool(k % 2)),
    "int2pnl": lambda s, b, k: b.set_int2pnl(bool(k % 2)),
    "filler": lambda s, b, k: b.set_filler((lambda order, price, ago: 1) if k % 2 else None),
    "broker.p.slip_perc": lambda s, b, k: setattr(b.p, "slip_perc", 0.01 * (k % 3)),
    "broker.p.slip_open": lambda s, b, k: setattr(b.p, "slip_open", bool(k % 2)),
    "broker.p.coc": lambda s, b, k: setattr(b.p, "coc", bool(k % 2)),
    "broker.p.checksubmit": lambda s, b, k: setattr(b.p, "checksubmit", bool(k % 2)),
    "broker.p.shortcash": lambda s, b, k: setattr(b.p, "shortcash", bool(k % 2)),
    "broker.p.filler": lambda s, b, k: setattr(b.p, "filler", (lambda order, price, ago: 2) if k % 2 else None),
}


def run(bt: Any, seed: int) -> dict[str, Any]:
    """Run a strategy that changes settings at random bars; give what it saw and what came of it."""
    rng = random.Random(seed)
    count = 40
    plan = [(bar, rng.choice(list(CHANGES))) for bar in range(1, count) if rng.random() < 0.12]
    settings = rng.choice([{}, {}, {"runonce": False}, {"preload": False}])
    orders = rng.choice(["market", "limit", "bracket"])
    watched = rng.random() < 0.7

    class Changing(bt.Strategy):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            self.log: list[Any] = []

        def next(self) -> None:
            broker, at = self.broker, len(self)
            for bar, name in plan:
                if bar == at:
                    CHANGES[name](self, broker, at)
                    self.log.append((name, float(broker.getvalue()), float(broker.getcash()), float(broker.fundvalue)))
            close = self.data.close[0]
            if at % 6 == 1:
                if orders == "market":
                    (self.buy if at % 4 < 2 else self.sell)(size=3)
                elif orders == "limit":
                    self.buy(exectype=bt.Order.Limit, price=close * 0.99)
                else:
                    self.buy_bracket(price=close * 0.995, stopprice=close * 0.95, limitprice=close * 1.05)
            elif at % 6 == 4:
                self.close()

    cerebro = bt.Cerebro(stdstats=False, **settings)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame(rng, count)), name="d0")
    cerebro.broker.setcommission(commission=0.001)
    for name in ANALYZERS if watched else ():
        cerebro.addanalyzer(getattr(bt.analyzers, name))
    for name in OBSERVERS if watched else ():
        cerebro.addobserver(getattr(bt.observers, name))
    cerebro.addstrategy(Changing)
    strat = cerebro.run()[0]
    lines = [[[float(line.array[at]) for at in range(count)] for line in o.lines.itersize()] for o in strat.stats]
    return {
        "plan": plan,
        "log": strat.log,
        "end": (float(cerebro.broker.getvalue()), float(cerebro.broker.getcash())),
        "analyzers": [rounded(one.get_analysis()) for one in strat.analyzers],
        "observers": lines,
    }


def agree(seeds: range) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in seeds:
            assert repr(run(backtrail, seed)) == repr(run(backtrader, seed)), f"seed {seed}"


@pytest.mark.parametrize("block", range(3))
def test_settings_changed_during_a_run_count_as_in_backtrader(block: int) -> None:
    agree(range(block * 16, block * 16 + 16))


@pytest.mark.long
@pytest.mark.parametrize("block", range(20))
def test_many_settings_changed_during_a_run_count_as_in_backtrader(block: int) -> None:
    agree(range(1000 + block * 50, 1050 + block * 50))


def test_the_table_of_equity_is_what_the_strategy_saw() -> None:
    class Changing(backtrail.Strategy):
        def __init__(self) -> None:
            self.seen: list[float] = []

        def next(self) -> None:
            if len(self) == 2:
                self.sell(size=5)
            if len(self) in (10, 20):
                self.broker.set_shortcash(len(self) == 20)
                self.broker.setcommission(commission=0.001, mult=len(self) / 10)
            self.seen.append(self.broker.getvalue())

    cerebro = backtrail.Cerebro(stdstats=False)
    cerebro.adddata(backtrail.feeds.PandasData(dataname=frame(random.Random(1), 30)))
    cerebro.addstrategy(Changing)
    (strat,) = cerebro.run()
    assert [row["value"] for row in cerebro.result.equity.rows()] == strat.seen
