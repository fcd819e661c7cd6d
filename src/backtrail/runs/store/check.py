"""Checking a store file by file: what is damaged is set aside, and everything that can be made again is made again."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...errors import CorruptBlobError, ManifestError, MissingBlobError, StoreVersionError
from ..digests import blob_digest
from . import sweeps
from .layout import (
    KEYS,
    OBJECTS,
    QUARANTINE,
    RUNS,
    SWEEPS,
    TEMPORARY,
    blob_name,
    digest_of_name,
    is_run_id,
    key_name,
    run_of_name,
)
from .manifest import Manifest, decode, result_blobs_of, source_blobs_of
from .segments import scan

if TYPE_CHECKING:
    from .run import Run
    from .store import Store

KINDS = ("runs", "blobs", "segments", "records", "keys")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it was written: the file, what is wrong and what was done about it."""

    file: str
    what: str
    done: str


@dataclass(slots=True)
class Checked:
    """What a check found."""

    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What is no damage: torn tails that were never acknowledged, leftovers of killed processes, later versions."""

    counted: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))

    @property
    def clean(self) -> bool:
        """Whether there is no damage."""
        return not self.problems


class _Check:
    """One check of one store."""

    def __init__(self, store: Store, repair: bool, deep: bool) -> None:
        self.store = store
        self.files = store.files
        self.repair = repair
        self.deep = deep
        self.found = Checked()
        self.manifests: dict[str, Manifest] = {}
        self.bad: set[str] = set()
        self.thinned = store.refs.thinned()

    def blobs(self) -> None:
        """Compute the digest of every blob, or look whether its name is one."""
        for entry in list(self.files.list(OBJECTS)):
            self.found.counted["blobs"] += 1
            digest = digest_of_name(entry.name)
            if digest is None:
                self._set_aside(entry.name, "its name is no digest")
            elif self.deep:
                try:
                    data = self.files.read(entry.name)
                except FileNotFoundError:
                    continue
                except OSError as error:
                    self.found.problems.append(Problem(entry.name, f"cannot be read: {error}", "left"))
                    continue
                if blob_digest(data) != digest:
                    self.bad.add(digest)
                    self._set_aside(entry.name, f"has other bytes than its name says ({len(data)} of them)")

    def runs(self) -> None:
        """Read every manifest, and look whether the results, sources and bars it names are there."""
        for entry in list(self.files.list(RUNS)):
            run = run_of_name(entry.name)
            if run is None or not entry.name.endswith(".json"):
                self._set_aside(entry.name, "is no manifest")
                continue
            self.found.counted["runs"] += 1
            try:
                self.manifests[run] = decode(self.files.read(entry.name), run=run)
            except FileNotFoundError:
                continue
            except StoreVersionError as error:
                self.found.notes.append(f"{entry.name}: {error}")
                continue
            except ManifestError as error:
                self._set_aside(entry.name, str(error))
                continue
            self._results(entry.name, self.manifests[run])

    def _results(self, name: str, manifest: Manifest) -> None:
        for item in ((manifest.get("result") or {}).get("artifacts") or {}).values():
            size, expected = self.store.blobs.size(item["blob"]), item.get("size")
            if size is not None and expected is not None and size != expected and item["blob"] not in self.bad:
                self.bad.add(item["blob"])
                self._set_aside_blob(item["blob"], f"has {size} bytes, run {manifest['run']} says {expected}")
        parts = self.thinned.get(manifest["run"])
        for blob in self.store.blobs.missing(result_blobs_of(manifest, parts)):
            self.found.problems.append(Problem(name, f"blob {blob} of its results is missing", "left"))
        sources = source_blobs_of(manifest)
        for blob in self.store.blobs.missing(sources):
            self.found.problems.append(Problem(name, f"blob {blob}, {sources[blob]}, is missing", "left"))

    def _set_aside_blob(self, digest: str, what: str) -> None:
        self._set_aside(f"{OBJECTS}/{digest[3:5]}/{digest[5:]}", what)

    def segments(self) -> None:
        """Read every plan and every record; what follows the last whole record was never acknowledged."""
        plans: dict[str, Manifest | None] = {}
        for entry in sorted(self.files.list(SWEEPS), key=lambda entry: entry.name):
            parts = entry.name.split("/")
            sweep = parts[1]
            if sweep not in plans:
                plans[sweep] = self._plan_(sweep)
            if not entry.name.endswith(".seg"):
                continue
            self.found.counted["segments"] += 1
            common = (plans[sweep] or {}).get("common") or {}
            thinned = sweeps.keep_of(plans[sweep] or {}).top is not None
            self._segment(entry.name, sweep, common, readable=plans[sweep] is not None, thinned=thinned)

    def _plan_(self, sweep: str) -> Manifest | None:
        name = f"{SWEEPS}/{sweep}/plan.json"
        try:
            return sweeps.read_plan(self.files, sweep)
        except FileNotFoundError:
            self.found.problems.append(Problem(name, "is missing: the records of the sweep cannot be read", "left"))
        except StoreVersionError as error:
            self.found.notes.append(f"{name}: {error}")
        except (ManifestError, ValueError) as error:
            self._set_aside(name, str(error))
        return None

    def _segment(self, name: str, sweep: str, common: Manifest, *, readable: bool, thinned: bool) -> None:
        try:
            data = self.files.read(name)
        except FileNotFoundError:
            return
        end = 0
        try:
            for record in scan(data):
                end = record.end
                self.found.counted["records"] += 1
                if readable:
                    manifest = sweeps.read_record(sweep, common, record.data)
                    if not thinned:
                        self._results(name, manifest)
        except StoreVersionError as error:
            self.found.notes.append(f"{name}: {error}")
            return
        except ManifestError as error:
            self.found.problems.append(Problem(name, str(error), "left"))
            return
        torn = len(data[max(end, 8) :].rstrip(b"\0"))
        if torn:
            self.found.notes.append(f"{name}: {torn} bytes after the last whole record were never acknowledged")

    def keys(self) -> None:
        """Let every key point to a run that has it, the latest."""
        latest: dict[str, str] = {}
        for run in sorted(self.manifests):
            manifest = self.manifests[run]
            if manifest.get("key") and manifest["status"] == "finished":
                latest[manifest["key"]] = run
        pointed = {}
        for entry in list(self.files.list(KEYS)):
            digest = digest_of_name(entry.name)
            try:
                run = self.files.read(entry.name)[:64].decode("ascii", "replace").strip()
            except FileNotFoundError:
                continue
            self.found.counted["keys"] += 1
            manifest = self.manifests.get(run, {}) if is_run_id(run) else {}
            if digest is None or manifest.get("key") != digest or manifest.get("status") != "finished":
                self.found.notes.append(f"{entry.name}: points to no finished run of this key")
                if self.repair:
                    self.files.remove(entry.name)
            else:
                pointed[digest] = run
        for key, run in latest.items():
            if key not in pointed and self.repair:
                self.files.put(key_name(key), f"{run}\n".encode(), durable=False)

    def leftovers(self) -> None:
        """Name what killed processes left, and record their runs as killed."""
        count = sum(1 for _ in self.files.list(TEMPORARY))
        if count:
            self.found.notes.append(f"{TEMPORARY}: {count} files of processes that were killed or are writing")
        killed = [item.run for item in self.store.attempts() if item.state == "killed"]
        if killed:
            self.found.notes.append(f"{len(killed)} runs were killed: {', '.join(killed[:8])}")
        if self.repair:
            self.store.reap()

    def _set_aside(self, name: str, what: str) -> None:
        if self.repair:
            target = f"{QUARANTINE}/{time.time_ns()}/{name}"
            self.files.move(name, target)
            self.found.problems.append(Problem(name, what, f"moved to {target}"))
        else:
            self.found.problems.append(Problem(name, what, "left"))


def is_sound(store: Store, run: Run) -> bool:
    """Tell whether every blob of the results of *run* is what its digest says; set those aside that are not.

    What is set aside is written again by the next run that has it.
    """
    found = True
    for item in run.artifacts.values():
        for blob in (item["blob"], *(item.get("parts") or ())):
            try:
                store.get(blob)
            except CorruptBlobError:
                store.files.move(blob_name(blob), f"{QUARANTINE}/{time.time_ns()}/{blob_name(blob)}")
                found = False
            except MissingBlobError:
                found = False
    return found


def check_store(store: Store, *, repair: bool, deep: bool) -> Checked:
    """Check every file of *store*; see `Store.fsck`."""
    check = _Check(store, repair, deep)
    check.blobs()
    check.runs()
    check.segments()
    check.keys()
    check.leftovers()
    if repair:
        store.reindex()
    return check.found
