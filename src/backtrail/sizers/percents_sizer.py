"""Sizers that trade a percentage of the cash."""

from __future__ import annotations

from typing import Any, ClassVar

from ..base.declare import param
from ..base.parameter import FINITE
from .base import Sizer


class PercentSizer(Sizer):
    """Trade what ``percents`` of the cash pays for at the current close; with a position open, its size.

    ``retint`` cuts the size to whole units.
    """

    params: ClassVar[Any] = (("percents", param(default=20, ge=0, kind=FINITE)), ("retint", False))

    def _getsizing(self, comminfo: Any, cash: float, data: Any, isbuy: bool) -> float:
        position = self.broker.getposition(data)
        size = position.size if position else cash / data.close[0] * (self.p.percents / 100)
        return int(size) if self.p.retint else size


class AllInSizer(PercentSizer):
    """Trade what all of the cash pays for."""

    params: ClassVar[Any] = (("percents", 100),)


class PercentSizerInt(PercentSizer):
    """:class:`PercentSizer` in whole units."""

    params: ClassVar[Any] = (("retint", True),)


class AllInSizerInt(PercentSizerInt):
    """:class:`AllInSizer` in whole units."""

    params: ClassVar[Any] = (("percents", 100),)


__all__ = ["AllInSizer", "AllInSizerInt", "PercentSizer", "PercentSizerInt"]
