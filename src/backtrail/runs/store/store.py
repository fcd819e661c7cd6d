"""The store of run records: immutable blobs and one immutable manifest per run, found through an index.

Any number of processes and machines may write one store at the same time. No lock is needed for that: blobs are named
by their digests, manifests by ids that nobody else has. A manifest is what commits a run: before it is there, nothing
of the run is visible; once it is there, the run is complete.
"""

from __future__ import annotations

import contextlib
import io
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ...errors import (
    ManifestError,
    MissingBlobError,
    RunNotFoundError,
    StoreVersionError,
)
from . import sweeps
from .blobs import Blobs
from .claim import Claim, claim
from .disk import Disk
from .faults import reading, writing
from .files import Files
from .index import Index
from .layout import (
    OBJECTS,
    RUNS,
    SWEEPS,
    is_run_id,
    key_name,
    lease_name,
    manifest_name,
    new_run_id,
)
from .lease import Attempt, attempts
from .listing import Listing
from .manifest import Again, Manifest, blobs_of, check, decode, seal, to_plain
from .opening import index_path, open_files, prepare
from .place import Place, find_place, without_secrets
from .ranking import Direction, Directions
from .refs import Refs
from .run import Run
from .scan import Scanner
from .search import Best, Search, as_list
from .tables import StoredTable, content_of, decode_table, encode_table, parts_of
from .work import Work

if TYPE_CHECKING:
    import pyarrow as pa

    from .check import Checked
    from .collect import Collected, Removed
    from .retention import Retained


Facts = tuple[int, list[str]]
"""How many bytes a blob has, and the digests of the blobs that it needs besides."""


