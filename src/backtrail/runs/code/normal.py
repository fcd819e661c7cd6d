"""Read one source file: its imports, and its normal form, which says what it does and not how it is written.

The normal form is the syntax tree without positions, comments and docstrings; two files with the same normal form run
alike. Docstrings are digested apart, because a program may read them. Nothing is executed or imported.
"""

from __future__ import annotations

import ast
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ..digests import blob_digest, digest
from .imports import Import, collect, flags_of, might_matter
from .secrets import kinds_of_secrets

FORM: Final = "backtrail-code/1"  # change it when the normal form changes: digests that were remembered lapse
_SKIPPED: Final = frozenset({"ctx", "kind", "type_comment", "type_ignores"})
_BLOCKS: Final = frozenset({"body", "orelse", "finalbody"})


@dataclass(frozen=True, slots=True)
class Analysis:
    """What one file is, as far as its text tells.

    ``norm`` digests the normal form, ``docs`` the docstrings and the places where they stand. ``flags`` is a subset of
    ``own-doc``, ``all-doc``, ``own-source``, ``all-source``, ``computed-import`` and ``path``. ``error`` says why the
    file could not be parsed, as ``line: message``; its ``norm`` is then the digest of its bytes.
    ``secrets`` names the kinds of secrets seen.
    """

    raw: str
    norm: str
    docs: str
    imports: tuple[Import, ...] = ()
    exported: tuple[str, ...] = ()
    flags: frozenset[str] = frozenset()
    error: str | None = None
    secrets: tuple[str, ...] = ()


def analyse(source: bytes, raw: str | None = None) -> Analysis:
    """Analyse the bytes of a Python file; *raw* is their digest if it is known.

    A byte-order mark and a coding cookie (PEP 263) are obeyed. Text that cannot be parsed gives an analysis whose
    ``error`` is set.
    """
    raw = raw or blob_digest(source)
    try:
        return _analyse(source, raw)
    except RecursionError:
        return _on_an_empty_stack(source, raw)
    except (SyntaxError, ValueError, MemoryError) as error:
        return _unparsed(source, raw, error)


def _analyse(source: bytes, raw: str) -> Analysis:
    tree = parse(source)
    writer = _Writer()
    writer.visit(tree)
    text = "\n".join(writer.out).encode("utf-8", "surrogatepass")
    docs = [part.encode("utf-8", "surrogatepass") for place in writer.docs for part in (str(place[0]), place[1])]
    imports = writer.imports
    exported: tuple[str, ...] = ()
    flags: frozenset[str] = frozenset()
    if might_matter(source):
        imports, exported = collect(tree)
        flags = flags_of(tree)
    return Analysis(
        raw=raw,
        norm=digest(FORM, text),
        docs=digest(f"{FORM}/docstrings", *docs) if docs else "",
        imports=tuple(imports),
        exported=tuple(exported),
        flags=flags,
        secrets=kinds_of_secrets(source),
    )


def _on_an_empty_stack(source: bytes, raw: str) -> Analysis:
    """Analyse in a thread of its own, so that how deep a file may nest does not depend on the caller."""
    found: list[Analysis] = []

    def work() -> None:
        try:
            found.append(_analyse(source, raw))
        except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
            found.append(_unparsed(source, raw, error))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return found[0]


def _unparsed(source: bytes, raw: str, error: Exception) -> Analysis:
    line = getattr(error, "lineno", None) or 0
    if isinstance(error, RecursionError | MemoryError):
        message = "nested too deeply to be parsed"
    else:
        message = getattr(error, "msg", None) or str(error)
    return Analysis(raw=raw, norm=unreadable_norm(raw), docs="", error=f"{line}: {message}",
                    secrets=kinds_of_secrets(source))  # fmt: skip


def unreadable_norm(raw: str) -> str:
    """Give the normal form of what has none: the digest of its bytes, apart from every other digest."""
    return digest(f"{FORM}/bytes", raw.encode())


def parse(source: bytes) -> ast.Module:
    """Parse without letting warnings about the user's text reach the user: Python gives them on import."""
    if b"\\" not in source:
        return ast.parse(source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)


