"""Promises B9 to B39 of what is cached by a call: keys, conflicts, faults, questions, care."""

from __future__ import annotations

import ast
import inspect
import math
import multiprocessing
import os
import pickle
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import backtrail.cache
from backtrail.cache import (
    BacktestCache,
    BacktestMetadata,
    BacktestResult,
    CacheConflict,
    CacheWarning,
    NonDeterministicResult,
    StoreResult,
    configure,
    get_backtest_cache,
)
from backtrail.errors import ParameterError
from backtrail.runs.plain import UnstorableValue
from backtrail.runs.store import Store

GOOD = {"sharpe_ratio": 1.25, "max_drawdown": -0.2, "win_rate": 0.5}


def test_a_result_comes_back_as_it_was_given(
    cache: BacktestCache, bars: pd.DataFrame, trades: pd.DataFrame
) -> None:
    equity = bars["close"].cumsum()
    positions = pd.DataFrame(
        {"size": [1, 2]}, index=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["x", None])
    )
    diagnostics = {"note": "ok", "weights": np.arange(6.0).reshape(2, 3), "nested": {"frame": trades}}
    run_id = cache.cache_backtest("sma", {"fast": 10}, bars, GOOD, trades, equity, positions, diagnostics)
    found = cache.get_cached_backtest("sma", {"fast": 10}, bars)
    assert isinstance(found, BacktestResult)
    assert isinstance(found.metadata, BacktestMetadata)
    assert found.metrics == GOOD
    pd.testing.assert_frame_equal(found.trades, trades)
    pd.testing.assert_series_equal(found.equity_curve, equity)
    pd.testing.assert_frame_equal(found.positions, positions)
    assert found.diagnostics is not None
    np.testing.assert_array_equal(found.diagnostics["weights"], diagnostics["weights"])
    pd.testing.assert_frame_equal(found.diagnostics["nested"]["frame"], trades)
    said = found.metadata
    assert (said.strategy_name, said.parameters, said.run_id) == ("sma", {"fast": 10}, run_id)
    assert (said.start_date, said.end_date) == (bars.index[0], bars.index[-1])
    assert said.performance_summary == GOOD
    found.trades.loc[:, "pnl"] = 0.0  # what comes back may be changed


@pytest.mark.row("B22")
def test_the_run_id_is_the_key_and_the_same_in_every_store(
    cache: BacktestCache, bars: pd.DataFrame, tmp_path: Path
) -> None:
    other = BacktestCache(Store.open(tmp_path / "other", index_folder=tmp_path / "other-index"))
    first = cache.cache_backtest("sma", {"fast": 10}, bars, GOOD)
    assert first == other.cache_backtest("sma", {"fast": 10}, bars.copy(), {"sharpe_ratio": 9.0})
    assert len(first) == 64
    assert int(first, 16) >= 0
    assert isinstance(first, StoreResult)
    assert first.stored
    assert pickle.loads(pickle.dumps(first)).stored


def test_a_miss_gives_none(cache: BacktestCache, bars: pd.DataFrame) -> None:
    assert cache.get_cached_backtest("sma", {}, bars) is None
    assert cache.get_run_metadata("nothing") is None
    assert cache.get_cached_trades("nothing") is None
    assert cache.index.get("0" * 64) is None


@pytest.mark.row("B9")
@pytest.mark.parametrize(
    ("name", "parameters", "more"),
    [
        ("other", {"fast": 10}, {}),
        ("sma", {"fast": 11}, {}),
        ("sma", {"fast": 10.0}, {}),
        ("sma", {"fast": True}, {}),
        ("sma", {"fast": "10"}, {}),
        ("sma", {"fast": 10, "slow": None}, {}),
        ("sma", {"fast": 10}, {"config": {"commission": 0.001}}),
        ("sma", {"fast": 10}, {"seed": 1}),
    ],
)
def test_b09_settings_seed_and_types_of_parameters_are_in_the_key(
    cache: BacktestCache, bars: pd.DataFrame, name: str, parameters: dict[str, Any], more: dict[str, Any]
) -> None:
    cache.cache_backtest("sma", {"fast": 10}, bars, GOOD)
    assert cache.get_cached_backtest(name, parameters, bars, **more) is None
    assert cache.get_cached_backtest("sma", {"fast": np.int64(10)}, bars) is not None


