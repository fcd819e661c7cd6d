"""Mean, squared deviations and standard deviation of short sequences, with correctly rounded sums."""

from __future__ import annotations

import math
from collections.abc import Sequence


def average(x: Sequence[float], bessel: bool = False) -> float:
    """Give the mean of *x*; with *bessel* the sum is divided by one less."""
    return math.fsum(x) / (len(x) - bool(bessel))


def variance(x: Sequence[float], avgx: float | None = None) -> list[float]:
    """Give the squared distance of each value from the mean *avgx* (computed if not given)."""
    mean = average(x) if avgx is None else avgx
    return [pow(value - mean, 2.0) for value in x]


def standarddev(x: Sequence[float], avgx: float | None = None, bessel: bool = False) -> float:
    """Give the standard deviation of the population *x* (of a sample with *bessel*)."""
    return math.sqrt(average(variance(x, avgx), bessel))
