"""Highest and lowest of the last *period* values, where they stand, and how many values lie below the last one.

Every function fills ``out[start:stop]`` and reads ``src[start - period + 1 : stop]``. Ties and NaN follow Python's ``max`` and
``min``, which keep the first of several equal values and compare from the oldest to the newest: -0.0 and 0.0 are equal,
and a comparison with NaN is false. Blocks of ordinary numbers take vectorised paths with the same result.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Windows done at once, so that temporaries stay in the processor's cache.
_BLOCK = 8192

#: Fewer windows than this are looked at one by one.
_FEW = 32

_MINUS_ZERO = np.float64(-0.0).view(np.int64)


def highest(start: int, stop: int, out: Array, src: Array, period: int) -> None:
    """Fill ``out[start:stop]`` with the highest of the last *period* values."""
    _extremes(start, stop, out, src, period, np.maximum, max)


def lowest(start: int, stop: int, out: Array, src: Array, period: int) -> None:
    """Fill ``out[start:stop]`` with the lowest of the last *period* values."""
    _extremes(start, stop, out, src, period, np.minimum, min)


def _extremes(
    start: int,
    stop: int,
    out: Array,
    src: Array,
    period: int,
    ufunc: np.ufunc,
    plain: Callable[[Sequence[float]], float],
) -> None:
    """Fill ``out[start:stop]`` with extremes, block by block."""
    step = max(_BLOCK, 2 * period)
    for begin in range(start, stop, step):
        end = min(begin + step, stop)
        values = src[begin - period + 1 : end]
        if end - begin < _FEW or not _ordinary(values):
            numbers = values.tolist()
            for i in range(end - begin):
                out[begin + i] = plain(numbers[i : i + period])
        else:
            _doubling(values, period, out[begin:end], ufunc)


def _ordinary(values: Array) -> bool:
    """Tell whether the order of comparisons cannot matter: no NaN, no two zeros that differ in sign."""
    least = float(values.min())
    if least > 0.0:
        return True
    if least != least:
        return False
    return not bool((values.view(np.int64) == _MINUS_ZERO).any())


def _doubling(values: Array, period: int, out: Array, ufunc: np.ufunc) -> None:
    """Fill *out* with the extremes of all windows: widths 1, 2, 4, … and two overlapping windows at the end."""
    width = 1
    current = values
    while width * 2 <= period:
        current = ufunc(current[:-width], current[width:])
        width *= 2
    rest = period - width
    windows = len(out)
    ufunc(current[:windows], current[rest : rest + windows], out=out)
