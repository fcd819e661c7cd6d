"""Encoders of functions and classes: by qualified name and by what their code says, not by where it lies.

A function of the user's is its name, its source in normal form (comments, layout, docstrings and positions do not
count; where no source belongs to it, its bytecode), its defaults, the values it has closed over, and what it refers to
in its module or in another one of the user's: values by value, objects by their class and attributes, the user's own
functions and classes by their code, a module of theirs by all that is in it. What decides nothing (a logger, a lock) is
known by name.
Functions and classes of Python, of installed packages and of backtrail are their qualified name: the versions of
packages are another part of a key.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import inspect
import io
import logging
import operator
import random
import sys
import threading
from collections.abc import Iterable
from dataclasses import MISSING
from enum import Enum
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    MappingProxyType,
    MethodType,
    ModuleType,
    SimpleNamespace,
)
from typing import Any, Final
from weakref import WeakKeyDictionary

from .digests import raw_digest
from .encoding import (
    Place,
    UncacheableParameter,
    encode,
    encode_at,
    items,
    mapping,
    named,
    refusal,
    register,
    text,
    tlv,
    type_name,
)
from .libraries import is_library, is_library_file, is_users_module
from .references import OF_IMPORT, asked, reached
from .source import Sources, form_of_class, form_of_function

_CODE: Final = "backtrail-callable/2"
_BUILTIN: Final = (
    BuiltinFunctionType,
    type(len),
    type(str.join),
    type(dict.fromkeys),
    type((0).__add__),
    type(str.__add__),
)
_CONSTANTS: Final = (type(None), bool, int, float, complex, str, bytes, type(Ellipsis))
_CONTAINERS: Final = (list, tuple, set, frozenset, dict)
_OURS: Final = __name__.partition(".")[0]
#: Modules of things that code reads and that decide nothing: where messages go, who waits for whom.
_SILENT: Final = frozenset(("logging", "threading", "_thread", "_io", "io", "rich", "tqdm", "warnings", "typing"))
_MADE_BY_CLASS: Final = 1 << 9
_MOST_OBJECTS: Final = 10_000
_UNSAID: Final = {
    "__dict__", "__weakref__", "__doc__", "__module__", "__qualname__", "__firstlineno__", "__static_attributes__",
    "__abstractmethods__", "_abc_impl", "__annotations__", "__annotate__", "__annotations_cache__", "__slots__",
}  # fmt: skip


def encode_code(value: Any, place: Place) -> bytes | None:
    """Encode a class, a function, a method, a partial, a property or a module; None for anything else."""
    if isinstance(value, type):
        return encode_class(value, place)
    if isinstance(value, FunctionType):
        return _function(value, place)
    if isinstance(value, MethodType):
        inside = place.enter(value)
        owner = encode_at(value.__self__, Place(".__self__", place, inside))
        return named(b"G", "method", encode_at(value.__func__, Place(".__func__", place, inside)), owner)
    if isinstance(value, _BUILTIN):
        return _builtin(value, place)
    if type(value) in (functools.partial, functools.partialmethod):
        return _partial(value, place)
    if isinstance(value, (staticmethod, classmethod)):
        return named(b"G", type(value).__name__, encode_at(value.__func__, place))
    if isinstance(value, property):
        return named(b"G", "property", items((value.fget, value.fset, value.fdel), place, value))
    if isinstance(value, functools.cached_property):
        return named(b"G", "cached_property", encode_at(value.func, place))
    if isinstance(value, ModuleType):
        return _module(value, place)
    if type(value).__module__ == "functools" and hasattr(value, "__wrapped__"):
        return named(b"G", "cached function", encode_at(value.__wrapped__, place))
    if type(value).__module__ == "numpy" and type(value).__name__ in ("ufunc", "_ArrayFunctionDispatcher"):
        return named(b"G", "numpy function", text(f"{getattr(value, '__module__', '')}.{value.__name__}"))
    if type(value).__module__ in ("types", "typing") and getattr(value, "__origin__", None) is not None:
        return named(b"G", "generic", encode_at(value.__origin__, place), items(value.__args__, place, value))
    return None


def _builtin(value: Any, place: Place) -> bytes:
    owner = getattr(value, "__self__", None)
    if owner is None or isinstance(owner, ModuleType):
        home = getattr(value, "__objclass__", None)
        name = value.__qualname__ if home is None else f"{type_name(home)}.{value.__name__}"
        return named(b"G", "builtin", text(f"{value.__module__ or ''}.{name}" if home is None else name))
    return named(
        b"G", "builtin method", text(value.__name__), encode_at(owner, Place(".__self__", place, id(value)))
    )


def _partial(value: Any, place: Place) -> bytes:
    inside = place.enter(value)
    return named(
        b"G",
        type(value).__name__,
        encode_at(value.func, Place(".func", place, inside)),
        tlv(b"L", items(value.args, Place(".args", place, inside), value.args)),
        mapping(value.keywords.items(), Place(".keywords", place, inside), value.keywords),
    )


# -- functions and classes of the user's --------------------------------------------------------------------


class _Reach:
    """The user's functions and classes that can be reached from one of them, each written once.

    Where one refers to another, only the name is written there: the whole is the set of what was reached. So recursion
    ends, and what many refer to is not written many times.
    """

    def __init__(self, root: Any, place: Place) -> None:
        self.place = place
        self.waiting: list[Any] = [root]
        self.seen = {id(root)}
        self.objects: dict[int, int] = {}
        self.sources = Sources()

    def encode(self, tag: bytes, name: str) -> bytes:
        """Encode all that is reached, under the name of the first."""
        out = set()
        while self.waiting:
            one = self.waiting.pop()
            out.add(_WRITERS.get(type(one), _Reach.written_class)(self, one))
        return named(tag, name, b"".join(sorted(out)))

    def name(self, value: Any) -> bytes:
        """Encode a function or class by its name, and make sure that its code is written too."""
        if not is_known(value) and id(value) not in self.seen:
            self.seen.add(id(value))
            self.waiting.append(value)
        return named(b"R", _full_name(value))

    def module(self, value: ModuleType) -> bytes:
        """Encode a module by its name, and one of the user's with all that is in it: any of it may be read."""
        if id(value) not in self.seen and is_users_module(value):
            self.seen.add(id(value))
            self.waiting.append(value)
        return named(b"G", "reference", text(_main(value.__name__)))

    def value(self, value: Any, step: str, owner: Any) -> bytes:
        """Encode a value that a function holds."""
        if isinstance(value, (FunctionType, type)):
            return self.name(value)
        if isinstance(value, ModuleType):
            return self.module(value)
        return encode_at(value, Place(f".{step}", self.place, id(owner)))

    def written_function(self, value: FunctionType) -> bytes:
        """Encode one function without what it refers to."""
        if is_library_file(value.__code__.co_filename):  # a library's wrapper around the user's function
            parts = [self.value(getattr(value, "__wrapped__", None), "__wrapped__", value)]
            if not hasattr(value, "__wrapped__"):
                parts += self._held_(value)
            if isinstance(registry := getattr(value, "registry", None), MappingProxyType):  # functools.singledispatch
                parts.append(self.reference(dict(registry), f"{value.__qualname__}.registry"))
            return named(b"w", _full_name(value), *parts)
        if self.place.asked is not None:
            self.place.asked.update(asked(value.__code__, value.__globals__))
        contents = (
            _digest_of_form(form_of_function(value, self.sources)),
            self.value(value.__defaults__, "__defaults__", value),
            self.value(value.__kwdefaults__, "__kwdefaults__", value),
            *self._held_(value),
            self._references(value.__code__, value.__globals__),
            *self._attributes_(value),
        )
        return named(b"f", _full_name(value), *contents)

    def _attributes_(self, value: FunctionType) -> list[bytes]:
        """Encode the attributes that were given to a function."""
        given = sorted((name, one) for name, one in vars(value).items() if name != "__wrapped__")
        return [text(name) + self.reference(one, f"{value.__qualname__}.{name}") for name, one in given]

    def _held_(self, value: FunctionType) -> list[bytes]:
        out = []
        for free, cell in zip(value.__code__.co_freevars, value.__closure__ or ()):
            try:
                held = cell.cell_contents
            except ValueError:  # not set yet
                out.append(named(b"G", "empty", text(free)))
                continue
            out.append(text(free) + self.value(held, f"<closure {free}>", value))
        return out

    def _references(self, code: CodeType, known: dict[str, Any]) -> bytes:
        """Encode what *code* reads of its module."""
        out = [text(name) + self.reference(value, name) for name, value in reached(code, known)]
        return tlv(b"L", b"".join(out))

    def reference(self, value: Any, name: str) -> bytes:
        """Encode what code refers to as *name*: by value, modules and what tells nothing by name."""
        return self._told_(value, Place(f".<global {name}>", self.place))

    def _told_(self, value: Any, place: Place) -> bytes:
        if _is_constant(value):
            return encode(value)
        if isinstance(value, (FunctionType, type)):
            return self.name(value)
        kind = type(value)
        content = _content(value, place)
        if content is not None:
            return named(b"o", type_name(kind), self._told_(content, place))
        if isinstance(value, ModuleType):
            return self.module(value)
        if isinstance(value, MethodType):
            owner = self._told_(value.__self__, Place(".__self__", place))
            return named(b"G", "method", self._told_(value.__func__, place), owner)
        if kind.__module__.partition(".")[0] in _SILENT or isinstance(value, (io.IOBase, logging.Logger)):
            return named(b"G", "reference", text(type_name(kind)))
        if not is_known(kind) and not isinstance(value, Enum) and not hasattr(kind, "__fingerprint__"):
            return self._object_(value, place)
        try:
            return encode_at(value, place)
        except UncacheableParameter:
            if kind in _CONTAINERS:
                return self._parts_(value, place)
            if kind.__module__.partition(".")[0] == _OURS:  # it belongs to the run, and other parts of a key tell it
                return named(b"G", "reference", text(type_name(kind)))
            if kind is SimpleNamespace or (kind.__flags__ & _MADE_BY_CLASS and hasattr(value, "__dict__")):
                return self._object_(value, place)
            raise

    def _parts_(self, value: Any, place: Place) -> bytes:
        """Encode a container part by part."""
        inside = place.enter(value)
        if isinstance(value, dict):
            pairs = [(self._told_(key, place), self._told_(one, place.key(key, inside))) for key, one in value.items()]
            return tlv(b"M", b"".join(key + one for key, one in sorted(pairs)))
        parts = [self._told_(one, Place(f"[{at}]", place, inside)) for at, one in enumerate(value)]
        return tlv(b"L", b"".join(sorted(parts) if isinstance(value, (set, frozenset)) else parts))

    def _object_(self, value: Any, place: Place) -> bytes:
        """Encode an object by its class and its attributes, each object once."""
        from .instances import plain_part, state_of

        number = self.objects.get(id(value))
        if number is not None:
            return named(b"o", "again", encode(number))
        self.objects[id(value)] = len(self.objects)
        if len(self.objects) > _MOST_OBJECTS:
            raise refusal(value, place, f"it leads to more than {_MOST_OBJECTS} objects", "keep less in it")
        kind = type(value)
        if not all(base is object or _is_of_python(base) or plain_part(base) for base in kind.__mro__):
            if kind is not SimpleNamespace:
                raise refusal(value, place, "not all of it is in its attributes", "give its class a __fingerprint__()")
        inside = place.enter(value)
        parts = [
            text(name) + self._told_(one, place.key(name, inside))
            for name, one in sorted(state_of(value).items())
        ]
        plain = next((made for base in kind.__mro__ if (made := plain_part(base)) is not None), None)
        content = b"" if plain is None else self._told_(plain(value), Place(".<content>", place, inside))
        return named(b"o", type_name(kind), self.name(kind), content, *parts)

    def written_module(self, value: ModuleType) -> bytes:
        """Encode one module without what it refers to."""
        name = _main(value.__name__)
        held = [(label, one) for label, one in vars(value).items() if label not in OF_IMPORT]
        out = [text(label) + self.reference(one, f"{name}.{label}") for label, one in sorted(held, key=_first)]
        return named(b"m", name, *out)

    def written_class(self, value: type) -> bytes:
        """Encode one class without what it refers to."""
        form = form_of_class(value, self.sources)
        out = []
        for label, member in sorted(vars(value).items(), key=lambda one: one[0]):
            found = None if label in _UNSAID else self._member(member, label, value, form is not None)
            if found is not None:
                out.append(text(label) + found)
        bases = tlv(b"L", b"".join(map(self.name, value.__bases__)))
        if not is_known(type(value)):
            out.append(self.name(type(value)))
        return named(b"T", _full_name(value), _digest_of_form(form or b""), bases, *out)

    def _member(self, member: Any, label: str, owner: type, known: bool) -> bytes | None:
        """Encode an attribute of a class; None for what its source (*known*) says."""
        if isinstance(member, (staticmethod, classmethod)):
            member = member.__func__
        if isinstance(member, FunctionType):
            generated = member.__code__.co_filename.startswith("<string") or is_known(member)
            return None if known and generated else self.name(member)
        if isinstance(member, property):
            return b"".join(
                [self.value(one, label, owner) for one in (member.fget, member.fset, member.fdel)]
            )
        if isinstance(member, functools.cached_property):
            return self.value(member.func, label, owner)
        kind = type(member)
        if label == "__dataclass_fields__":
            told = [(one.default, one.default_factory) for one in member.values()]
            held = [[None if one is MISSING else one for one in pair] for pair in told]
            return self.reference(held, f"{owner.__qualname__}.{label}")
        if isinstance(member, (MethodType, functools.partial)):
            return self.reference(member, f"{owner.__qualname__}.{label}")
        ours = is_known(kind) and (hasattr(kind, "__get__") or kind.__module__.partition(".")[0] == _OURS)
        if ours or (label.startswith("__") and label.endswith("__")):  # what declarations make of the class's source
            if known:
                return None
            with contextlib.suppress(UncacheableParameter):
                return self.value(member, label, owner)
            return named(b"G", "reference", text(type_name(kind)))
        return self.reference(member, f"{owner.__qualname__}.{label}")


