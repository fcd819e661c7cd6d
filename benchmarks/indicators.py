"""Every indicator over a million bars in one process: nanoseconds per bar, beside TA-Lib's.

    python benchmarks/indicators.py                    # all of them, the slowest first
    python benchmarks/indicators.py SMA EMA --bars 100000
    python benchmarks/indicators.py --markdown         # the table of docs/indicators/speed.md

Only the computation of the indicator and of what it is made of is timed, on processor time and with its kernels
compiled before; loading the bars is not. What takes more than a microsecond per bar is measured once, the rest is the
best of seven.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import backtrail as bt
from backtrail import indicators
from backtrail.kernels import jit
from benchmarks import data

#: A statistical test of statsmodels for every bar: milliseconds each, so a million would take an hour.
FEW = {"CointN": 1_000}

#: Bases, mix-ins and the registry of averages.
LEFT_OUT = {
    "BaseApplyN", "EnvelopeMixIn", "Indicator", "MovAv", "MovingAverage", "MovingAverageBase", "OperationN",
    "OscillatorMixIn", "PeriodN",
}  # fmt: skip

GIVEN: dict[str, dict[str, Any]] = {
    "AllN": {"period": 20}, "AnyN": {"period": 20}, "Average": {"period": 20}, "ExponentialSmoothing": {"period": 20},
    "FindFirstIndexHighest": {"period": 20}, "FindFirstIndexLowest": {"period": 20},
    "FindLastIndexHighest": {"period": 20}, "FindLastIndexLowest": {"period": 20}, "Highest": {"period": 20},
    "Lowest": {"period": 20}, "SumN": {"period": 20}, "ApplyN": {"period": 20, "func": np.median},
    "FindFirstIndex": {"period": 20, "_evalfunc": max}, "FindLastIndex": {"period": 20, "_evalfunc": min},
    "WeightedAverage": {"period": 20, "coef": 0.05, "weights": [1.0] * 20},
    "ExponentialSmoothingDynamic": {"period": 20}, "ReduceN": {"period": 20},
    "RSI_EMA": {"safediv": True}, "RSI_SMA": {"safediv": True}, "StochasticFast": {"safediv": True},
    "Stochastic": {"safediv": True}, "StochasticFull": {"safediv": True},
}  # fmt: skip

Arrays = dict[str, Any]
TALIB: dict[str, Callable[[Any, Arrays], Any]] = {
    "Accum": lambda t, a: t.CUMSUM(a["close"]),
    "AccelerationDecelerationOscillator": lambda t, a: t.AC(a["high"], a["low"]),
    "AdaptiveMovingAverage": lambda t, a: t.KAMA(a["close"], 30),
    "AroonOscillator": lambda t, a: t.AROONOSC(a["high"], a["low"], 14),
    "AroonUpDown": lambda t, a: t.AROON(a["high"], a["low"], 14),
    "Average": lambda t, a: t.SMA(a["close"], 20),
    "AverageDirectionalMovementIndex": lambda t, a: t.ADX(a["high"], a["low"], a["close"], 14),
    "AverageDirectionalMovementIndexRating": lambda t, a: t.ADXR(a["high"], a["low"], a["close"], 14),
    "AverageTrueRange": lambda t, a: t.ATR(a["high"], a["low"], a["close"], 14),
    "AwesomeOscillator": lambda t, a: t.AO(a["high"], a["low"]),
    "BollingerBands": lambda t, a: t.BBANDS(a["close"], 20, 2.0, 2.0),
    "ChaikinMoneyFlow": lambda t, a: t.CMF(a["high"], a["low"], a["close"], a["volume"], 20),
    "CommodityChannelIndex": lambda t, a: t.CCI(a["high"], a["low"], a["close"], 20),
    "DetrendedPriceOscillator": lambda t, a: t.DPO(a["close"], 20),
    "DonchianChannel": lambda t, a: t.DONCHIAN(a["high"], a["low"], 20),
    "DoubleExponentialMovingAverage": lambda t, a: t.DEMA(a["close"], 30),
    "ExponentialMovingAverage": lambda t, a: t.EMA(a["close"], 30),
    "FindFirstIndexHighest": lambda t, a: t.MAXINDEX(a["close"], 20),
    "FindFirstIndexLowest": lambda t, a: t.MININDEX(a["close"], 20),
    "Fractal": lambda t, a: t.FRACTAL(a["high"], a["low"]),
    "HeikinAshi": lambda t, a: t.HA(a["open"], a["high"], a["low"], a["close"]),
    "Highest": lambda t, a: t.MAX(a["close"], 20),
    "HullMovingAverage": lambda t, a: t.HMA(a["close"], 30),
    "KeltnerChannel": lambda t, a: t.KC(a["high"], a["low"], a["close"], 20, 10, 2.0),
    "Lowest": lambda t, a: t.MIN(a["close"], 20),
    "MACD": lambda t, a: t.MACD(a["close"]),
    "MACDHisto": lambda t, a: t.MACD(a["close"]),
    "MeanDeviation": lambda t, a: t.AVGDEV(a["close"], 20),
    "MinusDirectionalIndicator": lambda t, a: t.MINUS_DI(a["high"], a["low"], a["close"], 14),
    "Momentum": lambda t, a: t.MOM(a["close"], 12),
    "MomentumOscillator": lambda t, a: t.ROCR100(a["close"], 12),
    "MoneyFlowIndex": lambda t, a: t.MFI(a["high"], a["low"], a["close"], a["volume"], 14),
    "MovingAverageSimple": lambda t, a: t.SMA(a["close"], 30),
    "OnBalanceVolume": lambda t, a: t.OBV(a["close"], a["volume"]),
    "ParabolicSAR": lambda t, a: t.SAR(a["high"], a["low"]),
    "PercentChange": lambda t, a: t.ROCP(a["close"], 30),
    "PercentRank": lambda t, a: t.PERCENTRANK(a["close"], 50),
    "PercentagePriceOscillator": lambda t, a: t.PPO(a["close"], 12, 26, 1),
    "PlusDirectionalIndicator": lambda t, a: t.PLUS_DI(a["high"], a["low"], a["close"], 14),
    "PriceOscillator": lambda t, a: t.APO(a["close"], 12, 26, 1),
    "RateOfChange": lambda t, a: t.ROCP(a["close"], 12),
    "RateOfChange100": lambda t, a: t.ROC(a["close"], 12),
    "RelativeStrengthIndex": lambda t, a: t.RSI(a["close"], 14),
    "RollingBeta": lambda t, a: t.BETA(a["open"], a["close"], 60),
    "RollingCorrelation": lambda t, a: t.CORREL(a["open"], a["close"], 30),
    "SmoothedMovingAverage": lambda t, a: t.RMA(a["close"], 30),
    "StandardDeviation": lambda t, a: t.STDDEV(a["close"], 20),
    "Stochastic": lambda t, a: t.STOCH(a["high"], a["low"], a["close"], 14, 3, 0, 3, 0),
    "StochasticFast": lambda t, a: t.STOCHF(a["high"], a["low"], a["close"], 14, 3, 0),
    "SumN": lambda t, a: t.SUM(a["close"], 20),
    "Supertrend": lambda t, a: t.SUPERTREND(a["high"], a["low"], a["close"], 10, 3.0),
    "TripleExponentialMovingAverage": lambda t, a: t.TEMA(a["close"], 30),
    "Trix": lambda t, a: t.TRIX(a["close"], 15),
    "TrueRange": lambda t, a: t.TRANGE(a["high"], a["low"], a["close"]),
    "TrueStrengthIndicator": lambda t, a: t.TSI(a["close"], 25, 13),
    "UltimateOscillator": lambda t, a: t.ULTOSC(a["high"], a["low"], a["close"]),
    "VolumeWeightedAveragePrice": lambda t, a: t.VWAP(a["high"], a["low"], a["close"], a["volume"]),
    "Vortex": lambda t, a: t.VORTEX(a["high"], a["low"], a["close"], 14),
    "WeightedMovingAverage": lambda t, a: t.WMA(a["close"], 30),
    "WilliamsAD": lambda t, a: t.WAD(a["high"], a["low"], a["close"]),
    "WilliamsR": lambda t, a: t.WILLR(a["high"], a["low"], a["close"], 14),
    "ZeroLagExponentialMovingAverage": lambda t, a: t.ZLEMA(a["close"], 30),
}


def names() -> list[str]:
    """Give every class that computes something, by its own name."""
    found = {getattr(indicators, name).__name__ for name in indicators.__all__} - LEFT_OUT
    return sorted(name for name in found if not getattr(indicators, name).__dict__.get("aliased"))


def build(strategy: bt.Strategy, name: str) -> Any:
    """Build the indicator called *name* on the data of *strategy*."""
    made = getattr(indicators, name)
    given = GIVEN.get(name, {})
    if name == "ReduceN":
        return made(strategy.data, max, **given)
    if name == "ExponentialSmoothingDynamic":
        return made(strategy.data, alpha=strategy.data.close / 1e4, **given)
    if name == "Oscillator":
        return made(strategy.data.close, strategy.data.open)
    datas = [strategy.data, strategy.data.open] if made._mindatas == 2 else [strategy.data]
    return made(*datas, **given)


def seconds(name: str, frame: Any, times: int = 1) -> float:
    """Give the processor time of computing one indicator over *frame*, the best of several *times*."""
    spent: list[float] = []

    class Only(bt.Strategy):
        def __init__(self) -> None:
            made = build(self, name)
            fill = made._fill_

            def measured() -> None:
                for _ in range(times):
                    begin = time.process_time()
                    fill()
                    spent.append(time.process_time() - begin)

            made._fill_ = measured

    cerebro = bt.Cerebro(stdstats=False, zero_division="nan")
    cerebro.adddata(bt.feeds.PandasData(dataname=frame))
    cerebro.addstrategy(Only)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cerebro.run()
    return min(spent)


def per_bar(name: str, frame: Any) -> float:
    """Give nanoseconds per bar: the best of seven, or of one where that takes long."""
    count = FEW.get(name, len(frame))
    sample = min(1_000, count)
    quick = seconds(name, frame.iloc[:sample], times=2) < 2e-6 * sample  # the first one compiles
    return seconds(name, frame.iloc[:count], times=7 if quick else 1) / count * 1e9


def talib_per_bar(name: str, arrays: Arrays) -> float | None:
    """Give what TA-Lib's function takes, in nanoseconds per bar; None where it has none."""
    if name not in TALIB:
        return None
    try:
        import talib
    except ImportError:
        return None
    best = float("inf")
    for _ in range(7):
        begin = time.process_time()
        TALIB[name](talib, arrays)
        best = min(best, time.process_time() - begin)
    return best / len(arrays["close"]) * 1e9


