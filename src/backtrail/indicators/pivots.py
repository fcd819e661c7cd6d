"""Pivot points: support and resistance levels computed from one bar, usually of a slower feed than the traded one."""

from __future__ import annotations

from typing import Any, ClassVar

from ..lines.functions import CmpEx
from .base import Indicator


class _PivotBase(Indicator):
    """Base of the pivot points."""

    plotinfo = {"subplot": False}

    def _weighed(self) -> Any:
        """Give the mean of high, low and close; *close* counts the close twice, *open* adds the open."""
        data = self.data
        if self.p.close:
            return (data.high + data.low + 2.0 * data.close) / 4.0
        if self.p.open:
            return (data.high + data.low + data.close + data.open) / 4.0
        return (data.high + data.low + data.close) / 3.0


class PivotPoint(_PivotBase):
    """Give the pivot ``p``, supports ``s1`` and ``s2`` and resistances ``r1`` and ``r2`` of each bar."""

    lines: ClassVar[Any] = ("p", "s1", "s2", "r1", "r2")
    params: ClassVar[Any] = (("open", False), ("close", False), ("_autoplot", True))

    def setup(self) -> None:
        """Build the levels."""
        high, low = self.data.high, self.data.low
        pivot = self._weighed()
        self.lines.p = pivot
        self.lines.s1 = 2.0 * pivot - high
        self.lines.r1 = 2.0 * pivot - low
        self.lines.s2 = pivot - (high - low)
        self.lines.r2 = pivot + (high - low)


class FibonacciPivotPoint(_PivotBase):
    """Give the pivot and levels at *level1*, *level2* and *level3* times the range below and above it."""

    lines: ClassVar[Any] = ("p", "s1", "s2", "s3", "r1", "r2", "r3")
    params: ClassVar[Any] = (
        ("open", False), ("close", False), ("_autoplot", True), ("level1", 0.382), ("level2", 0.618), ("level3", 1.0),
    )  # fmt: skip

    def setup(self) -> None:
        """Build the levels."""
        pivot = self._weighed()
        spread = self.data.high - self.data.low
        self.lines.p = pivot
        self.lines.s1 = pivot - self.p.level1 * spread
        self.lines.s2 = pivot - self.p.level2 * spread
        self.lines.s3 = pivot - self.p.level3 * spread
        self.lines.r1 = pivot + self.p.level1 * spread
        self.lines.r2 = pivot + self.p.level2 * spread
        self.lines.r3 = pivot + self.p.level3 * spread


class DemarkPivotPoint(_PivotBase):
    """Give DeMark's pivot, support and resistance; which prices count twice depends on where the bar closed."""

    lines: ClassVar[Any] = ("p", "s1", "r1")
    params: ClassVar[Any] = (
        ("open", False), ("close", False), ("_autoplot", True), ("level1", 0.382), ("level2", 0.618), ("level3", 1.0),
    )  # fmt: skip

    def setup(self) -> None:
        """Build the levels."""
        data = self.data
        below = data.high + 2.0 * data.low + data.close
        equal = 2.0 * data.high + data.low + data.close
        above = data.high + data.low + 2.0 * data.close
        total = CmpEx(data.close, data.open, below, equal, above)
        self.lines.p = total / 4.0
        self.lines.s1 = total / 2.0 - data.high
        self.lines.r1 = total / 2.0 - data.low
