"""``bt.talib`` gives TA-Lib's values, whole, in pieces and bar by bar, and declares what backtrader's declares."""

from __future__ import annotations

import pickle
import subprocess
import sys
import warnings
from typing import Any

import backtrader
import numpy as np
import pytest

import backtrail as bt
from backtrail.errors import DeclarationError, ModuleImportError, ParameterValueError

from .over_arrays import in_pieces, values
from .runs import Bars, Build, differences, feed, make_bars, run
from .test_names import line_options
from .together import run_together

talib = pytest.importorskip("talib")
abstract = pytest.importorskip("talib.abstract")

BARS = make_bars("walk", 150, 3)
FUNCTIONS: list[str] = talib.get_functions()


def wanted(name: str) -> list[str]:
    """Give the columns that a test hands to a function."""
    names: list[str] = []
    for given in abstract.Function(name).info["input_names"].values():
        names.extend([given] if isinstance(given, str) else given)
    return [n if n in BARS else "close" for n in names]


def lines_of(strategy: Any, name: str) -> list[Any]:
    return [getattr(strategy.data, column) for column in wanted(name)]


def direct(name: str, bars: Bars, **given: Any) -> list[Any]:
    found = getattr(talib, name)(*[bars[column] for column in wanted(name)], **given)
    return [np.asarray(x, dtype=float) for x in (found if isinstance(found, tuple) else (found,))]


def all_functions(bars: Bars, cuts: tuple[int, ...] = (), **how: Any) -> dict[str, tuple[int, list[Any]]]:
    """Give warm-up and lines of every function from one run."""
    found: dict[str, tuple[int, list[Any]]] = {}

    class Everything(bt.Strategy):
        def __init__(self) -> None:
            self.made = {n: getattr(bt.talib, n)(*lines_of(self, n)) for n in FUNCTIONS}
            self.seen: dict[str, list[list[float]]] = {n: [] for n in FUNCTIONS}
            if cuts:
                for made in self.made.values():
                    in_pieces(made, cuts)

        def prenext(self) -> None:
            self.next()

        def next(self) -> None:
            for name, made in self.made.items():
                if len(self) >= made._minperiod:
                    self.seen[name].append([line[0] for line in made.lines])

        def stop(self) -> None:
            for name, made in self.made.items():
                found[name] = (made._minperiod, [np.array(column) for column in zip(*self.seen[name])])

    cerebro = bt.Cerebro(stdstats=False, **how)
    cerebro.adddata(feed(bt, bars))
    cerebro.addstrategy(Everything)
    cerebro.run()
    return found


WAYS: dict[str, dict[str, Any]] = {
    "vectorised": {},
    "in pieces": {"cuts": (1, 40, 90, 101, 102, 103, 149)},
    "bar by bar": {"runonce": False},
    "bar by bar, without preloading": {"runonce": False, "preload": False},
}


@pytest.mark.parametrize("way", WAYS)
def test_every_function_gives_the_bits_of_talib(way: str) -> None:
    found = all_functions(BARS, **WAYS[way])
    wrong = []
    for name, (period, lines) in found.items():
        assert period == abstract.Function(name).lookback + 1
        for ours, theirs in zip(lines, direct(name, BARS)):
            if not np.array_equal(ours, theirs[period - 1 :], equal_nan=True):
                wrong.append(name)
    assert wrong == []
    assert len(found) == len(FUNCTIONS)


def test_streaming_survives_forgotten_bars() -> None:
    # exactbars keeps as many bars as are looked back to; the handle needs no more
    for name, (period, lines) in all_functions(BARS, exactbars=1).items():
        for ours, theirs in zip(lines, direct(name, BARS)):
            assert np.array_equal(ours, theirs[period - 1 :], equal_nan=True), name


@pytest.mark.contract
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_class_declares_what_backtrader_declares(name: str) -> None:
    theirs, ours = getattr(backtrader.talib, name), getattr(bt.talib, name)
    assert ours.__name__ == name
    assert ours.lines._getlines() == theirs.lines._getlines()
    assert dict(ours.params._getpairs()) == dict(theirs.params._getpairs())
    assert (ours._iscandle, ours._unstable) == (theirs._iscandle, theirs._unstable)
    drawn = dict(theirs.plotinfo._getitems())
    assert {k: v for k, v in ours.plotinfo._getitems() if k in drawn} == drawn
    assert line_options(ours) == line_options(theirs)


