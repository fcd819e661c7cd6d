"""Imports that a class asks for by name: ``packages`` and ``frompackages``.

``packages = ("numpy", ("pandas", "pd"))`` and ``frompackages = (("math", ("factorial", ("floor", "fl"))),)`` are
imported when the class is instantiated. The names appear in the modules of the class that asked, of the classes between
it and the instantiated one, and of the direct bases of the latter.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from typing import Any

from ..errors import FromModuleImportError, ModuleImportError

_OURS = __name__.partition(".")[0]


def _entries(cls: type, attribute: str) -> Iterator[tuple[type, Any]]:
    """Give each class that declares *attribute*, the most general first, with each entry."""
    for base in reversed(cls.__mro__):
        own = base.__dict__.get(attribute, ())
        for entry in (own,) if isinstance(own, str) else own:
            yield base, entry


def _named(entry: Any) -> tuple[str, str]:
    """Give what an entry names and the name under which it shall appear."""
    return (entry, entry) if isinstance(entry, str) else (entry[0], entry[-1])


def _inject(cls: type, asking: type, name: str, value: Any) -> None:
    for one in {*(c for c in cls.__mro__ if issubclass(c, asking)), *cls.__bases__}:
        module = sys.modules.get(one.__module__)
        if module is not None and one.__module__.partition(".")[0] not in (_OURS, "builtins"):
            setattr(module, name, value)


def inject_packages(cls: type) -> None:
    """Import what *cls* and its bases ask for and put the names where their code looks for them.

    Raises :class:`ModuleImportError` or :class:`FromModuleImportError` naming the class and the package.
    """
    for asking, entry in _entries(cls, "packages"):
        name, short = _named(entry)
        try:
            module = importlib.import_module(name)
        except ImportError as exc:
            raise ModuleImportError(
                f"{cls.__name__} needs the package {name!r}, which cannot be imported ({exc}). "
                "Install it and run again."
            ) from exc
        if short == name and "." in name:  # as `import os.path` gives the name `os`
            short = name.partition(".")[0]
            module = sys.modules[short]
        _inject(cls, asking, short, module)
    for asking, (package, wanted) in _entries(cls, "frompackages"):
        for entry in (wanted,) if isinstance(wanted, str) else wanted:
            name, short = _named(entry)
            try:
                value = getattr(importlib.import_module(package), name)
            except (ImportError, AttributeError) as exc:
                raise FromModuleImportError(
                    f"{cls.__name__} needs {name!r} from {package!r}, which cannot be imported ({exc}). "
                    "Install it and run again."
                ) from exc
            _inject(cls, asking, short, value)