def rows(chosen: list[str], count: int) -> list[tuple[str, float, float | None]]:
    """Measure; give name, nanoseconds per bar, and TA-Lib's, the slowest first."""
    jit.policy.mode = "on"
    frame = data.bars(count)
    arrays = {column: frame[column].to_numpy().copy() for column in ("open", "high", "low", "close", "volume")}
    found = []
    for name in chosen:
        print(f"{name} …", file=sys.stderr, flush=True)
        found.append((name, per_bar(name, frame), talib_per_bar(name, arrays)))
    return sorted(found, key=lambda row: -row[1])


def figure(value: float) -> str:
    """Give a number as the table shows it."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def table(found: list[tuple[str, float, float | None]], markdown: bool) -> str:
    """Give the figures as text."""
    if markdown:
        lines = ["| indicator | ns per bar | TA-Lib |", "|---|---:|---:|"]
        lines += [
            f"| {name} | {figure(ours)} | {'' if theirs is None else figure(theirs)} |" for name, ours, theirs in found
        ]
        return "\n".join(lines)
    width = max(len(name) for name, _, _ in found)
    return "\n".join(
        f"{name:{width}}  {ours:12,.1f}  {'' if theirs is None else f'{theirs:10,.1f}'}" for name, ours, theirs in found
    )


def main() -> int:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("name", nargs="*", help="classes to measure; all when left out")
    parser.add_argument("--bars", type=int, default=1_000_000)
    parser.add_argument("--markdown", action="store_true")
    given = parser.parse_args()
    # an alias is a class of its own; what it stands for is measured
    chosen = [vars(getattr(indicators, name)).get("aliased") or name for name in given.name] or names()
    print(table(rows(chosen, given.bars), given.markdown))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
