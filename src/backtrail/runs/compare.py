"""What two recorded runs have in common and what not: code, parameters, data, environment, metrics, orders.

Everything is given as plain values, which JSON can write.
"""

from __future__ import annotations

import ast
import difflib
import math
from typing import TYPE_CHECKING, Any, Final

from ..errors import BacktrailError, StoreError
from .fingerprint import TableFingerprint, first_difference
from .key import COMPONENTS, explain
from .store.rows import flat

if TYPE_CHECKING:
    import pyarrow as pa

    from .store import Run, Store

SECTIONS: Final = ("code", "params", "config", "data", "seed", "env", "metrics", "orders")


class NothingToCompare(BacktrailError, LookupError):
    """There is no other run that a run could be compared with."""


def diff(a: Run, b: Run) -> dict[str, Any]:
    """Give the differences of two runs by section; a section without differences is empty."""
    left, right = a.manifest, b.manifest
    return {
        "a": a.id,
        "b": b.id,
        "same_key": a.key is not None and a.key == b.key,
        "code": code_differences(a, b),
        "params": value_differences(left.get("params"), right.get("params")),
        "config": value_differences(left.get("config"), right.get("config")),
        "data": data_differences(a, b),
        "seed": value_differences(left.get("seed"), right.get("seed")),
        "env": environment_differences(a, b),
        "inputs": _input_differences(left, right),
        "metrics": metric_differences(a, b),
        "orders": order_difference(a, b),
    }


def why(a: Run, b: Run) -> dict[str, Any]:
    """Say why two runs have different keys: the components that differ, down to functions, values and bars."""
    left, right = a.manifest.get("components"), b.manifest.get("components")
    told: dict[str, Any] = {"a": a.id, "b": b.id, "components": [], "details": {}}
    for run in (a, b):
        if run.key is None:
            told.setdefault("without_key", {})[run.id] = run.manifest.get(
                "uncacheable", "it was recorded without a key"
            )
    if left is None or right is None:
        return told
    for name in explain(left, right):
        found = _component(name, a, b)
        if "code" in told["components"] and isinstance(found, dict) and set(found) == {"classes"}:
            continue  # classes among parameters and settings: their code is what differs
        told["components"].append(name)
        told["details"][name] = found
    if not told["components"]:
        told["details"] = {"inputs": _input_differences(a.manifest, b.manifest)}
        told["purity"] = {run.id: run.manifest.get("purity") for run in (a, b)}
    return told


def _component(name: str, a: Run, b: Run) -> Any:
    left, right = a.manifest, b.manifest
    if name == "code":
        return code_differences(a, b)
    if name == "data":
        return data_differences(a, b)
    if name == "env":
        return environment_differences(a, b)
    found = value_differences(left.get(name), right.get(name))
    if not found and name in ("params", "config"):
        found = value_differences(_recipe(left, name), _recipe(right, name))
        if not found:
            return {"classes": f"a class or a function among the {name} has other code or holds other values"}
    return found


def _recipe(manifest: dict[str, Any], name: str) -> Any:
    return (manifest.get("recipe") or {}).get(name)


def nearest(store: Store, run: Run) -> Run:
    """Give the latest other run of the strategy that differs in the fewest components; NothingToCompare if none."""
    best: tuple[int, int] | None = None
    chosen = None
    mine = run.manifest.get("components") or {}
    for at, other in enumerate(store.runs(strategy=run.strategy, limit=200)):
        if other.id == run.id:
            continue
        try:
            count = len(explain(mine, other.manifest.get("components") or {})) or len(COMPONENTS) + 1
        except StoreError:
            continue
        if best is None or (count, at) < best:
            best, chosen = (count, at), other
    if chosen is None:
        raise NothingToCompare(
            f"comparing run {run.id} - expected another run of {run.strategy} in the store - found none - name two runs"
        )
    return chosen


# -- values ----------------------------------------------------------------------------------------------------------


def value_differences(a: Any, b: Any) -> dict[str, list[Any]]:
    """Give the leaves in which two nested values differ, by path: what the first has and what the second has."""
    left, right = dict(_leaves(a or {})), dict(_leaves(b or {}))
    return {
        path: [left.get(path), right.get(path)]
        for path in sorted({*left, *right})
        if path not in left or path not in right or _differs(left[path], right[path])
    }


def _leaves(value: Any) -> list[tuple[str, Any]]:
    found = []
    for path, one in flat(value):
        if isinstance(one, list) and one:
            for at, item in enumerate(one):
                found += [
                    (f"{path}[{at}]{'.' + inner if inner else ''}", leaf) for inner, leaf in _leaves(item)
                ]
        else:
            found.append((path, one))
    return found


