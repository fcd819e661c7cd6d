"""Everything a strategy sees of the broker, compared with backtrader run by run."""

from __future__ import annotations

import warnings

import backtrader
import pytest
from tests.contract.broker.random_runs import Listener, Quiet, Trader, first_difference, log_of

import backtrail

CHUNK = 10
SEEDS = 80

pytestmark = pytest.mark.contract


def check(trader: type[Trader], first: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in range(first, first + CHUNK):
            expected = log_of(backtrader, seed, trader)
            found = log_of(backtrail, seed, trader)
            difference = first_difference(expected, found)
            assert difference is None, f"seed {seed}: {difference}"


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_a_listening_strategy_is_told_the_same(first: int) -> None:
    check(Listener, first)


@pytest.mark.parametrize("first", range(SEEDS, 2 * SEEDS, CHUNK))
def test_a_quiet_strategy_ends_with_the_same(first: int) -> None:
    check(Quiet, first)


def test_modes_agree() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in range(1000, 1015):
            expected = log_of(backtrail, seed, Listener)
            for options in ({"runonce": False}, {"preload": False}, {"exactbars": -1}):
                found = log_of(backtrail, seed, Listener, **options)
                difference = first_difference(expected, found)
                assert difference is None, f"seed {seed} {options}: {difference}"
