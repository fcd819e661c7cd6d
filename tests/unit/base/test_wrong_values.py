"""Values of parameters that cannot work are refused by name; those that work and are hardly meant are told of."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import backtrail as bt
from backtrail.base.declare import ParamsBase, param
from backtrail.base.parameter import FINITE, FUNCTION, WHOLE
from backtrail.errors import (
    BacktrailError,
    DeclarationError,
    OrderTypeError,
    ParameterError,
    ParameterTypeError,
    ParameterValueError,
    ParameterWarning,
    StrategySkipError,
)

BackBroker = bt.brokers.BackBroker


def frame() -> pd.DataFrame:
    index = pd.date_range("2024-01-01", periods=12)
    return pd.DataFrame({"open": 10.0, "high": 11.0, "low": 9.0, "close": 10.0, "volume": 100.0}, index=index)


def run(act: Callable[[Any], Any] = lambda strategy: None, **settings: Any) -> Any:
    """Run a strategy that calls *act* on its third bar."""

    class Acting(bt.Strategy):
        def next(self) -> None:
            if len(self) == 3:
                act(self)

    cerebro = bt.Cerebro(stdstats=False, **settings)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame(), name="bars"))
    cerebro.addstrategy(Acting)
    return cerebro.run()


def built(make: Callable[[Any], Any]) -> None:
    """Call *make* in the ``__init__`` of a strategy."""

    class Builds(bt.Strategy):
        def __init__(self) -> None:
            make(self)
            raise StrategySkipError

    cerebro = bt.Cerebro()
    cerebro.adddata(bt.feeds.PandasData(dataname=frame()))
    cerebro.addstrategy(Builds)
    cerebro.run()


# -- declarations ------------------------------------------------------------------------------------------------------


class Kinds(ParamsBase):
    """One parameter of each kind."""

    params = (
        ("whole", param(default=1, kind=WHOLE, ge=0)),
        ("finite", param(default=1.0, kind=FINITE)),
        ("function", param(kind=FUNCTION)),
    )


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"whole": 2.5}, ParameterValueError, r"'whole' must be a whole number; got 2.5. The default is 1."),
        ({"whole": -1}, ParameterValueError, "'whole' must be >= 0; got -1"),
        ({"finite": float("inf")}, ParameterValueError, "'finite' must be a finite number; got inf"),
        ({"finite": "1"}, ParameterTypeError, "'finite' must be a finite number; got '1'"),
        ({"function": 3}, ParameterTypeError, "'function' must be a function; got 3"),
    ],
)
def test_a_value_of_another_kind_is_named(given: dict[str, Any], error: Any, text: str) -> None:
    with pytest.raises(ParameterValueError, match=f"Kinds: parameter {text}") as caught:
        Kinds(**given)
    assert type(caught.value) is error


def test_a_wrong_kind_is_a_type_error_as_in_backtrader() -> None:
    assert issubclass(ParameterTypeError, TypeError)
    assert issubclass(ParameterTypeError, ParameterValueError)


# -- what is refused ---------------------------------------------------------------------------------------------------

REFUSED: dict[str, tuple[Callable[[], Any], Any, str]] = {
    "cash": (lambda: BackBroker(cash="a"), ParameterTypeError, "'cash' must be a finite number; got 'a'"),
    "no cash": (lambda: BackBroker(cash=None), ParameterTypeError, "'cash' must be a finite number; got None"),
    "nan": (lambda: BackBroker(cash=float("nan")), ParameterValueError, "'cash' must be a finite number; got nan"),
    "scheme": (lambda: BackBroker(commission=0.1), ParameterTypeError, "'commission' must be a commission scheme"),
    "added scheme": (
        lambda: BackBroker().addcommissioninfo(0.1),
        ParameterTypeError,
        r"addcommissioninfo\(\) takes a commission scheme derived from bt.CommInfoBase such as bt.Comm.*; got 0.1",
    ),
    "keyword": (
        lambda: BackBroker().setcommission(comission=1),
        ParameterError,
        r"setcommission\(\) has no parameter 'comission'; .* Did you mean 'commission'\?",
    ),
    "instrument": (
        lambda: bt.Instrument(tick=1),
        ParameterError,
        r"Instrument has no parameter 'tick'; .* Did you mean 'tick_size'\?",
    ),
    "factory": (lambda: bt.Cerebro(broker_factory=3), ParameterTypeError, "'broker_factory' must be a function"),
    "executor": (lambda: bt.Cerebro(executor="zz"), ParameterTypeError, "'executor' must be a concurrent.futures"),
    "seed": (lambda: bt.Cerebro(seed="x"), ParameterTypeError, "'seed' must be a whole number; got 'x'"),
    "run": (lambda: run_with(seed="x"), ParameterTypeError, "Cerebro.run: parameter 'seed' must be a whole number"),
    "timer": (lambda: bt.Cerebro().add_timer(bt.timer.SESSION_START, weekdays=3), ParameterTypeError, "'weekdays'"),
    "allow": (lambda: bt.Cerebro().add_timer(bt.timer.SESSION_START, allow=3), ParameterTypeError, "'allow'"),
    "data filter": (lambda: bt.filters.DataFilter(dataname=3), ParameterTypeError, "'dataname' must be a feed"),
    "all of it": (
        lambda: bt.sizers.PercentSizer(percents=float("inf")), ParameterValueError, "'percents' must be a finite",
    ),
    "split": (
        lambda: bt.filters.DaySplitter_Close(None, closevol="x"),
        ParameterTypeError,
        "'closevol' must be a finite number",
    ),
    "bricks": (
        lambda: bt.filters.Renko(None, autosize=0),
        ParameterValueError,
        "'autosize' must be a finite number other than 0; got 0",
    ),
}  # fmt: skip


def run_with(**kwargs: Any) -> None:
    cerebro = bt.Cerebro()
    cerebro.adddata(bt.feeds.PandasData(dataname=frame()))
    cerebro.run(**kwargs)


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_work_is_refused_by_name(case: str) -> None:
    act, error, text = REFUSED[case]
    with pytest.raises(error, match=text):
        act()


INDICATORS: dict[str, tuple[Callable[[Any], Any], Any, str]] = {
    "name of an average": (
        lambda s: bt.ind.RSI(movav="SMA"), ParameterTypeError,
        r"RSI: parameter 'movav' must be a class of indicators; got 'SMA'.* Did you mean bt.ind.SMA\?",
    ),
    "no average": (lambda s: bt.ind.Trix(_movav=None), ParameterTypeError, "'_movav' must be a class of indicators"),
    "a built average": (
        lambda s: bt.ind.RSI(movav=bt.ind.SMA(s.data)), ParameterTypeError, "'movav' must be a class of indicators",
    ),
    "negative": (lambda s: bt.ind.KAMA(slow=-2), ParameterValueError, "'slow' must be >= 0; got -2"),
    "factor": (lambda s: bt.ind.ExponentialSmoothing(alpha=5), ParameterValueError, "'alpha' must be a number from 0"),
    "text factor": (lambda s: bt.ind.ExponentialSmoothing(alpha="x"), ParameterValueError, "'alpha' must be a number"),
    "factors": (lambda s: bt.ind.KST(rfactors=3), ParameterTypeError, "'rfactors' must be a list of numbers; got 3"),
    "no factors": (lambda s: bt.ind.KST(rfactors=[]), ParameterTypeError, "'rfactors' must be a list of numbers"),
    "trend": (
        lambda s: bt.ind.CointN(s.data, s.data.open, trend="z"), ParameterValueError,
        r"'trend' must be one of \['c', 'n', 'ct', 'ctt'\]; got 'z'",
    ),
    "half a bar": (lambda s: bt.ind.WMA(period=2.5), ParameterValueError, "'period' must be a whole number; got 2.5"),
    "half a gain": (lambda s: bt.ind.ZLInd(gainlimit=2.5), ParameterValueError, "'gainlimit' must be a whole number"),
    "half a lag": (lambda s: bt.ind.Hurst(lag_start=2.5), ParameterValueError, "'lag_start' must be a whole number"),
    "weights": (lambda s: bt.ind.WeightedAverage(weights=3), ParameterTypeError, "'weights' must be a list of numbers"),
    "endless delay": (
        lambda s: bt.ind.Momentum(period=float("inf")), DeclarationError, "delayed by -inf bars; expected a whole",
    ),
    "no number": (lambda s: bt.ind.BollingerBands(devfactor=None), ParameterTypeError, "'devfactor' must be a number"),
}  # fmt: skip


@pytest.mark.parametrize("case", INDICATORS)
def test_indicators_refuse_by_name(case: str) -> None:
    make, error, text = INDICATORS[case]
    with pytest.raises(error, match=text):
        built(make)


def test_what_only_a_plot_shows_may_be_none() -> None:
    built(lambda s: bt.ind.RSI(upperband=None, lowerband=None))


def test_averages_may_be_functions() -> None:
    built(lambda s: bt.ind.RSI(movav=lambda line, period: bt.ind.SMA(line, period=period)))


@pytest.mark.parametrize("data", [7, [], 1.5, True])
@pytest.mark.parametrize(
    "ask",
    [
        lambda s, data: s.buy(data=data, size=1),
        lambda s, data: s.sell(data=data, size=1),
        lambda s, data: s.close(data=data),
        lambda s, data: s.getposition(data),
        lambda s, data: s.order_target_size(data=data, target=1),
        lambda s, data: s.buy_bracket(data=data, size=1, stopprice=1.0, limitprice=20.0),
    ],
)
def test_orders_name_what_is_no_data(ask: Callable[[Any, Any], Any], data: Any) -> None:
    with pytest.raises(OrderTypeError, match=r"data must be one of self\.datas, its name, or None for the first"):
        run(lambda strategy: ask(strategy, data))


def test_orders_name_a_tradeid_that_cannot_tell_trades_apart() -> None:
    with pytest.raises(OrderTypeError, match=r"tradeid must be a number or a text; got \[1\]"):
        run(lambda strategy: strategy.buy(size=1, tradeid=[1]))


def test_an_account_without_cash_says_what_it_lacks() -> None:
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame()))
    cerebro.broker.setcash(0.0)
    with pytest.raises(ZeroDivisionError, match=r"began with a cash of 0, for which there are no fund shares"):
        cerebro.run()


def test_closing_by_a_text_is_refused() -> None:
    with pytest.raises(OrderTypeError, match="size must be a finite number; got 'x'"):
        run(lambda strategy: strategy.close(size="x"))


def test_signals_are_classes() -> None:
    cerebro = bt.Cerebro()
    cerebro.adddata(bt.feeds.PandasData(dataname=frame()))
    cerebro.add_signal(bt.SIGNAL_LONG, "SMA")
    with pytest.raises(ParameterTypeError, match=r"add_signal\(\) - expected a class of indicators - found 'SMA'"):
        cerebro.run()


def test_a_calendar_that_nobody_knows_names_the_nearest() -> None:
    pytest.importorskip("pandas_market_calendars")
    with pytest.raises(BacktrailError, match=r"no calendar 'NYSEE'.* Did you mean 'NYSE'") as caught:
        bt.Cerebro().addcalendar("NYSEE")
    assert isinstance(caught.value, RuntimeError)


# -- what is told of ---------------------------------------------------------------------------------------------------

TOLD: dict[str, tuple[Callable[[], Any], str]] = {
    "slip_perc": (lambda: BackBroker(slip_perc=-1.0), "'slip_perc' is -1.0: orders are executed at better prices"),
    "slip_fixed": (lambda: BackBroker().set_slippage_fixed(-1.0), "'slip_fixed' is -1.0: orders are executed at"),
    "mult": (lambda: bt.CommissionInfo(margin=10.0, mult=0), "'mult' is 0: a rising price gives long positions no"),
    "setcommission": (lambda: BackBroker().setcommission(margin=10.0, mult=-1), "'mult' is -1: a rising price"),
    "filler": (lambda: bt.broker.fillers.FixedBarPerc(perc=200), "'perc' is 200: more is filled than was traded"),
    "exactbars": (lambda: bt.Cerebro(exactbars=7), "'exactbars' is 7: no number of bars"),
    "switch": (lambda: bt.Cerebro(runonce="no"), r"'runonce' is 'no', a text, and counts as True. Pass True or False"),
    "empty": (lambda: bt.Cerebro(runonce=""), "'runonce' is '', a text, and counts as False"),
    "run": (lambda: run_with(runonce="no"), "Cerebro.run: parameter 'runonce' is 'no', a text"),
    "rates": (lambda: built(lambda s: bt.ind.KST(rfactors=[1])), "'rfactors' is .1.: there are four rates of change"),
}  # fmt: skip


@pytest.mark.parametrize("case", TOLD)
def test_what_works_and_is_hardly_meant_is_told_of(case: str) -> None:
    act, text = TOLD[case]
    with pytest.warns(ParameterWarning, match=text):
        act()


def test_usual_values_are_not_told_of() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", ParameterWarning)
        run(exactbars=-2, runonce=1, preload=None)
        BackBroker(slip_perc=0.01, slip_open=1).setcommission(commission=2.0, margin=1000.0, mult=50)
        bt.broker.fillers.FixedBarPerc(perc=100)
        built(lambda s: bt.ind.ExponentialSmoothing(alpha=1.5))


def test_switches_of_a_script_are_its_own() -> None:
    class Mine(bt.Strategy):
        params = (("log", False),)

    with warnings.catch_warnings():
        warnings.simplefilter("error", ParameterWarning)
        cerebro = bt.Cerebro()
        cerebro.adddata(bt.feeds.PandasData(dataname=frame()))
        cerebro.addstrategy(Mine, log="no")
        cerebro.run()
