"""Functions of lines give what the Python functions of the same name give, bar by bar."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.lines.stage import NAN, Bars, bars, declaring, fill, same, step, values

from backtrail.lines import functions as bt

A = [3.0, 1.0, 2.0, 0.0, -4.0, NAN, 1.0]
B = [2.0, 1.0, 4.0, 0.0, 8.0, 1.0, NAN]
C = [0.0, 5.0, 1.0, 2.0, 8.0, 1.0, 3.0]
ROWS = list(zip(A, B, C, strict=True))


def found(build: Callable[[Bars], Any], a: list[float] = A, b: list[float] = B, c: list[float] = C) -> list[float]:
    """Compute over all bars and bar by bar; give the values if both agree."""
    results = []
    for compute in (fill, step):
        data = bars(a, high=b, low=c)
        with declaring(data) as host:
            made = build(data)
        compute(host)
        results.append(values(made))
    assert same(*results), results
    return results[0]


def test_if_chooses_by_the_truth_of_a_value() -> None:
    assert same(found(lambda d: bt.If(d.close, d.high, d.low)), [b if a else c for a, b, c in ROWS])
    assert same(found(lambda d: bt.If(d.close > 1, 7, d.low)), [7 if a > 1 else c for a, b, c in ROWS])
    assert same(found(lambda d: bt.If(1, d.high, 0)), B)
    assert same(found(lambda d: bt.If(d.close, 1, -1)), [1.0 if a else -1.0 for a, b, c in ROWS])


def test_and_or_any_all_give_one_or_zero() -> None:
    assert found(lambda d: bt.And(d.close, d.high, d.low)) == [float(bool(a and b and c)) for a, b, c in ROWS]
    assert found(lambda d: bt.Or(d.close, d.high)) == [float(bool(a or b)) for a, b, c in ROWS]
    assert found(lambda d: bt.All(d.close, d.low)) == [float(all((a, c))) for a, b, c in ROWS]
    assert found(lambda d: bt.Any(d.close, d.low)) == [float(any((a, c))) for a, b, c in ROWS]
    assert found(lambda d: bt.And(d.close, 1)) == [float(bool(a)) for a, b, c in ROWS]
    assert found(lambda d: bt.Or(0, d.close)) == [float(bool(a)) for a, b, c in ROWS]


def test_max_and_min_are_those_of_python_also_with_nan() -> None:
    assert same(found(lambda d: bt.Max(d.close, d.high)), [max(a, b) for a, b, c in ROWS])
    assert same(found(lambda d: bt.Min(d.high, d.close, d.low)), [min(b, a, c) for a, b, c in ROWS])
    assert same(found(lambda d: bt.Max(d.close, 1.5)), [max(a, 1.5) for a, b, c in ROWS])
    assert same(found(lambda d: bt.Min(1.5, d.close)), [min(1.5, a) for a, b, c in ROWS])


def test_sum_is_correctly_rounded() -> None:
    tenths = [[0.1] * 3, [0.2] * 3, [-0.3] * 3]
    result = found(lambda d: bt.Sum(d.close, d.high, d.low), *tenths)
    assert result == [math.fsum((0.1, 0.2, -0.3))] * 3 != [0.1 + 0.2 - 0.3] * 3


def test_cmp_tells_below_equal_and_above() -> None:
    assert found(lambda d: bt.Cmp(d.close, d.high)) == [float((a > b) - (a < b)) for a, b, c in ROWS]
    assert found(lambda d: bt.Cmp(d.close, 1)) == [float((a > 1) - (a < 1)) for a, b, c in ROWS]


def test_cmpex_chooses_by_comparison() -> None:
    expected = [c if a < b else 9.0 if a > b else 7.0 for a, b, c in ROWS]
    assert same(found(lambda d: bt.CmpEx(d.close, d.high, d.low, 7.0, 9.0)), expected)


def test_division_by_zero_gives_what_was_asked_for() -> None:
    assert same(found(lambda d: bt.DivByZero(d.close, d.low)), [a / c if c else 0.0 for a, b, c in ROWS])
    assert same(found(lambda d: bt.DivByZero(d.close, d.low, zero=-1.0)), [a / c if c else -1.0 for a, b, c in ROWS])
    assert same(found(lambda d: bt.DivByZero(1, d.low)), [1 / c if c else 0.0 for a, b, c in ROWS])
    assert same(found(lambda d: bt.DivByZero(d.close, 0)), [0.0] * 7)


def test_zero_by_zero_can_be_told_from_division_by_zero() -> None:
    expected = [a / b if b else (0.0 if a == 0.0 else math.inf) for a, b, c in ROWS]
    assert same(found(lambda d: bt.DivZeroByZero(d.close, d.high)), expected)
    expected = [b / c if c else (-2.0 if b == 0.0 else -1.0) for a, b, c in ROWS]
    assert same(found(lambda d: bt.DivZeroByZero(d.high, d.low, single=-1.0, dual=-2.0)), expected)
    assert same(found(lambda d: bt.DivZeroByZero(0.0, d.close)), [0.0 / a if a else 0.0 for a, b, c in ROWS])


def test_reduce_folds_pairwise() -> None:
    minus = lambda x, y: x - y  # noqa: E731
    assert same(found(lambda d: bt.Reduce(minus, d.close, d.high, d.low)), [a - b - c for a, b, c in ROWS])
    folded = found(lambda d: bt.Reduce(minus, d.close, d.high, initializer=5.0))
    assert same(folded, [5.0 - a - b for a, b, c in ROWS])
    assert same(found(lambda d: bt.Reduce(minus, d.close)), A)


def test_one_operand_is_folded_to_itself() -> None:
    assert same(found(lambda d: bt.And(d.close)), A)
    assert same(found(lambda d: bt.Or(d.close, initializer=0.0)), [float(bool(a)) for a in A])


def test_own_functions_are_made_from_flogic() -> None:
    class Spread(bt.MultiLogic):
        flogic = staticmethod(lambda row: max(row) - min(row))

    class Product(bt.MultiLogicReduce):
        flogic = staticmethod(lambda x, y: x * y)

    class Seven(bt.Max):
        flogic = staticmethod(lambda row: 7.0)

    rows = [(a, b) for a, b, c in ROWS]
    assert same(found(lambda d: Spread(d.close, d.high)), [max(r) - min(r) for r in rows])
    assert same(found(lambda d: Product(d.close, d.high, 2)), [a * b * 2 for a, b in rows])
    assert found(lambda d: Seven(d.close, d.high)) == [7.0] * 7


def test_a_function_waits_for_its_slowest_operand() -> None:
    data = bars(A)
    with declaring(data):
        made = bt.Max(3, data.close(-2), data.high(-1))
    assert made._minperiod == 3


def test_a_function_without_apply_says_so() -> None:
    data = bars(A)
    with declaring(data) as host:
        bt.Logic(data.close)
    with pytest.raises(NotImplementedError):
        fill(host)


def test_a_list_finds_lines_by_identity() -> None:
    data = bars(A)
    lines = bt.List([data.close])
    assert data.close in lines
    assert data.high not in lines


def test_the_library_shows_the_functions_under_their_names() -> None:
    import backtrail

    for name in bt.__all__:
        assert getattr(backtrail, name) is getattr(bt, name)
