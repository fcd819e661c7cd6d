"""What strategies see where feeds end within a bar, or take bars back: lengths, timers on bars that are left over."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from types import ModuleType
from typing import Any

import pytest

from .traces import feed, rows, same

MODES: dict[str, dict[str, Any]] = {"vectorised": {}, "stepped": {"runonce": False}, "delivered": {"preload": False}}
MORNING = datetime(2024, 1, 1, 9, 30)
MINUTES = timedelta(minutes=5)


def note(strat: Any, log: list[Any], hook: str) -> None:
    log.append((hook, len(strat), [(len(data), data.close[0]) for data in strat.datas if len(data)]))


def traced(lib: ModuleType, log: list[Any], when: time | None = None) -> Any:
    class Traced(lib.Strategy):  # type: ignore[misc,name-defined]  # a class that is not known beforehand
        def __init__(self) -> None:
            if when is not None:
                self.add_timer(when)
                self.add_timer(when, cheat=True)

        def prenext(self) -> None:
            note(self, log, "prenext")

        def next(self) -> None:
            note(self, log, "next")

        def notify_timer(self, timer: Any, when: Any, *args: Any, **kwargs: Any) -> None:
            log.append((timer.p.tid, when, timer.p.cheat))
            note(self, log, "timer")
            self.buy()

        def notify_order(self, order: Any) -> None:
            log.append((order.status, order.executed.price, order.executed.dt))

        def stop(self) -> None:
            note(self, log, "stop")

    return Traced


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("bars", [5, 13, 14, 20, 24])
@pytest.mark.parametrize("first", [True, False])
def test_a_timer_does_not_see_the_time_of_a_bar_that_is_left_over(first: bool, bars: int, mode: str) -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        log: list[Any] = []
        cerebro = lib.Cerebro(**MODES[mode])
        data = feed(lib, rows(bars, 3, MORNING, MINUTES), timeframe=lib.TimeFrame.Minutes, compression=5)
        if first:
            cerebro.adddata(data)
        cerebro.resampledata(data, timeframe=lib.TimeFrame.Minutes, compression=240)
        cerebro.addstrategy(traced(lib, log, time(11, 0)))
        cerebro.run()
        log.append(cerebro.broker.getvalue())
        return log

    same(scenario)


@pytest.mark.parametrize("frame", ["Days", "Weeks"])
@pytest.mark.parametrize("seed", range(6))
def test_a_strategy_moves_on_where_one_feed_grows_and_another_takes_its_bar_back(seed: int, frame: str) -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        log: list[Any] = []
        cerebro = lib.Cerebro()
        hours = timedelta(hours=2)
        replayed = feed(lib, rows(40, seed, MORNING, hours, holes=0.4), timeframe=lib.TimeFrame.Minutes, compression=60)
        cerebro.replaydata(replayed, timeframe=getattr(lib.TimeFrame, frame))
        beside = rows(50, seed + 50, MORNING - hours, timedelta(hours=1), holes=0.5)
        cerebro.adddata(feed(lib, beside, timeframe=lib.TimeFrame.Minutes, compression=60))
        cerebro.addstrategy(traced(lib, log))
        cerebro.run()
        return log

    same(scenario)
