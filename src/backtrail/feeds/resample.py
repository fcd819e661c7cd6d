"""Filters that turn the bars of a feed into bars of a larger timeframe: complete ones, or growing ones (replay).

``data.resample(timeframe=…, compression=…)``, ``data.replay(…)`` and their counterparts on Cerebro add these filters.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, ClassVar

from ..base.declare import ParamsBase
from ..base.time import date2num
from ..base.timeframe import TimeFrame
from .aggregate import Aggregation, Rule
from .columns import Columns
from .grouping import resample_columns


class DTFaker:
    """A feed seen at another time: that of *forcedata*'s current bar, or without one this machine's clock."""

    def __init__(self, data: Any, forcedata: Any = None) -> None:
        self.data = data
        self.sessionend = data.p.sessionend
        self._tz = data._tz
        if forcedata is None:
            now = datetime.now(UTC).replace(tzinfo=None) + data._timeoffset()
            self._dt = date2num(now)
        else:
            self._dt = forcedata.lines.datetime[0]
        self._dtime = data.num2date(self._dt)
        self.p = data.p
        self.lines = self

    @property
    def _calendar(self) -> Any:
        return self.data._calendar

    def __len__(self) -> int:
        return len(self.data)

    def __call__(self, idx: int = 0) -> datetime:
        return self._dtime

    def __getitem__(self, idx: int) -> float:
        return self._dt if idx == 0 else float("-inf")

    def datetime(self, idx: int = 0) -> datetime:
        """Give the time in the feed's zone."""
        return self._dtime

    def date(self, idx: int = 0) -> date:
        """Give the date in the feed's zone."""
        return self._dtime.date()

    def time(self, idx: int = 0) -> Any:
        """Give the time of day in the feed's zone."""
        return self._dtime.time()

    def num2date(self, *args: Any, **kwargs: Any) -> datetime:
        """Read a date number as the feed does."""
        return self.data.num2date(*args, **kwargs)  # type: ignore[no-any-return]

    def date2num(self, *args: Any, **kwargs: Any) -> float:
        """Give a date number as the feed does."""
        return self.data.date2num(*args, **kwargs)  # type: ignore[no-any-return]

    def _getnexteos(self) -> tuple[Any, float]:
        return self.data._getnexteos()  # type: ignore[no-any-return]


class _BaseResampler(ParamsBase):
    """Parameters of all filters that make larger bars.

    ``bar2edge``: bars end at multiples of *compression* units of *timeframe* within the day (False: each bar counts
    *compression* units that had source bars). ``adjbartime``: bars carry the time at which they end (False: the time of
    their last source bar); ``rightedge``: False for the time at which they began, where that is later. ``boundoff``: move
    the ends of bars by that many units. ``takelate``: put source bars that come after their bar is complete into the next.
    """

    params: ClassVar[Any] = (
        ("bar2edge", True),
        ("adjbartime", True),
        ("rightedge", True),
        ("boundoff", 0),
        ("timeframe", TimeFrame.Days),
        ("compression", 1),
        ("takelate", True),
        ("sessionend", True),
    )

    replaying: ClassVar[bool] = False

    def __init__(self, data: Any) -> None:
        p = self.p
        self.data = data
        self.rule = Rule(
            p.timeframe,
            p.compression,
            data._timeframe,
            data._compression,
            p.bar2edge,
            p.adjbartime,
            p.rightedge,
            p.boundoff,
            p.takelate,
        )
        self.made = Aggregation(self.rule, data)
        data.resampling = 1
        data.replaying = self.replaying
        data._timeframe = p.timeframe
        data._compression = p.compression

    @property
    def bar(self) -> Any:
        """The bar in the making."""
        return self.made.bar

    def _restart(self, data: Any) -> None:
        """Forget everything: the feed starts over."""
        self.made = Aggregation(self.rule, data)


class Resampler(_BaseResampler):
    """Deliver complete bars of the larger timeframe only."""

    def __call__(self, data: Any, fromcheck: bool = False, forcedata: Any = None) -> bool:
        """Take the current bar of *data* out of the stream; queue the larger bar that it completes."""
        if fromcheck:
            self.check(data, _forcedata=forcedata)
            return True
        lines = data.lines
        done = self.made.add(
            lines.datetime[0],
            lines.open[0],
            lines.high[0],
            lines.low[0],
            lines.close[0],
            lines.volume[0],
            lines.openinterest[0],
        )
        data.backwards()
        if done is not None:
            data._add2stack(done)
        return True

    def check(self, data: Any, _forcedata: Any = None) -> None:
        """Queue the bar in the making if it is complete at the time of *_forcedata* (default: by the clock)."""
        if self.made.bar.isopen():
            now = DTFaker(data, _forcedata)
            done = self.made.force(now[0], limited=_forcedata is not None)
            if done is not None:
                data._add2stack(done)

    def last(self, data: Any) -> bool:
        """Queue what is left at the end; tell whether there was something."""
        done = self.made.last()
        if done is None:
            return False
        data._add2stack(done)
        return True

    def resample_columns(self, data: Any, columns: Columns) -> tuple[Columns, Any]:
        """Give the larger bars of *columns*, and for each the number of the source bar that completes it."""
        return resample_columns(columns, self.rule, data)


class ResamplerTicks(Resampler):
    """Resample to ticks."""

    params: ClassVar[Any] = (("timeframe", TimeFrame.Ticks),)


class ResamplerSeconds(Resampler):
    """Resample to seconds."""

    params: ClassVar[Any] = (("timeframe", TimeFrame.Seconds),)


class ResamplerMinutes(Resampler):
    """Resample to minutes."""

    params: ClassVar[Any] = (("timeframe", TimeFrame.Minutes),)


class ResamplerDaily(Resampler):
    """Resample to days."""

    params: ClassVar[Any] = (("timeframe", TimeFrame.Days),)


class ResamplerWeekly(Resampler):
    """Resample to weeks."""

    params: ClassVar[Any] = (("timeframe", TimeFrame.Weeks),)


class ResamplerMonthly(Resampler):
    """Resample to months."""

    params: ClassVar[Any] = (("timeframe", TimeFrame.Months),)


class ResamplerYearly(Resampler):
    """Resample to years."""

    params: ClassVar[Any] = (("timeframe", TimeFrame.Years),)
