"""The workloads. Each is plain backtrader code, written once against the module `bt` (backtrader or backtrail).

A case prepares its data once (not timed) and then runs as often as asked: building Cerebro, loading the feed and
running are timed, imports and the making of the data are not. Every run gives an `Outcome`; both engines must agree on
it to the last bit, or the comparison is void.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmarks import data

Run = Callable[[ModuleType], "Outcome"]


@dataclass(frozen=True)
class Outcome:
    """What a run ended with: portfolio value, cash, orders sent by the strategy, bars delivered to it."""

    value: float
    cash: float
    orders: int
    bars: int


@dataclass(frozen=True)
class Case:
    """A workload: its name, its size, the speed it must and should reach, and how to prepare it.

    *prepare(size, folder)* makes the data and gives the function that is timed.
    """

    name: str
    title: str
    size: int
    quick: int
    must: float
    aim: float
    prepare: Callable[[int, Path], Run]


def _outcome(cerebro: Any, strategy: Any, count: int) -> Outcome:
    return Outcome(cerebro.broker.getvalue(), cerebro.broker.getcash(), strategy.order_count, count)


# -- strategies ------------------------------------------------------------------------------------------


def sma_cross_strategy(bt: ModuleType) -> type:
    """Give the strategy that is long while the fast average is above the slow one."""

    class SmaCross(bt.Strategy):
        params = (("fast", 10), ("slow", 30))

        def __init__(self):
            fast = bt.indicators.SMA(self.data.close, period=self.p.fast)
            slow = bt.indicators.SMA(self.data.close, period=self.p.slow)
            self.crossover = bt.indicators.CrossOver(fast, slow)
            self.order_count = 0

        def next(self):
            if not self.position:
                if self.crossover > 0:
                    self.buy()
                    self.order_count += 1
            elif self.crossover < 0:
                self.sell()
                self.order_count += 1

    return SmaCross


def two_frames_strategy(bt: ModuleType) -> type:
    """Give the strategy that crosses on the fast data and asks the slow data for the trend."""

    class TwoFrames(bt.Strategy):
        params = (("fast", 10), ("slow", 30), ("trend", 20))

        def __init__(self):
            fast = bt.indicators.SMA(self.data0.close, period=self.p.fast)
            slow = bt.indicators.SMA(self.data0.close, period=self.p.slow)
            self.crossover = bt.indicators.CrossOver(fast, slow)
            self.trend = bt.indicators.SMA(self.data1.close, period=self.p.trend)
            self.order_count = 0

        def next(self):
            if not self.position:
                if self.crossover > 0 and self.data1.close[0] > self.trend[0]:
                    self.buy()
                    self.order_count += 1
            elif self.crossover < 0:
                self.sell()
                self.order_count += 1

    return TwoFrames


def bracket_strategy(bt: ModuleType) -> type:
    """Give the strategy that reads ten indicators and enters with a stop and a target around its entry."""

    class Brackets(bt.Strategy):
        def __init__(self):
            ind = bt.indicators
            self.fast = ind.EMA(self.data.close, period=12)
            self.slow = ind.EMA(self.data.close, period=26)
            self.sma = ind.SMA(self.data.close, period=50)
            self.rsi = ind.RSI(self.data.close, period=14)
            self.macd = ind.MACD(self.data.close)
            self.bands = ind.BollingerBands(self.data.close, period=20)
            self.atr = ind.ATR(self.data, period=14)
            self.stochastic = ind.Stochastic(self.data)
            self.highest = ind.Highest(self.data.high, period=20)
            self.crossover = ind.CrossOver(self.fast, self.slow)
            self.brackets = None
            self.order_count = 0

        def notify_order(self, order):
            if not order.alive() and self.brackets and order.ref == self.brackets[0].ref:
                if order.status != order.Completed:
                    self.brackets = None

        def notify_trade(self, trade):
            if trade.isclosed:
                self.brackets = None

        def next(self):
            if self.brackets or self.position:
                return
            close = self.data.close[0]
            wide = 2.0 * self.atr[0]
            if self.crossover > 0 and self.rsi[0] < 75 and close < self.bands.top[0]:
                self.brackets = self.buy_bracket(
                    exectype=bt.Order.Market, stopprice=close - wide, limitprice=close + 1.5 * wide
                )
                self.order_count += 3
            elif self.crossover < 0 and self.stochastic.percK[0] > 5 and close < self.highest[0]:
                if self.macd.macd[0] < self.macd.signal[0] or close < self.sma[0]:
                    self.brackets = self.sell_bracket(
                        exectype=bt.Order.Market, stopprice=close + wide, limitprice=close - 1.5 * wide
                    )
                    self.order_count += 3

    return Brackets


def rebalance_strategy(bt: ModuleType) -> type:
    """Give the strategy that every 20 bars holds the twenty strongest symbols in equal weights."""

    class Rebalance(bt.Strategy):
        params = (("every", 20), ("hold", 20), ("lookback", 60))

        def __init__(self):
            self.momentum = {
                d: bt.indicators.RateOfChange(d.close, period=self.p.lookback) for d in self.datas
            }
            self.order_count = 0

        def next(self):
            if len(self) % self.p.every:
                return
            ranked = sorted(self.datas, key=lambda d: self.momentum[d][0], reverse=True)
            for d in ranked[self.p.hold :]:
                if self.getposition(d).size:
                    self.order_target_percent(d, target=0.0)
                    self.order_count += 1
            for d in ranked[: self.p.hold]:
                self.order_target_percent(d, target=0.9 / self.p.hold)
                self.order_count += 1

    return Rebalance


# -- cases -----------------------------------------------------------------------------------------------


def _frame_run(count: int, stdstats: bool, make: Callable[[ModuleType], type]) -> Run:
    frame = data.bars(count)

    def run(bt: ModuleType) -> Outcome:
        cerebro = bt.Cerebro(stdstats=stdstats)
        cerebro.adddata(bt.feeds.PandasData(dataname=frame, timeframe=bt.TimeFrame.Minutes))
        cerebro.broker.setcommission(commission=0.001)
        cerebro.addstrategy(make(bt))
        return _outcome(cerebro, cerebro.run()[0], count)

    return run


def prepare_sma_cross(size: int, folder: Path) -> Run:
    """SMA cross from a frame, no observers."""
    return _frame_run(size, False, sma_cross_strategy)


def prepare_sma_cross_observers(size: int, folder: Path) -> Run:
    """SMA cross from a frame with the default observers."""
    return _frame_run(size, True, sma_cross_strategy)


def prepare_brackets(size: int, folder: Path) -> Run:
    """Ten indicators, bracket orders."""
    return _frame_run(size, False, bracket_strategy)


def prepare_rebalance(size: int, folder: Path) -> Run:
    """A hundred symbols, rebalanced every 20 bars."""
    frames = [data.bars(size, "B", seed=100 + k, volatility=0.015) for k in range(100)]

    def run(bt: ModuleType) -> Outcome:
        cerebro = bt.Cerebro(stdstats=False)
        for k, frame in enumerate(frames):
            cerebro.adddata(bt.feeds.PandasData(dataname=frame), name=f"S{k:03d}")
        cerebro.broker.setcash(1_000_000.0)
        cerebro.broker.setcommission(commission=0.0005)
        cerebro.addstrategy(rebalance_strategy(bt))
        return _outcome(cerebro, cerebro.run()[0], size * len(frames))

    return run


def prepare_csv(size: int, folder: Path) -> Run:
    """SMA cross from a CSV file, no observers."""
    path = data.write_csv(data.bars(size), folder / f"minutes-{size}.csv", intraday=True)

    def run(bt: ModuleType) -> Outcome:
        cerebro = bt.Cerebro(stdstats=False)
        cerebro.adddata(bt.feeds.GenericCSVData(dataname=str(path), timeframe=bt.TimeFrame.Minutes))
        cerebro.broker.setcommission(commission=0.001)
        cerebro.addstrategy(sma_cross_strategy(bt))
        return _outcome(cerebro, cerebro.run()[0], size)

    return run


def prepare_resample(size: int, folder: Path) -> Run:
    """SMA cross on minutes with a second feed resampled to the hour."""
    frame = data.bars(size)

    def run(bt: ModuleType) -> Outcome:
        cerebro = bt.Cerebro(stdstats=False)
        feed = bt.feeds.PandasData(dataname=frame, timeframe=bt.TimeFrame.Minutes)
        cerebro.adddata(feed)
        cerebro.resampledata(feed, timeframe=bt.TimeFrame.Minutes, compression=60)
        cerebro.broker.setcommission(commission=0.001)
        cerebro.addstrategy(two_frames_strategy(bt))
        return _outcome(cerebro, cerebro.run()[0], size)

    return run


CASES = (
    Case("sma_cross", "SMA cross, 100,000 minutes, frame", 100_000, 20_000, 80, 140, prepare_sma_cross),
    Case("observers", "the same, default observers", 100_000, 20_000, 60, 120, prepare_sma_cross_observers),
    Case("brackets", "ten indicators, brackets, 50,000 bars", 50_000, 10_000, 40, 60, prepare_brackets),
    Case("rebalance", "100 symbols x 1,000 days, rebalanced", 1_000, 300, 40, 80, prepare_rebalance),
    Case("csv", "SMA cross, 100,000 minutes, CSV", 100_000, 20_000, 60, 95, prepare_csv),
    Case("resample", "SMA cross, 50,000 minutes + hours", 50_000, 10_000, 80, 180, prepare_resample),
)
