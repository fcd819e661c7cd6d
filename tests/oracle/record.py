"""Run a scenario and write down every hook call, in order, with all that a user could read there."""

from __future__ import annotations

import hashlib
import re
import traceback
import types
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np
from tests.oracle.scenario import Scenario, Watch, add_datas

ORDER_DATA = (
    "dt", "size", "remsize", "price", "pricelimit", "plimit", "pclose", "trailamount", "trailpercent", "value", "comm",
    "margin", "pnl", "psize", "pprice", "p1", "p2",
)  # fmt: skip
EXECUTION = (
    "dt", "size", "price", "closed", "closedvalue", "closedcomm", "opened", "openedvalue", "openedcomm", "pnl", "psize",
    "pprice", "value", "comm",
)  # fmt: skip
ORDER = ("status", "exectype", "ordtype", "size", "price", "pricelimit", "valid", "tradeid", "trailamount",
         "trailpercent", "transmit", "triggered", "dteos")  # fmt: skip
TRADE = (
    "status", "tradeid", "size", "price", "value", "commission", "pnl", "pnlcomm", "isopen", "isclosed", "justopened",
    "baropen", "barclose", "barlen", "dtopen", "dtclose", "long",
)  # fmt: skip
POSITION = ("size", "price", "price_orig", "upopened", "upclosed", "adjbase")
MISSING = "<missing>"
FORGOTTEN = "<forgotten>"


@dataclass
class Event:
    """One hook call: its name, the strategy's number, the strategy's len and datetime, and the fields seen."""

    kind: str
    strategy: int
    length: int
    time: Any
    fields: dict[str, Any]


@dataclass
class Recording:
    """All events of a run, the state it ended with and the exception that ended it, if one did."""

    events: list[Event] = field(default_factory=list)
    final: dict[str, Any] = field(default_factory=dict)
    error: str | None = None
    message: str = ""

    def digest(self) -> str:
        """Give a hash of every bit that was recorded."""
        text = repr((self.events, self.final, self.error))
        return hashlib.sha256(text.encode()).hexdigest()


class _Refs:
    """Number orders and trades from the first one that a run shows."""

    def __init__(self) -> None:
        self.base: dict[str, int] = {}

    def __call__(self, kind: str, ref: int) -> int:
        return ref - self.base.setdefault(kind, ref)


def order_fields(order: Any, refs: _Refs) -> dict[str, Any]:
    """Write down all of an order, the executions of this notification included."""
    seen: dict[str, Any] = {"ref": refs("order", order.ref)}
    for name in ORDER:
        seen[name] = getattr(order, name, MISSING)
    seen["isbuy"], seen["alive"] = order.isbuy(), order.alive()
    seen["data"] = order.data._name
    for part in ("created", "executed"):
        values = getattr(order, part)
        for name in ORDER_DATA:
            seen[f"{part}.{name}"] = getattr(values, name, MISSING)
    seen["bits"] = [
        tuple((name, getattr(bit, name, MISSING)) for name in EXECUTION)
        for bit in order.executed.iterpending()
    ]
    seen["info"] = [(key, plain(value)) for key, value in order.info.items()]
    return seen


def trade_fields(trade: Any, refs: _Refs) -> dict[str, Any]:
    """Write down all of a trade, its history included."""
    seen: dict[str, Any] = {"ref": refs("trade", trade.ref), "data": trade.data._name}
    for name in TRADE:
        seen[name] = getattr(trade, name, MISSING)
    seen["history"] = [
        (plain(entry.status), [(k, plain(v)) for k, v in entry.event.items() if k != "order"])
        for entry in trade.history
    ]
    return seen


def plain(value: Any) -> Any:
    """Turn analyzers' results into lists of pairs and scalars, order kept."""
    if isinstance(value, Mapping):
        return [(plain(key), plain(each)) for key, each in value.items()]
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return value


def line_values(line: Any) -> list[float] | str:
    """Give the values a line holds after the run; of a line that forgets, say so."""
    count = len(line)
    array = line.array
    return [float(array[k]) for k in range(count)] if len(array) >= count else FORGOTTEN


