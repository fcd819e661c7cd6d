"""Fractals: highs and lows that stand out from the bars around them."""

from __future__ import annotations

import numpy as np

from ..base.declare import param
from ..kernels import extremes
from ..lines.series import line
from .windows import PeriodN


class Fractal(PeriodN):
    """Mark highs (``fractal_bearish``) and lows (``fractal_bullish``) that stand out from their neighbours (Williams).

    When the highest high of the last *period* bars is on bar number *shift_to_potential_fractal* of them (from 0, the
    oldest first), its price plus *bardist* of it is written two bars back; lows likewise. Bars without a fractal hold
    NaN: a mark is known two bars after the bar that carries it. There is none among bars with a missing price.
    """

    _marks_back_ = True
    period: int = param(default=5, ge=1)
    bardist: float = 0.015
    shift_to_potential_fractal: int = 2
    plotinfo = {"subplot": False}
    plotlines = {
        "fractal_bearish": {
            "marker": "^", "markersize": 4.0, "color": "lightblue", "fillstyle": "full", "ls": "",
        },
        "fractal_bullish": {
            "marker": "v", "markersize": 4.0, "color": "lightblue", "fillstyle": "full", "ls": "",
        },
    }  # fmt: skip
    fractal_bearish = line()
    fractal_bullish = line()

    def compute(self, start: int, stop: int) -> None:
        """Look at the window of each bar of [start, stop)."""
        period, at, away = self.p.period, self.p.shift_to_potential_fractal, self.p.bardist
        first = start - period + 1
        data, lines = self.data, self.lines
        for source, target, find, factor in (
            (data.high, lines.fractal_bearish, extremes.highest_ago, 1 + away),
            (data.low, lines.fractal_bullish, extremes.lowest_ago, 1 - away),
        ):
            values, marks = source.array[first:stop], target.array
            ago = np.empty(len(values))
            find(period - 1, len(values), ago, values, period, True)
            for k in np.flatnonzero(ago[period - 1 :] == period - 1 - at).tolist():
                if start + k >= 2:
                    marks[start + k - 2] = float(values[k + at]) * factor
