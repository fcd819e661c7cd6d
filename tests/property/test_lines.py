"""An expression has the same bits over all bars at once, in any cuts, and bar by bar."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from tests.contract.lines.trees import Tree, build, trees
from tests.unit.lines.stage import Host, bars, declaring, fill, step

from backtrail.lines import functions
from backtrail.lines.iterator import IndicatorBase

value = st.floats(-1e6, 1e6, allow_nan=False, width=32) | st.sampled_from(
    [0.0, -0.0, 1.0, float("nan"), float("inf"), -float("inf"), 1e308, 5e-324]
)
columns = st.integers(1, 25).flatmap(
    lambda size: st.lists(st.lists(value, min_size=size, max_size=size), min_size=4, max_size=4)
)


def cut(points: list[int]) -> Callable[[Host], None]:
    """Give a way to compute everything below a host in pieces that end at *points*."""

    def compute(host: Host) -> None:
        size = host.data._c_.size
        for node in host._children_:
            node._allocate(size)
            begin = min(node._minperiod - 1, size)
            for end in [*sorted(p for p in points if begin < p < size), size]:
                if begin < end:
                    node.compute(begin, end)
                begin = end

    return compute


def outcome(tree: Tree, prices: list[list[float]], compute: Callable[[Host], None]) -> list[bytes] | str:
    """Give the bits of every node below, or a word for failure."""
    data = bars(prices[0], high=prices[2], low=prices[3])
    opening = bars(prices[1], data._c_)
    data.__dict__["open"] = opening.close
    with declaring(data) as host:
        build(functions, data, tree)
    try:
        compute(host)
    except (ZeroDivisionError, OverflowError, TypeError, ValueError):
        return "failed"
    size = data._c_.size
    return [bits(node.array[:size]) for node in host._children_]


def bits(values: Any) -> bytes:
    """Give the bits of values, with one NaN for all: which NaN it is, hardware decides."""
    return struct.pack(f"{len(values)}d", *(x if x == x else float("nan") for x in values.tolist()))


@given(trees, columns, st.lists(st.integers(1, 24), max_size=4))
@example(("Sum", ("close",), 0.5, ("open",)), [[0.0], [-0.0], [1.0], [1.0]], [])
@example(("Min", ("close",), ("open",)), [[0.0], [-0.0], [1.0], [1.0]], [])
def test_expressions_have_the_same_bits_however_they_are_computed(
    tree: Tree, prices: list[list[float]], points: list[int]
) -> None:
    whole = outcome(tree, prices, fill)
    assert outcome(tree, prices, step) == whole
    if whole != "failed":
        assert outcome(tree, prices, cut(points)) == whole


@given(trees, columns)
def test_composed_indicators_have_the_same_bits_however_they_are_computed(
    tree: Tree, prices: list[list[float]]
) -> None:
    class Composed(IndicatorBase):
        lines = ("x", "y")

        def __init__(self) -> None:
            made = build(functions, self.data, tree)
            self.lines.x = made
            self.lines.y = self.lines.x(-1)

    results = []
    for compute in (fill, step):
        data = bars(prices[0], high=prices[2], low=prices[3])
        data.__dict__["open"] = bars(prices[1], data._c_).close
        with declaring(data) as host:
            made = Composed(data)
        try:
            compute(host)
        except (ZeroDivisionError, OverflowError, TypeError, ValueError):
            results.append(None)
            continue
        results.append([bits(line.array[: data._c_.size]) for line in made.lines])
    assert results[0] == results[1]
