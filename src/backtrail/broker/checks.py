"""Orders that cannot work, or will not do what they seem to ask for."""

from __future__ import annotations

import math
import warnings
from numbers import Real
from typing import Any

from ..base.declare import Param
from ..errors import OrderError, OrderTypeError, OrderWarning, ParameterValueError
from ..market.order import Order

_TAKES_NO_PRICE = (Order.Market, Order.Close)
_TAKES_NO_LIMIT = (Order.Limit, Order.Stop, Order.StopTrail)
_NEEDS_PRICE = (Order.Limit, Order.Stop, Order.StopLimit)
_TRAILS = (Order.StopTrail, Order.StopTrailLimit)

# What is right for each execution type: sums of 1 (price), 2 (plimit) and 4 (a trailing distance).
_PRICE, _LIMIT, _TRAIL = 1, 2, 4
# How far the user's line is above a warning given in _complain(): _warn, _complain, check_terms, broker, strategy.
_IN_COMPLAIN = 6
_SLIPPAGES = (
    ("slip_perc", "One percent is set_slippage_perc(0.01)."),
    ("slip_fixed", "Five cents are set_slippage_fixed(0.05)."),
)
SLIPPAGE = Param(
    0.0, usual=Param(None, ge=0), unusual="orders are executed at better prices than the market's, as far as bars go"
)
_RIGHT: tuple[frozenset[int], ...] = (
    *(frozenset({0}), frozenset({0}), frozenset({1, 2}), frozenset({1, 2})),
    *(frozenset({2, 3}), frozenset({4, 5, 6}), frozenset({4, 5, 6, 7}), frozenset(range(8))),
)


class Terms:
    """The terms of an order that is about to be made, for checking them."""

    __slots__ = ("data", "exectype", "owner", "plimit", "price", "side", "size", "trailamount", "trailpercent")

    def __init__(
        self,
        side: str,
        owner: Any,
        data: Any,
        size: Any,
        price: Any,
        plimit: Any,
        exectype: Any,
        trailamount: Any,
        trailpercent: Any,
    ) -> None:
        self.side = side
        self.owner = owner
        self.data = data
        self.size = size
        self.price = price
        self.plimit = plimit
        self.exectype = exectype
        self.trailamount = trailamount
        self.trailpercent = trailpercent

    def __str__(self) -> str:
        return f"{self.side} order of {self.data._name or 'the data'}"


def check_terms(*terms: Any) -> None:
    """Raise :class:`OrderError` for terms that no broker could take; warn of terms that are not what they seem.

    The arguments are those of :class:`Terms`. What is checked: execution type, size, prices (present, absent,
    finite) and trailing distance.
    """
    _, _, _, size, price, plimit, exectype, trailamount, trailpercent = terms
    kind = 0 if exectype is None else exectype
    try:
        seen = (_PRICE if price else 0) | (_LIMIT if plimit else 0) | (_TRAIL if trailamount or trailpercent else 0)
        numbers = (price or 0.0) + (plimit or 0.0) + (trailamount or 0.0) + (trailpercent or 0.0)
        if seen in _RIGHT[kind] and math.isfinite(size + numbers) and type(size) is not bool:
            return
    except (TypeError, IndexError, ValueError):
        pass
    _complain(Terms(*terms))


def warn_no_order(order: Any) -> None:
    """Warn that *order* is none and so cannot be cancelled; None is what is left of orders of size 0."""
    if order is not None:
        _warn(f"cancel() was given {order!r}: it takes one order at a time, and nothing is cancelled.", 5)


def check_cash(asker: str, cash: Any) -> None:
    """Raise :class:`OrderError` unless *cash* is a finite number."""
    if not is_number(cash) or not math.isfinite(cash):
        raise OrderError(f"{asker}: the cash must be a finite number; got {cash!r}.")