class _Recorder:
    """Writes events; one per run, shared by all strategies in it."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.recording = Recording()
        self.refs = _Refs()
        self.strategies = 0
        self.calls = 0

    def note(self, strategy: Any, kind: str, fields: dict[str, Any]) -> None:
        length = len(strategy)
        time = strategy.datetime[0] if length else None
        fields["indicators"] = [(len(one), float(one[0]) if len(one) else None) for one in strategy.getindicators()]
        self.recording.events.append(Event(kind, strategy.recorded_as, length, time, fields))

    def bar(self, strategy: Any) -> dict[str, Any]:
        """Write down lengths, closes and, when it is time to, the account."""
        fields: dict[str, Any] = {"lens": [len(d) for d in strategy.datas]}
        fields["closes"] = [d.close[0] if len(d) else None for d in strategy.datas]
        fields["times"] = [d.datetime[0] if len(d) else None for d in strategy.datas]
        self.calls += 1
        if self.watch.reads and self.calls % self.watch.reads == 0:
            fields.update(self.account(strategy))
        return fields

    def account(self, strategy: Any) -> dict[str, Any]:
        broker = strategy.broker
        fields: dict[str, Any] = {
            "cash": broker.getcash(),
            "value": broker.getvalue(),
            "fundvalue": broker.get_fundvalue(),
            "fundshares": broker.get_fundshares(),
        }
        for k, data in enumerate(strategy.datas):
            if len(data):  # asking for the position makes the broker value it: not before there is a price
                position = strategy.getposition(data)
                for name in POSITION:
                    fields[f"position{k}.{name}"] = getattr(position, name, MISSING)
                # backtrader's positions have no time before the first execution
                fields[f"position{k}.datetime"] = getattr(position, "datetime", None)
                fields[f"value{k}"] = broker.getvalue([data])
        return fields


def recorded_class(base: type, recorder: _Recorder) -> type:
    """Derive from a strategy class one that writes down the hooks being watched before it does what the class does."""

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        self.recorded_as = recorder.strategies
        recorder.strategies += 1
        base.__init__(self, *args, **kwargs)

    def record_note(self: Any, kind: str, **fields: Any) -> None:
        recorder.note(self, kind, fields)

    def record_order(self: Any, kind: str, order: Any) -> None:
        recorder.note(self, kind, {"order": None} if order is None else order_fields(order, recorder.refs))

    def lifecycle(kind: str) -> Any:
        def hook(self: Any) -> None:
            recorder.note(self, kind, {})
            getattr(base, kind)(self)

        return hook

    def per_bar(kind: str) -> Any:
        def hook(self: Any) -> None:
            recorder.note(self, kind, recorder.bar(self))
            getattr(base, kind)(self)

        return hook

    def notify_order(self: Any, order: Any) -> None:
        recorder.note(self, "notify_order", order_fields(order, recorder.refs))
        base.notify_order(self, order)

    def notify_trade(self: Any, trade: Any) -> None:
        recorder.note(self, "notify_trade", trade_fields(trade, recorder.refs))
        base.notify_trade(self, trade)

    def notify_cashvalue(self: Any, cash: float, value: float) -> None:
        recorder.note(self, "notify_cashvalue", {"cash": cash, "value": value})

    def notify_fund(self: Any, cash: float, value: float, fundvalue: float, shares: float) -> None:
        seen = {"cash": cash, "value": value, "fundvalue": fundvalue, "shares": shares}
        recorder.note(self, "notify_fund", seen)

    def notify_timer(self: Any, timer: Any, when: Any, *args: Any, **kwargs: Any) -> None:
        recorder.note(self, "notify_timer", {"when": when, "args": plain(args), "kwargs": plain(kwargs)})
        base.notify_timer(self, timer, when, *args, **kwargs)

    given = {
        "notify_order": notify_order,
        "notify_trade": notify_trade,
        "notify_cashvalue": notify_cashvalue,
        "notify_fund": notify_fund,
        "notify_timer": notify_timer,
        "start": lifecycle("start"),
        "stop": lifecycle("stop"),
    }
    body = {kind: given.get(kind) or per_bar(kind) for kind in recorder.watch.hooks}
    body.update(__init__=init, record_note=record_note, record_order=record_order, __module__=__name__)
    return types.new_class("Recorded", (base,), {}, lambda namespace: namespace.update(body))


def final_state(cerebro: Any, strategies: Iterable[Any]) -> dict[str, Any]:
    """Write down what is left after the run: account, positions, lines, observers, analyzers."""
    broker = cerebro.broker
    final: dict[str, Any] = {"cash": broker.getcash(), "value": broker.getvalue()}
    for n, writer in enumerate(getattr(cerebro, "runwriters", ())):
        final[f"writer{n}"] = writer.out.getvalue()
    for k, strategy in enumerate(strategies):
        mark = f"strategy{k}"
        if not hasattr(strategy, "datas"):  # what optimisation gives back
            final[f"{mark}.params"] = plain([v for n, v in strategy.p._getkwargs().items() if n != "actions"])
        else:
            final[f"{mark}.len"] = len(strategy)
            final[f"{mark}.datetime"] = line_values(strategy.lines.datetime)
            for d, data in enumerate(strategy.datas):
                final[f"{mark}.data{d}.size"] = broker.getposition(data).size
                final[f"{mark}.data{d}.price"] = broker.getposition(data).price
                for alias in data.getlinealiases():
                    final[f"{mark}.data{d}.{alias}"] = line_values(getattr(data.lines, alias))
            for n, indicator in enumerate(strategy.getindicators()):
                for number, line in enumerate(indicator.lines):
                    final[f"{mark}.{type(indicator).__name__}{n}.{number}"] = line_values(line)
            for n, observer in enumerate(strategy.observers):
                for number, line in enumerate(observer.lines):
                    final[f"{mark}.observer{n}.{type(observer).__name__}.{number}"] = line_values(line)
        for n, analyzer in enumerate(strategy.analyzers):
            final[f"{mark}.analyzer{n}.{type(analyzer).__name__}"] = plain(analyzer.get_analysis())
    return final


def builtin_error(error: BaseException) -> str:
    """Name the first built-in class among the error's classes: engines may raise subclasses of their own."""
    for cls in type(error).__mro__:
        if cls.__module__ == "builtins":
            return cls.__name__
    return type(error).__name__


