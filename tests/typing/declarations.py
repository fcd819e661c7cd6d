"""What type checkers must accept, and what they must reject (lines that end in ``# E``)."""

from __future__ import annotations

import backtrail as bt


class Mean(bt.Indicator):
    """An indicator in typed spelling."""

    period: int = bt.param(default=30, ge=1)
    mean = bt.line()

    def compute(self, start: int, stop: int) -> None:
        """Fill the range."""


class Cross(bt.Strategy):
    """A strategy in typed spelling."""

    fast: int = 10
    slow: int = 30
    name: str = "x"

    def setup(self) -> None:
        """Build an indicator."""
        self.mean = Mean(self.data, period=self.fast)

    def next(self) -> None:
        """Use it."""
        if self.mean[0] > 0:
            self.buy(size=self.slow)


class Derived(Cross):
    """Parameters are inherited."""

    extra: float = bt.param(default=0.5)


class Count(bt.Analyzer):
    """An analyzer with a parameter."""

    every: int = 5


class Legacy(bt.Strategy):
    """backtrader's spelling goes through unchecked."""

    params = (("period", 10),)

    def __init__(self) -> None:
        self.anything = self.p.period


class Half(bt.Sizer):
    """A sizer with a parameter."""

    share: float = bt.param(default=0.5, gt=0.0, le=1.0)


def legacy() -> bt.Cerebro:
    """Use what is declared in backtrader's spelling: not checked, not refused."""
    cerebro = bt.Cerebro(stdstats=False, maxcpus=1)
    cerebro.adddata(bt.feeds.GenericCSVData(dataname="bars.csv", dtformat="%Y", openinterest=-1))
    cerebro.addstrategy(Legacy, period=3)
    cerebro.addanalyzer(bt.analyzers.SharpeRatio, timeframe=bt.TimeFrame.Days)
    cerebro.addsizer(bt.sizers.PercentSizer, percents=10)
    cerebro.broker.setcommission(commission=0.001)
    return cerebro


def library(data: bt.feeds.PandasData) -> None:
    """Use the library's indicators."""
    fast = bt.indicators.SMA(data, period=10)
    bt.indicators.CrossOver(fast, bt.ind.EMA(data.close, period=20))
    bt.indicators.MACD(data, period_me1=12, period_me2=26)
    bt.indicators.RSI(data)
    bt.And(fast > 3.0, fast < 4.0)


def accepted() -> None:
    """Use right keywords."""
    Half(share=0.25)
    Mean(period=10)
    Cross(fast=5, slow=20, name="y")
    Derived(fast=5, extra=0.1)
    Count(every=2)
    cross = Cross(fast=5)
    period: int = cross.fast
    cross.buy(size=period)


def rejected() -> None:
    """Use wrong keywords and types."""
    Mean(perod=10)  # E
    Mean(period="ten")  # E
    Cross(fats=5)  # E
    Cross(slow="20")  # E
    Derived(extra="a")  # E
    Derived(unknown=1)  # E
    Count(evry=2)  # E
    Half(share="all")  # E
    bt.indicators.SMA(perod=3)  # E
    text: str = Cross().fast  # E
