"""Every indicator gives the same bits however the range of bars is cut."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contract.indicators.over_arrays import values
from tests.contract.indicators.runs import feed, make_bars

import backtrail as bt
from backtrail import indicators

#: What needs more than a data and its defaults.
GIVEN: dict[str, dict[str, Any]] = {
    "ApplyN": {"period": 5, "func": lambda w: sorted(w)[2]},
    "FindFirstIndex": {"period": 5, "_evalfunc": lambda w: sorted(w)[2]},
    "FindLastIndex": {"period": 5, "_evalfunc": max},
    "DV2": {"period": 30},
    "HurstExponent": {"period": 20},
    "WeightedAverage": {"period": 3, "weights": (0.5, 0.25, 0.1)},
    "Average": {"period": 4}, "SumN": {"period": 4}, "Highest": {"period": 4}, "Lowest": {"period": 4},
    "AnyN": {"period": 4}, "AllN": {"period": 4}, "PercentRank": {"period": 11},
    "ExponentialSmoothing": {"period": 4}, "FindFirstIndexHighest": {"period": 4},
    "FindFirstIndexLowest": {"period": 4}, "FindLastIndexHighest": {"period": 4},
    "FindLastIndexLowest": {"period": 4}, "RollingBeta": {"period": 9}, "ZeroLagIndicator": {"gainlimit": 5},
    "DicksonMovingAverage": {"gainlimit": 5}, "ZeroLagIndicatorEnvelope": {"gainlimit": 5},
    "ZeroLagIndicatorOscillator": {"gainlimit": 5}, "DicksonMovingAverageEnvelope": {"gainlimit": 5},
    "DicksonMovingAverageOscillator": {"gainlimit": 5},
}  # fmt: skip

#: Bases, mix-ins and what is no indicator; and a test of statsmodels, which takes milliseconds per bar.
LEFT_OUT = {
    "PeriodN", "OperationN", "BaseApplyN", "MovingAverage", "MovAv", "MovingAverageBase", "EnvelopeMixIn",
    "OscillatorMixIn", "Indicator", "CointN", "ReduceN", "ExponentialSmoothingDynamic",
}  # fmt: skip

#: The close of later bars: it is written when they come, so it is the one line whose end depends on the cut.
LOOKS_AHEAD = {"chikou_span"}

CLASSES = sorted(
    name
    for name in {getattr(indicators, n).__name__ for n in indicators.__all__} - LEFT_OUT
    if not getattr(indicators, name).__dict__.get("aliased")
)

BARS = {kind: make_bars(kind, 110, 11) for kind in ("walk", "flat")}


def build(name: str) -> Any:
    def make(library: Any, strategy: Any) -> Any:
        made = getattr(library, name)
        first = library.SMA(strategy.data, period=2) if name == "Oscillator" else strategy.data
        datas = [first, strategy.data.open][: made._mindatas]
        return made(*datas, **GIVEN.get(name, {}))

    return make


def whole(name: str, kind: str, known: dict[tuple[str, str], Any] = {}) -> Any:  # noqa: B006
    if (name, kind) not in known:
        try:
            known[name, kind] = values(build(name), BARS[kind])
        except (ZeroDivisionError, ValueError):
            known[name, kind] = None
    return known[name, kind]


def test_most_classes_of_the_library_are_cut() -> None:
    assert len(CLASSES) > 135


@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
@pytest.mark.parametrize("name", CLASSES)
@settings(max_examples=2)
@given(kind=st.sampled_from(["walk", "flat"]), cuts=st.lists(st.integers(1, 109), min_size=1, max_size=12))
def test_the_range_may_be_cut_anywhere(name: str, kind: str, cuts: list[int]) -> None:
    wanted = whole(name, kind)
    if wanted is None:
        with pytest.raises((ZeroDivisionError, ValueError)):
            values(build(name), BARS[kind], cuts=cuts)
        return
    for line, found in values(build(name), BARS[kind], cuts=cuts).items():
        if line in LOOKS_AHEAD:
            continue
        assert np.array_equal(found, wanted[line], equal_nan=True), line


def bar_by_bar(**how: Any) -> dict[str, Any]:
    """Give what a strategy reads of every indicator, bar by bar."""
    bars = BARS["walk"]
    seen: dict[str, list[list[float]]] = {name: [] for name in CLASSES}

    class Reads(bt.Strategy):
        def __init__(self) -> None:
            self.made = {name: build(name)(indicators, self) for name in CLASSES}

        def prenext(self) -> None:
            self.next()

        def next(self) -> None:
            for name, made in self.made.items():
                seen[name].append([line[0] for line in made.lines])

    cerebro = bt.Cerebro(stdstats=False, **how)
    cerebro.adddata(feed(bt, bars))
    cerebro.addstrategy(Reads)
    cerebro.run()
    return {name: np.array(rows) for name, rows in seen.items()}


@pytest.mark.filterwarnings("ignore::backtrail.errors.BacktrailWarning")
def test_a_run_that_forgets_bars_reads_the_same_values() -> None:
    whole, forgetful = bar_by_bar(), bar_by_bar(exactbars=1)
    for name in CLASSES:
        if name not in ("Fractal", "Ichimoku"):  # which write to bars that have passed
            assert np.array_equal(whole[name], forgetful[name], equal_nan=True), name
