"""The parts of an order that are made when somebody first asks for them."""

from __future__ import annotations

from typing import Any

from ..base.info import Info
from .execution import OrderData, OrderExecutionBit

DEFAULTS: dict[str, Any] = {
    "owner": None,
    "data": None,
    "size": None,
    "price": None,
    "pricelimit": None,
    "exectype": None,
    "valid": None,
    "tradeid": 0,
    "oco": None,
    "trailamount": None,
    "trailpercent": None,
    "parent": None,
    "transmit": True,
    "simulated": False,
    "histnotify": False,
}


class Params(Info):
    """The parameters that an order was created with; setting one sets the order's attribute too."""

    def __setattr__(self, name: str, value: Any) -> None:
        self.__dict__[name] = value
        order = self.__dict__.get("_order")
        if order is not None and name in DEFAULTS and name != "size":
            setattr(order, name, value)


class ParamsAccess:
    """``order.params``: made when first asked for; on the class: the defaults."""

    def __get__(self, order: Any, owner: Any = None) -> Any:
        if order is None:
            return Info(DEFAULTS)
        created = order.created
        params = created._params
        if params is None:
            values = {name: getattr(order, name) for name in DEFAULTS}
            values["exectype"] = order.exectype if order._typed_ else None
            values["valid"] = getattr(order, "_valid_given", order.valid)
            if order.ordtype == 1 and order.size is not None:
                values["size"] = -order.size
            params = created._params = Params(DEFAULTS, values)
            params.__dict__["_order"] = order
        return params


class CreatedPart:
    """``order.created``: of orders that were issued without prices, made when first asked for."""

    def __get__(self, order: Any, owner: Any = None) -> Any:
        if order is None:
            return self
        source = order._source_
        if source is not None:
            made = source.created
        else:
            price = order.price or order._pclose
            made = OrderData(order._dt, order.size, price, price, 0, order._pclose, None, None)
            made._plimit = None
        order.created = made
        return made


class ExecutedPart:
    """``order.executed``: made when first asked for."""

    def __get__(self, order: Any, owner: Any = None) -> Any:
        if order is None:
            return self
        made = OrderData()
        bit = order._bit
        if bit is None:
            made.remsize = order.size
            made.dt = order._ended
        else:
            made.remsize = bit[1]
            made.addbit(tuple.__new__(OrderExecutionBit, bit))
            made.p2 = 1
            made.margin = order.comminfo.margin
        order.executed = made
        order._counted = True
        return made
