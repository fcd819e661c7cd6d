"""Bars of a larger timeframe out of smaller ones: the rules, one bar at a time, without any feed.

An :class:`Aggregation` is given source bars in order and says when a larger bar is complete. Which source bars belong
together follows backtrader: a source bar that falls exactly on a boundary belongs to the bar that ends there and
completes it; otherwise the first source bar of the next interval completes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from ..base.time import date2num, num2date
from ..base.timeframe import TimeFrame
from .series import Bar

LATE_STEP = 1e-6  # days that a bar made of late data only is put after the one before

UNITS = {
    TimeFrame.Ticks: 1,
    TimeFrame.MicroSeconds: 1,
    TimeFrame.Seconds: 1_000_000,
    TimeFrame.Minutes: 60_000_000,
}


def left_edge(micros: Any, rule: Rule) -> Any:
    """Give the boundary before *micros* since midnight, in such; a time on a boundary ends the interval before it."""
    unit = UNITS[rule.timeframe]
    span, shift = unit * rule.compression, unit * rule.boundoff
    return (micros + shift - 1) // span * span - shift


class TimeSource(Protocol):
    """What an aggregation asks about time: zone, ends of sessions, trading calendar."""

    _calendar: Any

    def num2date(self, dt: float) -> datetime:
        """Give the local time of a date number."""

    def date2num(self, dt: date) -> float:
        """Give the date number of a local time."""

    def _getnexteos(self) -> tuple[datetime, float]:
        """Give the end of session at or after the current bar, in UTC."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How bars are put together; the parameters of ``Resampler`` and the timeframe of the source.

    ``left``: intraday bars carry the boundary at which they begin (see :func:`.resample.use_left_edges`).
    """

    timeframe: int
    compression: int
    source_timeframe: int = TimeFrame.Ticks
    source_compression: int = 1
    bar2edge: bool = True
    adjbartime: bool = True
    rightedge: bool = True
    boundoff: int = 0
    takelate: bool = True
    left: bool = False

    @property
    def intraday(self) -> bool:
        """Whether bars end at times of the day."""
        return TimeFrame.Ticks < self.timeframe < TimeFrame.Days

    @property
    def counting(self) -> bool:
        """Whether bars are just counted: a multiple of the source's own timeframe, of days or longer (or ticks)."""
        return (
            not self.intraday
            and self.source_timeframe == self.timeframe
            and self.compression % self.source_compression == 0
        )

    @property
    def adjusts(self) -> bool:
        """Whether bars get the time of the boundary."""
        return self.adjbartime and self.bar2edge and self.timeframe < TimeFrame.Weeks


