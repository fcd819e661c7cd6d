"""Recursions: every value depends on the one before.

The functions fill ``out[start:stop]`` and read ``out[start - 1]`` (and further state lines, where there are some), so
that a range may be cut anywhere. The first value is the caller's.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .jit import kernel

Array = NDArray[np.float64]


@kernel(cost_ns=90)
def smooth(start: int, stop: int, out: Any, src: Any, alpha: float, rest: float) -> None:
    """Exponential smoothing: ``out[i] = out[i-1] * rest + src[i] * alpha``."""
    value = out[start - 1]
    for i in range(start, stop):
        value = value * rest + src[i] * alpha
        out[i] = value


@kernel(cost_ns=140)
def smooth_by(start: int, stop: int, out: Any, src: Any, alpha: Any, rest: Any) -> None:
    """Exponential smoothing with a factor per bar: ``out[i] = out[i-1] * rest[i] + src[i] * alpha[i]``."""
    value = out[start - 1]
    for i in range(start, stop):
        value = value * rest[i] + src[i] * alpha[i]
        out[i] = value


@kernel(cost_ns=70)
def accumulate(start: int, stop: int, out: Any, src: Any) -> None:
    """Running total: ``out[i] = out[i-1] + src[i]``."""
    value = out[start - 1]
    for i in range(start, stop):
        value = value + src[i]
        out[i] = value


@kernel(cost_ns=16_000)
def zero_lag(
    start: int, stop: int, out: Any, src: Any, average: Any, alpha: float, rest: float, limit: int
) -> None:
    """Error-corrected average: of the gains -limit/10 … limit/10 each bar takes the one that comes closest.

    ``out[i] = alpha * (average[i] + gain * (src[i] - out[i-1])) + rest * out[i-1]`` (Ehlers and Way, "Zero Lag").
    """
    value = out[start - 1]
    for i in range(start, stop):
        price = src[i]
        center = average[i]
        before = value
        least = math.inf
        for step in range(-limit, limit + 1):
            gain = step / 10.0
            candidate = alpha * (center + gain * (price - before)) + rest * before
            error = abs(price - candidate)
            if error < least:
                least = error
                value = candidate
        out[i] = value


@kernel(cost_ns=450)
def laguerre(
    start: int, stop: int, l0: Any, l1: Any, l2: Any, l3: Any, src: Any, gamma: float, fresh: bool
) -> None:
    """Four-element Laguerre filter (Ehlers, "Time Warp"): fills the four state lines.

    The state before *start* is zero for a *fresh* filter.
    """
    a = 0.0 if fresh else l0[start - 1]
    b = 0.0 if fresh else l1[start - 1]
    c = 0.0 if fresh else l2[start - 1]
    d = 0.0 if fresh else l3[start - 1]
    for i in range(start, stop):
        a0, b0, c0 = a, b, c
        a = (1.0 - gamma) * src[i] + gamma * a
        b = -gamma * a + a0 + gamma * b
        c = -gamma * b + b0 + gamma * c
        d = -gamma * c + c0 + gamma * d
        l0[i] = a
        l1[i] = b
        l2[i] = c
        l3[i] = d


@kernel(cost_ns=350)
def parabolic(
    start: int,
    stop: int,
    sar: Any,
    extreme: Any,
    factor: Any,
    rising: Any,
    high: Any,
    low: Any,
    step: float,
    limit: float,
) -> None:
    """Parabolic stop and reverse (Wilder) from the state on the bar before *start*, which is at least 2.

    The state is the stop (*sar*), the *extreme* price of the trend, the acceleration *factor* and 1.0 or 0.0 for a
    *rising* or falling trend. The stop never enters the range of the two bars before.
    """
    stop_at = sar[start - 1]
    far = extreme[start - 1]
    speed = factor[start - 1]
    up = rising[start - 1] != 0.0
    for i in range(start, stop):
        stop_at = stop_at + speed * (far - stop_at)
        top = high[i]
        bottom = low[i]
        if up:
            if low[i - 1] < stop_at:
                stop_at = low[i - 1]
            if low[i - 2] < stop_at:
                stop_at = low[i - 2]
        else:
            if high[i - 1] > stop_at:
                stop_at = high[i - 1]
            if high[i - 2] > stop_at:
                stop_at = high[i - 2]
        if (bottom <= stop_at) if up else (top >= stop_at):
            up = not up
            stop_at = far
            far = top if up else bottom
            speed = step
        elif (top > far) if up else (bottom < far):
            far = top if up else bottom
            speed = speed + step
            if limit < speed:
                speed = limit
        sar[i] = stop_at
        extreme[i] = far
        factor[i] = speed
        rising[i] = 1.0 if up else 0.0


@kernel(cost_ns=90)
def half_way(start: int, stop: int, out: Any, src: Any) -> None:
    """Middle between the value and the source of the bar before: ``out[i] = (out[i-1] + src[i-1]) / 2``."""
    value = out[start - 1]
    for i in range(start, stop):
        value = (value + src[i - 1]) / 2.0
        out[i] = value


def last_nonzero(start: int, stop: int, out: Array, src: Array, carry: bool) -> None:
    """Fill ``out[start:stop]`` with the last value of *src* that is not zero.

    With *carry* a range that begins with zeros continues ``out[start - 1]``; without it they stay zero.
    """
    if stop - start == 1:
        value = src[start]
        out[start] = out[start - 1] if carry and value == 0.0 else value
        return
    values = src[start:stop]
    part = out[start:stop]
    part[:] = values
    zeros = np.flatnonzero(values == 0.0)
    if not len(zeros):
        return
    first = np.where(np.diff(zeros, prepend=-2) > 1, zeros, 0)  # of each run of zeros
    before = np.maximum.accumulate(first) - 1
    last = values[before]
    last[before < 0] = out[start - 1] if carry else values[0]
    part[zeros] = last


def share_of_rises(start: int, stop: int, out: Array, l0: Array, l1: Array, l2: Array, l3: Array) -> None:
    """Fill ``out[start:stop]`` with the share of rises in l0 - l1, l1 - l2, l2 - l3; 1.0 where all three are 0."""
    up: Any = 0.0
    down: Any = 0.0
    for newer, older in ((l0, l1), (l1, l2), (l2, l3)):
        a, b = newer[start:stop], older[start:stop]
        rising = a >= b
        up = up + np.where(rising, a - b, 0.0)
        down = down + np.where(rising, 0.0, b - a)
    total = up + down
    still = total == 0.0
    out[start:stop] = np.where(still, 1.0, up / np.where(still, 1.0, total))