@pytest.mark.row("B9")
def test_b09_the_engine_is_in_the_key(
    cache: BacktestCache, bars: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.cache_backtest("sma", {}, bars, GOOD)
    monkeypatch.setattr("backtrail.runs.key.SEMANTICS_EPOCH", 999)
    assert cache.get_cached_backtest("sma", {}, bars) is None


@pytest.mark.row("B1", "B2")
def test_one_changed_bar_is_another_key(cache: BacktestCache, bars: pd.DataFrame) -> None:
    cache.cache_backtest("sma", {}, bars, GOOD)
    for row in (0, 137, 299):
        changed = bars.copy()
        changed.iloc[row, 1] += 1e-9
        assert cache.get_cached_backtest("sma", {}, changed) is None
    assert cache.get_cached_backtest("sma", {}, bars.tz_localize("UTC")) is None


@pytest.mark.row("B4")
def test_empty_data_is_cached_without_dates(cache: BacktestCache, bars: pd.DataFrame) -> None:
    cache.cache_backtest("sma", {}, bars.iloc[:0], GOOD)
    found = cache.get_cached_backtest("sma", {}, bars.iloc[:0])
    assert found is not None
    assert found.metadata.start_date is None
    assert found.metadata.end_date is None
    assert cache.get_cached_backtest("sma", {}, bars.iloc[:0, :1]) is None


@pytest.mark.row("B14")
@pytest.mark.parametrize("kind", ["dict", "list", "arrow", "polars", "series", "array", "columns"])
def test_b14_data_may_be_any_frame_or_a_container_of_frames(
    cache: BacktestCache, bars: pd.DataFrame, kind: str
) -> None:
    import polars as pl
    import pyarrow as pa

    data: Any = {
        "dict": {"a": bars, "b": bars.iloc[:10]},
        "list": [bars, bars.iloc[:10]],
        "arrow": pa.table({"close": bars["close"].to_numpy()}),
        "polars": pl.DataFrame({"close": bars["close"].to_numpy()}),
        "series": bars["close"],
        "array": bars["close"].to_numpy(),
        "columns": {"close": bars["close"].to_numpy()},
    }[kind]
    cache.cache_backtest("sma", {}, data, GOOD)
    assert cache.get_cached_backtest("sma", {}, data) is not None
    other: Any = (
        {"a": bars, "c": bars.iloc[:10]} if kind == "dict" else [bars, bars] if kind == "list" else bars
    )
    assert cache.get_cached_backtest("sma", {}, other) is None


@pytest.mark.row("B14")
def test_b14_a_feed_is_data_by_its_bars(cache: BacktestCache, bars: pd.DataFrame) -> None:
    import backtrail as bt

    cache.cache_backtest("sma", {}, bt.feeds.PandasData(dataname=bars), GOOD)
    assert cache.get_cached_backtest("sma", {}, bt.feeds.PandasData(dataname=bars.copy())) is not None
    assert cache.get_cached_backtest("sma", {}, bt.feeds.PandasData(dataname=bars.iloc[1:])) is None


def _write_many(folder: str, index: str, number: int) -> None:
    cache = BacktestCache(Store.open(folder, index_folder=index))
    data = np.arange(50.0)
    for at in range(10):
        cache.cache_backtest("many", {"process": number, "at": at}, data, {"sharpe_ratio": number + at / 10})


@pytest.mark.row("B15")
def test_b15_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    folder, index = str(tmp_path / "shared"), str(tmp_path / "shared-index")
    Store.open(folder, index_folder=index)
    workers = [context.Process(target=_write_many, args=(folder, index, number)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    cache = BacktestCache(Store.open(folder, index_folder=index))
    assert len(cache.index) == len(list(cache.index)) == cache.get_cache_stats()["total_runs"] == 40


@pytest.mark.row("B16")
def test_b16_a_destroyed_index_is_made_again(cache: BacktestCache, bars: pd.DataFrame) -> None:
    ids = {str(cache.cache_backtest("sma", {"fast": fast}, bars, GOOD)) for fast in range(5)}
    path = Path(cache.store.index.path)
    cache.store.close()
    path.write_bytes(b"this is no index")
    for ending in ("-wal", "-shm"):
        Path(f"{path}{ending}").unlink(missing_ok=True)
    assert set(cache.index) == ids
    assert len(cache.compare_runs(sorted(ids))) == 5


@pytest.fixture
def broken(cache: BacktestCache, monkeypatch: pytest.MonkeyPatch) -> BacktestCache:
    """Give a cache whose store cannot be written."""

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache.store.files.disk, "write", refuse)  # type: ignore[attr-defined]
    return cache


@pytest.mark.row("B17")
def test_b17_a_run_that_is_not_stored_says_so(broken: BacktestCache, bars: pd.DataFrame) -> None:
    with pytest.warns(CacheWarning, match="is not stored"):
        result = broken.cache_backtest("sma", {}, bars, GOOD)
    assert not result.stored
    assert result.reason
    assert len(result) == 64
    strict = BacktestCache(broken.store, strict=True)
    with pytest.raises(Exception, match="No space"):
        strict.cache_backtest("sma", {}, bars, GOOD)


@pytest.mark.row("B17")
def test_b17_a_part_without_a_stored_form_is_named(cache: BacktestCache, bars: pd.DataFrame) -> None:
    with pytest.warns(CacheWarning, match=r"diagnostics\.model"):
        result = cache.cache_backtest("sma", {}, bars, GOOD, diagnostics={"model": object(), "note": 1})
    assert result.stored
    assert len(result.left_out) == 1
    found = cache.get_cached_backtest("sma", {}, bars)
    assert found is not None
    assert found.diagnostics == {"note": 1}
    with pytest.raises(UnstorableValue, match="model"):
        BacktestCache(cache.store, strict=True).cache_backtest(
            "b", {}, bars, GOOD, diagnostics={"model": object()}
        )


@pytest.mark.row("B18")
def test_b18_nothing_is_unpickled() -> None:
    folder = Path(backtrail.cache.__file__).parent
    readers = {"pickle", "cloudpickle", "dill", "joblib", "shelve"}
    # what runs in the confined process that reads older caches, and in no other
    apart = folder / "pickles.py"
    for path in [*folder.glob("*.py"), *(folder.parent / "runs").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_bytes())):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or "", *(f"{node.module or ''}.{one.name}" for one in node.names)]
                assert not any(name.rpartition(".")[2] == "pickles" for name in names), path
            assert path == apart or not readers.intersection(names), path


