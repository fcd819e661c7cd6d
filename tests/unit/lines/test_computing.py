"""Indicators compute the same over all bars and bar by bar, in the typed and in the legacy spelling."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.unit.lines.stage import NAN, Bars, bars, declaring, fill, same, step, values

from backtrail.lines.clock import Clock
from backtrail.lines.iterator import IndicatorBase

A = [3.0, 1.0, 2.0, 5.0, 4.0]


class Base(IndicatorBase):
    """An indicator that notes its calls."""

    lines = ("x", "y")
    params = (("period", 3),)
    calls: list[Any]

    def __init__(self) -> None:
        self.calls = []
        self.addminperiod(self.p.period)


class Typed(Base):
    def compute(self, start: int, stop: int) -> None:
        self.calls.append((start, stop))
        source = self.data.array
        self.lines.x.array[start:stop] = source[start:stop] - source[start - 2 : stop - 2]


class NextOnly(Base):
    def next(self) -> None:
        self.calls.append(len(self))
        self.lines.x[0] = self.data[0] - self.data[-2]


class AllHooks(NextOnly):
    def prenext(self) -> None:
        self.calls.append(f"pre {len(self)}")
        self.lines.y[0] = -1.0

    def nextstart(self) -> None:
        self.calls.append(f"start {len(self)}")
        self.lines.y[0] = -2.0
        self.next()


class OnceAndNext(NextOnly):
    def preonce(self, start: int, end: int) -> None:
        self.calls.append(("pre", start, end))

    def once(self, start: int, end: int) -> None:
        self.calls.append((start, end))
        for at in range(start, end):
            self.lines.x.array[at] = self.data.array[at] - self.data.array[at - 2]


class OnceOnly(Base):
    def once(self, start: int, end: int) -> None:
        for at in range(start, end):
            self.lines.x.array[at] = 7.0


class Nothing(Base):
    pass


DIFFERENCE = [NAN, NAN, -1.0, 4.0, 2.0]


def built(kind: type[Base], compute: Any, close: list[float] = A, **kwargs: Any) -> Base:
    data = bars(close)
    with declaring(data) as host:
        made = kind(data, **kwargs)
    compute(host)
    assert data._c_.i == (-1 if compute is fill else len(close) - 1)
    return made


@pytest.mark.parametrize("kind", [Typed, NextOnly, AllHooks, OnceAndNext])
def test_all_spellings_give_the_same(kind: type[Base]) -> None:
    for compute in (fill, step):
        assert same(values(built(kind, compute)), DIFFERENCE)


def test_compute_is_called_once_for_all_bars_or_once_per_bar() -> None:
    assert built(Typed, fill).calls == [(2, 5)]
    assert built(Typed, step).calls == [(2, 3), (3, 4), (4, 5)]
    assert built(Typed, fill, period=9).calls == []
    assert built(Typed, fill).first == 2


def test_hooks_are_called_before_at_and_after_the_warm_up() -> None:
    expected = ["pre 1", "pre 2", "start 3", 3, 4, 5]
    for compute in (fill, step):
        made = built(AllHooks, compute)
        assert made.calls == expected
        assert same(values(made.y), [-1.0, -1.0, -2.0, NAN, NAN])
    assert built(AllHooks, fill, period=9).calls == [f"pre {n}" for n in range(1, 6)]


def test_vectorised_hooks_get_ranges() -> None:
    assert built(OnceAndNext, fill).calls == [("pre", 0, 2), (2, 3), (3, 5)]
    assert built(OnceAndNext, step).calls == [3, 4, 5]
    assert built(OnceAndNext, fill, period=9).calls == [("pre", 0, 5)]


def test_once_alone_computes_nothing_bar_by_bar() -> None:
    assert same(values(built(OnceOnly, fill)), [NAN, NAN, 7.0, 7.0, 7.0])
    assert same(values(built(OnceOnly, step)), [NAN] * 5)


def test_without_hooks_nothing_is_computed() -> None:
    for compute in (fill, step):
        assert same(values(built(Nothing, compute)), [NAN] * 5)


def test_the_most_derived_spelling_decides() -> None:
    class Corrected(OnceAndNext):
        def next(self) -> None:
            self.lines.x[0] = 1.0

    class Faster(NextOnly):
        def compute(self, start: int, stop: int) -> None:
            self.lines.x.array[start:stop] = 2.0

    class Prepared(Typed):
        def prenext(self) -> None:
            self.lines.x[0] = 0.0

    for compute in (fill, step):
        assert same(values(built(Corrected, compute)), [NAN, NAN, 1.0, 1.0, 1.0])
        assert same(values(built(Faster, compute)), [NAN, NAN, 2.0, 2.0, 2.0])
        assert same(values(built(Prepared, compute)), [0.0, 0.0, -1.0, 4.0, 2.0])


def test_compute_beside_next_is_a_method_like_any_other() -> None:
    class Helped(Base):
        def compute(self, factor: float) -> float:  # type: ignore[override]
            return self.data[0] * factor  # type: ignore[no-any-return]

        def next(self) -> None:
            self.lines.x[0] = self.compute(2.0)

    for compute in (fill, step):
        assert same(values(built(Helped, compute)), [NAN, NAN, 4.0, 10.0, 8.0])


def test_names_of_ours_are_free_for_lines_and_attributes() -> None:
    class Taken(IndicatorBase):
        lines = ("first", "array", "compute")

        def __init__(self) -> None:
            self.first = True
            self.dnames = self.ddatas = None

        def next(self) -> None:
            self.lines.first[0] = 1.0
            self.lines.compute[0] = 2.0

    data = bars(A)
    with declaring(data) as host:
        made = Taken(data)
    fill(host)
    assert (values(made.lines[0])[0], values(made.lines.compute)[0], made.first) == (1.0, 2.0, True)


def test_legacy_once_sees_python_floats_and_numpy_comes_back() -> None:
    class Dividing(Base):
        def once(self, start: int, end: int) -> None:
            self.kind = type(self.data.array[start])
            for at in range(start, end):
                self.lines.x.array[at] = 1.0 / self.data.array[at]

    made = built(Dividing, fill)
    assert made.kind is float
    assert isinstance(made.lines.x.array, np.ndarray)
    assert isinstance(made.data.close.array, np.ndarray)
    with pytest.raises(ZeroDivisionError):
        built(Dividing, fill, [0.0] * 5)


def test_once_can_replay_the_other_hooks() -> None:
    class Replaying(AllHooks):
        def preonce(self, start: int, end: int) -> None:
            self.preonce_via_prenext(start, end)

        def oncestart(self, start: int, end: int) -> None:
            self.oncestart_via_nextstart(start, end)

        def once(self, start: int, end: int) -> None:
            self.once_via_next(start, end)

    assert built(Replaying, fill).calls == ["pre 1", "pre 2", "start 3", 3, 4, 5]


def test_hooks_may_keep_state_and_read_what_was_built_before() -> None:
    class Inner(Base):
        def next(self) -> None:
            self.lines.x[0] = self.data[0] * 10

    class Outer(Base):
        def __init__(self) -> None:
            self.inner = Inner(self.data, period=1)
            self.before = self.inner(-1)
            self.total = 0.0

        def next(self) -> None:
            self.total += self.inner[0] + self.before[0]
            self.lines.x[0] = self.total

    expected = [NAN, 40.0, 70.0, 140.0, 230.0]
    for compute in (fill, step):
        assert same(values(built(Outer, compute)), expected)


def test_parts_are_computed_in_the_order_in_which_they_were_built() -> None:
    class Parts(IndicatorBase):
        lines = ("x", "y")

        def __init__(self) -> None:
            self.lines.x = self.data * 2
            second = self.lines.x + 1
            self.lines.y = second * second

    class Whole(IndicatorBase):
        lines = ("z",)

        def __init__(self) -> None:
            self.lines.z = Parts(self.data).y - 1

    data_sets = []
    for compute in (fill, step):
        data = bars(A)
        with declaring(data) as host:
            made = Whole(data)
        compute(host)
        data_sets.append(values(made))
    assert data_sets == [[(a * 2 + 1) ** 2 - 1 for a in A]] * 2


def test_a_bar_may_be_computed_again() -> None:
    data = bars(A)
    with declaring(data) as host:
        made = NextOnly(data)
        node = data.close(-1) + data.close
    step(host)
    data.close[0] = 40.0
    for child in host._children_:
        child._step_()
    assert (made.x[0], node[0]) == (38.0, 45.0)


# -- several clocks ------------------------------------------------------------------------------------------------


def two_clocks(aligned: bool) -> tuple[Bars, Bars]:
    """Give five bars, and two bars that are current from the second and from the fourth of them on."""
    fast = bars(A)
    slow = bars([100.0, 200.0], Clock(2))
    slow._c_.bars_at = np.array([-1, 0, 0, 1, 1])
    fast._c_.aligned = slow._c_.aligned = aligned
    return fast, slow


class Both(IndicatorBase):
    _mindatas = 2
    lines = ("x",)

    def next(self) -> None:
        self.lines.x[0] = self.data0[0] + self.data1[0] if len(self.data1) else 0.0


def test_hooks_see_bars_of_another_clock_by_time() -> None:
    fast, slow = two_clocks(aligned=True)
    with declaring(fast, slow) as host:
        made = Both(fast, slow)
    fill(host)
    assert values(made) == [0.0, 101.0, 102.0, 205.0, 204.0]
    assert (fast._c_.i, slow._c_.i) == (-1, -1)


def test_hooks_see_bars_of_another_clock_by_position_where_backtrader_does() -> None:
    fast, slow = two_clocks(aligned=False)
    with declaring(fast, slow) as host:
        Both(fast, slow)
    with pytest.raises(IndexError):
        fill(host)


def test_what_bar_by_bar_computing_would_make_otherwise_is_known() -> None:
    from tests.unit.lines.test_operators import Doubled

    class Legacy(IndicatorBase):
        lines = ("x",)

        def next(self) -> None:
            pass

    class Composed(IndicatorBase):
        lines = ("x",)

        def __init__(self) -> None:
            self.lines.x = Legacy(self.data)

    class Reaching(IndicatorBase):
        lines = ("x",)

        def __init__(self) -> None:
            self.lines.x = self.data.close(2)

    fast, slow = two_clocks(aligned=True)
    with declaring(fast, slow) as host:
        Typed(slow)
        slow.close(-1)
        assert host._same_in_steps_()
    for make in (Legacy, Composed, Reaching, Doubled, lambda feed: feed.close(1)):
        for feed in (fast, slow):
            with declaring(fast, slow) as host:
                Typed(feed)
                make(feed)
                assert not host._same_in_steps_()


def test_a_composed_indicator_runs_with_its_parts_on_the_slow_clock() -> None:
    class Composed(IndicatorBase):
        lines = ("x", "y")

        def __init__(self) -> None:
            self.lines.x = self.data(-1) + self.data
            self.lines.y = self.data1.close + 0

    fast, slow = two_clocks(aligned=True)
    with declaring(fast, slow) as host:
        made = Composed(slow, fast)
    for at, seen in enumerate([-1, 0, 0, 1, 1]):
        fast._c_.i, slow._c_.i = at, seen
        for child in host._children_:
            child._step_()
    assert same(values(made.x), [NAN, 300.0])
    assert values(made.y) == [2.0, 4.0] or values(made.y) == [3.0, 5.0]


def test_running_is_passed_on_to_parts_and_datas() -> None:
    data = bars(A)
    with declaring(data) as host:
        made = NextOnly(data)
    host._go_live_(True)
    assert made._live_
    assert made.x._live_
    assert data.close._live_
    host._go_live_(False)
    assert not data.close._live_


def test_nothing_is_computed_before_the_clock_has_a_bar() -> None:
    data = bars(A)
    with declaring(data) as host:
        made = Both(data, data)
        node = data.close - 1
    for child in host._children_:
        child._step_()
    assert len(made.lines.x.array) == len(node.array) == 0
