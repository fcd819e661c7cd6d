"""What a run gives back, as part of its record: what a user reads after a run.

That is classes, the results of analyzers, attributes that strategies and analyzers set themselves, parameters that a
strategy changed, cash, value and positions. What has no stored form, and what is not kept (indicators, orders), is
noted by name and type; a run whose analyzers report values without a stored form is not served.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from ..base.declare import ParamsBase
from ..broker.account import Account
from ..lines.root import LineRoot
from ..market.commission import CommInfoBase
from .code.secrets import kinds_of_secrets, secrets_among
from .encoding import UncacheableParameter, encode
from .frames import is_frame, to_table
from .plain import UnstorableValue, name_of, to_plain

LARGEST_INLINE: Final = 16 * 1024
FORMAT: Final = 2
"""The format of what is written here; records in another one are not served."""

OF_POSITIONS: Final = ("size", "price", "price_orig", "upopened", "upclosed", "adjbase", "datetime")
_SCALARS: Final = (type(None), bool, int, str)

_ENGINE: Final = frozenset((
    "analyzers", "broker", "cerebro", "data", "datas", "datetime", "env", "l", "line", "lines", "observers", "p",
    "params", "plotinfo", "plotlines", "position", "random", "stats", "writers",
))  # fmt: skip
_PRIVATE: Final = frozenset((
    "_alnames", "_clock", "_dlens", "_id", "_minperiod", "_minperiods", "_minperstatus", "_oldsync", "_orders",
    "_orderspending", "_owner", "_sizer", "_slave_analyzers", "_tradehistoryon", "_tradespending",
))  # fmt: skip
_OF_ANALYZERS: Final = frozenset((
    "_children", "_parent", "data", "datas", "get_analysis", "p", "params", "strategy",
))  # fmt: skip

Given = list[dict[str, Any]]
"""By strategy, what tells whether a parameter is still what it was: see :func:`given_params`."""


def given_params(builds: Any) -> Given:
    """Note the parameters of strategies before they run, which may change them."""
    return [{name: _mark(value) for name, value in _params_of(build).items()} for build in builds]


def _params_of(build: Any) -> dict[str, Any]:
    defaults = getattr(getattr(build.cls, "params", None), "_defaults", {})
    return {name: build.kwargs.get(name, default) for name, default in defaults.items()}


def _mark(value: Any) -> Any:
    """Give something that is equal for values of the same type and content, and for no others."""
    kind = type(value)
    if kind in _SCALARS or kind is float:
        return kind, repr(value)
    if isinstance(value, LineRoot):
        return id(value)
    try:
        return kind, encode(value)
    except UncacheableParameter:
        return id(value)


class Shape:
    """The shape of a run in the making: what JSON holds, the frames besides, and what is lacking to serve it."""

    def __init__(self, strats: list[Any], datas: list[Any]) -> None:
        self.strats = strats
        self.datas = datas
        self.tables: dict[str, Any] = {}
        self.lacking: list[str] = []
        self._lead = ""

    def of(self, given: Given, broker: Any, bars: list[bool]) -> dict[str, Any]:
        """Give what a user reads after a run. *bars* tells of which feeds a run that is served has the same bars."""
        return {
            "format": FORMAT,
            "strategies": [self._strategy(strat, given) for strat in self.strats],
            "broker": self._broker(broker),
            "bars": [[len(data), same] for data, same in zip(self.datas, bars, strict=True)],
        }

    def _strategy(self, strat: Any, given: Given) -> dict[str, Any]:
        self._lead = f"attribute-{strat._id}"
        own, params = vars(strat), vars(strat.params)
        fields = {name for name in type(strat)._fields_ if name in own and own[name] is params.get(name)}
        attributes, missing = self._attributes(own, lambda name: name in fields or _is_engines(name, own, strat))
        marks = given[strat._id]
        changed = {
            name: value
            for name, value in params.items()
            if name not in ("_defaults", "_heard_by") and (name not in marks or marks[name] != _mark(value))
        }
        set_params, lost_params = self._attributes(changed, lambda name: False)
        return {
            "class": name_of(type(strat)),
            "cycles": len(strat),
            "attributes": attributes,
            "missing": missing,
            "params": set_params,
            "missing_params": lost_params,
            "observers": len(strat._every_observer_),
            "orders": len(strat._orders),
            "analyzers": [self._analyzer(strat, *one) for one in enumerate(strat.analyzers.getitems())],
        }

    def _analyzer(self, strat: Any, at: int, named: tuple[str, Any]) -> dict[str, Any]:
        name, analyzer = named
        self._lead = f"analyzer-{strat._id}-{at}"
        told, found = None, analyzer.get_analysis()
        try:
            told = to_plain(found, f"analyzers.{name}", keep=self._keep)
        except UnstorableValue as error:
            self.lacking.append(str(error))
        made = {"name": name, "class": name_of(type(analyzer)), "analysis": told}
        if not type(analyzer).__module__.startswith("backtrail."):
            own = vars(analyzer)
            skipped = _OF_ANALYZERS | {name for name, value in own.items() if value is found}
            made["attributes"], made["missing"] = self._attributes(
                own, lambda name: name in skipped or _is_data(name) or (name[:1] == name[-1:] == "_")
            )
        return made

    def _attributes(
        self, own: Mapping[str, Any], skip: Callable[[str], bool]
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """Give the attributes that are stored, and the types of those that cannot be."""
        kept: dict[str, Any] = {}
        missing: dict[str, str] = {}
        for name, value in own.items():
            if skip(name):
                continue
            try:
                kept[name] = to_plain(value, name, keep=self._keep)
            except (UnstorableValue, UncacheableParameter):
                missing[name] = type(value).__name__
        return kept, missing

    def _keep(self, value: Any, where: str) -> Any:
        """Keep feeds, their lines and strategies by number, and frames as tables of their own."""
        if isinstance(value, LineRoot):
            for number, strat in enumerate(self.strats):
                if value is strat:
                    return {"strategy": number}
            for number, data in enumerate(self.datas):
                if value is data:
                    return {"feed": number}
                for at, line in enumerate(data.lines._all):
                    if value is line:
                        return {"line": [number, at]}
        if isinstance(value, LineRoot | ParamsBase) and not isinstance(value, CommInfoBase):  # parts of the run
            raise UnstorableValue(f"storing {where} - expected a value - found {type(value).__name__} - report values")
        small_array = type(value).__module__ == "numpy" and value.nbytes < LARGEST_INLINE // 2
        if small_array or not is_frame(value):
            return None
        table, told = to_table(value, where)
        name = base = f"{self._lead}-{re.sub(r'[^A-Za-z0-9]+', '-', where).strip('-')[:40]}"
        number = 1
        while name in self.tables:
            number += 1
            name = f"{base}-{number}"
        self.tables[name] = table
        return {"table": name, "told": told}

    def _broker(self, broker: Any) -> dict[str, Any]:
        if not isinstance(broker, Account):
            self.lacking.append(f"the broker, {type(broker).__name__}, is not derived from backtrail's BackBroker")
            return {}
        numbers = {data: at for at, data in enumerate(self.datas)}
        positions = [
            [numbers.get(data, -1), *(to_plain(getattr(held, name), name) for name in OF_POSITIONS)]
            for data, held in broker.positions.items()
        ]
        names = ("cash", "startingcash", "_value", "_valuemkt", "_valuelever", "_valuemktlever", "_leverage",
                 "_fundval", "_fundshares", "_unrealized")  # fmt: skip
        broker.getvalue()
        return {
            "positions": positions,
            "account": {name: to_plain(getattr(broker, name), name) for name in names},
            "orders": {
                name: sum(order is not None for order in getattr(broker, name, ()))
                for name in ("orders", "pending", "submitted")
            },
        }


def _is_data(name: str) -> bool:
    return name.startswith("data") and name[4:].isdigit()


def _is_engines(name: str, own: Mapping[str, Any], strat: Any) -> bool:
    """Tell whether attribute *name* of a strategy is the engine's and not set by the strategy."""
    if name.startswith("_"):
        return name.endswith("_") or name in _PRIVATE
    lines = own["lines"].__dict__
    return name in _ENGINE or _is_data(name) or (name in lines and lines[name] is own[name])


