"""The cycles of ``Cerebro(oldsync=True)``: the first data sets the time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .timeline import Group, Timeline


def build_old_timeline(datas: Sequence[Any]) -> Timeline:
    """Lay out one cycle per bar of the first data; the others advance by one bar when it is not later than that."""
    master = datas[0].lines.datetime.array
    groups = [Group(None, [datas[0]])]
    moments = master.tolist()
    for data in datas[1:]:
        times = data.lines.datetime.array.tolist()
        at = -1
        bars = []
        for moment in moments:
            if at + 1 < len(times) and times[at + 1] <= moment:
                at += 1
            bars.append(at)
        groups.append(Group(np.array(bars, dtype=np.int64), [data]))
    return Timeline(len(master), master, groups)