class _Writer:
    """Writes a tree as lines of text, from which the tree could be read back; every line begins with its kind."""

    __slots__ = ("docs", "imports", "out", "put", "table")

    def __init__(self) -> None:
        self.out: list[str] = []
        self.put = self.out.append
        self.docs: list[tuple[int, str]] = []
        self.imports: list[Import] = []
        self.table: dict[type, Callable[[Any], None]] = {
            ast.Name: self.name,
            ast.Attribute: self.attribute,
            ast.Constant: self.constant,
            ast.Call: self.call,
            ast.Expr: self.expr,
            ast.Assign: self.assign,
            ast.BinOp: self.binop,
            ast.Compare: self.compare,
            ast.Subscript: self.subscript,
            ast.Return: self.returned,
            ast.If: self.branch,
            ast.arg: self.arg,
            ast.Import: self.imported,
            ast.ImportFrom: self.imported_from,
        }

    def visit(self, node: ast.AST) -> None:
        self.table.get(node.__class__, self.generic)(node)

    def name(self, node: ast.Name) -> None:
        self.put(f"n{node.id}")

    def attribute(self, node: ast.Attribute) -> None:
        self.put(f"a{node.attr}")
        value = node.value
        self.table.get(value.__class__, self.generic)(value)

    def constant(self, node: ast.Constant) -> None:
        value = node.value
        # decimal digits of a huge integer are refused by Python: hexadecimal ones are not
        self.put(f"x{value:x}" if value.__class__ is int else f"v{value!r}")

    def call(self, node: ast.Call) -> None:
        table, generic = self.table, self.generic
        self.put(f"c{len(node.args)},{len(node.keywords)}")
        table.get(node.func.__class__, generic)(node.func)
        for argument in node.args:
            table.get(argument.__class__, generic)(argument)
        for keyword in node.keywords:
            self.put(f"k{keyword.arg or '**'}")
            table.get(keyword.value.__class__, generic)(keyword.value)

    def expr(self, node: ast.Expr) -> None:
        self.put("e")
        self.visit(node.value)

    def assign(self, node: ast.Assign) -> None:
        self.put(f"={len(node.targets)}")
        for target in node.targets:
            self.visit(target)
        self.visit(node.value)

    def binop(self, node: ast.BinOp) -> None:
        self.put(f"b{node.op.__class__.__name__}")
        self.visit(node.left)
        self.visit(node.right)

    def compare(self, node: ast.Compare) -> None:
        self.put("?" + ",".join([op.__class__.__name__ for op in node.ops]))
        self.visit(node.left)
        for other in node.comparators:
            self.visit(other)

    def subscript(self, node: ast.Subscript) -> None:
        self.put("s")
        self.visit(node.value)
        self.visit(node.slice)

    def returned(self, node: ast.Return) -> None:
        if node.value is None:
            self.put("r~")
        else:
            self.put("r")
            self.visit(node.value)

    def branch(self, node: ast.If) -> None:
        self.put("i")
        self.visit(node.test)
        self.block(node.body)
        self.block(node.orelse)

    def arg(self, node: ast.arg) -> None:
        if node.annotation is None:
            self.put(f"g{node.arg}")
        else:
            self.put(f"G{node.arg}")
            self.visit(node.annotation)

    def imported(self, node: ast.Import) -> None:
        self.generic(node)
        for alias in node.names:
            self.imports.append(Import(0, alias.name, None, node.lineno))

    def imported_from(self, node: ast.ImportFrom) -> None:
        self.generic(node)
        names = tuple(alias.name for alias in node.names)
        self.imports.append(Import(node.level, node.module or "", names, node.lineno))

    def block(self, statements: list[ast.stmt]) -> None:
        """Write statements without the strings that stand alone; a block of nothing else is written as ``pass``."""
        kept = []
        for statement in statements:
            if statement.__class__ is ast.Expr:
                value = statement.value
                if value.__class__ is ast.Constant and value.value.__class__ is str:
                    self.docs.append((len(self.out), value.value))
                    continue
            kept.append(statement)
        self.put(f"[{len(kept) or 1 if statements else 0}")
        for statement in kept:
            self.table.get(statement.__class__, self.generic)(statement)
        if statements and not kept:
            self.put("(Pass")
            self.put(")")

    def generic(self, node: ast.AST) -> None:
        """Write a node by its fields, leaving out those that are empty."""
        put = self.put
        put(f"({node.__class__.__name__}")
        for field in node._fields:
            value = getattr(node, field, None)
            if value is None or value == [] or field in _SKIPPED:
                continue
            put(f".{field}")
            if value.__class__ is list:
                if field in _BLOCKS:
                    self.block(value)
                    continue
                put(f"[{len(value)}")
                for item in value:
                    self.item(item)
            else:
                self.item(value)
        put(")")

    def item(self, value: Any) -> None:
        if isinstance(value, ast.AST):
            self.table.get(value.__class__, self.generic)(value)
        elif value is None:
            self.put("~")
        else:
            self.put(f"w{value!r}")


__all__ = ["FORM", "Analysis", "analyse", "parse", "unreadable_norm"]
