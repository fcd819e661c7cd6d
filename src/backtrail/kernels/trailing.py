"""Bands that trail the price and change sides when it closes beyond them."""

from __future__ import annotations

from typing import Any

from .jit import kernel


@kernel(cost_ns=500)
def supertrend(
    start: int,
    stop: int,
    out: Any,
    side: Any,
    upper: Any,
    lower: Any,
    high: Any,
    low: Any,
    close: Any,
    width: Any,
    factor: float,
    fresh: bool,
) -> None:
    """Supertrend: the band below rising and above falling prices, *factor* times *width* from the middle of the bar.

    The state is the *upper* band (which only falls while closes stay below it), the *lower* band (which only rises
    while closes stay above it) and the *side*: 1.0 while the trend is up, -1.0 while it is down. A *fresh* trend is up.
    """
    above = 0.0 if fresh else upper[start - 1]
    below = 0.0 if fresh else lower[start - 1]
    trend = 1.0 if fresh else side[start - 1]
    first = start if fresh else start - 1
    for i in range(start, stop):
        middle = (high[i] + low[i]) / 2.0
        top = middle + factor * width[i]
        bottom = middle - factor * width[i]
        if i == first or top < above or close[i - 1] > above:
            above = top
        if i == first or bottom > below or close[i - 1] < below:
            below = bottom
        if trend > 0.0:
            if close[i] < below:
                trend = -1.0
        elif close[i] > above:
            trend = 1.0
        upper[i] = above
        lower[i] = below
        side[i] = trend
        out[i] = below if trend > 0.0 else above
