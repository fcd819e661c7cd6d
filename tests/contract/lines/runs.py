"""Run a strategy with given indicators in either library, and keep what can be compared."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import backtrader
import numpy as np
import pandas as pd

import backtrail

MODES = {
    "vectorised": {},
    "bar by bar": {"runonce": False},
    "delivered": {"preload": False},
}

#: Builds what is watched: gets the library, the strategy and a list for notes; gives lines or groups by name.
Build = Callable[[Any, Any, list[Any]], dict[str, Any]]


def frame(count: int = 40, seed: int = 0, freq: str = "D", start: str = "2020-01-01") -> pd.DataFrame:
    """Give bars of a random walk with flat stretches and repeated prices."""
    rng = np.random.default_rng(seed)
    close = 10.0 + np.round(np.cumsum(rng.normal(0.0, 0.3, count) * (rng.random(count) < 0.8)), 1)
    spread = np.round(rng.random(count), 1)
    opening = np.concatenate([[10.0], close[:-1]])
    return pd.DataFrame(
        {
            "open": opening, "high": np.maximum(opening, close) + spread, "low": np.minimum(opening, close) - spread,
            "close": close, "volume": rng.integers(0, 100, count).astype(float),
        },
        index=pd.date_range(start, periods=count, freq=freq),
    )  # fmt: skip


def record(
    library: Any, build: Build, mode: str, frames: list[pd.DataFrame], resample: bool = False
) -> list[Any]:
    """Run and give everything that was noted, in order; an exception ends the list with its kind."""
    notes: list[Any] = []

    class Watching(library.Strategy):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            self.watched = build(library, self, notes)

        def note(self, hook: str) -> None:
            now = [hook, len(self), [len(d) for d in self.datas]]
            for name, thing in self.watched.items():
                lines = thing.lines if isinstance(thing, library.LineSeries) else [thing]
                now.append((name, len(thing), [plain(one[0]) for one in lines] if len(thing) else None))
            notes.append(now)

        def prenext(self) -> None:
            notes.append(["prenext", len(self), [len(d) for d in self.datas]])

        def nextstart(self) -> None:
            self.note("nextstart")

        def next(self) -> None:
            self.note("next")

        def stop(self) -> None:
            notes.append({name: thing._minperiod for name, thing in self.watched.items()})

    cerebro = library.Cerebro(stdstats=False, **MODES[mode])
    for one in frames:
        cerebro.adddata(library.feeds.PandasData(dataname=one))
    if resample:
        cerebro.resampledata(cerebro.datas[0], timeframe=library.TimeFrame.Weeks)
    cerebro.addstrategy(Watching)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            cerebro.run()
        except (ArithmeticError, TypeError, IndexError) as error:
            kinds = (ZeroDivisionError, OverflowError, TypeError, IndexError)
            return [next(kind.__name__ for kind in kinds if isinstance(error, kind))]
    return notes


def plain(value: float) -> float | str:
    return "nan" if value != value else float(value)


def differences(build: Build, mode: str, frames: list[pd.DataFrame], resample: bool = False) -> list[str]:
    """Give the first difference between the two libraries, as a list of at most one line."""
    expected = record(backtrader, build, mode, frames, resample)
    found = record(backtrail, build, mode, frames, resample)
    for number, (one, other) in enumerate(zip(expected, found, strict=False)):
        if one != other:
            return [f"note {number}: expected {one}, found {other}"]
    if len(expected) != len(found):
        return [f"expected {len(expected)} notes, found {len(found)}: {expected[-1:]} {found[-1:]}"]
    return []
