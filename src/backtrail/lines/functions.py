"""Functions of lines: ``If``, ``And``, ``Or``, ``Max`` … with numbers allowed wherever a line is.

Their values are those of the Python functions of the same name, applied bar by bar.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from typing import Any as Value  # ``Any`` is a function of lines here

import numpy as np

from ..kernels import logic
from .expr import LineActions, current, operand


class List(list[Value]):
    """A list whose membership test compares identities (lines overload ``==``)."""

    def __contains__(self, other: Value) -> bool:
        return any(other is item for item in self)


class Logic(LineActions):
    """Base of the functions: keeps the operands as ``args``.

    ``over_arrays(columns)``, where there is one, computes what :meth:`apply` computes, on whole arrays.
    """

    over_arrays: Callable[[list[Value]], Value] | None = None

    def __init__(self, *args: Value) -> None:
        self.args = [operand(arg) for arg in args]
        super().__init__(*self.args)

    def rows(self, start: int, stop: int) -> Iterator[tuple[Value, ...]]:
        """Give the operands' values bar by bar."""
        count = stop - start
        columns = []
        for arg in self.args:
            values = self._values(arg, start, stop)
            columns.append(values.tolist() if isinstance(values, np.ndarray) else [values] * count)
        return zip(*columns, strict=True)

    def apply(self, *values: Value) -> float:
        """Give the function's value for one bar."""
        raise NotImplementedError

    def compute(self, start: int, stop: int) -> None:
        """Fill the bars [start, stop)."""
        if self.over_arrays is not None:
            columns = [self._values(arg, start, stop) for arg in self.args]
            with np.errstate(all="ignore"):
                self.array[start:stop] = self.over_arrays(columns)
            return
        apply = self.apply
        view = self._a_
        for at, row in enumerate(self.rows(start, stop), start):
            view[at] = apply(*row)

    def value(self) -> float:
        """Give the value of the current bar."""
        return self.apply(*[current(arg) for arg in self.args])


class If(Logic):
    """*a* where *cond* is true (not zero), else *b*."""

    def __init__(self, cond: Value, a: Value, b: Value) -> None:
        super().__init__(cond, a, b)

    def compute(self, start: int, stop: int) -> None:
        """Fill the bars [start, stop)."""
        cond, a, b = (self._values(arg, start, stop) for arg in self.args)
        self.array[start:stop] = np.where(np.asarray(cond) != 0.0, a, b)

    def apply(self, *values: Value) -> float:
        """Give the function's value for one bar."""
        return values[1] if values[0] else values[2]  # type: ignore[no-any-return]


class Cmp(Logic):
    """-1, 0 or 1 as *a* is below, equal to or above *b*."""

    def __init__(self, a: Value, b: Value) -> None:
        super().__init__(a, b)

    def over_arrays(self, columns: list[Value]) -> Value:
        """Give the function's values for a range of bars."""
        return logic.compare(*columns)

    def apply(self, *values: Value) -> float:
        """Give the function's value for one bar."""
        a, b = values
        return float(a > b) - float(a < b)


class CmpEx(Logic):
    """*r1*, *r2* or *r3* as *a* is below, equal to or above *b*."""

    def __init__(self, a: Value, b: Value, r1: Value, r2: Value, r3: Value) -> None:
        super().__init__(a, b, r1, r2, r3)

    def over_arrays(self, columns: list[Value]) -> Value:
        """Give the function's values for a range of bars."""
        a, b, below, equal, above = columns
        return np.where(np.less(a, b), below, np.where(np.greater(a, b), above, equal))

    def apply(self, *values: Value) -> float:
        """Give the function's value for one bar."""
        a, b, below, equal, above = values
        if a < b:
            return float(below)
        return float(above if a > b else equal)


class DivByZero(Logic):
    """*a* / *b*, or *zero* where *b* is 0."""

    def __init__(self, a: Value, b: Value, zero: float = 0.0) -> None:
        self.zero = zero
        super().__init__(a, b)

    def over_arrays(self, columns: list[Value]) -> Value:
        """Give the function's values for a range of bars."""
        a, b = columns
        return logic.divide_or(a, b, self.zero)

    def apply(self, *values: Value) -> float:
        """Give the function's value for one bar."""
        a, b = values
        return self.zero if b == 0.0 else a / b


