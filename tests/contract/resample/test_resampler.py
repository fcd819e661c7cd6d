"""Larger bars out of one feed are backtrader's: their values, times, and the source bar that completes them."""

from __future__ import annotations

import random
from datetime import datetime, time, timedelta
from typing import Any

import backtrader
import pytest

import backtrail

from .bars import (
    DAYS,
    MICROSECONDS,
    MINUTES,
    MONTHS,
    SECONDS,
    SESSION_ENDS,
    TICKS,
    WEEKS,
    YEARS,
    delivered,
    options,
    rows_at,
    shuffled,
    times_apart,
)

pytestmark = pytest.mark.contract

SIZES = [1, 2, 3, 5, 7, 60, 240, 1440, 1441]


def parameters(chance: random.Random) -> dict[str, Any]:
    return options(
        chance,
        bar2edge=[True, False],
        adjbartime=[True, False],
        rightedge=[True, False],
        boundoff=[-3, -1, 1, 2],
        takelate=[True, False],
    )


def minutes(chance: random.Random) -> tuple[list[datetime], dict[str, Any], dict[str, Any]]:
    times = times_apart(chance, [60, 60, 60, 120, 180, 300, 420, 1800, 12000])
    return times, {"timeframe": MINUTES}, {"timeframe": MINUTES, "compression": chance.choice(SIZES)}


def seconds(chance: random.Random) -> tuple[list[datetime], dict[str, Any], dict[str, Any]]:
    times = times_apart(chance, [1, 5, 2, 30, 60, 7.5, 0.25, 0.000003, 0.00007, 59.999985, 3600, 80000])
    target = {
        "timeframe": chance.choice([MINUTES, SECONDS, MICROSECONDS]),
        "compression": chance.choice(SIZES),
    }
    return shuffled(chance, times), {"timeframe": chance.choice([TICKS, MINUTES])}, target


def ticks(chance: random.Random) -> tuple[list[datetime], dict[str, Any], dict[str, Any]]:
    times, _, _ = seconds(chance)
    return (
        times,
        {"timeframe": TICKS, "compression": chance.choice([1, 2])},
        {
            "timeframe": TICKS,
            "compression": chance.choice([2, 3, 5, 60, 1000003]),
        },
    )


def days_of_minutes(chance: random.Random) -> tuple[list[datetime], dict[str, Any], dict[str, Any]]:
    times, _, _ = minutes(chance)
    target = {
        "timeframe": chance.choice([DAYS, WEEKS, MONTHS, YEARS]),
        "compression": chance.choice([1, 1, 2, 3]),
    }
    return shuffled(chance, times), {"timeframe": MINUTES}, target


def days(chance: random.Random) -> tuple[list[datetime], dict[str, Any], dict[str, Any]]:
    clock = chance.choice(
        [time(0), time(16), time(23, 59, 59), time(23, 59, 59, 999990), time(23, 59, 59, 999999)]
    )
    day = datetime(2019, 12, 10)
    times = []
    for _ in range(chance.randint(1, 40)):
        times.append(datetime.combine(day, clock))
        day += timedelta(days=chance.choice([1, 1, 1, 3, 2, 7, 20, 300]))
    target = {
        "timeframe": chance.choice([DAYS, WEEKS, MONTHS, YEARS]),
        "compression": chance.choice([1, 1, 2, 3, 5]),
    }
    source = {"timeframe": chance.choice([DAYS, DAYS, WEEKS]), "compression": chance.choice([1, 1, 2])}
    return shuffled(chance, times), source, target


@pytest.mark.parametrize("kind", [minutes, seconds, ticks, days_of_minutes, days])
@pytest.mark.parametrize("zone", [None, "America/New_York", "Asia/Kolkata"])
def test_bars_and_their_triggers(kind: Any, zone: str | None) -> None:
    for seed in range(45 if zone is None else 20):
        chance = random.Random(seed)
        times, source, target = kind(chance)
        rows = rows_at(chance, times)
        source |= options(chance, sessionend=SESSION_ENDS)
        target |= parameters(chance)
        if zone is not None:
            source["tz"] = backtrail.utils.date.tzparse(zone)
            rows = [(row[0] + timedelta(days=64), *row[1:]) for row in rows]

        def prepare(
            cerebro: Any, feed: Any, rows: Any = rows, source: Any = source, target: Any = target
        ) -> None:
            cerebro.resampledata(feed(rows=rows, **source), **target)

        expected = delivered(backtrader, prepare, preload=False)
        assert repr(delivered(backtrail, prepare, preload=False)) == repr(expected), seed


