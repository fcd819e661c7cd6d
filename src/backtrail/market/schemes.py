"""Commission schemes by kind of instrument; percentages are given in percent (0.5 is 0.5 %)."""

from __future__ import annotations

from typing import Any, ClassVar

from . import futures as futures
from .commission import CommInfoBase
from .futures import CL as CL
from .futures import ES as ES
from .futures import MES as MES
from .futures import MNQ as MNQ
from .futures import NQ as NQ
from .futures import CommInfo_Perpetual as CommInfo_Perpetual
from .futures import FuturesCommInfo as FuturesCommInfo


class CommInfo(CommInfoBase):
    """The base under its short name."""


class CommInfo_Futures(CommInfoBase):
    """Futures: margin per unit."""


class CommInfo_Futures_Perc(CommInfo_Futures):
    """Futures with a percentage of the price as commission."""

    params: ClassVar[Any] = (("commtype", CommInfoBase.COMM_PERC),)


class CommInfo_Futures_Fixed(CommInfo_Futures):
    """Futures with an amount per contract as commission."""

    params: ClassVar[Any] = (("commtype", CommInfoBase.COMM_FIXED),)


class CommInfo_Stocks(CommInfoBase):
    """Stocks: paid for in full."""

    params: ClassVar[Any] = (("stocklike", True),)


class CommInfo_Stocks_Perc(CommInfo_Stocks):
    """Stocks with a percentage of the price as commission."""

    params: ClassVar[Any] = (("commtype", CommInfoBase.COMM_PERC),)


class CommInfo_Stocks_Fixed(CommInfo_Stocks):
    """Stocks with an amount per share as commission."""

    params: ClassVar[Any] = (("commtype", CommInfoBase.COMM_FIXED),)


__all__ = [
    "CommInfo",
    "CommInfo_Futures",
    "CommInfo_Futures_Fixed",
    "CommInfo_Futures_Perc",
    "CommInfo_Stocks",
    "CommInfo_Stocks_Fixed",
    "CommInfo_Stocks_Perc",
]
