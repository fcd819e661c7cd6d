"""Indicators over the last *period* values: sums, extremes, counts, averages, and functions of one's own."""

from __future__ import annotations

import functools
import math
import operator
from array import array
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..base.declare import param
from ..base.parameter import NUMBERS, Kind
from ..errors import DeclarationError, ParameterValueError
from ..kernels import extremes, recursive, window
from ..lines.root import LineRoot
from ..lines.series import line
from .base import Indicator

Floats = NDArray[np.float64]
RangeKernel = Callable[[int, int, Floats, Floats, int], None]


def share_below_last(values: Iterable[float]) -> float:
    """Give the share of *values* that lie below the last one."""
    listed = list(values)
    return math.fsum(x < listed[-1] for x in listed) / len(listed)


# functions of a window that have a kernel with the same bits
_KERNELS: dict[Any, RangeKernel] = {
    max: extremes.highest,
    min: extremes.lowest,
    math.fsum: window.sum,
    any: extremes.any_true,
    all: extremes.all_true,
    share_below_last: extremes.percent_rank,
}


def apply_to_windows(
    start: int, stop: int, out: Floats, src: Floats, period: int, func: Callable[[Any], Any]
) -> None:
    """Fill ``out[start:stop]`` with *func* of the last *period* values, given as an ``array`` (oldest first)."""
    values = array("d", src[start - period + 1 : stop].tobytes())
    for k in range(stop - start):
        out[start + k] = func(values[k : k + period])


class PeriodN(Indicator):
    """Base of indicators that look at the last *period* bars: their first value comes on bar number *period*."""

    period: int = param(default=1, ge=1)

    def setup(self) -> None:
        """Wait for *period* bars."""
        period = self.p.period
        try:
            self.addminperiod(operator.index(period))
        except TypeError:
            raise ParameterValueError(
                f"{type(self).__name__}: parameter 'period' must be a whole number of bars; got {period!r}. "
                f"Pass period=int({period!r})."
            ) from None


class OperationN(PeriodN):
    """Base of indicators that give a function of the last *period* values.

    Subclasses define ``func(values)``; *values* is an array, oldest first.
    """

    func: ClassVar[Any]

    def compute(self, start: int, stop: int) -> None:
        """Fill [start, stop) with ``func`` of each window."""
        func = self.func
        out, src = self._columns_(start, stop)
        period = self.p.period
        kernel = _KERNELS.get(func)
        if kernel is not None:
            kernel(start, stop, out, src, period)
        else:
            apply_to_windows(start, stop, out, src, period, func)


class BaseApplyN(OperationN):
    """Base of indicators whose function of the last *period* values is the parameter *func*."""

    func: Any = None  # type: ignore[misc]  # a parameter here, an attribute of the class elsewhere

    def setup(self) -> None:
        """Take the function from the parameter."""
        if not callable(self.p.func):
            raise DeclarationError(
                f"{type(self).__name__} applies func to the last values; func must be a function of a list of "
                f"values, got {self.p.func!r}. Pass func=..."
            )
        self.func = self.p.func
        super().setup()


class ApplyN(BaseApplyN):
    """Give *func* of the last *period* values."""

    apply = line()


class Highest(OperationN):
    """Give the highest of the last *period* values."""

    alias = ("MaxN",)
    func = max
    highest = line()


class Lowest(OperationN):
    """Give the lowest of the last *period* values."""

    alias = ("MinN",)
    func = min
    lowest = line()


class ReduceN(OperationN):
    """Fold the last *period* values with a function of two arguments, from *initializer* if there is one."""

    reduced = line()

    def __init__(self, function: Callable[[Any, Any], Any], **kwargs: Any) -> None:
        start = [kwargs.pop("initializer")] if "initializer" in kwargs else []
        self.__dict__["func"] = functools.partial(_fold, function, start)
        super().__init__(**kwargs)


def _fold(function: Callable[[Any, Any], Any], start: list[Any], values: Iterable[Any]) -> Any:
    return functools.reduce(function, values, *start)


class SumN(OperationN):
    """Give the correctly rounded sum of the last *period* values."""

    func = math.fsum
    sumn = line()


class AnyN(OperationN):
    """Give 1 where any of the last *period* values is not zero, else 0."""

    func = any
    anyn = line()


class AllN(OperationN):
    """Give 1 where none of the last *period* values is zero, else 0."""

    func = all
    alln = line()


class _FindIndex(OperationN):
    """Base of the indicators that tell how many bars ago the value chosen by *_evalfunc* was."""

    _oldest = False

    def setup(self) -> None:
        """Check that there is a function to choose the value."""
        if not callable(self.p._evalfunc):
            raise DeclarationError(
                f"{type(self).__name__} looks for the value that _evalfunc chooses; _evalfunc must be a function of a "
                f"list of values such as max, got {self.p._evalfunc!r}. Pass _evalfunc=max or use "
                f"{type(self).__name__}Highest."
            )
        super().setup()

    def func(self, values: Any) -> float:
        """Give how many bars ago the chosen value was; NaN where it is none of the values, as with missing prices."""
        chosen = self.p._evalfunc(values)
        listed = list(values)
        if chosen not in listed:
            return math.nan
        last = len(listed) - 1
        at = listed.index(chosen) if self._oldest else last - listed[::-1].index(chosen)
        return last - at

    def compute(self, start: int, stop: int) -> None:
        """Fill [start, stop) with distances in bars."""
        choose = self.p._evalfunc
        out, src = self._columns_(start, stop)
        period = self.p.period
        if choose is max:
            extremes.highest_ago(start, stop, out, src, period, self._oldest)
        elif choose is min:
            extremes.lowest_ago(start, stop, out, src, period, self._oldest)
        else:
            apply_to_windows(start, stop, out, src, period, self.func)


