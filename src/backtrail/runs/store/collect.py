"""Removing runs and collecting what no run needs, each in two steps: into the trash first, deleted after a grace."""

from __future__ import annotations

import contextlib
import math
import re
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...errors import ManifestError, RunNotFoundError, StoreError
from . import locks, sweeps
from .files import Entry, LocalFiles
from .layout import (
    KEYS,
    LIVE,
    OBJECTS,
    RUNS,
    SWEEPS,
    TEMPORARY,
    TRASH,
    blob_name,
    digest_of_name,
    key_name,
    manifest_name,
    run_of_name,
    run_time,
)
from .manifest import Manifest, decode, digests_in, read_object
from .segments import scan

if TYPE_CHECKING:
    from .store import Store

DAY_S = 86_400.0
OBJECTIVE = "sharpe_ratio"
_DIGEST = re.compile(rb"b3:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Removed:
    """What was removed, or would be: runs, and why the others were kept."""

    runs: list[str] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)
    dry_run: bool = True

    def __len__(self) -> int:
        """Count the runs that were removed."""
        return len(self.runs)


@dataclass(slots=True)
class Collected:
    """What was collected, or would be: files moved to the trash, files deleted, and the bytes this gives back."""

    trashed: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    bytes: int = 0
    dry_run: bool = True


def days(what: str, value: float) -> float:
    """Give a number of days in seconds; raise ValueError for negative ones and what is no number."""
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"{what} - expected a number of days from 0 on - found {value!r}")
    return value * DAY_S


# -- removing runs ---------------------------------------------------------------------------------------------------


def remove(
    store: Store, refs: list[str], *, where: str | None, older_than_days: float | None, dry_run: bool
) -> Removed:
    """Move runs to the trash; see `Store.rm`."""
    age = None if older_than_days is None else days("removing old runs", older_than_days)
    if not refs and where is None and age is None:
        raise ValueError("removing runs - expected runs, a query or an age - found none of them - say which runs")
    whole = [ref.removeprefix("sweep:") for ref in refs if ref.startswith("sweep:")]
    runs = [store.search.resolve(ref, store.refs.tagged) for ref in refs if not ref.startswith("sweep:")]
    if where is not None or age is not None:
        found = store.search.find(where or "", "start", None)
        runs += [run for run in found if age is None or run_time(run) < time.time() - age]
    kept = protected(store)
    removed = Removed(dry_run=dry_run)
    for run in dict.fromkeys(runs):
        reason = kept.get(run) or _elsewhere(store, run)
        if reason:
            removed.kept[run] = reason
        else:
            removed.runs.append(run)
            if not dry_run:
                _to_trash(store, run)
    for name in whole:
        _remove_sweep(store, name, kept, removed)
    if not dry_run:
        with store.index.writing() as connection:
            if connection is not None:
                store.index.drop(connection, removed.runs)
    return removed


def protected(store: Store) -> dict[str, str]:
    """Give the runs that are kept, with the reason."""
    kept = {run: f"is the best of sweep {sweep!r}" for sweep, run in _bests(store)}
    kept.update((run, f"is tagged {tag!r}") for tag, run in store.refs.tags().items())
    kept.update((run, "is pinned") for run in store.refs.pins())
    return kept


def _bests(store: Store) -> Iterator[tuple[str, str]]:
    found = store.search.ask("SELECT DISTINCT sweep FROM runs WHERE sweep NOT NULL")
    metrics = set(store.search.known("metric"))
    for (sweep,) in found:
        objective = OBJECTIVE
        with contextlib.suppress(StoreError, ValueError):  # it may have no plan, or a name that is no file's
            objective = store.sweep(sweep).objective or OBJECTIVE
        if objective in metrics:
            runs = store.search.find("", objective, 1, sweep=sweep)
            if runs:
                yield sweep, runs[0]