def _content(value: Any, place: Place) -> Any:
    """Give what an object holds that is in no attribute of it, for the kinds that are often left in modules."""
    if type(value) is random.Random:
        return value.getstate()
    if isinstance(value, threading.local):
        return dict(vars(value))
    if isinstance(value, (io.StringIO, io.BytesIO)):
        return None if value.closed else (value.getvalue(), value.tell())
    if isinstance(value, io.IOBase) and not value.closed and value.readable() and not _is_of_process(value):
        raise refusal(value, place, "what it will be read for is not known", "read it, and keep what was read")
    return None


def _is_of_process(stream: Any) -> bool:
    """Tell whether *stream* is an input or output of the process."""
    own = (sys.__stdin__, sys.__stdout__, sys.__stderr__, sys.stdin, sys.stdout, sys.stderr)
    return any(stream is one for one in own)


def _is_of_python(kind: type) -> bool:
    """Tell whether *kind* was made by a class statement, so that its instances are what their attributes say."""
    if not kind.__flags__ & _MADE_BY_CLASS:
        return False
    module = sys.modules.get(kind.__module__)
    file = getattr(module, "__file__", None)
    compiled = kind.__module__ in sys.builtin_module_names if file is None else not file.endswith((".py", ".pyc"))
    return not compiled or not is_library(kind.__module__)


