"""Runs: recorded at once or not at all, found again in every way, read piece by piece."""

from __future__ import annotations

import math
import os
import pickle
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from backtrail.errors import (
    AmbiguousRunError,
    CorruptBlobError,
    ManifestError,
    MissingBlobError,
    RunNotFoundError,
    StoreError,
    UnknownMetricError,
)
from backtrail.runs.digests import blob_digest
from backtrail.runs.store import Store
from backtrail.runs.store.layout import blob_name, new_run_id

Record = Callable[..., dict[str, Any]]
Key = Callable[[str], str]


def equity(rows: int, seed: int = 0) -> pa.Table:
    times = pa.array(np.arange(rows) * 60_000_000_000, type=pa.timestamp("ns", tz="UTC"))
    values = np.random.default_rng(seed).standard_normal(rows)
    return pa.table({"time": times, "value": values}).replace_schema_metadata({"unit": "EUR"})


def path_of(store: Store, digest: str) -> Path:
    return Path(store.url) / blob_name(digest)


# -- blobs -----------------------------------------------------------------------------------------------------------


def test_a_blob_is_stored_once_under_its_digest_and_cannot_be_written(store: Store) -> None:
    digest = store.put(b"print(1)\n")
    assert digest == blob_digest(b"print(1)\n") == store.put(b"print(1)\n")
    assert store.get(digest) == b"print(1)\n"
    assert stat.S_IMODE(path_of(store, digest).stat().st_mode) == 0o444
    assert sum(1 for _ in store.files.list("objects")) == 1


def test_storing_a_blob_again_says_that_it_is_in_use(store: Store) -> None:
    path = path_of(store, store.put(b"x"))
    os.utime(path, (0, 0))
    store.put(b"x")
    assert path.stat().st_mtime > 1e9


@pytest.mark.row("B23", "A38")
@pytest.mark.parametrize("data", [b"", b"print(2)\n", b"prin"])
def test_a_blob_that_is_not_what_it_was_is_noticed(store: Store, data: bytes) -> None:
    digest = store.put(b"print(1)\n")
    path_of(store, digest).chmod(0o644)
    path_of(store, digest).write_bytes(data)
    with pytest.raises(CorruptBlobError, match="fsck"):
        store.get(digest)


def test_storing_a_truncated_blob_again_mends_it(store: Store) -> None:
    digest = store.put(b"print(1)\n")
    path_of(store, digest).chmod(0o644)
    path_of(store, digest).write_bytes(b"pr")
    store.put(b"print(1)\n")
    assert store.get(digest) == b"print(1)\n"


def test_a_blob_that_is_not_there_is_said_to_be_missing(store: Store) -> None:
    with pytest.raises(MissingBlobError, match="found nothing"):
        store.get(blob_digest(b"never"))
    with pytest.raises(ValueError, match="naming a blob"):
        store.get("../../etc/passwd")


# -- tables ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [0, 1, 20_000])
def test_a_table_comes_back_as_it_was(store: Store, rows: int) -> None:
    table = equity(rows)
    stored = store.put_table(table)
    found = store.get_table(stored.blob, full=True)
    assert found.equals(table, check_metadata=True)
    assert store.put_table(table) == stored


@pytest.mark.row("B30")
def test_long_columns_of_times_are_stored_once(store: Store) -> None:
    """B30: what tables share is kept once."""
    rows = 20_000
    first, second = store.put_table(equity(rows, 1)), store.put_table(equity(rows, 2))
    assert first != second
    assert sum(1 for _ in store.files.list("objects")) == 3
    plain = pa.BufferOutputStream()
    with pa.ipc.new_file(plain, equity(rows).schema) as writer:
        writer.write_table(equity(rows))
    assert sum(entry.size for entry in store.files.list("objects")) < 1.6 * plain.tell()


def test_a_table_whose_times_are_missing_is_not_recorded(store: Store, make_record: Record) -> None:
    stored = store.put_table(equity(20_000))
    [part] = [e.name for e in store.files.list("objects") if not e.name.endswith(stored.blob[5:])]
    (Path(store.url) / part).unlink()
    with pytest.raises(MissingBlobError, match="part"):
        store.commit(make_record(result={"artifacts": {"equity": stored._asdict()}}))


