"""A cache of backtests: results by name, parameters, data, code and engine, kept in the store of run records.

``from backtrail.cache import BacktestCache, cached_backtest``. Every result is a record of the store: Arrow tables and
JSON, one immutable manifest per run, found through an index that can be made again. Nothing is unpickled.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .model import (
    BacktestMetadata,
    BacktestResult,
    CacheConflict,
    CacheWarning,
    Explanation,
    InputMutated,
    NonDeterministicResult,
    StoreResult,
)

if TYPE_CHECKING:
    from ..runs.folds import in_fold as in_fold
    from ..runs.splits import SplitSet as SplitSet
    from .backtests import BacktestCache as BacktestCache
    from .decorator import cached_backtest as cached_backtest
    from .migrating import Migrated as Migrated
    from .migrating import migrate as migrate
    from .places import configure as configure
    from .places import get_backtest_cache as get_backtest_cache

_LAZY = {
    "BacktestCache": ".backtests",
    "Migrated": ".migrating",
    "SplitSet": "..runs.splits",
    "cached_backtest": ".decorator",
    "configure": ".places",
    "get_backtest_cache": ".places",
    "in_fold": "..runs.folds",
    "migrate": ".migrating",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})


__all__ = [
    "BacktestCache",
    "BacktestMetadata",
    "BacktestResult",
    "CacheConflict",
    "CacheWarning",
    "Explanation",
    "InputMutated",
    "Migrated",
    "NonDeterministicResult",
    "SplitSet",
    "StoreResult",
    "cached_backtest",
    "configure",
    "get_backtest_cache",
    "in_fold",
    "migrate",
]