def _differs(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b):
        return False
    return type(a) is not type(b) or bool(a != b)


def metric_differences(a: Run, b: Run) -> dict[str, list[float | None]]:
    """Give the metrics that differ: both values."""
    left, right = a.metrics, b.metrics
    return {
        name: [left.get(name), right.get(name)]
        for name in dict.fromkeys([*left, *right])
        if name not in left or name not in right or _differs(left[name], right[name])
    }


# -- code ------------------------------------------------------------------------------------------------------------


def code_differences(a: Run, b: Run) -> dict[str, Any]:
    """Give the files that differ, with the functions in them, and the text of the difference."""
    left = {one["path"]: one for one in (a.manifest.get("code") or {}).get("files") or ()}
    right = {one["path"]: one for one in (b.manifest.get("code") or {}).get("files") or ()}
    told: dict[str, Any] = {}
    for path in sorted({*left, *right}):
        if path not in left or path not in right:
            told[path] = {"change": "removed" if path in left else "added"}
            continue
        one, other = left[path], right[path]
        name = "norm" if one.get("norm") and other.get("norm") else "raw"
        if one.get(name) == other.get(name):
            continue  # the same, or the same but for comments, docstrings, layout
        told[path] = {"change": "changed"}
        before, after = _text(a, path), _text(b, path)
        if before is not None and after is not None:
            told[path]["functions"] = changed_functions(before, after)
            lines = difflib.unified_diff(
                before.splitlines(), after.splitlines(), f"a/{path}", f"b/{path}", lineterm=""
            )
            told[path]["diff"] = "\n".join(lines)
    return told


def _text(run: Run, path: str) -> str | None:
    try:
        return run.code[path]
    except (StoreError, KeyError):
        return None


def changed_functions(before: str, after: str) -> list[str]:
    """Name the functions and classes that differ between two texts of a module, and ``<module>`` for the rest."""
    left, right = _parts(before), _parts(after)
    if left is None or right is None:
        return ["<module>"]
    return [name for name in dict.fromkeys([*right, *left]) if left.get(name) != right.get(name)]


def _parts(text: str) -> dict[str, str] | None:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None
    parts: dict[str, str] = {}
    _gather(tree, "", parts)
    return parts


def _gather(node: Any, prefix: str, parts: dict[str, str]) -> None:
    rest = []
    body = node.body
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        if isinstance(body[0].value.value, str):
            body = body[1:]
    for child in body:
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{prefix}{child.name}"
            if isinstance(child, ast.ClassDef):
                _gather(child, f"{name}.", parts)
                rest.append(f"class {child.name}({', '.join(ast.dump(base) for base in child.bases)})")
            else:
                parts[name] = _dumped(child)
        else:
            rest.append(ast.dump(child))
    parts[prefix[:-1] or "<module>"] = "\n".join(rest)