class Store:
    """A store of run records. Make one with `Store.open`. Threads may share it; it may be used after a fork."""

    def __init__(self, place: Place, files: Files, index: Index, identity: Mapping[str, Any]) -> None:
        """Join the parts; `Store.open` makes them."""
        self.place = place
        self.url = without_secrets(place.url)
        self.id: str = identity["id"]
        self.files = files
        self.blobs = Blobs(files)
        self.index = index
        self.directions = Directions()
        self.scanner = Scanner(files, index)
        self.search = Search(index, self.scanner, self.directions)
        self.refs = Refs(files)
        self._reopen: dict[str, Any] = {}
        self._parts: dict[str, Facts] = {}
        self._parts_lock = threading.Lock()
        self._again = Again()

    @classmethod
    def open(
        cls,
        where: str | os.PathLike[str] | Place | None = None,
        *,
        create: bool = True,
        disk: Disk | None = None,
        index_folder: str | os.PathLike[str] | None = None,
        storage_options: Mapping[str, Any] | None = None,
    ) -> Store:
        """Open the store at *where*: a folder, a URL, or None for the one `find_place` finds.

        *create* makes it if it is not there. *disk* makes the system calls of a local store. *index_folder* is where
        this machine keeps its indices (default: the user's cache directory). *storage_options* go to fsspec as they
        are and are stored nowhere. Raise `StoreNotFoundError`, `StoreVersionError` or another `StoreError`.
        """
        place = where if isinstance(where, Place) else find_place(where)
        files = open_files(place, disk, storage_options)
        identity = prepare(files, without_secrets(place.url), create=create)
        store = cls(place, files, Index(index_path(identity["id"], index_folder)), identity)
        store._reopen = {"index_folder": index_folder, "storage_options": storage_options}
        return store

    def __reduce__(self) -> tuple[Any, ...]:
        """Let another process open the same store."""
        return _reopen, (self.place, self._reopen)

    def __repr__(self) -> str:
        """Name the place."""
        return f"<Store {self.url}>"

    # -- blobs and tables ----------------------------------------------------------------------------------------

    def put(self, data: bytes) -> str:
        """Store *data* durably; give its digest. Bytes that are there already cost a look."""
        with writing("storing a blob", self.url):
            return self.blobs.put(bytes(data))

    def put_all(self, contents: Iterable[bytes]) -> list[str]:
        """Store several blobs durably at less cost than one by one; give their digests."""
        with writing("storing blobs", self.url):
            return self.blobs.put_all([bytes(data) for data in contents])

    def get(self, digest: str, *, size: int | None = None, verify: bool = True) -> bytes:
        """Give the bytes of *digest*; raise `MissingBlobError` or `CorruptBlobError` if they are not to be had."""
        with reading(f"reading blob {digest}", self.url):
            return self.blobs.get(digest, size=size, verify=verify)

    def put_table(self, table: pa.Table) -> StoredTable:
        """Store an Arrow table durably; give the digest of its bytes and that of its content."""
        blobs = encode_table(table)
        digests = self.put_all(blobs)
        self.note_parts(digests[-1], len(blobs[-1]), digests[:-1])
        return StoredTable(digests[-1], content_of(table))

    def get_table(self, digest: str, *, full: bool = False) -> pa.Table:
        """Read the table whose bytes have *digest*; *full* checks every value of it."""
        return self.table_of(self.get(digest), full=full)

    def table_of(self, data: bytes, *, full: bool = False) -> pa.Table:
        """Read the table in *data*."""
        with reading("reading a table", self.url):
            return decode_table(data, self.blobs, full=full)

    def note_parts(self, digest: str, size: int, parts: list[str]) -> None:
        """Remember of a table that was encoded here how many bytes it has and which other blobs it needs."""
        with self._parts_lock:
            if len(self._parts) > 4096:
                self._parts.clear()
            self._parts[digest] = (size, parts)

    # -- runs ----------------------------------------------------------------------------------------------------

    def begin(self, *, key: str | None = None, strategy: str | None = None, run: str | None = None) -> Work:
        """Begin a run: others see it as running until it is committed or this process ends.

        The blobs that the returned `Work` is given are written together with the manifest, at the least cost.
        """
        with writing("beginning a run", self.url):
            return Work(self, run, key, strategy)

    def commit(self, manifest: Mapping[str, Any], blobs: Iterable[bytes] = ()) -> str:
        """Record a run; give its id. When this returns the record is on the medium.

        *manifest* has the fields of the record (``schema``, ``run`` and ``status`` are filled in); *blobs* are stored
        before it. Every blob of its results must be in the store. Raise `ManifestError`, `MissingBlobError` or
        `StoreWriteError`; nothing is recorded then.
        """
        with writing("recording a run", self.url):
            contents = [bytes(data) for data in blobs]
            if contents:
                self.blobs.put_all(contents)
            plain, data = self.prepare(manifest)
            if data is None:
                return str(plain["run"])
            self.files.put(manifest_name(plain["run"]), data)
        return self.recorded(plain)

    def prepare(
        self, manifest: Mapping[str, Any], facts: Mapping[str, Facts] | None = None
    ) -> tuple[Manifest, bytes | None]:
        """Give the whole record of a run and its bytes, None for them if the same record is stored already.

        *facts* are those of blobs that will be in the store before the record is: how many bytes each has, and which
        other blobs it needs. Raise `ManifestError` or `MissingBlobError`.
        """
        plain = to_plain({"schema": 1, "run": new_run_id(), "status": "finished", **manifest})
        self._complete_(plain, facts or {})
        check(plain)
        data = seal(plain)
        name = manifest_name(plain["run"])
        if self.files.size(name) is None:
            return plain, data
        if self.files.read(name) == data:
            return plain, None
        raise ManifestError(f"recording run {plain['run']} - expected a run of its own - found it recorded already")

    def recorded(self, plain: Manifest) -> str:
        """Let a run whose record is on the medium be found by its key; give its id.

        The index reads it from the manifest at the next question.
        """
        self.point(plain)
        return str(plain["run"])

    def _complete_(self, plain: Manifest, facts: Mapping[str, Facts]) -> None:
        """Fill in sizes and parts of the artifacts; raise if a blob is missing."""
        artifacts = (plain.get("result") or {}).get("artifacts")
        if not isinstance(artifacts, dict):
            return
        for name, item in artifacts.items():
            blob = item.get("blob") if isinstance(item, dict) else None
            if not isinstance(blob, str) or not blob.startswith("b3:") or len(blob) != 67:
                continue  # refused with a better message when the manifest is checked
            size, parts = facts[blob] if blob in facts else self._facts(name, blob)
            item.setdefault("size", size)
            if parts:
                item.setdefault("parts", parts)
                for part in self.blobs.missing([part for part in parts if part not in facts]):
                    raise MissingBlobError(f"recording artifact {name!r} - expected its part {part} in the store")

    def _facts(self, name: str, blob: str) -> Facts:
        with self._parts_lock:
            known = self._parts.get(blob)
        size = self.blobs.size(blob)
        if size is None or (known is not None and known[0] != size):
            raise MissingBlobError(f"recording artifact {name!r} - expected {blob} in the store - put it there first")
        return known if known is not None else (size, parts_of(self.blobs.get(blob)))

    def point(self, plain: Manifest) -> None:
        """Let the key of a finished run point to it. The pointer can be made again, so a fault is no failure."""
        if plain.get("key") and plain["status"] == "finished" and not self.refs.is_foreign(plain["run"]):
            try:
                self.files.put(key_name(plain["key"]), f"{plain['run']}\n".encode(), durable=False)
            except OSError:
                return

    def manifest(self, run: str, again: Again | None = None) -> Manifest:
        """Read the manifest of *run* and check it; raise `RunNotFoundError` or `ManifestError`.

        *again* knows manifests that were read before.
        """
        with reading(f"reading run {run}", self.url):
            try:
                data = self.files.read(manifest_name(run))
                return decode(data, run=run) if again is None else again.decode(data, run)
            except FileNotFoundError:
                pass
            source = self.search.source(run)
            if source is not None and source[1] is not None and source[2] is not None:
                return self._record_(run, source[0], source[1], source[2])
        raise RunNotFoundError(f"reading run {run} - expected it in store {self.url} - found no such run")

    def _record_(self, run: str, segment: str, offset: int, length: int) -> Manifest:
        name = segment.split("/")[1]
        try:
            plan = sweeps.read_plan(self.files, name)
            data = self.files.read_from(segment, offset + 8, length - 8)
        except FileNotFoundError:
            raise RunNotFoundError(f"reading run {run} - expected it in {segment} - it is gone") from None
        manifest = sweeps.read_record(name, plan.get("common") or {}, data)
        if manifest["run"] != run:
            raise ManifestError(f"reading run {run} - expected it in {segment} - found {manifest['run']}")
        return manifest

    def run(self, ref: str | Run) -> Run:
        """Find a run by id, beginning of an id, tag, key, ``latest`` or ``best:METRIC``."""
        if isinstance(ref, Run):
            return ref
        with reading(f"finding run {ref!r:.80}", self.url):
            run = Run(self, self.search.resolve(ref, self.refs.tagged))
            run.manifest  # noqa: B018  # read, so that a run that is not there is said here
            return run

    def lookup(self, key: str) -> Run | None:
        """Give a finished run of *key* whose results are all there, None if there is none."""
        with reading(f"looking up {key!r:.80}", self.url):
            try:
                run = self.files.read(key_name(key))[:64].decode("ascii", "replace").strip()
            except FileNotFoundError:
                run = ""
            found = self._hit(key, run) if is_run_id(run) else None
            if found is None and self._has_sweeps():
                candidates = self.search.of_key(key, "finished")
                found = next((hit for hit in (self._hit(key, run) for run in candidates) if hit is not None), None)
            return found

    def _hit(self, key: str, run: str) -> Run | None:
        try:
            manifest = self.manifest(run, self._again)
        except (RunNotFoundError, ManifestError, StoreVersionError):
            return None  # the run was removed, set aside by a check, or recorded by a later version
        if manifest.get("key") != key or manifest["status"] != "finished":
            return None
        artifacts = ((manifest.get("result") or {}).get("artifacts") or {}).values()
        for item in artifacts:
            size = self.blobs.size(item["blob"])
            if size is None or size != item.get("size", size):
                return None
        parts = [part for item in artifacts for part in item.get("parts") or ()]
        if self.blobs.missing(parts) or (artifacts and self.refs.parts_of(run) is not None):
            return None  # a blob is lost, or results were given up
        return None if self.refs.is_foreign(run) else Run(self, run, manifest)

    def _has_sweeps(self) -> bool:
        return next(iter(self.files.list("sweeps")), None) is not None

    def claim(self, key: str, *, wait_s: float = 0.0) -> Claim:
        """Claim the right to compute *key*, so that two processes do not compute the same at once.

        Use it in ``with``. While another process of this machine holds the claim, wait up to *wait_s* seconds for its
        result. ``claim.run`` is that result if there is one; ``claim.owned`` tells whether the claim is ours.
        """
        with writing("claiming a key", self.url):
            return claim(self, key, wait_s)

    def attempts(self) -> list[Attempt]:
        """Give the runs that were begun and not committed, running or killed."""
        with reading("looking for running attempts", self.url):
            return [item for item in attempts(self.files) if self.files.size(manifest_name(item.run)) is None]

    # -- questions -----------------------------------------------------------------------------------------------

    def query(self, text: str = "", *, order: str = "-start", limit: int | None = None) -> Listing:
        """Give the runs that *text* asks for (see `query`), the latest first or in another *order*.

        *order* is a field (``-`` before it: descending) or a metric (the best first; ``-``: the worst first; runs
        without a finite value last in either case).
        """
        with reading("asking for runs", self.url):
            return Listing(self, self.index, self.search.find(text, order, limit))

    def runs(
        self,
        *,
        strategy: str | None = None,
        status: str | None = None,
        sweep: str | None = None,
        order: str = "-start",
        limit: int | None = None,
    ) -> Listing:
        """Give the runs of a *strategy*, *status* or *sweep*, or all, the latest first."""
        with reading("asking for runs", self.url):
            found = self.search.find("", order, limit, strategy=strategy, status=status, sweep=sweep)
            return Listing(self, self.index, found)

    def compare(self, refs: Iterable[str | Run]) -> Listing:
        """Give the runs that *refs* name side by side."""
        with reading("comparing runs", self.url):
            ids = []
            for ref in refs:
                text = ref.id if isinstance(ref, Run) else ref
                ids.append(text if is_run_id(text) else self.search.resolve(text, self.refs.tagged))
            listing = Listing(self, self.index, ids)
            missing = self.search.asking(listing.missing)
            if missing:
                raise RunNotFoundError(f"comparing runs - expected them in {self.url} - found no run {missing[0]}")
            return listing

    def best(
        self,
        metric: str,
        count: int = 1,
        *,
        scope: str = "latest",
        strategy: str | None = None,
        sweep: str | None = None,
        where: str = "",
    ) -> Best:
        """Give the *count* best runs by *metric*, and of how many they are the best.

        Metrics such as drawdowns are better when lower; `directions` knows which. *scope* ``"latest"`` compares the
        runs with strategy, data, code and settings of the latest run in question, ``"all"`` all of them. Raise
        `UnknownMetricError` listing the metrics there are.
        """
        with reading("finding the best run", self.url):
            return self.search.best(metric, count, scope=scope, strategy=strategy, sweep=sweep, where=where)

    def declare_metric(self, metric: str, direction: Direction) -> None:
        """Say for this store object whether *metric* is better when ``"higher"`` or ``"lower"``."""
        self.directions.declare(metric, direction)

    def stats(self) -> dict[str, Any]:
        """Count runs, strategies, sweeps, and the bytes of results and sources, from the index."""
        with reading("counting runs", self.url):
            return {"url": self.url, **self.search.asking(self.search.counts)}

    def usage(self) -> dict[str, int]:
        """Count every blob, its bytes, and the bytes of the records beside them; this looks at each file."""
        with reading("measuring the store", self.url):
            sizes = [entry.size for entry in self.files.list(OBJECTS)]
            records = sum(entry.size for folder in (RUNS, SWEEPS) for entry in self.files.list(folder))
            return {"blobs": len(sizes), "bytes": sum(sizes), "record_bytes": records}

    # -- names ---------------------------------------------------------------------------------------------------

    def tag(self, ref: str | Run, name: str) -> None:
        """Let *name* name a run; a tagged run is kept."""
        run = self.run(ref).id
        with writing(f"tagging run {run}", self.url):
            self.refs.tag(name, run)

    def untag(self, name: str) -> None:
        """Take a tag away."""
        with writing(f"removing tag {name!r}", self.url):
            self.refs.untag(name)

    def tags(self) -> dict[str, str]:
        """Give every tag with the run it names."""
        with reading("reading tags", self.url):
            return self.refs.tags()

    def pin(self, ref: str | Run, note: str = "") -> None:
        """Keep a run until it is unpinned."""
        run = self.run(ref).id
        with writing(f"pinning run {run}", self.url):
            self.refs.pin(run, note)

    def unpin(self, ref: str | Run) -> None:
        """Let a pinned run be removed again."""
        run = self.run(ref).id
        with writing(f"unpinning run {run}", self.url):
            self.refs.unpin(run)

    def pins(self) -> dict[str, str]:
        """Give every pinned run with the note why."""
        with reading("reading pins", self.url):
            return self.refs.pins()

    # -- sweeps --------------------------------------------------------------------------------------------------

    def sweep(self, name: str, plan: Mapping[str, Any] | None = None) -> sweeps.Sweep:
        """Open sweep *name*; with a *plan*, make it if it is not there.

        ``plan["common"]`` is what the manifests of all its runs share; ``plan["objective"]`` names the metric that
        decides (default: ``sharpe_ratio``). ``plan["keep"]`` says which results are kept: ``"all"``, ``"metrics"``
        (none), or ``"top:50"`` (when `gc` collects, those of the best 50). Other fields are kept as they are. Raise
        `RunNotFoundError` if there is no such sweep.
        """
        with writing(f"opening sweep {name!r}", self.url):
            if plan is not None:
                return sweeps.create(self.files, name, plan, self.url)
            try:
                return sweeps.Sweep(self.files, name, sweeps.read_plan(self.files, name), self.url)
            except FileNotFoundError:
                raise RunNotFoundError(f"opening sweep {name!r} - expected it in {self.url} - found none") from None

    def compact(self, name: str) -> str:
        """Write the results of sweep *name* as one Parquet file for other programs; give its name in the store.

        The segments remain what counts; the file may be deleted and written again.
        """
        import pyarrow.parquet

        sink = io.BytesIO()
        pyarrow.parquet.write_table(self.runs(sweep=name, order="number").to_arrow(), sink, compression="zstd")
        target = f"{sweeps.sweep_folder(name)}/results.parquet"
        with writing(f"writing the results of sweep {name!r}", self.url):
            self.files.put(target, sink.getvalue())
        return target

    # -- care ----------------------------------------------------------------------------------------------------

    def reindex(self) -> int:
        """Make the index of this machine anew from manifests and segments; give the number of runs."""
        with reading("making the index", self.url):
            self.index.forget()
            return int(self.search.ask("SELECT count(*) FROM runs")[0][0])

    def rm(
        self,
        refs: str | Iterable[str] = (),
        *,
        where: str | None = None,
        older_than_days: float | None = None,
        dry_run: bool = True,
    ) -> Removed:
        """Remove runs: those named, or those that *where* asks for and that began longer ago than given.

        Runs that are pinned, tagged or the best of their sweep are kept, and named in the result. What is removed is in
        the trash until `gc` empties it. With *dry_run*, which is the default, nothing is removed.
        """
        from .collect import remove

        with writing("removing runs", self.url):
            return remove(self, as_list(refs), where=where, older_than_days=older_than_days, dry_run=dry_run)

    def restore(self, run: str) -> Run:
        """Take a removed run back from the trash."""
        from .collect import restore

        with writing(f"restoring run {run}", self.url):
            restore(self, run)
        return self.run(run)

    def gc(self, *, grace_days: float = 14.0, dry_run: bool = True) -> Collected:
        """Move blobs that no run needs to the trash, and empty the trash of what has been there longer than the grace.

        What is younger than *grace_days* is left alone: a run that is being written may need it. With *dry_run*, which
        is the default, nothing is moved nor deleted.
        """
        from .collect import collect

        with writing("collecting what no run needs", self.url):
            return collect(self, grace_days=grace_days, dry_run=dry_run)

    def retain(
        self,
        *,
        keep: str | None = None,
        max_bytes: int | str | None = None,
        fill: float = 1.0,
        only: Callable[[Manifest], bool] | None = None,
        dry_run: bool = True,
    ) -> Retained:
        """Let the store hold less: give up results as *keep* says, then remove runs until it needs *max_bytes*.

        *keep* is ``"all"``, ``"summary"`` (of the results, the equity curve stays), ``"metrics"`` (none do), or
        ``"top:50"`` or ``"top:50:METRIC"``: all results of the best 50 of the runs with the same strategy, data, code
        and settings (by the Sharpe ratio), none of the others. If the records need more than *max_bytes*, a number or
        text such as ``"2GB"``, those that were not used for the longest time are removed, until *fill* (a part of one)
        of it is needed. *only* tells by its manifest whether a run is in question.

        Runs that are pinned, tagged or the best of their sweep keep everything, and so do runs of sweeps, whose plan
        says what is kept. What was given up is deleted an hour later, by another call or by `gc`. With *dry_run*, which
        is the default, nothing changes.
        """
        from .retention import retain

        with writing("making the store smaller", self.url):
            return retain(self, keep=keep, max_bytes=max_bytes, fill=fill, only=only, dry_run=dry_run)

    def note_use(self, run: Run) -> None:
        """Say that the result of *run* was just used: of the runs without a pin it is evicted last."""
        if run.key is not None and not self.files.remote:
            with contextlib.suppress(OSError):  # it is as old as it was
                self.files.touch(key_name(run.key))

    def fsck(self, *, repair: bool = True, deep: bool = True) -> Checked:
        """Check every file of the store; *deep* computes the digest of every blob.

        With *repair*, what is damaged is set aside in ``quarantine``, pointers are made anew, killed attempts are
        recorded as such and the index is made anew.
        """
        from .check import check_store

        with writing("checking the store", self.url):
            return check_store(self, repair=repair, deep=deep)

    def blobs_of(self, run: str | Run) -> list[str]:
        """Give every blob in the store that the record of a run refers to."""
        found = blobs_of(self.run(run).manifest)
        return sorted(found.difference(self.blobs.missing(found)))

    def reap(self) -> list[str]:
        """Record the attempts that were killed as such; give their ids."""
        found = []
        for item in attempts(self.files):
            if item.state == "killed" and self.files.size(manifest_name(item.run)) is not None:
                with writing("ending the lease of a recorded run", self.url):
                    self.files.remove(lease_name(item.run))  # killed just after it was recorded
            elif item.state == "killed":
                time_ = {"start": item.since, "end": time.time()}
                with writing("recording a killed run", self.url):
                    fields = {"run": item.run, "status": "killed", "key": item.key, "strategy": item.strategy}
                    self.commit({name: value for name, value in {**fields, "time": time_}.items() if value is not None})
                    self.files.remove(lease_name(item.run))
                found.append(item.run)
        return found

    def close(self) -> None:
        """Close this thread's connection to the index. The store may be used again."""
        self.index.close()


def _reopen(place: Place, options: dict[str, Any]) -> Store:
    return Store.open(place, create=False, **options)
