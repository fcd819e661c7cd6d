"""Bringing the index up to date with the manifests and segments of the store, whoever wrote them and where."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator

from ...errors import ManifestError, StoreVersionError
from . import sweeps
from .files import Files, LocalFiles
from .index import Index
from .layout import RUNS, SWEEPS, check_name, run_of_name
from .manifest import Manifest, decode
from .rows import Rows, Source, blob_rows, rows_of
from .segments import scan

RACY_NS = 2_000_000_000
"""A folder that changed less than this ago may change again without its time telling so."""


class Scanner:
    """Reads what the index of a store has not seen yet."""

    def __init__(self, files: Files, index: Index) -> None:
        """Read *files* into *index*."""
        self._files = files
        self._index_ = index

    def refresh(self) -> None:
        """Read what is there since the last time. When nothing is, this costs a look at a few folders."""
        seen = dict(self._index_.rows("SELECT file, mark FROM seen"))
        found = dict(self._folders())
        grown = {name: mark for name, mark in self._segments() if not mark or seen.get(name) != mark}
        changed = {name: mark for name, mark in found.items() if not mark or seen.get(name) != mark}
        gone = [name for name in seen if name.startswith(f"{RUNS}/") and name not in found]
        lost = self._lost_sweeps(seen)
        if not changed and not grown and not gone and not lost:
            return
        with self._index_.writing() as connection:
            if connection is None:
                return  # another process is bringing it up to date for longer than we wait
            for folder, mark in changed.items():
                self._read_folder(connection, folder, mark)
            for folder in [*gone, *lost]:
                self._forget(connection, folder)
            for name, mark in grown.items():
                self._read_segment(connection, name, mark)

    # -- what is there -------------------------------------------------------------------------------------------

    def _folders(self) -> Iterator[tuple[str, str]]:
        """Give the folders of manifests, each with a mark that changes when it does; empty if that cannot be told."""
        if not isinstance(self._files, LocalFiles):
            names = {entry.name.rpartition("/")[0] for entry in self._files.list(RUNS)}
            yield from ((name, "") for name in sorted(names))
            return
        now = time.time_ns()
        for year in _subfolders(self._files.path(RUNS)):
            for month in _subfolders(f"{self._files.path(RUNS)}/{year}"):
                name = f"{RUNS}/{year}/{month}"
                try:
                    modified = os.stat(self._files.path(name)).st_mtime_ns
                except FileNotFoundError:
                    continue
                yield name, str(modified) if modified < now - RACY_NS else ""

    def _segments(self) -> Iterator[tuple[str, str]]:
        """Give every segment with a mark that changes when it grows; empty if that cannot be told."""
        if not isinstance(self._files, LocalFiles):
            for entry in self._files.list(SWEEPS):
                if entry.name.endswith(".seg"):
                    yield entry.name, str(entry.size)
            return
        root, now = self._files.path(SWEEPS), time.time_ns()
        for sweep in _subfolders(root):
            with os.scandir(f"{root}/{sweep}") as found:
                for item in found:
                    if item.name.endswith(".seg") and item.is_file(follow_symlinks=False):
                        status = item.stat(follow_symlinks=False)
                        fresh = status.st_mtime_ns >= now - RACY_NS
                        mark = "" if fresh else f"{status.st_size}:{status.st_mtime_ns}"
                        yield f"{SWEEPS}/{sweep}/{item.name}", mark

    def _lost_sweeps(self, seen: Iterable[str]) -> list[str]:
        """Give the segments that the index knows and that are there no more."""
        known = [name for name in seen if name.startswith(f"{SWEEPS}/")]
        if not known:
            return []
        present = {name for name, _ in self._segments()}
        return [name for name in known if name not in present]

    # -- reading it ----------------------------------------------------------------------------------------------

    def _read_folder(self, connection: sqlite3.Connection, folder: str, mark: str) -> None:
        names = {name for name in self._names(folder) if name.endswith(".json")}
        present = {run: name for name in names if (run := run_of_name(name)) is not None}
        rows = connection.execute("SELECT id FROM runs WHERE folder=?", (folder,)).fetchall()
        known = {run for (run,) in rows}
        refused = {file for (file,) in connection.execute("SELECT file FROM refused").fetchall()}
        missing = [run for run in present if run not in known and f"{folder}/{present[run]}" not in refused]
        self._index_.add(connection, self._manifests(connection, folder, missing))
        self._index_.drop(connection, [run for run in known if run not in present])
        self._mark(connection, folder, mark)

    def _names(self, folder: str) -> list[str]:
        if isinstance(self._files, LocalFiles):
            return os.listdir(self._files.path(folder))
        return [entry.name.rpartition("/")[2] for entry in self._files.list(folder)]

    def _manifests(self, connection: sqlite3.Connection, folder: str, runs: Iterable[str]) -> Iterator[Rows]:
        for run in runs:
            name = f"{folder}/{run}.json"
            try:
                yield rows_of(decode(self._files.read(name), run=run), Source(folder))
            except FileNotFoundError:
                continue
            except (ManifestError, StoreVersionError, PermissionError, IsADirectoryError) as error:
                connection.execute("INSERT OR REPLACE INTO refused VALUES(?,?)", (name, str(error)))

    def _read_segment(self, connection: sqlite3.Connection, name: str, mark: str) -> None:
        sweep = name.split("/")[1]
        last = 'SELECT "offset" + length FROM runs WHERE folder=? ORDER BY "offset" DESC LIMIT 1'
        row = connection.execute(last, (name,)).fetchone()
        offset = row[0] if row else 0
        try:
            common: Manifest = sweeps.read_plan(self._files, check_name("sweep", sweep)).get("common") or {}
            data = self._files.read_from(name, offset)
            self._index_.add_blobs(connection, blob_rows(common))
            self._index_.add(connection, self._records(connection, name, sweep, common, data, offset))
        except FileNotFoundError:
            return
        except (ManifestError, StoreVersionError, ValueError) as error:
            connection.execute("INSERT OR REPLACE INTO refused VALUES(?,?)", (name, str(error)))
        self._mark(connection, name, mark)

    def _records(
        self, connection: sqlite3.Connection, name: str, sweep: str, common: Manifest, data: bytes, offset: int
    ) -> Iterator[Rows]:
        for record in scan(data, offset):
            source = Source(name, record.start, record.end - record.start)
            try:
                manifest = sweeps.read_record(sweep, common, record.data)
                yield rows_of(manifest, source, {"result": manifest.get("result")})
            except (ManifestError, StoreVersionError) as error:
                where = f"{name}@{record.start}"
                connection.execute("INSERT OR REPLACE INTO refused VALUES(?,?)", (where, str(error)))

    def _forget(self, connection: sqlite3.Connection, folder: str) -> None:
        rows = connection.execute("SELECT id FROM runs WHERE folder=?", (folder,)).fetchall()
        self._index_.drop(connection, [run for (run,) in rows])
        connection.execute("DELETE FROM seen WHERE file=?", (folder,))

    def _mark(self, connection: sqlite3.Connection, file: str, mark: str) -> None:
        connection.execute("INSERT OR REPLACE INTO seen VALUES(?,?)", (file, mark))


def _subfolders(path: str) -> list[str]:
    try:
        with os.scandir(path) as found:
            return sorted(item.name for item in found if item.is_dir(follow_symlinks=False))
    except FileNotFoundError:
        return []
