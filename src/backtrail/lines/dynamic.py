"""Attributes whose names depend on what an object holds: ``data1_close``, ``line_0``, ``data.lines`` methods.

They are looked up by descriptors of the class instead of ``__getattr__``: a class that has ``__getattr__`` pays for it
with every reading of every attribute (four times the time on Python 3.11), and strategies read attributes on every bar.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_NOTHING = object()


class Dynamic:
    """An attribute *name* found by ``find(obj, name)``; what that finds is kept in the object.

    It stands for a name that no class defines: a class that comes later in the method resolution order goes first.
    *find* gives ``Dynamic.missing`` for "there is no such attribute"; the object's ``_missing_`` says so in words.
    """

    __slots__ = ("_find", "_keep", "_name")

    missing = _NOTHING

    def __init__(self, name: str, find: Callable[[Any, str], Any], keep: bool = True) -> None:
        self._name = name
        self._find = find
        self._keep = keep

    def __get__(self, obj: Any, owner: type | None = None) -> Any:
        cls = type(obj) if owner is None else owner
        for base in cls.__mro__:
            other = base.__dict__.get(self._name, self)
            if type(other) is not Dynamic:
                bind = getattr(type(other), "__get__", None)
                return other if bind is None else bind(other, obj, cls)
        if obj is None:
            raise AttributeError(f"type object {cls.__name__!r} has no attribute {self._name!r}")
        found = self._find(obj, self._name) if "lines" in obj.__dict__ else _NOTHING
        if found is _NOTHING:
            raise AttributeError(obj._missing_(self._name), name=self._name, obj=obj)
        if self._keep:
            obj.__dict__[self._name] = found
        return found


def offer(cls: type, names: Any, find: Callable[[Any, str], Any], keep: bool = True) -> None:
    """Let instances of *cls* answer *names* by *find*, as far as the class has no such attribute of its own."""
    for name in names:
        if not any(name in base.__dict__ for base in cls.__mro__):
            setattr(cls, name, Dynamic(name, find, keep))


def nothing(obj: Any, name: str) -> Any:
    """Find nothing: the name is there for the message alone."""
    return _NOTHING


__all__ = ["Dynamic", "nothing", "offer"]
