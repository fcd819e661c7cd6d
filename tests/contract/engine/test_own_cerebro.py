"""Classes that derive from Cerebro, and the time zone of strategies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from types import ModuleType
from typing import Any

import pytest

import backtrail
from backtrail.errors import ParameterError, ParameterValueError

from .traces import MODES, feed, rows, same


class Zone(tzinfo):
    """A fixed zone that backtrader can give a method to."""

    def __init__(self, hours: int) -> None:
        self.hours = timedelta(hours=hours)

    def utcoffset(self, when: datetime | None) -> timedelta:
        return self.hours

    def dst(self, when: datetime | None) -> timedelta:
        return timedelta(0)

    def tzname(self, when: datetime | None) -> str:
        return "fixed"


def own(lib: ModuleType) -> Any:
    class Own(lib.Cerebro):
        params = (("lots", 3), ("stdstats", False))

        def __init__(self) -> None:
            super().__init__()
            self.stakes = [self.p.lots]

        def addstrategy(self, strategy: Any, *args: Any, **kwargs: Any) -> Any:
            return super().addstrategy(strategy, *args, lots=self.p.lots, **kwargs)

    return Own


@pytest.mark.parametrize("mode", MODES)
def test_parameters_of_ones_own_are_kept_and_defaults_replaced(mode: str) -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        class Buys(lib.Strategy):
            params = (("lots", 1),)

            def next(self) -> None:
                if not self.position:
                    self.buy(size=self.p.lots)

        seen: list[Any] = []
        for given in ({}, {"lots": 5, "tz": None}):
            cerebro = own(lib)(**given, **MODES[mode])
            cerebro.adddata(feed(lib, rows(9)))
            cerebro.addstrategy(Buys)
            (strat,) = cerebro.run()
            again = cerebro.run(stdstats=True)
            seen += [cerebro.p.lots, cerebro.stakes, strat.position.size, len(strat.observers)]
            seen += [len(again[0].observers), cerebro.broker.getvalue()]
        return seen

    found = same(scenario)
    assert [found[0], found[6]] == [3, 5]


def test_each_set_of_an_optimisation_knows_them_too() -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        class Buys(lib.Strategy):
            params = (("lots", 1), ("every", 2))

            def next(self) -> None:
                if len(self) % self.p.every == 0:
                    self.buy(size=self.env.p.lots)

        cerebro = own(lib)(maxcpus=1, optreturn=False)
        cerebro.adddata(feed(lib, rows(9)))
        cerebro.optstrategy(Buys, every=[2, 3])
        return [(one.p.every, one.position.size) for sets in cerebro.run() for one in sets]

    same(scenario)


def test_a_parameter_that_no_class_has_is_an_error() -> None:
    with pytest.raises(ParameterError, match="lost"):
        own(backtrail)(lost=3)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("tz", [None, 0, 1, -1, False])
def test_the_zone_of_strategies_may_be_that_of_a_feed(mode: str, tz: Any) -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        seen: list[Any] = []

        class Told(lib.Strategy):
            def next(self) -> None:
                seen.append((self.datetime.datetime(), self.data0.datetime.datetime(), self.data1.datetime.date()))

        cerebro = lib.Cerebro(tz=tz, **MODES[mode])
        cerebro.adddata(feed(lib, rows(4, 1), tz=Zone(-5)))
        cerebro.adddata(feed(lib, rows(4, 2), tz=Zone(9)))
        cerebro.addstrategy(Told)
        cerebro.run()
        return [(a.replace(tzinfo=None), b.replace(tzinfo=None), c) for a, b, c in seen]

    same(scenario)


def test_the_number_of_no_feed_is_an_error_that_says_so() -> None:
    cerebro = backtrail.Cerebro(tz=1)
    cerebro.adddata(feed(backtrail, 5))
    cerebro.addstrategy(backtrail.Strategy)
    with pytest.raises(ParameterValueError, match=r"Cerebro\(tz=1\).*there are 1 feeds"):
        cerebro.run()


def test_a_zone_is_one_of_datetime_too() -> None:
    class Told(backtrail.Strategy):
        def stop(self) -> None:
            self.last = self.datetime.datetime()

    cerebro = backtrail.Cerebro(tz=UTC)
    cerebro.adddata(feed(backtrail, rows(3)))
    cerebro.addstrategy(Told)
    (strat,) = cerebro.run()
    assert strat.last.replace(tzinfo=None) == datetime(2024, 1, 3)
