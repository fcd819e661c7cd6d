"""Prices that jump as at a split that nobody told of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..base.time import num2date
from ..base.timeframe import TimeFrame

if TYPE_CHECKING:
    from .columns import Columns

_RATIOS = np.array([2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 100.0])
_NEAR = 0.05  # how far the open may be from that of an exact split
_STAYS = 0.15  # and the closes of two bars before from those of two bars after


def split_jumps(columns: Columns) -> list[tuple[int, float]]:
    """Give the bars that open where a split of the bar before would, and stay there: index and shares per share.

    Splits of 2:1 and more, and their reverses, count. Bars whose line ``splits`` tells of one are left out.
    """
    close, opened = columns.close, columns.open
    if len(close) < 2:
        return []
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = close[:-1] / opened[1:]
        far = np.flatnonzero((ratio > 1.9) | (ratio < 1.0 / 1.9))
    out = []
    told = columns.extra.get("splits")
    for at in far.tolist():
        jump = float(ratio[at])
        if not 0.0 < jump < np.inf:
            continue
        size = max(jump, 1.0 / jump)
        nearest = float(_RATIOS[np.argmin(np.abs(_RATIOS - size))])
        before, after = close[max(at - 1, 0) : at + 1, None], close[at + 1 : at + 3]
        with np.errstate(divide="ignore", invalid="ignore"):
            stays = before / after if jump > 1.0 else after / before
        known = told is not None and np.isfinite(told[at + 1]) and told[at + 1] not in (0.0, 1.0)
        if (
            abs(size / nearest - 1.0) <= _NEAR
            and bool((np.abs(stays / nearest - 1.0) <= _STAYS).all())
            and not known
        ):
            out.append((at + 1, nearest if jump > 1.0 else 1.0 / nearest))
    return out


def jump_faults(columns: Columns, timeframe: int) -> list[str]:
    """Give the warning about prices that jump as at a split; for bars of days and more."""
    if timeframe < TimeFrame.Days or not len(columns):
        return []
    found = split_jumps(columns)
    if not found:
        return []
    at, shares = found[0]
    kind = f"{shares:g}:1" if shares > 1.0 else f"1:{1.0 / shares:g}"
    return [
        f"{len(found)} bar(s) open as after a split, first row {columns.row(at)} "
        f"({num2date(float(columns.datetime[at]))}): open {float(columns.open[at])} after a close of "
        f"{float(columns.close[at - 1])}, as at a split of {kind}. Indicators and positions take it for a loss or "
        "gain. Feed adjusted prices, or tell of the split: feeds.StockData with a column of splits."
    ]


__all__ = ["jump_faults", "split_jumps"]
