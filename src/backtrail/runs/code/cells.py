"""Which executed cells count: each in its last form, without magics, and without definitions that were replaced.

IPython keeps what was executed with magics turned into calls (``%time f()`` is
``get_ipython().run_line_magic('time', 'f()')``). Where such a call only measures or captures the code it is given,
that code stands for it here. A cell that only looks at things, or only tells the shell something, changes no
run and is left out; so is a cell of functions and classes that later cells define again before any of them is used, if
what the session has under their names is known to come from elsewhere. Whatever is not certain is kept.
"""

from __future__ import annotations

import ast
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import CodeType
from typing import Any, Final, NamedTuple

from .loaded import _codes, _shape, functions_of
from .notebook import Cell, remembered_source

# magics that execute the code they are given as it stands
_MEASURING: Final = frozenset({"time", "capture", "prun", "memit"})
# magics that change what is shown or how modules are loaded (which is seen apart), and nothing that a run rests on
_HARMLESS: Final = frozenset(
    {"matplotlib", "config", "load_ext", "autoreload", "pip", "conda", "pwd", "ls", "who", "whos", "html", "markdown",
     "svg", "javascript", "latex", "history", "precision", "pinfo", "pinfo2"}
)  # fmt: skip
_LOOKING: Final = frozenset(
    {"print", "display", "len", "type", "repr", "str", "dir", "help", "id", "isinstance"}
)
_ANYTHING: Final = frozenset(
    {"exec", "eval", "globals", "locals", "vars", "get_ipython", "__import__", "compile"}
)
_LOOKS: Final = (
    ast.Expr, ast.Name, ast.Constant, ast.Attribute, ast.Load, ast.Tuple, ast.List, ast.Dict, ast.JoinedStr,
    ast.FormattedValue, ast.keyword, ast.Compare, ast.cmpop, ast.BinOp, ast.operator, ast.UnaryOp, ast.unaryop,
    ast.BoolOp, ast.boolop, ast.Subscript, ast.Slice, ast.Pass,
)  # fmt: skip


# what was found last: the cells, what the session had under the names that decide, and the cells that count
_before: tuple[list[Cell], dict[str, Any], list[Cell]] = ([], {}, [])


class _Statement(NamedTuple):
    """What one statement of a cell binds for certain, what it reads at once, and what functions of it read later."""

    binds: frozenset[str]
    reads: frozenset[str]
    later: frozenset[str]
    defines: bool  # does nothing else than to define a function or class


class _Read(NamedTuple):
    """A cell that was read: its source without magics, what it is whatever its layout, and its statements."""

    source: str
    same: str
    looks: bool
    statements: tuple[_Statement, ...]


def counting(cells: Sequence[Cell], names: Mapping[str, Any]) -> list[Cell]:
    """Give the cells that count, in the order in which they were last executed, magics unwrapped.

    *names* holds what the session has, by name.
    """
    global _before
    known, held, kept = _before
    if known == cells and all(names.get(name) is thing for name, thing in held.items()):
        return list(kept)
    kept, replaced = _counting(cells, names)
    _before = list(cells), {name: names.get(name) for name in replaced}, kept
    return list(kept)


def _counting(cells: Sequence[Cell], names: Mapping[str, Any]) -> tuple[list[Cell], set[str]]:
    """Give the cells that count, and the names on which that rests."""
    last: dict[str, tuple[Cell, _Read]] = {}
    for cell in cells:
        read = _read(cell.source)
        last.pop(read.same, None)
        if not read.looks:
            last[read.same] = (cell, read)
    found = list(last.values())
    statements = [one for _, read in found for one in read.statements]
    bound = Counter(name for one in statements for name in one.binds)
    kept, place = [], 0
    asked: set[str] = set()
    for cell, read in found:
        own, place = read.statements, place + len(read.statements)
        replaced = all(one.defines and all(bound[name] > 1 for name in one.binds) for one in own) and all(
            _is_replaced(one, statements[place - len(own) + at + 1 :]) for at, one in enumerate(own)
        )
        asked.update(name for one in own for name in one.binds if replaced)
        if not replaced or not all(_comes_from_elsewhere(names, one, cell) for one in own):
            kept.append(Cell(cell.number, read.source))
    return kept, asked


def holds(cells: Sequence[Cell], thing: Any) -> bool:
    """Tell whether compiling one of *cells* gives the code of all functions of *thing*, a class or function."""
    wanted = {(one.__code__.co_qualname, repr(_shape(one.__code__))) for one in functions_of(thing)}
    for cell in cells if wanted else ():
        if thing.__name__ in cell.source:
            code = _compiled(cell.source)
            found = (
                {(one.co_qualname, repr(_shape(one))) for one in _codes(code)} if code is not None else set()
            )
            if wanted <= found:
                return True
    return False


