"""Segments: whatever was acknowledged is read, whatever was torn is passed over."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backtrail.errors import ManifestError, StoreVersionError, StoreWriteError
from backtrail.runs.store import Store
from backtrail.runs.store.disk import Disk
from backtrail.runs.store.segments import LIMIT, MAGIC, frame, scan

Opener = Callable[..., Store]


def segments(store: Store) -> list[Path]:
    return [Path(store.url) / e.name for e in store.files.list("sweeps") if e.name.endswith(".seg")]


def test_every_cut_leaves_the_records_before_it() -> None:
    data = MAGIC + frame(b"first") + frame(b"second") + frame(b"third")
    ends = [len(MAGIC + frame(b"first")), len(MAGIC + frame(b"first") + frame(b"second")), len(data)]
    for cut in range(len(data) + 1):
        found = [record.data for record in scan(data[:cut])]
        assert found == [b"first", b"second", b"third"][: sum(end <= cut for end in ends)]
        assert [r.data for r in scan(data[:cut] + bytes(100))] == found


def test_every_flipped_bit_stops_the_reading_there() -> None:
    head = MAGIC + frame(b"first")
    data = head + frame(b"second")
    for at in range(len(head), len(data)):
        for bit in range(8):
            wrong = bytearray(data)
            wrong[at] ^= 1 << bit
            assert [record.data for record in scan(bytes(wrong))] == [b"first"]


def test_reading_may_go_on_where_it_stopped() -> None:
    data = MAGIC + frame(b"first") + frame(b"second")
    first, second = scan(data)
    assert (first.start, first.end) == (len(MAGIC), second.start)
    assert list(scan(data[second.start :], second.start)) == [second]


def test_what_is_no_segment_or_of_a_later_version_is_refused() -> None:
    with pytest.raises(ManifestError, match="expected"):
        list(scan(b"something else"))
    with pytest.raises(StoreVersionError, match=r"format 1 - found 2 .* update backtrail"):
        list(scan(b"BTSEG002" + frame(b"x")))


@pytest.mark.parametrize("size", [0, LIMIT + 1])
def test_a_record_has_a_size(size: int) -> None:
    with pytest.raises(ValueError, match="appending a record"):
        frame(bytes(size))


def test_an_open_segment_is_read_and_a_closed_one_ends_with_its_last_record(store: Store) -> None:
    sweep = store.sweep("a", {})
    for n in range(10):
        sweep.append({"params": {"n": n}})
        assert len(store.runs()) == n + 1
    [path] = segments(store)
    assert path.stat().st_size > 100_000
    sweep.close()
    data = path.read_bytes()
    assert list(scan(data))[-1].end == len(data)
    assert len(store.runs()) == 10


def test_more_than_the_prepared_zeros_fits(store: Store) -> None:
    sweep = store.sweep("a", {})
    for _ in range(8):
        sweep.append({"params": {"text": "x" * 100_000}})
    assert len(list(sweep.manifests())) == 8
    sweep.close()
    assert len(segments(store)) == 1


def test_a_torn_tail_is_named_and_is_no_damage(store: Store) -> None:
    sweep = store.sweep("a", {})
    sweep.append({})
    sweep.close()
    [path] = segments(store)
    with path.open("ab") as file:
        file.write(frame(b'{"run":"x"}')[:-3])
    assert len(store.runs()) == 1
    checked = store.fsck()
    assert checked.clean
    assert "never acknowledged" in " ".join(checked.notes)


def test_a_record_of_a_stranger_is_refused_and_hides_no_other(store: Store) -> None:
    sweep = store.sweep("a", {})
    sweep.append({})
    sweep.close()
    [path] = segments(store)
    with path.open("ab") as file:
        file.write(frame(b'{"run":"../../x","status":"finished"}') + frame(b"not json"))
    other = store.sweep("a")
    other.append({})
    assert len(store.runs()) == 2
    other.close()


def test_a_folder_that_is_no_sweep_hides_no_other(store: Store) -> None:
    sweep = store.sweep("a", {})
    sweep.append({})
    sweep.close()
    stray = Path(store.url) / "sweeps" / "b c"
    stray.mkdir()
    (stray / "x.seg").write_bytes(MAGIC + frame(b"{}"))
    (stray.parent / "a" / "y.seg").write_bytes(b"BTSEG009")
    (stray.parent / "a" / "z.seg").write_bytes(b"nonsense!")
    assert len(store.runs()) == 1


class Failing(Disk):
    """A disk that fails once, in the middle of a write."""

    def __init__(self) -> None:
        self.fail = False

    def write_at(self, handle: int, data: bytes | memoryview, offset: int) -> int:
        if self.fail:
            self.fail = False
            super().write_at(handle, bytes(data)[: len(data) // 2], offset)
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write_at(handle, data, offset)


def test_after_a_failed_append_another_segment_is_begun(opener: Opener) -> None:
    disk = Failing()
    store = opener(disk=disk)
    sweep = store.sweep("a", {})
    runs = [sweep.append({})]
    disk.fail = True
    with pytest.raises(StoreWriteError, match="No space"):
        sweep.append({"params": {"lost": "x" * 100}})
    runs.append(sweep.append({}))
    assert set(store.runs().ids) == set(runs)
    assert len(segments(store)) == 2
    sweep.close()


def test_the_results_of_a_sweep_become_one_table(store: Store) -> None:
    import pyarrow.parquet as pq

    sweep = store.sweep("a", {})
    for n in range(3):
        sweep.append({"params": {"n": n}, "result": {"metrics": {"cagr": n / 2}}, "sweep": {"index": n}})
    sweep.close()
    table = pq.read_table(Path(store.url) / store.compact("a"))
    assert table.select(["param_n", "cagr"]).to_pylist() == [{"param_n": n, "cagr": n / 2} for n in range(3)]
    assert store.compact("a") == "sweeps/a/results.parquet"
    assert store.fsck().clean


def test_the_results_of_a_sweep_s_record_are_kept(store: Store) -> None:
    blob = store.put(b"equity")
    sweep = store.sweep("a", {})
    record: dict[str, Any] = {"result": {"artifacts": {"equity": {"blob": blob}}}}
    run = sweep.append(record)
    sweep.close()
    assert store.gc(grace_days=0, dry_run=False).trashed == []
    assert store.run(run).bytes("equity") == b"equity"
