"""Commission schemes of users are asked when backtrader asks them, also about positions of size 0."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from typing import Any

import backtrader
import pytest

import backtrail

from ..engine.replacing import frame

HOOKS = ("getvaluesize", "profitandloss", "get_leverage", "cashadjust", "getoperationcost", "get_credit_interest")
# What makes a broker know a position; an order does when it is executed.
TOUCHES: dict[str, Callable[[Any, Any], Any]] = {
    "getposition": lambda strat, data: strat.getposition(data),
    "broker.getposition": lambda strat, data: strat.broker.getposition(data),
    "broker.positions": lambda strat, data: strat.broker.positions[data],
    "positions by name": lambda strat, data: strat.getpositionsbyname(),
    "position": lambda strat, data: strat.position.size,
    "getvalue": lambda strat, data: strat.broker.getvalue([data]),
    "close": lambda strat, data: strat.close(data),
    "target": lambda strat, data: strat.order_target_size(data, 0),
    "buy": lambda strat, data: strat.buy(data, size=2),
    "sell": lambda strat, data: strat.sell(data, size=2),
    "another scheme": lambda strat, data: strat.broker.setcommission(commission=0.5, name="d1"),
}


def scheme(bt: Any, log: list[Any], least: float, stocks: bool) -> Any:
    """Give a scheme that notes what it is asked, under which positions are worth *least* at least."""

    class Noting(bt.CommInfoBase):  # type: ignore[misc, name-defined]
        params = (("stocklike", stocks), ("margin", None if stocks else 30.0), ("commission", 0.1), ("mult", 2.0))

        def getvaluesize(self, size: float, price: float) -> float:
            return max(least, super().getvaluesize(size, price))  # type: ignore[no-any-return]

    def noting(name: str) -> Any:
        def asked(self: Any, *args: Any) -> Any:
            log.append((name, [float(arg) for arg in args if isinstance(arg, (int, float))]))
            return getattr(super(classes[name], self), name)(*args)

        return asked

    kind: type = Noting
    classes: dict[str, type] = {}
    for name in HOOKS:
        kind = classes[name] = type(kind.__name__, (kind,), {name: noting(name)})
    return kind()


def run(bt: Any, seed: int) -> list[Any]:
    """Run a strategy that looks at positions and trades at random bars; give all that was asked and notified."""
    rng = random.Random(seed)
    log: list[Any] = []
    plan = [(bar, rng.choice(list(TOUCHES)), rng.randrange(2)) for bar in range(1, 25) if rng.random() < 0.2]
    settings = rng.choice([{}, {"runonce": False}, {"preload": False}, {"cheat_on_open": True}])

    class Touching(bt.Strategy):  # type: ignore[misc, name-defined]
        def next(self) -> None:
            log.append(("next", len(self)))
            for bar, name, at in plan:
                if bar == len(self):
                    TOUCHES[name](self, self.datas[at])

        def stop(self) -> None:
            log.append((float(self.broker.getcash()), float(self.broker.getvalue())))

    def notify_cashvalue(self: Any, cash: float, value: float) -> None:
        log.append((float(cash), float(value)))

    if rng.random() < 0.6:
        Touching.notify_cashvalue = notify_cashvalue
    cerebro = bt.Cerebro(stdstats=rng.random() < 0.5, **settings)
    for name in ("d0", "d1"):
        cerebro.adddata(bt.feeds.PandasData(dataname=frame(rng, 30)), name=name)
    least, stocks = rng.choice([-1e9, 25.0]), rng.random() < 0.5
    cerebro.broker.addcommissioninfo(scheme(bt, log, least, stocks), name=rng.choice([None, "d0", "d1"]))
    cerebro.broker.set_shortcash(rng.random() < 0.7)
    cerebro.addstrategy(Touching)
    strat = cerebro.run()[0]
    log.append([[float(line.array[at]) for at in range(30)] for one in strat.stats for line in one.lines.itersize()])
    return log


@pytest.mark.parametrize("block", range(3))
def test_schemes_of_users_are_asked_as_in_backtrader(block: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in range(block * 20, block * 20 + 20):
            assert repr(run(backtrail, seed)) == repr(run(backtrader, seed)), f"seed {seed}"
