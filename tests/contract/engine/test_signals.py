"""Trading on signals is what backtrader makes of them, for random sets of signals of all types."""

from __future__ import annotations

from random import Random
from types import ModuleType
from typing import Any

import pytest

from .traces import MODES, feed, rows, same

TYPES = (
    "LONGSHORT", "LONG", "LONG_INV", "LONG_ANY", "SHORT", "SHORT_INV", "SHORT_ANY", "LONGEXIT", "LONGEXIT_INV",
    "LONGEXIT_ANY", "SHORTEXIT", "SHORTEXIT_INV", "SHORTEXIT_ANY",
)  # fmt: skip


def watched(lib: ModuleType, base: Any, log: list[Any]) -> Any:
    class Watched(base):  # type: ignore[misc]
        def notify_order(self, order: Any) -> None:
            super().notify_order(order)
            log.append((len(self), order.status, order.isbuy(), order.created.size, order.executed.price))

        def next(self) -> None:
            log.append((len(self), [self.getposition(d).size for d in self.datas], self.broker.getcash()))

        def stop(self) -> None:
            log.append(self.broker.getvalue())

    return Watched


def wave(lib: ModuleType, seed: int) -> Any:
    """Give an indicator class that is positive, negative or zero by turns."""

    class Wave(lib.Indicator):
        lines = ("signal",)
        params = (("seed", seed), ("period", 1))

        def __init__(self) -> None:
            self.addminperiod(self.p.period)
            self.rng = Random(self.p.seed)
            self.left, self.level = 0, 0.0

        def next(self) -> None:
            if not self.left:
                self.left = self.rng.randint(1, 5)
                self.level = self.rng.choice([-1.0, 0.0, 1.0, 1.0, -1.0])
            self.left -= 1
            self.lines.signal[0] = self.level

    return Wave


def signals_of(rng: Random) -> list[tuple[str, int, int]]:
    chosen = rng.sample(TYPES, rng.randint(1, 4))
    return [(kind, rng.randrange(1000), rng.randint(1, 4)) for kind in chosen for _ in range(rng.choice([1, 1, 2]))]


def traded(lib: ModuleType, seed: int) -> list[Any]:
    rng = Random(seed)
    log: list[Any] = []
    cerebro = lib.Cerebro(stdstats=False, **MODES[rng.choice(["vectorised", "stepped", "delivered"])])
    cerebro.adddata(feed(lib, rows(60, seed)), name="one")
    if rng.random() < 0.3:
        cerebro.adddata(feed(lib, rows(60, seed + 1)), name="two")
    for kind, number, period in signals_of(rng):
        cerebro.add_signal(getattr(lib, f"SIGNAL_{kind}"), wave(lib, number), period=period)
    cerebro.signal_accumulate(rng.random() < 0.4)
    cerebro.signal_concurrent(rng.random() < 0.4)
    options = {}
    if len(cerebro.datas) > 1:
        options["_data"] = rng.choice([None, 1, "two", cerebro.datas[1]])
    cerebro.signal_strategy(watched(lib, lib.SignalStrategy, log), **options)
    if rng.random() < 0.3:
        cerebro.broker.set_coc(True)
    if rng.random() < 0.3:
        cerebro.broker.setcash(300.0)
    cerebro.addsizer(lib.sizers.FixedSize, stake=rng.randint(1, 3))
    cerebro.run()
    return log


@pytest.mark.parametrize("first", range(0, 120, 20))
def test_random_signals_trade_the_same(first: int) -> None:
    for seed in range(first, first + 20):
        same(lambda lib, seed=seed: traded(lib, seed))  # type: ignore[misc]


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("accumulate", [False, True])
@pytest.mark.parametrize("concurrent", [False, True])
def test_every_type_of_signal_alone_and_beside_an_entry(kind: str, accumulate: bool, concurrent: bool) -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        log: list[Any] = []
        for entry in (None, "LONGSHORT", "LONG", "SHORT"):
            cerebro = lib.Cerebro(stdstats=False)
            cerebro.adddata(feed(lib, rows(40, 5)))
            cerebro.add_signal(getattr(lib, f"SIGNAL_{kind}"), wave(lib, 3))
            if entry is not None:
                cerebro.add_signal(getattr(lib, f"SIGNAL_{entry}"), wave(lib, 4))
            cerebro.signal_accumulate(accumulate)
            cerebro.signal_concurrent(concurrent)
            cerebro.signal_strategy(watched(lib, lib.SignalStrategy, log))
            cerebro.run()
        return log

    same(scenario)


def test_signals_may_be_lines_of_any_indicator() -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        log: list[Any] = []

        class Crossing(lib.SignalStrategy):
            def __init__(self) -> None:
                sma = lib.ind.SMA(period=4)
                self.signal_add(lib.SIGNAL_LONG, lib.ind.CrossOver(self.data, sma))
                self.signal_add(lib.SIGNAL_SHORT, self.data - sma)

        cerebro = lib.Cerebro(stdstats=False)
        cerebro.adddata(feed(lib, rows(50, 8)))
        cerebro.addstrategy(watched(lib, Crossing, log))
        cerebro.run()
        return log

    same(scenario)


def test_a_signal_shows_the_first_line_of_its_data() -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        log: list[Any] = []
        cerebro = lib.Cerebro(stdstats=False)
        cerebro.adddata(feed(lib, rows(20, 9)))
        cerebro.add_signal(lib.SIGNAL_LONGSHORT, lib.Signal)
        cerebro.signal_strategy(watched(lib, lib.SignalStrategy, log))
        (found,) = cerebro.run()
        return [*log, [list(i.lines.signal.get(size=5)) for i in found.getindicators()]]

    same(scenario)


def test_user_code_runs_after_the_signals() -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        log: list[Any] = []

        class Also(lib.SignalStrategy):
            def next(self) -> None:
                if len(self) % 4 == 0:
                    self.sell(size=2)
                log.append((len(self), self.position.size))

            def notify_order(self, order: Any) -> None:
                log.append((order.status, order.size))

        cerebro = lib.Cerebro(stdstats=False)
        cerebro.adddata(feed(lib, rows(30, 9)))
        cerebro.add_signal(lib.SIGNAL_LONGSHORT, wave(lib, 2))
        cerebro.signal_strategy(Also)
        cerebro.run()
        return log

    same(scenario)
