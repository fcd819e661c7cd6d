"""Reading lines: the current bar, the past, slices, and reads that reach outside of the past."""

from __future__ import annotations

import datetime as dt
import pickle
import warnings
from typing import Any

import numpy as np
import pytest
from tests.unit.lines.stage import bars, watched

from backtrail.errors import LookAheadError, LookAheadWarning
from backtrail.lines.buffer import Line, as_line
from backtrail.lines.clock import Clock
from backtrail.lines.root import LineRoot

CLOSE = [1.0, 2.0, 3.0, 4.0, 5.0]


def at(bar: int) -> Any:
    data = bars(CLOSE)
    data._c_.i = bar
    return data


def delivered(bar: int) -> Any:
    """Give a data whose bars arrive one by one; bar number *bar* has arrived last."""
    data = at(bar)
    data._c_.size = 0
    for line in data.lines:
        line._reserve(100)
    return data


# -- single values -------------------------------------------------------------------------------------------------


def test_zero_is_the_current_bar_and_negative_numbers_count_back() -> None:
    data = at(2)
    assert (data.close[0], data.close[-1], data.close[-2]) == (3.0, 2.0, 1.0)
    assert (data[0], data[-1]) == (3.0, 2.0)
    assert type(data.close[0]) is float


def test_length_counts_the_bars_seen_also_those_that_were_dropped() -> None:
    data = at(2)
    assert len(data) == len(data.close) == len(data.lines) == len(data._c_) == 3
    data._c_.dropped = 100
    assert len(data) == len(data.close) == len(data._c_) == 103
    assert data.close.lencount == 103
    assert repr(data._c_) == "Clock(i=2, size=5, dropped=100)"


def test_a_value_is_set_at_the_current_bar_or_before() -> None:
    data = at(2)
    data.close[0] = 30
    data.close[-1] = True
    data.close.set(10.0, -2)
    assert [data.close[0], data.close[-1], data.close[-2]] == [30.0, 1.0, 10.0]


def test_indices_can_be_read_and_set() -> None:
    data = at(2)
    assert data.close.idx == data.close.get_idx() == 2
    data.close.set_idx(3)
    assert data.high[0] == 4.0
    data.close.idx = 1
    assert data.high[0] == 2.0
    assert data.close.extension == 0


# -- outside of the past -------------------------------------------------------------------------------------------


def test_a_read_of_the_future_is_an_error_and_the_run_remembers_it() -> None:
    data = at(2)
    policy = watched(data, "error")
    with pytest.raises(LookAheadError, match=r"close\[1\] was read at bar 3: that is 1 bar\(s\)") as caught:
        data.close[1]
    with pytest.raises(LookAheadError):
        data[2]
    assert not isinstance(caught.value, IndexError)
    assert policy.broken is caught.value


def test_a_read_of_the_future_may_only_warn_once_per_line() -> None:
    data = at(2)
    policy = watched(data, "warn")
    with pytest.warns(LookAheadWarning, match=r"was read at bar 3: a bar of the future") as caught:
        found = [data.close[1], data.close[2], data.high[1]]
    assert found == [4.0, 5.0, 4.0]
    assert [str(w.message)[:4] for w in caught] == ["clos", "high"]
    assert policy.broken is None


def test_a_read_of_the_future_may_be_allowed() -> None:
    data = at(2)
    watched(data, "allow")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert data.close[2] == 5.0


def test_there_is_nothing_beyond_the_stored_bars() -> None:
    data = at(2)
    watched(data, "allow")
    with pytest.raises(IndexError, match=r"close\[3\] at bar 3: there are only 5 bars"):
        data.close[3]
    with pytest.raises(IndexError):
        delivered(2).close[1]


def test_a_read_before_the_first_bars_gives_bars_from_the_end_with_one_warning() -> None:
    data = at(1)
    watched(data, "error")
    with pytest.warns(LookAheadWarning, match=r"close\[-2\] was read at bar 2, before there are that many") as caught:
        found = [data.close[-2], data.close[-3], data.close[-6]]
    assert found == [5.0, 4.0, 1.0]
    assert len([one for one in caught if one.category is LookAheadWarning]) == 1
    with pytest.raises(IndexError, match="there are only 5 bars before it"):
        data.close[-7]


