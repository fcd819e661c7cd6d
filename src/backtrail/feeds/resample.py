"""Filters that turn the bars of a feed into bars of a larger timeframe: complete ones, or growing ones (replay).

``data.resample(timeframe=…, compression=…)``, ``data.replay(…)`` and their counterparts on Cerebro add these filters.
"""

from __future__ import annotations

import datetime as _dt
from dataclasses import replace
from typing import Any, ClassVar

from ..base.declare import ParamsBase
from ..base.time import date2num
from ..base.timeframe import TimeFrame
from ..errors import ParameterValueError
from .aggregate import LATE_STEP, Aggregation, Rule

_TIMEFRAMES = range(TimeFrame.Ticks, TimeFrame.NoTimeFrame + 1)


class DTFaker:
    """A feed seen at another time: that of *forcedata*'s current bar, or without one this machine's clock."""

    def __init__(self, data: Any, forcedata: Any = None) -> None:
        self.data = data
        self.sessionend = data.p.sessionend
        self._tz = data._tz
        if forcedata is None:
            now = _dt.datetime.now(_dt.UTC).replace(tzinfo=None) + data._timeoffset()
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

    def __call__(self, idx: int = 0) -> _dt.datetime:
        return self._dtime  # type: ignore[no-any-return]

    def __getitem__(self, idx: int) -> float:
        return self._dt if idx == 0 else float("-inf")

    def datetime(self, idx: int = 0) -> _dt.datetime:
        """Give the time in the feed's zone."""
        return self._dtime  # type: ignore[no-any-return]

    def date(self, idx: int = 0) -> _dt.date:
        """Give the date in the feed's zone."""
        return self._dtime.date()  # type: ignore[no-any-return]

    def time(self, idx: int = 0) -> Any:
        """Give the time of day in the feed's zone."""
        return self._dtime.time()

    def num2date(self, *args: Any, **kwargs: Any) -> _dt.datetime:
        """Read a date number as the feed does."""
        return self.data.num2date(*args, **kwargs)  # type: ignore[no-any-return]

    def date2num(self, *args: Any, **kwargs: Any) -> float:
        """Give a date number as the feed does."""
        return self.data.date2num(*args, **kwargs)  # type: ignore[no-any-return]

    def _getnexteos(self) -> tuple[Any, float]:
        return self.data._getnexteos()  # type: ignore[no-any-return]


class _NoUnits(int):
    """A compression of 0: counting units of a bar by it ends the run, as it does in backtrader.

    A bar that is never complete, such as a month longer than the data, counts nothing and is delivered.
    """

    who: str
    data: Any

    @classmethod
    def of(cls, who: str, data: Any) -> _NoUnits:
        """Make one for *data*; *who* names the filter."""
        made = cls(0)
        made.who, made.data = who, data
        return made

    def _refuse(self, count: Any) -> int:
        raise ZeroDivisionError(
            f"{self.who}: completing a bar of feed {self.data._name!r} - expected bars of one unit of their timeframe "
            "or more - found compression=0 - pass compression=1, or leave it out"
        )

    __rmod__ = __rfloordiv__ = _refuse


