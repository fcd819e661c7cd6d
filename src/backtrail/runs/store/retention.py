"""What a store keeps when it is to hold less: the results of the best runs only, and no more bytes than a limit.

*Thinning* gives up results of a run: parameters, metrics, code and all that the record says stay, tables go. *Evicting*
removes the run. Neither deletes at once: what goes is in the trash for an hour, where a run that is just being written
and has the same bytes finds them again.
"""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ...errors import ManifestError
from ..digests import is_digest
from .blobs import trash_name
from .collect import OBJECTIVE, manifest_at, needed_of, point_away, protected, referred
from .layout import (
    EVICTED,
    OBJECTS,
    RUNS,
    SWEEPS,
    blob_name,
    digest_of_name,
    key_name,
    manifest_name,
    run_of_name,
    run_time,
)
from .manifest import Manifest, read_object, result_blobs_of

if TYPE_CHECKING:
    from .store import Store

SETTLED_S: Final = 3600.0
"""For how long what was given up can still be had by those who were about to use it."""

SUMMARY: Final = frozenset(("equity", "equity_curve"))
"""The artifacts that are kept of a run with ``"summary"``."""

_POLICY = re.compile(r"(?:all|summary|metrics|top:([1-9][0-9]{0,8})(?::([^\s:][^\n]{0,199}))?)\Z")
_SIZE = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?)(i?)b?\s*\Z", re.IGNORECASE)
_NOTE = ".blobs"

Wanted = Callable[[Manifest], bool]


@dataclass(frozen=True, slots=True)
class Policy:
    """Which results are kept of which runs.

    *parts* are the artifacts that are kept (None: all of them) of every run, or, with *top*, of all but the best *top*
    of those that share strategy, data, code and settings, by the metric *objective*.
    """

    parts: frozenset[str] | None = None
    top: int | None = None
    objective: str = OBJECTIVE

    @classmethod
    def of(cls, text: object) -> Policy:
        """Read ``"all"``, ``"summary"``, ``"metrics"``, ``"top:50"`` or ``"top:50:METRIC"``; ValueError for another."""
        found = _POLICY.match(text) if isinstance(text, str) else None
        if found is None:
            raise ValueError(
                "reading the policy keep - expected 'all', 'summary', 'metrics', 'top:50' or 'top:50:METRIC' - found "
                f"{text!r:.80}"
            )
        if found[1] is not None:
            return cls(frozenset(), int(found[1]), found[2] or OBJECTIVE)
        return cls({"all": None, "summary": SUMMARY, "metrics": frozenset()}[str(text)])


def bytes_of(size: object) -> int:
    """Give a size as a number of bytes: a whole number, or text such as ``500MB`` or ``1.5 GiB``; else ValueError."""
    if type(size) is int and size >= 0:
        return size
    found = _SIZE.match(size) if isinstance(size, str) and len(size) < 60 else None
    if found is None:
        raise ValueError(
            f"reading a size - expected a whole number of bytes from 0 on, or text such as '500MB' or '2GiB' - found "
            f"{size!r:.80}"
        )
    unit = 1024 if found[3] else 1000
    return int(float(found[1]) * unit ** " kmgt".index(found[2].lower() or " "))


@dataclass(slots=True)
class Retained:
    """What was given up, or would be.

    ``thinned`` are the runs that lose results, ``evicted`` those that are removed; ``kept`` says of runs that would
    have had to go why they stay. ``bytes_before`` and ``bytes_after`` is what the records in question need, every blob
    counted once; ``deleted`` what was deleted for good of earlier evictions, in bytes.
    """

    thinned: list[str] = field(default_factory=list)
    evicted: list[str] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)
    bytes_before: int = 0
    bytes_after: int = 0
    deleted: int = 0
    dry_run: bool = True


