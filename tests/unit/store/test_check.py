"""Checking a store: damage is found, set aside, and what can be made again is made again."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backtrail.errors import StoreError
from backtrail.runs.digests import blob_digest
from backtrail.runs.store import Store
from backtrail.runs.store.layout import blob_name, manifest_name

Record = Callable[..., dict[str, Any]]
Key = Callable[[str], str]


def overwrite(store: Store, name: str, data: bytes) -> None:
    path = Path(store.url) / name
    path.chmod(0o644)
    path.write_bytes(data)


@pytest.fixture
def filled(store: Store, make_record: Record, make_key: Key) -> tuple[Store, str, str]:
    blob = store.put(b"result" * 100)
    run = store.commit(make_record(key=make_key("a"), result={"artifacts": {"x": {"blob": blob}}}))
    sweep = store.sweep("grid", {"common": {"strategy": "s"}})
    sweep.append({"result": {"artifacts": {"x": {"blob": blob}}}})
    sweep.close()
    return store, run, blob


def test_a_sound_store_is_clean(filled: tuple[Store, str, str]) -> None:
    checked = filled[0].fsck()
    assert checked.clean
    assert checked.notes == []
    assert checked.counted == {"runs": 1, "blobs": 1, "segments": 1, "records": 1, "keys": 1}


@pytest.mark.parametrize("data", [b"", b"result" * 99, b"Result" + b"result" * 99])
def test_a_damaged_blob_is_set_aside(filled: tuple[Store, str, str], data: bytes) -> None:
    store, run, blob = filled
    overwrite(store, blob_name(blob), data)
    assert not store.fsck(repair=False).clean
    assert store.blobs.size(blob) == len(data)
    checked = store.fsck()
    assert [p.file for p in checked.problems if p.done.startswith("moved to quarantine/")] == [blob_name(blob)]
    assert sum("is missing" in p.what for p in checked.problems) == 2
    assert store.put(b"result" * 100) == blob
    assert store.fsck().clean
    assert store.run(run).bytes("x") == b"result" * 100


@pytest.mark.parametrize(
    ("section", "what"),
    [
        ({"code": {"files": [{"path": "a.py", "raw": "BLOB"}]}}, "source a.py"),
        ({"data": [{"name": "X", "snapshot": "BLOB"}]}, "the bars of feed 'X'"),
        ({"git": {"diff": "BLOB"}}, "the difference to the last commit"),
        ({"exit": {"type": "ValueError", "traceback": "BLOB"}}, "the traceback"),
    ],
    ids=["source", "bars", "difference", "traceback"],
)
@pytest.mark.parametrize("deep", [True, False])
def test_what_a_run_was_made_of_is_missed(
    store: Store, make_record: Record, section: dict[str, Any], what: str, deep: bool
) -> None:
    blob = store.put(b"of the run")
    store.commit(make_record(**json.loads(json.dumps(section).replace("BLOB", blob))))
    assert store.fsck(deep=deep).clean
    (Path(store.url) / blob_name(blob)).unlink()
    [problem] = store.fsck(deep=deep).problems
    assert (problem.what, problem.done) == (f"blob {blob}, {what}, is missing", "left")


def test_a_file_of_which_only_the_digest_was_recorded_is_not_missed(store: Store, make_record: Record) -> None:
    digest = blob_digest(b"too large")
    store.commit(make_record(code={"files": [{"path": "a.bin", "raw": digest, "stored": False}]}))
    assert store.fsck().clean


def test_a_quick_check_notices_a_truncated_blob(filled: tuple[Store, str, str]) -> None:
    store, _, blob = filled
    overwrite(store, blob_name(blob), b"res")
    assert not store.fsck(deep=False, repair=False).clean


@pytest.mark.parametrize("damage", ["cut", "bit", "empty", "renamed"])
def test_a_damaged_manifest_is_set_aside(filled: tuple[Store, str, str], damage: str, make_key: Key) -> None:
    store, run, _ = filled
    name = manifest_name(run)
    data = (Path(store.url) / name).read_bytes()
    if damage == "renamed":
        (Path(store.url) / name).rename((Path(store.url) / name).with_name("x.json"))
    else:
        overwrite(store, name, {"cut": data[:-9], "bit": data.replace(b"sma", b"smb"), "empty": b""}[damage])
    checked = store.fsck()
    assert len(checked.problems) == 1
    assert "moved to quarantine" in checked.problems[0].done
    assert len(store.runs()) == 1
    assert store.lookup(make_key("a")) is None
    assert store.fsck().clean


def test_pointers_are_made_again(filled: tuple[Store, str, str], make_key: Key) -> None:
    store, run, _ = filled
    [name] = [entry.name for entry in store.files.list("keys")]
    for data in (b"", b"x", None):
        if data is None:
            store.files.remove(name)
        else:
            overwrite(store, name, data)
        assert store.fsck().clean
        found = store.lookup(make_key("a"))
        assert found is not None
        assert found.id == run


def test_strange_files_are_set_aside(filled: tuple[Store, str, str]) -> None:
    store = filled[0]
    (Path(store.url) / "objects/b3/zz").mkdir()
    (Path(store.url) / "objects/b3/zz/thing").write_bytes(b"x")
    (Path(store.url) / "runs/2026").mkdir(exist_ok=True)
    (Path(store.url) / "runs/2026/notes.json").write_bytes(b"{}")
    assert len(store.fsck().problems) == 2
    assert store.fsck().clean


def test_damaged_sweeps_are_named(filled: tuple[Store, str, str]) -> None:
    store = filled[0]
    segment = next(e.name for e in store.files.list("sweeps") if e.name.endswith(".seg"))
    data = (Path(store.url) / segment).read_bytes()
    overwrite(store, segment, b"nonsense" + data[8:])
    assert "BTSEG001" in store.fsck().problems[0].what
    overwrite(store, segment, b"BTSEG002" + data[8:])
    checked = store.fsck()
    assert checked.clean
    assert "later version" in checked.notes[0]
    overwrite(store, segment, data)
    overwrite(store, "sweeps/grid/plan.json", b"{}")
    assert "moved to" in store.fsck().problems[0].done
    assert "cannot be read" in store.fsck().problems[0].what


def test_links_out_of_the_store_are_not_followed(filled: tuple[Store, str, str], tmp_path: Path) -> None:
    store = filled[0]
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "thing").write_bytes(b"x")
    (Path(store.url) / "objects" / "b3" / "link").symlink_to(tmp_path / "secret")
    assert store.fsck().clean


def test_whatever_is_damaged_the_store_opens_and_is_clean_after_a_check(
    store: Store, make_record: Record, make_key: Key
) -> None:
    """Flip, cut and delete at random: reading gives the run or an error of the family, and a check mends the rest."""
    choose = random.Random(7)
    for _ in range(6):
        runs = []
        for n in range(3):
            blob = store.put(choose.randbytes(50))
            runs.append(store.commit(make_record(key=make_key(str(n)), result={"artifacts": {"x": {"blob": blob}}})))
        entries = [e for folder in ("objects", "runs", "keys") for e in store.files.list(folder)]
        for entry in choose.sample(entries, 3):
            data = bytearray((Path(store.url) / entry.name).read_bytes())
            if data and choose.random() < 0.6:
                data[choose.randrange(len(data))] ^= 1 << choose.randrange(8)
            end = choose.randrange(len(data) + 1) if choose.random() < 0.3 else len(data)
            overwrite(store, entry.name, bytes(data[:end]))
        for n, run in enumerate(runs):
            try:
                store.lookup(make_key(str(n)))
                store.run(run).bytes("x")
            except StoreError:
                continue
        store.fsck()
        store.rm(list(store.runs().ids), dry_run=False)
        assert all("missing" in problem.what for problem in store.fsck().problems)
