"""Trading calendars: schedules, and the larger bars made by them."""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from typing import Any

import backtrader
import pytest

import backtrail

from .bars import DAYS, MINUTES, delivered, rows_at, times_apart

pytestmark = pytest.mark.contract

HOLIDAYS = [date(2020, 1, 1), date(2020, 1, 20), date(2020, 2, 17), date(2020, 12, 25)]
EARLY = [(date(2020, 1, 10), time(9), time(13)), (date(2020, 12, 24), time(9, 30), time(13))]


def calendar(bt: Any, **params: Any) -> Any:
    return bt.TradingCalendar(**params)


def test_days_that_follow() -> None:
    for params in ({}, {"holidays": HOLIDAYS}, {"offdays": [5, 6]}, {"offdays": []}):
        theirs, ours = calendar(backtrader, **params), calendar(backtrail, **params)
        for number in range(400):
            day = date(2019, 12, 20) + timedelta(days=number)
            for method in ("nextday", "last_weekday", "last_monthday", "last_yearday"):
                assert getattr(ours, method)(day) == getattr(theirs, method)(day), (method, day)


@pytest.mark.parametrize("zone", [None, "America/New_York", "Asia/Tokyo"])
def test_schedules_within_and_before_sessions(zone: str | None) -> None:
    params = {"holidays": HOLIDAYS, "earlydays": EARLY, "open": time(9, 30), "close": time(16)}
    theirs, ours = calendar(backtrader, **params), calendar(backtrail, **params)
    tz = None if zone is None else backtrail.utils.date.tzparse(zone)
    checked = 0
    for number in range(400):
        moment = datetime(2020, 1, 1) + timedelta(hours=number * 7)
        found = ours.schedule(moment, tz)
        if tz is not None or found[1].date() == moment.date():
            # after the close backtrader looks for the next session until the end of time
            local = found[1] if tz is None else backtrail.num2date(backtrail.date2num(found[1]), tz)
            if local.date() == moment.date():
                assert found == theirs.schedule(moment, tz)
                checked += 1
    assert checked > 50


def test_after_the_close_the_session_of_the_next_day_counts() -> None:
    ours = calendar(backtrail, open=time(9, 30), close=time(16))
    assert ours.schedule(datetime(2020, 1, 3, 17)) == (datetime(2020, 1, 4, 9, 30), datetime(2020, 1, 4, 16))


def test_daily_and_intraday_bars_by_the_sessions_of_a_calendar() -> None:
    for seed in range(50):
        chance = random.Random(seed)
        rows = rows_at(chance, times_apart(chance, [60, 300, 1800, 7200]))
        params: dict[str, Any] = {"holidays": HOLIDAYS}
        if chance.random() < 0.5:
            early = [(date(2020, 1, 2) + timedelta(days=3 * k), time(9), time(20)) for k in range(10)]
            params["earlydays"] = early
        timeframe = chance.choice([MINUTES, DAYS])
        target = {
            "timeframe": timeframe,
            "compression": chance.choice([1, 2, 15, 60] if timeframe == MINUTES else [1, 2]),
        }
        shared = chance.random() < 0.5

        def prepare(
            cerebro: Any,
            feed: Any,
            rows: Any = rows,
            params: Any = params,
            target: Any = target,
            shared: Any = shared,
        ) -> None:
            bt = backtrader if feed.__mro__[1].__module__.startswith("backtrader") else backtrail
            made = calendar(bt, **params)
            if shared:
                cerebro.addcalendar(made)
            data = feed(rows=rows, timeframe=MINUTES, **({} if shared else {"calendar": made}))
            cerebro.resampledata(data, **target)

        assert repr(delivered(backtrail, prepare)) == repr(delivered(backtrader, prepare)), seed


def test_weeks_of_daily_bars_end_on_the_last_trading_day() -> None:
    days = [datetime(2020, 1, 6, 16) + timedelta(days=k) for k in range(60)]
    rows = rows_at(random.Random(3), [d for d in days if d.isoweekday() < 6 and d.date() not in HOLIDAYS])

    def prepare(cerebro: Any, feed: Any) -> None:
        bt = backtrader if feed.__mro__[1].__module__.startswith("backtrader") else backtrail
        cerebro.addcalendar(calendar(bt, holidays=HOLIDAYS))
        cerebro.resampledata(feed(rows=rows, timeframe=DAYS), timeframe=6)

    expected = delivered(backtrader, prepare, preload=False)
    assert len(expected) > 7
    assert repr(delivered(backtrail, prepare, preload=False)) == repr(expected)
