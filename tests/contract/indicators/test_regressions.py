"""Regressions of two datas, and the fractals, which backtrader keeps among its studies."""

from __future__ import annotations

import pickle
import sys
import warnings
from typing import Any

import backtrader
import numpy as np
import pytest

import backtrail

from .over_arrays import values
from .runs import Bars, Build, differences, make_bars, run

BARS = make_bars("walk", 60, 5)


def fitted(bars: Bars, period: int) -> Any:
    """Give slope and intercept of close over open for every window."""
    close, opening = bars["close"], bars["open"]
    return np.array(
        [
            np.polyfit(opening[i : i + period], close[i : i + period], 1)
            for i in range(len(close) - period + 1)
        ]
    )


def ours(build: Build, runonce: bool = True) -> Any:
    result = run(backtrail, build, BARS, runonce)
    assert result.error is None
    return result.lines


@pytest.mark.parametrize("runonce", [True, False], ids=["vectorised", "bar by bar"])
def test_slope_and_intercept_are_those_of_least_squares(runonce: bool) -> None:
    slope, intercept = ours(lambda i, s: i.OLS_Slope_InterceptN(s.data.close, s.data.open, period=8), runonce)
    assert np.allclose(np.column_stack((slope, intercept))[7:], fitted(BARS, 8), rtol=1e-8)
    assert np.isnan(slope[:7]).all()


def test_beta_is_the_slope() -> None:
    (beta,) = ours(lambda i, s: i.OLS_BetaN(s.data.close, s.data.open))
    assert np.allclose(beta[9:], fitted(BARS, 10)[:, 0], rtol=1e-8)


def test_the_transformation_uses_its_own_period() -> None:
    lines = ours(lambda i, s: i.OLS_TransformationN(s.data.close, s.data.open, period=6))
    slope, intercept = fitted(BARS, 6).T
    assert np.allclose(lines[0][5:], (BARS["close"] - slope_at(slope, BARS) - pad(intercept))[5:], rtol=1e-6)
    assert np.isnan(lines[3][:10]).all()
    assert np.isfinite(lines[3][10:]).all()


def pad(values: Any) -> Any:
    return np.concatenate([np.full(5, np.nan), values])


def slope_at(slope: Any, bars: Bars) -> Any:
    return pad(slope) * bars["open"]


def test_cointegration_without_statsmodels_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "statsmodels", None)
    monkeypatch.setitem(sys.modules, "statsmodels.tsa.stattools", None)
    messages: list[str] = []

    def build(i: Any, s: Any) -> Any:
        try:
            return i.CointN(s.data.close, s.data.open)
        except ModuleNotFoundError as error:
            messages.append(str(error))
            return i.SMA(s.data)

    ours(build)
    assert "pip install 'backtrail[statistics]'" in messages[0]


BOTH_WAYS = pytest.mark.parametrize("runonce", [True, False], ids=["vectorised", "bar by bar"])

#: backtrader fits with statsmodels, ours with NumPy: least squares by other routines, 1e-9 apart at most.
FITTED: dict[str, tuple[str, dict[str, Any], float]] = {
    "slope and intercept": ("OLS_Slope_InterceptN", {}, 1e-9),
    "slope and intercept of few bars": ("OLS_Slope_InterceptN", {"period": 7}, 1e-9),
    "spread": ("OLS_TransformationN", {}, 1e-8),
    "co-integration": ("CointN", {"period": 15}, 0.0),
    "co-integration with a trend": ("CointN", {"period": 15, "trend": "ct"}, 0.0),
}


@pytest.mark.contract
@BOTH_WAYS
@pytest.mark.parametrize("what", FITTED)
def test_regressions_are_those_of_backtrader(what: str, runonce: bool) -> None:
    pytest.importorskip("statsmodels")
    name, given, tolerance = FITTED[what]
    build: Build = lambda i, s: getattr(i, name)(s.data.close, s.data.open, **given)  # noqa: E731
    bars = make_bars("walk", 40, 5)
    found, wanted = run(backtrail, build, bars, runonce), run(backtrader, build, bars, runonce)
    assert (found.names, found.minperiod) == (wanted.names, wanted.minperiod)
    for a, b in zip(found.lines, wanted.lines, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance)


@pytest.mark.contract
@BOTH_WAYS
@pytest.mark.parametrize("name", ["OLS_Slope_InterceptN", "OLS_BetaN", "OLS_TransformationN"])
@pytest.mark.parametrize("price", [9.0, np.nan])
def test_a_second_data_without_a_slope_is_an_error(price: float, name: str, runonce: bool) -> None:
    bars = {**make_bars("walk", 40, 5), "open": np.full(40, price)}
    build: Build = lambda i, s: getattr(i, name)(s.data.close, s.data.open)  # noqa: E731
    with pytest.raises(ValueError, match=r"feed 'ACME', bar 10 .*zero_division='nan'"):
        values(build, bars, runonce=runonce, named="ACME")
    if name != "OLS_BetaN" and price == 9.0:  # which backtrader cannot compute at all
        assert run(backtrader, build, bars, runonce).error is ValueError
    found = values(build, bars, runonce=runonce, zero_division="nan")
    assert all(np.isnan(line).all() for line in found.values())


