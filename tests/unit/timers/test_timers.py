"""Timers: when they are due, on which days, and who is called."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

import backtrail as bt
from backtrail.base.time import date2num
from backtrail.base.timezone import tzparse
from backtrail.errors import CompatWarning, ParameterValueError
from backtrail.strategy.timers import SESSION_END, SESSION_START, Timer

TEN = dt.time(10)


def feed(start: dt.time = dt.time(9, 30), end: dt.time = dt.time(16)) -> Any:
    """Give a data of which only the session is known."""
    data = SimpleNamespace(p=SimpleNamespace(sessionstart=start, sessionend=end), _tz=None, now=None)
    data._getnexteos = lambda: (
        dt.datetime.combine(data.now.date() + dt.timedelta(days=data.now.time() > end), end),
        0.0,
    )
    return data


def due(
    moments: list[dt.datetime], data: Any = None, **options: Any
) -> list[tuple[dt.datetime, dt.datetime]]:
    """Give the bars at which a timer is due, with the times for which it is."""
    data = data or feed()
    timer = Timer(**options)
    timer.start(data)
    found = []
    for moment in moments:
        data.now = moment
        if timer.check(date2num(moment)):
            found.append((moment, timer.lastwhen))
    return found


def half_hours(days: int = 1, start: dt.datetime = dt.datetime(2020, 1, 2, 9)) -> list[dt.datetime]:
    step = dt.timedelta(minutes=30)
    return [start + dt.timedelta(days=day) + step * number for day in range(days) for number in range(17)]


def bar(hour: int, minute: int = 0, day: int = 2) -> dt.datetime:
    return dt.datetime(2020, 1, day, hour, minute)


def test_a_timer_is_due_once_a_day_at_the_first_bar_that_late() -> None:
    assert due(half_hours(2), when=dt.time(10, 10)) == [
        (bar(10, 30), bar(10, 10)),
        (bar(10, 30, 3), bar(10, 10, 3)),
    ]


def test_an_offset_moves_the_time() -> None:
    assert due(half_hours(), when=TEN, offset=dt.timedelta(minutes=-30)) == [(bar(9, 30), bar(9, 30))]


def test_a_repeated_timer_is_due_for_the_next_time_after_the_bar() -> None:
    found = due(half_hours(), when=TEN, repeat=dt.timedelta(minutes=45))
    assert [(moment.strftime("%H:%M"), when.strftime("%H:%M")) for moment, when in found[:4]] == [
        ("10:00", "10:00"),
        ("11:00", "10:45"),
        ("11:30", "11:30"),
        ("12:30", "12:15"),
    ]


def test_a_timer_at_the_session_repeats_until_the_session_ends() -> None:
    found = due(half_hours(), when=SESSION_START, repeat=dt.timedelta(hours=3))
    assert [when.hour for _, when in found] == [9, 12, 15]
    assert due(half_hours(), when=SESSION_END) == [(bar(16), bar(16))]


def test_a_timer_at_a_time_repeats_until_the_day_ends() -> None:
    hours = [dt.datetime(2020, 1, 2, 10) + dt.timedelta(hours=number) for number in range(20)]
    found = due(hours, when=TEN, repeat=dt.timedelta(hours=5))
    assert [when.hour for _, when in found] == [10, 15, 20]


def test_days_of_the_week_and_of_the_month() -> None:
    days = [dt.datetime(2020, 1, 1) + dt.timedelta(days=number) for number in range(62)]
    days = [day for day in days if day.weekday() < 5]
    midnight = dt.time()
    mondays = due(days, when=midnight, weekdays=[1])
    assert {when.isoweekday() for _, when in mondays} == {1}
    assert due(days, when=midnight, weekdays=[6]) == []
    assert len(due(days, when=midnight, weekdays=[6], weekcarry=True)) == 9
    firsts = due(days, when=midnight, monthdays=[1])
    assert [when.date() for _, when in firsts] == [
        dt.date(2020, 1, 1),
        dt.date(2020, 2, 3),
        dt.date(2020, 3, 2),
    ]
    assert len(due(days, when=midnight, monthdays=[1], monthcarry=False)) == 1


def test_days_may_be_refused_last() -> None:
    asked: list[dt.date] = []

    def allow(day: dt.date) -> bool:
        asked.append(day)
        return day.day == 3

    assert due(half_hours(3), when=TEN, allow=allow) == [(bar(10, 0, 3), bar(10, 0, 3))]
    assert asked == [dt.date(2020, 1, day) for day in (2, 3, 4)]


@pytest.mark.parametrize("zone", [tzparse("America/New_York"), "America/New_York"])  # five hours behind in January
def test_a_time_is_meant_in_its_zone_also_when_it_repeats(zone: Any) -> None:
    hours = [dt.datetime(2020, 1, 2, 12) + dt.timedelta(hours=number) for number in range(8)]
    found = due(hours, when=TEN, tzdata=zone, repeat=dt.timedelta(hours=2))
    assert found == [(bar(15), bar(10)), (bar(17), bar(12)), (bar(19), bar(14))]


@pytest.mark.parametrize(("zone", "words"), [("Nowhere", "looking up time zone 'Nowhere'"), (3, "found 3 of type int")])
def test_what_is_no_zone_is_refused(zone: Any, words: str) -> None:
    with pytest.raises(ParameterValueError, match=words):
        due([dt.datetime(2020, 1, 2, 12)], when=TEN, tzdata=zone)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"when": 10}, "'when' must be a datetime.time"),
        ({"when": "10:00"}, "got '10:00'"),
        ({"when": TEN, "offset": 30}, "'offset' must be a datetime.timedelta; got 30"),
        ({"when": TEN, "repeat": dt.timedelta(minutes=-5)}, "'repeat' must be a datetime.timedelta >= 0"),
        ({"when": TEN, "weekdays": [0, 1]}, "'weekdays' must be a list of whole numbers from 1 to 7"),
        ({"when": TEN, "monthdays": [32]}, "'monthdays' must be a list of whole numbers from 1 to 31"),
    ],
)
def test_wrong_parameters_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterValueError, match=words):
        Timer(**options)


def test_days_out_of_order_are_warned_of() -> None:
    with pytest.warns(CompatWarning, match=r"Pass weekdays=\[1, 5\]"):
        due([dt.datetime(2024, 1, 1)], when=TEN, weekdays=[5, 1])


class Timed(bt.Strategy):
    """Keep the calls of its timers."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.timer = self.add_timer(TEN, hello="there")

    def start(self) -> None:
        self.late = self.add_timer(dt.time(11), cheat=True)

    def notify_timer(self, timer: Any, when: dt.datetime, *args: Any, **kwargs: Any) -> None:
        self.calls.append((timer.p.tid, when.hour, len(self), kwargs))


