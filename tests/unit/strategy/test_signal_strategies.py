"""What backtrader cannot do with signals: beside strategies that were added, and in a second run."""

from __future__ import annotations

from typing import Any

import pytest

import backtrail as bt
from backtrail.errors import OrderError, ParameterValueError

from ..engine.market import bars, cerebro


class Rising(bt.Indicator):
    lines = ("signal",)

    def __init__(self) -> None:
        self.lines.signal = self.data - self.data(-1)


def with_signals(*strategies: Any, **kwargs: Any) -> bt.Cerebro:
    setup = cerebro(*strategies, **kwargs)
    setup.add_signal(bt.SIGNAL_LONGSHORT, Rising)
    return setup


def test_signals_are_traded_beside_an_added_strategy() -> None:
    class Other(bt.Strategy):
        pass

    other, trader = with_signals(Other).run()
    assert type(other) is Other
    assert type(trader) is bt.SignalStrategy
    assert trader.position.size == 1


def test_signals_can_be_run_again() -> None:
    setup = with_signals()
    values = [setup.run()[0].broker.getvalue() for _ in range(3)]
    assert len(set(values)) == 1
    assert values[0] > 10_000.0


def test_a_signal_strategy_that_was_added_trades_on_the_signals() -> None:
    class Mine(bt.SignalStrategy):
        pass

    first, mine = with_signals(bt.Strategy, Mine).run()
    assert type(mine) is Mine
    assert mine.position.size == 1
    assert type(first) is bt.Strategy


def test_every_combination_of_an_optimised_signal_strategy_trades_on_the_signals() -> None:
    class Mine(bt.SignalStrategy):
        params = (("x", 0),)

    setup = with_signals(maxcpus=1, optreturn=False)
    setup.optstrategy(Mine, x=(1, 2))
    assert [(found.p.x, len(found.p.signals)) for (found,) in setup.run()] == [(1, 1), (2, 1)]


def test_signals_beside_an_optimised_strategy() -> None:
    class Other(bt.Strategy):
        params = (("x", 0),)

    setup = with_signals(maxcpus=1, optreturn=False)
    setup.optstrategy(Other, x=(1, 2))
    assert [type(found) for found in setup.run()[1]] == [Other, bt.SignalStrategy]


def test_the_strategy_that_was_set_comes_first() -> None:
    class Set(bt.SignalStrategy):
        pass

    class Added(bt.SignalStrategy):
        pass

    setup = with_signals(Added)
    setup.signal_strategy(Set, _accumulate=True)
    added, found = setup.run()
    assert (type(added), added.p.signals) == (Added, [])
    assert type(found) is Set
    assert found.p._accumulate
    assert found.position.size > 1


def test_signals_of_its_own_are_added_to_those_of_cerebro() -> None:
    setup = with_signals()
    setup.signal_strategy(bt.SignalStrategy, signals=[(bt.SIGNAL_LONGEXIT, Rising, (), {})])
    (found,) = setup.run()
    assert [kind for kind, *_ in found.p.signals] == [bt.SIGNAL_LONGSHORT, bt.SIGNAL_LONGEXIT]


@pytest.mark.parametrize("wanted", [1, "b", -1])
def test_the_data_that_is_traded(wanted: Any) -> None:
    setup = with_signals(datas=[bars(name="a"), bars(name="b")])
    setup.signal_strategy(bt.SignalStrategy, _data=wanted)
    (found,) = setup.run()
    assert (found.getposition(found.data0).size, found.getposition(found.data1).size) == (0, 1)


@pytest.mark.parametrize(
    ("wanted", "error", "says"),
    [(5, ParameterValueError, "_data=5 but there are 1"), ("x", (KeyError, OrderError), "x")],
)
def test_a_data_that_is_not_there(wanted: Any, error: Any, says: str) -> None:
    setup = with_signals()
    setup.signal_strategy(bt.SignalStrategy, _data=wanted)
    with pytest.raises(error, match=says):
        setup.run()


def test_an_unknown_type_of_signal_is_refused() -> None:
    class Wrong(bt.SignalStrategy):
        def __init__(self) -> None:
            self.signal_add(99, self.data)

    with pytest.raises(ParameterValueError, match="got 99"):
        cerebro(Wrong).run()
