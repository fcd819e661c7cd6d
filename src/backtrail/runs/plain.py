"""Values of a run as JSON and back, of the same types: what analyzers report, what a run is made of.

Unlike the values that a manifest shows, these come back exactly: the kind of every mapping, numpy's scalars, the zones
of times, the closed state of backtrail's own dicts. Classes and functions are written by module and name, objects of
declared classes by class, parameters and attributes; they come back only where the reader says how a name is found
(``resolve``). What JSON should not hold (frames) or cannot (the feeds of a run), a caller may keep in its own way
(``keep`` and ``fetch``). A value of any other type is refused, so nothing comes back as something else.
"""

from __future__ import annotations

import base64
import enum
import math
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath, PureWindowsPath
from types import FunctionType
from typing import Any, Final

from ..base.autodict import AutoDict, AutoDictList, AutoOrderedDict, DotDict, OrderedDefaultdict
from ..base.declare import ParamsBase
from ..errors import BacktrailError
from .moments import MOMENTS, write_moment

Resolve = Callable[[str], Any]
Keep = Callable[[Any, str], Any]
"""Given a value and its place, gives what JSON holds of it, or None if it is not kept either."""

Fetch = Callable[[Any], Any]
"""Gives the value of which a `Keep` gave this."""

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


def to_plain(value: Any, where: str = "value", depth: int = 0, keep: Keep | None = None) -> Any:
    """Give *value* as what JSON can write; :class:`UnstorableValue` names the part of it that has no such form."""
    kind = type(value)
    if value is None or kind is bool or kind is int:
        return value
    if kind is str:
        return value if _is_text(value) else {"~text": value.encode("utf-8", "surrogatepass").hex()}
    if kind is float:
        return value if math.isfinite(value) else {"~float": repr(value)}
    if depth > DEPTH:
        raise UnstorableValue(f"storing {where} - expected at most {DEPTH} levels - found more - flatten it")
    deeper = depth + 1
    if kind is list:
        return [to_plain(one, f"{where}[{at}]", deeper, keep) for at, one in enumerate(value)]
    if kind is dict and all(type(key) is str and key[:1] not in _MARKS and _is_text(key) for key in value):
        return {key: to_plain(one, f"{where}.{key}", deeper, keep) for key, one in value.items()}
    if kind in _MAPPINGS:
        return {"~dict": _mapping(value, where, deeper, keep)}
    if kind is tuple:
        return {"~tuple": [to_plain(one, f"{where}[{at}]", deeper, keep) for at, one in enumerate(value)]}
    if kind is deque:
        return {"~deque": [value.maxlen, [to_plain(one, f"{where}[...]", deeper, keep) for one in value]]}
    if kind is set or kind is frozenset:
        held = [to_plain(one, f"{where}{{...}}", deeper, keep) for one in value]
        return {f"~{kind.__name__}": sorted(held, key=repr)}
    for tag, exact, write in _TEXTS:
        if kind is exact:
            return {tag: write(value)}
    moment = write_moment(value)
    return _other(value, where, deeper, keep) if moment is None else moment


