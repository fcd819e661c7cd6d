"""The rules of instruments, applied to orders when they are submitted: rounded or refused."""

from __future__ import annotations

import math
from copy import copy
from typing import Any

from ..errors import ParameterValueError
from ..market.instrument import Instrument, is_on_step
from ..market.order import Order
from .linked import family_of, original

_PRICED = (Order.Limit, Order.Stop, Order.StopLimit)
_TRAILING = (Order.StopTrail, Order.StopTrailLimit)
_WITH_LIMIT = (Order.StopLimit, Order.StopTrailLimit)
# What is refused of an order, and what helps.
_OFF_TICK = (
    "refused: its {0} {1} is not a multiple of the tick size {2} of {3}. Round it, or use prices='round'."
)
_OFF_LOT = (
    "refused: its size {0} is not a multiple of the lot step {1} of {2}. Round it, or use sizes='round'."
)
_NO_LOT = "refused: its size {0} is less than the lot step {1} of {2}. Trade a larger size."
_SMALL = "refused: its size {0} is less than the minimum size {1} of {2}. Trade a larger size."
_LARGE = "refused: its size {0} is more than the maximum size {1} of {2}. Split the order."
_CHEAP = (
    "refused: its value {0} ({1} at {2}, multiplier {3}) is less than the minimum notional {4} of {5}. "
    "Trade a larger size."
)
_FAMILY = "cancelled: order {0} of the same bracket was refused"


class InstrumentRules:
    """The part of the simulated broker that knows the rules of instruments; without any, nothing is checked."""

    _instruments_: dict[Any, Instrument] | None = None

    active: bool
    notify: Any
    getcommissioninfo: Any
    positions: Any
    addcommissioninfo: Any
    comminfo: Any
    _configure_: Any

    def set_instrument(self, name: Any = None, instrument: Instrument | None = None) -> None:
        """Apply the rules of *instrument* to the orders of the data *name*: a data, its name, or None for all others.

        *instrument* None takes the rules away. Orders are checked when they are submitted: prices and sizes that are
        off their steps are rounded or the order is rejected, as the instrument says; ``order.reason`` tells why. Orders
        that close the position exactly may have any size. Trailing stops keep their distance, rounded if it is an
        amount: the stop itself is as far from the tick as the price that it follows.

        A ``multiplier`` becomes the ``mult`` of the commission scheme of that name, which must be there before and be
        one of futures.
        """
        if instrument is not None and not isinstance(instrument, Instrument):
            raise ParameterValueError(
                f"set_instrument: the second argument must be a backtrail.Instrument; got {instrument!r}. "
                "For example set_instrument('ES', Instrument(tick_size=0.25))."
            )
        rules = dict(self._instruments_ or {})
        rules.pop(name, None)
        if instrument is not None:
            rules[name] = instrument
            if instrument.multiplier is not None:
                self._multiply_(
                    name if name is None or isinstance(name, str) else name._name, instrument.multiplier
                )
        self._instruments_ = rules or None
        self._configure_()

    def get_instrument(self, data: Any) -> Instrument | None:
        """Give the rules that orders of *data* go by; None without any."""
        rules = self._instruments_
        if rules is None:
            return None
        return rules.get(data) or rules.get(data._name) or rules.get(None)

    def _multiply_(self, key: str | None, multiplier: float) -> None:
        """Give the commission scheme of *key* another multiplier."""
        present = self.comminfo.get(key) or self.comminfo[None]
        if present.stocklike:
            raise ParameterValueError(
                f"set_instrument: a multiplier needs a commission scheme of futures for {key or 'all datas'}; found "
                f"{type(present).__name__}, one of stocks. Set one with margin=... by setcommission() before."
            )
        made = copy(present)
        made.__dict__["params"] = made.__dict__["p"] = type(present.p)(
            present.p._defaults, present.p._getkwargs()
        )
        made.p.mult = multiplier
        self.addcommissioninfo(made, name=key)

    # -- checking ----------------------------------------------------------------------------------------------

    def _admit_(self, order: Any) -> bool:
        """Round a new *order* to the rules of its instrument, or reject it; tell whether it may go on."""
        rules = self.get_instrument(order.data)
        if rules is None or order.exectype == Order.Historical:
            return True
        why = self._fit_(order, rules)
        if why is None:
            return True
        order._why = why
        order.reject()
        self.active = True
        self.notify(order)
        self._refuse_family_(order)
        return False

    def _fit_(self, order: Any, rules: Instrument) -> tuple[Any, ...] | None:
        """Round *order*; give the reason for which it is refused, if it is."""
        name = order.data._name or "the data"
        changed = False
        if rules.tick_size is not None:
            for attribute, up in _prices_of(order):
                value = getattr(order, attribute)
                if not value or not math.isfinite(value):
                    continue
                fitted = rules.price(value, up)
                if fitted == value:
                    continue
                if rules.prices == "refuse" and not is_on_step(value, rules.tick_size):
                    return _OFF_TICK, _WORDS[attribute], value, rules.tick_size, name
                setattr(order, attribute, fitted)
                changed = True
        size = abs(order.size)
        held = self.positions.get(order.data)
        if held is None or not held.size or order.size != -held.size:
            why, size = _fitted_size(size, rules, name)
            if why is not None:
                return why
            why = self._too_cheap_(order, size, rules, name)
            if why is not None:
                return why
        if size != abs(order.size):
            order.size = size if order.size > 0 else -size
            changed = True
        if changed:
            _settle_terms(order)
        return None

    def _too_cheap_(self, order: Any, size: float, rules: Instrument, name: str) -> tuple[Any, ...] | None:
        if rules.minimum_notional is None:
            return None
        price = order.price if order.exectype in _PRICED and order.price else order.data.close[0]
        multiplier = rules.multiplier
        if multiplier is None:
            comminfo = self.getcommissioninfo(order.data)
            multiplier = 1.0 if comminfo.stocklike else comminfo.p.mult
        value = size * abs(price) * multiplier
        if value < rules.minimum_notional:
            return _CHEAP, value, size, price, multiplier, rules.minimum_notional, name
        return None

    def _refuse_family_(self, order: Any) -> None:
        """Give up the bracket that a refused *order* belongs to."""
        parent = order if order.parent is None else original(order.parent)
        family = family_of(parent) if order.parent is not None or not order.transmit else None
        if family is None:
            return
        members, family.gone = list(family.members), True
        family.members.clear()
        for member in members:
            if member is not order and member.status == Order.Created:
                member._why = (_FAMILY, order.ref)
                member.cancel()
                self.notify(member)


