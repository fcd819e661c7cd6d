"""Generated runs on backtrader and backtrail: every hook call, order, trade, cash and value must be the same.

`make test` runs fixed seeds, a little over two thousand. `BACKTRAIL_FUZZ_SEEDS=500` runs more per family, and
`make test-long` a campaign of seeds that nobody has seen yet.
"""

from __future__ import annotations

import os
from time import monotonic

import pytest
from tests.oracle import FAMILIES, compare, generate, script

FIXED = 58
PER_FAMILY = int(os.environ.get("BACKTRAIL_FUZZ_SEEDS", str(FIXED)))
CHUNK = 29
FIRST_LONG = 1_000_000


def check(family: str, seed: int) -> None:
    spec = generate(seed, family)
    found = compare(spec)
    if found is not None:
        pytest.fail(
            f"{family} {seed} differs from backtrader: {found}\n"
            f"make it small: python -m tests.oracle {family} --seeds {seed}:{seed + 1} --shrink\n{script(spec)[:300]}…",
            pytrace=False,
        )


@pytest.mark.contract
@pytest.mark.parametrize("first", range(0, PER_FAMILY, CHUNK))
@pytest.mark.parametrize("family", FAMILIES)
def test_generated_runs_are_those_of_backtrader(family: str, first: int) -> None:
    for seed in range(first, min(first + CHUNK, PER_FAMILY)):
        check(family, seed)


def test_the_fixed_seeds_are_at_least_two_thousand_runs() -> None:
    assert len(FAMILIES) * FIXED >= 2_000


@pytest.mark.long
@pytest.mark.contract
@pytest.mark.parametrize("family", FAMILIES)
def test_unseen_runs_are_those_of_backtrader(family: str) -> None:
    seconds = float(os.environ.get("BACKTRAIL_FUZZ_SECONDS", "60"))
    start = int(os.environ.get("BACKTRAIL_FUZZ_START", str(FIRST_LONG)))
    end, seed = monotonic() + seconds, start
    while monotonic() < end:
        check(family, seed)
        seed += 1
