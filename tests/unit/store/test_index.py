"""The index: torn, deleted, old, shared by threads, processes and machines; never the only copy."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backtrail.runs.store import Store
from backtrail.runs.store.index import VERSION, Index

Record = Callable[..., dict[str, Any]]
Opener = Callable[..., Store]


def index_file(store: Store) -> Path:
    assert store.index.path is not None
    return store.index.path


@pytest.mark.row("B16")
def test_a_deleted_index_is_made_again(store: Store, make_record: Record) -> None:
    """B16: an index that is gone loses nothing."""
    runs = [store.commit(make_record(float(n))) for n in range(3)]
    assert set(store.runs().ids) == set(runs)
    for path in index_file(store).parent.iterdir():
        path.unlink()
    assert set(store.runs().ids) == set(runs)


def test_a_deleted_index_folder_is_made_again(opener: Opener, make_record: Record, tmp_path: Path) -> None:
    run = opener().commit(make_record())
    shutil.rmtree(tmp_path / "index-here")
    assert opener().runs().ids == [run]


@pytest.mark.row("B16")
@pytest.mark.parametrize("damage", ["text", "empty", "half", "middle"])
def test_a_torn_index_is_made_again(opener: Opener, make_record: Record, damage: str) -> None:
    """B16: an index that cannot be read is made from the manifests."""
    store = opener()
    runs = [store.commit(make_record(float(n), params={f"p{i}": "x" * 50 for i in range(50)})) for n in range(20)]
    path = index_file(store)
    store.index.connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    data = path.read_bytes()
    torn = {"text": b"no database at all, not even nearly" * 30, "empty": b"", "half": data[: len(data) // 2]}
    path.write_bytes(torn.get(damage, data[:8192] + b"\x7f" * (len(data) - 8192)))
    again = opener()
    assert set(again.runs().ids) == set(runs)
    assert again.best("sharpe_ratio").values == [19.0]
    assert len(again.runs().to_arrow()) == 20


def test_an_index_torn_under_a_listing_is_made_again(store: Store, make_record: Record) -> None:
    store.commit(make_record(3.0))
    listing = store.runs()
    store.index.connection().execute("DROP TABLE metrics")
    assert listing.columns()["sharpe_ratio"] == [3.0]


def test_an_index_of_another_version_is_made_again(opener: Opener, make_record: Record) -> None:
    run = opener().commit(make_record())
    store = opener()
    store.runs()
    store.close()
    with sqlite3.connect(index_file(store)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
        connection.execute("ALTER TABLE runs RENAME TO other")
    connection.close()
    assert opener().runs().ids == [run]


def test_an_index_that_knew_no_later_records_is_made_again(opener: Opener, make_record: Record) -> None:
    """A record that was refused for its version is read as soon as a version that knows it opens the store."""
    run = opener().commit(make_record())
    store = opener()
    store.runs()
    with store.index.writing() as connection:
        assert connection is not None
        store.index.drop(connection, [run])
        connection.execute("INSERT INTO refused SELECT file || ?, 'later' FROM seen", (f"/{run}.json",))
        connection.execute(f"PRAGMA user_version = {VERSION - 1}")
    store.close()
    assert opener().runs().ids == [run]


def test_an_index_that_cannot_be_written_is_kept_in_memory(tmp_path: Path, make_record: Record) -> None:
    (tmp_path / "file").write_text("x")
    store = Store.open(tmp_path / "store", index_folder=tmp_path / "file" / "index")
    run = store.commit(make_record())
    assert store.index.path is None
    assert store.runs().ids == [run]
    assert store.reindex() == 1


def test_reindex_counts_the_runs(store: Store, make_record: Record) -> None:
    for _ in range(3):
        store.commit(make_record())
    sweep = store.sweep("a", {})
    sweep.append_all([{}, {}])
    sweep.close()
    assert store.reindex() == 5


@pytest.mark.row("B15")
def test_two_machines_see_each_other_s_runs(opener: Opener, make_record: Record) -> None:
    """B15: two homes and two indexes over one store; neither overwrites the other."""
    here, there = opener("here"), opener("there")
    assert here.id == there.id
    assert here.index.path != there.index.path
    runs = []
    for n in range(5):
        runs += [here.commit(make_record(n)), there.commit(make_record(-n))]
        assert set(here.runs().ids) == set(there.runs().ids) == set(runs)
    sweep = there.sweep("grid", {})
    runs.append(sweep.append(make_record(99.0)))
    assert here.run("best:sharpe_ratio").id == runs[-1]
    here.rm(runs[0], dry_run=False)
    assert there.runs().ids == here.runs().ids
    assert runs[0] not in there.runs().ids
    runs.append(sweep.append(make_record(100.0)))
    assert here.run("best:sharpe_ratio").id == runs[-1]
    sweep.close()


def test_a_machine_finds_by_home(tmp_path: Path, make_record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    stores = []
    for home in ("a", "b"):
        monkeypatch.setenv("HOME", str(tmp_path / home))
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / home / ".cache"))
        stores.append(Store.open(tmp_path / "store"))
    run = stores[0].commit(make_record())
    assert stores[1].run("latest").id == run
    assert len({index_file(store) for store in stores}) == 2


def _commit_many(opener: Opener, machine: str, count: int) -> None:
    store = opener(machine)
    for n in range(count):
        store.commit({"strategy": machine, "params": {"n": n}})
        if n % 5 == 0:
            store.runs(limit=1)


def test_of_many_that_make_a_store_at_once_one_does(tmp_path: Path) -> None:
    go, start = os.pipe()
    children = []
    for n in range(6):
        pid = os.fork()
        if pid == 0:
            os.close(start)
            os.read(go, 1)  # until the parent closes its end
            store = Store.open(tmp_path / "store", index_folder=tmp_path)
            (tmp_path / f"id-{n}").write_text(store.id)
            os._exit(0)
        children.append(pid)
    os.close(go)
    os.close(start)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0] * 6
    assert len({path.read_text() for path in tmp_path.glob("id-*")}) == 1


@pytest.mark.row("B15")
def test_many_processes_lose_no_run(opener: Opener) -> None:
    """B15: 4 processes × 25 runs, on two machines: 100 in either index."""
    opener()
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_commit_many, args=(opener, f"m{i % 2}", 25)) for i in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 4
    assert len(opener("m0").runs()) == len(opener("m1").runs()) == 100
    assert opener("m0").fsck().clean


@pytest.mark.row("B32")
def test_threads_share_a_store(store: Store, make_record: Record) -> None:
    """B32: no shared dict, one connection per thread."""
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for n in range(10):
                store.commit(make_record(float(n)))
                store.query("sharpe_ratio > 3").columns()
                store.stats()
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(store.runs()) == 40


def test_threads_share_an_index_in_memory(tmp_path: Path) -> None:
    index = Index(None)
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(index.rows("SELECT count(*) FROM runs"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[(0,)]] * 4


@pytest.mark.row("B32")
def test_a_forked_child_uses_connections_and_segments_of_its_own(store: Store, make_record: Record) -> None:
    """B32: what was open before a fork belongs to the parent."""
    store.commit(make_record())
    sweep = store.sweep("a", {})
    sweep.append({})
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            store.commit(make_record())
            sweep.append({})
            code = 0 if len(store.runs()) == 4 else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    sweep.append({})
    assert len(store.runs()) == 5
    assert sum(1 for e in store.files.list("sweeps/a") if e.name.endswith(".seg")) == 2
    sweep.close()


def test_a_manifest_that_is_refused_hides_no_other(store: Store, make_record: Record) -> None:
    run = store.commit(make_record())
    folder = Path(store.url) / next(store.files.list("runs")).name
    (folder.parent / "01a1febf-1600-78c2-ba4d-11f320f90af9.json").write_text("{}", encoding="utf-8")
    (folder.parent / "notes.txt").write_text("mine", encoding="utf-8")
    assert store.runs().ids == [run]
    assert store.index.rows("SELECT file FROM refused")[0][0].endswith("01a1febf-1600-78c2-ba4d-11f320f90af9.json")
