"""Larger bars made of whole columns are those made bar by bar, bits included."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtrail.base.datenums import from_days
from backtrail.base.time import TIME_MAX, date2num, num2date
from backtrail.base.timeframe import TimeFrame as TF
from backtrail.base.timezone import tzparse
from backtrail.feeds import grouping
from backtrail.feeds.aggregate import Aggregation, Rule
from backtrail.feeds.base import DataBase
from backtrail.feeds.columns import Columns
from backtrail.feeds.grouping import checks_matter, resample_columns, unfinished

FIELDS = ("datetime", "open", "high", "low", "close", "volume", "openinterest")
STEPS = [0.25, 1, 30, 59.999985, 60, 60, 60, 120, 300, 1800, 12000, 86400, 3 * 86400, 30 * 86400]


def source(end: time = TIME_MAX, zone: str | None = None, calendar: Any = None) -> Any:
    feed = DataBase(sessionend=end, tz=zone, calendar=calendar)
    feed._start()
    return feed


def columns_of(moments: list[datetime], seed: int = 1) -> Columns:
    rng = np.random.default_rng(seed)
    count = len(moments)
    when = np.array([date2num(moment) for moment in moments])
    prices = [rng.random(count) * 100 for _ in range(4)]
    volume = rng.random(count) if seed % 2 else np.floor(rng.random(count) * 1000)
    return Columns(when, *prices, volume, np.floor(rng.random(count) * 9))


def same(a: tuple[Columns, Any], b: tuple[Columns, Any]) -> bool:
    return np.array_equal(a[1], b[1]) and all(
        np.array_equal(getattr(a[0], name), getattr(b[0], name), equal_nan=True) for name in FIELDS
    )


rules = st.builds(
    Rule,
    timeframe=st.sampled_from(
        [TF.MicroSeconds, TF.Seconds, TF.Minutes, TF.Days, TF.Weeks, TF.Months, TF.Years]
    ),
    compression=st.sampled_from([1, 1, 2, 3, 5, 7, 60, 240, 1441]),
    source_timeframe=st.sampled_from([TF.Ticks, TF.Minutes, TF.Days]),
    bar2edge=st.booleans(),
    adjbartime=st.booleans(),
    rightedge=st.booleans(),
    boundoff=st.sampled_from([0, 0, 0, -2, 1, 3]),
    takelate=st.booleans(),
)


@given(
    rule=rules,
    steps=st.lists(st.sampled_from(STEPS), max_size=60),
    end=st.sampled_from([TIME_MAX, time(9, 30), time(17, 20), time(0)]),
    seed=st.integers(0, 9),
    checked=st.booleans(),
)
def test_at_once_is_as_bar_by_bar(
    rule: Rule, steps: list[float], end: time, seed: int, checked: bool
) -> None:
    moment = datetime(2020, 1, 2, 9)
    moments = [moment]
    for step in steps:
        moment += timedelta(seconds=step)
        moments.append(moment)
    columns = columns_of(moments, seed)
    expected = grouping._one_by_one(columns, rule, source(end), checked)
    assert same(resample_columns(columns, rule, source(end), checked), expected)


@given(
    rule=rules,
    steps=st.lists(st.sampled_from(STEPS), max_size=40),
    later=st.lists(st.sampled_from(STEPS), max_size=5),
    end=st.sampled_from([TIME_MAX, time(9, 30), time(17, 20)]),
)
def test_what_is_unfinished_closes_alike(
    rule: Rule, steps: list[float], later: list[float], end: time
) -> None:
    moment = datetime(2020, 1, 2, 9)
    moments = [moment]
    for step in steps:
        moment += timedelta(seconds=step)
        moments.append(moment)
    columns = columns_of(moments)
    fast = unfinished(columns, rule, source(end))
    slow = grouping._added(columns, rule, source(end))[0]
    if rule.counting:
        return  # is not looked at from outside
    assert fast.bar.isopen() == slow.bar.isopen()
    for step in later:
        moment += timedelta(seconds=step)
        number = date2num(moment)
        a, b = fast.force(number), slow.force(number)
        assert (a is None) == (b is None)
        assert a is None or (b is not None and a[-1] == b[-1])
    a, b = fast.last(), slow.last()
    assert (a is None) == (b is None)
    assert a is None or (b is not None and a[-1] == b[-1])


@pytest.mark.parametrize(
    "case",
    [
        source(zone="Europe/Madrid"),
        source(calendar=__import__("backtrail").TradingCalendar()),
    ],
)
def test_zones_and_calendars_go_bar_by_bar(case: Any) -> None:
    columns = columns_of([datetime(2020, 1, 2, 9) + timedelta(minutes=7 * k) for k in range(500)])
    rule = Rule(TF.Minutes, 60, TF.Minutes)
    assert grouping._Grouping(columns, rule, case).group() is None
    assert same(resample_columns(columns, rule, case), grouping._one_by_one(columns, rule, case))


@pytest.mark.parametrize("spoil", ["nan price", "same time", "earlier time", "infinite time"])
def test_irregular_columns_go_bar_by_bar(spoil: str) -> None:
    columns = columns_of([datetime(2020, 1, 2, 9) + timedelta(minutes=k) for k in range(20)])
    if spoil == "nan price":
        columns.open[3] = np.nan
    elif spoil == "infinite time":
        columns.datetime[-1] = np.inf
    else:
        columns.datetime[5] = columns.datetime[4 if spoil == "same time" else 2]
    rule = Rule(TF.Minutes, 5, TF.Minutes)
    assert grouping._Grouping(columns, rule, source()).group() is None
    if spoil != "infinite time":
        assert same(resample_columns(columns, rule, source()), grouping._one_by_one(columns, rule, source()))


def test_no_bars_give_no_bars() -> None:
    made, triggers = resample_columns(columns_of([]), Rule(TF.Days, 1, TF.Minutes), source())
    assert len(made) == 0
    assert len(triggers) == 0


def test_a_bar_on_a_boundary_belongs_to_the_bar_that_ends_there() -> None:
    columns = columns_of([datetime(2020, 1, 2, 9, 31) + timedelta(minutes=k) for k in range(12)])
    made, triggers = resample_columns(columns, Rule(TF.Minutes, 5, TF.Minutes), source())
    ends = [num2date(x).strftime("%H:%M") for x in made.datetime.tolist()]
    assert ends == ["09:35", "09:40", "09:45"]
    assert triggers.tolist() == [4, 9, 12]
    assert made.open.tolist() == [columns.open[0], columns.open[5], columns.open[10]]
    assert made.high[0] == columns.high[:5].max()


def test_sums_are_first_to_last() -> None:
    values = np.array([1e16, 1.0, -1e16, 0.1, 0.2, 0.3, 1e16, 1.0, -1e16])
    sums = grouping._sums(values, np.array([0, 3, 6]), np.array([2, 5, 8]))
    assert sums.tolist() == [1e16 + 1.0 - 1e16, 0.1 + 0.2 + 0.3, 1e16 + 1.0 - 1e16]
    one = grouping._sums(values, np.array([0]), np.array([8]))
    total = 0.0
    for value in values.tolist():
        total += value
    assert one.tolist() == [total]


def test_a_bar_of_late_source_bars_comes_just_after_the_one_before() -> None:
    feed = source()
    rows = [datetime(2020, 1, 2, 9, minute) for minute in (4, 5, 3, 7)]
    made = Aggregation(Rule(TF.Minutes, 5, TF.Minutes, adjbartime=False), grouping._Rows(feed))
    done = []
    for moment in rows:
        made.source.when = date2num(moment)  # type: ignore[attr-defined]
        done.append(made.add(date2num(moment), 1.0, 1.0, 1.0, 1.0, 1.0, 1.0))
    assert [one is not None for one in done] == [False, True, False, False]
    assert made.bar.volume == 2.0
    dropped = Aggregation(Rule(TF.Minutes, 5, TF.Minutes, takelate=False), grouping._Rows(feed))
    for moment in rows:
        dropped.source.when = date2num(moment)  # type: ignore[attr-defined]
        dropped.add(date2num(moment), 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    assert dropped.bar.volume == 1.0


def test_which_rules_depend_on_being_looked_at() -> None:
    assert not checks_matter(Rule(TF.Minutes, 60, TF.Minutes))
    assert checks_matter(Rule(TF.Minutes, 60, TF.Minutes, bar2edge=False))
    assert checks_matter(Rule(TF.Days, 2, TF.Minutes))
    assert not checks_matter(Rule(TF.Days, 2, TF.Days))
    assert not checks_matter(Rule(TF.Weeks, 2, TF.Days))


def test_fifty_thousand_minutes_take_milliseconds() -> None:
    import time as clock

    count = 50_000
    at = np.arange(count)
    when = from_days(at // 390 + 17000, (at % 390 + 571) * 60_000_000)
    columns = Columns(when, *np.random.default_rng(1).random((5, count)), np.zeros(count))
    feed, rule = source(), Rule(TF.Minutes, 60, TF.Minutes)
    best = min(timed(clock.perf_counter, lambda: resample_columns(columns, rule, feed)) for _ in range(7))
    assert best < 0.03  # ten times what it takes


def timed(now: Any, work: Any) -> float:
    start: float = now()
    work()
    return float(now() - start)


def test_zone_is_read() -> None:
    assert source(zone="Asia/Tokyo")._tz == tzparse("Asia/Tokyo")
