"""The keys of cached backtests, and what a record says of the data they were made of.

A direct call is keyed on its name, parameters, data, settings and the engine; a decorated function on its code and on
everything it is given as well. Frames count by value.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from ..errors import ParameterError
from ..runs.digests import digest
from ..runs.encoding import Place, UncacheableParameter, encode
from ..runs.environment import engine_build, key_values
from ..runs.feeds import attributes_of
from ..runs.fingerprint import fingerprint, fingerprint_feed
from ..runs.instances import encode_instance
from ..runs.key import RunKey, engine_part, part
from ..runs.tables import is_table
from .code import code_of

_VALUE: Final = "backtrail-cache-data/1"
_DIRECT: Final = ["backtrail.cache", 1, "direct"]
_FUNCTION: Final = ["backtrail.cache", 1, "function"]


def is_data(value: Any) -> bool:
    """Tell whether *value* is data: a table, a feed, or a container of such."""
    if is_table(value) or _is_feed(value):
        return True
    if type(value) is dict:
        return bool(value) and any(map(is_data, value.values()))
    return type(value) in (list, tuple) and bool(value) and any(map(is_data, value))


def _is_feed(value: Any) -> bool:
    feeds = sys.modules.get("backtrail.feeds.base")
    return feeds is not None and isinstance(value, feeds.AbstractDataBase)


class Data:
    """Data as fingerprints: ``value`` for a key, ``entries`` for a record."""

    def __init__(self, data: Any, name: str = "data") -> None:
        """Take the fingerprint of every table in *data*; UncacheableParameter names what has none."""
        self.entries: list[dict[str, Any]] = []
        self.value = self._value(data, name)

    def _value(self, data: Any, name: str) -> Any:
        if is_table(data):
            zone = getattr(getattr(data, "index", None), "tz", None)
            found = self._add(name, fingerprint(data, name), None if zone is None else str(zone))
            written = attributes_of(data)
            return [found, digest(_VALUE, encode(written, f"{name}.attrs"))] if written else found
        if _is_feed(data):
            return self._add(name, fingerprint_feed(data, name))
        if type(data) is dict and any(map(is_data, data.values())):
            if all(getattr(one, "ndim", 0) == 1 and type(one).__module__ == "numpy" for one in data.values()):
                return self._add(name, fingerprint(data, name))
            return {key: self._value(one, f"{name}.{key!s:.60}") for key, one in data.items()}
        if type(data) in (list, tuple) and any(map(is_data, data)):
            return [self._value(one, f"{name}[{at}]") for at, one in enumerate(data)]
        if data is None:
            return None
        found = digest(_VALUE, encode(data, name))
        self.entries.append({"name": name, "fingerprint": found})
        return found

    def _add(self, name: str, found: Any, zone: str | None = None) -> str:
        entry = {
            "name": name,
            "fingerprint": found.digest,
            "rows": found.rows,
            "columns": dict(found.columns),
        }
        entry["first"], entry["last"] = found.first, found.last
        if zone is not None:
            entry["zone"] = zone
        self.entries.append(entry)
        return str(found.digest)


def hash_of(data: list[Data]) -> str:
    """Give one digest for all data of a run: that of its only table, or one over all."""
    entries = [entry for one in data for entry in one.entries]
    if len(entries) == 1:
        return str(entries[0]["fingerprint"])
    return digest(_VALUE, encode([one.value for one in data]))


def parameters_of(given: object) -> Mapping[str, Any]:
    """Give the parameters of a backtest, none for None; ParameterError for what is no mapping."""
    if given is None:
        return {}
    if isinstance(given, Mapping):
        return given
    raise ParameterError(
        f"taking the parameters of a backtest - expected a dict of values by name, or None - found "
        f"{type(given).__name__} - pass for example {{'period': 20}}"
    )


def direct_key(
    name: str, parameters: Mapping[str, Any], data: Data, config: Mapping[str, Any] | None, seed: Any
) -> RunKey:
    """Give the key of a direct call; UncacheableParameter names what has no canonical form."""
    said = {
        "engine": engine_part(engine_build()),
        "params": part("params", {"name": name, "parameters": dict(parameters)}),
        "data": part("data", data.value),
        "salt": part("salt", _DIRECT),
    }
    if config:
        said["config"] = part("config", dict(config))
    if seed is not None:
        said["seed"] = part("seed", seed)
    return RunKey.of(**said)


def function_key(
    name: str,
    function: Callable[..., Any],
    closure: Any,
    arguments: Mapping[str, Any],
    data: Mapping[str, Data],
    kinds: Mapping[str, Any],
    shape: Any,
    asked: set[str],
) -> RunKey:
    """Give the key of a call of *function*, whose code is *closure*, with *arguments* and *data* by name.

    *kinds* tells what kinds of frames the data is. *shape* says what of the result is kept: a call that keeps less is
    another. *asked* takes up what the code asks for that the key does not tell.
    """
    return RunKey.of(
        engine=engine_part(engine_build()),
        code=part("code", [closure.digest, code_of(function, asked)]),
        params=part(
            "params", {"name": name, "arguments": {at: _stated(one, at) for at, one in arguments.items()}}, asked
        ),
        data=part("data", {at: [kinds[at], one.value] for at, one in data.items()}),
        env=part("env", key_values(closure.packages)),
        salt=part("salt", [*_FUNCTION, shape]),
    )


def kind_of_data(value: Any) -> Any:
    """Tell what kinds of frames *value* is made of: a function may treat them differently."""
    if type(value) is dict:
        return {key: kind_of_data(one) for key, one in value.items()}
    if type(value) in (list, tuple):
        return [type(value).__name__, *map(kind_of_data, value)]
    kind = type(value)
    return f"{kind.__module__.partition('.')[0]}.{kind.__qualname__}"


class _Plain:
    """An object of a class of the user's own that is known by its class and its attributes."""

    def __init__(self, value: Any, place: str) -> None:
        self.value = value
        self.place = place

    def __fingerprint__(self) -> Any:
        return [type(self.value), vars(self.value)]


