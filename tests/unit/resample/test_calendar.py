"""Trading calendars: days, sessions, and the bars that they end."""

from __future__ import annotations

import sys
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
import pytest

from backtrail.base.time import date2num, num2date
from backtrail.errors import ModuleImportError, ParameterValueError
from backtrail.feeds.aggregate import Rule
from backtrail.feeds.base import DataBase
from backtrail.feeds.columns import Columns
from backtrail.feeds.grouping import resample_columns
from backtrail.market.calendar import PandasMarketCalendar, TradingCalendar, TradingCalendarBase, as_calendar

DAYS, WEEKS, MINUTES = 5, 6, 4


def test_holidays_may_be_dates_or_datetimes() -> None:
    for holiday in (date(2020, 1, 1), datetime(2020, 1, 1), datetime(2020, 1, 1, 12)):
        calendar = TradingCalendar(holidays=[holiday])
        assert calendar.nextday(date(2019, 12, 31)) == date(2020, 1, 2)
        assert calendar.nextday(datetime(2019, 12, 31, 8)) == datetime(2020, 1, 2, 8)


def test_the_week_of_the_next_day() -> None:
    assert TradingCalendar().nextday_week(date(2020, 1, 3)) == 2
    assert TradingCalendar().nextday_week(date(2020, 1, 2)) == 1


def test_an_early_day_has_its_own_session() -> None:
    calendar = TradingCalendar(
        open=time(9, 30), close=time(16), earlydays=[(date(2020, 1, 10), time(9), time(13))]
    )
    assert calendar.schedule(datetime(2020, 1, 10, 10)) == (
        datetime(2020, 1, 10, 9),
        datetime(2020, 1, 10, 13),
    )
    assert calendar.schedule(date(2020, 1, 9)) == (datetime(2020, 1, 9, 9, 30), datetime(2020, 1, 9, 16))
    assert calendar.schedule(datetime(2020, 1, 10, 14)) == (
        datetime(2020, 1, 11, 9, 30),
        datetime(2020, 1, 11, 16),
    )


def test_calendars_without_a_trading_day_are_refused() -> None:
    with pytest.raises(ParameterValueError, match="offdays"):
        TradingCalendar(offdays=[1, 2, 3, 4, 5, 6, 7])
    never = TradingCalendar(holidays=[date(2020, 1, 1) + timedelta(days=k) for k in range(4000)])
    with pytest.raises(ParameterValueError, match="within ten years"):
        never.nextday(date(2020, 1, 1))


def test_a_base_calendar_says_what_is_missing() -> None:
    with pytest.raises(NotImplementedError, match="_nextday"):
        TradingCalendarBase().nextday(date(2020, 1, 1))
    with pytest.raises(NotImplementedError, match="schedule"):
        TradingCalendarBase().schedule(datetime(2020, 1, 1))


def test_what_counts_as_a_calendar(monkeypatch: pytest.MonkeyPatch) -> None:
    made = TradingCalendar()
    assert as_calendar(None) is None
    assert as_calendar(made) is made
    assert isinstance(as_calendar(TradingCalendar), TradingCalendar)
    assert isinstance(as_calendar(Market()), PandasMarketCalendar)
    with pytest.raises(ParameterValueError, match="TradingCalendar"):
        as_calendar(5)
    monkeypatch.setitem(sys.modules, "pandas_market_calendars", None)
    with pytest.raises(ModuleImportError, match="pip install pandas_market_calendars"):
        as_calendar("NYSE")


