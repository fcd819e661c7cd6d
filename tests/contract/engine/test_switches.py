"""Ways of backtrader that have a switch: kept by default, turned off by the switch, and by ``realism="strict"``."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any

import backtrader
import pytest

import backtrail
from backtrail.errors import BacktrailWarning, ParameterValueError

from .traces import feed

DAY = timedelta(days=1)
START = datetime(2024, 1, 1, 23, 59, 59)
Prices = tuple[float, float, float, float]


@dataclass
class Setting:
    """How a scenario is run: the library, parameters of Cerebro and attributes of the broker."""

    lib: ModuleType
    cerebro: dict[str, Any]
    broker: dict[str, Any]

    def build(self, **kwargs: Any) -> Any:
        made = self.lib.Cerebro(**{"stdstats": False, **kwargs, **self.cerebro})
        for name, value in self.broker.items():
            setattr(made.broker, name, value)
        return made

    def data(
        self, prices: Sequence[Prices], step: timedelta = DAY, start: datetime = START, **kwargs: Any
    ) -> Any:
        rows = tuple((start + k * step, *bar, 1000.0) for k, bar in enumerate(prices))
        return feed(self.lib, rows, **kwargs)


def flat(count: int, price: float = 10.0) -> list[Prices]:
    return [(price, price, price, price)] * count


def fills(setting: Setting, cerebro: Any, plan: Callable[[Any], None]) -> list[Any]:
    """Run *plan* on each bar; give (bar, status, price) of each notification."""
    log: list[Any] = []

    class Planned(setting.lib.Strategy):  # type: ignore[misc,name-defined]
        def next(self) -> None:
            plan(self)

        def notify_order(self, order: Any) -> None:
            log.append((len(self), order.getstatusname(), order.executed.price))

    cerebro.addstrategy(Planned)
    cerebro.run()
    return [entry for entry in log if entry[1] not in ("Submitted", "Accepted")]


def cascade(setting: Setting) -> Any:
    """Two orders of one bar, the first too large: is the second one refused, too?"""
    cerebro = setting.build()
    cerebro.broker.setcash(100.0)
    cerebro.adddata(setting.data(flat(4)))

    def plan(strategy: Any) -> None:
        if len(strategy) == 1:
            strategy.buy(size=50)
            strategy.buy(size=5)

    return fills(setting, cerebro, plan)


def same_bar_cancel(setting: Setting) -> Any:
    """An order that is cancelled in the bar that creates it."""
    cerebro = setting.build()
    cerebro.adddata(setting.data(flat(4)))

    def plan(strategy: Any) -> None:
        if len(strategy) == 1:
            strategy.cancel(strategy.buy(size=1))

    return fills(setting, cerebro, plan)


def slow_limit(setting: Setting) -> Any:
    """A limit order in a slow feed, whose present bar has been over for days, and a Close order beside it."""
    cerebro = setting.build()
    cerebro.adddata(setting.data(flat(12)))
    slow = [(10.0, 11.0, 9.0, 10.0), (20.0, 21.0, 19.0, 20.5), (20.0, 21.0, 19.0, 20.0)]
    cerebro.adddata(
        setting.data(slow, step=4 * DAY, start=START + 3 * DAY, timeframe=setting.lib.TimeFrame.Weeks)
    )

    def plan(strategy: Any) -> None:
        if len(strategy) == 5:
            data = strategy.data1
            strategy.buy(data, size=1, price=9.5, exectype=setting.lib.Order.Limit)
            strategy.buy(data, size=1, exectype=setting.lib.Order.Close)

    return fills(setting, cerebro, plan)


def slipped_sell(setting: Setting) -> Any:
    """A limit sell at 6 that meets an opening of 10 on a bar with a low of 9.5; prices slip by 3."""
    cerebro = setting.build()
    cerebro.broker.set_slippage_fixed(3.0)
    cerebro.adddata(setting.data([*flat(1), (10.0, 10.5, 9.5, 10.0), *flat(2)]))

    def plan(strategy: Any) -> None:
        if len(strategy) == 1:
            strategy.sell(size=1, price=6.0, exectype=setting.lib.Order.Limit)

    return fills(setting, cerebro, plan)


def trailing(setting: Setting) -> Any:
    """A trailing stop 2 below a bar that reaches 15 and closes at 14; the next one falls to 12.5."""
    cerebro = setting.build()
    bars = [*flat(1), (10.0, 10.0, 10.0, 10.0), (14.0, 15.0, 14.0, 14.0), (14.0, 14.0, 12.5, 13.5), *flat(2)]
    cerebro.adddata(setting.data(bars))

    def plan(strategy: Any) -> None:
        if len(strategy) == 1:
            strategy.sell(size=1, exectype=setting.lib.Order.StopTrail, trailamount=2.0)

    return fills(setting, cerebro, plan)


def session_end(setting: Setting) -> Any:
    """A Close order on hourly bars, one of them right at the end of the session at 17:00."""
    cerebro = setting.build()
    bars = [(float(k), float(k), float(k), float(k)) for k in range(1, 12)]
    end = datetime(2024, 1, 1, 17).time()
    data = setting.data(
        bars,
        step=timedelta(hours=1),
        start=datetime(2024, 1, 1, 12),
        timeframe=setting.lib.TimeFrame.Minutes,
        sessionend=end,
    )
    cerebro.adddata(data)

    def plan(strategy: Any) -> None:
        if len(strategy) == 2:
            strategy.buy(size=1, exectype=setting.lib.Order.Close)

    return fills(setting, cerebro, plan)


def zero_divisor(setting: Setting) -> Any:
    """The quotient of two lines, one of which is 0 on the third bar."""
    cerebro = setting.build()
    cerebro.adddata(setting.data([*flat(2), (0.0, 0.0, 0.0, 0.0), *flat(1)]))

    class Dividing(setting.lib.Strategy):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            self.ratio = (self.data.close + 10.0) / self.data.close

        def start(self) -> None:
            self.seen: list[str] = []

        def next(self) -> None:
            self.seen.append(str(self.ratio[0]))

    cerebro.addstrategy(Dividing)
    try:
        (strategy,) = cerebro.run()
    except ZeroDivisionError:
        return "ZeroDivisionError"
    return strategy.seen


def slow_indicator(setting: Setting) -> Any:
    """How often ``next`` of an indicator on a slow feed runs while a fast feed goes on."""
    calls: list[int] = []

    class Counting(setting.lib.Indicator):  # type: ignore[misc,name-defined]
        lines = ("x",)

        def next(self) -> None:
            calls.append(len(self))
            self.lines.x[0] = self.data.close[0]

    class Watching(setting.lib.Strategy):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            self.slow = Counting(self.data1)

        def next(self) -> None:
            calls.append(-int(self.slow.x[0]))

    cerebro = setting.build(runonce=False)
    cerebro.adddata(setting.data(flat(9)))
    cerebro.adddata(
        setting.data(flat(3, 7.0), step=3 * DAY, start=START, timeframe=setting.lib.TimeFrame.Weeks)
    )
    cerebro.addstrategy(Watching)
    cerebro.run()
    return calls


def left_edges(setting: Setting) -> Any:
    """The times of five-minute bars that are asked for with ``rightedge=False``, and when they come."""
    seen: list[Any] = []

    class Watching(setting.lib.Strategy):  # type: ignore[misc,name-defined]
        def next(self) -> None:
            if len(self.data1) > len(seen):
                now = self.data0.datetime.datetime()
                seen.append((now.strftime("%H:%M"), self.data1.datetime.datetime().strftime("%H:%M")))

    cerebro = setting.build()
    minutes = {"step": timedelta(minutes=1), "start": datetime(2024, 1, 1, 9, 31)}
    data = setting.data(flat(17), timeframe=setting.lib.TimeFrame.Minutes, **minutes)  # type: ignore[arg-type]
    cerebro.adddata(data)
    cerebro.resampledata(
        data, timeframe=setting.lib.TimeFrame.Minutes, compression=5, rightedge=False, boundoff=1
    )
    cerebro.addstrategy(Watching)
    cerebro.run()
    return seen


def unsorted_days(setting: Setting) -> Any:
    """The days on which a timer for Fridays and Mondays, in this order, is due."""
    days: list[int] = []

    class Timed(setting.lib.Strategy):  # type: ignore[misc,name-defined]
        def notify_timer(self, timer: Any, when: datetime, *args: Any, **kwargs: Any) -> None:
            days.append(when.isoweekday())

    cerebro = setting.build()
    cerebro.adddata(setting.data(flat(14)))
    cerebro.add_timer(setting.lib.timer.SESSION_START, weekdays=[5, 1], strats=True)
    cerebro.addstrategy(Timed)
    cerebro.run()
    return days


NO_SLOW_CALLS = [1, -7, -7, -7, 2, -7, -7, -7, 3, -7, -7, -7]
ROWS: list[tuple[Callable[[Setting], Any], dict[str, Any], dict[str, Any], Any, Any]] = [
    (
        cascade,
        {},
        {"margin_cascade": False},
        [(2, "Margin", 0.0), (2, "Margin", 0.0)],
        [(2, "Margin", 0.0), (2, "Completed", 10.0)],
    ),
    (same_bar_cancel, {}, {"cancel_submitted": True}, [(2, "Completed", 10.0)], [(2, "Canceled", 0.0)]),
    (
        slow_limit,
        {},
        {"stale_fills": False},
        [(6, "Completed", 9.5), (8, "Completed", 10.0)],
        [(8, "Completed", 20.5)],
    ),
    (
        slipped_sell,
        {},
        {"sell_limit_floor": True},
        [(2, "Completed", 7.0)],
        [(2, "Completed", 9.5)],
    ),
    (trailing, {}, {"trail_extremes": True}, [(5, "Completed", 10.0)], [(4, "Completed", 13.0)]),
    (
        session_end,
        {},
        {"honour_eosbar": True},
        [(6, "Completed", 6.0)],
        [(7, "Completed", 6.0)],
    ),
    (zero_divisor, {"zero_division": "nan"}, {}, "ZeroDivisionError", ["2.0", "2.0", "nan", "2.0"]),
    (
        slow_indicator,
        {"repeat_slow_indicators": False},
        {},
        [1, -7, 1, -7, 1, -7, 2, -7, 2, -7, 2, -7, 3, -7, 3, -7, 3, -7],
        NO_SLOW_CALLS,
    ),
    (
        left_edges,
        {"honour_rightedge": True},
        {},
        [("09:34", "09:34"), ("09:39", "09:39"), ("09:44", "09:44"), ("09:47", "09:45")],
        [("09:34", "09:29"), ("09:39", "09:34"), ("09:44", "09:39"), ("09:47", "09:44")],
    ),
    (unsorted_days, {"sort_timer_days": True}, {}, [1, 1], [1, 5, 1, 5]),
]


@pytest.mark.parametrize(
    ("scenario", "cerebro", "broker", "kept", "right"), ROWS, ids=lambda x: getattr(x, "__name__", "")
)
def test_each_way_has_a_switch_and_strict_turns_it_off(
    scenario: Callable[[Setting], Any], cerebro: dict[str, Any], broker: dict[str, Any], kept: Any, right: Any
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BacktrailWarning)
        assert scenario(Setting(backtrader, {}, {})) == kept
        assert scenario(Setting(backtrail, {}, {})) == kept
        assert scenario(Setting(backtrail, {"realism": "backtrader"}, {})) == kept
        assert scenario(Setting(backtrail, cerebro, broker)) == right
        assert scenario(Setting(backtrail, {"realism": "strict"}, {})) == right


@pytest.mark.parametrize("mode", [{}, {"runonce": False}, {"preload": False}, {"exactbars": 1}])
@pytest.mark.parametrize("scenario", [zero_divisor, slow_indicator, left_edges, unsorted_days])
def test_switches_hold_in_every_mode(scenario: Callable[[Setting], Any], mode: dict[str, Any]) -> None:
    right = next(row[-1] for row in ROWS if row[0] is scenario)
    if scenario is slow_indicator and not mode:
        right = [1, 2, 3] + [-7] * 9
    found = scenario(Setting(backtrail, {"realism": "strict", "runonce": True, **mode}, {}))
    assert found == right


def test_a_switch_that_is_set_counts_more_than_strict() -> None:
    setting = Setting(backtrail, {"realism": "strict", "zero_division": "error"}, {})
    assert zero_divisor(setting) == "ZeroDivisionError"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("zero_division", "inf"),
        ("repeat_slow_indicators", 1),
        ("honour_rightedge", "yes"),
        ("sort_timer_days", 0),
    ],
)
def test_switches_take_their_two_values(name: str, value: Any) -> None:
    cerebro = Setting(backtrail, {name: value}, {}).build()
    cerebro.adddata(feed(backtrail, 3))
    with pytest.raises(ParameterValueError, match=f"Cerebro: {name} must be one of .* got {value!r}"):
        cerebro.run()


def test_strict_rules_are_for_one_run() -> None:
    setting = Setting(backtrail, {}, {"trail_extremes": True})
    cerebro = setting.build()
    cerebro.adddata(feed(backtrail, 3))
    cerebro.run(realism="strict")
    assert not cerebro.broker.margin_cascade
    cerebro.run(realism="backtrader")
    assert cerebro.broker.margin_cascade
    assert cerebro.broker.trail_extremes


def test_bars_with_left_edges_cannot_be_aligned_by_their_times() -> None:
    setting = Setting(backtrail, {"honour_rightedge": True}, {})
    cerebro = setting.build()
    minutes = {"step": timedelta(minutes=1), "timeframe": backtrail.TimeFrame.Minutes}
    cerebro.adddata(setting.data(flat(7), **minutes))  # type: ignore[arg-type]
    data = setting.data(flat(7), name="larger", **minutes)  # type: ignore[arg-type]
    data.resample(timeframe=backtrail.TimeFrame.Minutes, compression=5, rightedge=False)
    cerebro.adddata(data)
    with pytest.raises(
        ParameterValueError, match=r"Resampling feed 'larger' with rightedge=False .* found 2 feeds"
    ):
        cerebro.run()
    assert len(cerebro.run(honour_rightedge=False)) == 1
