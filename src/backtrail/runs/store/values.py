"""Values of parameters and metrics as JSON and back, each with its type.

JSON has no NaN, no dates, no tuples. What it lacks is written as an object with one key that begins with ``$``::

    nan                      {"$float": "nan"}
    Decimal("1.5")           {"$decimal": "1.5"}
    (1, 2)                   {"$tuple": [1, 2]}
    {1: "a"}                 {"$dict": [[1, "a"]]}
    datetime(2026, 1, 2)     {"$datetime": "2026-01-02T00:00:00"}
    some.module.Class        {"$class": "some.module:Class"}

An object of this kind that is to be written is taken as written already, so that records can be copied.

Reading never imports nor calls anything that a record names: classes, enum members and unknown objects come back as
`Named`, which only says what stood there.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from pathlib import PurePath, PurePosixPath
from typing import Any

Json = Any
"""None, bool, int, float, str, or lists and dicts of those: what ``json`` writes."""

DEPTH = 64
_AS_IS = frozenset([int, bool, type(None)])


@dataclass(frozen=True, slots=True)
class Named:
    """Something that a record names and does not contain: a class, a function, an enum member, an object."""

    kind: str
    text: str

    def __str__(self) -> str:
        """Give the name alone."""
        return self.text


def to_json(value: object, depth: int = 0) -> Json:
    """Give *value* as JSON. Whatever has no type of its own here is named, not contained."""
    kind = type(value)
    if kind in _AS_IS:
        return value
    if depth > DEPTH:
        raise ValueError(f"writing a value - expected at most {DEPTH} levels - found more - store a blob instead")
    if kind is str:
        return text_to_json(value)  # type: ignore[arg-type]  # it is one
    if kind is float:
        return value if math.isfinite(value) else {"$float": repr(value)}  # type: ignore[arg-type]  # a float is one
    if kind is dict:
        return _mapping(value, depth)  # type: ignore[arg-type]  # a dict is one
    if isinstance(value, Enum):
        return {"$enum": f"{kind.__module__}:{kind.__qualname__}.{value.name}"}
    if isinstance(value, str):
        return text_to_json(str(value))
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"$float": repr(float(value))}
    if isinstance(value, list):
        return [to_json(item, depth + 1) for item in value]
    if isinstance(value, Mapping):
        return _mapping(value, depth)
    return _other(value, depth)


def text_to_json(value: str) -> Json:
    """Give a text as it is, or under a tag if UTF-8 cannot hold it."""
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            return {"$text": value.encode("utf-8", "surrogatepass").hex()}
    return value


def _mapping(value: Mapping[Any, Any], depth: int) -> Json:
    if len(value) == 1 and next(iter(value)) in TAGS:
        return dict(value)  # written so already
    made = {}
    for key, item in value.items():
        if type(key) is not str or key.startswith("$") or not (key.isascii() or type(text_to_json(key)) is str):
            break
        kind = type(item)
        made[key] = item if kind in _AS_IS or (kind is str and item.isascii()) else to_json(item, depth + 1)
    else:
        return made
    return {"$dict": [[to_json(key, depth + 1), to_json(item, depth + 1)] for key, item in value.items()]}


def _other(value: Any, depth: int) -> Json:
    if isinstance(value, tuple):
        return {"$tuple": [to_json(item, depth + 1) for item in value]}
    if isinstance(value, set | frozenset):
        return {"$set": sorted((to_json(item, depth + 1) for item in value), key=repr)}
    if isinstance(value, bytes | bytearray | memoryview):
        return {"$bytes": base64.b64encode(bytes(value)).decode("ascii")}
    for tag, kind, text in _TEXTS:
        if isinstance(value, kind):
            return {tag: text(value)}
    if isinstance(value, timedelta):
        return {"$timedelta": [value.days, value.seconds, value.microseconds]}
    if isinstance(value, Named):
        return {f"${value.kind}": value.text}
    if hasattr(value, "dtype") and hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        return to_json(value.item(), depth + 1)  # a numpy scalar is the Python number it holds
    if is_dataclass(value) and not isinstance(value, type):
        held = {field.name: to_json(getattr(value, field.name), depth + 1) for field in fields(value)}
        return {"$object": [_name(type(value)), held]}
    if callable(value) and hasattr(value, "__qualname__"):
        return {"$class" if isinstance(value, type) else "$function": _name(value)}
    if hasattr(value, "dtype") and hasattr(value, "tolist"):
        return {"$array": [str(value.dtype), to_json(value.tolist(), depth + 1)]}
    return {"$instance": _name(type(value))}


def _name(named: Any) -> str:
    return f"{named.__module__}:{named.__qualname__}"


_TEXTS: tuple[tuple[str, type | tuple[type, ...], Callable[[Any], str]], ...] = (
    ("$decimal", Decimal, str),
    ("$datetime", datetime, datetime.isoformat),
    ("$date", date, date.isoformat),
    ("$time", time, time.isoformat),
    ("$path", PurePath, PurePath.as_posix),
)

_READERS: dict[str, Callable[[Any], object]] = {
    "$float": lambda held: {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[held],
    "$tuple": lambda held: tuple(from_json(item) for item in _list(held)),
    "$set": lambda held: frozenset(from_json(item) for item in _list(held)),
    "$dict": lambda held: {from_json(key): from_json(item) for key, item in _list(held)},
    "$bytes": lambda held: base64.b64decode(held, validate=True),
    "$decimal": Decimal,
    "$datetime": datetime.fromisoformat,
    "$date": date.fromisoformat,
    "$time": time.fromisoformat,
    "$path": PurePosixPath,
    "$text": lambda held: bytes.fromhex(held).decode("utf-8", "surrogatepass"),
    "$timedelta": lambda held: timedelta(*_list(held)),
}


def _list(held: object) -> list[Any]:
    if not isinstance(held, list):
        raise TypeError(f"expected a list, found {type(held).__name__}")
    return held


def from_json(value: Json) -> Any:
    """Give the value that *value* stands for; what is unknown or malformed comes back as `Named`."""
    if isinstance(value, list):
        return [from_json(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        [(tag, held)] = value.items()
        if tag.startswith("$"):
            return _tagged(tag, held)
    return {key: from_json(item) for key, item in value.items()}


def _tagged(tag: str, held: Json) -> Any:
    reader = _READERS.get(tag)
    if reader is not None:
        try:
            return reader(held)
        except (ValueError, TypeError, KeyError, OverflowError, InvalidOperation, binascii.Error):
            return Named(tag[1:], repr(held))
    return Named(tag[1:], held if isinstance(held, str) else repr(held))


TAGS = frozenset([*_READERS, "$enum", "$class", "$function", "$object", "$array", "$instance"])


def as_number(value: object) -> float | None:
    """Give a metric as a float (NaN and infinities included), None if it is no number."""
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, int | float):
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    if isinstance(value, dict) and len(value) == 1 and "$float" in value:
        found = from_json(value)
        return found if isinstance(found, float) else None
    return None
