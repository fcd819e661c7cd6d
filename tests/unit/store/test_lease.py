"""Leases: runs that are being computed, and runs that were killed."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backtrail.errors import ManifestError
from backtrail.runs.store import Store, machine
from backtrail.runs.store.layout import lease_name, new_run_id

Opener = Callable[..., Store]


def killed_child(store: Store, seconds: float = 30.0) -> int:
    """Start a process that begins a run and waits to be killed."""
    ready, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            store.begin(key="b3:" + "a" * 64, strategy="slow")
            os.write(tell, b"x")
            time.sleep(seconds)
        finally:
            os._exit(0)
    os.read(ready, 1)
    os.close(ready)
    os.close(tell)
    return pid


def write_lease(store: Store, run: str, age: float = 0.0, **fields: Any) -> None:
    body = {"run": run, "host": "f" * 16, "boot": "", "pid": 1, "start": "1", "since": time.time() - age, **fields}
    path = Path(store.url) / lease_name(run)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(body), encoding="utf-8")
    os.utime(path, (time.time() - age, time.time() - age))


@pytest.mark.row("B33")
def test_a_run_of_another_process_is_running_until_it_is_killed(store: Store) -> None:
    """B33: running and killed runs are seen."""
    pid = killed_child(store)
    [attempt] = store.attempts()
    assert (attempt.state, attempt.strategy, attempt.key, attempt.pid) == ("running", "slow", "b3:" + "a" * 64, pid)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    # Its process is gone although the lease is young.
    assert [item.state for item in store.attempts()] == ["killed"]
    assert store.reap() == [attempt.run]
    assert store.attempts() == []
    run = store.run(attempt.run)
    assert (run.status, run.strategy, run.key) == ("killed", "slow", "b3:" + "a" * 64)
    assert store.lookup("b3:" + "a" * 64) is None


def test_a_lease_of_another_machine_ends_in_silence(store: Store) -> None:
    quick, silent = new_run_id(), new_run_id()
    write_lease(store, quick, age=60)
    write_lease(store, silent, age=3600)
    assert {item.run: item.state for item in store.attempts()} == {quick: "running", silent: "killed"}


def test_a_process_of_the_same_number_is_another(store: Store) -> None:
    run = new_run_id()
    write_lease(store, run, host=machine.host_id(), boot=machine.boot_id(), pid=os.getpid(), start="1")
    assert [item.state for item in store.attempts()] == ["killed"]


def test_a_lease_before_the_machine_was_started_again_has_ended(store: Store) -> None:
    run = new_run_id()
    start = machine.process_start(os.getpid())
    write_lease(store, run, host=machine.host_id(), boot="0" * 16, pid=os.getpid(), start=start)
    assert [item.state for item in store.attempts()] == ["killed"]


@pytest.mark.parametrize("body", ["", "{", "[]", "{}", '{"run": "x", "host": "h", "pid": 1}', '{"run": 3}'])
def test_what_is_no_lease_is_passed_over(store: Store, body: str) -> None:
    path = Path(store.url) / lease_name(new_run_id())
    path.parent.mkdir()
    path.write_text(body, encoding="utf-8")
    (path.parent / "notes.txt").write_text("mine")
    assert store.attempts() == []


def test_a_committed_run_is_no_attempt_whatever_its_lease_says(store: Store) -> None:
    run = store.commit({})
    write_lease(store, run, age=3600)
    assert store.attempts() == []
    assert store.reap() == []
    assert list(store.files.list("live")) == []
    assert store.run(run).status == "finished"


def test_a_child_does_not_end_its_parent_s_lease(store: Store) -> None:
    work = store.begin()
    pid = os.fork()
    if pid == 0:
        work.release()
        os._exit(0)
    os.waitpid(pid, 0)
    assert [item.state for item in store.attempts()] == ["running"]
    work.beat()
    work.release()
    assert store.attempts() == []


def test_a_run_may_be_given_its_id(store: Store) -> None:
    run = new_run_id()
    with store.begin(run=run) as work:
        assert work.commit({}) == run
    with pytest.raises(ValueError, match="UUID"):
        store.begin(run="../x")
    with pytest.raises(ManifestError), store.begin() as work:
        work.commit({"params": 3})
    assert store.attempts() == []


@pytest.mark.row("A32")
def test_leases_name_neither_host_nor_user(store: Store) -> None:
    import getpass
    import socket

    with store.begin() as work:
        text = (Path(store.url) / lease_name(work.run)).read_text()
    assert socket.gethostname() not in text
    assert getpass.getuser() not in json.loads(text).values()


def test_file_systems_that_machines_share_are_known() -> None:
    assert machine.file_system("/proc/self") == "proc"
    assert not machine.is_network("/proc/self")
