"""What happened to the account, entry by entry: enough to compute cash and value of every cycle afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


def no_run() -> None:
    """Settle nothing: no run is under way."""


class Nowhere(list[Any]):
    """A list that forgets what is appended."""

    def append(self, item: Any) -> None:
        """Forget *item*."""


class Journal:
    """Changes of the account during one run.

    ``moves``    ``(cycle, data, size, price, cash, shares)``: the position in *data* (None: only cash or fund shares
                 changed), cash and fund shares after a change. An unchanged account has no entries.
    ``actions``  place in ``moves`` of each entry that no execution made but a dividend or split, with the ratio by
                 which the position was multiplied there (1.0 for a dividend) and the time of the bar.
    ``dense``    ``(cycle, cash, value, fundvalue)``: recorded at the end of each cycle in which the account cannot
                 be computed from the moves: futures, interest, schemes that price in their own way, fund history.
    ``late``     ``(cycle, turns, cash, value, fundvalue, fundshares)``: what the account was before it was changed
                 while strategies were at work in a cycle, and how many of them had had their turn or were having it.
    ``notices``  ``(cycle, order, size, price)``: the cycles in which an owner is told of an order that is executed
                 at least in part, with its size and average price then.
    ``strategies`` those of the run, in the order of their turns.
    ``begin``    cash at the start, ``shares`` fund shares at the start.
    ``settle``   enters into ``dense`` what can be computed up to the present cycle: called before that by which it is
                 computed, a commission scheme, changes.
    """

    __slots__ = (
        "actions", "begin", "dense", "heard", "kept", "late", "moves", "notices", "settle", "shares", "strategies",
    )  # fmt: skip

    def __init__(self, begin: float, shares: float) -> None:
        self.begin = begin
        self.shares = shares
        self.moves: list[tuple[int, Any, float, float, float, float]] = []
        self.actions: dict[int, tuple[float, float]] = {}
        self.dense: list[tuple[int, float, float, float]] = []
        self.late: list[tuple[int, int, float, float, float, float]] = []
        self.notices: list[tuple[int, Any, float, float]] = []
        self.strategies: Sequence[Any] = ()
        self.settle: Callable[[], None] = no_run
        self.kept = True
        self.heard = True

    def discard(self) -> None:
        """Keep no notices from now on: nobody is going to read them. The account can still be worked out afterwards."""
        self.heard = False
        self.late = Nowhere()
        self.notices = Nowhere()


__all__ = ["Journal", "Nowhere", "no_run"]
