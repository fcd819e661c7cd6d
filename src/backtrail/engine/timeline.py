"""The cycles of a run on preloaded bars: their times, and which bar of each feed is current in each.

A run on one feed, or on feeds with the same times, has one cycle per bar. Otherwise the times are merged. Feeds made by
``Cerebro.resampledata`` are laid out so that every bar is current from the same cycle on as if feeds delivered bar
by bar.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.time import num2date
from ..errors import DataError
from ..lines.clock import Clock
from .delivery import Merge

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Group:
    """Feeds that advance together: ``bars[k]`` is their current bar in cycle *k* (-1: none yet; None: bar *k*)."""

    bars: Ints | None
    datas: list[Any]


@dataclass(frozen=True, slots=True)
class Timeline:
    """The cycles of a run: their number, their times as date numbers, and the feeds in groups that advance together.

    ``by_time`` tells that lines of different feeds are combined by time, as when feeds deliver bar by bar. ``flushed``
    are the feeds whose bar in the last cycle was left over in their resampler when everything was delivered.
    """

    cycles: int
    datetime: Floats
    groups: list[Group]
    by_time: bool = False
    flushed: tuple[Any, ...] = ()

    def bind(self, clock: Clock) -> None:
        """Put the feeds on their clocks: those with a bar in every cycle on *clock*, the run's own."""
        clock.size = self.cycles
        clock.aligned = self.by_time
        for group in self.groups:
            shared = clock
            if group.bars is not None:
                shared = Clock(group.datas[0]._c_.size)
                shared.bars_at = group.bars
                shared.aligned = self.by_time
            for data in group.datas:
                for line in data.lines._all:
                    line._set_clock(shared)
                data._c_ = shared


def build_timeline(datas: Sequence[Any], event_mode: bool = False, stepped: bool = False) -> Timeline | None:
    """Lay out the cycles of a run on preloaded *datas*; None if their bars must be delivered one by one.

    *event_mode* asks for the cycles of feeds that are not preloaded (``Cerebro.resampledata``), *stepped* for those of
    preloaded feeds without vectorised indicators.
    """
    if event_mode:
        return _event_timeline(datas)
    if stepped and len(datas) > 1 and not all(_increasing(_times(d)) and not d.resampling for d in datas):
        return _dry_run(datas)
    return _merged(datas)


def _times(data: Any) -> Floats:
    times: Floats = data.lines.datetime.array
    return times


def _merged(datas: Sequence[Any], by_time: bool = False) -> Timeline:
    """Merge the times of all datas."""
    first = _times(datas[0])
    if len(datas) == 1:
        return Timeline(len(first), first, [Group(None, [datas[0]])], by_time)
    members: list[tuple[Floats, list[Any]]] = []
    for data in datas:
        times = _times(data)
        for known, group in members:
            if _same(times, known):
                group.append(data)
                break
        else:
            members.append((times, [data]))
    if len(members) == 1:
        return Timeline(len(first), first, [Group(None, list(datas))], by_time)
    if not all(_increasing(times) for times, _ in members):
        return _stepped(members, by_time)
    merged = np.unique(np.concatenate([times for times, _ in members]))
    groups = []
    for times, group in members:
        whole = len(times) == len(merged)
        groups.append(Group(None if whole else np.searchsorted(times, merged, side="right") - 1, group))
    return Timeline(len(merged), merged, groups, by_time)


def _same(a: Floats, b: Floats) -> bool:
    if a is b:
        return True
    return len(a) == len(b) and (not len(a) or (a[0] == b[0] and a[-1] == b[-1] and np.array_equal(a, b)))


def _increasing(times: Floats) -> bool:
    return bool((times[1:] > times[:-1]).all()) and not (len(times) == 1 and times[0] != times[0])


def _stepped(members: list[tuple[Floats, list[Any]]], by_time: bool) -> Timeline:
    """Merge times that are not in order: in each cycle the feeds whose next bar is the earliest advance."""
    for times, group in members:
        if np.isnan(times).any():
            bad = int(np.flatnonzero(np.isnan(times))[0])
            before = f"after {num2date(float(times[bad - 1]))}" if bad else "the first one"
            raise DataError(
                f"merging feeds by time - expected every bar to have a time - found bar {bad + 1} of feed "
                f"{group[0]._name!r} ({before}) without one - correct or drop that row"
            )
    columns = [times.tolist() for times, _ in members]
    ends = [len(column) for column in columns]
    at = [0] * len(columns)
    moments: list[float] = []
    bars: list[list[int]] = [[] for _ in columns]
    while True:
        heads = [column[k] for column, k, end in zip(columns, at, ends, strict=True) if k < end]
        if not heads:
            break
        moment = min(heads)
        moments.append(moment)
        for number, column in enumerate(columns):
            k = at[number]
            if k < ends[number] and column[k] <= moment:
                at[number] = k = k + 1
            bars[number].append(k - 1)
    groups = [Group(np.array(b, dtype=np.int64), group) for b, (_, group) in zip(bars, members, strict=True)]
    return Timeline(len(moments), np.array(moments), groups, by_time)


# -- as if delivered bar by bar ---------------------------------------------------------------------------------------


def _event_timeline(datas: Sequence[Any]) -> Timeline | None:
    if len(datas) == 1:
        return replace(_merged(datas, by_time=True), flushed=tuple(d for d in datas if d._leftover_))
    resampled = [d for d in datas if d.resampling]
    if not resampled and all(_increasing(_times(d)) for d in datas):
        return _merged(datas, by_time=True)
    found = _laid_out(datas)
    if found is not None:
        return found
    for data in resampled:
        if not data._restep_():
            return None
    return _dry_run(datas)


