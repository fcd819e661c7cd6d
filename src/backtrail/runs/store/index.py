"""The index: what can be asked of the runs of a store, in SQLite on the local disk. It is never the only copy.

It is kept per machine and store in the user's cache directory and is made anew from the manifests and segments whenever
it is missing, torn or of another version. A process has one connection per thread and opens its own after a fork.
"""

from __future__ import annotations

import itertools
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import locks
from .machine import is_network
from .manifest import SCHEMA
from .rows import COLUMNS, Rows

VERSION = 2 * 100 + SCHEMA
"""Version of the tables, and of the manifests that were read into them: what is refused today is read tomorrow."""

WAIT_S = 30.0
BATCH = 500

_SCHEMA = f"""
CREATE TABLE runs(n INTEGER PRIMARY KEY, {", ".join(f'"{name}"' for name in COLUMNS)});
CREATE UNIQUE INDEX runs_id ON runs(id);
CREATE INDEX runs_key ON runs(key);
CREATE INDEX runs_folder ON runs(folder, "offset");
CREATE INDEX runs_sweep ON runs(sweep);
CREATE INDEX runs_strategy ON runs(strategy, start);
CREATE INDEX runs_start ON runs(start);
CREATE TABLE metrics(run INTEGER, name TEXT, value REAL, PRIMARY KEY(run, name)) WITHOUT ROWID;
CREATE INDEX metrics_value ON metrics(name, value, run);
CREATE TABLE params(run INTEGER, path TEXT, number REAL, text TEXT, PRIMARY KEY(run, path)) WITHOUT ROWID;
CREATE INDEX params_path ON params(path, number, text);
CREATE TABLE inputs(run INTEGER, path TEXT, digest TEXT, PRIMARY KEY(run, path)) WITHOUT ROWID;
CREATE TABLE blobs(digest TEXT PRIMARY KEY, size INTEGER) WITHOUT ROWID;
CREATE TABLE refused(file TEXT PRIMARY KEY, reason TEXT) WITHOUT ROWID;
CREATE TABLE seen(file TEXT PRIMARY KEY, mark TEXT) WITHOUT ROWID;
PRAGMA user_version = {VERSION};
"""

_ABANDONED: list[sqlite3.Connection] = []
"""Connections inherited through a fork: closing them here would take the parent's locks away."""


