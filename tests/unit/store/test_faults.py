"""Full disks, read-only disks, missing permissions: one family of errors, and nothing half-visible."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backtrail.errors import StoreError, StoreReadError, StoreWriteError
from backtrail.runs.store import Store
from backtrail.runs.store.disk import Disk

Record = Callable[..., dict[str, Any]]
Opener = Callable[..., Store]
STEPS = [name for name in vars(Disk) if not name.startswith("_")]
SAFE = {"close", "unlink"}


class Faulty(Disk):
    """A disk whose *step*-th call fails with *code*."""

    def __init__(self, step: int, code: int) -> None:
        self.left = step
        self.code = code

    def __getattribute__(self, name: str) -> Any:
        method = object.__getattribute__(self, name)
        if name not in STEPS or name in SAFE:
            return method

        def take(*arguments: Any) -> Any:
            self.left -= 1
            if self.left == 0:
                raise OSError(self.code, os.strerror(self.code))
            return method(*arguments)

        return take


@pytest.mark.row("B17", "B31")
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO])
def test_a_fault_at_any_step_is_a_store_error_and_leaves_nothing_half_visible(
    opener: Opener, make_record: Record, make_key: Callable[[str], str], code: int
) -> None:
    """B17: what was not stored is never said to be; B31: nothing partial stays behind."""
    plain = opener()
    step, failures = 0, []
    while True:
        step += 1
        disk = Faulty(step, code)
        store = opener(disk=disk)
        record = make_record(key=make_key(str(step)), params={"n": step})
        try:
            with store.begin() as work:
                blob = work.put(b"result %d" % step)
                work.commit({**record, "result": {"artifacts": {"x": {"blob": blob}}}})
        except StoreWriteError as error:
            failures.append(str(error))
        if disk.left > 0:
            break
    seen = [run.params["n"] for run in plain.runs()]
    assert len(failures) > 8
    assert all(" - expected " in text and os.strerror(code) in text for text in failures)
    assert len(seen) >= 1
    for run in plain.runs():
        assert run.bytes("x") == b"result %d" % run.params["n"]
    assert plain.fsck().clean
    assert list(plain.files.list("tmp")) == []


def test_a_store_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreWriteError, match="making the store"):
        Store.open(tmp_path / "file")
    with pytest.raises(StoreError):
        Store.open(tmp_path / "file" / "below")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read and write everything")
def test_a_store_without_permission_is_said_so(tmp_path: Path, make_record: Record) -> None:
    store = Store.open(tmp_path / "store", index_folder=tmp_path)
    (tmp_path / "store" / "tmp").chmod(0o500)
    with pytest.raises(StoreWriteError, match="permission"):
        store.commit(make_record())
    (tmp_path / "store" / "tmp").chmod(0o700)


def test_a_read_only_store_is_read(opener: Opener, make_record: Record, make_key: Callable[[str], str]) -> None:
    run = opener().commit(make_record(key=make_key("a")))

    class ReadOnly(Disk):
        def open_new(self, path: str) -> int:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))

        def touch(self, path: str) -> None:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    store = opener("elsewhere", disk=ReadOnly())
    assert store.runs().ids == [run]
    assert store.lookup(make_key("a")) == store.run(run)
    with pytest.raises(StoreWriteError, match="BACKTRAIL_STORE"):
        store.commit(make_record())
    with pytest.raises(StoreWriteError):
        store.put(b"x")


def test_what_cannot_be_read_is_said_so(store: Store, make_record: Record) -> None:
    run = store.commit(make_record())
    path = Path(store.url) / next(store.files.list("runs")).name
    path.unlink()
    path.mkdir()
    with pytest.raises(StoreReadError, match=f"reading run {run}"):
        store.manifest(run)
