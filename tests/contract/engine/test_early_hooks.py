"""What hooks see that run before the strategies are stepped: bars of now, indicators of the bar before.

An indicator that were ahead of ``next_open`` or a timer would tell how a bar ends to who trades at its open.
"""

from __future__ import annotations

from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest

import backtrail

from .traces import MODES, feed, rows, same

SETTINGS: dict[str, dict[str, Any]] = {
    "at the open": {"cheat_on_open": True},
    "quick": {"quicknotify": True},
    "both": {"cheat_on_open": True, "quicknotify": True},
    "timers": {},
    "old": {"oldsync": True, "quicknotify": True},
}


def watched(lib: ModuleType, log: list[Any]) -> Any:
    """Make a strategy with indicators of every making, which notes them in every hook and trades in some."""

    class Twice(lib.Indicator):
        lines = ("twice",)

        def next(self) -> None:
            self.lines.twice[0] = self.data[0] * 2

    class Nested(lib.Indicator):
        lines = ("a", "b")

        def __init__(self) -> None:
            inner = lib.ind.EMA(Twice(self.data), period=2)
            self.lines.a = inner - self.data
            self.lines.b = lib.If(self.data.close > self.data.open, inner, 0.0)

    class Watched(lib.Strategy):
        def __init__(self) -> None:
            slow = self.datas[-1]
            self.seen = [
                lib.ind.SMA(period=3), self.data.close + 0, self.data.close(-1), Twice(self.data), Nested(self.data),
                lib.ind.SMA(slow, period=2), lib.ind.CrossOver(self.data.close, lib.ind.SMA(period=2)),
            ]  # fmt: skip
            self.add_timer(lib.timer.SESSION_START, cheat=True, early=True)
            self.add_timer(lib.timer.SESSION_END, offset=timedelta(hours=-1))

        def note(self, hook: str) -> None:
            told: list[Any] = []
            for one in self.seen:
                told.append(len(one))
                if len(one):
                    told += [float(line[0]) for line in one.lines] if hasattr(one, "lines") else [float(one[0])]
                    told.append(bool(one > self.data.close[0]))
            if len(self.seen[0]) > 1:
                told.append(self.seen[0][-1])
            log.append((hook, len(self), [len(data) for data in self.datas], self.data.close[0], told))

        def trade(self) -> None:
            average = self.seen[0]
            if not self.position and len(average) and average[0] < self.data.open[0]:
                self.buy(size=2)
            elif self.position and average[0] > self.data.open[0]:
                self.close()

        def notify_timer(self, timer: Any, when: Any, *args: Any, **kwargs: Any) -> None:
            self.note("timer")
            if kwargs.get("early"):
                self.trade()

        def notify_order(self, order: Any) -> None:
            self.note(f"order {order.status}")

        def notify_trade(self, trade: Any) -> None:
            self.note("trade")

        def next_open(self) -> None:
            self.note("next_open")
            self.trade()

        def prenext_open(self) -> None:
            self.note("prenext_open")

        def next(self) -> None:
            self.note("next")
            if len(self) % 4 == 0:
                self.trade()

        def stop(self) -> None:
            self.note("stop")

    return Watched


@pytest.mark.parametrize(
    ("settings", "mode", "feeds"),
    [
        (settings, mode, feeds)
        for settings in SETTINGS
        for mode in MODES
        for feeds in ("one", "weeks", "gaps")
        if feeds == "one" or settings != "old"  # its second feeds are said to differ
        if (mode, feeds) != ("saving", "gaps")  # backtrader fails
    ],
)
def test_indicators_are_those_of_the_bar_before(settings: str, mode: str, feeds: str) -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        log: list[Any] = []
        cerebro = lib.Cerebro(**{**MODES[mode], **SETTINGS[settings]})
        data = feed(lib, rows(45, 5), timeframe=lib.TimeFrame.Days)
        cerebro.adddata(data)
        if feeds == "weeks":
            cerebro.resampledata(data, timeframe=lib.TimeFrame.Weeks)
        elif feeds == "gaps":
            cerebro.adddata(feed(lib, rows(30, 6, holes=0.3)))
        cerebro.addstrategy(watched(lib, log))
        cerebro.run()
        log.append((cerebro.broker.getvalue(), cerebro.broker.getcash()))
        return log

    hooks = {entry[0] for entry in same(scenario)}
    assert "next" in hooks
    if settings in ("at the open", "both"):
        assert "next_open" in hooks
    if settings != "old":
        assert "timer" in hooks


