from __future__ import annotations

import pickle
from typing import Any

import pytest

from backtrail.errors import ParameterValueError
from backtrail.runs import key as key_module
from backtrail.runs.encoding import UncacheableParameter
from backtrail.runs.key import COMPONENTS, RunKey, engine_part, explain, part

PARTS = {name: part(name, 1) for name in COMPONENTS if name != "engine"}


def test_a_key_is_made_of_its_components_in_their_order() -> None:
    key = RunKey.of(**dict(reversed(PARTS.items())))
    assert tuple(key.components) == COMPONENTS
    assert key == RunKey.of(**PARTS)
    assert key.digest.startswith("b3:")
    assert str(key) == key.digest


@pytest.mark.row("B9")
@pytest.mark.parametrize("name", COMPONENTS)
def test_every_component_makes_another_key(name: str) -> None:
    one, other = RunKey.of(**PARTS), RunKey.of(**{**PARTS, name: part(name, 2)})
    assert one != other
    assert one.explain(other) == [name]


def test_a_component_that_is_missing_makes_another_key() -> None:
    less = {name: value for name, value in PARTS.items() if name != "salt"}
    assert RunKey.of(**less) != RunKey.of(**PARTS)
    assert explain(RunKey.of(**less), RunKey.of(**PARTS)) == ["salt"]


@pytest.mark.row("B37")
def test_a_value_belongs_to_its_component() -> None:
    assert part("params", 1) != part("config", 1)
    swapped = {**PARTS, "params": PARTS["config"], "config": PARTS["params"]}
    assert RunKey.of(**swapped) != RunKey.of(**PARTS)


def test_equal_keys_need_no_explanation() -> None:
    assert explain(RunKey.of(**PARTS), RunKey.of(**PARTS)) == []


def test_components_of_manifests_can_be_compared() -> None:
    one = dict(RunKey.of(**PARTS).components)
    assert explain(one, {**one, "data": part("data", 2), "weather": part("weather", 1)}) == [
        "data",
        "weather",
    ]
    assert RunKey.read(one) == RunKey.of(**PARTS)


@pytest.mark.row("B9")
def test_another_epoch_of_the_engine_makes_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    before = RunKey.of(**PARTS)
    monkeypatch.setattr(key_module, "SEMANTICS_EPOCH", key_module.SEMANTICS_EPOCH + 1)
    assert before.explain(RunKey.of(**PARTS)) == ["engine"]


@pytest.mark.row("B9")
def test_an_engine_under_development_counts_its_build() -> None:
    assert len({engine_part(), engine_part("b3:1"), engine_part("b3:2")}) == 3


def test_keys_travel_to_workers() -> None:
    key = RunKey.of(**PARTS)
    copy = pickle.loads(pickle.dumps(key))
    assert copy == key
    assert dict(copy.components) == dict(key.components)
    assert hash(copy) == hash(key)


def test_components_cannot_be_changed() -> None:
    components: Any = RunKey.of(**PARTS).components
    with pytest.raises(TypeError):
        components["data"] = part("data", 2)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"dta": part("data", 1)}, "Did you mean 'data'"), ({"data": "abc"}, "digest of component 'data'")],
)
def test_wrong_components_are_refused(wrong: dict[str, str], message: str) -> None:
    with pytest.raises(ParameterValueError, match=message):
        RunKey.of(**wrong)


def test_a_component_says_which_value_cannot_be_told() -> None:
    with pytest.raises(UncacheableParameter, match=r"encoding params\.model"):
        part("params", {"model": object()})