SOME: dict[str, Build] = {
    "a moving average": lambda i, s: talib_of(i).SMA(s.data, timeperiod=7),
    "an average of an average": lambda i, s: talib_of(i).SMA(i.SMA(s.data, period=30), timeperiod=4),
    "an average of TA-Lib's": lambda i, s: i.SMA(talib_of(i).SMA(s.data, timeperiod=8), period=3),
    "several inputs": lambda i, s: talib_of(i).ATR(s.data.high, s.data.low, s.data.close, timeperiod=5),
    "several lines": lambda i, s: talib_of(i).BBANDS(s.data, timeperiod=5, nbdevup=1.5),
    "a kind of average": lambda i, s: talib_of(i).MA(
        s.data, timeperiod=9, matype=talib_of(i).MA_Type.WMA
    ),
    "an adaptive average": lambda i, s: talib_of(i).MAMA(s.data, fastlimit=0.4),
    "a cycle": lambda i, s: talib_of(i).HT_SINE(s.data),
    "the data of the strategy": lambda i, s: talib_of(i).RSI(timeperiod=5),
}  # fmt: skip


def talib_of(indicators: Any) -> Any:
    return sys.modules[indicators.__name__.partition(".")[0]].talib


@pytest.mark.contract
@pytest.mark.parametrize("what", SOME)
def test_values_and_warm_up_are_those_of_backtrader(what: str) -> None:
    assert differences(SOME[what], BARS, runonce=True) == []
    theirs = run(backtrader, SOME[what], BARS, runonce=False)
    ours = run(bt, SOME[what], BARS, runonce=False)
    assert (theirs.minperiod, theirs.first_next) == (ours.minperiod, ours.first_next)


def test_what_is_computed_from_a_line_of_talib_waits_for_its_first_value() -> None:
    # backtrader begins with the NaN before it, and an exponential average that begins with NaN stays NaN
    found = values(lambda i, s: i.EMA(talib_of(i).SMA(s.data, timeperiod=8).real, period=3), BARS)
    assert np.isfinite(found["ema"][9:]).all()


def pattern(name: str) -> Build:
    return lambda i, s: getattr(talib_of(i), name)(s.data.open, s.data.high, s.data.low, s.data.close)


@pytest.mark.contract
@pytest.mark.parametrize("runonce", [True, False], ids=["vectorised", "bar by bar"])
def test_patterns_are_marked_as_in_backtrader(runonce: bool) -> None:
    builds = {name: pattern(name) for name in FUNCTIONS if name.startswith("CDL")}
    assert len(builds) > 60
    ours, theirs = (run_together(library, builds, BARS, runonce) for library in (bt, backtrader))
    for name in builds:
        assert ours[name].minperiod == theirs[name].minperiod
        since = ours[name].minperiod - 1
        for a, b in zip(ours[name].lines, theirs[name].lines, strict=True):
            np.testing.assert_allclose(a[since:], b[since:], rtol=1e-15, err_msg=name)


@pytest.mark.parametrize("name", ["ATR", "CDLDOJI", "MFI", "OBV", "PVO", "AROON"])
def test_a_feed_stands_for_its_prices(name: str) -> None:
    build: Build = lambda i, s: getattr(talib_of(i), name)(s.data)  # noqa: E731
    for found, theirs in zip(values(build, BARS).values(), direct(name, BARS)):
        since = abstract.Function(name).lookback
        assert np.array_equal(found[since:], theirs[since:], equal_nan=True)


@pytest.mark.parametrize("runonce", [True, False], ids=["vectorised", "bar by bar"])
@pytest.mark.parametrize("hole", [0, 3, 60])
@pytest.mark.parametrize("name", ["SMA", "RSI", "MAX", "EMA", "HT_DCPERIOD"])
def test_missing_prices_give_what_talib_gives(name: str, hole: int, runonce: bool) -> None:
    bars = {k: v.copy() for k, v in BARS.items()}
    bars["close"][(0 if hole == 3 else hole) : hole + 1] = np.nan
    build: Build = lambda i, s: getattr(talib_of(i), name)(s.data)  # noqa: E731
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = values(build, bars, runonce=runonce)
    since = abstract.Function(name).lookback
    for ours, theirs in zip(found.values(), direct(name, bars)):
        assert np.array_equal(ours[since:], theirs[since:], equal_nan=True)


@pytest.mark.parametrize("runonce", [True, False], ids=["vectorised", "bar by bar"])
def test_nothing_but_missing_prices_gives_nan(runonce: bool) -> None:
    bars = {k: v.copy() for k, v in BARS.items()}
    bars["close"][:] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = values(lambda i, s: talib_of(i).SMA(s.data), bars, runonce=runonce)
    assert np.isnan(found["real"]).all()