class _Trap:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.mark),)


@pytest.mark.row("B18")
def test_b18_pickles_that_lie_in_the_folder_are_not_touched(
    cache: BacktestCache, bars: pd.DataFrame, tmp_path: Path
) -> None:
    run_id = cache.cache_backtest("sma", {}, bars, GOOD)
    mark = tmp_path / "executed"
    for name in (f"runs/{run_id}.pkl", "splits/s_fold_0.pkl"):
        path = cache.cache_dir / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(pickle.dumps(_Trap(mark)))
    assert cache.get_cached_backtest("sma", {}, bars) is not None
    assert cache.get_walk_forward_split("s", 0) is None
    assert not mark.exists()


@pytest.mark.row("B19")
@pytest.mark.parametrize(
    "name", ["../../escaped", "/etc/x", "a\0b", "", "con", "é\ud800", "x" * 5000, "a/b\\c"]
)
def test_b19_ids_and_names_never_become_paths(
    cache: BacktestCache, bars: pd.DataFrame, trades: pd.DataFrame, tmp_path: Path, name: str
) -> None:
    outside = {path for path in tmp_path.rglob("*") if not path.is_relative_to(cache.cache_dir)}
    cache.cache_walk_forward_split(name, bars[:200], bars[200:], 0, 1)
    cache.cache_trades(name, trades)
    assert cache.get_walk_forward_split(name, 0) is not None
    pd.testing.assert_frame_equal(cache.get_cached_trades(name), trades)
    if "\ud800" not in name:
        cache.cache_backtest(name, {}, bars, GOOD)
        assert cache.get_cached_backtest(name, {}, bars) is not None
    assert outside >= {
        path
        for path in tmp_path.rglob("*")
        if not path.is_relative_to(cache.cache_dir) and not path.is_relative_to(tmp_path / "index")
        and not path.is_relative_to(tmp_path / "cache-home")
    }  # fmt: skip


@pytest.mark.row("B20")
def test_b20_a_result_in_a_later_format_is_passed_over(cache: BacktestCache, bars: pd.DataFrame) -> None:
    result = cache.cache_backtest("sma", {}, bars, GOOD)
    assert result.run is not None
    manifest = dict(cache.store.manifest(result.run))
    manifest["cache"] = {**manifest["cache"], "format": 99, "unknown": [1]}
    del manifest["run"]
    cache.store.commit(manifest)
    with pytest.warns(CacheWarning, match="format 1"):
        assert cache.get_cached_backtest("sma", {}, bars) is None


@pytest.mark.row("B21")
@pytest.mark.parametrize("make", [str, Path, os.fspath])
def test_b21_the_folder_may_be_text_or_path(tmp_path: Path, make: Any) -> None:
    cache = BacktestCache(make(tmp_path / "folder"))
    assert cache.cache_dir == tmp_path / "folder"
    assert cache.runs_dir == tmp_path / "folder" / "runs"


@pytest.mark.row("B21")
def test_b21_the_folders_of_a_cache_can_be_read_and_not_set(
    cache: BacktestCache, bars: pd.DataFrame
) -> None:
    run_id = cache.cache_backtest("sma", {"fast": 1}, bars, {"sharpe_ratio": 1.0})
    cache.cache_walk_forward_split("split", bars.iloc[:50], bars.iloc[50:], 0, 1)
    assert cache.cache_trades(run_id, bars).is_relative_to(cache.trades_dir)
    assert [path.suffix for path in cache.splits_dir.rglob("*") if path.is_file()] == [".json"]
    assert cache.metadata_dir == cache.runs_dir
    assert list(cache.metadata_dir.rglob("*.json"))
    assert cache.index_file is not None
    assert cache.index_file.is_file()
    for name in ("metadata_dir", "splits_dir", "trades_dir", "index_file"):
        with pytest.raises(AttributeError):
            setattr(cache, name, Path())


def test_no_parameters_are_parameters_and_other_things_are_refused(
    cache: BacktestCache, bars: pd.DataFrame
) -> None:
    run_id = cache.cache_backtest("sma", None, bars, {"sharpe_ratio": 1.0})
    assert run_id == cache.cache_backtest("sma", {}, bars, {"sharpe_ratio": 1.0})
    found = cache.get_cached_backtest("sma", None, bars)
    assert found is not None
    assert found.metrics == {"sharpe_ratio": 1.0}
    assert cache.explain("sma", None, bars).hit
    calls: list[Any] = [
        lambda given: cache.cache_backtest("sma", given, bars, {}),
        lambda given: cache.get_cached_backtest("sma", given, bars),
        lambda given: cache.explain("sma", given, bars),
    ]
    for call in calls:
        for given in ([("fast", 1)], "fast", 3, ()):
            with pytest.raises(ParameterError, match="expected a dict of values by name, or None - found"):
                call(given)


@pytest.mark.row("B21")
def test_b21_the_variable_names_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKTRAIL_STORE", str(tmp_path / "named"))
    assert BacktestCache().cache_dir == tmp_path / "named"
    monkeypatch.delenv("BACKTRAIL_STORE")
    (tmp_path / "project" / ".backtrail").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "project")
    assert BacktestCache().cache_dir == tmp_path / "project" / ".backtrail"


