"""What every line and every group of lines can do: be read, compared and combined.

While an object is being declared, an operator gives a node that is computed later; while it runs, the same operator
gives the value of the current bar (``_live_`` tells which).
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, ClassVar

from ..errors import DeclarationError, LookAheadError
from .clock import Clock


class Shown:
    """An attribute that is computed when it is read, unless the object has one of that name."""

    def __init__(self, compute: Callable[[Any], Any]) -> None:
        self.compute = compute
        self.__doc__ = compute.__doc__

    def __get__(self, obj: Any, owner: type | None = None) -> Any:
        return self if obj is None else self.compute(obj)


class LineRoot:
    """Base of lines and groups of lines.

    ``_c_`` is the clock, ``_a_`` a memoryview of doubles over the (first) line's storage. Strategies read these on each
    bar: as slots they are quick however else the object's attributes are kept.
    """

    __slots__ = ("__dict__", "__weakref__", "_a_", "_c_", "_live_")

    IndType: ClassVar[int] = 0
    StratType: ClassVar[int] = 1
    ObsType: ClassVar[int] = 2

    _a_: Any
    _c_: Clock
    _live_: bool
    _minperiod: int = 1
    _root_: Any = None

    # -- reading ----------------------------------------------------------------------------------------------------

    def __getitem__(self, ago: int) -> Any:
        at = self._c_.i
        if not ago and at >= 0:
            return self._a_[at]
        at += ago
        if ago < 0 <= at:
            return self._a_[at]
        return self._outside_(ago)

    def _outside_(self, ago: int) -> float:
        """Answer a read that is not within the bars seen so far; lines know how."""
        raise NotImplementedError

    def __len__(self) -> int:
        c = self._c_
        return c.i + 1 + c.dropped

    def __bool__(self) -> bool:
        if self._live_:
            return bool(self[0] != 0.0)
        raise DeclarationError(
            f"The truth of {self!r} is not known while it is being declared: it has one value per bar. "
            "Use bt.And, bt.Or or bt.If instead of and, or, if; or test it in next()."
        )

    __hash__ = object.__hash__  # identity, as ``==`` builds nodes

    def _missing_(self, name: str) -> str:
        """Say that there is no attribute *name*."""
        return f"{type(self).__name__!r} object has no attribute {name!r}"

    # -- minimum period ---------------------------------------------------------------------------------------------

    def setminperiod(self, minperiod: int) -> None:
        """Set the minimum period of this object alone."""
        self._minperiod = minperiod

    def updateminperiod(self, minperiod: int) -> None:
        """Raise the minimum period to *minperiod* if it is lower."""
        self._minperiod = max(self._minperiod, minperiod)

    def addminperiod(self, minperiod: int) -> None:
        """Add *minperiod* - 1 bars (the current bar counts already)."""
        self._minperiod += minperiod - 1

    def incminperiod(self, minperiod: int) -> None:
        """Add *minperiod* bars."""
        self._minperiod += minperiod

    # -- hooks that subclasses define -------------------------------------------------------------------------------

    def prenext(self) -> None:
        """Run on each bar before the minimum period is reached."""

    def nextstart(self) -> None:
        """Run once, on the bar on which the minimum period is reached."""
        self.next()

    def next(self) -> None:
        """Run on each bar after the minimum period has been reached."""

    def preonce(self, start: int, end: int) -> None:
        """Vectorised counterpart of :meth:`prenext`."""

    def oncestart(self, start: int, end: int) -> None:
        """Vectorised counterpart of :meth:`nextstart`."""
        self.once(start, end)

    def once(self, start: int, end: int) -> None:
        """Vectorised counterpart of :meth:`next`."""

    # -- operators: comparisons read the storage directly, they are what a strategy does on every bar -----------------

    def _binary_(self, op: Callable[[Any, Any], Any], other: Any, swapped: bool = False) -> Any:
        from .expr import binary_node

        return binary_node(op, other, self) if swapped else binary_node(op, self, other)

    def _unary_(self, op: Callable[[Any], Any]) -> Any:
        from .expr import LineOwnOperation

        return LineOwnOperation(self, op)

    def __add__(self, other: Any) -> Any:
        return self[0] + other if self._live_ else self._binary_(operator.add, other)

    def __radd__(self, other: Any) -> Any:
        return other + self[0] if self._live_ else self._binary_(operator.add, other, True)

    def __sub__(self, other: Any) -> Any:
        return self[0] - other if self._live_ else self._binary_(operator.sub, other)

    def __rsub__(self, other: Any) -> Any:
        return other - self[0] if self._live_ else self._binary_(operator.sub, other, True)

    def __mul__(self, other: Any) -> Any:
        return self[0] * other if self._live_ else self._binary_(operator.mul, other)

    def __rmul__(self, other: Any) -> Any:
        return other * self[0] if self._live_ else self._binary_(operator.mul, other, True)

    def __truediv__(self, other: Any) -> Any:
        return self[0] / other if self._live_ else self._binary_(operator.truediv, other)

    def __rtruediv__(self, other: Any) -> Any:
        return other / self[0] if self._live_ else self._binary_(operator.truediv, other, True)

    def __floordiv__(self, other: Any) -> Any:
        return self[0] // other if self._live_ else self._binary_(operator.floordiv, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return other // self[0] if self._live_ else self._binary_(operator.floordiv, other, True)

    def __pow__(self, other: Any) -> Any:
        return self[0] ** other if self._live_ else self._binary_(operator.pow, other)

    def __rpow__(self, other: Any) -> Any:
        return other ** self[0] if self._live_ else self._binary_(operator.pow, other, True)

    def __neg__(self) -> Any:
        return -self[0] if self._live_ else self._unary_(operator.neg)

    def __abs__(self) -> Any:
        return abs(self[0]) if self._live_ else self._unary_(abs)

    def __lt__(self, other: Any) -> Any:
        if self._live_:
            return self._a_[self._c_.i] < other
        return self._binary_(operator.lt, other)

    def __gt__(self, other: Any) -> Any:
        if self._live_:
            return self._a_[self._c_.i] > other
        return self._binary_(operator.gt, other)

    def __le__(self, other: Any) -> Any:
        if self._live_:
            return self._a_[self._c_.i] <= other
        return self._binary_(operator.le, other)

    def __ge__(self, other: Any) -> Any:
        if self._live_:
            return self._a_[self._c_.i] >= other
        return self._binary_(operator.ge, other)

    def __eq__(self, other: Any) -> Any:
        if self._live_:
            return self._a_[self._c_.i] == other
        return self._binary_(operator.eq, other)

    def __ne__(self, other: Any) -> Any:
        if self._live_:
            return self._a_[self._c_.i] != other
        return self._binary_(operator.ne, other)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {len(self)}>"

    # -- names by which backtrader's lines do the same, for subclasses that call them --------------------------------

    def _operation(
        self, other: Any, operation: Callable[[Any, Any], Any], r: bool = False, intify: bool = False
    ) -> Any:
        if not self._live_:
            return self._binary_(operation, other, r)
        return operation(other, self[0]) if r else operation(self[0], other)

    def _roperation(
        self, other: Any, operation: Callable[[Any, Any], Any], intify: bool = False
    ) -> Any:
        return self._operation(other, operation, r=True)

    def _operationown(self, operation: Callable[[Any], Any]) -> Any:
        return operation(self[0]) if self._live_ else self._unary_(operation)

    def _stage1(self) -> None:
        self._go_live_(False)

    def _stage2(self) -> None:
        self._go_live_(True)

    def _go_live_(self, live: bool) -> None:
        """Make operators give values (True) or nodes (False)."""
        self._live_ = live

    def qbuffer(self, savemem: int = 0, replaying: bool = False) -> None:
        """Do nothing: the run decides what is kept (``Cerebro(exactbars=1)``)."""

    def minbuffer(self, size: int) -> None:
        """Do nothing: the run decides what is kept (``Cerebro(exactbars=1)``)."""


def future_read(ago: int, name: str, length: int) -> LookAheadError:
    """Build the error for reading bar +*ago*."""
    return LookAheadError(
        f"{name}[{ago}] was read at bar {length}: that is {ago} bar(s) in the future, which no live strategy could "
        f"know. Use {name}[{-ago}] for the past; for a deliberate look ahead use Cerebro(future_reads='allow')."
    )


class LineSingle(LineRoot):
    """Base of a single line."""


class LineMultiple(LineRoot):
    """Base of a group of lines."""

    lines: ClassVar[Any]

    def addminperiod(self, minperiod: int) -> None:
        """Add *minperiod* - 1 bars to every line."""
        for line in self.lines:
            line.addminperiod(minperiod)

    def incminperiod(self, minperiod: int) -> None:
        """Add *minperiod* bars to every line."""
        for line in self.lines:
            line.incminperiod(minperiod)
