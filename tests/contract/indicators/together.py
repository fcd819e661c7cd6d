"""Run many indicators at once in backtrader and in backtrail on the same bars, and tell which of them differ."""

from __future__ import annotations

import warnings
from functools import partial
from types import ModuleType
from typing import Any

import backtrader
import numpy as np

import backtrail
from backtrail.errors import BacktrailWarning, ParameterValueError

from .runs import Bars, Build, Result, feed, random_parameters

#: Classes that compute nothing by themselves: bases and mix-ins.
BASES = {
    "Indicator", "PeriodN", "OperationN", "BaseApplyN", "MovingAverageBase", "OscillatorMixIn",
}  # fmt: skip

#: Classes whose results backtrader computes with other libraries: compared with a tolerance elsewhere.
FITTED = {"CointN", "OLS_BetaN", "OLS_Slope_InterceptN", "OLS_TransformationN"}

#: Every class of backtrader's indicators that has values, by its own name (not its aliases).
CLASSES = sorted(
    name
    for name, made in vars(backtrader.indicators).items()
    if isinstance(made, type)
    and issubclass(made, backtrader.Indicator)
    and made.__name__ == name
    and not vars(made).get("aliased")
    and made.__module__.startswith("backtrader.indicators")
    and name not in BASES | FITTED
)

#: One Heikin-Ashi indicator makes backtrader run everything bar by bar, so these are run by themselves.
APART = frozenset({"HeikinAshi", "haDelta"})

#: Parameters without which a class has no values.
NEEDED: dict[str, dict[str, Any]] = {
    "ApplyN": {"period": 4, "func": lambda w: sorted(w)[1]},
    "FindFirstIndex": {"period": 4, "_evalfunc": max},
    "FindLastIndex": {"period": 4, "_evalfunc": lambda w: sorted(w)[1]},
    "DV2": {"period": 60},
    "WeightedAverage": {"period": 4, "weights": (0.4, 0.3, 0.2, 0.1)},
    "ReduceN": {"period": 4},
}


def _sum_of_products(a: float, b: float) -> float:
    return a * 0.5 + b


def build(name: str, seed: int) -> Build:
    """Build the class called *name*: with its defaults for *seed* 0, else with parameters drawn."""
    theirs = getattr(backtrader.indicators, name)
    drawn: dict[str, Any] = {} if seed == 0 else random_parameters(theirs, seed)
    if name == "HurstExponent":
        drawn = {"period": 20 + seed}
    if name == "ParabolicSAR" and drawn.get("period", 2) < 2:
        drawn["period"] = 2
    drawn = {**drawn, **NEEDED.get(name, {})}

    def make(library: Any, strategy: Any) -> Any:
        given = {k: getattr(library, v) if isinstance(v, str) else v for k, v in drawn.items()}
        data = strategy.data
        if name == "ExponentialSmoothingDynamic":
            factor = library.SMA(data, period=13) / 1000.0
            return library.ExponentialSmoothingDynamic(data, period=given.get("period", 5), alpha=factor)
        if name == "ReduceN":
            return library.ReduceN(data, _sum_of_products, period=given["period"])
        if name == "Oscillator":
            return library.Oscillator(library.SMA(data, period=4 + seed))
        datas = [data] if theirs._mindatas == 1 else [data.close, library.SMA(data, period=4)]
        return getattr(library, name)(*datas, **given)

    return make


def run_together(library: ModuleType, builds: dict[str, Build], bars: Bars, runonce: bool) -> dict[str, Result]:
    """Give the result of each indicator; where one of them ends the run, the others run again without it."""
    results = {name: Result() for name in builds}

    class Watch(library.Strategy):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            self.made = {name: make(library.indicators, self) for name, make in builds.items()}

        def stop(self) -> None:
            for name, made in self.made.items():
                size = len(bars["close"])
                results[name].lines = [np.array(line.array, dtype=float)[:size] for line in made.lines]
                results[name].names = tuple(made.lines.getlinealiases())
                results[name].minperiod = made._minperiod

    cerebro = library.Cerebro(runonce=runonce, stdstats=False)
    cerebro.adddata(feed(library, bars))
    cerebro.addstrategy(Watch)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BacktrailWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            cerebro.run()
        except (ArithmeticError, ValueError, TypeError, AttributeError, LookupError, StopIteration) as error:
            if len(builds) == 1:
                return {name: Result(error=type(error)) for name in builds}
            names = list(builds)
            half = len(names) // 2
            again = partial(run_together, library, bars=bars, runonce=runonce)
            return {
                **again({n: builds[n] for n in names[:half]}),
                **again({n: builds[n] for n in names[half:]}),
            }
    return results


def difference(name: str, theirs: Result, ours: Result, runonce: bool) -> str:
    """Say what differs between two results: nothing, when all is well."""
    if theirs.error or ours.error:
        both = theirs.error is not None and ours.error is not None
        # a parameter that cannot work is refused by name, before anything is computed with it
        same = both and issubclass(ours.error, (theirs.error, ParameterValueError))
        # vectorised, backtrader ends the run where an indicator needs more bars than there are
        short = (
            runonce
            and theirs.error is IndexError
            and len(ours.lines) > 0
            and len(ours.lines[0]) < ours.minperiod
        )
        return "" if same or short else f"error {theirs.error} != {ours.error}"
    if (theirs.names, theirs.minperiod) != (ours.names, ours.minperiod):
        return f"{theirs.names, theirs.minperiod} != {ours.names, ours.minperiod}"
    for line, a, b in zip(theirs.names, theirs.lines, ours.lines, strict=True):
        if line == "chikou_span" and runonce:
            continue  # backtrader writes the value of the first bar to look ahead to the end of the line
        a = np.concatenate([a, np.full(len(b) - len(a), np.nan)]) if len(a) < len(b) else a
        wrong = np.flatnonzero(~((a == b) | (np.isnan(a) & np.isnan(b))))
        if len(wrong):
            k = int(wrong[0])
            return f"line {line} differs on {len(wrong)} bars, first [{k}]: {a[k]!r} != {b[k]!r}"
    return ""


def compare(
    names: list[str], bars: Bars, runonce: bool, seed: int = 0, alone: frozenset[str] = frozenset()
) -> dict[str, str]:
    """Give what differs between the libraries, by class.

    Those in *alone* run one by one: if they are known to end the run, there is no need to look for them.
    """
    found: dict[str, str] = {}
    alone = alone | APART
    joint = [n for n in names if n not in alone]
    for group in [joint, *([n] for n in names if n in alone)]:
        builds = {name: build(name, seed) for name in group}
        theirs = run_together(backtrader, builds, bars, runonce)
        ours = run_together(backtrail, builds, bars, runonce)
        for name in group:
            what = difference(name, theirs[name], ours[name], runonce)
            if what:
                found[name] = what
    return found