@pytest.mark.row("B22")
def test_b22_another_result_for_the_same_inputs_is_told(
    cache: BacktestCache, bars: pd.DataFrame, trades: pd.DataFrame
) -> None:
    first = cache.cache_backtest("sma", {}, bars, GOOD, trades)
    assert cache.cache_backtest("sma", {}, bars, dict(GOOD), trades.copy()).run == first.run
    with pytest.warns(NonDeterministicResult, match=r"metrics\.sharpe_ratio: 1\.25 - 2\.0"):
        assert cache.cache_backtest("sma", {}, bars, {**GOOD, "sharpe_ratio": 2.0}, trades) == first
    other = trades.copy()
    other.iloc[1, 1] = 7.0
    with pytest.warns(NonDeterministicResult, match=r"trades: pnl: row"):
        cache.cache_backtest("sma", {}, bars, GOOD, other)
    with pytest.raises(CacheConflict, match="stored run stays"):
        cache.cache_backtest("sma", {}, bars, GOOD, other, on_conflict="error")
    found = cache.get_cached_backtest("sma", {}, bars)
    assert found is not None
    assert found.metrics == GOOD
    with pytest.warns(NonDeterministicResult, match="later one is stored"):
        cache.cache_backtest("sma", {}, bars, GOOD, other, on_conflict="replace")
    found = cache.get_cached_backtest("sma", {}, bars)
    assert found is not None
    pd.testing.assert_frame_equal(found.trades, other)
    assert len(cache.index) == 1
    with pytest.raises(ValueError, match="on_conflict"):
        cache.cache_backtest("sma", {}, bars, GOOD, on_conflict="overwrite")  # type: ignore[arg-type]


@pytest.mark.row("B23")
def test_b23_damaged_results_are_noticed_and_can_be_stored_again(
    cache: BacktestCache, bars: pd.DataFrame, trades: pd.DataFrame
) -> None:
    run = cache.store.run(cache.cache_backtest("sma", {}, bars, GOOD, trades).run or "")
    blob = run.artifacts["trades"]["blob"]
    path = cache.cache_dir / "objects" / "b3" / blob[3:5] / blob[5:]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)
    with pytest.warns(CacheWarning, match="cannot be read"):
        assert cache.get_cached_backtest("sma", {}, bars) is None
    cache.cache_backtest("sma", {}, bars, GOOD, trades)
    found = cache.get_cached_backtest("sma", {}, bars)
    assert found is not None
    pd.testing.assert_frame_equal(found.trades, trades)


def _sweep(
    cache: BacktestCache, data: pd.DataFrame, sharpes: dict[int, float], name: str = "sma", **more: Any
) -> None:
    for fast, sharpe in sharpes.items():
        cache.cache_backtest(
            name, {"fast": fast}, data, {"sharpe_ratio": sharpe, "max_drawdown": -sharpe / 10}, **more
        )


@pytest.mark.row("B24")
def test_b24_only_runs_on_the_latest_data_are_compared(cache: BacktestCache, bars: pd.DataFrame) -> None:
    _sweep(cache, bars.iloc[:100], {1: 9.0, 2: 8.0})
    _sweep(cache, bars, {1: 1.0, 2: 3.0, 3: 2.0})
    _sweep(cache, bars, {1: 99.0}, name="another")
    best = cache.find_best_parameters("sma")
    assert best["param_fast"].tolist() == [2, 3, 1]
    assert best["sharpe_ratio"].tolist() == [3.0, 2.0, 1.0]
    assert best["trials"].tolist() == [3, 3, 3]
    assert best.attrs["trials"] == 3
    every = cache.find_best_parameters("sma", top_n=2, scope="all")
    assert every["sharpe_ratio"].tolist() == [9.0, 8.0]
    assert every.attrs["trials"] == 5


@pytest.mark.row("B24")
def test_b24_infinite_and_missing_values_come_last(cache: BacktestCache, bars: pd.DataFrame) -> None:
    _sweep(cache, bars, {1: math.inf, 2: 0.5, 3: math.nan, 4: 1.5, 5: -math.inf})
    assert cache.find_best_parameters("sma")["param_fast"].tolist()[:2] == [4, 2]
    assert cache.find_best_parameters("sma", maximize=False)["param_fast"].tolist()[:2] == [2, 4]


@pytest.mark.row("B24")
def test_b24_the_registry_knows_that_a_drawdown_is_better_small(
    cache: BacktestCache, bars: pd.DataFrame
) -> None:
    _sweep(cache, bars, {1: 1.0, 2: 3.0, 3: 2.0})
    assert cache.find_best_parameters("sma", "max_drawdown")["param_fast"].tolist() == [1, 3, 2]
    assert cache.find_best_parameters("sma", "max_drawdown", maximize=False)["max_drawdown"].tolist() == [
        -0.1,
        -0.2,
        -0.3,
    ]
    assert cache.find_best_parameters("sma", "sharpe_ratio", False)["param_fast"].tolist() == [1, 3, 2]
    assert inspect.signature(cache.find_best_parameters).parameters["maximize"].default is True
    for best_first in (True, None):
        best = cache.find_best_parameters("sma", "max_drawdown", maximize=best_first)  # type: ignore[arg-type]
        assert best["param_fast"].tolist() == [1, 3, 2]
        best = cache.find_best_parameters("sma", maximize=best_first)  # type: ignore[arg-type]
        assert best["param_fast"].tolist() == [2, 3, 1]


