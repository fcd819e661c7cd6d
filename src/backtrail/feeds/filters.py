"""Filters: what stands between the bars of a source and the run, and the feeds that filter or fill another feed.

A filter is called with the feed for each bar that was loaded. It returns False to let the current bar through (it may
have changed it), True if it took it out; further bars are queued with ``data._add2stack``. See ``data.addfilter``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from math import nan
from typing import Any, ClassVar

from ..base.declare import ParamsBase, param
from ..base.parameter import FINITE, FUNCTION, Kind
from ..base.timeframe import TimeFrame
from ..errors import DataError, ParameterValueError
from .base import AbstractDataBase

_STEPS = {
    TimeFrame.Seconds: timedelta(seconds=1),
    TimeFrame.Minutes: timedelta(minutes=1),
}


class Filter(ParamsBase):
    """Base of filters with parameters: ``nextstart(data)`` once before the first bar, ``next(data)`` for each."""

    _firsttime: ClassVar[bool] = True

    def __init__(self, data: Any) -> None:
        """Take the feed; nothing is kept."""

    def __call__(self, data: Any) -> Any:
        """Filter the current bar; tell whether it was taken out."""
        if self._firsttime:
            self.nextstart(data)
            self.__dict__["_firsttime"] = False
        return self.next(data)

    def _restart(self, data: Any) -> None:
        self.__dict__.pop("_firsttime", None)

    def nextstart(self, data: Any) -> None:
        """Get ready, with the first bar as the current one."""

    def next(self, data: Any) -> Any:
        """Filter the current bar; tell whether it was taken out."""
        return False


# -- sessions ---------------------------------------------------------------------------------------------------------


def _in_session(data: Any) -> bool:
    p = data.p
    return bool(p.sessionstart <= data.lines.datetime.time(0) <= p.sessionend)


class SessionFilter(ParamsBase):
    """Leave out bars outside of the session of the feed."""

    def __init__(self, data: Any) -> None:
        """Take the feed; nothing is kept."""

    def __call__(self, data: Any) -> bool:
        """Take the current bar out if it is not within the session; tell whether it was."""
        if _in_session(data):
            return False
        data.backwards()
        return True


class SessionFilterSimple(ParamsBase):
    """Leave out bars outside of the session, as a filter for ``data.addfilter_simple``."""

    def __init__(self, data: Any) -> None:
        """Take the feed; nothing is kept."""

    def __call__(self, data: Any) -> bool:
        """Tell whether the current bar is to be left out."""
        return not _in_session(data)


class _Gaps:
    """The times within sessions at which a feed had no bar.

    A session begins with the first bar at or before its end, and is filled from its start (if that is earlier) to its
    end, which is known to be missing when a later bar comes.
    """

    def __init__(self, start: time, end: time, step: timedelta, first: bool) -> None:
        self.start = start
        self.end = end
        self.step = step
        self.fill_start = first  # fill the first session from its start
        self.before: datetime | None = None
        self.session_end: datetime | None = None

    def until(self, moment: datetime) -> Iterator[datetime]:
        """Give the times missing between the last bar and a bar at *moment*."""
        if self.session_end is not None and moment > self.session_end and self.before is not None:
            at = self.before + self.step
            while at <= self.session_end:
                yield at
                at += self.step
            self.session_end = None
        at = moment
        if self.session_end is None:
            end = datetime.combine(moment, self.end)
            if moment <= end:
                self.session_end = end
                if self.fill_start:
                    at = datetime.combine(moment, self.start)
                self.fill_start = True
        elif self.before is not None:
            at = self.before + self.step
        while at < moment:
            yield at
            at += self.step
        self.before = moment


def _step_of(data: Any, who: str) -> timedelta:
    unit: timedelta | None = _STEPS.get(data._timeframe)
    if unit is None:
        raise ParameterValueError(
            f"{who}: filling the gaps of feed {data._name!r} - expected bars of minutes or seconds - found "
            f"timeframe {TimeFrame.getname(data._timeframe)} - set timeframe= (and compression=) of the feed to what "
            "its bars are"
        )
    return unit * int(data._compression)


class _FillParams(ParamsBase):
    """What bars that fill a gap hold: prices (None: the close before), volume and open interest."""

    params: ClassVar[Any] = (("fill_price", None), ("fill_vol", nan), ("fill_oi", nan))


def _fill_bar(p: Any, data: Any, when: float, close: float) -> list[float]:
    """Give a bar at *when* that fills a gap after *close*, in the order of the lines of *data*."""
    price = p.fill_price or close
    bar = [price] * 4 + [p.fill_vol, p.fill_oi, when]
    return bar + [nan] * (len(data.lines._all) - len(bar))


class SessionFiller(_FillParams):
    """Fill the gaps within sessions with bars at the close before.

    ``fill_price``: the price to use instead of that close. ``fill_vol``, ``fill_oi``: their volume and open interest.
    ``skip_first_fill``: do not fill the first session from its start.
    """

    params: ClassVar[Any] = (("skip_first_fill", True),)

    def __init__(self, data: Any) -> None:
        self._step_ = _step_of(data, "SessionFiller")
        self._restart(data)

    def _restart(self, data: Any) -> None:
        self._gaps = _Gaps(
            data.p.sessionstart, data.p.sessionend, self._step_, first=not self.p.skip_first_fill
        )

    def __call__(self, data: Any) -> bool:
        """Queue the bars missing before the current one, and then that one; tell whether there were any."""
        lines = data.lines
        missing = list(self._gaps.until(data.num2date(lines.datetime[0])))
        if not missing:
            return False
        close = lines.close[-1] if len(data) > 1 else lines.close[0]
        for moment in missing:
            data._add2stack(_fill_bar(self.p, data, data.date2num(moment), close))
        data._save2stack(erase=True)
        return True


class CalendarDays(_FillParams):
    """Fill missing calendar days of daily bars with bars at the close before.

    ``fill_price``: None or 0 for the close before, -1 for the middle of high and low before, else the price to use.
    """

    def __init__(self, data: Any) -> None:
        self._before: list[float] | None = None

    def _restart(self, data: Any) -> None:
        self._before = None

    def __call__(self, data: Any) -> bool:
        """Queue bars for the days missing before the current one; tell whether there were any."""
        lines = data.lines
        before, self._before = self._before, [one[0] for one in lines._all]
        if before is None:
            return False
        now, last = data.num2date(lines.datetime[0]), data.num2date(before[6])
        days = (now.date() - last.date()).days
        if days < 2:
            return False
        if len(data) > 1 and lines.datetime[-1] == before[6]:
            before = [one[-1] for one in lines._all]  # as the filters after this one left it
        close, low, high = before[:3]
        price = (high + low) / 2.0 if self.p.fill_price == -1 else self.p.fill_price or close
        more = len(lines._all) - 7
        bars: list[list[float]] = []
        for day in range(1, days):
            moment = datetime.combine(last.date() + timedelta(days=day), now.time())
            bar = [price] * 4 + [self.p.fill_vol, self.p.fill_oi, data.date2num(moment)]
            bars.append(bar + [nan] * more)
        bars.append(self._before)
        data.backwards()
        data._add_after_(self, bars)
        return True


# -- bars made of bars ------------------------------------------------------------------------------------------------


class HeikinAshi(ParamsBase):
    """Turn bars into Heikin-Ashi bars: averages of prices, and opens in the middle of the bar before."""

    def __init__(self, data: Any) -> None:
        """Take the feed; nothing is kept."""

    def __call__(self, data: Any) -> bool:
        """Change the current bar."""
        lines = data.lines
        o, h, low, c = lines.open[0], lines.high[0], lines.low[0], lines.close[0]
        lines.close[0] = close = (o + h + low + c) / 4.0
        if len(data) > 1:
            o = (lines.open[-1] + lines.close[-1]) / 2.0
        else:
            o = (o + c) / 2.0
        lines.open[0] = o
        lines.high[0] = max(o, close, h)
        lines.low[0] = min(o, close, low)
        return False


class DaySplitter_Close(ParamsBase):
    """Split daily bars into two: open, high and low at the start of the session, the close at its end.

    The first one closes at the mean of its three prices. ``closevol`` is the part of the volume in the second one.
    """

    params: ClassVar[Any] = (("closevol", param(default=0.5, kind=FINITE)),)

    def __init__(self, data: Any) -> None:
        self._split_: date | None = None

    def _restart(self, data: Any) -> None:
        self._split_ = None

    def __call__(self, data: Any) -> bool:
        """Make the current bar the first part of its day; the second one follows."""
        day = data.num2date(data.lines.datetime[0]).date()
        if day == self._split_:
            return False  # the second part
        self._split_ = day
        bar = [one[0] for one in data.lines._all]
        close, low, high, opened, volume, interest = bar[:6]
        first = volume if volume != volume else float(int(volume * (1.0 - self.p.closevol)))
        start = data.date2num(datetime.combine(day, data.p.sessionstart))
        end = data.date2num(datetime.combine(day, data.p.sessionend))
        middle = (opened + high + low) / 3.0
        more = bar[7:]
        data._updatebar([middle, low, high, opened, first, interest, start, *more])
        data._add2stack([close, close, close, close, volume - first, interest, end, *more], stash=True)
        return False


class BarReplayer_Open(ParamsBase):
    """Deliver each bar twice: first at its opening price alone, then complete."""

    def __init__(self, data: Any) -> None:
        data.resampling = 1
        data.replaying = True
        self._complete_: list[float] | None = None

    def _restart(self, data: Any) -> None:
        self._complete_ = None
        for other, _, _ in data._filters:
            if hasattr(other, "rule"):
                raise DataError(
                    f"feed {data._name or type(data).__name__!r}: BarReplayer_Open delivers each bar twice, and "
                    f"{type(other).__name__} would count it twice - resample or replay a feed without this filter"
                )

    def __call__(self, data: Any) -> bool:
        """Deliver the complete bar before, or the opening of the current one."""
        complete = self._complete_
        if complete is not None:
            # the bar that has just come waits, and passes through here once more
            data._save2stack(erase=True, stash=True)
            data._updatebar(complete)
            self._complete_ = None
            return False
        self._complete_ = bar = [one[0] for one in data.lines._all]
        opened, when = bar[3], bar[6]
        data._updatebar([opened, opened, opened, opened, 0.0, 0.0, when])
        return False

    def last(self, data: Any) -> bool:
        """Queue the last complete bar; tell whether there was one."""
        if self._complete_ is None:
            return False
        data.backwards()
        data._add2stack(self._complete_)
        self._complete_ = None
        return True


DayStepsFilter = BarReplayer_Open


def _is_divisor(value: Any) -> bool:
    return FINITE.holds(value) and value != 0


class Renko(Filter):
    """Turn bars into Renko bricks: one of a fixed height each time that the price has gone that far.

    ``size``: height of a brick; None for the first price divided by ``autosize`` (``dynamic``: for each price).
    ``align``: the first price (``dynamic``: each brick) is rounded to a multiple of it, with ``roundstart`` the first
    one also to a whole number. ``hilo``: look at high and low instead of the close.
    """

    params: ClassVar[Any] = (
        ("hilo", False),
        ("size", param(kind=FINITE)),
        ("autosize", param(default=20.0, kind=Kind("a finite number other than 0", _is_divisor, number=True))),
        ("dynamic", False),
        ("align", param(default=1.0, kind=FINITE)),
        ("roundstart", True),
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        if not self.p.align:
            raise ParameterValueError(
                f"Renko: rounding the first price - expected align to be the step to round to - found "
                f"{self.p.align!r} - leave it out for whole numbers"
            )

    def nextstart(self, data: Any) -> None:
        """Lay out the first brick around the first open."""
        price = self._aligned(data.lines.open[0])
        self.size = self.p.size or price // self.p.autosize
        if self.p.roundstart:
            price = float(int(price))
        self._top = price + self.size
        self._bottom = price - self.size

    def next(self, data: Any) -> bool:
        """Make the current bar a brick, or take it out."""
        lines = data.lines
        p = self.p
        high = lines.high[0] if p.hilo else lines.close[0]
        low = lines.low[0] if p.hilo else lines.close[0]
        dynamic = p.dynamic and not p.size
        if dynamic and (high >= self._top or low <= self._bottom):
            self.size = lines.close[0] // p.autosize
        if high >= self._top:
            start = self._bottom = self._top
            end = start + self.size
            self._top = end = self._aligned(end) if dynamic else end
        elif low <= self._bottom:
            start = self._top = self._bottom
            end = start - self.size
            self._bottom = end = self._aligned(end) if dynamic else end
        else:
            data.backwards()
            return True
        lines.open[0] = start
        lines.close[0] = end
        lines.high[0] = max(start, end)
        lines.low[0] = min(start, end)
        lines.volume[0] = 0.0
        lines.openinterest[0] = 0.0
        return False

    def _aligned(self, price: float) -> float:
        step: float = self.p.align
        return round(price / step) * step


# -- feeds that read another feed -------------------------------------------------------------------------------------


_FEED = Kind("a feed", lambda value: isinstance(value, AbstractDataBase))


class _OverData(AbstractDataBase):
    """A feed that reads the feed given as *dataname*, which need not be in the run itself."""

    params: ClassVar[Any] = (("dataname", param(default=None, kind=_FEED)),)

    def __init__(self) -> None:
        source = self.p.dataname
        self._timeframe = source._timeframe
        self._compression = source._compression

    def _finish_(self) -> None:
        super()._finish_()
        source = self.p.dataname
        self._timeframe = source._timeframe
        self._compression = source._compression
        self._own = True

    def start(self) -> None:
        """Start the other feed, unless it runs by itself."""
        super().start()
        source = self.p.dataname
        datas = getattr(self._env, "datas", ())
        self._own = not any(source is one for one in datas)
        if self._own:
            source.setenvironment(self._env)
            source.reset()
            source._start()

    def stop(self) -> None:
        """Stop the other feed, unless it runs by itself."""
        super().stop()
        if self._own:
            self.p.dataname.stop()

    def _preload_steps_(self) -> bool:
        source = self.p.dataname
        if self._own:
            source.preload()
        clock = source._c_
        at, clock.i = clock.i, -1
        try:
            return super()._preload_steps_()
        finally:
            clock.i = at

    def _preload_bulk_(self) -> bool:
        return False

    def _copy(self, source: Any) -> None:
        for mine, theirs in zip(self.lines._all, source.lines._all, strict=False):
            mine[0] = theirs[0]


class DataFilter(_OverData):
    """Deliver the bars of another feed for which ``funcfilter(feed)`` is true."""

    params: ClassVar[Any] = (("funcfilter", param(kind=FUNCTION)),)

    def _load(self) -> bool | None:
        source = self.p.dataname
        while True:
            got = source.next()
            if not got:
                return got  # type: ignore[no-any-return]
            if self.p.funcfilter is None or self.p.funcfilter(source):
                self._copy(source)
                return True


class DataFiller(_OverData):
    """Deliver the bars of another feed with the gaps within its sessions filled with bars at the close before.

    ``fill_price``: the price to use instead of that close. ``fill_vol``, ``fill_oi``: volume and open interest.
    """

    params: ClassVar[Any] = (("fill_price", None), ("fill_vol", nan), ("fill_oi", nan))

    def start(self) -> None:
        """Start the other feed."""
        super().start()
        source = self.p.dataname
        step = _step_of(source, "DataFiller")
        self._gaps = _Gaps(source.p.sessionstart, source.p.sessionend, step, first=False)
        self._absent: list[datetime] = []
        self._waits = False
        self._close = nan

    def _load(self) -> bool | None:
        source = self.p.dataname
        if not self._waits and not self._absent:
            got = source.next()
            if not got:
                return got  # type: ignore[no-any-return]
            self._absent = list(self._gaps.until(source.num2date(source.lines.datetime[0])))
            self._waits = True
        if self._absent:
            moment = self._absent.pop(0)
            self._updatebar(_fill_bar(self.p, self, source.date2num(moment), self._close))
            return True
        self._copy(source)
        self._close = source.lines.close[0]
        self._waits = False
        return True


__all__ = [
    "AbstractDataBase",
    "BarReplayer_Open",
    "CalendarDays",
    "DataFiller",
    "DataFilter",
    "DaySplitter_Close",
    "DayStepsFilter",
    "Filter",
    "HeikinAshi",
    "Renko",
    "SessionFiller",
    "SessionFilter",
    "SessionFilterSimple",
]
