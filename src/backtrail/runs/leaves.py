"""Single values as JSON and back, each of the same type: numbers, texts, times of Python, numpy and pandas, enums.

Reading never imports: an enum comes back only if its class is loaded already.
"""

from __future__ import annotations

import enum
import sys
from pathlib import Path, PurePath
from types import ModuleType
from typing import Any

from .encoding import UncacheableParameter, encode
from .moments import read_span, read_stamp
from .plain import UnstorableValue, from_plain, name_of, to_plain

_SCALARS = (type(None), bool, int, float, str)


def leaf(value: Any, where: str) -> Any:
    """Give *value* as JSON; UnstorableValue names what has no such form."""
    kind = type(value)
    if kind in _SCALARS:
        return to_plain(value, where)
    if isinstance(value, enum.Enum):
        if class_named(name_of(kind)) is not kind:
            raise _refused(value, where)
        return {"~~enum": [name_of(kind), value.name]}
    if isinstance(value, PurePath):
        return {"~~path": str(value)}
    pandas = sys.modules.get("pandas")
    if pandas is not None:
        if value is pandas.NaT:
            return {"~~nat": None}
        if value is pandas.NA:
            return {"~~na": None}
        if kind is pandas.Timestamp:
            return {"~~stamp": [value.asm8.astype(int).item(), value.unit, _zone(value, where)]}
        if kind is pandas.Timedelta:
            return {"~~span": [value.asm8.astype(int).item(), value.unit]}
    written = to_plain(value, where)
    try:
        same = encode(from_plain(written)) == encode(value)
    except (ValueError, UncacheableParameter) as error:
        raise _refused(value, where) from error
    if not same or type(from_plain(written)) is not kind:
        raise _refused(value, where)
    return written


def read_leaf(value: Any) -> Any:
    """Give the value that :func:`leaf` wrote; ValueError for anything else."""
    if isinstance(value, dict) and len(value) == 1:
        [(tag, held)] = value.items()
        if tag.startswith("~~"):
            return _READERS[tag](held)
    return from_plain(value)


def class_named(name: str) -> Any:
    """Give the class called ``module:Outer.Inner`` if its module is loaded; None if there is none."""
    module, _, path = name.partition(":")
    found: Any = sys.modules.get(module)
    for step in path.split("."):
        found = vars(found).get(step) if isinstance(found, type | ModuleType) else None
    return found if isinstance(found, type) else None


def _zone(value: Any, where: str) -> str | None:
    if value.tz is None:
        return None
    import pandas as pd

    name = str(value.tz)
    try:
        if value.tz_convert(name).utcoffset() == value.utcoffset():
            return name
    except (ValueError, TypeError, KeyError):
        pass
    raise UnstorableValue(
        f"storing {where} - expected a zone with a name - found {pd.Timestamp(value)!r} - use one"
    )


def _refused(value: Any, where: str) -> UnstorableValue:
    kind = type(value)
    return UnstorableValue(
        f"storing {where} - expected frames, numbers, texts, times and containers of them - found "
        f"{kind.__module__}.{kind.__qualname__} - return plain values"
    )


def _read_enum(held: Any) -> Any:
    kind = class_named(held[0])
    if not (isinstance(kind, type) and issubclass(kind, enum.Enum)):
        raise ValueError(
            f"reading a stored value - expected enum {held[0]!r} to be loaded - found none - import it first"
        )
    return kind[held[1]]


def _pandas(name: str) -> Any:
    import pandas as pd

    return getattr(pd, name)


_READERS = {
    "~~enum": _read_enum,
    "~~path": Path,
    "~~nat": lambda held: _pandas("NaT"),
    "~~na": lambda held: _pandas("NA"),
    "~~stamp": read_stamp,
    "~~span": read_span,
}

__all__ = ["class_named", "leaf", "read_leaf"]