@pytest.mark.row("B24")
def test_b24_a_metric_that_is_missing_is_said_with_those_there_are(
    cache: BacktestCache, bars: pd.DataFrame
) -> None:
    _sweep(cache, bars, {1: 1.0})
    with pytest.raises(KeyError, match="max_drawdown"):
        cache.find_best_parameters("sma", "sortino")
    with pytest.warns(CacheWarning, match="no runs"):
        assert cache.find_best_parameters("unknown").empty


@pytest.mark.row("B24")
def test_b24_many_trials_deflate_a_sharpe_ratio(cache: BacktestCache, bars: pd.DataFrame) -> None:
    draw = np.random.default_rng(7)
    for fast in range(20):
        returns = draw.normal(0.001 if fast == 3 else 0.0, 0.01, 250)
        curve = pd.Series(100 * np.cumprod(1 + returns))
        sharpe = returns.mean() / returns.std() * math.sqrt(252)
        cache.cache_backtest("sma", {"fast": fast}, bars, {"sharpe_ratio": sharpe}, equity_curve=curve)
    best = cache.find_best_parameters("sma", top_n=3)
    deflated = best["deflated_sharpe"]
    assert deflated.between(0, 1).all()
    assert deflated.iloc[0] >= deflated.iloc[-1]
    alone = cache.cache_backtest(
        "one", {}, bars, {"sharpe_ratio": float(best["sharpe_ratio"].iloc[0])}, equity_curve=curve
    )
    assert alone.stored
    assert cache.find_best_parameters("one")["trials"].iloc[0] == 1
    assert math.isnan(_without_curve(cache, bars))


def _without_curve(cache: BacktestCache, bars: pd.DataFrame) -> float:
    cache.cache_backtest("bare", {}, bars, {"sharpe_ratio": 2.0})
    return float(cache.find_best_parameters("bare")["deflated_sharpe"].iloc[0])


@pytest.mark.row("B25")
def test_b25_questions_read_no_results(
    cache: BacktestCache, bars: pd.DataFrame, trades: pd.DataFrame
) -> None:
    ids = [
        cache.cache_backtest("sma", {"fast": fast}, bars, {"total_return": float(fast)}, trades)
        for fast in range(5)
    ]
    for path in (cache.cache_dir / "objects").rglob("*"):
        if path.is_file():
            path.chmod(0o644)
            path.write_bytes(b"\0" * path.stat().st_size)
    assert len(cache.compare_runs(ids)) == 5
    assert cache.find_best_parameters("sma", "total_return", top_n=2)["total_return"].tolist() == [4.0, 3.0]
    assert cache.get_cache_stats()["total_runs"] == 5


@pytest.mark.row("B26")
def test_b26_columns_do_not_clash(cache: BacktestCache, bars: pd.DataFrame) -> None:
    parameters = {"x": 1, "risk": {"stop": 0.5, "max": {"days": 3}}, "strategy": "s"}
    metrics = {"strategy": 5.0, "timestamp": 6.0, "param_x": 7.0, "plain": 8.0, "run_id": 9.0}
    run_id = cache.cache_backtest("sma", parameters, bars, metrics)
    row = cache.compare_runs([run_id]).loc[run_id]
    assert row["strategy"] == "sma"
    assert row["metric_strategy"] == 5.0
    assert row["metric_timestamp"] == 6.0
    assert row["param_x"] == 1
    assert row["metric_param_x"] == 7.0
    assert row["param_strategy"] == "s"
    assert row["param_risk.stop"] == 0.5
    assert row["param_risk.max.days"] == 3
    assert row["plain"] == 8.0
    assert row["metric_run_id"] == 9.0
    assert list(cache.compare_runs([run_id]).columns)[:4] == [
        "strategy",
        "timestamp",
        "start_date",
        "end_date",
    ]
    only = cache.compare_runs([run_id], metrics=["plain"])
    assert "metric_strategy" not in only
    assert only["plain"].tolist() == [8.0]


@pytest.mark.row("B26")
def test_b26_runs_that_are_not_there_are_left_out_with_a_warning(
    cache: BacktestCache, bars: pd.DataFrame
) -> None:
    run_id = cache.cache_backtest("sma", {}, bars, GOOD)
    with pytest.warns(CacheWarning, match="left out"):
        assert list(cache.compare_runs([run_id, "f" * 64]).index) == [run_id]
    with pytest.warns(CacheWarning, match="left out"):
        assert cache.compare_runs(["../x"]).empty


@pytest.mark.row("B27")
def test_b27_numbers_keep_their_value_and_type(cache: BacktestCache, bars: pd.DataFrame) -> None:
    metrics: Any = {
        "half": np.float32(1.5), "nan": math.nan, "inf": math.inf, "low": -math.inf, "count": 3, "text": "ok",
        "none": None, "nested": {"a": np.int64(2)},
    }  # fmt: skip
    run_id = cache.cache_backtest("sma", {}, bars, metrics)
    found = cache.get_cached_backtest("sma", {}, bars)
    assert found is not None
    assert type(found.metrics["half"]) is np.float32
    assert found.metrics["half"] == 1.5
    assert math.isnan(found.metrics["nan"])
    assert found.metrics["inf"] == math.inf
    assert found.metrics["low"] == -math.inf
    assert found.metrics["text"] == "ok"
    assert found.metrics["none"] is None
    assert type(found.metrics["count"]) is int
    row = cache.compare_runs([run_id]).loc[run_id]
    assert row["half"] == 1.5
    assert math.isnan(row["nan"])
    assert row["inf"] == math.inf
    assert row["nested.a"] == 2


