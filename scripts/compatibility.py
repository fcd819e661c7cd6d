"""Write docs/reference/compatibility.md: every name of backtrader, its state here, and every difference.

``--check`` compares instead of writing and exits with 1 if the page is not what it should be. The names of backtrader
are read from tests/data/backtrader-names.json (``scripts/backtrader_names.py``), the differences that are meant from
``backtrail.compat.differences``; what differs without being meant is an error.
"""

from __future__ import annotations

import inspect
import json
import sys
import types
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backtrail.compat import names
from backtrail.compat.differences import DIFFERENCES, KINDS, Difference
from backtrail.errors import NotAvailableError

ROOT = Path(__file__).resolve().parent.parent
NAMES = ROOT / "tests" / "data" / "backtrader-names.json"
PAGE = ROOT / "docs" / "reference" / "compatibility.md"
MISSING = object()


@dataclass
class Row:
    """One name of backtrader: where it is, what it is, how it is answered."""

    name: str
    kind: str
    home: str = ""
    aliases: list[str] = field(default_factory=list)
    more: list[str] = field(default_factory=list)  # parameters and lines that only backtrail has
    differences: list[Difference] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)  # differences that nobody has explained


def plain(value: Any) -> Any:
    """Give a default value in the form that the file of names has."""
    if isinstance(value, type):
        return {"class": value.__name__}
    if isinstance(value, types.FunctionType | types.BuiltinFunctionType):
        return {"function": value.__name__}
    if value is None or isinstance(value, bool | int | str) or (isinstance(value, float) and value == value):
        return value
    if type(value).__module__.startswith("backtrail."):
        return {"object": type(value).__name__}
    return {"repr": repr(value)}


def alike(mine: Any, theirs: Any) -> bool:
    """Tell whether default values are the same; functions are, whatever they are called, and so are () and []."""
    if isinstance(theirs, dict) and "function" in theirs:
        return isinstance(mine, dict) and "function" in mine
    empty = ({"repr": "()"}, {"repr": "[]"})
    return bool(mine == theirs or (mine in empty and theirs in empty))


