"""Scripts may call attributes and methods of their own what they like, as far as backtrader lets them."""

from __future__ import annotations

import functools
import random
import warnings
from collections.abc import Iterator
from typing import Any

import backtrader
import pytest

import backtrail

from .replacing import frame

PLACES = ("strategy", "indicator", "analyzer", "sizer", "scheme", "observer", "feed")
# What authors of strategies call things of their own.
NAMES = [
    "_a", "_account", "_adjust", "_advance", "_at", "_bar", "_bars", "_behind", "_book", "_books", "_bracket",
    "_buy", "_by", "_c", "_cancel", "_cash", "_check", "_checks", "_children", "_clear", "_close_all", "_closed",
    "_columns", "_complete", "_count", "_cut", "_cycle", "_daily", "_data", "_datas", "_done", "_enter", "_entering",
    "_equity", "_executions", "_exit", "_expired", "_extras", "_family", "_fields", "_fill", "_filled", "_filter",
    "_finish", "_first", "_fixed_size", "_held", "_high", "_holder", "_index", "_init", "_instruments", "_kinds",
    "_label", "_last", "_late", "_layout", "_leader", "_length", "_listen", "_live", "_log", "_low", "_manage",
    "_match", "_missing", "_move", "_named", "_now", "_numbers", "_on", "_opened", "_order", "_orders_sent",
    "_outside", "_own", "_path", "_pending", "_place", "_plan", "_position", "_prepare", "_prev", "_price",
    "_program", "_quick", "_record", "_refused", "_replay", "_reset", "_risk", "_root", "_row", "_run", "_sell",
    "_set_size", "_settle", "_setup", "_signal", "_size", "_slip", "_source", "_split", "_stage", "_start", "_state",
    "_step", "_steps", "_stop", "_stored", "_table", "_take", "_ticks", "_timers", "_times", "_trade",
    "_trades_closed", "_trades_opened", "_trail", "_try", "_update", "_value", "_views", "_wait", "_watch", "_where",
    "_working", "_worth", "_written",
]  # fmt: skip
# The objects of the last run, by engine and place.
_seen: dict[tuple[Any, str], Any] = {}


@pytest.fixture(autouse=True)
def _no_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class Taken:
    """What a script has under names of its own: values, or methods."""

    def __init__(self, names: list[str], how: str) -> None:
        self.names = names
        self.how = how

    def by_class(self, cls: type) -> type:
        if self.how == "method":
            for name in self.names:
                setattr(cls, name, lambda self, *args, **kwargs: "the script's")
        return cls

    def by(self, one: Any, when: str) -> None:
        if self.how == when:
            for name in self.names:
                setattr(one, name, 7)


def run(bt: Any, place: str, names: list[str], how: str, **modes: Any) -> tuple[Any, ...]:
    none = Taken([], how)
    taken = {one: Taken(names, how) if one == place else none for one in PLACES}

    class Mean(bt.Indicator):  # type: ignore[misc, name-defined]
        lines = ("mean",)
        params = (("period", 4),)

        def __init__(self) -> None:
            taken["indicator"].by(self, "value")
            self.addminperiod(self.p.period)

        def next(self) -> None:
            self.lines.mean[0] = sum(self.data.get(size=self.p.period)) / self.p.period

    class Notes(bt.Analyzer):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            taken["analyzer"].by(self, "value")
            self.notes: list[Any] = []

        def next(self) -> None:
            self.notes.append((self.strategy.broker.getvalue(), self.data.close[0]))
            if len(self.notes) == 9:
                taken["analyzer"].by(self, "later")

        def notify_trade(self, trade: Any) -> None:
            self.notes.append((trade.status, trade.pnlcomm))

    class Half(bt.Sizer):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            taken["sizer"].by(self, "value")

        def _getsizing(self, comminfo: Any, cash: float, data: Any, isbuy: bool) -> int:
            return int(cash / data.close[0] / 2)

    class Scheme(bt.CommInfoBase):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            taken["scheme"].by(self, "value")

    class Height(bt.Observer):  # type: ignore[misc, name-defined]
        lines = ("height",)

        def __init__(self) -> None:
            taken["observer"].by(self, "value")

        def next(self) -> None:
            self.lines.height[0] = self.data.high[0] - self.data.low[0]

    class Feed(bt.feeds.PandasData):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            taken["feed"].by(self, "value")

    class Script(bt.Strategy):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            taken["strategy"].by(self, "value")
            self.mean = Mean(self.data)
            self.cross = bt.ind.CrossOver(self.data.close, bt.ind.SMA(period=3))
            self.told: list[Any] = []

        def notify_order(self, order: Any) -> None:
            self.told.append((order.status, order.executed.price, order.executed.size))

        def notify_trade(self, trade: Any) -> None:
            self.told.append((trade.status, trade.pnl, trade.pnlcomm))

        def next(self) -> None:
            self.told.append((len(self), self.mean[0], self.position.size))
            if len(self) == 12:
                taken["strategy"].by(self, "later")
            close = self.data.close[0]
            if self.cross > 0 and not self.position:
                self.buy_bracket(limitprice=close * 1.03, stopprice=close * 0.98, exectype=bt.Order.Market)
            elif self.cross < 0 and self.position:
                self.close()

    made = dict(zip(PLACES, (Script, Mean, Notes, Half, Scheme, Height, Feed), strict=True))
    taken[place].by_class(made[place])
    cerebro = bt.Cerebro(**modes)
    cerebro.adddata(Feed(dataname=frame(random.Random(3), 50)))
    cerebro.broker.addcommissioninfo(Scheme(commission=0.001))
    cerebro.addsizer(Half)
    cerebro.addanalyzer(Notes)
    cerebro.addobserver(Height)
    cerebro.addstrategy(Script)
    (script,) = cerebro.run()
    parts = (script, script.mean, script.analyzers[0], script.getsizer(), cerebro.broker.getcommissioninfo(script.data))
    _seen.update(zip(((bt, one) for one in PLACES), (*parts, script.observers[-1], script.data), strict=True))
    heights = list(script.observers[-1].lines.height.array) if modes.get("exactbars") is None else []
    return script.told, script.analyzers[0].notes, [x for x in heights if x == x], cerebro.broker.getvalue()


