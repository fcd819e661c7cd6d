"""Compute an indicator of backtrail over arrays of bars, whole, in pieces or bar by bar."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

import backtrail as bt
from backtrail.errors import BacktrailWarning
from backtrail.lines.iterator import LineIterator

from .runs import Bars, Build, feed


def in_pieces(made: Any, cuts: Sequence[int]) -> None:
    """Let *made* and everything below it compute its bars in pieces that end at *cuts*."""
    for child in getattr(made, "_children_", ()):
        in_pieces(child, cuts)
    if isinstance(made, LineIterator) and made._by_ != "compute":
        return
    whole = made.compute

    def compute(start: int, stop: int) -> None:
        edges = sorted({start, stop, *(c for c in cuts if start < c < stop)})
        for begin, end in pairwise(edges):
            whole(begin, end)

    made.compute = compute


def values(
    build: Build,
    bars: Bars,
    *,
    runonce: bool = True,
    cuts: Sequence[int] = (),
    named: str = "",
    zero_division: str = "error",
    **feed_args: Any,
) -> dict[str, Any]:
    """Give every line of the indicator that *build* makes, by name, from a run over *bars*."""
    found: dict[str, Any] = {}

    class Watch(bt.Strategy):
        def __init__(self) -> None:
            self.made = build(bt.indicators, self)
            if cuts:
                in_pieces(self.made, cuts)

        def stop(self) -> None:
            size = len(bars["close"])
            for name in self.made.lines.getlinealiases():
                found[name] = np.array(getattr(self.made.lines, name).array, dtype=float)[:size]

    cerebro = bt.Cerebro(runonce=runonce, stdstats=False, zero_division=zero_division)
    cerebro.adddata(feed(bt, bars, **feed_args), name=named or None)
    cerebro.addstrategy(Watch)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BacktrailWarning)
        cerebro.run()
    return found
