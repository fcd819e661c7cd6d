from __future__ import annotations

import sys
from typing import Any

import pytest

import backtrail as bt
from backtrail.errors import OrderError

from ..engine.market import MODES, bars, cerebro


def test_old_names_of_hooks_still_work() -> None:
    class Old(bt.Strategy):
        def __init__(self) -> None:
            self.orders: list[Any] = []
            self.trades: list[Any] = []

        def next(self) -> None:
            self.close() if self.position else self.buy()

        def notify(self, order: Any) -> None:
            self.orders.append(order.status)

        def notify_operation(self, trade: Any) -> None:
            self.trades.append(trade.isclosed)

    (found,) = cerebro(Old).run()
    assert found.orders[:3] == [bt.Order.Submitted, bt.Order.Accepted, bt.Order.Completed]
    assert found.trades[:2] == [False, True]
    assert not hasattr(Old, "notify")


def test_an_old_name_beside_the_new_one_is_a_method_like_any_other() -> None:
    class Both(bt.Strategy):
        def notify(self, text: str) -> str:
            return text

        def notify_order(self, order: Any) -> None:
            pass

    assert Both.notify.__name__ == "notify"


@pytest.mark.parametrize("mode", MODES)
def test_hooks_that_nobody_overrides_are_not_called(mode: str) -> None:
    called: set[str] = set()
    watched = {vars(bt.Strategy)[name].function.__code__: name for name in ("notify_cashvalue", "notify_fund")}
    watched[bt.Strategy.next_open.__code__] = "next_open"

    def watch(frame: Any, event: str, _: Any) -> None:
        if event == "call" and frame.f_code in watched:
            called.add(watched[frame.f_code])

    class Plain(bt.Strategy):
        def __init__(self) -> None:
            bt.ind.SMA(period=3)

        def next(self) -> None:
            self.buy()

    sys.setprofile(watch)
    try:
        cerebro(Plain, **MODES[mode]).run()
    finally:
        sys.setprofile(None)
    assert not called


def test_copies_of_orders_and_trades_are_made_for_those_who_look() -> None:
    class Blind(bt.Strategy):
        def next(self) -> None:
            self.close() if self.position else self.buy()

    class Looking(Blind):
        def notify_order(self, order: Any) -> None:
            pass

    blind, looking = cerebro(Blind, Looking).run()
    assert (blind._wants_orders_, blind._wants_trades_) == (False, False)
    assert (looking._wants_orders_, looking._wants_trades_) == (True, True)
    setup = cerebro(Blind)
    setup.addanalyzer(type("Trades", (bt.Analyzer,), {"notify_trade": lambda self, trade: None}))
    (found,) = setup.run()
    assert (found._wants_orders_, found._wants_trades_) == (False, True)


def test_the_position_is_that_of_the_first_data() -> None:
    class Buyer(bt.Strategy):
        def next(self) -> None:
            if len(self) == 1:
                self.buy(self.data1, size=3)
                self.buy(size=2)

    (found,) = cerebro(Buyer, datas=[bars(name="a"), bars(name="b")]).run()
    assert found.position.size == 2
    assert found.position is found.getposition() is found.getpositionbyname("a")
    assert found.getposition("b").size == 3
    assert found.positions[found.data1].size == 3
    assert [position.size for position in found.positionsbyname.values()] == [2, 3]
    assert found.positionbyname is found.position
    assert isinstance(bt.Strategy.position, object)


def test_a_data_that_is_not_there_is_named() -> None:
    class Lost(bt.Strategy):
        def next(self) -> None:
            self.buy("erur")

    with pytest.raises(OrderError, match=r"Lost has no data 'erur'; it has \['eur'\]\. Did you mean 'eur'\?"):
        cerebro(Lost, datas=[bars(name="eur")]).run()


def test_orders_are_kept() -> None:
    class Buyer(bt.Strategy):
        def next(self) -> None:
            self.buy()

        def notify_order(self, order: Any) -> None:
            pass

    (found,) = cerebro(Buyer).run()
    assert len(found._orders) == 15


def test_analyzers_get_numbers_where_names_are_taken() -> None:
    setup = cerebro()
    for _ in range(3):
        setup.addanalyzer(bt.analyzers.SQN)
    (found,) = setup.run()
    assert list(found.analyzers.getnames()) == ["sqn", "sqn1", "sqn2"]


def test_observers_by_a_name_of_their_own() -> None:
    setup = cerebro(datas=[bars(), bars()])
    setup.addobserver(bt.observers.DrawDown, obsname="deep")
    setup.addobservermulti(bt.observers.BuySell, obsname="arrows")
    (found,) = setup.run()
    assert type(found.stats.deep) is bt.observers.DrawDown
    assert [type(one) for one in found.stats.arrows] == [bt.observers.BuySell] * 2


@pytest.mark.parametrize("mode", MODES)
def test_lines_compare_as_values_in_every_hook_from_start_to_stop(mode: str) -> None:
    kinds: list[Any] = []

    class Comparing(bt.Strategy):
        def next(self) -> None:
            kinds.append(type(self.data.close > 3.0))

        def stop(self) -> None:
            kinds.append(type(self.data.close > 3.0))

    cerebro(Comparing, Comparing, **MODES[mode]).run()
    assert set(kinds) == {bool}


def test_a_strategy_needs_a_cerebro() -> None:
    with pytest.raises((AttributeError, TypeError)):
        bt.Strategy()
