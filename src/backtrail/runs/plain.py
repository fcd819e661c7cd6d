"""Values of a run as JSON and back, of the same types: what analyzers report, what a run is made of.

Unlike the values that a manifest shows, these come back exactly: the kind of every mapping, numpy's scalars, the closed
state of backtrail's own dicts. Classes and functions are written by module and name, objects of declared classes by
class, parameters and attributes; they come back only where the reader says how a name is found (``resolve``). A value
of any other type is refused, so nothing comes back as something else.
"""

from __future__ import annotations

import base64
import datetime as _dt
import enum
import math
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from pathlib import PurePath, PurePosixPath
from types import FunctionType
from typing import Any, Final

from ..base.autodict import AutoDict, AutoDictList, AutoOrderedDict, DotDict, OrderedDefaultdict
from ..base.declare import ParamsBase
from ..errors import BacktrailError

Resolve = Callable[[str], Any]
DEPTH: Final = 100
_MARKS: Final = ("~", "$")  # keys that begin so would be taken for tags, here or in a manifest

_MAPPINGS: Final[dict[type, str]] = {
    dict: "dict",
    OrderedDict: "OrderedDict",
    AutoDict: "AutoDict",
    AutoOrderedDict: "AutoOrderedDict",
    AutoDictList: "AutoDictList",
    DotDict: "DotDict",
    OrderedDefaultdict: "OrderedDefaultdict",
    defaultdict: "defaultdict",
    Counter: "Counter",
}
_KINDS: Final = {name: kind for kind, name in _MAPPINGS.items()}
_FACTORIES: Final[dict[Any, str]] = {
    None: "",
    list: "list",
    dict: "dict",
    int: "int",
    float: "float",
    set: "set",
}
_MADE_BY: Final = {name: factory for factory, name in _FACTORIES.items()}


class UnstorableValue(BacktrailError, TypeError):
    """A value of a type that cannot be stored and come back the same."""


def to_plain(value: Any, where: str = "value", depth: int = 0) -> Any:
    """Give *value* as what JSON can write; :class:`UnstorableValue` names the part of it that has no such form."""
    kind = type(value)
    if value is None or kind is bool or kind is int or kind is str:
        return value
    if kind is float:
        return value if math.isfinite(value) else {"~float": repr(value)}
    if depth > DEPTH:
        raise UnstorableValue(f"storing {where} - expected at most {DEPTH} levels - found more - flatten it")
    deeper = depth + 1
    if kind is list:
        return [to_plain(one, f"{where}[{at}]", deeper) for at, one in enumerate(value)]
    if kind is dict and all(type(key) is str and key[:1] not in _MARKS for key in value):
        return {key: to_plain(one, f"{where}.{key}", deeper) for key, one in value.items()}
    if kind in _MAPPINGS:
        return {"~dict": _mapping(value, where, deeper)}
    if kind is tuple:
        return {"~tuple": [to_plain(one, f"{where}[{at}]", deeper) for at, one in enumerate(value)]}
    if kind is set or kind is frozenset:
        held = [to_plain(one, f"{where}{{...}}", deeper) for one in value]
        return {f"~{kind.__name__}": sorted(held, key=repr)}
    for tag, exact, write in _TEXTS:
        if kind is exact:
            return {tag: write(value)}
    return _other(value, where, deeper)


def _mapping(value: Any, where: str, depth: int) -> list[Any]:
    kind = type(value)
    items = [
        [to_plain(key, f"{where}.<key>", depth), to_plain(one, f"{where}.{key!s:.40}", depth)]
        for key, one in value.items()
    ]
    extra: Any = None
    if kind in (AutoDict, AutoOrderedDict):
        extra = bool(value._closed)
    elif kind in (defaultdict, OrderedDefaultdict):
        if value.default_factory not in _FACTORIES:
            raise _refused(value, where)
        extra = _FACTORIES[value.default_factory]
    return [_MAPPINGS[kind], extra, items]


def _other(value: Any, where: str, depth: int) -> Any:
    kind = type(value)
    if isinstance(value, enum.Enum):
        return {"~enum": [name_of(kind), value.name]}
    if isinstance(value, PurePath):
        return {"~path": value.as_posix()}
    if kind.__module__ == "numpy":
        return _numpy(value, where, depth)
    if isinstance(value, type | FunctionType) and "<" not in value.__qualname__:
        return {"~name": name_of(value)}
    if isinstance(value, ParamsBase):
        state = {
            name: one for name, one in vars(value).items() if one is not value.p and not _is_private(name)
        }
        parts = [to_plain(part, f"{where}.{kind.__name__}", depth) for part in (value.p._getkwargs(), state)]
        return {"~declared": [name_of(kind), *parts]}
    if is_dataclass(kind) and not isinstance(value, type):
        held = {one.name: getattr(value, one.name) for one in fields(value)}
        return {"~data": [name_of(kind), to_plain(held, where, depth)]}
    raise _refused(value, where)


def _numpy(value: Any, where: str, depth: int) -> Any:
    import numpy as np

    if isinstance(value, np.generic) and value.dtype.kind in "fiub":
        return {"~numpy": [value.dtype.name, to_plain(value.item(), where, depth)]}
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
        raw = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode("ascii")
        return {"~array": [value.dtype.str, list(value.shape), raw]}
    raise _refused(value, where)


