"""Laws of the account that hold in every run: value is cash and positions, orders only go forward, trades add up."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from tests.oracle import FAMILIES, Recording, generate, record, scenario_of, specs

import backtrail

SUBMITTED, ACCEPTED, PARTIAL, COMPLETED, CANCELED, EXPIRED, MARGIN, REJECTED = range(1, 9)
FOLLOWERS = {
    SUBMITTED: {ACCEPTED, PARTIAL, COMPLETED, CANCELED, EXPIRED, MARGIN, REJECTED},
    ACCEPTED: {PARTIAL, COMPLETED, CANCELED, EXPIRED, MARGIN, REJECTED},
    PARTIAL: {PARTIAL, COMPLETED, CANCELED, EXPIRED, MARGIN},
}
OTHER_MONEY = ("setcommission", "addcommissioninfo", "set_shortcash")
STOCKS = [["setcommission", [], {"commission": 0.001}]]
ALL = tuple(family for family in FAMILIES if family != "optimising")


def run(spec: dict[str, Any]) -> Recording:
    """Run a spec on backtrail with everything watched."""
    return record(backtrail, scenario_of({**spec, "watch": None}))


def with_parents_first(spec: dict[str, Any]) -> dict[str, Any]:
    """Hold parents back until their last child: one that was sent already is sent again with it, as in backtrader."""
    for strategy in spec["strategies"]:
        scripts = [actions for calls in strategy["actions"].values() for actions in calls.values()]
        parents = {action.get("parent") for actions in scripts for action in actions}
        for actions in scripts:
            for action in actions:
                if action.get("id") in parents:
                    action["transmit"] = False
    return spec


def check_orders_go_forward(recording: Recording) -> None:
    last: dict[tuple[int, int], int] = {}
    for event in recording.events:
        if event.kind != "notify_order":
            continue
        key = (event.strategy, event.fields["ref"])
        status = event.fields["status"]
        if key in last:
            assert status in FOLLOWERS.get(last[key], set()), f"order {key}: {status} after {last[key]}"
        last[key] = status


def check_value_is_cash_and_positions(recording: Recording, datas: int) -> None:
    """For stocks without leverage: cash and the worth of all positions, long and short, at the close."""
    seen = 0
    for event in recording.events:
        if "value" in event.fields and "position0.size" in event.fields:
            worth = sum(
                event.fields.get(f"position{k}.size", 0) * (event.fields["closes"][k] or 0.0)
                for k in range(datas)
            )
            assert math.isclose(
                event.fields["value"], event.fields["cash"] + worth, rel_tol=1e-9, abs_tol=1e-6
            )
            seen += 1
    assert seen


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("family", ALL)
def test_order_states_never_go_back(family: str, seed: int) -> None:
    check_orders_go_forward(run(with_parents_first(generate(seed, family))))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("family", ["limits", "brackets", "slippage", "fillers", "oco", "datas", "trails"])
def test_cash_and_positions_are_the_value_at_every_bar(family: str, seed: int) -> None:
    spec = generate(seed, family)
    spec["broker"] = [call for call in spec["broker"] if call[0] not in OTHER_MONEY] + STOCKS
    spec["cerebro"].pop("quicknotify", None)
    check_value_is_cash_and_positions(run(spec), len(spec["datas"]))


@given(spec=specs(ALL))
@settings(max_examples=25)
def test_order_states_never_go_back_whatever_hypothesis_finds(spec: dict[str, Any]) -> None:
    check_orders_go_forward(run(with_parents_first(spec)))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("family", ["limits", "brackets", "commissions", "fillers"])
def test_closed_trades_and_the_open_one_explain_the_profit(family: str, seed: int) -> None:
    """What closed trades earned, commissions included, is what the cash gained once no position is left."""
    spec = generate(seed, family)
    spec["broker"] = (
        [["setcash", [1_000_000.0], {}]] + [c for c in spec["broker"] if c[0] == "set_filler"] + STOCKS
    )
    recording = run(spec)
    earned = 0.0
    for event in recording.events:
        if event.kind == "notify_trade" and event.fields["isclosed"]:
            earned += event.fields["pnlcomm"]
        if event.kind == "next" and event.fields["position0.size"] == 0:
            assert math.isclose(event.fields["cash"], 1_000_000.0 + earned, rel_tol=1e-9)
