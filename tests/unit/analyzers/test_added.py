"""Analyzers that backtrader lacks: the same stepped and worked out afterwards, checked against other libraries."""

from __future__ import annotations

import datetime as dt
import math
import pickle
import warnings
from collections.abc import Iterator
from random import Random
from typing import Any

import empyrical
import ffn
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.analyzers.stubs import Path, look_back, make, step

import backtrail as bt
from backtrail import analyzers
from backtrail.base.replaced import replaced_in
from backtrail.errors import OrderError, ParameterError, ParameterValueError

START = dt.datetime(2019, 12, 30, 22, 50)
# classes that read nothing but the account, with parameters
BY_ACCOUNT: list[tuple[str, dict[str, Any]]] = [
    ("Sortino", {}),
    ("Sortino", {"target": 0.02}),
    ("Omega", {}),
    ("CAGR", {}),
    ("UlcerIndex", {"riskfreerate": 0.01}),
    ("TailRatio", {}),
    ("ValueAtRisk", {"cutoff": 0.1}),
    ("MonthlyReturns", {}),
    ("SharpeInterval", {"generator": 3, "samples": 20, "block": 2}),
    ("PropFirmDrawDown", {"max_drawdown": 100.0}),
    ("PropFirmDrawDown", {"max_drawdown": 100.0, "trailing_mode": "eod", "trail_stop_threshold": 200.0}),
    ("PropFirmDrawDown", {"max_drawdown": 50.0, "trail_stop_threshold": 150.0, "starting_balance": 90.0}),
]
IN_RUNS = ["AlphaBeta", "Exposure", "Expectancy", "TradeExcursions", "ConsistencyAnalyzer"]

values = st.lists(
    st.one_of(
        st.floats(min_value=-50.0, max_value=5000.0, allow_nan=False).map(lambda x: round(x, 2)),
        st.sampled_from([100.0, 100.0, 0.0, 99.5, math.nan]),
    ),
    min_size=1,
    max_size=40,
)
gaps = st.lists(st.sampled_from([0, 1, 1, 5, 30, 700, 3000, 50000]), min_size=40, max_size=40)
frames = st.sampled_from(
    [{}, {"timeframe": 6}, {"timeframe": 7}, {"timeframe": 4, "compression": 45, "factor": 9}]
)


