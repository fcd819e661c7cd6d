"""Make a diverging spec small, print it as a program, keep it as a regression case."""

from __future__ import annotations

import copy
import json
import pprint
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

from tests.oracle.compare import Divergence, compare
from tests.oracle.spec import Spec

Check = Callable[[Spec], Divergence | None]


def shrink(
    spec: Spec, check: Check = compare, seconds: float = 60.0, same: bool = True
) -> tuple[Spec, Divergence]:
    """Drop bars, actions and settings while the spec still diverges; give the smallest found and its divergence.

    With *same* the field that differs must stay the same. Raises ValueError when the spec does not diverge.
    """
    found = check(spec)
    if found is None:
        raise ValueError("shrinking needs a spec that diverges, and this one does not")
    wanted, end = found.field, monotonic() + seconds
    best, progress = spec, True
    while progress and monotonic() < end:
        progress = False
        for reduce in (_fewer_parts, _fewer_bars, _fewer_actions, _plainer):
            again = True
            while again and monotonic() < end:
                again = False
                for smaller in reduce(best):
                    if monotonic() > end:
                        break
                    now = _try(check, smaller)
                    if now is not None and (not same or now.field == wanted):
                        best, found, progress, again = smaller, now, True, True
                        break
    return best, found


def _try(check: Check, spec: Spec) -> Divergence | None:
    """Check a candidate; one that no longer makes sense to build does not diverge."""
    try:
        return check(spec)
    except (LookupError, ValueError, TypeError, AttributeError):
        return None


def _fewer_parts(spec: Spec) -> Iterator[Spec]:
    """Leave out whole strategies, hooks, datas, settings."""
    if spec.get("optimise"):
        yield {k: v for k, v in spec.items() if k != "optimise"}
    for key in ("analyzers", "cerebro_calls", "broker"):
        if len(spec.get(key, [])) > 1:
            yield {**spec, key: []}
    for key in ("strategies", "datas", "analyzers", "cerebro_calls", "broker"):
        for k in reversed(range(len(spec.get(key, [])))):
            if key in ("strategies", "datas") and len(spec[key]) == 1:
                continue
            yield _edited(spec, lambda s, key=key, k=k: s[key].pop(k))
    for k, strategy in enumerate(spec["strategies"]):
        for hook in strategy["actions"]:
            if hook != "next":
                yield _edited(spec, lambda s, k=k, hook=hook: s["strategies"][k]["actions"].pop(hook))
    for name in list(spec.get("cerebro", {})):
        yield _edited(spec, lambda s, name=name: s["cerebro"].pop(name))


def _fewer_bars(spec: Spec) -> Iterator[Spec]:
    for k, data in enumerate(spec["datas"]):
        count = len(data.get("rows", []))
        for part in (2, 4, 8, 16):
            cut = count // part
            if cut and count - cut >= 2:
                yield _edited(
                    spec, lambda s, k=k, n=count - cut: s["datas"][k].update(rows=s["datas"][k]["rows"][:n])
                )
        if count > 2:
            yield _edited(spec, lambda s, k=k: s["datas"][k]["rows"].pop())


def _fewer_actions(spec: Spec) -> Iterator[Spec]:
    for k, strategy in enumerate(spec["strategies"]):
        for hook, calls in strategy["actions"].items():
            numbers = sorted(calls, key=int)
            size = len(numbers) // 2
            while size >= 1:
                for begin in range(0, len(numbers), size):
                    gone = numbers[begin : begin + size]
                    yield _edited(
                        spec,
                        lambda s, k=k, hook=hook, gone=gone: [
                            s["strategies"][k]["actions"][hook].pop(n) for n in gone
                        ],
                    )
                size //= 2
            for number in numbers:
                if len(calls[number]) > 1:
                    for index in range(len(calls[number])):
                        yield _edited(
                            spec,
                            lambda s, k=k, hook=hook, n=number, i=index: s["strategies"][k]["actions"][hook][
                                n
                            ].pop(i),
                        )


def _plainer(spec: Spec) -> Iterator[Spec]:
    """Give specs with fewer details: indicators, timers, keywords of calls and actions, feeds, prices."""
    for k, strategy in enumerate(spec["strategies"]):
        for key in ("indicators", "timers"):
            for n in range(len(strategy.get(key, []))):
                yield _edited(spec, lambda s, k=k, key=key, n=n: s["strategies"][k][key].pop(n))
        for hook, calls in strategy["actions"].items():
            for number, actions in calls.items():
                for index, action in enumerate(actions):
                    for name in action:
                        if name in (
                            "valid",
                            "oco",
                            "tradeid",
                            "note",
                            "size",
                            "parent",
                            "coc",
                            "transmit",
                            "stopargs",
                        ):
                            yield _edited(
                                spec,
                                lambda s, k=k, h=hook, n=number, i=index, name=name: s["strategies"][k][
                                    "actions"
                                ][h][n][i].pop(name),
                            )
    for key in ("broker", "cerebro_calls"):
        for k, (_, _, kwargs) in enumerate(spec.get(key, [])):
            for name in kwargs:
                yield _edited(spec, lambda s, key=key, k=k, name=name: s[key][k][2].pop(name))
    for k, data in enumerate(spec["datas"]):
        if data.get("feed", "pandas") != "pandas":
            yield _edited(spec, lambda s, k=k: s["datas"][k].update(feed="pandas"))
        if data.get("kwargs"):
            yield _edited(spec, lambda s, k=k: s["datas"][k].pop("kwargs"))
        for name in data.get("args", {}):
            if name not in ("timeframe", "compression"):
                yield _edited(spec, lambda s, k=k, name=name: s["datas"][k]["args"].pop(name))


def _edited(spec: Spec, edit: Callable[[Spec], Any]) -> Spec:
    smaller = copy.deepcopy(spec)
    edit(smaller)
    return smaller


# -- keeping --------------------------------------------------------------------------------------


def script(spec: Spec) -> str:
    """Give a program that runs *spec* on both engines and prints where they part; run it from the project's root."""
    return (
        "from tests.oracle import compare\n\n"
        f"SPEC = {pprint.pformat(spec, width=110, sort_dicts=False, compact=True)}\n\n"
        'print(compare(SPEC) or "no difference")\n'
    )


def save_case(spec: Spec, path: Path, about: str) -> None:
    """Keep *spec* as a regression case; the file's name says what must hold, *about* what went wrong."""
    text = json.dumps({"about": about, "spec": spec}, indent=1)
    path.write_text(text + "\n")


def load_case(path: Path) -> tuple[Spec, str]:
    """Read a regression case: the spec and what it is about."""
    stored = json.loads(path.read_text())
    return stored["spec"], stored["about"]
