"""Run one indicator in backtrader and in backtrail on the same bars, and keep all that can be compared."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from types import ModuleType
from typing import Any

import backtrader
import numpy as np

import backtrail
from backtrail.errors import BacktrailWarning

#: Builds an indicator from the library's ``indicators`` and the strategy.
Build = Callable[[Any, Any], Any]


@dataclass
class Result:
    """What a run shows of an indicator: values, warm-up, the bar of the strategy's first next, or the error."""

    lines: list[Any] = field(default_factory=list)
    names: tuple[str, ...] = ()
    minperiod: int = 0
    first_next: int = 0
    error: type[BaseException] | None = None


Bars = dict[str, Any]


def make_bars(kind: str, count: int, seed: int) -> Bars:
    """Give *count* daily bars: a ``walk``, the same in ``ticks``, with a ``flat`` stretch, or with ``gaps``."""
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.02, count)))
    if kind == "gaps":
        close *= np.repeat(np.exp(rng.normal(0.0, 0.3, count // 20 + 1)), 20)[:count]
    opening = np.concatenate([[100.0], close[:-1]]) * (1.0 + rng.normal(0.0, 0.005, count))
    high = np.maximum(opening, close) * (1.0 + abs(rng.normal(0.0, 0.01, count)))
    low = np.minimum(opening, close) * (1.0 - abs(rng.normal(0.0, 0.01, count)))
    columns = {"open": opening, "high": high, "low": low, "close": close}
    if kind == "ticks":
        columns = {name: np.round(values * 2.0) / 2.0 for name, values in columns.items()}
    if kind == "flat":
        for values in columns.values():
            values[count // 3 : count // 3 + 40] = close[count // 3]
    columns["volume"] = rng.integers(0, 1000, count).astype(float)
    columns["datetime"] = 730_000.0 + np.arange(count)
    return columns


def feed(library: ModuleType, bars: Bars, **given: Any) -> Any:
    """Give a feed of *library* that delivers *bars*; *given* are its parameters."""

    class Listed(library.DataBase):  # type: ignore[misc,name-defined]
        at = -1

        def start(self) -> None:
            super().start()
            self.at = -1

        def _load(self) -> bool:
            self.at += 1
            if self.at >= len(bars["close"]):
                return False
            for name, values in bars.items():
                getattr(self.lines, name)[0] = float(values[self.at])
            return True

    return Listed(**given)


def run(library: ModuleType, build: Build, bars: Bars, runonce: bool) -> Result:
    """Run *build*'s indicator in *library*."""
    result = Result()

    class Watch(library.Strategy):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            self.made = build(library.indicators, self)

        def nextstart(self) -> None:
            result.first_next = len(self)

        def stop(self) -> None:
            made = self.made
            named = hasattr(getattr(made, "lines", None), "getlinealiases")
            lines = list(made.lines) if named else [made]
            result.lines = [np.array(line.array, dtype=float)[: len(bars["close"])] for line in lines]
            result.names = tuple(made.lines.getlinealiases()) if named else ()
            result.minperiod = made._minperiod

    cerebro = library.Cerebro(runonce=runonce, stdstats=False)
    cerebro.adddata(feed(library, bars))
    cerebro.addstrategy(Watch)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BacktrailWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            cerebro.run()
        except (ArithmeticError, ValueError, TypeError, AttributeError, LookupError) as error:
            result.error = type(error)
    return result


def differences(build: Build, bars: Bars, runonce: bool, ignore: tuple[str, ...] = ()) -> list[str]:
    """Give what differs between backtrader and backtrail: nothing, when all is well."""
    theirs = run(backtrader, build, bars, runonce)
    ours = run(backtrail, build, bars, runonce)
    if theirs.error or ours.error:
        same = theirs.error is not None and ours.error is not None and issubclass(ours.error, theirs.error)
        return [] if same else [f"error {theirs.error} != {ours.error}"]
    found = [
        f"{what} {a} != {b}"
        for what, a, b in (
            ("names", theirs.names, ours.names),
            ("minperiod", theirs.minperiod, ours.minperiod),
            ("first next", theirs.first_next, ours.first_next),
        )
        if a != b
    ]
    for at, (a, b) in enumerate(zip(theirs.lines, ours.lines, strict=True)):
        name = ours.names[at] if at < len(ours.names) else str(at)
        a = np.concatenate([a, np.full(len(b) - len(a), np.nan)]) if len(a) < len(b) else a
        wrong = np.flatnonzero(~((a == b) | (np.isnan(a) & np.isnan(b))))
        if len(wrong) and name not in ignore:
            k = int(wrong[0])
            found.append(f"line {name} differs on {len(wrong)} bars, first [{k}]: {a[k]!r} != {b[k]!r}")
    return found


AVERAGES = ("SMA", "EMA", "WMA", "SMMA", "HMA", "DEMA", "TEMA", "ZLEMA", "KAMA")


def random_parameters(library_class: Any, seed: int) -> dict[str, Any]:
    """Draw small parameters for a class of backtrader from the kinds of its defaults."""
    rng = Random(f"{library_class.__name__} {seed}")
    drawn: dict[str, Any] = {}
    for name, default in library_class.params._getpairs().items():
        if name in ("_autoplot", "safepow", "safediv", "autoheikin", "open", "close"):
            drawn[name] = rng.random() < 0.5
        elif name in ("movav", "_movav", "_hma", "_rmovav", "_smovav"):
            drawn[name] = rng.choice(AVERAGES)
        elif isinstance(default, bool) or default is None or callable(default):
            continue
        elif isinstance(default, int):
            drawn[name] = rng.randint(2, 12) if default > 1 else rng.randint(1, 6)
        elif isinstance(default, float):
            drawn[name] = default * rng.choice([0.5, 1.0, 1.3])
    return drawn
