"""Which store a cache uses: the one that was configured, or the one that is found at each call."""

from __future__ import annotations

import os
from contextvars import ContextVar, Token
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..runs.store import Store
    from .backtests import BacktestCache

_stores: dict[tuple[str, int], Store] = {}
_process: dict[str, BacktestCache | None] = {}
_block: ContextVar[BacktestCache | None] = ContextVar("backtrail_cache", default=None)


def open_store(where: Any) -> Store:
    """Open the store at *where*: a store, folder or URL, or None for the one that is found from here."""
    from ..runs.store import Store, find_place

    if isinstance(where, Store):
        return where
    place = find_place(where)
    key = (place.url, os.getpid())
    store = _stores.get(key)
    if store is None or not (place.remote or Path(place.url, "store.json").exists()):
        store = _stores[key] = Store.open(place)
    return store


def get_backtest_cache() -> BacktestCache:
    """Give the cache that `configure` set, else the one of the store that is found at this call.

    That is ``BACKTRAIL_STORE``, else the nearest ``.backtrail`` folder, else the user's data directory.
    """
    from .backtests import BacktestCache

    return _block.get() or _process.get("cache") or BacktestCache()


class configure:
    """Let `get_backtest_cache` give the cache at *cache_dir* from here on, or within ``with configure(...)``.

    *cache_dir* is a folder, a URL, a store or a cache; None undoes an earlier choice. A call by itself holds for the
    whole process; in ``with`` the choice belongs to the block, and other threads do not see it.
    """

    def __init__(self, cache_dir: str | os.PathLike[str] | Store | BacktestCache | None = None) -> None:
        from .backtests import BacktestCache

        if cache_dir is None or isinstance(cache_dir, BacktestCache):
            self.cache = cache_dir
        else:
            self.cache = BacktestCache(cache_dir)
        self._before = _process.get("cache")
        self._token: Token[BacktestCache | None] | None = None
        _process["cache"] = self.cache

    def __enter__(self) -> BacktestCache:
        _process["cache"] = self._before
        self._token = _block.set(self.cache)
        return get_backtest_cache()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._token is not None:
            _block.reset(self._token)


__all__ = ["configure", "get_backtest_cache", "open_store"]
