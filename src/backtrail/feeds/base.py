"""Feeds: objects that deliver bars one by one, or all at once before a run.

A feed implements ``_load()``: put one bar into ``self.lines`` and return True, return False at the end, or None when
there is nothing yet (live feeds). Feeds that know all their bars implement ``_read_columns()`` instead and are loaded
in bulk. Between the source and the strategy stand, in this order: the input time zone, ``fromdate``/``todate``, the
filters.
"""

from __future__ import annotations

from collections import deque
from datetime import date, datetime, time, timedelta
from math import inf
from typing import Any, ClassVar

from ..base.declare import ParamsBase
from ..base.owner import find_owner, inside
from ..base.time import TIME_MAX, Localizer, date2num, num2date, time2num, tzparse
from ..base.timeframe import TimeFrame
from ..errors import DataError
from .columns import Columns
from .grouping import checks_matter, lone_bars, resample_columns, unfinished
from .loading import Loading
from .parameters import check_parameters
from .series import OHLCDateTime

_PARAMS: tuple[tuple[str, Any], ...] = (
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


class AbstractDataBase(Loading):
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
    _calendar: Any = None
    sessionstart: Any = 0.0
    sessionend: Any = inf

    # -- construction -----------------------------------------------------------------------------------------------

    def _prepare_(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        args, kwargs = super()._prepare_(args, kwargs)
        self._feed = find_owner(FeedBase)
        self.notifs: deque[tuple[int, Any, Any]] = deque()
        self._barstack = deque()
        self._barstash = deque()
        self._barlater_ = deque()
        self._filters = []
        self._ffilters = []
        self._dataname = self.p.dataname
        self._name = ""
        return args, kwargs

    def _finish_(self) -> None:
        super()._finish_()
        p = self.p
        self._name = self._name or p.name or ""
        if not self._name and isinstance(p.dataname, str):
            self._name = p.dataname
        self._compression = p.compression
        self._timeframe = p.timeframe
        check_parameters(type(self).__name__, p)
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
        self._laststatus = self.CONNECTED
        self._restart_loading_()

    def stop(self) -> None:
        """End delivering; subclasses that opened something extend this."""
        self._started = False
        self._columns_, self._feeders_ = None, []

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
        return self._eos_after_(self.lines.datetime[0])

    def _eos_after_(self, when: float) -> tuple[datetime, float]:
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
        return DataClone(**{**kwargs, "dataname": self})

    def copyas(self, _dataname: str, **kwargs: Any) -> DataClone:
        """Give a clone under another name."""
        made = self.clone(**kwargs)
        made._dataname = made._name = _dataname
        return made

    def compensate(self, other: Any) -> None:
        """Let executions on this data close and open the position of *other*."""
        self._compensate = other


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
            if data._c_.i + 1 >= data._stored_():
                return False
            data._c_.i += 1
        elif len(data) <= self._dlen:
            return False
        else:
            self._dlen += 1
        i, at = self._c_.i, data._c_.i
        for mine, theirs in zip(self.lines._all, data.lines._all, strict=False):
            mine._a_[i] = theirs._a_[at]
        return True

    def _read_columns_(self) -> Columns | None:
        data = self.data
        if not data._c_.size:
            return None
        names = OHLCDateTime.lines._getlines()
        if data.lines.getlinealiases()[: len(names)] != names:
            return None
        return Columns(**{name: getattr(data.lines, name).array for name in names})

    def _cut_(self, columns: Columns) -> Columns:
        return columns  # the other feed has done it, and has said what is wrong with its bars

    def _preload_steps_(self) -> bool:
        """Load bar by bar from the other feed, which is preloaded."""
        data = self.data
        at = data._c_.i
        data._c_.i = -1
        self._preloading = True
        try:
            super()._preload_steps_()
        finally:
            self._preloading = False
            data._c_.i = at
        return True

    def _needs_checks(self) -> bool:
        """Tell whether the bars depend on the cycles in which the one in the making is looked at."""
        return checks_matter(self._filters[0][0].rule)

    def _lone_bars(self) -> Any:
        """Give the numbers of the other feed's bars on which larger bars rest by how often they are looked at."""
        source = self._source_
        return [] if source is None else lone_bars(source, self._filters[0][0].rule, self)

    def _as_delivered(self) -> None:
        """Make the preloaded bars those that the other feed's bars give when they are delivered one by one."""
        if self._source_ is not None and self._needs_checks():
            columns, self._triggers_ = resample_columns(
                self._source_, self._filters[0][0].rule, self, checked=True
            )
            self._take_(columns)

    def _finish_at(self, moments: list[float]) -> int | None:
        """Find the first of *moments*, after the last bar of the other feed was taken in, that completes the last here.

        None if none does. The time of the last bar is set to what it is then.
        """
        rule = self._filters[0][0].rule
        if self._source_ is None or not moments or rule.counting:  # counted bars do not depend on it
            return None
        made = unfinished(self._source_, rule, self)
        times = self.lines.datetime.array
        for number, moment in enumerate(moments):
            done = made.force(moment)
            if done is not None:
                times[-1] = done[-1]
                return number
        done = made.last()
        if done is not None:
            times[-1] = done[-1]
        return None

    def _restep_(self) -> bool:
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
        options = {**self.p._getkwargs(), **kwargs}
        options.pop("dataname", None)
        with inside(self):
            data = self._getdata(dataname, **options)
        if name is not None:
            data._name = name
        self.datas.append(data)
        return data

    def _getdata(self, dataname: Any, **kwargs: Any) -> Any:
        if self.DataCls is None:
            raise DataError(
                f"making a feed with {type(self).__name__} - expected the class to say of which kind - found no "
                "DataCls - set DataCls = MyFeed in the class body"
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
