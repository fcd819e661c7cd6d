from __future__ import annotations

import logging
import pickle
import warnings
from typing import Any

import pandas as pd
import pytest

import backtrail as bt
from backtrail.errors import CompatWarning, DataWarning, ParameterError, ParameterValueError

from ..engine.market import MODES, bars, cerebro


def test_an_unknown_parameter_of_the_constructor_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"Cerebro has no parameter 'runonec'.*Did you mean 'runonce'\?"):
        bt.Cerebro(runonec=False)  # type: ignore[call-arg]


def test_an_unknown_parameter_of_run_is_named_in_a_warning() -> None:
    with pytest.warns(CompatWarning, match=r"no parameter 'runonec'.*Did you mean 'runonce'\?") as caught:
        cerebro().run(runonec=False)
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("future_reads", "no", r"one of \['error', 'warn', 'allow', None\]; got 'no'"),
        ("realism", "real", "'backtrader' or 'strict'; got 'real'"),
        ("lookahead", -1, "whole number >= 0; got -1"),
        ("lookahead", 1.5, "whole number >= 0; got 1.5"),
        ("exactbars", -3, "whole number >= -2; got -3"),
        ("exactbars", None, "whole number >= -2; got None"),
        ("maxcpus", 0, "whole number >= 1; got 0"),
        ("maxcpus", "two", "whole number >= 1; got 'two'"),
    ],
)
def test_settings_outside_their_range_are_refused(name: str, value: Any, says: str) -> None:
    with pytest.raises(ParameterValueError, match=f"Cerebro: {name} must be (a )?{says}"):
        cerebro(**{name: value}).run()


def test_a_cerebro_without_datas_says_so() -> None:
    with pytest.warns(DataWarning, match=r"no datas.*adddata"):
        assert bt.Cerebro().run() == []


def test_nothing_is_written_to_stdout(capsys: pytest.CaptureFixture[str], caplog: Any) -> None:
    class Poor(bt.Strategy):
        def next(self) -> None:
            self.buy(size=1_000_000)
            self.sell(exectype=bt.Order.Limit, price=1e9)

    with caplog.at_level(logging.DEBUG):
        setup = cerebro(Poor, stdstats=True)
        setup.addanalyzer(bt.analyzers.TradeAnalyzer)
        setup.addobserver(bt.observers.DrawDown)
        setup.run()
    assert capsys.readouterr().out == ""


def test_drawing_is_refused_with_a_hint() -> None:
    with pytest.raises(NotImplementedError, match="array"):
        cerebro().plot()


# -- brokers -------------------------------------------------------------------------------------------------------


def test_a_broker_factory_makes_the_broker() -> None:
    made: list[Any] = []

    def factory() -> Any:
        made.append(bt.brokers.BackBroker(cash=123.0))
        return made[0]

    setup = cerebro(bt.Strategy, broker_factory=factory)
    assert setup.broker is made[0]
    assert setup.broker.cerebro is setup
    assert setup.run()[0].broker.getcash() == 123.0


def test_strict_realism_sets_strict_rules() -> None:
    setup = cerebro(realism="strict")
    setup.run()
    broker = setup.broker
    assert not broker.margin_cascade
    assert not broker.stale_fills
    assert broker.sell_limit_floor
    assert broker.trail_extremes
    assert broker.cancel_submitted


def test_strict_realism_is_for_brokers_that_know_it() -> None:
    class Plain(bt.brokers.BackBroker):  # type: ignore[misc]
        use_strict_rules = None  # type: ignore[assignment]

        def __getattribute__(self, name: str) -> Any:
            if name == "use_strict_rules":
                raise AttributeError(name)
            return super().__getattribute__(name)

    setup = cerebro(bt.Strategy, realism="strict", broker_factory=Plain)
    with pytest.warns(CompatWarning, match="the broker Plain has no use_strict_rules"):
        assert len(setup.run()) == 1


def test_backtraders_rules_are_the_default() -> None:
    setup = cerebro()
    setup.run()
    assert setup.broker.margin_cascade
    assert setup.broker.stale_fills


# -- randomness --------------------------------------------------------------------------------------------------------


class Dice(bt.Strategy):
    def next(self) -> None:
        self.thrown = [*getattr(self, "thrown", []), self.random.random()]


def test_a_seed_makes_the_strategies_random_numbers_the_same_in_every_run() -> None:
    first, second = (cerebro(Dice, seed=7).run()[0].thrown for _ in range(2))
    setup = cerebro(Dice, seed=7)
    again = [setup.run()[0].thrown for _ in range(2)]
    assert first == second == again[0] == again[1]
    assert first != cerebro(Dice, seed=8).run()[0].thrown


