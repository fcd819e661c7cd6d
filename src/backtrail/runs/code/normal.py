"""Read one source file: its imports, and its normal form, which says what it does and not how it is written.

The normal form is the syntax tree without positions, comments and docstrings; two files with the same normal form run
alike. Docstrings are digested apart, because a program may read them. Nothing is executed or imported.
"""

from __future__ import annotations

import ast
import threading
import warnings
from collections.abc import Callable, Iterable
from typing import Any, Final

from ..digests import blob_digest, digest
from .analysis import FORM, Analysis, Import, unreadable_norm
from .imports import collect, flags_of, might_matter
from .secrets import kinds_of_secrets

_SKIPPED: Final = frozenset({"ctx", "kind", "type_comment", "type_ignores"})
_BLOCKS: Final = frozenset({"body", "orelse", "finalbody"})


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
    docs = [
        part.encode("utf-8", "surrogatepass") for place in writer.docs for part in (str(place[0]), place[1])
    ]
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


def parse(source: bytes) -> ast.Module:
    """Parse without letting warnings about the user's text reach the user: Python gives them on import."""
    if b"\\" not in source:
        return ast.parse(source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)


class _Writer:
    """Writes a tree as lines of text, from which the tree could be read back; every line begins with its kind.

    Most nodes are names, constants, attributes and calls: they are written here without a detour, because a project's
    first capture waits for this.
    """

    __slots__ = ("docs", "imports", "out", "put", "table")

    def __init__(self) -> None:
        self.out: list[str] = []
        self.put = self.out.append
        self.docs: list[tuple[int, str]] = []
        self.imports: list[Import] = []
        self.table: dict[type, Callable[[Any], None]] = {
            ast.Attribute: self.attribute,
            ast.Constant: self.constant,
            ast.Call: self.call,
            ast.Expr: self.expr,
            ast.Assign: self.assign,
            ast.BinOp: self.binop,
            ast.UnaryOp: self.unary,
            ast.BoolOp: self.boolop,
            ast.Compare: self.compare,
            ast.Subscript: self.subscript,
            ast.Tuple: self.group,
            ast.List: self.group,
            ast.IfExp: self.choice,
            ast.Return: self.returned,
            ast.If: self.branch,
            ast.arg: self.arg,
            ast.Import: self.imported,
            ast.ImportFrom: self.imported_from,
        }

    def visit(self, node: ast.AST) -> None:
        if node.__class__ is ast.Name:
            self.put(f"n{node.id}")
        else:
            self.table.get(node.__class__, self.generic)(node)

    def several(self, nodes: Iterable[ast.AST]) -> None:
        put, get, generic, name = self.put, self.table.get, self.generic, ast.Name
        for node in nodes:
            kind = node.__class__
            if kind is name:
                put(f"n{node.id}")  # type: ignore[attr-defined]
            else:
                get(kind, generic)(node)

    def attribute(self, node: ast.Attribute) -> None:
        value: ast.AST = node.value
        self.put(f"a{node.attr}")
        if value.__class__ is ast.Name:
            self.put(f"n{value.id}")
        else:
            self.table.get(value.__class__, self.generic)(value)

    def constant(self, node: ast.Constant) -> None:
        value = node.value
        # decimal digits of a huge integer are refused by Python: hexadecimal ones are not
        self.put(f"x{value:x}" if value.__class__ is int else f"v{value!r}")

    def call(self, node: ast.Call) -> None:
        keywords = node.keywords
        self.put(f"c{len(node.args)},{len(keywords)}")
        self.visit(node.func)
        if node.args:
            self.several(node.args)
        for keyword in keywords:
            self.put(f"k{keyword.arg or '**'}")
            self.visit(keyword.value)

    def expr(self, node: ast.Expr) -> None:
        self.put("e")
        self.visit(node.value)

    def assign(self, node: ast.Assign) -> None:
        self.put(f"={len(node.targets)}")
        self.several(node.targets)
        self.visit(node.value)

    def binop(self, node: ast.BinOp) -> None:
        self.put(f"b{node.op.__class__.__name__}")
        self.several((node.left, node.right))

    def unary(self, node: ast.UnaryOp) -> None:
        self.put(f"u{node.op.__class__.__name__}")
        self.visit(node.operand)

    def boolop(self, node: ast.BoolOp) -> None:
        self.put(f"l{node.op.__class__.__name__}{len(node.values)}")
        self.several(node.values)

    def compare(self, node: ast.Compare) -> None:
        self.put("?" + ",".join([op.__class__.__name__ for op in node.ops]))
        self.several((node.left, *node.comparators))

    def subscript(self, node: ast.Subscript) -> None:
        self.put("s")
        self.several((node.value, node.slice))

    def group(self, node: ast.Tuple | ast.List) -> None:
        self.put(f"{'t' if node.__class__ is ast.Tuple else 'm'}{len(node.elts)}")
        self.several(node.elts)

    def choice(self, node: ast.IfExp) -> None:
        self.put("h")
        self.several((node.test, node.body, node.orelse))

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
        self.put(f"I{len(node.names)}")
        self.aliases(node.names)
        for alias in node.names:
            self.imports.append(Import(0, alias.name, None, node.lineno))

    def imported_from(self, node: ast.ImportFrom) -> None:
        self.put(f"F{node.level},{node.module or ''},{len(node.names)}")
        self.aliases(node.names)
        names = tuple([alias.name for alias in node.names])
        self.imports.append(Import(node.level, node.module or "", names, node.lineno))

    def aliases(self, names: list[ast.alias]) -> None:
        for alias in names:
            self.put(f"j{alias.name} {alias.asname or ''}")

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
        if statements and not kept:
            self.put("[1")
            self.put("(Pass")
            self.put(")")
            return
        self.put(f"[{len(kept)}")
        for statement in kept:
            self.table.get(statement.__class__, self.generic)(statement)

    def generic(self, node: ast.AST) -> None:
        """Write a node by its fields, leaving out those that are empty."""
        put, kind = self.put, node.__class__
        put(f"({kind.__name__}")
        for field in _FIELDS[kind]:
            value = getattr(node, field, None)
            if value is None:
                continue
            if value.__class__ is list:
                if not value:
                    continue
                put(f".{field}")
                if field in _BLOCKS:
                    self.block(value)
                    continue
                put(f"[{len(value)}")
                for item in value:
                    self.item(item)
            else:
                put(f".{field}")
                self.item(value)
        put(")")

    def item(self, value: Any) -> None:
        if isinstance(value, ast.AST):
            self.visit(value)
        elif value is None:
            self.put("~")
        else:
            self.put(f"w{value!r}")


_FIELDS: dict[type, tuple[str, ...]] = {
    kind: tuple(field for field in kind._fields if field not in _SKIPPED)
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
}


__all__ = ["analyse", "parse"]
