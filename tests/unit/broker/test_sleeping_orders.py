"""Pending orders sleep until a bar can touch them: what comes out is what comes out without."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.unit.broker.conftest import flat, frame

import backtrail as bt
from backtrail.broker import sleep
from backtrail.lines.clock import Clock

Order = bt.Order
Run = Callable[..., Any]


def wander(count: int, seed: int) -> list[tuple[float, float, float, float]]:
    """Make bars that wander about 100."""
    rng = np.random.default_rng(seed)
    close = 100 + np.cumsum(rng.normal(0, 0.5, count))
    opening = np.roll(close, 1)
    opening[0] = 100.0
    high = np.maximum(opening, close) + abs(rng.normal(0, 0.3, count))
    low = np.minimum(opening, close) - abs(rng.normal(0, 0.3, count))
    return list(zip(opening.tolist(), high.tolist(), low.tolist(), close.tolist()))


class Patient(bt.Strategy):
    """Issues far orders now and then, and takes some of them back."""

    params = (("seed", 0),)

    def start(self) -> None:
        self.rng = random.Random(self.p.seed)
        self.log: list[Any] = []
        self.base = next(Order.refbasis)
        self.mine: list[Any] = []

    def next(self) -> None:
        rng, close = self.rng, self.data.close[0]
        self.log.append((len(self), self.broker.getvalue(), self.broker.getcash()))
        if rng.random() < 0.1:
            far = rng.uniform(0.9, 1.1) * close
            side = rng.choice([self.buy, self.sell])
            kind = rng.choice(["limit", "stop", "stoplimit", "bracket", "oco"])
            valid = rng.choice([None, None, dt.timedelta(days=rng.randint(5, 60))])
            data = rng.choice(self.datas)
            if kind == "limit":
                self.mine.append(side(data, exectype=Order.Limit, price=far, valid=valid))
            elif kind == "stop":
                self.mine.append(side(data, exectype=Order.Stop, price=far, valid=valid))
            elif kind == "stoplimit":
                limit = far * rng.uniform(0.98, 1.02)
                self.mine.append(side(data, exectype=Order.StopLimit, price=far, plimit=limit, valid=valid))
            elif kind == "oco":
                first = side(data, exectype=Order.Limit, price=far)
                self.mine += [
                    first,
                    side(data, exectype=Order.Limit, price=far * 0.95, oco=first, valid=valid),
                ]
            else:
                prices = {"price": close * 0.97, "stopprice": close * 0.9, "limitprice": close * 1.05}
                self.mine += self.buy_bracket(data, size=1, valid=valid, **prices)
        elif rng.random() < 0.03 and self.mine:
            self.cancel(rng.choice(self.mine))
        elif rng.random() < 0.02:
            self.broker.add_cash(10.0)

    def notify_order(self, order: Any) -> None:
        executed = order.executed
        self.log.append(
            (len(self), order.ref - self.base, order.status, executed.size, executed.price, executed.dt)
        )


def log_of(seed: int, **options: Any) -> list[Any]:
    cerebro = bt.Cerebro(stdstats=False, **options)
    bars = wander(400, seed)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame(bars)))
    if seed % 2:
        other = frame(wander(400, seed + 1000))
        cerebro.adddata(bt.feeds.PandasData(dataname=other.iloc[:: seed % 3 + 1]))
    cerebro.addstrategy(Patient, seed=seed)
    return list(cerebro.run()[0].log)


@pytest.mark.parametrize("seed", range(12))
def test_sleeping_changes_nothing(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with_sleep = log_of(seed)
    monkeypatch.setattr(sleep, "SLEEPERS", frozenset())
    assert log_of(seed) == with_sleep
    assert log_of(seed, preload=False) == with_sleep


def test_the_broker_does_nothing_while_all_orders_sleep(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    matched: list[int] = []
    original = bt.brokers.BackBroker._match_

    def match(self: Any, order: Any) -> None:
        matched.append(self._clock_.i)
        original(self, order)

    monkeypatch.setattr(bt.brokers.BackBroker, "_match_", match)
    bars = [*flat(300), (10, 10, 5, 10)]
    done = run(bars, {1: lambda s: s.buy(exectype=Order.Limit, price=6.0)})
    assert done.fills() == [(0, 1, 6.0)]
    assert len(matched) < 15


def test_changing_the_price_of_a_sleeping_order_wakes_it(run: Run) -> None:
    def lower(strategy: Any) -> None:
        strategy.issued[0].created.price = 11.0

    done = run(flat(100), {1: lambda s: s.buy(exectype=Order.Limit, price=6.0), 50: lower})
    assert done.fills() == [(0, 1, 10.0)]


def test_changing_the_type_of_a_sleeping_order_wakes_it(run: Run) -> None:
    def at_market(strategy: Any) -> None:
        strategy.issued[0].exectype = Order.Market

    done = run(flat(100), {1: lambda s: s.buy(exectype=Order.Limit, price=6.0), 50: at_market})
    assert done.fills() == [(0, 1, 10.0)]
    (fill,) = done.strategy.broker.orders[0].executed.exbits
    assert fill.dt == done.strategy.data.datetime.array[50]


def test_a_stop_that_becomes_a_limit_order_is_executed_by_its_price(run: Run) -> None:
    def as_limit(strategy: Any) -> None:
        strategy.issued[0].exectype = Order.Limit

    done = run(flat(60), {1: lambda s: s.buy(exectype=Order.Stop, price=12.0), 30: as_limit})
    assert done.fills() == [(0, 1, 10.0)]


def test_a_market_order_may_become_another_one_before_it_is_executed(run: Run) -> None:
    def change(strategy: Any) -> Any:
        order = strategy.buy()
        order.exectype = Order.Limit
        order.created.price = 8.0
        return order

    done = run([*flat(60), (10, 10, 7, 10), *flat(10)], {1: change})
    assert done.fills() == [(0, 1, 8.0)]


def test_a_change_of_the_account_wakes_the_broker(run: Run) -> None:
    def reset(strategy: Any) -> None:
        strategy.broker.set_cash(500.0)
        strategy.broker.setcommission(commission=0.1)

    done = run(
        flat(100), {1: lambda s: s.buy(exectype=Order.Limit, price=6.0), 50: reset, 60: lambda s: s.buy()}
    )
    assert done.broker.getcash() == 500.0 - 11.0


def test_an_order_that_never_can_be_executed_sleeps_for_ever(run: Run) -> None:
    def look(strategy: Any) -> None:
        assert strategy.broker._sleeps_until_ > 1 << 50

    run(flat(100), {1: lambda s: s.buy(exectype=Order.Limit, price=6.0), 50: look})


def test_cycles_are_found_for_bars_of_slower_datas() -> None:
    clock = Clock(3)
    clock.bars_at = np.array([-1, 0, 0, 1, 1, 2])
    assert [sleep.cycle_of(clock, bar) for bar in (0, 1, 2)] == [1, 3, 5]
    assert sleep.cycle_of(clock, 3) > 1 << 50


@pytest.mark.parametrize("through", ["order", "params"])
@pytest.mark.parametrize("first", [None, dt.datetime(2024, 1, 30)])
def test_a_new_time_limit_wakes_a_sleeping_order(run: Run, through: str, first: Any) -> None:
    """As in backtrader, which looks at every order on every bar."""

    def limit(strategy: Any) -> None:
        order = strategy.issued[0]
        (order if through == "order" else order.p).valid = strategy.data.datetime[0] + 3

    plan = {1: lambda s: s.buy(exectype=Order.Limit, price=5.0, valid=first), 20: limit}
    done = run(flat(40), plan)
    (order,) = done.strategy.issued
    assert order.getstatusname() == "Expired"
    assert order.executed.dt == done.strategy.data.datetime.array[23]
    assert order.reason == "expired: the bar is later than its time limit (2024-01-23 00:00:00)"


def test_a_time_limit_that_is_lifted_lets_an_order_sleep_on(run: Run) -> None:
    def lift(strategy: Any) -> None:
        strategy.issued[0].valid = None

    until = dt.datetime(2024, 1, 20)
    plan = {1: lambda s: s.buy(exectype=Order.Limit, price=5.0, valid=until), 15: lift}
    done = run([*flat(30), (10.0, 10.0, 4.0, 10.0)], plan)
    assert done.fills() == [(0, 1, 5.0)]


def test_a_time_limit_that_is_no_date_is_told_as_it_is(run: Run) -> None:
    def limit(strategy: Any) -> None:
        strategy.issued[0].valid = -1.0

    done = run(flat(30), {1: lambda s: s.buy(exectype=Order.Limit, price=5.0), 20: limit})
    assert done.strategy.issued[0].reason == "expired: the bar is later than its time limit (-1.0)"
