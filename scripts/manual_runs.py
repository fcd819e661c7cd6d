"""Runs that the pictures of the manual show: the sample data, and bars made from a seed."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import backtrail as bt

SAMPLE = Path(__file__).resolve().parent.parent / "src" / "backtrail" / "cli" / "data" / "sample-daily.csv"

Row = tuple[dt.datetime, float, float, float, float, float, float]


def sample(first: str = "2015-01-01", last: str = "2024-12-31", **params: Any) -> bt.feeds.BacktraderCSVData:
    """Give the sample data from *first* to *last*."""
    return bt.feeds.BacktraderCSVData(
        dataname=str(SAMPLE),
        fromdate=dt.datetime.fromisoformat(first),
        todate=dt.datetime.fromisoformat(last) + dt.timedelta(hours=23),
        **params,
    )


def walk(
    moments: Iterable[dt.datetime], seed: int, start: float = 100.0, step: float = 0.4, volume: float = 1000.0
) -> list[Row]:
    """Give bars at *moments* along a random walk."""
    draw = random.Random(seed)
    rows, price = [], start
    for moment in moments:
        opened = price
        way = [opened]
        for _ in range(6):
            way.append(way[-1] + draw.gauss(0.0, step / 2))
        price = round(way[-1], 2)
        high, low = round(max(way), 2), round(min(way), 2)
        traded = float(round(volume * draw.uniform(0.4, 1.6)))
        rows.append((moment, opened, max(high, price), min(low, price), price, traded, 0.0))
    return rows


def minutes(
    days: int, step: int, first: str = "2024-03-04", begin: str = "09:30", end: str = "16:00"
) -> list[dt.datetime]:
    """Give the ends of bars of *step* minutes in the sessions of *days* working days."""
    day, out = dt.date.fromisoformat(first), []
    while days:
        if day.isoweekday() < 6:
            moment = dt.datetime.combine(day, dt.time.fromisoformat(begin)) + dt.timedelta(minutes=step)
            while moment.time() <= dt.time.fromisoformat(end) and moment.date() == day:
                out.append(moment)
                moment += dt.timedelta(minutes=step)
            days -= 1
        day += dt.timedelta(days=1)
    return out


def dates(first: str, last: str, without: Iterable[str] = ()) -> list[dt.datetime]:
    """Give the working days from *first* to *last*, some left out."""
    day, out = dt.datetime.fromisoformat(first), []
    while day <= dt.datetime.fromisoformat(last):
        if day.isoweekday() < 6 and day.date().isoformat() not in without:
            out.append(day)
        day += dt.timedelta(days=1)
    return out


def feed(rows: list[Row], timeframe: int = bt.TimeFrame.Minutes, compression: int = 1, **params: Any) -> Any:
    """Give a feed of bars."""
    return bt.feeds.BlazeData(dataname=rows, timeframe=timeframe, compression=compression, **params)


def run(data: Any, strategy: type[bt.Strategy], setup: Callable[[Any], Any] | None = None, **params: Any) -> Any:
    """Run *strategy* over *data*; *setup* gets the Cerebro before. Give the strategy."""
    cerebro = bt.Cerebro(stdstats=False)
    if data is not None:
        cerebro.adddata(data)
    cerebro.addstrategy(strategy, **params)
    if setup is not None:
        setup(cerebro)
    return cerebro.run()[0]


def bars_of(data: Any) -> list[tuple[float, float, float, float]]:
    """Give the bars of a feed that has run."""
    size = len(data)
    lines = (getattr(data, name).array[:size].tolist() for name in ("open", "high", "low", "close"))
    return list(zip(*lines, strict=True))


def times_of(data: Any) -> list[dt.datetime]:
    """Give the times of the bars of a feed that has run."""
    return [data.num2date(when) for when in data.datetime.array[: len(data)]]


class Cross(bt.Strategy):
    """Buy when a fast average crosses above a slow one, close when it crosses below."""

    params = (("fast", 10), ("slow", 30), ("stake", 50))

    def __init__(self) -> None:
        fast, slow = (bt.ind.SMA(self.data, period=n) for n in (self.p.fast, self.p.slow))
        self.cross = bt.ind.CrossOver(fast, slow)

    def next(self) -> None:
        """Trade on a crossing."""
        if self.cross[0] > 0:
            self.buy(size=self.p.stake)
        elif self.cross[0] < 0 and self.position:
            self.close()