def _elsewhere(store: Store, run: str) -> str:
    """Tell why a run cannot be removed by itself; nothing if it can."""
    if store.files.size(manifest_name(run)) is not None:
        return ""
    source = store.search.source(run)
    if source is not None and source[1] is not None:
        sweep = source[0].split("/")[1]
        return f"is a record of sweep {sweep!r}, which is removed as a whole: sweep:{sweep}"
    raise RunNotFoundError(f"removing run {run} - expected it in store {store.url} - found no such run")


def _to_trash(store: Store, run: str) -> None:
    name = manifest_name(run)
    manifest = manifest_at(store, name)
    store.files.touch(name)
    store.files.move(name, f"{TRASH}/{name}")
    key = manifest.get("key") if manifest else None
    if key:
        point_away(store, key, run)


def manifest_at(store: Store, name: str) -> Manifest | None:
    """Read the manifest in file *name*; None if it cannot be read."""
    try:
        return decode(store.files.read(name))
    except (StoreError, FileNotFoundError):
        return None


def point_away(store: Store, key: str, run: str) -> None:
    """Let *key* point to another run than *run*, if it pointed to that."""
    try:
        pointed = store.files.read(key_name(key)).decode("ascii", "replace").strip()
    except FileNotFoundError:
        return
    if pointed == run:
        store.files.remove(key_name(key))
        for other in store.search.of_key(key, "finished"):
            if other != run and store.files.size(manifest_name(other)) is not None:
                store.files.put(key_name(key), f"{other}\n".encode(), durable=False)
                return


def _remove_sweep(store: Store, name: str, kept: dict[str, str], removed: Removed) -> None:
    folder = sweeps.sweep_folder(name)
    entries = list(store.files.list(folder))
    if not entries:
        raise RunNotFoundError(f"removing sweep {name!r} - expected it in store {store.url} - found no such sweep")
    runs = store.search.find("", "start", None, sweep=name)
    for run in runs:
        reason = kept.get(run, "")
        if reason and not reason.startswith("is the best of sweep"):
            removed.kept[run] = f"{reason}; sweep {name!r} is kept with it"
            return
    if isinstance(store.files, LocalFiles):
        for entry in entries:
            if locks.is_held(store.files.path(entry.name)):
                removed.kept[f"sweep:{name}"] = "is being written"
                return
    removed.runs.extend(runs)
    if not removed.dry_run:
        for entry in sorted(entries, key=lambda entry: entry.name.endswith("plan.json")):
            store.files.touch(entry.name)
            store.files.move(entry.name, f"{TRASH}/{entry.name}")


def restore(store: Store, run: str) -> None:
    """Move the manifest of a removed run back; see `Store.restore`."""
    name = manifest_name(run)
    if store.files.size(f"{TRASH}/{name}") is None:
        raise RunNotFoundError(f"restoring run {run} - expected it in the trash of {store.url} - found no such run")
    store.files.move(f"{TRASH}/{name}", name)
    manifest = manifest_at(store, name)
    if manifest is not None:
        store.point(manifest)


# -- collecting blobs ------------------------------------------------------------------------------------------------


def collect(store: Store, *, grace_days: float, dry_run: bool) -> Collected:
    """Move blobs that nothing refers to into the trash and delete what has been there long; see `Store.gc`."""
    before = time.time() - days("collecting what no run needs", grace_days)
    done = Collected(dry_run=dry_run)
    needed = referred(store)
    for entry in sorted(store.files.list(TRASH), key=lambda entry: entry.name):
        digest = digest_of_name(entry.name) if entry.name.startswith(f"{TRASH}/{OBJECTS}/") else None
        if digest in needed and digest is not None:
            if not dry_run:
                store.files.move(entry.name, blob_name(digest))  # somebody needed it just when it was moved
        elif entry.modified <= before:
            _delete(store, entry, done)
    for entry in list(store.files.list(OBJECTS)):
        digest = digest_of_name(entry.name)
        if digest is not None and digest not in needed and entry.modified <= before:
            fresh = store.files.entry(entry.name)
            if fresh is not None and fresh.modified <= before:
                done.trashed.append(entry.name)
                done.bytes += entry.size
                if not dry_run:
                    store.files.touch(entry.name)
                    store.files.move(entry.name, f"{TRASH}/{entry.name}")
    for entry in [*store.files.list(TEMPORARY), *store.files.list(f"{LIVE}/{KEYS}")]:
        if entry.modified <= min(before, time.time() - DAY_S) and not _held(store, entry):
            _delete(store, entry, done)
    if not dry_run:
        for run in store.refs.thinned():
            name = manifest_name(run)
            if store.files.size(name) is None and store.files.size(f"{TRASH}/{name}") is None:
                store.refs.unthin(run)
        gone = [digest_of_name(name) for name in done.trashed]
        with store.index.writing() as connection:
            if connection is not None:
                connection.executemany("DELETE FROM blobs WHERE digest=?", [(digest,) for digest in gone])
    return done


