"""Every indicator has backtrader's values, warm-up and errors, bit for bit, in both ways of running."""

from __future__ import annotations

from typing import Any

import backtrader
import numpy as np
import pytest

import backtrail
from backtrail import indicators

from .over_arrays import values
from .runs import AVERAGES, Bars, Build, differences, feed, make_bars, run
from .together import APART, BASES, CLASSES, FITTED, build, compare, run_together

BOTH_WAYS = pytest.mark.parametrize("runonce", [True, False], ids=["vectorised", "bar by bar"])

#: Both ways, but backtrader's slow one only in the long campaigns; other tests compare it over other bars.
SLOW_WAY_RARELY = pytest.mark.parametrize(
    "runonce", [True, pytest.param(False, marks=pytest.mark.long)], ids=["vectorised", "bar by bar"]
)

#: What is right here and wrong in backtrader: bar by bar it stores the comparison, not the value that it chooses.
FIXED_BAR_BY_BAR = {"DemarkPivotPoint"}


def same_price(count: int, price: float) -> Bars:
    bars = make_bars("walk", count, 1)
    for column in ("open", "high", "low", "close"):
        bars[column] = np.full(count, price)
    return bars


#: Classes that divide by zero over constant prices, or where prices are zero.
OVER_CONSTANT = frozenset({
    "AdaptiveMovingAverage", "AdaptiveMovingAverageEnvelope", "AdaptiveMovingAverageOscillator",
    "AverageDirectionalMovementIndex", "AverageDirectionalMovementIndexRating", "BollingerBandsPct",
    "CommodityChannelIndex", "DirectionalIndicator", "DirectionalMovement", "DirectionalMovementIndex",
    "MinusDirectionalIndicator", "PlusDirectionalIndicator", "PrettyGoodOscillator", "RSI_EMA", "RSI_SMA",
    "RelativeMomentumIndex", "RelativeStrengthIndex", "Stochastic", "StochasticFast", "StochasticFull",
    "TrueStrengthIndicator", "UltimateOscillator", "Vortex", "WilliamsR",
})  # fmt: skip
OVER_ZERO = OVER_CONSTANT | {
    "DV2", "KnowSureThing", "MomentumOscillator", "PercentChange", "PercentagePriceOscillator",
    "PercentagePriceOscillatorShort", "RateOfChange", "RateOfChange100", "Trix", "TrixSignal",
}  # fmt: skip
FINDING = frozenset(n for n in CLASSES if n.startswith(("Find", "Aroon")))


def different(
    bars: Bars, runonce: bool, seed: int = 0, names: list[str] = CLASSES, alone: frozenset[str] = frozenset()
) -> dict[str, str]:
    found = compare(names, bars, runonce, seed, alone)
    return {name: what for name, what in found.items() if runonce or name not in FIXED_BAR_BY_BAR}


def test_every_class_of_backtrader_is_compared() -> None:
    listed = {
        made.__name__
        for made in vars(backtrader.indicators).values()
        if isinstance(made, type)
        and issubclass(made, backtrader.Indicator)
        and made.__module__.startswith("backtrader.indicators")
        and not vars(made).get("aliased")
    }
    assert listed - set(CLASSES) - FITTED - BASES == set()
    assert len(CLASSES) == 126


@pytest.mark.contract
@pytest.mark.parametrize(
    ("kind", "runonce"),
    [("ticks", True), ("ticks", False), ("gaps", True), pytest.param("gaps", False, marks=pytest.mark.long)],
)
def test_defaults_give_the_same_values(kind: str, runonce: bool) -> None:
    assert different(make_bars(kind, 100, 5), runonce) == {}


@pytest.mark.contract
@BOTH_WAYS
def test_random_parameters_give_the_same_values(runonce: bool) -> None:
    # with these parameters the root of a negative variance is among the values
    alone = frozenset({"StandardDeviation"})
    assert different(make_bars("gaps", 100, 5), runonce, seed=2, alone=alone) == {}


@pytest.mark.long
@pytest.mark.contract
@BOTH_WAYS
@pytest.mark.parametrize("kind", ["walk", "ticks", "flat", "gaps"])
@pytest.mark.parametrize("seed", range(10, 30))
def test_many_parameters_give_the_same_values(seed: int, kind: str, runonce: bool) -> None:
    assert different(make_bars(kind, 140, seed), runonce, seed=seed) == {}


