"""Slippage: how far from the wanted price an execution lands."""

from __future__ import annotations


class Slippage:
    """A percentage (first) or fixed amount by which prices move against the order.

    ``open`` slips executions at the opening price. A slipped price outside of the bar is moved to the bar's
    edge (``match``, for limit orders ``limit``); without that there is no execution. ``out`` keeps the unreal
    price instead of the edge.
    """

    __slots__ = ("fixed", "limit", "match", "none", "open", "out", "perc")

    def __init__(
        self,
        perc: float = 0.0,
        fixed: float = 0.0,
        open: bool = False,
        match: bool = True,
        limit: bool = True,
        out: bool = False,
    ) -> None:
        self.perc = perc
        self.fixed = fixed
        self.open = open
        self.match = match
        self.limit = limit
        self.out = out
        self.none = not perc and not fixed

    def up(self, ceiling: float, price: float, slip: bool = True, limit: bool = False) -> float | None:
        """Give what a buy wanted at *price* pays, at most *ceiling*; None if it is not executed."""
        if self.none or not slip:
            return price
        slipped = price * (1 + self.perc) if self.perc else price + self.fixed
        if slipped <= ceiling:
            return slipped
        if self.match or (limit and self.limit):
            return slipped if self.out else ceiling
        return None

    def down(self, floor: float, price: float, slip: bool = True, limit: bool = False) -> float | None:
        """Give what a sell wanted at *price* gets, at least *floor*; None if it is not executed."""
        if self.none or not slip:
            return price
        slipped = price * (1 - self.perc) if self.perc else price - self.fixed
        if slipped >= floor:
            return slipped
        if self.match or (limit and self.limit):
            return slipped if self.out else floor
        return None


NO_SLIPPAGE = Slippage()

__all__ = ["NO_SLIPPAGE", "Slippage"]
