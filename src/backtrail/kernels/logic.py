"""Python's ``max``, ``min``, ``and``, ``or`` and guarded divisions, over whole arrays.

Operands are float64 arrays of one length, or numbers. The values are those of the Python functions applied element by
element: of equal operands the first is kept, a comparison with NaN is false, NaN counts as true.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Operand = Array | float


def greatest(values: Sequence[Operand]) -> Any:
    """Give the greatest operand of each row, the first one among equals."""
    found: Any = values[0]
    for value in values[1:]:
        found = np.where(np.greater(value, found), value, found)
    return found


def least(values: Sequence[Operand]) -> Any:
    """Give the least operand of each row, the first one among equals."""
    found: Any = values[0]
    for value in values[1:]:
        found = np.where(np.less(value, found), value, found)
    return found


def all_true(values: Sequence[Operand]) -> Any:
    """Tell for each row whether no operand is zero."""
    found: Any = np.not_equal(values[0], 0.0)
    for value in values[1:]:
        found = found & np.not_equal(value, 0.0)
    return found


def any_true(values: Sequence[Operand]) -> Any:
    """Tell for each row whether some operand is not zero."""
    found: Any = np.not_equal(values[0], 0.0)
    for value in values[1:]:
        found = found | np.not_equal(value, 0.0)
    return found


def divide_or(a: Operand, b: Operand, zero: float) -> Any:
    """Give ``a / b``, and *zero* where *b* is zero."""
    no = np.equal(b, 0.0)
    return np.where(no, zero, np.divide(a, np.where(no, 1.0, b)))


def divide_or_zeros(a: Operand, b: Operand, single: float, dual: float) -> Any:
    """Give ``a / b``; where *b* is zero give *dual* if *a* is zero too, else *single*."""
    return np.where(np.equal(a, 0.0) & np.equal(b, 0.0), dual, divide_or(a, b, single))


def compare(a: Operand, b: Operand) -> Any:
    """Give -1.0, 0.0 or 1.0 as *a* is below, equal to (or not comparable with) or above *b*."""
    return np.subtract(np.greater(a, b), np.less(a, b), dtype=np.float64)


def power(a: Operand, b: Operand) -> Array | None:
    """Give ``a ** b`` with the bits of Python's floats; None where Python raises or gives a complex number.

    ``float_power`` calls the C library's ``pow`` as Python does; ``power`` may use faster, less exact code.
    """
    with np.errstate(all="ignore"):
        result: Array = np.float_power(a, b)
    return result if bool(np.isfinite(result).all()) else None
