"""Operators on lines: nodes while declaring, values while running."""

from __future__ import annotations

import datetime as dt
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.unit.lines.stage import NAN, Bars, bars, declaring, fill, live, same, step, values

from backtrail.base.time import date2num
from backtrail.errors import DeclarationError
from backtrail.lines.buffer import Line
from backtrail.lines.expr import LineActions, LineDelay, LineNum, LinesOperation, current, operand

A = [3.0, 1.0, 2.0, 5.0, -4.0]
B = [2.0, 1.0, 4.0, -5.0, 8.0]

BINARY: list[Callable[[Any, Any], Any]] = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.lt, operator.le,
    operator.gt, operator.ge, operator.eq, operator.ne,
]  # fmt: skip


def both_ways(build: Callable[[Bars], Any], **columns: list[float]) -> list[float]:
    """Compute an expression over all bars and bar by bar; give its values if both agree."""
    results = []
    for compute in (fill, step):
        data = bars(**{"close": A, "high": B, **columns})
        with declaring(data) as host:
            made = build(data)
        compute(host)
        results.append(values(made))
    assert same(*results)
    return results[0]


@pytest.mark.parametrize("op", BINARY, ids=lambda op: op.__name__)
def test_an_operator_between_lines_is_applied_bar_by_bar(op: Any) -> None:
    assert both_ways(lambda d: op(d.close, d.high)) == [float(op(a, b)) for a, b in zip(A, B, strict=True)]


@pytest.mark.parametrize("op", BINARY, ids=lambda op: op.__name__)
def test_an_operator_takes_a_number_on_either_side(op: Any) -> None:
    assert both_ways(lambda d: op(d.close, 2)) == [float(op(a, 2)) for a in A]
    assert both_ways(lambda d: op(2.5, d.close)) == [float(op(2.5, a)) for a in A]
    assert both_ways(lambda d: op(d.close, True)) == [float(op(a, 1.0)) for a in A]


def test_powers_are_those_of_python() -> None:
    assert both_ways(lambda d: d.close**2) == [a**2 for a in A]
    assert both_ways(lambda d: d.close**3.0) == [a**3.0 for a in A]
    assert both_ways(lambda d: 1.5**d.close) == [1.5**a for a in A]
    positive = [abs(a) for a in A]
    assert both_ways(lambda d: abs(d.close) ** abs(d.high)) == [a ** abs(b) for a, b in zip(positive, B, strict=True)]


def test_a_root_of_a_negative_number_is_a_type_error() -> None:
    for compute in (fill, step):
        data = bars(A)
        with declaring(data) as host:
            data.close**0.5
        with pytest.raises(TypeError):
            compute(host)


def test_signs_and_absolute_values_are_taken() -> None:
    assert both_ways(lambda d: -d.close) == [-a for a in A]
    assert both_ways(lambda d: abs(d.high - d.close)) == [abs(b - a) for a, b in zip(A, B, strict=True)]


def test_other_functions_of_one_line_are_applied_bar_by_bar() -> None:
    from backtrail.lines.expr import LineOwnOperation

    assert both_ways(lambda d: LineOwnOperation(d.close, math.floor)) == [math.floor(a) for a in A]


def test_groups_stand_for_their_first_line() -> None:
    assert both_ways(lambda d: d - d.high) == [a - b for a, b in zip(A, B, strict=True)]


def test_overflow_gives_infinity_and_nan_stays_nan() -> None:
    huge = [1e308, -1e308, NAN, math.inf, 1.0]
    assert same(both_ways(lambda d: d.close * 10, close=huge), [x * 10 for x in huge])
    assert same(both_ways(lambda d: d.close - d.close, close=huge), [x - x for x in huge])
    assert same(both_ways(lambda d: d.close > 0, close=huge), [float(x > 0) for x in huge])
    assert same(both_ways(lambda d: d.close / 1e-10, close=huge), [x / 1e-10 for x in huge])


def test_a_zero_divisor_raises_and_names_feed_and_bar() -> None:
    for compute in (fill, step):
        data = bars(A, datetime=[float(date2num(dt.datetime(2020, 1, k + 1))) for k in range(5)])
        with declaring(data) as host:
            data.close / (data.high - 5.0)
        with pytest.raises(ZeroDivisionError, match=r"feed 'bars', bar 4 \(2020-01-04 00:00:00\)"):
            compute(host)
        data = bars(A)
        with declaring(data) as host:
            data.close / 0
        with pytest.raises(ZeroDivisionError, match=r"feed 'bars', bar 1"):
            compute(host)


