"""Scores, slopes and correlations over the last *period* values.

Every function fills ``out[start:stop]`` and reads ``[start - period + 1, stop)`` of its inputs. Deviations are taken
from the mean of the window (two passes, around the newest value): nothing cancels, and a flat window has a variance of
exactly zero.
"""

from __future__ import annotations

import math
from typing import Any

from .jit import kernel


@kernel(cost_ns=4_000)
def score(start: int, stop: int, out: Any, src: Any, period: int, lost: int) -> None:
    """Distance of the newest value from the mean of its window, in standard deviations (divisor *period* - *lost*).

    A window of equal values gives 0.0.
    """
    for i in range(start, stop):
        origin = src[i]
        first = i - period + 1
        total = 0.0
        for k in range(first, i + 1):
            total = total + (src[k] - origin)
        mean = total / period
        squares = 0.0
        for k in range(first, i + 1):
            away = (src[k] - origin) - mean
            squares = squares + away * away
        if squares == 0.0:
            out[i] = 0.0
        else:
            out[i] = (0.0 - mean) / math.sqrt(squares / (period - lost))


@kernel(cost_ns=7_000)
def slope(start: int, stop: int, out: Any, y: Any, x: Any, period: int) -> None:
    """Slope of the least squares line of *y* over *x*; NaN where all *x* of the window are equal."""
    for i in range(start, stop):
        first = i - period + 1
        total_x = 0.0
        total_y = 0.0
        for k in range(first, i + 1):
            total_x = total_x + (x[k] - x[i])
            total_y = total_y + (y[k] - y[i])
        mean_x = total_x / period
        mean_y = total_y / period
        squares = 0.0
        products = 0.0
        for k in range(first, i + 1):
            away = (x[k] - x[i]) - mean_x
            squares = squares + away * away
            products = products + away * ((y[k] - y[i]) - mean_y)
        if squares == 0.0:
            out[i] = math.nan
        else:
            out[i] = products / squares


@kernel(cost_ns=7_000)
def fit(start: int, stop: int, slopes: Any, intercepts: Any, y: Any, x: Any, period: int) -> None:
    """Slope and intercept of the least squares line of *y* over *x*; NaN where all *x* of the window are equal."""
    for i in range(start, stop):
        first = i - period + 1
        total_x = 0.0
        total_y = 0.0
        for k in range(first, i + 1):
            total_x = total_x + (x[k] - x[i])
            total_y = total_y + (y[k] - y[i])
        mean_x = total_x / period
        mean_y = total_y / period
        squares = 0.0
        products = 0.0
        for k in range(first, i + 1):
            away = (x[k] - x[i]) - mean_x
            squares = squares + away * away
            products = products + away * ((y[k] - y[i]) - mean_y)
        if squares == 0.0:
            slopes[i] = math.nan
            intercepts[i] = math.nan
        else:
            slopes[i] = products / squares
            intercepts[i] = (y[i] + mean_y) - slopes[i] * (x[i] + mean_x)


@kernel(cost_ns=8_000)
def correlation(start: int, stop: int, out: Any, y: Any, x: Any, period: int) -> None:
    """Pearson's correlation of *y* and *x*; NaN where all values of either window are equal."""
    for i in range(start, stop):
        first = i - period + 1
        total_x = 0.0
        total_y = 0.0
        for k in range(first, i + 1):
            total_x = total_x + (x[k] - x[i])
            total_y = total_y + (y[k] - y[i])
        mean_x = total_x / period
        mean_y = total_y / period
        squares_x = 0.0
        squares_y = 0.0
        products = 0.0
        for k in range(first, i + 1):
            away_x = (x[k] - x[i]) - mean_x
            away_y = (y[k] - y[i]) - mean_y
            squares_x = squares_x + away_x * away_x
            squares_y = squares_y + away_y * away_y
            products = products + away_x * away_y
        spread = math.sqrt(squares_x) * math.sqrt(squares_y)
        if spread == 0.0:
            out[i] = math.nan
        else:
            out[i] = products / spread
