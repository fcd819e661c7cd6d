"""How bars get into a feed: from its source through zone, dates and filters, one by one or all at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import inf, nan
from typing import Any, ClassVar

import numpy as np

from ..base.time import date2num, num2date
from ..lines.clock import Clock
from .columns import Columns, check_bars, warn_empty
from .grouping import resample_columns
from .series import OHLCDateTime, SimpleFilterWrapper

_PACKAGE = __name__.partition(".")[0]

Filter = tuple[Any, Any, Any]


def _tick(name: str, at: int) -> property:
    """Make an attribute for the newest tick: what a filter set while replaying, else the current bar."""

    def read(self: Any) -> Any:
        if self._ticks_ is not None:
            return self._ticks_[at]
        return getattr(self.lines, name)[0] if len(self) else None

    def write(self: Any, value: Any) -> None:
        ticks = list(self._ticks_) if self._ticks_ is not None else [None] * 7
        ticks[at] = value
        self._ticks_ = ticks

    return property(read, write, doc=f"The {name} of the newest tick; None before the first bar.")


class Loading(OHLCDateTime):
    """The part of a feed that loads bars and moves through them.

    Loaded bars are stored in the lines; the clock's ``i`` is the current one. Bars that filters make wait on a stack
    (delivered as they are) or in a stash (pass through the filters first).
    """

    params: ClassVar[Any] = ()  # what follows are attributes, not parameters

    fromdate: float = -inf
    todate: float = inf
    resampling: int = 0
    _replaying_: bool = False
    _tzinput: Any = None
    _ticks_: Any = None
    _columns_: Columns | None = None  # what is stepped through, and the next row
    _at_: int = -1
    _feeders_: list[tuple[Any, Any]]
    _source_: Columns | None = None  # what a preloaded feed was resampled from
    _triggers_: Any = None  # the source bar that completes each of its bars
    _leftover_: bool = False  # the last bar was left over in a filter
    _held_: int = 0  # bars loaded beyond the current one
    _barstack: deque[Any]
    _barstash: deque[Any]
    _barlater_: deque[tuple[Any, int]]  # with the filter at which they go on
    _filters: list[Filter]
    _ffilters: list[Filter]

    tick_close = _tick("close", 0)
    tick_low = _tick("low", 1)
    tick_high = _tick("high", 2)
    tick_open = _tick("open", 3)
    tick_volume = _tick("volume", 4)
    tick_openinterest = _tick("openinterest", 5)
    tick_last = _tick("close", 6)

    def reset(self) -> None:
        """Forget all bars."""
        clock = Clock()
        for one in self.lines._all:
            one._set_clock(clock)
            one._allocate(0)
        self._c_ = clock
        self._held_ = 0

    def _restart_loading_(self) -> None:
        """Forget what waits, and start the filters over."""
        self._barstack.clear()
        self._barstash.clear()
        self._barlater_.clear()
        self._columns_ = None
        self._at_ = -1
        self._ticks_ = None
        for one, _, _ in self._filters:
            restart = getattr(one, "_restart", None)
            if restart is not None:
                restart(self)

    # -- filters ----------------------------------------------------------------------------------------------------

    def addfilter_simple(self, f: Any, *args: Any, **kwargs: Any) -> None:
        """Leave out the bars for which ``f(data, *args, **kwargs)`` is true."""
        self._filters.append((SimpleFilterWrapper(self, f, *args, **kwargs), (), {}))

    def addfilter(self, p: Any, *args: Any, **kwargs: Any) -> None:
        """Pass each bar through *p*.

        A class is called with the data and the arguments, and its instance with the data for each bar; if it has
        ``last(data)``, that is called at the end. Anything else is called with the data and the arguments. What is
        called returns True if it took the bar out of the stream.
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
        return self._replaying_

    @replaying.setter
    def replaying(self, value: Any) -> None:
        self._replaying_ = bool(value)

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

    def _add_after_(self, one: Any, bars: Sequence[Any]) -> None:
        """Deliver *bars* next; they pass through the filters after *one* first."""
        at = next(k for k, (f, _, _) in enumerate(self._filters) if f is one)
        self._barlater_.extend((bar, at + 1) for bar in bars)

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
        columns = self._columns_
        if columns is None:
            columns = self._read_columns_()
            if columns is None:
                return False
            self._columns_, self._at_, self._feeders_ = columns, 0, self._views_(columns)
        at = self._at_
        if at >= len(columns):
            return False
        own = self.__dict__
        own["_at_"] = at + 1
        i = self._c_.i
        for one, values in self._feeders_:
            one._a_[i] = values[at]
        return True

    def _views_(self, columns: Columns) -> list[tuple[Any, Any]]:
        out = []
        for name in self.lines.getlinealiases():
            if name in columns.extra or hasattr(columns, name):
                values = np.ascontiguousarray(columns.line(name), dtype=np.float64)
                out.append((getattr(self.lines, name), memoryview(values)))  # type: ignore[arg-type]  # an array is a buffer
        return out

    def _read_columns_(self) -> Columns | None:
        """Read all bars of the source, times in UTC; None if it can only be read bar by bar."""
        return None

    def load(self) -> bool | None:
        """Put the next bar into the lines, past zone, dates and filters: True; False at the end, None for none yet."""
        when = self.lines.datetime
        c = self._c_
        while True:
            self.forward()
            if self._barstack and self._fromstack():
                return True
            if self._barlater_:
                bar, at = self._barlater_.popleft()
                self._updatebar(bar)
                if not self._filter_(at):
                    return True
                continue
            if not (self._barstash and self._fromstack(stash=True)):
                loaded = self._load()
                if not loaded:
                    self.backwards(force=True)
                    return loaded
                if self._tzinput is not None and self._columns_ is None:
                    when[0] = date2num(num2date(when[0]), self._tzinput)
            now = when._a_[c.i]
            if now < self.fromdate:
                self.backwards()
                continue
            if now > self.todate:
                self.backwards(force=True)
                return False
            if not self._filters or not self._filter_():
                return True

    def _filter_(self, start: int = 0) -> bool:
        """Pass the current bar, and what filters make of it, through the filters; tell whether it was taken."""
        taken = False
        for one, args, kwargs in self._filters[start:] if start else self._filters:
            if self._barstack:
                for _ in range(len(self._barstack)):
                    self._fromstack(forward=True)
                    taken = one(self, *args, **kwargs)
            else:
                taken = one(self, *args, **kwargs)
            if taken:
                break
        return bool(taken)

    def forward(self, value: float = nan, size: int = 1) -> None:
        """Open *size* new bars after the last one."""
        if size != 1 or value == value:
            super().forward(value, size)
            return
        c = self._c_
        c.i = i = c.i + 1
        if i >= len(self._a_):
            for one in self.lines._all:
                one._reserve(i + 1)

    def backwards(self, size: int = 1, force: bool = False) -> None:
        """Forget the last *size* bars."""
        c = self._c_
        i = c.i
        if size != 1 or i < 0:
            super().backwards(size, force)
            return
        for one in self.lines._all:
            one._a_[i] = nan  # what lies beyond the last bar is always nan
        c.i = i - 1

    # -- bar by bar -------------------------------------------------------------------------------------------------

    def _stored_(self) -> int:
        """Give the number of bars loaded so far."""
        c = self._c_
        return c.size or c.i + 1 + self._held_

    def advance(self, size: int = 1, datamaster: Any = None, ticks: bool = True) -> None:
        """Move on by *size* bars that are loaded already; not beyond the time of *datamaster*'s current bar."""
        stored = self._stored_()
        self._move_(size)
        if datamaster is None:
            return
        if self._c_.i >= stored or self.lines.datetime[0] > datamaster.lines.datetime[0]:
            self._move_(-size)

    def advance_peek(self) -> float:
        """Give the time of the next loaded bar as a date number; infinity if there is none."""
        at = self._c_.i + 1
        if at < self._stored_():
            return float(self.lines.datetime.array[at])
        return inf

    def rewind(self, size: int = 1) -> None:
        """Move back by *size* bars, which stay loaded."""
        self._move_(-size)

    def _move_(self, size: int) -> None:
        c = self._c_
        c.i += size
        if not c.size:
            self._held_ -= size

    def next(self, datamaster: Any = None, ticks: bool = True) -> bool | None:  # type: ignore[override]
        """Move on to the next bar, loading it if need be; not beyond the time of *datamaster*'s current bar.

        Give True if there is a new bar, False at the end (or beyond *datamaster*), None if there is nothing yet.
        """
        c = self._c_
        if c.size:
            if c.i + 1 >= c.size:
                return False
            c.i += 1
        elif self._held_:
            self.advance()
        else:
            loaded = self.load()
            if not loaded:
                return loaded
        if datamaster is not None and self.lines.datetime[0] > datamaster.lines.datetime[0]:
            self._move_(-1)
            return False
        return True

    def _tick_fill(self, force: bool = False) -> None:
        """Make the current bar the newest tick."""
        self._ticks_ = None

    def _newest_ticks_(self) -> list[float] | None:
        """Give the newest tick; None before the first bar."""
        if self._ticks_ is not None or not len(self):
            return self._ticks_  # type: ignore[no-any-return]
        row = [one[0] for one in self.lines._all[:6]]
        return [*row, row[0]]

    def _tick_nullify(self) -> None:
        """Forget the newest tick."""
        self._ticks_ = [None] * 7

    # -- all at once ------------------------------------------------------------------------------------------------

    def preload(self) -> None:
        """Load all bars and move before the first one."""
        if not (self._preload_bulk_() or self._preload_steps_()):
            return
        c = self._c_
        c.size = c.i + 1 if not c.size else c.size
        c.i = -1
        for one in self.lines._all:
            one._trim(c.size)

    def _preload_steps_(self) -> bool:
        """Load bar by bar."""
        while self.load():
            pass
        count = self._c_.i
        self._last()
        self._leftover_ = self._c_.i > count
        self._check_loaded_()
        return True

    def _preload_bulk_(self) -> bool:
        """Load in bulk if source and filters allow it; tell whether that was done."""
        if self._overridden_("_load", "load", "forward"):
            return False
        from .resample import Resampler

        filters = [one for one, _, _ in self._filters]
        if filters and not (len(filters) == 1 and type(filters[0]).__call__ is Resampler.__call__):
            return False
        columns = self._read_columns_()
        if columns is None:
            return False
        columns = self._cut_(columns)
        if filters:
            self._source_ = columns
            columns, self._triggers_ = resample_columns(columns, filters[0].rule, self)
            self._leftover_ = bool(len(self._triggers_)) and self._triggers_[-1] == len(self._source_)
        self._take_(columns)
        return True

    def _check_loaded_(self) -> None:
        """Warn of what is wrong with the bars that were loaded one by one, as far as they are still kept."""
        names = self.lines.getlinealiases()
        if self._clone or self.islive() or "datetime" not in names:
            return
        count, dropped = self._c_.i + 1, self._c_.dropped
        lines = {name: getattr(self.lines, name).array[:count] for name in names}
        columns = Columns.of(lines, range(dropped + 1, dropped + count + 1))
        label = self._name or type(self).__name__
        if not count:
            warn_empty(label, columns, self.p.fromdate, self.p.todate, stacklevel=6)
        else:
            check_bars(columns, label, self._timeframe, stacklevel=6)

    def _restep_(self) -> bool:
        """Get ready to deliver bar by bar what was preloaded; False if that is not known any more."""
        source = self._source_
        if source is None:
            return False
        self.reset()
        self._restart_loading_()  # what a subclass opened was read already
        self._columns_, self._at_, self._feeders_ = source, 0, self._views_(source)
        return True

    def _cut_(self, columns: Columns) -> Columns:
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

    def _take_(self, columns: Columns) -> None:
        """Make *columns* the bars of this feed."""
        count = len(columns)
        for name, one in zip(self.lines.getlinealiases(), self.lines._all, strict=False):
            if name in columns.extra or hasattr(columns, name):
                one._store(np.ascontiguousarray(columns.line(name), dtype=np.float64))
            else:
                one._allocate(count)
        c = self._c_
        c.size = count
        c.i = -1

    def _overridden_(self, *methods: str) -> bool:
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
