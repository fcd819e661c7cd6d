"""Analyzers in a run: hooks and their order, names, results read early, and what is right where backtrader is not."""

from __future__ import annotations

import datetime as dt
import io
import math
import pickle
from collections import OrderedDict
from typing import Any

import pandas as pd
import pytest
from tests.unit.analyzers.stubs import Path, look_back, make, step

import backtrail as bt
from backtrail.errors import DeclarationError, ParameterError, ParameterValueError


def daily(closes: list[float], start: str = "2019-12-27") -> pd.DataFrame:
    """Give daily bars that open at the close before."""
    opens = [closes[0], *closes[:-1]]
    frame = pd.DataFrame({"open": opens, "close": closes}, index=pd.bdate_range(start, periods=len(closes)))
    frame["high"] = frame[["open", "close"]].max(axis=1)
    frame["low"] = frame[["open", "close"]].min(axis=1)
    frame["volume"] = 1.0
    return frame


CLOSES = [100.0, 102.0, 101.0, 99.0, 103.0, 104.0, 98.0, 97.0, 105.0, 106.0]


class RoundTrip(bt.Strategy):
    """Buy on the second bar, sell on the fifth."""

    def next(self) -> None:
        if len(self) == 2:
            self.buy(size=10)
        elif len(self) == 5:
            self.close()


def run(*analyzers: Any, closes: list[float] = CLOSES, strategy: Any = RoundTrip, **options: Any) -> Any:
    """Run *strategy* with analyzers (classes, or pairs of class and parameters) and give it."""
    cerebro = bt.Cerebro(**{"stdstats": False, **options})
    cerebro.adddata(bt.feeds.PandasData(dataname=daily(closes)), name="data")
    cerebro.addstrategy(strategy)
    for one in analyzers:
        cls, params = one if isinstance(one, tuple) else (one, {})
        cerebro.addanalyzer(cls, **params)
    return cerebro.run()[0]


def result(analyzer: Any, **options: Any) -> Any:
    return run(analyzer, **options).analyzers[0].get_analysis()


class Listener(bt.Analyzer):
    """Keep the hooks that were called."""

    def start(self) -> None:
        self.calls: list[Any] = []

    def notify_cashvalue(self, cash: float, value: float) -> None:
        self.calls.append(("cash", len(self)))

    def notify_fund(self, cash: float, value: float, fundvalue: float, shares: float) -> None:
        self.calls.append(("fund", len(self)))

    def notify_order(self, order: Any) -> None:
        self.calls.append((order.getstatusname(), len(self)))

    def notify_trade(self, trade: Any) -> None:
        self.calls.append(("trade", len(self)))

    def prenext(self) -> None:
        self.calls.append(("prenext", len(self)))

    def nextstart(self) -> None:
        self.calls.append(("nextstart", len(self)))

    def next(self) -> None:
        self.calls.append(("next", len(self)))

    def stop(self) -> None:
        self.calls.append("stop")


def test_hooks_come_in_backtraders_order() -> None:
    class Late(bt.Strategy):
        def __init__(self) -> None:
            bt.ind.SMA(period=2)

        def next(self) -> None:
            if len(self) == 2:
                self.buy()

    calls = run(Listener, strategy=Late, closes=CLOSES[:3]).analyzers[0].calls
    assert calls == [
        *(("cash", 1), ("fund", 1), ("prenext", 1)),
        *(("cash", 2), ("fund", 2), ("nextstart", 2)),
        *(("Submitted", 3), ("Accepted", 3), ("Completed", 3), ("trade", 3)),
        *(("cash", 3), ("fund", 3), ("next", 3)),
        "stop",
    ]


def test_children_are_served_before_their_parent() -> None:
    order: list[str] = []

    class Named(bt.Analyzer):
        params = (("name", "child"),)

        def start(self) -> None:
            order.append(f"{self.p.name} start")

        def next(self) -> None:
            order.append(f"{self.p.name} next")

        def stop(self) -> None:
            order.append(f"{self.p.name} stop")

    class Parent(Named):
        params = (("name", "parent"),)

        def __init__(self) -> None:
            self.child = Named()

    parent = run(Parent, closes=CLOSES[:1]).analyzers[0]
    assert order == ["child start", "parent start", "child next", "parent next", "child stop", "parent stop"]
    assert parent.child._parent is parent
    assert parent._children == [parent.child]