def _dumped(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    body = function.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        if isinstance(body[0].value.value, str):
            body = body[1:]
    heads = [ast.dump(part) for part in (function.args, *function.decorator_list)]
    return "\n".join([type(function).__name__, *heads, *(ast.dump(one) for one in body)])


# -- data ------------------------------------------------------------------------------------------------------------


def data_differences(a: Run, b: Run) -> list[dict[str, Any]]:
    """Give the feeds that differ: in what they were told, in length, and from which bar on."""
    left, right = a.manifest.get("data") or [], b.manifest.get("data") or []
    told = []
    for at in range(max(len(left), len(right))):
        if at >= len(left) or at >= len(right):
            one = (left if at < len(left) else right)[at]
            told.append(
                {"feed": at, "name": one.get("name"), "change": "removed" if at < len(left) else "added"}
            )
            continue
        one, other = left[at], right[at]
        if one.get("fingerprint") == other.get("fingerprint"):
            continue
        entry: dict[str, Any] = {"feed": at, "name": other.get("name"), "change": "changed"}
        settings = value_differences(one.get("settings"), other.get("settings"))
        if settings:
            entry["settings"] = settings
        if one.get("bars") != other.get("bars"):
            entry["rows"] = [one.get("rows"), other.get("rows")]
            entry["columns"] = sorted(
                name
                for name in {*(one.get("columns") or {}), *(other.get("columns") or {})}
                if (one.get("columns") or {}).get(name) != (other.get("columns") or {}).get(name)
            )
            entry["first"] = _first_bar(a.store, one, b.store, other)
        told.append(entry)
    return told


def _first_bar(store: Store, one: dict[str, Any], other_store: Store, other: dict[str, Any]) -> Any:
    """Say at which bar two feeds begin to differ, as exactly as what is stored tells."""
    try:
        if one.get("snapshot") and other.get("snapshot"):
            left, right = store.get_table(one["snapshot"]), other_store.get_table(other["snapshot"])
            row = first_row(left, right)
            if row is not None:
                row["time"] = _time_of(left, right, row["row"])
            return row
        if one.get("chunks") and other.get("chunks"):
            pair = (
                TableFingerprint.from_chunk_list(store.get(one["chunks"])),
                TableFingerprint.from_chunk_list(other_store.get(other["chunks"])),
            )
            found = first_difference(*pair)
            return None if found is None else {"text": found.text, "rows": found.rows, "column": found.column}
    except (StoreError, ValueError) as error:
        return {"text": f"the bars cannot be read: {error}"}
    return None


def _time_of(left: pa.Table, right: pa.Table, row: int) -> str | None:
    from ..base.time import num2date

    for table in (left, right):
        if "datetime" in table.column_names and row < table.num_rows:
            return num2date(table.column("datetime")[row].as_py()).isoformat()
    return None


# -- rows ------------------------------------------------------------------------------------------------------------


def order_difference(a: Run, b: Run) -> dict[str, Any] | None:
    """Give the first order in which two runs part; None if they have the same orders, or none are stored."""
    if "orders" not in a.artifacts or "orders" not in b.artifacts:
        return None
    if a.artifacts["orders"].get("content") == b.artifacts["orders"].get("content"):
        return None
    return first_row(a.orders, b.orders)


def first_row(a: pa.Table, b: pa.Table) -> dict[str, Any] | None:
    """Give the first row in which two tables differ, from 0, with the columns that do; None if they are equal."""
    if a.column_names != b.column_names:
        only = [sorted({*a.column_names} - {*b.column_names}), sorted({*b.column_names} - {*a.column_names})]
        return {
            "row": 0,
            "columns": only[0] + only[1],
            "a": {},
            "b": {},
            "text": f"columns {only[0]} - {only[1]}",
        }
    shorter = min(a.num_rows, b.num_rows)
    first = shorter
    for name in a.column_names:
        first = _first_in(a.column(name).slice(0, first), b.column(name).slice(0, first), first)
    if first == shorter and a.num_rows == b.num_rows:
        return None
    rows = [_row(table, first) for table in (a, b)]
    columns = [name for name in a.column_names if _differs(rows[0].get(name), rows[1].get(name))]
    return {"row": first, "columns": columns, "a": rows[0], "b": rows[1]}


def _first_in(left: Any, right: Any, count: int) -> int:
    """Give the first index at which two columns of *count* values differ; *count* if they do not."""
    if left.type != right.type:
        return 0
    if left.equals(right):
        return count
    low, high = 0, count
    while high - low > 1:
        middle = (low + high) // 2
        if _same(left.slice(low, middle - low), right.slice(low, middle - low)):
            low = middle
        else:
            high = middle
    return low if not _same(left.slice(low, 1), right.slice(low, 1)) else count


def _same(left: Any, right: Any) -> bool:
    """Tell whether two columns hold the same values; NaN is the same as NaN."""
    if left.equals(right):
        return True
    if not str(left.type).startswith("double"):
        return False
    pairs = zip(left.to_pylist(), right.to_pylist(), strict=True)
    return all(one == other or (one != one and other != other) for one, other in pairs)


def _row(table: pa.Table, at: int) -> dict[str, Any]:
    if at >= table.num_rows:
        return {}
    row: dict[str, Any] = table.slice(at, 1).to_pylist()[0]
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()}


# -- environment -----------------------------------------------------------------------------------------------------


def environment_differences(a: Run, b: Run) -> dict[str, list[Any]]:
    """Give what differs of Python, machine, libraries, engine and commit."""
    told = {}
    for name, kept in (
        ("env", ("python", "implementation", "platform", "machine", "packages", "variables")),
        ("engine", ("version", "semantics_epoch", "build")),
        ("git", ("commit", "dirty")),
    ):
        left, right = a.manifest.get(name) or {}, b.manifest.get(name) or {}
        found = value_differences({k: left.get(k) for k in kept}, {k: right.get(k) for k in kept})
        told.update({f"{name}.{path}": pair for path, pair in found.items()})
    return told


def _input_differences(left: dict[str, Any], right: dict[str, Any]) -> dict[str, list[Any]]:
    return value_differences(
        {one["path"]: one.get("digest") for one in left.get("inputs") or ()},
        {one["path"]: one.get("digest") for one in right.get("inputs") or ()},
    )


__all__ = [
    "SECTIONS",
    "NothingToCompare",
    "code_differences",
    "data_differences",
    "diff",
    "first_row",
    "nearest",
    "why",
]
