"""What a run gives back, as part of its record, and strategies made of such a record instead of a run.

``shape_of`` writes down what a user reads after a run: classes, the results of analyzers, attributes that the
strategies set themselves, cash, value and positions. ``restore`` makes strategies of it. Attributes without a stored
form are left out; a run whose analyzers report values without one is not served.
"""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Callable
from types import FunctionType
from typing import Any, Final

from ..analyzers.base import Analyzer
from ..base.autodict import AutoDictList
from ..base.collection import ItemCollection
from ..broker.account import Account
from ..engine.metrics import METRICS
from ..engine.result import StoredResult
from ..lines.buffer import _NO_BARS
from ..lines.clock import Clock
from ..lines.series import Lines
from ..market.position import Position
from .plain import UnstorableValue, from_plain, name_of, to_plain

LARGEST_INLINE: Final = 16 * 1024
_OF_POSITIONS: Final = ("size", "price", "price_orig", "upopened", "upclosed", "adjbase", "datetime")

_ENGINE: Final = frozenset((
    "analyzers", "broker", "cerebro", "data", "datas", "datetime", "env", "l", "line", "lines", "observers", "p",
    "params", "plotinfo", "plotlines", "position", "random", "stats", "writers",
))  # fmt: skip


def shape_of(strats: list[Any], broker: Any) -> tuple[dict[str, Any], list[str]]:
    """Give what a user reads after a run, as JSON, and what of it cannot be stored: then the record is not served."""
    lacking: list[str] = []
    shape = {
        "strategies": [_strategy_shape(strat, lacking) for strat in strats],
        "broker": _broker_shape(broker, strats, lacking),
    }
    return shape, lacking


def _strategy_shape(strat: Any, lacking: list[str]) -> dict[str, Any]:
    analyzers = []
    for name, analyzer in strat.analyzers.getitems():
        where = f"analyzers.{name}"
        try:
            told = to_plain(analyzer.get_analysis(), where)
        except UnstorableValue as error:
            lacking.append(str(error))
            told = None
        analyzers.append({"name": name, "class": name_of(type(analyzer)), "analysis": told})
    attributes, missing = {}, []
    for name, value in vars(strat).items():
        if name.startswith("_") or name in _ENGINE or _is_data_name(name):
            continue
        try:
            attributes[name] = to_plain(value, name)
        except UnstorableValue:
            missing.append(name)
    return {
        "class": name_of(type(strat)),
        "cycles": len(strat),
        "attributes": attributes,
        "missing": missing,
        "analyzers": analyzers,
    }


def _is_data_name(name: str) -> bool:
    return name.startswith("data") and (name[4:].isdigit() or "_" in name[4:6])


def _broker_shape(broker: Any, strats: list[Any], lacking: list[str]) -> dict[str, Any]:
    if not isinstance(broker, Account):
        lacking.append(f"the broker, {type(broker).__name__}, is not derived from backtrail's BackBroker")
        return {}
    datas = strats[0].datas if strats else []
    numbers = {data: at for at, data in enumerate(datas)}
    positions = [
        [numbers.get(data, -1), *(to_plain(getattr(held, name), name) for name in _OF_POSITIONS)]
        for data, held in broker.positions.items()
    ]
    names = ("cash", "startingcash", "_value", "_valuemkt", "_valuelever", "_valuemktlever", "_leverage", "_fundval",
             "_fundshares", "_unrealized")  # fmt: skip
    broker.getvalue()
    return {
        "positions": positions,
        "account": {name: to_plain(getattr(broker, name), name) for name in names},
    }


# -- back ------------------------------------------------------------------------------------------------------------


def restore(run: Any, record: Any, shape: dict[str, Any]) -> list[Any] | None:
    """Make the strategies of *run* (not executed) of a *record*; None if they do not match it."""
    stored = shape["strategies"]
    spec = run.spec
    made = []
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
    for number, (build, told) in enumerate(zip(builds, stored, strict=True)):
        made.append(_strategy(run, record, number, build, told))
    run.strats = made
    _restore_broker(run, shape["broker"])
    return made


def _strategy(run: Any, record: Any, number: int, build: Any, told: dict[str, Any]) -> Any:
    """Make a strategy that has everything but bars: class, parameters, analyzers and the attributes it set itself."""
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
    for name in cls._fields_:
        own[name] = info.__dict__[name]
    own["datas"] = list(run.datas)
    for at, data in enumerate(run.datas):
        own[f"data{at}"] = data
    if run.datas:
        own["data"] = run.datas[0]
    clock = Clock(told["cycles"])
    clock.i = told["cycles"] - 1
    strat._a_, strat._c_, strat._live_ = _NO_BARS, clock, False
    own["lines"] = own["l"] = Lines(cls.lines, clock, strat)
    own["observers"] = own["stats"] = ItemCollection()
    own["writers"] = []
    own["_trades"] = AutoDictList()
    own["_orders"] = []
    own["analyzers"] = analyzers = ItemCollection()
    for build_, one in zip(_analyzer_builds(run.spec, told), told["analyzers"], strict=True):
        analyzers.append(_analyzer(strat, build_, one, record.bytes), one["name"])
    of_the_run = own.keys() - set(cls._fields_)
    for name, value in told["attributes"].items():
        if name not in of_the_run:
            own[name] = from_plain(value, loaded)
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


def _analyzer(strat: Any, build: Any, told: dict[str, Any], read: Callable[[str], bytes]) -> Any:
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
                told_analysis = json.loads(read(told["artifact"]))
            held.append(from_plain(told_analysis, loaded))
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


def _restore_broker(run: Any, told: dict[str, Any]) -> None:
    """Leave the broker as the run left it."""
    broker = run.broker
    broker.init()
    for name, value in told["account"].items():
        setattr(broker, name, from_plain(value))
    broker.lazy_value = False
    for number, *values in told["positions"]:
        if 0 <= number < len(run.datas):
            position = broker.positions[run.datas[number]] = Position()
            for name, value in zip(_OF_POSITIONS, values, strict=True):
                setattr(position, name, from_plain(value))


__all__ = ["LARGEST_INLINE", "restore", "shape_of"]