def _is_text(value: str) -> bool:
    """Tell whether UTF-8 can hold *value*: half a pair of surrogates it cannot."""
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _mapping(value: Any, where: str, depth: int, keep: Keep | None) -> list[Any]:
    kind = type(value)
    items = [
        [to_plain(key, f"{where}.<key>", depth, keep), to_plain(one, f"{where}.{key!s:.40}", depth, keep)]
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


def _other(value: Any, where: str, depth: int, keep: Keep | None) -> Any:
    kind = type(value)
    if isinstance(value, enum.Enum):
        return {"~enum": [name_of(kind), value.name]}
    if kind in _PATHS:
        return {_PATHS[kind]: str(value)}
    kept = None if keep is None else keep(value, where)
    if kept is not None:
        return {"~kept": kept}
    if kind.__module__ == "numpy":
        return _numpy(value, where, depth)
    if isinstance(value, type | FunctionType) and "<" not in value.__qualname__:
        return {"~name": name_of(value)}
    if isinstance(value, ParamsBase):
        state = {
            name: one for name, one in vars(value).items() if one is not value.p and not _is_private(name)
        }
        parts = [
            to_plain(part, f"{where}.{kind.__name__}", depth, keep) for part in (value.p._getkwargs(), state)
        ]
        return {"~declared": [name_of(kind), *parts]}
    names = None if isinstance(value, type) else fields_of(kind)
    if names is not None and set(getattr(value, "__dict__", names)) <= set(names):
        held = {name: getattr(value, name) for name in names if hasattr(value, name)}
        if len(held) == len(names):
            return {"~data": [name_of(kind), to_plain(held, where, depth, keep)]}
    raise _refused(value, where)


def fields_of(kind: type) -> list[str] | None:
    """Give the fields of a class of named tuples or a dataclass; None for any other class."""
    names = getattr(kind, "_fields", None)
    if issubclass(kind, tuple) and isinstance(names, tuple):
        return list(names)
    if is_dataclass(kind):
        return [one.name for one in fields(kind)]
    return None


def _numpy(value: Any, where: str, depth: int) -> Any:
    import numpy as np

    if isinstance(value, np.generic) and value.dtype.kind in "fiub":
        return {"~numpy": [value.dtype.name, to_plain(value.item(), where, depth)]}
    if isinstance(value, np.generic) and value.dtype.kind in "cmM":
        return {"~scalar": [value.dtype.str, value.tobytes().hex()]}
    if type(value) is np.ndarray and value.dtype.kind in _ARRAYS:
        columns_first = value.flags.f_contiguous and not value.flags.c_contiguous
        raw = base64.b64encode((value.T if columns_first else value).tobytes()).decode("ascii")
        return {"~array": [value.dtype.str, list(value.shape), raw, *(["F"] if columns_first else [])]}
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
    ("~decimal", Decimal, str),
    ("~bytes", bytes, lambda value: base64.b64encode(value).decode("ascii")),
    ("~bytearray", bytearray, lambda value: base64.b64encode(value).decode("ascii")),
    ("~complex", complex, lambda value: [repr(value.real), repr(value.imag)]),
    ("~range", range, lambda value: [value.start, value.stop, value.step]),
    ("~fraction", Fraction, str),
)
_PATHS: Final[dict[type, str]] = {
    type(Path()): "~file",
    PurePosixPath: "~path",
    PureWindowsPath: "~winpath",
}
_ARRAYS: Final = "fiubcmMSU"


# -- back ------------------------------------------------------------------------------------------------------------