def test_a_read_before_the_first_bar_gives_the_last_one_with_one_warning() -> None:
    data = at(-1)
    watched(data, "error")
    with pytest.warns(LookAheadWarning, match="was read before the first bar was delivered") as caught:
        found = [data.close[0], data.close[-1], data.close[1]]
    assert found == [5.0, 4.0, 1.0]
    assert len([one for one in caught if one.category is LookAheadWarning]) == 1


def test_without_a_run_nobody_warns() -> None:
    data = at(1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert data.close[-2] == 5.0


def test_bars_that_arrive_one_by_one_wrap_within_those_that_have_arrived() -> None:
    data = delivered(2)
    assert data.close[-3] == 3.0
    with pytest.raises(IndexError):
        data.close[-7]
    with pytest.raises(IndexError, match="there are only 0 bars before it"):
        delivered(-1).close[0]


def test_bars_that_were_dropped_are_gone() -> None:
    data = delivered(2)
    data._c_.dropped = 10
    assert data.close[-2] == 1.0
    with pytest.raises(IndexError, match=r"close\[-3\] at bar 13: exactbars=1 keeps only the last 3 bars"):
        data.close[-3]
    with pytest.raises(IndexError, match="bars 10 to 13 were asked for; exactbars=1 keeps only the last 3"):
        data.close.get(size=4)


def test_an_abstract_line_has_nothing_to_read() -> None:
    bare = LineRoot()
    bare._c_ = Clock()
    with pytest.raises(NotImplementedError):
        bare[0]
    assert repr(bare) == "<LineRoot at 0>"


# -- slices --------------------------------------------------------------------------------------------------------


def test_get_gives_values_up_to_the_current_bar() -> None:
    data = at(3)
    assert list(data.close.get()) == [4.0]
    assert list(data.close.get(size=3)) == [2.0, 3.0, 4.0]
    assert list(data.close.get(ago=-1, size=2)) == [2.0, 3.0]
    assert list(data.close.get(-1, 2)) == list(data.lines.get(-1, 2)) == [2.0, 3.0]
    assert list(data.lines.get(0, 2, 1)) == [3.0, 4.0]
    assert data.close.get(size=2).typecode == "d"
    assert list(data.close.get(size=0)) == []


def test_get_leaves_out_what_lies_before_the_first_bar() -> None:
    assert list(at(1).close.get(size=3)) == []
    assert list(delivered(1).close.get(size=3)) == [2.0]


def test_get_of_the_future_follows_the_policy() -> None:
    data = at(2)
    watched(data, "error")
    with pytest.raises(LookAheadError):
        data.close.get(ago=1, size=2)
    watched(data, "allow")
    assert list(data.close.get(ago=1, size=2)) == [3.0, 4.0]


def test_getzero_counts_from_the_first_stored_bar() -> None:
    data = at(1)
    assert list(data.close.getzero()) == [1.0]
    assert list(data.close.getzero(1, 3)) == [2.0, 3.0, 4.0]
    assert list(data.close.getzero(3, 9)) == [4.0, 5.0]
    assert data.close.getzeroval() == 1.0
    assert data.close.getzeroval(2) == 3.0
    assert list(delivered(1).close.getzero(0, 9)) == [1.0, 2.0]
    with pytest.raises(IndexError):
        delivered(1).close.getzeroval(2)


def test_plot_gives_what_was_delivered_and_plotrange_what_is_stored() -> None:
    data = at(2)
    assert list(data.close.plot()) == [1.0, 2.0, 3.0]
    assert list(data.close.plot(1, 3)) == [2.0, 3.0, 4.0]
    assert list(data.close.plotrange(1, 3)) == [2.0, 3.0]
    assert list(data.close.plotrange(1, None)) == [2.0, 3.0, 4.0, 5.0]
    assert list(delivered(2).close.plotrange(1, None)) == [2.0, 3.0]


def test_buflen_counts_the_stored_bars() -> None:
    assert at(2).close.buflen() == at(2).lines.buflen() == at(2).buflen() == 5
    assert delivered(2).close.buflen() == 3


# -- times ---------------------------------------------------------------------------------------------------------

NOON = dt.datetime(2020, 5, 4, 12, 30)


def stamped() -> Line:
    from backtrail.base.time import date2num

    line = Line(Clock(2))
    line._store(np.array([date2num(NOON - dt.timedelta(days=1)), date2num(NOON)]))
    line._c_.i = 1
    return line


def test_a_date_number_is_read_as_date_and_time() -> None:
    line = stamped()
    assert line.datetime() == NOON
    assert line.datetime(-1) == NOON - dt.timedelta(days=1)
    assert line.date() == NOON.date()
    assert line.time() == NOON.time()
    assert line.dt() == NOON.toordinal()


def test_a_date_number_is_read_in_the_zone_of_the_feed_or_another() -> None:
    line = stamped()
    five_behind = dt.timezone(dt.timedelta(hours=-5))
    line._settz(five_behind)
    assert line.datetime() == NOON - dt.timedelta(hours=5)
    assert line.time(naive=False).tzinfo is not None
    assert line.datetime(tz=dt.UTC) == NOON


def test_times_of_day_are_compared_on_the_day_of_the_value() -> None:
    line = stamped()
    noon = 12.5 / 24
    assert line.tm_raw() == pytest.approx(noon)
    assert line.tm() == pytest.approx(noon)
    day = line.dt()
    assert (line.tm_lt(0.6), line.tm_le(0.6), line.tm_gt(0.6), line.tm_ge(0.6), line.tm_eq(0.6)) == (
        True, True, False, False, False,
    )  # fmt: skip
    assert line.tm2dtime(0.5) == day + 0.5
    assert line.tm2datetime(0.5) == dt.datetime(2020, 5, 4, 12)


# -- storage -------------------------------------------------------------------------------------------------------


def test_new_room_is_empty_and_old_values_stay() -> None:
    line = Line()
    assert line.buflen() == 0
    line._reserve(3)
    line._c_.i = 0
    line[0] = 7.0
    line._reserve(1000)
    assert len(line.array) >= 1000
    assert line[0] == 7.0
    assert np.isnan(line.array[1:]).all()


def test_trimming_keeps_the_first_bars() -> None:
    data = at(1)
    data.close._trim(2)
    assert list(data.close.array) == [1.0, 2.0]
    data.close._trim(9)
    assert list(data.close.array) == [1.0, 2.0]


def test_compacting_moves_the_last_bars_to_the_front() -> None:
    line = at(4).close
    line._compact(3)
    assert list(line.array[:2]) == [4.0, 5.0]
    assert np.isnan(line.array[2:]).all()
    line._compact(9)
    assert np.isnan(line.array).all()


def test_array_and_values_are_one_storage() -> None:
    data = at(2)
    data.close.array[2] = 99.0
    assert data.close[0] == data[0] == data.array[2] == 99.0
    data.close._store(np.zeros(5))
    assert data[0] == data.close[0] == 0.0


def test_lines_can_be_pickled() -> None:
    line = at(2).close
    copy = pickle.loads(pickle.dumps(line))
    assert copy[0] == 3.0
    copy[0] = 9.0
    assert (copy.array[2], line[0]) == (9.0, 3.0)


def test_groups_can_be_pickled_together_with_their_lines() -> None:
    data = at(2)
    copies = [pickle.loads(pickle.dumps(one)) for one in (data, data.high, data.close, data.lines)]
    for copy in (copies[0], *(one._owner for one in copies[1:])):
        assert (copy[0], copy.high[0], copy.close is copy.lines.close) == (3.0, 3.0, True)
        copy.close._store(np.zeros(5))
        assert copy[0] == 0.0
    assert data[0] == 3.0


def test_a_group_stands_for_its_first_line() -> None:
    data = at(2)
    assert as_line(data) is data.close
    assert as_line(data.high) is data.high
    assert as_line(3.0) is None
    assert data.close.lines == [data.close]
