"""Strategies made of a record instead of a run: everything that a user reads after a run.

What the record does not keep is there by name, and says so when it is used.
"""

from __future__ import annotations

import json
import sys
import types
from types import FunctionType
from typing import Any, Final

from ..analyzers.base import Analyzer
from ..base.collection import ItemCollection
from ..engine.metrics import METRICS
from ..engine.result import StoredResult
from ..lines.buffer import _NO_BARS
from ..lines.clock import Clock
from ..lines.series import Lines
from ..market.position import Position
from .frames import from_table
from .plain import from_plain, name_of
from .shape import FORMAT, OF_POSITIONS
from .unkept import unkept

# Of the engine's own attributes, those that lead to what a record does not keep.
_UNKEPT: Final = {
    **{name: name for name in ("_alnames", "_clock", "_minperiod", "_minperiods", "_orderspending", "_owner", "_sizer",
                               "_slave_analyzers", "_tradespending")},
    "_children_": "indicators and observers",
    "_uncounted_": "_trades",
}  # fmt: skip


def restore(run: Any, record: Any, shape: dict[str, Any]) -> list[Any] | None:
    """Make the strategies of *run* (not executed) of a *record*; None if they do not match it."""
    if shape.get("format") != FORMAT:
        return None
    stored = shape["strategies"]
    spec = run.spec
    made: list[Any] = []
    by_name = {name_of(build.cls): build for build in spec.strategies}
    if len(by_name) == len(spec.strategies) == len(stored):
        builds = [by_name.get(one["class"]) for one in stored]
    elif len(stored) == len(spec.strategies):
        builds = list(spec.strategies)
    else:
        return None
    if any(build is None for build in builds):
        return None
    summary = {name: value for name, value in record.metrics.items() if name in METRICS}
    run.serve(StoredResult(record.table, summary))
    ends = list(zip(run.datas, shape["bars"], strict=True))
    reader = _Reader(run, record, made)
    for number, (build, told) in enumerate(zip(builds, stored, strict=True)):
        made.append(_strategy(reader, number, build, told))
    for strat, told in zip(made, stored, strict=True):
        reader.attributes(strat, told)
    run.strats = made
    _restore_broker(run, record.id, shape["broker"])
    for data, (count, same) in ends:
        _leave_at(data, count, same, record.id)
    return made


class _Reader:
    """Reads what a record keeps of attributes."""

    def __init__(self, run: Any, record: Any, strats: list[Any]) -> None:
        self.run = run
        self.record = record
        self.strats = strats

    def fetch(self, told: Any) -> Any:
        """Give what :meth:`Shape._keep` wrote."""
        [kind, held] = next(iter(told.items()))
        if kind == "table":
            return from_table(self.record.table(held), told["told"])
        if kind == "feed":
            return self.run.datas[held]
        if kind == "line":
            return self.run.datas[held[0]].lines._all[held[1]]
        if kind == "strategy":
            return self.strats[held]
        raise ValueError(f"reading run {self.record.id} - expected something that is kept - found {kind!r}")

    def value(self, told: Any) -> Any:
        """Give a stored value."""
        return from_plain(told, loaded, self.fetch)

    def attributes(self, strat: Any, told: dict[str, Any]) -> None:
        """Give a strategy and its analyzers the attributes that they set themselves, and what stands for the others."""
        own, name_ = strat.__dict__, type(strat).__name__
        if "artifact" in told:
            told = {**told, **json.loads(self.record.bytes(told["artifact"]))}
        params = strat.params.__dict__
        params.update((name, self.value(value)) for name, value in told["params"].items())
        for name, kind in told["missing_params"].items():
            params[name] = unkept(f"{name_}.params.{name}", self.record.id, kind)
        for name in type(strat)._fields_:
            own[name] = params[name]
        own.update((name, self.value(value)) for name, value in told["attributes"].items())
        for name, kind in told["missing"].items():
            own[name] = unkept(f"{name_}.{name}", self.record.id, kind)
        for (name, analyzer), one in zip(strat.analyzers.getitems(), told["analyzers"], strict=True):
            of = analyzer.__dict__
            if isinstance(getattr(type(analyzer), "rets", None), property):
                of["_behind_"] = False
                analyzer.rets = analyzer.get_analysis()
            of.update((key, self.value(value)) for key, value in one.get("attributes", {}).items())
            for key, kind in one.get("missing", {}).items():
                of[key] = unkept(f"analyzers.{name}.{key}", self.record.id, kind)


def _leave_at(data: Any, count: int, same: bool, run: str) -> None:
    """Leave a feed at its last bar, as the run did; one that has not the bars that the run left cannot be read."""
    if same and data._stored_() >= count:
        data._c_.i = count - 1
        return
    clock = Clock(count)
    clock.i = count - 1
    data._c_ = clock
    name = data._name or type(data).__name__
    for line in data.lines._all:
        line._set_clock(clock)
        line.array = line._a_ = mark = unkept(f"the bars of feed {name!r}", run)
        for mirror in line._mirrors:
            mirror._a_ = mark


