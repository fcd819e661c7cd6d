"""Runs with a broker that is not derived from backtrail's own: only what the base class names is asked of it."""

from __future__ import annotations

from typing import Any

import pytest

import backtrail as bt
from backtrail.broker.protocol import BrokerBase
from backtrail.errors import ResultError
from backtrail.market.position import Position

from .market import MODES, bars, cerebro


class Ledger(BrokerBase):
    """Fill every order at once at the close, and keep nothing of it but cash and positions."""

    def __init__(self) -> None:
        super().__init__()
        self.cash = 1000.0
        self.held: dict[Any, Position] = {}

    def getcash(self) -> float:
        return self.cash

    def getvalue(self, datas: Any = None) -> float:
        return self.cash + sum(one.size * data.close[0] for data, one in self.held.items())

    def getposition(self, data: Any) -> Position:
        return self.held.setdefault(data, Position())

    def _take_(self, cls: Any, owner: Any, data: Any, size: float) -> Any:
        order = cls(owner=owner, data=data, size=size, exectype=bt.Order.Market)
        self.getposition(data).update(order.size, data.close[0])
        self.cash -= order.size * data.close[0]
        order.accept(self)
        order.completed()
        self.notifs.append(order)
        self.notifs.append(None)
        return order

    def buy(self, owner: Any, data: Any, size: float, *args: Any, **kwargs: Any) -> Any:
        return self._take_(bt.BuyOrder, owner, data, size)

    def sell(self, owner: Any, data: Any, size: float, *args: Any, **kwargs: Any) -> Any:
        return self._take_(bt.SellOrder, owner, data, size)


class BuyAndSell(bt.Strategy):
    def __init__(self) -> None:
        self.told: list[Any] = []
        self.sums: list[float] = []

    def notify_order(self, order: Any) -> None:
        self.told.append((len(self), order.getstatusname()))

    def next(self) -> None:
        self.sums.append(self.broker.getvalue())
        if len(self) == 2:
            self.buy(size=3)
        if len(self) == 4:
            self.sell(size=3)


def run(mode: str, **options: Any) -> bt.Cerebro:
    setup = cerebro(BuyAndSell, **MODES[mode], **options)
    setup.broker = Ledger()
    setup.run()
    return setup


@pytest.mark.parametrize("mode", MODES)
def test_a_broker_with_the_least_there_is_runs_and_notifies(mode: str) -> None:
    setup = run(mode)
    (strategy,) = setup.runstrats[0]
    assert strategy.sums == [1000.0, 1000.0, 1003.0, 1006.0, 1006.0, 1006.0]
    assert strategy.told == [(3, "Completed"), (5, "Completed")]
    assert setup.broker.getcash() == 1006.0


@pytest.mark.parametrize("mode", ["vectorised", "stepped"])
def test_without_a_journal_the_value_of_preloaded_bars_is_said_not_to_be_kept(mode: str) -> None:
    result = run(mode).result
    with pytest.raises(ResultError, match=r"the broker, Ledger, keeps no journal .* BackBroker"):
        _ = result.equity
    assert len(result.orders) == len(result.fills) == 0


def test_without_a_journal_the_value_of_delivered_bars_is_what_the_broker_said() -> None:
    result = run("delivered").result
    assert result.equity["value"].tolist() == [1000.0, 1000.0, 1003.0, 1006.0, 1006.0, 1006.0]
    assert result.equity["cash"].tolist() == [1000.0, 994.0, 994.0, 1006.0, 1006.0, 1006.0]


def test_strict_rules_that_a_broker_does_not_know_are_warned_of() -> None:
    with pytest.warns(bt.errors.CompatWarning, match=r"Ledger has no use_strict_rules"):
        run("vectorised", realism="strict")


def test_a_feed_may_be_traded_on_another_ones_account() -> None:
    """Orders for a feed that compensates another move the position in that one."""
    hedge, stock = bars(name="hedge"), bars(name="stock")
    hedge.compensate(stock)

    class Hedging(bt.Strategy):
        def next(self) -> None:
            if len(self) == 1:
                self.buy(self.datas[1], size=5)
                self.sell(self.datas[0], size=2)

    setup = cerebro(Hedging, datas=[hedge, stock])
    setup.run()
    assert (setup.broker.getposition(stock).size, setup.broker.getposition(hedge).size) == (3, 0)
    rows = [(row["data"], row["size"]) for row in setup.result.positions.rows()]
    assert rows == [("stock", 5.0), ("stock", 3.0)]


class Listing(Ledger):
    """Also list orders with their executions, as backtrail's broker does."""

    def __init__(self) -> None:
        super().__init__()
        self.orders: list[Any] = []

    def _take_(self, cls: Any, owner: Any, data: Any, size: float) -> Any:
        order = super()._take_(cls, owner, data, size)
        order.addcomminfo(self.getcommissioninfo(data))
        position, price = self.getposition(data), data.close[0]
        opened = order.size if position.size else 0.0
        order.execute(
            data.datetime[0], order.size, price, order.size - opened, 0.0, 0.0, opened, 0.0, 0.0, None, 0.0,
            position.size, position.price,
        )  # fmt: skip
        self.orders.append(order)
        return order


def test_executions_are_listed_without_the_cycles_that_only_a_journal_knows() -> None:
    setup = cerebro(BuyAndSell)
    setup.broker = Listing()
    setup.run()
    result = setup.result
    assert result.fills["size"].tolist() == [3.0, -3.0]
    assert result.fills["price"].tolist() == [2.0, 4.0]
    assert result.fills["cycle"].tolist() == [-1, -1]
    assert result.fills.values("cash") == [None, None]
    assert result.orders["filled"].tolist() == [3.0, 3.0]


class Messenger(Ledger):
    """Hand notifications out one by one, from a queue of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.queue: list[Any] = []

    def get_notification(self) -> Any:
        return self.queue.pop(0) if self.queue else None

    def _take_(self, cls: Any, owner: Any, data: Any, size: float) -> Any:
        order = super()._take_(cls, owner, data, size)
        self.queue.extend(one for one in self.notifs if one is not None)
        self.notifs.clear()
        return order


@pytest.mark.parametrize("mode", MODES)
def test_a_broker_that_hands_out_its_notifications_is_heard(mode: str) -> None:
    setup = cerebro(BuyAndSell, **MODES[mode])
    setup.broker = Messenger()
    setup.run()
    (strategy,) = setup.runstrats[0]
    assert strategy.told == [(3, "Completed"), (5, "Completed")]
    assert setup.broker.getcash() == 1006.0


class Listening(bt.brokers.BackBroker):
    """Look at each notification on its way."""

    def __init__(self) -> None:
        super().__init__()
        self.passed: list[int] = []

    def get_notification(self) -> Any:
        order = super().get_notification()
        if order is not None:
            self.passed.append(order.status)
        return order


@pytest.mark.parametrize("mode", MODES)
def test_a_simulated_broker_may_look_at_its_notifications(mode: str) -> None:
    told = []
    for broker in (bt.brokers.BackBroker(), Listening()):
        setup = cerebro(BuyAndSell, **MODES[mode])
        setup.broker = broker
        setup.run()
        told.append((setup.runstrats[0][0].told, setup.runstrats[0][0].sums))
    assert told[0] == told[1]
    assert setup.broker.passed == [1, 2, 4, 1, 2, 4]
