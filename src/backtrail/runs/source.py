"""The code of one function or class in normal form.

The source is taken from the module's file (or the notebook cell, or whatever ``linecache`` knows) only where compiling
it gives exactly the code that is loaded: a file that was edited after it was imported says nothing about what runs.
Without such a source the bytecode and its constants stand for the code.
"""

from __future__ import annotations

import ast
import linecache
import sys
import warnings
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any, Final

_DOCUMENTED: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)
#: Where statements, handlers and cases hold further ones.
_BODIES: Final = ("body", "orelse", "finalbody", "handlers", "cases")


class Sources:
    """The source files as they are at one moment: each is looked at once."""

    def __init__(self) -> None:
        self._read: dict[str, _Module | None] = {}

    def module(self, file: str) -> _Module | None:
        """Give the source *file* as it was when it was first asked for; None if there is none that can be parsed."""
        if file not in self._read:
            self._read[file] = _module(file)
        return self._read[file]


def form_of_function(value: FunctionType, sources: Sources) -> bytes:
    """Give what the code of *value* says: its source in normal form, or else its bytecode."""
    code = value.__code__
    form = _form_of(code, sources)
    return _bytecode(code) if form is None else form


def form_of_class(value: type, sources: Sources) -> bytes | None:
    """Give the source of class *value* in normal form; None if its methods were not compiled from a source we know."""
    codes = [one.__code__ for one in vars(value).values() if isinstance(one, FunctionType)]
    own = [
        code
        for code in codes
        if code.co_qualname.startswith(f"{value.__qualname__}.")
        and not code.co_filename.startswith("<string")
    ]
    file = own[0].co_filename if own else getattr(sys.modules.get(value.__module__), "__file__", None)
    module = sources.module(file) if file else None
    if module is None or any(id(code) not in module.written and code not in module.codes for code in own):
        return None
    found = [node for name, node in module.classes if name == value.__qualname__]
    if own and len(found) > 1:
        first = min(code.co_firstlineno for code in own)
        found = [one for one in found if one.lineno <= first <= (one.end_lineno or one.lineno)]
    return module.form(found[0]) if len(found) == 1 else None