def test_where_a_bar_has_no_time_only_feed_and_bar_are_named() -> None:
    from backtrail.lines.expr import where_of

    class Node:
        _root_ = None

    assert where_of(Node(), 4) == "feed 'data', bar 5"


# -- running -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("op", BINARY, ids=lambda op: op.__name__)
def test_while_running_operators_give_values(op: Any) -> None:
    data = bars(A, high=B)
    live(data)
    for at, (a, b) in enumerate(zip(A, B, strict=True)):
        data._c_.i = at
        assert op(data.close, data.high) == op(a, b)
        assert op(data, 2.0) == op(a, 2.0)
        assert op(2.0, data) == op(2.0, a)
    assert type(data.close > 0) is bool


def test_while_running_unary_operators_give_values() -> None:
    data = bars(A)
    live(data)
    data._c_.i = 4
    assert (-data.close, abs(data.close), data.close**2, 2**data.close) == (4.0, 4.0, 16.0, 2**-4.0)


def test_while_running_the_truth_of_a_line_is_that_of_its_value() -> None:
    data = bars([0.0, 2.0, NAN])
    live(data)
    truths = []
    for at in range(3):
        data._c_.i = at
        truths.append(bool(data.close))
    assert truths == [False, True, True]


def test_while_running_operators_of_subclasses_work_under_their_internal_names() -> None:
    data = bars(A)
    with declaring(data) as host:
        node = data.close._operation(2, operator.sub)
        swapped = data.close._roperation(2, operator.sub)
        own = data.close._operationown(operator.neg)
    fill(host)
    assert (values(node)[0], values(swapped)[0], values(own)[0]) == (1.0, -1.0, -3.0)
    data._stage2()
    data._c_.i = 0
    assert data.close._operation(2, operator.sub) == 1.0
    assert data.close._roperation(2, operator.sub) == -1.0
    assert data.close._operationown(operator.neg) == -3.0
    data._stage1()
    assert data.close._live_ is False


def test_storage_is_the_business_of_the_run() -> None:
    data = bars(A)
    data.qbuffer(1)
    data.close.minbuffer(3)
    assert data.close.buflen() == 5


# -- while declaring -----------------------------------------------------------------------------------------------


def test_while_declaring_the_truth_of_a_line_is_refused() -> None:
    data = bars(A)
    with declaring(data):
        for test in (lambda: bool(data.close), lambda: bool(data), lambda: bool(data.close > 1), lambda: not data):
            with pytest.raises(DeclarationError, match=r"Use bt\.And, bt\.Or or bt\.If"):
                test()
        with pytest.raises(TypeError):
            max(data.close, data.high)
        with pytest.raises(TypeError):
            data.close and data.high


@pytest.mark.parametrize("other", [None, "5", [1], object()], ids=["None", "text", "list", "object"])
def test_lines_are_combined_with_lines_and_numbers_only(other: Any) -> None:
    data = bars(A)
    with declaring(data), pytest.raises(DeclarationError, match="expected a line or a number"):
        data.close + other


def test_anything_with_a_float_is_a_number() -> None:
    assert operand(np.float64(2.5)) == 2.5
    assert operand(np.int64(2)) == 2.0
    assert operand(True) == 1.0
    assert type(operand(True)) is float


def test_lines_are_keys_by_identity() -> None:
    data = bars(A)
    assert len({data.close: 1, data.high: 2, data: 3}) == 3
    assert data.close in {data.close}


def test_an_expression_without_owner_is_refused() -> None:
    data = bars(A)
    with pytest.raises(DeclarationError, match="LinesOperation was built outside of the __init__"):
        data.close - 1


def test_an_expression_knows_clock_owner_and_warm_up() -> None:
    data = bars(A)
    data.high._minperiod = 3
    with declaring(data) as host:
        node = data.close - data.high
        number = LineNum(4)
    assert (node._minperiod, node._owner, node._c_, node._root_) == (3, host, data._c_, data)
    assert isinstance(node, LinesOperation)
    assert node.getindicators() == []
    assert number._c_ is data._c_
    assert number._minperiod == 1


def test_a_number_can_be_a_line() -> None:
    assert both_ways(lambda d: LineNum(4)) == [4.0] * 5


def test_an_operand_without_bars_is_nan() -> None:
    data = bars(A)
    assert math.isnan(current(data.close))
    data._c_.i = 1
    assert (current(data.close), current(7)) == (1.0, 7)


# -- delays --------------------------------------------------------------------------------------------------------


