"""The hooks of strategies, analyzers and observers are called in backtrader's order, in every mode."""

from __future__ import annotations

from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest

from .traces import MODES, feed, rows, same

STRATEGY_HOOKS = (
    "start", "prenext", "nextstart", "next", "stop", "notify_order", "notify_trade", "notify_cashvalue",
    "notify_fund", "notify_timer", "prenext_open", "nextstart_open", "next_open",
)  # fmt: skip
ANALYZER_HOOKS = ("start", "prenext", "nextstart", "next", "stop", "notify_order", "notify_trade",
                  "notify_cashvalue", "notify_fund")  # fmt: skip
OBSERVER_HOOKS = ("start", "prenext", "nextstart", "next")


def noisy(base: Any, hooks: tuple[str, ...], label: str, log: list[Any], **body: Any) -> Any:
    """Derive a class whose hooks write their name, the length and what they were given into *log*."""

    def hook(name: str) -> Any:
        inherited = body.get(name)

        def called(self: Any, *args: Any) -> None:
            plain = [a for a in args if isinstance(a, float)]
            states = [
                (a.status, len(self)) for a in args if hasattr(a, "getstatusname") or hasattr(a, "justopened")
            ]
            log.append((label, name, len(self), plain, states))
            if inherited is not None:
                inherited(self, *args)

        return called

    return type(
        f"Noisy{label}", (base,), {**body, **{name: hook(name) for name in hooks}, "__module__": __name__}
    )


def trade(self: Any) -> None:
    """Buy on every third bar, close on every fifth."""
    if len(self) % 3 == 1:
        self.buy(size=2)
    elif len(self) % 5 == 0:
        self.close()


def trace(
    lib: ModuleType, datas: list[Any], strategies: int = 1, setup: Any = None, **options: Any
) -> list[Any]:
    log: list[Any] = []
    cerebro = lib.Cerebro(stdstats=False, **options)
    for bars in datas:
        cerebro.adddata(feed(lib, bars))

    def init(self: Any) -> None:
        for data in self.datas:
            lib.ind.SMA(data, period=3)

    for number in range(strategies):
        cerebro.addstrategy(
            noisy(lib.Strategy, STRATEGY_HOOKS, f"strategy{number}", log, __init__=init, next=trade)
        )
    cerebro.addanalyzer(noisy(lib.Analyzer, ANALYZER_HOOKS, "analyzer", log))
    cerebro.addobserver(noisy(lib.Observer, OBSERVER_HOOKS, "observer", log, lines=("x",), _stclock=True))
    if setup is not None:
        setup(lib, cerebro)
    cerebro.run()
    return log


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "options",
    [{}, {"cheat_on_open": True}, {"quicknotify": True}, {"cheat_on_open": True, "quicknotify": True}],
    ids=["plain", "cheat", "quick", "both"],
)
def test_hooks_come_in_the_same_order(mode: str, options: dict[str, Any]) -> None:
    found = same(lambda lib: trace(lib, [rows(12)], **MODES[mode], **options))
    assert {entry[1] for entry in found} >= {"prenext", "nextstart", "next", "notify_trade", "stop"}


@pytest.mark.parametrize("mode", ["vectorised", "stepped", "delivered"])
@pytest.mark.parametrize(
    "options", [{}, {"cheat_on_open": True}, {"oldsync": True}], ids=["plain", "cheat", "oldsync"]
)
def test_hooks_of_several_strategies_on_several_feeds(mode: str, options: dict[str, Any]) -> None:
    datas = [rows(12, 1), rows(9, 2, holes=0.3), rows(7, 3, start=rows(12)[4][0])]
    same(lambda lib: trace(lib, datas, strategies=2, **MODES[mode], **options))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("cheat", [False, True])
def test_timers_come_before_the_hooks_of_the_bar(mode: str, cheat: bool) -> None:
    def setup(lib: ModuleType, cerebro: Any) -> None:
        cerebro.add_timer(lib.timer.SESSION_START, cheat=cheat, strats=True)
        cerebro.add_timer(lib.timer.SESSION_END, offset=timedelta(hours=-2), weekdays=[1, 3], strats=True)

    same(lambda lib: trace(lib, [rows(12)], setup=setup, cheat_on_open=cheat, **MODES[mode]))


def test_a_timer_calls_the_hook_of_cerebro_then_those_of_the_strategies() -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        log: list[Any] = []

        class Told(lib.Cerebro):
            def notify_timer(self, timer: Any, when: Any, *args: Any, **kwargs: Any) -> None:
                log.append(("cerebro", timer.p.tid, when, args, kwargs))

        class Listener(lib.Strategy):
            def __init__(self) -> None:
                self.own = self.add_timer(lib.timer.SESSION_START, monthdays=[2, 5])

            def notify_timer(self, timer: Any, when: Any, *args: Any, **kwargs: Any) -> None:
                log.append(("strategy", self._id, timer is self.own, when, args, kwargs))

        cerebro = Told()
        cerebro.adddata(feed(lib, 8))
        cerebro.add_timer(lib.timer.SESSION_START, strats=True, note="both", weekdays=[1, 2])
        cerebro.add_timer(lib.timer.SESSION_START, note="cerebro only")
        cerebro.addstrategy(Listener)
        cerebro.addstrategy(Listener)
        cerebro.run()
        return log

    same(scenario)
