"""The harness itself: backtrader agrees with itself, and the smallest tampering is found, named and shrunk."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import backtrader
import pytest
from tests.oracle import (
    FAMILIES,
    Divergence,
    Recording,
    Scenario,
    compare,
    diff,
    differs,
    generate,
    load_case,
    record,
    save_case,
    scenario_of,
    script,
    shrink,
)
from tests.oracle.scenario import Data


@pytest.mark.contract
@pytest.mark.parametrize("family", FAMILIES)
def test_backtrader_agrees_with_itself(family: str) -> None:
    assert compare(generate(3, family), backtrader, backtrader) is None


@pytest.mark.parametrize("family", FAMILIES)
def test_a_seed_always_gives_the_same_spec_and_it_is_json(family: str) -> None:
    spec = generate(5, family)
    assert generate(5, family) == spec == json.loads(json.dumps(spec))


def recording() -> Recording:
    return record(backtrader, scenario_of(generate(2, "limits")))


@pytest.mark.contract
def test_every_recorded_field_is_compared() -> None:
    good = recording()
    seen = set()
    for number, event in enumerate(good.events):
        for name in event.fields:
            if (event.kind, name) in seen:
                continue
            seen.add((event.kind, name))
            bad = copy.deepcopy(good)
            bad.events[number].fields[name] = "tampered"
            found = diff(good, bad)
            assert isinstance(found, Divergence)
            assert found.field.startswith(name)
    for name in good.final:
        bad = copy.deepcopy(good)
        bad.final[name] = "tampered"
        found = diff(good, bad)
        assert found is not None
        assert found.field == name


@pytest.mark.contract
def test_a_missing_and_an_extra_event_are_found() -> None:
    good, bad = recording(), recording()
    del bad.events[-1]
    assert diff(good, bad) is not None
    assert diff(bad, good) is not None


@pytest.mark.contract
def test_an_exception_on_one_side_is_found() -> None:
    good, bad = recording(), recording()
    bad.error = "ZeroDivisionError"
    assert diff(good, bad) is not None


def test_values_are_compared_to_the_bit_and_by_type() -> None:
    nan = float("nan")
    assert not differs(nan, nan)
    assert not differs([1.5, nan], [1.5, nan])
    assert differs(0.1 + 0.2, 0.3)
    assert differs(1, 1.0)
    assert differs(0.0, -0.0)
    assert differs([1.0], [1.0, 2.0])


class _Dearer:
    """backtrader with a commission added behind the scenario's back: what a subtle bug in an engine looks like."""

    def __getattr__(self, name: str) -> object:
        return getattr(backtrader, name)

    @staticmethod
    def Cerebro(**kwargs: object) -> backtrader.Cerebro:
        cerebro = backtrader.Cerebro(**kwargs)
        cerebro.broker.setcommission(commission=1e-12)
        return cerebro


@pytest.mark.contract
def test_a_tampered_engine_is_found_and_the_run_shrunk_and_kept(tmp_path: Path) -> None:
    dearer = _Dearer()

    def check(spec: dict[str, object]) -> Divergence | None:
        return compare(spec, backtrader, dearer)  # type: ignore[arg-type]

    spec = next(s for s in (generate(seed, "market") for seed in range(50)) if check(s))
    small, found = shrink(spec, check, seconds=20.0)
    actions = [
        a for calls in small["strategies"][0]["actions"].values() for some in calls.values() for a in some
    ]
    assert len(actions) == 1
    assert len(small["datas"][0]["rows"]) <= len(spec["datas"][0]["rows"])
    assert "expected" in str(found)
    save_case(small, tmp_path / "case.json", "a commission nobody asked for")
    assert load_case(tmp_path / "case.json") == (small, "a commission nobody asked for")
    compile(script(small), "script", "exec")


@pytest.mark.contract
def test_a_scenario_can_be_written_by_hand() -> None:
    from datetime import datetime, timedelta

    rows = [(datetime(2020, 1, 1) + timedelta(days=k), 10.0, 11.0, 9.0, 10.5, 1.0, 0.0) for k in range(5)]

    def buys_once(bt):
        class Buys(bt.Strategy):
            def next(self):
                if len(self) == 2:
                    self.buy(size=3)

        return Buys

    found = record(backtrader, Scenario(datas=[Data(rows=rows)], strategies=[(buys_once, {})]))
    assert [e.fields["status"] for e in found.events if e.kind == "notify_order"] == [1, 2, 4]
