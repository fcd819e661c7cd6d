"""Stand-ins for backtrader's modules: their names are looked up in backtrail when they are first used."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from ..errors import NotAvailableError
from . import names

_DUNDERS = frozenset({"__all__", "__version__", "__btversion__"})


class LegacyModule(ModuleType):
    """One of backtrader's modules; *path* is its path below the package."""

    def __init__(self, name: str, path: str) -> None:
        super().__init__(name, f"backtrader's module {path!r}, answered by backtrail.")
        self.__dict__["_path_"] = path

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in _DUNDERS:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        if name == "__all__":
            return self._names()
        value = self._find(name)
        self.__dict__[name] = value
        return value

    def __dir__(self) -> list[str]:
        return sorted({*self.__dict__, *self._names()})

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.__name__,)

    def _find(self, name: str) -> Any:
        return shown(self.__name__.partition(".")[0], self.__dict__["_path_"], name)

    def _names(self) -> list[str]:
        return names.names_in(self.__dict__["_path_"])


def shown(root: str, path: str, name: str) -> Any:
    """Give what backtrader's module *path* shows under *name*, modules that it imports included."""
    if f"{path}.{name}" in _PATHS:
        return import_module(f"{root}.{path}.{name}")
    try:
        return names.attribute(path, name)
    except NotAvailableError:
        if not names.is_module(name):
            raise
    return getattr(sys.modules[root], name)


class LegacyPackage(LegacyModule):
    """backtrader's package itself."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "")
        self.__dict__.update(__path__=[], bt=self, backtrader=self)

    def _find(self, name: str) -> Any:
        module = names.TOP_MODULES.get(name, name)
        if module in names.MODULES:
            return import_module(f"{self.__name__}.{module}")
        if name in _DUNDERS:
            return names.attribute("version", name)
        if name == "Cerebro":
            from .cerebro import Cerebro

            return Cerebro
        return names.top_attribute(name)

    def _names(self) -> list[str]:
        found = []
        for name in names.top_names():
            try:
                getattr(self, name)
            except NotAvailableError:
                continue
            found.append(name)
        return found


def _again(name: str) -> ModuleType:
    """Import a stand-in in a process that may not have the alias yet; used by pickle."""
    root = name.partition(".")[0]
    if root != names._PACKAGE:
        from .alias import alias_backtrader

        alias_backtrader()
    return import_module(name)


_PATHS = frozenset(names.module_paths())
_PACKAGES = frozenset(path.rpartition(".")[0] for path in _PATHS)


class LegacyFinder:
    """Find backtrader's modules below the name *root*; a meta path finder and loader."""

    def __init__(self, root: str) -> None:
        self.root = root

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Give the spec of *fullname* if it is one of backtrader's module paths."""
        top, _, below = fullname.partition(".")
        if top != self.root or (below and below not in _PATHS):
            return None
        return ModuleSpec(fullname, self, origin=names.STAND_IN, is_package=below in _PACKAGES)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make the stand-in."""
        below = spec.name.partition(".")[2]
        return LegacyModule(spec.name, below) if below else LegacyPackage(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: names are looked up when used."""


def legacy_attribute(name: str) -> Any:
    """Give what ``bt.<name>`` means for ``import backtrail as bt``.

    backtrail's own subpackages are found by the import system before this is asked; the rest of backtrader's
    modules are stand-ins below the name ``backtrail``.
    """
    if name in ("bt", "backtrader"):
        return sys.modules[names._PACKAGE]
    module = names.TOP_MODULES.get(name, name)
    if module in names.MODULES:
        return import_module(f"{names._PACKAGE}.{module}")
    return names.top_attribute(name)


def install(root: str) -> LegacyFinder:
    """Answer imports of *root* and below before every other finder."""
    for finder in sys.meta_path:
        if isinstance(finder, LegacyFinder) and finder.root == root:
            return finder
    made = LegacyFinder(root)
    sys.meta_path.insert(0, made)
    return made