class _BaseResampler(ParamsBase):
    """Parameters of all filters that make larger bars.

    ``bar2edge``: bars end at multiples of *compression* units of *timeframe* within the day (False: each bar counts
    *compression* units that had source bars). ``adjbartime``: bars carry the time at which they end (False: the time of
    their last source bar); ``rightedge``: False for the time at which they began, where that is later (with
    ``Cerebro(honour_rightedge=True)``: always). ``boundoff``:
    move the ends of bars by that many units. ``takelate``: put source bars that come after their bar is complete into
    the next.
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
        if p.timeframe not in _TIMEFRAMES:
            raise ParameterValueError(
                f"{type(self).__name__}: parameter 'timeframe' must be one of bt.TimeFrame.Ticks ... Years; got "
                f"{p.timeframe!r}."
            )
        if not isinstance(p.compression, int) or p.compression < 0:
            raise ParameterValueError(
                f"{type(self).__name__}: parameter 'compression' must be a whole number >= 1; got {p.compression!r}."
            )
        units = p.compression or _NoUnits.of(type(self).__name__, data)
        self.data = data
        self.rule = Rule(
            p.timeframe,
            units,
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


def use_left_edges(data: Any, left: bool) -> bool:
    """Let intraday bars that *data* is resampled to with ``rightedge=False`` carry the time at which they begin.

    Without *left* they carry what backtrader gives them: the time of their last source bar. Tell whether there are such
    bars and they begin where they say.
    """
    used = False
    for one, _, _ in data._filters:
        if isinstance(one, Resampler):
            rule = one.rule
            now = left and rule.intraday and rule.adjusts and not rule.rightedge
            if now is not rule.left:
                one.rule = replace(rule, left=now)
                one._restart(data)
            used = used or now
    return used


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


class Replayer(_BaseResampler):
    """Deliver the larger bar again with each source bar that goes into it; it is the current bar until it is complete.

    Each source bar is the newest tick, which the broker matches orders against. With ``adjbartime=True`` one more tick,
    without a source bar, moves a complete bar to the time at which it ends.
    """

    params: ClassVar[Any] = (("adjbartime", False),)

    replaying: ClassVar[bool] = True

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self._opens = True  # the next source bar opens a larger bar

    def _restart(self, data: Any) -> None:
        super()._restart(data)
        self._opens = True

    def __call__(self, data: Any, fromcheck: bool = False, forcedata: Any = None) -> bool:
        """Put the current bar of *data* into the larger one, which takes its place; tell whether it was dropped."""
        if fromcheck:
            self.check(data, _forcedata=forcedata)
            return False
        lines, made = data.lines, self.made
        when = lines.datetime[0]
        used, edge, ask = False, False, True
        before = lines.datetime[-1] if len(data) > 1 else None
        if self.rule.intraday and before is not None and when <= before:
            if not self.p.takelate:
                data.backwards(force=True)
                return True
            used = True
            self._put(data)
            made.bar.datetime = before + LATE_STEP
        elif self.rule.counting:
            used = True
            self._put(data)
        else:
            edge, ask = made.on_edge(when)
            if edge:
                used = True
                self._put(data)
        data._ticks_ = None
        data._ticks_ = data._newest_ticks_()
        if edge or (ask and self._passed(when)):
            self._complete_(data, edge, used)
        else:
            if not used:
                self._put(data)
            self._show(data)
            self._opens = False
        return False

    def _passed(self, when: float) -> bool:
        if self.rule.counting:
            self.made.count += 1
            return self.made.count % self.rule.compression == 0
        return self.made.over(when)

    def _put(self, data: Any, reopen: bool = False) -> None:
        self.made.bar.bupdate(data, reopen)

    def _show(self, data: Any) -> None:
        """Make the larger bar the current one, in place of its former state."""
        if not self._opens:
            data.backwards(force=True)
        data._updatebar(self.made.bar.values())

    def _complete_(self, data: Any, edge: bool, used: bool) -> None:
        """End the larger bar: with the current source bar if that was *used*, else before it."""
        bar = self.made.bar
        if not edge and self.rule.adjusts:
            if self._moved():
                data._updatebar(bar.values(), ago=0 if used else -1)
            if used:
                bar.bstart(maxdate=True)
                self._opens = True
            else:
                # the larger bar is delivered once more; the source bar opens the next one afterwards
                self._put(data, reopen=True)
                data._save2stack(erase=True, force=True)
        elif used:
            self._show(data)
            bar.bstart(maxdate=True)
            self._opens = True
        else:
            self._put(data, reopen=True)

    def _moved(self) -> bool:
        """Move the larger bar to the time at which it ends, never back; tell whether it was moved."""
        moment = self.made.boundary(greater=True)
        if moment is None or moment <= self.made.bar.datetime:
            return False
        self.made.bar.datetime = moment
        return True

    def check(self, data: Any, _forcedata: Any = None) -> None:
        """End the larger bar if it is complete at the time of *_forcedata* (default: by the clock)."""
        made = self.made
        now = DTFaker(data, _forcedata)[0]
        if self.rule.counting or not made._over(now) or not (self.rule.intraday and self.rule.bar2edge):
            return
        if self.rule.adjusts:
            moved = self._moved()
            if moved:
                data._updatebar(made.bar.values())
            made.bar.bstart(maxdate=True)
            self._opens = True
            if moved:
                data._save2stack(erase=True, force=True)


class ReplayerTicks(Replayer):
    """Replay to ticks."""

    params: ClassVar[Any] = (("timeframe", TimeFrame.Ticks),)


class ReplayerSeconds(Replayer):
    """Replay to seconds."""

    params: ClassVar[Any] = (("timeframe", TimeFrame.Seconds),)


class ReplayerMinutes(Replayer):
    """Replay to minutes."""

    params: ClassVar[Any] = (("timeframe", TimeFrame.Minutes),)


class ReplayerDaily(Replayer):
    """Replay to days."""

    params: ClassVar[Any] = (("timeframe", TimeFrame.Days),)


class ReplayerWeekly(Replayer):
    """Replay to weeks."""

    params: ClassVar[Any] = (("timeframe", TimeFrame.Weeks),)


class ReplayerMonthly(Replayer):
    """Replay to months."""

    params: ClassVar[Any] = (("timeframe", TimeFrame.Months),)