@functools.cache
def plain(*off: str) -> tuple[Any, ...]:
    """Give what backtrader's run leaves when nothing is taken, with the modes *off* switched off."""
    return run(backtrader, "strategy", [], "value", **dict.fromkeys(off, False))


@functools.cache
def free(place: str) -> list[str]:
    """Give the names that backtrader has no use for there."""
    run(backtrader, "strategy", [], "value")
    return [name for name in NAMES if not hasattr(_seen[backtrader, place], name)]


@pytest.mark.parametrize("modes", [{}, {"runonce": False}], ids=["vectorised", "bar by bar"])
@pytest.mark.parametrize("how", ["value", "method", "later"])
@pytest.mark.parametrize("place", PLACES)
def test_scripts_have_private_names_of_their_own(place: str, how: str, modes: dict[str, Any]) -> None:
    names = free(place)
    assert len(names) > 100
    if modes:
        assert run(backtrail, place, names, how, **modes) == plain("runonce")
        return
    assert len(plain()[0]) > 50
    assert run(backtrader, place, names, how) == plain()
    assert run(backtrail, place, names, how) == plain()


def names_of(bt: Any) -> dict[str, set[str]]:
    """Give the private names that objects have, from their classes and themselves, by kind."""
    run(bt, "strategy", [], "value")
    objects = {place: _seen[bt, place] for place in PLACES} | {"broker": _seen[bt, "strategy"].broker}
    kinds = {one: [type(made), made] for one, made in objects.items()}
    for name, kind in DERIVED.items():
        kinds[name] = [getattr(bt, name, None) or getattr(bt.feeds, name), kinds[kind][1]]
    found: dict[str, set[str]] = {}
    for kind, (cls, *made) in kinds.items():
        bodies = [vars(base) for base in cls.__mro__ if base is not object]
        names = {name for body in (*bodies, *map(vars, made)) for name in body}
        names |= {name for body in bodies for more in ("__annotations__", "__slots__") for name in body.get(more, ())}
        found[kind] = {name for name in names if name.startswith("_") and not name.startswith("__")}
    return found


# Other classes that scripts derive from, and what has their attributes.
DERIVED = {
    "SignalStrategy": "strategy", "TimeFrameAnalyzerBase": "analyzer", "BrokerBase": "broker",
    "GenericCSVData": "feed", "BacktraderCSVData": "feed", "YahooFinanceCSVData": "feed",
}  # fmt: skip
# Names of backtrader's lines and dicts that others answer here as well.
ANSWERED = {"_getlinealias", "_getlines", "_getlinesextra", "_close", "_open", "_clock", "_mindatas", "_all"}


def test_private_names_that_backtrader_has_not_end_with_an_underscore() -> None:
    theirs, ours = names_of(backtrader), names_of(backtrail)
    for kind, names in ours.items():
        assert {name for name in names - theirs[kind] - ANSWERED if not name.endswith("_")} == set(), kind