def from_plain(value: Any, resolve: Resolve | None = None, fetch: Fetch | None = None) -> Any:
    """Give the value that :func:`to_plain` wrote; ValueError for anything else.

    *resolve* finds classes and functions by the name that :func:`name_of` gives, *fetch* what was kept elsewhere;
    without them those are refused.
    """
    if isinstance(value, list):
        return [from_plain(one, resolve, fetch) for one in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        [(tag, held)] = value.items()
        if tag.startswith("~"):
            try:
                return _read(tag, held, resolve, fetch)
            except (TypeError, KeyError, ArithmeticError, IndexError) as error:
                raise ValueError(f"reading a stored value - {tag}: {error}") from error
    return {key: from_plain(one, resolve, fetch) for key, one in value.items()}


def _read(tag: str, held: Any, resolve: Resolve | None, fetch: Fetch | None) -> Any:
    reader = _READERS.get(tag)
    if reader is not None:
        return reader(held)
    if tag == "~tuple":
        return tuple(from_plain(one, resolve, fetch) for one in held)
    if tag in ("~set", "~frozenset"):
        made = {from_plain(one, resolve, fetch) for one in held}
        return made if tag == "~set" else frozenset(made)
    if tag == "~deque":
        return deque((from_plain(one, resolve, fetch) for one in held[1]), maxlen=held[0])
    if tag == "~dict":
        return _read_mapping(held, resolve, fetch)
    if tag == "~kept" and fetch is not None:
        return fetch(held)
    if resolve is None:
        raise ValueError(f"reading a stored value - expected plain values - found {tag}, which names code")
    return _read_named(tag, held, resolve, fetch)


def _read_mapping(held: Any, resolve: Resolve | None, fetch: Fetch | None) -> Any:
    name, extra, items = held
    kind = _KINDS[name]
    pairs = [(from_plain(key, resolve, fetch), from_plain(one, resolve, fetch)) for key, one in items]
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


def _read_scalar(held: Any) -> Any:
    import numpy as np

    dtype = np.dtype(held[0])
    if dtype.kind not in "cmM":
        raise ValueError(f"reading a stored value - expected a number or a time - found numpy's {dtype}")
    return np.frombuffer(bytes.fromhex(held[1]), dtype=dtype)[0]


def _read_array(held: Any) -> Any:
    import numpy as np

    dtype = np.dtype(held[0])
    if dtype.kind not in _ARRAYS:
        raise ValueError(f"reading a stored value - expected numbers, times or texts - found an array of {dtype}")
    flat = np.frombuffer(base64.b64decode(held[2], validate=True), dtype=dtype)
    if len(held) > 3:
        return flat.reshape(held[1][::-1]).copy().T
    return flat.reshape(held[1]).copy()


def _read_named(tag: str, held: Any, resolve: Resolve, fetch: Fetch | None) -> Any:
    if tag == "~name":
        return resolve(held)
    if tag == "~enum":
        return resolve(held[0])[held[1]]
    if tag == "~declared":
        name, params, state = held
        return _declared(resolve(name), from_plain(params, resolve, fetch), from_plain(state, resolve, fetch))
    if tag == "~data":
        return made_of_fields(resolve(held[0]), held[0], from_plain(held[1], resolve, fetch))
    raise ValueError(f"reading a stored value - expected a kind that is known - found {tag}")


def made_of_fields(kind: Any, name: str, values: dict[str, Any]) -> Any:
    """Make an object of a dataclass or named tuple without running its class's code; ValueError if it is none."""
    if kind is None or fields_of(kind) != list(values):
        raise ValueError(
            f"reading a stored result - expected class {name!r} with the fields {list(values)} - found "
            f"{'none that is loaded' if kind is None else fields_of(kind)} - the backtest is run again"
        )
    if issubclass(kind, tuple):
        return tuple.__new__(kind, values.values())
    made = object.__new__(kind)
    for field, value in values.items():
        object.__setattr__(made, field, value)
    return made


def _declared(kind: Any, params: Mapping[str, Any], state: Mapping[str, Any]) -> Any:
    made = kind(**params)
    for name, value in params.items():  # what its __init__ made of them is done already
        setattr(made.p, name, value)
    vars(made).update(state)
    return made


_READERS: Final[dict[str, Callable[[Any], Any]]] = {
    **MOMENTS,
    "~float": lambda held: {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[held],
    "~text": lambda held: bytes.fromhex(held).decode("utf-8", "surrogatepass"),
    "~decimal": Decimal,
    "~bytes": lambda held: base64.b64decode(held, validate=True),
    "~bytearray": lambda held: bytearray(base64.b64decode(held, validate=True)),
    "~complex": lambda held: complex(float(held[0]), float(held[1])),
    "~range": lambda held: range(*held),
    "~fraction": Fraction,
    "~file": Path,
    "~path": PurePosixPath,
    "~winpath": PureWindowsPath,
    "~numpy": _read_numpy,
    "~scalar": _read_scalar,
    "~array": _read_array,
}

__all__ = ["UnstorableValue", "fields_of", "from_plain", "made_of_fields", "name_of", "to_plain"]
