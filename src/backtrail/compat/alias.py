"""Make ``import backtrader`` give backtrail, for this process, until told otherwise."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType, TracebackType

from .modules import LegacyFinder, install

_NAME = "backtrader"


class Alias:
    """The name ``backtrader`` answered by backtrail; a context manager that gives the name back at the end."""

    def __init__(self) -> None:
        self._finder: LegacyFinder | None = None
        self._stashed: dict[str, ModuleType] = {}

    @property
    def active(self) -> bool:
        """Tell whether ``import backtrader`` gives backtrail."""
        return self._finder is not None

    def start(self) -> Alias:
        """Answer the name; modules of an installed backtrader that are loaded are set aside."""
        if self._finder is None:
            self._stashed = _take_modules()
            self._finder = install(_NAME)
            import_module(_NAME)
        return self

    def undo(self) -> None:
        """Give the name back, with the modules that were set aside."""
        if self._finder is not None:
            sys.meta_path.remove(self._finder)
            self._finder = None
            _take_modules()
            sys.modules.update(self._stashed)
            self._stashed = {}

    def real(self) -> ModuleType:
        """Import the installed backtrader itself, whatever the name stands for; ImportError if there is none."""
        if self._finder is None:
            return import_module(_NAME)
        ours = self._finder
        theirs = self._stashed
        answered = _take_modules()
        sys.meta_path.remove(ours)
        try:
            sys.modules.update(theirs)
            return import_module(_NAME)
        finally:
            self._stashed = _take_modules()
            sys.modules.update(answered)
            sys.meta_path.insert(0, ours)

    def __enter__(self) -> Alias:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.undo()


def _take_modules() -> dict[str, ModuleType]:
    """Remove backtrader and all below it from the loaded modules, and give them."""
    taken = {n: m for n, m in sys.modules.items() if n == _NAME or n.startswith(f"{_NAME}.")}
    for name in taken:
        del sys.modules[name]
    return taken


_alias = Alias()


def alias_backtrader() -> Alias:
    """Make ``import backtrader``, and every module path below it, give backtrail in this process.

    Call it before anything imports backtrader. Calling it again changes nothing. The result gives the name back with
    ``undo()`` or at the end of a ``with`` block, and an installed backtrader with ``real()``.
    """
    return _alias.start()


def real_backtrader() -> ModuleType:
    """Import the installed backtrader, also while its name is answered by backtrail."""
    return _alias.real()
