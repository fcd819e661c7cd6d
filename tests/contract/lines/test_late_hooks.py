"""Indicators go by hooks that their class or an object was given after the class was made, as in backtrader."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import backtrader
import numpy as np
import pandas as pd
import pytest

import backtrail

MODES: list[dict[str, Any]] = [{}, {"runonce": False}, {"preload": False}]


def frame() -> pd.DataFrame:
    close = 100.0 + np.cumsum(np.random.default_rng(4).normal(0, 1, 30))
    index = pd.date_range("2024-01-01", periods=30, freq="D")
    return pd.DataFrame(dict.fromkeys(("open", "high", "low", "close"), close), index=index)


def fill(line: Any, value: float) -> Callable[[int, int], None]:
    def once(start: int, end: int) -> None:
        for at in range(start, end):
            line.array[at] = value

    return once


def next_of_class(bt: Any, made: Any) -> None:
    made.next = lambda self: self.lines.x.__setitem__(0, self.data[0] * 3)


def next_of_object(bt: Any, one: Any) -> None:
    one.next = lambda: one.lines.x.__setitem__(0, one.data[0] * 2)


def once_of_class(bt: Any, made: Any) -> None:
    made.once = lambda self, start, end: fill(self.lines.x, 7.0)(start, end)


def once_of_object(bt: Any, one: Any) -> None:
    one.once = fill(one.lines.x, 6.0)


def prenext_of_object(bt: Any, one: Any) -> None:
    one.prenext = lambda: one.lines.x.__setitem__(0, -1.0)


CHANGES = [
    (next_of_class, None), (None, next_of_object), (once_of_class, None), (None, once_of_object),
    (None, prenext_of_object), (once_of_class, next_of_object),
]  # fmt: skip


@pytest.mark.parametrize("settings", MODES, ids=["vectorised", "stepped", "delivered"])
@pytest.mark.parametrize("kind", ["with next", "with once", "with nothing"])
@pytest.mark.parametrize("change", CHANGES, ids=lambda pair: " ".join(f.__name__ for f in pair if f is not None))
def test_an_indicator_goes_by_the_hooks_it_has_when_the_run_begins(
    change: tuple[Any, Any], kind: str, settings: dict[str, Any]
) -> None:
    seen = []
    for bt in (backtrail, backtrader):
        body: dict[str, Any] = {"lines": ("x",), "__module__": __name__}
        if kind == "with next":
            body["next"] = lambda self: self.lines.x.__setitem__(0, self.data[0])
        elif kind == "with once":
            body["once"] = lambda self, start, end: fill(self.lines.x, 1.5)(start, end)
        body["__init__"] = lambda self: self.addminperiod(3)
        made: Any = type(bt.Indicator)("Own", (bt.Indicator,), body)
        of_class, of_object = change
        if of_class is not None:
            of_class(bt, made)

        class Reading(bt.Strategy):  # type: ignore[misc, name-defined]
            def __init__(self) -> None:
                self.own = made(self.data)  # noqa: B023
                self.over = bt.ind.Highest(self.own, period=2)  # noqa: B023
                self.rows: list[Any] = []
                if of_object is not None:  # noqa: B023
                    of_object(bt, self.own)  # noqa: B023

            def next(self) -> None:
                self.rows.append((float(self.own[0]), float(self.over[0]), float(self.own[-1])))

        cerebro = bt.Cerebro(stdstats=False, **settings)
        cerebro.adddata(bt.feeds.PandasData(dataname=frame()))
        cerebro.addstrategy(Reading)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            seen.append(repr(cerebro.run()[0].rows))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("settings", MODES, ids=["vectorised", "stepped", "delivered"])
@pytest.mark.parametrize("name", ["next", "once"])
def test_an_indicator_of_the_library_goes_by_a_hook_of_its_own(name: str, settings: dict[str, Any]) -> None:
    seen = []
    for bt in (backtrail, backtrader):

        class Reading(bt.Strategy):  # type: ignore[misc, name-defined]
            def __init__(self) -> None:
                self.average = average = bt.ind.SMA(period=4)  # noqa: B023
                self.rows: list[float] = []
                if name == "next":
                    average.next = lambda: average.lines.sma.__setitem__(0, 5.0)
                else:
                    average.once = fill(average.lines.sma, 6.0)

            def next(self) -> None:
                self.rows.append(float(self.average[0]))

        cerebro = bt.Cerebro(stdstats=False, **settings)
        cerebro.adddata(bt.feeds.PandasData(dataname=frame()))
        cerebro.addstrategy(Reading)
        seen.append(repr(cerebro.run()[0].rows))
    assert seen[0] == seen[1]