def test_results_are_made_before_init() -> None:
    order: list[str] = []

    class Made(bt.Analyzer):
        def create_analysis(self) -> None:
            order.append("create")
            self.rets = [1]

        def __init__(self) -> None:
            order.append("init")

    assert result(Made) == [1]
    assert order == ["create", "init"]


def test_the_second_of_a_name_gets_a_number() -> None:
    strategy = run(bt.analyzers.SQN, bt.analyzers.SQN, (bt.analyzers.SQN, {"_name": "mine"}))
    assert strategy.analyzers.getnames() == ["sqn", "sqn1", "mine"]
    assert strategy.analyzers.mine is strategy.analyzers[2]
    assert strategy.analyzers.getbyname("sqn1") is strategy.analyzers[1]


def test_an_analyzer_sees_strategy_and_datas() -> None:
    strategy = run(bt.Analyzer)
    analyzer = strategy.analyzers[0]
    assert analyzer.strategy is strategy
    assert analyzer.data is analyzer.data0 is strategy.data
    assert analyzer.data_close is strategy.data.close
    assert len(analyzer) == len(CLOSES)
    assert analyzer.get_analysis() == OrderedDict()
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        analyzer.nothing  # the attribute is what is tested


def test_results_read_in_next_are_those_of_the_bars_before() -> None:
    seen: list[Any] = []

    class Reader(RoundTrip):
        def next(self) -> None:
            analyzers = self.analyzers
            seen.append((len(analyzers.timereturn.get_analysis()), len(analyzers.timereturn.rets)))
            super().next()

        def stop(self) -> None:
            seen.append(len(self.analyzers.timereturn.get_analysis()))

    run(bt.analyzers.TimeReturn, strategy=Reader, closes=CLOSES[:3])
    assert seen == [(0, 0), (1, 1), (2, 2), 3]


def test_a_parent_reads_a_child_up_to_the_present_bar() -> None:
    seen: list[int] = []

    class Parent(bt.Analyzer):
        def __init__(self) -> None:
            self.child = bt.analyzers.TimeReturn()

        def next(self) -> None:
            seen.append(len(self.child.get_analysis()))

    run(Parent, closes=CLOSES[:3])
    assert seen == [1, 2, 3]


def test_a_subclass_may_extend_a_hook() -> None:
    class Doubled(bt.analyzers.TimeReturn):
        def next(self) -> None:
            super().next()
            self.rets[self.dtkey] *= 2.0

    plain, doubled = run(bt.analyzers.TimeReturn, Doubled).analyzers
    assert list(doubled.rets.values()) == [2.0 * value for value in plain.rets.values()]


def test_a_subclass_that_listens_to_trades_has_its_key_up_to_date() -> None:
    class ByMonth(bt.TimeFrameAnalyzerBase):
        params = (("timeframe", bt.TimeFrame.Months),)

        def notify_trade(self, trade: Any) -> None:
            if trade.isclosed:
                self.rets[self.dtkey] = trade.pnl

    assert result(ByMonth) == {dt.datetime(2020, 1, 31): 10.0}


def test_the_older_name_of_the_period_hook_works() -> None:
    class Older(bt.TimeFrameAnalyzerBase):
        def _on_dt_over(self) -> None:
            self.rets[len(self)] = self.dtkey

    assert not hasattr(Older, "_on_dt_over")
    assert list(result((Older, {"timeframe": bt.TimeFrame.Weeks}))) == [1, 2, 7]


def test_trades_that_never_closed_have_no_statistics() -> None:
    found = result(bt.analyzers.TradeAnalyzer, strategy=bt.Strategy)
    assert found == {"total": {"total": 0}}
    with pytest.raises(KeyError):
        found.won  # closed results make no new names
    with pytest.raises(KeyError):
        hasattr(found, "won")