def check_settings(p: Any) -> None:
    """Raise :class:`ParameterValueError` unless slippage, filler and start value of the fund can be used."""
    for name, remedy in _SLIPPAGES:
        value = getattr(p, name)
        if value is not None and not (isinstance(value, Real) and math.isfinite(value)):
            raise ParameterValueError(f"The broker's {name} must be a finite number; got {value!r}. {remedy}")
    if p.filler is not None and not callable(p.filler):
        raise ParameterValueError(
            f"The broker's filler must be a function of order, price and bars ago that gives a size; got {p.filler!r}. "
            "For example bt.broker.fillers.FixedBarPerc(perc=10.0)."
        )
    if not (isinstance(p.fundstartval, Real) and math.isfinite(p.fundstartval) and p.fundstartval):
        raise ParameterValueError(
            f"The broker's fundstartval must be a finite number other than 0; got {p.fundstartval!r}. "
            "The default is 100.0."
        )


def check_target(asker: str, target: Any) -> None:
    """Raise :class:`OrderError` unless *target* is a number; warn of NaN, for which nothing is ordered."""
    if not isinstance(target, (float, int)) and not is_number(target):
        raise OrderTypeError(f"{asker}: target must be a number; got {target!r}.")
    if target != target:
        _warn(f"{asker}: target is nan, so nothing is ordered. Is an indicator still warming up?", 4)


def is_number(value: Any) -> bool:
    """Tell whether *value* is a number as sizes and prices are (numpy's included, booleans not)."""
    return isinstance(value, Real) and not isinstance(value, bool)


def _complain(terms: Terms) -> None:
    """Say what is wrong with *terms*."""
    exectype = terms.exectype
    if exectype is None:
        exectype = terms.exectype = Order.Market
    if not isinstance(exectype, int) or not 0 <= exectype <= 7:
        raise OrderError(
            f"{terms}: exectype must be one of bt.Order.{', bt.Order.'.join(Order.ExecTypes[:7])}; got {exectype!r}."
        )
    if not is_number(terms.size):
        raise OrderTypeError(f"{terms}: size must be a number; got {terms.size!r}. Check what it is computed from.")
    if not math.isfinite(terms.size):
        _warn(f"{terms}: size is {terms.size}: no cash suffices. Is an indicator still warming up?", _IN_COMPLAIN)
    for name in ("price", "plimit", "trailamount", "trailpercent"):
        value = getattr(terms, name)
        if value is None:
            continue
        if not is_number(value) and not hasattr(value, "__float__"):
            raise OrderError(f"{terms}: {name} must be a number; got {value!r}.")
        if not math.isfinite(value):
            _warn(
                f"{terms}: {name} is {value}, so it will never be executed as meant. Is an indicator still warming up?",
                _IN_COMPLAIN,
            )
    _warn_of_prices(terms, Order.ExecTypes[exectype])


def _warn_of_prices(terms: Terms, name: str) -> None:
    """Warn of prices that are left out or without effect."""
    exectype, price, plimit = terms.exectype, terms.price, terms.plimit
    if exectype in _NEEDS_PRICE and not price and not plimit:
        _warn(f"{terms}: a {name} order needs a price; the current close is taken. Give price=...")
    elif exectype in _TAKES_NO_PRICE and (price or plimit):
        if price != terms.data.close[0] and not getattr(terms.owner, "_price_sizes_", False):
            _warn(
                f"{terms}: a {name} order takes no price; it is only used to check the cash. "
                "Leave price and plimit out, or give exectype=bt.Order.Limit or bt.Order.Stop."
            )
    elif exectype in _TAKES_NO_LIMIT and price and plimit:
        _warn(f"{terms}: a {name} order takes no plimit; it has no effect. Give exectype=bt.Order.StopLimit.")
    elif exectype == Order.StopLimit and price and not plimit:
        _warn(f"{terms}: a StopLimit order needs plimit; the stop price is taken as limit. Give plimit=...")
    trailing = terms.trailamount or terms.trailpercent
    if exectype in _TRAILS:
        if not trailing:
            _warn(f"{terms}: a {name} order needs trailamount or trailpercent; without, its stop is the close.")
    elif trailing:
        _warn(f"{terms}: a {name} order does not trail. Give exectype=bt.Order.StopTrail.")


def _warn(text: str, depth: int = _IN_COMPLAIN + 1) -> None:
    warnings.warn(text, OrderWarning, stacklevel=depth)


__all__ = [
    "SLIPPAGE", "Terms", "check_cash", "check_settings", "check_target", "check_terms", "is_number", "warn_no_order",
]  # fmt: skip