class Audit:
    """Compare backtrail with the names of backtrader."""

    def __init__(self) -> None:
        self.theirs: dict[str, Any] = json.loads(NAMES.read_text(encoding="utf-8"))
        self.modules: dict[str, Any] = self.theirs["modules"]
        self.about: dict[str, list[Difference]] = {}
        for difference in DIFFERENCES:
            for name in difference.names:
                self.about.setdefault(name, []).append(difference)

    def rows(self, path: str) -> list[Row]:
        """Give the rows of one module."""
        found: dict[str, Row] = {}
        for name, record in self.modules[path].items():
            target = record.get("alias_of") or record.get("home")
            here = f"{path}:{name}"
            if target not in (None, here) and target.partition(":")[0] == path:
                owner = target.partition(":")[2]
                self._alias(found.setdefault(owner, Row(owner, "class", f"{path}:{owner}")), path, name)
                continue
            row = found.setdefault(name, Row(name, record["kind"], here))
            row.kind = record["kind"]
            self._compare(row, path, name, record)
        return [found[name] for name in sorted(found)]

    def _alias(self, row: Row, path: str, name: str) -> None:
        row.aliases.append(name)
        if answer(path, name) is MISSING:
            row.faults.append(f"{path}.{name} is not answered")

    def _compare(self, row: Row, path: str, name: str, record: dict[str, Any]) -> None:
        mine = answer(path, name)
        row.differences += self.about.get(f"{path}:{name}", [])
        if mine is MISSING:
            row.faults.append(f"{path}.{name} is not answered")
        elif record["kind"] == "constant":
            if (list(mine) if isinstance(mine, tuple) else mine) != record["value"]:
                row.faults.append(f"{path}.{name} is {mine!r}, not {record['value']!r}")
        elif "bases" in record:
            self._compare_class(row, mine, record)
        for named, differences in self.about.items():
            if named.startswith(f"{path}:{name}."):
                row.differences += [d for d in differences if d not in row.differences]

    def _compare_class(self, row: Row, mine: Any, record: dict[str, Any]) -> None:
        if not isinstance(mine, type):
            row.faults.append(f"{record['home']} is no class")
            return
        here: Any = mine
        values = here.params._getpairs() if hasattr(getattr(here, "params", None), "_getpairs") else {}
        wanted = dict(record.get("params", ()))
        for name, default in wanted.items():
            if name not in values:
                row.faults.append(f"{record['home']} has no parameter {name}")
            elif not alike(plain(values[name]), default):
                row.faults.append(f"{record['home']}: {name} is {values[name]!r}, not {default!r}")
        row.more += [f"`{name}`" for name in values if name not in wanted]
        lines = here.lines._getlines() if hasattr(getattr(here, "lines", None), "_getlines") else ()
        if "lines" in record and list(lines) != record["lines"]:
            row.faults.append(f"{record['home']} has the lines {list(lines)}, not {record['lines']}")
        self._compare_methods(row, here, record)
        self._compare_constants(row, here, record)

    def _compare_methods(self, row: Row, mine: Any, record: dict[str, Any]) -> None:
        for home in (record["home"], *record["bases"]):
            where, _, called = home.partition(":")
            theirs = self.modules.get(where, {}).get(called, {})
            for name, arguments in theirs.get("methods", {}).items():
                fault = self._method_fault(mine, name, arguments, own=home == record["home"])
                if fault:
                    self._explain(row, home, name, f"{record['home']}.{name} {fault}")
            for name in theirs.get("properties", ()):
                if not hasattr(mine, name):
                    self._explain(row, home, name, f"{record['home']}.{name} is missing")

    def _compare_constants(self, row: Row, mine: Any, record: dict[str, Any]) -> None:
        wanted: dict[str, tuple[str, Any]] = {}
        for home in reversed([record["home"], *record["bases"]]):
            where, _, called = home.partition(":")
            theirs = self.modules.get(where, {}).get(called, {})
            wanted.update({name: (home, value) for name, value in theirs.get("constants", {}).items()})
        for name, (home, value) in wanted.items():
            found = getattr(mine, name, MISSING)
            if isinstance(found, property):
                continue
            if (list(found) if isinstance(found, tuple) else found) != value:
                said = "is missing" if found is MISSING else f"is {found!r}, not {value!r}"
                self._explain(row, home, name, f"{record['home']}.{name} {said}")

    def _method_fault(self, mine: Any, name: str, theirs: list[list[Any]], own: bool) -> str:
        if not hasattr(mine, name):
            return "is missing"
        function = getattr(mine, name)
        if not own or not callable(function):
            return ""
        found = [a for a in inspect.signature(function).parameters.values() if a.name not in ("self", "cls")]
        anything = {a.kind for a in found} >= {
            inspect.Parameter.VAR_POSITIONAL,
            inspect.Parameter.VAR_KEYWORD,
        }
        for at, (argument, kind, *default) in enumerate(theirs):
            if kind.startswith("var_"):
                continue
            here = found[at] if at < len(found) else None
            if here is None or here.kind is inspect.Parameter.VAR_POSITIONAL:
                return "" if anything else f"does not take {argument}"
            if here.name != argument and name != "func":  # which is called by position
                return f"takes {here} instead of {argument}"
            if default and not alike(plain(here.default), default[0]):
                return f"takes {here} instead of {argument}"
        return ""

    def _explain(self, row: Row, home: str, name: str, fault: str) -> None:
        meant = self.about.get(f"{home}.{name}") or [
            d for owner in (home, row.home) for d in self.about.get(owner, ()) if d.kind == "own way"
        ]
        if not meant:
            row.faults.append(fault)
        row.differences += [d for d in meant if d not in row.differences]

    def unknown_subjects(self) -> list[str]:
        """Give the names in differences that backtrader does not have."""
        return [name for name in self.about if not self._known(name)]

    def _known(self, name: str) -> bool:
        path, _, called = name.partition(":")
        if path not in self.modules:
            return False
        owner, _, member = called.partition(".")
        record = self.modules[path].get(owner) if called else {}
        if record is None:
            return False
        if not member:
            return True
        homes = [record["home"], *record.get("bases", ())]
        records = [self.modules.get(h.partition(":")[0], {}).get(h.partition(":")[2], {}) for h in homes]
        return any(member in r.get("methods", {}) or member in r.get("properties", ()) for r in records)