def _age(cache: BacktestCache, run: str | None, days: float) -> str:
    """Record a run again as if it had been recorded *days* ago."""
    manifest = dict(cache.store.manifest(run or ""))
    del manifest["run"]
    manifest["time"] = {"start": time.time() - days * 86400, "end": time.time() - days * 86400}
    made = cache.store.commit(manifest)
    cache.store.rm(run or "", dry_run=False)
    return made


@pytest.mark.row("B29")
def test_b29_clearing_keeps_what_is_pinned_tagged_or_recent(cache: BacktestCache, bars: pd.DataFrame) -> None:
    ids = [cache.cache_backtest("sma", {"fast": fast}, bars, GOOD) for fast in range(5)]
    aged = [_age(cache, one.run, 40) for one in ids[:4]]
    cache.store.pin(aged[0])
    cache.store.tag(aged[1], "published")
    assert cache.clear_old_runs(days=60) == 0
    assert cache.clear_old_runs(days=30, dry_run=True) == 2
    assert len(cache.index) == 5
    assert cache.clear_old_runs(days=30) == 2
    assert set(cache.index) == {str(ids[0]), str(ids[1]), str(ids[4])}
    assert cache.get_cached_backtest("sma", {"fast": 2}, bars) is None
    cache.store.restore(aged[2])
    assert cache.get_cached_backtest("sma", {"fast": 2}, bars) is not None


@pytest.mark.row("B29")
@pytest.mark.parametrize("days", [-1, math.nan, -0.001, math.inf])
def test_b29_a_negative_age_is_refused(cache: BacktestCache, bars: pd.DataFrame, days: float) -> None:
    cache.cache_backtest("sma", {}, bars, GOOD)
    with pytest.raises(ValueError, match="number of days"):
        cache.clear_old_runs(days=days)
    assert len(cache.index) == 1


@pytest.mark.row("B29")
def test_b29_what_the_engine_recorded_is_left_alone(cache: BacktestCache) -> None:
    cache.store.commit({"strategy": "engine", "time": {"start": 0.0, "end": 1.0}, "result": {"metrics": {}}})
    assert cache.clear_old_runs(0) == 0


@pytest.mark.row("B30")
def test_b30_equal_tables_are_stored_once(cache: BacktestCache, bars: pd.DataFrame) -> None:
    long = pd.Series(np.arange(20_000.0), index=pd.date_range("2000", periods=20_000, freq="h"))
    before = _size(cache)
    cache.cache_backtest("sma", {"fast": 0}, bars, GOOD, equity_curve=long)
    first = _size(cache) - before
    for fast in range(1, 6):
        cache.cache_backtest("sma", {"fast": fast}, bars, GOOD, equity_curve=long)
    assert _size(cache) - before < first * 1.5


def _size(cache: BacktestCache) -> int:
    return sum(path.stat().st_size for path in (cache.cache_dir / "objects").rglob("*") if path.is_file())


@pytest.mark.row("B30")
def test_b30_less_may_be_kept(cache: BacktestCache, bars: pd.DataFrame, trades: pd.DataFrame) -> None:
    BacktestCache(cache.store, keep="metrics").cache_backtest("a", {}, bars, GOOD, trades, bars["close"])
    BacktestCache(cache.store, keep="summary").cache_backtest("b", {}, bars, GOOD, trades, bars["close"])
    metrics, summary = (cache.get_cached_backtest(name, {}, bars) for name in "ab")
    assert metrics is not None
    assert summary is not None
    assert metrics.metrics == GOOD
    assert metrics.trades is None
    assert metrics.equity_curve is None
    assert summary.trades is None
    assert summary.equity_curve is not None
    with pytest.raises(ValueError, match="keep"):
        BacktestCache(cache.store, keep="some")


@pytest.mark.row("B31")
@pytest.mark.parametrize(
    "column",
    [
        pd.Series([1, 2, None], dtype="Int64"),
        pd.Series(["a", None, "c"]),
        pd.Series(["a", None, "c"], dtype=object),
        pd.Series([1, "x", None, 2.5], dtype=object),
        pd.Series([[1, 2], [3, 4]], dtype=object),
        pd.Series([True, False]),
        pd.Series(pd.Categorical(["b", "a", "b"], categories=["b", "a", "z"], ordered=True)),
        pd.Series(pd.date_range("2020", periods=3, tz="Europe/Paris", unit="ms")),
        pd.Series(pd.to_timedelta([1, 2, None], unit="h")),
        pd.Series([1.5, np.nan, -0.0], dtype="float32"),
        pd.Series(np.arange(3, dtype=np.uint8), index=["x", "y", "z"], name=("a", 1)),
        pd.Series([], dtype="datetime64[ns]"),
    ],
    ids=lambda column: str(column.dtype),
)
def test_b31_types_and_zones_survive(cache: BacktestCache, bars: pd.DataFrame, column: pd.Series) -> None:
    frame = pd.DataFrame({"c": column, 7: range(len(column))})
    cache.cache_backtest("sma", {}, bars, GOOD, frame, column)
    found = cache.get_cached_backtest("sma", {}, bars)
    assert found is not None
    pd.testing.assert_frame_equal(found.trades, frame)
    pd.testing.assert_series_equal(found.equity_curve, column)


