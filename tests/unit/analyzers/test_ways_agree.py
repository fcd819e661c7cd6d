"""An analyzer gives the same, to the last digit, stepped cycle by cycle and worked out afterwards in any pieces."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.analyzers.stubs import Path, look_back, make, step

from backtrail import analyzers
from backtrail.base.replaced import replaced_in

START = dt.datetime(2019, 12, 30, 22, 50)
CLASSES = [
    "AnnualReturn", "Calmar", "DrawDown", "GrossLeverage", "LogReturnsRolling", "PeriodStats", "Returns",
    "SharpeRatio", "SharpeRatio_A", "TimeDrawDown", "TimeReturn", "VWR",
]  # fmt: skip

values = st.lists(
    st.one_of(
        st.floats(min_value=-50.0, max_value=5000.0, allow_nan=False).map(lambda x: round(x, 2)),
        st.sampled_from([100.0, 100.0, 0.0, 99.5]),
    ),
    min_size=1,
    max_size=40,
)
gaps = st.lists(st.sampled_from([0, 1, 1, 5, 30, 700, 3000, 50000]), min_size=40, max_size=40)
periods = st.sampled_from(
    [
        {},
        {"timeframe": 5},
        {"timeframe": 6},
        {"timeframe": 7},
        {"timeframe": 8},
        {"timeframe": 9},
        {"timeframe": 4, "compression": 45},
        {"timeframe": 3, "compression": 90},
        {"timeframe": 2, "compression": 500000},
        {"timeframe": 1},
    ]
)


@pytest.mark.parametrize("name", CLASSES)
@settings(max_examples=30)
@given(values, gaps, periods, st.lists(st.integers(0, 40), max_size=5))
def test_stepped_and_worked_out_afterwards_agree(
    name: str, account: list[float], waits: list[int], period: dict[str, int], cuts: list[int]
) -> None:
    cls = getattr(analyzers, name)
    now, times = START, []
    for wait, _ in zip(waits, account):
        times.append(now)
        now += dt.timedelta(minutes=wait)
    options: dict[str, Any] = dict(period) if "timeframe" in cls.params._getkeys() else {}
    if name == "Calmar":
        options["period"] = 3
    stepped = step(*make(cls, Path(times, account), 100.0, looks_back=False, **options))
    afterwards = look_back(*make(cls, Path(times, account), 100.0, looks_back=True, **options), cuts)
    assert repr(afterwards) == repr(stepped)


@given(values, gaps, st.lists(st.integers(0, 40), max_size=5))
def test_hooks_take_over_the_state_of_whole_arrays(
    account: list[float], waits: list[int], cuts: list[int]
) -> None:
    now, times = START, []
    for wait, _ in zip(waits, account):
        times.append(now)
        now += dt.timedelta(minutes=wait)
    one, paper = make(analyzers.TimeReturn, Path(times, account), 100.0, True, timeframe=5)
    other, stub = make(analyzers.TimeReturn, Path(times, account), 100.0, False, timeframe=5)
    look_back(one, paper, cuts)
    step(other, stub)
    for name in ("dtkey", "dtcmp", "_value", "_lastvalue", "_value_start"):
        assert repr(getattr(one, name)) == repr(getattr(other, name)), name


@pytest.mark.parametrize("name", CLASSES)
def test_nothing_is_stepped_that_nobody_changed(name: str) -> None:
    cls = getattr(analyzers, name)
    assert not replaced_in(cls, cls._own_hooks_)
