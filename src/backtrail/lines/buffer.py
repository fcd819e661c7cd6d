"""One series of doubles with a cursor."""

from __future__ import annotations

import datetime as _dt
import warnings
from array import array
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.time import num2date, time2num
from ..errors import DeclarationError, LookAheadWarning
from .clock import Clock
from .root import LineMultiple, LineRoot, LineSingle, future_read

Floats = NDArray[np.float64]
NAN = float("nan")
_EMPTY = np.empty(0, dtype=np.float64)
_NO_BARS: Any = memoryview(_EMPTY)  # type: ignore[arg-type]  # an array is a buffer
_GROWTH = 256


class ReadPolicy:
    """What a run does about reads outside of the past; shared by the lines of a run.

    ``future`` is ``"error"``, ``"warn"`` or ``"allow"``. ``broken`` keeps the first refused read, so that the run fails
    even when user code swallows the error. ``undefined`` tells that a line divided by zero is NaN instead of an error.
    """

    __slots__ = ("broken", "future", "undefined", "warned")

    def __init__(self, future: str = "error", undefined: bool = False) -> None:
        self.future = future
        self.undefined = undefined
        self.broken: Exception | None = None
        self.warned: set[str] = set()

    def warn(self, key: str, text: str) -> None:
        """Warn once per run and *key*."""
        if key not in self.warned:
            self.warned.add(key)
            warnings.warn(text, LookAheadWarning, stacklevel=4)