class DivZeroByZero(Logic):
    """*a* / *b*; *single* where only *b* is 0, *dual* where both are."""

    def __init__(self, a: Value, b: Value, single: float = math.inf, dual: float = 0.0) -> None:
        self.single = single
        self.dual = dual
        super().__init__(a, b)

    def over_arrays(self, columns: list[Value]) -> Value:
        """Give the function's values for a range of bars."""
        a, b = columns
        return logic.divide_or_zeros(a, b, self.single, self.dual)

    def apply(self, *values: Value) -> float:
        """Give the function's value for one bar."""
        a, b = values
        if b == 0.0:
            return self.dual if a == 0.0 else self.single
        return float(a / b)


class MultiLogic(Logic):
    """Base of the functions of any number of lines; ``flogic`` takes the list of values."""

    flogic: Callable[..., Value]

    def __init_subclass__(cls, **kwargs: Value) -> None:
        super().__init_subclass__(**kwargs)
        if "flogic" in cls.__dict__ and "over_arrays" not in cls.__dict__:
            cls.over_arrays = None

    def apply(self, *values: Value) -> float:
        """Give the function's value for one bar."""
        return type(self).flogic(values)  # type: ignore[no-any-return]


class MultiLogicReduce(MultiLogic):
    """Base of the functions that fold their values pairwise."""

    _has_initial = False
    initializer: Value = None

    def __init__(self, *args: Value, **kwargs: Value) -> None:
        if "initializer" in kwargs:
            self._has_initial = True
            self.initializer = kwargs["initializer"]
        if self._has_initial or len(args) < 2:
            self.over_arrays = None
        super().__init__(*args)

    def apply(self, *values: Value) -> float:
        """Give the function's value for one bar."""
        fold = type(self).flogic
        if self._has_initial:
            return functools.reduce(fold, values, self.initializer)  # type: ignore[no-any-return]
        return functools.reduce(fold, values)  # type: ignore[no-any-return]


class Reduce(MultiLogicReduce):
    """Fold the values of any number of lines with *flogic*."""

    def __init__(self, flogic: Callable[[Value, Value], Value], *args: Value, **kwargs: Value) -> None:
        self._fold = flogic
        super().__init__(*args, **kwargs)

    def apply(self, *values: Value) -> float:
        """Give the function's value for one bar."""
        if self._has_initial:
            return functools.reduce(self._fold, values, self.initializer)  # type: ignore[no-any-return]
        return functools.reduce(self._fold, values)  # type: ignore[no-any-return]


def _and(x: Value, y: Value) -> bool:
    return bool(x and y)


def _or(x: Value, y: Value) -> bool:
    return bool(x or y)


class And(MultiLogicReduce):
    """1 where all operands are true (not zero), else 0."""

    flogic = staticmethod(_and)
    over_arrays = staticmethod(logic.all_true)


class Or(MultiLogicReduce):
    """1 where any operand is true (not zero), else 0."""

    flogic = staticmethod(_or)
    over_arrays = staticmethod(logic.any_true)


class Max(MultiLogic):
    """The greatest of the operands, as Python's ``max`` finds it."""

    flogic = max
    over_arrays = staticmethod(logic.greatest)


class Min(MultiLogic):
    """The least of the operands, as Python's ``min`` finds it."""

    flogic = min
    over_arrays = staticmethod(logic.least)


class Sum(MultiLogic):
    """The correctly rounded sum of the operands (``math.fsum``)."""

    flogic = math.fsum


class Any(MultiLogic):
    """1 where any operand is true (not zero), else 0."""

    flogic = any
    over_arrays = staticmethod(logic.any_true)


class All(MultiLogic):
    """1 where all operands are true (not zero), else 0."""

    flogic = all
    over_arrays = staticmethod(logic.all_true)


__all__ = [
    "All", "And", "Any", "Cmp", "CmpEx", "DivByZero", "DivZeroByZero", "If", "List", "Logic", "Max", "Min",
    "MultiLogic", "MultiLogicReduce", "Or", "Reduce", "Sum",
]  # fmt: skip