def test_bytes_that_are_no_table_are_refused(store: Store) -> None:
    for data in (b"", b"ARROW1\0\0 and more", b"x" * 100):
        with pytest.raises(CorruptBlobError, match="Arrow IPC"):
            store.get_table(store.put(data))


# -- recording -------------------------------------------------------------------------------------------------------


def test_a_run_is_recorded_and_read_back(store: Store, make_key: Key) -> None:
    table = equity(300)
    with store.begin(key=make_key("a"), strategy="sma") as work:
        assert [(item.run, item.state) for item in store.attempts()] == [(work.run, "running")]
        source = work.put("naïve = 1\n".encode())
        stored = work.put_table(table)
        trace = work.put(b"Traceback")
        manifest = {
            "params": {"period": 14, "window": (1, 2)},
            "code": {"entry": "sma.py", "files": [{"path": "sma.py", "raw": source, "size": 11}, {"path": "big.bin"}]},
            "result": {"metrics": {"sharpe_ratio": 1.5, "x": math.nan}, "artifacts": {"equity": stored._asdict()}},
            "time": {"start": "2026-11-21T10:00:00Z", "wall": 0.5},
            "exit": {"traceback": trace},
        }
        run = work.commit(manifest)
    assert store.attempts() == []
    found = store.run(run)
    assert (found.id, found.status, found.strategy, found.key) == (work.run, "finished", "sma", make_key("a"))
    assert found.params == {"period": 14, "window": (1, 2)}
    assert found.metrics["sharpe_ratio"] == 1.5
    assert math.isnan(found.metrics["x"])
    assert found.equity.equals(table)
    assert found.code["sma.py"] == "naïve = 1\n"
    assert list(found.code) == ["sma.py", "big.bin"]
    assert found.traceback == "Traceback"
    assert (found.started.isoformat(), found.wall) == ("2026-11-21T10:00:00+00:00", 0.5)
    assert found.artifacts["equity"]["size"] == len(found.bytes("equity"))
    with pytest.raises(MissingBlobError, match=r"it has \['equity'\]"):
        found.trades
    with pytest.raises(MissingBlobError, match="only a record"):
        found.code["big.bin"]


