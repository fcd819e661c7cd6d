"""Recursions: every value depends on the one before.

The functions fill ``out[start:stop]`` and read ``out[start - 1]`` (and further state lines, where there are some), so
that a range may be cut anywhere. The first value is the caller's.
"""

from __future__ import annotations

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
def accumulate(start: int, stop: int, out: Any, src: Any, seed: float) -> None:
    """Running total: ``out[i] = out[i-1] + src[i]``, from *seed* when *start* is 0."""
    value = seed if start == 0 else out[start - 1]
    for i in range(start, stop):
        value = value + src[i]
        out[i] = value
