"""What a script means by its names, read without running it: imports of backtrader, and classes made from it."""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal

from ..compat import names
from ..errors import ModuleImportError, NotAvailableError

Severity = Literal["error", "differs", "note"]
PAGE = "docs/migration.md"

#: Packages whose names are backtrader's.
ROOTS = ("backtrader", "backtrail")
UNKNOWN: Any = object()


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing about a script: where, how bad, what, and what to do.

    ``error``: the script fails here; ``differs``: a result is not what backtrader gives; ``note``: it works.
    """

    line: int
    column: int
    severity: Severity
    kind: str
    text: str
    remedy: str
    link: str


def finding(node: ast.AST, severity: Severity, kind: str, text: str, remedy: str, section: str) -> Finding:
    """Make a finding at *node*; *section* is the anchor of the page that says more."""
    line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
    return Finding(line, column, severity, kind, text, remedy, f"{PAGE}#{section}")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an expression stands for: a module of backtrader (*path*, *value* None) or something in one."""

    path: str
    value: Any = None


@dataclass(slots=True)
class Script:
    """A parsed script: its tree, what its names stand for, and what was found about it so far."""

    tree: ast.Module
    bound: dict[str, Meaning] = field(default_factory=dict)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    reported: set[tuple[int, int]] = field(default_factory=set)

    @classmethod
    def parse(cls, source: bytes, name: str) -> Script:
        """Parse *source*; SyntaxError as Python raises it, and for what is nested too deeply to be read."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SyntaxWarning)
                script = cls(ast.parse(source, name))
            script._bind()
        except (RecursionError, MemoryError):
            raise SyntaxError("an expression is nested too deeply to be read") from None
        return script

    def _bind(self) -> None:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    self._bind_import(alias)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                self._bind_from(node)
            elif isinstance(node, ast.ClassDef):
                self.classes[node.name] = node
        for node in ast.walk(self.tree):
            # other = bt.indicators, at any level
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute | ast.Name):
                meant = self.meaning(node.value)
                for target in node.targets:
                    if meant is not None and isinstance(target, ast.Name):
                        self.bound.setdefault(target.id, meant)

    def _bind_import(self, alias: ast.alias) -> None:
        root, _, path = alias.name.partition(".")
        if root not in ROOTS:
            return
        if path and not self._module_exists(alias, root, path):
            return
        self.bound[alias.asname or root] = Meaning(path if alias.asname else "")

    def _module_exists(self, node: ast.AST, root: str, path: str) -> bool:
        if path in names.module_paths() or root == "backtrail":
            return True
        self.missing(node, f"{root}.{path}", "there is no such module")
        return False

    def _bind_from(self, node: ast.ImportFrom) -> None:
        root, _, path = (node.module or "").partition(".")
        if root not in ROOTS or (root == "backtrail" and path and path not in names.module_paths()):
            return
        if path and not self._module_exists(node, root, path):
            return
        for alias in node.names:
            if alias.name == "*":
                text = f"the names of 'from {node.module} import *' are not traced"
                self.add(finding(node, "note", "untraced", text, "import the names that are used", "names"))
                continue
            meant = self._member(Meaning(path), alias.name)
            if meant is None:
                self.missing(alias, f"{node.module}.{alias.name}", "the name is not answered")
            else:
                self.bound[alias.asname or alias.name] = meant

    # -- names ------------------------------------------------------------------------------------------------------

    def meaning(self, node: ast.expr) -> Meaning | None:
        """Give what *node* (a name, or attributes of one) stands for; None if it is not of backtrader or unknown."""
        if isinstance(node, ast.Name):
            return self.bound.get(node.id)
        if isinstance(node, ast.Attribute):
            owner = self.meaning(node.value)
            return None if owner is None else self._member(owner, node.attr)
        return None

    def _member(self, owner: Meaning, name: str) -> Meaning | None:
        if owner.value is not None:
            value = getattr(owner.value, name, UNKNOWN)
            return None if value is UNKNOWN else Meaning(f"{owner.path}.{name}", value)
        path = f"{owner.path}.{name}".lstrip(".")
        path = names.TOP_MODULES.get(path, path)
        if path in names.module_paths():
            return Meaning(path)
        value = answer(owner.path, name)
        return None if value is UNKNOWN else Meaning(path, value)

    def kind_of(self, node: ast.ClassDef) -> type | None:
        """Give the class of backtrader that *node* derives from, through other classes of the script."""
        seen: set[str] = set()
        waiting = [node]
        while waiting:
            current = waiting.pop()
            if current.name in seen:
                continue
            seen.add(current.name)
            for base in current.bases:
                meant = self.meaning(base)
                if meant is not None and isinstance(meant.value, type):
                    return meant.value
                if isinstance(base, ast.Name) and base.id in self.classes:
                    waiting.append(self.classes[base.id])
        return None

    # -- findings ---------------------------------------------------------------------------------------------------

    def add(self, found: Finding) -> None:
        """Keep *found*, once for each place and kind."""
        if found not in self.findings:
            self.findings.append(found)

    def missing(self, node: ast.AST, written: str, problem: str) -> None:
        """Keep that *written* is not answered, once for each place."""
        where = (getattr(node, "lineno", 1), getattr(node, "col_offset", 0))
        if where in self.reported:
            return
        self.reported.add(where)
        self.add(
            finding(
                node,
                "error",
                "missing name",
                f"{written}: {problem}",
                remedy_for(written),
                "what-is-not-there",
            )
        )


def answer(path: str, name: str) -> Any:
    """Give what *name* of backtrader's module *path* is here; UNKNOWN if nothing answers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if path:
                return names.attribute(path, name)
            return getattr(import_module(names._PACKAGE), name)
        except ModuleImportError:
            return None  # an optional package is missing here: the name itself is known
        except (NotAvailableError, AttributeError, ImportError):
            return UNKNOWN


_SERVICES = ("ib", "oanda", "vcdata", "vcstore", "vcbroker")


def remedy_for(written: str) -> str:
    """Say what to do about a name that is not answered."""
    last = written.rpartition(".")[2].lower()
    if any(last.startswith(service) or last == service for service in _SERVICES):
        return "trading and data through this service are not part of backtrail; read its bars from a file or a frame"
    try:
        names.top_attribute(written.rpartition(".")[2])
    except NotAvailableError as error:
        said = str(error)
        if "Did you mean" in said:
            return said.rpartition(". ")[2]
    return "check the spelling; docs/reference/compatibility.md lists every name that is answered"


__all__ = [
    "PAGE",
    "ROOTS",
    "UNKNOWN",
    "Finding",
    "Meaning",
    "Script",
    "Severity",
    "answer",
    "finding",
    "remedy_for",
]