def _note_in_filler(lib: ModuleType, cerebro: Any, see: Any) -> None:
    def half(order: Any, price: float, ago: int) -> float:
        see(order.owner)
        return abs(float(order.executed.remsize))

    cerebro.broker.set_filler(half)


def _note_in_filler_object(lib: ModuleType, cerebro: Any, see: Any) -> None:
    class Half:
        def __call__(self, order: Any, price: float, ago: int) -> float:
            see(order.owner)
            return max(1.0, abs(order.executed.remsize) // 2)

    cerebro.broker.set_filler(Half())


def _note_in_broker(lib: ModuleType, cerebro: Any, see: Any) -> None:
    class Looks(lib.brokers.BackBroker):  # type: ignore[misc]  # a class that is not known beforehand
        def next(self) -> None:
            see(kept[0])
            super().next()
            see(kept[0])

    kept: list[Any] = see.strategies
    cerebro.setbroker(Looks())


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "saving"])
@pytest.mark.parametrize("put", [_note_in_filler, _note_in_filler_object, _note_in_broker])
def test_code_that_the_broker_runs_sees_the_bar_before(put: Any, mode: str) -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        class See:
            strategies: list[Any] = []

            def __call__(self, strat: Any) -> None:
                average = strat.average
                told = [len(strat), len(average), len(strat.data), strat.data.close[0]]
                log.append(("broker", *told, average[0] if len(average) else None))

        class Trades(lib.Strategy):  # type: ignore[misc]  # a class that is not known beforehand
            def __init__(self) -> None:
                self.average = lib.ind.SMA(period=3)
                see.strategies.append(self)

            def next(self) -> None:
                log.append(("next", len(self), len(self.average), self.average[0]))
                if len(self) % 4 == 0:
                    self.buy(size=3)
                elif len(self) % 7 == 0:
                    self.close()

        log: list[Any] = []
        see = See()
        see.strategies = []
        cerebro = lib.Cerebro(**MODES[mode])
        cerebro.adddata(feed(lib, rows(40, 5)))
        put(lib, cerebro, see)
        cerebro.addstrategy(Trades)
        cerebro.run()
        log.append((cerebro.broker.getvalue(), cerebro.broker.getcash()))
        return log

    assert "broker" in {entry[0] for entry in same(scenario)}


@pytest.mark.parametrize("mode", MODES)
def test_who_stops_the_run_early_leaves_indicators_where_they_were(mode: str) -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        class Stops(lib.Strategy):
            def __init__(self) -> None:
                self.average = lib.ind.SMA(period=3)

            def next_open(self) -> None:
                if len(self.data) == 9:
                    self.env.runstop()

        cerebro = lib.Cerebro(cheat_on_open=True, **MODES[mode])
        cerebro.adddata(feed(lib, rows(20)))
        cerebro.addstrategy(Stops)
        (strat,) = cerebro.run()
        return [len(strat), len(strat.data), len(strat.average), strat.average[0]]

    same(scenario)


def test_an_exception_at_the_open_puts_the_indicators_back() -> None:
    class Fails(backtrail.Strategy):
        def __init__(self) -> None:
            self.average = backtrail.ind.SMA(period=3)
            kept.append(self)

        def next_open(self) -> None:
            raise ValueError("as planned")

    kept: list[Any] = []
    cerebro = backtrail.Cerebro(cheat_on_open=True)
    cerebro.adddata(feed(backtrail, rows(20)))
    cerebro.addstrategy(Fails)
    with pytest.raises(ValueError, match="as planned"):
        cerebro.run()
    (strat,) = kept
    assert len(strat.average) == len(strat.data)
