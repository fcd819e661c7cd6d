"""Processes that are killed between any two system calls of a commit, and while they append to sweeps.

The store is given a disk whose steps are counted; at the chosen step the process kills itself with SIGKILL, before the
step (which is after the one before it) or in the middle of a write. Nothing may be half-visible afterwards, and nothing
that was acknowledged may be gone.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backtrail.runs.digests import digest
from backtrail.runs.store import Store
from backtrail.runs.store.disk import Disk

KEY = digest("crash", b"key")
STEPS = [name for name in vars(Disk) if not name.startswith("_")]


class Deadly(Disk):
    """A disk that kills the process at one step: before it, or half-way through what is written.

    With ``"half"`` only the steps that write are counted.
    """

    def __init__(self, step: int, when: str) -> None:
        self.left = step
        self.when = when

    def __getattribute__(self, name: str) -> Any:
        method = object.__getattribute__(self, name)
        if name not in STEPS:
            return method

        def take(*arguments: Any) -> Any:
            writes = name in ("write", "write_at")
            self.left -= writes or self.when != "half"
            if self.left or not (writes or self.when != "half"):
                return method(*arguments)
            if self.when == "half":
                handle, data, *rest = arguments
                method(handle, bytes(data)[: len(data) // 2], *rest)
            os.kill(os.getpid(), signal.SIGKILL)
            raise AssertionError("this process is dead")

        return take


def dies(action: Callable[[], None]) -> bool:
    """Do *action* in a process of its own; tell whether it was killed."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            action()
            code = 0
        finally:
            os._exit(code)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert status in (0, -signal.SIGKILL), f"the process failed with {status}"
    return status != 0


def open_store(folder: Path, disk: Disk | None = None) -> Store:
    return Store.open(folder / "store", index_folder=folder / "index", disk=disk)


def commit(store: Store, number: int) -> str:
    """Record a run with two results and a key, as a run of the engine does, one step after the other."""
    with store.begin(key=KEY, strategy="crash") as work:
        blobs = [work.put(b"%d-%d" % (number, part) * 50) for part in range(2)]
        artifacts = {f"x{part}": {"blob": blob} for part, blob in enumerate(blobs)}
        return work.commit({"params": {"n": number}, "result": {"metrics": {"n": number}, "artifacts": artifacts}})


def check_nothing_is_half_visible(store: Store, committed: set[int]) -> None:
    """Every visible run is whole, every committed one is visible, and the store goes on."""
    seen = {run.params["n"] for run in store.runs(status="finished")}
    assert committed <= seen
    for run in store.runs(status="finished"):
        for name in run.artifacts:
            assert run.bytes(name).startswith(b"%d-" % run.params["n"])
    found = store.lookup(KEY)
    assert found is None or found.params["n"] in seen
    assert store.fsck().clean


@pytest.mark.parametrize("when", ["before", "half"])
def test_a_commit_that_is_killed_at_any_step_is_whole_or_not_there(tmp_path: Path, when: str) -> None:
    committed: set[int] = set()
    open_store(tmp_path)
    step = 0
    while True:
        step += 1
        if not dies(lambda n=step: commit(open_store(tmp_path, Deadly(n, when)), n)):  # type: ignore[misc]
            committed.add(step)
            break
        if step % 15 == 0:
            check_nothing_is_half_visible(open_store(tmp_path), committed)
    store = open_store(tmp_path)
    check_nothing_is_half_visible(store, committed)
    assert step > {"before": 30, "half": 4}[when]
    killed = store.runs(status="killed")
    assert len(killed) + len(store.runs(status="finished")) <= step
    commit(store, 1000)
    found = store.lookup(KEY)
    assert found is not None
    assert found.params == {"n": 1000}


@pytest.mark.parametrize("when", ["before", "half"])
def test_a_store_whose_making_is_killed_at_any_step_is_made_by_the_next(tmp_path: Path, when: str) -> None:
    step = 1
    while dies(lambda n=step: open_store(tmp_path / str(n), Deadly(n, when)) and None):  # type: ignore[misc]
        store = open_store(tmp_path / str(step))
        run = commit(store, 1)
        assert store.runs().ids == [run]
        step += 1
    assert step > {"before": 4, "half": 1}[when]


@pytest.mark.parametrize("when", ["before", "half"])
def test_appends_that_are_killed_at_any_step_lose_nothing_acknowledged(tmp_path: Path, when: str) -> None:
    store = open_store(tmp_path)
    sweep = store.sweep("grid", {})
    acknowledged = tmp_path / "acknowledged"

    def append(step: int) -> None:
        mine = open_store(tmp_path, Deadly(step, when)).sweep("grid")
        for number in range(4):
            run = mine.append({"params": {"n": number}})
            with acknowledged.open("a") as file:
                file.write(run + "\n")
        mine.close()

    step = 1
    while dies(lambda n=step: append(n)):  # type: ignore[misc]
        step += 1
    assert step > {"before": 12, "half": 4}[when]
    wanted = set(acknowledged.read_text().split())
    assert wanted <= set(store.runs().ids)
    assert wanted <= {manifest["run"] for manifest in sweep.manifests()}
    assert store.fsck().clean