_WRITERS: Final[dict[type, Any]] = {
    FunctionType: _Reach.written_function,
    ModuleType: _Reach.written_module,
}
_first = operator.itemgetter(0)


def _home(value: Any) -> str:
    """Give the module of a function or class, under one name for a script and its workers."""
    return _main(value.__module__ or "")


def _main(module: str) -> str:
    return "__main__" if module == "__mp_main__" else module


def is_known(value: Any) -> bool:
    """Tell whether a function or class is known by its name alone: a library's own."""
    if value.__module__ == "builtins" and getattr(value, "__flags__", _MADE_BY_CLASS) & _MADE_BY_CLASS:
        return getattr(builtins, value.__name__, None) is value  # what exec makes calls itself built in
    local = "<locals>" in value.__qualname__ or value.__qualname__.endswith("<lambda>")
    return not local and is_library(_home(value))


@register(ModuleType)
def _module(value: ModuleType, place: Place) -> bytes:
    if not is_users_module(value):
        return named(b"G", "module", text(value.__name__))
    return _Reach(value, _deeper(value, place)).encode(b"m", _main(value.__name__))


def _full_name(value: Any) -> str:
    return f"{_home(value)}.{value.__qualname__}"


@register(FunctionType)
def _function(value: FunctionType, place: Place) -> bytes:
    if is_known(value):
        return named(b"f", _full_name(value))
    return _Reach(value, _deeper(value, place)).encode(b"f", _full_name(value))


