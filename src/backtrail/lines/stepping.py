"""The order in which the parts of an indicator are computed bar by bar."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .buffer import Line
from .clock import Clock

#: A binding to copy: target, source, the source's clock if it is another one, and how far ahead the source looks.
Copy = tuple[Line, Line, Clock | None, int]


class Program:
    """What one step of a group of computed lines does, as a flat list.

    ``entries`` are pairs of a function to call (or None) and the bindings to copy afterwards. Parts that only bind
    their lines to other parts are taken apart, so that a composed indicator costs no more than what it is composed of.
    ``first`` is a line whose storage grows together with that of all lines that are written here.
    """

    __slots__ = ("entries", "first", "groups", "size")

    def __init__(self, top: Any, kind: Any) -> None:
        self.size = len(top._children_)
        self.entries: list[tuple[Callable[[], None] | None, list[Copy]]] = []
        self.groups: list[Any] = []
        self._take_apart(top, top._c_, kind)
        self.first: Line = next((line for group in self.groups for line in group.lines._all), Line())

    def _take_apart(self, group: Any, clock: Clock, kind: Any) -> None:
        self.groups.append(group)
        loose, steps = group._steps_()
        self._copy_after(None, loose, clock)
        for child, links in steps:
            plain = isinstance(child, kind) and type(child)._step_ is kind._step_
            if plain and child._by_bar_ == "nothing" and child._c_ is clock:
                self._take_apart(child, clock, kind)
                self._copy_after(None, links, clock)
            else:
                self._copy_after(child._step_, links, clock)

    def _copy_after(
        self, step: Callable[[], None] | None, links: list[tuple[Line, Line]], clock: Clock
    ) -> None:
        copies = [(t, s, None if s._c_ is clock else s._c_, s._ahead) for t, s in links]
        if step is None and self.entries:
            self.entries[-1][1].extend(copies)
        elif step is not None or copies:
            self.entries.append((step, copies))

    def reserve(self, count: int) -> None:
        """Have room for *count* bars in every line that is written here."""
        for group in self.groups:
            for line in group.lines._all:
                line._reserve(count)
