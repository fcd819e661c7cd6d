"""The yardsticks: what plain Python needs for the least a backtest can do.

`inline` moves an index, checks a pre-computed signal and a position and books fills, all in local variables of one
function. `objects` does the same the way any engine with a user's `next` must: a cursor object moves, a method is
called per bar, it reads its signal and its position through attributes, and fills update account objects.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from time import perf_counter
from types import ModuleType

import numpy as np

from benchmarks import cases, data


def inline(opens: list[float], signals: list[float]) -> tuple[float, int]:
    """Trade one unit on *signals* (+1 enter, -1 leave) at the next bar's open; give the cash left and the fills."""
    cash, size, fills, pending = 10_000.0, 0, 0, 0
    count = len(opens)
    index = 0
    while index < count:
        if pending:
            price = opens[index]
            cash -= pending * price + price * 0.001
            size += pending
            fills += 1
            pending = 0
        signal = signals[index]
        if not size:
            if signal > 0:
                pending = 1
        elif signal < 0:
            pending = -1
        index += 1
    return cash, fills


class _Cursor:
    __slots__ = ("i",)


class _Series:
    __slots__ = ("_cursor", "_values")

    def __init__(self, cursor: _Cursor, values: list[float]) -> None:
        self._cursor = cursor
        self._values = memoryview(np.array(values))

    def __getitem__(self, ago: int) -> float:
        return self._values[self._cursor.i + ago]


class _Position:
    __slots__ = ("price", "size")

    def __init__(self) -> None:
        self.size = 0
        self.price = 0.0

    def __bool__(self) -> bool:
        return self.size != 0


class _Trader:
    def __init__(self, signal: _Series, position: _Position) -> None:
        self.signal = signal
        self.position = position
        self.pending = 0

    def next(self) -> None:
        if not self.position:
            if self.signal[0] > 0:
                self.pending = 1
        elif self.signal[0] < 0:
            self.pending = -1


def objects(opens: list[float], signals: list[float]) -> tuple[float, int]:
    """Do what `inline` does through a cursor, series, a position and a trader with a `next` method."""
    cursor, position = _Cursor(), _Position()
    prices, signal = _Series(cursor, opens), _Series(cursor, signals)
    trader = _Trader(signal, position)
    cash, fills = 10_000.0, 0
    for index in range(len(opens)):
        cursor.i = index
        if trader.pending:
            price = prices[0]
            cash -= trader.pending * price + price * 0.001
            position.size += trader.pending
            position.price = price
            fills += 1
            trader.pending = 0
        trader.next()
    return cash, fills


def engine_bars_per_second(bt: ModuleType, count: int = 100_000, runs: int = 30) -> float:
    """Measure the engine on the SMA cross between the strategy's `start` and `stop`; give the best of *runs* in bars/s.

    That is what the loops stand for (indicators over all bars included): feeds are loaded, Cerebro is built before.
    """
    cross = cases.sma_cross_strategy(bt)
    seconds: list[float] = []

    class Timed(cross):  # type: ignore[misc, valid-type]
        def start(self) -> None:
            self.began = perf_counter()

        def stop(self) -> None:
            seconds.append(perf_counter() - self.began)

    frame = data.bars(count)
    for _ in range(runs):
        cerebro = bt.Cerebro(stdstats=False)
        cerebro.adddata(bt.feeds.PandasData(dataname=frame, timeframe=bt.TimeFrame.Minutes))
        cerebro.broker.setcommission(commission=0.001)
        cerebro.addstrategy(Timed)
        gc.collect()
        cerebro.run()
    return count / min(seconds)


def bars_per_second(loop: Callable[[list[float], list[float]], tuple[float, int]], count: int = 1_000_000) -> float:
    """Measure a loop on *count* bars crossing two averages; give the best speed of five runs in bars/s."""
    frame = data.bars(count)
    close = frame["close"].to_numpy()
    total = np.concatenate([[0.0], np.cumsum(close)])
    fast, slow = (total[p:] - total[:-p] for p in (10, 30))
    above = np.sign(fast[20:] / 10 - slow / 30)
    signals = np.zeros(count)
    signals[30:] = np.sign(above[1:] - above[:-1])
    opens, marks = frame["open"].tolist(), signals.tolist()
    best = float("inf")
    for _ in range(5):
        begin = perf_counter()
        loop(opens, marks)
        best = min(best, perf_counter() - begin)
    return count / best
