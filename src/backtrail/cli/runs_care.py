"""What the commands of ``backtrail runs`` that do something print."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import StoreError
from ..runs.checkout import checkout as write_sources
from ..runs.pack import pack as write_pack
from ..runs.pack import unpack
from ..runs.rerun import rerun as run_again
from ..runs.store import Store
from ..runs.store.manifest import source_blobs_of
from .runs_show import opened, print_json, text

if TYPE_CHECKING:
    from ..runs.store.retention import Retained


def rerun(where: str | None, reference: str, env: str, timeout: float | None, as_json: bool) -> int:
    """Run a record again; 0 if the same comes out."""
    told = run_again(opened(where).run(reference), env, timeout)
    if as_json:
        print_json(told)
    elif told["identical"]:
        print("identical")
    else:
        _print_difference(told)
    return 0 if told["identical"] else 1


def _print_difference(told: dict[str, Any]) -> None:
    if told["status"][0] != told["status"][1]:
        print(
            f"the recorded run {told['status'][0]}, the new one {told['status'][1]}: {told['message'] or ''}"
        )
    if told["not_restored"]:
        print(
            f"not restored: {', '.join(told['not_restored'])}: of files that a run reads the digest is recorded; "
            "list them in a strategy.yaml to keep them with the code"
        )
    for name, found in told["tables"].items():
        if found is None:
            continue
        print(
            f"{name}: first difference in row {found['row']} (from 0): {', '.join(found.get('columns', []))}"
        )
        for side, label in (("a", "recorded"), ("b", "new")):
            row = found.get(side) or {}
            shown = (
                ", ".join(f"{k}={text(row.get(k))}" for k in found.get("columns", []))
                if row
                else "no such row"
            )
            print(f"  {label}: {shown}")
    for name, (before, after) in told["metrics"].items():
        print(f"{name}: {before!r} - {after!r}")


def verify(where: str | None, reference: str, as_json: bool) -> int:
    """Check every blob of a run."""
    run = opened(where).run(reference)
    store = run.store
    problems, checked = [], 0
    wanted: dict[str, str] = {}
    for name, item in run.artifacts.items():
        wanted[item["blob"]] = name
        wanted.update(dict.fromkeys(item.get("parts") or (), name))
    wanted = {**source_blobs_of(run.manifest), **wanted}
    for blob, name in wanted.items():
        try:
            store.get(blob)
            checked += 1
        except StoreError as error:
            problems.append({"part": name, "blob": blob, "problem": str(error)})
    for name, item in run.artifacts.items():
        if "content" not in item or any(one["part"] == name for one in problems):
            continue
        from ..runs.fingerprint import fingerprint

        if fingerprint(run.table(name, full=True)).digest != item["content"]:
            problems.append(
                {"part": name, "blob": item["blob"], "problem": "its rows are not those that were recorded"}
            )
    if as_json:
        print_json({"run": run.id, "checked": checked, "problems": problems, "ok": not problems})
    else:
        for problem in problems:
            print(f"{problem['part']}: {problem['problem']}")
        print(
            f"{checked} blobs are as they were recorded" + (f", {len(problems)} are not" if problems else "")
        )
    return 1 if problems else 0


def checkout(where: str | None, reference: str, folder: Path, as_json: bool) -> None:
    """Write the sources of a run."""
    run = opened(where).run(reference)
    written = write_sources(run, folder)
    if as_json:
        print_json({"run": run.id, "folder": str(folder), "files": written})
    else:
        print(f"{len(written)} files of run {run.id} in {folder}")


def pack(where: str | None, reference: str, target: Path, acknowledged: bool, as_json: bool) -> None:
    """Write a run as a zip."""
    run = opened(where).run(reference)
    made = write_pack(run, target, acknowledge_secrets=acknowledged)
    if as_json:
        print_json({"run": run.id, "file": str(made), "bytes": made.stat().st_size})
    else:
        print(f"run {run.id} in {made} ({made.stat().st_size:,} bytes)")


def import_(where: str | None, source: Path, trust: bool, as_json: bool) -> None:
    """Take a run from a zip."""
    store = Store.open(where)
    run = unpack(store, source, trust=trust)
    trusted = not store.refs.is_foreign(run)
    if as_json:
        print_json({"run": run, "trusted": trusted})
        return
    print(f"run {run} is in the store")
    if not trusted:
        print("It is not served in the place of a run of yours. Import it with --trust if you trust who computed it.")


def migrate(where: str | None, folder: Path, as_json: bool) -> int:
    """Take over the folder of an older cache; 1 if something of it was not read."""
    from ..cache.migrating import migrate as take_over

    done = take_over(folder, where)
    if as_json:
        print_json(dataclasses.asdict(done))
    else:
        for path, run in done.runs.items():
            print(f"{path}: run {run}")
            for note in done.notes.get(path, ()):
                print(f"  {note}")
        for path in (*done.splits, *done.trades):
            print(f"{path}: stored")
        for path, reason in done.refused.items():
            print(f"{path}: not read: {reason}")
        stored = len(done.runs) + len(done.splits) + len(done.trades)
        print(f"{stored} stored, {len(done.present)} there already, {len(done.refused)} not read")
    return 1 if done.refused else 0


def tag(where: str | None, reference: str, name: str, remove: bool, as_json: bool) -> None:
    """Name a run, or take a name away."""
    store = opened(where)
    run = store.run(reference)
    if remove:
        store.untag(name)
    else:
        store.tag(run, name)
    _done(as_json, {"run": run.id, "tags": run.tags}, f"run {run.id}: tags {', '.join(run.tags) or 'none'}")


def pin(where: str | None, reference: str, note: str, remove: bool, as_json: bool) -> None:
    """Keep a run, or let it go."""
    store = opened(where)
    run = store.run(reference)
    if remove:
        store.unpin(run)
    else:
        store.pin(run, note)
    _done(
        as_json,
        {"run": run.id, "pinned": run.pinned},
        f"run {run.id} is {'kept' if run.pinned else 'not pinned'}",
    )


def rm(
    where: str | None, references: list[str], query: str | None, days: float | None, yes: bool, as_json: bool
) -> None:
    """Remove runs."""
    if not references and query is None and days is None:
        raise ValueError(
            "rm - expected runs, --where or --older-than-days - found none of them - name what is to go"
        )
    asked = query if query is not None or references else ""
    found = opened(where).rm(references, where=asked, older_than_days=days, dry_run=not yes)
    if as_json:
        print_json(dataclasses.asdict(found))
        return
    for run in found.runs:
        print(f"{'removed' if yes else 'would be removed'}: {run}")
    for run, reason in found.kept.items():
        print(f"kept: {run}: {reason}")
    if not yes:
        print("Nothing was removed; say --yes to do it.")


def gc(
    where: str | None, grace_days: float, keep: str | None, max_bytes: str | None, yes: bool, as_json: bool
) -> None:
    """Give up what is not to be kept, then collect what no run needs."""
    store = opened(where)
    retained = None
    if keep is not None or max_bytes is not None:
        retained = store.retain(keep=keep, max_bytes=max_bytes, dry_run=not yes)
    found = store.gc(grace_days=grace_days, dry_run=not yes)
    if as_json:
        print_json(dataclasses.asdict(found) | {"retained": retained and dataclasses.asdict(retained)})
        return
    if retained is not None:
        _print_retained(retained, yes)
    did = "moved to the trash" if yes else "would be moved to the trash"
    print(f"{len(found.trashed)} files {did}, {len(found.deleted)} deleted for good: {found.bytes:,} bytes")


def _print_retained(retained: Retained, yes: bool) -> None:
    for run in retained.thinned:
        print(f"{'results given up' if yes else 'results would be given up'}: {run}")
    for run in retained.evicted:
        print(f"{'removed' if yes else 'would be removed'}: {run}")
    for run, reason in retained.kept.items():
        print(f"kept: {run}: {reason}")
    print(f"The records need {retained.bytes_after:,} bytes; it was {retained.bytes_before:,}")


def fsck(where: str | None, repair: bool, deep: bool, as_json: bool) -> int:
    """Check the store."""
    found = opened(where).fsck(repair=repair, deep=deep)
    if as_json:
        print_json({**dataclasses.asdict(found), "clean": found.clean})
    else:
        for problem in found.problems:
            print(f"{problem.file}: {problem.what}; {problem.done}")
        for note in found.notes:
            print(note)
        counted = ", ".join(f"{count} {name}" for name, count in found.counted.items())
        print(f"{'clean' if found.clean else 'damaged'}: {counted}")
    return 0 if found.clean else 1


def reindex(where: str | None, as_json: bool) -> None:
    """Make the index anew."""
    count = opened(where).reindex()
    _done(as_json, {"runs": count}, f"{count} runs in the index")


def stats(where: str | None, as_json: bool) -> None:
    """Count what the store holds."""
    store = opened(where)
    told = {**store.stats(), **store.usage()}
    _done(as_json, told, "\n".join(f"{name:<11} {text(value)}" for name, value in told.items()))


def _done(as_json: bool, told: dict[str, Any], said: str) -> None:
    if as_json:
        print_json(told)
    else:
        print(said)


__all__ = [
    "checkout",
    "fsck",
    "gc",
    "import_",
    "migrate",
    "pack",
    "pin",
    "reindex",
    "rerun",
    "rm",
    "stats",
    "tag",
    "verify",
]
