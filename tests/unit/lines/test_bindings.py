"""Lines that take the values of other lines."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.lines.stage import NAN, Plain, bars, declaring, fill, same, step, values

from backtrail.errors import DeclarationError
from backtrail.lines.iterator import IndicatorBase

A = [3.0, 1.0, 2.0, 5.0]


class Two(IndicatorBase):
    lines = ("first", "second")


def computed(kind: type[IndicatorBase]) -> list[list[float]]:
    """Compute an indicator over all bars and bar by bar; give the values of its lines if both agree."""
    results = []
    for compute in (fill, step):
        data = bars(A, high=[a + 1 for a in A])
        with declaring(data) as host:
            made = kind(data)
        compute(host)
        results.append([values(one) for one in made.lines])
    assert all(same(one, other) for one, other in zip(*results, strict=True)), results
    return results[0]


def test_a_line_takes_the_values_of_an_expression() -> None:
    class Bound(Two):
        def __init__(self) -> None:
            self.lines.first = self.data.close * 2
            self.lines[1] = self.data.high - self.data

    assert computed(Bound) == [[6.0, 2.0, 4.0, 10.0], [1.0] * 4]


def test_a_line_takes_the_values_of_a_data_or_one_of_its_lines() -> None:
    class Bound(Two):
        def __init__(self) -> None:
            self.lines.first = self.data
            self.l.second = self.data.high

    assert computed(Bound) == [A, [a + 1 for a in A]]


def test_a_line_takes_the_values_of_the_first_line_of_an_indicator() -> None:
    class Inner(Two):
        def __init__(self) -> None:
            self.lines.first = self.data(-1)

    class Outer(Two):
        def __init__(self) -> None:
            inner = Inner(self.data)
            self.lines.first = inner
            self.lines.second = inner.first - self.data

    assert same(computed(Outer)[0], [NAN, 3.0, 1.0, 2.0])
    assert same(computed(Outer)[1], [NAN, 2.0, -1.0, -3.0])


def test_an_expression_may_read_a_line_that_was_bound_before() -> None:
    class Chained(Two):
        def __init__(self) -> None:
            self.lines.first = self.data.close + 1
            self.lines.second = self.lines.first * self.lines.first(-1)

    assert same(computed(Chained)[1], [NAN, 8.0, 6.0, 18.0])


def test_an_indicator_may_read_a_line_bound_to_a_data() -> None:
    class Mean(IndicatorBase):
        lines = ("mean",)

        def __init__(self) -> None:
            self.addminperiod(2)

        def next(self) -> None:
            self.lines.mean[0] = sum(self.data.get(size=2)) / 2

    class Reading(Two):
        def __init__(self) -> None:
            self.lines.first = self.data.high
            self.lines.second = Mean(self.lines.first)

    assert same(computed(Reading)[1], [NAN, 3.0, 2.5, 4.5])


def test_the_last_of_several_bindings_decides() -> None:
    class Twice(Two):
        def __init__(self) -> None:
            self.lines.first = self.data.close + 1
            self.lines.first = self.data.close + 2

    assert computed(Twice)[0] == [a + 2 for a in A]


def test_hooks_may_overwrite_what_a_binding_gave() -> None:
    class Corrected(Two):
        def __init__(self) -> None:
            self.lines.first = self.data.close + 1

        def next(self) -> None:
            self.lines.second[0] = self.lines.first[0]
            if self.lines.first[0] > 3:
                self.lines.first[0] = 0.0

    assert computed(Corrected) == [[0.0, 2.0, 3.0, 0.0], [4.0, 2.0, 3.0, 6.0]]


def test_a_binding_raises_the_warm_up_of_the_line() -> None:
    class Late(Two):
        def __init__(self) -> None:
            self.lines.first = self.data(-2)

    with declaring(bars(A)):
        made = Late()
    assert [one._minperiod for one in made.lines] == [3, 1]
    assert made._minperiod == 3


def test_assigning_a_line_to_itself_changes_nothing() -> None:
    class Own(Two):
        def __init__(self) -> None:
            self.lines.first = self.lines.first
            self.second = self.second

    with declaring(bars(A)):
        made = Own()
    assert made.first._sources == made.second._sources == []


def test_a_number_is_no_binding() -> None:
    class Wrong(Two):
        def __init__(self) -> None:
            self.lines.first = 5.0  # type: ignore[assignment]

    with declaring(bars(A)), pytest.raises(DeclarationError, match=r"use self\.lines\.first\[0\] = value"):
        Wrong()


# -- by attribute --------------------------------------------------------------------------------------------------


def test_an_attribute_with_the_name_of_a_line_keeps_the_object_and_binds() -> None:
    kept: list[Any] = []

    class Bound(Two):
        def __init__(self) -> None:
            self.first = made = Plain(self.data)
            kept.append(self.first is made)
            self.note = self.data.close
            self.second = self.data.high

    assert computed(Bound)[1] == [a + 1 for a in A]
    assert kept == [True, True]


def test_an_attribute_does_not_bind_a_line_that_hooks_write() -> None:
    class Writing(Two):
        def __init__(self) -> None:
            self.first = self.data.close * 10

        def next(self) -> None:
            self.lines.first[0] = self.first[0] + 1

    class Silent(Writing):
        def next(self) -> None:
            pass

    assert computed(Writing)[0] == [a * 10 + 1 for a in A]
    assert same(computed(Silent)[0], [NAN] * 4)


def test_an_attribute_with_the_name_of_a_line_may_be_something_else() -> None:
    class Other(Two):
        def __init__(self) -> None:
            self.first = None
            self.second = 7

    with declaring(bars(A)):
        made = Other()
    assert (made.first, made.second) == (None, 7)
    assert made.lines.first._sources == []


def test_a_class_with_its_own_way_to_set_attributes_keeps_it() -> None:
    class Guarded(Two):
        def __setattr__(self, name: str, value: Any) -> None:
            object.__setattr__(self, name, (value,) if name == "note" else value)

        def __init__(self) -> None:
            self.note = 1

    class Below(Guarded):
        pass

    with declaring(bars(A)):
        assert Guarded().note == Below().note == (1,)


# -- from the other side -------------------------------------------------------------------------------------------


def test_an_indicator_binds_lines_of_its_owner() -> None:
    class Inner(Two):
        def __init__(self) -> None:
            self.lines.first = self.data.close + 1
            self.lines.second = self.data.close + 2

    class ByDefault(Two):
        def __init__(self) -> None:
            Inner(self.data).bindlines()

    class ByNumber(Two):
        def __init__(self) -> None:
            Inner(self.data).bind2lines(1, 1)

    class ByName(Two):
        def __init__(self) -> None:
            Inner(self.data).bindlines(("first", "second"), ["second", "first"])

    one, two = [a + 1 for a in A], [a + 2 for a in A]
    assert computed(ByDefault)[0] == one
    assert computed(ByNumber)[1] == two
    assert computed(ByName) == [two, one]


def test_a_line_gives_its_values_to_another() -> None:
    class Giving(Two):
        def __init__(self) -> None:
            (self.data.close + 1).addbinding(self.lines.second)
            self.lines.first.bind2line(1)

    assert computed(Giving)[1] == [a + 1 for a in A]
