"""Bars of a larger timeframe out of whole columns: what ``aggregate`` does bar by bar, at once, with the same bits.

Bars that end at times of the day, days, weeks, months, years and plain counts are found with array operations when
times increase, are in UTC and no trading calendar is involved; everything else goes through
:class:`~.aggregate.Aggregation`.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.datenums import EPOCH_ORDINAL, from_days, to_micros
from ..base.time import date2num, num2date
from ..base.timeframe import TimeFrame
from .aggregate import UNITS, Aggregation, Rule, left_edge
from .columns import Columns

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_DAY_US = 86_400_000_000
_MINUTE_US = 60_000_000
_WHOLE = 2.0**53


def resample_columns(
    columns: Columns, rule: Rule, source: Any, checked: bool = False
) -> tuple[Columns, Ints]:
    """Put the bars of *columns* together by *rule*.

    *source* is the feed they come from: it knows zone, ends of sessions and calendar. *checked* tells that the bar in
    the making is looked at after each source bar, as it is while a run delivers bar by bar: the next session is then
    known earlier. Give the larger bars, and for each the number of the source bar that completes it;
    ``len(columns)`` stands for the end of the source.
    """
    if len(columns) and rule.compression:
        found = _Grouping(columns, rule, source, checked).group()
        if found is not None:
            return found
    return _one_by_one(columns, rule, source, checked)


def checks_matter(rule: Rule) -> bool:
    """Tell whether the bars depend on being looked at after each source bar: a session's end may only be counted."""
    if rule.timeframe == TimeFrame.Days:
        return rule.compression > 1 and not rule.counting
    return rule.intraday and not rule.bar2edge


class _Rows:
    """A feed seen at one of its source bars."""

    def __init__(self, source: Any) -> None:
        self.source = source
        self.when = 0.0
        self._calendar = source._calendar

    def num2date(self, dt: float) -> datetime:
        return self.source.num2date(dt)  # type: ignore[no-any-return]

    def date2num(self, dt: date) -> float:
        return self.source.date2num(dt)  # type: ignore[no-any-return]

    def _getnexteos(self) -> tuple[datetime, float]:
        return self.source._eos_after_(self.when)  # type: ignore[no-any-return]


def unfinished(columns: Columns, rule: Rule, source: Any) -> Aggregation:
    """Give the aggregation of *columns* as it is after the last of them, with the bar that is not complete yet."""
    if len(columns) and rule.compression:
        grouping = _Grouping(columns, rule, source)
        if grouping.group() is not None:
            return grouping.unfinished()
    return _added(columns, rule, source)[0]


def lone_bars(columns: Columns, rule: Rule, source: Any) -> Ints:
    """Give the numbers of the bars of *columns* that pass an end of session and are alone in the one they begin.

    Each but the last completes a larger bar if it is looked at again before the next one comes, and else does not.
    """
    grouping = _Grouping(columns, rule, source)
    if not len(columns) or not rule.compression or grouping.group() is None:
        return np.arange(len(columns), dtype=np.int64)  # not known
    when, after = columns.datetime, source._eos_after_
    passing = np.fromiter(grouping.ends, dtype=np.int64)
    passing = passing[passing < len(columns) - 1]
    return np.array([at for at in passing.tolist() if when[at + 1] > after(float(when[at]))[1]], dtype=np.int64)


def _one_by_one(columns: Columns, rule: Rule, source: Any, checked: bool = False) -> tuple[Columns, Ints]:
    made, bars, triggers = _added(columns, rule, source, checked)
    done = made.last()
    if done is not None:
        bars.append(done)
        triggers.append(len(columns))
    close, low, high, opened, volume, interest, when = (
        np.array(bars, dtype=np.float64).reshape(-1, 7).T.copy()
    )
    larger = Columns(when, opened, high, low, close, volume, interest)
    return larger, np.array(triggers, dtype=np.int64)


def _added(
    columns: Columns, rule: Rule, source: Any, checked: bool = False
) -> tuple[Aggregation, list[tuple[float, ...]], list[int]]:
    rows = _Rows(source)
    made = Aggregation(rule, rows)
    bars: list[tuple[float, ...]] = []
    triggers: list[int] = []
    for at, row in enumerate(zip(*(one.tolist() for one in _fields(columns)), strict=True)):
        rows.when = row[0]
        done = made.add(*row)
        if done is None and checked:
            done = made.force(row[0])
        if done is not None:
            bars.append(done)
            triggers.append(at)
    return made, bars, triggers


def _fields(columns: Columns) -> tuple[Floats, ...]:
    c = columns
    return (c.datetime, c.open, c.high, c.low, c.close, c.volume, c.openinterest)


