"""Reads of bars of the future, and of bars before there are any, in the classes of a script."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analyzers.base import Analyzer
from ..indicators.base import Indicator
from ..lines.iterator import LineIterator
from ..lines.root import LineRoot
from ..sizers.base import Sizer
from .check_script import Finding, Script, finding

_LINES = frozenset({"close", "open", "high", "low", "volume", "openinterest", "datetime"})
_TIMES = frozenset({"date", "time", "datetime", "get"})
_SETUP = frozenset({"__init__", "setup"})
_EARLY = frozenset({"__init__", "setup", "start"})


def check_reads(script: Script) -> None:
    """Add what is read from the future, or too early, in every class that stands on lines."""
    for node in script.classes.values():
        kind = script.kind_of(node)
        if kind is None or not issubclass(kind, LineIterator | Analyzer | Sizer):
            continue
        reader = _Reader(script, node)
        for method in _methods(node):
            for found in reader.findings(method):
                script.add(found)


def _methods(node: ast.ClassDef) -> Iterator[ast.FunctionDef]:
    return (item for item in node.body if isinstance(item, ast.FunctionDef))


class _Reader:
    """Know which attributes of one class are lines."""

    def __init__(self, script: Script, node: ast.ClassDef) -> None:
        self.script = script
        self.own: set[str] = set()
        self.feeds: set[str] = set()  # local names that stand for feeds, in the method that is being read
        for method in _methods(node):
            if method.name in _SETUP:
                self._learn(method)

    def _learn(self, method: ast.FunctionDef) -> None:
        """Remember the attributes that are set to lines."""
        for _ in range(2):  # a line made of one that is set below is rare
            for item in ast.walk(method):
                if isinstance(item, ast.Assign) and self._makes_line(item.value):
                    for target in item.targets:
                        if _self_attribute(target) is not None:
                            self.own.add(str(_self_attribute(target)))

    def _makes_line(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Call):
            meant = self.script.meaning(node.func)
            if meant is not None and isinstance(meant.value, type):
                return issubclass(meant.value, LineRoot)
            if isinstance(node.func, ast.Name) and node.func.id in self.script.classes:
                kind = self.script.kind_of(self.script.classes[node.func.id])
                return kind is not None and issubclass(kind, Indicator)
            return self.is_line(node.func)  # a line that is called: delayed
        if isinstance(node, ast.BinOp):
            return self._makes_line(node.left) or self._makes_line(node.right)
        if isinstance(node, ast.Compare):
            return self._makes_line(node.left)
        return self.is_line(node)

    def is_line(self, node: ast.expr) -> bool:
        """Tell whether *node* is a line or a group of lines, for all that can be seen."""
        if isinstance(node, ast.Subscript):
            # self.datas[0], self.data.lines[2]
            inner = node.value
            return isinstance(inner, ast.Attribute) and inner.attr in ("datas", "lines", "l")
        if isinstance(node, ast.Name):
            return node.id in self.feeds
        if not isinstance(node, ast.Attribute):
            return False
        name = node.attr
        if _self_attribute(node) is not None:
            feed = name.startswith("data") and (
                name[4:].partition("_")[0].isdigit() or name[4:5] in ("", "_")
            )
            return feed or name in self.own
        if name in ("lines", "l"):
            return False
        owner = node.value
        if isinstance(owner, ast.Attribute) and owner.attr in ("lines", "l"):
            return True  # self.lines.signal, self.data.lines.pe
        if isinstance(owner, ast.Name):
            return name in _LINES and owner.id in self.feeds
        return name in _LINES and self.is_line(owner)

    def findings(self, method: ast.FunctionDef) -> Iterator[Finding]:
        """Give what is wrong about the reads in *method*."""
        self.feeds = set(_feeds_in(method))
        for node in ast.walk(method):
            if isinstance(node, ast.Subscript) and self.is_line(node.value):
                yield from self._read(method, node, node.value, node.slice)
            elif isinstance(node, ast.Call):
                if isinstance(node.func, ast.Attribute):
                    yield from self._call(method, node, node.func)
                if method.name in _SETUP and self.is_line(node.func) and node.args:
                    yield from self._delayed(node, node.args[0])

    def _delayed(self, node: ast.Call, argument: ast.expr) -> Iterator[Finding]:
        ahead = _constant(argument)
        if ahead is not None and ahead > 0:
            yield finding(
                node, "differs", "future line", f"{ast.unparse(node)} is the value of {ahead} bars later",
                f"such results cannot be had live; use {ast.unparse(node.func)}(-{ahead}) for the past",
                "what-speaks-up",
            )  # fmt: skip

    def _call(self, method: ast.FunctionDef, node: ast.Call, func: ast.Attribute) -> Iterator[Finding]:
        if func.attr not in _TIMES or not self.is_line(func.value):
            return
        given = [keyword.value for keyword in node.keywords if keyword.arg == "ago"] or node.args[:1]
        for argument in given:
            yield from self._read(method, node, func.value, argument)

    def _read(
        self, method: ast.FunctionDef, node: ast.expr, line: ast.expr, index: ast.expr
    ) -> Iterator[Finding]:
        if isinstance(index, ast.Slice):
            return
        ago = _constant(index)
        written = ast.unparse(node)
        if ago is not None and ago > 0:
            yield finding(
                node, "error", "future read", f"{written} is a bar of the future, {ago} after the current one",
                f"use a negative index for the past, or {ast.unparse(line)}[0] for the current bar",
                "what-speaks-up",
            )  # fmt: skip
        elif ago is not None and method.name in _EARLY:
            yield finding(
                node, "note", "early read", f"{written} in {method.name}: no bar has been delivered yet",
                "read prices in next; with preloaded data this is a bar at the end of the data", "what-speaks-up",
            )  # fmt: skip


def _feeds_in(method: ast.FunctionDef) -> Iterator[str]:
    """Give the local names that stand for feeds: arguments called so, and what ``self.datas`` is gone through with."""
    yield from (argument.arg for argument in method.args.args if argument.arg in ("data", "d"))
    for node in ast.walk(method):
        if isinstance(node, ast.For) and _mentions_datas(node.iter):
            targets = node.target.elts if isinstance(node.target, ast.Tuple) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.Assign) and _is_feed(node.value):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _mentions_datas(node: ast.expr) -> bool:
    return any(_self_attribute(item) == "datas" for item in ast.walk(node) if isinstance(item, ast.expr))


def _is_feed(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and node.func.attr == "getdatabyname"
    if isinstance(node, ast.Subscript):
        return _self_attribute(node.value) == "datas"
    name = _self_attribute(node) or ""
    return name.startswith("data") and (not name[4:] or name[4:].isdigit())


def _self_attribute(node: ast.expr) -> str | None:
    """Give the name in ``self.name``."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
        return node.attr
    return None


def _constant(node: ast.expr) -> int | None:
    """Give the integer that *node* is written as, with or without a sign."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _constant(node.operand)
        return None if inner is None else -inner
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd):
        return _constant(node.operand)
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    return None


__all__ = ["check_reads"]
