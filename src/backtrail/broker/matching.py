"""Where orders meet a bar: pure functions of prices.

Each gives the price of the execution, or None when there is none on this bar. ``buy`` tells the side; ``o h l
c`` are the bar's open, high, low and close.
"""

from __future__ import annotations

from .slippage import Slippage


def market(buy: bool, price: float, h: float, l: float, slip: Slippage) -> float | None:  # noqa: E741
    """Execute at *price* (the open, or the close of the creating bar), slipped only if openings slip."""
    if slip.none or not slip.open:
        return price
    return slip.up(h, price) if buy else slip.down(l, price)


def limit(
    buy: bool,
    o: float,
    h: float,
    l: float,  # noqa: E741
    wanted: float,
    slip: Slippage,
    floor_at_low: bool = False,
) -> float | None:
    """Execute at the open if that is better than *wanted*, else at *wanted* if the bar reaches it.

    A slipped opening of a buy ends at the bar's high or at *wanted*; that of a sell ends at *wanted*, even
    below the bar's low, unless *floor_at_low*.
    """
    if buy:
        if wanted >= o:
            return slip.up(min(h, wanted), o, slip.open, True)
        return wanted if wanted >= l else None
    if wanted <= o:
        floor = max(l, wanted) if floor_at_low else wanted
        return slip.down(floor, o, slip.open, True)
    return wanted if wanted <= h else None


def stop(buy: bool, o: float, h: float, l: float, wanted: float, slip: Slippage) -> float | None:  # noqa: E741
    """Execute at the open if that is beyond *wanted*, else at *wanted* if the bar reaches it."""
    if buy:
        if o >= wanted:
            return slip.up(h, o, slip.open)
        return slip.up(h, wanted) if h >= wanted else None
    if o <= wanted:
        return slip.down(l, o, slip.open)
    return slip.down(l, wanted) if l <= wanted else None


def stop_limit(
    buy: bool,
    o: float,
    h: float,
    l: float,  # noqa: E741
    c: float,
    wanted: float,
    limit_price: float,
    slip: Slippage,
    floor_at_low: bool = False,
) -> tuple[bool, float | None]:
    """Tell whether the stop *wanted* is hit, and give the price if the limit is executed on the same bar.

    Hit by the open, the order is a limit order from there. Hit later on the bar, it is executed on this bar
    only where the way from open to close tells that the limit came after the stop.
    """
    if buy:
        if o >= wanted:
            return True, limit(True, o, h, l, limit_price, slip, floor_at_low)
        if h < wanted or h != h or wanted != wanted:
            return False, None
        if limit_price >= wanted:
            return True, slip.up(h, wanted, True, True)
        return True, limit_price if o > c and limit_price >= c else None
    if o <= wanted:
        return True, limit(False, o, h, l, limit_price, slip, floor_at_low)
    if l > wanted or l != l or wanted != wanted:
        return False, None
    if limit_price <= wanted:
        return True, slip.down(l, wanted, True, True)
    return True, limit_price if o <= c and limit_price <= c else None


__all__ = ["limit", "market", "stop", "stop_limit"]
