"""Fillers: how much of an order a bar takes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from backtrail.broker.fillers import BarPointPerc, FixedBarPerc, FixedSize


def order(remains: float, volume: float = 100.0) -> Any:
    data = SimpleNamespace(volume=[volume], high=[10.5], low=[10.0])
    return SimpleNamespace(data=data, executed=SimpleNamespace(remsize=remains))


@pytest.mark.parametrize(
    ("filler", "remains", "volume", "filled"),
    [
        (FixedSize(), 30, 100.0, 30),
        (FixedSize(), -30, 20.0, 20.0),
        (FixedSize(size=5), 30, 100.0, 5),
        (FixedBarPerc(perc=10.0), 30, 100.0, 10.0),
        (FixedBarPerc(perc=10.0), -3, 100.0, 3),
        (BarPointPerc(), 300, 100.0, 100.0),
        (BarPointPerc(minmov=0.5), 300, 100.0, 50.0),
        (BarPointPerc(minmov=0.5), 30, 100.0, 30),
        (FixedSize(), 30, 0.0, 0.0),
    ],
)
def test_a_bar_takes_what_its_volume_allows(
    filler: Any, remains: float, volume: float, filled: float
) -> None:
    assert filler(order(remains, volume), 10.0, 0) == filled
