"""Write what the installed backtrader shows to tests/data/backtrader-names.json: found by importing it and asking.

``--check`` compares instead of writing and exits with 1 if the file is not what it should be. The file is what
``scripts/compatibility.py`` compares backtrail with, so that page and tests need no backtrader.
"""

from __future__ import annotations

import importlib
import inspect
import json
import sys
import types
import warnings
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parent.parent / "tests" / "data" / "backtrader-names.json"

# modules of online services and of Windows programs; drawing
LEFT_OUT = ("feeds.vcdata", "stores.vcstore", "brokers.vcbroker", "talib")
UNDECIDED = ("feeds.blaze", "strategies.sma_crossover", "utils.flushfile")
# classes that backtrader makes of others while it is imported
GENERATED = ("AutoInfoClass_", "Lines_")

# what these show is meant to be imported from them
PACKAGES = [
    "analyzers",
    "brokers",
    "commissions",
    "feeds",
    "fillers",
    "filters",
    "functions",
    "indicators",
    "observers",
    "signals",
    "sizers",
    "stores",
    "strategies",
    "studies",
    "utils",
]
# packages that show what another module defines
PARENTS = {
    "commissions": "comminfo",
    "signals": "signal",
    "strategies": "strategies.sma_crossover",
}
# left over from loops at the level of a module
LOOP_NAMES = ("newcls", "movav")
# attributes by which classes declare things
DECLARATIONS = (
    "alias",
    "aliased",
    "packages",
    "frompackages",
    "linealias",
    "params",
    "lines",
    "plotinfo",
    "plotlines",
)
CONSTANTS = ("signal", "signals", "utils.py3", "version")


def plain(value: Any) -> Any:
    """Give a default value as something that JSON holds and that has no address in it."""
    if isinstance(value, type):
        return {"class": value.__name__}
    if isinstance(value, types.FunctionType | types.BuiltinFunctionType):
        return {"function": value.__name__}
    if value is None or isinstance(value, bool | int | str) or (isinstance(value, float) and value == value):
        return value
    if type(value).__module__.startswith("backtrader."):
        return {"object": type(value).__name__}
    return {"repr": repr(value)}


def arguments(function: Any) -> list[list[Any]]:
    """Give name, kind and default of every argument after ``self``."""
    found = []
    for at, argument in enumerate(inspect.signature(function).parameters.values()):
        if at == 0 and argument.name in ("self", "cls"):
            continue
        row = [argument.name, argument.kind.name.lower()]
        if argument.default is not argument.empty:
            row.append(plain(argument.default))
        found.append(row)
    return found


def own(cls: type) -> tuple[dict[str, Any], list[str]]:
    """Give the public methods and properties that *cls* itself defines."""
    methods, properties = {}, []
    for name, value in sorted(vars(cls).items()):
        if name.startswith("_"):
            continue
        function = value.__func__ if isinstance(value, classmethod | staticmethod) else value
        if isinstance(function, types.FunctionType):
            methods[name] = arguments(function)
        elif isinstance(value, property):
            properties.append(name)
    return methods, properties


def is_constant(name: str, value: Any) -> bool:
    """Tell whether an attribute of a class is a number or a name that users write."""
    if name.startswith("_") or name in DECLARATIONS:
        return False
    if isinstance(value, list | tuple):
        return bool(value) and all(isinstance(item, str | int) for item in value)
    return isinstance(value, bool | int | float | str) and value == value


def described(cls: type) -> dict[str, Any]:
    """Give what a user sees of *cls*."""
    record: dict[str, Any] = {"kind": "class", "home": home(cls)}
    if vars(cls).get("aliased"):
        return record | {"alias_of": home(cls.__bases__[0])}
    record["bases"] = [home(base) for base in cls.__mro__[1:] if base.__module__.startswith("backtrader")]
    methods, properties = own(cls)
    record["methods"], record["properties"] = methods, properties
    constants = {name: value for name, value in sorted(vars(cls).items()) if is_constant(name, value)}
    if constants:
        record["constants"] = constants
    params = getattr(cls, "params", None)
    if isinstance(params, type) and hasattr(params, "_getpairs"):
        record["params"] = [[name, plain(value)] for name, value in params._getpairs().items()]
    lines = getattr(cls, "lines", None)
    if isinstance(lines, type) and hasattr(lines, "_getlines"):
        record["lines"] = list(lines._getlines())
    return record


