"""Python's garbage collector starts rarely while bars are stepped through, and as before afterwards."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest

import backtrail as bt
from backtrail.engine.collector import RARELY, rare_collections

from .market import cerebro

USUAL = (700, 10, 5)
PRELOADED: dict[str, dict[str, Any]] = {"vectorised": {}, "stepped": {"runonce": False}}


@pytest.fixture(autouse=True)
def _collector() -> Iterator[None]:
    """Begin with known thresholds, and leave those of the test process as they were."""
    before, on = gc.get_threshold(), gc.isenabled()
    gc.set_threshold(*USUAL)
    yield
    gc.set_threshold(*before)
    (gc.enable if on else gc.disable)()


class Watcher(bt.Strategy):
    """Note the thresholds on each bar; fail on bar *fails*."""

    params = (("fails", 0),)

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def next(self) -> None:
        self.seen.append(gc.get_threshold())
        if len(self) == self.p.fails:
            raise ArithmeticError("on purpose")


@pytest.mark.parametrize("mode", PRELOADED)
def test_the_first_threshold_is_high_during_a_run_and_as_before_afterwards(mode: str) -> None:
    (strategy,) = cerebro(Watcher, **PRELOADED[mode]).run()
    assert strategy.seen == [(RARELY, *USUAL[1:])] * 6
    assert gc.get_threshold() == USUAL
    assert gc.isenabled()


@pytest.mark.parametrize("mode", PRELOADED)
def test_the_thresholds_are_restored_after_an_exception(mode: str) -> None:
    setup = cerebro(**PRELOADED[mode])
    setup.addstrategy(Watcher, fails=3)
    with pytest.raises(ArithmeticError):
        setup.run()
    assert gc.get_threshold() == USUAL


@pytest.mark.parametrize("chosen", [(0, 10, 5), (RARELY, 3, 2), (5 * RARELY, 10, 5)], ids=str)
def test_a_collector_that_is_off_or_works_even_less_often_is_left_alone(chosen: tuple[int, int, int]) -> None:
    gc.set_threshold(*chosen)
    (strategy,) = cerebro(Watcher).run()
    assert strategy.seen == [chosen] * 6
    assert gc.get_threshold() == chosen


def test_a_collector_that_was_disabled_stays_so() -> None:
    gc.disable()
    cerebro(Watcher).run()
    assert not gc.isenabled()
    assert gc.get_threshold() == USUAL


def test_a_run_within_a_run_leaves_the_end_to_the_first() -> None:
    seen = []
    with rare_collections():
        with rare_collections():
            seen.append(gc.get_threshold())
        seen.append(gc.get_threshold())
    assert seen == [(RARELY, *USUAL[1:])] * 2
    assert gc.get_threshold() == USUAL
