"""Backtesting and trading in backtrader's spelling: exact results, far faster.

``import backtrail as bt`` answers backtrader's names. Everything is loaded when it is first used.
"""

from __future__ import annotations

import sys as _sys
from importlib import import_module
from typing import TYPE_CHECKING
from typing import Any as _Any  # bt.Any is a function of lines

from ._version import __version__
from .base.legacy import LegacyPaths as _LegacyPaths

if TYPE_CHECKING:
    from . import analyzers as analyzers
    from . import feeds as feeds
    from . import indicators as indicators
    from . import observers as observers
    from . import sizers as sizers
    from .analyzers.base import Analyzer as Analyzer
    from .backtest.running import run_algorithm as run_algorithm
    from .base.declare import param as param
    from .base.timeframe import TimeFrame as TimeFrame
    from .cerebro import Cerebro as Cerebro
    from .indicators.base import Indicator as Indicator
    from .lines.series import line as line
    from .market.instrument import Instrument as Instrument
    from .market.order import Order as Order
    from .market.position import Position as Position
    from .market.trade import Trade as Trade
    from .observers.base import Observer as Observer
    from .sizers.base import Sizer as Sizer
    from .strategy.strategy import Strategy as Strategy

_OWN = {
    "LookAheadError": "errors",
    "BacktrailError": "errors",
    "BacktrailWarning": "errors",
    "DataError": "errors",
    "DataWarning": "errors",
    "DeclarationError": "errors",
    "Instrument": "market.instrument",
    "LookAheadWarning": "errors",
    "OrderError": "errors",
    "OrderWarning": "errors",
    "ParameterError": "errors",
    "ParameterValueError": "errors",
    "param": "base.declare",
    "line": "lines.series",
    "run_algorithm": "backtest.running",
    # the names that nearly every script uses, by the shortest way
    "Analyzer": "analyzers.base",
    "Cerebro": "cerebro",
    "Indicator": "indicators.base",
    "Observer": "observers.base",
    "Order": "market.order",
    "Sizer": "sizers.base",
    "Strategy": "strategy.strategy",
    "TimeFrame": "base.timeframe",
}
_PACKAGES = frozenset({"analyzers", "feeds", "indicators", "observers", "sizers"})


if _LegacyPaths not in _sys.meta_path:
    _sys.meta_path.append(_LegacyPaths)


def __getattr__(name: str) -> _Any:
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in _OWN:
        value = getattr(import_module(f"{__name__}.{_OWN[name]}"), name)
    elif name in _PACKAGES:
        value = import_module(f"{__name__}.{name}")
    elif name == "ind":
        value = import_module(f"{__name__}.indicators")
    else:
        from .compat.modules import legacy_attribute

        value = legacy_attribute(name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    from .compat.names import top_names

    return sorted({*globals(), *_OWN, *_PACKAGES, *top_names()})


__all__ = ["__version__", *sorted(_OWN)]
