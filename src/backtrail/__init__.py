"""Backtesting and trading in backtrader's spelling: exact results, far faster."""

from backtrail._version import __version__

__all__ = ["__version__"]
