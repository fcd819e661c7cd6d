"""Highest and lowest of the last *period* values, where they stand, and how many lie below the last one.

Every function fills ``out[start:stop]`` and reads ``src[start - period + 1 : stop]``. Ties and NaN follow Python's
``max`` and ``min``, which keep the first of several equal values and compare from the oldest to the newest: -0.0 and
0.0 are equal, and a comparison with NaN is false. Blocks of ordinary numbers take vectorised paths with the same
result. For a single index ``out`` and ``src`` may be memoryviews.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

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
    if stop - start == 1:
        out[start] = plain(src[start - period + 1 : stop].tolist())
        return
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


def highest_ago(start: int, stop: int, out: Array, src: Array, period: int, oldest: bool) -> None:
    """Fill ``out[start:stop]`` with how many bars ago the highest of the last *period* values was.

    Of several equal ones the *oldest* counts, or else the newest. A window with NaN gives NaN.
    """
    _distances(start, stop, out, src, period, np.greater, oldest)


def lowest_ago(start: int, stop: int, out: Array, src: Array, period: int, oldest: bool) -> None:
    """Fill ``out[start:stop]`` with how many bars ago the lowest of the last *period* values was."""
    _distances(start, stop, out, src, period, np.less, oldest)


def _distances(
    start: int, stop: int, out: Array, src: Array, period: int, beats: np.ufunc, oldest: bool
) -> None:
    """Fill ``out[start:stop]`` with distances to extremes, by windows of width 1, 2, 4, …, block by block."""
    if stop - start == 1:
        out[start] = _distance(
            src[start - period + 1 : stop].tolist(), max if beats is np.greater else min, oldest
        )
        return
    step = max(_BLOCK, 2 * period)
    for begin in range(start, stop, step):
        end = min(begin + step, stop)
        first = begin - period + 1
        best = src[first:end]
        at = np.arange(first, end)
        holes = np.isnan(best)
        width = 1
        while width < period:
            shift = min(width, period - width)
            older, newer = best[:-shift], best[shift:]
            keep = ~beats(newer, older) if oldest else beats(older, newer)
            best = np.where(keep, older, newer)
            at = np.where(keep, at[:-shift], at[shift:])
            width += shift
        np.subtract(np.arange(begin, end), at, out=out[begin:end], casting="unsafe")
        if holes.any():
            hit = np.empty(end - begin)
            _doubling(holes.astype(np.float64), period, hit, np.maximum)
            out[begin:end][hit > 0.0] = np.nan


def _distance(values: list[float], plain: Callable[[Sequence[float]], float], oldest: bool) -> float:
    """Give how many places before the last one the extreme of *values* stands; NaN where one of them is NaN."""
    if any(x != x for x in values):
        return math.nan
    if not oldest:
        values.reverse()
        return values.index(plain(values))
    return len(values) - 1 - values.index(plain(values))


def any_true(start: int, stop: int, out: Array, src: Array, period: int) -> None:
    """Fill ``out[start:stop]`` with 1.0 where any of the last *period* values is not zero, else 0.0."""
    _flags(start, stop, out, src, period, np.maximum)


def all_true(start: int, stop: int, out: Array, src: Array, period: int) -> None:
    """Fill ``out[start:stop]`` with 1.0 where none of the last *period* values is zero, else 0.0."""
    _flags(start, stop, out, src, period, np.minimum)


def _flags(start: int, stop: int, out: Array, src: Array, period: int, ufunc: np.ufunc) -> None:
    """Fill ``out[start:stop]`` with the extremes of flags that tell which values are not zero."""
    if stop - start == 1:
        plain = any if ufunc is np.maximum else all
        out[start] = plain(src[start - period + 1 : stop].tolist())
        return
    step = max(_BLOCK, 2 * period)
    for begin in range(start, stop, step):
        end = min(begin + step, stop)
        flags = (src[begin - period + 1 : end] != 0.0).astype(np.float64)
        _doubling(flags, period, out[begin:end], ufunc)


def percent_rank(start: int, stop: int, out: Array, src: Array, period: int) -> None:
    """Fill ``out[start:stop]`` with the share of the last *period* values that lie below the last one."""
    if stop - start == 1:
        numbers = src[start - period + 1 : stop].tolist()
        last = numbers[-1]
        out[start] = len([x for x in numbers if x < last]) / period
        return
    for begin in range(start, stop, _BLOCK):
        end = min(begin + _BLOCK, stop)
        size = end - begin
        values = src[begin - period + 1 : end]
        current = values[period - 1 :]
        below = np.zeros(size, dtype=np.int32)
        for ago in range(period - 1):
            below += values[ago : ago + size] < current
        np.divide(below, period, out=out[begin:end])
