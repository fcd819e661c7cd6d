"""Pickle runs and their results for other processes, classes of scripts and notebooks included.

A class that another process cannot import (defined in ``__main__``, in a notebook cell, inside a function)
travels by value: its own declarations and methods are sent and declared again over there. On the way back it
becomes the class it was.
"""

from __future__ import annotations

import io
import pickle
import sys
import types
import uuid
import weakref
from typing import Any

import cloudpickle

from ..base.declare import Declared
from ..runs.unkept import Unkept

_by_token: weakref.WeakValueDictionary[str, type] = weakref.WeakValueDictionary()
_tokens: weakref.WeakKeyDictionary[type, str] = weakref.WeakKeyDictionary()

# what declaring a class writes into it; declared again at the other end
_DERIVED = frozenset({
    "params", "lines", "plotinfo", "plotlines", "_fields_", "_checks_", "_switches_", "_by_", "_by_bar_", "_own_body_",
    "_sets_up_", "__dict__", "__weakref__", "__setattr__",
})  # fmt: skip


def _importable(cls: type) -> bool:
    """Tell whether another process finds *cls* by its module and name."""
    if cls.__module__ in ("__main__", "__mp_main__"):
        return False
    found: Any = sys.modules.get(cls.__module__)
    for part in cls.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is cls


def _skeleton(token: str, kind: type, name: str, qualname: str, module: str, bases: tuple[type, ...]) -> type:
    """Give the class known as *token*, or make an empty one to be filled by :func:`_complete`."""
    known = _by_token.get(token)
    if known is not None:
        return known
    made: type = types.new_class(
        name, bases, {"metaclass": kind}, lambda body: body.update(__module__=module, __qualname__=qualname)
    )
    made._token_of_class = token  # type: ignore[attr-defined]  # until it is completed
    _by_token[token] = made
    _tokens[made] = token
    return made


def _complete(cls: Any, body: dict[str, Any]) -> None:
    """Fill a class made by :func:`_skeleton` and declare it."""
    if "_token_of_class" not in cls.__dict__:
        return
    del cls._token_of_class
    for name, value in body.items():
        setattr(cls, name, value)
    cls._own_body_ = {n: body[n] for n in ("params", "lines", "plotinfo", "plotlines") if n in body}
    cls._declare_()


def _body_of(cls: type[Declared]) -> dict[str, Any]:
    body = {n: v for n, v in cls.__dict__.items() if n not in _DERIVED and n != "alias"}
    init = body.get("__init__")
    if init is not None and getattr(init, "_declared", False):
        body["__init__"] = init.__wrapped__
    body.update(cls._own_body_)
    return body


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # cloudpickle carries no types
    """cloudpickle, with declared classes declared again at the other end."""

    def reducer_override(self, obj: Any) -> Any:
        if type(obj) is Unkept:  # it refuses to be looked at
            return obj.__reduce_ex__(pickle.HIGHEST_PROTOCOL)
        if isinstance(obj, type) and issubclass(obj, Declared) and not _importable(obj):
            token = _tokens.get(obj)
            if token is None:
                token = _tokens[obj] = uuid.uuid4().hex
                _by_token[token] = obj
            made = (token, type(obj), obj.__name__, obj.__qualname__, obj.__module__, obj.__bases__)
            return (_skeleton, made, _body_of(obj), None, None, _complete)
        return super().reducer_override(obj)


def dumps(obj: Any) -> bytes:
    """Pickle *obj* for another process."""
    buffer = io.BytesIO()
    _Pickler(buffer, protocol=pickle.HIGHEST_PROTOCOL).dump(obj)
    return buffer.getvalue()


def loads(data: bytes) -> Any:
    """Give back what :func:`dumps` pickled. Only for data of this program's own workers."""
    return pickle.loads(data)