def test_a_delay_gives_earlier_values_and_needs_as_many_bars_more() -> None:
    assert same(both_ways(lambda d: d.close(-2)), [NAN, NAN, 3.0, 1.0, 2.0])
    assert both_ways(lambda d: d.close(0)) == A
    assert same(both_ways(lambda d: (d.close - 1)(-1)), [NAN, 2.0, 0.0, 1.0, 4.0])
    assert same(both_ways(lambda d: d.close(-1)(-2)), [NAN, NAN, NAN, 3.0, 1.0])
    data = bars(A)
    with declaring(data):
        assert data.close(-2)._minperiod == 3
        assert data.close(-2)(-3)._minperiod == 6
        assert LineDelay(data.close, 0)._minperiod == 1


def test_a_group_delays_the_line_that_is_named() -> None:
    assert same(both_ways(lambda d: d(-1)), [NAN, 3.0, 1.0, 2.0, 5.0])
    assert same(both_ways(lambda d: d(-1, "high")), [NAN, 2.0, 1.0, 4.0, -5.0])
    assert same(both_ways(lambda d: d(-1, line=1)), [NAN, 2.0, 1.0, 4.0, -5.0])


def test_a_look_ahead_gives_later_values_as_they_become_known() -> None:
    assert same(both_ways(lambda d: d.close(2)), [2.0, 5.0, -4.0, NAN, NAN])
    data = bars(A)
    with declaring(data):
        assert data.close(3)._minperiod == 3
        data.close._minperiod = 4
        assert data.close(3)._minperiod == 4


def test_bar_by_bar_the_future_is_not_known_yet() -> None:
    data = bars(A)
    with declaring(data) as host:
        ahead = data.close(2)
    from tests.unit.lines.stage import steps

    seen = [ahead._a_[at] for at in steps(host)]
    assert all(math.isnan(x) for x in seen)


@pytest.mark.parametrize("ago", [1.5, -0.5])
def test_a_delay_is_a_whole_number_of_bars(ago: float) -> None:
    data = bars(A)
    with declaring(data), pytest.raises(DeclarationError, match="expected a whole number"):
        data.close(ago)


def test_a_delay_beyond_the_data_is_empty() -> None:
    assert same(both_ways(lambda d: d.close(-9)), [NAN] * 5)
    assert same(both_ways(lambda d: d.close(9)), [NAN] * 5)


# -- times of day --------------------------------------------------------------------------------------------------


def clock_times() -> list[float]:
    return [float(date2num(dt.datetime(2020, 1, 1, h))) for h in (9, 11, 12, 13)] + [NAN]


@pytest.mark.parametrize("op", [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne])
def test_a_line_of_times_is_compared_with_a_time_of_day(op: Any) -> None:
    noon = dt.time(12)
    expected = [float(op(dt.time(h), noon)) for h in (9, 11, 12, 13)] + [0.0]
    assert both_ways(lambda d: op(d.datetime, noon), datetime=clock_times()) == expected
    swapped = [float(op(noon, dt.time(h))) for h in (9, 11, 12, 13)] + [0.0]
    assert both_ways(lambda d: op(noon, d.datetime), datetime=clock_times()) == swapped


def test_times_of_day_are_those_of_the_feeds_zone() -> None:
    def build(data: Bars) -> Any:
        data.datetime._settz(dt.timezone(dt.timedelta(hours=-2)))
        return data.datetime < dt.time(10)

    assert both_ways(build, datetime=clock_times()) == [1.0, 1.0, 0.0, 0.0, 0.0]


# -- legacy subclasses ---------------------------------------------------------------------------------------------


class Doubled(LineActions):
    """A computed line in legacy spelling."""

    def __init__(self, a: Any) -> None:
        super().__init__()
        self.a = a

    def next(self) -> None:
        self[0] = self.a[0] * 2


class DoubledOnce(Doubled):
    def once(self, start: int, end: int) -> None:
        for at in range(start, end):
            self.array[at] = self.a.array[at] * 2


@pytest.mark.parametrize("kind", [Doubled, DoubledOnce])
def test_a_computed_line_may_be_written_with_next_and_once(kind: type[Doubled]) -> None:
    assert same(both_ways(lambda d: kind(d.close(-1))), [NAN, 6.0, 2.0, 4.0, 10.0])


def test_replaying_next_of_a_computed_line_leaves_the_clock_where_it_was() -> None:
    data = bars(A)
    with declaring(data) as host:
        node = Doubled(data.close)
    fill(host)
    assert data._c_.i == -1
    assert isinstance(node, Line)


def test_lines_given_as_a_group_count_too() -> None:
    data = bars(A)
    data.close._minperiod = 2
    with declaring(data):
        assert Doubled(data)._minperiod == 2
