"""Sums, means and weighted means of the last *period* values.

Every function fills ``out[start:stop]``; ``out[i]`` depends on ``src[i - period + 1 : i + 1]`` only, so callers see to
it that ``start >= period - 1``.

Sums are *correctly rounded*: the double nearest to the exact sum, as ``math.fsum`` gives it. They are computed in fixed
point: where all values of a block are multiples of one power of two and small enough, they are integers, and a window
sum is a difference of two cumulative sums in 64-bit integers (which may wrap around). The conversion back to a double
rounds once, to nearest. Values that need more than one integer are cut in two limbs. What fits in neither (NaN,
infinities, a very wide range of magnitudes) goes to ``math.fsum``. For a single index ``out`` and ``src`` may be
memoryviews.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Windows done at once: temporaries stay in the processor's cache and memory use does not grow with the series.
_BLOCK = 8192

#: Fewer windows than this are summed one by one.
_FEW = 48

#: Largest window that the fixed point sums take.
_LONGEST = 1 << 20


def sum(start: int, stop: int, out: Array, src: Array, period: int) -> None:
    """Fill ``out[start:stop]`` with correctly rounded sums of the last *period* values."""
    if stop - start == 1:
        out[start] = math.fsum(src[start - period + 1 : stop].tolist())
        return
    step = max(_BLOCK, 4 * period)
    for begin in range(start, stop, step):
        end = min(begin + step, stop)
        _sums(src[begin - period + 1 : end], period, out[begin:end])


def mean(start: int, stop: int, out: Array, src: Array, period: int) -> None:
    """Fill ``out[start:stop]`` with the mean of the last *period* values: their ``fsum`` divided by *period*."""
    if stop - start == 1:
        out[start] = math.fsum(src[start - period + 1 : stop].tolist()) / period
        return
    step = max(_BLOCK, 4 * period)
    for begin in range(start, stop, step):
        end = min(begin + step, stop)
        part = out[begin:end]
        _sums(src[begin - period + 1 : end], period, part)
        np.divide(part, period, out=part)


def _sums(values: Array, period: int, out: Array) -> None:
    """Fill *out* with the sums of all windows of *values*: halve the range until one of the fast ways takes it."""
    windows = len(out)
    if windows < _FEW or period > _LONGEST:
        numbers = values.tolist()
        for i in range(windows):
            out[i] = math.fsum(numbers[i : i + period])
        return
    if _one_limb(values, period, out) or _two_limbs(values, period, out):
        return
    half = windows // 2
    _sums(values[: half + period - 1], period, out[:half])
    _sums(values[half:], period, out[half:])


def _exponent(values: Array) -> int:
    """Give e with ``|x| < 2**e`` for all *values*; a number too large for the fixed point where one is not finite."""
    top = max(float(values.max()), -float(values.min()))
    return math.frexp(top)[1] if top < math.inf else 9999


def _scaled(values: Array, shift: int) -> Array | None:
    """Give ``values * 2**shift``; None where that is not exact."""
    if not -900 < shift < 960:
        return None
    scaled = values * math.ldexp(1.0, shift)
    if shift < 0 and np.count_nonzero(scaled) != np.count_nonzero(values):
        return None
    return scaled


def _one_limb(values: Array, period: int, out: Array) -> bool:
    """Sum with one 64-bit integer per value; False (and *out* undefined) where the values do not fit."""
    shift = 63 - int(period).bit_length() - _exponent(values)
    scaled = _scaled(values, shift)
    if scaled is None:
        return False
    limbs = scaled.astype(np.int64)
    if not np.array_equal(limbs, scaled):
        return False
    np.multiply(_differences(limbs, period), math.ldexp(1.0, -shift), out=out)
    return True


def _two_limbs(values: Array, period: int, out: Array) -> bool:
    """Sum with two integers per value, the sums of which are exact doubles; False where the values do not fit."""
    bits = 53 - int(period).bit_length()
    shift = bits - _exponent(values)
    scaled = _scaled(values, shift)
    if scaled is None or shift + bits > 1000:
        return False
    high = scaled.astype(np.int64)
    scaled -= high
    scaled *= math.ldexp(1.0, bits)
    low = scaled.astype(np.int64)
    if not np.array_equal(low, scaled):
        return False
    np.multiply(_differences(high, period), math.ldexp(1.0, -shift), out=out)
    out += _differences(low, period) * math.ldexp(1.0, -shift - bits)
    return True


def _differences(limbs: NDArray[np.int64], period: int) -> NDArray[np.int64]:
    """Give the sums of all windows of *limbs*; cumulative sums may wrap around, differences come out right."""
    total = np.cumsum(limbs)
    sums = total[period - 1 :].copy()
    sums[1:] -= total[:-period]
    return sums


def weighted(start: int, stop: int, out: Array, src: Array, weights: Sequence[float], coef: float) -> None:
    """Fill ``out[start:stop]`` with *coef* times the ``fsum`` of the products of a window and *weights*.

    *weights* has one weight per value of the window, the oldest first.
    """
    period = len(weights)
    if stop - start == 1:
        numbers = src[start - period + 1 : stop].tolist()
        out[start] = coef * math.fsum([x * w for x, w in zip(numbers, weights)])
        return
    for begin in range(start, stop, _BLOCK):
        end = min(begin + _BLOCK, stop)
        part = out[begin:end]
        _products(src[begin - period + 1 : end], weights, part)
        np.multiply(part, coef, out=part)


def _products(values: Array, weights: Sequence[float], out: Array) -> None:
    """Fill *out* with the sums of rounded products: all windows of *values* times *weights*."""
    windows = len(out)
    period = len(weights)
    if windows < _FEW or period > _BLOCK:
        numbers = values.tolist()
        for i in range(windows):
            out[i] = math.fsum([x * w for x, w in zip(numbers[i : i + period], weights)])
        return
    if _split_products(values, weights, out):
        return
    half = windows // 2
    _products(values[: half + period - 1], weights, out[:half])
    _products(values[half:], weights, out[half:])


def _split_products(values: Array, weights: Sequence[float], out: Array) -> bool:
    """Sum rounded products in two doubles each, both sums being exact; False where the products do not fit.

    Adding and subtracting 1.5 * 2**k rounds a product to a multiple of 2**(k - 52); the rest is exact too.
    """
    largest = max(abs(w) for w in weights)
    e = _exponent(values) + math.frexp(largest)[1] if largest < math.inf else 9999
    bits = 52 - len(weights).bit_length()
    quantum = e - 2 * bits
    if not -900 < e < 900 or quantum < -960 or not _multiples(values, weights, quantum):
        return False
    bound = 1.5 * math.ldexp(1.0, 52 + e - bits)
    windows = len(out)
    low = np.zeros(windows)
    product = np.empty(windows)
    high = np.empty(windows)
    out[:] = 0.0
    for k, weight in enumerate(weights):
        np.multiply(values[k : k + windows], weight, out=product)
        np.add(product, bound, out=high)
        high -= bound
        out += high
        product -= high
        low += product
    out += low
    return True


def _multiples(values: Array, weights: Sequence[float], quantum: int) -> bool:
    """Tell whether every rounded product of a value and a weight is a multiple of ``2**quantum``."""
    if all(w == int(w) for w in weights):
        # a whole multiple of a multiple; rounding can only make it a multiple of a higher power
        scaled = _scaled(values, -quantum)
        return scaled is not None and bool(np.array_equal(np.rint(scaled), scaled))
    sizes = np.abs(values)
    least = float(sizes.min(initial=math.inf, where=sizes > 0.0))
    if least == math.inf:
        return True
    lightest = min(abs(w) for w in weights if w != 0.0)
    return math.frexp(least)[1] + math.frexp(lightest)[1] - 55 >= quantum
