"""Bar by bar, over memoryviews, the kernels give what they give over a whole range."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from backtrail.kernels import extremes, recursive, window

RNG = np.random.default_rng(3)
SRC = np.round(RNG.normal(0.0, 2.0, 300))
WEIGHTS = [0.1, -2.0, 1.0 / 3.0, 0.7]

KERNELS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "sum": (window.sum, (4,)),
    "mean": (window.mean, (4,)),
    "weighted": (window.weighted, (WEIGHTS, 0.3)),
    "highest": (extremes.highest, (4,)),
    "lowest": (extremes.lowest, (4,)),
    "highest ago": (extremes.highest_ago, (4, False)),
    "lowest ago": (extremes.lowest_ago, (4, True)),
    "any": (extremes.any_true, (4,)),
    "all": (extremes.all_true, (4,)),
    "percent rank": (extremes.percent_rank, (4,)),
    "smooth": (recursive.smooth, (0.3, 0.7)),
    "last nonzero": (recursive.last_nonzero, (True,)),
}


@pytest.mark.parametrize("name", KERNELS)
def test_single_bars_give_the_same_bits(name: str) -> None:
    kernel, params = KERNELS[name]
    whole, single = np.zeros(300), np.zeros(300)
    kernel(3, 300, whole, SRC, *params)
    out, src = memoryview(single.data), memoryview(SRC.data)
    for i in range(3, 300):
        kernel(i, i + 1, out, src, *params)
    assert whole.tobytes() == single.tobytes()


def test_a_single_window_with_nan_has_no_distance() -> None:
    src = np.array([1.0, np.nan, 3.0])
    out = np.zeros(3)
    extremes.highest_ago(2, 3, out, src, 3, False)
    assert np.isnan(out[2])


def test_uneven_weights_of_a_long_series_are_exact() -> None:
    src = 100.0 * np.exp(np.cumsum(RNG.normal(0.0, 0.01, 500)))
    out = np.empty(500)
    window.weighted(3, 500, out, src, WEIGHTS, 1.0)
    values = src.tolist()
    wanted = [math.fsum(x * w for x, w in zip(values[i : i + 4], WEIGHTS, strict=True)) for i in range(497)]
    assert out[3:].tolist() == wanted


def test_weights_of_a_series_of_zeros_are_zero() -> None:
    out = np.ones(100)
    window.weighted(3, 100, out, np.zeros(100), WEIGHTS, 1.0)
    assert out[3:].tolist() == [0.0] * 97


def test_leading_zeros_continue_the_value_before() -> None:
    src = np.array([0.0] * 5 + [2.0] + [0.0] * 4)
    out = np.full(10, 7.0)
    recursive.last_nonzero(1, 10, out, src, True)
    assert out.tolist() == [7.0] * 5 + [2.0] * 5


def test_a_range_of_zeros_continues_the_value_before() -> None:
    out = np.full(10, 7.0)
    recursive.last_nonzero(1, 10, out, np.zeros(10), True)
    assert out.tolist() == [7.0] * 10
