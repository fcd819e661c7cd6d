"""Window kernels give what plain Python gives, bit for bit, however the range is cut."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtrail.indicators.windows import share_below_last
from backtrail.kernels import extremes, window

Floats = Any
Plain = Callable[[list[float]], float]

prices = st.floats(min_value=0.01, max_value=1e5).map(lambda x: round(x, 2))
full = st.floats(min_value=-1e3, max_value=1e3)
wide = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e280, max_value=1e280)
few = st.sampled_from([0.0, -0.0, 1.0, -1.0, 2.0, 5e-324, 1e-300])
anything = st.one_of(full, few, st.sampled_from([math.nan, math.inf]))


def series(elements: st.SearchStrategy[float]) -> st.SearchStrategy[list[float]]:
    """Give series long enough for the vectorised paths: a drawn pattern repeated with small shifts."""

    def stretch(drawn: tuple[list[float], int]) -> list[float]:
        pattern, times = drawn
        return pattern * times

    return st.tuples(st.lists(elements, min_size=5, max_size=60), st.integers(1, 6)).map(stretch)


numbers = st.one_of(series(prices), series(full), series(wide), series(few))
any_numbers = st.one_of(numbers, series(anything))


def bits(values: Floats) -> list[int]:
    """Give the bit patterns of *values*, all NaN alike."""
    array = np.asarray(values, dtype=np.float64)
    return np.where(np.isnan(array), np.float64("nan"), array).view(np.int64).tolist()


def fill(kernel: Callable[..., Any], src: list[float], period: int, cuts: list[int], *extra: Any) -> Floats:
    """Run *kernel* over the whole series in pieces that end at *cuts*."""
    out = np.full(len(src), -7.0)
    values = np.array(src)
    edges = sorted({period - 1, len(src), *(period - 1 + c % (len(src) - period + 1) for c in cuts)})
    for start, stop in pairwise(edges):
        kernel(start, stop, out, values, *extra)
    return out[period - 1 :]


def windows(src: list[float], period: int, plain: Plain) -> list[float]:
    """Give *plain* of every window."""
    return [float(plain(src[i : i + period])) for i in range(len(src) - period + 1)]


cuts = st.lists(st.integers(0, 400), max_size=4)


@given(numbers, st.integers(1, 40), cuts)
def test_sums_are_those_of_fsum(src: list[float], period: int, cut: list[int]) -> None:
    period = min(period, len(src))
    assert bits(fill(window.sum, src, period, cut, period)) == bits(windows(src, period, math.fsum))


@given(numbers, st.integers(1, 40), cuts)
def test_means_are_fsum_divided_by_the_period(src: list[float], period: int, cut: list[int]) -> None:
    period = min(period, len(src))
    expected = windows(src, period, lambda w: math.fsum(w) / period)
    assert bits(fill(window.mean, src, period, cut, period)) == bits(expected)


@given(series(anything), st.integers(1, 20))
def test_sums_of_nan_and_inf_are_those_of_fsum(src: list[float], period: int) -> None:
    period = min(period, len(src))
    assert bits(fill(window.sum, src, period, [], period)) == bits(windows(src, period, math.fsum))


weights = st.one_of(
    st.integers(1, 30).map(lambda n: [float(w) for w in range(1, n + 1)]),
    st.lists(st.floats(-3.0, 3.0), min_size=1, max_size=12),
    st.lists(few, min_size=1, max_size=6),
)


@given(numbers, weights, st.floats(-2.0, 2.0), cuts)
def test_weighted_sums_round_each_product_and_then_the_sum(
    src: list[float], weight: list[float], coef: float, cut: list[int]
) -> None:
    weight = weight[: len(src)]
    period = len(weight)
    expected = windows(src, period, lambda w: coef * math.fsum(x * y for x, y in zip(w, weight, strict=True)))
    found = fill(window.weighted, src, period, cut, weight, coef)
    assert found.tolist() == expected


@pytest.mark.parametrize(
    ("kernel", "plain"),
    [
        (extremes.highest, max),
        (extremes.lowest, min),
        (extremes.any_true, any),
        (extremes.all_true, all),
        (extremes.percent_rank, share_below_last),
    ],
    ids=lambda x: getattr(x, "__name__", str(x)),
)
@given(src=any_numbers, period=st.integers(1, 40), cut=cuts)
def test_a_window_kernel_gives_what_the_python_function_gives(
    kernel: Callable[..., None], plain: Plain, src: list[float], period: int, cut: list[int]
) -> None:
    period = min(period, len(src))
    assert bits(fill(kernel, src, period, cut, period)) == bits(windows(src, period, plain))


@pytest.mark.parametrize("oldest", [False, True])
@pytest.mark.parametrize(
    ("kernel", "choose"), [(extremes.highest_ago, max), (extremes.lowest_ago, min)], ids=["highest", "lowest"]
)
@given(src=numbers, period=st.integers(1, 40), cut=cuts)
def test_distances_count_bars_back_to_the_extreme(
    kernel: Callable[..., None],
    choose: Callable[[list[float]], float],
    oldest: bool,
    src: list[float],
    period: int,
    cut: list[int],
) -> None:
    period = min(period, len(src))

    def ago(w: list[float]) -> float:
        chosen = choose(w)
        return period - 1 - w.index(chosen) if oldest else w[::-1].index(chosen)

    assert fill(kernel, src, period, cut, period, oldest).tolist() == windows(src, period, ago)


@given(src=series(anything), period=st.integers(1, 10))
def test_a_window_with_nan_has_no_distance(src: list[float], period: int) -> None:
    period = min(period, len(src))
    found = fill(extremes.highest_ago, src, period, [], period, False)
    holes = windows(src, period, lambda w: float(any(x != x for x in w)))
    assert np.isnan(found).tolist() == [h == 1.0 for h in holes]