_WORDS = {"price": "price", "pricelimit": "limit price", "trailamount": "trailing distance"}


def _prices_of(order: Any) -> list[tuple[str, bool]]:
    """Give the attributes with prices that *order* works with, and whether each is rounded up."""
    kind, buy = order.exectype, order.ordtype == Order.Buy
    out = []
    if kind in _PRICED:
        out.append(("price", buy != (kind == Order.Limit)))
    if kind in _WITH_LIMIT or (kind == Order.Limit and not order.price):
        out.append(("pricelimit", not buy))
    if kind in _TRAILING and order.trailamount:
        out.append(("trailamount", True))
    return out


def _fitted_size(size: float, rules: Instrument, name: str) -> tuple[tuple[Any, ...] | None, float]:
    """Give the reason for refusing *size*, if there is one, and the size in whole lots."""
    step = rules.lot_step
    if step is not None:
        if rules.sizes == "refuse" and not is_on_step(size, step):
            return (_OFF_LOT, size, step, name), size
        fitted = rules.size(size)
        if not fitted:
            return (_NO_LOT, size, step, name), size
        size = fitted
    if rules.minimum_size is not None and size < rules.minimum_size:
        return (_SMALL, size, rules.minimum_size, name), size
    if rules.maximum_size is not None and size > rules.maximum_size:
        return (_LARGE, size, rules.maximum_size, name), size
    return None, size


def _settle_terms(order: Any) -> None:
    """Settle what the order works with once more: its terms changed."""
    if order.pricelimit is not None:
        order._plimit = order.pricelimit
    info = order.created._info
    order._price()
    order.created._info = info


__all__ = ["InstrumentRules"]
