"""Observers: lines that follow a strategy, its account, its orders and its trades."""

from ..base.legacy import answering
from .base import Observer
from .benchmark import Benchmark
from .broker import Broker, Cash, CashValue, FundShares, FundShareValue, FundVal, FundValue, Value
from .buysell import BuySell
from .drawdown import DrawDown, DrawDown_Old, DrawDownLength
from .logreturns import LogReturns, LogReturns2
from .timereturn import TimeReturn
from .trades import DataTrades, Trades

__getattr__ = answering(__name__)

__all__ = [
    "Benchmark",
    "Broker",
    "BuySell",
    "Cash",
    "CashValue",
    "DataTrades",
    "DrawDown",
    "DrawDownLength",
    "DrawDown_Old",
    "FundShareValue",
    "FundShares",
    "FundVal",
    "FundValue",
    "LogReturns",
    "LogReturns2",
    "Observer",
    "TimeReturn",
    "Trades",
    "Value",
]