class Aggregation:
    """Source bars being put together by a :class:`Rule`.

    ``bar`` is the bar in the making. ``delivered`` is the time of the last complete one (None before the first): source
    bars up to that time are late.
    """

    __slots__ = (
        "_counted",
        "_eos",
        "_eos_at",
        "_last_eos_at",
        "_over",
        "bar",
        "count",
        "delivered",
        "rule",
        "source",
    )

    def __init__(self, rule: Rule, source: TimeSource) -> None:
        self.rule = rule
        self.source = source
        self.bar = Bar(maxdate=True)
        self.count = 0
        self._counted = False
        self.delivered: float | None = None
        # the next end of session, unknown after one was passed; and the last one passed
        self._eos: datetime | None = None
        self._eos_at = 0.0
        self._last_eos_at: float | None = None
        self._over = {
            TimeFrame.Ticks: self._over_ticks,
            TimeFrame.Days: self._eos_reached,
            TimeFrame.Weeks: self._over_weeks,
            TimeFrame.Months: self._over_months,
            TimeFrame.Years: self._over_years,
        }.get(rule.timeframe, self._over_intraday if rule.intraday else self._never)

    def resume(self, next_end: datetime | None, last_end: float | None) -> None:
        """Go on from the next end of session (None: one was just passed) and the last one that was passed."""
        self._eos = next_end
        self._eos_at = 0.0 if next_end is None else date2num(next_end)
        self._last_eos_at = last_end

    # -- one source bar ---------------------------------------------------------------------------------------------

    def add(
        self,
        when: float,
        opened: float,
        high: float,
        low: float,
        close: float,
        volume: float,
        interest: float,
    ) -> tuple[float, ...] | None:
        """Take a source bar; give the values of the bar that it completes, in the order of a feed's lines, or None."""
        rule, bar = self.rule, self.bar
        if rule.intraday and self.delivered is not None and when <= self.delivered:
            if rule.takelate:
                bar.update(self.delivered + LATE_STEP, opened, high, low, close, volume, interest)
            return None
        done = None
        check = True
        if rule.counting:
            bar.update(when, opened, high, low, close, volume, interest)
            self._last_eos_at = self.source._getnexteos()[1]
            self.count += 1
            if self.count % rule.compression == 0 and bar.isopen():
                done = self._complete_(adjust=True)
            return done
        on_edge, check = self.on_edge(when)
        if on_edge:
            bar.update(when, opened, high, low, close, volume, interest)
            return self._complete_(adjust=False) if bar.isopen() else None
        if check and bar.isopen() and self.over(when):
            done = self._complete_(adjust=True)
        bar.update(when, opened, high, low, close, volume, interest)
        return done

    def last(self) -> tuple[float, ...] | None:
        """Give the bar in the making at the end of the source, complete or not; None if there is none."""
        if not self.bar.isopen():
            return None
        if self.rule.adjusts and not self.rule.left:
            moment = self.boundary(greater=False)
            if moment is not None:
                self.bar.datetime = moment
        return self._complete_(adjust=False)

    def force(self, when: float, limited: bool = True) -> tuple[float, ...] | None:
        """Give the bar in the making if it is complete at time *when*, without a source bar; None if not.

        With *limited*, only bars that end at minutes, and only if that is not after *when*.
        """
        rule = self.rule
        if (
            rule.counting
            or not self.bar.isopen()
            or not self._over(when)
            or not (rule.intraday and rule.bar2edge)
        ):
            return None
        if limited:
            moment = self.boundary(greater=True) if rule.timeframe == TimeFrame.Minutes else None
            if moment is None or moment > when:
                return None
        return self._complete_(adjust=True)

    def _complete_(self, adjust: bool) -> tuple[float, ...]:
        bar = self.bar
        if self.rule.left:
            return self._complete_left()
        if adjust and self.rule.adjusts:
            moment = self.boundary(greater=True)
            if moment is not None and moment > bar.datetime:
                bar.datetime = moment
        values = bar.values()
        self.delivered = bar.datetime
        bar.bstart(maxdate=True)
        return values

    def _complete_left(self) -> tuple[float, ...]:
        """Complete a bar that carries the boundary at which it begins: that before its last source bar."""
        bar, rule = self.bar, self.rule
        self.delivered = bar.datetime
        moment = self.source.num2date(bar.datetime)
        micros = (moment.hour * 3600 + moment.minute * 60 + moment.second) * 1_000_000 + moment.microsecond
        midnight = datetime(moment.year, moment.month, moment.day)
        bar.datetime = self.source.date2num(midnight + timedelta(microseconds=int(left_edge(micros, rule))))
        values = bar.values()
        bar.bstart(maxdate=True)
        return values

    # -- where bars end ---------------------------------------------------------------------------------------------

    def on_edge(self, when: float) -> tuple[bool, bool]:
        """Tell whether a source bar at *when* completes its own bar, and if not, whether to ask ``over``."""
        rule = self.rule
        if rule.timeframe > TimeFrame.Days:
            return self._last_day(when)
        if self._eos_reached(when, exact=True):
            return True, True
        if not rule.intraday:
            return False, True
        point, rest = self._point(self.source.num2date(when))
        return rest == 0 and point % rule.compression == 0, True

    def _last_day(self, when: float) -> tuple[bool, bool]:
        """Tell whether *when* is the end of the last trading day of the week, month or year, as the calendar says."""
        calendar = self.source._calendar
        rule = self.rule
        if calendar is None or rule.timeframe > TimeFrame.Years:
            return False, True
        day = self.source.num2date(when)
        ends = {
            TimeFrame.Weeks: calendar.last_weekday,
            TimeFrame.Months: calendar.last_monthday,
            TimeFrame.Years: calendar.last_yearday,
        }
        if not ends[rule.timeframe](day.date()):
            return False, True
        if rule.source_timeframe < TimeFrame.Days and when < self.source._getnexteos()[1]:
            return False, True
        if self._counted:
            return False, False
        self.count += 1
        done = self.count % rule.compression == 0
        self._counted = not done
        return done, False

    def over(self, when: float) -> bool:
        """Tell whether a source bar at *when* comes after the end of the bar in the making; count ends passed."""
        rule = self.rule
        if not self._over(when):
            return False
        if rule.intraday and rule.bar2edge:
            return True
        if self._counted:
            # the calendar has ended this week, month or year already
            self._counted = False
            return False
        self.count += 1
        return self.count % rule.compression == 0

    def _never(self, when: float) -> bool:
        return False

    def _over_ticks(self, when: float) -> bool:
        return self.bar.isopen()

    def _over_intraday(self, when: float) -> bool:
        if self._eos_reached(when):
            return True
        bar_at = self.bar.datetime
        if when < bar_at:
            return False
        # backtrader compares times of the day in UTC here, though boundaries are local
        mine, _ = self._point(num2date(bar_at))
        theirs, _ = self._point(num2date(when))
        if self.rule.bar2edge:
            mine //= self.rule.compression
            theirs //= self.rule.compression
        return theirs > mine

    def _over_weeks(self, when: float) -> bool:
        mine, theirs = self._days(when)
        return mine.isocalendar()[:2] < theirs.isocalendar()[:2]

    def _over_months(self, when: float) -> bool:
        mine, theirs = self._days(when)
        return (mine.year, mine.month) < (theirs.year, theirs.month)

    def _over_years(self, when: float) -> bool:
        mine, theirs = self._days(when)
        return mine.year < theirs.year

    def _days(self, when: float) -> tuple[datetime, datetime]:
        source = self.source
        return source.num2date(self.bar.datetime), source.num2date(when)

    def _eos_reached(self, when: float, exact: bool = False) -> bool:
        """Tell whether *when* is at the end of session, or (unless *exact*) beyond it with a bar that is not."""
        if self._eos is None:
            self._eos, self._eos_at = self.source._getnexteos()
        reached = when == self._eos_at
        if not exact and when > self._eos_at:
            reached = self.bar.isopen() and self.bar.datetime <= self._eos_at
        if reached:
            self._last_eos_at = self._eos_at
            self._eos = None
        return reached

    # -- times of the day -------------------------------------------------------------------------------------------

    def _point(self, moment: datetime) -> tuple[int, int]:
        """Give the units of the timeframe passed since midnight, shifted by ``boundoff``, and what is left over."""
        timeframe = self.rule.timeframe
        point = moment.hour * 60 + moment.minute
        rest = 0
        if timeframe < TimeFrame.Minutes:
            point = point * 60 + moment.second
        if timeframe < TimeFrame.Seconds:
            point = point * 1_000_000 + moment.microsecond
        elif timeframe == TimeFrame.Seconds:
            rest = moment.microsecond
        else:
            rest = moment.second + moment.microsecond
        return point + self.rule.boundoff, rest

    def boundary(self, greater: bool) -> float | None:
        """Give the time that the bar in the making is to carry; None if it keeps its own."""
        rule = self.rule
        if self._eos is None:
            return self._last_eos_at
        moment = self.source.num2date(self.bar.datetime)
        point, _ = self._point(moment)
        point = (point // rule.compression + bool(rule.rightedge)) * rule.compression
        if rule.timeframe == TimeFrame.Days:
            moment = datetime.combine(moment, self._eos.time())
        else:
            midnight = datetime(moment.year, moment.month, moment.day)
            moment = midnight + timedelta(microseconds=point * UNITS[rule.timeframe])
        return self.source.date2num(moment)
