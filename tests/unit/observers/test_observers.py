"""Observers in a run: their lines, their clock, reads during the run, own observers."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

import backtrail as bt
from backtrail.errors import ParameterError

CLOSES = [100.0, 102.0, 101.0, 99.0, 103.0, 104.0]


def daily(closes: list[float] = CLOSES) -> pd.DataFrame:
    """Give daily bars that open at the close before."""
    frame = pd.DataFrame({"close": closes}, index=pd.bdate_range("2020-01-01", periods=len(closes)))
    frame["open"] = frame["close"].shift(1, fill_value=closes[0])
    frame["high"] = frame[["open", "close"]].max(axis=1)
    frame["low"] = frame[["open", "close"]].min(axis=1)
    frame["volume"] = 1.0
    return frame[["open", "high", "low", "close", "volume"]]


class RoundTrip(bt.Strategy):
    """Buy on the first bar, sell on the third."""

    def next(self) -> None:
        if len(self) == 1:
            self.buy(size=10)
        elif len(self) == 3:
            self.close()


def run(*observers: Any, strategy: Any = RoundTrip, datas: int = 1, **options: Any) -> Any:
    cerebro = bt.Cerebro(**{"stdstats": False, **options})
    for number in range(datas):
        cerebro.adddata(bt.feeds.PandasData(dataname=daily()), name=f"d{number}")
    cerebro.addstrategy(strategy)
    for one in observers:
        cls, params = one if isinstance(one, tuple) else (one, {})
        cerebro.addobserver(cls, **params)
    return cerebro.run()[0]


def lines(observer: Any) -> list[list[float]]:
    return [line.array.tolist() for line in observer.lines]


NAN = math.nan
MODES: list[dict[str, Any]] = [
    {},
    {"runonce": False},
    {"preload": False},
    {"exactbars": 1},
    {"exactbars": -1},
]


def same(found: list[float], expected: list[float]) -> bool:
    return repr(found) == repr(expected)


def test_the_default_observers_follow_account_orders_and_trades() -> None:
    stats = run(stdstats=True).stats
    assert stats.getnames() == ["broker", "trades"]
    cash, value = lines(stats.broker)
    assert cash == [10000.0, 9000.0, 9000.0, 10010.0, 10010.0, 10010.0]
    assert value == [10000.0, 10020.0, 10010.0, 10010.0, 10010.0, 10010.0]
    buy, sell = lines(stats.buysell[0])
    assert same(buy, [NAN, 100.0 * (1 - 0.015), NAN, NAN, NAN, NAN])
    assert same(sell, [NAN, NAN, NAN, 101.0 * (1 + 0.015), NAN, NAN])
    plus, minus = lines(stats.trades)
    assert same(plus, [NAN, NAN, NAN, 10.0, NAN, NAN])
    assert same(minus, [NAN] * 6)


@pytest.mark.parametrize("mode", MODES)
def test_modes_of_running_make_no_difference(mode: dict[str, Any]) -> None:
    observers = [bt.observers.DrawDown, bt.observers.TimeReturn, bt.observers.Cash, bt.observers.Benchmark]
    expected = run(*observers, stdstats=True)
    found = run(*observers, stdstats=True, **mode)
    for mine, theirs in zip(found._observers_flat_(), expected._observers_flat_()):
        assert [line.get(size=6).tolist() for line in mine.lines].__repr__() == lines(theirs).__repr__()


def test_an_observer_is_one_bar_behind_the_strategy() -> None:
    seen: list[Any] = []

    class Reader(RoundTrip):
        def next(self) -> None:
            broker = self.stats.broker
            seen.append((len(broker), broker.value[0], broker.cash[-1]))
            super().next()

        def stop(self) -> None:
            seen.append((len(self.stats.broker), self.stats.broker.value[0]))

    run(bt.observers.Broker, strategy=Reader)
    assert repr(seen[:3]) == repr([(0, NAN, NAN), (1, 10000.0, NAN), (2, 10020.0, 10000.0)])
    assert seen[-1] == (6, 10010.0)


def test_a_whole_line_read_during_the_run_is_up_to_date() -> None:
    seen: list[list[float]] = []

    class Reader(RoundTrip):
        def next(self) -> None:
            if len(self) == 4:
                value = self.stats.value.lines.value
                seen.append(value.array[: len(self.stats.value)].tolist())
                seen.append(value.get(size=2).tolist())
            super().next()

    run(bt.observers.Value, strategy=Reader)
    assert seen == [[10000.0, 10020.0, 10010.0], [10020.0, 10010.0]]


def test_an_own_observer_is_stepped_after_the_strategy() -> None:
    calls: list[tuple[str, int, float]] = []

    class Own(bt.Observer):
        lines = ("length",)

        def prenext(self) -> None:
            calls.append(("prenext", len(self), NAN))

        def nextstart(self) -> None:
            calls.append(("nextstart", len(self), NAN))

        def next(self) -> None:
            calls.append(("next", len(self), self._owner.stats.broker.value[0]))
            self.lines.length[0] = len(self._owner)

    class Warm(RoundTrip):
        def __init__(self) -> None:
            bt.ind.SMA(period=3)

        def next(self) -> None:
            if len(self) == 3:
                self.buy(size=10)

    own = run(bt.observers.Broker, Own, strategy=Warm).stats.own
    assert [(name, length) for name, length, _ in calls] == [
        ("prenext", 1), ("prenext", 2), ("nextstart", 3), ("next", 4), ("next", 5), ("next", 6),
    ]  # fmt: skip
    assert [value for _, _, value in calls[3:]] == [9980.0, 10020.0, 10030.0]
    assert same(lines(own)[0], [NAN, NAN, NAN, 4.0, 5.0, 6.0])
    calls.clear()
    run(bt.observers.Broker, Own, strategy=Warm, runonce=False)
    assert [name for name, _, _ in calls] == ["nextstart", "next", "next", "next", "next", "next"]


def test_a_subclass_may_extend_an_observer() -> None:
    class Shown(bt.observers.Broker):
        lines = ("invested",)

        def next(self) -> None:
            super().next()
            self.lines.invested[0] = self.lines.value[0] - self.lines.cash[0]

    assert lines(run(Shown).stats.shown)[2] == [0.0, 1020.0, 1010.0, 0.0, 0.0, 0.0]


def test_an_own_observer_may_compute_with_indicators_and_bindings() -> None:
    class Mean(bt.Observer):
        lines = ("mean", "change")

        def __init__(self) -> None:
            self.average = bt.ind.SMA(self.data, period=2)
            self.lines.change = self.data.close - self.data.open

        def next(self) -> None:
            self.lines.mean[0] = self.average[0]

    for mode in ({}, {"runonce": False}):
        mean, change = lines(run(Mean, **mode).stats.mean)
        assert same(mean, [NAN, 101.0, 101.5, 100.0, 101.0, 103.5])
        assert change == [0.0, 2.0, -1.0, -2.0, 4.0, 1.0]


def test_an_observer_may_have_an_analyzer_of_its_own() -> None:
    class Count(bt.Observer):
        lines = ("count",)

        def __init__(self) -> None:
            self.returns = self._owner._addanalyzer_slave(bt.analyzers.TimeReturn)

        def next(self) -> None:
            self.lines.count[0] = len(self.returns.get_analysis())

    assert lines(run(Count).stats.count)[0] == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


def test_observers_of_each_data_are_a_list() -> None:
    strategy = run(stdstats=True, datas=2)
    assert [type(one).__name__ for one in strategy.stats.buysell] == ["BuySell", "BuySell"]
    assert strategy.stats.datatrades.lines.getlinealiases() == ("d0", "d1")
    assert same(lines(strategy.stats.datatrades)[0], [NAN, NAN, NAN, 10.0, NAN, NAN])
    assert same(lines(strategy.stats.datatrades)[1], [NAN] * 6)
    assert strategy.stats.datatrades.plotlines.d1.marker == "v"


def test_prices_are_averaged_over_the_orders_of_a_bar() -> None:
    class Twice(bt.Strategy):
        def next(self) -> None:
            if len(self) == 1:
                self.buy(size=1)
                self.buy(size=30, exectype=bt.Order.Limit, price=100.0)

    buy, _ = lines(run(stdstats=True, oldbuysell=True, strategy=Twice).stats.buysell[0])
    assert buy[1] == 100.0


def test_fills_of_a_slow_data_in_different_cycles_are_averaged() -> None:
    class Slow(bt.Strategy):
        def next(self) -> None:
            if len(self) in (2, 3):
                self.buy(data=self.data1, exectype=bt.Order.Limit, price=200.0)

    cerebro = bt.Cerebro(oldbuysell=True, runonce=False)
    cerebro.adddata(bt.feeds.PandasData(dataname=daily()), name="fast")
    weekly = daily().iloc[[0, 4]]
    cerebro.adddata(bt.feeds.PandasData(dataname=weekly, timeframe=bt.TimeFrame.Weeks), name="slow")
    cerebro.addstrategy(Slow)
    slow = cerebro.run()[0].stats.buysell[1]
    assert len(slow) == 2
    assert same(lines(slow)[0], [100.0, NAN])


def test_aliases_are_observers_too() -> None:
    stats = run(bt.observers.CashValue, bt.observers.FundVal, bt.observers.FundShareValue).stats
    assert stats.getnames() == ["cashvalue", "fundval", "fundsharevalue"]
    assert lines(stats.fundval) == lines(stats.fundsharevalue)


def test_labels_say_what_is_shown() -> None:
    stats = run(
        bt.observers.Benchmark,
        (bt.observers.TimeReturn, {"timeframe": bt.TimeFrame.Weeks}),
        (bt.observers.LogReturns, {"timeframe": bt.TimeFrame.Days, "compression": 2}),
    ).stats
    assert stats.benchmark.plotlabel() == "Benchmark (Day, 1, d0)"
    assert stats.timereturn._plotlabel() == ["Week", "1"]
    assert stats.logreturns._plotlabel() == ["Days", "2"]


def test_an_unknown_parameter_is_refused() -> None:
    with pytest.raises(ParameterError, match="Value has no parameter 'fnd'"):
        run((bt.observers.Value, {"fnd": True}))


def test_a_run_that_stops_early_has_lines_as_long_as_it_was() -> None:
    class Stopping(RoundTrip):
        def next(self) -> None:
            super().next()
            if len(self) == 4:
                self.env.runstop()

    stats = run(stdstats=True, strategy=Stopping).stats
    assert len(stats.broker) == len(stats.broker.lines.value.array) == 4
    assert len(stats.trades.lines.pnlplus.array) == 4
