"""What a script gave to the feeds, the broker and the Cerebro of a run as attributes, for a strategy to read."""

from __future__ import annotations

import dis
import functools
import inspect
from collections.abc import Iterator, Mapping
from types import FunctionType
from typing import Any, Final

from ..feeds.base import AbstractDataBase
from .callables import Referred

_OWN: Final = __name__.partition(".")[0]
_STORE: Final = dis.opmap["STORE_ATTR"]
#: What others than the methods of a feed set on it: Cerebro, the run, what reads it.
_OF_RUNS: Final = frozenset((
    "_args", "_at_", "_barlater_", "_calendar", "_clock_", "_columns_", "_dataname", "_env", "_feed", "_feeders_",
    "_held_", "_id", "_latest", "_name", "_now_", "_opened_", "_plan_", "_preloading", "_replaying_", "_root_", "_tz",
    "_waiting",
    "l", "line", "lines", "p", "params", "plotinfo", "plotlines", "replaying", "resampling",
))  # fmt: skip


def given_to(owner: Any, known: frozenset[str], numbers: Mapping[Any, int]) -> dict[str, Any]:
    """Give the attributes of *owner* that neither backtrail nor a method of the user's class sets, by name.

    *known* are further names that do not count. Feeds are given by their number in *numbers*. What ``__init__`` of a
    class of the user's sets counts: it may rest on what it was called with.
    """
    kind: Any = type(owner)
    passed = known | names_set_by(kind)
    out: dict[str, Any] = {}
    added = {name: value for name, value in vars(owner).items() if name not in passed}
    hidden = {*owner.p._defaults, *(name for name in vars(owner.p) if name.startswith("_"))}
    added |= {f"p.{name}": value for name, value in vars(owner.p).items() if name not in hidden}
    for name, value in added.items():
        at = numbers.get(value) if isinstance(value, AbstractDataBase) else None
        out[name] = Referred(value) if at is None else {"$feed": at}
    return out


def given_to_feed(data: Any, numbers: Mapping[Any, int]) -> dict[str, Any]:
    """Give the attributes that a script gave to a feed."""
    return given_to(data, _OF_RUNS.union(data.lines.getlinealiases()), numbers)


@functools.lru_cache(maxsize=256)
def names_set_by(cls: type) -> frozenset[str]:
    """Give the names of attributes that backtrail's bases of *cls* set, and those that other methods than ``__init__``
    of the user's set: they follow from code, parameters and bars."""
    out: set[str] = set()
    for base in cls.__mro__:
        ours = base.__module__.partition(".")[0] == _OWN
        out.update(vars(base).get("__slots__", ()))
        for name, method in vars(base).items():
            if isinstance(method, FunctionType) and (ours or name != "__init__"):
                out.update(_stored(method))
    return frozenset(out)


def _stored(method: FunctionType) -> Iterator[str]:
    """Give the names of attributes that *method* sets."""
    code, high = inspect.unwrap(method).__code__, 0
    for operation, low in zip(code.co_code[::2], code.co_code[1::2]):
        number, high = high | low, 0
        if operation == dis.EXTENDED_ARG:
            high = number << 8
        elif operation == _STORE:
            yield code.co_names[number]


__all__ = ["given_to", "given_to_feed", "names_set_by"]