def _compiled(source: str) -> CodeType | None:
    try:
        code = compile(source, "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return code if isinstance(code, CodeType) else None


@lru_cache(maxsize=4096)
def _read(source: str) -> _Read:
    plain, tree = unwrapped(source)
    if tree is None:  # it may do anything
        anything = _Statement(frozenset(), _ANYTHING, frozenset(), defines=False)
        return _Read(plain, source.strip(), looks=False, statements=(anything,))
    looks = all(_only_looks(one) for one in tree.body)
    return _Read(plain, ast.dump(tree), looks, tuple(map(_statement, tree.body)))


def _comes_from_elsewhere(names: Mapping[str, Any], one: _Statement, cell: Cell) -> bool:
    """Tell whether what the session has under the names of *one* is known to be made by another cell than *cell*."""
    for name in one.binds:
        thing = names.get(name)
        files = (
            {function.__code__.co_filename for function in functions_of(thing)}
            if thing is not None
            else set()
        )
        sources = [remembered_source(file) for file in files]
        if not sources or any(text is None or text.strip() == cell.source.strip() for text in sources):
            return False
    return True


def unwrapped(source: str) -> tuple[str, ast.Module | None]:
    """Give *source* with the code of measuring magics in their place, and its tree (None: it cannot be parsed)."""
    tree = _parsed(source)
    if tree is None:
        return source, None
    body: list[ast.stmt] = []
    changed = False
    for statement in tree.body:
        held = _held(statement)
        changed = changed or held is not None
        body += [statement] if held is None else held
    if not changed:
        return source, tree
    plain = ast.Module(body, [])
    return ast.unparse(plain) + "\n", plain


def _parsed(source: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _magic(statement: ast.stmt) -> tuple[str, list[str]] | None:
    """Give the method of the shell that *statement* calls, and its arguments, if they are all constant texts."""
    call = statement.value if isinstance(statement, ast.Expr | ast.Assign) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or call.keywords:
        return None
    shell = call.func.value
    if (
        not isinstance(shell, ast.Call)
        or not isinstance(shell.func, ast.Name)
        or shell.func.id != "get_ipython"
    ):
        return None
    texts = [one.value for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return (call.func.attr, texts) if len(texts) == len(call.args) else None


def _held(statement: ast.stmt) -> list[ast.stmt] | None:
    """Give the statements that a measuring magic holds; None if *statement* is no such magic."""
    called = _magic(statement) if isinstance(statement, ast.Expr) else None
    if called is None or not called[1] or called[1][0] not in _MEASURING:
        return None
    method, texts = called
    if method == "run_line_magic" and len(texts) == 2 and not texts[1].startswith("-"):
        tree = _parsed(texts[1])
    elif method == "run_cell_magic" and len(texts) == 3:
        tree = _parsed(texts[2])
    else:
        return None
    return None if tree is None else tree.body


def _only_looks(statement: ast.stmt) -> bool:
    """Tell whether *statement* only shows something, or tells the shell what no run rests on."""
    if isinstance(statement, ast.Expr):
        called = _magic(statement)
        if called is not None:
            method, texts = called
            return method == "system" or (
                method in ("run_line_magic", "run_cell_magic") and bool(texts) and texts[0] in _HARMLESS
            )
    nodes: list[ast.AST] = [statement]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.Call):
            if not isinstance(node.func, ast.Name) or node.func.id not in _LOOKING:
                return False
        elif not isinstance(node, _LOOKS):
            return False
        nodes += ast.iter_child_nodes(node)
    return True


def _statement(statement: ast.stmt) -> _Statement:
    binds: set[str] = set()
    defines = False
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        binds.add(statement.name)
        calls = (
            one for one in statement.body if isinstance(one, ast.Expr) and isinstance(one.value, ast.Call)
        )
        defines = not statement.decorator_list and (
            not isinstance(statement, ast.ClassDef) or next(calls, None) is None
        )
    reads: set[str] = set()
    later: set[str] = set()
    _gather(statement, reads, later, inside=False)
    return _Statement(frozenset(binds), frozenset(reads), frozenset(later), defines)


def _gather(node: ast.AST, reads: set[str], later: set[str], *, inside: bool) -> None:
    """Put the names that *node* reads, or binds within functions, where they belong."""
    if isinstance(node, ast.Name) and (inside or not isinstance(node.ctx, ast.Store)):
        (later if inside else reads).add(node.id)
    elif isinstance(node, ast.Global | ast.Nonlocal):
        later.update(node.names)
    elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        reads.add(node.target.id)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        body: Iterable[ast.AST] = node.body if isinstance(node.body, list) else [node.body]
        for one in ast.iter_child_nodes(node):
            if one not in body:
                _gather(one, reads, later, inside=inside)
        for one in body:
            _gather(one, reads, later, inside=True)
        return
    for one in ast.iter_child_nodes(node):
        _gather(one, reads, later, inside=inside)


def _is_replaced(one: _Statement, following: Sequence[_Statement]) -> bool:
    """Tell whether *one* only binds names, each of which is bound again before anything reads it."""
    wanted = set(one.binds)
    for other in following:
        read = other.reads | (other.later - other.binds)
        if wanted & read or _ANYTHING & (other.reads | other.later):
            return False
        wanted -= other.binds
        if not wanted:
            return True
    return False


__all__ = ["counting", "unwrapped"]
