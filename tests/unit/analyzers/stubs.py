"""A strategy and an account that exist on paper only: enough for analyzers to work on."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

from backtrail.base.owner import inside
from backtrail.base.time import date2num, num2date


@dataclass
class Path:
    """An account path with given values; cash is half of the value, a fund share a hundredth."""

    times: list[dt.datetime]
    values: list[float]
    cycles: int = 0
    datetime: Any = field(init=False)

    def __post_init__(self) -> None:
        self.datetime = np.array([date2num(time) for time in self.times])
        self.value = np.array(self.values, dtype=float)
        self.cash = self.value / 2.0
        self.fundvalue = self.value / 100.0
        self.fundshares = np.full(len(self.values), 100.0)
        self.closes = self.value + 1.0

    def told(self, column: str, strategy: Any) -> Any:
        return getattr(self, column)

    left = told

    def seen(self, data: Any, line: str) -> Any:
        return self.datetime if line == "datetime" else self.closes

    def bars(self, data: Any) -> None:
        return None

    def position_value(self, data: Any) -> Any:
        return self.value - self.cash


class Now:
    """The line of times of the strategy."""

    _tz = None

    def __init__(self, path: Path) -> None:
        self.path = path
        self.at = 0

    def datetime(self) -> dt.datetime:
        return num2date(self.path.datetime[self.at])

    def __getitem__(self, ago: int) -> float:
        return float(self.path.datetime[self.at + ago])

    def date(self, tz: Any = None) -> dt.date:
        return self.datetime().date()


class Feed(SimpleNamespace):
    """A data of which only names and times are known."""

    def __len__(self) -> int:
        return len(self.datetime.path.values)


class Paper:
    """A strategy without a run; ``looks_back`` tells whether analyzers may work afterwards."""

    def __init__(self, path: Path, start: float, looks_back: bool, timeframe: int = 4) -> None:
        self.path = path
        self.worth = start
        self.datetime = now = Now(path)
        zone = SimpleNamespace(datetime=SimpleNamespace(_tz=None, array=path.datetime, datetime=now.datetime))
        data = Feed(_timeframe=timeframe, _compression=1, _name="paper", datetime=now, lines=zone)
        self.datas = [data]
        self.lines = zone
        self._closed_: list[Any] = []
        self.analyzers: list[Any] = []
        self._openings_ = 0
        self.broker = SimpleNamespace(
            fundmode=False, getvalue=self._value, getposition=lambda data: None, getcash=lambda: 0.0
        )
        self.broker.__dict__["fundvalue"] = start / 100.0
        if not looks_back:
            self._account_path_ = lambda: None

    def _value(self, datas: Any = None) -> float:
        return self.worth

    def __len__(self) -> int:
        return self.datetime.at + 1

    def _account_path_(self) -> Any:
        return self.path

    def _addanalyzer_slave(self, cls: Any, **options: Any) -> Any:
        return cls(**options)


def make(cls: Any, path: Path, start: float, looks_back: bool, **options: Any) -> tuple[Any, Paper]:
    """Give a started analyzer and its strategy."""
    paper = Paper(path, start, looks_back)
    with inside(paper):
        analyzer = cls(**options)
    analyzer._start()
    return analyzer, paper


def step(analyzer: Any, paper: Paper) -> Any:
    """Run the hooks for every cycle, and give the results."""
    path = paper.path
    for at in range(len(path.values)):
        paper.datetime.at = at
        paper.worth = float(path.value[at])
        paper.broker.fundvalue = float(path.fundvalue[at])
        account = (float(path.cash[at]), paper.worth)
        analyzer._notify_cashvalue(*account)
        analyzer._notify_fund(*account, float(path.fundvalue[at]), 100.0)
        analyzer._next()
    analyzer._stop()
    return analyzer.get_analysis()


def look_back(analyzer: Any, paper: Paper, cuts: list[int]) -> Any:
    """Let the cycles complete in pieces, look at the results each time, and give them at the end."""
    path = paper.path
    total = len(path.values)
    for cut in sorted({min(cut, total) for cut in cuts}):
        path.cycles = cut
        if hasattr(analyzer, "rets"):
            analyzer.rets  # reading brings it up to date
    path.cycles = total
    paper.datetime.at = total - 1
    paper.worth = float(path.value[-1])
    paper.broker.fundvalue = float(path.fundvalue[-1])
    analyzer._stop()
    return analyzer.get_analysis()
