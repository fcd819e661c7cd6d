"""Runs in which methods are put in place by assignment: on classes and on objects, before the run and during it.

Each function put in place notes that it was called and then mostly calls what it replaces, so that a run shows which
functions were called, in which order and with what, beside what came of them.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pandas as pd

HOOKS = ("notify_order", "notify_trade", "notify_cashvalue", "notify_fund", "prenext", "nextstart", "next")
STEPS = ("prenext", "nextstart", "next")
PLACES = ("class", "init", "start", "next", "notify_order", "notify_trade", "notify_cashvalue")
PLACES_OF = {"analyzer": ("start", "next"), "observer": ("start",), "broker": ("init", "start", "next")}
SCHEME = (
    "getcommission", "_getcommission", "getvaluesize", "getoperationcost", "profitandloss", "get_leverage", "getsize",
    "confirmexec", "cashadjust", "get_credit_interest",
)  # fmt: skip
BROKER = ("submit", "notify", "buy", "sell", "next", "getvalue", "getcash", "get_notification", "transmit")
# those of a broker that are looked for when an order is issued, too
ISSUING = ("submit", "buy", "sell", "transmit")
ANALYZERS = ("TradeAnalyzer", "TimeReturn", "DrawDown", "SQN", "Transactions", "Returns", "GrossLeverage")
OBSERVERS = ("Broker", "Trades", "BuySell", "DrawDown", "Value", "TimeReturn")


def frame(rng: random.Random, count: int) -> pd.DataFrame:
    rows = []
    price = 100.0
    for _ in range(count):
        opening = price * (1 + rng.gauss(0, 0.01))
        price = opening * (1 + rng.gauss(0, 0.02))
        rows.append((opening, max(opening, price) * 1.01, min(opening, price) * 0.99, price, rng.randrange(1000)))
    index = pd.date_range("2024-01-01", periods=count, freq="D")
    return pd.DataFrame(rows, columns=["open", "high", "low", "close", "volume"], index=index)


def plain(value: Any) -> Any:
    """Give what an argument of a hook looks like, for the log."""
    if hasattr(value, "executed"):
        done = value.executed
        return "order", value.status, float(value.size), float(done.size), float(done.price), float(done.comm)
    if hasattr(value, "justopened"):
        return "trade", value.status, float(value.size), float(value.price), float(value.pnlcomm), value.justopened
    if isinstance(value, (int, float, str, bool)):
        return float(value) if isinstance(value, float) else value
    return type(value).__name__


class Plan:
    """What is put in place where, and the log of one run."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = random.Random(seed)
        self.log: list[Any] = []
        self.count = rng.choice([30, 60])
        self.period = rng.choice([1, 1, 8])
        self.defined = [hook for hook in HOOKS[:4] if rng.random() < 0.25]
        self.changes: list[tuple[Any, ...]] = []
        kinds = ["strategy", "strategy", "strategy", "size", "scheme", "broker", "analyzer", "observer"]
        targets = rng.sample(kinds, 2)
        for target in targets:
            names = {
                "strategy": HOOKS, "size": ("getsizing", "sizer.getsizing", "sizer._getsizing"), "scheme": SCHEME,
                "broker": BROKER, "analyzer": HOOKS, "observer": STEPS,
            }[target]  # fmt: skip
            for name in rng.sample(names, rng.choice([1, 1, 2])):
                place = rng.choice(PLACES)
                if target in PLACES_OF:
                    place = rng.choice(PLACES_OF[target])
                if target == "broker" and name not in ISSUING:
                    place = rng.choice(("init", "start"))
                bar = rng.randrange(2, self.count)
                undo = rng.randrange(bar, self.count * 2) if rng.random() < 0.4 else None
                goes_on = rng.random() < 0.8 or (target, name) == ("analyzer", "notify_fund")
                self.changes.append((target, name, place, bar, undo, goes_on))
        self.analyzers = rng.sample(ANALYZERS, rng.choice([0, 0, 1, 2]))
        self.observers = rng.sample(OBSERVERS, rng.choice([0, 0, 1]))
        wanted = {target for target, *_ in self.changes}
        if "analyzer" in wanted and not self.analyzers:
            self.analyzers = [rng.choice(ANALYZERS)]
        if "observer" in wanted and not self.observers:
            self.observers = [rng.choice(OBSERVERS)]
        self.own_analyzer = rng.random() < 0.3
        self.settings = rng.choice([{}, {}, {}, {"runonce": False}, {"preload": False}, {"quicknotify": True}])
        if self.settings == {"quicknotify": True}:  # there, who begins to listen while others are told hears half
            self.changes = [one for one in self.changes if one[2] not in ("notify_order", "notify_trade")]
            self.own_analyzer = False
        self.orders = rng.choice(["market", "market", "limit", "bracket"])
        self.commission = rng.choice([{"commission": 0.001}, {"commission": 2.0, "margin": 50.0, "mult": 5.0}])

    def hook(self, label: str, original: Callable[..., Any], goes_on: bool) -> Callable[..., Any]:
        """Make the function that stands for *original*."""
        quiet = label.startswith(("broker", "scheme", "size"))

        def put(*args: Any, **kwargs: Any) -> Any:
            if not quiet:
                self.log.append((label, *map(plain, args)))
                if not goes_on:
                    return None
            elif label.startswith("broker") and not label.endswith(("cash", "value", "get_notification")):
                self.log.append(label)
            result = original(*args, **kwargs)
            if label in ("broker.getcash", "broker.getvalue"):
                return result + 7
            if label.startswith("size"):
                return result + 1
            if label in ("scheme.getcommission", "scheme._getcommission"):
                return result + 0.25
            return result

        return put


