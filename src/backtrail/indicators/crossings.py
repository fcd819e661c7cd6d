"""Crossings of two lines."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..kernels import recursive
from ..lines.expr import LineActions
from ..lines.series import line
from .base import Indicator


class NonZeroDifference(Indicator):
    """Give the difference of two datas, and while they are equal the last difference that was not zero."""

    alias = ("NZD",)
    _mindatas: ClassVar[int] = 2
    nzd = line()

    def setup(self) -> None:
        """Subtract."""
        self._difference = self.data0 - self.data1

    def compute(self, start: int, stop: int) -> None:
        """Carry differences over [start, stop)."""
        out, differences = self._columns_of_(start, stop, self, self._difference)
        recursive.last_nonzero(start, stop, out, differences, start != self.first)


class _SignChange(LineActions):
    """1 where a line of non-zero differences turns positive, -1 where it turns negative, 0 elsewhere.

    *up* and *down* tell which turns count, and as what.
    """

    def __init__(self, difference: Any, up: float, down: float) -> None:
        self.difference = difference.lines[0]
        self.up = up
        self.down = down
        super().__init__(self.difference)
        self.incminperiod(1)

    def compute(self, start: int, stop: int) -> None:
        """Fill the bars [start, stop)."""
        source = self.difference.array
        before, now = source[start - 1 : stop - 1], source[start:stop]
        out = self.array[start:stop]
        rises = before < 0.0
        rises &= now > 0.0
        np.multiply(rises, self.up, out=out)
        if self.down:
            falls = before > 0.0
            falls &= now < 0.0
            out[falls] = self.down

    def value(self) -> float:
        """Give the value of the current bar."""
        source = self.difference
        now = source._a_[source._c_.i]
        before = source._a_[source._c_.i - 1]
        if now > 0.0:
            return self.up if before < 0.0 else 0.0
        return self.down if now < 0.0 and before > 0.0 else 0.0


class _CrossBase(Indicator):
    """Base of one-sided crossings."""

    _mindatas: ClassVar[int] = 2
    _counts = (1.0, 0.0)
    plotinfo = {"plotymargin": 0.05, "plotyhlines": [0.0, 1.0]}
    cross = line()

    def setup(self) -> None:
        """Compare the difference before with the present one."""
        up, down = self._counts
        self.lines.cross = _SignChange(NonZeroDifference(self.data0, self.data1), up, down)


class CrossUp(_CrossBase):
    """Give 1 when the first data crosses above the second, else 0."""


class CrossDown(_CrossBase):
    """Give 1 when the first data crosses below the second, else 0."""

    _counts = (0.0, 1.0)


class CrossOver(Indicator):
    """Give 1 when the first data crosses above the second, -1 when it crosses below, else 0.

    Bars on which the two are equal do not count: what matters is the last difference that was not zero.
    """

    _mindatas: ClassVar[int] = 2
    plotinfo = {"plotymargin": 0.05, "plotyhlines": [-1.0, 1.0]}
    crossover = line()

    def setup(self) -> None:
        """Watch the sign of the difference."""
        self.lines.crossover = _SignChange(NonZeroDifference(self.data0, self.data1), 1.0, -1.0)
