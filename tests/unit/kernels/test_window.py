from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from backtrail.kernels import extremes, window

RNG = np.random.default_rng(7)
WALK = 100.0 * np.exp(np.cumsum(RNG.normal(0.0, 0.01, 20_000)))


def fsums(src: Any, period: int) -> list[float]:
    values = src.tolist()
    return [math.fsum(values[i : i + period]) for i in range(len(values) - period + 1)]


@pytest.mark.parametrize("period", [1, 2, 30, 1000])
@pytest.mark.parametrize(
    "src",
    [
        WALK,
        np.round(WALK, 2),
        np.diff(WALK),
        RNG.normal(0.0, 1.0, 20_000) ** 5,
        np.exp(RNG.normal(0.0, 40.0, 20_000)),
        WALK * 2.0**-1040,
        WALK * 2.0**960,
        np.where(np.arange(20_000) % 9_001 == 0, 1e-320, WALK),
    ],
    ids=["walk", "ticks", "changes", "fifth powers", "wide", "tiny", "huge", "one subnormal"],
)
def test_long_series_sum_as_fsum_does(src: Any, period: int) -> None:
    src = src[: 20_000 if period < 1000 else 3_000]
    out = np.empty(len(src))
    window.sum(period - 1, len(src), out, src, period)
    assert out[period - 1 :].tolist() == fsums(src, period)


def test_a_period_longer_than_a_block_is_summed() -> None:
    out = np.empty(len(WALK))
    window.mean(9_999, len(WALK), out, WALK, 10_000)
    wanted = [math.fsum(WALK[i : i + 10_000].tolist()) / 10_000 for i in (0, 5_000, 10_000)]
    assert out[[9_999, 14_999, 19_999]].tolist() == wanted


def test_an_infinite_window_raises_as_fsum_does() -> None:
    src = np.array([1.0, math.inf, -math.inf, 2.0])
    with pytest.raises(ValueError, match="inf"):
        window.sum(1, 4, np.empty(4), src, 2)


def test_a_sum_beyond_the_largest_double_raises_as_fsum_does() -> None:
    src = np.full(100, 1.7e308)
    with pytest.raises(OverflowError):
        window.sum(9, 100, np.empty(100), src, 10)


def test_one_nan_does_not_touch_other_windows() -> None:
    src = WALK.copy()
    src[10_000] = math.nan
    out = np.empty(len(src))
    window.mean(29, len(src), out, src, 30)
    assert np.flatnonzero(np.isnan(out[29:])).tolist() == list(range(9_971, 10_001))


def test_infinite_weights_go_the_slow_way() -> None:
    out = np.empty(100)
    window.weighted(1, 100, out, WALK[:100], [math.inf, 1.0], 1.0)
    assert out[1:].tolist() == [math.inf] * 99


@pytest.mark.parametrize("period", [1, 2, 7, 64, 100])
def test_blocks_join_without_a_seam(period: int) -> None:
    out = np.empty(len(WALK))
    extremes.highest(period - 1, len(WALK), out, WALK, period)
    values = WALK.tolist()
    assert out[period - 1 :].tolist() == [
        max(values[i : i + period]) for i in range(len(values) - period + 1)
    ]


def test_of_two_zeros_the_older_one_is_the_highest() -> None:
    src = np.array([0.0, -0.0] * 50)
    out = np.empty(100)
    extremes.highest(1, 100, out, src, 2)
    assert np.signbit(out[1:]).tolist() == [False, True] * 49 + [False]
