"""Every indicator checks its parameters by name, kind and range when it is built."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.contract.indicators.runs import feed, make_bars

import backtrail as bt
from backtrail import indicators
from backtrail.errors import ParameterError, ParameterValueError

CLASSES = sorted(
    name
    for name in {getattr(indicators, n).__name__ for n in indicators.__all__}
    if hasattr(getattr(indicators, name), "params")
    and not getattr(indicators, name).__dict__.get("aliased")
    and name
    not in ("Indicator", "OperationN", "BaseApplyN", "MovingAverageBase", "OscillatorMixIn", "EnvelopeMixIn")
)
NEEDED: dict[str, dict[str, Any]] = {
    "ApplyN": {"func": max}, "FindFirstIndex": {"_evalfunc": max}, "FindLastIndex": {"_evalfunc": max},
}  # fmt: skip

#: Whole numbers that count bars (or steps), and the least that makes sense.
COUNTS = [
    (name, parameter)
    for name in CLASSES
    for parameter, default in getattr(indicators, name).params._getpairs().items()
    if (isinstance(default, int)
    and not isinstance(default, bool)
    and parameter not in ("upperband", "lowerband", "shift_to_potential_fractal"))
    or (parameter, name) in (("fast", "AwesomeOscillator"), ("slow", "AwesomeOscillator"))
]
NUMBERS = [
    (name, parameter)
    for name in CLASSES
    for parameter, default in getattr(indicators, name).params._getpairs().items()
    if isinstance(default, (int, float)) and not isinstance(default, bool)
]


def make(strategy: Any, name: str, given: dict[str, Any]) -> None:
    """Build the indicator in a strategy that is being built."""
    made = getattr(indicators, name)
    datas: list[Any] = [strategy.data, strategy.data.open][: made._mindatas]
    if name == "ReduceN":
        made(*datas, max, **given)
    elif name == "Oscillator":
        made(indicators.SMA(strategy.data), **given)
    else:
        alpha = {"alpha": strategy.data.close} if name == "ExponentialSmoothingDynamic" else {}
        made(*datas, **{**NEEDED.get(name, {}), **alpha, **given})


def inside(check: Callable[[Any], None]) -> None:
    """Run *check* where indicators can be built; nothing else is run."""

    class Builds(bt.Strategy):
        def __init__(self) -> None:
            check(self)
            raise bt.errors.StrategySkipError

    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(feed(bt, make_bars("walk", 1, 1)))
    cerebro.addstrategy(Builds)
    cerebro.run()


def test_there_is_something_to_check() -> None:
    assert len(CLASSES) > 140
    assert len(COUNTS) > 100
    assert len(NUMBERS) > 150


@pytest.mark.parametrize("name", CLASSES)
def test_nonsense_is_refused(name: str) -> None:
    def check(strategy: Any) -> None:
        for parameter in [p for n, p in COUNTS if n == name]:
            with pytest.raises(ParameterValueError, match=f"{parameter!r} must be >= [0-4]; got -3. The default"):
                make(strategy, name, {parameter: -3})
        for parameter in [p for n, p in NUMBERS if n == name]:
            with pytest.raises(ParameterValueError, match=f"{parameter!r} must be a number; got '7'"):
                make(strategy, name, {parameter: "7"})
        with pytest.raises(ParameterError, match="has no parameter 'perriod'"):
            make(strategy, name, {"perriod": 3})

    inside(check)


def test_the_nearest_name_is_offered() -> None:
    def check(strategy: Any) -> None:
        with pytest.raises(ParameterError, match="Did you mean 'period_signal'"):
            make(strategy, "MACD", {"periodsignal": 3})

    inside(check)


@pytest.mark.parametrize("value", [np.int64(5), np.float64(5.0), True, 5])
def test_numbers_of_numpy_are_numbers(value: Any) -> None:
    inside(lambda strategy: make(strategy, "RelativeStrengthIndex", {"upperband": value}))


def test_a_line_may_stand_for_a_number() -> None:
    widths: list[Any] = []

    class Wide(bt.Strategy):
        def __init__(self) -> None:
            factor = indicators.SMA(self.data.volume, period=3) / 100.0
            self.bands = indicators.BollingerBands(self.data, period=5, devfactor=factor)
            self.deviation = indicators.StdDev(self.data, period=5)
            self.factor = factor

        def next(self) -> None:
            widths.append((self.bands.top[0], self.bands.mid[0] + self.factor[0] * self.deviation[0]))

    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(feed(bt, make_bars("walk", 30, 1)))
    cerebro.addstrategy(Wide)
    cerebro.run()
    assert widths
    assert all(top == wanted for top, wanted in widths)


def test_a_class_of_ones_own_may_take_what_it_likes() -> None:
    class Named(indicators.RSI):
        params = (("label", 0),)

    class Builds(bt.Strategy):
        def __init__(self) -> None:
            self.made = Named(self.data, label="text")

    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(feed(bt, make_bars("walk", 30, 1)))
    cerebro.addstrategy(Builds)
    assert cerebro.run()[0].made.p.label == "text"
