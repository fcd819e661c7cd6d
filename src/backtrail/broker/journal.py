"""What happened to the account, entry by entry: enough to compute cash and value of every cycle afterwards."""

from __future__ import annotations

from typing import Any


class Nowhere(list[Any]):
    """A list that forgets what is appended."""

    def append(self, item: Any) -> None:
        """Forget *item*."""


class Journal:
    """Changes of the account during one run.

    ``moves``    ``(cycle, data, size, price, cash, shares)``: the position in *data* (None: only cash or fund shares
                 changed), cash and fund shares after a change. An unchanged account has no entries.
    ``dense``    ``(cycle, cash, value, fundvalue)``: recorded at the end of each cycle in which the account cannot
                 be computed from the moves: futures, interest, schemes that price in their own way, fund history.
    ``notices``  ``(cycle, order, size, price)``: the cycles in which an owner is told of an order that is executed
                 at least in part, with its size and average price then.
    ``begin``    cash at the start, ``shares`` fund shares at the start.
    """

    __slots__ = ("begin", "dense", "heard", "kept", "moves", "notices", "shares")

    def __init__(self, begin: float, shares: float) -> None:
        self.begin = begin
        self.shares = shares
        self.moves: list[tuple[int, Any, float, float, float, float]] = []
        self.dense: list[tuple[int, float, float, float]] = []
        self.notices: list[tuple[int, Any, float, float]] = []
        self.kept = True
        self.heard = True

    def discard(self) -> None:
        """Keep no notices from now on: nobody is going to read them. The account can still be worked out afterwards."""
        self.heard = False
        self.notices = Nowhere()


__all__ = ["Journal", "Nowhere"]
