"""The order in which a commit brings things to the medium: the bytes, the names of the blobs, the record."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from backtrail.errors import ManifestError, MissingBlobError, StoreWriteError
from backtrail.runs.store import Store
from backtrail.runs.store import work as working
from backtrail.runs.store.blobs import MOST_OPEN
from backtrail.runs.store.disk import Disk

Record = Callable[..., dict[str, Any]]
Opener = Callable[..., Store]


class Noting(Disk):
    """A disk that notes the steps that matter, with the files they are about."""

    def __init__(self) -> None:
        self.paths: dict[int, str] = {}
        self.steps: list[tuple[str, str]] = []

    def open_new(self, path: str) -> int:
        handle = super().open_new(path)
        self.paths[handle] = path
        return handle

    def flush(self, handle: int) -> None:
        super().flush(handle)
        self.steps.append(("flush", self.paths[handle]))

    def rename(self, source: str, target: str) -> None:
        self.steps.append(("rename", source))
        self.steps.append(("named", target))
        super().rename(source, target)

    def flush_folder(self, path: str) -> None:
        super().flush_folder(path)
        self.steps.append(("folder", path))


def steps_of_a_commit(store: Store, disk: Noting, record: dict[str, Any]) -> list[tuple[str, str]]:
    with store.begin() as work:
        blobs = {f"x{n}": {"blob": work.put(b"%d" % n * 5000)} for n in range(3)}
        table = work.put_table(pa.table({"n": list(range(100))}))
        disk.steps.clear()
        work.commit({**record, "result": {"artifacts": {**blobs, "trades": table._asdict()}}})
    return disk.steps


@pytest.mark.parametrize("ordered", [True, False])
def test_nothing_is_named_before_its_bytes_are_on_the_medium(
    opener: Opener, make_record: Record, monkeypatch: pytest.MonkeyPatch, ordered: bool
) -> None:
    """The record is named last: after the names of the blobs, or after these are on the medium too."""
    monkeypatch.setattr("backtrail.runs.store.files.is_journalled_in_order", lambda path: ordered)
    disk = Noting()
    steps = steps_of_a_commit(opener(disk=disk), disk, make_record(key=None))
    flushed = [path for step, path in steps if step == "flush"]
    renamed = [path for step, path in steps if step == "rename"]
    named = [path for step, path in steps if step == "named"]
    assert len(flushed) == 5
    assert sorted(renamed) == sorted(flushed)
    assert [at for at, step in enumerate(steps) if step[0] == "flush"] == list(range(5))
    assert all("/objects/" in path for path in named[:-1])
    assert "/runs/" in named[-1]
    record = steps.index(("named", named[-1]))
    before = {path for step, path in steps[:record] if step == "folder"}
    after = [path for step, path in steps[record:] if step == "folder"]
    assert after == [str(Path(named[-1]).parent)]
    assert {str(Path(path).parent) for path in named[:-1]} <= before or ordered


def test_much_is_written_before_the_commit(opener: Opener, make_record: Record) -> None:
    """What many bytes are waiting for is written meanwhile, and given up with the run."""
    disk = Noting()
    store = opener(disk=disk)
    with store.begin() as work:
        blob = work.put(bytes(working.WAITING))
        work.commit(make_record(result={"artifacts": {"x": {"blob": blob}}}))
    assert store.blobs.size(blob) == working.WAITING
    with store.begin() as work:
        given_up = work.put(b"1" * working.WAITING)
    assert store.blobs.size(given_up) is None
    assert not list(store.files.list("tmp"))


def test_a_record_that_is_refused_can_be_put_right(opener: Opener, make_record: Record) -> None:
    store = opener()
    with store.begin() as work:
        blob = work.put(b"result")
        with pytest.raises(ManifestError, match=r"expected a text"):
            work.commit(make_record(strategy=7, result={"artifacts": {"x": {"blob": blob}}}))
        with pytest.raises(MissingBlobError, match="put it there first"):
            work.commit(make_record(result={"artifacts": {"x": {"blob": "b3:" + "0" * 64}}}))
        assert store.blobs.size(blob) is None
        run = work.commit(make_record(result={"artifacts": {"x": {"blob": blob}}}))
    assert store.run(run).bytes("x") == b"result"
    assert not list(store.files.list("tmp"))


def test_a_blob_that_is_removed_while_a_run_waits_is_said_to_be_missing(
    opener: Opener, make_record: Record
) -> None:
    store = opener()
    blob = store.put(b"shared")
    with store.begin() as work:
        assert work.put(b"shared") == blob
        work.write()
        assert work._staged == {blob: None}
        store.files.remove(f"objects/b3/{blob[3:5]}/{blob[5:]}")
        with pytest.raises(MissingBlobError, match="it was removed"):
            work.commit(make_record(result={"artifacts": {"x": {"blob": blob}}}))
    assert len(store.runs()) == 0


class Counting(Disk):
    """A disk that knows which files are open, and fails to flush the one whose number is *failing*."""

    def __init__(self, failing: int = 0) -> None:
        self.failing = failing
        self.flushed = 0
        self.open: set[int] = set()
        self.most = 0

    def open_new(self, path: str) -> int:
        handle = super().open_new(path)
        self.open.add(handle)
        self.most = max(self.most, len(self.open))
        return handle

    def flush(self, handle: int) -> None:
        self.flushed += 1
        if self.flushed == self.failing:
            raise OSError(errno.EIO, "Input/output error")
        super().flush(handle)

    def close(self, handle: int) -> None:
        self.open.remove(handle)
        super().close(handle)


@pytest.mark.parametrize("together", [True, False])
def test_files_on_their_way_are_open_and_not_too_many(
    opener: Opener, make_record: Record, together: bool
) -> None:
    disk = Counting()
    store = opener(disk=disk)
    contents = [b"%d" % number for number in range(200)]
    if together:
        digests = store.put_all(contents)
    else:
        with store.begin() as work:
            digests = [work.put(data) for data in contents]
            work.commit(make_record())
    assert [store.get(digest) for digest in digests] == contents
    assert 10 < disk.most <= MOST_OPEN + 3
    assert not disk.open


@pytest.mark.parametrize("failing", [1, 30, 64, 65, 80])
def test_a_fault_on_the_way_to_the_medium_leaves_nothing(
    opener: Opener, make_record: Record, failing: int
) -> None:
    disk = Counting()
    store = opener(disk=disk)
    with store.begin() as work:
        blobs = [work.put(b"%d" % number) for number in range(80)]
        disk.failing = disk.flushed + failing
        with pytest.raises(StoreWriteError, match="Input/output error"):
            work.commit(make_record())
    assert len(store.runs()) == 0
    assert store.blobs.missing(blobs) == sorted(blobs)
    assert not list(store.files.list("tmp"))
    disk.failing = disk.flushed + failing
    with pytest.raises(StoreWriteError, match="Input/output error"):
        store.put_all([b"%d" % number for number in range(81)])
    assert not list(store.files.list("tmp"))
    assert not disk.open


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_process_that_was_forked_writes_too(
    opener: Opener, make_record: Record
) -> None:
    store = opener()

    def commit(number: int) -> str:
        with store.begin() as work:
            blob = work.put(b"%d" % number)
            return work.commit(make_record(result={"artifacts": {"x": {"blob": blob}}}))

    first = commit(1)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            commit(2)
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    runs = {first, commit(3)}
    assert len(store.runs()) == 3
    assert runs < set(store.runs().ids)
