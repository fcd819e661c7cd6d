"""Methods that a Cerebro, its broker or a strategy does not have.

Looked at is what can be told from the script alone: the methods that a strategy calls on itself when all of its bases
are known, a Cerebro that the script makes, and the broker that comes with it.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches

from ..broker.simulated import BackBroker
from ..cerebro import Cerebro
from ..strategy.strategy import Strategy
from .check_script import Script, finding

_GIVES_NAMES = frozenset(("__getattr__", "__getattribute__", "__setattr__"))


def check_methods(script: Script) -> None:
    """Add the calls in *script* of methods that are not there."""
    given = _given(script.tree)
    if given is None:
        return
    cerebros = _cerebros(script)
    defined = Counter(one.name for one in _classes(script.tree))
    usual = not any(_sets_broker(node) for node in ast.walk(script.tree))
    cerebro, broker = {*dir(Cerebro), *given}, {*dir(BackBroker()), *given}
    scopes: list[ast.Module | ast.ClassDef] = [script.tree, *_classes(script.tree)]
    for scope in scopes:
        name = scope.name if isinstance(scope, ast.ClassDef) else ""
        names = _names_of_strategy(script, scope, defined) if isinstance(scope, ast.ClassDef) else None
        for call in _calls(scope):
            owner = call.func.value  # type: ignore[attr-defined]  # calls of attributes only
            if isinstance(owner, ast.Name):
                if owner.id in cerebros:
                    _check(script, call, "Cerebro", cerebro)
                elif owner.id == "self" and names is not None:
                    _check(script, call, name, names | given)
            elif usual and isinstance(owner, ast.Attribute) and owner.attr == "broker":
                of = owner.value.id if isinstance(owner.value, ast.Name) else ""
                if of in cerebros or (of == "self" and names is not None):
                    _check(script, call, "the broker", broker)


def _classes(tree: ast.AST) -> Iterator[ast.ClassDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def _check(script: Script, call: ast.Call, owner: str, known: set[str]) -> None:
    name: str = call.func.attr  # type: ignore[attr-defined]  # calls of attributes only
    if name in known or name.startswith(("__", "data")):  # self.data_close(-1)
        return
    near = get_close_matches(name, sorted(one for one in known if not one.startswith("_")), n=1)
    remedy = f"did you mean {near[0]!r}?" if near else "check the spelling"
    script.add(
        finding(call, "error", "missing method", f"{owner} has no method {name!r}", remedy, "what-is-not-there")
    )


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Give the calls of attributes in *tree*, without those in classes inside of it."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            continue
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node
        yield from _calls(node)


def _given(tree: ast.AST) -> set[str] | None:
    """Give the names of all attributes that the script sets on anything; None if it sets some by ``setattr``."""
    out: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            out.add(node.attr)
        elif isinstance(node, ast.Name) and node.id == "setattr":
            return None
        elif isinstance(node, ast.Attribute) and node.attr == "__dict__":
            return None
    return out


def _cerebros(script: Script) -> set[str]:
    """Give the names that stand for a plain Cerebro wherever the script sets them."""
    stored: Counter[str] = Counter()
    made: Counter[str] = Counter()
    for node in ast.walk(script.tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            stored[node.id] += 1
        elif isinstance(node, ast.arg):
            stored[node.arg] += 1
        elif isinstance(node, ast.Assign) and _makes(script, node.value, Cerebro):
            made.update(target.id for target in node.targets if isinstance(target, ast.Name))
    return {name for name, times in made.items() if stored[name] == times}


def _makes(script: Script, node: ast.expr, cls: type) -> bool:
    meant = script.meaning(node.func) if isinstance(node, ast.Call) else None
    return meant is not None and meant.value is cls


def _sets_broker(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return (node.attr == "broker" and isinstance(node.ctx, ast.Store)) or node.attr == "setbroker"
    return isinstance(node, ast.keyword) and node.arg == "broker_factory"


def _names_of_strategy(script: Script, node: ast.ClassDef, defined: Counter[str]) -> set[str] | None:
    """Give what a strategy class has; None if it is none, or has a base that is not known for sure."""
    names: set[str] = set()
    kinds: list[type] = []
    waiting = [node]
    seen: set[str] = set()
    while waiting:
        current = waiting.pop()
        if current.name in seen or current.decorator_list:
            return None
        seen.add(current.name)
        names |= _names_in(current)
        for base in current.bases:
            meant = script.meaning(base)
            if meant is not None and isinstance(meant.value, type):
                kinds.append(meant.value)
            elif isinstance(base, ast.Name) and defined[base.id] == 1:
                waiting.append(script.classes[base.id])
            else:
                return None
    if names & _GIVES_NAMES or not any(issubclass(kind, Strategy) for kind in kinds):
        return None
    return names.union(*(dir(kind) for kind in kinds))


def _names_in(node: ast.ClassDef) -> set[str]:
    """Give the names that a class body sets, also under an ``if`` and in loops, and those of its lines."""
    out: set[str] = set()
    for item in ast.walk(node):
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            out.add(item.name)
        elif isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store):
            out.add(item.id)
        elif isinstance(item, ast.alias):
            out.add(item.asname or item.name)
        elif isinstance(item, ast.Constant) and isinstance(item.value, str):
            out.add(item.value)  # lines = ("signal",)
    return out


__all__ = ["check_methods"]