def encode_class(value: type, place: Place) -> bytes:
    """Encode a class: by name if it is a library's, else by name, code and bases."""
    by_name = _named.get(value)
    if by_name is None and is_known(value):
        by_name = _named[value] = named(b"T", _full_name(value))
    if by_name is not None:
        return by_name
    return _Reach(value, _deeper(value, place)).encode(b"T", _full_name(value))


#: Classes of libraries, as they are written.
_named: Final[WeakKeyDictionary[type, bytes]] = WeakKeyDictionary()


def _deeper(value: Any, place: Place) -> Place:
    """Give the place of what a function or class holds, having refused what is nested without end."""
    place.enter(value)
    return place


@functools.lru_cache(maxsize=512)
def _digest_of_form(form: bytes) -> bytes:
    return raw_digest(_CODE, form)


def _is_constant(value: Any) -> bool:
    if type(value) in (tuple, frozenset):
        return all(map(_is_constant, value))
    return type(value) in _CONSTANTS


def asked_by(things: Iterable[Any]) -> set[str]:
    """Give what the user's *things*, classes and functions, ask for that no key can tell: see ``purity`` in records."""
    found: set[str] = set()
    for one in things:
        with contextlib.suppress(UncacheableParameter):
            encode(inspect.unwrap(one) if callable(one) else one, "code", found)
    return found


class Referred:
    """A value that code refers to; it is encoded as values of modules are."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


@register(Referred)
def _referred(value: Referred, place: Place) -> bytes:
    reach = _Reach(value, place)
    reach.waiting.clear()  # the value alone
    told = reach._told_(value.value, place)
    return reach.encode(b"r", "") + told


def encode_reference(value: Any, name: str, asked: set[str] | None = None) -> bytes:
    """Encode what code refers to as *name*, with all code of the user's that it leads to; *asked* as in ``encode``."""
    return encode(Referred(value), f".<global {name}>", asked)


__all__ = ["Referred", "asked_by", "encode_class", "encode_code", "encode_reference", "is_known"]
