"""Fractals: highs and lows that stand out from the bars around them."""

from __future__ import annotations

from ..base.declare import param
from ..lines.series import line
from .windows import PeriodN


class Fractal(PeriodN):
    """Mark highs (``fractal_bearish``) and lows (``fractal_bullish``) that stand out from their neighbours (Williams).

    When the highest high of the last *period* bars is on bar number *shift_to_potential_fractal* of them (from 0, the
    oldest first), its price plus *bardist* of it is written two bars back; lows likewise. Bars without a fractal hold
    NaN: a mark is known two bars after the bar that carries it.
    """

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
        highs = self.data.high.array[first:stop].tolist()
        lows = self.data.low.array[first:stop].tolist()
        above, below = self.lines.fractal_bearish.array, self.lines.fractal_bullish.array
        for k in range(stop - start):
            marked = start + k - 2
            if marked < 0:
                continue
            window = highs[k : k + period]
            top = max(window)
            if window.index(top) == at:
                above[marked] = top * (1 + away)
            window = lows[k : k + period]
            bottom = min(window)
            if window.index(bottom) == at:
                below[marked] = bottom * (1 - away)
