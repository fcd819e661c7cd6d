"""``runstop`` from anywhere, ``StrategySkipError``, and what is stopped at the end."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from .traces import MODES, feed, rows, same

FROM = (
    "start", "prenext", "nextstart", "next", "notify_order", "notify_trade", "notify_cashvalue", "notify_fund",
    "notify_timer", "next_open", "prenext_open", "stop",
)  # fmt: skip


def stopping(lib: ModuleType, hook: str, log: list[Any], bar: int) -> Any:
    """Give a strategy class that asks for the end in *hook*, on *bar* or later."""

    class Stopping(lib.Strategy):
        def __init__(self) -> None:
            self.sma = lib.ind.SMA(period=3)
            self.add_timer(lib.timer.SESSION_START)

        def prenext(self) -> None:
            log.append(("prenext", len(self)))

        def next(self) -> None:
            log.append(("next", len(self), self.broker.getvalue()))
            self.close() if self.position else self.buy()

        def stop(self) -> None:
            log.append(("stop", len(self), self.position.size, self.broker.getcash()))

    inherited = getattr(Stopping, hook)

    def stop(self: Any, *args: Any, **kwargs: Any) -> None:
        log.append((hook, len(self)))
        inherited(self, *args, **kwargs)
        if len(self) >= bar:
            self.env.runstop()

    setattr(Stopping, hook, stop)
    return Stopping


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("hook", FROM)
@pytest.mark.parametrize("bar", [0, 5])
def test_runstop_ends_the_run_where_backtrader_ends_it(mode: str, hook: str, bar: int) -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        log: list[Any] = []
        cerebro = lib.Cerebro(stdstats=False, cheat_on_open="open" in hook, **MODES[mode])
        cerebro.adddata(feed(lib, 9))
        # a class of its own, as hooks that a class overrides are found when it is made
        base = stopping(lib, hook, log, bar)
        cerebro.addstrategy(type("Derived", (base,), {hook: base.__dict__[hook]}))
        cerebro.addanalyzer(lib.analyzers.TimeReturn)
        ran = cerebro.run()
        log.append(list(ran[0].analyzers[0].get_analysis().values()))
        return log

    found = same(scenario)
    assert found[-2][0] == "stop" or hook == "stop"


def two_strategies(lib: ModuleType, hook: str, who: int, bar: int, mode: str) -> list[Any]:
    """Run two strategies of which number *who* asks for the end in *hook* on *bar* or later."""
    log: list[Any] = []

    class Told(lib.Strategy):
        params = (("who", 0),)

        def __init__(self) -> None:
            self.add_timer(lib.timer.SESSION_START)
            self.add_timer(lib.timer.SESSION_START, cheat=True)

        def note(self, name: str, *what: Any) -> None:
            log.append((name, self.p.who, len(self), len(self.data), *what))
            if (name, self.p.who) == (hook, who) and len(self) >= bar:
                self.env.runstop()

        def start(self) -> None:
            self.note("start")

        def prenext_open(self) -> None:
            self.note("prenext_open")

        def next_open(self) -> None:
            self.note("next_open")

        def next(self) -> None:
            if len(self) == 1:
                self.buy()
            self.note("next")

        def notify_order(self, order: Any) -> None:
            self.note("notify_order", order.status)

        def notify_timer(self, timer: Any, when: Any, *args: Any, **kwargs: Any) -> None:
            self.note("cheat timer" if timer.p.cheat else "timer")

        def notify_cashvalue(self, cash: float, value: float) -> None:
            self.note("notify_cashvalue", cash, value)

        def stop(self) -> None:
            log.append(("stop", self.p.who, len(self), self.position.size))

    cerebro = lib.Cerebro(stdstats=False, cheat_on_open=True, **MODES[mode])
    cerebro.adddata(feed(lib, 6))
    cerebro.addanalyzer(lib.analyzers.TimeReturn)
    for number in (0, 1):
        cerebro.addstrategy(Told, who=number)
    for strategy in cerebro.run():
        log.append(list(strategy.analyzers[0].get_analysis().values()))
    return log


@pytest.mark.parametrize("mode", ["vectorised", "stepped", "delivered"])
@pytest.mark.parametrize("who", [0, 1])
@pytest.mark.parametrize(
    ("hook", "bar"),
    [
        ("start", 0), ("prenext_open", 0), ("next_open", 2), ("next", 2), ("notify_order", 0), ("cheat timer", 2),
        ("timer", 2), ("notify_cashvalue", 2),
    ],
)  # fmt: skip
def test_runstop_with_several_strategies(hook: str, bar: int, who: int, mode: str) -> None:
    same(lambda lib: two_strategies(lib, hook, who, bar, mode))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("who", ["analyzer", "observer", "indicator"])
def test_runstop_asked_for_by_others(mode: str, who: str) -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        log: list[Any] = []

        class A(lib.Analyzer):
            def next(self) -> None:
                log.append(("analyzer", len(self.strategy)))
                if len(self.strategy) == 4:
                    self.strategy.env.runstop()

            def stop(self) -> None:
                log.append(("analyzer stop", len(self.strategy)))

        class O(lib.Observer):  # noqa: E742
            lines = ("x",)
            _stclock = True

            def next(self) -> None:
                log.append(("observer", len(self._owner)))
                if len(self._owner) == 4:
                    self._owner.env.runstop()

        cerebro = lib.Cerebro(stdstats=False, **MODES[mode])
        cerebro.adddata(feed(lib, 9))
        if who == "analyzer":
            cerebro.addanalyzer(A)
        elif who == "observer":
            cerebro.addobserver(O)
        cerebro.addstrategy(stopping(lib, "next", log, 99))
        log.append(len(cerebro.run()[0]))
        return log

    same(scenario)


def test_a_run_that_was_stopped_can_be_run_again() -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        log: list[Any] = []
        cerebro = lib.Cerebro(stdstats=False)
        cerebro.adddata(feed(lib, 9))
        cerebro.addstrategy(stopping(lib, "next", log, 4))
        for _ in range(2):
            log.append([len(s) for s in cerebro.run()])
        return log

    same(scenario)


# -- leaving strategies out -----------------------------------------------------------------------------------------


def skipping(lib: ModuleType, skip: bool, log: list[Any]) -> Any:
    error = lib.errors.StrategySkipError

    class Skipping(lib.Strategy):
        params = (("name", ""),)

        def __init__(self) -> None:
            log.append(("init", self.p.name))
            if skip:
                raise error

        def start(self) -> None:
            log.append(("start", self.p.name, self._id))

        def stop(self) -> None:
            log.append(("stop", self.p.name, len(self), getattr(self.sizer.p, "stake", None)))

    return Skipping


@pytest.mark.parametrize("skips", [(True, False, False), (False, True, False), (True, True, False)])
def test_a_skipped_strategy_is_left_out(skips: tuple[bool, ...]) -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        log: list[Any] = []
        cerebro = lib.Cerebro()
        cerebro.adddata(feed(lib, 5))
        for number, skip in enumerate(skips):
            cerebro.addstrategy(skipping(lib, skip, log), name=str(number))
            cerebro.addsizer_byidx(number, lib.sizers.FixedSize, stake=10 + number)
        log.append([s.p.name for s in cerebro.run()])
        log.append([s.p.name for s in cerebro.runstrats[0]])
        return log

    same(scenario)


@pytest.mark.parametrize("skips", [[True, False, True], [True, True]])
def test_an_optimisation_goes_on_without_the_combinations_that_skip(skips: list[bool]) -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        class Choosy(lib.Strategy):
            params = (("skip", False),)

            def __init__(self) -> None:
                if self.p.skip:
                    raise lib.errors.StrategySkipError

        cerebro = lib.Cerebro(maxcpus=1)
        cerebro.adddata(feed(lib, 5))
        cerebro.optstrategy(Choosy, skip=skips)
        return [[s.p.skip for s in found] for found in cerebro.run()]

    same(scenario)


def test_all_skipped_gives_no_strategies() -> None:
    def scenario(lib: ModuleType) -> Any:
        cerebro = lib.Cerebro()
        cerebro.adddata(feed(lib, 5))
        cerebro.addstrategy(skipping(lib, True, []))
        return [cerebro.run(), cerebro.runstrats]

    assert same(scenario) == [[], [[]]]


def test_without_datas_nothing_runs() -> None:
    def scenario(lib: ModuleType) -> Any:
        cerebro = lib.Cerebro()
        cerebro.addstrategy(skipping(lib, False, []))
        return cerebro.run()

    assert same(scenario) == []


@pytest.mark.parametrize(
    "mode", ["stepped", "delivered", "saving"]
)  # vectorised, backtrader raises IndexError
@pytest.mark.parametrize("count", [0, 1, 2])
def test_very_short_datas(mode: str, count: int) -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        log: list[Any] = []
        cerebro = lib.Cerebro(stdstats=False, **MODES[mode])
        cerebro.adddata(feed(lib, rows(count)))
        cerebro.addstrategy(stopping(lib, "start", log, 99))
        log.append(len(cerebro.run()[0]))
        return log

    same(scenario)