class Line(LineSingle):
    """One series of doubles: index 0 is the current bar, -1 the one before."""

    _policy: ReadPolicy | None = None
    _tz: Any = None
    _name: str = ""
    _owner: Any = None
    _padding: int = 0  # how many bars after the last one may be read: they are NaN
    _growing: bool = False  # bars are stored one by one
    _ahead: int = 0  # how many bars ago the value was due that arrives now

    def __init__(self, clock: Clock | None = None) -> None:
        self._c_ = clock if clock is not None else Clock()
        self._live_ = False
        self.array: Floats = _EMPTY
        self._a_: Any = _NO_BARS
        self._mirrors: list[LineRoot] = []
        self._sources: list[Line] = []
        self._minperiod = 1
        self._stub: Any = None

    @property
    def lines(self) -> list[Line]:
        """The line itself, as the only one of its group."""
        return [self]

    # -- storage ----------------------------------------------------------------------------------------------------

    def _store(self, values: Floats) -> None:
        """Make *values* (C-contiguous float64) the storage."""
        self.array = values
        self._growing = False
        self._a_ = view = memoryview(values)  # type: ignore[arg-type]  # an array is a buffer
        for mirror in self._mirrors:
            mirror._a_ = view

    def _mirror(self, group: LineRoot) -> None:
        """Keep *group*'s ``_a_`` and ``_c_`` equal to this line's."""
        self._mirrors.append(group)
        group._a_ = self._a_
        group._c_ = self._c_

    def _set_clock(self, clock: Clock) -> None:
        self._c_ = clock
        for mirror in self._mirrors:
            mirror._c_ = clock

    def _reserve(self, count: int) -> None:
        """Have room for at least *count* bars; what is added is NaN."""
        have = len(self.array)
        if count > have:
            grown = np.empty(max(count + count // 2, _GROWTH), dtype=np.float64)
            grown[:have] = self.array
            grown[have:] = NAN
            self._store(grown)
            self._growing = True

    def _allocate(self, count: int) -> None:
        """Start over with *count* bars of NaN."""
        self._store(np.full(count, NAN))

    def _trim(self, count: int) -> None:
        """Keep only the first *count* bars: there will be no more."""
        self._store(self.array[:count])

    def _compact(self, drop: int) -> None:
        """Forget the first *drop* stored bars (the clock is moved by the caller)."""
        kept = self.array
        rest = max(len(kept) - drop, 0)
        kept[:rest] = kept[drop:].copy()
        kept[rest:] = NAN

    # -- reading ----------------------------------------------------------------------------------------------------

    def _label_(self) -> str:
        return self._name or "line"

    def _outside_(self, ago: int) -> float:
        now = self._c_.i
        at = now + ago
        policy = self._policy
        if ago > 0:
            if policy is not None and now >= 0 and policy.future != "allow":
                if policy.future == "error":
                    error = future_read(ago, self._label_(), len(self))
                    policy.broken = policy.broken or error
                    raise error
                policy.warn(
                    f"future {self._label_()}",
                    f"{self._label_()}[{ago}] was read at bar {len(self)}: a bar of the future. Results that use it "
                    f"cannot be had live. Use {self._label_()}[{-ago}] for the past.",
                )
            end = self._known()
            if end <= at < end + self._padding:
                return NAN
            if at >= end:
                raise IndexError(f"{self._label_()}[{ago}] at bar {len(self)}: there are only {end} bars")
            return float(self._a_[at])
        end = self._known()
        if self._c_.dropped:
            raise IndexError(
                f"{self._label_()}[{ago}] at bar {len(self)}: exactbars=1 keeps only the last {now + 1} bars. "
                "Run with exactbars=False to look further back."
            )
        if end == 0 or at < -end:
            raise IndexError(
                f"{self._label_()}[{ago}] at bar {len(self)}: there are only {end} bars before it"
            )
        if policy is not None:
            self._warn_wrap(policy, ago, now)
        return float(self._a_[at + end if at < 0 else at])

    def _warn_wrap(self, policy: ReadPolicy, ago: int, now: int) -> None:
        name = self._label_()
        if now < 0:
            policy.warn(
                f"early {name}",
                f"{name}[{ago}] was read before the first bar was delivered: with preloaded data that is a bar at the "
                "end of the data. Read prices in next(), not in __init__() or start().",
            )
        else:
            policy.warn(
                f"wrap {name}",
                f"{name}[{ago}] was read at bar {len(self)}, before there are that many bars: the value comes from the "
                f"end of the stored data, as in backtrader. Wait in next() until len(self) > {-ago}, or build an "
                f"indicator or a delay, self.data({ago}), in __init__.",
            )

    def _known(self) -> int:
        """Give the number of stored bars: all when preloaded, those so far when delivered or computed one by one."""
        c = self._c_
        return c.size if c.size and not self._growing else c.i + 1

    def get(self, ago: int = 0, size: int = 1) -> array[float]:
        """Give *size* values ending at *ago*, oldest first; what lies before the first bar is left out."""
        end = self._c_.i + ago + 1
        if ago > 0:
            self[ago]
        start = end - size
        if start < 0:
            return self._early(start, end)
        return array("d", self._a_[start:end].tobytes())

    def _early(self, start: int, end: int) -> array[float]:
        """Give the values [start, end) where *start* lies before the stored bars."""
        dropped = self._c_.dropped
        if dropped:
            raise IndexError(
                f"{self._label_()}: bars {start + dropped + 1} to {end + dropped} were asked for; exactbars=1 keeps "
                f"only the last {end}. Run with exactbars=False to look further back."
            )
        return array("d", self._a_[: self._known()][start:end].tobytes())

    def getzero(self, idx: int = 0, size: int = 1) -> array[float]:
        """Give *size* values from stored index *idx*; fewer where the stored bars end."""
        return array("d", self._a_[: self._known()][idx : idx + size].tobytes())

    def getzeroval(self, idx: int = 0) -> float:
        """Give the value at stored index *idx*."""
        return float(self._a_[: self._known()][idx])

    def plot(self, idx: int = 0, size: int | None = None) -> array[float]:
        """Give *size* values (default: as many as were delivered) from stored index *idx*."""
        return self.getzero(idx, size or len(self))

    def plotrange(self, start: int, end: int | None) -> array[float]:
        """Give the values from stored index *start* to *end*, or to the last one stored."""
        return array("d", self._a_[: self._known()][start:end].tobytes())

    def buflen(self) -> int:
        """Give the number of stored bars."""
        return self._known()

    @property
    def idx(self) -> int:
        """The stored index of the current bar; setting it moves every line that advances together with this one."""
        return self._c_.i

    @idx.setter
    def idx(self, at: int) -> None:
        self._c_.i = at

    def get_idx(self) -> int:
        """Give the stored index of the current bar."""
        return self._c_.i

    def set_idx(self, idx: int, force: bool = False) -> None:
        """Move to the stored index *idx*, together with every line that advances with this one."""
        self._c_.i = idx

    @property
    def lencount(self) -> int:
        """The number of bars that were delivered."""
        return len(self)

    @property
    def extension(self) -> int:
        """How many bars after the last one may be read (Cerebro's ``lookahead``)."""
        return self._padding

    # -- writing ----------------------------------------------------------------------------------------------------

    def __setitem__(self, ago: int, value: float) -> None:
        self._a_[self._c_.i + ago] = value

    def set(self, value: float, ago: int = 0) -> None:
        """Set the value *ago* bars from now."""
        self[ago] = value

    def addbinding(self, binding: Line) -> None:
        """Let *binding* take each value of this line."""
        binding._bind(self)

    def _bind(self, source: Any) -> None:
        """Take the values of *source* (a line, or the first line of a group)."""
        line = as_line(source)
        if line is None:
            raise DeclarationError(
                f"{self._label_()} was assigned {source!r}; a line or an expression of lines is expected. "
                f"To set the value of the current bar use self.lines.{self._label_()}[0] = value."
            )
        self._sources.append(line)
        self.updateminperiod(line._minperiod)

    def bind2line(self, binding: Any = 0) -> None:
        """Take the values of the owner's line *binding*."""
        self._bind(self._owner.lines[binding])

    # -- delays and couplers ----------------------------------------------------------------------------------------

    def __call__(self, ago: Any = None) -> Any:
        """Give the line delayed (``line(-1)``), looking ahead (``line(1)``) or on another clock (``line()``)."""
        from .coupler import couple
        from .expr import LineDelay

        if ago is None or isinstance(ago, LineRoot):
            return couple(self, ago)
        return LineDelay(self, ago)

    # -- time -------------------------------------------------------------------------------------------------------

    def datetime(self, ago: int = 0, tz: Any = None, naive: bool = True) -> _dt.datetime:
        """Give the value as a datetime in *tz* (default: the feed's zone)."""
        return num2date(self[ago], tz=tz or self._tz, naive=naive)

    def date(self, ago: int = 0, tz: Any = None, naive: bool = True) -> _dt.date:
        """Give the value as a date."""
        return num2date(self[ago], tz=tz or self._tz, naive=naive).date()

    def time(self, ago: int = 0, tz: Any = None, naive: bool = True) -> _dt.time:
        """Give the value as a time of day."""
        moment = num2date(self[ago], tz=tz or self._tz, naive=naive)
        return moment.time() if naive else moment.timetz()

    def dt(self, ago: int = 0) -> int:
        """Give the day number (ordinal) of the value."""
        return int(self[ago] // 1)

    def tm_raw(self, ago: int = 0) -> float:
        """Give the fraction of the day."""
        return float(self[ago] % 1)

    def tm(self, ago: int = 0) -> float:
        """Give the fraction of the day, rounded as :func:`time2num` rounds it."""
        return time2num(num2date(self[ago]).time())

    def tm_lt(self, other: float, ago: int = 0) -> bool:
        """Tell whether the time is before *other* (fraction of a day) on the day of the value."""
        return bool(self[ago] < self.dt(ago) + other)

    def tm_le(self, other: float, ago: int = 0) -> bool:
        """Tell whether the time is at or before *other* (fraction of a day)."""
        return bool(self[ago] <= self.dt(ago) + other)

    def tm_eq(self, other: float, ago: int = 0) -> bool:
        """Tell whether the time is *other* (fraction of a day)."""
        return bool(self[ago] == self.dt(ago) + other)

    def tm_gt(self, other: float, ago: int = 0) -> bool:
        """Tell whether the time is after *other* (fraction of a day)."""
        return bool(self[ago] > self.dt(ago) + other)

    def tm_ge(self, other: float, ago: int = 0) -> bool:
        """Tell whether the time is at or after *other* (fraction of a day)."""
        return bool(self[ago] >= self.dt(ago) + other)

    def tm2dtime(self, tm: float, ago: int = 0) -> float:
        """Give the date number of time *tm* (fraction of a day) on the day of the value."""
        return int(self[ago]) + tm

    def tm2datetime(self, tm: float, ago: int = 0) -> _dt.datetime:
        """Give the datetime of time *tm* (fraction of a day) on the day of the value."""
        return num2date(int(self[ago]) + tm)

    def _settz(self, tz: Any) -> None:
        self._tz = tz

    # -- pickling ---------------------------------------------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the view, which is made anew."""
        return {**self.__dict__, "_c_": self._c_, "_live_": self._live_}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._c_, self._live_ = state.pop("_c_"), state.pop("_live_")
        self.__dict__ = state
        held: Any = state["array"]  # as it was kept: asking for it may compute, when all is restored
        kind: type = type(held)
        # anything else stands for bars that are not kept
        self._a_ = view = memoryview(held) if kind is np.ndarray else held
        for mirror in self._mirrors:
            mirror._a_ = view


LineBuffer = Line


def as_line(obj: Any) -> Line | None:
    """Give *obj* if it is a line, the first line of a group, or None."""
    if isinstance(obj, Line):
        return obj
    if isinstance(obj, LineMultiple):
        first: Line = obj.lines[0]
        return first
    return None