class _Module:
    """The code and syntax trees of one source text."""

    def __init__(self, source: str) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._tree = ast.parse(source)
            compiled = compiled_source(source.encode("utf-8", "surrogatepass"))
        self.codes = set(_codes(compiled))
        self.classes: list[tuple[str, ast.ClassDef]] = []
        self.written: dict[int, tuple[CodeType, bytes]] = {}  # by identity: codes are slow to compare
        self._functions: dict[int, list[Any]] = {}
        self._lambdas: dict[int, list[Any]] | None = None
        self._forms: dict[ast.AST, bytes] = {}
        self._gather(self._tree.body, "")

    def form(self, node: ast.AST) -> bytes:
        """Give the normal form of a function or class of this source."""
        known = self._forms.get(node)
        if known is None:
            known = self._forms[node] = b"source " + normal_form(node)
        return known

    def functions(self, name: str, line: int) -> list[Any]:
        """Give the functions called *name* that begin on *line*, decorators included."""
        if name != "<lambda>":
            return [node for node in self._functions.get(line, ()) if node.name == name]
        if self._lambdas is None:
            self._lambdas = {}
            for node in ast.walk(self._tree):
                if isinstance(node, ast.Lambda):
                    self._lambdas.setdefault(node.lineno, []).append(node)
        return list(self._lambdas.get(line, ()))

    def _gather(self, body: list[Any], prefix: str) -> None:
        """Note the classes and functions that are defined in *body*, at any depth."""
        for node in body:
            if isinstance(node, ast.ClassDef):
                self.classes.append((f"{prefix}{node.name}", node))
                self._gather(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                line = min([node.lineno, *(one.lineno for one in node.decorator_list)])
                self._functions.setdefault(line, []).append(node)
                self._gather(node.body, f"{prefix}{node.name}.<locals>.")
            else:
                for field in _BODIES:
                    inner = getattr(node, field, None)
                    if inner:
                        self._gather(inner, prefix)


def compiled_source(source: bytes) -> CodeType:
    """Compile the module whose text is *source*, once if it is asked for twice; errors are those of ``compile``."""
    known = _compiled.get(source)
    if known is None:
        if len(_compiled) >= _MOST_COMPILED:
            _compiled.clear()
        known = _compiled[source] = compile(source, "<source>", "exec", dont_inherit=True)
    return known


_compiled: dict[bytes, CodeType] = {}
_MOST_COMPILED: Final = 32


def _codes(code: CodeType) -> Iterator[CodeType]:
    waiting = [code]
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend(const for const in one.co_consts if isinstance(const, CodeType))


_modules: dict[str, tuple[list[str], _Module | None]] = {}


def _module(file: str) -> _Module | None:
    """Read the source *file* as it is at present; None if there is none, or it cannot be parsed."""
    linecache.checkcache(file)
    lines = linecache.getlines(file)
    if not lines:
        return None
    known = _modules.get(file)
    if known is None or known[0] is not lines:  # linecache gives the same list until the file changes
        known = _modules[file] = (lines, _parsed("".join(lines)))
    return known[1]


def _parsed(source: str) -> _Module | None:
    try:
        return _Module(source)
    except (SyntaxError, ValueError, RecursionError):
        return None


def _form_of(code: CodeType, sources: Sources) -> bytes | None:
    """Give the source of *code* in normal form; None if none is known that it was compiled from."""
    module = sources.module(code.co_filename)
    if module is None:
        return None
    known = module.written.get(id(code))
    if known is not None:
        return known[1]
    if code not in module.codes:
        return None
    here = module.functions(code.co_name, code.co_firstlineno)
    if len(here) > 1:  # lambdas on one line: the innermost whose text holds all of the code
        spots = _spots(code)
        here = [one for one in here if all(_span(one)[0] <= spot <= _span(one)[1] for spot in spots)]
        here.sort(key=lambda one: _span(one)[0], reverse=True)
    if not here:
        return None
    form = module.form(here[0])
    module.written[id(code)] = (code, form)
    return form


def _spots(code: CodeType) -> list[tuple[int, int]]:
    """Give where in the source the instructions stand (line, column), those of the function's entry left out."""
    return [
        (line, column)
        for line, last, column, until in code.co_positions()
        if line is not None and column is not None and last is not None and until is not None
        if (column, until) != (0, 0)
    ]


def _span(node: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    return (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)


# -- normal form --------------------------------------------------------------------------------------------


def normal_form(node: ast.AST) -> bytes:
    """Write a syntax tree without positions, comments and docstrings, each part preceded by its kind and size."""
    out: list[bytes] = []
    waiting: list[Any] = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, bytes):
            out.append(one)
        elif isinstance(one, ast.AST):
            fields = [(name, value) for name, value in ast.iter_fields(one) if not _unsaid(name, value)]
            if isinstance(one, _DOCUMENTED):
                fields = [(name, _undocumented(value) if name == "body" else value) for name, value in fields]
            out.append(f"({type(one).__name__} {len(fields)}".encode())
            for name, value in reversed(fields):
                waiting.extend((value, f" {name}=".encode()))
        elif isinstance(one, list):
            out.append(f"[{len(one)}".encode())
            waiting.extend(reversed(one))
        else:
            written = f"{type(one).__name__} {one!r}".encode("utf-8", "surrogatepass")
            out.append(b"<%d %s" % (len(written), written))
    return b"".join(out)


def _unsaid(name: str, value: Any) -> bool:
    """Tell whether a field says nothing: those are the fields that differ between versions of Python."""
    return value is None or value == [] or name in ("type_comment", "kind", "ctx")


def _undocumented(body: list[Any]) -> list[Any]:
    first = body[0] if body else None
    if (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    ):
        return body[1:]
    return body


def _bytecode(code: CodeType) -> bytes:
    """Write what the instructions of *code* do, without lines and files; it belongs to this version of Python."""
    parts: list[Any] = [
        f"bytecode {sys.version_info[0]}.{sys.version_info[1]}",
        code.co_argcount,
        code.co_posonlyargcount,
        code.co_kwonlyargcount,
        code.co_flags,
        code.co_code,
        code.co_names,
        code.co_varnames,
        code.co_freevars,
        code.co_cellvars,
        code.co_exceptiontable,
    ]
    out = [_written(one) for one in parts]
    for const in code.co_consts:
        out.append(_bytecode(const) if isinstance(const, CodeType) else _written(const))
    return b"".join(out)


def _written(value: Any) -> bytes:
    if isinstance(value, frozenset):
        content = b"".join(sorted(map(_written, value)))
    elif isinstance(value, tuple):
        content = b"".join(map(_written, value))
    else:
        content = repr(value).encode("utf-8", "surrogatepass")
    head = f"{type(value).__name__} {len(content)} ".encode()
    return head + content


__all__ = ["Sources", "form_of_class", "form_of_function", "normal_form"]
