"""The lines of a bar: what feeds are made of, and a bar on its own.

The order of the lines is part of the public face: ``data.lines[0]`` is the close.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from math import inf, nan
from typing import Any, ClassVar

from ..base.timeframe import TimeFrame
from ..lines.series import LineSeries


class DataSeries(LineSeries):
    """A series of prices: a name, a timeframe and the number of its units that one bar stands for."""

    plotinfo: ClassVar[Any] = {"plot": True, "plotind": True, "plotylimited": True}

    _name: str = ""
    _compression: int = 1
    _timeframe: int = TimeFrame.Days

    Close, Low, High, Open, Volume, OpenInterest, DateTime = range(7)
    LineOrder: ClassVar[list[int]] = [DateTime, Open, High, Low, Close, Volume, OpenInterest]

    def getwriterheaders(self) -> list[str]:
        """Give the titles of the columns that a writer prints for this data."""
        names = self.lines.getlinealiases()
        headers = [self._name, "len"]
        headers.extend(names[at] for at in self.LineOrder if at < len(names))
        headers.extend(names[len(self.LineOrder) :])
        return headers

    def getwritervalues(self) -> list[Any]:
        """Give the values of the current bar in the order of the titles; empty ones before the first bar."""
        names = self.lines.getlinealiases()
        order = [at for at in self.LineOrder if at < len(names)]
        order.extend(range(len(self.LineOrder), len(names)))
        count = len(self)
        values: list[Any] = [self._name, count]
        if not count:
            values.extend([""] * len(order))
            return values
        for at in order:
            line = self.lines[at]
            values.append(line.datetime(0) if at == self.DateTime else line[0])
        return values

    def getwriterinfo(self) -> OrderedDict[str, Any]:
        """Give what a writer reports about this data."""
        info: OrderedDict[str, Any] = OrderedDict()
        info["Name"] = self._name
        info["Timeframe"] = TimeFrame.TName(self._timeframe)
        info["Compression"] = self._compression
        return info


class OHLC(DataSeries):
    """Prices, volume and open interest."""

    lines: ClassVar[Any] = ("close", "low", "high", "open", "volume", "openinterest")


class OHLCDateTime(OHLC):
    """Prices with the time of each bar (a date number, see ``base.time``)."""

    lines: ClassVar[Any] = ("datetime",)


class Bar:
    """One bar that is being put together from others.

    ``datetime`` is a date number. A bar without an opening price is not open yet.
    """

    __slots__ = ("close", "datetime", "high", "low", "open", "openinterest", "volume")

    MAXDATE: ClassVar[float] = 3652058.0  # the last day but one that a date can stand for
    replaying: ClassVar[bool] = False

    def __init__(self, maxdate: bool = False) -> None:
        self.bstart(maxdate)

    def bstart(self, maxdate: bool = False) -> None:
        """Start over; with *maxdate* the bar's time is later than every other one."""
        self.close = nan
        self.low = inf
        self.high = -inf
        self.open = nan
        self.volume = 0.0
        self.openinterest = 0.0
        self.datetime: Any = self.MAXDATE if maxdate else None

    def isopen(self) -> bool:
        """Tell whether something has been put in."""
        return self.open == self.open

    def bupdate(self, data: Any, reopen: bool = False) -> bool:
        """Put in the current bar of *data*; tell whether it was the first one."""
        if reopen:
            self.bstart()
        lines = data.lines
        return self.update(
            lines.datetime[0],
            lines.open[0],
            lines.high[0],
            lines.low[0],
            lines.close[0],
            lines.volume[0],
            lines.openinterest[0],
        )

    def update(
        self,
        when: float,
        opened: float,
        high: float,
        low: float,
        close: float,
        volume: float,
        interest: float,
    ) -> bool:
        """Put in a bar given by its values; tell whether it was the first one."""
        self.datetime = when
        if high > self.high:
            self.high = high
        if low < self.low:
            self.low = low
        self.close = close
        self.volume += volume
        self.openinterest = interest
        if self.open == self.open:
            return False
        self.open = opened
        return True

    def values(self) -> tuple[float, ...]:
        """Give the values in the order of a feed's lines."""
        return (self.close, self.low, self.high, self.open, self.volume, self.openinterest, self.datetime)


_Bar = Bar


class SimpleFilterWrapper:
    """A filter made of a function or class that says True for bars that are to be left out."""

    def __init__(self, data: Any, ffilter: Any, *args: Any, **kwargs: Any) -> None:
        if isinstance(ffilter, type):
            ffilter = ffilter(data, *args, **kwargs)
            args, kwargs = (), {}
        self.ffilter: Callable[..., Any] = ffilter
        self.args = args
        self.kwargs = kwargs

    def __call__(self, data: Any) -> bool:
        """Leave the bar out if the function says so; tell whether it was left out."""
        if self.ffilter(data, *self.args, **self.kwargs):
            data.backwards()
            return True
        return False


__all__ = ["OHLC", "Bar", "DataSeries", "OHLCDateTime", "SimpleFilterWrapper", "_Bar"]
