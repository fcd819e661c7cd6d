"""Typed canonical encoding of parameter values: equal bytes mean equal values, in every process and on every machine.

Each value is written as a tag of one byte, the length of what follows (eight bytes, little-endian) and the content, so
no two values run into each other. ``1``, ``1.0``, ``True`` and ``"1"`` differ; ``numpy.int64(1)`` is ``1``; a tuple is
a list; sets and dictionaries are sorted by their encoded elements; ``-0.0`` differs from ``0.0`` and every NaN is the
same NaN. Frames and arrays are written as their fingerprints, classes and functions as qualified name and code,
instances of dataclasses, attrs and pydantic classes, named tuples and estimators as their class and all their fields.
A class of its own kind says what it stands for in ``__fingerprint__()``. Anything else is refused: there is no
``repr`` that two different values could share.
"""

from __future__ import annotations

import functools
import operator
import struct
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from ..errors import BacktrailError

MAX_DEPTH: Final = 150
_NAN: Final = struct.pack("<Q", 0x7FF8000000000000)
_SHORT: Final = 100
_double = struct.Struct("<d").pack

Encoder = Callable[[Any, "Place"], bytes]


class UncacheableParameter(BacktrailError, TypeError):
    """A value that has no canonical encoding; ``where`` is its place, for example ``params.model.weights``."""

    def __init__(self, message: str, where: str = "") -> None:
        super().__init__(message)
        self.where = where

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.args[0], self.where)


class Place:
    """Where in a value the encoder is, and which containers it is inside of.

    ``asked`` takes up what the code in the value asks for that its encoding does not tell, such as the clock.
    """

    __slots__ = ("asked", "depth", "inside", "parent", "step")

    def __init__(self, step: str, parent: Place | None = None, inside: int = 0) -> None:
        self.step = step
        self.parent = parent
        self.inside = inside
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.asked: set[str] | None = None if parent is None else parent.asked

    def __str__(self) -> str:
        steps = []
        at: Place | None = self
        while at is not None:
            steps.append(at.step)
            at = at.parent
        return "".join(reversed(steps))

    def key(self, key: Any, inside: int = 0) -> Place:
        """Give the place of the item called *key*."""
        plain = type(key) is str and len(key) <= 40 and key.isidentifier()
        return Place(f".{key}" if plain else f"[{label(key)}]", self, inside)

    def enter(self, value: Any) -> int:
        """Give the identity of *value* for the paths of what it holds; refuse a value that holds itself."""
        number = id(value)
        at: Place | None = self
        while at is not None:
            if at.inside == number:
                raise refusal(value, self, "it contains itself", "break the cycle")
            at = at.parent
        if self.depth >= MAX_DEPTH:
            raise refusal(value, self, f"it is nested more than {MAX_DEPTH} levels deep", "flatten it")
        return number


def label(key: Any) -> str:
    """Give a short name for a key in messages: itself if it is a plain one, else its type."""
    kind = type(key)
    if kind is str or kind is bytes:
        return repr(key[:40])
    if key is None or kind is bool or kind is float or (kind is int and key.bit_length() < 64):
        return repr(key)
    return type_name(kind)


def refusal(value: Any, place: Place, reason: str, remedy: str) -> UncacheableParameter:
    """Give the error that refuses *value* at *place*."""
    where = str(place)
    return UncacheableParameter(
        f"encoding {where} - expected a value that has a canonical form - found {type_name(type(value))}: {reason} - "
        f"{remedy}",
        where,
    )


def encode(value: Any, where: str = "params", asked: set[str] | None = None) -> bytes:
    """Encode *value*; :class:`UncacheableParameter` names the part of it that cannot be, as a path from *where*.

    *asked* takes up what the code in it asks the clock, chance or the machine for.
    """
    place = Place(where)
    place.asked = asked
    try:
        return encode_at(value, place)
    except RecursionError:
        raise refusal(value, Place(where), "it is nested too deeply", "flatten it") from None


