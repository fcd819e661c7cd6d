"""Lines computed from lines: arithmetic, comparisons, delays.

Each node is a line with a clock (its first operand's), a minimum period (the longest of its operands) and an owner (the
object whose ``__init__`` built it), which evaluates it.
"""

from __future__ import annotations

import datetime as _dt
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ..base.owner import find_owner
from ..base.time import num2date
from ..errors import DeclarationError
from ..kernels.logic import power
from .align import seen_values
from .buffer import NAN, Floats, Line, as_line
from .clock import Clock
from .place import moment_at
from .root import LineRoot

Operand = Line | float

# operators whose numpy form gives the same bits as Python's on every input
_UFUNCS: dict[Callable[..., Any], Callable[..., Any]] = {
    operator.add: np.add,
    operator.sub: np.subtract,
    operator.mul: np.multiply,
    operator.lt: np.less,
    operator.gt: np.greater,
    operator.le: np.less_equal,
    operator.ge: np.greater_equal,
    operator.eq: np.equal,
    operator.ne: np.not_equal,
    operator.neg: np.negative,
    abs: np.absolute,
}


class LineActions(Line):
    """Base of computed lines.

    Subclasses implement :meth:`compute` (a range of bars) and :meth:`value` (the current bar, used bar by bar). In
    legacy spelling they implement ``next`` (sets ``self[0]``) and perhaps ``once``; clock and minimum period then come
    from the lines among the arguments.
    """

    _ltype = LineRoot.IndType
    _given: tuple[Any, ...]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        made = super().__new__(cls)
        made._given = args
        return made

    def __init__(self, *operands: Any) -> None:
        super().__init__()
        operands = operands or self._given
        self._operands = operands
        lines = self._lines_given()
        owner: Any = find_owner(LineRoot)
        if lines:
            self._set_clock(lines[0]._c_)
            self._root_ = lines[0]._root_
            self._minperiod = max(line._minperiod for line in lines)
        elif owner is not None:
            self._set_clock(owner._c_)
            self._root_ = owner._root_
        self._owner = owner
        self._policy = next((x._policy for x in lines if x._policy is not None), None)
        if owner is None:
            raise unowned(self)
        owner._adopt_(self)

    def getindicators(self) -> list[Any]:
        """Give the indicators below this line: none."""
        return []

    # -- evaluation -------------------------------------------------------------------------------------------------

    def compute(self, start: int, stop: int) -> None:
        """Fill the bars [start, stop)."""
        if type(self).once is not LineRoot.once:
            self.once(start, stop)
            return
        clocks = {id(line._c_): line._c_ for line in (self, *self._lines_given())}
        saved = {key: clock.i for key, clock in clocks.items()}
        try:
            for at in range(start, stop):
                for clock in clocks.values():
                    clock.i = at
                self.next()
        finally:
            for key, clock in clocks.items():
                clock.i = saved[key]

    def value(self) -> float:
        """Give the value of the current bar."""
        self.next()
        return self._a_[self._c_.i]  # type: ignore[no-any-return]

    def _by_hooks(self) -> bool:
        """Tell whether a subclass in legacy spelling computes this line."""
        return type(self).compute is LineActions.compute

    def _lines_given(self) -> list[Line]:
        return [line for x in self._operands if (line := as_line(x)) is not None]

    def _fill_(self) -> None:
        """Compute all bars of a preloaded run."""
        size = self._c_.size
        first = min(self._minperiod - 1, size)
        values = np.empty(size)
        values[:first] = NAN
        self._store(values)
        if first < size:
            self.compute(first, size)

    def _step_(self) -> None:
        """Compute the current bar."""
        c = self._c_
        i = c.i
        if i >= len(self.array):
            self._reserve(i + 1)
        if i + c.dropped + 1 >= self._minperiod:
            self._a_[i] = self.value()

    def _values(self, operand: Any, start: int, stop: int) -> Any:
        """Give an operand's values on the bars [start, stop) of this line: an array, or the number itself."""
        if isinstance(operand, Line):
            return seen_values(operand, self._c_, start, stop)
        return operand


def unowned(obj: Any) -> DeclarationError:
    """Build the error for an indicator or expression that nobody would compute."""
    return DeclarationError(
        f"{type(obj).__name__} was built outside of the __init__ of a strategy, an indicator or an observer (in "
        "next(), for example): nothing would compute it. Build it in __init__ and keep it in an attribute."
    )


