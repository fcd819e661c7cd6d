"""Sizers that trade a fixed number of units."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from ..base.declare import param
from .base import Sizer


class FixedSize(Sizer):
    """Trade ``stake`` units, or a ``tranches``-th part of it in whole units."""

    params: ClassVar[Any] = (("stake", param(default=1, ge=-math.inf)), ("tranches", param(default=1, ge=1)))

    def _getsizing(self, comminfo: Any, cash: float, data: Any, isbuy: bool) -> float:
        p = self.p
        if p.tranches > 1:
            return abs(int(p.stake / p.tranches))
        return p.stake  # type: ignore[no-any-return]  # whatever number the user set

    def setsizing(self, stake: float) -> None:
        """Set the stake."""
        self.p.stake = stake


SizerFix = FixedSize


class FixedReverser(Sizer):
    """Trade ``stake`` units, twice as many with a position open: enough to turn it round."""

    params: ClassVar[Any] = (("stake", param(default=1, ge=-math.inf)),)

    def _getsizing(self, comminfo: Any, cash: float, data: Any, isbuy: bool) -> float:
        position = self.strategy.getposition(data)
        return self.p.stake * (1 + (position.size != 0))  # type: ignore[no-any-return]  # whatever number the user set


class FixedSizeTarget(Sizer):
    """Trade towards ``stake`` units in parts of ``stake / tranches`` whole units; made for target orders."""

    params: ClassVar[Any] = (("stake", param(default=1, ge=-math.inf)), ("tranches", param(default=1, ge=1)))

    def _getsizing(self, comminfo: Any, cash: float, data: Any, isbuy: bool) -> float:
        p = self.p
        if p.tranches > 1:
            part = abs(int(p.stake / p.tranches))
            return min(self.strategy.position.size + part, p.stake)  # type: ignore[no-any-return]  # user's number
        return p.stake  # type: ignore[no-any-return]  # whatever number the user set

    def setsizing(self, stake: float) -> None:
        """Set the stake."""
        self.p.stake = stake


__all__ = ["FixedReverser", "FixedSize", "FixedSizeTarget", "SizerFix"]