@pytest.mark.row("B31")
def test_b31_indices_keep_kind_frequency_and_names(cache: BacktestCache, bars: pd.DataFrame) -> None:
    for at, index in enumerate(
        [
            pd.RangeIndex(3, 30, 9, name="r"),
            pd.date_range("2020", periods=3, freq="B", tz="Asia/Tokyo"),
            pd.MultiIndex.from_product([["a"], [1, 2, 3]], names=["k", None]),
            pd.Index([1.5, 2.5, 3.5]),
            pd.Index(["a", "a", "b"]),
        ]
    ):
        frame = pd.DataFrame(
            np.eye(3), index=index, columns=pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)])
        )
        cache.cache_backtest("sma", {"at": at}, bars, GOOD, frame)
        found = cache.get_cached_backtest("sma", {"at": at}, bars)
        assert found is not None
        pd.testing.assert_frame_equal(found.trades, frame, check_freq=True)


@pytest.mark.row("B31")
def test_b31_a_frame_that_would_change_is_refused_not_converted(
    cache: BacktestCache, bars: pd.DataFrame
) -> None:
    odd = pd.DataFrame({"c": [object()]})
    with pytest.warns(CacheWarning, match="trades"):
        result = cache.cache_backtest("sma", {}, bars, GOOD, odd)
    found = cache.get_cached_backtest("sma", {}, bars)
    assert result.left_out
    assert found is not None
    assert found.trades is None
    with pytest.raises(UnstorableValue):
        cache.cache_trades("run", odd)


@pytest.mark.row("B32")
def test_b32_threads_share_a_cache(cache: BacktestCache, bars: pd.DataFrame) -> None:
    faults: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for at in range(4):
                cache.cache_backtest("sma", {"n": number, "at": at}, bars, GOOD)
                list(cache.index)
                cache.get_cache_stats()
        except Exception as error:  # noqa: BLE001  # a thread's fault is the test's
            faults.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert len(cache.index) == 16


@pytest.mark.row("B35")
def test_b35_a_miss_is_explained(cache: BacktestCache, bars: pd.DataFrame) -> None:
    assert cache.explain("sma", {"fast": 10}, bars).nearest is None
    run_id = cache.cache_backtest("sma", {"fast": 10, "slow": 30}, bars, GOOD)
    assert cache.explain("sma", {"fast": 10, "slow": 30}, bars).hit
    found = cache.explain("sma", {"fast": 11, "slow": 30}, bars)
    assert (found.hit, found.nearest, found.differs) == (False, run_id, ("params",))
    assert found.details == ("parameter fast: 10 - 11",)
    assert "parameter fast" in str(found)
    changed = bars.copy()
    changed.iloc[5, 1] = 0.0
    found = cache.explain("sma", {"fast": 10, "slow": 30}, changed)
    assert found.differs == ("data",)
    assert found.details == ("data: values of close",)
    assert "rows 300 - 299" in str(cache.explain("sma", {"fast": 10, "slow": 30}, bars[:-1]))
    assert cache.explain("sma", {"x": object()}, bars).run_id is None


@pytest.mark.row("B36")
def test_b36_times_are_in_utc(cache: BacktestCache, bars: pd.DataFrame) -> None:
    before = time.time()
    run_id = cache.cache_backtest("sma", {}, bars, GOOD)
    stamp = cache.compare_runs([run_id])["timestamp"].iloc[0]
    assert str(stamp.tz) == "UTC"
    assert before - 1 <= stamp.timestamp() <= time.time() + 1
    said = cache.get_run_metadata(run_id)
    assert said is not None
    assert said["timestamp"] == pytest.approx(stamp.timestamp(), abs=1e-3)


@pytest.mark.row("B37")
def test_b37_names_and_parameters_do_not_run_into_each_other(
    cache: BacktestCache, bars: pd.DataFrame
) -> None:
    ids = {
        str(cache.cache_backtest(name, parameters, bars, GOOD))
        for name, parameters in (
            ("a", {"b": 1}),
            ("a_", {"b": 1}),
            ("a", {"b_": 1}),
            ("a", {"b": {"1": None}}),
            ("a", {1: "b"}),
        )
    }
    assert len(ids) == 5


@pytest.mark.row("B38")
def test_b38_the_global_cache_is_the_store_of_the_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        monkeypatch.setenv("BACKTRAIL_STORE", str(tmp_path / name))
        assert get_backtest_cache().cache_dir == tmp_path / name
    with configure(tmp_path / "three") as inner:
        assert get_backtest_cache() is inner
        assert inner.cache_dir == tmp_path / "three"
    assert get_backtest_cache().cache_dir == tmp_path / "two"
    configure(tmp_path / "four")
    with configure(tmp_path / "five"):
        seen: list[Path] = []
        thread = threading.Thread(target=lambda: seen.append(get_backtest_cache().cache_dir))
        thread.start()
        thread.join()
        assert seen == [tmp_path / "four"]
    assert get_backtest_cache().cache_dir == tmp_path / "four"
    configure(None)
    assert get_backtest_cache().cache_dir == tmp_path / "two"


