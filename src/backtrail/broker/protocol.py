"""What the engine and strategies ask of a broker, and the base that every broker starts from."""

from __future__ import annotations

from collections import deque
from typing import Any, ClassVar, Protocol

from ..base.declare import ParamsBase, param
from ..base.info import Noticed
from ..base.keywords import named_keywords
from ..base.parameter import Kind
from ..errors import ParameterTypeError
from ..market.commission import CommInfoBase, CommissionInfo


class Broker(Protocol):
    """The role of a broker in a run.

    ``active`` tells whether :meth:`next` has anything to do in this cycle; ``notifs`` holds the orders that
    wait to be told to their owners, oldest first.
    """

    active: bool
    notifs: deque[Any]

    def start(self) -> None:
        """Begin a run."""

    def stop(self) -> None:
        """End a run."""

    def next(self) -> None:
        """Work on the bar that was just delivered."""

    def get_notification(self) -> Any:
        """Give the next order to be told to its owner, or None."""

    def buy(self, owner: Any, data: Any, size: float, *args: Any, **kwargs: Any) -> Any:
        """Take an order to buy *size* of *data*."""

    def sell(self, owner: Any, data: Any, size: float, *args: Any, **kwargs: Any) -> Any:
        """Take an order to sell *size* of *data*."""

    def cancel(self, order: Any) -> Any:
        """Take *order* back."""

    def getposition(self, data: Any) -> Any:
        """Give the position in *data*."""

    def getcash(self) -> float:
        """Give the cash."""

    def getvalue(self, datas: Any = None) -> float:
        """Give the value of the account, or of the positions in *datas*."""


# Keywords of classes with a params tuple are unknown to type checkers.
_scheme: Any = CommInfoBase


def _is_scheme(value: Any) -> bool:
    """Tell whether *value* is a scheme, or passes what it is asked on to one."""
    return not isinstance(value, type) and hasattr(value, "_standard_")


_SCHEME = Kind("a commission scheme derived from bt.CommInfoBase", _is_scheme)


class BrokerBase(ParamsBase):
    """Base of brokers: the commission schemes by data name, and the names that every broker answers.

    A scheme stored under None is for the datas that have none of their own.
    """

    params: ClassVar[Any] = (("commission", param(default=_scheme(percabs=True), kind=_SCHEME)),)

    active = True
    lazy_value = False
    _holder_ = Noticed
    _clock_: ClassVar[Any] = None

    def __init__(self) -> None:
        self.comminfo: dict[str | None, Any] = {}
        self.notifs: deque[Any] = deque()
        self.cerebro: Any = None
        self.init()

    def init(self) -> None:
        """Have a default commission scheme."""
        if None not in self.comminfo:
            self.comminfo[None] = self.p.commission

    def start(self) -> None:
        """Begin a run."""
        self.init()

    def stop(self) -> None:
        """End a run."""

    def next(self) -> None:
        """Work on the bar that was just delivered."""

    def get_notification(self) -> Any:
        """Give the next order to be told to its owner, or None.

        A broker that defines this itself is asked after each of its bars until it gives None.
        """
        return self.notifs.popleft() if self.notifs else None

    def add_order_history(self, orders: Any, notify: bool = False) -> None:
        """Take executions of the past to be replayed during the run."""
        raise NotImplementedError

    def set_fund_history(self, fund: Any) -> None:
        """Take the fund values of the past to be replayed during the run."""
        raise NotImplementedError

    def getcommissioninfo(self, data: Any) -> Any:
        """Give the commission scheme of *data*: that of its name, else the default."""
        schemes = self.comminfo
        name = data._name
        return schemes[name] if name in schemes else schemes[None]

    @named_keywords("setcommission()")
    def setcommission(
        self,
        commission: float = 0.0,
        margin: float | None = None,
        mult: float = 1.0,
        commtype: int | None = None,
        percabs: bool = True,
        stocklike: bool = False,
        interest: float = 0.0,
        interest_long: bool = False,
        leverage: float = 1.0,
        automargin: float | bool = False,
        name: str | None = None,
    ) -> None:
        """Make a commission scheme for the data called *name*, or the default one."""
        scheme = _scheme(
            commission=commission,
            margin=margin,
            mult=mult,
            commtype=commtype,
            percabs=percabs,
            stocklike=stocklike,
            interest=interest,
            interest_long=interest_long,
            leverage=leverage,
            automargin=automargin,
        )
        self.addcommissioninfo(scheme, name=name)

    def addcommissioninfo(self, comminfo: Any, name: str | None = None) -> None:
        """Use *comminfo* for the data called *name*, or as the default."""
        if not _SCHEME.holds(comminfo):
            raise ParameterTypeError(
                f"{type(self).__name__}.addcommissioninfo() takes {_SCHEME.text} such as "
                f"bt.CommissionInfo(commission=0.001); got {comminfo!r}."
            )
        self.comminfo[name] = comminfo

    def getcash(self) -> float:
        """Give the cash."""
        raise NotImplementedError

    def getvalue(self, datas: Any = None) -> float:
        """Give the value of the account, or of the positions in *datas*."""
        raise NotImplementedError

    def get_fundshares(self) -> float:
        """Give the number of fund shares."""
        return 1.0

    #: The number of fund shares.
    fundshares = property(get_fundshares)

    def get_fundvalue(self) -> float:
        """Give the value of one fund share."""
        return self.getvalue()

    #: The value of one fund share.
    fundvalue = property(get_fundvalue)

    def set_fundmode(self, fundmode: bool, fundstartval: float | None = None) -> None:
        """Report as a fund does (brokers that can)."""

    def get_fundmode(self) -> bool:
        """Tell whether the broker reports as a fund does."""
        return False

    @property
    def fundmode(self) -> bool:
        """Whether the broker reports as a fund does."""
        return self.get_fundmode()

    @fundmode.setter
    def fundmode(self, fundmode: bool) -> None:
        self.set_fundmode(fundmode)

    def getposition(self, data: Any) -> Any:
        """Give the position in *data*."""
        raise NotImplementedError

    def submit(self, order: Any) -> Any:
        """Take *order*."""
        raise NotImplementedError

    def cancel(self, order: Any) -> Any:
        """Take *order* back."""
        raise NotImplementedError

    def buy(self, owner: Any, data: Any, size: float, *args: Any, **kwargs: Any) -> Any:
        """Take an order to buy *size* of *data*."""
        raise NotImplementedError

    def sell(self, owner: Any, data: Any, size: float, *args: Any, **kwargs: Any) -> Any:
        """Take an order to sell *size* of *data*."""
        raise NotImplementedError


__all__ = ["Broker", "BrokerBase", "CommInfoBase", "CommissionInfo"]