def answer(path: str, name: str) -> Any:
    """Give what backtrail has for *name* of module *path*, MISSING for nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return names.attribute(path, name) if path else names.top_attribute(name)
        except (NotAvailableError, ModuleNotFoundError):
            return MISSING


def page(audit: Audit) -> str:
    """Give the text of the page."""
    return "\n".join([*_head(audit), *_difference_tables(), *_name_tables(audit), *_top(audit)]) + "\n"


def _head(audit: Audit) -> Iterator[str]:
    classes = {r["home"] for shown in audit.modules.values() for r in shown.values() if "bases" in r}
    aliases = {r["home"] for shown in audit.modules.values() for r in shown.values() if "alias_of" in r}
    yield "# Compatibility with backtrader"
    yield ""
    yield (
        f"Every name of backtrader {audit.theirs['version']} that works without an online service or a screen: "
        f"{len(classes)} classes, {len(aliases)} aliases, {len(audit.theirs['names'])} names at the top. All of them "
        "are answered, with the same parameters, defaults, lines and public methods. What differs is listed first; the "
        "tables below say which names it concerns and which parameters backtrail adds."
    )
    yield ""
    yield (
        "This page is made by `scripts/compatibility.py` from the names that `import backtrader` shows and from "
        "backtrail's own classes; a test fails when it is not up to date. [Moving a script](../migration.md) says what "
        "to do about the differences, and `backtrail check script.py` which of them a script meets."
    )
    yield ""
    yield (
        "`bt.talib` has a class for every function of the TA-Lib that is installed (extra `talib`), as in backtrader; "
        "which they are is up to TA-Lib, so they are not listed."
    )
    yield ""
    yield (
        "Not here: the stores, feeds and brokers of Interactive Brokers, Oanda and Visual Chart's live data, and "
        "drawing. Asking for one raises an error that says so."
    )
    yield ""


def _difference_tables() -> Iterator[str]:
    yield "## Differences"
    yield ""
    for kind, meaning in KINDS.items():
        title = {
            "switch": "With a switch",
            "right": "Right here",
            "speaks": "Spoken about",
            "own way": "Done otherwise",
        }
        yield f"### {title[kind]}"
        yield ""
        more = (
            " [Realism](../realism.md) shows them, and what strict rules do besides."
            if kind == "switch"
            else ""
        )
        yield f"{meaning[0].upper()}{meaning[1:]}.{more}"
        yield ""
        last = "switch" if kind in ("switch", "speaks") else "reason"
        yield f"| | backtrader | backtrail | {last} |"
        yield "|---|---|---|---|"
        for found in DIFFERENCES:
            if found.kind == kind:
                end = (f"`{found.switch}`" if found.switch else "") if last == "switch" else found.why
                end = end.replace("|", "\\|")
                yield f'| <a id="{found.key}"></a>{found.key} | {found.backtrader} | {found.here} | {end} |'
        yield ""


def _name_tables(audit: Audit) -> Iterator[str]:
    yield "## Names by module"
    yield ""
    for path in audit.modules:
        rows = audit.rows(path) if path else []
        rows = [row for row in rows if row.kind != "constant" or row.name.isupper()]
        shown = [row for row in rows if _belongs(audit, path, row)]
        if not shown:
            continue
        yield f"### backtrader.{path}"
        yield ""
        yield "| name | state | more here | differences |"
        yield "|---|---|---|---|"
        for row in shown:
            called = f"`{row.name}`" + "".join(f", `{alias}`" for alias in sorted(row.aliases))
            state = "same" if not row.differences else "differs as said"
            links = ", ".join(f"[{d.key}](#{d.key})" for d in row.differences)
            yield f"| {called} | {state} | {', '.join(row.more)} | {links} |"
        yield ""


def _belongs(audit: Audit, path: str, row: Row) -> bool:
    """Tell whether *row* is defined in the module: packages show again what their modules define."""
    record = audit.modules[path].get(row.name, {})
    return record.get("home", f"{path}:") in (f"{path}:{row.name}", f"{path}:")


def _top(audit: Audit) -> Iterator[str]:
    yield "## Names at the top"
    yield ""
    yield (
        "`bt.<name>` for every name that backtrader's package shows, those included that it has from its own imports. "
        "Modules of the standard library are themselves."
    )
    yield ""
    yield ", ".join(f"`{name}`" for name in audit.theirs["names"]) + "."


def faults(audit: Audit) -> list[str]:
    """Give everything that differs without being explained."""
    found = [fault for path in audit.modules for row in audit.rows(path) for fault in row.faults]
    found += [f"bt.{name} is not answered" for name in audit.theirs["names"] if not _has(name)]
    found += [
        f"a difference speaks of {name}, which backtrader does not have" for name in audit.unknown_subjects()
    ]
    return sorted(set(found))


def _has(name: str) -> bool:
    import backtrail

    return hasattr(backtrail, name)


def main() -> int:
    """Write the page, or compare it."""
    audit = Audit()
    wrong = faults(audit)
    for fault in wrong:
        print(fault, file=sys.stderr)
    text = page(audit)
    if "--check" in sys.argv[1:]:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
            print(f"{PAGE} is not up to date: run scripts/{Path(__file__).name}")
            return 1
    else:
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(text, encoding="utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
