"""What a split makes of a holding: the exact number of shares, as near as numbers can hold it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtrail.market.splitting import exact_ratio, shares_after


@pytest.mark.parametrize(
    ("size", "ratio", "after"),
    [
        (30, 0.1, 3),
        (-30, 0.1, -3),
        (49, 1 / 49, 1),
        (9, 0.333333333333, 3),
        (7, 1.5, 10.5),
        (10, 1 / 3, 10 / 3),
        (10 / 3, 3.0, 10.0),
        (0.1, 30.0, 3.0),
        (1.4999999999, 2.0, 2.9999999998),  # a fraction that is held, not one that was rounded
        (100, 1.04871234, 104.871234),
        (0, 2.0, 0),
    ],
)
def test_a_split_gives_so_many_shares(size: float, ratio: float, after: float) -> None:
    found = shares_after(size, ratio)
    assert found == after
    assert isinstance(found, int) == (isinstance(size, int) and isinstance(after, int))


@pytest.mark.parametrize("size", [float("inf"), float("nan")])
def test_sizes_that_are_no_numbers_stay_so(size: float) -> None:
    assert repr(shares_after(size, 0.1)) == repr(size)


@given(st.integers(1, 10**9), st.integers(1, 200), st.integers(1, 200))
def test_a_split_and_its_reverse_leave_what_was_held(size: int, new: int, old: int) -> None:
    there = shares_after(size, new / old)
    assert there == pytest.approx(size * new / old, rel=1e-12)
    assert shares_after(there, old / new) == size
    if size * new % old == 0:
        assert there == size * new // old


@given(st.floats(1e-6, 1e6), st.floats(1e-3, 1e3))
def test_any_ratio_multiplies(size: float, ratio: float) -> None:
    assert shares_after(size, ratio) == pytest.approx(size * ratio, rel=2e-9)


@given(st.integers(1, 10_000), st.integers(1, 10_000))
def test_a_ratio_of_whole_numbers_is_found(new: int, old: int) -> None:
    wanted: Any = Fraction(new, old)
    assert exact_ratio(new / old) == wanted
