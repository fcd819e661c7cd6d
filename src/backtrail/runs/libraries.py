"""Whose code it is: Python's, an installed package's or backtrail's, which are known by name, or the user's."""

from __future__ import annotations

import functools
import os
import sys
import sysconfig
from types import ModuleType
from typing import Any, Final

_OWN: Final = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


@functools.lru_cache(maxsize=1)
def _library_roots() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    return tuple({paths[name] + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")})


def is_library(module: str) -> bool:
    """Tell whether *module* belongs to Python, to an installed package or to backtrail: by its file if it has one."""
    return _is_library(module, getattr(sys.modules.get(module), "__file__", None))


def is_users_module(value: Any) -> bool:
    """Tell whether *value* is a module, and one of the user's."""
    return isinstance(value, ModuleType) and not _is_library(value.__name__, vars(value).get("__file__"))


def _is_library(module: str, file: str | None) -> bool:
    if file is not None:
        return is_library_file(file)
    top = module.partition(".")[0]
    return top in ("backtrail", "builtins") or (top in sys.stdlib_module_names and top != "__main__")


@functools.lru_cache(maxsize=4096)
def is_library_file(file: str) -> bool:
    """Tell whether *file* belongs to Python, to an installed package or to backtrail."""
    installed = "site-packages" in file or "dist-packages" in file
    return installed or file.startswith((*_library_roots(), _OWN))


__all__ = ["is_library", "is_library_file", "is_users_module"]