def test_without_a_seed_random_numbers_differ() -> None:
    assert cerebro(Dice).run()[0].thrown != cerebro(Dice).run()[0].thrown


def test_each_combination_of_an_optimisation_starts_from_the_seed() -> None:
    setup = cerebro(seed=3, maxcpus=1, optreturn=False)
    setup.optstrategy(type("Many", (Dice,), {"params": (("x", 0),)}), x=range(3))
    thrown = [found.thrown for (found,) in setup.run()]
    assert thrown[0] == thrown[1] == thrown[2]


# -- warnings about data ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_data_shorter_than_a_warm_up_is_named_and_only_prenext_runs(mode: str) -> None:
    calls: list[str] = []

    class Slow(bt.Strategy):
        def __init__(self) -> None:
            bt.ind.SMA(period=10)
            bt.ind.SMA(self.data1, period=4)
            bt.ind.MACD(self.data0)
            self.data0.close - bt.ind.EMA(self.data0, period=8)

        def prenext(self) -> None:
            calls.append("prenext")

        def next(self) -> None:
            calls.append("next")

    with pytest.warns(DataWarning) as caught:
        cerebro(Slow, datas=[bars(name="eur"), bars(name="usd")], **MODES[mode]).run()
    (warning,) = [one for one in caught if one.category is DataWarning]
    assert str(warning.message) == (
        "Feed 'eur' has 6 bars; SMA needs 10, MACD needs 34, EMA needs 8, an expression of lines needs 8 before the "
        "first value: next() of Slow is never called. Use a shorter period or more data."
    )
    assert calls == ["prenext"] * 6


@pytest.mark.parametrize("mode", MODES)
def test_data_that_is_just_long_enough_is_fine(mode: str) -> None:
    class Fits(bt.Strategy):
        def __init__(self) -> None:
            bt.ind.SMA(period=6)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cerebro(Fits, **MODES[mode]).run()


def test_a_run_that_is_stopped_early_has_no_short_data() -> None:
    class Stopping(bt.Strategy):
        def __init__(self) -> None:
            bt.ind.SMA(period=5)

        def prenext(self) -> None:
            self.env.runstop()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cerebro(Stopping, preload=False).run()


# -- strategies and optimisation --------------------------------------------------------------------------------------


def test_without_a_strategy_a_plain_one_runs() -> None:
    (found,) = cerebro().run()
    assert type(found) is bt.Strategy
    assert len(found) == 6


def test_an_optimisation_without_combinations_gives_nothing() -> None:
    setup = cerebro(maxcpus=1)
    setup.optstrategy(bt.Strategy, period=[])
    assert setup.run() == []


def test_an_optimisation_runs_again() -> None:
    class Plain(bt.Strategy):
        params = (("x", 0),)

    setup = cerebro(maxcpus=1)
    setup.optstrategy(Plain, x=(1, 2))
    for _ in range(2):
        assert [found.p.x for (found,) in setup.run()] == [1, 2]


def test_positional_arguments_are_combined_too() -> None:
    class Taking(bt.Strategy):
        def __init__(self, a: int, b: str) -> None:
            self.taken = (a, b)

    setup = cerebro(maxcpus=1, optreturn=False)
    setup.optstrategy(Taking, (1, 2), "x")
    assert [found.taken for (found,) in setup.run()] == [(1, "x"), (2, "x")]


def test_feeds_are_loaded_once_for_an_optimisation_in_this_process() -> None:
    loads: list[int] = []

    class Counted(type(bars())):  # type: ignore[misc]
        def preload(self) -> None:
            loads.append(1)
            super().preload()

    for optdatas, expected in ((True, 1), (False, 3)):
        loads.clear()
        setup = cerebro(maxcpus=1, datas=[Counted(closes=(1.0, 2.0))], optdatas=optdatas)
        setup.optstrategy(type("Plain", (bt.Strategy,), {"params": (("x", 0),)}), x=range(3))
        assert len(setup.run()) == 3
        assert len(loads) == expected


def test_what_an_optimisation_returns_has_lost_strategy_and_datas() -> None:
    setup = cerebro(maxcpus=1)
    setup.addanalyzer(bt.analyzers.TimeReturn)
    setup.optstrategy(bt.Strategy)
    ((found,),) = setup.run()
    assert type(found) is bt.OptReturn
    assert found.strategycls is bt.Strategy
    (analyzer,) = found.analyzers
    assert analyzer.strategy is None
    assert pickle.loads(pickle.dumps(analyzer)).get_analysis() == analyzer.get_analysis()


