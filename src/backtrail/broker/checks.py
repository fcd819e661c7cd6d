"""Orders that cannot work, or will not do what they seem to ask for."""

from __future__ import annotations

import math
import warnings
from numbers import Real
from typing import Any

from ..errors import OrderError, OrderWarning
from ..market.order import Order

_TAKES_NO_PRICE = (Order.Market, Order.Close)
_TAKES_NO_LIMIT = (Order.Limit, Order.Stop, Order.StopTrail)
_NEEDS_PRICE = (Order.Limit, Order.Stop, Order.StopLimit)
_TRAILS = (Order.StopTrail, Order.StopTrailLimit)


def check_order(order: Any) -> None:
    """Raise :class:`OrderError` for an order that no broker could take; warn of one that is not what it seems.

    What is checked: execution type, size, prices (present, absent, finite), trailing distance.
    """
    exectype = order.exectype
    if not isinstance(exectype, int) or not 0 <= exectype <= 7:
        raise OrderError(
            f"{_what(order)}: exectype must be one of bt.Order.{', bt.Order.'.join(Order.ExecTypes[:7])}; "
            f"got {exectype!r}."
        )
    size = order.size
    if not is_number(size) or not math.isfinite(size):
        raise OrderError(
            f"{_what(order)}: size must be a finite number; got {size!r}. Check what it is computed from."
        )
    if order.price is not None:
        _check_number(order, "price", order.price)
    if order.pricelimit is not None:
        _check_number(order, "plimit", order.pricelimit)
    if order.trailamount is not None:
        _check_number(order, "trailamount", order.trailamount)
    if order.trailpercent is not None:
        _check_number(order, "trailpercent", order.trailpercent)
    _warn_of_prices(order)


def is_number(value: Any) -> bool:
    """Tell whether *value* is a number as sizes and prices are (numpy's included, booleans not)."""
    kind = type(value)
    if kind is float or kind is int:
        return True
    return isinstance(value, Real) and not isinstance(value, bool)


def _check_number(order: Any, name: str, value: Any) -> None:
    if not is_number(value) and not hasattr(value, "__float__"):
        raise OrderError(f"{_what(order)}: {name} must be a number; got {value!r}.")
    if not math.isfinite(value):
        _warn(
            f"{_what(order)}: {name} is {value}, so it will never be executed as meant. "
            "Is an indicator still warming up?"
        )


def _warn_of_prices(order: Any) -> None:
    """Warn of prices that are left out or without effect."""
    exectype = order.exectype
    price, plimit = order.price, order.pricelimit
    trailing = order.trailamount or order.trailpercent
    name = Order.ExecTypes[exectype]
    if exectype in _NEEDS_PRICE and not price and not plimit:
        _warn(f"{_what(order)}: a {name} order needs a price; the current close is taken. Give price=...")
    elif exectype in _TAKES_NO_PRICE and (price or plimit):
        if price != order.created.pclose and not getattr(order.owner, "_price_sizes", False):
            _warn(
                f"{_what(order)}: a {name} order takes no price; it is only used to check the cash. "
                "Leave price and plimit out, or give exectype=bt.Order.Limit or bt.Order.Stop."
            )
    elif exectype in _TAKES_NO_LIMIT and price and plimit:
        _warn(f"{_what(order)}: a {name} order takes no plimit; it has no effect. Give exectype=bt.Order.StopLimit.")
    elif exectype == Order.StopLimit and price and not plimit:
        _warn(f"{_what(order)}: a StopLimit order needs plimit; the stop price is taken as limit. Give plimit=...")
    if exectype in _TRAILS:
        if not trailing:
            _warn(f"{_what(order)}: a {name} order needs trailamount or trailpercent; without, its stop is the close.")
    elif trailing:
        _warn(f"{_what(order)}: a {name} order does not trail. Give exectype=bt.Order.StopTrail.")


def _what(order: Any) -> str:
    return f"{order.ordtypename()} order of {order.data._name or 'the data'}"


def _warn(text: str) -> None:
    warnings.warn(text, OrderWarning, stacklevel=7)


__all__ = ["check_order", "is_number"]
