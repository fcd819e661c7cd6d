"""Every indicator has backtrader's values, warm-up and errors, bit for bit, in both ways of running."""

from __future__ import annotations

from typing import Any

import backtrader
import pytest

from .runs import Build, differences, make_bars, random_parameters

ONE_DATA = [
    "Accum", "AwesomeOscillator", "AccDeOsc", "KAMA", "AroonDown", "AroonOscillator", "AroonUp",
    "AroonUpDown", "AroonUpDownOscillator", "Average", "ADX", "ADXR", "ATR", "BollingerBands",
    "BollingerBandsPct", "CCI", "DPO", "DMA", "DI", "DMI", "DM", "DEMA", "DownDay", "DownDayBool",
    "DownMove", "DV2", "EMA", "Envelope", "ExponentialSmoothing", "FibonacciPivotPoint",
    "FindFirstIndexHighest", "FindFirstIndexLowest", "FindLastIndexHighest", "FindLastIndexLowest",
    "haDelta", "HeikinAshi", "Highest", "HMA", "Hurst", "Ichimoku", "KST", "LaguerreFilter",
    "LaguerreRSI", "Lowest", "MACD", "MACDHisto", "MeanDev", "MinusDI", "Momentum", "MomentumOsc",
    "SMA", "ParabolicSAR", "PercentChange", "PercentRank", "PPO", "PPOShort", "PivotPoint", "PlusDI",
    "PGO", "PriceOsc", "RSI_EMA", "RSI_SMA", "RSI_Safe", "ROC", "ROC100", "RMI", "RSI", "SMMA",
    "StdDev", "Stochastic", "StochasticFast", "StochasticFull", "SumN", "AnyN", "AllN", "TEMA", "Trix",
    "TrixSignal", "TrueHigh", "TrueLow", "TrueRange", "TSI", "UltimateOscillator", "UpDay", "UpDayBool",
    "UpMove", "Vortex", "WMA", "WeightedAverage", "WilliamsAD", "WilliamsR", "ZLEMA",
    "ZeroLagIndicator", "SMAEnvelope", "EMAOscillator", "DMAEnvelope", "KAMAOsc",
]  # fmt: skip
TWO_DATAS = ["CrossDown", "CrossOver", "CrossUp", "NonZeroDifference", "StdDev", "MeanDev", "Oscillator"]
KINDS = ["walk", "ticks", "flat", "gaps"]

# backtrader, vectorised, writes the value of the first bar to look ahead to the end of the line
WRAPPED = ("chikou_span",)


def building(name: str, parameters: dict[str, Any]) -> Build:
    """Build the class called *name* on the first data; averages are parameters by name."""

    def build(library: Any, strategy: Any) -> Any:
        chosen = {k: getattr(library, v) if isinstance(v, str) else v for k, v in parameters.items()}
        return getattr(library, name)(strategy.data, **chosen)

    return build


def fits(name: str, parameters: dict[str, Any]) -> bool:
    """Tell whether backtrader itself can build the indicator (some of its defaults cannot)."""
    return name != "ParabolicSAR" or parameters.get("period", 2) > 1


@pytest.mark.contract
@pytest.mark.parametrize("runonce", [True, False], ids=["vectorised", "bar by bar"])
@pytest.mark.parametrize("name", ONE_DATA)
def test_defaults_give_the_same_values(name: str, runonce: bool) -> None:
    ignore = WRAPPED if runonce else ()
    parameters = {"period": 60} if name == "DV2" else {}
    for seed, kind in enumerate(["ticks", "flat"]):
        bars = make_bars(kind, 140, seed)
        assert differences(building(name, parameters), bars, runonce, ignore) == [], kind


@pytest.mark.contract
@pytest.mark.parametrize("runonce", [True, False], ids=["vectorised", "bar by bar"])
@pytest.mark.parametrize("name", ONE_DATA)
def test_random_parameters_give_the_same_values(name: str, runonce: bool) -> None:
    for seed in range(2):
        parameters = random_parameters(getattr(backtrader.indicators, name), seed)
        if name == "Hurst":
            parameters = {"period": 20 + seed}
        if fits(name, parameters):
            bars = make_bars(("walk", "gaps")[seed], 100, 100 + seed)
            found = differences(building(name, parameters), bars, runonce, WRAPPED if runonce else ())
            assert found == [], parameters


@pytest.mark.contract
@pytest.mark.parametrize("runonce", [True, False], ids=["vectorised", "bar by bar"])
@pytest.mark.parametrize("name", TWO_DATAS)
def test_two_datas_give_the_same_values(name: str, runonce: bool) -> None:
    for seed, kind in enumerate(["ticks", "flat", "walk"]):
        bars = make_bars(kind, 120, 40 + seed)
        assert (
            differences(lambda i, s: getattr(i, name)(s.data.close, i.SMA(s.data, period=4)), bars, runonce)
            == []
        )
        if name not in ("StdDev", "MeanDev"):
            assert differences(lambda i, s: getattr(i, name)(s.data.close, s.data.open), bars, runonce) == []


@pytest.mark.contract
@pytest.mark.parametrize("name", [n for n in ONE_DATA if n != "DV2"])
def test_short_data_gives_the_same_values_bar_by_bar(name: str) -> None:
    for count in (2, 25):
        assert differences(building(name, {}), make_bars("walk", count, count), runonce=False) == []


@pytest.mark.contract
@pytest.mark.parametrize("runonce", [True, False], ids=["vectorised", "bar by bar"])
def test_constant_prices_raise_where_backtrader_raises(runonce: bool) -> None:
    bars = make_bars("walk", 60, 1)
    for column in ("open", "high", "low", "close"):
        bars[column] = 7.0
    for name in ONE_DATA:
        if name not in ("DV2", "Hurst"):
            assert differences(building(name, {}), bars, runonce, WRAPPED if runonce else ()) == [], name


@pytest.mark.contract
def test_demark_levels_agree_in_vectorised_runs() -> None:
    # bar by bar backtrader stores the comparison itself instead of the value that it chooses
    for seed, kind in enumerate(KINDS):
        assert differences(building("DemarkPivotPoint", {}), make_bars(kind, 60, seed), runonce=True) == []


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
@pytest.mark.parametrize("runonce", [True, False], ids=["vectorised", "bar by bar"])
@pytest.mark.parametrize("what", COMPOSED)
def test_compositions_give_the_same_values(what: str, runonce: bool) -> None:
    for seed, kind in enumerate(["ticks", "flat"]):
        assert differences(COMPOSED[what], make_bars(kind, 120, 60 + seed), runonce) == [], kind