def make_strategy(bt: Any, plan: Plan, tag: str = "") -> type:
    def change(self: Any, place: str) -> None:
        for number, (target, name, where, bar, undo, goes_on) in enumerate(plan.changes):
            key = (target, name, number)
            if where == place and key not in self.done and (place in ("init", "start") or len(self) >= bar):
                one, attribute = self.find(target, name)
                if one is not None and not (place == "init" and target in ("analyzer", "observer")):
                    self.done.add(key)
                    original = getattr(one, attribute)
                    setattr(one, attribute, plan.hook(f"{target}.{name}", original, goes_on))
            elif undo is not None and key in self.done and place == "next" and len(self) >= undo:
                one, attribute = self.find(target, name)
                if attribute in vars(one):
                    plan.log.append(("undone", target, name))
                    delattr(one, attribute)

    class Changing(bt.Strategy):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            self.done: set[Any] = set()
            self.average = bt.ind.SMA(period=plan.period)
            change(self, "init")

        def find(self, target: str, name: str) -> tuple[Any, str]:
            if target == "strategy":
                return self, name
            if target == "size":
                return (self.sizer if "." in name else self), name.rpartition(".")[2]
            if target == "scheme":
                return self.broker.getcommissioninfo(self.data), name
            if target == "broker":
                return self.broker, name
            if target == "analyzer":
                return (self.analyzers[0] if len(self.analyzers) else None), name
            return (self.stats[0] if len(self.stats) else None), name

        def start(self) -> None:
            change(self, "start")

        def next(self) -> None:
            plan.log.append(("next", len(self), float(self.broker.getcash())))
            at = len(self) % 7
            if at == 1:
                self.enter()
            elif at == 5:
                self.close()
            change(self, "next")
            if at == 3 and len(self) % 2:
                self.buy()

        def enter(self) -> None:
            close = self.data.close[0]
            if plan.orders == "market":
                self.buy()
            elif plan.orders == "limit":
                self.cancel(self.last) if len(self) > 20 else None
                self.last = self.buy(exectype=bt.Order.Limit, price=close * 0.99)
            else:
                self.buy_bracket(price=close * 0.995, stopprice=close * 0.95, limitprice=close * 1.04)

        last: Any = None

        def stop(self) -> None:
            plan.log.append(("stop", len(self)))

    def defined(name: str) -> Callable[..., None]:
        def method(self: Any, *args: Any) -> None:
            plan.log.append((f"own {name}", len(self), *map(plain, args)))
            getattr(super(made, self), name)(*args)
            change(self, name)

        return method

    made = type("Made", (Changing,), {name: defined(name) for name in plan.defined})
    for target, name, where, _, _, goes_on in plan.changes:
        if where == "class" and target == "strategy":
            setattr(made, name, plan.hook(f"class {name}", getattr(made, name), goes_on))
    return made


def run(bt: Any, seed: int) -> dict[str, Any]:
    """Run the plan of *seed* and give its log and what came of it."""
    plan = Plan(seed)
    log = plan.log

    class Own(bt.Analyzer):  # type: ignore[misc, name-defined]
        def notify_trade(self, trade: Any) -> None:
            log.append(("analyzer", plain(trade)))
            if len(self.strategy) > plan.count // 2 and "notify_order" not in vars(self):
                self.notify_order = lambda order: log.append(("analyzer", plain(order)))
                self.next = lambda: log.append(("analyzer", len(self.strategy)))

    cerebro = bt.Cerebro(stdstats=False, **plan.settings)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame(plan.rng, plan.count)))
    cerebro.broker.setcash(plan.rng.choice([300.0, 10000.0]))
    cerebro.broker.setcommission(**plan.commission)
    for name in plan.analyzers:
        cerebro.addanalyzer(getattr(bt.analyzers, name))
    if plan.own_analyzer:
        cerebro.addanalyzer(Own)
    for name in plan.observers:
        cerebro.addobserver(getattr(bt.observers, name))
    cerebro.addstrategy(make_strategy(bt, plan))
    broker = cerebro.broker
    out: dict[str, Any] = {"plan": plan.changes}
    try:
        strat = cerebro.run()[0]
    except (AttributeError, TypeError) as error:  # a method that is a property on one side only, and the like
        return {**out, "log": log, "error": type(error).__name__}
    out["log"] = log
    out["end"] = float(broker.cash), float(broker.getvalue()), float(strat.position.size)
    out["analyzers"] = [rounded(one.get_analysis()) for one in strat.analyzers]
    out["observers"] = [
        [[float(line.array[at]) for at in range(len(one))] for line in one.lines.itersize()] for one in strat.stats
    ]
    return out


def rounded(value: Any) -> Any:
    if hasattr(value, "items"):
        return {str(key): rounded(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(one) for one in value]
    return float(value) if isinstance(value, (int, float)) else str(value)
