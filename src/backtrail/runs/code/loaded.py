"""What is loaded: the modules of this process, where classes come from, and whether their files changed since."""

from __future__ import annotations

import ast
import functools
import inspect
import marshal
import os
import struct
import sys
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, Final, NamedTuple

from ..source import compiled_source
from .notebook import is_cell_file, remembered_source
from .places import not_user_code

_MAIN: Final = ("__main__", "__mp_main__")
_PYC_HEADER: Final = 16
_SHARED_NAMES: Final = ("<string>", "<stdin>")
_MOST_PARTS: Final = 100
# what was found of each module that is loaded, so that the next look is quick
_looked_at: dict[str, tuple[int, str | None]] = {}


class Origin(NamedTuple):
    """Where a class or function comes from.

    ``files`` are the files of its code, ``cells`` the names of code that is in no file but whose source is known, and
    ``unknown`` the names of code whose source nobody has.
    """

    module: str
    files: tuple[str, ...]
    cells: tuple[str, ...]
    unknown: tuple[str, ...]


def module_name(name: str) -> str:
    """Give the name under which a module is keyed: a worker's main module is the main module."""
    return "__main__" if name in _MAIN else name


def origin_of(thing: Any) -> Origin:
    """Tell where a class or function comes from, by its module and by the code of its functions."""
    name = getattr(thing, "__module__", None) or "__main__"
    module = sys.modules.get(name)
    file = getattr(module, "__file__", None)
    files = [os.path.abspath(file)] if isinstance(file, str) and os.path.isfile(file) else []
    cells: list[str] = []
    unknown: list[str] = []
    codes: dict[str, list[CodeType]] = {}
    for function in functions_of(thing):
        codes.setdefault(function.__code__.co_filename, []).append(function.__code__)
    for filename, written in codes.items():
        if filename.startswith(not_user_code()):
            continue
        if not is_cell_file(filename) and os.path.isfile(filename):
            files.append(os.path.abspath(filename))
        elif filename == "<string>" and files:
            continue  # what dataclass and namedtuple generate
        elif _is_remembered(filename, written):
            cells.append(filename)
        else:
            unknown.append(filename)
    if not files and not cells and not unknown:
        unknown.append(name)
    return Origin(module_name(name), tuple(dict.fromkeys(files)), tuple(cells), tuple(unknown))


