"""Indicators that TA-Lib has too give TA-Lib's values, within a tolerance that has a reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .over_arrays import values
from .runs import Build, make_bars

t = pytest.importorskip("talib")

BARS = make_bars("walk", 600, 7)
OP, H, L, C, V = (BARS[name] for name in ("open", "high", "low", "close", "volume"))

TYPICAL = (H + L + C) / 3.0

#: Why a value may differ from TA-Lib's, by the relative tolerance that follows from it.
SAME = 0.0  # the same operations in the same order
ORDER = 1e-13  # the same definition, its operations in another order
SUMS = 1e-12  # TA-Lib adds the next value to a running sum and takes the oldest off, which drifts; ours is exact
CANCELS = 1e-9  # such a sum, and then the difference of two of nearly the same size
FADES = 1e-7  # a recursion that TA-Lib begins elsewhere: only what is left of the beginning after 300 bars differs

#: How it is built, what TA-Lib gives for its lines, tolerance, first bar compared.
Case = tuple[Build, Any, float, int]
CASES: dict[str, Case] = {
    "Highest": (lambda i, s: i.Highest(s.data, period=20), lambda: t.MAX(C, 20), SAME, 19),
    "Lowest": (lambda i, s: i.Lowest(s.data, period=20), lambda: t.MIN(C, 20), SAME, 19),
    "SumN": (lambda i, s: i.SumN(s.data, period=20), lambda: t.SUM(C, 20), SUMS, 19),
    "Accum": (lambda i, s: i.Accum(s.data), lambda: t.CUMSUM(C), SAME, 0),
    "Average": (lambda i, s: i.Average(s.data, period=20), lambda: t.SMA(C, 20), SUMS, 19),
    "FindFirstIndexHighest": (
        lambda i, s: i.FindFirstIndexHighest(s.data, period=20),
        lambda: np.arange(600) - t.MAXINDEX(C, 20),
        SAME,
        19,
    ),
    "FindFirstIndexLowest": (
        lambda i, s: i.FindFirstIndexLowest(s.data, period=20),
        lambda: np.arange(600) - t.MININDEX(C, 20),
        SAME,
        19,
    ),
    # TA-Lib compares with the values before, ours with the whole window
    "PercentRank": (
        lambda i, s: i.PercentRank(s.data, period=21),
        lambda: t.PERCENTRANK(C, 20) / 100.0 * 20.0 / 21.0,
        ORDER,
        20,
    ),
    "SMA": (lambda i, s: i.SMA(s.data, period=20), lambda: t.SMA(C, 20), SUMS, 19),
    "EMA": (lambda i, s: i.EMA(s.data, period=20), lambda: t.EMA(C, 20), ORDER, 19),
    "WMA": (lambda i, s: i.WMA(s.data, period=20), lambda: t.WMA(C, 20), SUMS, 19),
    "SMMA": (lambda i, s: i.SMMA(s.data, period=20), lambda: t.RMA(C, 20), ORDER, 19),
    "DEMA": (lambda i, s: i.DEMA(s.data, period=20), lambda: t.DEMA(C, 20), ORDER, 38),
    "TEMA": (lambda i, s: i.TEMA(s.data, period=20), lambda: t.TEMA(C, 20), ORDER, 57),
    "HMA": (lambda i, s: i.HMA(s.data, period=20), lambda: t.HMA(C, 20), SUMS, 22),
    "KAMA": (lambda i, s: i.KAMA(s.data, period=20), lambda: t.KAMA(C, 20), FADES, 300),
    "ZLEMA": (lambda i, s: i.ZLEMA(s.data, period=20), lambda: t.ZLEMA(C, 20), ORDER, 28),
    "SMAEnvelope": (
        lambda i, s: i.SMAEnvelope(s.data, period=20),
        lambda: [t.SMA(C, 20), t.SMA(C, 20) * 1.025, t.SMA(C, 20) * 0.975],
        SUMS,
        19,
    ),
    "EMAOscillator": (lambda i, s: i.EMAOscillator(s.data, period=20), lambda: C - t.EMA(C, 20), CANCELS, 19),
    "TrueRange": (lambda i, s: i.TR(s.data), lambda: t.TRANGE(H, L, C), SAME, 1),
    "ATR": (lambda i, s: i.ATR(s.data), lambda: t.ATR(H, L, C, 14), ORDER, 14),
    "StdDev": (lambda i, s: i.StdDev(s.data), lambda: t.STDDEV(C, 20), CANCELS, 19),
    "BollingerBands": (
        lambda i, s: i.BBands(s.data),
        lambda: [t.BBANDS(C, 20, 2.0, 2.0)[k] for k in (1, 0, 2)],
        CANCELS,
        19,
    ),
    # TA-Lib's averages of movements begin with a sum that lacks the first bar
    "PlusDI": (lambda i, s: i.PlusDI(s.data), lambda: t.PLUS_DI(H, L, C, 14), FADES, 300),
    "MinusDI": (lambda i, s: i.MinusDI(s.data), lambda: t.MINUS_DI(H, L, C, 14), FADES, 300),
    "ADX": (lambda i, s: i.ADX(s.data), lambda: t.ADX(H, L, C, 14), FADES, 300),
    # TA-Lib looks back one bar less: Wilder counts the current bar
    "ADXR": (
        lambda i, s: i.ADXR(s.data),
        lambda: [t.ADX(H, L, C, 14), (t.ADX(H, L, C, 14) + shifted(t.ADX(H, L, C, 14), 14)) / 2.0],
        FADES,
        320,
    ),
    "UpMove": (lambda i, s: i.UpMove(s.data), lambda: t.MOM(C, 1), SAME, 1),
    "DownMove": (lambda i, s: i.DownMove(s.data), lambda: -t.MOM(C, 1), SAME, 1),
    "RSI": (lambda i, s: i.RSI(s.data), lambda: t.RSI(C, 14), ORDER, 14),
    # Chande's unsmoothed oscillator runs from -100 to 100, Cutler's index from 0 to 100
    "RSI_SMA": (lambda i, s: i.RSI_SMA(s.data), lambda: t.CMOU(C, 14) / 2.0 + 50.0, SUMS, 14),
    "Momentum": (lambda i, s: i.Momentum(s.data), lambda: t.MOM(C, 12), SAME, 12),
    "MomentumOscillator": (lambda i, s: i.MomentumOsc(s.data), lambda: t.ROCR100(C, 12), SAME, 12),
    "RateOfChange": (lambda i, s: i.ROC(s.data), lambda: t.ROCP(C, 12), SAME, 12),
    "RateOfChange100": (lambda i, s: i.ROC100(s.data), lambda: t.ROC(C, 12), CANCELS, 12),
    "PercentChange": (lambda i, s: i.PctChange(s.data), lambda: t.ROCP(C, 30), CANCELS, 30),
    "Trix": (lambda i, s: i.Trix(s.data), lambda: t.TRIX(C, 15), CANCELS, 43),
    "TSI": (lambda i, s: i.TSI(s.data), lambda: t.TSI(C, 25, 13), CANCELS, 37),
    # TA-Lib begins the fast average on the bar of the slow one
    "MACDHisto": (lambda i, s: i.MACDHisto(s.data), lambda: list(t.MACD(C)), FADES, 300),
    "PriceOscillator": (lambda i, s: i.APO(s.data), lambda: t.APO(C, 12, 26, 1), CANCELS, 25),
    "PercentagePriceOscillator": (lambda i, s: i.PPO(s.data), lambda: [t.PPO(C, 12, 26, 1)], CANCELS, 25),
    "StochasticFast": (
        lambda i, s: i.StochasticFast(s.data), lambda: list(t.STOCHF(H, L, C, 14, 3, 0)), SUMS, 15,
    ),
    "Stochastic": (
        lambda i, s: i.Stochastic(s.data), lambda: list(t.STOCH(H, L, C, 14, 3, 0, 3, 0)), SUMS, 17,
    ),
    "WilliamsR": (lambda i, s: i.WilliamsR(s.data), lambda: t.WILLR(H, L, C, 14), ORDER, 13),
    "UltimateOscillator": (lambda i, s: i.UltimateOscillator(s.data), lambda: t.ULTOSC(H, L, C), ORDER, 28),
    "AwesomeOscillator": (lambda i, s: i.AO(s.data), lambda: t.AO(H, L), CANCELS, 33),
    "AccDeOsc": (lambda i, s: i.AccDeOsc(s.data), lambda: t.AC(H, L), CANCELS, 37),
    "AroonUpDown": (lambda i, s: i.AroonUpDown(s.data), lambda: t.AROON(H, L, 14)[::-1], ORDER, 14),
    "AroonOscillator": (lambda i, s: i.AroonOsc(s.data), lambda: t.AROONOSC(H, L, 14), ORDER, 14),
    "Vortex": (lambda i, s: i.Vortex(s.data), lambda: list(t.VORTEX(H, L, C, 14)), SUMS, 14),
    "HeikinAshi": (lambda i, s: i.HeikinAshi(s.data), lambda: list(t.HA(OP, H, L, C)), ORDER, 1),
    "haDelta": (lambda i, s: i.haDelta(s.data), lambda: ha_delta(), CANCELS, 3),
    "WilliamsAD": (lambda i, s: i.WilliamsAD(s.data), lambda: t.WAD(H, L, C), SAME, 1),
    "Ichimoku": (
        lambda i, s: i.Ichimoku(s.data),
        lambda: [
            t.MIDPRICE(H, L, 9),
            t.MIDPRICE(H, L, 26),
            shifted((t.MIDPRICE(H, L, 9) + t.MIDPRICE(H, L, 26)) / 2.0, 26),
            shifted(t.MIDPRICE(H, L, 52), 26),
        ],
        ORDER,
        78,
    ),
    # TA-Lib tells on the bar that confirms a fractal, ours (as backtrader) writes it two bars back
    "Fractal": (lambda i, s: i.Fractal(s.data, bardist=0.0), lambda: fractals(), SAME, 7),
    "DirectionalIndicator": (
        lambda i, s: i.DI(s.data), lambda: [t.PLUS_DI(H, L, C, 14), t.MINUS_DI(H, L, C, 14)], FADES, 300,
    ),
    "RSI_EMA": (lambda i, s: i.RSI_EMA(s.data, period=9), lambda: rsi_of_averages(9), ORDER * 100, 9),
    "KST": (lambda i, s: i.KST(s.data), lambda: know_sure_thing(), CANCELS, 60),
    "CrossOver": (
        lambda i, s: i.CrossOver(s.data.close, i.SMA(s.data, period=20)), lambda: crossings(), SAME, 20,
    ),
    # TA-Lib's CCI and AVGDEV take deviations from the mean of the window, ours (as backtrader's) those of each bar from
    # its own mean; TA-Lib's DPO moves the price, ours the average
    "CCI": (
        lambda i, s: i.CCI(s.data), lambda: distance(TYPICAL, 20) / (0.015 * mean_deviation(TYPICAL, 20)), CANCELS, 38,
    ),
    "MeanDev": (lambda i, s: i.MeanDev(s.data, period=20), lambda: mean_deviation(C, 20), CANCELS, 38),
    "DPO": (lambda i, s: i.DPO(s.data, period=20), lambda: C - shifted(t.SMA(C, 20), 9), CANCELS, 28),
    "PivotPoint": (lambda i, s: i.PivotPoint(s.data), lambda: [t.TYPPRICE(H, L, C)], ORDER, 0),
    "BollingerBandsPct": (lambda i, s: i.BollingerBandsPct(s.data), lambda: percent_b(), CANCELS * 10, 19),
    "PrettyGoodOscillator": (
        lambda i, s: i.PGO(s.data), lambda: (C - t.SMA(C, 14)) / t.ATR(H, L, C, 14), CANCELS, 14,
    ),
}  # fmt: skip

def distance(prices: Any, period: int) -> Any:
    return prices - t.SMA(prices, period)


def mean_deviation(prices: Any, period: int) -> Any:
    return t.SMA(np.abs(distance(prices, period)), period)


def shifted(line: Any, by: int) -> Any:
    return np.concatenate([np.full(by, np.nan), line[:-by]])


def ha_delta() -> list[Any]:
    opening, _, _, close = t.HA(OP, H, L, C)
    delta = close - opening
    return [delta, t.SMA(delta, 3)]


def fractals() -> list[Any]:
    """Give TA-Lib's swing points where they stand, NaN elsewhere."""
    found = []
    for prices, marks in zip((H, L), t.FRACTAL(H, L), strict=True):
        flags = np.concatenate([np.asarray(marks, dtype=float)[2:], [0.0, 0.0]])
        found.append(np.where((flags != 0.0) & ~np.isnan(flags), prices, np.nan))
    return found


