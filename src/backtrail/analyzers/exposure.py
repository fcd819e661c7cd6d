"""How much of the time the account is in the market."""

from __future__ import annotations

from operator import itemgetter
from typing import Any, ClassVar

import numpy as np

from .base import Analyzer


class Exposure(Analyzer):
    """Report the share of bars at whose end a position was held.

    A bar is a step of the strategy. Results, all fractions of ``bars``: ``exposure`` (a position in any data),
    ``long`` and ``short`` (a position of that direction in any data; both can count in one bar), ``longest`` (number of
    bars of the longest stretch with a position), ``bars`` and ``definition``. Without a bar the fractions are None.
    """

    definition: ClassVar[str] = "bars at whose end a position is held / bars"

    def start(self) -> None:
        """Begin without a bar."""
        super().start()
        self._bars = self._invested = self._long = self._short = self._stretch = self._longest = 0
        self._sizes: dict[Any, float] = {}
        self._read = 0

    def next(self) -> None:
        """Look at the positions."""
        positions = self.strategy.broker.positions.values()
        self._count_(any(p.size > 0 for p in positions), any(p.size < 0 for p in positions), 1)

    def _count_(self, held_long: bool, held_short: bool, bars: int) -> None:
        """Count *bars* in a row."""
        if bars <= 0:
            return
        held = held_long or held_short
        self._bars += bars
        self._long += bars * held_long
        self._short += bars * held_short
        self._invested += bars * held
        self._stretch = self._stretch + bars if held else 0
        self._longest = max(self._longest, self._stretch)

    def advance(self, start: int, stop: int) -> None:
        """Do the same for many bars, from the broker's journal of moves."""
        moves = self.strategy.broker.journal.moves
        at = start
        sizes = self._sizes
        while self._read < len(moves) and moves[self._read][0] < stop:
            cycle, data, size = itemgetter(0, 1, 2)(moves[self._read])
            self._read += 1
            if data is None:
                continue
            cycle = max(cycle, start)
            self._count_until(at, cycle)
            at = max(at, cycle)
            sizes[data] = size
        self._count_until(at, stop)

    def _count_until(self, at: int, cycle: int) -> None:
        sizes = self._sizes.values()
        self._count_(any(size > 0 for size in sizes), any(size < 0 for size in sizes), cycle - at)

    def stop(self) -> None:
        """Report."""
        bars = self._bars
        self._sizes.clear()  # let go of the datas
        shares = np.array([self._invested, self._long, self._short], dtype=np.float64)
        exposure, held_long, held_short = (shares / bars).tolist() if bars else (None, None, None)
        self.rets.update(
            exposure=exposure,
            long=held_long,
            short=held_short,
            longest=self._longest,
            bars=bars,
            definition=self.definition,
        )


__all__ = ["Exposure"]
