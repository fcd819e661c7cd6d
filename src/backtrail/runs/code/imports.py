"""What a syntax tree imports, and what in it makes more of the text matter than usual."""

from __future__ import annotations

import ast
import re
from typing import Final

from .analysis import Import

# What needs a closer look than the import statements; most files have none of it and are spared the second walk.
_WORDS: Final = (
    b"__doc__", b"getsource", b"getdoc", b"getcomments", b"findsource", b"linecache", b"__file__", b"import_module",
    b"__import__", b"sys.path", b"__all__", b"ImportError", b"ModuleNotFoundError", b"TYPE_CHECKING", b"spec_from_file",
    b"SourceFileLoader", b"run_path", b"run_module", b"exec(", b"execfile",
)  # fmt: skip
_CATCH_ALL: Final = rb"except\s*(?::|\(?[^:\n]*Exception)"
_SOURCE_READERS: Final = frozenset({"getsource", "getsourcelines", "findsource", "getcomments", "linecache"})
_OPENERS: Final = frozenset({"open", "read_text", "read_bytes", "open_code", "getline", "getlines"})
_FORGIVING: Final = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


def might_matter(source: bytes) -> bool:
    """Tell whether *source* may hold more than plain import statements; False is sure."""
    return any(word in source for word in _WORDS) or re.search(_CATCH_ALL, source) is not None


def collect(tree: ast.Module) -> tuple[list[Import], tuple[str, ...]]:
    """Give the imports of *tree*, with literal ``import_module`` and ``__import__``, and its ``__all__``."""
    found: list[Import] = []
    exported: tuple[str, ...] = ()
    work: list[tuple[ast.AST, bool]] = [(tree, False)]
    while work:
        node, optional = work.pop()
        if isinstance(node, ast.Import):
            found += [Import(0, alias.name, None, node.lineno, optional) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            found.append(Import(node.level, node.module or "", names, node.lineno, optional))
        elif isinstance(node, ast.Call):
            literal = _literal_import(node)
            if literal is not None:
                found.append(literal._replace(optional=optional))
        elif isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            exported += _exported(node)
        work += [(child, optional or lenient) for child, lenient in _children(node)]
    found.sort(key=lambda one: one.line)
    return found, exported


def _children(node: ast.AST) -> list[tuple[ast.AST, bool]]:
    """Give the children of *node*, and for each whether an import in it may fail."""
    if isinstance(node, ast.Try) and any(_forgives(handler) for handler in node.handlers):
        lenient = [(child, True) for child in node.body]
        rest = [*node.handlers, *node.orelse, *node.finalbody]
        return [*lenient, *((child, True) for child in rest[: len(node.handlers)]), *((c, False) for c in node.orelse),
                *((c, False) for c in node.finalbody)]  # fmt: skip
    if isinstance(node, ast.If) and _name(node.test) == "TYPE_CHECKING":
        return [*((child, True) for child in node.body), *((child, False) for child in node.orelse)]
    return [(child, False) for child in ast.iter_child_nodes(node)]


def _forgives(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(_name(one) in _FORGIVING for one in types)


def _name(node: ast.AST) -> str:
    """Give the last name of ``a`` or ``a.b``."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _literal_import(node: ast.Call) -> Import | None:
    if _name(node.func) not in ("import_module", "__import__") or not node.args:
        return None
    first = node.args[0]
    if not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
        return None
    module = first.value.lstrip(".")
    return Import(len(first.value) - len(module), module, None, node.lineno, dynamic=True)


def _exported(node: ast.Assign | ast.AugAssign | ast.AnnAssign) -> tuple[str, ...]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    if not any(isinstance(t, ast.Name) and t.id == "__all__" for t in targets):
        return ()
    if not isinstance(node.value, ast.List | ast.Tuple):
        return ()
    return tuple(e.value for e in node.value.elts if isinstance(e, ast.Constant) and isinstance(e.value, str))


def flags_of(tree: ast.Module) -> frozenset[str]:
    """Tell what *tree* does that makes docstrings or text matter, or that hides imports from a reader.

    ``own-doc``: it reads its own docstring; ``all-doc``: it reads docstrings of others; ``own-source``: it opens its
    own file; ``all-source``: it reads source text through ``inspect`` or ``linecache``; ``computed-import``: it imports
    by a name that is not written in it; ``path``: it changes ``sys.path``.
    """
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            found |= {"own-doc"} if node.id == "__doc__" else set()
            found |= {"all-source"} if node.id in _SOURCE_READERS else set()
        elif isinstance(node, ast.Attribute):
            found |= {"all-doc"} if node.attr in ("__doc__", "getdoc") else set()
            found |= {"all-source"} if node.attr in _SOURCE_READERS else set()
        elif isinstance(node, ast.Constant):
            found |= {"all-doc"} if node.value == "__doc__" else set()
        elif isinstance(node, ast.alias):
            found |= {"all-source"} if node.name.rpartition(".")[2] in _SOURCE_READERS else set()
            found |= {"all-doc"} if node.name == "getdoc" else set()
        elif isinstance(node, ast.Call):
            found |= _flags_of_call(node)
        elif isinstance(node, ast.Assign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {"path"} if any(_is_path(target) for target in targets) else set()
    return frozenset(found)


def _flags_of_call(node: ast.Call) -> set[str]:
    called = _name(node.func)
    if called in ("import_module", "__import__") and _literal_import(node) is None:
        return {"computed-import"}
    if called in ("run_path", "run_module", "spec_from_file_location", "SourceFileLoader"):
        return {"computed-import"}
    if called in ("exec", "execfile") and isinstance(node.func, ast.Name):
        return {"computed-import"}
    if (
        called in ("append", "insert", "extend")
        and isinstance(node.func, ast.Attribute)
        and _is_path(node.func.value)
    ):
        return {"path"}
    if called in _OPENERS and _mentions_file(node):
        return {"own-source"}
    return set()


def _is_path(node: ast.AST) -> bool:
    if isinstance(node, ast.Subscript):
        node = node.value
    return isinstance(node, ast.Attribute) and node.attr == "path" and _name(node.value) == "sys"


def _mentions_file(node: ast.Call) -> bool:
    """Tell whether ``open(__file__)`` or ``Path(__file__).read_text()`` is meant, and not a file beside this one."""
    if any(isinstance(argument, ast.Name) and argument.id == "__file__" for argument in node.args):
        return True
    inner = node.func.value if isinstance(node.func, ast.Attribute) else None
    while isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute) and not inner.args:
        inner = inner.func.value  # Path(__file__).resolve()
    return isinstance(inner, ast.Call) and any(
        isinstance(argument, ast.Name) and argument.id == "__file__" for argument in inner.args
    )


__all__ = ["Import", "collect", "flags_of", "might_matter"]
