"""What code refers to outside of itself, read from its bytecode: names of its module, attributes of modules, imports.

A *chain* is a name and the attributes that are read of it: ``("settings", "limits", "low")``. Where an import within
the code gives the first value, its name begins with the number of leading dots: ``("0.settings", "low")``. Chains are
followed through variables, ``getattr`` and ``import_module`` with a name that is written there.
"""

from __future__ import annotations

import builtins
import dis
import operator
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from types import BuiltinFunctionType, CodeType, ModuleType
from typing import Any, Final

from .libraries import is_users_module

Chain = tuple[str, ...]
Bound = dict[str, frozenset[Chain]]

#: Attributes that importing sets: they say where a module is, not what is in it.
OF_IMPORT: Final = frozenset((
    "__name__", "__file__", "__path__", "__package__", "__spec__", "__loader__", "__cached__", "__builtins__",
    "__doc__", "__annotations__", "__warningregistry__",
))  # fmt: skip
_BUILTIN: Final = (BuiltinFunctionType, type)
#: The word, among those of :func:`asked`, for code that looks at what a feed reads and not at its lines alone.
SOURCE: Final = "source"
_SOURCES: Final = frozenset(("dataname", "_dataname"))
_CALLED: Final = "()"
_STORED: Final = "="
_OURS: Final = __name__.partition(".")[0]
_PLAIN: Final = frozenset((bool, int, float, complex, str, bytes))
_CONTAINERS: Final = frozenset((list, tuple, dict, set, frozenset))
_MOST_READ: Final = 1024
_LONGEST: Final = 8
_MOST_BOUND: Final = 16
#: By word of a record's purity: what code reads that no key can tell. ``.()`` stands for a call without arguments.
_ASKING: Final = {
    "clock": (
        "time.time", "time.time_ns", "time.localtime.()", "time.gmtime.()", "time.ctime.()", "datetime.datetime.now",
        "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today", "pandas.Timestamp.now",
        "pandas.Timestamp.today", "pandas.Timestamp.utcnow",
    ),
    "chance": (
        "secrets", "uuid.uuid1", "uuid.uuid4", "os.urandom", "random.SystemRandom", "random.Random.()",
        "numpy.random.default_rng.()", "numpy.random.RandomState.()",
    ),
    "seed": ("random.seed", "numpy.random.seed"),  # what is drawn from then on is no chance
    "environment": ("os.environ", "os.getenv", "sys.argv", "sys.stdin", "builtins.input"),
    "folders": (
        "os.listdir", "os.scandir", "os.walk", "os.stat", "os.path.exists", "posixpath.exists", "os.path.isfile",
        "genericpath.exists", "genericpath.isfile", "os.path.getmtime", "glob.glob", "glob.iglob",
    ),
}  # fmt: skip
_WORDS: Final = {name: word for word, names in _ASKING.items() for name in names}
_IMPORTERS: Final = frozenset((
    "importlib.import_module", "importlib.reload", "builtins.__import__", "sys.modules", "runpy.run_module",
))  # fmt: skip
#: What of Python's own sees all names of the module that it is called in.
_SEE_ALL: Final = frozenset(("globals", "eval", "exec"))


# -- what chains lead to ------------------------------------------------------------------------------------