def test_statistics_of_a_trade() -> None:
    found = result(bt.analyzers.TradeAnalyzer)
    assert found.total == {"total": 1, "open": 0, "closed": 1}
    assert found.won.pnl.total == found.pnl.gross.total == 10.0
    assert found.len.won == {"total": 3, "average": 3.0, "max": 3, "min": 3}
    assert "min" not in found.len.lost


def test_profits_that_do_not_vary_have_no_quality_number() -> None:
    class Twice(bt.Strategy):
        def next(self) -> None:
            if len(self) in (2, 6):
                self.buy()
            elif len(self) in (4, 8):
                self.close()

    steady = [100.0 + 2.0 * number for number in range(12)]
    assert result(bt.analyzers.SQN, strategy=Twice, closes=steady) == {"sqn": None, "trades": 2}


def test_yearly_returns_need_no_observer() -> None:
    found = result(bt.analyzers.AnnualReturn)
    assert list(found) == [2019, 2020]
    assert found[2019] == 9990.0 / 10000.0 - 1.0
    assert found == result(bt.analyzers.AnnualReturn, stdstats=True)


@pytest.mark.parametrize("options", [{"legacyannual": True}, {}, {"stddev_sample": True}])
def test_a_ratio_that_cannot_be_computed_is_none(options: dict[str, Any]) -> None:
    assert result((bt.analyzers.SharpeRatio, options), closes=CLOSES[:1]) == {"sharperatio": None}


def test_a_single_bar_has_no_variability() -> None:
    assert math.isnan(result(bt.analyzers.VWR, closes=[100.0])["vwr"])


def test_a_total_loss_does_not_stop_a_run() -> None:
    class Short(bt.Strategy):
        def next(self) -> None:
            if len(self) == 1:
                self.sell(size=1000)

    closes = [100.0, 101.0, 104.0, 115.0, 130.0]
    strategy = run(
        bt.analyzers.Returns,
        bt.analyzers.VWR,
        bt.analyzers.LogReturnsRolling,
        (bt.analyzers.Calmar, {"period": 2, "timeframe": bt.TimeFrame.Days}),
        strategy=Short,
        closes=closes,
    )
    returns, vwr, rolling, calmar = (analyzer.get_analysis() for analyzer in strategy.analyzers)
    assert returns["rtot"] == returns["rnorm100"] == -math.inf
    assert math.isnan(vwr["vwr"])
    assert math.isnan(list(rolling.values())[3])
    assert math.isnan(list(calmar.values())[3])


@pytest.mark.parametrize("looks_back", [True, False])
def test_an_account_without_money_is_not_drawn_down(looks_back: bool) -> None:
    path = Path([dt.datetime(2020, 1, day) for day in (2, 3, 6)], [0.0, 0.0, -5.0])
    analyzer, paper = make(bt.analyzers.DrawDown, path, 0.0, looks_back)
    found = look_back(analyzer, paper, [2]) if looks_back else step(analyzer, paper)
    assert found.max.drawdown == math.inf
    assert (found.len, found.moneydown) == (1, 5.0)


@pytest.mark.parametrize(
    ("timeframe", "compression", "periods"),
    [(bt.TimeFrame.MicroSeconds, 500000, 3), (bt.TimeFrame.Ticks, 1, 4), (bt.TimeFrame.Seconds, 1, 2)],
)
def test_periods_below_a_second_work(timeframe: int, compression: int, periods: int) -> None:
    frame = daily(CLOSES[:4])
    micros = [0, 300_000, 600_000, 1_100_000]
    frame.index = pd.DatetimeIndex(
        [dt.datetime(2020, 1, 2, 9) + dt.timedelta(microseconds=m) for m in micros]
    )
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame, timeframe=bt.TimeFrame.MicroSeconds))
    cerebro.addanalyzer(bt.analyzers.TimeReturn, timeframe=timeframe, compression=compression)
    cerebro.addstrategy(RoundTrip)
    assert len(cerebro.run()[0].analyzers[0].get_analysis()) == periods