class Index:
    """The index of one store on this machine."""

    def __init__(self, path: str | os.PathLike[str] | None) -> None:
        """Keep it at *path*; None, or a place that cannot be written, keeps it in memory."""
        self.path = None if path is None else _writable(Path(path))
        self._shared = self.path is not None and is_network(str(self.path.parent))
        self._local = threading.local()
        self._memory: sqlite3.Connection | None = None
        self._memory_pid = 0
        self._lock = threading.RLock()

    # -- connections ---------------------------------------------------------------------------------------------

    def connection(self) -> sqlite3.Connection:
        """Give this thread's connection, opening and if need be making the index."""
        if self.path is None:
            return self._in_memory()
        held = getattr(self._local, "connection", None)
        if held is not None:
            connection, pid, inode = held
            if pid != os.getpid():
                _ABANDONED.append(connection)
            elif inode == _inode(self.path):
                return connection  # type: ignore[no-any-return]  # a thread-local has no types
            else:
                connection.close()  # the file was deleted
        connection = self._open(self.path)
        self._local.connection = (connection, os.getpid(), _inode(self.path))
        return connection

    def _in_memory(self) -> sqlite3.Connection:
        with self._lock:
            if self._memory is None or self._memory_pid != os.getpid():
                if self._memory is not None:
                    _ABANDONED.append(self._memory)
                self._memory = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
                self._memory.executescript(_SCHEMA)
                self._memory_pid = os.getpid()
            return self._memory

    def _open(self, path: Path) -> sqlite3.Connection:
        try:
            return self._connect(path)
        except sqlite3.DatabaseError:
            with locks.waiting(self._lock_path(path), WAIT_S):
                try:
                    return self._connect(path)  # another process may have made it anew meanwhile
                except sqlite3.DatabaseError:
                    _delete(path)
                    return self._connect(path)

    def _connect(self, path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(path, timeout=WAIT_S, isolation_level=None)
        try:
            # The journal of WAL is shared memory, which a home on another machine cannot give.
            connection.execute(f"PRAGMA journal_mode={'DELETE' if self._shared else 'WAL'}")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("PRAGMA cache_size=-32768")
            if not self._current(connection):
                connection.execute("BEGIN IMMEDIATE")
                try:
                    if not self._current(connection):
                        self._make(connection)
                    connection.execute("COMMIT")
                except BaseException:
                    connection.execute("ROLLBACK")
                    raise
        except BaseException:
            connection.close()
            raise
        return connection

    def _current(self, connection: sqlite3.Connection) -> bool:
        [(version,)] = connection.execute("PRAGMA user_version")
        return bool(version == VERSION)

    def _make(self, connection: sqlite3.Connection) -> None:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%'")
        for (name,) in names.fetchall():
            quoted = name.replace('"', '""')
            connection.execute(f'DROP TABLE "{quoted}"')
        for statement in _SCHEMA.split(";"):
            if statement.strip():
                connection.execute(statement)

    def _lock_path(self, path: Path) -> str:
        return f"{path}.lock"

    def forget(self) -> None:
        """Delete the index; the next question makes it anew."""
        self.close()
        if self.path is not None:
            with locks.waiting(self._lock_path(self.path), WAIT_S):
                _delete(self.path)
        else:
            self._memory = None

    def close(self) -> None:
        """Close this thread's connection."""
        held = getattr(self._local, "connection", None)
        if held is not None:
            connection, pid, _ = held
            if pid == os.getpid():
                connection.close()
            else:
                _ABANDONED.append(connection)
            self._local.connection = None

    # -- writing -------------------------------------------------------------------------------------------------

    @contextmanager
    def writing(self, wait_s: float = WAIT_S) -> Iterator[sqlite3.Connection | None]:
        """Give a connection within a transaction, None if another process writes for longer than *wait_s*."""
        if self.path is None:
            with self._lock, _transaction(self.connection()) as connection:
                yield connection
            return
        connection = self.connection()
        with locks.waiting(self._lock_path(self.path), wait_s) as mine:
            if not mine:
                yield None
                return
            with _transaction(connection):
                yield connection

    def add(self, connection: sqlite3.Connection, rows: Iterable[Rows]) -> None:
        """Add runs; a run that is there already is left as it is."""
        pending = iter(rows)
        while batch := {item.run[0]: item for item in itertools.islice(pending, BATCH)}:
            places = ",".join("?" * len(batch))
            known = connection.execute(f"SELECT id FROM runs WHERE id IN ({places})", list(batch)).fetchall()
            for (run,) in known:
                del batch[run]
            [(last,)] = connection.execute("SELECT coalesce(max(n), 0) FROM runs")
            _insert(connection, "runs", [(n, *item.run) for n, item in enumerate(batch.values(), last + 1)])
            for table in ("metrics", "params", "inputs"):
                numbered = enumerate(batch.values(), last + 1)
                _insert(connection, table, [(n, *row) for n, item in numbered for row in getattr(item, table)])
            _insert(connection, "blobs", [row for item in batch.values() for row in item.blobs])

    def add_blobs(self, connection: sqlite3.Connection, rows: Iterable[tuple[Any, ...]]) -> None:
        """Add blobs; one that is there already is left as it is."""
        _insert(connection, "blobs", list(rows))

    def drop(self, connection: sqlite3.Connection, runs: Sequence[str]) -> None:
        """Take runs out."""
        for run in runs:
            for (n,) in connection.execute("SELECT n FROM runs WHERE id=?", (run,)).fetchall():
                for table in ("metrics", "params", "inputs"):
                    connection.execute(f"DELETE FROM {table} WHERE run=?", (n,))
                connection.execute("DELETE FROM runs WHERE n=?", (n,))

    # -- reading -------------------------------------------------------------------------------------------------

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Give the rows that *sql* selects."""
        if self.path is None:
            with self._lock:
                return self.connection().execute(sql, values).fetchall()
        return self.connection().execute(sql, values).fetchall()


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _insert(connection: sqlite3.Connection, table: str, rows: list[tuple[Any, ...]]) -> None:
    if rows:
        places = ",".join("?" * len(rows[0]))
        connection.executemany(f"INSERT OR IGNORE INTO {table} VALUES({places})", rows)


def _inode(path: Path) -> int:
    try:
        return os.stat(path).st_ino
    except FileNotFoundError:
        return 0


def _delete(path: Path) -> None:
    for ending in ("", "-wal", "-shm", "-journal"):
        Path(f"{path}{ending}").unlink(missing_ok=True)


def _writable(path: Path) -> Path | None:
    """Give *path* if an index can be kept there, None if it has to be kept in memory."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return path if os.access(path.parent, os.W_OK) and (not path.exists() or os.access(path, os.W_OK)) else None
