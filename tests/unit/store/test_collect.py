"""Removing runs and collecting blobs: nothing that somebody wants is lost, nothing at once."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backtrail.errors import RunNotFoundError
from backtrail.runs.store import Store
from backtrail.runs.store.layout import blob_name, new_run_id

Record = Callable[..., dict[str, Any]]
Key = Callable[[str], str]
DAY = 86_400.0


def age_all(store: Store, days: float) -> None:
    for folder in ("objects", "trash", "runs", "tmp"):
        for entry in list(store.files.list(folder)):
            os.utime(Path(store.url) / entry.name, (time.time() - days * DAY,) * 2)


def with_blob(store: Store, make_record: Record, text: bytes, **fields: Any) -> str:
    return store.commit(make_record(result={"artifacts": {"x": {"blob": store.put(text)}}}, **fields))


def names(store: Store, folder: str) -> list[str]:
    return sorted(entry.name for entry in store.files.list(folder))


@pytest.mark.row("B29")
@pytest.mark.parametrize("days", [-1, -0.001, math.nan, math.inf, -math.inf])
def test_a_negative_age_is_refused(store: Store, make_record: Record, days: float) -> None:
    """B29: a negative number of days removes nothing."""
    store.commit(make_record())
    with pytest.raises(ValueError, match="days from 0 on"):
        store.rm(older_than_days=days, dry_run=False)
    with pytest.raises(ValueError, match="days from 0 on"):
        store.gc(grace_days=days, dry_run=False)
    assert len(store.runs()) == 1


@pytest.mark.row("B29")
def test_nothing_is_removed_unless_asked_for(store: Store, make_record: Record) -> None:
    """B29: dry runs are the default, and a removal says what it would remove."""
    run = with_blob(store, make_record, b"x")
    assert store.rm(run).runs == [run]
    assert store.rm(run).dry_run
    assert store.run(run).bytes("x") == b"x"
    with pytest.raises(ValueError, match="say which runs"):
        store.rm(dry_run=False)
    age_all(store, 99)
    with pytest.raises(RunNotFoundError):
        store.rm(new_run_id(), dry_run=False)


@pytest.mark.row("B29")
def test_pinned_and_tagged_runs_and_the_best_of_a_sweep_are_kept(store: Store, make_record: Record) -> None:
    """B29: what somebody named, and what a sweep was for, stays."""
    old = time.time() - 100 * DAY
    runs = [
        store.commit(make_record(float(n), run=new_run_id(old + n), sweep={"id": "grid", "index": n})) for n in range(5)
    ]
    young = store.commit(make_record())
    store.tag(runs[0], "golden")
    store.pin(runs[1])
    removed = store.rm(older_than_days=30, dry_run=False)
    assert removed.runs == runs[2:4]
    assert removed.kept == {
        runs[0]: "is tagged 'golden'",
        runs[1]: "is pinned",
        runs[4]: "is the best of sweep 'grid'",
    }
    assert len(removed) == 2
    assert set(store.runs().ids) == {runs[0], runs[1], runs[4], young}


def test_runs_are_removed_by_query_and_age(store: Store, make_record: Record) -> None:
    old = new_run_id(time.time() - 3 * DAY)
    store.commit(make_record(1.0, run=old))
    store.commit(make_record(5.0, run=new_run_id(time.time() - 3 * DAY)))
    store.commit(make_record(1.0))
    assert store.rm(where="sharpe_ratio < 3", older_than_days=2, dry_run=False).runs == [old]
    assert len(store.rm(where="", dry_run=False)) == 2
    assert len(store.runs()) == 0


@pytest.mark.row("B29")
def test_a_removed_run_may_be_restored_until_the_trash_is_emptied(
    store: Store, make_record: Record, make_key: Key
) -> None:
    """B29: removal is in two steps."""
    run = with_blob(store, make_record, b"x", key=make_key("a"))
    age_all(store, 20)
    store.rm(run, dry_run=False)
    assert store.lookup(make_key("a")) is None
    assert store.gc(dry_run=False).trashed == []
    assert store.restore(run).bytes("x") == b"x"
    found = store.lookup(make_key("a"))
    assert found is not None
    assert found.id == run
    store.rm(run, dry_run=False)
    age_all(store, 20)
    assert len(store.gc(dry_run=False).deleted) == 1
    with pytest.raises(RunNotFoundError):
        store.restore(run)
    age_all(store, 20)
    assert len(store.gc(dry_run=False).trashed) == 1
    age_all(store, 20)
    assert len(store.gc(dry_run=False).deleted) == 1
    assert names(store, "objects") == names(store, "trash") == []


def test_a_key_points_to_another_run_when_its_run_is_removed(store: Store, make_record: Record, make_key: Key) -> None:
    first, second = (store.commit(make_record(key=make_key("a"))) for _ in range(2))
    store.rm(second, dry_run=False)
    found = store.lookup(make_key("a"))
    assert found is not None
    assert found.id == first


def test_what_is_young_or_needed_is_not_collected(store: Store, make_record: Record) -> None:
    with_blob(store, make_record, b"needed")
    store.put(b"young")
    old = store.put(b"old")
    os.utime(Path(store.url) / blob_name(old), (0, 0))
    dry = store.gc()
    assert (dry.trashed, dry.bytes, dry.dry_run) == ([blob_name(old)], 3, True)
    assert store.gc(dry_run=False).trashed == [blob_name(old)]
    assert len(names(store, "objects")) == 2


def test_a_blob_in_the_trash_is_taken_back_when_it_is_needed(store: Store, make_record: Record) -> None:
    blob = store.put(b"x")
    age_all(store, 20)
    assert len(store.gc(dry_run=False).trashed) == 1
    run = store.commit(make_record(result={"artifacts": {"x": {"blob": blob}}}))
    age_all(store, 20)
    assert store.gc(dry_run=False).deleted == []
    assert names(store, "trash") == []
    assert store.run(run).bytes("x") == b"x"
    age_all(store, 20)
    other = store.put(b"y")
    os.utime(Path(store.url) / blob_name(other), (0, 0))
    store.gc(dry_run=False)
    assert store.get(other) == b"y"
    assert blob_name(other) in names(store, "objects")


def test_blobs_of_records_that_cannot_be_read_are_kept(store: Store) -> None:
    """A record of a later version names digests where this one does not look."""
    blob = store.put(b"x")
    folder = Path(store.url) / "runs" / "2030" / "01"
    folder.mkdir(parents=True)
    (folder / f"{new_run_id()}.json").write_text(f'{{"schema": 9, "later": ["{blob}"]}}')
    age_all(store, 99)
    assert store.gc(dry_run=False).trashed == []


def test_a_sweep_is_removed_as_a_whole(store: Store) -> None:
    sweep = store.sweep("grid", {})
    runs = [sweep.append({"result": {"metrics": {"sharpe_ratio": n}}}) for n in range(3)]
    assert "removed as a whole" in store.rm(runs[0], dry_run=False).kept[runs[0]]
    assert store.rm("sweep:grid", dry_run=False).kept == {"sweep:grid": "is being written"}
    sweep.close()
    store.tag(runs[0], "mine")
    assert "is tagged" in store.rm("sweep:grid", dry_run=False).kept[runs[0]]
    store.untag("mine")
    assert sorted(store.rm("sweep:grid", dry_run=False).runs) == sorted(runs)
    assert len(store.runs()) == 0
    assert names(store, "sweeps") == []
    with pytest.raises(RunNotFoundError):
        store.rm("sweep:grid")


@pytest.mark.row("B30")
def test_a_sweep_keeps_the_results_of_its_best_runs(store: Store, make_key: Key) -> None:
    """B30: a policy says which results are kept; metrics, parameters and code always are."""
    sweep = store.sweep("grid", {"objective": "max_drawdown", "keep": "top:2"})
    runs = []
    for n in range(5):
        result = {"metrics": {"max_drawdown": n}, "artifacts": {"x": {"blob": store.put(b"%d" % n)}}}
        runs.append(sweep.append({"result": result, "key": make_key(str(n))}))
    sweep.close()
    store.tag(runs[4], "mine")
    age_all(store, 20)
    assert len(store.gc(dry_run=False).trashed) == 2
    age_all(store, 20)
    assert len(store.gc(dry_run=False).deleted) == 2
    assert [store.run(runs[n]).bytes("x") for n in (0, 1, 4)] == [b"0", b"1", b"4"]
    assert store.run(runs[2]).metrics == {"max_drawdown": 2}
    assert store.lookup(make_key("1")) == store.run(runs[1])
    assert store.lookup(make_key("2")) is None
    assert store.fsck().clean


def test_a_sweep_may_keep_metrics_only(store: Store) -> None:
    sweep = store.sweep("grid", {"keep": "metrics"})
    run = sweep.append({"result": {"metrics": {"a": 1}, "artifacts": {"x": {"blob": store.put(b"x")}}}})
    sweep.close()
    assert store.run(run).artifacts == {}
    for wrong in ("top:0", "top:-1", "some", 3, None, "top:9999999999"):
        with pytest.raises(ValueError, match="expected keep"):
            store.sweep("other", {"keep": wrong})


def test_leftovers_of_killed_processes_are_deleted_after_the_grace(store: Store) -> None:
    (Path(store.url) / "tmp" / "1-abc").write_bytes(b"half")
    assert store.gc(dry_run=False).deleted == []
    age_all(store, 20)
    assert store.gc(dry_run=False).deleted == ["tmp/1-abc"]
