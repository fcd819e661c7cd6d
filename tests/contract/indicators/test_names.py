"""The indicators have backtrader's names, lines, parameters, defaults, aliases and plot options."""

from __future__ import annotations

import warnings
from typing import Any

import backtrader
import pytest

import backtrail
from backtrail import indicators
from backtrail.errors import BacktrailWarning

from .runs import feed, make_bars

CLASSES = sorted(
    name
    for name, made in vars(backtrader.indicators).items()
    if isinstance(made, type) and issubclass(made, backtrader.Indicator) and made.__name__ == name
)

# backtrader loses the labels +DI and -DI where the lines are declared anew
RELABELLED = {"plusDI", "minusDI"}


def plain(value: Any) -> Any:
    """Give what two libraries can share of a default: classes by name, functions as such."""
    if isinstance(value, type):
        return value.__name__
    return "a function" if callable(value) else value


def options(info: Any) -> dict[str, Any]:
    return {name: plain(value) for name, value in info._getitems()}


def defaults(made: Any) -> list[tuple[str, Any]]:
    return [(name, plain(value)) for name, value in made.params._getpairs().items()]


def line_options(made: Any) -> dict[str, Any]:
    found = {
        name: dict(line if isinstance(line, dict) else line._getitems())
        for name, line in made.plotlines._getitems()
    }
    return {name: given for name, given in found.items() if given and name not in RELABELLED}


@pytest.mark.contract
@pytest.mark.parametrize("name", CLASSES)
def test_a_class_declares_what_backtrader_declares(name: str) -> None:
    theirs, ours = getattr(backtrader.indicators, name), getattr(indicators, name)
    assert ours.__name__ == name
    assert ours.lines._getlines() == theirs.lines._getlines()
    assert defaults(ours) == defaults(theirs)
    assert ours._mindatas == theirs._mindatas
    wanted = options(theirs.plotinfo)
    assert {k: v for k, v in options(ours.plotinfo).items() if k in wanted} == wanted
    assert line_options(ours) == line_options(theirs)


def family(made: type, package: str) -> list[str]:
    return [c.__name__ for c in made.__mro__ if package in c.__module__ and not c.__name__.startswith("_")]


@pytest.mark.contract
@pytest.mark.parametrize("name", CLASSES)
def test_a_class_derives_from_what_it_derives_from_in_backtrader(name: str) -> None:
    theirs, ours = getattr(backtrader.indicators, name), getattr(indicators, name)
    assert family(ours, "backtrail.indicators") == family(theirs, "backtrader.indicator")


@pytest.mark.contract
def test_the_registry_of_averages_has_the_same_names() -> None:
    theirs = {k: v for k, v in vars(backtrader.indicators.MovingAverage).items() if isinstance(v, type)}
    for name, made in theirs.items():
        if made.__module__.startswith("backtrader.indicators"):
            assert getattr(indicators.MovAv, name).__name__ == made.__name__


LABELS: dict[str, dict[str, str]] = {
    "RSI": {"movav": "EMA"}, "RMI": {"movav": "EMA"}, "Stochastic": {"movav": "EMA"}, "CCI": {"movav": "EMA"},
    "StochasticFull": {"movav": "EMA"}, "MACD": {"movav": "SMA"}, "ADX": {"movav": "EMA"},
    "ATR": {"movav": "EMA"}, "BollingerBands": {"movav": "EMA"}, "StdDev": {"movav": "EMA"},
    "MeanDev": {"movav": "EMA"}, "DPO": {"movav": "EMA"}, "TrixSignal": {"_movav": "SMA"},
    "PPO": {"_movav": "SMA"}, "DMA": {"_movav": "SMA"}, "PlusDI": {"movav": "EMA"},
    "ZeroLagIndicator": {"_movav": "SMA"}, "AccDeOsc": {"movav": "EMA"}, "StochasticFast": {"movav": "EMA"},
    "SMA": {}, "KST": {}, "WilliamsR": {}, "UltimateOscillator": {}, "AroonUp": {}, "MomentumOsc": {},
    "HMA": {}, "Ichimoku": {}, "LaguerreRSI": {}, "SMAEnvelope": {}, "SMAOscillator": {}, "UpDay": {},
    "haDelta": {}, "HeikinAshi": {}, "Hurst": {}, "Vortex": {}, "ParabolicSAR": {}, "Accum": {},
    "CrossOver": {}, "DV2": {}, "TSI": {}, "Trix": {}, "KAMA": {},
}  # fmt: skip

# backtrader misspells the method of one class, so its bands are never drawn
UNDRAWN = {"WilliamsR"}


def plot_of(
    library: Any, name: str, given: dict[str, str]
) -> tuple[str, list[float], list[float], list[float]]:
    """Give the label and the lines that a plot of the indicator shows, before any other plot."""
    found: list[Any] = []

    class Watch(library.Strategy):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            chosen = {k: getattr(library.indicators, v) for k, v in given.items()}
            datas = [self.data.close, self.data.open][: getattr(library.indicators, name)._mindatas]
            if len(datas) == 1:
                datas = [self.data]
            self.made = getattr(library.indicators, name)(*datas, **chosen)

        def stop(self) -> None:
            info = self.made.plotinfo
            self.made._plotinit()
            found.append((self.made.plotlabel(), info.plotyhlines, info.plotyticks, info.plothlines))

    cerebro = library.Cerebro(stdstats=False, runonce=False)
    cerebro.adddata(feed(library, make_bars("walk", 10, 1)))
    cerebro.addstrategy(Watch)
    cerebro.run()
    return found[0]


@pytest.mark.contract
@pytest.mark.parametrize("name", LABELS)
def test_a_plot_is_labelled_as_in_backtrader(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BacktrailWarning)
        ours = plot_of(backtrail, name, LABELS[name])
    theirs = plot_of(backtrader, name, LABELS[name])
    assert ours[0] == theirs[0]
    if name not in UNDRAWN:
        assert [sorted(set(lines)) for lines in ours[1:]] == [sorted(set(lines)) for lines in theirs[1:]]


@pytest.mark.contract
def test_plots_do_not_add_lines_to_each_other() -> None:
    first = plot_of(backtrail, "AroonUp", {})
    assert plot_of(backtrail, "AroonUp", {}) == first


def test_a_users_average_is_registered() -> None:
    class BorrowedMovingAverage(indicators.MovingAverageBase):
        lines = ("borrowed",)

    assert indicators.MovAv.BorrowedMovingAverage is indicators.MovAv.Borrowed is BorrowedMovingAverage


def test_every_name_of_the_package_resolves() -> None:
    for name in indicators.__all__:
        assert getattr(indicators, name).__name__ in (name, "Indicator")
    assert set(indicators.__all__) <= set(dir(indicators))


def test_functions_of_lines_are_shown_too() -> None:
    assert [indicators.Any.__name__, indicators.And.__name__] == ["Any", "And"]


def test_an_unknown_indicator_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"has no 'SMAX' here\. Did you mean 'SMA'"):
        indicators.SMAX