def intraday() -> Any:
    moments = half_hours()
    frame = pd.DataFrame(
        dict.fromkeys(("open", "high", "low", "close"), 1.0), index=pd.DatetimeIndex(moments)
    )
    timeframe = bt.TimeFrame.Minutes
    return bt.feeds.PandasData(dataname=frame.assign(volume=1.0), timeframe=timeframe, compression=30)


def test_a_strategy_is_called_for_its_timers() -> None:
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(intraday())
    cerebro.addstrategy(Timed)
    strategy = cerebro.run()[0]
    assert [call[:2] for call in strategy.calls] == [(0, 10), (1, 11)]
    assert strategy.calls[0][3] == {"hello": "there"}
    assert strategy.timer.p.owner is strategy


def test_timers_of_earlier_runs_are_gone() -> None:
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(intraday())
    cerebro.addstrategy(Timed)
    first = cerebro.run()[0]
    second = cerebro.run()[0]
    assert len(first.calls) == len(second.calls) == 2


def test_cerebro_and_all_strategies_may_be_called() -> None:
    calls: list[tuple[str, int]] = []

    class Own(bt.Cerebro):
        def notify_timer(self, timer: Any, when: dt.datetime, *args: Any, **kwargs: Any) -> None:
            calls.append(("cerebro", when.hour))

    class Called(bt.Strategy):
        def notify_timer(self, timer: Any, when: dt.datetime, *args: Any, **kwargs: Any) -> None:
            calls.append(("strategy", when.hour))

    cerebro = Own(stdstats=False)
    cerebro.adddata(intraday())
    cerebro.addstrategy(Called)
    cerebro.add_timer(TEN, strats=True)
    cerebro.run()
    assert calls == [("cerebro", 10), ("strategy", 10)]
