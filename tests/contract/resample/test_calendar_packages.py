"""Calendars of pandas_market_calendars and exchange_calendars say the same, and close bars by their sessions."""

from __future__ import annotations

import sys
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

import backtrail as bt
from backtrail.errors import ParameterValueError
from backtrail.market.calendar import as_calendar
from backtrail.market.exchanges import ExchangeCalendar

markets = pytest.importorskip("pandas_market_calendars")
exchanges = pytest.importorskip("exchange_calendars")

pytestmark = pytest.mark.filterwarnings("ignore")

YEAR = [datetime(2020, 1, 1) + timedelta(hours=number * 41) for number in range(200)]


@pytest.fixture(scope="module")
def new_york() -> Any:
    return exchanges.get_calendar("XNYS", start="2019-01-01", end="2021-12-31")


def test_both_packages_and_names_give_the_same_sessions(new_york: Any) -> None:
    calendars = [as_calendar(new_york), as_calendar(markets.get_calendar("NYSE")), as_calendar("XNYS")]
    for moment in YEAR:
        found = {
            (c.schedule(moment), c.nextday(moment), c.last_weekday(moment), c.last_monthday(moment))
            for c in calendars
        }
        assert len(found) == 1, (moment, found)


def test_sessions_are_those_of_the_package(new_york: Any) -> None:
    calendar = ExchangeCalendar(calendar=new_york)
    # the day before Thanksgiving's half day, after the close
    assert calendar.nextday(date(2020, 11, 25)) == date(2020, 11, 27)
    assert calendar.schedule(datetime(2020, 11, 25, 22)) == (
        datetime(2020, 11, 27, 14, 30),
        datetime(2020, 11, 27, 18),
    )
    assert calendar.schedule(date(2020, 7, 3)) == (datetime(2020, 7, 6, 13, 30), datetime(2020, 7, 6, 20))
    assert calendar.last_yearday(date(2020, 12, 31))
    assert calendar.nextday_week(date(2020, 12, 31)) == 1 or calendar.nextday_week(date(2020, 12, 31)) == 53


def test_sessions_that_begin_on_the_day_before_in_utc() -> None:
    tokyo = ExchangeCalendar(calendar="XASX", cacheyears=1)
    opening, closing = tokyo.schedule(datetime(2020, 1, 6, 23, 30))
    assert (opening, closing) == (datetime(2020, 1, 6, 23), datetime(2020, 1, 7, 5))


def test_a_name_is_looked_up_for_every_year_that_is_asked_for() -> None:
    calendar = ExchangeCalendar(calendar="XNYS", cacheyears=1)
    assert calendar.nextday(date(1999, 12, 31)) == date(2000, 1, 3)
    assert calendar.nextday(date(2024, 12, 31)) == date(2025, 1, 2)
    assert calendar.schedule(datetime(2010, 12, 31, 23))[0] == datetime(2011, 1, 3, 14, 30)


def test_what_a_calendar_does_not_know_is_said(new_york: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    calendar = ExchangeCalendar(calendar=new_york)
    with pytest.raises(ParameterValueError, match="goes from 2019-01-02 to 2021-12-31"):
        calendar.nextday(date(2022, 5, 2))
    with pytest.raises(ParameterValueError, match="calendar='XNYS'"):
        ExchangeCalendar(calendar=3)
    with pytest.raises(ParameterValueError, match="1 or more"):
        ExchangeCalendar(calendar="XNYS", cacheyears=0)
    with pytest.raises(ParameterValueError, match="name of one"):
        as_calendar(3)
    monkeypatch.setitem(sys.modules, "exchange_calendars", None)
    with pytest.raises(ImportError, match="pip install exchange_calendars"):
        ExchangeCalendar(calendar="XNYS").nextday(date(2020, 1, 1))


@pytest.mark.parametrize("kind", ["exchange_calendars", "pandas_market_calendars", "name"])
def test_bars_close_with_the_sessions_of_the_calendar(kind: str, new_york: Any) -> None:
    calendar = {
        "exchange_calendars": new_york,
        "pandas_market_calendars": markets.get_calendar("NYSE"),
        "name": "NYSE",
    }
    index = pd.date_range("2020-11-23 14:35", "2020-12-02 21:00", freq="5min")
    sessions = new_york.schedule.loc["2020-11-23":"2020-12-02"]
    kept = np.zeros(len(index), dtype=bool)
    stamps = index.tz_localize("UTC")
    for opening, closing in zip(sessions["open"], sessions["close"]):
        kept |= (stamps > opening) & (stamps <= closing)
    frame = pd.DataFrame(
        {name: np.arange(float(kept.sum())) for name in ("open", "high", "low", "close")}, index[kept]
    )
    frame["volume"] = 1.0

    class Days(bt.Strategy):
        def __init__(self) -> None:
            self.seen: list[tuple[datetime, float]] = []

        def next(self) -> None:
            if len(self.data1) > len(self.seen):
                self.seen.append((self.data1.datetime.datetime(0), self.data1.volume[0]))

    cerebro = bt.Cerebro(stdstats=False)
    cerebro.addcalendar(calendar[kind])
    data = bt.feeds.PandasData(dataname=frame, timeframe=bt.TimeFrame.Minutes, compression=5)
    cerebro.adddata(data)
    cerebro.resampledata(data, timeframe=bt.TimeFrame.Days)
    cerebro.addstrategy(Days)
    seen = cerebro.run()[0].seen
    assert [moment.replace(microsecond=0, second=0) for moment, _ in seen] == [
        closing.tz_localize(None).to_pydatetime() for closing in sessions["close"]
    ]
    assert seen[3] == (datetime(2020, 11, 27, 18), 42.0)