def rsi_of_averages(period: int) -> Any:
    change = np.diff(C)
    up = t.EMA(np.maximum(change, 0.0), period)
    down = t.EMA(np.maximum(-change, 0.0), period)
    return np.concatenate([[np.nan], 100.0 * up / (up + down)])


def know_sure_thing() -> list[Any]:
    rates = [t.SMA(t.ROC(C, n), 10) * weight for n, weight in ((10, 1.0), (15, 2.0), (20, 3.0), (30, 4.0))]
    total = rates[0] + rates[1] + rates[2] + rates[3]
    return [total, t.SMA(total, 9)]


def crossings() -> Any:
    above = np.sign(C - t.SMA(C, 20))
    return np.concatenate([[0.0], np.diff(above) / 2.0])


def percent_b() -> list[Any]:
    top, mid, bot = t.BBANDS(C, 20, 2.0, 2.0)
    return [mid, top, bot, (C - bot) / (top - bot)]


@pytest.mark.parametrize("name", CASES)
def test_values_are_those_of_talib(name: str) -> None:
    build, theirs, tolerance, since = CASES[name]
    wanted = theirs()
    for (line, ours), other in zip(
        values(build, BARS).items(), wanted if isinstance(wanted, (list, tuple)) else [wanted], strict=False
    ):
        other = np.asarray(other, dtype=float)
        if name != "Fractal":
            assert np.isfinite(other[since:]).all(), line
        np.testing.assert_allclose(ours[since:], other[since:], rtol=tolerance, atol=tolerance, err_msg=line)


def test_parabolic_stops_are_those_of_talib_but_on_turns() -> None:
    # TA-Lib takes the first direction from the directional movement and keeps the stop of a turn out of the range of
    # the two bars; Wilder's rule, and ours, is the extreme price of the trend that ends
    ours = next(iter(values(lambda i, s: i.PSAR(s.data), BARS).values()))[100:]
    theirs = t.SAR(H, L)[100:]
    below = theirs < C[100:]
    turns = np.flatnonzero(below[1:] != below[:-1]) + 1
    wrong = np.flatnonzero(~np.isclose(ours, theirs, rtol=1e-12))
    assert set(wrong) <= set(turns)
    assert len(wrong) < len(turns) / 4
