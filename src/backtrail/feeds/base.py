"""Feeds: objects that deliver bars one by one, or all at once before a run.

A feed implements ``_load()``: put one bar into ``self.lines`` and return True, return False at the end, or None when there
is nothing yet (live feeds). Feeds that know all their bars implement ``_read_columns()`` instead and are loaded in bulk.
Between the source and the strategy stand, in this order: the input time zone, ``fromdate``/``todate``, the filters.
"""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from math import inf, nan
from typing import Any, ClassVar

import numpy as np

from ..base.declare import ParamsBase
from ..base.owner import find_owner, inside
from ..base.time import TIME_MAX, Localizer, date2num, num2date, time2num, tzparse
from ..base.timeframe import TimeFrame
from ..errors import DataError, DataWarning
from ..lines.clock import Clock
from .columns import Columns, check_bars, warn_empty
from .series import OHLCDateTime, SimpleFilterWrapper

_PACKAGE = __name__.partition(".")[0]
_PARAMS = (
    ("dataname", None),
    ("name", ""),
    ("compression", 1),
    ("timeframe", TimeFrame.Days),
    ("fromdate", None),
    ("todate", None),
    ("sessionstart", None),
    ("sessionend", None),
    ("filters", []),
    ("tz", None),
    ("tzinput", None),
    ("qcheck", 0.0),
    ("calendar", None),
)

Filter = tuple[Any, Any, Any]


def _tick(name: str, at: int) -> property:
    """Make an attribute for the newest tick: what a filter set while replaying, else the current bar."""

    def read(self: Any) -> Any:
        if self._ticks is not None:
            return self._ticks[at]
        return getattr(self.lines, name)[0] if len(self) else None

    def write(self: Any, value: Any) -> None:
        ticks = list(self._ticks) if self._ticks is not None else [None] * 7
        ticks[at] = value
        self._ticks = ticks

    return property(read, write, doc=f"The {name} of the newest tick; None before the first bar.")