def retain(
    store: Store,
    *,
    keep: str | None,
    max_bytes: int | str | None,
    fill: float = 1.0,
    only: Wanted | None = None,
    dry_run: bool = True,
) -> Retained:
    """Thin and evict runs; see `Store.retain`."""
    if keep is None and max_bytes is None:
        raise ValueError("making a store smaller - expected a policy or a size - found neither - say what is kept")
    policy = Policy.of("all" if keep is None else keep)
    limit = None if max_bytes is None else bytes_of(max_bytes)
    shelf = _Shelf(store, only)
    kept = protected(store)
    done = Retained(bytes_before=shelf.total, dry_run=dry_run)
    if policy.parts is not None:
        for run in _to_thin(store, shelf, policy):
            if run in kept:
                done.kept[run] = kept[run]
            elif shelf.thin(run, policy.parts):
                done.thinned.append(run)
    if limit is not None and shelf.total > limit:
        for run, known in _by_use(store, shelf):
            if run in kept:
                done.kept[run] = kept[run]
                continue
            there = store.files.size(manifest_name(run)) is not None
            if there and not known:
                continue  # a later version wrote it
            shelf.evict(run)
            if there:
                done.evicted.append(run)  # else another process has just evicted it: it needs nothing any more
            if shelf.total <= limit * fill:
                break
    done.bytes_after = shelf.total
    if not dry_run:
        _carry_out(store, done, policy.parts)
    return done


class _Shelf:
    """What the records in question need: their own bytes and, each once, those of the blobs they name."""

    def __init__(self, store: Store, only: Wanted | None) -> None:
        self._store = store
        self._sizes = {digest_of_name(entry.name): entry.size for entry in list(store.files.list(OBJECTS))}
        self._users: Counter[str] = Counter()
        self._needs: dict[str, set[str]] = {}
        self._own: dict[str, int] = {}
        self.notes: dict[str, list[str]] = {}
        self.total = 0
        self._lean = store.refs.thinned()
        for entry in list(store.files.list(RUNS)):
            run = run_of_name(entry.name)
            data = self._read(entry.name)
            if run is None or data is None:
                continue
            try:
                manifest = read_object(data, "a manifest")
            except ManifestError:
                continue  # for a check of the store to judge; its blobs are not touched
            if only is None or only(manifest):
                self._own[run] = len(data)
                if isinstance(manifest.get("attempt_of"), str):
                    self.notes.setdefault(manifest["attempt_of"], []).append(run)
                self._add(run, needed_of(data, self._lean.get(run)))
                self.total += len(data)
        if only is None:
            self._add_sweeps()

    def _read(self, name: str) -> bytes | None:
        try:
            return self._store.files.read(name)
        except FileNotFoundError:
            return None

    def _add_sweeps(self) -> None:
        for entry in list(self._store.files.list(SWEEPS)):
            data = self._read(entry.name)
            if data is not None:
                self.total += len(data)
                self._add(entry.name, needed_of(data, None))

    def _add(self, user: str, digests: Iterable[str]) -> None:
        needs = {digest for digest in digests if digest in self._sizes}
        self._needs[user] = needs
        for digest in needs:
            self.total += 0 if self._users[digest] else self._sizes[digest]
            self._users[digest] += 1

    def _drop(self, user: str, digests: Iterable[str]) -> None:
        for digest in list(digests):
            self._needs[user].discard(digest)
            self._users[digest] -= 1
            self.total -= 0 if self._users[digest] else self._sizes[digest]

    @property
    def runs(self) -> Iterable[str]:
        """The runs in question."""
        return self._own

    def parts(self, run: str) -> frozenset[str] | None:
        """Give the artifacts that *run* keeps already; None for all."""
        return self._lean.get(run)

    def thin(self, run: str, parts: frozenset[str]) -> bool:
        """Count *run* without the results beyond *parts*; tell whether it had any."""
        data = self._read(manifest_name(run))
        known = self._lean.get(run)
        if data is None or (known is not None and known <= parts):
            return False
        results = read_object(data, "a manifest").get("result") or {}
        if not set(results.get("artifacts") or ()) - parts:
            return False
        self._drop(run, self._needs[run] - needed_of(data, parts))
        return True

    def evict(self, run: str) -> None:
        """Count without *run*."""
        self._drop(run, self._needs[run])
        self.total -= self._own.pop(run)


def _to_thin(store: Store, shelf: _Shelf, policy: Policy) -> list[str]:
    """Give the runs whose results the *policy* does not keep, with the folds that share them."""
    if policy.top is None:
        return sorted(shelf.runs)
    sql = (
        "SELECT runs.id, runs.strategy, runs.data, runs.code, runs.config, m.value FROM runs LEFT JOIN metrics m "
        "ON m.run=runs.n AND m.name=? WHERE runs.status='finished'"
    )
    held = set(shelf.runs)
    groups: dict[tuple[object, ...], list[tuple[tuple[int, float], str]]] = {}
    for run, *group, value in store.search.ask(sql, [policy.objective]):
        if run in held:
            ranked = groups.setdefault(tuple(group), [])
            ranked.append((store.directions.rank(policy.objective, value), run))
    found: list[str] = []
    for ranked in groups.values():
        ranked.sort()
        if ranked[0][0][0] == 0:  # one of them has the metric
            found += [run for _, run in ranked[policy.top :]]
    return [one for run in found for one in (run, *shelf.notes.get(run, ()))]


