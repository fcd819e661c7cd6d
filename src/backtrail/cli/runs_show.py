"""What the commands of ``backtrail runs`` that look at runs print."""

from __future__ import annotations

import datetime as _dt
import json
import math
import sys
from typing import Any

from ..engine.metrics import METRICS
from ..runs.compare import diff as differences
from ..runs.compare import nearest
from ..runs.compare import why as reasons
from ..runs.store import Run, Store

_WIDTH = 200  # of tables that go to a file or another program
_METRICS = ("total_return", "sharpe_ratio", "max_drawdown", "trades")


def opened(where: str | None) -> Store:
    """Open the store of a command; it must be there. It knows which of the engine's figures are better when lower."""
    store = Store.open(where, create=False)
    for name, metric in METRICS.items():
        if metric.higher_is_better is not None:
            store.declare_metric(name, "higher" if metric.higher_is_better else "lower")
    return store


def print_json(told: Any) -> None:
    """Print *told* as JSON: times in ISO 8601, what JSON has no number for as null."""
    print(json.dumps(plain(told), indent=2, ensure_ascii=False))


def plain(value: Any) -> Any:
    """Give *value* as JSON can write it."""
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, _dt.datetime | _dt.date):
        return value.isoformat()
    if value is None or isinstance(value, bool | int | str):
        return value
    return str(value)