class AbstractDataBase(OHLCDateTime):
    """Base of all feeds."""

    params: ClassVar[Any] = _PARAMS

    CONNECTED, DISCONNECTED, CONNBROKEN, DELAYED, LIVE, NOTSUBSCRIBED, NOTSUPPORTED_TF, UNKNOWN = range(8)
    _NOTIFNAMES: ClassVar[list[str]] = [
        "CONNECTED",
        "DISCONNECTED",
        "CONNBROKEN",
        "DELAYED",
        "LIVE",
        "NOTSUBSCRIBED",
        "NOTSUPPORTED_TIMEFRAME",
        "UNKNOWN",
    ]

    _compensate: Any = None
    _feed: Any = None
    _store: Any = None
    _env: Any = None
    _id: int = 0
    _clone: bool = False
    _qcheck: float = 0.0
    _tmoffset: timedelta = timedelta()
    _laststatus: int = CONNECTED
    _started: bool = False
    _tz: Any = None
    _tzinput: Any = None
    _calendar: Any = None
    _ticks: Any = None
    _replaying: bool = False
    _columns: Columns | None = None
    _at: int = -1
    _source: Columns | None = None  # what a preloaded feed was resampled from
    _triggers: Any = None  # the source bar that completes each of its bars
    _held: int = 0  # bars loaded beyond the current one
    resampling: int = 0
    fromdate: float = -inf
    todate: float = inf
    sessionstart: Any = 0.0
    sessionend: Any = inf

    tick_close = _tick("close", 0)
    tick_low = _tick("low", 1)
    tick_high = _tick("high", 2)
    tick_open = _tick("open", 3)
    tick_volume = _tick("volume", 4)
    tick_openinterest = _tick("openinterest", 5)
    tick_last = _tick("close", 6)

    # -- construction -----------------------------------------------------------------------------------------------

    def _prepare(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        args, kwargs = super()._prepare(args, kwargs)
        self._feed = find_owner(FeedBase)
        self.notifs: deque[tuple[int, Any, Any]] = deque()
        self._barstack: deque[Any] = deque()
        self._barstash: deque[Any] = deque()
        self._filters: list[Filter] = []
        self._ffilters: list[Filter] = []
        self._dataname = self.p.dataname
        self._name = ""
        return args, kwargs

    def _finish(self) -> None:
        super()._finish()
        p = self.p
        self._name = self._name or p.name or ""
        if not self._name and isinstance(p.dataname, str):
            self._name = p.dataname
        self._compression = p.compression
        self._timeframe = p.timeframe
        if isinstance(p.sessionstart, datetime):
            p.sessionstart = p.sessionstart.time()
        elif p.sessionstart is None:
            p.sessionstart = time.min
        if isinstance(p.sessionend, datetime):
            p.sessionend = p.sessionend.time()
        elif p.sessionend is None:
            p.sessionend = TIME_MAX
        # a plain date means the whole session of that day
        if isinstance(p.fromdate, date) and not hasattr(p.fromdate, "hour"):
            p.fromdate = datetime.combine(p.fromdate, p.sessionstart)
        if isinstance(p.todate, date) and not hasattr(p.todate, "hour"):
            p.todate = datetime.combine(p.todate, p.sessionend)
        for one in p.filters:
            if isinstance(one, type):
                one = one(self)
                if hasattr(one, "last"):
                    self._ffilters.append((one, (), {}))
            self._filters.append((one, (), {}))

    # -- start and stop ---------------------------------------------------------------------------------------------

    def _start(self) -> None:
        """Get ready to deliver: what the engine calls before a run."""
        self.start()
        if not self._started:
            self._start_finish()

    def _start_finish(self) -> None:
        """Settle zone, dates, session and calendar; a feed that learns its zone late calls this itself."""
        self._tz = self._gettz()
        self.lines.datetime._settz(self._tz)
        self._tzinput = Localizer(self._gettzinput())
        p = self.p
        self.fromdate = -inf if p.fromdate is None else self.date2num(p.fromdate)
        self.todate = inf if p.todate is None else self.date2num(p.todate)
        self.sessionstart = time2num(p.sessionstart)
        self.sessionend = time2num(p.sessionend)
        if p.calendar is not None:
            from ..market.calendar import as_calendar

            self._calendar = as_calendar(p.calendar)
        else:
            self._calendar = getattr(self._env, "_tradingcal", None)
        self._started = True

    def start(self) -> None:
        """Get ready to deliver; subclasses that open something extend this."""
        self._barstack.clear()
        self._barstash.clear()
        self._laststatus = self.CONNECTED
        self._columns = None
        self._at = -1
        self._ticks = None
        for one, _, _ in self._filters:
            restart = getattr(one, "_restart", None)
            if restart is not None:
                restart(self)

    def stop(self) -> None:
        """End delivering; subclasses that opened something extend this."""
        self._started = False
        self._columns = None

    def reset(self) -> None:
        """Forget all bars."""
        clock = Clock()
        for one in self.lines._all:
            one._set_clock(clock)
            one._allocate(0)
        self.__dict__["_c"] = clock
        self._held = 0

    # -- time -------------------------------------------------------------------------------------------------------

    def _timeoffset(self) -> timedelta:
        """Give the difference between the source's clock and this machine's."""
        return self._tmoffset

    def _gettz(self) -> Any:
        """Give the zone in which times are shown; feeds that know better override this."""
        return tzparse(self.p.tz)

    def _gettzinput(self) -> Any:
        """Give the zone in which the source writes its times; feeds that know better override this."""
        return tzparse(self.p.tzinput)

    def date2num(self, dt: date) -> float:
        """Give the date number of *dt*, which is read on the clock of the feed's zone."""
        return date2num(dt, self._tz)

    def num2date(self, dt: float | None = None, tz: Any = None, naive: bool = True) -> datetime:
        """Give the time of date number *dt* (default: the current bar's) in *tz* (default: the feed's zone)."""
        if dt is None:
            dt = self.lines.datetime[0]
        return num2date(dt, tz if tz is not None else self._tz, naive)

    def _getnexteos(self) -> tuple[datetime, float]:
        """Give the next end of session at or after the current bar, in UTC, as a datetime and as a date number."""
        if not len(self):
            return datetime.min, 0.0
        return self._eos_after(self.lines.datetime[0])

    def _eos_after(self, when: float) -> tuple[datetime, float]:
        """Give the first end of session at or after date number *when*, in UTC."""
        moment = num2date(when)
        if self._calendar is not None:
            end: datetime = self._calendar.schedule(moment, self._tz)[1]
            return end, date2num(end)
        # through a number and back: the end is compared with times that went that way too
        end = num2date(date2num(datetime.combine(moment, self.p.sessionend), self._tz))
        while moment > end:
            end += timedelta(days=1)
        return end, date2num(end)

    # -- notifications and live feeds -------------------------------------------------------------------------------

    @classmethod
    def _getstatusname(cls, status: int) -> str:
        return cls._NOTIFNAMES[status]

    def put_notification(self, status: int, *args: Any, **kwargs: Any) -> None:
        """Queue a change of status for ``notify_data``; the present status is not repeated."""
        if status != self._laststatus:
            self.notifs.append((status, args, kwargs))
            self._laststatus = status

    def get_notifications(self) -> list[tuple[int, Any, Any]]:
        """Take the queued changes of status: ``(status, args, kwargs)``."""
        taken = list(self.notifs)
        self.notifs.clear()
        return taken

    def haslivedata(self) -> bool:
        """Tell whether there is data to be loaded without waiting; live feeds override this."""
        return False

    def islive(self) -> bool:
        """Tell whether bars arrive while the run goes on: then nothing can be preloaded."""
        return False

    def do_qcheck(self, onoff: bool, qlapse: float) -> None:
        """Set how long ``_load`` may wait: the ``qcheck`` parameter less the *qlapse* seconds already spent."""
        wait = self.p.qcheck if onoff else 0.0
        self._qcheck = max(0.0, wait - qlapse)

    # -- around the feed --------------------------------------------------------------------------------------------

    def getfeed(self) -> Any:
        """Give the factory that made this feed, if one did."""
        return self._feed

    def setenvironment(self, env: Any) -> None:
        """Remember the Cerebro that this feed runs in."""
        self._env = env

    def getenvironment(self) -> Any:
        """Give the Cerebro that this feed runs in."""
        return self._env

    def qbuffer(self, savemem: int = 0, replaying: bool = False) -> None:
        """Keep no more bars than are needed; the run does it (``exactbars``), so there is nothing to do here."""

    def clone(self, **kwargs: Any) -> DataClone:
        """Give a feed that delivers this feed's bars, read from it while it runs."""
        return DataClone(dataname=self, **kwargs)

    def copyas(self, _dataname: str, **kwargs: Any) -> DataClone:
        """Give a clone under another name."""
        made = DataClone(dataname=self, **kwargs)
        made._dataname = made._name = _dataname
        return made

    def compensate(self, other: Any) -> None:
        """Let executions on this data close and open the position of *other*."""
        self._compensate = other

    # -- filters ----------------------------------------------------------------------------------------------------

    def addfilter_simple(self, f: Any, *args: Any, **kwargs: Any) -> None:
        """Leave out the bars for which ``f(data, *args, **kwargs)`` is true."""
        self._filters.append((SimpleFilterWrapper(self, f, *args, **kwargs), (), {}))

    def addfilter(self, p: Any, *args: Any, **kwargs: Any) -> None:
        """Pass each bar through *p*.

        A class is called with the data and the arguments, and its instance with the data for each bar; if it has
        ``last(data)``, that is called at the end. Anything else is called with the data and the arguments. What is called
        returns True if it took the bar out of the stream.
        """
        if isinstance(p, type):
            made = p(self, *args, **kwargs)
            self._filters.append((made, (), {}))
            if hasattr(made, "last"):
                self._ffilters.append((made, (), {}))
        else:
            self._filters.append((p, args, kwargs))

    def resample(self, **kwargs: Any) -> None:
        """Deliver bars of a larger timeframe made of this feed's (parameters: see ``Resampler``)."""
        from .resample import Resampler

        self.addfilter(Resampler, **kwargs)

    def replay(self, **kwargs: Any) -> None:
        """Deliver growing bars of a larger timeframe made of this feed's (parameters: see ``Replayer``)."""
        from .resample import Replayer

        self.addfilter(Replayer, **kwargs)

    @property
    def replaying(self) -> bool:
        """Whether bars grow while they are delivered."""
        return self._replaying

    @replaying.setter
    def replaying(self, value: Any) -> None:
        self._replaying = bool(value)

    def _check(self, forcedata: Any = None) -> None:
        """Let filters look at the clock: at *forcedata*'s time, or at this machine's."""
        for one, args, kwargs in self._filters:
            check = getattr(one, "check", None)
            if check is not None:
                check(self, *args, _forcedata=forcedata, **kwargs)

    def _last(self, datamaster: Any = None) -> bool:
        """Let filters deliver what they hold back; tell whether there was something."""
        got = 0
        for one, args, kwargs in self._ffilters:
            got += bool(one.last(self, *args, **kwargs))
        ticks = datamaster is not None and bool(self._barstack)
        while self._fromstack(forward=True):
            pass
        if ticks:
            self._tick_fill()
        return bool(got)

    def _add2stack(self, bar: Any, stash: bool = False) -> None:
        """Deliver *bar* (values in the order of the lines) next; a stashed bar passes through the filters first."""
        (self._barstash if stash else self._barstack).append(bar)

    def _save2stack(self, erase: bool = False, force: bool = False, stash: bool = False) -> None:
        """Deliver the current bar (again) next; with *erase* take it out of the stream now."""
        bar = [one[0] for one in self.lines._all]
        (self._barstash if stash else self._barstack).append(bar)
        if erase:
            self.backwards(force=force)

    def _updatebar(self, bar: Any, forward: bool = False, ago: int = 0) -> None:
        """Put the values of *bar* into the bar *ago* bars from now, or (*forward*) into a new one."""
        if forward:
            self.forward()
        for one, value in zip(self.lines._all, bar, strict=False):
            one[ago] = value

    def _fromstack(self, forward: bool = False, stash: bool = False) -> bool:
        """Take a waiting bar into the current bar, or (*forward*) into a new one; tell whether there was one."""
        waiting = self._barstash if stash else self._barstack
        if not waiting:
            return False
        self._updatebar(waiting.popleft(), forward=forward)
        return True

    # -- loading ----------------------------------------------------------------------------------------------------

    def _load(self) -> bool | None:
        """Put the next bar of the source into the lines: True; False at the end, None if there is nothing yet."""
        columns = self._columns
        if columns is None:
            columns = self._read_columns()
            if columns is None:
                return False
            self._columns, self._at, self._feeders = columns, 0, self._views(columns)
        at = self._at
        if at >= len(columns):
            return False
        self._at = at + 1
        i = self._c.i
        for one, values in self._feeders:
            one._a[i] = values[at]
        return True

    def _views(self, columns: Columns) -> list[tuple[Any, Any]]:
        out = []
        for name in self.lines.getlinealiases():
            if name in columns.extra or hasattr(columns, name):
                values = np.ascontiguousarray(columns.line(name), dtype=np.float64)
                out.append((getattr(self.lines, name), memoryview(values)))
        return out

    def _read_columns(self) -> Columns | None:
        """Read all bars of the source, times in UTC; None if it can only be read bar by bar."""
        return None

    def load(self) -> bool | None:
        """Put the next bar into the lines, through zone, dates and filters: True; False at the end, None for nothing yet."""
        when = self.lines.datetime
        while True:
            self.forward()
            if self._barstack and self._fromstack():
                return True
            if not (self._barstash and self._fromstack(stash=True)):
                loaded = self._load()
                if not loaded:
                    self.backwards(force=True)
                    return loaded
                if self._tzinput is not None and self._columns is None:
                    when[0] = date2num(num2date(when[0]), self._tzinput)
            now = when[0]
            if now < self.fromdate:
                self.backwards()
                continue
            if now > self.todate:
                self.backwards(force=True)
                return False
            if not self._filters or not self._filter():
                return True

    def _filter(self) -> bool:
        """Pass the current bar, and what filters make of it, through the filters; tell whether it was taken."""
        taken = False
        for one, args, kwargs in self._filters:
            if self._barstack:
                for _ in range(len(self._barstack)):
                    self._fromstack(forward=True)
                    taken = one(self, *args, **kwargs)
            else:
                taken = one(self, *args, **kwargs)
            if taken:
                break
        return bool(taken)

    # -- bar by bar -------------------------------------------------------------------------------------------------

    def _stored(self) -> int:
        """Give the number of bars loaded so far."""
        c = self._c
        return c.size or c.i + 1 + self._held

    def advance(self, size: int = 1, datamaster: Any = None, ticks: bool = True) -> None:
        """Move on by *size* bars that are loaded already; not beyond the time of *datamaster*'s current bar."""
        stored = self._stored()
        self._move(size)
        if datamaster is None:
            return
        if self._c.i >= stored or self.lines.datetime[0] > datamaster.lines.datetime[0]:
            self._move(-size)

    def advance_peek(self) -> float:
        """Give the time of the next loaded bar as a date number; infinity if there is none."""
        at = self._c.i + 1
        if at < self._stored():
            return float(self.lines.datetime.array[at])
        return inf

    def rewind(self, size: int = 1) -> None:
        """Move back by *size* bars, which stay loaded."""
        self._move(-size)

    def _move(self, size: int) -> None:
        c = self._c
        c.i += size
        if not c.size:
            self._held -= size

    def next(self, datamaster: Any = None, ticks: bool = True) -> bool | None:  # type: ignore[override]
        """Move on to the next bar, loading it if need be; not beyond the time of *datamaster*'s current bar.

        Give True if there is a new bar, False at the end (or beyond *datamaster*), None if there is nothing yet.
        """
        c = self._c
        if c.size:
            if c.i + 1 >= c.size:
                return False
            c.i += 1
        elif self._held:
            self._held -= 1
            c.i += 1
        else:
            loaded = self.load()
            if not loaded:
                return loaded
        if datamaster is not None and self.lines.datetime[0] > datamaster.lines.datetime[0]:
            self._move(-1)
            return False
        return True

    def _tick_fill(self, force: bool = False) -> None:
        """Make the current bar the newest tick."""
        self._ticks = None

    def _tick_nullify(self) -> None:
        """Forget the newest tick."""
        self._ticks = [None] * 7

    # -- all at once ------------------------------------------------------------------------------------------------

    def preload(self) -> None:
        """Load all bars and move before the first one."""
        if not (self._preload_bulk() or self._preload_steps()):
            return
        c = self._c
        c.size = c.i + 1 if not c.size else c.size
        c.i = -1
        for one in self.lines._all:
            one._trim(c.size)

    def _preload_steps(self) -> bool:
        """Load bar by bar."""
        while self.load():
            pass
        self._last()
        return True

    def _preload_bulk(self) -> bool:
        """Load in bulk if source and filters allow it; tell whether that was done."""
        if self._overridden("_load", "load", "forward"):
            return False
        from .resample import Resampler

        filters = [one for one, _, _ in self._filters]
        if filters and not (len(filters) == 1 and type(filters[0]).__call__ is Resampler.__call__):
            return False
        columns = self._read_columns()
        if columns is None:
            return False
        columns = self._cut(columns)
        if filters:
            self._source = columns
            columns, self._triggers = filters[0].resample_columns(self, columns)
        self._take(columns)
        return True

    def _restep(self) -> bool:
        """Get ready to deliver bar by bar what was preloaded; False if that is not known any more."""
        source = self._source
        if source is None:
            return False
        self.reset()
        AbstractDataBase.start(self)  # what a subclass opened was read already
        self._columns, self._at, self._feeders = source, 0, self._views(source)
        return True


    def _cut(self, columns: Columns) -> Columns:
        """Leave out what lies outside of ``fromdate`` and ``todate``."""
        when = columns.datetime
        count = len(when)
        kept = columns
        if count and self.todate < inf:
            late = np.flatnonzero(when > self.todate)
            if late.size:
                kept = kept.between(0, int(late[0]))
        if count and self.fromdate > -inf:
            early = kept.datetime < self.fromdate
            skipped = int(early.sum())
            if skipped and bool(early[:skipped].all()):
                kept = kept.between(skipped, len(kept))
            elif skipped:
                kept = _pick(kept, ~early)
        label = self._name or type(self).__name__
        if not len(kept):
            warn_empty(label, columns, self.p.fromdate, self.p.todate, stacklevel=5)
        else:
            check_bars(kept, label, self.p.timeframe, stacklevel=5)
        return kept

    def _take(self, columns: Columns) -> None:
        """Make *columns* the bars of this feed."""
        count = len(columns)
        for name, one in zip(self.lines.getlinealiases(), self.lines._all, strict=False):
            if name in columns.extra or hasattr(columns, name):
                one._store(np.ascontiguousarray(columns.line(name), dtype=np.float64))
            else:
                one._allocate(count)
        c = self._c
        c.size = count
        c.i = -1

    def _overridden(self, *methods: str) -> bool:
        """Tell whether a user's class or this object replaces one of *methods*."""
        own = self.__dict__
        return any(
            name in own or getattr(type(self), name).__module__.partition(".")[0] != _PACKAGE
            for name in methods
        )


def _pick(columns: Columns, mask: Any) -> Columns:
    """Give the bars for which *mask* is true."""
    rows = np.arange(1, len(columns) + 1) if columns.rows is None else np.asarray(columns.rows)
    return Columns(
        columns.datetime[mask],
        columns.open[mask],
        columns.high[mask],
        columns.low[mask],
        columns.close[mask],
        columns.volume[mask],
        columns.openinterest[mask],
        {name: values[mask] for name, values in columns.extra.items()},
        rows[mask],
    )


class DataBase(AbstractDataBase):
    """Base of feeds that users write: implement ``_load()``."""


class DataClone(AbstractDataBase):
    """A feed that reads another feed's current bar."""

    _clone = True
    _dlen: int = 0
    _preloading: bool = False

    def __init__(self) -> None:
        self.data: Any = self.p.dataname
        data = self.data
        self._dataname = data._dataname
        for name in ("fromdate", "todate", "sessionstart", "sessionend", "timeframe", "compression"):
            setattr(self.p, name, getattr(data.p, name))

    def _start(self) -> None:
        """Take zone, dates, session and calendar from the other feed."""
        self.start()
        data = self.data
        self._tz = data._tz
        self.lines.datetime._settz(self._tz)
        self._calendar = data._calendar
        self._tzinput = None  # what is read has been placed already
        self.fromdate, self.todate = data.fromdate, data.todate
        self.sessionstart, self.sessionend = data.sessionstart, data.sessionend
        self._started = True

    def start(self) -> None:
        """Get ready to deliver."""
        super().start()
        self._dlen = 0
        self._preloading = False

    def _getnexteos(self) -> tuple[datetime, float]:
        found: tuple[datetime, float] = self.data._getnexteos()
        return found

    def _load(self) -> bool | None:
        data = self.data
        if self._preloading:
            if data._c.i + 1 >= data._stored():
                return False
            data._c.i += 1
        elif len(data) <= self._dlen:
            return False
        else:
            self._dlen += 1
        i, at = self._c.i, data._c.i
        for mine, theirs in zip(self.lines._all, data.lines._all, strict=False):
            mine._a[i] = theirs._a[at]
        return True

    def _read_columns(self) -> Columns | None:
        data = self.data
        if not data._c.size:
            return None
        lines = data.lines
        names = data.lines.getlinealiases()
        extra = {n: lines[k].array for k, n in enumerate(names) if n not in OHLCDateTime.lines._getlines()}
        base = (
            lines.datetime,
            lines.open,
            lines.high,
            lines.low,
            lines.close,
            lines.volume,
            lines.openinterest,
        )
        return Columns(*(one.array for one in base), extra=extra)

    def _cut(self, columns: Columns) -> Columns:
        return columns  # the other feed has done it, and has said what is wrong with its bars

    def _preload_steps(self) -> bool:
        """Load bar by bar from the other feed, which is preloaded."""
        data = self.data
        at = data._c.i
        data._c.i = -1
        self._preloading = True
        try:
            super()._preload_steps()
        finally:
            self._preloading = False
            data._c.i = at
        return True

    def _restep(self) -> bool:
        """Get ready to read the other feed bar by bar."""
        self.reset()
        self.start()
        return True

    def advance(self, size: int = 1, datamaster: Any = None, ticks: bool = True) -> None:
        """Move on by *size* bars that are loaded already."""
        self._dlen += size
        super().advance(size, datamaster, ticks)


class FeedBase(ParamsBase):
    """A factory of feeds that share their parameters."""

    params: ClassVar[Any] = _PARAMS
    DataCls: ClassVar[Any] = None

    def __init__(self) -> None:
        self.datas: list[Any] = []

    def start(self) -> None:
        """Do nothing: the run starts the feeds."""

    def stop(self) -> None:
        """Do nothing: the run stops the feeds."""

    def getdata(self, dataname: Any, name: str | None = None, **kwargs: Any) -> Any:
        """Make a feed that reads *dataname*, with this factory's parameters where *kwargs* does not replace them."""
        with inside(self):
            data = self._getdata(dataname, **{**self.p._getkwargs(), **kwargs})
        if name is not None:
            data._name = name
        self.datas.append(data)
        return data

    def _getdata(self, dataname: Any, **kwargs: Any) -> Any:
        if self.DataCls is None:
            raise DataError(
                f"making a feed with {type(self).__name__} - expected the class to say of which kind - found no DataCls - "
                "set DataCls = MyFeed in the class body"
            )
        kwargs["dataname"] = dataname
        known = set(self.DataCls.params._getkeys())
        return self.DataCls(
            **{name: value for name, value in kwargs.items() if name in known or name not in self.p}
        )


class CSVFeedBase(FeedBase):
    """A factory of feeds that read text files below ``basepath``."""

    params: ClassVar[Any] = (("basepath", ""), ("headers", True), ("separator", ","))

    def _getdata(self, dataname: Any, **kwargs: Any) -> Any:
        return super()._getdata(
            self.p.basepath + dataname if isinstance(dataname, str) else dataname, **kwargs
        )


FilterFunction = Callable[..., Any]


def warn_feed(label: str, text: str) -> None:
    """Warn (:class:`DataWarning`) about the feed called *label*."""
    warnings.warn(f"feed {label!r}: {text}", DataWarning, stacklevel=3)