def operand(obj: Any) -> Any:
    """Give what an expression computes with: a line, or a number."""
    line = as_line(obj)
    if line is not None:
        return line
    if isinstance(obj, (int, float)):
        return float(obj) if isinstance(obj, bool) else obj
    if hasattr(type(obj), "__float__"):
        return float(obj)
    raise DeclarationError(
        f"A line was combined with {obj!r} ({type(obj).__name__}); expected a line or a number. "
        "To ask whether there is a line at all use `is None`."
    )


def current(operand: Any) -> Any:
    """Give the value of an operand on the current bar; a line that has no bar yet gives NaN."""
    if isinstance(operand, Line):
        at = operand._c_.i
        return operand._a_[at] if at >= 0 else NAN
    return operand


def where_of(node: Any, bar: int) -> str:
    """Describe bar number *bar* (from 0) of the feed that *node* runs on."""
    root = node._root_
    name = getattr(root, "_name", "") or "data"
    stamps = getattr(getattr(root, "lines", None), "datetime", None)
    moment = moment_at(stamps, bar) if stamps is not None else ""
    return f"feed {name!r}, bar {bar + 1}{moment}"


def division_error(node: Any, bar: int) -> ZeroDivisionError:
    """Build the error for a zero divisor on bar number *bar* (from 0)."""
    return ZeroDivisionError(
        f"float division by zero: the divisor is 0 at {where_of(node, bar)}. "
        "Use bt.DivByZero(a, b, zero=...) where a divisor may be 0, or Cerebro(zero_division='nan')."
    )


def undefined_is_nan(node: Any) -> bool:
    """Tell whether the run of *node* takes NaN for what arithmetic cannot give (``Cerebro(zero_division="nan")``)."""
    policy = node._policy
    if policy is None and node._root_ is not None:
        policy = node._root_.lines[0]._policy
    return policy is not None and bool(policy.undefined)


def divide(node: Any, a: Any, b: Any, start: int, out: Floats) -> None:
    """Fill *out* with ``a / b``; a zero divisor raises ``ZeroDivisionError`` or gives NaN, as the run says."""
    zero = np.equal(b, 0.0)
    if zero.any():
        if not undefined_is_nan(node):
            raise division_error(node, start + int(np.argmax(zero)))
        b = np.where(zero, NAN, b)
    with np.errstate(invalid="ignore", over="ignore"):
        np.divide(a, b, out=out)


class LinesOperation(LineActions):
    """An operator between two lines, or a line and a number."""

    def __init__(self, a: Operand, b: Operand, operation: Callable[[Any, Any], Any], r: bool = False) -> None:
        self.operation = operation
        self.a, self.b = (b, a) if r else (a, b)
        super().__init__(self.a, self.b)

    def compute(self, start: int, stop: int) -> None:
        """Fill the bars [start, stop)."""
        a = self._values(self.a, start, stop)
        b = self._values(self.b, start, stop)
        op = self.operation
        out = self.array[start:stop]
        if op is operator.truediv:
            divide(self, a, b, start, out)
        elif op is operator.pow and (powers := power(a, b)) is not None:
            out[:] = powers
        elif (ufunc := _UFUNCS.get(op)) is not None:
            with np.errstate(invalid="ignore", over="ignore"):
                ufunc(a, b, out=out)
        else:
            self._one_by_one(a, b, start, stop)

    def _one_by_one(self, a: Any, b: Any, start: int, stop: int) -> None:
        count = stop - start
        left = a.tolist() if isinstance(a, np.ndarray) else [a] * count
        right = b.tolist() if isinstance(b, np.ndarray) else [b] * count
        view = self._a_
        for at, x, y in zip(range(start, stop), left, right, strict=True):
            view[at] = self._apply(x, y, at)

    def _apply(self, a: float, b: float, bar: int) -> float:
        """Give the value for operands *a* and *b* on bar number *bar* (from 0)."""
        try:
            result: Any = self.operation(a, b)
        except ArithmeticError as error:
            raised: Exception = error
        else:
            if type(result) is not complex:
                return result  # type: ignore[no-any-return]  # what an operator of floats gives
            raised = TypeError("must be real number, not complex")
        if undefined_is_nan(self):
            return NAN
        if isinstance(raised, ZeroDivisionError) and self.operation is operator.truediv:
            raise division_error(self, bar) from None
        raise type(raised)(
            f"{raised}: {self.operation.__name__}({a!r}, {b!r}) at {where_of(self, bar)}. "
            "Use bt.If(...) to replace such operands, or Cerebro(zero_division='nan')."
        ) from None

    def value(self) -> float:
        """Give the value of the current bar."""
        return self._apply(current(self.a), current(self.b), self._c_.i)


