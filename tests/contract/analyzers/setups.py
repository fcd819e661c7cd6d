"""Random set-ups, built and run in backtrader and in backtrail alike."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pandas as pd

Change = Callable[[Any, Any], None]


def make_bars(
    count: int,
    seed: int,
    start: dt.datetime = dt.datetime(2019, 12, 20),
    step: dt.timedelta = dt.timedelta(days=1),
    holes: float = 0.0,
) -> pd.DataFrame:
    """Give *count* bars of a random walk on working days (every *step* below days), some but the first left out."""
    rng = Random(seed)
    rows: list[tuple[float, ...]] = []
    times: list[dt.datetime] = []
    price, now = 100.0, start
    while len(rows) < count:
        if (step < dt.timedelta(days=1) or now.weekday() < 5) and (rng.random() >= holes or not rows):
            opened = price * (1 + rng.gauss(0, 0.003))
            close = opened * (1 + rng.gauss(0, 0.01))
            high = max(opened, close) * (1 + abs(rng.gauss(0, 0.003)))
            low = min(opened, close) * (1 - abs(rng.gauss(0, 0.003)))
            rows.append((*(round(x, 2) for x in (opened, high, low, close)), float(rng.randrange(1000))))
            times.append(now)
            price = close
        now += step
    columns = ["open", "high", "low", "close", "volume"]
    return pd.DataFrame(rows, columns=columns, index=pd.DatetimeIndex(times))


def make_trader(bt: Any, look_every: int = 0) -> Any:
    """Give a strategy that trades at random, with orders of several kinds in every data but resampled ones.

    With *look_every* it reads all observers and analyzers on every so many bars.
    """

    class Trader(bt.Strategy):  # type: ignore[misc]
        params = (("seed", 1), ("density", 0.3), ("warmup", None))

        def __init__(self) -> None:
            self.rng = Random(self.p.seed)
            self.looked: list[str] = []
            if self.p.warmup:
                self.sma = bt.ind.SMA(period=self.p.warmup)

        def prenext(self) -> None:
            self.look()

        def next(self) -> None:
            self.look()
            if len(self) < 2:
                return
            for data in self.datas:
                if data._name != "resampled" and self.rng.random() < self.p.density:
                    for _ in range(self.rng.choice([1, 1, 2])):
                        self.trade(data)

        def look(self) -> None:
            if look_every and len(self) > 1 and len(self) % look_every == 0:
                for observer in self.stats:
                    self.looked.append(f"{len(observer)} {[repr(line[0]) for line in observer.lines]}")
                for analyzer in self.analyzers:
                    if not isinstance(analyzer, bt.analyzers.AnnualReturn):
                        self.looked.append(repr(analyzer.get_analysis()))

        def trade(self, data: Any) -> None:
            chance, size = self.rng.random(), self.rng.randint(1, 20)
            if chance < 0.35:
                self.buy(data=data, size=size)
            elif chance < 0.7:
                self.sell(data=data, size=size)
            elif chance < 0.8:
                price = round(data.close[0] * 0.995, 2)
                valid = dt.timedelta(days=5)
                self.buy(data=data, size=size, exectype=bt.Order.Limit, price=price, valid=valid)
            elif chance < 0.9:
                price = round(data.close[0] * 0.99, 2)
                self.sell(data=data, size=size, exectype=bt.Order.Stop, price=price)
            else:
                self.close(data=data)

    return Trader


@dataclass
class SetUp:
    """What a seed decides about a run."""

    seed: int
    rng: Random = field(init=False)
    intraday: bool = field(init=False)
    bars: list[pd.DataFrame] = field(init=False)
    resampled: bool = field(init=False)

    def __post_init__(self) -> None:
        self.rng = rng = Random(self.seed)
        self.intraday = rng.random() < 0.4
        self.minutes = rng.choice([1, 7, 30, 60])
        count = rng.choice([2, 3, 5, 40, 250])
        feeds = rng.choice([1, 1, 2, 3])
        step = dt.timedelta(minutes=self.minutes) if self.intraday else dt.timedelta(days=1)
        start = dt.datetime(2019, 12, 29, 20, 13) if self.intraday else dt.datetime(2018, 3, 5)
        self.bars = [
            make_bars(count, self.seed + 1000 * n, start, step, rng.choice([0.0, 0.2]) if n else 0.0)
            for n in range(feeds)
        ]
        if not self.intraday and rng.random() < 0.5:
            for frame in self.bars:
                frame.index += dt.timedelta(hours=23, minutes=59, seconds=59, microseconds=999990)
        self.resampled = rng.random() < 0.2
        self.warmup = rng.choice([None, None, 2 if count < 6 else 10])
        self.density = rng.choice([0.0, 0.1, 0.5])
        self.cash = rng.choice([100000.0, 10000.0])
        self.runonce = rng.random() < 0.5
        self.money = rng.random()
        self.fundmode = rng.random() < 0.3
        self.filler = rng.random() < 0.3
        self.coc = rng.random() < 0.15
        self.shortcash = rng.random() > 0.15

    def cerebro(self, bt: Any, look_every: int = 0, **options: Any) -> Any:
        """Build the set-up in the library *bt*."""
        cerebro = bt.Cerebro(runonce=self.runonce, **options)
        timeframe = bt.TimeFrame.Minutes if self.intraday else bt.TimeFrame.Days
        compression = self.minutes if self.intraday else 1
        for number, frame in enumerate(self.bars):
            data = bt.feeds.PandasData(dataname=frame, timeframe=timeframe, compression=compression)
            cerebro.adddata(data, name=f"d{number}")
        if self.resampled:
            larger = (bt.TimeFrame.Minutes, 4 * self.minutes) if self.intraday else (bt.TimeFrame.Weeks, 1)
            cerebro.resampledata(
                cerebro.datas[0], timeframe=larger[0], compression=larger[1], name="resampled"
            )
        broker = cerebro.broker
        broker.setcash(self.cash)
        if self.money < 0.6:
            broker.setcommission(0.001)
        elif self.money < 0.8:
            broker.setcommission(commission=2.0, margin=500.0, mult=5.0)
        else:
            broker.setcommission(0.001, leverage=2.0, interest=0.05)
        if self.fundmode:
            broker.set_fundmode(True)
        if self.filler:
            broker.set_filler(bt.fillers.FixedSize(size=7))
        broker.set_coc(self.coc)
        broker.set_shortcash(self.shortcash)
        cerebro.addstrategy(
            make_trader(bt, look_every), seed=self.seed, density=self.density, warmup=self.warmup
        )
        return cerebro


def quietly(run: Callable[[], Any]) -> Any:
    """Run without the warnings about short or odd data that both libraries trade on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return run()