class _Grouping:
    """The source bars of one column set being assigned to larger bars.

    ``closing[i]``: bar *i* completes the larger bar that it belongs to. ``crossing[i]``: bar *i* comes after the end of
    an interval, with a larger bar in the making. ``ends``: the end of session passed at bar *i*.
    """

    def __init__(self, columns: Columns, rule: Rule, source: Any, checked: bool = False) -> None:
        self.checked = checked and checks_matter(rule)
        self.columns = columns
        self.rule = rule
        self.source = source
        self.when = columns.datetime
        self.count = len(columns)
        self.closing: Flags = np.zeros(self.count, dtype=bool)
        self.ends: dict[int, float] = {}
        # at the end: the end of session that is still ahead (None after one was passed), and the last one passed
        self.next_end: datetime | None = None
        self.last_end: float | None = None
        # days since 1970, microseconds and units of the timeframe since midnight
        self.day: Ints = np.empty(0, dtype=np.int64)
        self.micro: Ints = self.day
        self.point: Ints = self.day

    def group(self) -> tuple[Columns, Ints] | None:
        """Give the larger bars and their triggers; None if this must be done one by one."""
        rule, source, when = self.rule, self.source, self.when
        if source._tz is not None or source._calendar is not None:
            return None
        if not bool((when[1:] > when[:-1]).all()) or self._unreadable():
            return None
        if rule.counting:
            return self._counted()
        if self.checked and rule.intraday:
            return None
        if rule.timeframe == TimeFrame.Ticks or rule.timeframe > TimeFrame.Years:
            return None
        if rule.timeframe == TimeFrame.Days:
            self._sessions()
            crossing = self._flags(self.ends)
        elif rule.intraday:
            self.day, self.micro = _moments(when)
            crossing = self._intraday()
        else:
            self.day, self.micro = _moments(when)
            crossing = self._periods()
        if not (rule.intraday and rule.bar2edge):
            crossing &= np.cumsum(crossing) % rule.compression == 0
        return self._bars(crossing)

    def unfinished(self) -> Aggregation:
        """Give an aggregation in the state that these source bars leave behind; its bar has no prices of its own."""
        rows = _Rows(self.source)
        rows.when = float(self.when[-1])
        made = Aggregation(self.rule, rows)
        if not self.closing[-1]:
            made.bar.update(rows.when, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        made.resume(self.next_end, self.last_end)
        return made

    def _unreadable(self) -> bool:
        """Tell whether there are prices that are not numbers: comparisons then depend on their order."""
        c = self.columns
        total = c.open.sum() + c.high.sum() + c.low.sum() + self.when[0]
        return bool(np.isnan(total)) or not np.isfinite(self.when[-1])

    def _flags(self, at: Any) -> Flags:
        flags: Flags = np.zeros(self.count, dtype=bool)
        flags[list(at)] = True
        return flags

    # -- where bars end ---------------------------------------------------------------------------------------------

    def _intraday(self) -> Flags:
        rule = self.rule
        unit, compression = UNITS[rule.timeframe], rule.compression
        whole = self.micro // unit
        self.point = point = whole + rule.boundoff if rule.boundoff else whole
        interval = point // compression
        self.closing = (interval * compression == point) & (whole * unit == self.micro)
        if not rule.bar2edge:
            interval = point
        self._sessions()
        crossing = np.zeros(self.count, dtype=bool)
        np.greater(interval[1:], interval[:-1], out=crossing[1:])
        crossing |= self._flags(self.ends)
        crossing[1:] &= ~self.closing[:-1]
        crossing &= ~self.closing
        return crossing

    def _sessions(self) -> None:
        """Find the ends of sessions that complete a bar: met exactly (closing), or passed with a bar in the making."""
        when, closing = self.when, self.closing
        checked, compression = self.checked, self.rule.compression
        at = counted = 0
        while at < self.count:
            end, number = self.source._eos_after_(float(when[at]))
            at += int(np.searchsorted(when[at:], number, side="left"))
            if at == self.count:
                self.next_end = end
                return
            step = 1
            if when[at] == number:
                # met exactly; unless that was found out by looking once more at a bar that is in already
                closing[at] = at not in self.ends
            elif closing[at] or (at and closing[at - 1]):
                # nothing is in the making when the session ends: backtrader never looks for another end then
                self.next_end = end
                return
            else:
                self.ends[at] = number
                counted += 1
                step = 0 if checked and counted % compression else 1
            self.last_end = number
            self.next_end = None
            at += step

    def _periods(self) -> Flags:
        days = self.day
        timeframe = self.rule.timeframe
        key: Ints
        if timeframe == TimeFrame.Weeks:
            # ISO weeks start on Monday: as a pair (year, week) they grow with the number of the week
            key = (days + EPOCH_ORDINAL - 1) // 7
        else:
            unit = "datetime64[M]" if timeframe == TimeFrame.Months else "datetime64[Y]"
            key = days.astype("datetime64[D]").astype(unit).astype(np.int64)
        crossing = np.zeros(self.count, dtype=bool)
        np.greater(key[1:], key[:-1], out=crossing[1:])
        return crossing

    def _counted(self) -> tuple[Columns, Ints] | None:
        compression = self.rule.compression
        starts = np.arange(0, self.count, compression, dtype=np.int64)
        ends = np.append(starts[1:], self.count) - 1
        times = self.when[ends]
        whole = self.count % compression == 0
        triggers = ends.copy()
        if not whole:
            triggers[-1] = self.count
        if self.rule.adjusts:
            last = self.source._eos_after_(float(times[-1]))[1]
            limits = self._session_ends(times)
            times = np.maximum(times, limits)
            if not whole:
                times[-1] = last
        return self._aggregate(starts, ends, times), triggers

    def _session_ends(self, times: Floats) -> Floats:
        """Give the end of session at or after each of *times*."""
        after = self.source._eos_after_
        return np.array([after(t)[1] for t in times.tolist()])

    # -- the larger bars --------------------------------------------------------------------------------------------

    def _bars(self, crossing: Flags) -> tuple[Columns, Ints] | None:
        closing, when, count = self.closing, self.when, self.count
        opening = crossing.copy()
        opening[0] = True
        opening[1:] |= closing[:-1]
        starts = np.flatnonzero(opening)
        ends = np.append(starts[1:], count) - 1
        exact = closing[ends]
        triggers = np.where(exact, ends, ends + 1)
        times = when[ends]
        if self.rule.left:
            times = self._left_edges(ends)
        elif self.rule.adjusts:
            times = self._boundaries(times, ends, exact, triggers)
        if self.rule.intraday:
            # source bars up to the time of the last complete bar are late
            follow = triggers + 1
            follow = follow[follow < count]
            if bool((when[follow] <= times[: len(follow)]).any()):
                return None
        return self._aggregate(starts, ends, times), triggers

    def _left_edges(self, ends: Ints) -> Floats:
        """Give the boundaries at which the bars begin."""
        micro = left_edge(self.micro[ends], self.rule)
        days = micro // _DAY_US
        return from_days(self.day[ends] + days, micro - days * _DAY_US)

    def _boundaries(self, times: Floats, ends: Ints, exact: Flags, triggers: Ints) -> Floats:
        """Move the times of the bars to the boundaries at which they end, never back."""
        limits = self._points(ends) if self.rule.intraday else times.copy()
        if self.ends:
            passed = np.fromiter(self.ends, dtype=np.int64)
            at = np.searchsorted(triggers, passed)
            at = np.minimum(at, len(triggers) - 1)
            hit = (triggers[at] == passed) & ~exact[at]
            limits[at[hit]] = np.fromiter(self.ends.values(), dtype=np.float64)[hit]
        moved = np.where(exact, times, np.maximum(times, limits))
        if triggers[-1] == self.count:
            moved[-1] = self._final(float(times[-1]), float(limits[-1]))
        return moved

    def _final(self, when: float, limit: float) -> float:
        """Give the time of the bar that the end of the source completes."""
        if self.next_end is None:
            return when if self.last_end is None else self.last_end
        if self.rule.intraday:
            return limit
        return date2num(datetime.combine(num2date(when), self.next_end.time()))

    def _points(self, ends: Ints) -> Floats:
        rule = self.rule
        point = (self.point[ends] // rule.compression + bool(rule.rightedge)) * rule.compression
        micro = point * UNITS[rule.timeframe]
        days = micro // _DAY_US
        return from_days(self.day[ends] + days, micro - days * _DAY_US)

    def _aggregate(self, starts: Ints, ends: Ints, times: Floats) -> Columns:
        c = self.columns
        return Columns(
            times,
            c.open[starts],
            np.maximum.reduceat(c.high, starts),
            np.minimum.reduceat(c.low, starts),
            c.close[ends],
            _sums(c.volume, starts, ends),
            c.openinterest[ends],
        )


def _moments(when: Floats) -> tuple[Ints, Ints]:
    """Give the days since 1970 and the microseconds of the day that date numbers stand for."""
    whole = np.floor(when)
    day = whole.astype(np.int64) - EPOCH_ORDINAL
    micro = np.rint((when - whole) * 1440.0).astype(np.int64) * _MINUTE_US
    if int(micro.max()) < _DAY_US and np.array_equal(from_days(day, micro), when):
        return day, micro
    micros = to_micros(when)
    day = micros // _DAY_US
    return day, micros - day * _DAY_US


def _sums(values: Floats, starts: Ints, ends: Ints) -> Floats:
    """Add up *values* from each of *starts* to each of *ends*, first to last."""
    total = float(np.abs(values).sum())
    if total < _WHOLE and np.array_equal(values, np.floor(values)):
        return np.add.reduceat(values, starts) + 0.0
    longest = int((ends - starts).max())
    if len(starts) <= longest:
        bounds = zip(starts.tolist(), ends.tolist(), strict=True)
        return np.array([float(np.add.accumulate(values[a : b + 1])[-1]) for a, b in bounds]) + 0.0
    # one more source bar of all larger bars per step; longest first: those still going on stay at the front
    order = np.argsort(starts - ends, kind="stable")
    firsts = starts[order]
    lengths = (ends - starts)[order]
    going = np.searchsorted(-lengths, -np.arange(1, longest + 1), side="right").tolist()
    sums = values[firsts] + 0.0
    for step, count in enumerate(going, 1):
        sums[:count] += values[firsts[:count] + step]
    out = np.empty_like(sums)
    out[order] = sums
    return out
