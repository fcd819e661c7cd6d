"""What a cache promises of values, kinds of data, groups, clearing, forks and figures."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import re
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import backtrail as bt
import backtrail.cache
from backtrail.cache import BacktestCache, CacheWarning, cached_backtest, configure
from backtrail.cache.records import rests_elsewhere
from backtrail.runs import environment
from backtrail.runs.digests import blob_digest
from backtrail.runs.store import Store

GOOD = {"sharpe_ratio": 1.25}


class Told:
    """A parameter that says itself what it is."""

    def __init__(self, depth: int) -> None:
        self.depth = depth

    def __fingerprint__(self) -> int:
        return self.depth


def long(at: int) -> np.ndarray[Any, Any]:
    values = np.zeros(5_000)
    values[at] = 1.0
    return values


@pytest.mark.row("B5", "B6", "B7")
@pytest.mark.parametrize(
    ("one", "same", "other"),
    [
        (long(2_500), long(2_500), long(2_501)),
        (pd.Series(long(9)), pd.Series(long(9)), pd.Series(long(2_000))),
        (lambda x: x + 1, (lambda x: (x + 1)), lambda x: x + 2),
        (Told(1), Told(1), Told(2)),
        ({1: "a"}, {np.int64(1): "a"}, {"1": "a"}),
        ({"b", "a", "c"}, {"c", "b", "a"}, {"a", "b"}),
        (np.float64(0.5), 0.5, "0.5"),
    ],
    ids=["array", "series", "lambda", "protocol", "keys of a dict", "set", "number"],
)
def test_equal_parameters_hit_and_others_miss(
    cache: BacktestCache, bars: pd.DataFrame, one: Any, same: Any, other: Any
) -> None:
    cache.cache_backtest("sma", {"x": one}, bars, GOOD)
    assert cache.get_cached_backtest("sma", {"x": same}, bars) is not None
    assert cache.get_cached_backtest("sma", {"x": other}, bars) is None


@pytest.mark.row("B9")
@pytest.mark.parametrize("what", ["libraries", "engine", "machine"])
def test_libraries_engine_and_machine_are_in_the_key_of_a_call(
    cache: BacktestCache, bars: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    @cached_backtest("where", cache=cache)
    def run(data: Any) -> dict[str, float]:
        return {"x": float(np.mean(data["close"]))}

    run(bars)
    assert run.explain(bars).hit
    if what == "libraries":
        known = environment.distributions()
        monkeypatch.setattr(environment, "distributions", lambda: {**known, "numpy": "0.0.1"})
    elif what == "engine":
        monkeypatch.setattr("backtrail.runs.key.SEMANTICS_EPOCH", 999)
    else:
        monkeypatch.setattr("platform.machine", lambda: "other")
    assert run.explain(bars).differs == (("engine",) if what == "engine" else ("env",))


@pytest.mark.row("A31", "B33")
@pytest.mark.parametrize("fails", [False, True])
def test_sources_with_secrets_are_private_in_the_store_of_a_cache(
    cache: BacktestCache, bars: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    text = "API_KEY = 'a8f5f167f44f4964e6c998dee827110c'\n"
    text += "def run(data, fails):\n    return {'x': 1.0 / (not fails)}\n"
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "rules_with_key.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module("rules_with_key")
    monkeypatch.delitem(sys.modules, "rules_with_key")
    monkeypatch.setitem(sys.modules, "rules_with_key", module)
    with contextlib.suppress(ZeroDivisionError):
        cached_backtest("keyed", cache=cache)(module.run)(bars, fails)
    (run,) = cache.store.runs()
    assert run.status == ("failed" if fails else "finished")
    assert cache.store.attempts() == []
    assert run.code["rules_with_key.py"] == text
    digits = blob_digest(text.encode())[3:]
    blob = cache.cache_dir / "objects" / "b3" / digits[:2] / digits[2:]
    assert blob.stat().st_mode & 0o777 == 0o400


READS = """
from pathlib import Path

from backtrail.cache import cached_backtest

HERE = Path(__file__).parent
ran = []


@cached_backtest("reads")
def run(data, at):
    ran.append(1)
    (HERE / "scratch.txt").write_text("mine")
    (HERE / "scratch.txt").read_text()
    return {"fee": float((HERE / at).read_text())}


@cached_backtest("outer")
def outer(data):
    return run(data, "fee.txt")