def _stated(value: Any, name: str) -> Any:
    """Give *value*, or for the object a method belongs to what it consists of: its class and its attributes."""
    kind = type(value)
    if name not in ("self", "cls") or isinstance(value, type) or hasattr(kind, "__fingerprint__"):
        return value
    plain = all(
        one is object or (one.__module__ != "builtins" and "__slots__" not in vars(one))
        for one in kind.__mro__
    )
    if plain and hasattr(value, "__dict__") and encode_known(value, name) is None:
        return _Plain(value, name)
    return value


def encode_known(value: Any, name: str) -> bytes | None:
    """Give the canonical form of an object that has one of its own; None if it has none."""
    try:
        return encode_instance(value, Place(name))
    except UncacheableParameter:
        return None


def shown(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Give parameters as a record shows them: tables and other large things by what they are."""
    return {str(name): _shown(value) for name, value in parameters.items()}


def _shown(value: Any) -> Any:
    if is_table(value):
        rows = len(value) if getattr(value, "ndim", 1) else 1
        return f"{type(value).__name__} of {rows} rows {digest(_VALUE, encode(value))[:19]}"
    if isinstance(value, Mapping):
        return {key: _shown(one) for key, one in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_shown(one) for one in value)
    return value


def summary_of(parameters: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Give the arguments of a function as parameters: those in a mapping called ``params`` at the top."""
    found = dict(parameters)
    for name in ("params", "parameters"):
        inner = found.get(name)
        if type(inner) is dict and all(type(key) is str and key not in found for key in inner):
            del found[name]
            found = {**inner, **found}
            break
    found.pop("self", None)
    return shown(found)


__all__ = ["Data", "direct_key", "function_key", "hash_of", "is_data", "kind_of_data", "parameters_of", "shown",
           "summary_of"]  # fmt: skip