def _table(title: str, names: list[str], rows: list[list[Any]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    if title:
        print(title)
    made = Table(box=box.SIMPLE)
    for name in names:
        made.add_column(name, no_wrap=True)
    for row in rows:
        made.add_row(*[text(cell) for cell in row])
    Console(width=None if sys.stdout.isatty() else _WIDTH).print(made)


def text(value: Any) -> str:
    """Give a value for people."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, _dt.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return str(value)


def ls(where: str | None, query: str, order: str, limit: int, as_json: bool) -> None:
    """List runs; those that have no record yet, because they are running or were killed, unless there is a query."""
    store = opened(where)
    attempts = [] if query else sorted(store.attempts(), key=lambda one: -one.since)
    rows: list[dict[str, Any]] = [
        {
            "id": one.run,
            "strategy": one.strategy,
            "status": one.state,
            "start": _dt.datetime.fromtimestamp(one.since, _dt.UTC),
        }
        for one in attempts
    ]
    rows += store.query(query, order=order, limit=limit).rows()
    if as_json:
        print_json(rows)
        return
    names = ["run", "started", "strategy", "status", "wall", *_METRICS]
    cells = [
        [row["id"][:13], row.get("start"), row.get("strategy"), row.get("status"), row.get("wall")]
        + [row.get(name) for name in _METRICS]
        for row in rows
    ]
    _table(f"{len(rows)} runs", names, cells)


def show(where: str | None, reference: str, as_json: bool) -> None:
    """Show one run."""
    run = opened(where).run(reference)
    manifest = run.manifest
    told: dict[str, Any] = {
        "run": run.id,
        "status": run.status,
        "strategy": run.strategy,
        "key": run.key,
        "started": run.started,
        "wall": run.wall,
        "tags": run.tags,
        "pinned": run.pinned,
        "params": manifest.get("params"),
        "metrics": run.metrics,
        "data": [
            {name: one.get(name) for name in ("name", "rows", "first", "last", "fingerprint", "source")}
            for one in manifest.get("data") or ()
        ],
        "code": {
            "closure": (manifest.get("code") or {}).get("closure"),
            "entry": (manifest.get("code") or {}).get("entry"),
            "files": list(run.code),
            "completeness": (manifest.get("code") or {}).get("completeness"),
        },
        "config": manifest.get("config"),
        "engine": manifest.get("engine"),
        "git": manifest.get("git"),
        "env": manifest.get("env"),
        "inputs": manifest.get("inputs"),
        "purity": manifest.get("purity"),
        "artifacts": run.artifacts,
        "given_up": run.given_up,
        "time": manifest.get("time"),
        "uncacheable": manifest.get("uncacheable"),
        "traceback": run.traceback,
    }
    if as_json:
        print_json(told)
        return
    print(f"run       {run.id}  {run.status}  {run.strategy}")
    print(f"started   {text(run.started)}, took {text(run.wall)} s")
    print(f"key       {run.key or 'none: ' + (told['uncacheable'] or 'it was recorded without a key')}")
    for label, names in (("tags", run.tags), ("purity", manifest.get("purity") or [])):
        if names:
            print(f"{label:<9} {', '.join(names)}")
    git = manifest.get("git")
    if git:
        print(
            f"git       {git.get('commit')} {git.get('branch')}{', with changes' if git.get('dirty') else ''}"
        )
    print("params    " + (", ".join(f"{k}={text(v)}" for k, v in (told["params"] or {}).items()) or "-"))
    for one in told["data"]:
        print(f"data      {one['name'] or '-'}: {one['rows']} bars, {one['first']} to {one['last']}")
    print("code      " + (", ".join(run.code) or "-"))
    _table("", ["metric", "value"], [[name, value] for name, value in run.metrics.items()])
    tables = [[name, one.get("rows")] for name, one in run.artifacts.items()]
    _table("", ["table", "rows"], [*tables, *([name, "given up"] for name in run.given_up)])
    if run.traceback:
        print(run.traceback)


def compare(where: str | None, references: list[str], as_json: bool) -> None:
    """Show runs side by side."""
    rows = opened(where).compare(references).rows()
    if as_json:
        print_json(rows)
        return
    names = list(dict.fromkeys(name for row in rows for name in row))
    names = [name for name in names if name not in ("id", "key")]
    cells = [[name, *[row.get(name) for row in rows]] for name in names]
    _table("", ["", *[row["id"][:13] for row in rows]], cells)


def best(
    where: str | None, metric: str, count: int, scope: str, strategy: str | None, query: str, as_json: bool
) -> None:
    """Give the best runs."""
    store = opened(where)
    found = store.best(metric, count, scope=scope, strategy=strategy, where=query)
    rows: list[dict[str, Any]] = [
        {"run": run, "value": value, "params": store.run(run).params}
        for run, value in zip(found.ids, found.values, strict=True)
    ]
    told = {
        "metric": metric,
        "direction": found.direction,
        "trials": found.trials,
        "scope": found.scope,
        "runs": rows,
    }
    if as_json:
        print_json(told)
        return
    title = f"{metric}, {found.direction} is better; the best of {found.trials} runs"
    cells = [
        [row["run"][:13], row["value"], ", ".join(f"{k}={text(v)}" for k, v in row["params"].items())]
        for row in rows
    ]
    _table(title, ["run", metric, "params"], cells)


def _pair(store: Store, a: str, b: str | None) -> tuple[Run, Run]:
    first = store.run(a)
    return first, nearest(store, first) if b is None else store.run(b)


def diff(where: str | None, a: str, b: str, as_json: bool) -> None:
    """Compare two runs."""
    told = differences(*_pair(opened(where), a, b))
    if as_json:
        print_json(told)
        return
    print(f"a {told['a']}\nb {told['b']}")
    for section in ("code", "params", "config", "data", "seed", "env", "inputs", "metrics", "orders"):
        print_section(section, told[section])


def why(where: str | None, a: str, b: str | None, as_json: bool) -> None:
    """Say why two runs are not the same."""
    told = reasons(*_pair(opened(where), a, b))
    if as_json:
        print_json(told)
        return
    print(f"a {told['a']}\nb {told['b']}")
    for run, reason in told.get("without_key", {}).items():
        print(f"{run} has no key: {reason}")
    if not told["components"]:
        if "without_key" not in told:
            print("The keys are the same: nothing that decides the result differs.")
        return
    print("differs in: " + ", ".join(told["components"]))
    for name in told["components"]:
        print_section(name, told["details"][name])


def print_section(name: str, found: Any) -> None:
    """Print what differs in one section."""
    if not found:
        print(f"\n{name}: no difference")
        return
    print(f"\n{name}:")
    if name == "code":
        for path, one in found.items():
            inside = f": {', '.join(one['functions'])}" if one.get("functions") else ""
            print(f"  {path} {one['change']}{inside}")
            for line in one.get("diff", "").splitlines():
                print(f"    {line}")
    elif name == "data":
        for one in found:
            _print_feed(one)
    elif name == "orders":
        print(f"  first difference in order {found['row'] + 1}: {', '.join(found['columns'])}")
        for side in ("a", "b"):
            print(
                f"    {side}: "
                + (", ".join(f"{k}={text(v)}" for k, v in found[side].items()) or "no such order")
            )
    else:
        for path, pair in found.items():
            shown = (
                f"{text(pair[0])} - {text(pair[1])}"
                if isinstance(pair, list) and len(pair) == 2
                else text(pair)
            )
            print(f"  {path}: {shown}")


def _print_feed(one: dict[str, Any]) -> None:
    print(f"  feed {one['feed']} ({one.get('name') or 'without a name'}) {one['change']}")
    for path, pair in one.get("settings", {}).items():
        print(f"    {path}: {text(pair[0])} - {text(pair[1])}")
    if "rows" in one:
        print(
            f"    bars: {one['rows'][0]} - {one['rows'][1]}; columns that differ: {', '.join(one['columns'])}"
        )
    first = one.get("first")
    if first and "row" in first:
        print(f"    first at bar {first['row']} (from 0), {first.get('time')}: {', '.join(first['columns'])}")
        for name in first["columns"]:
            print(f"      {name}: {text(first['a'].get(name))} - {text(first['b'].get(name))}")
    elif first:
        print(f"    first: {first.get('text')}")


__all__ = ["best", "compare", "diff", "ls", "opened", "plain", "print_json", "show", "text", "why"]
