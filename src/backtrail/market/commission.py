"""What trading costs, what a position is worth, and how much cash it binds."""

from __future__ import annotations

import datetime as _dt
import math
from typing import Any, ClassVar

from ..base.declare import Param, ParamsBase, param
from ..base.info import Noticed
from ..base.replaced import methods_of, replaced, replaced_in

# The range of the parameter `margin`, which is a property too.
_MARGIN = Param(None, ge=0)
_NO_PROFIT = "a rising price gives long positions no profit"


class CommInfoBase(ParamsBase):
    """Commission, margin, value and interest of an instrument.

    ``commission`` is a percentage of the value (``COMM_PERC``; as a fraction when ``percabs``, else in
    percent) or an amount per unit (``COMM_FIXED``). ``commtype=None`` decides by ``margin``: with one, a
    future with a fixed commission; without, a stock with a percentage. ``mult`` multiplies profits and losses
    of futures. ``automargin`` below 0 makes the margin
    ``mult * price``, above 0 ``automargin * price``. ``interest`` is a yearly rate charged on short positions,
    and on long ones when ``interest_long``. ``leverage`` divides the cash that a long position binds.
    """

    COMM_PERC, COMM_FIXED = 0, 1

    _holder_ = Noticed
    # Whether prices and costs are computed as by this class: nothing of that is overridden.
    _standard_: bool = True

    params: ClassVar[Any] = (
        ("commission", param(default=0.0, ge=-math.inf)),
        ("mult", param(default=1.0, ge=-math.inf, usual=Param(None, gt=0), unusual=_NO_PROFIT)),
        ("margin", None),
        ("commtype", param(default=None, choices=(None, COMM_PERC, COMM_FIXED))),
        ("stocklike", False),
        ("percabs", False),
        ("interest", param(default=0.0, ge=-math.inf)),
        ("interest_long", False),
        ("leverage", param(default=1.0, gt=0)),
        ("automargin", param(default=False, ge=-math.inf)),
    )

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._standard_ = not replaced_in(cls, _PRICING)

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _PRICING and name not in _INTEREST:
            object.__setattr__(self, name, value)
            return
        accounts = tuple(self.p.__dict__.get("_heard_by", ()))
        for account in accounts:
            account._close_books_()
        object.__setattr__(self, name, value)
        self._consider_()
        for account in accounts:
            account._reopen_books_()

    def _consider_(self) -> None:
        """Find out whether something of the scheme was replaced, in this object or its class, since it was made."""
        if self._standard_ and replaced(self, _PRICING):
            self.__dict__["_standard_"] = False

    def __init__(self) -> None:
        p = self.p
        _MARGIN.check(type(self).__name__, "margin", p.margin)
        self._stocklike: bool = p.stocklike
        self._commtype: int | None = p.commtype
        if self._commtype is None:
            if p.margin:
                self._stocklike = False
                self._commtype = self.COMM_FIXED
            else:
                self._stocklike = True
                self._commtype = self.COMM_PERC
        if not self._stocklike and not p.margin:
            p.margin = 1.0
        if self._commtype == self.COMM_PERC and not p.percabs:
            p.commission /= 100.0
        self._creditrate: float = p.interest / 365.0

    @property
    def margin(self) -> Any:
        """The margin parameter; :meth:`get_margin` gives what a unit binds at a price."""
        return self.p.margin

    @property
    def stocklike(self) -> bool:
        """Whether units are paid for in full (stocks) instead of by margin (futures)."""
        return self._stocklike

    def get_margin(self, price: float) -> Any:
        """Give the cash that one unit binds at *price* (futures)."""
        automargin = self.p.automargin
        if not automargin:
            return self.p.margin
        if automargin < 0:
            return price * self.p.mult
        return price * automargin

    def get_leverage(self) -> Any:
        """Give the leverage."""
        return self.p.leverage

    def getsize(self, price: float, cash: float) -> int:
        """Give how many whole units *cash* pays for at *price*."""
        unit = price if self._stocklike else self.get_margin(price)
        return int(self.p.leverage * (cash // unit))

    def getoperationcost(self, size: float, price: float) -> float:
        """Give the cash that an operation of *size* at *price* needs, whichever its direction."""
        unit = price if self._stocklike else self.get_margin(price)
        cost: float = abs(size) * unit
        return cost

    def getvaluesize(self, size: float, price: float) -> float:
        """Give the value of *size* at *price*: negative for short stocks, the margin for futures."""
        if self._stocklike:
            return size * price
        value: float = abs(size) * self.get_margin(price)
        return value

    def getvalue(self, position: Any, price: float) -> float:
        """Give the value of *position* at *price*; that of short stocks is mirrored at the entry price."""
        size: float = position.size
        value: float
        if not self._stocklike:
            value = abs(size) * self.get_margin(price)
        elif size >= 0:
            value = size * price
        else:
            value = position.price * size + (position.price - price) * size
        return value

    def _getcommission(self, size: float, price: float, pseudoexec: bool) -> float:
        """Give the commission of *size* at *price*. Made to be overridden.

        *pseudoexec* tells a check from an execution.
        """
        amount: float = abs(size) * self.p.commission
        return amount * price if self._commtype == self.COMM_PERC else amount

    def getcommission(self, size: float, price: float) -> float:
        """Give the commission that *size* at *price* would cost."""
        return self._getcommission(size, price, pseudoexec=True)

    def confirmexec(self, size: float, price: float) -> float:
        """Take note that *size* was executed at *price*; give its commission."""
        return self._getcommission(size, price, pseudoexec=False)

    def profitandloss(self, size: float, price: float, newprice: float) -> float:
        """Give what *size* makes when the price goes from *price* to *newprice*."""
        profit: float = size * (newprice - price) * self.p.mult
        return profit

    def cashadjust(self, size: float, price: float, newprice: float) -> float:
        """Give the cash that moves when futures of *size* go from *price* to *newprice*; 0 for stocks."""
        if self._stocklike:
            return 0.0
        moved: float = size * (newprice - price) * self.p.mult
        return moved

    def get_credit_interest(self, data: Any, pos: Any, dt: _dt.datetime) -> float:
        """Give the interest on *pos* for the calendar days from its last update to *dt*."""
        size, price = pos.size, pos.price
        if size > 0 and not self.p.interest_long:
            return 0.0
        today, last = dt.date(), pos.datetime.date()
        if today <= last:
            return 0.0
        return self._get_credit_interest(data, size, price, (today - last).days, today, last)

    def _get_credit_interest(
        self, data: Any, size: float, price: float, days: int, dt0: _dt.date, dt1: _dt.date
    ) -> float:
        """Give the interest for *days* from *dt1* to *dt0*. Made to be overridden."""
        return days * self._creditrate * abs(size) * price


# What the broker asks a scheme, apart from interest. One that replaces none of it is computed without calls.
_PRICING = methods_of(
    CommInfoBase,
    (
        *("margin", "stocklike", "get_margin", "get_leverage", "getoperationcost", "getvaluesize", "getvalue"),
        *("_getcommission", "getcommission", "confirmexec", "profitandloss", "cashadjust"),
    ),
)
_INTEREST = methods_of(CommInfoBase, ("get_credit_interest", "_get_credit_interest"))


class CommissionInfo(CommInfoBase):
    """A :class:`CommInfoBase` whose percentages are fractions: 0.001 is 0.1 %."""

    params: ClassVar[Any] = (("percabs", True),)


def let_watch(account: Any, comminfo: CommInfoBase) -> None:
    """Have *account* look at *comminfo* again when a parameter is set or a method replaced."""
    comminfo._consider_()
    comminfo.p._let_hear(account)


def has_interest(comminfo: Any) -> bool:
    """Tell whether holding a position under *comminfo* can cost interest."""
    if not isinstance(comminfo, CommInfoBase) or replaced(comminfo, _INTEREST):
        return True
    return bool(comminfo._creditrate)


__all__ = ["CommInfoBase", "CommissionInfo", "has_interest", "let_watch"]
