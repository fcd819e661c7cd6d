"""Mean, variance and standard deviation as the analyzers need them, and a division that never raises."""

from __future__ import annotations

import math
from collections.abc import Sequence


def average(x: Sequence[float], bessel: bool = False) -> float:
    """Give the mean of *x* (correctly rounded sum), divided by one less than the count with *bessel*.

    ZeroDivisionError when there is nothing to divide by; NaN for infinities of both signs.
    """
    try:
        return math.fsum(x) / (len(x) - bessel)
    except ValueError:
        return math.nan


def variance(x: Sequence[float], avgx: float | None = None) -> list[float]:
    """Give the squared distances of *x* from *avgx* (default: their mean), one per value."""
    mean = average(x) if avgx is None else avgx
    return [(value - mean) ** 2.0 for value in x]


def standarddev(x: Sequence[float], avgx: float | None = None, bessel: bool = False) -> float:
    """Give the standard deviation of *x* around *avgx* (default: their mean); of a sample with *bessel*.

    ZeroDivisionError for no value, and for one value with *bessel*.
    """
    return math.sqrt(average(variance(x, avgx), bessel=bessel))


def ratio(a: float, b: float) -> float:
    """Divide *a* by *b* as floating point hardware does: by zero gives an infinity, zero by zero NaN."""
    if b == 0.0:
        if a == 0.0 or a != a:
            return math.nan
        return math.copysign(math.inf, a) * math.copysign(1.0, b)
    return a / b


def log_ratio(a: float, b: float) -> float:
    """Give ``log(a / b)``; minus infinity for a total loss (0), NaN where the ratio is negative or not a number."""
    quotient = ratio(a, b)
    if quotient > 0.0:
        return math.log(quotient)
    return -math.inf if quotient == 0.0 else math.nan
