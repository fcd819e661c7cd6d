"""Methods put in place by assignment, on classes and objects, before or during a run, are called as in backtrader."""

from __future__ import annotations

import random
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import backtrader
import pytest

import backtrail

from . import replacing


@pytest.fixture(autouse=True)
def _no_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.parametrize("block", range(4))
def test_what_a_run_puts_in_place_is_called_as_in_backtrader(block: int) -> None:
    for seed in range(block * 25, block * 25 + 25):
        assert repr(replacing.run(backtrail, seed)) == repr(replacing.run(backtrader, seed)), f"seed {seed}"


#: Runs in which somebody begins to look at every bar while orders or trades are being told.
IN_THE_MIDDLE = (1141, 1421, 1795, 1956, 2021, 2120)


@pytest.mark.parametrize("seed", IN_THE_MIDDLE)
def test_who_begins_to_listen_in_the_middle_hears_everything_once(seed: int) -> None:
    assert repr(replacing.run(backtrail, seed)) == repr(replacing.run(backtrader, seed))


@pytest.mark.long
@pytest.mark.parametrize("block", range(20))
def test_what_many_runs_put_in_place_is_called_as_in_backtrader(block: int) -> None:
    for seed in range(1000 + block * 100, 1100 + block * 100):
        assert repr(replacing.run(backtrail, seed)) == repr(replacing.run(backtrader, seed)), f"seed {seed}"


# -- on the classes themselves ----------------------------------------------------------------------------------------


