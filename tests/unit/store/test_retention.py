"""Holding less: the results of the best runs only, no more bytes than a limit, and never what somebody wants."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from backtrail.errors import MissingBlobError, RunNotFoundError
from backtrail.runs.store import Store
from backtrail.runs.store.layout import EVICTED, new_run_id
from backtrail.runs.store.retention import Policy, bytes_of

Record = Callable[..., dict[str, Any]]
Key = Callable[[str], str]
START = time.time() - 10_000


def filled(
    store: Store,
    make_record: Record,
    number: int,
    *,
    sharpe: float | None = None,
    names: tuple[str, ...] = ("trades",),
    **more: Any,
) -> str:
    """Record run *number*: later numbers began later; each artifact has 50,000 bytes of its own."""
    artifacts = {name: {"blob": store.put(f"{number}{name}".encode().ljust(50_000, b"."))} for name in names}
    metrics = {} if sharpe is None else {"sharpe_ratio": sharpe}
    made = make_record(
        result={"metrics": metrics, "artifacts": artifacts}, run=new_run_id(START + number), **more
    )
    return store.commit(made)


def age_trash(store: Store, seconds: float) -> None:
    for entry in list(store.files.list("trash")):
        os.utime(Path(store.url) / entry.name, (time.time() - seconds,) * 2)


def size_of(store: Store, folder: str = "objects") -> int:
    return sum(entry.size for entry in store.files.list(folder))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (0, 0),
        (17, 17),
        ("17", 17),
        ("2kB", 2000),
        ("2 KiB", 2048),
        ("1.5MB", 1_500_000),
        ("3g", 3 * 10**9),
        ("1TiB", 2**40),
    ],
)
def test_a_size_is_a_number_or_text_with_a_unit(text: object, number: int) -> None:
    assert bytes_of(text) == number


@pytest.mark.parametrize(
    "wrong", [-1, 1.5, True, None, "", "MB", "-1MB", "1e3", "1 parsec", "nan", math.nan, "9" * 99]
)
def test_what_is_no_size_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match="expected a whole number of bytes"):
        bytes_of(wrong)


@pytest.mark.parametrize(
    "wrong", ["", "best", "top", "top:0", "top:-1", "top:5:", "Metrics", None, 5, "all\n"]
)
def test_what_is_no_policy_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match="expected 'all', 'summary'"):
        Policy.of(wrong)


def test_something_must_be_asked_for(store: Store) -> None:
    with pytest.raises(ValueError, match="say what is kept"):
        store.retain()


@pytest.mark.row("B30")
def test_b30_the_runs_not_used_for_the_longest_time_go_first(
    store: Store, make_record: Record, make_key: Key
) -> None:
    """B30: a limit holds, and what is read stays."""
    runs = [filled(store, make_record, at, key=make_key(str(at))) for at in range(5)]
    for at, run in enumerate(runs):
        pointer = Path(store.url) / "keys" / make_key(str(at))[3:5] / make_key(str(at))[5:]
        os.utime(pointer, (START + at,) * 2)
        assert store.lookup(make_key(str(at))) == store.run(run)
    store.note_use(store.run(runs[0]))
    told = store.retain(max_bytes=160_000)
    assert told.dry_run
    assert told.evicted == [runs[1], runs[2]]
    assert len(store.runs()) == 5
    done = store.retain(max_bytes=160_000, dry_run=False)
    assert done.evicted == told.evicted
    assert done.bytes_after <= 160_000 < done.bytes_before
    assert set(store.runs().ids) == {runs[0], runs[3], runs[4]}
    assert size_of(store) == 150_000
    assert store.lookup(make_key("1")) is None
    with pytest.raises(RunNotFoundError):
        store.run(runs[1])
    assert store.fsck().clean
    assert store.reindex() == 3


@pytest.mark.row("B30")
def test_b30_what_was_evicted_is_deleted_an_hour_later(store: Store, make_record: Record) -> None:
    runs = [filled(store, make_record, at) for at in range(2)]
    store.retain(max_bytes=60_000, dry_run=False)
    assert size_of(store, "trash") > 50_000
    assert store.retain(max_bytes=60_000, dry_run=False).deleted == 0
    age_trash(store, 3700)
    assert store.retain(max_bytes=60_000, dry_run=True).deleted == 0
    assert store.retain(max_bytes=60_000, dry_run=False).deleted > 50_000
    assert size_of(store, "trash") == 0
    assert store.run(runs[1]).bytes("trades").startswith(b"1trades")


@pytest.mark.row("B30")
def test_b30_pinned_tagged_and_best_runs_stay_however_little_room_there_is(
    store: Store, make_record: Record
) -> None:
    """B30: pins and tags protect; a limit that cannot be kept is told by its figures."""
    runs = [filled(store, make_record, at, sharpe=float(at)) for at in range(3)]
    best = filled(store, make_record, 9, sharpe=9.0, sweep={"id": "grid", "index": 0})
    store.pin(runs[0])
    store.tag(runs[1], "golden")
    done = store.retain(keep="metrics", max_bytes=0, dry_run=False)
    assert done.evicted == [runs[2]]
    assert done.kept == {
        runs[0]: "is pinned",
        runs[1]: "is tagged 'golden'",
        best: "is the best of sweep 'grid'",
    }
    assert done.bytes_after > 150_000
    assert all(store.run(run).bytes("trades") for run in (runs[0], runs[1], best))


@pytest.mark.row("B30")
def test_b30_bytes_that_others_need_stay(store: Store, make_record: Record) -> None:
    shared = {"blob": store.put(b"s" * 50_000)}
    runs = [
        store.commit(make_record(result={"artifacts": {"trades": shared}}, run=new_run_id(START + at)))
        for at in range(2)
    ]
    done = store.retain(max_bytes=50_500, dry_run=False)
    assert done.evicted == runs[:1]
    assert store.run(runs[1]).bytes("trades") == b"s" * 50_000
    assert size_of(store) == 50_000


@pytest.mark.row("B30")
def test_b30_a_run_that_is_being_written_loses_nothing(store: Store, make_record: Record) -> None:
    """B30: a writer found its bytes in the store a moment before they were evicted."""
    old = filled(store, make_record, 0)
    with store.begin(strategy="sma") as work:
        blob = work.put(b"0trades".ljust(50_000, b"."))
        work.write()
        assert store.retain(max_bytes=0, dry_run=False).evicted == [old]
        run = work.commit(make_record(result={"artifacts": {"trades": {"blob": blob}}}))
    age_trash(store, 3700)
    assert store.retain(max_bytes="1GB", dry_run=False).evicted == []
    assert store.run(run).bytes("trades").startswith(b"0trades")
    assert store.fsck().clean


@pytest.mark.row("B30")
@pytest.mark.parametrize(
    ("keep", "left"), [("metrics", []), ("summary", ["equity"]), ("all", ["equity", "trades"])]
)
def test_b30_a_policy_gives_results_up_and_keeps_the_record(
    store: Store, make_record: Record, make_key: Key, keep: str, left: list[str]
) -> None:
    run = filled(store, make_record, 0, sharpe=2.0, names=("equity", "trades"), key=make_key("k"))
    assert store.retain(keep=keep, dry_run=False).thinned == ([] if keep == "all" else [run])
    assert store.retain(keep=keep, dry_run=False).thinned == []
    age_trash(store, 3700)
    store.retain(keep="all", dry_run=False)
    found = store.run(run)
    assert found.metrics == {"sharpe_ratio": 2.0}
    assert size_of(store) == 50_000 * len(left)
    for name in ("equity", "trades"):
        if name in left:
            assert found.bytes(name)
        else:
            with pytest.raises(MissingBlobError, match="was given up to hold less"):
                found.bytes(name)
    assert (store.lookup(make_key("k")) is not None) == (keep == "all")
    assert store.fsck().clean
    assert store.best("sharpe_ratio").ids == [run]


@pytest.mark.row("B30")
def test_b30_the_best_keep_their_results(store: Store, make_record: Record) -> None:
    """B30: top:2 of each strategy; runs without the metric come last; a strategy without it loses nothing."""
    sharpes = [1.0, 5.0, math.nan, 3.0, None]
    runs = [filled(store, make_record, at, sharpe=one) for at, one in enumerate(sharpes)]
    other = filled(store, make_record, 10, sharpe=0.1, strategy="other")
    silent = [filled(store, make_record, at, strategy="silent") for at in range(20, 24)]
    store.pin(runs[0])
    done = store.retain(keep="top:2", dry_run=False)
    assert sorted(done.thinned) == sorted([runs[2], runs[4]])
    assert done.kept == {runs[0]: "is pinned"}
    age_trash(store, 3700)
    store.retain(keep="top:2", dry_run=False)
    assert all(store.run(run).bytes("trades") for run in (runs[0], runs[1], runs[3], other, *silent))
    lower = [
        store.commit(make_record(strategy="dd", run=new_run_id(START + at), result={
            "metrics": {"max_drawdown": value}, "artifacts": {"trades": {"blob": store.put(f"dd{at}".encode())}}}))
        for at, value in enumerate([0.3, -0.1, 0.2])
    ]  # fmt: skip
    assert store.retain(keep="top:1:max_drawdown").thinned == [lower[2], lower[0]]


@pytest.mark.row("B30")
def test_b30_results_that_a_fold_shares_go_with_them(
    store: Store, make_record: Record, make_key: Key
) -> None:
    run = filled(store, make_record, 0, key=make_key("k"))
    manifest = {name: one for name, one in store.manifest(run).items() if name not in ("run", "schema")}
    note = store.commit(manifest | {"status": "cached", "attempt_of": run, "split": {"set": "s", "fold": 1}})
    assert sorted(store.retain(keep="metrics", dry_run=False).thinned) == sorted([run, note])
    assert size_of(store) == 0


@pytest.mark.row("B30")
def test_b30_only_the_runs_in_question_are_counted_and_removed(store: Store, make_record: Record) -> None:
    mine = filled(store, make_record, 0, params={"mine": 1})
    other = filled(store, make_record, 1)
    done = store.retain(max_bytes=0, only=lambda manifest: "mine" in manifest["params"], dry_run=False)
    assert done.evicted == [mine]
    assert done.bytes_before < 60_000
    assert store.runs().ids == [other]


def test_a_manifest_that_cannot_be_read_is_left_for_a_check(store: Store, make_record: Record) -> None:
    run = filled(store, make_record, 0)
    [entry] = list(store.files.list("runs"))
    Path(store.url, entry.name).write_bytes(b"{")
    done = store.retain(keep="metrics", max_bytes=0, dry_run=False)
    assert run not in done.evicted
    assert size_of(store) == 50_000
    assert [one.name for one in store.files.list(EVICTED)] == []


def test_gc_forgets_what_it_knew_of_runs_that_are_gone(store: Store, make_record: Record) -> None:
    run = filled(store, make_record, 0)
    store.retain(keep="metrics", dry_run=False)
    store.rm(run, dry_run=False)
    store.gc(dry_run=False)
    assert store.refs.thinned()  # it may be restored
    age_trash(store, 30 * 86400)
    store.gc(dry_run=False)
    assert not store.refs.thinned()


@pytest.mark.parametrize("written", [b"", b"[]", b'{"parts": 3}', b"\xff"])
def test_a_note_that_cannot_be_read_gives_nothing_up(
    store: Store, make_record: Record, written: bytes
) -> None:
    run = filled(store, make_record, 0)
    store.files.put(f"refs/thinned/{run}", written)
    store.files.put("refs/thinned/not-a-run", b"{}")
    assert store.refs.thinned() == {}
    store.gc(grace_days=0, dry_run=False)
    assert store.run(run).bytes("trades")


@pytest.mark.row("B30")
def test_b30_several_that_give_up_at_once_do_not_stand_in_each_others_way(
    opener: Callable[..., Store], make_record: Record
) -> None:
    """B30: any number of processes may hold one store to its size."""
    store = opener()
    runs = [filled(store, make_record, at, sharpe=float(at), names=("equity", "trades")) for at in range(12)]
    with ThreadPoolExecutor(4) as pool:
        told = [
            pool.submit(opener(f"machine-{at}").retain, keep="top:6", max_bytes=400_000, dry_run=False)
            for at in range(4)
        ]
        done = [one.result() for one in told]
    assert min(one.bytes_after for one in done) <= 400_000
    assert store.runs().ids == runs[:-4:-1]
    for run in store.runs():
        assert all(run.bytes(name) for name in run.artifacts)
    age_trash(store, 3700)
    store.retain(max_bytes=400_000, dry_run=False)
    assert store.fsck().clean
    assert store.retain(max_bytes=400_000).evicted == []


@pytest.mark.row("B30")
def test_b30_a_note_of_the_trash_that_was_spoilt_leads_nowhere(store: Store, make_record: Record) -> None:
    run = filled(store, make_record, 0)
    store.files.put(f"{EVICTED}/1-1.blobs", b"b3:../../objects \xff nonsense")
    age_trash(store, 3700)
    store.retain(keep="all", dry_run=False)
    assert list(store.files.list(EVICTED)) == []
    assert store.run(run).bytes("trades")
