"""Daily loss limit and flat positions at the end of the day; consistency and trailing drawdown in runs."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest

import backtrail as bt
from backtrail.errors import ParameterError, ParameterValueError
from backtrail.strategy.riskrules import DailyLossLimitMixin, EODPositionCloserMixin


def intraday(closes: list[float], per_day: int = 5, start: str = "2024-01-01") -> pd.DataFrame:
    """Give bars at 14:55, 15:15, 15:35, 15:55 and 16:15 of each day, which open at the close before."""
    times = [
        pd.Timestamp(start) + pd.Timedelta(days=n // per_day, hours=14, minutes=55 + 20 * (n % per_day))
        for n in range(len(closes))
    ]
    frame = pd.DataFrame({"open": [closes[0], *closes[:-1]], "close": closes}, index=pd.DatetimeIndex(times))
    frame["high"], frame["low"] = frame.max(axis=1), frame.min(axis=1)
    return frame.assign(volume=1.0)


class Recorder(bt.Strategy):
    """Keep the position after each bar; buy on the bars of ``buys``."""

    params = (("buys", (1,)), ("size", 10))

    def __init__(self) -> None:
        self.held: list[float] = []
        self.issued: list[Any] = []

    def notify_cashvalue(self, cash: float, value: float) -> None:
        self.held.append(self.position.size)

    def next(self) -> None:
        if len(self) in self.p.buys:
            self.issued.append(self.buy(size=self.p.size))


class Limited(DailyLossLimitMixin, Recorder):
    """With a daily loss limit."""


class Flat(EODPositionCloserMixin, Recorder):
    """Flat at the end of the day."""


class Both(DailyLossLimitMixin, EODPositionCloserMixin, Recorder):
    """With both rules."""


def run(strategy: Any, closes: list[float], *analyzers: Any, mode: Any = None, **params: Any) -> Any:
    cerebro = bt.Cerebro(stdstats=False, **(mode or {}))
    feed = bt.feeds.PandasData(dataname=intraday(closes), timeframe=bt.TimeFrame.Minutes, compression=20)
    cerebro.adddata(feed, name="es")
    cerebro.addstrategy(strategy, **params)
    for cls, options in analyzers:
        cerebro.addanalyzer(cls, **options)
    return cerebro.run()[0]


DROP = [100.0, 100.0, 90.0, 80.0, 80.0, 80.0, 80.0, 85.0, 90.0, 90.0]


def test_the_limit_closes_positions_and_blocks_orders_until_the_next_day() -> None:
    strategy = run(Limited, DROP, daily_loss_limit=100.0, buys=(1, 3, 4, 6))
    # bought at 100 on bar 2; bar 3 ends 10 * 10 lower, so closed on bar 4; the next day begins with bar 6
    assert strategy.held == [0, 10, 10, 0, 0, 0, 10, 10, 10, 10]
    assert [order is None for order in strategy.issued] == [False, True, True, False]
    assert not strategy.daily_loss_breached
    assert strategy.day_start_value == 9900.0


def test_a_loss_short_of_the_limit_changes_nothing() -> None:
    assert run(Limited, DROP, daily_loss_limit=200.01).held == [0, *[10] * 9]


def test_a_gap_over_night_counts_for_the_day_that_it_opens() -> None:
    closes = [100.0] * 5 + [80.0] * 5
    assert run(Limited, closes, daily_loss_limit=150.0).held == [0, *[10] * 5, 0, 0, 0, 0]


class Resting(Limited):
    """With a limit order that waits below the market."""

    def next(self) -> None:
        super().next()
        if len(self) == 2:
            self.waiting = self.buy(size=5, exectype=bt.Order.Limit, price=75.0)


@pytest.mark.parametrize(("cancel", "status"), [(True, "Canceled"), (False, "Completed")])
def test_pending_orders_are_cancelled_if_asked_for(cancel: bool, status: str) -> None:
    closes = [100.0, 100.0, 90.0, 80.0, 70.0, 80.0, 80.0]
    strategy = run(Resting, closes, daily_loss_limit=100.0, cancel_open_on_breach=cancel)
    assert strategy.waiting.getstatusname() == status
    assert strategy.held[:4] == [0, 10, 10, 0]
    # what it opened on bar 5 is closed on the next bar
    assert strategy.held[4:] == ([0, 0, 0] if cancel else [5, 0, 0])


def test_positions_are_closed_from_the_closing_time_on() -> None:
    closes = [100.0 + n for n in range(10)]
    strategy = run(Flat, closes, buys=(1, 6))
    assert strategy.held == [0, 10, 10, 10, 0, 0, 10, 10, 10, 0]
    early = run(Flat, closes, buys=(1, 6), close_time=dt.time(15, 10))
    assert early.held == [0, 10, 0, 0, 0, 0, 10, 0, 0, 0]


@pytest.mark.parametrize("mode", [{}, {"runonce": False}, {"preload": False}, {"exactbars": 1}], ids=str)
def test_both_rules_go_together_in_every_mode(mode: Any) -> None:
    strategy = run(Both, DROP, mode=mode, daily_loss_limit=100.0, buys=(1, 6))
    assert strategy.held == [0, 10, 10, 0, 0, 0, 10, 10, 10, 0]


def test_mixins_are_found_where_scripts_look_for_them() -> None:
    assert bt.strategies.DailyLossLimitMixin is DailyLossLimitMixin
    assert bt.strategies.EODPositionCloserMixin is EODPositionCloserMixin
    assert DailyLossLimitMixin.params._getpairs() == {
        "daily_loss_limit": 1000.0,
        "cancel_open_on_breach": True,
    }
    assert EODPositionCloserMixin.params._getpairs() == {
        "close_time": dt.time(15, 55),
        "cancel_open_orders": True,
    }


@pytest.mark.parametrize(
    ("strategy", "params", "error", "words"),
    [
        (Limited, {"daily_loss_limit": 0}, ParameterValueError, "> 0.0"),
        (Limited, {"dayly_loss_limit": 1.0}, ParameterError, "Did you mean 'daily_loss_limit'"),
        (Flat, {"close_time": "15:55"}, ParameterValueError, "datetime.time"),
    ],
)
def test_wrong_parameters_are_named(strategy: Any, params: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        run(strategy, DROP, **params)


# -- what the rules' analyzers report -----------------------------------------------------------------------------


class Days(bt.Strategy):
    """Make a profit of ``per_day[n]`` on day n."""

    params = (("per_day", (60.0, -20.0, 40.0)),)

    def next(self) -> None:
        bar = (len(self) - 1) % 5
        if bar == 0:
            self.buy(size=1)
        elif bar == 2:
            self.close()


def day_closes(profits: Any) -> list[float]:
    closes: list[float] = []
    price = 100.0
    for profit in profits:
        closes += [price, price, price + profit, price + profit, price + profit]
        price += profit
    return closes


def consistency(*profits: float, **options: Any) -> Any:
    strategy = run(Days, day_closes(profits), (bt.analyzers.ConsistencyAnalyzer, options))
    return strategy.analyzers[0].get_analysis()


def test_a_day_above_its_share_breaks_the_rule() -> None:
    found = consistency(60.0, -20.0, 40.0, max_day_pct=60.0)
    first = dt.date(2024, 1, 1)
    assert found["daily_pnl"] == {
        first: 60.0, first + dt.timedelta(days=1): -20.0, first + dt.timedelta(days=2): 40.0,
    }  # fmt: skip
    assert (found["net_pnl"], found["total_profit"], found["total_loss"]) == (80.0, 100.0, -20.0)
    assert found["best_day"] == {"date": first, "pnl": 60.0, "pct": 75.0}
    assert found["violations"] == [found["best_day"]]
    assert not found["consistent"]
    assert found["max_day_pct"] == 60.0


def test_the_rule_is_not_judged_without_a_profit() -> None:
    found = consistency(60.0, -80.0)
    assert found["consistent"]
    assert found["violations"] == []
    assert found["best_day"]["pct"] == 0.0


def test_a_day_of_exactly_the_limit_is_consistent() -> None:
    assert consistency(40.0, 30.0, 30.0)["consistent"]


class Holder(bt.Strategy):
    """Buy 10 on the first bar."""

    def next(self) -> None:
        if len(self) == 1:
            self.buy(size=10)


def drawdown(closes: list[float], **options: Any) -> Any:
    strategy = run(Holder, closes, (bt.analyzers.PropFirmDrawDown, options))
    return strategy.analyzers[0]


UP_AND_DOWN = [100.0, 100.0, 110.0, 130.0, 120.0, 118.0, 112.0, 104.0, 140.0, 109.0]


def test_the_mark_follows_every_bar() -> None:
    analyzer = drawdown(UP_AND_DOWN, max_drawdown=250.0)
    found = analyzer.get_analysis()
    assert (found["hwm"], found["current_value"], found["current_drawdown"]) == (10400.0, 10090.0, 310.0)
    assert found["max_drawdown"] == 310.0
    assert found["breach_count"] == 2
    assert found["breaches"][0] == {
        "datetime": dt.datetime(2024, 1, 2, 15, 35), "value": 10040.0, "drawdown": 260.0, "hwm": 10300.0,
    }  # fmt: skip
    assert analyzer.is_breached()
    assert analyzer.get_current_drawdown() == 310.0
    assert found["frozen_hwm"] is None


def test_the_mark_follows_the_ends_of_days() -> None:
    found = drawdown(UP_AND_DOWN, max_drawdown=250.0, trailing_mode="eod").get_analysis()
    # the first day ends at 10200, which the second day falls short of by at most 160
    assert (found["hwm"], found["max_drawdown"], found["breached"]) == (10200.0, 160.0, False)


def test_the_mark_freezes_at_the_threshold() -> None:
    found = drawdown(UP_AND_DOWN, max_drawdown=250.0, trail_stop_threshold=200.0).get_analysis()
    assert found["trailing_frozen"]
    assert found["hwm"] == found["frozen_hwm"] == 10200.0
    assert found["max_drawdown"] == 160.0
    assert not found["breached"]


def test_a_strategy_can_ask_during_the_run() -> None:
    class Asking(Holder):
        def __init__(self) -> None:
            self.seen: list[Any] = []

        def next(self) -> None:
            super().next()
            self.seen.append(self.analyzers[0].get_current_drawdown())

    strategy = run(Asking, UP_AND_DOWN[:6], (bt.analyzers.PropFirmDrawDown, {}))
    # on each bar the drawdown at the end of the one before
    assert strategy.seen == [0.0, 0.0, 0.0, 0.0, 0.0, 100.0]


def test_rules_go_with_parameters_declared_by_annotation() -> None:
    class Annotated(DailyLossLimitMixin, bt.Strategy):
        daily_loss_limit: float = 100.0
        size: int = 10

        def setup(self) -> None:
            self.held: list[float] = []

        def next(self) -> None:
            if len(self) == 1:
                self.buy(size=self.size)
            self.held.append(self.position.size)

    assert run(Annotated, DROP).held == [0, 10, 10, 0, 0, 0, 0, 0, 0, 0]
    assert run(Annotated, DROP, daily_loss_limit=1e6).held == [0, *[10] * 9]
    with pytest.raises(ParameterValueError, match=r"> 0\.0"):
        run(Annotated, DROP, daily_loss_limit=-1.0)