def _delete(store: Store, entry: Entry, done: Collected) -> None:
    done.deleted.append(entry.name)
    done.bytes += entry.size
    if not done.dry_run:
        store.files.remove(entry.name)


def _held(store: Store, entry: Entry) -> bool:
    return isinstance(store.files, LocalFiles) and locks.is_held(store.files.path(entry.name))


def referred(store: Store) -> set[str]:
    """Give every digest that stands in a manifest, plan or segment, be it one that this version cannot read.

    Records in the trash count: they may be restored.
    """
    found: set[str] = set()
    thinned = _thinned(store)
    lean = store.refs.thinned()
    for prefix in (RUNS, SWEEPS, f"{TRASH}/{RUNS}", f"{TRASH}/{SWEEPS}", "quarantine"):
        for entry in list(store.files.list(prefix)):
            if digest_of_name(entry.name) is None:
                try:
                    data = store.files.read(entry.name)
                except FileNotFoundError:
                    continue
                parts = entry.name.split("/")
                kept_parts = lean.get(run_of_name(entry.name) or "")
                if kept_parts is not None and prefix in (RUNS, f"{TRASH}/{RUNS}"):
                    found |= needed_of(data, kept_parts)
                    continue
                best = thinned.get(parts[1]) if parts[0] == SWEEPS and entry.name.endswith(".seg") else None
                for text in [data] if best is None else _kept_records(data, best):
                    found.update(digest.decode() for digest in _DIGEST.findall(text))
    return found


def needed_of(data: bytes, parts: Collection[str] | None) -> set[str]:
    """Give the digests in a manifest without those of its results, the artifacts named in *parts* excepted.

    With None for *parts*, or for a manifest that cannot be read, give all.
    """
    if parts is not None:
        with contextlib.suppress(ManifestError, AttributeError):
            manifest = read_object(data, "a manifest")
            result = dict(manifest.get("result") or {})
            artifacts = dict(result.get("artifacts") or {})
            result["artifacts"] = {name: item for name, item in artifacts.items() if name in parts}
            return digests_in({**manifest, "result": result})
    return {digest.decode() for digest in _DIGEST.findall(data)}


def _thinned(store: Store) -> dict[str, set[str]]:
    """Give the sweeps that keep the results of their best runs only, with those runs."""
    found = {}
    for entry in list(store.files.list(SWEEPS)):
        if entry.name.endswith("/plan.json"):
            with contextlib.suppress(StoreError, ValueError):  # the results of a sweep that cannot be read are kept
                sweep = store.sweep(entry.name.split("/")[1])
                objective = sweep.objective or OBJECTIVE
                runs = store.search.find("", "start", None, sweep=sweep.id)
                if sweep.keep.top is not None and runs and objective in store.search.known("metric"):
                    best = store.search.find("", objective, sweep.keep.top, sweep=sweep.id)
                    found[sweep.id] = {*best, *store.refs.pins(), *store.refs.tags().values()}
    return found


def _kept_records(data: bytes, best: set[str]) -> Iterator[bytes]:
    """Give the records of a segment whose results are kept: those of the *best*, and any that cannot be read."""
    for record in scan(data):
        try:
            run = read_object(record.data, "a record").get("run")
        except ManifestError:
            run = None
        if not isinstance(run, str) or run in best:
            yield record.data