def _laid_out(datas: Sequence[Any]) -> Timeline | None:
    """Lay out feeds and larger bars made of them; None if that is not what *datas* are, or not in order.

    A feed that is ahead of the others has been asked for its bar already, and clones have read it: larger bars that it
    completes are current before that bar itself is.
    """
    sources = [d for d in datas if not d._clone]
    if any(d.resampling for d in sources) or not all(_increasing(_times(d)) for d in sources):
        return None
    if not all(_made_of(d, sources) for d in datas if d._clone):
        return None
    plain = _merged(sources, by_time=True)
    moments = plain.datetime
    if not plain.cycles:
        return None
    starts: dict[int, Ints] = {}
    left = []
    for clone in (d for d in datas if d._clone):
        found = _first_cycles(clone, moments, len(sources) > 1)
        if found is None:
            return None
        starts[id(clone)] = found
        if len(found) < len(_times(clone)):
            left.append(clone)
    cycles = plain.cycles
    if left:
        # what is left at the end makes one more cycle
        latest = max(moments[-1], *(_times(clone)[-1] for clone in left))
        moments = np.append(moments, latest)
        for clone in left:
            starts[id(clone)] = np.append(starts[id(clone)], cycles)
        cycles += 1
    at = np.arange(cycles, dtype=np.int64)
    groups = [Group(_lengthened(group.bars, plain.cycles, cycles), group.datas) for group in plain.groups]
    groups += [Group(np.searchsorted(starts[id(d)], at, side="right") - 1, [d]) for d in datas if d._clone]
    return Timeline(cycles, moments, groups, by_time=True, flushed=tuple(left))


def _made_of(clone: Any, sources: Sequence[Any]) -> bool:
    """Tell whether *clone* is made of one of *sources* and is asked for its bars after it."""
    source = clone.data
    if not any(source is one for one in sources) or clone._triggers_ is None:
        return False
    key = (source._timeframe, source._compression)
    return (clone._timeframe, clone._compression) >= key


def _lengthened(bars: Ints | None, count: int, cycles: int) -> Ints | None:
    if count == cycles:
        return bars
    if bars is None:
        bars = np.arange(count, dtype=np.int64)
    return np.append(bars, bars[-1])


def _first_cycles(clone: Any, moments: Floats, mixed: bool) -> Ints | None:
    """Give the cycle from which on each bar of *clone* is current, but for one left at the end; None if out of order.

    *mixed* tells that there are other feeds than the clone's own source.
    """
    times = _times(clone.data)
    count = len(times)
    if mixed and (clone._needs_checks() or _ends_of_sessions(clone, times, moments)):
        return None
    clone._as_delivered()
    triggers, bars = clone._triggers_, _times(clone)
    inside = triggers[: len(triggers) - 1] if len(triggers) and triggers[-1] == count else triggers
    due = bars[: len(inside)]
    if bool((due > times[inside]).any()):
        return None  # a bar that is ahead of the cycle in which it is complete
    if not mixed:
        return inside  # type: ignore[no-any-return]
    delivered = np.searchsorted(moments, times)
    lone = clone._lone_bars()
    if bool((delivered[lone] - delivered[lone - 1] > 1).any()):
        return None  # such a bar is looked at again while it waits for its turn
    asked = np.where(inside > 0, delivered[inside - 1] + 1, 0)
    cycles: Ints = np.maximum(asked, np.searchsorted(moments, due))
    if bool((cycles != asked).any()):
        return None  # a clone whose bar has to wait misses bars of its source meanwhile
    if len(inside) < len(triggers):
        # the last bar of the source is taken in when it is next in turn there, and looked at in each cycle after that
        after = int(delivered[-2]) + 2 if count > 1 else 1
        closed = clone._finish_at(moments[after:].tolist())
        if closed is not None:
            cycles = np.append(cycles, after + closed)
    return cycles


def _ends_of_sessions(clone: Any, times: Floats, moments: Floats) -> bool:
    """Tell whether another feed has a bar exactly at an end of session of *clone*: that may complete bars there."""
    foreign = np.setdiff1d(moments, times, assume_unique=True)
    if not len(foreign):
        return False
    if clone._calendar is not None or clone._tz is not None:
        return True
    second = 1.0 / 86400.0
    of_day = foreign - np.floor(foreign)
    close = np.abs(of_day - clone.sessionend) < second
    return any(clone._eos_after_(one)[1] == one for one in foreign[close].tolist())


def _dry_run(datas: Sequence[Any]) -> Timeline:
    """Deliver all bars once without a strategy, and note which were current in each cycle."""
    merge = Merge(datas)
    moments: list[float] = []
    bars: list[list[int]] = [[] for _ in datas]
    clocks = [d._c_ for d in datas]
    while merge.step():
        latest = -np.inf
        for data, clock, seen in zip(datas, clocks, bars, strict=True):
            i = clock.i
            seen.append(i)
            if i >= 0:
                latest = max(latest, data.lines.datetime._a_[i])
        moments.append(float(latest))
    for data, clock in zip(datas, clocks, strict=True):
        if not clock.size:
            clock.size = clock.i + 1
            for line in data.lines._all:
                line._trim(clock.size)
        clock.i = -1
        data._held_ = 0
    cycles = len(moments)
    every = np.arange(cycles, dtype=np.int64)
    groups = []
    for data, seen in zip(datas, bars, strict=True):
        column = np.array(seen, dtype=np.int64)
        groups.append(Group(None if np.array_equal(column, every) else column, [data]))
        data._ticks_ = None
    return Timeline(cycles, np.array(moments), groups, by_time=True, flushed=tuple(merge.flushed))
