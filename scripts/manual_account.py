"""Pictures of what becomes of an account: analyzers, observers, sizers, commission, rules of risk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import manual_runs as runs
from svg_charts import BLUE, GREEN, INK, OCHRE, QUIET, RED, VIOLET, Chart

import backtrail as bt


def equity() -> Chart:
    """Draw value and drawdown over the sample data."""
    def setup(cerebro: Any) -> None:
        cerebro.addobserver(bt.observers.Value)
        cerebro.addobserver(bt.observers.DrawDown)
        cerebro.addanalyzer(bt.analyzers.DrawDown, _name="drawdown")

    strategy = runs.run(runs.sample(), runs.Cross, setup)
    value, drawdown = (observer.lines[0].array for observer in strategy.observers)
    times = runs.times_of(strategy.data)
    every = range(0, len(times), 10)
    chart = Chart("The value of an account and how far it is below its highest value")
    values = [float(value[k]) for k in every]
    chart.panel(150, values, len(values)).line(values, BLUE, "value at the end of the bar")
    falls = [-float(drawdown[k]) for k in every]
    panel = chart.panel(80, [*falls, 0.0], len(falls))
    panel.area(falls, RED, "drawdown, percent below the highest value so far")
    worst = strategy.analyzers.drawdown.get_analysis()["max"]
    figures = f"max.drawdown {worst.drawdown:.2f}, max.moneydown {worst.moneydown:.0f}, max.len {worst.len}"
    panel.label(f"DrawDown: {figures}", QUIET)
    years = {times[k].year: n for n, k in reversed(list(enumerate(every)))}
    panel.ticks((n, str(year)) for year, n in sorted(years.items()))
    return chart


def months() -> Chart:
    """Draw the table of monthly returns."""
    strategy = runs.run(
        runs.sample(last="2019-12-31"),
        runs.Cross,
        lambda c: c.addanalyzer(bt.analyzers.MonthlyReturns, _name="months"),
        stake=150,
    )
    table = strategy.analyzers.months.get_analysis()
    years = sorted(key for key in table if isinstance(key, int))
    chart = Chart("Returns by month and year")
    panel = chart.panel(26.0 * (len(years) + 1), (0.0, len(years) + 1.0), 14, scale=False)
    names = ["", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "year"]
    top = len(years) + 1.0
    for place, name in enumerate(names):
        panel.cell(place, top, top - 1, "#fff", name)
    most = max(abs(table[year][key] or 0.0) for year in years for key in table[year] if key != "year")
    for row, year in enumerate(years):
        high = top - 1 - row
        panel.cell(0, high, high - 1, "#fff", str(year))
        for place, key in enumerate([*range(1, 13), "year"], 1):
            value = table[year].get(key)
            if value is not None:
                shade = min(abs(value) / most, 1.0) * 0.8
                panel.cell(place, high, high - 1, GREEN if value >= 0 else RED, f"{100 * value:.1f}", shade)
    panel.label("MonthlyReturns: percent, from the end of the month before", QUIET)
    return chart


def excursions() -> Chart:
    """Draw how far trades went against and in favour of themselves."""
    strategy = runs.run(
        runs.sample(), runs.Cross, lambda c: c.addanalyzer(bt.analyzers.TradeExcursions, _name="trades"), slow=60
    )
    trades = strategy.analyzers.trades.get_analysis()["trades"]
    chart = Chart("Excursions of trades")
    rooms = chart.row(2, 210)
    kinds = (("mae_percent", "MAE, farthest against the trade"), ("mfe_percent", "MFE, farthest in its favour"))
    for room, (key, label) in zip(rooms, kinds, strict=True):
        most = max(trade[key] for trade in trades)
        panel = chart.put(room, 210, [100 * t["pnl"] / (50 * t["price"]) for t in trades] + [0.0], 100)
        for won, color in ((True, GREEN), (False, RED)):
            panel.dots(
                [
                    (100 * t[key] / most * 0.96, 100 * t["pnl"] / (50 * t["price"]))
                    for t in trades
                    if (t["pnl"] > 0) is won
                ],
                color,
            )
        panel.level(0.0, "profit 0").label(f"{label} →; profit ↑ (of the entry price)", QUIET)
        panel.ticks([(1, "0 %"), (96, f"{most:.1f} %")])
    return chart


def observers() -> Chart:
    """Draw the lines of observers over half a year."""
    def setup(cerebro: Any) -> None:
        for observer in (bt.observers.BuySell, bt.observers.Broker, bt.observers.Trades, bt.observers.DrawDown):
            cerebro.addobserver(observer)
        cerebro.addobserver(bt.observers.TimeReturn, timeframe=bt.TimeFrame.Months)

    strategy = runs.run(runs.sample("2018-01-01", "2018-12-31"), runs.Cross, setup, fast=5, slow=15, stake=120)
    marks, account, trades, drawdown, returns = strategy.observers
    count = len(strategy)
    bars = runs.bars_of(strategy.data)

    def points(line: Any) -> list[tuple[float, float]]:
        return [(k, float(v)) for k, v in enumerate(line.array[:count]) if v == v]

    chart = Chart("Observers over a year of the sample data")
    panel = chart.panel(150, [p for bar in bars for p in bar], count).bars(bars).label("prices", QUIET)
    panel.arrows(points(marks.buy), GREEN, True, "BuySell: buy").arrows(points(marks.sell), RED, False, "sell")
    cash, value = ([float(v) for v in line.array[:count]] for line in (account.cash, account.value))
    chart.panel(80, cash + value, count).line(value, BLUE, "Broker: value").line(cash, OCHRE, "cash")
    plus, minus = points(trades.pnlplus), points(trades.pnlminus)
    panel = chart.panel(60, [v for _, v in plus + minus] + [0.0], count).level(0.0)
    panel.dots(plus, BLUE, "Trades: pnlplus").dots(minus, RED, "pnlminus")
    falls = [float(v) for v in drawdown.drawdown.array[:count]]
    chart.panel(50, [*falls, 0.0], count).line(falls, VIOLET, "DrawDown: percent")
    months = [100 * float(v) for v in returns.timereturn.array[:count]]
    panel = chart.panel(60, months, count).level(0.0)
    panel.line(months, INK, "TimeReturn of the month so far, here in percent")
    times = runs.times_of(strategy.data)
    panel.ticks((k, times[k].strftime("%b %Y")) for k in range(1, count) if times[k].month != times[k - 1].month)
    return chart


class Swings(bt.Strategy):
    """Go long and short in turn, with sizes from the sizer; note the size of the position."""

    params = (("every", 12), ("short", False))

    def start(self) -> None:
        """Begin."""
        self.sizes: list[float] = []

    def next(self) -> None:
        """Trade every some bars."""
        turn, rest = divmod(len(self) - 1, self.p.every)
        if rest == 0:
            if self.p.short and turn:
                (self.sell if turn % 2 else self.buy)()
            elif turn % 2 == 0:
                self.buy()
            else:
                self.close()
        self.sizes.append(self.position.size)


def sizers() -> Chart:
    """Draw the positions that sizers lead to."""
    shown: list[tuple[str, type[Any], dict[str, Any], bool]] = [
        ("FixedSize(stake=20)", bt.sizers.FixedSize, {"stake": 20}, False),
        ("FixedReverser(stake=20), reversed instead of closed", bt.sizers.FixedReverser, {"stake": 20}, True),
        ("PercentSizer(percents=50)", bt.sizers.PercentSizer, {"percents": 50}, False),
        ("AllInSizerInt()", bt.sizers.AllInSizerInt, {"percents": 98}, False),
    ]
    chart = Chart("Positions by sizer")
    first = True
    for label, sizer, options, short in shown:
        strategy = runs.run(
            runs.sample("2020-01-15", "2020-10-30"),
            Swings,
            lambda c, sizer=sizer, options=options: (c.addsizer(sizer, **options), c.broker.setcash(10_000.0)),
            short=short,
        )
        count = len(strategy)
        if first:
            bars = runs.bars_of(strategy.data)
            panel = chart.panel(110, [p for bar in bars for p in bar], count).bars(bars)
            panel.label("prices; an order every 12 bars", QUIET)
            first = False
        sizes = [float(size) for size in strategy.sizes]
        if sizer is bt.sizers.AllInSizerInt:
            label = "AllInSizerInt(percents=98): a rest of the cash for gaps"
        panel = chart.panel(50, [*sizes, 0.0], count).line(sizes, BLUE, label + ": size of the position", step=True)
        panel.level(0.0)
    return chart


class Hold(bt.Strategy):
    """Buy on the fifth bar, close on the twenty-fifth; note the cash and the value at the end of each bar."""

    params = (("size", 10), ("side", 1))

    def start(self) -> None:
        """Begin."""
        self.cash: list[float] = []
        self.value: list[float] = []

    def next(self) -> None:
        """Trade twice."""
        if len(self) == 5:
            (self.buy if self.p.side > 0 else self.sell)(size=self.p.size)
        elif len(self) == 25:
            self.close()

    def notify_cashvalue(self, cash: float, value: float) -> None:
        """Take note."""
        self.cash.append(cash)
        self.value.append(value)


def commission() -> Chart:
    """Draw cash and value under three kinds of schemes."""
    schemes: list[tuple[str, dict[str, Any]]] = [
        ("a stock: commission=0.01 of the value", {"commission": 0.01}),
        ("a future: commission=5 per contract, margin=100", {"commission": 5.0, "margin": 100.0}),
        ("a stock at leverage=4", {"commission": 0.01, "leverage": 4.0}),
    ]
    chart = Chart("Cash and value while ten units are held")
    data = runs.sample("2024-06-03", "2024-07-19")
    for place, (label, scheme) in enumerate(schemes):
        strategy = runs.run(
            runs.sample("2024-06-03", "2024-07-19"),
            Hold,
            lambda c, scheme=scheme: (c.broker.setcash(2_000.0), c.broker.setcommission(**scheme)),
        )
        count = len(strategy)
        if place == 0:
            data = strategy.data
            bars = runs.bars_of(data)
            panel = chart.panel(90, [p for bar in bars for p in bar], count).bars(bars)
            panel.label("prices: 10 bought on bar 6, closed on bar 26", QUIET).span_of(5, 25)
        panel = chart.panel(80, strategy.cash + strategy.value, count)
        panel.label(f"{label}:", QUIET).line(strategy.value, BLUE, "value").line(strategy.cash, OCHRE, "cash")
    return chart


class Falling(bt.strategies.DailyLossLimitMixin, bt.strategies.EODPositionCloserMixin, bt.Strategy):
    """Be long as often as possible; note value and position."""

    params = (("daily_loss_limit", 150.0), ("close_time", dt.time(15, 45)))

    def start(self) -> None:
        """Begin."""
        self.values: list[float] = []
        self.limits: list[float] = []
        self.sizes: list[float] = []

    def next(self) -> None:
        """Buy when flat, before the end of the day."""
        if not self.position and self.data.datetime.time() < dt.time(15, 30):
            self.buy(size=90)
        self.values.append(self.broker.getvalue())
        self.limits.append((self.day_start_value or 0.0) - self.p.daily_loss_limit)
        self.sizes.append(self.position.size)


def risk_rules() -> Chart:
    """Draw a strategy that is stopped for the day, and flat at its end."""
    rows = runs.walk(runs.minutes(4, 15), seed=31, step=0.35)
    strategy = runs.run(runs.feed(rows, compression=15), Falling)
    count = len(strategy)
    times = runs.times_of(strategy.data)
    bars = runs.bars_of(strategy.data)
    chart = Chart("A daily loss limit, and flat at the end of the day")
    days = [k for k in range(count) if k == 0 or times[k].date() != times[k - 1].date()]
    ends = [*[k - 1 for k in days[1:]], count - 1]
    panels = [chart.panel(100, [p for bar in bars for p in bar], count).bars(bars)]
    panels[0].label("prices, four days of 15 minutes", QUIET)
    panels.append(chart.panel(110, strategy.values + strategy.limits, count))
    panels[1].line(strategy.values, BLUE, "value")
    panels[1].line(strategy.limits, RED, "day_start_value - daily_loss_limit", step=True)
    panels.append(chart.panel(40, [*strategy.sizes, 0.0], count))
    panels[2].line(strategy.sizes, INK, "position: closed at the limit and at close_time", step=True)
    for one in panels:
        for begin, end in list(zip(days, ends, strict=True))[::2]:
            one.span_of(begin, end)
    panels[2].ticks(((a + b) / 2, times[a].strftime("%a")) for a, b in zip(days, ends, strict=True))
    return chart


def prop_firm() -> Chart:
    """Draw the high-water mark of a trailing loss limit, by bar and by day."""
    rows = runs.walk(runs.minutes(6, 30), seed=12, step=0.5)
    chart = Chart("A loss limit that trails the highest value")
    for mode in ("intraday", "eod"):
        noted: list[tuple[float, float]] = []

        class Watched(bt.Strategy):
            def next(self) -> None:
                if not self.position:
                    self.buy(size=90)

            def notify_cashvalue(self, cash: float, value: float) -> None:
                found = self.analyzers.firm.get_analysis() if len(self) > 1 else {}
                noted.append((value, found.get("hwm", 10_000.0)))  # noqa: B023  # read within the loop

        strategy = runs.run(
            runs.feed(rows, compression=30),
            Watched,
            lambda c, mode=mode: c.addanalyzer(
                bt.analyzers.PropFirmDrawDown, max_drawdown=250.0, trailing_mode=mode, _name="firm"
            ),
        )
        values = [value for value, _ in noted]  # the mark of a bar is known on the next one
        marks = [*(mark for _, mark in noted[1:]), strategy.analyzers.firm.get_analysis()["hwm"]]
        floor = [mark - 250.0 for mark in marks]
        panel = chart.panel(110, values + marks + floor, len(values))
        panel.label(f'trailing_mode="{mode}":', QUIET).line(values, BLUE, "value")
        panel.line(marks, GREEN, "high-water mark", step=True).line(floor, RED, "mark - max_drawdown", step=True)
        times = runs.times_of(strategy.data)
    panel.ticks((k, times[k].strftime("%a")) for k in range(6, len(times), 13))
    return chart




PICTURES: dict[str, Callable[[], Chart]] = {
    "analyzers-equity": equity,
    "analyzers-months": months,
    "analyzers-excursions": excursions,
    "observers": observers,
    "sizers": sizers,
    "commission": commission,
    "risk-rules": risk_rules,
    "prop-firm": prop_firm,
}