def test_a_cerebro_is_pickled_without_its_results_and_callbacks() -> None:
    setup = cerebro(bt.Strategy)
    setup.optcallback(print)
    setup.run()
    state = setup.__getstate__()
    assert state["runstrats"] == state["runwriters"] == state["optcbs"] == []
    assert state["_run_"] is None
    assert state["p"].executor is None
    assert state["p"] is state["params"]


class Keeping(bt.Strategy):
    """Keeps its last order, and a pickled one of each notification."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []

    def next(self) -> None:
        if len(self) == 2:
            self.buy(size=3)

    def notify_order(self, order: Any) -> None:
        self.order = order
        if self.env.p.preload:  # what reads bars one by one cannot be kept
            self.kept.append(pickle.dumps(order))
            assert pickle.loads(self.kept[-1]).owner.broker.getcash() == self.broker.getcash()


@pytest.mark.parametrize("modes", MODES.values(), ids=MODES)
def test_orders_and_strategies_can_be_pickled_while_and_after_they_trade(modes: dict[str, Any]) -> None:
    (strat,) = cerebro(Keeping, stdstats=True, **modes).run()
    assert [pickle.loads(one).status for one in strat.kept] == [1, 2, 4][: len(strat.kept)]
    assert pickle.loads(pickle.dumps(strat.order)).executed.price == strat.order.executed.price
    again = pickle.loads(pickle.dumps(strat))
    assert again.broker.getvalue() == strat.broker.getvalue()
    assert again.stats.broker.value[0] == strat.stats.broker.value[0]
    book = again.broker._books_[again.data]
    book.comminfo.p.commission = 0.5
    assert book.terms["commission"] == 0.5


def test_a_cerebro_is_called_to_run_one_combination() -> None:
    setup = cerebro()
    (found,) = setup([bt.cerebro.Build(bt.Strategy)])
    assert len(found) == 6


def test_runstop_outside_of_a_run_does_nothing() -> None:
    setup = cerebro()
    setup.runstop()
    assert len(setup.run()[0]) == 6


# -- feeds -----------------------------------------------------------------------------------------------------------


def test_names_of_datas() -> None:
    setup = bt.Cerebro()
    first, second = bars(name="a"), bars()
    assert setup.adddata(first) is first
    setup.adddata(second, name="b")
    assert list(setup.datasbyname) == ["a", "b"]
    assert [data._name for data in setup.datas] == ["a", "b"]


def test_a_data_that_is_there_already_is_cloned_for_resampling_and_replaying() -> None:
    setup = bt.Cerebro()
    data = bars(10)
    setup.adddata(data)
    assert setup.resampledata(data, timeframe=bt.TimeFrame.Weeks) is not data
    assert setup.replaydata(data, timeframe=bt.TimeFrame.Weeks) is not data
    other = bars(10)
    assert setup.resampledata(other, timeframe=bt.TimeFrame.Weeks, name="weeks") is other
    assert setup.datasbyname["weeks"] is other


def test_feeds_of_a_factory_are_known_to_cerebro_once() -> None:
    factory = bt.feeds.BacktraderCSV() if hasattr(bt.feeds, "BacktraderCSV") else None
    setup = bt.Cerebro()
    data = bars()
    if factory is not None:
        data._feed = factory
        setup.adddata(data)
        other = bars()
        other._feed = factory
        setup.adddata(other)
        assert setup.feeds == [factory]


def test_chained_and_rolled_feeds_run_one_after_the_other() -> None:
    from datetime import timedelta

    from ..engine.market import START

    for method, length in (("chaindata", 7), ("rolloverdata", 6)):  # as backtrader counts
        setup = bt.Cerebro(stdstats=False)
        later = bars(4, first=START + timedelta(days=3), name="later")
        made = getattr(setup, method)(bars(3, name="first"), later, name="chain")
        assert setup.datasbyname["chain"] is made
        (found,) = setup.run()
        assert len(found) == length
    setup = bt.Cerebro(stdstats=False)
    assert setup.chaindata(bars(3, dataname="x"))._name == "x"
    assert setup.rolloverdata(bars(3, dataname="y"))._name == "y"
    frame = pd.DataFrame({"close": [1.0, 2.0]}, index=pd.date_range("2024-01-01", periods=2))
    for method in ("chaindata", "rolloverdata"):  # a frame is no name
        feed = bt.feeds.PandasData(dataname=frame, open=None, high=None, low=None, volume=None)
        assert getattr(setup, method)(feed)._name == feed._name


def test_a_calendar_is_that_of_the_feeds() -> None:
    calendar = bt.TradingCalendar()
    setup = cerebro()
    setup.addcalendar(calendar)
    setup.run()
    assert setup.datas[0]._calendar is calendar
