"""Pictures of time: when timers are due, and what trading calendars say of a month."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import manual_runs as runs
from svg_charts import BLUE, GREEN, INK, OCHRE, QUIET, RED, Chart

import backtrail as bt


class Timed(bt.Strategy):
    """Note the bar on which each timer is due."""

    params = (("timers", ()),)

    def start(self) -> None:
        """Set the timers."""
        self.due: dict[int, list[int]] = {}
        for number, settings in enumerate(self.p.timers):
            self.add_timer(number=number, **settings)

    def notify_timer(self, timer: Any, when: dt.datetime, *args: Any, **kwargs: Any) -> None:
        """Take note."""
        self.due.setdefault(kwargs["number"], []).append(len(self.data) - 1)


def _rows(chart: Chart, shown: list[tuple[str, dict[str, Any]]], due: dict[int, list[int]], count: int) -> Any:
    """Draw a row of marks for each timer."""
    panel = chart.panel(26.0 * len(shown), (0.0, float(len(shown))), count, scale=False)
    for number, (label, _) in enumerate(shown):
        row = len(shown) - number - 0.75
        panel.level(row, color="#eaeef2")
        panel.dots([(at, row) for at in due.get(number, [])], BLUE, size=6)
        panel.text(0, row, label, INK, "start", up=7)
    return panel


def timers() -> Chart:
    """Draw when timers are due: within two days, and over two months."""
    hour = dt.timedelta(hours=1)
    shown: list[tuple[str, dict[str, Any]]] = [
        ("when=SESSION_START", {"when": bt.timer.SESSION_START}),
        ("when=SESSION_START, offset=1 h", {"when": bt.timer.SESSION_START, "offset": hour}),
        ("when=11:10", {"when": dt.time(11, 10)}),
        ("when=SESSION_START, repeat=1 h", {"when": bt.timer.SESSION_START, "repeat": hour}),
        ("when=SESSION_END, offset=-1 h", {"when": bt.timer.SESSION_END, "offset": -hour}),
    ]
    rows = runs.walk(runs.minutes(2, 15), seed=41)
    hours = {"sessionstart": dt.time(9, 30), "sessionend": dt.time(16)}
    strategy = runs.run(runs.feed(rows, compression=15, **hours), Timed, timers=[settings for _, settings in shown])
    count = len(strategy)
    times = runs.times_of(strategy.data)
    bars = runs.bars_of(strategy.data)
    chart = Chart("When timers are due")
    chart.panel(60, [p for bar in bars for p in bar], count, scale=False).bars(bars).label(
        "two sessions from 9:30 to 16:00, bars of 15 minutes", QUIET
    )
    panel = _rows(chart, shown, strategy.due, count)
    hours_shown = [(k, when) for k, when in enumerate(times) if when.minute == 0 and when.hour in (10, 12, 14)]
    panel.ticks((k, f"{when:%a %H:%M}") for k, when in hours_shown)
    chart.space(20)
    holidays = ("2024-04-15", "2024-05-01")
    noon = dt.time(0)
    by_day: list[tuple[str, dict[str, Any]]] = [
        ("weekdays=[1]", {"when": noon, "weekdays": [1]}),
        ("weekdays=[1], weekcarry=True", {"when": noon, "weekdays": [1], "weekcarry": True}),
        ("monthdays=[15]", {"when": noon, "monthdays": [15]}),
        ("monthdays=[15], monthcarry=False", {"when": noon, "monthdays": [15], "monthcarry": False}),
    ]
    days = runs.walk(runs.dates("2024-04-02", "2024-05-24", without=holidays), seed=43)
    strategy = runs.run(runs.feed(days, bt.TimeFrame.Days), Timed, timers=[settings for _, settings in by_day])
    times = runs.times_of(strategy.data)
    panel = _rows(chart, by_day, strategy.due, len(strategy))
    panel.label("daily bars without Monday 15 April and 1 May", QUIET)
    panel.ticks((k, f"{when.day} {when:%b}") for k, when in enumerate(times) if when.isoweekday() == 2)
    return chart


def calendars() -> Chart:
    """Draw a month with a calendar, and the ends of weeks and sessions that follow from it."""
    calendar = bt.TradingCalendar(
        open=dt.time(9, 30),
        close=dt.time(16),
        holidays=[dt.date(2024, 7, 4), dt.date(2024, 7, 19)],
        earlydays=[(dt.date(2024, 7, 3), dt.time(9, 30), dt.time(13))],
    )
    chart = Chart("A month of a trading calendar")
    panel = chart.panel(190, (0.0, 6.0), 7, scale=False)
    for place, name in enumerate(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")):
        panel.cell(place, 6.0, 5.0, "#fff", name)
    day = dt.date(2024, 7, 1)
    while day.month == 7:
        week = (day.day + dt.date(2024, 7, 1).weekday() - 1) // 7
        before = day - dt.timedelta(days=1)
        trades = calendar.nextday(before) == day
        closes = calendar.schedule(dt.datetime.combine(day, dt.time()))[1]
        color, text = ("#eaeef2", f"{day.day}") if not trades else (GREEN, f"{day.day}: to {closes:%H:%M}")
        if not trades and day.isoweekday() < 6:
            color, text = RED, f"{day.day}: holiday"
        elif trades and closes.hour != 16:
            color = OCHRE
        if trades and calendar.last_weekday(day):
            text += ", last"
        panel.cell(day.weekday(), 5.0 - week, 4.0 - week, color, text, 0.35)
        day += dt.timedelta(days=1)
    panel.label("TradingCalendar: July 2024 with two holidays and an early close", QUIET)
    panel.label("last: no other session follows in the week", QUIET)
    moments = [when for when in runs.dates("2024-07-01", "2024-07-31") if when.day not in (4, 19)]
    rows = runs.walk(moments, seed=47, step=0.9)
    chart.space(6)
    for label, own in (("weeks resampled with the calendar, bar by bar", calendar), ("and without", None)):
        arrived = _arrivals(rows, own)
        panel = chart.panel(60, [p for row in rows for p in row[1:5]], 31, scale=False)
        for when, bar in arrived:
            panel.candles([bar], first=when.day - 1)
        panel.label(f"{label}: a bar stands where the strategy gets it", QUIET)
    panel.ticks((when.day - 1, f"{when.day}") for when in moments)
    return chart


def _arrivals(rows: list[runs.Row], calendar: Any) -> list[tuple[dt.datetime, tuple[float, float, float, float]]]:
    """Give the days on which a strategy gets the weeks, and the weeks."""
    found: list[tuple[dt.datetime, tuple[float, float, float, float]]] = []

    class Weekly(bt.Strategy):
        def next(self) -> None:
            week = self.data1
            if len(week) > len(found):
                bar = (week.open[0], week.high[0], week.low[0], week.close[0])
                found.append((self.data0.datetime.datetime(), bar))

        def prenext(self) -> None:
            if len(self.data1):
                self.next()

    cerebro = bt.Cerebro(stdstats=False, preload=False, runonce=False)
    data = runs.feed(rows, bt.TimeFrame.Days)
    cerebro.adddata(data)
    cerebro.resampledata(data, timeframe=bt.TimeFrame.Weeks)
    if calendar is not None:
        cerebro.addcalendar(calendar)
    cerebro.addstrategy(Weekly)
    cerebro.run()
    return found


PICTURES: dict[str, Callable[[], Chart]] = {"timers": timers, "calendars": calendars}
