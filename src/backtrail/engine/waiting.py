"""Expressions over feeds that begin later: what is computed from them waits until all of these feeds have begun."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..lines.align import seen_index
from ..lines.coupler import LineCoupler
from ..lines.expr import LineActions


def wait_for_feeds(strat: Any) -> None:
    """Raise the minimum periods of what would read a feed that has no bar yet, and of what is computed from that.

    An average that goes on from its own last value would else begin with NaN and stay NaN. In whose bars a strategy
    waits is settled before, and does not change.
    """
    later: dict[int, int] = {}
    for child in strat.getindicators():
        _wait(child, later)


def _wait(node: Any, later: dict[int, int]) -> None:
    """Find by how many bars *node* begins later than its minimum period says, and enter that for its lines.

    A coupler gives NaN until its feed begins, as in backtrader, and what is computed from it begins with that.
    """
    if isinstance(node, LineCoupler):
        return
    if isinstance(node, LineActions):
        more = _more(node, node._lines_given(), later)
        node._minperiod += more
        later[id(node)] = more
        return
    for child in node.getindicators():
        _wait(child, later)
    if node._by_ == "nothing":
        for line in node.lines:
            later[id(line)] = max((later.get(id(source), 0) for source in line._sources), default=0)
        return
    sources = [*(line for data in node.datas for line in data.lines)]
    sources += [line for child in node.getindicators() for line in child.lines]
    more = _more(node, sources, later)
    node._minperiod += more
    for line in node.lines:
        later[id(line)] = more


def _more(node: Any, sources: Iterable[Any], later: dict[int, int]) -> int:
    """Give how many bars later than by its minimum period *node* can be computed from *sources*."""
    clock, least, first = node._c_, 0, 0
    for line in sources:
        more = later.get(id(line), 0)
        begin = line._minperiod - 1 - (more if isinstance(line, LineActions) else 0)  # theirs is raised already
        least, first = max(least, begin), max(first, begin + more)
        if line._c_ is not clock and (clock.aligned or line._c_.size < clock.size):
            begun = seen_index(line._c_, clock, 0, clock.size) >= 0
            first = max(first, int(np.argmax(begun)) if begun.any() else clock.size)
    return max(first - least, 0)


__all__ = ["wait_for_feeds"]