class FindFirstIndex(_FindIndex):
    """Give how many bars ago the value that *_evalfunc* chooses was; of equal ones the newest counts."""

    _evalfunc: Any = param(default=None)
    index = line()


class FindFirstIndexHighest(FindFirstIndex):
    """Give how many bars ago the highest of the last *period* values was (the newest of equals)."""

    _evalfunc: Any = param(default=max)


class FindFirstIndexLowest(FindFirstIndex):
    """Give how many bars ago the lowest of the last *period* values was (the newest of equals)."""

    _evalfunc: Any = param(default=min)


class FindLastIndex(_FindIndex):
    """Give how many bars ago the value that *_evalfunc* chooses was; of equal ones the oldest counts."""

    _evalfunc: Any = param(default=None)
    index = line()
    _oldest = True


class FindLastIndexHighest(FindLastIndex):
    """Give how many bars ago the highest of the last *period* values was (the oldest of equals)."""

    _evalfunc: Any = param(default=max)


class FindLastIndexLowest(FindLastIndex):
    """Give how many bars ago the lowest of the last *period* values was (the oldest of equals)."""

    _evalfunc: Any = param(default=min)


class Accum(Indicator):
    """Give the running total of all values, starting from *seed*."""

    alias = ("CumSum", "CumulativeSum")
    seed: float = 0.0
    accum = line()

    def compute(self, start: int, stop: int) -> None:
        """Continue the total over [start, stop)."""
        out, src = self._columns_(start, stop)
        if start == self.first:
            out[start] = self.p.seed + src[start]
            start += 1
        if start < stop:
            recursive.accumulate(start, stop, out, src)


class Average(PeriodN):
    """Give the arithmetic mean of the last *period* values (their exact sum, rounded once, divided by *period*)."""

    alias: ClassVar[Any] = ("ArithmeticMean", "Mean")
    av = line()

    def compute(self, start: int, stop: int) -> None:
        """Fill [start, stop) with means."""
        out, src = self._columns_(start, stop)
        window.mean(start, stop, out, src, self.p.period)

    def _seed(self, start: int) -> int:
        """Set the first value to the mean of the first *period* values; give the index after it."""
        period = self.p.period
        values = self.data.array[start - period + 1 : start + 1].tolist()
        self.array[start] = math.fsum(values) / period
        return start + 1


def _is_factor(value: Any) -> bool:
    return isinstance(value, LineRoot) or (hasattr(type(value), "__float__") and 0.0 <= value <= 2.0)


_FACTOR = Kind("a number from 0 to 2, beyond which values grow without end, or a line of factors", _is_factor, True)


class ExponentialSmoothing(Average):
    """Give ``previous * (1 - alpha) + value * alpha``, seeded with the mean of the first *period* values.

    *alpha* is ``2 / (1 + period)`` unless given.
    """

    alias = ("ExpSmoothing",)
    alpha: Any = param(default=None, kind=_FACTOR)

    def setup(self) -> None:
        """Find the smoothing factors."""
        given = self.p.alpha
        self.alpha = given if given is not None else 2.0 / (1.0 + self.p.period)
        self.alpha1 = 1.0 - self.alpha
        super().setup()

    def compute(self, start: int, stop: int) -> None:
        """Continue the smoothing over [start, stop)."""
        if start == self.first:
            start = self._seed(start)
        if start < stop:
            out, src = self._columns_(start, stop)
            recursive.smooth(start, stop, out, src, self.alpha, self.alpha1)


class ExponentialSmoothingDynamic(ExponentialSmoothing):
    """Give ``previous * (1 - alpha) + value * alpha`` where *alpha* is a line."""

    alias = ("ExpSmoothingDynamic",)

    def setup(self) -> None:
        """Wait for the factors' first value as well."""
        if self.p.alpha is None or isinstance(self.p.alpha, (int, float)):
            raise DeclarationError(
                f"{type(self).__name__} needs a line of smoothing factors; got alpha={self.p.alpha!r}. "
                "Use ExponentialSmoothing for a constant factor."
            )
        super().setup()
        self.lines[0].incminperiod(max(0, self.alpha._minperiod - self.p.period))

    def compute(self, start: int, stop: int) -> None:
        """Continue the smoothing over [start, stop)."""
        if start == self.first:
            start = self._seed(start)
        if start < stop:
            columns = self._columns_of_(start, stop, self, self.data, self.alpha, self.alpha1)
            recursive.smooth_by(start, stop, *columns)


class WeightedAverage(PeriodN):
    """Give *coef* times the exact sum of the products of the last *period* values and *weights* (oldest first)."""

    alias = ("AverageWeighted",)
    coef: float = 1.0
    weights: Any = param(default=(), kind=NUMBERS)
    av = line()

    def setup(self) -> None:
        """Take as many weights as there are values."""
        super().setup()
        self._weights = [float(w) for w in self.p.weights][: self.p.period]

    def compute(self, start: int, stop: int) -> None:
        """Fill [start, stop) with weighted averages."""
        weights = self._weights
        if not weights:
            self.array[start:stop] = self.p.coef * 0.0
            return
        unweighted = self.p.period - len(weights)
        window.weighted(
            start - unweighted,
            stop - unweighted,
            self.array[unweighted:],
            self.data.array,
            weights,
            self.p.coef,
        )


class PercentRank(BaseApplyN):
    """Give the share of the last *period* values that lie below the last one, between 0 and 1."""

    alias = ("PctRank",)
    period: int = param(default=50, ge=1)
    func: Any = share_below_last  # type: ignore[misc]  # as in BaseApplyN
    pctrank = line()
