"""Optimisations in this process: combinations, order, results and callbacks are those of backtrader."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from .traces import MODES, feed, rows, same


def crossing(lib: ModuleType) -> Any:
    class Crossing(lib.Strategy):
        params = (("fast", 2), ("slow", 5), ("label", ""))

        def __init__(self) -> None:
            self.cross = lib.ind.CrossOver(lib.ind.SMA(period=self.p.fast), lib.ind.SMA(period=self.p.slow))

        def next(self) -> None:
            if self.cross > 0:
                self.buy()
            elif self.cross < 0 and self.position:
                self.close()

    return Crossing


def optimised(lib: ModuleType, mode: str, optreturn: bool, datas: int = 1, **options: Any) -> list[Any]:
    log: list[Any] = []
    cerebro = lib.Cerebro(maxcpus=1, optreturn=optreturn, **MODES[mode], **options)
    for number in range(datas):
        cerebro.adddata(feed(lib, rows(60, number + 1, holes=0.1 * number)))
    cerebro.optstrategy(crossing(lib), fast=range(2, 4), slow=(5, 7), label="name")
    cerebro.addanalyzer(lib.analyzers.TimeReturn)
    cerebro.addanalyzer(lib.analyzers.TradeAnalyzer, _name="trades")
    cerebro.optcallback(lambda found: log.append(("callback", [s.p.fast for s in found])))
    for (found,) in cerebro.run():
        log.append((found.p.fast, found.params.slow, found.p.label))
        log.append(list(found.analyzers[0].get_analysis().items()))
        log.append(found.analyzers.getbyname("trades").get_analysis().total.total)
        log.append(hasattr(found, "strategycls"))
    log.append([len(each) for each in cerebro.runstrats])
    return log


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("optreturn", [True, False])
def test_combinations_give_the_same(mode: str, optreturn: bool) -> None:
    same(lambda lib: optimised(lib, mode, optreturn))


@pytest.mark.parametrize("optdatas", [True, False])
@pytest.mark.parametrize("mode", ["vectorised", "stepped", "delivered"])
def test_combinations_on_several_feeds(mode: str, optdatas: bool) -> None:
    same(lambda lib: optimised(lib, mode, True, datas=3, optdatas=optdatas))


def test_several_optimised_strategies_are_combined() -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        cerebro = lib.Cerebro(maxcpus=1)
        cerebro.adddata(feed(lib, 30))
        cerebro.optstrategy(crossing(lib), fast=(2, 3))
        cerebro.optstrategy(crossing(lib), slow=[5, 6], label=("a", "b"))
        cerebro.addstrategy(crossing(lib), label="fixed")
        return [[(s.p.fast, s.p.slow, s.p.label) for s in found] for found in cerebro.run()]

    same(scenario)


def test_values_that_are_not_iterable_are_the_only_choice() -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        class Choices(lib.Strategy):
            params = (("number", 0), ("text", ""), ("nothing", 1), ("listed", None))

        cerebro = lib.Cerebro(maxcpus=1)
        cerebro.adddata(feed(lib, 5))
        cerebro.optstrategy(Choices, number=4, text="abc", nothing=None, listed=[(1, 2), (3,)])
        return [[list(s.p._getkwargs().values()) for s in found] for found in cerebro.run()]

    same(scenario)


def test_the_feed_of_an_optimisation_can_be_used_elsewhere() -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        log: list[Any] = []
        data = feed(lib, 30)
        cerebro = lib.Cerebro(maxcpus=1)
        cerebro.adddata(data)
        cerebro.optstrategy(crossing(lib), fast=(2, 3))
        cerebro.addanalyzer(lib.analyzers.TimeReturn)
        for (found,) in cerebro.run():
            log.append(list(found.analyzers[0].get_analysis().values()))
        other = lib.Cerebro()
        other.adddata(data)
        other.addstrategy(crossing(lib))
        other.addanalyzer(lib.analyzers.TimeReturn)
        log.append(list(other.run()[0].analyzers[0].get_analysis().values()))
        return log

    same(scenario)
