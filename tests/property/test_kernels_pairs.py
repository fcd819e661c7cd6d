"""Kernels of moments, volume and trailing bands: the same bits in Python and compiled, however the range is cut."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtrail.kernels import jit, moments, trailing, volume

numba = pytest.importorskip("numba")

SIZE = 160
cuts = st.lists(st.integers(0, SIZE), max_size=4)
seeds = st.integers(0, 10_000)


@pytest.fixture(autouse=True)
def policy() -> Iterator[None]:
    before = jit.policy.mode
    yield
    jit.policy.mode = before


def prices(seed: int) -> list[Any]:
    """Give high, low, close, width, volume and a key that changes now and then; some are flat or missing."""
    rng = np.random.default_rng(seed)
    close = np.round(100.0 + np.cumsum(rng.normal(0.0, 1.0, SIZE)), int(rng.integers(0, 6)))
    high, low = close + rng.random(SIZE), close - rng.random(SIZE)
    traded = rng.integers(0, 3, SIZE).astype(float)
    key = np.cumsum(rng.random(SIZE) < 0.1).astype(float) - 1.0
    if seed % 3 == 0:
        close[40:90] = close[40]
    if seed % 5 == 0:
        close[100] = math.nan
    return [high, low, close, rng.random(SIZE), traded, key]


#: Kernel, number of arrays that it fills, its inputs, parameters, whether it is told about a fresh start, first index.
Call = tuple[jit.Kernel, int, Callable[[list[Any]], list[Any]], tuple[Any, ...], bool, int]
CASES: dict[str, Call] = {
    "score": (moments.score, 1, lambda p: [p[2]], (9, 0), False, 8),
    "score of a sample": (moments.score, 1, lambda p: [p[2]], (9, 1), False, 8),
    "slope": (moments.slope, 1, lambda p: [p[0], p[2]], (7,), False, 6),
    "fit": (moments.fit, 2, lambda p: [p[0], p[2]], (7,), False, 6),
    "correlation": (moments.correlation, 1, lambda p: [p[0], p[2]], (12,), False, 11),
    "anchored mean": (volume.anchored_mean, 3, lambda p: [p[2], p[4], p[5]], (), True, 0),
    "on balance": (volume.on_balance, 1, lambda p: [p[2], p[4]], (), False, 1),
    "supertrend": (trailing.supertrend, 4, lambda p: [p[0], p[1], p[2], p[3]], (2.5,), True, 5),
}


def run(name: str, columns: list[Any], edges: list[int]) -> list[bytes]:
    kernel, outs, inputs, params, told, first = CASES[name]
    filled = [np.zeros(SIZE) for _ in range(outs)]
    for start, stop in pairwise(edges):
        kernel(start, stop, *filled, *inputs(columns), *params, *((start == first,) if told else ()))
    return [one.tobytes() for one in filled]


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=15)
@given(seed=seeds, cut=cuts)
def test_python_and_compiled_code_agree_under_any_cut(name: str, seed: int, cut: list[int]) -> None:
    first = CASES[name][-1]
    columns = prices(seed)
    edges = sorted({first, SIZE, *(first + c % (SIZE - first) for c in cut)})
    jit.policy.mode = "off"
    whole = run(name, columns, [first, SIZE])
    assert run(name, columns, edges) == whole
    assert run(name, columns, list(range(first, SIZE + 1))) == whole
    jit.policy.mode = "on"
    assert run(name, columns, [first, SIZE]) == whole


@settings(max_examples=15)
@given(seed=st.integers(1, 10_000).filter(lambda n: n % 3 and n % 5))
def test_moments_are_those_of_numpy(seed: int) -> None:
    x, y = prices(seed)[2], prices(seed)[0]
    jit.policy.mode = "off"
    scores, slopes, intercepts, correlations = (np.empty(SIZE) for _ in range(4))
    moments.score(9, SIZE, scores, x, 10, 0)
    moments.fit(9, SIZE, slopes, intercepts, y, x, 10)
    moments.correlation(9, SIZE, correlations, y, x, 10)
    for i in range(9, SIZE):
        wx, wy = x[i - 9 : i + 1], y[i - 9 : i + 1]
        if np.ptp(wx) == 0.0 or np.ptp(wy) == 0.0:
            continue
        assert scores[i] == pytest.approx((wx[-1] - wx.mean()) / wx.std(), rel=1e-9, abs=1e-9)
        slope, intercept = np.polyfit(wx, wy, 1)
        assert slopes[i] == pytest.approx(slope, rel=1e-6, abs=1e-9)
        assert intercepts[i] == pytest.approx(intercept, rel=1e-6, abs=1e-6)
        assert correlations[i] == pytest.approx(np.corrcoef(wx, wy)[0, 1], rel=1e-9, abs=1e-9)
