"""The captured code of a run as files in a folder, and what a record lacks for running it again."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..errors import BacktrailError
from .code.copying import portable
from .store.manifest import is_safe_path

if TYPE_CHECKING:
    from .store import Run


_BINARY: Final = getattr(os, "O_BINARY", 0)


class CannotRebuild(BacktrailError, ValueError):
    """A run whose record does not say enough to run it again."""


def checkout(run: Run, folder: Path) -> list[str]:
    """Write the captured files of *run* below *folder* and nowhere else, replacing none; give their paths.

    Only the owner may read files that seem to hold secrets.
    """
    files = [
        one for one in (run.manifest.get("code") or {}).get("files") or () if one.get("stored") is not False
    ]
    root = folder.resolve()
    targets = []
    for one in files:
        if not is_safe_path(one["path"]):
            raise CannotRebuild(
                f"checking out run {run.id} - expected paths inside of {folder} - found {one['path']!r}"
            )
    for path, name in names_for([one["path"] for one in files]).items():
        target = folder.joinpath(*name.split("/"))
        if not target.resolve().is_relative_to(root):
            raise CannotRebuild(
                f"checking out run {run.id} - {path!r} leads out of {folder} by a link - use another folder"
            )
        if target.exists() and target.read_bytes() != run.code.bytes(path):
            raise CannotRebuild(
                f"checking out run {run.id} - {target} is there already and differs - use another folder"
            )
        targets.append((path, target))
    private = {one["path"] for one in files if one.get("secrets")}
    for path, target in targets:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _BINARY, 0o600 if path in private else 0o666)
        with os.fdopen(handle, "wb") as opened:
            opened.write(run.code.bytes(path))
    return [path for path, _ in targets]


def names_for(paths: Iterable[str], windows: bool = os.name == "nt") -> dict[str, str]:
    """Give the name under which each of *paths* is written; on Windows none that is reserved or taken."""
    if not windows:
        return {path: path for path in paths}
    names: dict[str, str] = {}
    taken: set[str] = set()
    for path in paths:
        name = portable(path, windows=True)
        while name.casefold() in taken:
            stem, dot, suffix = name.rpartition(".")
            name = f"{stem}_{dot}{suffix}" if dot and "/" not in suffix else f"{name}_"
        taken.add(name.casefold())
        names[path] = name
    return names


def missing_parts(run: Run) -> list[str]:
    """Name what the record of *run* lacks for running it again; empty if nothing."""
    manifest = run.manifest
    lacking = []
    if "recipe" not in manifest:
        lacking.append(f"its settings ({manifest.get('no_recipe', 'they were not recorded')})")
    for one in (manifest.get("code") or {}).get("files") or ():
        if one.get("stored") is False:
            lacking.append(f"the file {one['path']}")
    feeds = manifest.get("data") or []
    for at, one in enumerate(feeds):
        called = one.get("name") or "it has no name"
        if not one.get("snapshot"):
            lacking.append(f"the bars of feed {at} ({called})")
        elif "resampled from" in (one.get("settings") or {}):
            lacking.append(f"the bars that those of feed {at} ({called}) are made of, which say when each is delivered")
    if not feeds:
        lacking.append("its bars")
    return lacking


def inputs_not_stored(run: Run) -> list[str]:
    """Name the files that *run* read while it went on and that are not among its stored files."""
    files = (run.manifest.get("code") or {}).get("files") or ()
    stored = {one["path"] for one in files if one.get("stored") is not False}
    return [one["path"] for one in run.manifest.get("inputs") or () if one["path"] not in stored]


__all__ = ["CannotRebuild", "checkout", "inputs_not_stored", "missing_parts", "names_for"]
