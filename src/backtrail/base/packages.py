"""Imports that a class asks for by name: ``packages`` and ``frompackages``.

``packages = ("numpy", ("pandas", "pd"))`` and ``frompackages = (("math", ("factorial", ("floor", "fl"))),)`` are imported
when the class is first instantiated; the names appear in the module of the class and of its bases.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

from ..errors import FromModuleImportError, ModuleImportError


def _named(item: Any) -> tuple[str, str]:
    if isinstance(item, str):
        return item, item
    return item[0], item[-1]


def _declared(cls: type, attribute: str) -> list[Any]:
    found: list[Any] = []
    for base in reversed(cls.__mro__):
        own = base.__dict__.get(attribute, ())
        found.extend((own,) if isinstance(own, str) else own)
    return found


def _inject(cls: type, name: str, value: Any) -> None:
    for base in (cls, *cls.__bases__):
        module = sys.modules.get(base.__module__)
        if module is not None and base is not object:
            setattr(module, name, value)


def inject_packages(cls: type) -> None:
    """Import what *cls* and its bases ask for and put the names where their code looks for them.

    Raises :class:`ModuleImportError` or :class:`FromModuleImportError` naming the class and the package.
    """
    for item in _declared(cls, "packages"):
        name, short = _named(item)
        try:
            importlib.import_module(name)
        except ImportError as exc:
            raise ModuleImportError(
                f"{cls.__name__} needs the package {name!r}, which cannot be imported ({exc}). Install it and run again."
            ) from exc
        top = name if short == name and "." not in name else None
        module = sys.modules[name] if top or short != name else sys.modules[name.split(".")[0]]
        _inject(cls, short if short != name else name.split(".")[0], module)
    for package, wanted in _declared(cls, "frompackages"):
        names = (wanted,) if isinstance(wanted, str) else wanted
        for item in names:
            name, short = _named(item)
            try:
                module = importlib.import_module(package)
                value = getattr(module, name)
            except (ImportError, AttributeError) as exc:
                raise FromModuleImportError(
                    f"{cls.__name__} needs {name!r} from {package!r}, which cannot be imported ({exc}). "
                    "Install it and run again."
                ) from exc
            _inject(cls, short, value)