@pytest.mark.contract
@SLOW_WAY_RARELY
def test_a_flat_stretch_gives_the_same_values_or_error(runonce: bool) -> None:
    assert different(make_bars("flat", 100, 5), runonce, alone=OVER_CONSTANT) == {}


@pytest.mark.contract
@pytest.mark.parametrize(
    ("price", "runonce"), [(7.0, True), pytest.param(7.0, False, marks=pytest.mark.long), (0.0, True)]
)
def test_constant_prices_raise_where_backtrader_raises(price: float, runonce: bool) -> None:
    alone = OVER_CONSTANT if price else OVER_ZERO
    assert different(same_price(100, price), runonce, alone=alone) == {}


@pytest.mark.contract
@pytest.mark.parametrize("count", [1, 2, 25])
def test_short_data_gives_the_same_values_bar_by_bar(count: int) -> None:
    assert different(make_bars("walk", count, count), runonce=False) == {}


@pytest.mark.parametrize("count", [1, 2, 25])
def test_short_data_gives_the_same_values_vectorised(count: int) -> None:
    # vectorised, backtrader ends the run with an IndexError as soon as an indicator needs more bars than there are
    bars = make_bars("walk", count, count)
    builds = {name: build(name, 0) for name in CLASSES}
    whole = run_together(backtrail, builds, bars, runonce=True)
    steps = run_together(backtrail, builds, bars, runonce=False)
    for name in CLASSES:
        assert whole[name].error is steps[name].error is None
        for line, a, b in zip(whole[name].names, whole[name].lines, steps[name].lines, strict=True):
            assert np.array_equal(a, b, equal_nan=True), (name, line)


@pytest.mark.contract
@SLOW_WAY_RARELY
def test_missing_prices_give_the_same_values(runonce: bool) -> None:
    bars = same_price(100, np.nan)
    assert different(bars, runonce, names=[n for n in CLASSES if n not in FINDING]) == {}
    # backtrader ends the run with StopIteration, because it does not find NaN in a list; here there is no such bar
    for name in sorted(FINDING):
        assert all(np.isnan(line).all() for line in values(build(name, 0), bars, runonce=runonce).values()), name


TWO_DATAS = ["CrossDown", "CrossOver", "CrossUp", "NonZeroDifference", "StdDev", "MeanDev", "Oscillator"]


@pytest.mark.contract
@BOTH_WAYS
@pytest.mark.parametrize("name", TWO_DATAS)
def test_two_datas_give_the_same_values(name: str, runonce: bool) -> None:
    with_average: Build = lambda i, s: getattr(i, name)(s.data.close, i.SMA(s.data, period=4))  # noqa: E731
    with_open: Build = lambda i, s: getattr(i, name)(s.data.close, s.data.open)  # noqa: E731
    for seed, kind in enumerate(["ticks", "flat"]):
        bars = make_bars(kind, 80, 40 + seed)
        assert differences(with_average, bars, runonce) == []
        if name not in ("StdDev", "MeanDev"):
            assert differences(with_open, bars, runonce) == []


@pytest.mark.contract
@pytest.mark.parametrize("name", AVERAGES)
def test_averages_can_be_chosen(name: str) -> None:
    bars = make_bars("walk", 90, 8)
    chosen: Build = lambda i, s: i.BollingerBands(s.data, period=9, movav=getattr(i, name))  # noqa: E731
    assert differences(chosen, bars, runonce=True) == []


@pytest.mark.contract
def test_heikin_ashi_is_the_same_by_itself() -> None:
    for runonce in (True, False):
        assert compare(sorted(APART), make_bars("gaps", 60, 3), runonce) == {}


DIVIDING = [
    "RSI", "StochasticFast", "WilliamsR", "UltimateOscillator", "KAMA", "Vortex", "CCI", "ADX", "PlusDI",
    "BollingerBandsPct", "TSI", "PGO", "RMI",
]  # fmt: skip