def test_a_collection_that_is_killed_at_any_step_loses_nothing_needed(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    commit(store, 1)
    store.commit({"params": {"n": 2}, "strategy": "other"})

    def collect(step: int) -> None:
        mine = open_store(tmp_path, Deadly(step, "before"))
        mine.rm(where="strategy = 'other'", dry_run=False)
        mine.gc(grace_days=0, dry_run=False)

    step = 1
    while dies(lambda n=step: collect(n)):  # type: ignore[misc]
        for number in range(3):
            store.put(b"rubbish %d" % number)
        step += 1
    check_nothing_is_half_visible(store, {1})
    assert [run.params["n"] for run in store.runs(status="finished")] == [1]


def _write(folder: Path, name: str, log: int) -> None:
    """Append records until killed, writing each acknowledged one's id to a pipe."""
    store = open_store(folder)
    sweep = store.sweep("grid")
    number = 0
    while True:
        if number % 20 == 19:
            run = store.commit({"strategy": name, "params": {"n": number}})
        else:
            run = sweep.append({"strategy": name, "params": {"n": number}})
        os.write(log, run.encode() + b"\n")
        number += 1


def kill_writers(folder: Path, rounds: int, writers: int, seconds: float) -> None:
    store = open_store(folder)
    store.sweep("grid", {})
    choose = random.Random(11)
    wanted: set[str] = set()
    context = multiprocessing.get_context("fork")
    for _ in range(rounds):
        logs = [(folder / f"log-{i}").open("wb", buffering=0) for i in range(writers)]
        processes = [
            context.Process(target=_write, args=(folder, f"w{i}", log.fileno())) for i, log in enumerate(logs)
        ]
        for process in processes:
            process.start()
        time.sleep(seconds)
        for process in choose.sample(processes, len(processes)):
            process.kill()
            time.sleep(choose.random() * 0.005)
        for process, log in zip(processes, logs):
            process.join()
            log.close()
            lines = Path(log.name).read_bytes().split(b"\n")[:-1]
            wanted.update(line.decode() for line in lines)
        open_store(folder).runs(limit=1)
    assert len(wanted) > rounds * writers
    assert wanted - set(store.runs().ids) == set()
    checked = store.fsck()
    assert checked.clean, checked.problems[:5]
    assert wanted - set(store.runs().ids) == set()


def test_writers_that_are_killed_lose_nothing_acknowledged(tmp_path: Path) -> None:
    kill_writers(tmp_path, rounds=2, writers=4, seconds=0.25)


@pytest.mark.long
def test_a_hundred_rounds_of_eight_killed_writers_lose_nothing_acknowledged(tmp_path: Path) -> None:
    kill_writers(tmp_path, rounds=100, writers=8, seconds=0.1)


def test_a_torn_index_after_a_kill_is_made_again(tmp_path: Path) -> None:
    """Kill a process in the middle of its writing to the index: the index is sound, or made anew."""

    def write() -> None:
        store = open_store(tmp_path)
        connection = store.index.connection()
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM runs")
        os.kill(os.getpid(), signal.SIGKILL)

    store = open_store(tmp_path)
    run = commit(store, 1)
    assert store.runs().ids == [run]
    store.close()
    assert dies(write)
    assert open_store(tmp_path).runs().ids == [run]
    path = store.index.path
    assert path is not None
    with path.open("r+b") as file:
        file.write(struct.pack("<16s", b"SQLite forma?"))
    assert open_store(tmp_path).runs().ids == [run]


@pytest.mark.row("B30")
def test_giving_up_that_is_killed_at_any_step_takes_nothing_that_stays(tmp_path: Path) -> None:
    """B30: the runs that stay keep everything, the others are whole, thinned or gone, and the next call goes on."""
    made = open_store(tmp_path / "made")
    shared = {"blob": made.put(b"shared" * 500)}
    runs = []
    for number in range(4):
        own = {"blob": made.put(b"%d-" % number * 1000)}
        result = {"metrics": {"sharpe_ratio": float(number)}, "artifacts": {"own": own, "shared": shared}}
        runs.append(made.commit({"strategy": "s", "key": digest("crash", b"%d" % number), "result": result}))
    made.pin(runs[0])
    step = 0
    while True:
        step += 1
        folder = tmp_path / str(step)
        shutil.copytree(tmp_path / "made", folder)

        def give_up(folder: Path = folder, step: int = step) -> None:
            open_store(folder, Deadly(step, "before")).retain(keep="top:2", max_bytes=10_000, dry_run=False)

        killed = dies(give_up)
        store = open_store(folder)
        assert step % 3 or store.fsck(repair=False).clean
        assert store.run(runs[0]).bytes("own").startswith(b"0-")
        assert store.run(runs[0]).bytes("shared").startswith(b"shared")
        for run in store.runs():
            for name in run.artifacts:
                assert run.bytes(name)
        if step % 3 == 0 or not killed:
            done = store.retain(keep="top:2", max_bytes=10_000, dry_run=False)
            assert done.bytes_after <= 10_000
            assert runs[0] in store.runs().ids
            assert store.fsck().clean
        shutil.rmtree(folder)
        if not killed:
            break
    assert step > 8