def encode_at(value: Any, place: Place) -> bytes:
    """Encode the part of a value that is at *place*."""
    encoder = _EXACT.get(type(value))
    if encoder is not None:
        return encoder(value, place)
    return _encode_other(value, place)


def tlv(tag: bytes, content: bytes) -> bytes:
    """Write *content* behind its tag and length."""
    return tag + len(content).to_bytes(8, "little") + content


def type_name(kind: type) -> str:
    """Give the qualified name of a class; a script's own classes belong to ``__main__`` in workers too."""
    module = kind.__module__
    if module == "__mp_main__":
        module = "__main__"
    return kind.__qualname__ if module == "builtins" else f"{module}.{kind.__qualname__}"


def named(tag: bytes, name: str, *contents: bytes) -> bytes:
    """Write encoded *contents* that belong to something called *name*."""
    return tlv(tag, text(name) + b"".join(contents))


def text(value: str) -> bytes:
    """Encode a string (no normalisation: what differs in code points differs)."""
    return _short_text(value) if len(value) <= _SHORT else tlv(b"S", value.encode("utf-8", "surrogatepass"))


@functools.lru_cache(maxsize=4096)
def _short_text(value: str) -> bytes:
    return tlv(b"S", value.encode("utf-8", "surrogatepass"))


def items(values: Iterable[Any], place: Place, owner: Any) -> bytes:
    """Encode *values* one after the other."""
    inside = place.enter(owner)
    out = []
    for at, one in enumerate(values):
        plain = _PLAIN.get(type(one))
        out.append(encode_at(one, Place(f"[{at}]", place, inside)) if plain is None else plain(one, place))
    return b"".join(out)


def mapping(pairs: Iterable[tuple[Any, Any]], place: Place, owner: Any, ordered: bool = False) -> bytes:
    """Encode *pairs* of keys and values, sorted by encoded key unless *ordered*."""
    inside = place.enter(owner)
    out = [
        (
            text(key)
            if type(key) is str
            else encode_at(key, Place(f".<key {label(key)}>", place, inside)),  # they may hold anything hashable
            key,
            value,
        )
        for key, value in pairs
    ]
    if not ordered:
        out.sort(key=_by_key)
    written = []
    for key, name, value in out:
        plain = _PLAIN.get(type(value))
        written.append(key)
        written.append(encode_at(value, place.key(name, inside)) if plain is None else plain(value, place))
    return b"".join(written)


_by_key = operator.itemgetter(0)


# -- exact types --------------------------------------------------------------------------------------------


_NONE: Final = tlv(b"N", b"")
_TRUE: Final = tlv(b"B", b"\1")
_FALSE: Final = tlv(b"B", b"\0")


def _none(value: None, place: Place) -> bytes:
    return _NONE


def _bool(value: bool, place: Place) -> bytes:
    return _TRUE if value else _FALSE


def integer(value: int) -> bytes:
    """Encode an integer of any size."""
    return tlv(b"I", value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True))


def _int(value: int, place: Place) -> bytes:
    return integer(value)


def _float(value: float, place: Place) -> bytes:
    return tlv(b"F", _double(value) if value == value else _NAN)


def _complex(value: complex, place: Place) -> bytes:
    return tlv(b"C", _float(value.real, place) + _float(value.imag, place))


def _str(value: str, place: Place) -> bytes:
    return text(value)


def _bytes(value: bytes, place: Place) -> bytes:
    return tlv(b"Y", value)


def _bytearray(value: bytearray, place: Place) -> bytes:
    return tlv(b"y", bytes(value))


def _sequence(value: Any, place: Place) -> bytes:
    return tlv(b"L", items(value, place, value))


def _set(value: Any, place: Place) -> bytes:
    inside = place.enter(value)
    return tlv(b"s", b"".join(sorted(encode_at(one, Place("{...}", place, inside)) for one in value)))


