"""Keywords that a class of backtrader does not take, where it is called and where it is given to a Cerebro."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from ..base.declare import Declared, accepts_keyword
from ..cerebro import Cerebro
from ..errors import unknown_name
from .check_script import Script, finding

# Methods that take a class and the keywords of its objects, and the keywords that are their own.
_TAKE_CLASSES = {
    "addanalyzer": {"_name"},
    "addfilter": set(),
    "addindicator": set(),
    "addobserver": {"obsname"},
    "addobservermulti": {"obsname"},
    "addsizer": set(),
    "addstrategy": set(),
    "addwriter": set(),
    "optstrategy": set(),
}  # fmt: skip


def check_keywords(script: Script) -> None:
    """Add the keywords in *script* that backtrader's classes do not have."""
    for node in ast.walk(script.tree):
        if not isinstance(node, ast.Call):
            continue
        own: set[str] = set()
        made: ast.expr = node.func
        if isinstance(node.func, ast.Attribute) and node.func.attr in _TAKE_CLASSES and node.args:
            own, made = _TAKE_CLASSES[node.func.attr], node.args[0]
        meant = script.meaning(made)
        if meant is None or not isinstance(meant.value, type) or not issubclass(meant.value, Declared):
            continue
        if not issubclass(meant.value, Cerebro):  # whose settings are looked at with those of run()
            _check(script, node, meant.value, own)


def _check(script: Script, node: ast.Call, made: type[Declared], own: set[str]) -> None:
    known = keywords_of(made)
    init: Callable[..., Any] = made.__init__
    for keyword in node.keywords:
        name = keyword.arg
        if name is None or name in known or name in own or accepts_keyword(init, name):
            continue
        said = unknown_name("parameter", made.__name__, name, made.params._getkeys())
        script.add(
            finding(keyword.value, "error", "unknown keyword", said, "correct the keyword", "what-speaks-up")
        )


def keywords_of(made: type[Declared]) -> set[str]:
    """Give the parameters of *made* and its plot options."""
    return {*made.params._getkeys(), *getattr(made, "plotinfo", made.params)._getkeys()}


__all__ = ["check_keywords", "keywords_of"]
