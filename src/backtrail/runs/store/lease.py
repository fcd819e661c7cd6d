"""Leases: who is computing a run at the moment, and which runs were killed before they could say anything.

A lease is a small file in ``live/``. On a local file system its process holds the lock on it, so that the lease ends
with the process; elsewhere its modification time is renewed and it ends when that is old.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ...errors import ManifestError
from ..digests import is_digest
from . import locks, machine
from .files import Files, LocalFiles
from .layout import LIVE, is_run_id, lease_name, new_run_id, run_of_name
from .manifest import read_object

GRACE_S = 10.0
"""For how long a lease counts although its process does not hold the lock: it is just being made or dropped."""

BEAT_S = 30.0
"""How often a lease on a shared place is renewed."""

SILENCE_S = 600.0
"""After how long without renewal a lease of another machine has ended."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A run that was begun and not committed: still ``running``, or ``killed``."""

    run: str
    state: str
    key: str | None
    strategy: str | None
    host: str
    pid: int
    since: float


class Lease:
    """The right to commit one run, from `Store.begin` until it is committed or given up."""

    def __init__(self, files: Files, run: str | None, key: str | None, strategy: str | None) -> None:
        """Write the lease and lock it."""
        self.run = new_run_id() if run is None else run
        self.key = key
        self.strategy = strategy
        self._files = files
        self._name = lease_name(self.run)
        self._handle: int | None = None
        self._pid = os.getpid()
        self._stop: threading.Event | None = None
        body = {
            "run": self.run,
            "key": key,
            "strategy": strategy,
            "host": machine.host_id(),
            "boot": machine.boot_id(),
            "pid": self._pid,
            "start": machine.process_start(self._pid),
            "since": time.time(),
        }
        self._body = json.dumps(body).encode("utf-8")
        files.put(self._name, self._body, durable=False)
        if isinstance(files, LocalFiles):
            self._handle = locks.take_soon(files.path(self._name))
        if files.remote or (isinstance(files, LocalFiles) and machine.is_network(str(files.root))):
            self._stop = threading.Event()
            threading.Thread(target=self._renew, args=(self._stop,), name="backtrail-lease", daemon=True).start()

    def _renew(self, stop: threading.Event) -> None:
        while not stop.wait(BEAT_S):
            try:
                self.beat()
            except OSError:  # the next beat may succeed; twenty may fail
                continue

    def beat(self) -> None:
        """Say that the run is still being computed."""
        if self._files.remote:
            self._files.put(self._name, self._body)
        else:
            self._files.touch(self._name)

    def release(self) -> None:
        """Give the lease up."""
        if self._stop is not None:
            self._stop.set()
        if os.getpid() != self._pid:
            return  # a child that was forked meanwhile does not hold it
        self._files.remove(self._name)
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def attempts(files: Files) -> Iterator[Attempt]:
    """Give every lease in the store with its state; files that are no leases are passed over."""
    for entry in list(files.list(LIVE)):
        run = run_of_name(entry.name)
        if run is None or not entry.name.endswith(".lease"):
            continue
        try:
            body = read_object(files.read(entry.name), "a lease")
        except (FileNotFoundError, ManifestError):
            continue
        attempt = _attempt(files, entry.name, entry.modified, run, body)
        if attempt is not None:
            yield attempt


def _attempt(files: Files, name: str, modified: float, run: str, body: dict[str, Any]) -> Attempt | None:
    key, strategy, since = body.get("key"), body.get("strategy"), body.get("since")
    host, pid, start = body.get("host"), body.get("pid"), body.get("start")
    if body.get("run") != run or not is_run_id(run) or not isinstance(host, str) or type(pid) is not int:
        return None
    age = time.time() - modified
    if isinstance(files, LocalFiles) and locks.is_held(files.path(name)):
        alive = True
    elif host == machine.host_id():
        here = body.get("boot") == machine.boot_id() and machine.is_running(pid, str(start or ""))
        alive = here and (files.remote or age < GRACE_S)
    else:
        alive = age < SILENCE_S
    return Attempt(
        run,
        "running" if alive else "killed",
        key if is_digest(key) else None,
        strategy if isinstance(strategy, str) else None,
        host,
        pid,
        float(since) if isinstance(since, int | float) else modified,
    )
