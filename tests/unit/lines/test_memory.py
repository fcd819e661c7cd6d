"""Runs that keep only the last bars."""

from __future__ import annotations

import pytest
from tests.unit.lines.stage import Bars, Host, bars, declaring

from backtrail.lines.iterator import IndicatorBase
from backtrail.lines.memory import LEAST, Memory


class Mean(IndicatorBase):
    lines = ("mean",)
    params = (("period", 3),)

    def __init__(self) -> None:
        self.addminperiod(self.p.period)
        self.before = self.data(-1)

    def next(self) -> None:
        self.lines.mean[0] = sum(self.data.get(size=self.p.period)) / self.p.period + self.before[0]


def growing(data: Bars, host: Host, count: int, memory: Memory | None) -> list[float]:
    """Let *count* bars arrive one by one; give what the first indicator says on each."""
    seen = []
    first = host._children_[0]
    for number in range(count):
        data.forward(float(number))
        for child in host._children_:
            child._step_()
        if memory is not None:
            memory.forget()
        seen.append(first[0])
    return seen


def staged(period: int = 3) -> tuple[Bars, Host]:
    data = Bars()
    with declaring(data) as host:
        Mean(data, period=period)
    return data, host


def test_old_bars_are_forgotten_and_values_stay_the_same() -> None:
    data, host = staged()
    kept, keeper = staged()
    memory = Memory((data, host), least=5)
    found = growing(data, host, 200, memory)
    expected = growing(kept, keeper, 200, None)
    assert found[3:] == expected[3:]
    assert (len(data), len(host.getindicators()[0])) == (200, 200)
    assert data._c_.i < 15
    assert data.close[0] == 199.0
    assert data.close[-4] == 195.0
    with pytest.raises(IndexError, match="exactbars=1 keeps only the last"):
        data.close[-100]


def test_storage_stays_bounded() -> None:
    data, host = staged()
    growing(data, host, 2_000, Memory((data, host), least=5))
    mean = host.getindicators()[0]
    assert max(len(one.array) for group in (data, mean) for one in group.lines) <= 256
    assert len(mean.before.array) <= 256


def test_the_longest_warm_up_is_kept() -> None:
    data, host = staged(period=50)
    memory = Memory((data, host), least=5)
    assert memory.keep == 50
    found = growing(data, host, 200, memory)
    assert found[-1] == sum(range(150, 200)) / 50 + 198
    assert Memory((data, host)).keep == LEAST


def test_what_is_reached_twice_is_moved_once() -> None:
    data, host = staged()
    memory = Memory((data, host, data, host), least=5)
    assert growing(data, host, 50, memory)[-1] == 48.0 + 48.0


def test_nothing_happens_before_enough_has_come_together() -> None:
    data = bars([1.0] * 5)
    data._c_.i = 4
    Memory((data,), least=5).forget()
    assert (data._c_.i, data._c_.dropped) == (4, 0)
