"""Encoders of objects by their class and all their fields: dataclasses, attrs, pydantic, named tuples, estimators, and
what derives from a plain type or from backtrail's declared classes."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import is_dataclass
from functools import cached_property
from operator import attrgetter, itemgetter, methodcaller
from typing import Any

from ..base.declare import ParamsBase
from ..market.calendar import TradingCalendarBase
from .callables import encode_class, is_known
from .encoding import Place, encode_at, items, mapping, named, refusal

# a subclass may show itself otherwise: its value as the plain type sees it
_PLAIN: dict[type, Callable[[Any], Any]] = {
    OrderedDict: lambda value: OrderedDict(OrderedDict.items(value)),
    defaultdict: lambda value: defaultdict(value.default_factory, dict.items(value)),
    deque: lambda value: deque(deque.__iter__(value), value.maxlen),
    int: int.__int__,
    float: float.__float__,
    complex: complex.__complex__,
    str: str.__str__,
    bytes: lambda value: bytes.__getitem__(value, slice(None)),
    tuple: lambda value: list(tuple.__iter__(value)),
    list: lambda value: list(list.__iter__(value)),
    dict: lambda value: dict(dict.items(value)),
    set: lambda value: set(set.__iter__(value)),
    frozenset: lambda value: set(frozenset.__iter__(value)),
}


def encode_instance(value: Any, place: Place) -> bytes | None:
    """Encode an object whose fields say everything about it; None if nothing tells that they do."""
    kind = type(value)
    if isinstance(value, (itemgetter, attrgetter, methodcaller)):
        made = value.__reduce__()
        return named(b"K", f"operator.{kind.__name__}", items(made[1:], place, value))
    if isinstance(value, ParamsBase):
        return _object(value, place, _declared(value))
    if is_dataclass(kind) or hasattr(kind, "__attrs_attrs__"):
        return _object(value, place, state_of(value))
    if hasattr(kind, "__pydantic_fields__"):
        return _object(value, place, _pydantic(value))
    if _is_estimator(value):
        return _object(value, place, {**_asked(value, place), **state_of(value)})
    base = next((one for one in _PLAIN if isinstance(value, one)), None)
    if base is None:
        return None
    plain = encode_at(_PLAIN[base](value), Place(f".{base.__name__}()", place, id(value)))
    return _object(value, place, state_of(value), plain)


def _object(value: Any, place: Place, state: Mapping[str, Any], base: bytes = b"") -> bytes:
    """Write the class of *value*, what it holds as an instance of a plain type, and its attributes."""
    inside = place.enter(value)
    kind = encode_class(type(value), Place(".__class__", place, inside))
    return named(b"A", type(value).__qualname__, kind, base, mapping(state.items(), place, value))


def plain_part(kind: type) -> Callable[[Any], Any] | None:
    """Give what makes the plain value of an instance of a class derived from *kind*; None unless *kind* is plain."""
    return _PLAIN.get(kind)


def state_of(value: Any) -> dict[str, Any]:
    """Give the attributes of *value*, apart from properties that were kept after they were computed."""
    kind = type(value)
    out = {
        name: one
        for name, one in getattr(value, "__dict__", {}).items()
        if not isinstance(getattr(kind, name, None), cached_property)
    }
    for name in _slots(kind):
        if hasattr(value, name):
            out[name] = getattr(value, name)
    return out


def _slots(kind: type) -> Iterator[str]:
    for one in kind.__mro__:
        names = vars(one).get("__slots__", ())
        for name in (names,) if isinstance(names, str) else names:
            if name not in ("__dict__", "__weakref__"):
                private = name.startswith("__") and not name.endswith("__")
                yield f"_{one.__name__.lstrip('_')}{name}" if private else name


def _pydantic(value: Any) -> dict[str, Any]:
    out = dict(value.__dict__)
    out.update(getattr(value, "__pydantic_extra__", None) or {})
    out.update(getattr(value, "__pydantic_private__", None) or {})
    return out


def _declared(value: ParamsBase) -> dict[str, Any]:
    """Give parameters and attributes of an object that declares its parameters."""
    state = {name: one for name, one in state_of(value).items() if one is not value.p}
    if isinstance(value, TradingCalendarBase) and is_known(type(value)):
        state = {}  # what it has looked up so far
    return {**state, "<params>": value.p._getkwargs()}


def _asked(value: Any, place: Place) -> dict[str, Any]:
    """Give what an estimator says it was made with."""
    try:
        return dict(value.get_params(deep=False))
    except Exception as error:
        reason = f"its get_params() raised {type(error).__name__}: {error}"
        raise refusal(value, place, reason, "correct it") from error


def _is_estimator(value: Any) -> bool:
    """Tell whether *value* follows scikit-learn's protocol: all it was made with is in ``get_params``."""
    return hasattr(type(value), "get_params") and hasattr(type(value), "set_params")


__all__ = ["encode_instance", "plain_part", "state_of"]