def place(shape: dict[str, Any], artifacts: dict[str, dict[str, Any]], work: Any) -> dict[str, tuple[str, ...]]:
    """Move large results of analyzers and large attributes out of the manifest; name attributes that hold secrets."""
    secrets: dict[str, tuple[str, ...]] = {}
    for number, strategy in enumerate(shape["strategies"]):
        written = _json({"attributes": strategy["attributes"]})
        if kinds_of_secrets(written):
            secrets.update(secrets_among(strategy["attributes"], "attributes"))
        if len(written) > LARGEST_INLINE:
            strategy["artifact"] = f"attributes-{number}"
            artifacts[strategy["artifact"]] = {"blob": work.put(written)}
            strategy["attributes"] = {}
        for at, analyzer in enumerate(strategy["analyzers"]):
            written = _json(analyzer["analysis"])
            if len(written) > LARGEST_INLINE:
                name = f"analysis-{number}-{at}"
                artifacts[name] = {"blob": work.put(written)}
                analyzer["analysis"], analyzer["artifact"] = None, name
    return secrets


def _json(plain: Any) -> bytes:
    return json.dumps(plain, separators=(",", ":")).encode("ascii")


def add_analyzer_metrics(metrics: dict[str, float], shape: dict[str, Any]) -> None:
    """Add the numbers that analyzers report, by analyzer and path: ``sharperatio.sharperatio``."""
    for number, strategy in enumerate(shape["strategies"]):
        lead = "" if len(shape["strategies"]) == 1 else f"{number}."
        for analyzer in strategy["analyzers"]:
            for path, value in _numbers(analyzer["analysis"], f"{lead}{analyzer['name']}"):
                metrics.setdefault(path, value)


def _numbers(told: Any, path: str, most: int = 200) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    waiting = [(path, told)]
    while waiting and len(found) < most:
        at, value = waiting.pop()
        if isinstance(value, int | float) and not isinstance(value, bool):
            found.append((at, value))
        elif isinstance(value, dict):
            items = value["~dict"][2] if set(value) == {"~dict"} else list(value.items())
            waiting += [
                (f"{at}.{key}", one)
                for key, one in reversed(items)
                if isinstance(key, str) and key[:1] != "~"
            ]
    return found


__all__ = ["FORMAT", "OF_POSITIONS", "Given", "Shape", "add_analyzer_metrics", "given_params", "place"]
