"""Strict realism on generated runs: every mode gives the same, and no run fails that does not fail without it."""

from __future__ import annotations

import logging
import warnings
from typing import Any

import pytest
from tests.oracle import generate, record, scenario_of

import backtrail

FAMILIES = (
    *("market", "limits", "stoplimits", "trails", "validity", "brackets", "families", "oco", "cancels", "targets"),
    *("commissions", "margin", "interest", "slippage", "fillers", "tradeids", "datas", "timeframes"),
)  # fmt: skip
MODES: tuple[dict[str, Any], ...] = ({}, {"runonce": False}, {"preload": False})


def seen(spec: dict[str, Any], **settings: Any) -> tuple[list[str], str | None]:
    """Run *spec* strictly; give what strategies were told of orders and trades, and the error that ended the run."""
    for name in ("runonce", "preload", "exactbars", "live", "oldsync"):
        spec["cerebro"].pop(name, None)
        spec.get("run", {}).pop(name, None)
    spec["cerebro"].update(settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        try:
            found = record(backtrail, scenario_of(spec))
        finally:
            logging.disable(logging.NOTSET)
    told = [repr(event) for event in found.events if event.kind in ("notify_order", "notify_trade")]
    return told, found.error


@pytest.mark.parametrize("family", FAMILIES)
def test_strict_runs_are_the_same_in_every_mode(family: str) -> None:
    expected, error = seen(generate(7, family), realism="strict")
    assert error == seen(generate(7, family))[1]
    for mode in MODES[1:]:
        assert seen(generate(7, family), realism="strict", **mode) == (expected, error)
