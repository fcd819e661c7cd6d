"""Several feeds: each cycle has the bars that backtrader's has, whichever way a run steps."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest

from .scenes import MINUTES, OURS, START, BulkRows, differ, prices, scene

pytestmark = pytest.mark.contract

MODES: dict[str, dict[str, Any]] = {
    "vectorised": {},
    "stepped": {"runonce": False},
    "delivered": {"preload": False},
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("block", range(4))
def test_feeds_with_gaps_and_different_ends_merge_as_there(block: int, mode: str) -> None:
    for seed in range(block * 15, block * 15 + 15):
        assert differ(scene(seed, resample=False), **MODES[mode]) is not True, seed


@pytest.mark.parametrize("mode", MODES)
def test_unsorted_and_doubled_times_merge_as_there(mode: str) -> None:
    for seed in range(40):
        assert differ(scene(seed, resample=False, unsorted=True), **MODES[mode]) is not True, seed


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("block", range(5))
def test_resampled_feeds_come_in_the_same_cycles(block: int, mode: str) -> None:
    for seed in range(1000 + block * 20, 1020 + block * 20):
        assert differ(scene(seed), **MODES[mode]) is not True, seed


@pytest.mark.long
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("block", range(20))
def test_many_resampled_feeds_come_in_the_same_cycles(block: int, mode: str) -> None:
    for seed in range(10_000 + block * 200, 10_200 + block * 200):
        assert differ(scene(seed), **MODES[mode]) is not True, seed


@pytest.mark.parametrize("block", range(3))
def test_feeds_on_one_grid_with_larger_bars_of_each(block: int) -> None:
    for seed in range(block * 15, block * 15 + 15):
        chance = random.Random(seed)
        grid = [START + timedelta(minutes=k + k // 60 * 1000) for k in range(chance.randint(30, 200))]
        missing = chance.choice([0.0, 0.0, 0.02, 0.3])
        plans = []
        for _ in range(chance.randint(2, 3)):
            times = [t for t in grid if chance.random() >= missing] or grid[:1]
            if chance.random() < 0.3:
                times = times[: max(1, len(times) - chance.randint(1, 30))]
            sizes = [(MINUTES, chance.choice([1, 5, 15, 60])), (5, chance.choice([1, 1, 2])), (6, 1)]
            wanted = [chance.choice(sizes) for _ in range(chance.choice([0, 1, 1, 2]))]
            plans.append((prices(chance, times), wanted))

        def build(cerebro: Any, feed: Any, plans: list[Any] = plans) -> None:
            for rows, wanted in plans:
                data = feed(rows=rows, timeframe=MINUTES)
                cerebro.adddata(data)
                for timeframe, compression in wanted:
                    cerebro.resampledata(data, timeframe=timeframe, compression=compression)

        assert differ(build, feeds=(BulkRows, OURS)) is not True, seed


@pytest.mark.parametrize("mode", MODES)
def test_a_last_bar_that_is_seen_before_its_turn_ends_as_there(mode: str) -> None:
    for seed in range(60):
        chance = random.Random(seed)
        plans = []
        for _ in range(2):
            day = START + timedelta(days=chance.randint(0, 2), minutes=chance.randint(0, 90))
            times = []
            for _ in range(chance.randint(1, 4)):
                times += [day + timedelta(minutes=17 * k) for k in range(chance.choice([1, 1, 2, 5]))]
                day += timedelta(days=chance.choice([1, 1, 2, 7]), minutes=chance.randint(-5, 5))
            wanted = chance.choice([None, (5, 1), (5, 1), (5, 2), (6, 1), (7, 1), (MINUTES, 60)])
            timeframe = chance.choice([MINUTES, MINUTES, MINUTES, 5])
            plans.append((prices(chance, times), timeframe, wanted))

        def build(cerebro: Any, feed: Any, plans: list[Any] = plans) -> None:
            for rows, timeframe, wanted in plans:
                data = feed(rows=rows, timeframe=timeframe)
                cerebro.adddata(data)
                if wanted is not None:
                    cerebro.resampledata(data, timeframe=wanted[0], compression=wanted[1])

        assert differ(build, **MODES[mode]) is not True, seed
