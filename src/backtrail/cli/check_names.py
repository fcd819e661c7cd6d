"""Names that backtrail does not answer, spellings that have a better one, and settings whose results differ."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from ..cerebro import Cerebro
from ..compat.differences import SWITCHES, by_key
from ..errors import unknown_name
from ..strategy.strategy import Strategy
from .check_script import Meaning, Script, Severity, finding

_OLD_METHODS = {"notify": "notify_order", "notify_operation": "notify_trade"}
_OLD_MODULES = {
    "utils.py3": "Python's own names (range, map, zip, str, dict.items()) do the same",
    "utils.flushfile": "importing it changes nothing; print(..., flush=True) flushes",
}
_OLD_NAMES = {
    "with_metaclass": "write class Name(Base, metaclass=Meta)",
    "SizerFix": "write FixedSize",
    "BrokerBack": "write BackBroker",
    "CashValue": "write Broker",
    "FundVal": "write FundValue",
    "FundShareValue": "write FundValue",
    "SMA_CrossOver": "write MA_CrossOver",
}
# names whose results are not backtrader's because backtrader's are wrong; those that are so in some runs only are notes
_RIGHT_HERE: dict[str, tuple[str, Severity]] = {
    "CmpEx": ("cmpex", "note"),
    "DemarkPivotPoint": ("cmpex", "note"),
    "Renko": ("renko-bricks", "differs"),
    "CalendarDays": ("calendar-days", "differs"),
    "DataFilter": ("feeds-over-feeds", "note"),
    "DataFiller": ("feeds-over-feeds", "note"),
    "OLS_BetaN": ("regressions", "differs"),
    "OLS_TransformationN": ("regressions", "differs"),
    "InfluxDB": ("influx-open-interest", "differs"),
    "PyFolio": ("pyfolio-positions", "note"),
    "LaguerreFilter": ("slow-laguerre", "note"),
    "LaguerreRSI": ("slow-laguerre", "note"),
    "LAGF": ("slow-laguerre", "note"),
    "LRSI": ("slow-laguerre", "note"),
}
_SWITCH_WORDS = {"StopTrail": "trailing-stops", "StopTrailLimit": "trailing-stops"}


def check_names(script: Script) -> None:
    """Add what *script* calls by names that are missing, old, or mean something else than in backtrader."""
    _Chains(script).visit(script.tree)
    for made in script.classes.values():
        kind = script.kind_of(made)
        if kind is not None and issubclass(kind, Strategy):
            _old_methods(script, made)
    for node in ast.walk(script.tree):
        if isinstance(node, ast.Call):
            _check_call(script, node)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            _old_modules(script, node)


class _Chains(ast.NodeVisitor):
    """Look at the longest chains of attributes only: ``bt.indicators.SMA``, not ``bt.indicators`` again."""

    def __init__(self, script: Script) -> None:
        self.script = script

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Check one chain."""
        self._check(node)
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute):
            inner = inner.value
        if not isinstance(inner, ast.Name):
            self.visit(inner)

    def visit_Name(self, node: ast.Name) -> None:
        """Check a name that stands for something of backtrader."""
        meant = self.script.meaning(node)
        if meant is not None and isinstance(node.ctx, ast.Load):
            self._known(node, meant)

    def _check(self, node: ast.Attribute) -> None:
        script = self.script
        meant = script.meaning(node)
        if meant is not None:
            self._known(node, meant)
            return
        owner = script.meaning(node.value)
        if owner is None:
            if isinstance(node.value, ast.Attribute):
                self._check(node.value)
            return
        if owner.value is None:
            script.missing(node, ast.unparse(node), "the name is not answered")
        elif isinstance(owner.value, type) and not node.attr.startswith("_"):
            if not hasattr(owner.value, "params") or node.attr not in owner.value.params._getkeys():
                script.missing(node, ast.unparse(node), f"{owner.value.__name__} has no such attribute")

    def _known(self, node: ast.expr, meant: Meaning) -> None:
        called = ast.unparse(node).rpartition(".")[2]
        name = meant.path.rpartition(".")[2]
        if name in _OLD_NAMES and meant.value is not None:
            self.script.add(finding(node, "note", "old spelling", called, _OLD_NAMES[name], "old-spellings"))
        if name in _RIGHT_HERE:
            key, severity = _RIGHT_HERE[name]
            found = by_key(key)
            text = f"{called}: in backtrader {found.backtrader}; here {found.here}"
            remedy = "expect other numbers than backtrader's"
            self.script.add(finding(node, severity, key, text, remedy, "what-is-right-here"))
        if name in _SWITCH_WORDS:
            _switch(self.script, node, _SWITCH_WORDS[name], called)


def _switch(script: Script, node: ast.AST, key: str, written: str) -> None:
    """Add that backtrader's way holds for *written*, and which switch changes it."""
    found = by_key(key)
    text = f"{written}: {found.backtrader} (as in backtrader)"
    script.add(finding(node, "note", key, text, f"{found.switch} changes it", "what-has-a-switch"))


def _old_methods(script: Script, node: ast.ClassDef) -> None:
    for item in node.body:
        if isinstance(item, ast.FunctionDef) and item.name in _OLD_METHODS:
            remedy = f"call it {_OLD_METHODS[item.name]}"
            script.add(
                finding(item, "note", "old spelling", f"{node.name}.{item.name}", remedy, "old-spellings")
            )


def _old_modules(script: Script, node: ast.Import | ast.ImportFrom) -> None:
    written = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
    for name in written:
        root, _, path = name.partition(".")
        if root == "backtrader" and path in _OLD_MODULES:
            script.add(finding(node, "note", "old spelling", name, _OLD_MODULES[path], "old-spellings"))


