"""How many shares a split makes of a holding, without a rest from rounding."""

from __future__ import annotations

import math
from fractions import Fraction

# A ratio is taken for a fraction of whole numbers up to this one if it is that near to it, as a part of itself.
_LARGEST = 10_000
_NEAR = 1e-9
# How far from a whole number, as a part of it, the product of an exact ratio and a size that was rounded can be.
_ROUNDED = 1e-12


def exact_ratio(ratio: float) -> Fraction:
    """Give the ratio of whole numbers that *ratio* (finite, above 0) stands for: 1/3 for 0.333333333333.

    A ratio that stands for none is given as it is.
    """
    near = Fraction(ratio).limit_denominator(_LARGEST)
    return near if near and abs(near - Fraction(ratio)) <= _NEAR * near else Fraction(ratio)


def shares_after(size: float, ratio: float) -> float:
    """Give what *size* shares become when one share becomes *ratio* shares.

    Whole numbers stay whole where the split leaves no fraction, and so do holdings that an earlier split rounded:
    10 shares divided by 3 and multiplied by 3 are 10 again. Fractions of shares are kept.
    """
    if not math.isfinite(size):
        return size * ratio
    product = Fraction(size) * exact_ratio(ratio)
    if product.denominator == 1 and isinstance(size, int):
        return int(product)
    nearest = round(product)
    if nearest and abs(product - nearest) <= _ROUNDED * abs(nearest):
        return float(nearest)
    return float(product)


__all__ = ["exact_ratio", "shares_after"]