@pytest.mark.parametrize("kind", [minutes, seconds, days_of_minutes, days])
def test_replayed_bars_and_ticks(kind: Any) -> None:
    for seed in range(60):
        chance = random.Random(seed)
        times, source, target = kind(chance)
        rows = rows_at(chance, times)
        source |= options(chance, sessionend=SESSION_ENDS)
        target |= parameters(chance)
        target["adjbartime"] = chance.random() < 0.4

        def prepare(
            cerebro: Any, feed: Any, rows: Any = rows, source: Any = source, target: Any = target
        ) -> None:
            cerebro.replaydata(feed(rows=rows, **source), **target)

        try:
            expected = delivered(backtrader, prepare)
        except AttributeError:
            continue  # it fails when a session's end was never looked up
        assert repr(delivered(backtrail, prepare)) == repr(expected), seed


@pytest.mark.parametrize(
    "filters", ["ResamplerDaily", "ResamplerWeekly", "ResamplerMinutes", "ReplayerMinutes"]
)
def test_filters_by_name_do_as_the_methods(filters: str) -> None:
    chance = random.Random(filters)
    rows = rows_at(chance, times_apart(chance, [60, 60, 300, 7200]))

    def prepare(cerebro: Any, feed: Any) -> None:
        bt = backtrader if feed.__mro__[1].__module__.startswith("backtrader") else backtrail
        data = feed(rows=rows, timeframe=MINUTES)
        data.addfilter(getattr(bt, filters), compression=2)
        cerebro.adddata(data)

    assert repr(delivered(backtrail, prepare)) == repr(delivered(backtrader, prepare))


@pytest.mark.parametrize("kind", [minutes, days_of_minutes, days])
@pytest.mark.parametrize("way", ["resampledata", "replaydata"])
def test_a_compression_of_zero_ends_the_run_where_backtrader_does(kind: Any, way: str) -> None:
    outcomes = set()
    for seed in range(8):
        chance = random.Random(seed)
        times, source, target = kind(chance)
        rows = rows_at(chance, times[: chance.choice([3, 40])])
        target = {"timeframe": target["timeframe"], "compression": 0, **options(chance, bar2edge=[True, False])}

        def prepare(
            cerebro: Any, feed: Any, rows: Any = rows, source: Any = source, target: Any = target
        ) -> None:
            getattr(cerebro, way)(feed(rows=rows, name="F", **source), **target)

        for modes in ({}, {"preload": False}):
            try:
                expected = repr(delivered(backtrader, prepare, **modes))
            except ZeroDivisionError:
                with pytest.raises(ZeroDivisionError, match=r"completing a bar of feed 'F' .*pass compression=1"):
                    delivered(backtrail, prepare, **modes)
                outcomes.add("error")
            else:
                assert repr(delivered(backtrail, prepare, **modes)) == expected, seed
                outcomes.add("bars")
    assert "error" in outcomes


@pytest.mark.parametrize("source", [TICKS, SECONDS, MINUTES, DAYS])
@pytest.mark.parametrize("compression", [0, 1, 2, 3])
@pytest.mark.parametrize("way", ["resampledata", "replaydata"])
def test_bars_put_together_to_ticks(way: str, compression: int, source: int) -> None:
    outcomes = []
    for count in (1, 2, 3, 6):
        rows = rows_at(random.Random(count), [datetime(2020, 1, 2) + timedelta(days=at) for at in range(count)])

        def prepare(cerebro: Any, feed: Any, rows: Any = rows) -> None:
            getattr(cerebro, way)(feed(rows=rows, timeframe=source), timeframe=TICKS, compression=compression)

        for library in (backtrader, backtrail):
            try:
                outcomes.append(repr(delivered(library, prepare)))
            except ZeroDivisionError:
                outcomes.append("nothing to divide by")
    assert outcomes[0::2] == outcomes[1::2]
    assert ("nothing to divide by" in outcomes) is (compression == 0)