def _by_use(store: Store, shelf: _Shelf) -> list[tuple[str, bool]]:
    """Give the runs, those that were not used for the longest time first, and whether the index has them."""
    keys = dict(store.search.ask('SELECT id, key FROM runs WHERE "offset" IS NULL'))
    used = []
    for run in shelf.runs:
        key = keys.get(run)
        entry = None if key is None else store.files.entry(key_name(key))
        used.append((max(run_time(run), 0.0 if entry is None else entry.modified), run))
    return [(run, run in keys) for _, run in sorted(used)]


# -- carrying it out -------------------------------------------------------------------------------------------------


def _carry_out(store: Store, done: Retained, parts: frozenset[str] | None) -> None:
    spared = {*store.refs.pins(), *store.refs.tags().values()}  # somebody may just have named one
    done.thinned = [run for run in done.thinned if run not in spared]
    done.evicted = [run for run in done.evicted if run not in spared]
    unneeded: set[str] = set()
    for run in done.thinned:
        manifest = manifest_at(store, manifest_name(run))
        if manifest is not None and parts is not None:
            store.refs.thin(run, parts)
            unneeded |= result_blobs_of(manifest) - result_blobs_of(manifest, parts)
    for run in done.evicted:
        unneeded |= _evict(store, run)
    if done.evicted:
        with store.index.writing() as connection:
            if connection is not None:
                store.index.drop(connection, done.evicted)
    needed = referred(store)
    _to_trash(store, unneeded - needed)
    done.deleted = _empty(store, needed)


def _evict(store: Store, run: str) -> set[str]:
    """Move the manifest of *run* to where it is not restored from; give the blobs that it names."""
    name = manifest_name(run)
    try:
        named = needed_of(store.files.read(name), None)
    except FileNotFoundError:
        return set()
    manifest = manifest_at(store, name)
    if not _moved(store, name, f"{EVICTED}/{name}"):
        return set()
    if manifest is not None and manifest.get("key"):
        point_away(store, manifest["key"], run)
    store.refs.unthin(run)
    return named


def _to_trash(store: Store, digests: set[str]) -> None:
    """Move blobs to the trash, and note which, so that they are deleted an hour later."""
    moved = sorted(digest for digest in digests if store.files.size(blob_name(digest)) is not None)
    if not moved:
        return
    note = f"{EVICTED}/{time.time_ns()}-{os.getpid()}{_NOTE}"
    store.files.put(note, "\n".join(moved).encode("ascii"), durable=False)
    for digest in moved:
        _moved(store, blob_name(digest), trash_name(digest))
    with store.index.writing() as connection:
        if connection is not None:
            connection.executemany("DELETE FROM blobs WHERE digest=?", [(digest,) for digest in moved])


def _empty(store: Store, needed: set[str]) -> int:
    """Delete what has been given up for an hour; give the bytes. What somebody needs after all is put back."""
    before = time.time() - SETTLED_S
    freed = 0
    for entry in list(store.files.list(EVICTED)):
        if entry.modified > before:
            continue
        if entry.name.endswith(_NOTE):
            freed += _empty_noted(store, entry.name, needed, before)
        store.files.remove(entry.name)
        freed += entry.size
    return freed


def _empty_noted(store: Store, note: str, needed: set[str], before: float) -> int:
    """Delete the blobs that *note* names and nobody needs; give the bytes."""
    try:
        noted = [one for one in store.files.read(note).decode("ascii", "replace").split() if is_digest(one)]
    except FileNotFoundError:
        return 0
    freed = 0
    for digest in noted:
        blob = store.files.entry(trash_name(digest))
        if blob is None or blob.modified > before:
            continue
        if digest in needed:
            _moved(store, blob.name, blob_name(digest))
        else:
            store.files.remove(blob.name)
            freed += blob.size
    return freed


def _moved(store: Store, source: str, target: str) -> bool:
    """Move a file, as young as if it were made at this moment; tell whether it was still there."""
    try:
        store.files.touch(source)
        store.files.move(source, target)
    except FileNotFoundError:
        return False  # another process was quicker
    return True