def _is_private(name: str) -> bool:
    """Tell whether an attribute of a declared object follows from its parameters."""
    return name in ("p", "params") or name.startswith("_")


def name_of(value: Any) -> str:
    """Give module and qualified name of a class or function: ``module:Outer.Inner``."""
    module = "__main__" if value.__module__ == "__mp_main__" else value.__module__
    return f"{module}:{value.__qualname__}"


def _refused(value: Any, where: str) -> UnstorableValue:
    kind = type(value)
    return UnstorableValue(
        f"storing {where} - expected numbers, texts, times and containers of them - found {kind.__module__}."
        f"{kind.__qualname__} - report plain values"
    )


_TEXTS: Final[tuple[tuple[str, type, Callable[[Any], Any]], ...]] = (
    ("~datetime", _dt.datetime, lambda value: [value.isoformat(), value.fold]),
    ("~date", _dt.date, _dt.date.isoformat),
    ("~time", _dt.time, _dt.time.isoformat),
    ("~timedelta", _dt.timedelta, lambda value: [value.days, value.seconds, value.microseconds]),
    ("~decimal", Decimal, str),
    ("~bytes", bytes, lambda value: base64.b64encode(value).decode("ascii")),
    ("~complex", complex, lambda value: [repr(value.real), repr(value.imag)]),
)


# -- back ------------------------------------------------------------------------------------------------------------


def from_plain(value: Any, resolve: Resolve | None = None) -> Any:
    """Give the value that :func:`to_plain` wrote; ValueError for anything else.

    *resolve* finds classes and functions by the name that :func:`name_of` gives; without it they are refused.
    """
    if isinstance(value, list):
        return [from_plain(one, resolve) for one in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        [(tag, held)] = value.items()
        if tag.startswith("~"):
            try:
                return _read(tag, held, resolve)
            except (TypeError, KeyError, ArithmeticError, IndexError) as error:
                raise ValueError(f"reading a stored value - {tag}: {error}") from error
    return {key: from_plain(one, resolve) for key, one in value.items()}


def _read(tag: str, held: Any, resolve: Resolve | None) -> Any:
    reader = _READERS.get(tag)
    if reader is not None:
        return reader(held)
    if tag == "~tuple":
        return tuple(from_plain(one, resolve) for one in held)
    if tag in ("~set", "~frozenset"):
        made = {from_plain(one, resolve) for one in held}
        return made if tag == "~set" else frozenset(made)
    if tag == "~dict":
        return _read_mapping(held, resolve)
    if tag == "~numpy":
        return _read_numpy(held)
    if tag == "~array":
        return _read_array(held)
    if resolve is None:
        raise ValueError(f"reading a stored value - expected plain values - found {tag}, which names code")
    return _read_named(tag, held, resolve)


def _read_mapping(held: Any, resolve: Resolve | None) -> Any:
    name, extra, items = held
    kind = _KINDS[name]
    pairs = [(from_plain(key, resolve), from_plain(one, resolve)) for key, one in items]
    if name in ("defaultdict", "OrderedDefaultdict"):
        made: Any = kind(_MADE_BY[extra])
    else:
        made = kind()
    for key, one in pairs:
        made[key] = one
    if extra is True:
        made._close()
    return made


def _read_numpy(held: Any) -> Any:
    import numpy as np

    dtype = np.dtype(held[0])
    if dtype.kind not in "fiub":
        raise ValueError(f"reading a stored value - expected a number - found numpy's {dtype}")
    return dtype.type(from_plain(held[1]))


def _read_array(held: Any) -> Any:
    import numpy as np

    dtype = np.dtype(held[0])
    if dtype.kind not in "fiub":
        raise ValueError(f"reading a stored value - expected numbers - found an array of {dtype}")
    return np.frombuffer(base64.b64decode(held[2], validate=True), dtype=dtype).reshape(held[1]).copy()


def _read_named(tag: str, held: Any, resolve: Resolve) -> Any:
    if tag == "~name":
        return resolve(held)
    if tag == "~enum":
        return resolve(held[0])[held[1]]
    if tag == "~declared":
        name, params, state = held
        return _declared(resolve(name), from_plain(params, resolve), from_plain(state, resolve))
    if tag == "~data":
        return resolve(held[0])(**from_plain(held[1], resolve))
    raise ValueError(f"reading a stored value - expected a kind that is known - found {tag}")


def _declared(kind: Any, params: Mapping[str, Any], state: Mapping[str, Any]) -> Any:
    made = kind(**params)
    for name, value in params.items():  # what its __init__ made of them is done already
        setattr(made.p, name, value)
    vars(made).update(state)
    return made


_READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "~float": lambda held: {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[held],
    "~datetime": lambda held: _dt.datetime.fromisoformat(held[0]).replace(fold=held[1]),
    "~date": _dt.date.fromisoformat,
    "~time": _dt.time.fromisoformat,
    "~timedelta": lambda held: _dt.timedelta(*held),
    "~decimal": Decimal,
    "~bytes": lambda held: base64.b64decode(held, validate=True),
    "~complex": lambda held: complex(float(held[0]), float(held[1])),
    "~path": PurePosixPath,
}

__all__ = ["UnstorableValue", "from_plain", "name_of", "to_plain"]
