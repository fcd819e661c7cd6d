"""The order methods of strategies, sizers, and the trades that come of executions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.broker.conftest import flat

import backtrail as bt
from backtrail.sizers.base import Sizer

Order = bt.Order
Run = Callable[..., Any]
UP = [(10, 11, 9, 10), (10, 11, 9, 10), (12, 13, 11, 12), (14, 15, 13, 14), (16, 17, 15, 16)]
QUIETLY = {"listens": False}


def test_the_sign_of_a_size_does_not_matter(run: Run) -> None:
    assert run(UP, {1: lambda s: [s.buy(size=-2), s.sell(size=-1)]}).fills() == [(0, 2, 10.0), (1, -1, 10.0)]


def test_a_size_of_0_is_no_order(run: Run) -> None:
    made: list[Any] = []
    run(UP, {1: lambda s: made.extend([s.buy(size=0), s.sell(size=0), s.close()])})
    assert made == [None, None, None]


def test_datas_can_be_named(run: Run) -> None:
    done = run([UP, UP], {1: lambda s: [s.buy("d1"), s.sell(data=s.data1, size=3), s.sell("d0")]})
    assert [done.broker.getposition(data).size for data in done.strategy.datas] == [-1, -2]


def test_closing_takes_what_is_held_or_less(run: Run) -> None:
    plan = {1: lambda s: s.buy(size=5), 2: lambda s: s.close(size=2), 3: lambda s: s.close()}
    assert run(UP, plan).fills() == [(0, 5, 10.0), (1, -2, 12.0), (2, -3, 14.0)]
    plan = {1: lambda s: s.sell(size=5), 2: lambda s: s.close()}
    assert run(UP, plan).fills() == [(0, -5, 10.0), (1, 5, 12.0)]


@pytest.mark.parametrize(
    ("held", "target", "fills"),
    [(0, 3, [3]), (5, 3, [-2]), (5, 0, [-5]), (5, 5, []), (0, -2, [-2]), (-2, 0, [2])],
)
def test_target_sizes(run: Run, held: int, target: int, fills: list[int]) -> None:
    first = (lambda s: s.buy(size=held)) if held > 0 else (lambda s: s.sell(size=held) if held else None)
    done = run(flat(6), {1: first, 3: lambda s: s.order_target_size(target=target)})
    assert [size for _, size, _ in done.fills()][bool(held) :] == fills


@pytest.mark.parametrize(
    ("held", "target", "fills"),
    [(0, 35.0, [3]), (5, 35.0, [-1]), (5, 0.0, [-5]), (5, 50.0, []), (0, -25.0, [-2])],
)
def test_target_values(run: Run, held: int, target: float, fills: list[int]) -> None:
    first = (lambda s: s.buy(size=held)) if held else (lambda s: None)
    done = run(flat(6), {1: first, 3: lambda s: s.order_target_value(target=target)})
    assert [size for _, size, _ in done.fills()][bool(held) :] == fills


def test_target_percents(run: Run) -> None:
    done = run(
        flat(6), {1: lambda s: s.order_target_percent(target=0.1), 3: lambda s: s.order_target_percent()}
    )
    assert done.fills() == [(0, 100, 10.0), (1, -100, 10.0)]


def test_positions_can_be_asked_for_in_every_spelling(run: Run) -> None:
    def look(strategy: Any) -> None:
        first, second = strategy.datas
        assert strategy.position is strategy.getposition() is strategy.positionbyname
        assert strategy.getposition(second) is strategy.getpositionbyname("d1")
        assert strategy.getposition("d1", strategy.broker).size == 2
        assert strategy.getpositionbyname() is strategy.getposition(first)
        assert strategy.positions is strategy.broker.positions
        assert strategy.getpositions(strategy.broker)[second].size == 2
        assert list(strategy.positionsbyname) == ["d0", "d1"]
        assert strategy.getpositionsbyname()["d1"].size == 2

    run([UP, UP], {1: lambda s: s.buy("d1", size=2), 3: look})


def test_a_strategy_has_a_sizer(run: Run) -> None:
    class Twice(Sizer):
        def _getsizing(self, comminfo: Any, cash: float, data: Any, isbuy: bool) -> float:
            assert self.strategy is not None
            return 2 if isbuy else 3

    def swap(strategy: Any) -> list[Any]:
        assert strategy.sizer is strategy.getsizer()
        strategy.sizer = Twice()
        assert strategy.getsizing(isbuy=False) == 3
        return [strategy.buy(), strategy.sell("d0")]

    assert [size for _, size, _ in run(UP, {1: lambda s: s.buy(), 2: swap}).fills()] == [1, 2, -3]


def test_a_strategy_can_override_its_sizing() -> None:
    from tests.unit.broker.conftest import frame

    class Own(bt.Strategy):
        def getsizing(self, data: Any = None, isbuy: bool = True) -> float:
            return 7

        def nextstart(self) -> None:
            self.order = self.buy()

    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame(UP)))
    cerebro.addstrategy(Own)
    assert cerebro.run()[0].order.size == 7


def sized(name: str, **options: Any) -> Callable[[Any], None]:
    return lambda cerebro: cerebro.addsizer(getattr(bt.sizers, name), **options)


@pytest.mark.parametrize(
    ("name", "options", "fills"),
    [
        ("FixedSize", {"stake": 5}, [5, 5]),
        ("SizerFix", {"stake": 5, "tranches": 2}, [2, 2]),
        ("FixedReverser", {"stake": 3}, [3, 6]),
        ("FixedSizeTarget", {"stake": 4}, [4, 4]),
        ("FixedSizeTarget", {"stake": 4, "tranches": 2}, [2, 4]),
        ("PercentSizer", {"percents": 50}, [500.0, 500.0]),
        ("PercentSizer", {"percents": 33.333, "retint": True}, [333, 333]),
        ("PercentSizerInt", {}, [200, 200]),
        ("AllInSizer", {}, [1000.0]),
        ("AllInSizerInt", {}, [1000]),
    ],
)
def test_sizers(run: Run, name: str, options: dict[str, Any], fills: list[float]) -> None:
    done = run(flat(6), {1: lambda s: s.buy(), 3: lambda s: s.buy()}, sized(name, **options))
    assert [size for _, size, _ in done.fills()] == fills


@pytest.mark.parametrize("name", ["FixedSize", "FixedSizeTarget"])
def test_the_stake_of_a_sizer_can_be_set(run: Run, name: str) -> None:
    def change(strategy: Any) -> Any:
        strategy.sizer.setsizing(9)
        return strategy.buy()

    assert run(UP, {1: change}, sized(name)).fills() == [(0, 9, 10.0)]


def test_a_sizer_must_say_how() -> None:
    with pytest.raises(NotImplementedError, match="must define _getsizing"):
        Sizer()._getsizing(None, 0.0, None, True)


def test_a_trade_is_told_when_it_opens_and_when_it_closes(run: Run) -> None:
    plan = {
        1: lambda s: s.buy(size=2),
        2: lambda s: s.buy(size=2),
        3: lambda s: s.sell(size=1),
        4: lambda s: s.close(),
    }
    done = run([*UP, UP[-1]], plan)
    first, last = done.trades
    assert (first.justopened, first.size, last.isclosed, last.size) == (True, 2, True, 0)
    assert first.ref == last.ref


def test_a_reversal_closes_one_trade_and_opens_another(run: Run) -> None:
    done = run(UP, {1: lambda s: s.buy(size=2), 2: lambda s: s.sell(size=5)})
    assert [(trade.isclosed, trade.size, trade.pnl) for trade in done.trades] == [
        (False, 2, 0.0),
        (True, 0, 4.0),
        (False, -3, 0.0),
    ]


@pytest.mark.parametrize("listens", [True, False])
def test_trades_are_kept_by_data_and_id(run: Run, listens: bool) -> None:
    plan = {
        1: lambda s: [s.buy(size=2), s.buy(size=1, tradeid=7)],
        2: lambda s: s.sell(size=2),
        3: lambda s: s.sell(size=1, tradeid=7),
        4: lambda s: s.buy(size=3),
    }
    done = run([*UP, UP[-1]], plan, listens=listens)
    kept = done.strategy._trades[done.strategy.data]
    assert [(t.size, t.pnl, t.isclosed) for t in kept[0]] == [(0, 4.0, True), (3, 0.0, False)]
    assert [(t.size, t.pnl, t.isclosed) for t in kept[7]] == [(0, 4.0, True)]


@pytest.mark.parametrize("listens", [True, False])
def test_trades_remember_their_history_if_asked_to(run: Run, listens: bool) -> None:
    plan = {1: lambda s: s.buy(size=2), 2: lambda s: s.close()}
    done = run(UP, plan, listens=listens, options={"tradehistory": True})
    (trade,) = done.strategy._trades[done.strategy.data][0]
    assert [entry.event.size for entry in trade.history] == [2, -2]


@pytest.mark.parametrize("listens", [True, False])
def test_trades_in_futures_are_valued_by_their_margin(run: Run, listens: bool) -> None:
    plan = {1: lambda s: s.buy(size=2), 2: lambda s: s.close()}
    done = run(UP, plan, lambda c: c.broker.setcommission(margin=50.0, mult=10.0), listens=listens)
    (trade,) = done.strategy._trades[done.strategy.data][0]
    assert (trade.pnl, trade.isclosed) == (40.0, True)


def test_increases_without_listeners_are_counted(run: Run) -> None:
    plan = {1: lambda s: s.buy(size=2), 2: lambda s: s.buy(size=2), 3: lambda s: s.sell(size=6)}
    done = run(UP, plan, listens=False)
    first, second = done.strategy._trades[done.strategy.data][0]
    assert (first.price, first.pnl, second.size) == (11.0, 12.0, -2)


def test_listening_quickly_is_told_in_the_same_cycle(run: Run) -> None:
    done = run(UP, {1: lambda s: s.buy(size=2), 2: lambda s: s.close()}, options={"quicknotify": True})
    assert [order.getstatusname() for order in done.orders] == ["Submitted", "Accepted", "Completed"] * 2
    assert [trade.isclosed for trade in done.trades] == [False, True]


def test_unknown_arguments_are_attached(run: Run) -> None:
    done = run(UP, {1: lambda s: s.buy(size=1, note="why")})
    assert done.orders[-1].info.note == "why"


def test_a_subclass_of_the_broker_sees_every_order(run: Run) -> None:
    class Counting(bt.brokers.BackBroker):
        count = 0

        def submit(self, order: Any, check: bool = True) -> Any:
            self.count += 1
            return super().submit(order, check)

    broker = Counting()
    run(UP, {1: lambda s: s.buy(), 2: lambda s: s.sell()}, broker=broker, listens=False)
    assert broker.count == 2


def test_many_market_orders_of_one_bar_are_checked_one_after_the_other(run: Run) -> None:
    def issue(strategy: Any) -> list[Any]:
        return [strategy.buy(size=4), strategy.sell(size=4), strategy.buy(size=4), strategy.buy(size=4)]

    for listens in (True, False):
        done = run(flat(4), {1: issue}, lambda c: c.broker.setcash(75), listens=listens)
        names = [order.getstatusname() for order in done.strategy.issued]
        assert names == ["Completed", "Completed", "Completed", "Margin"]


def test_orders_on_a_data_that_stands_still_wait_for_its_next_bar(run: Run) -> None:
    slow = [(10, 10, 10, 10)]
    done = run([UP, slow], {2: lambda s: s.buy("d1"), 4: lambda s: s.buy()}, listens=False)
    assert [order.getstatusname() for order in done.strategy.issued] == ["Accepted", "Completed"]