class TimeOperation(LineActions):
    """A comparison of the time of day of a line of date numbers, in the zone of its feed, with a ``datetime.time``."""

    def __init__(self, a: Any, b: Any, operation: Callable[[Any, Any], Any]) -> None:
        self.operation = operation
        self.a, self.b = a, b
        super().__init__(a, b)

    def _apply(self, number: Any) -> float:
        """Compare one date number; without a date (NaN) there is nothing to compare."""
        if number != number:
            return 0.0
        a, b = self.a, self.b
        moment = num2date(number, tz=(b if isinstance(a, _dt.time) else a)._tz).time()
        return float(self.operation(a, moment) if isinstance(a, _dt.time) else self.operation(moment, b))

    def compute(self, start: int, stop: int) -> None:
        """Fill the bars [start, stop)."""
        line = self.b if isinstance(self.a, _dt.time) else self.a
        self.array[start:stop] = [self._apply(x) for x in self._values(line, start, stop).tolist()]

    def value(self) -> float:
        """Give the value of the current bar."""
        return self._apply(current(self.b if isinstance(self.a, _dt.time) else self.a))


def binary_node(operation: Callable[[Any, Any], Any], a: Any, b: Any) -> LineActions:
    """Build the node for ``a <operation> b``."""
    if isinstance(b, _dt.time):
        return TimeOperation(operand(a), b, operation)
    if isinstance(a, _dt.time):
        return TimeOperation(a, operand(b), operation)
    return LinesOperation(operand(a), operand(b), operation)


class LineOwnOperation(LineActions):
    """An operator on one line."""

    def __init__(self, a: Any, operation: Callable[[Any], Any]) -> None:
        self.operation = operation
        self.a = operand(a)
        super().__init__(self.a)

    def compute(self, start: int, stop: int) -> None:
        """Fill the bars [start, stop)."""
        values = self._values(self.a, start, stop)
        ufunc = _UFUNCS.get(self.operation)
        if ufunc is not None:
            ufunc(values, out=self.array[start:stop])
        else:
            self.array[start:stop] = [self.operation(x) for x in values.tolist()]

    def value(self) -> float:
        """Give the value of the current bar."""
        result: float = self.operation(current(self.a))
        return result


class _LineDelay(LineActions):
    """A line as it was *-ago* bars before (``ago`` < 0), as it is (0), or as it will be (> 0).

    Bar by bar the future is not known: a value reaches the bar that it belongs to when it arrives.
    """

    def __init__(self, a: Any, ago: int) -> None:
        self.a = operand(a)
        if not (isinstance(ago, int) or float(ago).is_integer()):
            raise DeclarationError(f"A line was delayed by {ago!r} bars; expected a whole number.")
        self.ago = int(ago)
        super().__init__(self.a)
        if self.ago < 0:
            self.incminperiod(-self.ago)
        else:
            self._ahead = self.ago
            self.updateminperiod(self.ago)

    def compute(self, start: int, stop: int) -> None:
        """Fill the bars [start, stop)."""
        ago = self.ago
        source = self.a.array if self.a._c_ is self._c_ else self._values(self.a, 0, stop)
        out = self.array
        if ago <= 0:
            out[start:stop] = source[start + ago : stop + ago]
        else:
            begin = max(start - ago, 0)
            out[:] = NAN
            out[begin : max(stop - ago, 0)] = source[begin + ago : stop]

    def value(self) -> float:
        """Give the value of the current bar; looking ahead, that is not known yet."""
        line = self.a
        c = line._c_
        at = c.i + self.ago
        if self.ago <= 0:
            return float(line._a_[at]) if at >= 0 else NAN
        back = self._c_.i - self.ago
        if back >= 0:
            self._a_[back] = line._a_[c.i]
        return NAN


class _LineForward(_LineDelay):
    """A line as it will be."""


def LineDelay(a: Any, ago: int = 0) -> _LineDelay:  # a name that backtrader shows
    """Give the line of *a* as it was *-ago* bars before, or as it will be (``ago`` > 0)."""
    return _LineForward(a, ago) if ago > 0 else _LineDelay(a, ago)


class LineNum(LineActions):
    """A number used where a line is expected."""

    def __init__(self, num: float) -> None:
        self.num = float(num)
        super().__init__()

    def compute(self, start: int, stop: int) -> None:
        """Fill the bars [start, stop)."""
        self.array[start:stop] = self.num

    def value(self) -> float:
        """Give the number."""
        return self.num


__all__ = [
    "Clock",
    "Floats",
    "LineActions",
    "LineDelay",
    "LineNum",
    "LineOwnOperation",
    "LinesOperation",
    "TimeOperation",
    "binary_node",
    "current",
    "divide",
    "operand",
    "unowned",
]
