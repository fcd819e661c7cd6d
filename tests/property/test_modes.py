"""However a run is executed, it is the same run: modes, hooks being watched, processes, repetition."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from tests.oracle import Recording, Watch, diff, generate, record, scenario_of, specs

import backtrail

ONE_DATA = (
    "market", "limits", "stoplimits", "trails", "validity", "brackets", "families", "oco", "cancels", "targets",
    "commissions", "margin", "interest", "slippage", "fillers", "funds", "tradeids", "sizers",
)  # fmt: skip
SEVERAL = ("datas", "timeframes")
MODES: tuple[dict[str, Any], ...] = (
    {},
    {"runonce": False},
    {"preload": False},
    {"runonce": False, "preload": False},
    {"exactbars": True},
    {"exactbars": -1},
    {"exactbars": -2},
)
SEEDS = range(2)


def run(spec: dict[str, Any], **mode: Any) -> Recording:
    """Run a spec on backtrail in a mode of its own."""
    changed = copy.deepcopy(spec)
    changed["cerebro"] = {
        k: v for k, v in changed["cerebro"].items() if k not in ("runonce", "preload", "exactbars")
    }
    changed["cerebro"].update(mode)
    found = record(backtrail, scenario_of(changed))
    if mode.get("exactbars"):  # what is forgotten cannot be compared
        found.final = {k: v for k, v in found.final.items() if k in ("cash", "value")}
    return found


def same(expected: Recording, found: Recording, times: bool = True) -> None:
    """Check that two recordings agree on all that both kept, the strategy's own *times* included or not."""
    expected, found = copy.deepcopy(expected), copy.deepcopy(found)
    expected.final = {k: v for k, v in expected.final.items() if k in found.final}
    if not times:
        for recording in (expected, found):
            recording.final = {k: v for k, v in recording.final.items() if not k.endswith(".datetime")}
            for event in recording.events:
                event.time = None
    difference = diff(expected, found)
    assert difference is None, str(difference)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("family", ONE_DATA)
def test_all_modes_give_the_same_run(family: str, seed: int) -> None:
    spec = generate(seed, family)
    expected = run(spec)
    for mode in MODES[1:]:
        same(expected, run(spec, **mode))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("family", SEVERAL)
def test_modes_agree_when_datas_are_out_of_step(family: str, seed: int) -> None:
    """Bars, orders and accounts agree.

    The strategy's time is the time of the cycle in one mode and the latest of its datas in the other, and an indicator
    on a slow data may see one bar more than once: as in backtrader, so both are left out.
    """
    spec = generate(seed, family)
    for strategy in spec["strategies"]:
        strategy["indicators"] = []
    expected = run(spec)
    for mode in MODES[1:]:
        same(expected, run(spec, **mode), times=False)


@given(spec=specs(ONE_DATA))
@settings(max_examples=25)
def test_modes_agree_on_whatever_hypothesis_finds(spec: dict[str, Any]) -> None:
    expected = run(spec)
    same(expected, run(spec, runonce=False))
    same(expected, run(spec, exactbars=-1))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "family", [*ONE_DATA, *SEVERAL, "resampling", "replaying", "strategies", "analyzers"]
)
def test_what_is_watched_does_not_change_the_run(family: str, seed: int) -> None:
    """Hooks that nobody overrides are not called and values that nobody reads are computed late: with the same bits.

    Positions of several datas are not read: asking for one decides its place in the sum that makes the value.
    """
    spec = generate(seed, family)
    spec["watch"] = {"hooks": Watch().hooks, "reads": int(family in ONE_DATA)}
    watched = run(spec)
    spec["watch"] = {"hooks": [], "reads": 0}
    unwatched = run(spec)
    assert unwatched.final.keys() == watched.final.keys()
    unwatched.events = watched.events
    same(watched, unwatched)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("family", ["brackets", "datas", "resampling", "everything"])
def test_the_same_spec_twice_gives_the_same_bytes(family: str, seed: int) -> None:
    spec = generate(seed, family)
    assert run(spec).digest() == run(spec).digest()


def test_other_processes_give_the_same_bytes() -> None:
    """Nothing depends on the order of hashes or on what ran before."""
    program = (
        "import backtrail; from tests.oracle import *\n"
        "for family in ('brackets', 'datas', 'everything', 'analyzers'):\n"
        "    print(record(backtrail, scenario_of(generate(7, family))).digest())\n"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1