@pytest.mark.contract
@BOTH_WAYS
@pytest.mark.parametrize("name", ["OLS_Slope_InterceptN", "OLS_TransformationN", "CointN"])
def test_a_missing_price_is_the_error_that_backtrader_raises(name: str, runonce: bool) -> None:
    refused = pytest.importorskip("statsmodels.tools.sm_exceptions").MissingDataError
    bars = make_bars("walk", 30, 5)
    bars["open"][20] = np.nan
    build: Build = lambda i, s: getattr(i, name)(s.data.close, s.data.open, period=10)  # noqa: E731
    with pytest.raises(refused):
        run(backtrader, build, bars, runonce)
    with pytest.raises(refused, match=r"feed 'ACME', bar 21 .*a missing value.*zero_division='nan'") as found:
        values(build, bars, runonce=runonce, named="ACME")
    assert isinstance(found.value, ValueError)
    again = pickle.loads(pickle.dumps(found.value))  # as from another process
    assert (isinstance(again, refused), str(again)) == (True, str(found.value))


@pytest.mark.contract
@BOTH_WAYS
@pytest.mark.parametrize("name", ["OLS_Slope_InterceptN", "OLS_TransformationN", "CointN"])
def test_a_missing_price_of_the_first_data_gives_the_same_values(name: str, runonce: bool) -> None:
    pytest.importorskip("statsmodels")
    bars = make_bars("walk", 45, 5)
    bars["close"][20] = np.nan
    build: Build = lambda i, s: getattr(i, name)(s.data.close, s.data.open)  # noqa: E731
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found, wanted = (run(library, build, bars, runonce) for library in (backtrail, backtrader))
    assert found.error is wanted.error is None
    for a, b in zip(found.lines, wanted.lines, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8)


def test_a_missing_price_without_statsmodels_is_a_plain_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "statsmodels.tools.sm_exceptions", None)
    bars = make_bars("walk", 30, 5)
    bars["open"][20] = np.nan
    with pytest.raises(ValueError, match="a missing value") as found:
        values(lambda i, s: i.OLS_BetaN(s.data.close, s.data.open), bars)
    assert type(found.value) is ValueError


@pytest.mark.contract
@BOTH_WAYS
def test_a_second_data_at_zero_has_the_slope_zero_as_in_backtrader(runonce: bool) -> None:
    pytest.importorskip("statsmodels")
    bars = {**make_bars("walk", 24, 5), "open": np.zeros(24)}
    build: Build = lambda i, s: i.OLS_Slope_InterceptN(s.data.close, s.data.open)  # noqa: E731
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # statsmodels says that the line is not the only one
        wanted = run(backtrader, build, bars, runonce)
    found = run(backtrail, build, bars, runonce)
    assert found.error is wanted.error is None
    for a, b in zip(found.lines, wanted.lines, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)
    strict = values(build, bars, runonce=runonce, zero_division="nan")
    assert all(np.isnan(line).all() for line in strict.values())


@pytest.mark.contract
@BOTH_WAYS
@pytest.mark.parametrize(("column", "price"), [("close", 9.0), ("open", np.nan)])
def test_prices_that_cannot_be_tested_for_cointegration_are_an_error(
    column: str, price: float, runonce: bool
) -> None:
    refused = pytest.importorskip("statsmodels.tools.sm_exceptions").MissingDataError
    kind = ValueError if column == "close" else refused
    bars = {**make_bars("walk", 30, 5), column: np.full(30, price)}
    build: Build = lambda i, s: i.CointN(s.data.close, s.data.open, period=12)  # noqa: E731
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if kind is ValueError:
            assert run(backtrader, build, bars, runonce).error is kind
        else:
            with pytest.raises(kind):
                run(backtrader, build, bars, runonce)
    with pytest.raises(kind, match=r"feed 'ACME', bar 12 .*zero_division='nan'"):
        values(build, bars, runonce=runonce, named="ACME")
    found = values(build, bars, runonce=runonce, zero_division="nan")
    assert all(np.isnan(line).all() for line in found.values())


def test_an_unknown_trend_of_cointegration_is_an_error_in_every_mode() -> None:
    pytest.importorskip("statsmodels")
    bars = make_bars("walk", 30, 5)
    for how in ({}, {"zero_division": "nan"}):
        with pytest.raises(ValueError, match=r"CointN: parameter 'trend' must be one of"):
            values(lambda i, s: i.CointN(s.data.close, s.data.open, period=12, trend="x"), bars, **how)