@pytest.fixture(autouse=True)
def numpy_is_silent() -> Iterator[None]:
    """Turn warnings of numpy into errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        yield


@pytest.mark.parametrize(("name", "options"), BY_ACCOUNT)
@settings(max_examples=12)
@given(values, gaps, frames, st.lists(st.integers(0, 40), max_size=5))
def test_stepped_and_worked_out_afterwards_agree(
    name: str, options: dict[str, Any], account: list[float], waits: list[int], frame: Any, cuts: list[int]
) -> None:
    cls = getattr(analyzers, name)
    now, times = START, []
    for wait, _ in zip(waits, account, strict=False):
        times.append(now)
        now += dt.timedelta(minutes=wait)
    if "timeframe" in cls.params._getkeys():
        options = {**options, **frame}
    stepped = step(*make(cls, Path(times, account), 100.0, looks_back=False, **options))
    afterwards = look_back(*make(cls, Path(times, account), 100.0, looks_back=True, **options), cuts)
    assert repr(afterwards) == repr(stepped)


@pytest.mark.parametrize("name", [*(name for name, _ in BY_ACCOUNT), *IN_RUNS])
def test_nothing_is_stepped_that_nobody_changed(name: str) -> None:
    cls = getattr(analyzers, name)
    assert not replaced_in(cls, cls._own_hooks_)


# -- in a run -----------------------------------------------------------------------------------------------------


def bars(count: int, seed: int, freq: str = "B") -> pd.DataFrame:
    """Give bars of a random walk."""
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0.0005, 0.02, count)))
    opened = close * np.exp(rng.normal(0.0, 0.005, count))
    high = np.maximum(opened, close) * (1.0 + np.abs(rng.normal(0.0, 0.004, count)))
    low = np.minimum(opened, close) * (1.0 - np.abs(rng.normal(0.0, 0.004, count)))
    index = pd.date_range("2017-03-01", periods=count, freq=freq)
    return pd.DataFrame(
        {"open": opened, "high": high, "low": low, "close": close, "volume": 1.0}, index=index
    )


class Trader(bt.Strategy):
    """Trade at random, in every data, with orders of several kinds."""

    params = (("seed", 1), ("size", 40))

    def __init__(self) -> None:
        self.rng = Random(self.p.seed)

    def next(self) -> None:
        for data in self.datas:
            if self.rng.random() < 0.15:
                size = self.rng.choice([-self.p.size, 0, self.p.size, 2 * self.p.size])
                self.order_target_size(data, size)
            elif self.rng.random() < 0.1:
                self.sell(data, size=5, exectype=bt.Order.Limit, price=data.close[0] * 1.01)


class Idle(bt.Strategy):
    """Do nothing."""


def run(*added: Any, datas: Any = None, strategy: Any = Trader, **options: Any) -> Any:
    """Run *strategy* with analyzers (pairs of class and parameters) and give it."""
    cerebro = bt.Cerebro(stdstats=False, **options)
    for number, frame in enumerate([bars(300, 5)] if datas is None else datas):
        cerebro.adddata(bt.feeds.PandasData(dataname=frame), name=f"d{number}")
    cerebro.broker.setcommission(0.0005)
    cerebro.addstrategy(strategy)
    for number, (cls, params) in enumerate(added):
        cerebro.addanalyzer(cls, _name=f"a{number}", **params)
    return cerebro.run()[0]


def results(strategy: Any) -> list[Any]:
    return [one.get_analysis() for one in strategy.analyzers]


def own(cls: Any) -> Any:
    """Give a subclass that changes nothing but is stepped."""
    return type(cls)(
        f"Own{cls.__name__}", (cls,), {"next": lambda self: cls.next(self), "__module__": __name__}
    )


def without_numbers(result: Any) -> str:
    """Give results as text; trades are numbered on from run to run."""
    return repr([{k: v for k, v in row.items() if k != "ref"} for row in result["trades"]])


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("options", [{}, {"runonce": False}, {"exactbars": 1}], ids=str)
def test_reports_on_trades_are_the_same_in_every_mode(seed: int, options: dict[str, Any]) -> None:
    classes = [getattr(analyzers, name) for name in IN_RUNS]
    datas = [bars(120, seed), bars(90, seed + 50)]
    plain = results(run(*((cls, {}) for cls in classes), datas=datas))
    stepped = results(run(*((own(cls), {}) for cls in classes), datas=datas, **options))
    for number, (one, other) in enumerate(zip(plain, stepped, strict=True)):
        if IN_RUNS[number] == "TradeExcursions":
            assert without_numbers(one) == without_numbers(other)
            one, other = (str(x["average"]) + str(x["max"]) for x in (one, other))
        assert repr(one) == repr(other)
    assert plain[2]["trades"] > 5


def daily_returns(strategy: Any, name: str = "growth") -> pd.Series:
    """Give the returns of days as other libraries take them."""
    found = strategy.analyzers.growth.get_analysis()
    return pd.Series(list(found.values()), index=pd.DatetimeIndex(list(found)))


@pytest.fixture(scope="module")
def reported() -> tuple[Any, pd.Series, pd.Series]:
    """Give a strategy with all reports, its daily returns, and those of the second data."""
    cerebro = bt.Cerebro(stdstats=False)
    for number in range(2):
        cerebro.adddata(bt.feeds.PandasData(dataname=bars(700, 11 + number)), name=f"d{number}")
    cerebro.addstrategy(Trader)
    cerebro.addanalyzer(bt.analyzers.TimeReturn, _name="growth", timeframe=bt.TimeFrame.Days)
    cerebro.addanalyzer(
        bt.analyzers.TimeReturn, _name="other", timeframe=bt.TimeFrame.Days, data=cerebro.datas[1]
    )
    for name in ("Omega", "CAGR", "TailRatio", "MonthlyReturns", "UlcerIndex", "ValueAtRisk"):
        cerebro.addanalyzer(getattr(bt.analyzers, name), _name=name)
    cerebro.addanalyzer(bt.analyzers.Sortino, _name="Sortino", target=0.03)
    cerebro.addanalyzer(bt.analyzers.AlphaBeta, _name="AlphaBeta", data="d1", riskfreerate=0.02)
    cerebro.addanalyzer(bt.analyzers.SharpeInterval, _name="SharpeInterval", generator=7)
    strategy = cerebro.run()[0]
    other = strategy.analyzers.other.get_analysis()
    return (
        strategy,
        daily_returns(strategy),
        pd.Series(list(other.values()), index=pd.DatetimeIndex(list(other))),
    )


def close_to(value: Any) -> Any:
    return pytest.approx(float(value), rel=1e-9, abs=1e-12)


def test_figures_are_those_of_empyrical(reported: Any) -> None:
    strategy, returns, other = reported
    got = {name: strategy.analyzers.getbyname(name).get_analysis() for name in strategy.analyzers.getnames()}
    rate = 1.03 ** (1 / 252) - 1
    assert got["Sortino"]["sortino"] == close_to(empyrical.sortino_ratio(returns, rate))
    assert got["Sortino"]["downside_risk"] == close_to(empyrical.downside_risk(returns, rate))
    assert got["Omega"]["omega"] == close_to(empyrical.omega_ratio(returns))
    assert got["CAGR"]["annual_return"] == close_to(empyrical.annual_return(returns))
    assert got["CAGR"]["total_return"] == close_to(empyrical.cum_returns_final(returns))
    assert got["TailRatio"]["tail_ratio"] == close_to(empyrical.tail_ratio(returns))
    assert got["ValueAtRisk"]["var"] == close_to(empyrical.value_at_risk(returns))
    assert got["ValueAtRisk"]["cvar"] == close_to(empyrical.conditional_value_at_risk(returns))
    alpha, beta = empyrical.alpha_beta(returns, other, risk_free=1.02 ** (1 / 252) - 1)
    assert got["AlphaBeta"]["alpha"] == close_to(alpha)
    assert got["AlphaBeta"]["beta"] == close_to(beta)
    assert got["AlphaBeta"]["correlation"] == close_to(np.corrcoef(returns, other)[0, 1])
    gap = returns - other
    assert got["AlphaBeta"]["information_ratio"] == close_to(gap.mean() / gap.std() * math.sqrt(252))
    assert got["SharpeInterval"]["sharpe"] == close_to(empyrical.sharpe_ratio(returns))
    assert got["Omega"]["periods"] == len(returns) == 700


@pytest.mark.filterwarnings("ignore:A future version of pandas")
def test_figures_are_those_of_ffn(reported: Any) -> None:
    strategy, returns, _ = reported
    prices = pd.concat(
        [pd.Series([1.0], index=[returns.index[0] - pd.Timedelta(days=1)]), (1 + returns).cumprod()]
    )
    cagr = strategy.analyzers.CAGR.get_analysis()
    seconds = (returns.index[-1] - returns.index[0]).total_seconds()
    assert cagr["years"] == close_to(seconds / (365.25 * 86400))
    same_span = prices.drop(prices.index[1])  # the value before the first bar, at the time of the first bar
    same_span.index = returns.index
    assert cagr["cagr"] == close_to(ffn.calc_cagr(same_span))
    drawdowns = ffn.to_drawdown_series(prices)[1:]
    ulcer = strategy.analyzers.UlcerIndex.get_analysis()["ulcer"]
    assert ulcer == close_to(100 * math.sqrt((drawdowns**2).mean()))
    table = ffn.PerformanceStats(prices).return_table
    months = strategy.analyzers.MonthlyReturns.get_analysis()
    for year, row in months.items():
        for month, value in row.items():
            if month != "year":
                assert value == close_to(table.loc[year].iloc[month - 1])
        assert row["year"] == close_to(table.loc[year, "YTD"])


def test_interval_of_the_sharpe_ratio_is_as_wide_as_theory_says(reported: Any) -> None:
    """For returns that are independent and normal the error is sqrt((1 + s^2 / 2) / n) per period (Lo, 2002)."""
    _, returns, _ = reported
    found = reported[0].analyzers.SharpeInterval.get_analysis()
    ratio = returns.mean() / returns.std()
    theory = math.sqrt((1 + ratio**2 / 2) / len(returns)) * math.sqrt(252)
    assert found["standard_error"] == pytest.approx(theory, rel=0.15)
    assert found["low"] < found["sharpe"] < found["high"]
    assert found["high"] - found["low"] == pytest.approx(2 * 1.96 * theory, rel=0.15)
    assert found["samples"] == 2000


def test_a_seed_gives_the_same_samples_in_every_run_and_a_generator_goes_on() -> None:
    frame = bars(60, 3)
    cls = bt.analyzers.SharpeInterval
    assert results(run((cls, {"generator": 5}), datas=[frame])) == results(
        run((cls, {"generator": 5}), datas=[frame])
    )
    generator = np.random.default_rng(5)
    first = results(run((cls, {"generator": generator}), datas=[frame]))
    assert first == results(run((cls, {"generator": 5}), datas=[frame]))
    assert first != results(run((cls, {"generator": generator}), datas=[frame]))


def flat(count: int, price: float = 100.0) -> pd.DataFrame:
    index = pd.date_range("2020-01-01", periods=count, freq="D")
    return pd.DataFrame(dict.fromkeys(("open", "high", "low", "close", "volume"), price), index=index)


EVERY: list[tuple[Any, dict[str, Any]]] = [
    (getattr(analyzers, name), options) for name, options in [*BY_ACCOUNT, *((name, {}) for name in IN_RUNS)]
]


def figures(strategy: Any) -> dict[str, Any]:
    """Give all results by name, those of the first of a class."""
    found: dict[str, Any] = {}
    for one in strategy.analyzers:
        for key, value in one.get_analysis().items():
            found.setdefault(f"{type(one).__name__}.{key}", value)
    return found


UNKNOWN = [
    *("Sortino.sortino", "Omega.omega", "UlcerIndex.martin", "TailRatio.tail_ratio", "AlphaBeta.alpha"),
    *("AlphaBeta.beta", "AlphaBeta.correlation", "AlphaBeta.information_ratio", "SharpeInterval.sharpe"),
    *("SharpeInterval.low", "SharpeInterval.standard_error", "Expectancy.expectancy", "Expectancy.kelly"),
]


@pytest.mark.parametrize("count", [1, 2, 30])
def test_an_account_that_does_not_move_has_stated_values(count: int) -> None:
    strategy = run(*EVERY, datas=[flat(count)], strategy=Idle)
    found = figures(strategy)
    assert {name: found[name] for name in UNKNOWN} == dict.fromkeys(UNKNOWN)
    if count > 1:
        assert found["CAGR.cagr"] == found["CAGR.annual_return"] == 0.0
    else:
        assert found["CAGR.cagr"] is None
    assert found["UlcerIndex.ulcer"] == found["ValueAtRisk.var"] == found["ValueAtRisk.cvar"] == 0.0
    assert found["MonthlyReturns.2020"] == {1: 0.0, "year": 0.0}
    assert found["Exposure.exposure"] == 0.0
    assert found["Exposure.bars"] == count
    assert found["Expectancy.trades"] == 0
    assert found["TradeExcursions.trades"] == []
    assert found["TradeExcursions.average"] == {"mae": None, "mfe": None}
    assert found["ConsistencyAnalyzer.best_day"] == {"date": None, "pnl": 0.0, "pct": 0.0}
    assert found["ConsistencyAnalyzer.consistent"] is True
    assert found["PropFirmDrawDown.current_drawdown"] == 0.0
    assert found["PropFirmDrawDown.breaches"] == []


class Holder(bt.Strategy):
    """Buy on the first bar and hold."""

    def next(self) -> None:
        if len(self) == 1:
            self.buy(size=1)


def test_an_account_that_becomes_nan_has_stated_values() -> None:
    frame = flat(20)
    frame.loc[frame.index[2:], ["open", "high", "low", "close"]] = math.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bt.DataWarning)
        found = figures(run(*EVERY, datas=[frame], strategy=Holder))
    assert found["Sortino.periods"] == 2
    assert found["SharpeInterval.sharpe"] is None
    assert found["MonthlyReturns.2020"] == {1: None, "year": None}
    assert found["CAGR.cagr"] is None
    assert found["Exposure.exposure"] == 19 / 20


def test_a_total_loss_is_minus_one() -> None:
    paper = Path(
        [dt.datetime(2020, 1, 1), dt.datetime(2021, 1, 1), dt.datetime(2022, 1, 1)], [100.0, 50.0, 0.0]
    )
    found = step(*make(analyzers.CAGR, paper, 100.0, looks_back=False))
    assert (found["cagr"], found["annual_return"], found["total_return"]) == (-1.0, -1.0, -1.0)


def test_cagr_of_a_doubling_in_two_years() -> None:
    paper = Path([dt.datetime(2020, 1, 1), dt.datetime(2022, 1, 1)], [100.0, 200.0])
    found = step(*make(analyzers.CAGR, paper, 100.0, looks_back=False))
    assert found["cagr"] == pytest.approx(math.sqrt(2) - 1, rel=1e-3)


def test_what_travels_between_processes_takes_no_feed_along() -> None:
    strategy = run(*EVERY, (bt.analyzers.TimeReturn, {}), datas=[bars(3000, 1)])
    before = results(strategy)
    for analyzer in strategy.analyzers:
        analyzer._detach_()
        size = len(pickle.dumps(analyzer)) - len(pickle.dumps(analyzer.get_analysis()))
        for child in analyzer._children:
            size -= len(pickle.dumps(child.rets))
        assert size < 20_000, analyzer
    assert [one.get_analysis() for one in map(pickle.loads, map(pickle.dumps, strategy.analyzers))] == before


# -- trades ---------------------------------------------------------------------------------------------------------


class Script(bt.Strategy):
    """Issue orders on given bars."""

    orders: Any = None

    def next(self) -> None:
        for bar, size, options in type(self).script:  # type: ignore[attr-defined]
            if bar == len(self):
                (self.buy if size > 0 else self.sell)(size=abs(size), **options)


def scripted(*orders: Any) -> Any:
    return type(Script)("Scripted", (Script,), {"script": orders, "__module__": __name__})


def hand_made() -> pd.DataFrame:
    rows = [
        (10, 11, 9, 10),
        (10, 12, 8, 11),
        (11, 15, 10, 14),
        (14, 14, 7, 9),
        (9, 20, 1, 10),
        (10, 11, 9, 10),
    ]
    index = pd.date_range("2020-01-01", periods=len(rows), freq="D")
    return (
        pd.DataFrame(rows, columns=["open", "high", "low", "close"], index=index)
        .astype(float)
        .assign(volume=1.0)
    )


def excursion(strategy: Any) -> tuple[float, float]:
    found = run((bt.analyzers.TradeExcursions, {}), datas=[hand_made()], strategy=strategy)
    row = found.analyzers[0].get_analysis()["trades"][0]
    return row["mae"], row["mfe"]


def test_excursions_of_a_long_trade_end_at_the_open_that_closes_it() -> None:
    # bought at 10 on bar 2, sold at 9 on bar 5: that bar's range does not count
    assert excursion(scripted((1, 1, {}), (4, -1, {}))) == (3.0, 5.0)


def test_excursions_of_a_short_trade_change_places() -> None:
    assert excursion(scripted((1, -1, {}), (4, 1, {}))) == (5.0, 3.0)


def test_excursions_reach_the_price_of_a_stop() -> None:
    stop = {"exectype": bt.Order.Stop, "price": 2.0}
    assert excursion(scripted((1, 1, {}), (4, -1, stop))) == (8.0, 5.0)


def test_excursions_of_a_trade_within_one_bar_are_its_prices() -> None:
    assert excursion(scripted((1, 1, {}), (1, -1, {"exectype": bt.Order.Limit, "price": 11.5}))) == (0.0, 1.5)


def test_exposure_counts_the_bars_that_end_in_the_market() -> None:
    strategy = run(
        (bt.analyzers.Exposure, {}),
        datas=[hand_made()],
        strategy=scripted((1, 1, {}), (3, -2, {}), (4, 1, {})),
    )
    assert strategy.analyzers[0].get_analysis() == {
        "exposure": 3 / 6, "long": 2 / 6, "short": 1 / 6, "longest": 3, "bars": 6,
        "definition": "bars at whose end a position is held / bars",
    }  # fmt: skip


def test_expectancy_follows_from_its_parts() -> None:
    strategy = run((bt.analyzers.Expectancy, {}), (bt.analyzers.TradeAnalyzer, {}))
    found, trades = results(strategy)
    assert found["trades"] == trades.total.closed
    assert found["expectancy"] == pytest.approx(trades.pnl.net.average)
    rate = found["win_rate"]
    assert found["expectancy"] == pytest.approx(
        rate * found["average_win"] + (1 - rate) * found["average_loss"]
    )
    assert found["profit_factor"] == pytest.approx(-trades.won.pnl.total / trades.lost.pnl.total)
    assert found["kelly"] == pytest.approx(rate - (1 - rate) / found["payoff"])


def test_results_state_definition_and_period() -> None:
    names = [
        "Sortino",
        "Omega",
        "CAGR",
        "UlcerIndex",
        "TailRatio",
        "ValueAtRisk",
        "AlphaBeta",
        "SharpeInterval",
    ]
    added = [(getattr(bt.analyzers, name), {}) for name in names]
    weekly = (bt.analyzers.Sortino, {"timeframe": bt.TimeFrame.Weeks, "compression": 1})
    half_hours = (bt.analyzers.Omega, {"timeframe": bt.TimeFrame.Minutes, "compression": 30, "factor": 3276})
    *daily, week, half_hour = results(run(*added, weekly, half_hours, datas=[bars(30, 1)]))
    for name, found in zip(names, daily, strict=True):
        assert found["period"] == "day", name
        assert found.get("factor", 252.0) == 252.0
        assert len(found["definition"]) > 20
    assert (week["period"], week["factor"]) == ("week", 52.0)
    assert (half_hour["period"], half_hour["factor"]) == ("30 minutes", 3276)


def test_table_of_months_is_readable() -> None:
    strategy = run((bt.analyzers.MonthlyReturns, {}), datas=[bars(30, 1)], strategy=Holder)
    lines = strategy.analyzers[0].table().splitlines()
    assert lines[0].split() == ["Year", *analyzers.growth._MONTHS, "Year"]
    assert lines[1].split()[0] == "2017"
    assert len(lines[1].split()) == 4


# -- wrong input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "options", "error", "words"),
    [
        ("Sortino", {"taget": 1}, ParameterError, "Did you mean 'target'"),
        ("Sortino", {"factor": -1}, ParameterValueError, "> 0.0"),
        ("Sortino", {"factor": "year"}, ParameterValueError, "a number"),
        ("AlphaBeta", {"data": 5}, ParameterValueError, "The names are ['d0']"),
        ("SharpeRatio", {"factor": 0}, ParameterValueError, "> 0"),
        ("SharpeRatio", {"riskfreerate": "one"}, ParameterValueError, "a number"),
        ("Returns", {"tann": "x"}, ParameterValueError, "a number"),
        ("VWR", {"tann": -1}, ParameterValueError, ">= 0"),
        ("PropFirmDrawDown", {"starting_balance": "x"}, ParameterValueError, "a number"),
        ("TimeReturn", {"data": 5}, ParameterValueError, "must be a data of this run"),
        ("LogReturnsRolling", {"data": "d0"}, ParameterValueError, "must be a data of this run"),
        ("Sortino", {"timeframe": 4}, ParameterValueError, "Give factor="),
        ("Sortino", {"timeframe": 12}, ParameterValueError, "one of"),
        ("Omega", {"target": -2}, ParameterValueError, "> -1.0"),
        ("ValueAtRisk", {"cutoff": 1.0}, ParameterValueError, "< 1.0"),
        ("TailRatio", {"cutoff": 0.0}, ParameterValueError, "> 0.0"),
        ("UlcerIndex", {"compression": 0}, ParameterValueError, ">= 1"),
        ("AlphaBeta", {"data": "d9"}, OrderError, "has no data 'd9'"),
        ("SharpeInterval", {"generator": None}, ParameterValueError, "Give generator=1"),
        ("SharpeInterval", {"generator": 1.5}, ParameterValueError, "whole number"),
        ("SharpeInterval", {"generator": True}, ParameterValueError, "whole number"),
        ("SharpeInterval", {"generator": 1, "confidence": 95}, ParameterValueError, "< 1.0"),
        ("SharpeInterval", {"generator": 1, "samples": 50.5}, ParameterValueError, "whole number"),
        ("PropFirmDrawDown", {"trailing_mode": "daily"}, ParameterValueError, "'intraday', 'eod'"),
        ("PropFirmDrawDown", {"max_drawdown": 0}, ParameterValueError, "> 0.0"),
        ("ConsistencyAnalyzer", {"max_day_pct": -1}, ParameterValueError, "> 0.0"),
    ],
)
def test_wrong_parameters_are_named(name: str, options: Any, error: Any, words: str) -> None:
    with pytest.raises(error) as told:
        run((getattr(bt.analyzers, name), options), datas=[flat(3)], strategy=Idle)
    assert words in str(told.value)
    assert "'" in str(told.value) or name in str(told.value)


def test_wrong_parameters_of_observers_are_named() -> None:
    for name, options, words in (
        ("BuySell", {"bardist": "far"}, "'bardist' must be a number"),
        ("Benchmark", {"data": 4}, "must be a data of this run"),
        ("TimeReturn", {"timeframe": 22}, "'timeframe' must be one of"),
    ):
        cerebro = bt.Cerebro(stdstats=False)
        cerebro.adddata(bt.feeds.PandasData(dataname=flat(3)))
        cerebro.addobserver(getattr(bt.observers, name), **options)
        with pytest.raises(ParameterValueError, match=words):
            cerebro.run()
