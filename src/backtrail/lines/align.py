"""Values of a line as another clock sees them.

Two feeds with different times have different clocks. A bar of one clock sees the last bar of the other that was
delivered by then.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .buffer import Floats, Line
from .clock import Clock


def seen_index(source: Clock, clock: Clock, start: int, stop: int) -> NDArray[np.int64]:
    """Give, for the bars [start, stop) of *clock*, the index of *source*'s bar current at that time (-1: none yet).

    Both clocks belong to one preloaded run (their ``bars_at`` is known).
    """
    bars = np.arange(start, stop, dtype=np.int64)
    cycles = bars if clock.bars_at is None else np.searchsorted(clock.bars_at, bars, side="left")
    if source.bars_at is None:
        return np.minimum(cycles, source.size - 1)
    seen: NDArray[np.int64] = source.bars_at[cycles]
    return seen


def seen_values(line: Line, clock: Clock, start: int, stop: int) -> Floats:
    """Give the values of *line* on the bars [start, stop) of *clock*; NaN where it has none yet."""
    source = line._c_
    if source is clock:
        return line.array[start:stop]
    if not clock.aligned and source.size >= stop:
        return line.array[start:stop]
    index = seen_index(source, clock, start, stop)
    values = np.where(index >= 0, line.array[np.maximum(index, 0)], np.nan)
    return values