# -- calls ----------------------------------------------------------------------------------------------------------


def _check_call(script: Script, node: ast.Call) -> None:
    meant = script.meaning(node.func)
    if meant is not None and isinstance(meant.value, type) and issubclass(meant.value, Cerebro):
        _check_settings(script, node, "Cerebro")
    if not isinstance(node.func, ast.Attribute):
        return
    name = node.func.attr
    check = _CALLS.get(name)
    if check is not None and meant is None:
        check(script, node)


def _check_settings(script: Script, node: ast.Call, where: str) -> None:
    """Check the keywords of ``Cerebro(...)`` or of ``run(...)``."""
    known: Any = Cerebro.params
    for keyword in node.keywords:
        name = keyword.arg
        if name is None:
            continue
        if name not in known._getkeys():
            said = unknown_name("parameter", "Cerebro", name, known._getkeys())
            severity: Any = "error" if where == "Cerebro" else "note"
            script.add(
                finding(
                    keyword.value, severity, "unknown setting", said, "correct the keyword", "what-speaks-up"
                )
            )
        elif name == "objcache" and _true(keyword.value):
            text = "objcache has no effect: equal indicators are not shared"
            script.add(finding(keyword.value, "note", "objcache", text, "leave it out", "what-stays"))
        elif (
            name == "realism" and isinstance(keyword.value, ast.Constant) and keyword.value.value == "strict"
        ):
            text = "realism='strict' gives other results than backtrader, on purpose"
            remedy = "leave it out to compare with backtrader: " + ", ".join(found.key for found in SWITCHES)
            script.add(finding(keyword.value, "differs", "strict", text, remedy, "what-has-a-switch"))


def _check_plot(script: Script, node: ast.Call) -> None:
    if _is_cerebro(script, node):
        text = f"{ast.unparse(node.func)}(): drawing is not part of backtrail, the call raises NotImplementedError"
        remedy = "take the numbers from the strategies that run() returns, or from cerebro.result"
        script.add(finding(node, "error", "plot", text, remedy, "what-is-not-there"))


def _check_run(script: Script, node: ast.Call) -> None:
    if _is_cerebro(script, node):
        _check_settings(script, node, "run")


def _is_cerebro(script: Script, node: ast.Call) -> bool:
    """Tell whether a method is called on a Cerebro: a name set to one, or an attribute called cerebro."""
    func = node.func
    if not isinstance(func, ast.Attribute):
        return False
    owner = func.value
    written = ast.unparse(owner)
    if written.rpartition(".")[2].lower() in ("cerebro", "self.env"):
        return True
    for item in ast.walk(script.tree):
        if isinstance(item, ast.Assign) and isinstance(item.value, ast.Call):
            meant = script.meaning(item.value.func)
            if meant is not None and isinstance(meant.value, type) and issubclass(meant.value, Cerebro):
                if written in {ast.unparse(target) for target in item.targets}:
                    return True
    return False


def _check_order(script: Script, node: ast.Call) -> None:
    for keyword in node.keywords:
        if keyword.arg == "valid" and isinstance(keyword.value, ast.Constant):
            if keyword.value.value == 0 and type(keyword.value.value) in (int, float):
                found = by_key("valid-zero")
                text = f"valid=0: in backtrader {found.backtrader}; here {found.here}"
                remedy = "write valid=None for an order that stays, valid=bt.Order.DAY for a day order"
                script.add(
                    finding(keyword.value, "differs", "valid-zero", text, remedy, "what-is-right-here")
                )


def _check_value(script: Script, node: ast.Call) -> None:
    if node.args and isinstance(node.args[0], ast.List) and len(node.args[0].elts) > 1:
        found = by_key("value-of-feeds")
        text = f"{ast.unparse(node)}: in backtrader {found.backtrader}; here {found.here}"
        remedy = "expect the account's value to stay"
        script.add(finding(node, "differs", "value-of-feeds", text, remedy, "what-is-right-here"))


def _check_eosbar(script: Script, node: ast.Call) -> None:
    _switch(script, node, "eosbar", ast.unparse(node.func))


def _check_resampling(script: Script, node: ast.Call) -> None:
    for keyword in node.keywords:
        if keyword.arg == "rightedge" and isinstance(keyword.value, ast.Constant) and not keyword.value.value:
            _switch(script, keyword.value, "rightedge", "rightedge=False")


def _check_timer(script: Script, node: ast.Call) -> None:
    for keyword in node.keywords:
        if keyword.arg not in ("weekdays", "monthdays") or not isinstance(
            keyword.value, ast.List | ast.Tuple
        ):
            continue
        days = [item.value for item in keyword.value.elts if isinstance(item, ast.Constant)]
        if all(isinstance(day, int) for day in days) and days != sorted(days):  # type: ignore[type-var]  # integers
            _switch(script, keyword.value, "timer-days", f"{keyword.arg}={days}")


def _true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and bool(node.value)


_CALLS: dict[str, Callable[[Script, ast.Call], None]] = {
    "plot": _check_plot,
    "run": _check_run,
    "buy": _check_order,
    "sell": _check_order,
    "buy_bracket": _check_order,
    "sell_bracket": _check_order,
    "getvalue": _check_value,
    "get_value": _check_value,
    "set_eosbar": _check_eosbar,
    "seteosbar": _check_eosbar,
    "resample": _check_resampling,
    "replay": _check_resampling,
    "resampledata": _check_resampling,
    "replaydata": _check_resampling,
    "add_timer": _check_timer,
}

__all__ = ["check_names"]