def _describe_error(error: BaseException) -> str:
    """Give the error's text and the last places it came through, the reference's own code left out."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "/backtrader/" not in f.filename][-4:]
    return "".join([f"{type(error).__name__}: {error}\n", *traceback.format_list(frames)])


def record(bt: ModuleType, scenario: Scenario) -> Recording:
    """Run *scenario* on the module *bt* and write it all down; an exception ends the recording and is part of it."""
    recorder = _Recorder(scenario.watch)
    recording = recorder.recording
    cerebro = bt.Cerebro(**scenario.cerebro)
    files = add_datas(bt, cerebro, scenario.datas)
    try:
        if scenario.setup is not None:
            scenario.setup(bt, cerebro)
        for name, kwargs in scenario.analyzers:
            options = dict(kwargs)
            if "timeframe" in options:
                options["timeframe"] = getattr(bt.TimeFrame, options["timeframe"])
            cerebro.addanalyzer(getattr(bt.analyzers, name), **options)
        for factory, kwargs in scenario.strategies:
            cls = recorded_class(factory(bt), recorder)
            if scenario.optimise is None:
                cerebro.addstrategy(cls, **kwargs)
            else:
                cerebro.optstrategy(cls, **{k: [v] for k, v in kwargs.items()}, **scenario.optimise)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                results = cerebro.run(**scenario.run)
                if scenario.optimise is not None:
                    results = [each for combination in results for each in combination]
                recording.final = final_state(cerebro, results)
            except (ImportError, NameError):
                raise  # not what a run ends with: the engine itself is broken
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what is compared
                recording.error = builtin_error(error)
                recording.message = _describe_error(error)
    finally:
        for path in files:
            path.unlink(missing_ok=True)
    if bt.__name__ == "backtrader":  # it hands out numpy scalars when it does not preload a frame
        for event in recording.events:
            event.fields = {name: _python(value) for name, value in event.fields.items()}
        recording.final = {name: _python(value) for name, value in recording.final.items()}
    return recording


def _python(value: Any) -> Any:
    """Turn numpy scalars into Python's."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)):
        return type(value)(_python(each) for each in value)
    if isinstance(value, str) and "np.float64(" in value:
        return re.sub(r"np\.float64\(([^)]*)\)", r"\1", value)
    return value
