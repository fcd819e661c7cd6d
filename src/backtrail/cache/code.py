"""What a cached function is, for its key: its code, the values it has closed over, the user's functions it calls.

What a function only writes to - a list it appends to, a counter it adds to, never reading either - decides nothing of
its result and does not count.
"""

from __future__ import annotations

import ast
import functools
import inspect
import os
import sys
import textwrap
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, Final

from ..runs.callables import encode_reference, is_known
from ..runs.code.loaded import changed_since_loaded, own_things
from ..runs.digests import raw_digest
from ..runs.encoding import encode
from ..runs.references import asked, reached
from ..runs.source import Sources, form_of_function

if TYPE_CHECKING:
    from ..runs.code import Closure

_FORM: Final = "backtrail-cache-function/1"
_WRITING: Final = {
    "add",
    "append",
    "appendleft",
    "clear",
    "discard",
    "extend",
    "insert",
    "setdefault",
    "update",
    "write",
}


def code_of(function: Callable[..., Any], asking: set[str]) -> Any:
    """Give what tells *function* from another, as plain values; UncacheableParameter for what has no canonical form.

    *asking* takes up what its code asks the clock, chance or the machine for.
    """
    if not isinstance(function, FunctionType) or hasattr(function, "__wrapped__"):
        return encode(function, "function", asking)
    waiting, seen = [function], {id(function)}
    told: list[Any] = []
    while waiting:
        one = waiting.pop()
        told.append(_told(one, waiting, seen, asking))
        if one is not function:  # the arguments of the function itself are bound, with its defaults
            told[-1] += [one.__defaults__, one.__kwdefaults__]
    return [told[0], sorted(encode(one) for one in told[1:])]


def _told(function: FunctionType, waiting: list[FunctionType], seen: set[int], asking: set[str]) -> list[Any]:
    asking.update(asked(function.__code__, function.__globals__))
    written = written_only(function.__code__)
    held: dict[str, Any] = {}
    for name, value in _reached(function):
        if name.partition(".")[0] in written:
            continue
        if isinstance(value, FunctionType):
            value = inspect.unwrap(value)
            if isinstance(value, FunctionType) and not is_known(value):
                if id(value) not in seen:
                    seen.add(id(value))
                    waiting.append(value)
                held[name] = ["function", value.__module__, value.__qualname__]
                continue
        closed_over = name in function.__code__.co_freevars
        told = encode(value, name, asking) if closed_over else encode_reference(value, name, asking)
        held[name] = ["value", told]
    own = [function.__qualname__, raw_digest(_FORM, form_of_function(function, Sources()))]
    return [*own, held]


def _reached(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """Give what a function has closed over and what it refers to in its module, by name."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # not set yet
            continue
    yield from reached(function.__code__, function.__globals__)


@functools.lru_cache(maxsize=256)
def written_only(code: CodeType) -> frozenset[str]:
    """Give the names outside of a function that it only writes to, so that they cannot decide what it returns."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(code)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return frozenset()
    writes: dict[str, int] = {}
    uses: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            uses[node.id] = uses.get(node.id, 0) + 1
        name = _written_name(node)
        if name is not None:
            writes[name] = writes.get(name, 0) + 1
    return frozenset(name for name, count in writes.items() if uses[name] == count)


def _written_name(node: ast.AST) -> str | None:
    """Give the name that a statement writes to without reading more of it than it writes back."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        called = node.value.func
        if (
            isinstance(called, ast.Attribute)
            and called.attr in _WRITING
            and isinstance(called.value, ast.Name)
        ):
            return called.value.id
    if isinstance(node, ast.AugAssign):
        return _target(node.target)
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and not isinstance(node.targets[0], ast.Name):
        return _target(node.targets[0])
    return None


def _target(node: ast.expr) -> str | None:
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def changed_modules(closure: Closure) -> list[str]:
    """Say which loaded modules of *closure* are no longer what their files say: the files do not tell what runs."""
    found = []
    for file in closure.files:
        module = sys.modules.get(file.module) if file.module else None
        path = getattr(module, "__file__", None)
        if module is None or path is None or file.content is None:
            continue
        if os.path.realpath(path) != os.path.realpath(closure.root / file.path):
            continue
        difference = changed_since_loaded(file.module, path, file.content, own_things(module))
        if difference is not None:
            found.append(
                f"{file.path} was changed after it was loaded ({difference}): start again to run what it says"
            )
    return found


__all__ = ["changed_modules", "code_of", "written_only"]
