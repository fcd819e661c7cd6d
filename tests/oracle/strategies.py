"""The strategies, sizers, fillers and commission schemes that specs name, built for either module."""

from __future__ import annotations

import types
from collections.abc import Callable
from datetime import datetime, time, timedelta
from types import ModuleType
from typing import Any


def _commission_class(bt: ModuleType) -> type:
    """Give a commission scheme as users write them: a minimum per order."""

    class WithMinimum(bt.CommInfoBase):
        params = (
            ("commission", 0.01),
            ("minimum", 1.5),
            ("stocklike", True),
            ("commtype", bt.CommInfoBase.COMM_FIXED),
        )

        def _getcommission(self, size, price, pseudoexec):
            return max(self.p.minimum, abs(size) * self.p.commission)

    return WithMinimum


def _filler_function(order: Any, price: float, ago: int) -> float:
    """Fill at most three units, on bars of even length only."""
    return 0 if len(order.data) % 2 else min(3, abs(order.executed.remsize))


def build(bt: ModuleType, value: Any) -> Any:
    """Build what JSON cannot hold: {"new": [where, class, kwargs]} and a few named things."""
    if isinstance(value, dict) and set(value) == {"new"}:
        where, name, kwargs = value["new"]
        return getattr(getattr(bt, where), name)(**kwargs)
    if value == {"filler": "function"}:
        return _filler_function
    if value == {"commission": "minimum"}:
        return _commission_class(bt)()
    if isinstance(value, dict) and set(value) == {"seconds"}:
        return timedelta(seconds=value["seconds"])
    if isinstance(value, dict) and set(value) == {"timer"}:
        if value["timer"] in ("start", "end"):
            return bt.timer.SESSION_START if value["timer"] == "start" else bt.timer.SESSION_END
        return time.fromisoformat(value["timer"])
    if isinstance(value, dict) and set(value) == {"history"}:
        return [[datetime.fromisoformat(when), *rest] for when, *rest in value["history"]]
    if isinstance(value, dict) and set(value) == {"class"}:
        return getattr(bt, value["class"])
    if isinstance(value, dict) and set(value) == {"sizer"}:
        return _sizer_class(bt) if value["sizer"] == "user" else getattr(bt.sizers, value["sizer"])
    return value


def _sizer_class(bt: ModuleType) -> type:
    class ByCash(bt.Sizer):
        params = (("share", 0.1),)

        def _getsizing(self, comminfo, cash, data, isbuy):
            position = self.broker.getposition(data)
            if not isbuy and position.size > 0:
                return position.size
            return int(cash * self.p.share / max(1.0, abs(data.close[0])))

    return ByCash


def strategy_factory(entry: dict[str, Any]) -> Callable[[ModuleType], type]:
    """Give the function that makes the strategy class of *entry* for a module."""
    if "signals" in entry:
        return lambda bt: signal_strategy(bt, entry)
    return lambda bt: scripted_strategy(bt, entry)


def signal_strategy(bt: ModuleType, entry: dict[str, Any]) -> type:
    """Give a strategy class that trades on the signals of *entry*."""

    class Signals(bt.SignalStrategy):
        params = tuple(entry["options"].items())

        def __init__(self):
            for kind, name, kwargs in entry["signals"]:
                self.signal_add(getattr(bt, kind), make_signal(bt, self.data, name, kwargs))

    return Signals


def make_signal(bt: ModuleType, data: Any, name: str, kwargs: dict[str, Any]) -> Any:
    """Build a line that is above or below zero."""
    if name == "distance":
        return data.close - bt.ind.SMA(data, period=kwargs["period"])
    if name == "cross":
        return bt.ind.CrossOver(data.close, bt.ind.SMA(data, period=kwargs["period"]))
    return bt.ind.Momentum(data, period=kwargs["period"])


