"""The results of a fixed set of runs stay as they are unless the epoch of the engine is raised."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from tests.golden import results

from backtrail.runs.key import SEMANTICS_EPOCH

BEFORE = {"a": {"orders.price": "1", "orders.*": "2 rows"}, "b": {"equity.value": "2"}}


def test_results_are_those_of_the_epoch() -> None:
    """Whoever changes a result raises SEMANTICS_EPOCH, so that records of before are not served."""
    said = results.verdict(*results.read(), results.compute())
    assert not said, said


def test_what_is_computed_twice_is_the_same() -> None:
    (name, make), *_ = results.SCENARIOS.items()
    assert results._digests(make()) == results._digests(make()) == results.read()[1][name]


def test_every_scenario_trades_or_measures() -> None:
    for name, columns in results.read()[1].items():
        traded = int(columns["fills.*"].removesuffix(" rows"))
        assert traded > 4 or any(column.startswith("lines.") for column in columns), name


@pytest.mark.parametrize("change", ["other", "gone", "scenario"])
def test_other_results_ask_for_another_epoch(change: str) -> None:
    after = copy.deepcopy(BEFORE)
    if change == "other":
        after["a"]["orders.price"] = "9"
    elif change == "gone":
        del after["a"]["orders.price"]
    else:
        del after["a"]
    said = results.verdict(1, BEFORE, after, current=1)
    assert said.startswith("results changed: raise SEMANTICS_EPOCH in src/backtrail/runs/key.py and regenerate with")
    assert "`python -m tests.golden.results`" in said
    assert "a: orders.price" in said
    assert results.verdict(1, BEFORE, after, current=2).startswith("SEMANTICS_EPOCH is 2, the results are of epoch 1")


def test_many_changes_are_counted() -> None:
    many = {"a": {f"orders.{at}": "1" for at in range(50)}}
    assert "50 in all" in results.verdict(1, many, {"a": dict.fromkeys(many["a"], "2")}, current=1)


def test_the_epoch_and_the_file_go_together() -> None:
    assert results.verdict(1, BEFORE, BEFORE, current=1) == ""
    assert "regenerate with" in results.verdict(1, BEFORE, BEFORE, current=2)
    assert "may only be raised" in results.verdict(2, BEFORE, BEFORE, current=1)
    added = {**BEFORE, "c": {"fills.price": "3"}}
    assert "c: fills.price" in results.verdict(1, BEFORE, added, current=1)
    assert results.read()[0] == SEMANTICS_EPOCH


def test_the_file_is_made_again_only_with_a_raised_epoch(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    other = {"a": {"orders.price": "9", "orders.*": "2 rows"}, "b": {"equity.value": "2"}}
    assert results.regenerate(path, BEFORE, current=1) == ""
    written = path.read_bytes()
    assert results.regenerate(path, other, current=1).startswith("results changed")
    assert "may only be raised" in results.regenerate(path, BEFORE, current=0)
    assert path.read_bytes() == written
    assert results.regenerate(path, {**BEFORE, "c": {"x": "1"}}, current=1) == ""
    assert results.read(path) == (1, {**BEFORE, "c": {"x": "1"}})
    assert results.regenerate(path, other, current=2) == ""
    assert results.read(path) == (2, other)


@pytest.mark.parametrize("field", ["epoch", "scenarios", "seal"])
def test_a_file_that_was_edited_is_noticed(tmp_path: Path, field: str) -> None:
    path = tmp_path / "results.json"
    results.regenerate(path, BEFORE, current=1)
    told = json.loads(path.read_text())
    told[field] = {"epoch": 2, "scenarios": {}, "seal": "0"}[field]
    path.write_text(json.dumps(told))
    with pytest.raises(ValueError, match="was edited: it is only written by"):
        results.read(path)
