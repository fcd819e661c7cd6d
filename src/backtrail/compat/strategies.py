"""The strategy that backtrader ships: long while a fast moving average is above a slow one."""

from __future__ import annotations

from typing import Any, ClassVar

from ..indicators import SMA, CrossOver
from ..strategy.riskrules import DailyLossLimitMixin as DailyLossLimitMixin
from ..strategy.riskrules import EODPositionCloserMixin as EODPositionCloserMixin
from ..strategy.strategy import Strategy


class MA_CrossOver(Strategy):
    """Buy when the fast average crosses above the slow one, sell when it crosses below; market orders."""

    alias: ClassVar[Any] = ("SMA_CrossOver",)
    params: ClassVar[Any] = (("fast", 10), ("slow", 30), ("_movav", SMA))

    def __init__(self) -> None:
        average = self.p._movav
        self.buysig = CrossOver(average(period=self.p.fast), average(period=self.p.slow))

    def next(self) -> None:
        """Trade on the crossing of this bar."""
        if self.position.size:
            if self.buysig[0] < 0:
                self.sell()
        elif self.buysig[0] > 0:
            self.buy()