"""


@pytest.fixture
def reading(cache: BacktestCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Give a module with functions that read a file of its project, or one outside of it."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    project = tmp_path / "project"
    project.mkdir()
    for name, text in (("pyproject.toml", ""), ("reads_of_tests.py", READS), ("fee.txt", "1"), ("../fee.txt", "5")):
        (project / name).write_text(text)
    monkeypatch.syspath_prepend(str(project))
    with configure(cache):
        yield importlib.import_module("reads_of_tests")
    del sys.modules["reads_of_tests"]


def test_a_file_that_a_cached_function_reads_decides_its_result(
    cache: BacktestCache, bars: pd.DataFrame, reading: Any
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [reading.run(bars, "fee.txt")["fee"] for _ in range(2)] == [1.0, 1.0]
        assert len(reading.ran) == 1
        assert [one["path"] for one in cache.store.run("latest").manifest["inputs"]] == ["fee.txt"]
        assert [reading.outer(bars)["fee"] for _ in range(2)] == [1.0, 1.0]  # of a hit within it
        (reading.HERE / "fee.txt").write_text("2")
        told = reading.run.explain(bars, "fee.txt")
        assert (told.hit, told.differs, told.details) == (False, ("inputs",), ("file fee.txt: other content",))
        assert [reading.run(bars, "fee.txt")["fee"] for _ in range(2)] == [2.0, 2.0]
        assert [reading.outer(bars)["fee"] for _ in range(2)] == [2.0, 2.0]
    assert len(reading.ran) == 2
    assert len(cache.index) == 2


def test_a_cached_function_that_reads_elsewhere_is_computed_each_time(
    cache: BacktestCache, bars: pd.DataFrame, reading: Any
) -> None:
    with pytest.warns(CacheWarning, match=r"outside of its project \(fee\.txt\)"):
        assert reading.run(bars, "../fee.txt") == {"fee": 5.0}
    (reading.HERE.parent / "fee.txt").write_text("6")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert reading.run(bars, "../fee.txt") == {"fee": 6.0}
    assert len(cache.store.runs()) == 1
    assert cache.store.run("latest").manifest["purity"] == ["outside-input"]


def test_what_is_written_on_a_frame_counts(cache: BacktestCache, bars: pd.DataFrame) -> None:
    @cached_backtest("attrs", cache=cache)
    def run(data: pd.DataFrame) -> dict[str, float]:
        return {"fee": data.attrs["fee"]}

    for fee in (1.0, 2.0, 1.0):
        bars.attrs["fee"] = fee
        assert run(bars) == {"fee": fee}
    assert len(cache.index) == 2


def test_what_a_record_says_of_its_purity_decides_whether_it_is_served() -> None:
    assert not rests_elsewhere({"purity": ["pure"], "cache": {}})
    assert not rests_elsewhere({"purity": ["migrated"]})
    assert rests_elsewhere({"purity": ["clock"]})
    assert rests_elsewhere({"purity": ["pure"], "cache": {"outside": True}})  # how records without the word said it


def test_a_result_without_metrics_has_none(cache: BacktestCache, bars: pd.DataFrame) -> None:
    cache.cache_backtest("sma", {}, bars, None, trades=bars)  # type: ignore[arg-type]
    found = cache.get_cached_backtest("sma", {}, bars)
    assert found is not None
    assert found.metrics == {}
    pd.testing.assert_frame_equal(found.trades, bars)


KINDS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "frame": lambda bars: bars,
    "series": lambda bars: bars["close"],
    "polars": lambda bars: pl.DataFrame({"close": bars["close"].to_numpy()}),
    "arrow": lambda bars: pa.table({"close": bars["close"].to_numpy()}),
    "dict": lambda bars: {"a": bars, "b": bars},
    "list": lambda bars: [bars, bars],
    "feed": lambda bars: bt.feeds.PandasData(dataname=bars, high=None, low=None),
}


@pytest.mark.row("B14")
@pytest.mark.parametrize("kind", KINDS)
def test_a_cached_function_takes_data_of_any_kind(cache: BacktestCache, bars: pd.DataFrame, kind: str) -> None:
    ran = []

    @cached_backtest("kinds", cache=cache)
    def run(data: Any, params: dict[str, int]) -> dict[str, float]:
        ran.append(1)
        return {"x": 1.0}

    changed = bars.copy()
    changed.iloc[150, 1] += 1e-9
    for given in (bars, bars.copy(), changed):
        run(KINDS[kind](given), params={"n": 1})
    assert len(ran) == 2


@pytest.mark.row("B21", "B38")
def test_a_cache_without_a_place_is_in_the_folder_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert BacktestCache().cache_dir == tmp_path / "data-home" / "backtrail" / "store"


@pytest.mark.row("B21")
def test_the_cache_can_be_imported_first_and_alone() -> None:
    code = "import backtrail.cache as c, sys; c.BacktestCache, c.cached_backtest; print('pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.row("B24")
def test_the_best_are_those_of_the_latest_settings(cache: BacktestCache, bars: pd.DataFrame) -> None:
    for fee, sharpes in ((0.0, (9.0, 8.0)), (0.1, (1.0, 2.0))):
        for fast, sharpe in enumerate(sharpes):
            cache.cache_backtest("sma", {"fast": fast}, bars, {"sharpe_ratio": sharpe}, config={"fee": fee})
    assert cache.find_best_parameters("sma")["sharpe_ratio"].tolist() == [2.0, 1.0]
    assert cache.find_best_parameters("sma", scope="all")["sharpe_ratio"].tolist() == [9.0, 8.0, 2.0, 1.0]


@pytest.mark.row("B24")
def test_the_best_are_those_of_the_latest_code(
    cache: BacktestCache, bars: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    for name, base in (("earlier", 10.0), ("later", 1.0)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "pyproject.toml").write_text("")
        file = tmp_path / name / "rules_of_best.py"
        file.write_text(f"def run(data, fast):\n    return {{'sharpe_ratio': {base} + fast}}\n")
        spec = importlib.util.spec_from_file_location("rules_of_best", file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "rules_of_best", module)
        spec.loader.exec_module(module)
        for fast in (1, 2):
            cached_backtest("sma", cache=cache)(module.run)(bars, fast)
    assert cache.find_best_parameters("sma")["sharpe_ratio"].tolist() == [3.0, 2.0]
    assert cache.find_best_parameters("sma", scope="all")["sharpe_ratio"].tolist() == [12.0, 11.0, 3.0, 2.0]


@pytest.mark.row("B29")
def test_clearing_keeps_the_best_of_a_sweep(cache: BacktestCache, bars: pd.DataFrame) -> None:
    runs = []
    for fast, sharpe in enumerate((1.0, 3.0, 2.0)):
        first = cache.cache_backtest("sma", {"fast": fast}, bars, {"sharpe_ratio": sharpe}).run
        manifest = {**cache.store.manifest(first or ""), "sweep": {"id": "grid", "index": fast}}
        del manifest["run"]
        runs.append(cache.store.commit(manifest))
        cache.store.rm(first or "", dry_run=False)
    time.sleep(0.01)
    assert cache.clear_old_runs(0) == 2
    assert cache.store.runs().ids == [runs[1]]


@pytest.mark.row("B32")
@pytest.mark.filterwarnings("ignore:Run .* left out")
def test_figures_and_clearing_may_happen_at_once(cache: BacktestCache, bars: pd.DataFrame) -> None:
    faults: list[BaseException] = []
    stop = threading.Event()

    def look() -> None:
        try:
            while not stop.is_set():
                assert cache.get_cache_stats()["total_runs"] >= 0
                cache.compare_runs(list(cache.index), metrics=["sharpe_ratio"])
        except Exception as error:  # noqa: BLE001  # a thread's fault is the test's
            faults.append(error)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        for at in range(8):
            cache.cache_backtest("sma", {"at": at}, bars, GOOD)
            cache.clear_old_runs(0)
    finally:
        stop.set()
        thread.join()
    assert not faults


@pytest.mark.row("B32")
def test_a_forked_child_goes_on_with_the_same_cache(cache: BacktestCache, bars: pd.DataFrame) -> None:
    first = cache.cache_backtest("sma", {"at": 0}, bars, GOOD)
    pid = os.fork()
    if pid == 0:
        stored = cache.cache_backtest("sma", {"at": 1}, bars, GOOD).stored
        os._exit(0 if stored and cache.get_cached_backtest("sma", {"at": 0}, bars) is not None else 1)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert first in cache.index
    assert cache.get_cache_stats()["total_runs"] == 2


@pytest.mark.row("B37")
def test_no_weak_digest_is_used_anywhere() -> None:
    root = Path(backtrail.cache.__file__).parents[1]
    sources = [path for folder in ("cache", "runs", "backtest") for path in (root / folder).rglob("*.py")]
    assert [path.name for path in sources if re.search(rb"\b(md5|sha1)\b", path.read_bytes())] == []


@pytest.mark.row("B39")
def test_figures_come_from_the_index_and_walk_no_files(
    store: Store, cache: BacktestCache, bars: pd.DataFrame
) -> None:
    curve = pd.Series(np.random.default_rng(1).normal(size=200_000))
    cache.cache_backtest("sma", {}, bars, GOOD, equity_curve=curve)
    told = cache.get_cache_stats()
    assert 1.4 < told["cache_size_mb"] < 1.7
    (cache.cache_dir / "objects").rename(cache.cache_dir / "elsewhere")
    assert cache.get_cache_stats() == told