def test_there_are_no_fractals_among_missing_prices() -> None:
    # backtrader ends the run with a ValueError, because it does not find NaN in a list
    bars = make_bars("ticks", 80, 9)
    whole = values(lambda i, s: i.Fractal(s.data), bars)
    bars["high"][40] = np.nan
    for runonce in (True, False):
        holed = values(lambda i, s: i.Fractal(s.data), bars, runonce=runonce)
        assert np.isnan(holed["fractal_bearish"][38:43]).all()
        for bars_apart in (slice(0, 38), slice(43, 80)):
            for name in whole:
                assert np.array_equal(holed[name][bars_apart], whole[name][bars_apart], equal_nan=True)


def test_regressions_are_those_of_statsmodels() -> None:
    api = pytest.importorskip("statsmodels.api")
    tools = pytest.importorskip("statsmodels.tsa.stattools")
    close, opening = BARS["close"][-12:], BARS["open"][-12:]
    intercept, slope = api.OLS(close, api.add_constant(opening)).fit().params
    lines = ours(lambda i, s: i.OLS_Slope_InterceptN(s.data.close, s.data.open, period=12))
    np.testing.assert_allclose([lines[0][-1], lines[1][-1]], [slope, intercept], rtol=1e-9)
    score, pvalue, _ = tools.coint(close, opening, trend="c")
    lines = ours(lambda i, s: i.CointN(s.data.close, s.data.open, period=12))
    assert [lines[0][-1], lines[1][-1]] == [score, pvalue]


def test_the_hurst_exponent_tells_trends_from_noise() -> None:
    rng = np.random.default_rng(5)
    noise = rng.normal(0.0, 0.1, 400)
    found = []
    for close in (100.0 + np.cumsum(np.cumsum(noise)), 100.0 + np.cumsum(noise), 100.0 + noise):
        bars = {**make_bars("walk", 400, 5), "close": close}
        found.append(run(backtrail, lambda i, s: i.Hurst(s.data, period=400, lag_end=40), bars, True).lines[0][-1])
    trend, walk, reverting = found
    assert trend > 0.8 > walk > 0.3 > 0.1 > reverting


def test_the_hurst_exponent_is_a_fit_of_logarithms() -> None:
    """Window by window and lag by lag, as the definition says, with the same bits."""
    source, period = make_bars("gaps", 90, 3)["close"], 40
    lags = np.arange(2, period // 2)
    wanted = []
    for i in range(period - 1, 90):
        values = source[i - period + 1 : i + 1]
        spreads = [np.sqrt(np.std(values[lag:] - values[:-lag])) for lag in lags]
        wanted.append(np.polyfit(np.log10(lags), np.log10(spreads), 1)[0] * 2.0)
    (found,) = run(backtrail, lambda i, s: i.Hurst(s.data), make_bars("gaps", 90, 3), True).lines
    assert found[period - 1 :].tolist() == wanted


@pytest.mark.contract
@pytest.mark.parametrize("runonce", [True, False], ids=["vectorised", "bar by bar"])
@pytest.mark.parametrize("period", [3, 5, 7])
def test_fractals_are_marked_where_backtrader_marks_them(period: int, runonce: bool) -> None:
    def build(i: Any, s: Any) -> Any:
        module = i if hasattr(i, "Fractal") else __import__("backtrader").studies
        return module.Fractal(s.data, period=period, bardist=0.02)

    assert differences(build, make_bars("ticks", 120, 9), runonce) == []


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda i, s: i.SMA(s.data, period=2.5), "whole number of bars; got 2.5"),
        (lambda i, s: i.ApplyN(s.data, period=3), "func must be a function"),
        (lambda i, s: i.FindFirstIndex(s.data, period=3), "_evalfunc must be a function"),
        (
            lambda i, s: i.ExponentialSmoothingDynamic(s.data, period=3, alpha=0.5),
            "needs a line of smoothing factors",
        ),
        (lambda i, s: i.ATR(s.data.close), "needs the data feed itself"),
        (lambda i, s: i.CrossOver(s.data.close), "it was given 1 data"),
        (lambda i, s: i.SMA(s.data, perod=3), "Did you mean 'period'"),
        (lambda i, s: i.Hurst(s.data, period=5), "pass a longer period"),
    ],
)
def test_a_mistake_is_explained(build: Build, message: str) -> None:
    raised: list[str] = []

    def guarded(i: Any, s: Any) -> Any:
        try:
            return build(i, s)
        except (TypeError, ValueError, AttributeError) as error:
            raised.append(str(error))
            return i.SMA(s.data)

    ours(guarded)
    assert message in raised[0]


def test_a_fold_may_have_an_initial_value() -> None:
    (lines,) = ours(lambda i, s: i.ReduceN(s.data, lambda a, b: a + b, period=3, initializer=1000.0))
    assert lines[2] == 1000.0 + BARS["close"][0] + BARS["close"][1] + BARS["close"][2]
