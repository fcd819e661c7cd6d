"""Strategies without hooks: nobody hears of orders and trades, and what is left of them is backtrader's."""

from __future__ import annotations

import random
import warnings
from typing import Any

import backtrader
import pandas as pd
import pytest

import backtrail

PARTS = (
    "size", "price", "value", "commission", "pnl", "pnlcomm", "isopen", "isclosed", "baropen", "dtopen", "barclose",
    "dtclose", "barlen", "status", "tradeid", "justopened",
)  # fmt: skip
BITS = (
    "dt", "size", "price", "closed", "closedvalue", "closedcomm", "opened", "openedvalue", "openedcomm", "pnl", "psize",
    "pprice",
)  # fmt: skip


def frame(rng: random.Random, count: int) -> pd.DataFrame:
    rows = []
    price = rng.choice([5.0, 100.0])
    for _ in range(count):
        opening = price * (1 + rng.gauss(0, 0.01))
        price = opening * (1 + rng.gauss(0, 0.02))
        rows.append((opening, max(opening, price) * 1.01, min(opening, price) * 0.99, price, rng.randrange(1000)))
    index = pd.date_range("2024-01-01", periods=count, freq=rng.choice(["D", "h"]))
    return pd.DataFrame(rows, columns=["open", "high", "low", "close", "volume"], index=index)


def strategy(bt: Any, seed: int, way: dict[str, Any]) -> type:
    class Quiet(bt.Strategy):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            self.rng = random.Random(seed)
            self.issued: list[Any] = []
            self.seen: list[Any] = []

        def next(self) -> None:
            rng = self.rng
            for data in self.datas:
                draw = rng.random()
                held = self.getposition(data).size
                order = None
                kwargs: dict[str, Any] = {}
                if way["priced"] and rng.random() < 0.2:
                    kwargs["price"] = data.close[0] * rng.choice([0.5, 1.0, 3.0])
                if way["tradeids"] and rng.random() < 0.3:
                    kwargs["tradeid"] = 1
                if draw < 0.25:
                    order = self.buy(data=data, size=self.amount(rng), **kwargs)
                elif draw < 0.5:
                    order = self.sell(data=data, size=self.amount(rng), **kwargs)
                elif draw < 0.8 and held:
                    order = self.close(data=data)
                elif draw < 0.85:
                    order = self.order_target_size(data=data, target=self.amount(rng) or 3)
                elif draw < 0.9 and way["limits"]:
                    order = self.buy(
                        data=data, size=self.amount(rng), exectype=bt.Order.Limit, price=data.close[0] * 0.98
                    )
                self.issued.append(order)
                if way["looks"] and rng.random() < 0.05:
                    self.seen.append(trades_of(self))
                    self.seen.append([None if o is None else (o.status, o.executed.size) for o in self.issued[-4:]])
                if way["history"] and rng.random() < 0.02:
                    self.set_tradehistory(rng.random() < 0.5)

        def amount(self, rng: random.Random) -> float | None:
            return rng.choice([None, 1, 1, 1, 2, 5, 0.5, 40])

    return Quiet


def bits_of(order: Any) -> tuple[str, ...]:
    """Leave the position out where the opening part was refused: backtrader reports one that was never reached."""
    return BITS[:-2] if order.status == order.Margin else BITS


def trades_of(strat: Any) -> list[Any]:
    out: list[Any] = []
    for data, by_id in strat._trades.items():
        for tradeid in sorted(by_id):
            for trade in by_id[tradeid]:
                history = [(one.status.size, one.status.price, one.event.size) for one in trade.history]
                out.append((data._name, [getattr(trade, name) for name in PARTS], history))
    return out


def run(bt: Any, seed: int) -> dict[str, Any]:
    rng = random.Random(seed)
    way = {name: rng.random() < 0.3 for name in ("priced", "tradeids", "limits", "looks", "history")}
    cerebro = bt.Cerebro(stdstats=False, runonce=rng.random() < 0.8, cheat_on_open=rng.random() < 0.1)
    for number in range(rng.choice([1, 1, 1, 2])):
        cerebro.adddata(bt.feeds.PandasData(dataname=frame(rng, rng.choice([3, 40, 120]))), name=f"d{number}")
    broker = cerebro.broker
    broker.setcash(rng.choice([50.0, 1000.0, 100000]))
    terms = rng.choice([
        {}, {"commission": 0.001}, {"commission": 0.5, "stocklike": True, "commtype": bt.CommInfoBase.COMM_FIXED},
        {"commission": 0.002, "leverage": 3.0}, {"commission": 2.0, "margin": 30.0, "mult": 10.0},
        {"commission": 0.1, "percabs": False, "stocklike": True, "commtype": bt.CommInfoBase.COMM_PERC},
    ])  # fmt: skip
    broker.setcommission(**terms)
    for option in rng.sample([None, None, "coc", "coo", "slip", "nocheck"], 1):
        if option == "coc":
            broker.set_coc(True)
        elif option == "coo":
            broker.set_coo(True)
        elif option == "slip":
            broker.set_slippage_perc(0.01)
        elif option == "nocheck":
            broker.set_checksubmit(False)
    cerebro.addstrategy(strategy(bt, seed, way))
    if rng.random() < 0.15:
        cerebro.addstrategy(strategy(bt, seed + 1, way))
    strats = cerebro.run()
    out: dict[str, Any] = {"cash": broker.getcash(), "value": broker.getvalue(), "strategies": []}
    for strat in strats:
        orders = [
            None
            if order is None
            else (
                order.status, order.size, order.exectype, order.alive(), order.executed.size, order.executed.price,
                order.executed.value, order.executed.comm, order.executed.pnl, order.executed.remsize,
                order.executed.dt, order.created.price, order.created.dt, order.plen,
                [[getattr(bit, name) for name in bits_of(order)] for bit in order.executed.exbits],
            )
            for order in strat.issued
        ]  # fmt: skip
        held = [
            (one.size, one.price, one.price_orig, one.upopened, one.upclosed, str(getattr(one, "datetime", None)))
            for one in (strat.getposition(data) for data in strat.datas)
        ]
        out["strategies"].append({"seen": strat.seen, "orders": orders, "held": held, "trades": trades_of(strat)})
    return out


@pytest.mark.parametrize("block", range(3))
def test_quiet_strategies_leave_what_they_leave_in_backtrader(block: int) -> None:
    warnings.simplefilter("ignore")
    for seed in range(block * 40, block * 40 + 40):
        assert repr(run(backtrail, seed)) == repr(run(backtrader, seed)), f"seed {seed}"
