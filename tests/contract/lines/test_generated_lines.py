"""Generated expressions and user indicators do in backtrail what they do in backtrader."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.contract.lines.legacy import Legacy, keeps_step, legacies, make
from tests.contract.lines.runs import MODES, differences, frame
from tests.contract.lines.trees import Tree, build, trees

pytestmark = pytest.mark.contract
modes = pytest.mark.parametrize("mode", list(MODES))
seeds = st.integers(0, 5)


@modes
@given(tree=trees, seed=seeds)
def test_expressions_are_those_of_backtrader(mode: str, tree: Tree, seed: int) -> None:
    def both(library: Any, strategy: Any, notes: list[Any]) -> dict[str, Any]:
        return {"tree": build(library, strategy.data, tree)}

    assert differences(both, mode, [frame(seed=seed)]) == []


@modes
@given(tree=trees, other=trees, seed=seeds)
def test_expressions_of_two_datas_are_those_of_backtrader(mode: str, tree: Tree, other: Tree, seed: int) -> None:
    def both(library: Any, strategy: Any, notes: list[Any]) -> dict[str, Any]:
        first, second = build(library, strategy.data0, tree), build(library, strategy.data1, other)
        return {"first": first, "difference": second - first, "larger": library.Max(first, second)}

    assert differences(both, mode, [frame(seed=seed), frame(seed=seed + 10)]) == []


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "vectorised"])
@pytest.mark.parametrize(
    "operands", [(("low",), ("high",), 3), (("low",), 2.0), (("neg", ("low",)), ("close",), ("open",))]
)
def test_reductions_are_those_of_backtrader(mode: str, operands: tuple[Any, ...]) -> None:
    def both(library: Any, strategy: Any, notes: list[Any]) -> dict[str, Any]:
        return {"tree": build(library, strategy.data, ("Reduce", *operands))}

    assert differences(both, mode, [frame(seed=2)]) == []


@modes
@given(spec=legacies, seed=seeds)
def test_user_indicators_are_those_of_backtrader(mode: str, spec: Legacy, seed: int) -> None:
    def both(library: Any, strategy: Any, notes: list[Any]) -> dict[str, Any]:
        made = make(library, spec, notes)
        return {"made": made(strategy.data), "of line": made(strategy.data.high), "late": made(strategy.data)(-2)}

    assert differences(both, mode, [frame(seed=seed)]) == []


@modes
@given(spec=legacies, inner=legacies, tree=trees, seed=seeds)
def test_user_indicators_on_each_other_are_those_of_backtrader(
    mode: str, spec: Legacy, inner: Legacy, tree: Tree, seed: int
) -> None:
    assume(mode != "vectorised" or keeps_step(spec, inner))

    def both(library: Any, strategy: Any, notes: list[Any]) -> dict[str, Any]:
        lower = make(library, inner, notes)(build(library, strategy.data, tree))
        upper = make(library, spec, notes, 10)(lower)
        return {"lower": lower, "upper": upper, "difference": upper - lower.lines.y}

    assert differences(both, mode, [frame(seed=seed)]) == []


@modes
@given(spec=legacies, seed=seeds)
def test_user_indicators_of_a_slower_feed_are_those_of_backtrader(mode: str, spec: Legacy, seed: int) -> None:
    def both(library: Any, strategy: Any, notes: list[Any]) -> dict[str, Any]:
        made = make(library, spec, notes)
        return {"fast": made(strategy.data0), "slow": made(strategy.data1)}

    assert differences(both, mode, [frame(seed=seed), frame(12, seed + 10, "W-FRI")]) == []


@modes
@given(spec=legacies, seed=seeds)
def test_user_indicators_of_a_resampled_feed_are_those_of_backtrader(mode: str, spec: Legacy, seed: int) -> None:
    def both(library: Any, strategy: Any, notes: list[Any]) -> dict[str, Any]:
        made = make(library, spec, notes)
        return {"fast": made(strategy.data0), "slow": made(strategy.data1)}

    assert differences(both, mode, [frame(60, seed)], resample=True) == []