def _is_remembered(filename: str, codes: list[CodeType]) -> bool:
    """Tell whether Python remembers the source of *codes*; one name may stand for several sources in ``exec``."""
    text = remembered_source(filename)
    if text is None or filename not in _SHARED_NAMES:
        return text is not None
    try:
        compiled = compiled_source(text.encode("utf-8", "surrogatepass"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    known = {(code.co_qualname, _shape(code)) for code in _codes(compiled)}
    return all((code.co_qualname, _shape(code)) in known for code in codes)


def parts_of(thing: Any) -> list[type | FunctionType]:
    """Give the classes and functions of a callable or object: of a partial its function, of a method its class too."""
    found: list[type | FunctionType] = []
    work = [thing]
    while work and len(found) < _MOST_PARTS:
        one = work.pop()
        if isinstance(one, type | FunctionType):
            found.append(one)
        elif isinstance(one, functools.partial):
            work.append(one.func)
        elif isinstance(one, MethodType):
            work += [one.__func__, one.__self__]
        elif isinstance(one, staticmethod | classmethod):
            work.append(one.__func__)
        elif not isinstance(one, BuiltinFunctionType):
            found.append(type(one))
    return found


def functions_of(thing: Any) -> Iterator[FunctionType]:
    """Give the functions of a class's own body, or the function itself, without their decorators."""
    values = vars(thing).values() if isinstance(thing, type) else [thing]
    for value in values:
        inner = value
        if isinstance(inner, staticmethod | classmethod):
            inner = inner.__func__
        candidates: list[Any] = (
            [inner.fget, inner.fset, inner.fdel] if isinstance(inner, property) else [inner]
        )
        for one in candidates:
            seen = 0
            while hasattr(one, "__wrapped__") and seen < 100:
                one = one.__wrapped__
                seen += 1
            if isinstance(one, FunctionType):
                yield one


def loaded_files() -> list[tuple[str, str]]:
    """Give name and file of every loaded module that is neither backtrail's, nor a library's, nor Python's own."""
    global _looked_at
    skipped = not_user_code()
    before, after = _looked_at, {}
    found = []
    for name, module in list(sys.modules.items()):
        known = before.get(name)
        if known is None or known[0] != id(module):
            file = getattr(module, "__dict__", {}).get("__file__")
            theirs = not isinstance(file, str) or file.startswith(skipped) or name in _MAIN
            known = (id(module), None if theirs else file)
        after[name] = known
        if known[1] is not None:
            found.append((name, known[1]))
    _looked_at = after
    return found


def own_things(module: ModuleType | None) -> list[Any]:
    """Give the functions and classes that *module* itself defines, without decorators."""
    things = [inspect.unwrap(one) if isinstance(one, FunctionType) else one for one in vars(module or object).values()]
    name = getattr(module, "__name__", None)
    return [one for one in things if isinstance(one, FunctionType | type) and one.__module__ == name]


def changed_since_loaded(name: str, file: str, source: bytes, things: list[Any]) -> str | None:
    """Say in what the loaded module *name* differs from *source*, its file's present bytes; None if in nothing seen.

    The functions of *things* are compared with what *source* compiles to, and the compiled module that Python cached
    when it was imported, if it did.
    """
    module = sys.modules.get(name)
    loader = getattr(module, "__loader__", None)
    if module is None or not (loader is None or type(loader) is SourceFileLoader):
        return None  # loaded by something that may change the code, as pytest does
    try:
        compiled = compiled_source(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "the file can no longer be compiled"
    written: dict[str, set[Any]] = {}
    for code in [*_codes(compiled), *_cells_of(source)]:
        written.setdefault(code.co_qualname, set()).add(_shape(code))
    for thing in things:
        for function in functions_of(thing):
            code = function.__code__
            if os.path.abspath(code.co_filename) == os.path.abspath(file):
                if _shape(code) not in written.get(code.co_qualname, ()):
                    return f"{code.co_qualname} is not the same in the file"
    cached = _cached_code(module, file)
    if cached is not None and _tree(cached) != _tree(compiled):
        return "the module that was imported is not the same in the file"
    return None


def _cells_of(source: bytes) -> Iterator[CodeType]:
    """Give the code of a marimo notebook's cells: functions in its file, whose bodies marimo compiles as modules."""
    if "marimo" not in sys.modules or b"marimo" not in source:
        return
    for one in ast.parse(source).body:
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.With):
            body = [statement for statement in one.body if not isinstance(statement, ast.Return)]
            try:
                cell = compile(ast.Module(body, []), "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, True)
            except SyntaxError:  # a function that is no cell
                continue
            yield from _codes(cell)


def _cached_code(module: ModuleType, file: str) -> CodeType | None:
    """Give the compiled module as it was imported, if Python kept it and the file's date says that it changed since."""
    path = getattr(module, "__cached__", None)
    if not isinstance(path, str):
        return None
    try:
        with open(path, "rb") as opened:
            content = opened.read()
        seen = os.stat(file)
    except OSError:
        return None
    if len(content) < _PYC_HEADER or content[4:8] != b"\0\0\0\0":
        return None
    modified, size = struct.unpack("<II", content[8:16])
    if (modified, size) == (int(seen.st_mtime) & 0xFFFFFFFF, seen.st_size & 0xFFFFFFFF):
        return None
    try:
        code = marshal.loads(content[_PYC_HEADER:])
    except (EOFError, ValueError, TypeError):
        return None
    return code if isinstance(code, CodeType) else None


def _codes(code: CodeType) -> Iterator[CodeType]:
    work = [code]
    while work:
        one = work.pop()
        yield one
        work += [const for const in one.co_consts if isinstance(const, CodeType)]


def _shape(code: CodeType) -> Any:
    """Give what *code* does, without where it stands and without its docstring."""
    consts = code.co_consts
    if (
        code.co_flags & 0x2 and consts and isinstance(consts[0], str | None)
    ):  # a function's docstring stands first
        consts = consts[1:]
    return (
        code.co_code, code.co_names, code.co_varnames, code.co_freevars, code.co_argcount, code.co_kwonlyargcount,
        tuple(str(_const(const)) for const in consts),
    )  # fmt: skip


def _const(const: Any) -> Any:
    if isinstance(const, CodeType):
        return "code"
    return sorted(map(repr, const)) if isinstance(const, frozenset) else repr(const)


def _tree(code: CodeType) -> list[Any]:
    """Give the shapes of *code* and of all code in it."""
    return [_shape(one) for one in _codes(code)]


__all__ = [
    "Origin",
    "changed_since_loaded",
    "functions_of",
    "loaded_files",
    "module_name",
    "origin_of",
    "own_things",
    "parts_of",
]