def test_a_benchmark_that_starts_late_starts_from_its_first_bar() -> None:
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(bt.feeds.PandasData(dataname=daily(CLOSES[:4], "2019-12-30")), name="early")
    late = bt.feeds.PandasData(dataname=daily([50.0, 51.0], "2020-01-01"))
    cerebro.adddata(late, name="late")
    cerebro.addanalyzer(bt.analyzers.TimeReturn, data=late)
    cerebro.addanalyzer(bt.analyzers.LogReturnsRolling, data=late)
    cerebro.addstrategy(bt.Strategy)
    returns, rolling = (analyzer.get_analysis() for analyzer in cerebro.run()[0].analyzers)
    assert list(returns.values()) == [0.0, 0.0, 0.0, 51.0 / 50.0 - 1.0]
    assert list(rolling.values()) == [0.0, 0.0, 0.0, math.log(51.0 / 50.0)]


def test_pyfolio_gets_a_column_for_each_data() -> None:
    cerebro = bt.Cerebro(stdstats=False)
    for name in ("one", "two"):
        cerebro.adddata(bt.feeds.PandasData(dataname=daily(CLOSES)), name=name)
    cerebro.addstrategy(RoundTrip)
    cerebro.addanalyzer(bt.analyzers.PyFolio)
    returns, positions, transactions, leverage = cerebro.run()[0].analyzers[0].get_pf_items()
    assert list(positions.columns) == ["one", "two", "cash"]
    assert list(transactions.columns) == ["amount", "price", "sid", "symbol", "value"]
    assert positions["one"].iloc[2] == 1010.0
    assert (returns.name, leverage.name, str(positions.index.tz)) == ("return", "gross_lev", "UTC")
    assert transactions["amount"].tolist() == [10, -10]


def test_executions_in_unnamed_datas_are_told_apart() -> None:
    class Second(bt.Strategy):
        def next(self) -> None:
            if len(self) == 1:
                self.buy(data=self.data1, size=3)

    cerebro = bt.Cerebro(stdstats=False)
    for _ in range(2):
        cerebro.adddata(bt.feeds.PandasData(dataname=daily(CLOSES)))
    cerebro.addstrategy(Second)
    cerebro.addanalyzer(bt.analyzers.Transactions)
    found = cerebro.run()[0].analyzers[0].get_analysis()
    assert list(found.values()) == [[[3, 100.0, 1, "", -300.0]]]


def test_results_are_printed_as_a_nested_list() -> None:
    out = io.StringIO()
    analyzer = run(bt.analyzers.DrawDown).analyzers[0]
    analyzer.print(out=out, rounding=2)
    assert out.getvalue().split("\n")[1:5] == [
        "DrawDown:",
        "  - len: 0",
        "  - drawdown: 0.0",
        "  - moneydown: 0.0",
    ]
    out = io.StringIO()
    run(bt.analyzers.SQN).analyzers[0].pprint(stream=out)
    assert "'trades'" in out.getvalue()


def test_analyzers_that_let_go_of_the_run_can_be_pickled() -> None:
    every = [
        getattr(bt.analyzers, name)
        for name in bt.analyzers.__all__
        if name not in ("AccountPath", "Analyzer", "TimeFrameAnalyzerBase")
    ]
    for analyzer in run(*every).analyzers:
        analyzer._detach_()
        again = pickle.loads(pickle.dumps(analyzer))
        assert repr(again.get_analysis()) == repr(analyzer.get_analysis())


def test_an_analyzer_needs_a_strategy() -> None:
    with pytest.raises(DeclarationError, match="outside of a strategy"):
        bt.analyzers.DrawDown()


@pytest.mark.parametrize(
    ("analyzer", "error", "words"),
    [
        ((bt.analyzers.DrawDown, {"fnd": True}), ParameterError, "has no parameter 'fnd'.*'fund'"),
        (
            (bt.analyzers.TimeReturn, {"timeframe": 12}),
            ParameterValueError,
            "TimeReturn: parameter 'timeframe'",
        ),
        ((bt.analyzers.TimeReturn, {"compression": -1}), ParameterValueError, "whole number >= 1; got -1"),
        ((bt.analyzers.Calmar, {"period": 0}), ParameterValueError, "'period' must be >= 1; got 0"),
        ((bt.analyzers.VWR, {"sdev_max": 0.0}), ParameterValueError, "'sdev_max' must be > 0"),
    ],
)
def test_wrong_parameters_are_refused(analyzer: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        run(analyzer)