@pytest.mark.parametrize("runonce", [True, False], ids=["vectorised", "bar by bar"])
@pytest.mark.parametrize("count", [1, 5])
def test_short_data_give_nan(count: int, runonce: bool) -> None:
    found = values(lambda i, s: talib_of(i).SMA(s.data), make_bars("walk", count, 1), runonce=runonce)
    assert np.isnan(found["real"]).all()


def test_a_bar_that_is_computed_again_changes_nothing() -> None:
    """A weekly line in a daily run is computed on each day of its week."""
    weekly = {k: v[4::5].copy() for k, v in BARS.items()}
    found: list[Any] = []

    class Slow(bt.Strategy):
        def __init__(self) -> None:
            self.made = bt.talib.EMA(self.data1, timeperiod=4)

        def stop(self) -> None:
            found.append(np.array(self.made.array)[:30])

    for runonce in (True, False):
        cerebro = bt.Cerebro(stdstats=False, runonce=runonce)
        cerebro.adddata(feed(bt, BARS))
        cerebro.adddata(feed(bt, weekly))
        cerebro.addstrategy(Slow)
        cerebro.run()
    assert np.array_equal(found[0], found[1], equal_nan=True)
    assert np.array_equal(found[0], talib.EMA(weekly["close"], 4), equal_nan=True)


@pytest.mark.parametrize("runonce", [True, False], ids=["vectorised", "bar by bar"])
def test_replayed_bars_are_computed_as_they_grow(runonce: bool) -> None:
    seen: dict[int, float] = {}

    class Weekly(bt.Strategy):
        def __init__(self) -> None:
            self.made = bt.talib.EMA(self.data, timeperiod=4)

        def next(self) -> None:
            closes = np.array(self.data.close.get(size=len(self)))
            assert self.made[0] == talib.EMA(closes, 4)[-1]
            seen[len(self)] = self.made[0]

    cerebro = bt.Cerebro(stdstats=False, runonce=runonce)
    cerebro.replaydata(feed(bt, BARS), timeframe=bt.TimeFrame.Weeks)
    cerebro.addstrategy(Weekly)
    cerebro.run()
    assert len(seen) > 10


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda i, s: bt.talib.SMA(s.data, timeperiod=0), ParameterValueError, "parameters that TA-Lib accepts"),
        (lambda i, s: bt.talib.SMA(s.data, timeperiod=2.5), ParameterValueError, "a whole number; got 2.5"),
        (lambda i, s: bt.talib.BBANDS(s.data, nbdevup="2x"), ParameterValueError, "a number; got '2x'"),
        (lambda i, s: bt.talib.SMA(s.data, timperiod=3), TypeError, "Did you mean 'timeperiod'"),
        (lambda i, s: bt.talib.SMA(s.data.high, s.data.low), DeclarationError, "expected 1 inputs"),
        (lambda i, s: bt.talib.ATR(s.data.close), DeclarationError, "high, low, close"),
        (lambda i, s: bt.talib.BETA(s.data), DeclarationError, "expected 2 inputs"),
        (lambda i, s: bt.talib.SMAA(s.data), AttributeError, "SMAA"),
    ],
)
def test_mistakes_are_explained(build: Build, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        values(build, BARS)


def test_without_talib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from backtrail.compat import talib as ours

    for name in [n for n in sys.modules if n.partition(".")[0] == "talib"]:
        monkeypatch.setitem(sys.modules, name, None)
    ours._library.cache_clear()
    try:
        with pytest.raises(ModuleImportError, match=r"pip install 'backtrail\[talib\]'"):
            ours.CDL2CROWSX  # a name that has not been asked for
        assert ours.__getattr__("__all__") == []
    finally:
        ours._library.cache_clear()


@pytest.mark.parametrize("name", ["EMA", "OBV", "SAR", "STOCH"])
def test_releases_without_streaming_give_the_same_bits(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    build: Build = lambda i, s: getattr(talib_of(i), name)(*lines_of(s, name))  # noqa: E731
    with_handles = values(build, BARS, runonce=False)
    monkeypatch.delattr(talib.stream, "Stream")
    without = values(build, BARS, runonce=False)
    for line, found in without.items():
        assert np.array_equal(found, with_handles[line], equal_nan=True)


def test_importing_backtrail_does_not_import_talib() -> None:
    code = "import sys, backtrail as bt; bt.talib; bt.indicators.SMA; assert 'talib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_indicator_can_be_pickled_after_a_run_bar_by_bar() -> None:
    found: list[Any] = []
    build: Build = lambda i, s: found.append(bt.talib.SMA(s.data, timeperiod=3)) or found[0]  # noqa: E731
    values(build, BARS, runonce=False)
    again = pickle.loads(pickle.dumps(bt.talib.SMA))
    assert again is bt.talib.SMA
    assert "_handle" not in found[0].__getstate__()