@contextmanager
def patched(cls: type, name: str, made: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Iterator[None]:
    """Put ``made(the present method)`` on *cls*, and what was there back afterwards."""
    there = vars(cls).get(name, patched)
    setattr(cls, name, made(getattr(cls, name)))
    try:
        yield
    finally:
        if there is patched:
            delattr(cls, name)
        else:
            setattr(cls, name, there)


def plain_run(bt: Any) -> tuple[list[Any], dict[str, Any]]:
    """Run market orders with analyzers and observers; give the log and what came of it."""
    log: list[Any] = []

    class Trading(bt.Strategy):  # type: ignore[misc, name-defined]
        def next(self) -> None:
            if len(self) % 5 == 1:
                self.buy()
            elif len(self) % 5 == 4:
                self.close()

    class Counting(bt.Analyzer):  # type: ignore[misc, name-defined]
        def start(self) -> None:
            self.rets = {"started": len(self)}

    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(bt.feeds.PandasData(dataname=replacing.frame(random.Random(5), 40)))
    cerebro.broker.setcommission(commission=0.002)
    for analyzer in (bt.analyzers.TradeAnalyzer, bt.analyzers.TimeReturn, bt.analyzers.DrawDown, Counting):
        cerebro.addanalyzer(analyzer)
    cerebro.addobserver(bt.observers.Broker)
    cerebro.addobserver(bt.observers.Trades)
    cerebro.addstrategy(Trading)
    strat = cerebro.run()[0]
    out = {
        "end": (float(cerebro.broker.cash), float(cerebro.broker.getvalue())),
        "analyzers": [replacing.rounded(one.get_analysis()) for one in strat.analyzers],
        "observers": [[list(map(float, line.array[:40])) for line in one.lines.itersize()] for one in strat.stats],
    }
    return log, out


def logged(log: list[Any], result: Callable[[Any], Any] = lambda value: value) -> Any:
    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        def put(self: Any, *args: Any, **kwargs: Any) -> Any:
            log.append(tuple(map(replacing.plain, args)))
            return result(original(self, *args, **kwargs))

        return put

    return make


CASES = [
    ("Strategy", "notify_order", None), ("Strategy", "notify_trade", None), ("Strategy", "notify_cashvalue", None),
    ("Strategy", "notify_fund", None), ("Strategy", "prenext", None), ("Strategy", "nextstart", None),
    ("Strategy", "stop", None), ("Analyzer", "notify_order", None), ("Analyzer", "next", lambda nothing: nothing),
    ("Analyzer", "notify_cashvalue", None), ("analyzers.TradeAnalyzer", "notify_trade", None),
    ("analyzers.DrawDown", "next", None), ("analyzers.TimeReturn", "notify_fund", None),
    ("observers.Broker", "next", None), ("observers.Trades", "next", None),
    ("sizers.FixedSize", "_getsizing", lambda size: size + 2), ("Strategy", "getsizing", lambda size: size + 1),
    ("CommInfoBase", "getcommission", lambda cost: cost + 1.0), ("CommInfoBase", "_getcommission", lambda c: c * 3),
    ("CommInfoBase", "getvaluesize", lambda value: value + 0.5), ("CommInfoBase", "profitandloss", lambda p: p + 0.25),
    ("brokers.BackBroker", "getvalue", lambda value: value * 2), ("brokers.BackBroker", "getcash", lambda c: c + 1),
]  # fmt: skip


@pytest.mark.parametrize(("path", "name", "result"), CASES, ids=[f"{path}.{name}" for path, name, _ in CASES])
def test_a_method_put_on_a_class_of_the_library_is_called_as_in_backtrader(
    path: str, name: str, result: Callable[[Any], Any] | None
) -> None:
    outs = []
    for bt in (backtrail, backtrader):
        cls: Any = bt
        for part in path.split("."):
            cls = getattr(cls, part)
        log: list[Any] = []
        with patched(cls, name, logged(log, result or (lambda value: value))):
            _, out = plain_run(bt)
        # how often prices and sizes are asked for is nobody's business; who is told what, and how often, is
        outs.append(repr((out, log if result is None else bool(log))))
    assert outs[0] == outs[1]


def test_taking_a_method_back_makes_orders_short_again() -> None:
    before = repr(plain_run(backtrail))
    with patched(backtrail.Strategy, "notify_order", logged([])):
        plain_run(backtrail)
    assert repr(plain_run(backtrail)) == before


# -- brokers of the user's own ----------------------------------------------------------------------------------------


BROKERS: list[tuple[str, Callable[[Any], Any]]] = [
    ("getvalue", lambda value: value * 2), ("get_value", lambda value: value * 2), ("getcash", lambda cash: cash + 1),
    ("get_fundvalue", lambda value: value + 1), ("next", lambda nothing: nothing), ("notify", lambda nothing: nothing),
    ("submit", lambda order: order), ("transmit", lambda order: order), ("getcommissioninfo", lambda scheme: scheme),
    ("getposition", lambda position: position), ("get_notification", lambda order: order),
    ("get_fundshares", lambda shares: shares * 2),
]  # fmt: skip


@pytest.mark.parametrize(("name", "result"), BROKERS, ids=[name for name, _ in BROKERS])
@pytest.mark.parametrize("hooks", [(), ("notify_order", "notify_cashvalue", "notify_fund")])
def test_a_broker_with_a_method_of_its_own_is_asked_as_in_backtrader(
    name: str, result: Callable[[Any], Any], hooks: tuple[str, ...]
) -> None:
    outs = []
    for bt in (backtrail, backtrader):
        calls: list[Any] = []
        base = bt.brokers.BackBroker
        broker = type("Own", (base,), {name: logged(calls, result)(getattr(base, name))})()
        log: list[Any] = []

        class Trading(bt.Strategy):  # type: ignore[misc, name-defined]
            def next(self) -> None:
                if len(self) % 5 == 1:
                    self.buy_bracket(price=self.data.close[0], limitprice=self.data.close[0] * 1.03)
                elif len(self) % 7 == 4:
                    self.close()

        for hook in hooks:
            setattr(Trading, hook, lambda self, *args, log=log: log.append(tuple(map(replacing.plain, args))))
        cerebro = bt.Cerebro(stdstats=False)
        cerebro.broker = broker
        cerebro.adddata(bt.feeds.PandasData(dataname=replacing.frame(random.Random(9), 40)))
        for analyzer in (bt.analyzers.TradeAnalyzer, bt.analyzers.TimeReturn, bt.analyzers.DrawDown):
            cerebro.addanalyzer(analyzer)
        cerebro.addobserver(bt.observers.Value)
        cerebro.addstrategy(Trading)
        strat = cerebro.run()[0]
        found = [replacing.rounded(one.get_analysis()) for one in strat.analyzers]
        line = list(map(float, strat.stats[0].lines[0].array[:40]))
        told = len(calls) if name in ("next", "notify", "submit", "transmit") else bool(calls)
        outs.append(repr((log, found, line, float(broker.getvalue()), told)))
    assert outs[0] == outs[1]


# -- work from whole arrays, given up in the course of a run ----------------------------------------------------------


def through(one: Any, name: str) -> None:
    """Put a function in place that calls what was there, and nothing else."""
    original = getattr(one, name)
    setattr(one, name, lambda *args: original(*args))


@pytest.mark.parametrize("seed", range(30))
def test_an_analyzer_given_a_hook_that_changes_nothing_has_the_same_results(seed: int) -> None:
    rng = random.Random(seed)
    names = rng.sample([n for n in dir(backtrail.analyzers) if is_whole(n)], 4)
    at = rng.choice([0, 1, 7, 20, 33])
    hook = rng.choice(["next", "notify_trade", "notify_order", "notify_fund", "notify_cashvalue"])
    results = []
    for given in (False, True):

        class Trading(backtrail.Strategy):
            def start(self) -> None:
                self.give(0)

            def next(self) -> None:
                if len(self) % 5 == 1:
                    self.buy(size=1 + len(self) % 3)
                elif len(self) % 5 == 4:
                    self.close()
                self.give(len(self))

            def give(self, bar: int) -> None:
                if given and bar == at:  # noqa: B023
                    for one in self.analyzers:
                        through(one, hook)

        cerebro = backtrail.Cerebro(stdstats=False)
        cerebro.adddata(backtrail.feeds.PandasData(dataname=replacing.frame(random.Random(seed), 40)))
        for name in names:
            cerebro.addanalyzer(getattr(backtrail.analyzers, name))
        cerebro.addstrategy(Trading)
        strat = cerebro.run()[0]
        results.append([(n, without_refs(one)) for n, one in zip(names, strat.analyzers, strict=True)])
    assert results[0] == results[1]


def without_refs(one: Any) -> str:
    """Give the results of an analyzer without the numbers that trades are given in the order of their making."""
    return re.sub(r"'ref': \d+", "'ref'", repr(one.get_analysis()))


def is_whole(name: str) -> bool:
    """Tell whether the analyzer called *name* runs with its defaults and works from whole arrays."""
    cls = getattr(backtrail.analyzers, name)
    if not isinstance(cls, type) or not issubclass(cls, backtrail.Analyzer) or cls is backtrail.Analyzer:
        return False
    return cls.advance is not backtrail.Analyzer.advance and not name.startswith(("Benchmark", "Pyfolio", "PyFolio"))
