"""Why a backtest is not in the cache: the nearest run, and what is different in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import StoreError
from ..runs.compare import value_differences
from ..runs.key import COMPONENTS, explain
from ..runs.store.values import from_json, to_json
from .model import Explanation
from .records import own, run_id_of

if TYPE_CHECKING:
    from ..runs.key import RunKey
    from ..runs.store import Run, Store

LOOKED_AT = 200


def explain_key(
    store: Store, name: str, key: RunKey, parameters: Mapping[str, Any], data: list[dict[str, Any]]
) -> Explanation:
    """Explain a key by the latest runs of strategy *name*."""
    run_id = key.digest.removeprefix("b3:")
    found = store.lookup(key.digest)
    if found is not None and own(found).get("servable"):
        return Explanation(True, run_id, run_id)
    if found is not None:
        reasons = tuple(own(found).get("lacking") or ("its result is not stored whole",))
        return Explanation(False, run_id, run_id, (), reasons)
    best: tuple[int, Run, list[str]] | None = None
    for run in store.runs(strategy=name, status="finished", limit=LOOKED_AT):
        try:
            components = run.manifest.get("components") or {}
        except StoreError:
            continue
        differs = explain(key, components)
        if components and own(run) and (best is None or len(differs) < best[0]):
            best = (len(differs), run, differs)
    if best is None:
        return Explanation(False, run_id)
    _, nearest, differs = best
    return Explanation(
        False, run_id, run_id_of(nearest), tuple(differs), tuple(_details(nearest, differs, parameters, data))
    )


def _details(
    run: Run, differs: list[str], parameters: Mapping[str, Any], data: list[dict[str, Any]]
) -> list[str]:
    lines = []
    if "params" in differs:
        changed = value_differences(run.manifest.get("params") or {}, to_json(dict(parameters)))
        lines += [
            f"parameter {path}: {_said(before)} - {_said(after)}" for path, (before, after) in changed.items()
        ]
    if "data" in differs:
        lines += _data_lines(run.manifest.get("data") or [], data)
    for name in COMPONENTS:
        if name in differs and name not in ("params", "data"):
            lines.append(f"{name} differs")
    return lines


def _said(value: Any) -> str:
    return f"{from_json(value)!r:.80}"


def _data_lines(stored: list[dict[str, Any]], asked: list[dict[str, Any]]) -> list[str]:
    before = {one.get("name"): one for one in stored}
    after = {one.get("name"): one for one in asked}
    lines = []
    for name in dict.fromkeys([*before, *after]):
        left, right = before.get(name), after.get(name)
        if left is None or right is None:
            lines.append(f"{name}: only {'the stored run' if right is None else 'this call'} has it")
        elif left.get("fingerprint") != right.get("fingerprint"):
            lines.append(f"{name}: {_data_line(left, right)}")
    return lines


def _data_line(left: dict[str, Any], right: dict[str, Any]) -> str:
    for field in ("rows", "first", "last"):
        if left.get(field) != right.get(field):
            return f"{field} {left.get(field)} - {right.get(field)}"
    one, two = left.get("columns") or {}, right.get("columns") or {}
    if list(one) != list(two):
        return f"columns {list(one)} - {list(two)}"
    changed = [name for name in one if one[name] != two[name]]
    return f"values of {', '.join(changed)}" if changed else "names or types of the columns"


__all__ = ["explain_key"]
