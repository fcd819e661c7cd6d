"""Indicators in legacy spelling as plain data, and how to make them with backtrader or with backtrail."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from tests.contract.lines.trees import Tree, build, trees


@dataclass(frozen=True)
class Legacy:
    """What a user indicator does.

    ``hooks``: which of ``prenext``, ``nextstart``, ``next``, ``once``, ``preonce`` it defines; ``period`` for
    ``addminperiod``; ``back``: how far its ``next`` looks back; ``keeps`` tells that it adds up over its calls;
    ``inner``: an expression or indicators that it builds and reads; ``bound``: an expression bound to its second line.
    """

    hooks: frozenset[str]
    period: int = 1
    back: int = 0
    keeps: bool = False
    inner: Tree | Legacy | None = None
    bound: Tree | None = None
    calls: str = field(default="", compare=False)


def make(library: Any, spec: Legacy, log: list[Any], depth: int = 0) -> Any:
    """Give the indicator class that *spec* describes; its instances note their calls in *log*."""

    def init(self: Any) -> None:
        self.total = 0.0
        self.inner = None
        if isinstance(spec.inner, Legacy):
            self.inner = make(library, spec.inner, log, depth + 1)(self.data)
        elif spec.inner is not None:
            self.inner = build(library, self.data, spec.inner)
        if spec.bound is not None:
            self.lines.y = build(library, self.data, spec.bound)
        self.addminperiod(spec.period)

    def value(self: Any) -> float:
        found: float = self.data[0] * 0.5 + self.data[-spec.back]
        if self.inner is not None:
            found += self.inner[0]
        if spec.keeps:
            self.total += found
            found += self.total
        return found

    def following(self: Any) -> None:
        log.append((depth, "next", len(self), len(self.data)))
        self.lines.x[0] = value(self)
        if spec.bound is None:
            self.lines.y[0] = self.lines.x[-1]

    def before(self: Any) -> None:
        log.append((depth, "prenext", len(self), len(self.data)))
        self.lines.y[0] = len(self)

    def first(self: Any) -> None:
        log.append((depth, "nextstart", len(self), len(self.data)))
        self.total = 1.0
        self.lines.x[0] = value(self)

    def over(self: Any, start: int, end: int) -> None:
        log.append((depth, "once", start, end))
        data, x, y = self.data.array, self.lines.x.array, self.lines.y.array
        inner = self.inner.array if self.inner is not None else None
        for at in range(start, end):
            x[at] = data[at] * 0.5 + data[at - spec.back] + (inner[at] if inner is not None else 0.0)
            if spec.bound is None and at:
                y[at] = x[at - 1]

    def over_before(self: Any, start: int, end: int) -> None:
        log.append((depth, "preonce", start, end))
        for at in range(start, end):
            self.lines.y.array[at] = at + 1.0

    hooks = {"prenext": before, "nextstart": first, "next": following, "once": over, "preonce": over_before}
    body: dict[str, Any] = {name: hooks[name] for name in sorted(spec.hooks)}
    return type("Made", (library.Indicator,), {"lines": ("x", "y"), "__init__": init, "__module__": __name__, **body})


def keeps_step(upper: Legacy, lower: Legacy) -> bool:
    """Tell whether backtrader, over all bars, moves the lines of *lower* along when it computes *upper* of them.

    It does not if lines of *lower* stand still while others run, and is a bar behind with them if *lower* defines
    ``nextstart``: the values read then are of another bar. backtrail reads the present one, as it does bar by bar.
    """
    return "nextstart" not in lower.hooks and not (goes_by_bar(upper) and stands_still(lower))


def goes_by_bar(spec: Legacy) -> bool:
    """Tell whether the indicator, or one that it builds, is computed bar by bar over all bars."""
    own = "next" in spec.hooks and "once" not in spec.hooks
    return own or (isinstance(spec.inner, Legacy) and goes_by_bar(spec.inner))


def stands_still(spec: Legacy) -> bool:
    """Tell whether the indicator's lines stay where they are while others run over all bars."""
    return "once" in spec.hooks or "next" not in spec.hooks


def _consistent(spec: Legacy) -> bool:
    """Tell whether over all bars and bar by bar ask for the same."""
    return "once" not in spec.hooks or not spec.keeps


_hooks = st.sampled_from([
    {"next"}, {"next", "prenext"}, {"next", "nextstart"}, {"next", "prenext", "nextstart"}, {"once", "next"},
    {"once", "next", "preonce", "prenext"}, set(),
]).map(frozenset)  # fmt: skip


def _specs(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Legacy]:
    return st.integers(0, 4).flatmap(
        lambda back: st.builds(
            Legacy, hooks=_hooks, period=st.integers(back + 1, 7), back=st.just(back), keeps=st.booleans(),
            inner=inner, bound=st.none() | trees,
        )
    )


legacies = _specs(st.none() | trees | _specs(st.none() | trees)).filter(_consistent)
