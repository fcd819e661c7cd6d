"""The same Cerebro run again, the same feeds in several Cerebros, and what the runs of one process share."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from .traces import MODES, feed, rows, same


def trading(lib: ModuleType, log: list[Any]) -> Any:
    class Trading(lib.Strategy):
        params = (("period", 3),)

        def __init__(self) -> None:
            self.sma = lib.ind.SMA(period=self.p.period)
            self.add_timer(lib.timer.SESSION_START, weekdays=[1])

        def next(self) -> None:
            if self.data.close > self.sma:
                self.buy()
            elif self.position:
                self.close()
            log.append((len(self), self.sma[0], self.broker.getcash(), self.broker.getvalue()))

        def notify_order(self, order: Any) -> None:
            log.append((order.status, order.executed.price, len(self)))

    return Trading


@pytest.mark.parametrize("mode", MODES)
def test_a_second_run_gives_the_same(mode: str) -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        log: list[Any] = []
        cerebro = lib.Cerebro(stdstats=False, **MODES[mode])
        cerebro.adddata(feed(lib, 15))
        cerebro.addstrategy(trading(lib, log))
        cerebro.addanalyzer(lib.analyzers.TimeReturn)
        for _ in range(3):
            (strategy,) = cerebro.run()
            log.append(dict(strategy.analyzers[0].get_analysis()))
        return log

    found = same(scenario)
    third = len(found) // 3
    assert found[:third] == found[third : 2 * third] == found[2 * third :]


def test_options_of_run_stay() -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        cerebro = lib.Cerebro()
        cerebro.adddata(feed(lib, 5))
        log: list[Any] = []
        for options in ({"stdstats": False}, {}, {"stdstats": True, "exactbars": -1}, {}):
            (strategy,) = cerebro.run(**options)
            log.append((len(strategy.observers), cerebro.p.stdstats, cerebro.p.exactbars))
        return log

    same(scenario)


@pytest.mark.parametrize("first", ["vectorised", "stepped", "delivered"])
@pytest.mark.parametrize("second", ["vectorised", "stepped", "delivered"])
def test_feeds_serve_one_cerebro_after_the_other(first: str, second: str) -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        log: list[Any] = []
        datas = [feed(lib, 15), feed(lib, rows(10, 2, holes=0.3))]
        for mode in (first, second):
            cerebro = lib.Cerebro(stdstats=False, **MODES[mode])
            for data in datas:
                cerebro.adddata(data)
            cerebro.addstrategy(trading(lib, log))
            cerebro.run()
        return log

    same(scenario)


def test_a_feed_may_be_resampled_in_one_cerebro_and_plain_in_the_next() -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        log: list[Any] = []
        data = feed(lib, 30)
        for frames in ((), ("Weeks",)):
            cerebro = lib.Cerebro(stdstats=False)
            cerebro.adddata(data)
            for frame in frames:
                cerebro.resampledata(data, timeframe=getattr(lib.TimeFrame, frame))
            cerebro.addstrategy(trading(lib, log))
            cerebro.run()
        return log

    same(scenario)


def test_settings_of_the_broker_survive_runs_and_positions_do_not() -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        log: list[Any] = []

        class Buyer(lib.Strategy):
            def next(self) -> None:
                self.buy(size=3)

            def stop(self) -> None:
                log.append((self.position.size, self.broker.getcash(), self.broker.getvalue()))

        cerebro = lib.Cerebro()
        cerebro.adddata(feed(lib, 6))
        cerebro.broker.setcash(5_000.0)
        cerebro.broker.setcommission(commission=0.01)
        cerebro.addstrategy(Buyer)
        for _ in range(2):
            cerebro.run()
        cerebro.broker.setcash(7_000.0)
        cerebro.run()
        return log

    same(scenario)


def test_references_go_on_counting() -> None:
    def scenario(lib: ModuleType) -> list[int]:
        refs: list[int] = []

        class Buyer(lib.Strategy):
            def next(self) -> None:
                refs.append(self.buy().ref)

        for _ in range(2):
            cerebro = lib.Cerebro()
            cerebro.adddata(feed(lib, 4))
            cerebro.addstrategy(Buyer)
            cerebro.run()
        return [ref - refs[0] for ref in refs]

    assert same(scenario) == list(range(8))


def test_another_broker_can_be_put_in_place() -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        log: list[Any] = []
        cerebro = lib.Cerebro()
        cerebro.adddata(feed(lib, 9))
        cerebro.addstrategy(trading(lib, log))
        broker = lib.brokers.BackBroker(cash=777.0)
        log.append(cerebro.setbroker(broker) is broker and cerebro.getbroker() is cerebro.broker is broker)
        log.append(broker.cerebro is cerebro)
        cerebro.run()
        cerebro.broker = lib.brokers.BackBroker(cash=888.0)
        cerebro.run()
        return log

    same(scenario)


def test_results_are_kept_in_runstrats() -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        cerebro = lib.Cerebro()
        cerebro.adddata(feed(lib, 5))
        cerebro.addstrategy(lib.Strategy)
        found = cerebro.run()
        return [len(found), cerebro.runstrats[0][0] is found[0], len(cerebro.runstrats)]

    assert same(scenario) == [1, True, 1]