def home(cls: type) -> str:
    """Give module and name of *cls* below the package."""
    return f"{cls.__module__.removeprefix('backtrader').removeprefix('.')}:{cls.__name__}"


def recorded(value: Any) -> dict[str, Any] | None:
    """Give the record of one name, None for modules and for what comes from elsewhere."""
    module = getattr(value, "__module__", "") or ""
    if isinstance(value, types.ModuleType) or type(value).__module__ == "__future__":
        return None
    if isinstance(value, type):
        return described(value) if module.startswith("backtrader") else None
    if isinstance(value, types.FunctionType):
        return (
            {"kind": "function", "arguments": arguments(value)} if module.startswith("backtrader") else None
        )
    if isinstance(value, bool | int | float | str) and value == value:
        return {"kind": "constant", "value": value}
    if isinstance(value, tuple | list) and all(isinstance(item, str | int) for item in value):
        return {"kind": "constant", "value": list(value)}
    return None


def collect() -> dict[str, Any]:
    """Give every module of backtrader with what it shows."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        top = importlib.import_module("backtrader")
        for path in UNDECIDED:
            importlib.import_module(f"backtrader.{path}")
    wanted = [name for name in sys.modules if name == "backtrader" or name.startswith("backtrader.")]
    modules: dict[str, Any] = {}
    for name in sorted(wanted):
        path = name.removeprefix("backtrader").removeprefix(".")
        if path in LEFT_OUT:
            continue
        shown = {}
        for attribute, value in sorted(vars(sys.modules[name]).items()):
            record = None if attribute.startswith("_") else recorded(value)
            if record is None or home_is_left_out(record) or attribute.startswith(GENERATED):
                continue
            if path and not defined_in(path, attribute, value):
                continue  # what a module has imported itself
            shown[attribute] = record
        modules[path] = shown
    return {
        "version": top.__version__,
        "names": sorted(name for name in dir(top) if not name.startswith("__")),
        "modules": fold(modules),
    }


def defined_in(path: str, name: str, value: Any) -> bool:
    """Tell whether the module *path* is where *name* comes from."""
    if not isinstance(value, type | types.FunctionType):
        return path in CONSTANTS or (name.isupper() and name not in ("MAXINT", "NAN"))
    where = value.__module__.removeprefix("backtrader.")
    return name not in LOOP_NAMES and (where == path or (path in PACKAGES and shown_by(path, where)))


def shown_by(package: str, where: str) -> bool:
    """Tell whether the names of module *where* are meant to be imported from *package*."""
    return where.startswith(f"{package}.") or PARENTS.get(package) == where


def home_is_left_out(record: dict[str, Any]) -> bool:
    """Tell whether a class belongs to a module that is left out."""
    return str(record.get("home", "")).partition(":")[0] in LEFT_OUT


def fold(modules: dict[str, Any]) -> dict[str, Any]:
    """Write a class down where it is defined, and give its home wherever else it is shown."""
    for path, shown in modules.items():
        for name, record in shown.items():
            if record["kind"] == "class" and record["home"] != f"{path}:{name}":
                where, _, called = record["home"].partition(":")
                if f"{where}:{called}" != f"{path}:{name}" and called in modules.get(where, {}):
                    shown[name] = {"kind": "class", "home": record["home"]}
    return modules


def written(found: dict[str, Any]) -> str:
    """Give *found* as JSON with one line for every name."""
    modules = []
    for path, shown in found["modules"].items():
        rows = [
            f"  {json.dumps(name)}: {json.dumps(record, sort_keys=True)}" for name, record in shown.items()
        ]
        modules.append(f" {json.dumps(path)}: {{\n" + ",\n".join(rows) + "\n }")
    head = f'{{"version": {json.dumps(found["version"])},\n"names": {json.dumps(found["names"])},\n"modules": {{\n'
    return head + ",\n".join(modules) + "\n}}\n"


def main() -> int:
    """Write the file, or compare it."""
    text = written(collect())
    if "--check" in sys.argv[1:]:
        if FILE.read_text(encoding="utf-8") == text:
            return 0
        print(f"{FILE} is not what the installed backtrader shows: run {Path(__file__).name}")
        return 1
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
