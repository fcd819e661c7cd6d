"""Encoders of functions and classes: by qualified name and by what their code says, not by where it lies.

A function of the user's is its name, its source in normal form (comments, layout, docstrings and positions do not
count; where no source belongs to it, its bytecode), its defaults, the values it has closed over, and what it refers to
in its module: constants, plain containers, arrays and frames by value, the user's own functions and classes by their
code, everything else by name.
Functions and classes of Python, of installed packages and of backtrail are their qualified name: the versions of
packages are another part of a key.
"""

from __future__ import annotations

import functools
import os
import sys
import sysconfig
from collections.abc import Iterator
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
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
    register,
    text,
    tlv,
    type_name,
)
from .source import Sources, form_of_class, form_of_function
from .tables import is_table

_CODE: Final = "backtrail-callable/1"
_BUILTIN: Final = (
    BuiltinFunctionType,
    type(len),
    type(str.join),
    type(dict.fromkeys),
    type((0).__add__),
    type(str.__add__),
)
_OWN: Final = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_CONSTANTS: Final = (type(None), bool, int, float, complex, str, bytes, type(Ellipsis))
_CONTAINERS: Final = (list, tuple, set, frozenset, dict)
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


# -- whose code it is ---------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=1)
def _library_roots() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    return tuple({paths[name] + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")})


def _is_library(module: str) -> bool:
    """Tell whether *module* belongs to Python, to an installed package or to backtrail: by its file if it has one."""
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is not None:
        return _is_library_file(file)
    top = module.partition(".")[0]
    return top in ("backtrail", "builtins") or (top in sys.stdlib_module_names and top != "__main__")


@functools.lru_cache(maxsize=4096)
def _is_library_file(file: str) -> bool:
    installed = "site-packages" in file or "dist-packages" in file
    return installed or file.startswith((*_library_roots(), _OWN))


def _home(value: Any) -> str:
    """Give the module of a function or class, under one name for a script and its workers."""
    module = value.__module__ or ""
    return "__main__" if module == "__mp_main__" else module


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
        self.sources = Sources()

    def encode(self, tag: bytes, name: str) -> bytes:
        """Encode all that is reached, under the name of the first."""
        out = set()
        while self.waiting:
            one = self.waiting.pop()
            out.add(self.written_class(one) if isinstance(one, type) else self.written_function(one))
        return named(tag, name, b"".join(sorted(out)))

    def name(self, value: Any) -> bytes:
        """Encode a function or class by its name, and make sure that its code is written too."""
        if not is_known(value) and id(value) not in self.seen:
            self.seen.add(id(value))
            self.waiting.append(value)
        return named(b"R", _full_name(value))

    def value(self, value: Any, step: str, owner: Any) -> bytes:
        """Encode a value that a function holds."""
        if isinstance(value, (FunctionType, type)):
            return self.name(value)
        return encode_at(value, Place(f".{step}", self.place, id(owner)))

    def written_function(self, value: FunctionType) -> bytes:
        """Encode one function without what it refers to."""
        if _is_library_file(value.__code__.co_filename):  # a library's wrapper around the user's function
            parts = [
                encode_at(getattr(value, "__wrapped__", None), Place(".__wrapped__", self.place, id(value)))
            ]
            if not hasattr(value, "__wrapped__"):
                parts += self._held_(value)
            return named(b"w", _full_name(value), *parts)
        contents = (
            _digest_of_form(form_of_function(value, self.sources)),
            self.value(value.__defaults__, "__defaults__", value),
            self.value(value.__kwdefaults__, "__kwdefaults__", value),
            *self._held_(value),
            self._references(value.__code__, value.__globals__),
        )
        return named(b"f", _full_name(value), *contents)

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
        """Encode what *code* may refer to in its module: names of attributes that are defined there count too."""
        out = [
            text(name) + self._reference(known[name]) for name in _names_in(code) if name in known
        ]
        return tlv(b"L", b"".join(out))

    def _reference(self, value: Any) -> bytes:
        if _is_constant(value):
            return encode(value)
        if isinstance(value, (FunctionType, type)):
            return self.name(value)
        if type(value) in _CONTAINERS or is_table(value):
            try:
                return encode_at(value, Place(".<global>", self.place))
            except UncacheableParameter:  # it is known by the code that fills it
                pass
        name = value.__name__ if isinstance(value, ModuleType) else type_name(type(value))
        return named(b"G", "reference", text(name))

    def written_class(self, value: type) -> bytes:
        """Encode one class without what it refers to."""
        form = form_of_class(value, self.sources)
        out = []
        for label, member in sorted(vars(value).items(), key=lambda one: one[0]):
            found = None if label in _UNSAID else self._member(member, label, value, form is not None)
            if found is not None:
                out.append(text(label) + found)
        bases = tlv(b"L", b"".join(map(self.name, value.__bases__)))
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
        plain = _is_constant(member) or isinstance(member, type) or type(member) in _CONTAINERS
        if plain or is_table(member):
            return self._reference(member)
        if known:
            return None
        try:
            return self.value(member, label, owner)
        except UncacheableParameter:
            return self._reference(member)


def is_known(value: Any) -> bool:
    """Tell whether a function or class is known by its name alone: a library's own."""
    local = "<locals>" in value.__qualname__ or value.__qualname__.endswith("<lambda>")
    return not local and _is_library(_home(value))


@register(ModuleType)
def _module(value: ModuleType, place: Place) -> bytes:
    return named(b"G", "module", text(value.__name__))


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


_named_in: Final[dict[int, tuple[CodeType, list[str]]]] = {}  # by identity: codes are slow to compare
_MOST_NAMED: Final = 1024


def _names_in(code: CodeType) -> list[str]:
    """Give the names that *code* and the code in it refer to, sorted."""
    known = _named_in.get(id(code))
    if known is None:
        if len(_named_in) >= _MOST_NAMED:
            _named_in.clear()
        known = _named_in[id(code)] = (code, sorted(set(_names(code))))
    return known[1]


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _names(one)


def _is_constant(value: Any) -> bool:
    if type(value) in (tuple, frozenset):
        return all(map(_is_constant, value))
    return type(value) in _CONSTANTS


__all__ = ["encode_class", "encode_code", "is_known"]
