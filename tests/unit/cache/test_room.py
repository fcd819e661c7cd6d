"""How much a cache keeps: policies and a limit, held while results are written."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from backtrail.cache import BacktestCache, CacheWarning, cached_backtest
from backtrail.runs.store import Store

ROWS = 4000


def equity(seed: int) -> pd.Series:
    """Give a curve that does not compress: some 32,000 bytes."""
    values = np.random.default_rng(seed).normal(size=ROWS).cumsum()
    return pd.Series(values, index=pd.RangeIndex(ROWS), name="equity")


def kept(cache: BacktestCache, bars: pd.DataFrame, numbers: range) -> list[int]:
    return [at for at in numbers if cache.get_cached_backtest("sma", {"at": at}, bars) is not None]


def fill(cache: BacktestCache, bars: pd.DataFrame, numbers: range, sharpe: Any = float) -> list[str]:
    return [
        cache.cache_backtest("sma", {"at": at}, bars, {"sharpe_ratio": sharpe(at)}, equity_curve=equity(at))
        for at in numbers
    ]


def bytes_of_cached(store: Store) -> int:
    return store.retain(max_bytes=0).bytes_before


@pytest.mark.row("B30")
def test_b30_a_cache_stays_within_its_limit(store: Store, bars: pd.DataFrame) -> None:
    """B30: the least recently used results go; those of the engine and pinned ones are not touched."""
    engine = store.commit({"strategy": "engine", "result": {"artifacts": {"x": {"blob": store.put(b"x" * 90_000)}}}})
    cache = BacktestCache(store, max_bytes="200kB")
    ids = fill(cache, bars, range(3))
    store.pin(ids[1])
    assert kept(cache, bars, range(1)) == [0]  # used
    ids += fill(cache, bars, range(3, 12))
    left = kept(cache, bars, range(12))
    assert 3 <= len(left) < 6
    assert 1 in left
    assert left[-1] == 11
    assert bytes_of_cached(store) - 90_000 < 200_000
    assert store.run(engine).bytes("x") == b"x" * 90_000
    assert store.fsck().clean
    assert len(cache.index) == len(left) == len(cache.compare_runs(list(cache.index)))


@pytest.mark.row("B30")
def test_b30_a_result_larger_than_the_limit_is_not_stored(store: Store, bars: pd.DataFrame) -> None:
    cache = BacktestCache(store, max_bytes=10_000)
    [one] = fill(cache, bars, range(1))
    assert not one.stored  # type: ignore[attr-defined]
    assert "larger than the cache may be" in one.reason  # type: ignore[attr-defined]
    calls = []

    @cached_backtest("big", cache=cache)
    def big(n: int) -> pd.Series:
        calls.append(n)
        return equity(n)

    pd.testing.assert_series_equal(big(1), big(1))
    assert calls == [1, 1]


@pytest.mark.row("B30")
def test_b30_pins_that_leave_no_room_are_told(store: Store, bars: pd.DataFrame) -> None:
    first = BacktestCache(store)
    for one in fill(first, bars, range(3)):
        store.pin(one)
    cache = BacktestCache(store, max_bytes=50_000)
    with pytest.warns(CacheWarning, match="more than the 50,000 it may: 3 of its runs are pinned"):
        fill(cache, bars, range(3, 4))
    assert kept(cache, bars, range(4)) == [0, 1, 2]


@pytest.mark.row("B30")
def test_b30_the_best_keep_tables_and_the_others_metrics(store: Store, bars: pd.DataFrame) -> None:
    """B30: keep="top:2"; what lost its tables is a miss, and is still compared."""
    cache = BacktestCache(store, keep="top:2")
    order = {0: 1.0, 1: 4.0, 2: 2.0, 3: 3.0, 4: 0.5}
    ids = fill(cache, bars, range(5), order.__getitem__)
    assert len(store.refs.thinned()) == 3
    assert cache.find_best_parameters("sma", top_n=5)["param_at"].tolist() == [1, 3, 2, 0, 4]
    assert cache.index[ids[4]]["metrics"] == {"sharpe_ratio": 0.5}
    assert cache.get_cached_trades(ids[1]) is None
    for entry in list(store.files.list("trash")):
        store.files.remove(entry.name)
    assert kept(cache, bars, range(5)) == [1, 3]
    assert ids[4] in cache.index
    with pytest.warns(CacheWarning, match="given up to hold less"):
        assert cache.get_cached_trades(ids[4]) is None
    assert store.fsck().clean
    fill(cache, bars, range(4, 5), lambda at: 9.0)
    assert kept(cache, bars, range(5)) == [1, 4]


@pytest.mark.row("B30")
def test_b30_what_was_given_up_and_computed_again_is_one_run(store: Store) -> None:
    cache = BacktestCache(store, keep="top:1")
    calls = []

    @cached_backtest("sma", cache=cache)
    def sma(n: int) -> dict[str, Any]:
        calls.append(n)
        return {"sharpe_ratio": float(n), "curve": equity(n)}

    for n in (3, 2, 2, 2, 3):
        assert sma(n)["sharpe_ratio"] == n
    assert calls == [3, 2, 2, 2]
    assert len(store.runs(status="finished")) == 2
    assert cache.find_best_parameters("sma", top_n=2)["trials"].tolist() == [2, 2]
    full = BacktestCache(store)
    fresh = cached_backtest("sma", cache=full)(sma.uncached)  # type: ignore[attr-defined]
    assert [fresh(2)["sharpe_ratio"], fresh(2)["sharpe_ratio"]] == [2.0, 2.0]
    assert calls == [3, 2, 2, 2, 2]
    assert len(store.runs(status="finished")) == 2


@pytest.mark.row("B30")
def test_b30_the_limit_may_come_from_the_environment(
    store: Store, bars: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKTRAIL_CACHE_MAX_BYTES", "100kB")
    fill(BacktestCache(store), bars, range(6))
    assert bytes_of_cached(store) < 100_000
    fill(BacktestCache(store, max_bytes="1GB"), bars, range(6))
    assert bytes_of_cached(store) > 150_000
    monkeypatch.setenv("BACKTRAIL_CACHE_MAX_BYTES", "plenty")
    with pytest.raises(ValueError, match="found 'plenty'"):
        BacktestCache(store)


@pytest.mark.parametrize("wrong", [{"keep": "best"}, {"keep": "top:0"}, {"max_bytes": -1}, {"max_bytes": "1 parsec"}])
def test_a_wrong_policy_is_refused_when_the_cache_is_made(store: Store, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected"):
        BacktestCache(store, **wrong)


@pytest.mark.row("B30")
def test_b30_a_store_that_cannot_be_made_smaller_keeps_the_result(
    store: Store, bars: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = BacktestCache(store, max_bytes=50_000)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fill(cache, bars, range(1))

    def full(source: str, target: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.files, "move", full)
    with pytest.warns(CacheWarning, match="cannot be brought back to its size"):
        [one] = fill(cache, bars, range(1, 2))
    assert one.stored  # type: ignore[attr-defined]