@pytest.mark.row("B39")
def test_b39_the_figures_have_their_names(
    cache: BacktestCache, bars: pd.DataFrame, trades: pd.DataFrame
) -> None:
    assert cache.get_cache_stats()["total_runs"] == 0
    for name, count in (("sma", 3), ("rsi", 1)):
        for at in range(count):
            cache.cache_backtest(name, {"at": at}, bars, GOOD, trades)
    cache.cache_trades("elsewhere", trades)
    found = cache.get_cache_stats()
    assert set(found) == {"total_runs", "strategies", "cache_size_mb", "runs_dir"}
    assert found["total_runs"] == 4
    assert found["strategies"] == {"rsi": 1, "sma": 3}
    assert found["cache_size_mb"] >= 0
    assert found["runs_dir"] == str(cache.runs_dir)


def test_the_index_is_a_mapping_that_cannot_be_written(cache: BacktestCache, bars: pd.DataFrame) -> None:
    run_id = cache.cache_backtest("sma", {"fast": 10}, bars, {**GOOD, "other": 1.0})
    index = cache.index
    assert list(index) == [run_id]
    assert run_id in index
    assert "x" not in index
    assert 5 not in index
    assert set(index[run_id]) == {"strategy", "parameters", "data_hash", "timestamp", "metrics"}
    assert index[run_id]["metrics"] == GOOD
    assert index[run_id]["parameters"] == {"fast": 10}
    with pytest.raises(TypeError):
        index["x"] = {}  # type: ignore[index]
    with pytest.raises(KeyError):
        index["x"]


def test_every_method_takes_the_names_of_a_run(
    cache: BacktestCache, bars: pd.DataFrame, trades: pd.DataFrame
) -> None:
    run_id = cache.cache_backtest("sma", {}, bars, GOOD, trades)
    cache.store.tag(run_id, "mine")
    for ref in (run_id, run_id.run or "", run_id[:12], "mine", "latest", "best:sharpe_ratio"):
        said = cache.get_run_metadata(ref)
        assert said is not None
        assert said["run_id"] == run_id
        assert list(cache.compare_runs([ref]).index) == [run_id]
        pd.testing.assert_frame_equal(cache.get_cached_trades(ref), trades)


def test_trades_stored_alone_are_a_file_and_come_first(
    cache: BacktestCache, bars: pd.DataFrame, trades: pd.DataFrame
) -> None:
    run_id = cache.cache_backtest("sma", {}, bars, GOOD, trades)
    path = cache.cache_trades(run_id, trades[:1])
    assert path.is_file()
    assert path.is_relative_to(cache.cache_dir)
    pd.testing.assert_frame_equal(cache.get_cached_trades(run_id), trades[:1])
    found = cache.get_cached_backtest("sma", {}, bars)
    assert found is not None
    pd.testing.assert_frame_equal(found.trades, trades)


@pytest.mark.row("B7")
def test_what_has_no_key_is_stored_and_not_served(cache: BacktestCache, bars: pd.DataFrame) -> None:
    with pytest.warns(CacheWarning, match="no key"):
        result = cache.cache_backtest("sma", {"model": object()}, bars, GOOD)
    assert result.stored
    assert result == result.run
    with pytest.warns(CacheWarning, match="cannot be looked up"):
        assert cache.get_cached_backtest("sma", {"model": object()}, bars) is None


def test_a_run_that_the_engine_recorded_can_be_asked_for(cache: BacktestCache) -> None:
    import pyarrow as pa

    stored = cache.store.put_table(pa.table({"pnl": [1.0, 2.0]}))
    artifacts = {"trades": {"blob": stored.blob, "content": stored.content}}
    run = cache.store.commit(
        {"strategy": "engine", "result": {"metrics": {"sharpe_ratio": 1.0}, "artifacts": artifacts}}
    )
    assert cache.get_cached_trades(run)["pnl"].tolist() == [1.0, 2.0]  # type: ignore[index]
    assert cache.compare_runs([run])["strategy"].tolist() == ["engine"]


def test_a_cache_may_lie_behind_a_url(bars: pd.DataFrame, trades: pd.DataFrame) -> None:
    cache = BacktestCache("memory://cache-of-backtests")
    run_id = cache.cache_backtest("sma", {"fast": 1}, bars, GOOD, trades)
    found = cache.get_cached_backtest("sma", {"fast": 1}, bars)
    assert found is not None
    pd.testing.assert_frame_equal(found.trades, trades)
    cache.cache_walk_forward_split("wf", bars[:200], bars[200:], 0, 1)
    assert cache.get_walk_forward_split("wf", 0) is not None
    assert cache.find_best_parameters("sma").index.tolist() == [run_id]
    assert cache.clear_old_runs(0) == 1


@pytest.mark.row("B15")
def test_another_home_sees_the_same_store(tmp_path: Path, bars: pd.DataFrame, trades: pd.DataFrame) -> None:
    here, there = (
        BacktestCache(Store.open(tmp_path / "shared", index_folder=tmp_path / name))
        for name in ("here", "there")
    )
    run_id = here.cache_backtest("sma", {"fast": 1}, bars, GOOD, trades)
    assert list(there.index) == [run_id]
    assert there.get_cached_backtest("sma", {"fast": 1}, bars) is not None
    there.clear_old_runs(0)
    assert here.get_cached_backtest("sma", {"fast": 1}, bars) is None