class Market:
    """What backtrail asks of a calendar of pandas_market_calendars."""

    def __init__(self) -> None:
        self.asked = 0

    def valid_days(self, start_date: Any, end_date: Any, tz: str = "UTC") -> Any:
        import pandas as pd

        self.asked += 1
        return pd.bdate_range(start_date, end_date, tz=tz)

    def schedule(self, start_date: Any, end_date: Any) -> Any:
        import pandas as pd

        self.asked += 1
        days = pd.bdate_range(start_date, end_date)
        stamps = {
            "market_open": [pd.Timestamp(d) + pd.Timedelta(hours=14, minutes=30) for d in days],
            "market_close": [pd.Timestamp(d) + pd.Timedelta(hours=21) for d in days],
        }
        return pd.DataFrame({k: pd.DatetimeIndex(v, tz="UTC") for k, v in stamps.items()}, index=days)


def test_a_market_calendar_is_asked_for_many_days_at_once() -> None:
    market = Market()
    calendar = PandasMarketCalendar(calendar=market)
    day = date(2020, 1, 1)
    for _ in range(200):
        day = calendar.nextday(day)
    assert day == date(2020, 10, 7)
    assert market.asked == 1
    assert calendar.last_weekday(date(2020, 1, 3))
    asked = market.asked
    session = (datetime(2020, 1, 3, 14, 30), datetime(2020, 1, 3, 21))
    assert calendar.schedule(datetime(2020, 1, 3, 20)) == session
    assert calendar.schedule(datetime(2020, 1, 3, 21, 1))[0] == datetime(2020, 1, 6, 14, 30)
    assert calendar.schedule(datetime(2020, 1, 4)) == (datetime(2020, 1, 6, 14, 30), datetime(2020, 1, 6, 21))
    assert market.asked == asked + 1


def test_a_market_calendar_that_ends_says_so() -> None:
    calendar = PandasMarketCalendar(calendar=Market(), cachesize=1)
    with pytest.raises(ParameterValueError, match="cachesize"):
        calendar.nextday(date(2020, 1, 3))
    with pytest.raises(ParameterValueError, match="cachesize"):
        calendar.schedule(datetime(2020, 1, 4, 12))


def weeks(
    moments: list[datetime], source: int, compression: int = 1, **params: Any
) -> list[tuple[datetime, float]]:
    feed = DataBase(calendar=TradingCalendar(**params))
    feed._start()
    when = np.array([date2num(moment) for moment in moments])
    ones = np.ones(len(when))
    made, _ = resample_columns(
        Columns(when, ones, ones, ones, ones, ones, ones), Rule(WEEKS, compression, source), feed
    )
    return [(num2date(t), v) for t, v in zip(made.datetime.tolist(), made.volume.tolist(), strict=True)]


def trading_hours(days: int) -> list[datetime]:
    moments = [datetime(2020, 1, 6) + timedelta(hours=k) for k in range(24 * days)]
    return [m for m in moments if m.isoweekday() < 6 and 10 <= m.hour <= 16]


def test_intraday_bars_end_a_week_once_at_the_close_of_its_last_day() -> None:
    found = weeks(trading_hours(14), MINUTES, close=time(16))
    assert found == [(datetime(2020, 1, 10, 16), 35.0), (datetime(2020, 1, 17, 16), 35.0)]


def test_a_week_whose_last_bar_is_missing_ends_with_the_next_week() -> None:
    moments = [m for m in trading_hours(14) if m != datetime(2020, 1, 10, 16)]
    found = weeks(moments, MINUTES, close=time(16))
    assert found == [(datetime(2020, 1, 10, 15), 34.0), (datetime(2020, 1, 17, 16), 35.0)]


def test_compression_counts_weeks_not_ends() -> None:
    assert [v for _, v in weeks(trading_hours(28), MINUTES, 2, close=time(16))] == [70.0, 70.0]
    daily = [datetime(2020, 1, 6) + timedelta(days=k) for k in range(28)]
    daily = [d for d in daily if d.isoweekday() < 6]
    assert [v for _, v in weeks(daily, DAYS, 2)] == [10.0, 10.0]
    without_a_friday = [d for d in daily if d != datetime(2020, 1, 10)]
    assert [v for _, v in weeks(without_a_friday, DAYS, 2)] == [9.0, 10.0]
