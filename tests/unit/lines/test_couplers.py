"""Lines of one clock as another clock sees them."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.lines.stage import NAN, Bars, Plain, bars, declaring, fill, same, values

from backtrail.lines.align import seen_index, seen_values
from backtrail.lines.clock import Clock
from backtrail.lines.coupler import LineCoupler, couple

FAST = [1.0, 2.0, 3.0, 4.0, 5.0]
SLOW = [100.0, 200.0]
AT = [-1, 0, 0, 1, 1]


def two(aligned: bool = True) -> tuple[Bars, Bars]:
    fast, slow = bars(FAST), bars(SLOW, Clock(2))
    slow._c_.bars_at = np.array(AT)
    fast._c_.aligned = slow._c_.aligned = aligned
    return fast, slow


def stepped(host: object, fast: Bars, slow: Bars, children: list[object]) -> None:
    for at, seen in enumerate(AT):
        fast._c_.i, slow._c_.i = at, seen
        for child in children:
            child._step_()  # type: ignore[attr-defined]


def test_a_bar_sees_the_last_bar_of_the_other_clock() -> None:
    fast, slow = two()
    assert seen_index(slow._c_, fast._c_, 0, 5).tolist() == AT
    assert seen_index(slow._c_, fast._c_, 2, 4).tolist() == [0, 1]
    assert same(seen_values(slow.close, fast._c_, 0, 5).tolist(), [NAN, 100.0, 100.0, 200.0, 200.0])
    assert seen_values(fast.close, fast._c_, 1, 3).tolist() == [2.0, 3.0]


def test_a_slow_bar_sees_the_fast_bar_of_the_cycle_in_which_it_came() -> None:
    fast, slow = two()
    assert seen_index(fast._c_, slow._c_, 0, 2).tolist() == [1, 3]
    assert seen_values(fast.close, slow._c_, 0, 2).tolist() == [2.0, 4.0]


def test_where_backtrader_combines_by_position_so_does_this_as_long_as_there_are_bars() -> None:
    fast, slow = two(aligned=False)
    assert seen_values(fast.close, slow._c_, 0, 2).tolist() == [1.0, 2.0]
    assert same(seen_values(slow.close, fast._c_, 0, 5).tolist(), [NAN, 100.0, 100.0, 200.0, 200.0])


@pytest.mark.parametrize("aligned", [True, False])
def test_a_coupled_line_has_a_value_on_every_bar(aligned: bool) -> None:
    expected = [NAN, 100.0, 100.0, 200.0, 200.0]
    fast, slow = two(aligned)
    with declaring(fast, slow) as host:
        line = slow.close()
        group = slow(fast)
        named = slow(None, line="high")
    assert (line._c_, line._root_, line._minperiod, line._owner) == (fast._c_, fast, 1, host)
    fill(host)
    assert same(values(line), expected)
    assert same(values(group), expected)
    assert same(values(named), expected)
    assert same(values(group.lines.low), expected)
    assert (group.low, group.lines.low) == (group.lines[2], group.low)
    for one in (line, *group.lines, named):
        one._allocate(0)
    fast._c_.size = 5
    stepped(host, fast, slow, host._children_)
    assert same(values(line), expected)


def test_the_warm_up_of_a_coupled_line_is_counted_on_its_own_clock() -> None:
    fast, slow = two()
    slow.close._minperiod = 7
    with declaring(fast, slow):
        assert slow.close()._minperiod == 1


def test_an_expression_of_two_clocks_runs_on_the_first() -> None:
    fast, slow = two()
    with declaring(fast, slow) as host:
        node = fast.close + slow.close
        other = slow.close - fast.close
    fill(host)
    assert same(values(node), [NAN, 102.0, 103.0, 204.0, 205.0])
    assert values(other) == [98.0, 196.0]
    for one in (node, other):
        one._allocate(0)
    stepped(host, fast, slow, host._children_)
    assert same(values(node), [NAN, 102.0, 103.0, 204.0, 205.0])
    assert values(other) == [95.0 + 0.0, 195.0] or values(other) == [97.0, 195.0]


def test_a_binding_to_another_clock_is_taken_by_time() -> None:
    class Bound(Plain):
        def __init__(self) -> None:
            self.lines.value = self.data1.close

    fast, slow = two()
    expected = [NAN, 100.0, 100.0, 200.0, 200.0]
    with declaring(fast, slow) as host:
        made = Bound(fast, slow)
    fill(host)
    assert same(values(made), expected)
    with declaring(fast, slow) as host:
        made = Bound(fast, slow)
    stepped(host, fast, slow, host._children_)
    assert same(values(made), expected)


def test_a_delay_of_a_line_of_another_clock_counts_its_bars() -> None:
    fast, slow = two()
    with declaring(fast, slow) as host:
        delayed = slow.close(-1)
    fill(host)
    assert same(values(delayed), [NAN, 100.0])


def test_only_lines_can_be_coupled() -> None:
    with pytest.raises(TypeError, match="only inside of a strategy or an indicator"):
        couple(bars(FAST))
    fast, slow = two()
    with declaring(fast, slow):
        assert isinstance(couple(slow.close, fast), LineCoupler)