def test_a_run_that_is_given_up_leaves_nothing(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.begin() as work:
        work.put(b"x" * 1000)
        1 / 0
    assert store.attempts() == []
    assert [e.name for e in store.files.list("tmp")] == []
    assert len(store.runs()) == 0


def test_a_record_without_its_results_is_refused(store: Store, make_record: Record) -> None:
    with pytest.raises(MissingBlobError, match="put it there first"):
        store.commit(make_record(result={"artifacts": {"equity": {"blob": blob_digest(b"never")}}}))
    assert len(store.runs()) == 0


def test_a_record_is_immutable(store: Store, make_record: Record) -> None:
    run = store.commit(make_record())
    assert store.commit({**make_record(), "run": run}) == run
    with pytest.raises(ManifestError, match="recorded already"):
        store.commit({**make_record(sharpe=2.0), "run": run})
    assert store.run(run).metrics == {"sharpe_ratio": 1.0}


@pytest.mark.row("B33")
def test_failed_and_killed_runs_are_seen(store: Store, make_record: Record, make_key: Key) -> None:
    """B33: states are recorded; only finished runs answer for their key."""
    store.commit(make_record(status="failed", key=make_key("a")))
    assert store.lookup(make_key("a")) is None
    assert [run.status for run in store.runs(status="failed")] == ["failed"]


@pytest.mark.row("B18")
def test_nothing_is_unpickled_or_imported_when_a_record_is_read(store: Store, make_record: Record) -> None:
    """B18: a pickle is only bytes."""

    class Boom:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.system, ("exit 1",)

    digest = store.put(pickle.dumps(Boom()))
    run = store.commit(make_record(result={"artifacts": {"result": {"blob": digest}}}))
    with pytest.raises(CorruptBlobError):
        store.run(run).table("result")


# -- finding ---------------------------------------------------------------------------------------------------------


def test_a_key_finds_the_run_that_was_finished_last(store: Store, make_record: Record, make_key: Key) -> None:
    assert store.lookup(make_key("a")) is None
    store.commit(make_record(key=make_key("a")))
    second = store.commit(make_record(sharpe=2.0, key=make_key("a")))
    found = store.lookup(make_key("a"))
    assert found is not None
    assert found.id == second
    with pytest.raises(ValueError, match="looking a key up"):
        store.lookup("../a")


@pytest.mark.row("B23")
def test_a_key_whose_results_are_damaged_finds_nothing(store: Store, make_record: Record, make_key: Key) -> None:
    blob = store.put(b"result")
    store.commit(make_record(key=make_key("a"), result={"artifacts": {"x": {"blob": blob}}}))
    path_of(store, blob).chmod(0o644)
    path_of(store, blob).write_bytes(b"res")
    assert store.lookup(make_key("a")) is None
    path_of(store, blob).unlink()
    assert store.lookup(make_key("a")) is None


@pytest.mark.parametrize("pointer", [b"", b"../../x", b"\xff" * 50, b"01a1febf-1600-78c2-ba4d-11f320f90af9"])
def test_a_pointer_to_nothing_finds_nothing(store: Store, make_key: Key, pointer: bytes) -> None:
    store.files.put(f"keys/{make_key('a')[3:5]}/{make_key('a')[5:]}", pointer)
    assert store.lookup(make_key("a")) is None


def test_a_pointer_to_a_run_of_another_key_finds_nothing(store: Store, make_record: Record, make_key: Key) -> None:
    run = store.commit(make_record(key=make_key("a")))
    store.files.put(f"keys/{make_key('b')[3:5]}/{make_key('b')[5:]}", run.encode())
    assert store.lookup(make_key("b")) is None


def test_a_run_is_found_by_id_prefix_tag_key_rank_and_as_the_latest(
    store: Store, make_record: Record, make_key: Key
) -> None:
    first = store.commit(make_record(sharpe=2.0, key=make_key("a"), time={"start": 1.0}))
    second = store.commit(make_record(sharpe=1.0, key=make_key("b"), time={"start": 2.0}))
    store.tag(first, "golden")
    key = make_key("a")
    for ref in (first, "golden", key, key[3:], key[:20], key[3:15], "best:sharpe_ratio"):
        assert store.run(ref).id == first
    assert store.run("latest").id == second
    assert store.run(second[:-1]).id == second
    assert store.run(store.run(first)).tags == ["golden"]


def test_a_run_that_is_not_there_is_said_so(store: Store, make_record: Record) -> None:
    store.commit(make_record(run="01a1febf-1600-78c2-ba4d-11f320f90af9"))
    store.commit(make_record(run="01a1febf-1600-78c2-ba4d-11f320f90af8"))
    with pytest.raises(AmbiguousRunError, match="found 01a1febf"):
        store.run("01a1febf")
    wrong = ("", "nope", "../../etc/passwd", "b3:" + "0" * 64, "0" * 64, "dead", "x" * 1000, "a\0b", "%")
    for ref in (*wrong, new_run_id()):
        with pytest.raises(RunNotFoundError):
            store.run(ref)
    with pytest.raises(UnknownMetricError, match="sharpe_ratio"):
        store.run("best:nothing")
    assert issubclass(RunNotFoundError, KeyError)
    assert str(RunNotFoundError("a 'b'")) == "a 'b'"


@pytest.mark.row("B19")
@pytest.mark.parametrize(
    "name", ["", "../x", "a/b", ".hidden", "con", "latest", "x" * 101, "a\n", "nul.txt", "a.", "ü"]
)
def test_a_tag_whose_name_is_no_file_s_is_refused(store: Store, make_record: Record, name: str) -> None:
    """B19: names are checked before they become a path."""
    run = store.commit(make_record())
    with pytest.raises(ValueError, match="naming a tag"):
        store.tag(run, name)


def test_tags_move_and_go(store: Store, make_record: Record) -> None:
    first, second = store.commit(make_record()), store.commit(make_record())
    store.tag(first, "a")
    store.tag(second, "a")
    assert store.tags() == {"a": second}
    store.untag("a")
    with pytest.raises(RunNotFoundError):
        store.untag("a")
    store.pin(first, "because")
    assert store.pins() == {first: "because"}
    assert store.run(first).pinned
    store.unpin(first)
    assert store.pins() == {}


# -- ranks -----------------------------------------------------------------------------------------------------------


@pytest.mark.row("B24")
def test_the_best_knows_the_direction_and_puts_nan_and_infinities_last(store: Store, make_record: Record) -> None:
    """B24: a drawdown is better when lower, however its sign is written; what is not finite never wins."""
    values = [0.3, math.nan, 0.1, math.inf, -math.inf, 0.2]
    runs = [store.commit(make_record(result={"metrics": {"max_drawdown": v, "cagr": v}})) for v in values]
    order = [values[runs.index(run)] for run in store.best("max_drawdown", 6).ids]
    assert order[:3] == [0.1, 0.2, 0.3]
    assert [values[runs.index(run)] for run in store.best("cagr", 3).ids] == [0.3, 0.2, 0.1]
    assert [values[runs.index(run.id)] for run in store.query(order="max_drawdown")][:3] == [0.1, 0.2, 0.3]
    assert [values[runs.index(run.id)] for run in store.query(order="-cagr")][:3] == [0.1, 0.2, 0.3]
    store.commit(make_record(result={"metrics": {"max_drawdown": -0.05}}))
    assert store.best("max_drawdown").values == [-0.05]
    assert store.best("max_drawdown").trials == 7


@pytest.mark.row("B24")
def test_the_best_is_one_that_finished_and_counts_each_result_once(store: Store, make_record: Record) -> None:
    good = store.commit(make_record(sharpe=1.0))
    failed = store.commit(make_record(sharpe=9.0, status="failed"))
    split = {"set": blob_digest(b"set"), "name": "walk", "fold": 1, "folds": 3}
    served = store.commit(make_record(sharpe=1.0, status="cached", attempt_of=good, split=split))
    best = store.best("sharpe_ratio", 5, scope="all")
    assert best.ids == [good]
    assert store.best("sharpe_ratio", 5, scope="all", where="status = 'failed'").ids == [failed]
    assert store.best("sharpe_ratio", 5, scope="all", where="fold = 1").ids == [served]


def test_the_best_is_that_of_the_same_data_code_and_settings(store: Store, make_record: Record, make_key: Key) -> None:
    """B24: runs on other data are not mixed in unless asked for."""
    other = [{"fingerprint": make_key("other"), "rows": 3}]
    mine = [{"fingerprint": make_key("mine"), "rows": 3}]
    store.commit(make_record(sharpe=9.0, data=other, time={"start": 1}))
    worse = store.commit(make_record(sharpe=1.0, data=mine, time={"start": 2}))
    better = store.commit(make_record(sharpe=2.0, data=mine, time={"start": 3}))
    found = store.best("sharpe_ratio", 2)
    assert (found.ids, found.values, found.trials) == ([better, worse], [2.0, 1.0], 2)
    assert found.scope["data"] == make_key("mine")
    assert store.best("sharpe_ratio", scope="all").values == [9.0]
    assert store.best("sharpe_ratio", where="sharpe_ratio < 2").values == [1.0]
    with pytest.raises(ValueError, match="scope"):
        store.best("sharpe_ratio", scope="some")
    with pytest.raises(UnknownMetricError):
        store.best("sharpe_ratio", strategy="other")


def test_a_metric_of_one_s_own_may_be_declared(store: Store, make_record: Record) -> None:
    for value in (1.0, 2.0):
        store.commit(make_record(result={"metrics": {"regret": value}}))
    assert store.best("regret").values == [2.0]
    store.declare_metric("regret", "lower")
    assert store.best("regret").values == [1.0]
    with pytest.raises(ValueError, match="higher"):
        store.declare_metric("regret", "up")  # type: ignore[arg-type]


# -- sweeps ----------------------------------------------------------------------------------------------------------


def test_records_of_a_sweep_read_as_runs(store: Store, make_key: Key) -> None:
    source = store.put(b"x = 1\n")
    files = [{"path": "a.py", "raw": source, "size": 6}]
    common = {"strategy": "sma", "code": {"files": files}, "config": {"cash": 1}}
    plan = {"common": common, "objective": "cagr", "grid": [1]}
    sweep = store.sweep("grid-1", plan)
    runs = [
        sweep.append({"params": {"n": n}, "key": make_key(str(n)), "result": {"metrics": {"cagr": n / 10}}})
        for n in range(5)
    ]
    assert len(store.runs(sweep="grid-1")) == 5
    best = store.run("best:cagr")
    assert (best.id, best.params, best.code["a.py"], best.sweep) == (runs[4], {"n": 4}, "x = 1\n", "grid-1")
    hit = store.lookup(make_key("2"))
    assert hit is not None
    assert hit.id == runs[2]
    sweep.close()
    runs.append(sweep.append({"params": {"n": 9}, "config": {"fee": 2}, "result": {"metrics": {"cagr": -1}}}))
    assert store.run(runs[5]).manifest["config"] == {"cash": 1, "fee": 2}
    assert {m["run"] for m in store.sweep("grid-1").manifests()} == set(runs)
    assert store.sweep("grid-1", plan).plan["grid"] == [1]
    sweep.close()


def test_a_sweep_has_one_plan(store: Store) -> None:
    store.sweep("a", {"common": {}})
    with pytest.raises(ValueError, match="the plan it was begun with"):
        store.sweep("a", {"common": {"strategy": "x"}})
    with pytest.raises(RunNotFoundError):
        store.sweep("b")
    for name in ("../x", "", "a/b"):
        with pytest.raises(ValueError, match="naming a sweep"):
            store.sweep(name, {})
    with pytest.raises(ManifestError):
        store.sweep("c", {"common": {"params": 3}})


def test_a_record_that_could_not_be_read_is_not_appended(store: Store) -> None:
    sweep = store.sweep("a", {})
    for wrong in ({"run": "x"}, {"params": 3}, {"result": {"metrics": {"a": "b"}}}, {"status": "new"}):
        with pytest.raises(ManifestError):
            sweep.append(wrong)
    assert list(sweep.manifests()) == []


@pytest.mark.row("A14")
def test_the_code_of_a_sweep_of_a_thousand_runs_is_stored_once(store: Store) -> None:
    source = store.put(b"x = 1\n")
    sweep = store.sweep("a", {"common": {"code": {"files": [{"path": "a.py", "raw": source, "size": 6}]}}})
    sweep.append_all([{"params": {"n": n}} for n in range(1000)])
    sweep.close()
    assert sum(1 for _ in store.files.list("objects")) == 1
    assert store.stats()["runs"] == 1000
    assert store.stats()["bytes"] == 6


# -- claims ----------------------------------------------------------------------------------------------------------


@pytest.mark.row("B34")
def test_of_two_that_need_a_key_one_computes_it(store: Store, opener: Any, make_record: Record, make_key: Key) -> None:
    """B34: the second waits for the first, or is told that somebody else computes it."""
    key = make_key("a")
    other = opener()
    with store.claim(key) as first:
        assert (first.owned, first.run) == (True, None)
        began = time.monotonic()
        with other.claim(key, wait_s=0.05) as second:
            assert (second.owned, second.run) == (False, None)
        assert time.monotonic() - began >= 0.05
        run = store.commit(make_record(key=key))
    with other.claim(key) as third:
        assert third.run is not None
        assert (third.owned, third.run.id) == (False, run)
    assert [e.name for e in store.files.list("live")] == []


def test_a_store_may_be_passed_to_another_process(store: Store, make_record: Record) -> None:
    run = store.commit(make_record())
    other = pickle.loads(pickle.dumps(store))
    assert other.run(run).id == run
    assert other.index.path == store.index.path


def test_errors_of_the_store_are_one_family() -> None:
    for error in (RunNotFoundError, ManifestError, MissingBlobError, CorruptBlobError, AmbiguousRunError):
        assert issubclass(error, StoreError)
