"""A stage for lines without an engine: datas with given values, and an owner for what a test builds on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from backtrail.base.owner import inside
from backtrail.lines.buffer import Line, ReadPolicy
from backtrail.lines.clock import Clock
from backtrail.lines.iterator import IndicatorBase, StrategyBase
from backtrail.lines.series import LineSeries


class Bars(LineSeries):
    """A data with a few lines."""

    lines = ("close", "high", "low", "datetime")


class Host(StrategyBase):
    """The owner of what a test builds."""

    lines = ("datetime",)


class Plain(IndicatorBase):
    """An indicator that does nothing by itself."""

    lines = ("value",)


def bars(close: Sequence[float], clock: Clock | None = None, **more: Sequence[float]) -> Bars:
    """Give a data with the line *close* and others; those not given equal it."""
    made = Bars()
    shared = Clock() if clock is None else clock
    shared.size = shared.size or len(close)
    for name in Bars.lines._getlines():
        line: Line = getattr(made.lines, name)
        line._store(np.array(more.get(name, close), dtype=np.float64))
        line._set_clock(shared)
    made._name = "bars"
    return made


@contextmanager
def declaring(*datas: Bars) -> Iterator[Host]:
    """Own what is built within the block."""
    host = Host(*datas)
    with inside(host):
        yield host


def fill(host: Host) -> None:
    """Compute everything below *host* over all bars."""
    for child in host._children_:
        child._fill_()


def steps(host: Host) -> Iterator[int]:
    """Compute everything below *host* bar by bar; give the number of each bar (from 0) when it is done."""
    clock = host.data._c_
    count = clock.size
    for at in range(count):
        clock.i = at
        for child in host._children_:
            child._step_()
        yield at


def step(host: Host) -> None:
    """Compute everything below *host* bar by bar."""
    for _ in steps(host):
        pass


def values(line: Any) -> list[float]:
    """Give the values of a line over all bars."""
    one = line if isinstance(line, Line) else line.lines[0]
    return [float(x) for x in one.array[: one._c_.size]]


def watched(data: Bars, policy: str) -> ReadPolicy:
    """Let reads of *data* follow *policy*."""
    made = ReadPolicy(policy)
    for line in data.lines:
        line._policy = made
    return made


def live(*things: Any) -> None:
    """Let operators on *things* give values."""
    for thing in things:
        thing._go_live_(True) if isinstance(thing, LineSeries) else setattr(thing, "_live_", True)


NAN = float("nan")


def same(found: Sequence[float], expected: Sequence[float]) -> bool:
    """Tell whether two lists hold the same values; NaN equals NaN."""
    return len(found) == len(expected) and all(
        a == b or (a != a and b != b) for a, b in zip(found, expected, strict=True)
    )