def scripted_strategy(bt: ModuleType, entry: dict[str, Any]) -> type:
    """Give a strategy class that carries out the actions of *entry* at the calls of the hooks they stand under."""
    table = {
        hook: {int(number): actions for number, actions in calls.items()}
        for hook, calls in entry["actions"].items()
    }

    class Scripted(bt.Strategy):
        params = (("shift", 0),)

        def __init__(self):
            self.sources = []
            for name, kwargs, source in entry.get("indicators", []):
                self.sources.append(make_indicator(bt, self.datas[source % len(self.datas)], name, kwargs))
            self.counts = dict.fromkeys(table, 0)
            self.sent = {}
            for kwargs in entry.get("timers", []):
                self.add_timer(**{k: build(bt, v) for k, v in kwargs.items()})

        def record_note(self, kind, **fields):
            pass

        def record_order(self, kind, order):
            pass

        def follow(self, hook):
            calls = table.get(hook)
            if calls is None:
                return
            number = self.counts[hook]
            self.counts[hook] = number + 1
            for action in calls.get(number - self.p.shift, ()):
                carry_out(bt, self, action)

        def next(self):
            self.follow("next")

    def notify_order(self, order):
        if order.status == order.Completed:
            self.follow("filled")

    def notify_trade(self, trade):
        if trade.isclosed:
            self.follow("closed")

    def notify_timer(self, timer, when, *args, **kwargs):
        self.follow("timer")

    body: dict[str, Any] = {"__module__": __name__}
    if "timer" in table:
        body["notify_timer"] = notify_timer
    if entry.get("prenext"):
        body["prenext"] = lambda self: self.next()
    if "next_open" in table:
        body["next_open"] = body["prenext_open"] = lambda self: self.follow("next_open")
    if "filled" in table:
        body["notify_order"] = notify_order
    if "closed" in table:
        body["notify_trade"] = notify_trade
    return types.new_class("Script", (Scripted,), {}, lambda namespace: namespace.update(body))


def make_indicator(bt: ModuleType, data: Any, name: str, kwargs: dict[str, Any]) -> Any:
    """Build an indicator by name, or one of a few expressions of lines."""
    if name == "cross":
        fast, slow = bt.ind.SMA(data, period=kwargs["fast"]), bt.ind.EMA(data, period=kwargs["slow"])
        return bt.ind.CrossOver(fast, slow)
    if name == "spread":
        return bt.ind.SMA(data.close - data.open(-kwargs["ago"]), period=kwargs["period"])
    if name == "if":
        return bt.If(data.close > bt.ind.SMA(data, period=kwargs["period"]), data.high, data.low)
    return getattr(bt.ind, name)(data, **kwargs)


def carry_out(bt: ModuleType, strategy: Any, action: dict[str, Any]) -> None:
    """Do one action in a hook of *strategy* and have the order it gave recorded."""
    do = action["do"]
    if do == "cancel":
        order = strategy.sent.get(action["order"])
        if order is not None:
            strategy.cancel(order)
        return
    if do == "read":
        strategy.record_note("read", cash=strategy.broker.getcash(), value=strategy.broker.getvalue())
        return
    if do == "add_cash":
        strategy.broker.add_cash(action["amount"])
        return
    data = strategy.datas[action.get("data", 0) % len(strategy.datas)]
    if not len(data):
        return
    kwargs = _order_arguments(bt, strategy, data, action)
    if do in ("buy_bracket", "sell_bracket"):
        orders = getattr(strategy, do)(data=data, **kwargs)
        for part, order in zip(("main", "stop", "limit"), orders):
            strategy.record_order(f"{do}.{part}", order)
            strategy.sent[f"{action['id']}.{part}"] = order
        strategy.sent[action["id"]] = orders[0]
        return
    if do.startswith("target_"):
        order = getattr(strategy, f"order_{do}")(data=data, target=action["target"], **kwargs)
    else:
        order = getattr(strategy, do)(data=data, **kwargs)
    strategy.record_order(do, order)
    strategy.sent[action["id"]] = order


def _order_arguments(bt: ModuleType, strategy: Any, data: Any, action: dict[str, Any]) -> dict[str, Any]:
    close = data.close[0]
    kwargs: dict[str, Any] = {}
    for name in ("size", "tradeid", "trailamount", "trailpercent", "transmit", "coc"):
        if name in action:
            kwargs[name] = action[name]
    for name in ("price", "plimit", "stopprice", "limitprice"):
        if name in action:
            kwargs[name] = round(close + action[name], 6)
    for name, key in (("exec", "exectype"), ("stopexec", "stopexec"), ("limitexec", "limitexec")):
        if name in action:
            kwargs[key] = None if action[name] is None else getattr(bt.Order, action[name])
    for name in ("oco", "parent"):
        if strategy.sent.get(action.get(name)) is not None:
            kwargs[name] = strategy.sent[action[name]]
    if "valid" in action:
        kwargs["valid"] = _validity(bt, data, *action["valid"])
    if "note" in action:
        kwargs["note"] = action["note"]
    for name in ("stopargs", "limitargs", "oargs"):
        if name in action:
            part = dict(action[name])
            if "valid" in part:
                part["valid"] = _validity(bt, data, *part["valid"])
            kwargs[name] = part
    return kwargs


def _validity(bt: ModuleType, data: Any, form: str, number: float) -> Any:
    if form == "delta":
        return timedelta(days=number)
    if form == "datetime":
        return data.datetime.datetime(0) + timedelta(days=number)
    if form == "date":
        return (data.datetime.datetime(0) + timedelta(days=number)).date()
    if form == "number":
        return data.datetime[0] + number
    return bt.Order.DAY