def _strategy(reader: _Reader, number: int, build: Any, told: dict[str, Any]) -> Any:
    """Make a strategy that has everything but the attributes that were set in the run."""
    run, record = reader.run, reader.record
    cls = build.cls
    strat = cls.__new__(cls)
    own = strat.__dict__
    own["env"] = own["cerebro"] = run.cerebro
    own["broker"] = run.broker
    own["_id"] = number
    own["_run_"] = run
    own["random"] = run.random
    params = {name: value for name, value in build.kwargs.items() if name in cls.params._defaults}
    info = type(cls.params)(cls.params._defaults, params)
    own["params"] = own["p"] = info
    own["datas"] = list(run.datas)
    for at, data in enumerate(run.datas):
        own[f"data{at}"] = data
    if run.datas:
        own["data"] = run.datas[0]
    clock = Clock(told["cycles"])
    clock.i = told["cycles"] - 1
    strat._a_, strat._c_, strat._live_ = _NO_BARS, clock, False
    own["lines"] = own["l"] = lines = Lines(cls.lines, clock, strat)
    name_ = cls.__name__
    for line in lines._all:
        own[line._name] = line
        line.array = line._a_ = unkept(f"line {line._name!r} of {name_}", record.id)
    own["line"] = lines._all[0]
    object.__setattr__(strat, "_a_", own["line"]._a_)
    own["observers"] = own["stats"] = ItemCollection()
    if told["observers"]:
        own["observers"] = own["stats"] = unkept(f"the observers of {name_}", record.id)
    own["writers"] = []
    own.update((name, unkept(f"{name_}: {shown}", record.id)) for name, shown in _UNKEPT.items())
    own["_orders"] = unkept(f"{name_}._orders", record.id) if told["orders"] else []
    own["analyzers"] = analyzers = ItemCollection()
    for build_, one in zip(_analyzer_builds(run.spec, told), told["analyzers"], strict=True):
        analyzers.append(_analyzer(strat, build_, one, reader), one["name"])
    return strat


def loaded(name: str) -> Any:
    """Give the class or function that :func:`name_of` names so, of a module that is loaded; ValueError if none is."""
    module, _, path = name.partition(":")
    found: Any = sys.modules.get(module)
    for part in path.split("."):
        found = getattr(found, part, None)
    if not isinstance(found, (type, FunctionType)):
        raise ValueError(f"reading a stored value - expected {name} to be loaded - found no such class")
    return found


def _analyzer_builds(spec: Any, told: dict[str, Any]) -> list[Any]:
    """Give how each stored analyzer was made; those that the strategy made itself are known by class only."""
    builds = list(spec.analyzers)
    count = len(told["analyzers"])
    return [None] * (count - len(builds)) + builds if count >= len(builds) else [None] * count


def _analyzer(strat: Any, build: Any, told: dict[str, Any], reader: _Reader) -> Any:
    """Make an analyzer that has its results only; large ones are read when they are asked for."""
    cls = build.cls if build is not None and name_of(build.cls) == told["class"] else _Stored
    made = object.__new__(cls)
    own = made.__dict__
    if build is not None and hasattr(cls, "params"):
        params = {n: v for n, v in build.kwargs.items() if n in cls.params._defaults}
        own["params"] = own["p"] = type(cls.params)(cls.params._defaults, params)
    own["strategy"] = strat
    own["datas"] = strat.datas
    own["data"] = strat.datas[0] if strat.datas else None
    own["_children"] = []
    own["_path_"] = None
    held: list[Any] = []

    def analysis(self: Any) -> Any:
        if not held:
            told_analysis = told["analysis"]
            if "artifact" in told:
                told_analysis = json.loads(reader.record.bytes(told["artifact"]))
            held.append(reader.value(told_analysis))
        return held[0]

    own["get_analysis"] = types.MethodType(analysis, made)
    if isinstance(made, Analyzer):  # `rets` is worked out when it is read, as after a run
        own["_held_"] = None
        own["_catch_up_"] = lambda: own.__setitem__("_held_", analysis(made))
    return made


class _Stored:
    """An analyzer that a strategy made itself: its results without its class."""

    strategy: Any

    def _detach_(self) -> None:
        """Let go of strategy and datas."""
        self.strategy = self.datas = self.data = None


def _restore_broker(run: Any, record: str, told: dict[str, Any]) -> None:
    """Leave the broker as the run left it."""
    broker = run.broker
    broker.init()
    for name, value in told["account"].items():
        setattr(broker, name, from_plain(value))
    broker.lazy_value = False
    for name, count in told["orders"].items():
        if count:
            setattr(broker, name, unkept(f"broker.{name}", record))
    for number, *values in told["positions"]:
        if 0 <= number < len(run.datas):
            position = broker.positions[run.datas[number]] = Position()
            for name, value in zip(OF_POSITIONS, values, strict=True):
                setattr(position, name, from_plain(value))


__all__ = ["restore"]
