"""What has to be computed again while a bar stays current, as other feeds move on under it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..lines.expr import LineActions


def renewed(strat: Any) -> list[Any]:
    """Give the indicators of *strat* whose value may change within a bar: they read lines of other clocks."""
    found = []
    changing: set[int] = set()
    for child in strat.getindicators():
        clock = child._c_
        if clock.bars_at is None:
            continue
        if isinstance(child, LineActions):
            sources = child._lines_given()
        else:
            sources = [line for data in child.datas for line in data.lines]
        if any(line._c_ is not clock or id(line) in changing for line in sources):
            found.append(child)
            changing.update(id(line) for line in child.lines)
    return found


def only_in_the_last_cycle(child: Any) -> bool:
    """Tell whether no bar of *child* but the last one stays current for more than one cycle."""
    bars = child._c_.bars_at[:-1]
    return not bool(np.any(np.diff(bars[bars >= 0]) == 0))


__all__ = ["only_in_the_last_cycle", "renewed"]
