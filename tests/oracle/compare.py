"""Find the first difference between two recordings, and word it so that a person can go and look.

Values must be the same to the last bit and of the same type (NaN equals NaN, -0.0 differs from 0.0): an `int` where
backtrader gives a `float` prints differently in a user's log. The numpy scalars that backtrader hands out when it does
not preload a frame count as Python's floats, which is what backtrail must give.
"""

from __future__ import annotations

import importlib
import math
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from tests.oracle.record import FORGOTTEN, Event, Recording, record
from tests.oracle.spec import Spec, scenario_of


@dataclass
class Divergence:
    """The first place where two recordings part."""

    where: str
    field: str
    expected: Any
    found: Any
    context: list[str] = field(default_factory=list)

    @property
    def signature(self) -> str:
        """What kind of difference it is, for keeping to one while shrinking."""
        return f"{self.where.split('#')[0].strip()}:{self.field}"

    def __str__(self) -> str:
        lines = [
            f"{self.where}: {self.field}",
            f"  expected {_short(self.expected)}",
            f"  found    {_short(self.found)}",
        ]
        return "\n".join(lines + [f"  after {line}" for line in self.context])


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) < 600 else f"{text[:600]}…"


def differs(a: Any, b: Any, strict: bool = True) -> bool:
    """Say whether two recorded values differ in type or in any bit; if not *strict*, 1 is 1.0 and -0.0 is 0.0."""
    if not strict and isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return not (a == b or (a != a and b != b))
    if type(a) is not type(b):
        return True
    if isinstance(a, float):
        if a != a or b != b:
            return not (a != a and b != b)
        return a != b or (a == 0.0 and math.copysign(1.0, a) != math.copysign(1.0, b))
    if isinstance(a, (list, tuple)):
        return len(a) != len(b) or any(differs(x, y, strict) for x, y in zip(a, b))
    return bool(a != b)


def _first_difference(a: Any, b: Any, path: str, strict: bool) -> tuple[str, Any, Any]:
    """Walk into nested lists down to the first element that differs."""
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)) and len(a) == len(b):
        for k, (x, y) in enumerate(zip(a, b)):
            if differs(x, y, strict):
                name = f"{path}[{k}]"
                if k == 1 and isinstance(a[0], str):
                    name = f"{path}.{a[0]}"
                return _first_difference(x, y, name, strict)
    if isinstance(a, str) and isinstance(b, str) and "\n" in a:
        for number, (x, y) in enumerate(zip(a.splitlines(), b.splitlines())):
            if x != y:
                return f"{path} line {number}", x, y
    return path, a, b


def _refused(recording: Recording) -> set[int]:
    """Give the orders that were refused for margin after a part of them was executed."""
    return {
        event.fields["ref"]
        for event in recording.events
        if event.kind == "notify_order" and event.fields["status"] == 7 and event.fields["executed.size"]
    }


def _excused(fields: dict[str, Any], refused: set[int]) -> dict[str, Any]:
    """Leave out what is meant to differ.

    Of an order that was refused after its closing part was executed backtrader reports the position that the refused
    part would have led to; backtrail reports the one that there is.
    """
    if "executed.psize" in fields and fields["ref"] in refused:
        fields = {k: v for k, v in fields.items() if k not in ("executed.psize", "executed.pprice", "bits")}
    return fields


def _describe(event: Event) -> str:
    seen = event.fields
    text = f"{event.kind} (strategy {event.strategy}, len {event.length}, time {event.time!r})"
    if "status" in seen and "exectype" in seen:
        side = "buy" if seen["isbuy"] else "sell"
        text += (
            f" order {seen['ref']} {side} exectype {seen['exectype']} status {seen['status']} size {seen['size']} "
            f"created.price {seen['created.price']!r} executed {seen['executed.size']!r} at {seen['executed.price']!r}"
        )
    elif "pnlcomm" in seen:
        text += f" trade {seen['ref']} status {seen['status']} size {seen['size']!r} pnl {seen['pnl']!r}"
    elif "cash" in seen:
        text += f" cash {seen['cash']!r} value {seen['value']!r}"
    return text


def diff(expected: Recording, found: Recording, strict: bool = True) -> Divergence | None:
    """Give the first difference between two recordings, or None; *strict* is explained at `differs`."""
    refused = _refused(expected)
    for k, (a, b) in enumerate(zip(expected.events, found.events)):
        context = [_describe(event) for event in expected.events[max(0, k - 4) : k]]
        here = f"{a.kind} # event {k}, strategy {a.strategy}, len {a.length}, time {a.time!r}"
        for name in ("kind", "strategy", "length", "time"):
            if differs(getattr(a, name), getattr(b, name)):
                note = f"   in {_describe(b)}" if name == "kind" else ""
                return Divergence(here, name, getattr(a, name), f"{getattr(b, name)!r}{note}", context)
        fields_a, fields_b = _excused(a.fields, refused), _excused(b.fields, refused)
        for name in fields_a:
            if name not in fields_b or differs(fields_a[name], fields_b[name], strict):
                path, x, y = _first_difference(fields_a[name], fields_b.get(name, "<nothing>"), name, strict)
                return Divergence(here, path, x, y, [*context, _describe(a)])
    return _after_events(expected, found, strict)


def _after_events(expected: Recording, found: Recording, strict: bool) -> Divergence | None:
    """Compare how the runs ended: the number of events, the exception, the final state."""
    shorter = min(len(expected.events), len(found.events))
    context = [_describe(event) for event in expected.events[max(0, shorter - 3) : shorter]]
    if expected.error != found.error:
        wanted, got = expected.message or "no exception", found.message or "no exception"
        return Divergence(f"end # after {shorter} events", "error", wanted, got, context)
    if len(expected.events) != len(found.events):
        more, side = (expected, "expected") if len(expected.events) > shorter else (found, "found")
        extra = _describe(more.events[shorter])
        where = f"end # after {shorter} events"
        return Divergence(
            where,
            "events",
            extra if side == "expected" else "the end",
            extra if side == "found" else "the end",
            context,
        )
    for name in expected.final:
        if name not in found.final:
            return Divergence("final", name, expected.final[name], "<nothing>")
        if expected.final[name] != FORGOTTEN and differs(expected.final[name], found.final[name], strict):
            return Divergence(
                "final", *_first_difference(expected.final[name], found.final[name], name, strict)
            )
    return None


def modules() -> tuple[ModuleType, ModuleType]:
    """Import the reference and the engine under test."""
    return importlib.import_module("backtrader"), importlib.import_module("backtrail")


def compare(
    spec: Spec, reference: ModuleType | None = None, engine: ModuleType | None = None, strict: bool = True
) -> Divergence | None:
    """Run *spec* on both engines and give the first difference, or None."""
    theirs, ours = (reference, engine) if reference and engine else modules()
    expected = record(theirs, scenario_of(spec))
    if expected.error == "IndexError" and spec["cerebro"].get("exactbars", 0) > 0:
        return None  # backtrader forgot a bar that it needs itself
    found = record(ours, scenario_of(spec))
    if expected.error == "IndexError" and not expected.events and not found.error:
        return None  # backtrader cannot compute an indicator over so few bars: the page of compatibility says so
    if expected.error == "AttributeError" and "'_lastdteos'" in expected.message and not found.error:
        until = Recording(expected.events, {}, None)  # backtrader's Replayer missed an attribute of its own
        return diff(until, Recording(found.events[: len(expected.events)]), strict)
    return diff(expected, found, strict)