def _dict(value: Mapping[Any, Any], place: Place) -> bytes:
    return tlv(b"M", mapping(value.items(), place, value))


def _ordered_dict(value: OrderedDict[Any, Any], place: Place) -> bytes:
    return tlv(b"O", mapping(value.items(), place, value, ordered=True))


def _defaultdict(value: defaultdict[Any, Any], place: Place) -> bytes:
    factory = encode_at(value.default_factory, place.key("default_factory"))
    return named(b"K", "defaultdict", factory, mapping(value.items(), place, value))


def _counter(value: Counter[Any], place: Place) -> bytes:
    return named(b"K", "Counter", mapping(value.items(), place, value))


def _deque(value: deque[Any], place: Place) -> bytes:
    return named(b"K", "deque", encode_at(value.maxlen, place), items(value, place, value))


def _range(value: range, place: Place) -> bytes:
    return named(b"K", "range", integer(value.start), integer(value.stop), integer(value.step))


def _slice(value: slice, place: Place) -> bytes:
    return named(b"K", "slice", items((value.start, value.stop, value.step), place, value))


def _ellipsis(value: Any, place: Place) -> bytes:
    return named(b"K", "Ellipsis" if value is Ellipsis else "NotImplemented")


_EXACT: dict[type, Encoder] = {
    type(None): _none,
    bool: _bool,
    int: _int,
    float: _float,
    complex: _complex,
    str: _str,
    bytes: _bytes,
    bytearray: _bytearray,
    tuple: _sequence,
    list: _sequence,
    set: _set,
    frozenset: _set,
    dict: _dict,
    type(type.__dict__): _dict,
    OrderedDict: _ordered_dict,
    defaultdict: _defaultdict,
    Counter: _counter,
    deque: _deque,
    range: _range,
    slice: _slice,
    type(Ellipsis): _ellipsis,
    type(NotImplemented): _ellipsis,
}

# Those of them that hold nothing else, so that nothing is said of the place in them.
_PLAIN: Final = {kind: _EXACT[kind] for kind in (type(None), bool, int, float, str, bytes)}


def register(*kinds: type) -> Callable[[Encoder], Encoder]:
    """Make the decorated function the encoder of values that are exactly of one of *kinds*."""

    def add(encoder: Encoder) -> Encoder:
        for kind in kinds:
            _EXACT[kind] = encoder
        return encoder

    return add


# -- everything else ----------------------------------------------------------------------------------------


def _encode_other(value: Any, place: Place) -> bytes:
    """Encode *value* by what it can do, and remember nothing: two classes can share a name."""
    kind = type(value)
    declared = getattr(kind, "__fingerprint__", None)
    if declared is not None:
        return _fingerprinted(value, place)
    from . import instances, scalars  # they import this module

    known = _EXACT.get(kind)  # the modules above add the types of the standard library
    if known is not None:
        return known(value, place)
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.generic):
        return scalars.numpy_scalar(value, place)
    from . import callables, tables

    if isinstance(value, type):
        return callables.encode_class(value, place)
    for encoder in (
        scalars.other_scalar,
        tables.encode_table,
        callables.encode_code,
        instances.encode_instance,
    ):
        found: bytes | None = encoder(value, place)
        if found is not None:
            return found
    raise refusal(
        value,
        place,
        "two different ones could look the same",
        "pass plain values, a dataclass, or give its class a method __fingerprint__() that returns plain values",
    )


def _fingerprinted(value: Any, place: Place) -> bytes:
    inside = place.enter(value)
    try:
        told = type(value).__fingerprint__(value)
    except Exception as error:
        raise refusal(
            value, place, f"its __fingerprint__() raised {type(error).__name__}: {error}", "correct it"
        ) from error
    return named(b"X", type_name(type(value)), encode_at(told, Place(".__fingerprint__()", place, inside)))


__all__ = ["UncacheableParameter", "encode"]
