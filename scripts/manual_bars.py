"""Pictures of bars: shares of volume, slippage, signals, filters, replayed bars, what a writer writes."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import manual_runs as runs
from svg_charts import BAR, BLUE, GREEN, INK, OCHRE, QUIET, RED, Chart

import backtrail as bt


class Large(bt.Strategy):
    """Issue one order that is larger than the volume of a bar; note what each bar executes of it."""

    params = (("size", 2400),)

    def start(self) -> None:
        """Begin."""
        self.done: dict[int, float] = {}

    def next(self) -> None:
        """Order once."""
        if len(self) == 1:
            self.buy(size=self.p.size)

    def notify_order(self, order: Any) -> None:
        """Take note."""
        for bit in order.executed.iterpending():
            self.done[len(self) - 1] = self.done.get(len(self) - 1, 0.0) + bit.size


def fillers() -> Chart:
    """Draw how much of a large order each bar executes."""
    rows = runs.walk(runs.dates("2024-03-01", "2024-03-21"), seed=5, volume=700.0)
    shown: list[tuple[str, Any]] = [
        ("no filler", None),
        ("FixedSize(size=300)", bt.fillers.FixedSize(size=300)),
        ("FixedBarPerc(perc=50)", bt.fillers.FixedBarPerc(perc=50)),
        ("BarPointPerc(minmov=0.25, perc=100)", bt.fillers.BarPointPerc(minmov=0.25, perc=100)),
    ]
    chart = Chart("An order for 2,400, executed bar by bar")
    for place, (label, filler) in enumerate(shown):
        strategy = runs.run(
            runs.feed(rows, bt.TimeFrame.Days),
            Large,
            lambda c, filler=filler: (c.broker.set_filler(filler), c.broker.setcash(1e6)),
        )
        count = len(strategy)
        if place == 0:
            bars = runs.bars_of(strategy.data)
            chart.panel(80, [p for bar in bars for p in bar], count).bars(bars).label("prices", QUIET)
        volume = [row[5] for row in rows]
        taken = [strategy.done.get(k, 0.0) for k in range(count)]
        panel = chart.panel(60, [0.0, *volume, *taken], count).columns(volume, "#d8dee4").label("volume", QUIET)
        panel.columns(taken, BLUE, f"{label}: executed", part=0.36)
    return chart


class Bought(bt.Strategy):
    """Buy once on the second bar."""

    params = (("order", {}),)

    def start(self) -> None:
        """Begin."""
        self.price = float("nan")

    def next(self) -> None:
        """Order once."""
        if len(self) == 1:
            self.buy(size=1, **self.p.order)

    def notify_order(self, order: Any) -> None:
        """Take note of the price."""
        if order.status == order.Completed:
            self.price = order.executed.price


def slippage() -> Chart:
    """Draw where a buy with a slippage of 0.4 is executed in one and the same bar."""
    begin = dt.datetime(2024, 3, 4)
    bars = [(10.2, 10.4, 10.0, 10.3), (10.6, 10.9, 10.3, 10.5)]
    rows = [(begin + dt.timedelta(days=k), *bar, 1000.0, 0.0) for k, bar in enumerate(bars)]
    market: dict[str, Any] = {}
    stop = {"exectype": bt.Order.Stop, "price": 10.7}
    limit = {"exectype": bt.Order.Limit, "price": 10.5}
    shown: list[tuple[str, dict[str, Any], dict[str, Any], float]] = [
        ("Market", market, {}, 10.6),
        ("…, slip_open=False", market, {"slip_open": False}, 10.6),
        ("…, slip_out=True", market, {"slip_out": True}, 10.6),
        ("Stop 10.7", stop, {}, 10.7),
        ("…, slip_match=False", stop, {"slip_match": False}, 10.7),
        ("Limit 10.5", limit, {}, 10.5),
    ]
    chart = Chart("A buy with a fixed slippage of 0.4 in one bar", width=900)
    panel = chart.panel(190, [10.25, 11.15], len(shown))
    for place, (_, order, switches, wanted) in enumerate(shown):
        strategy = runs.run(
            runs.feed(rows, bt.TimeFrame.Days),
            Bought,
            lambda c, switches=switches: c.broker.set_slippage_fixed(0.4, **switches),
            order=order,
        )
        panel.bars(bars[1:], first=place)
        panel.dots([(place, wanted)], BAR, size=4)
        price = strategy.price
        if price == price:
            panel.dots([(place + 0.12, price)], BLUE, size=7)
            panel.text(place + 0.18, price, f"{price:g}", BLUE, "start", up=-4)
        else:
            panel.text(place + 0.12, 10.95, "not executed", RED, up=4)
    panel.label("grey: the price wanted", QUIET)
    panel.label("blue: executed; the slipped price is 0.4 higher, the bar ends at 10.9", BLUE)
    panel.ticks(enumerate(label for label, *_ in shown))
    return chart


class Above(bt.Indicator):
    """How far the close is above its average."""

    lines = ("signal",)

    def __init__(self) -> None:
        self.lines.signal = self.data - bt.ind.SMA(self.data, period=12)


class Falls(bt.Indicator):
    """Negative when a short average falls."""

    lines = ("signal",)

    def __init__(self) -> None:
        fast = bt.ind.SMA(self.data, period=4)
        self.lines.signal = fast - fast(-1)


class Noted(bt.SignalStrategy):
    """Trade on signals, and note the size of the position."""

    def start(self) -> None:
        """Begin."""
        self.sizes: list[float] = []

    def next(self) -> None:
        """Take note."""
        self.sizes.append(float(self.position.size))


def signals() -> Chart:
    """Draw the positions that signals lead to."""
    shown: list[tuple[str, tuple[tuple[int, type[Any]], ...]]] = [
        ("SIGNAL_LONGSHORT", ((bt.SIGNAL_LONGSHORT, Above),)),
        ("SIGNAL_LONG", ((bt.SIGNAL_LONG, Above),)),
        ("SIGNAL_LONG with SIGNAL_LONGEXIT on the fall", ((bt.SIGNAL_LONG, Above), (bt.SIGNAL_LONGEXIT, Falls))),
        ("SIGNAL_SHORT", ((bt.SIGNAL_SHORT, Above),)),
    ]
    chart = Chart("Positions by signal")
    for place, (label, added) in enumerate(shown):
        cerebro = bt.Cerebro(stdstats=False)
        cerebro.adddata(runs.sample("2022-03-01", "2022-09-30"))
        for kind, indicator in added:
            cerebro.add_signal(kind, indicator)
        cerebro.signal_strategy(Noted)
        strategy = cerebro.run()[0]
        count = len(strategy)
        if place == 0:
            bars = runs.bars_of(strategy.data)
            chart.panel(100, [p for bar in bars for p in bar], count).bars(bars).label("prices", QUIET)
            made = strategy._signals[bt.SIGNAL_LONGSHORT][0]
            values = [float(v) for v in made.array[:count]]
            chart.panel(60, values, count).line(values, OCHRE, "the signal: close - SMA 12").level(0.0)
        sizes = [float("nan")] * (count - len(strategy.sizes)) + strategy.sizes
        chart.panel(36, [-1.0, 1.0], count, scale=False).line(sizes, BLUE, f"{label}: position", step=True).level(0.0)
    return chart


class Idle(bt.Strategy):
    """Do nothing."""


def _filtered(rows: list[runs.Row], change: Callable[[Any], Any], timeframe: int, step: int = 1, **params: Any) -> Any:
    data = runs.feed(rows, timeframe, step, **params)
    change(data)
    return runs.run(data, Idle).data


def filters() -> Chart:
    """Draw daily bars, and what filters make of them."""
    moments = runs.dates("2024-03-04", "2024-04-26", without=("2024-03-13", "2024-03-29"))
    rows = runs.walk(moments, seed=17, step=0.9)
    shown: list[tuple[str, Callable[[Any], Any]]] = [
        ("the bars", lambda data: None),
        ("HeikinAshi", lambda data: data.addfilter(bt.filters.HeikinAshi)),
        ("Renko(size=1)", lambda data: data.addfilter(bt.filters.Renko, size=1.0)),
        ("CalendarDays", lambda data: data.addfilter(bt.filters.CalendarDays)),
        ("resample(timeframe=Weeks)", lambda data: data.resample(timeframe=bt.TimeFrame.Weeks)),
        ("DaySplitter_Close", lambda data: data.addfilter(bt.filters.DaySplitter_Close)),
    ]
    chart = Chart("What filters make of bars")
    prices = [p for row in rows for p in row[1:5]]
    first = rows[0][0]
    days = (rows[-1][0] - first).days + 1
    for begin in range(0, len(shown), 3):
        rooms = chart.row(3, 120)
        for room, (label, change) in zip(rooms, shown[begin : begin + 3], strict=True):
            data = _filtered(rows, change, bt.TimeFrame.Days)
            own = [p for bar in runs.bars_of(data) for p in bar]
            panel = chart.put(room, 120, prices + own, days)
            for bar, when in zip(runs.bars_of(data), runs.times_of(data), strict=True):
                place = (when - first) / dt.timedelta(days=1) if label != "DaySplitter_Close" else _day(when, first)
                if label.startswith(("the", "Calendar", "Day")):
                    panel.bars([bar], INK if label != "CalendarDays" or when.isoweekday() < 6 else RED, first=place)
                else:
                    panel.candles([bar], first=place)
            panel.label(f"{label}: {len(data)} bars", QUIET)
    return chart


def _day(when: dt.datetime, first: dt.datetime) -> float:
    """Give where a part of a day stands: the second one a little to the right."""
    return (when.date() - first.date()).days + (0.45 if when.hour else 0.0)


def sessions() -> Chart:
    """Draw intraday bars with a gap and bars out of hours, filtered and filled."""
    moments = runs.minutes(2, 30, begin="08:00", end="18:00")
    rows = runs.walk([m for m in moments if not (m.day == 4 and 12 <= m.hour < 14)], seed=23, step=0.5)
    hours = {"sessionstart": dt.time(9, 30), "sessionend": dt.time(16)}

    def fill(data: Any) -> None:
        data.addfilter(bt.filters.SessionFilter)
        data.addfilter(bt.filters.SessionFiller)

    shown: list[tuple[str, Callable[[Any], Any]]] = [
        ("bars of 30 minutes, session from 9:30 to 16:00", lambda data: None),
        ("SessionFilter", lambda data: data.addfilter(bt.filters.SessionFilter)),
        ("SessionFilter, then SessionFiller (red: made up)", fill),
    ]
    chart = Chart("Sessions")
    places = {moment: k for k, moment in enumerate(moments)}
    known = {row[0] for row in rows}
    for label, change in shown:
        data = _filtered(rows, change, bt.TimeFrame.Minutes, 30, **hours)
        panel = chart.panel(70, [p for row in rows for p in row[1:5]], len(moments), scale=False)
        for bar, when in zip(runs.bars_of(data), runs.times_of(data), strict=True):
            if when in known:
                panel.bars([bar], INK, first=places[when])
            else:
                panel.dots([(places[when], bar[3])], RED, size=4)
        for day in (4, 5):
            inside = [m for m in moments if m.day == day and dt.time(9, 30) <= m.time() <= dt.time(16)]
            panel.span_of(places[inside[0]], places[inside[-1]])
        panel.label(label, QUIET)
    panel.ticks((places[m], f"{m:%a %H:%M}") for m in moments if m.minute == 0 and m.hour in (9, 12, 15))
    return chart


class Growing(bt.Strategy):
    """Note the bar as it is on each step."""

    def start(self) -> None:
        """Begin."""
        self.noted: list[tuple[int, float, float, float, float]] = []

    def next(self) -> None:
        """Take note."""
        data = self.data
        self.noted.append((len(data), data.open[0], data.high[0], data.low[0], data.close[0]))


def replay() -> Chart:
    """Draw daily bars, the weeks that they are resampled to, and the weeks that grow when they are replayed."""
    rows = runs.walk(runs.dates("2024-03-04", "2024-03-22"), seed=29, step=0.9)
    count = len(rows)
    prices = [p for row in rows for p in row[1:5]]
    chart = Chart("Resampled and replayed weeks")
    chart.panel(80, prices, count, scale=False).bars([row[1:5] for row in rows], INK).label("days", QUIET)
    weekly = _filtered(rows, lambda data: data.resample(timeframe=bt.TimeFrame.Weeks), bt.TimeFrame.Days)
    panel = chart.panel(80, prices, count, scale=False).label("resample: a bar when the week is complete", QUIET)
    ends = {row[0].date(): k for k, row in enumerate(rows)}
    for bar, when in zip(runs.bars_of(weekly), runs.times_of(weekly), strict=True):
        panel.candles([bar], first=ends[when.date()])
    data = runs.feed(rows, bt.TimeFrame.Days)
    data.replay(timeframe=bt.TimeFrame.Weeks)
    noted = runs.run(data, Growing).noted
    panel = chart.panel(80, prices, count, scale=False).label("replay: the bar of the week as it is on each day", QUIET)
    for place, (_, *bar) in enumerate(noted[:count]):
        panel.candles([(bar[0], bar[1], bar[2], bar[3])], first=place)
    panel.ticks((k, f"{row[0]:%a}") for k, row in enumerate(rows))
    return chart


class Mean(bt.Strategy):
    """A strategy with one indicator that is written."""

    def __init__(self) -> None:
        self.sma = bt.ind.SMA(self.data.close, period=3)
        self.sma.csv = True


def writers() -> Chart:
    """Draw what a writer writes, and where it comes from."""
    rows = runs.walk(runs.dates("2024-03-04", "2024-03-08"), seed=3)
    text = io.StringIO()
    data = runs.feed(rows, bt.TimeFrame.Days)

    def setup(cerebro: Any) -> None:
        cerebro.addwriter(bt.WriterFile, out=text, csv=True, rounding=2)
        cerebro.addanalyzer(bt.analyzers.DrawDown)

    runs.run(data, Mean, setup)
    lines = text.getvalue().splitlines()
    until = next(k for k, line in enumerate(lines) if line.startswith("Cerebro"))
    width = 900
    picked = [(line, BLUE) for line in lines[: until - 1]] + [(line, GREEN) for line in lines[until - 1 :]]
    picked = [(line[:118] + ("…" if len(line) > 118 else ""), color) for line, color in picked][:34]
    chart = Chart("What a writer writes", width=width)
    panel = chart.panel(14.0 * len(picked) + 8, (0.0, float(len(picked))), 1, scale=False)
    panel.label("csv=True: a row per bar", BLUE).label("the report at the end of the run", GREEN)
    for k, (line, color) in enumerate(picked):
        panel.body.append(
            f'<text x="18" y="{panel.top + 15 + 14 * k:g}" fill="{color}" font-family="monospace" font-size="11" '
            f'xml:space="preserve">{line}</text>'
        )
    return chart


PICTURES: dict[str, Callable[[], Chart]] = {
    "fillers": fillers,
    "slippage": slippage,
    "signals": signals,
    "filters": filters,
    "sessions": sessions,
    "replay": replay,
    "writers": writers,
}
