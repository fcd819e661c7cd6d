"""Methods that take a short way as long as they are the product's own, and what tells when they are not.

A script may define a method in a class body, put it on a class that exists (``S.notify_order = f``), or give it to one
object (``self.notify_order = f``), before a run or in the course of it. :func:`replaced` tells which methods of an
object were, however it was done. A replacement is heard of at once where the method is marked with :func:`watched`, in
classes whose attributes are set often, or by ``__setattr__``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MethodType
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

_F = TypeVar("_F")
_OURS = __name__.partition(".")[0]
_MOST_SEEN = 64
_known: WeakKeyDictionary[type, dict[str, Any]] = WeakKeyDictionary()
_seen: dict[tuple[tuple[type, ...], ...], tuple[list[tuple[type, str, Any]], dict[str, Any]]] = {}


def methods_of(cls: type, names: Iterable[str]) -> dict[str, Any]:
    """Give what *cls* has under each of *names*, to compare with later (None for nothing)."""
    made = {name: _found(cls, name) for name in names}
    _known.setdefault(cls, {}).update(made)
    return made


def replaced(one: Any, methods: Mapping[str, Any]) -> frozenset[str]:
    """Give the names of *methods* under which *one*, or its class, has something else."""
    own = one.__dict__
    return replaced_in(type(one), methods).union(name for name in methods if name in own)


def replaced_in(cls: type, methods: Mapping[str, Any]) -> frozenset[str]:
    """Give the names of *methods* under which the class *cls* has something else."""
    return frozenset(name for name, method in methods.items() if _found(cls, name) is not method)


def put_on(classes: Iterable[type]) -> dict[str, Any]:
    """Give what others put on this package's classes among *classes* and their bases, by name.

    Only methods that :func:`methods_of` knows count.
    """
    mros = tuple(dict.fromkeys([cls.__mro__ for cls in classes]))
    seen = _seen.get(mros)
    if seen is None or not _stands(seen[0]):
        if len(_seen) >= _MOST_SEEN:
            _seen.clear()
        seen = _seen[mros] = _look_at(base for mro in mros for base in mro if is_ours(base))
    return dict(seen[1])


def _stands(there: list[tuple[type, str, Any]]) -> bool:
    """Tell whether each class still has the same under the name."""
    for base, name, known in there:  # noqa: SIM110  # the quickest: this is asked before every run that is recorded
        if base.__dict__.get(name) is not known:
            return False
    return True


def _look_at(ours: Iterable[type]) -> tuple[list[tuple[type, str, Any]], dict[str, Any]]:
    """Give what stands in each of the classes *ours* under the names that count, and what others put there."""
    there: dict[tuple[type, str], Any] = {}
    out: dict[str, Any] = {}
    for cls in dict.fromkeys(ours):
        for base in cls.__mro__:
            for name, method in _known.get(base, {}).items():
                there[cls, name] = cls.__dict__.get(name)
                found = _found(cls, name)
                if found is not method and not is_ours(getattr(cls, name)):
                    out[f"{cls.__qualname__}.{name}"] = getattr(cls, name)
    return [(cls, name, one) for (cls, name), one in there.items()], out


def is_ours(one: Any) -> bool:
    """Tell whether a class or function is of this package."""
    return (getattr(one, "__module__", None) or "").partition(".")[0] == _OURS


def _found(cls: type, name: str) -> Any:
    for base in cls.__mro__:
        if name in base.__dict__:
            return base.__dict__[name]
    return None


class _Watched:
    """A method that notices when an object is given one of its own: ``object._was_given_(name)`` is called.

    It costs nothing but where the method is called. From the replacement on, the object's class has the plain method
    in front of this descriptor, and so attributes of that name work as they do in any class.
    """

    def __init__(self, function: Any) -> None:
        self.function = function
        self.__doc__ = function.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.owner = owner
        self.name = name

    def __get__(self, one: Any, owner: type | None = None) -> Any:
        if one is None:
            return self.function
        if owner is self.owner and self.name in one.__dict__:
            return one.__dict__[self.name]
        return MethodType(self.function, one)

    def __set__(self, one: Any, value: Any) -> None:
        cls = type(one)
        if cls is not self.owner:
            setattr(cls, self.name, self.function)
        one.__dict__[self.name] = value
        one._was_given_(self.name)

    def __delete__(self, one: Any) -> None:
        if one.__dict__.pop(self.name, self) is self:
            raise AttributeError(self.name)


def watched(function: _F) -> _F:
    """Mark a method whose replacement in an object is noticed: ``object._was_given_(name)`` is called."""
    marked: Any = _Watched(function)
    return function if TYPE_CHECKING else marked  # for type checkers it stays the method it is


__all__ = ["is_ours", "methods_of", "put_on", "replaced", "replaced_in", "watched"]