def reached(code: CodeType, known: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give what *code*, and the code in it, reads of its module *known* and of modules it imports, by name, sorted.

    Of a module of the user's it is the attribute that is read: ``settings.limits``, not all of ``settings``; the module
    itself where it cannot be told which one. Code that evaluates text, or imports by a computed name, may read
    everything: all names of its module, or all modules of the user's.
    """
    found: dict[str, Any] = {}
    for first, *rest in read_by(code):
        if first in OF_IMPORT:
            continue
        if first in known:
            label, value = first, known[first]
        elif first[0].isdigit():
            label, value = first, _imported(first, known)
            if value is None:  # not loaded yet: its source is all there is to it
                continue
        elif first in _SEE_ALL:
            found |= {name: one for name, one in known.items() if name not in OF_IMPORT}
            continue
        else:
            if first == "__import__":
                found |= _users_modules()
            continue
        for name in rest:
            if not is_users_module(value):
                break
            if name in OF_IMPORT:
                value = None
                break
            inner = vars(value).get(name, sys.modules.get(f"{value.__name__}.{name}"))
            if inner is None and name not in vars(value):
                break
            label, value = f"{label}.{name}", inner
        if isinstance(value, ModuleType):
            if not is_users_module(value) and (own := _of_library(value, rest)) is not None:
                found[".".join((label, *own[:-1]))] = own[-1]
                continue
            if rest[-1:] == [_STORED]:
                continue  # chains go on from the variable that holds it
            if ".".join((value.__name__, *rest)) in _IMPORTERS:
                found |= _users_modules()
        found[label] = _beside(value, known.get("__file__"))
    yield from sorted(found.items(), key=operator.itemgetter(0))


def _beside(value: Any, file: Any) -> Any:
    """Give a path below the folder of the module *file* from there on: where a project lies does not count."""
    if isinstance(value, str | os.PathLike) and isinstance(file, str):
        text = os.fspath(value)
        folder = os.path.dirname(os.path.abspath(file))
        if isinstance(text, str) and (text == folder or text.startswith(folder + os.sep)):
            return [type(value).__name__, "beside the module", text[len(folder) :].replace(os.sep, "/")]
    return value


def _of_library(module: ModuleType, rest: list[str]) -> tuple[Any, ...] | None:
    """Give the names and the plain value that are read of a library's module: a script may have put it there."""
    for at, name in enumerate(rest):
        value = vars(module).get(name)
        if not isinstance(value, ModuleType):
            plain = type(value) in _PLAIN or (type(value) in _CONTAINERS and module.__name__.startswith(_OURS))
            return (*rest[: at + 1], value) if plain and name not in OF_IMPORT else None
        module = value
    return None


def _imported(first: str, known: Mapping[str, Any]) -> ModuleType | None:
    """Give the module that an import in the module *known* names, if it is loaded."""
    dots, _, name = first.partition(".")
    if dots != "0":
        package = known.get("__package__")
        if package is None:
            package = known.get("__name__", "") if "__path__" in known else known.get("__name__", "").rpartition(".")[0]
        package = package.rsplit(".", int(dots) - 1)[0]
        name = f"{package}.{name}" if name else package
    return sys.modules.get(name)


def _users_modules() -> dict[str, Any]:
    """Give all modules of the user's that are loaded."""
    return {name: one for name, one in list(sys.modules.items()) if is_users_module(one)}


def asked(code: CodeType, known: Mapping[str, Any]) -> Iterator[str]:
    """Give what *code* asks the clock, chance or the machine for, in the words of a record's purity."""
    for first, *rest in read_by(code):
        value = known.get(first)
        if first == f"<{SOURCE}>":
            yield SOURCE
        if value is None:
            if first[0].isdigit():
                name = first[2:] if first[0] == "0" else ""
            elif hasattr(builtins, first):
                name = f"builtins.{first}"
            else:
                continue
        elif isinstance(value, ModuleType):
            name = value.__name__
        elif isinstance(value, _BUILTIN) and (home := getattr(value, "__module__", None)):
            name = f"{home.partition('._')[0]}.{value.__qualname__}"
        else:
            continue
        parts = [name, *rest]
        while parts:
            word = _WORDS.get(".".join(parts))
            if word is not None:
                yield word
            parts.pop()


# -- reading bytecode ---------------------------------------------------------------------------------------


_read_in: Final[dict[int, tuple[CodeType, list[Chain]]]] = {}  # by identity: codes are slow to compare


def read_by(code: CodeType) -> list[Chain]:
    """Give the chains that *code* and the code in it read.

    A chain ends with ``()`` if what it leads to is called without arguments, and with ``=`` if it is kept in a variable
    from which further chains begin.
    """
    known = _read_in.get(id(code))
    if known is None:
        if len(_read_in) >= _MOST_READ:
            _read_in.clear()
        known = _read_in[id(code)] = (code, sorted(set(_chains(code, {}))))
    return known[1]


def _chains(code: CodeType, outer: Bound) -> Iterator[Chain]:
    """Give the chains of *code*; *outer* are those of the variables of the code around it."""
    bound = {name: outer[name] for name in code.co_freevars if name in outer}
    while True:
        reading = _Reading(code, bound)
        reading.run()
        if reading.bound == bound:  # a loop may read a variable above the line that sets it
            break
        bound = reading.bound
    yield from reading.found
    if not _SOURCES.isdisjoint(code.co_names) or not _SOURCES.isdisjoint(filter(_is_name, code.co_consts)):
        yield (f"<{SOURCE}>",)
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _chains(one, bound)


def _is_name(value: Any) -> bool:
    return type(value) is str


def _operations(*names: str) -> frozenset[int]:
    """Give the numbers of those of the operations *names* that this version of Python has."""
    return frozenset(dis.opmap[name] for name in names if name in dis.opmap)


_GLOBAL: Final = dis.opmap["LOAD_GLOBAL"]
_ATTRIBUTE: Final = dis.opmap["LOAD_ATTR"]
_METHOD: Final = dis.opmap.get("LOAD_METHOD", -1)
_CALL: Final = dis.opmap["CALL"]
_CONSTANT: Final = dis.opmap["LOAD_CONST"]
_IMPORT: Final = dis.opmap["IMPORT_NAME"]
_FROM: Final = dis.opmap["IMPORT_FROM"]
_SWAP: Final = dis.opmap["SWAP"]
_STORE_NAME: Final = dis.opmap["STORE_NAME"]
_FAST: Final = dis.opmap["LOAD_FAST"]
_STORE_FAST: Final = dis.opmap["STORE_FAST"]
_NAMES: Final = _operations("LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS")
_VARIABLES: Final = _operations(
    "LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF"
)
_STORES: Final = _operations("STORE_FAST", "STORE_DEREF")
_BETWEEN: Final = _operations("PRECALL", "PUSH_NULL")
#: Two operations in one, whose arguments have four bits each.
_PAIRS: Final = {
    dis.opmap[name]: pair
    for name, pair in {
        "LOAD_FAST_LOAD_FAST": (_FAST, _FAST),
        "STORE_FAST_LOAD_FAST": (_STORE_FAST, _FAST),
        "STORE_FAST_STORE_FAST": (_STORE_FAST, _STORE_FAST),
    }.items()
    if name in dis.opmap
}
_BITS: Final = 1 if sys.version_info >= (3, 12) else 0  # of an attribute's argument that do not number its name


class _Reading:
    """One pass over the operations of a code; ``bound`` are the chains that its variables hold."""

    def __init__(self, code: CodeType, bound: Bound) -> None:
        self.code = code
        self.bound = dict(bound)
        cells = [name for name in code.co_cellvars if name not in code.co_varnames]
        self.variables = (*code.co_varnames, *cells, *code.co_freevars)
        self.found: list[Chain] = []
        self.chains: frozenset[Chain] = frozenset()  # what is on top of the stack
        self.base: frozenset[Chain] = frozenset()  # the module that names are imported from
        self.constants: tuple[Any, Any] = (None, None)
        self.naming = False  # the next constant names an attribute, or a module
        self.calling = False  # the next call gives what has been named
        self.previous = -1

    def run(self) -> None:
        """Read all operations."""
        high = 0
        for operation, low in zip(self.code.co_code[::2], self.code.co_code[1::2]):
            if operation == 0:  # room that the interpreter keeps for itself
                continue
            number, high = high | low, 0
            if operation == dis.EXTENDED_ARG:
                high = number << 8
            elif operation in _PAIRS:
                one, two = _PAIRS[operation]
                self.read(one, number >> 4)
                self.read(two, number & 15)
            else:
                self.read(operation, number)
            self.previous = operation
        self.end()

    def read(self, operation: int, number: int) -> None:
        """Read one operation."""
        names = self.code.co_names
        if operation == _CONSTANT:
            self.constant(self.code.co_consts[number])
        elif operation == _IMPORT:
            self.imported(names[number])
        elif operation == _FROM:
            self.chains = _longer(self.base, names[number])
        elif self.chains and operation == _ATTRIBUTE:
            self.chains = _longer(self.chains, names[number >> _BITS])
        elif self.chains and operation == _METHOD:
            self.chains = _longer(self.chains, names[number])
        elif self.chains and operation in _BETWEEN:
            return
        elif self.calling and operation == _CALL:
            self.calling = False
        elif operation == _SWAP and self.previous == _FROM:  # import a.b.c as d
            self.base, self.chains = self.chains, frozenset()
        elif operation in _STORES:
            self.stored(self.variables[number])
        elif operation == _STORE_NAME:
            self.stored(names[number], kept=True)
        elif operation == _GLOBAL:
            self.begin(frozenset([(names[number >> 1],)]))
        elif operation in _NAMES:
            name = names[number]
            self.begin(self.bound.get(name, frozenset()) | {(name,)})
        elif operation in _VARIABLES and not self.is_cell(operation, number):
            self.begin(self.bound.get(self.variables[number], frozenset()))
        else:
            self.end(_CALLED if operation == _CALL and number == 0 else None)

    def is_cell(self, operation: int, number: int) -> bool:
        """Tell whether a variable is only handed on to the code within."""
        return operation == _FAST and self.variables[number] in (*self.code.co_cellvars, *self.code.co_freevars)

    def begin(self, chains: frozenset[Chain]) -> None:
        """Begin *chains*, of which ``getattr`` may name an attribute."""
        naming = self.chains == {("getattr",)}
        self.end()
        self.chains, self.naming = chains, naming

    def end(self, mark: str | None = None) -> None:
        """Note where the chains lead that end here."""
        self.found += [chain if mark is None else (*chain, mark) for chain in self.chains]
        self.chains, self.naming, self.calling = frozenset(), False, False

    def constant(self, value: Any) -> None:
        """Read a constant, which may be the name of an attribute or of a module."""
        self.constants = (self.constants[1], value)
        if self.calling:
            return
        if self.naming and self.chains and type(value) is str:
            self.chains, self.naming, self.calling = _longer(self.chains, value), False, True
        elif type(value) is str and value[:1] not in ("", ".") and _import_module(self.chains):
            self.chains, self.calling = frozenset([(f"0.{value}",)]), True
        else:
            self.end()

    def imported(self, name: str) -> None:
        """Read an import: what it gives is the module itself or, without names taken from it, its first package."""
        self.end()
        level, names = self.constants
        self.base = frozenset([(f"{level}.{name if names else name.partition('.')[0]}",)])
        self.chains = frozenset() if names else self.base

    def stored(self, name: str, kept: bool = False) -> None:
        """Keep the chains in a variable; in a class (*kept*) others may read it too."""
        held = self.bound.get(name, frozenset()) | self.chains
        if self.chains and len(held) <= _MOST_BOUND and all(len(chain) < _LONGEST for chain in held):
            self.bound[name] = held
            self.end(None if kept else _STORED)
        else:
            self.end()


def _longer(chains: Iterable[Chain], name: str) -> frozenset[Chain]:
    return frozenset((*chain, name) for chain in chains)


def _import_module(chains: frozenset[Chain]) -> bool:
    return len(chains) == 1 and next(iter(chains))[-1] == "import_module"


__all__ = ["OF_IMPORT", "SOURCE", "asked", "reached", "read_by"]
