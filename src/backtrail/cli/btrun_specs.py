"""What the options of ``backtrail btrun`` name: classes and functions of files, with keywords."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import BacktrailError


class RunOptionError(BacktrailError):
    """An option of ``backtrail btrun`` that names nothing or cannot be read."""


def keywords(text: str) -> dict[str, Any]:
    """Read ``a=1,b='x'``: values are Python literals, names of ``bt`` (``TimeFrame.Days``), or else text."""
    if not text.strip():
        return {}
    try:
        call = ast.parse(f"dict({text})", mode="eval").body
    except SyntaxError as error:
        raise RunOptionError(
            f"reading the keywords {text!r} - expected name=value, name=value - found: {error.msg} - quote values "
            "that hold commas, brackets or blanks"
        ) from None
    if not isinstance(call, ast.Call) or call.args or any(word.arg is None for word in call.keywords):
        raise RunOptionError(
            f"reading the keywords {text!r} - expected name=value, name=value - found something else"
        )
    return {str(word.arg): _value(word.value) for word in call.keywords}


def _value(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        pass
    written = ast.unparse(node)
    if isinstance(node, ast.Attribute):
        found: Any = import_module("backtrail")
        for part in written.removeprefix("bt.").split("."):
            found = getattr(found, part, None)
        if found is not None:
            return found
    # a bare word: America/St_Johns is parsed as a division
    return written.replace(" / ", "/") if isinstance(node, ast.Name | ast.BinOp | ast.Attribute) else written


def load(path: str) -> ModuleType:
    """Load the module in the file *path*, with or without ``.py``."""
    file = Path(path if path.endswith(".py") else f"{path}.py")
    if not file.is_file():
        raise RunOptionError(
            f"Failed to load module {path}: there is no file {str(file)!r}; give the path of a Python file"
        )
    file = file.resolve()
    folder = str(file.parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    spec = spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        raise RunOptionError(f"Failed to load module {path}: {file} is no Python file")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def named_class(where: str, name: str, base: type, built_in: str) -> type:
    """Give the class *name* of the file *where*; of backtrail's module *built_in* if *where* is empty.

    Without a name it is the first class by the alphabet that derives from *base*, those made in the file before others.
    """
    module = load(where) if where else getattr(import_module("backtrail"), built_in)
    if name:
        found = getattr(module, name, None)
        if isinstance(found, type) and issubclass(found, base):
            return found
    elif where:
        shown = [value for _, value in inspect.getmembers(module, inspect.isclass) if issubclass(value, base)]
        own = [value for value in shown if value.__module__ == module.__name__]
        for value in (*own, *shown):
            if value is not base:
                return value
    raise RunOptionError(
        f"No class {name} / module {where}: expected a class that derives from {base.__name__}; check the spelling "
        "(module:name:keywords)"
    )


def named_function(where: str, name: str, cerebro: Any) -> Callable[..., Any]:
    """Give the function *name* of the file *where*, to be called with *cerebro*; a method of it if *where* is empty."""
    if not where:
        method = getattr(cerebro, name, None)
        if not name or not callable(method):
            raise RunOptionError(f"No function {name} / module {where}: Cerebro has no such method")
        return lambda _, **options: method(**options)
    module = load(where)
    if name:
        found = getattr(module, name, None)
        if callable(found):
            return found  # type: ignore[no-any-return]
    else:
        for _, value in inspect.getmembers(module, inspect.isfunction):
            if value.__module__ == module.__name__:
                return value
    raise RunOptionError(
        f"No function {name} / module {where}: check the spelling (module:function:keywords)"
    )


def split(text: str, parts: int = 3) -> list[str]:
    """Split ``module:name:keywords``; what is left out is empty."""
    found = text.split(":", parts - 1)
    return found + [""] * (parts - len(found))


__all__ = ["RunOptionError", "keywords", "load", "named_class", "named_function", "split"]
