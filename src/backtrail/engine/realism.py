"""Switches of a run that decide between backtrader's unexpected ways and the right ones.

The broker has switches of its own; those here are parameters of ``Cerebro``. One that is left at None follows
``realism``.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

from ..errors import CompatWarning, ParameterValueError

REALISMS = ("backtrader", "strict")


@dataclass(frozen=True, slots=True)
class Switch:
    """One way of backtrader that changes results: the values for it and for the right way."""

    name: str
    backtrader: Any
    strict: Any

    def settle(self, value: Any, realism: str) -> Any:
        """Give *value*, or what *realism* makes of None."""
        if value is None:
            return self.strict if realism == "strict" else self.backtrader
        for choice in (self.backtrader, self.strict):
            if type(value) is type(choice) and value == choice:
                return value
        choices = [self.backtrader, self.strict]
        raise ParameterValueError(
            f"Cerebro: {self.name} must be one of {choices}, or None to follow realism; got {value!r}."
        )


SWITCHES = (
    Switch("zero_division", "error", "nan"),
    Switch("repeat_slow_indicators", True, False),
    Switch("honour_rightedge", False, True),
    Switch("sort_timer_days", False, True),
)


def settle(values: dict[str, Any]) -> None:
    """Replace each switch among the settings *values* that is None by what ``realism`` says."""
    realism = values["realism"]
    if realism not in REALISMS:
        raise ParameterValueError(f"Cerebro: realism must be 'backtrader' or 'strict'; got {realism!r}.")
    for switch in SWITCHES:
        values[switch.name] = switch.settle(values[switch.name], realism)


def prepare_broker(broker: Any, realism: str) -> None:
    """Let *broker* go by strict rules for this run, or by its own."""
    own = getattr(broker, "use_own_rules", None)
    strict = getattr(broker, "use_strict_rules", None)
    if realism != "strict":
        if own is not None:
            own()
    elif strict is not None:
        strict()
    else:
        warnings.warn(
            f"Cerebro(realism='strict'): the broker {type(broker).__name__} has no use_strict_rules() and goes by its "
            "own rules. Give it that method, or use bt.brokers.BackBroker.",
            CompatWarning,
            stacklevel=2,
        )


def prepare_feeds(datas: list[Any], left_edges: bool) -> None:
    """Let feeds that were resampled with ``rightedge=False`` carry the times at which their bars begin.

    A feed that is laid out by its own times would be ahead of the others then: its bars are known only when they end.
    """
    if not any(data.resampling for data in datas):
        return
    from ..feeds.resample import use_left_edges

    for data in datas:
        if use_left_edges(data, left_edges) and len(datas) > 1 and not data._clone:
            raise ParameterValueError(
                f"Resampling feed {data._name!r} with rightedge=False and honour_rightedge=True - expected a feed that "
                f"is alone, or made by cerebro.resampledata() of a feed of this run - found {len(datas)} feeds, whose "
                "bars would be aligned with the beginning of bars that are known at their end only - use "
                "cerebro.resampledata(), or leave rightedge as it is."
            )


__all__ = ["REALISMS", "SWITCHES", "Switch", "prepare_broker", "prepare_feeds", "settle"]
