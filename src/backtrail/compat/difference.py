"""One difference from backtrader, and the kinds that there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["switch", "right", "speaks", "own way"]

#: What the kinds mean, in the order in which they are shown.
KINDS: dict[Kind, str] = {
    "switch": "results differ when the switch is set; the default is backtrader's way",
    "right": "a bug of backtrader that nothing sane depends on is not repeated",
    "speaks": "what is silent in backtrader is an error or a warning here",
    "own way": "the same names, done in another way inside",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: the *names* of backtrader that it concerns, what each side does, why, and the switch if any.

    *names* are written ``module:name`` or ``module:class.method``; *key* is the anchor on the page.
    """

    key: str
    kind: Kind
    names: tuple[str, ...]
    backtrader: str
    here: str
    why: str = ""
    switch: str = ""


def switched(key: str, names: str, backtrader: str, here: str, switch: str) -> Difference:
    """Make a difference that is there only when *switch* is set."""
    return Difference(key, "switch", tuple(names.split()), backtrader, here, "results change", switch)


def right(key: str, names: str, backtrader: str, here: str) -> Difference:
    """Make a bug of backtrader that is not repeated."""
    return Difference(key, "right", tuple(names.split()), backtrader, here, "a bug")


def speaks(key: str, names: str, backtrader: str, here: str, switch: str = "") -> Difference:
    """Make what is silent in backtrader and is not here."""
    return Difference(key, "speaks", tuple(names.split()), backtrader, here, "it hides mistakes", switch)


def own_way(key: str, names: str, backtrader: str, here: str, why: str) -> Difference:
    """Make what is done in another way, and *why*."""
    return Difference(key, "own way", tuple(names.split()), backtrader, here, why)


BROKER = "brokers.bbroker:BackBroker"

__all__ = ["BROKER", "KINDS", "Difference", "Kind", "own_way", "right", "speaks", "switched"]
