"""Recursive kernels give the same bits in Python and compiled, however the range is cut."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtrail.kernels import jit, logic, recursive

numba = pytest.importorskip("numba")

floats = st.floats(min_value=-1e6, max_value=1e6)
positive = st.floats(min_value=0.01, max_value=1e4)
cuts = st.lists(st.integers(0, 400), max_size=4)


def long(elements: st.SearchStrategy[float]) -> st.SearchStrategy[Any]:
    """Give arrays of 70 to 200 numbers: long enough to be compiled for."""
    return st.tuples(st.lists(elements, min_size=35, max_size=50), st.integers(2, 4)).map(
        lambda drawn: np.array(drawn[0] * drawn[1])
    )


@pytest.fixture(autouse=True)
def policy() -> Iterator[None]:
    before = jit.policy.mode
    yield
    jit.policy.mode = before


# name, state lines, source lines, parameters, first index
CASES: list[tuple[str, int, int, tuple[Any, ...], int]] = [
    ("smooth", 1, 1, (0.3, 0.7), 1),
    ("smooth_by", 1, 3, (), 1),
    ("accumulate", 1, 1, (), 1),
    ("zero_lag", 1, 2, (0.1, 0.9, 7), 1),
    ("laguerre", 4, 1, (0.5, False), 1),
    ("parabolic", 4, 2, (0.02, 0.2), 2),
    ("half_way", 1, 1, (), 1),
]


def run(
    name: str, states: list[Any], sources: list[Any], params: tuple[Any, ...], edges: list[int]
) -> list[Any]:
    """Run a kernel over the pieces between *edges*, from copies of *states*."""
    states = [s.copy() for s in states]
    for start, stop in pairwise(edges):
        getattr(recursive, name)(start, stop, *states, *sources, *params)
    return states


@pytest.mark.parametrize(("name", "outs", "ins", "params", "first"), CASES, ids=[c[0] for c in CASES])
@given(data=st.data())
def test_python_and_compiled_code_agree_under_any_cut(
    name: str, outs: int, ins: int, params: tuple[Any, ...], first: int, data: st.DataObject
) -> None:
    first_source = data.draw(long(floats))
    size = len(first_source)
    sources = [first_source] + [first_source[::-1].copy() * (k + 1) * 0.3 for k in range(ins - 1)]
    if name == "parabolic":
        sources = [np.maximum(*sources) + 1.0, np.minimum(*sources)]
    states = [np.full(size, math.nan) for _ in range(outs)]
    for k, state in enumerate(states):
        state[first - 1] = data.draw(floats if k else positive)
    edges = sorted({first, size, *(first + c % (size - first) for c in data.draw(cuts))})
    jit.policy.mode = "off"
    plain = run(name, states, sources, params, [first, size])
    pieces = run(name, states, sources, params, edges)
    jit.policy.mode = "on"
    compiled = run(name, states, sources, params, [first, size])
    for a, b, c in zip(plain, pieces, compiled, strict=True):
        assert a.tobytes() == b.tobytes() == c.tobytes()


@given(long(st.sampled_from([0.0, -0.0, 1.5, -2.0, math.nan])), cuts, st.booleans())
def test_the_last_nonzero_value_is_carried(src: Any, cut: list[int], carry: bool) -> None:
    size = len(src)
    out = np.full(size, 9.0)
    edges = sorted({1, size, *(1 + c % (size - 1) for c in cut)})
    for start, stop in pairwise(edges):
        recursive.last_nonzero(start, stop, out, src, carry or start > 1)
    value = 9.0
    for i in range(1, size):
        if src[i] != 0.0 or (i == 1 and not carry):
            value = src[i]
        assert out[i] == value or (out[i] != out[i] and value != value)


def rises(states: tuple[float, ...]) -> float:
    """Give the share of rises among the differences of neighbouring *states*."""
    up = down = 0.0
    for newer, older in pairwise(states):
        if newer >= older:
            up += newer - older
        else:
            down += older - newer
    return up / (up + down) if up + down else 1.0


@given(st.lists(st.tuples(floats, floats, floats, floats), min_size=1, max_size=40))
def test_the_share_of_rises_follows_the_definition(rows: list[tuple[float, float, float, float]]) -> None:
    states = [np.array(column) for column in zip(*rows, strict=True)]
    out = np.empty(len(rows))
    recursive.share_of_rises(0, len(rows), out, *states)
    assert out.tolist() == [rises(row) for row in rows]


special = st.one_of(floats, st.sampled_from([0.0, -0.0, math.nan, math.inf, -math.inf]))


@given(st.lists(st.tuples(special, special, special), min_size=1, max_size=40))
def test_logic_over_arrays_is_that_of_python(rows: list[tuple[float, float, float]]) -> None:
    columns = [np.array(column) for column in zip(*rows, strict=True)]

    def same(found: Any, plain: Any) -> bool:
        array = np.asarray(found, dtype=np.float64)
        wanted = np.array([float(plain(row)) for row in rows])
        return bool(np.array_equal(array, wanted, equal_nan=True)) and bool(
            (np.signbit(array) == np.signbit(wanted))[~np.isnan(wanted)].all()
        )

    assert same(logic.greatest(columns), max)
    assert same(logic.least(columns), min)
    assert same(logic.all_true(columns), all)
    assert same(logic.any_true(columns), any)
    assert same(logic.compare(*columns[:2]), lambda r: (r[0] > r[1]) - (r[0] < r[1]))
    with np.errstate(all="ignore"):
        assert same(logic.divide_or(*columns[:2], 3.5), lambda r: 3.5 if r[1] == 0.0 else r[0] / r[1])
        assert same(
            logic.divide_or_zeros(*columns[:2], 3.5, 0.5),
            lambda r: (0.5 if r[0] == 0.0 else 3.5) if r[1] == 0.0 else r[0] / r[1],
        )


@pytest.mark.parametrize("exponent", [2, 0.5, 3.0, -1.5, 1.0 / 3.0])
@given(values=st.lists(st.floats(1e-30, 1e30), min_size=1, max_size=200))
def test_powers_have_the_bits_of_python(exponent: float, values: list[float]) -> None:
    found = logic.power(np.array(values), exponent)
    assert found is not None
    assert found.tolist() == [x**exponent for x in values]


@pytest.mark.parametrize(("base", "exponent"), [(-8.0, 0.5), (0.0, -1.0), (1e300, 2.0)])
def test_powers_that_python_refuses_are_left_to_it(base: float, exponent: float) -> None:
    assert logic.power(np.array([1.0, base]), exponent) is None
