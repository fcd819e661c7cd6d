"""Names and paths of backtrader's modules that packages and paths here do not have, found when they are asked for.

What answers them stands above everything that asks, so it is imported by name, and only then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_ROOT = __name__.partition(".")[0]
_asked: ContextVar[frozenset[tuple[str, str]]] = ContextVar("asked", default=frozenset())


def answer(module: str, name: str) -> Any:
    """Give what backtrader's module of the same path as *module* shows under *name*; AttributeError if nothing."""
    asked = _asked.get()
    if name.startswith("__") or (module, name) in asked:
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    token = _asked.set(asked | {(module, name)})
    try:
        return import_module(f"{_ROOT}.compat.modules").shown(_ROOT, module.partition(".")[2], name)
    finally:
        _asked.reset(token)


def answering(module: str) -> Callable[[str], Any]:
    """Give the ``__getattr__`` of *module*."""
    return lambda name: answer(module, name)


class LegacyPaths:
    """A meta path finder of backtrader's module paths below this package: ``backtrail.linebuffer``."""

    @staticmethod
    def find_spec(
        fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Give the spec of *fullname* if it is one of backtrader's paths."""
        if not fullname.startswith(f"{_ROOT}."):
            return None
        finder = import_module(f"{_ROOT}.compat.modules").LegacyFinder(_ROOT)
        return finder.find_spec(fullname)  # type: ignore[no-any-return]


__all__ = ["LegacyPaths", "answer", "answering"]