@BOTH_WAYS
@pytest.mark.parametrize("name", DIVIDING)
def test_a_division_by_zero_names_feed_bar_and_remedy(name: str, runonce: bool) -> None:
    with pytest.raises(ZeroDivisionError, match=r"feed 'ACME', bar \d+ \(.*zero_division='nan'"):
        values(lambda i, s: getattr(i, name)(s.data), same_price(60, 7.0), runonce=runonce, named="ACME")


@BOTH_WAYS
@pytest.mark.parametrize("name", DIVIDING)
def test_a_run_may_take_nan_for_a_division_by_zero(name: str, runonce: bool) -> None:
    found: list[Any] = []

    class Watch(backtrail.Strategy):
        def __init__(self) -> None:
            self.made = getattr(indicators, name)(self.data)

        def stop(self) -> None:
            found.append(np.array(self.made.array)[:60])

    cerebro = backtrail.Cerebro(runonce=runonce, stdstats=False, zero_division="nan")
    cerebro.adddata(feed(backtrail, same_price(60, 7.0)))
    cerebro.addstrategy(Watch)
    cerebro.run()
    assert len(found) == 1
    assert not np.isinf(found[0]).any()


def random_weights(library: Any, strategy: Any) -> Any:
    return library.WeightedAverage(strategy.data, period=5, coef=0.3, weights=(0.1, -2.0, 0.7, 1.0 / 3.0))


COMPOSED: dict[str, Build] = {
    "an average of an average": lambda i, s: i.SMA(i.EMA(s.data, period=5), period=3),
    "an average of one of several lines": lambda i, s: i.EMA(i.MACD(s.data).macd, period=4),
    "an average of the last of several lines": lambda i, s: i.SMA(i.ADXR(s.data, period=5).adxr, period=4),
    "an average of a line that starts early": lambda i, s: i.SMA(
        i.ZLIndicator(s.data, period=9).ec, period=3
    ),
    "an oscillator of an oscillator": lambda i, s: i.RSI(i.RSI(s.data, period=5, safediv=True), safediv=True),
    "a crossing of a constant": lambda i, s: i.CrossOver(i.RSI(s.data, safediv=True), 50.0),
    "an expression of two indicators": lambda i, s: i.SMA(s.data, period=5) - i.SMA(s.data, period=9)(-2),
    "a function of one's own": lambda i, s: i.ApplyN(s.data, period=5, func=lambda w: sorted(w)[2]),
    "a percent rank of one's own": lambda i, s: i.PercentRank(s.data, period=5, func=lambda w: w[0]),
    "an index of one's own": lambda i, s: i.FindFirstIndex(
        s.data, period=6, _evalfunc=lambda w: sorted(w)[2]
    ),
    "a last index of one's own": lambda i, s: i.FindLastIndex(
        s.data, period=6, _evalfunc=lambda w: sorted(w)[2]
    ),
    "a fold": lambda i, s: i.ReduceN(s.data, lambda a, b: a - b, period=5),
    "weights fewer than values": random_weights,
    "weights more than values": lambda i, s: i.WeightedAverage(s.data, period=2, weights=(0.5, 0.25, 9.0)),
    "smoothing by a line": lambda i, s: i.ExponentialSmoothingDynamic(
        s.data, period=5, alpha=i.SMA(s.data, period=13) / 1000.0
    ),
    "an average looked up by name": lambda i, s: i.MovAv.Hull(s.data, period=9),
    "volume": lambda i, s: i.SMA(s.data.volume, period=7),
    "a look ahead": lambda i, s: i.SMA(s.data, period=30)(5),
}


@pytest.mark.contract
@BOTH_WAYS
@pytest.mark.parametrize("what", COMPOSED)
def test_compositions_give_the_same_values(what: str, runonce: bool) -> None:
    for seed, kind in enumerate(["ticks", "flat"]):
        assert differences(COMPOSED[what], make_bars(kind, 80, 60 + seed), runonce) == [], kind


@pytest.mark.contract
def test_the_first_next_comes_on_the_same_bar() -> None:
    for name in ("SMA", "MACD", "Ichimoku", "ADXR", "HullMovingAverage", "KST", "HeikinAshi"):
        made: Build = lambda i, s: getattr(i, name)(s.data)  # noqa: B023, E731
        theirs, ours = (run(one, made, make_bars("walk", 90, 1), True) for one in (backtrader, backtrail))
        assert theirs.first_next == ours.first_next > 0
