"""Names that people give to runs, pins that keep them, and what was given up of them: one small file each."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator

from ...errors import ManifestError, RunNotFoundError
from .files import Files
from .layout import IMPORTED, PINS, TAGS, THINNED, check_name, is_run_id, lease_name
from .manifest import read_object


class Refs:
    """The tags and pins of a store."""

    def __init__(self, files: Files) -> None:
        """Keep them among *files*."""
        self._files = files

    def tag(self, name: str, run: str) -> None:
        """Let *name* name *run*, whatever it named before."""
        check_name("tag", name)
        lease_name(run)  # refuses what is no id
        self._files.put(f"{TAGS}/{name}", f"{run}\n".encode())

    def untag(self, name: str) -> None:
        """Take *name* away; raise `RunNotFoundError` if it names nothing."""
        check_name("tag", name)
        if self._files.size(f"{TAGS}/{name}") is None:
            raise RunNotFoundError(f"removing tag {name!r} - expected one of {sorted(self.tags())}")
        self._files.remove(f"{TAGS}/{name}")

    def tagged(self, name: str) -> str | None:
        """Give the run that *name* names, None if it names none."""
        try:
            check_name("tag", name)
            return _run(self._files.read(f"{TAGS}/{name}"))
        except (ValueError, FileNotFoundError):
            return None

    def tags(self) -> dict[str, str]:
        """Give every tag with the run it names."""
        return dict(sorted((name, run) for name, run in self._read(TAGS) if run is not None))

    def pin(self, run: str, note: str = "") -> None:
        """Keep *run* until it is unpinned; *note* says why."""
        lease_name(run)
        self._files.put(f"{PINS}/{run}", json.dumps({"note": str(note)}).encode("utf-8"))

    def unpin(self, run: str) -> None:
        """Let *run* be removed again; it need not be pinned."""
        lease_name(run)
        self._files.remove(f"{PINS}/{run}")

    def pins(self) -> dict[str, str]:
        """Give every pinned run with the note why."""
        found = {}
        for entry in self._files.list(PINS):
            run = entry.name.rpartition("/")[2]
            if is_run_id(run):
                try:
                    note = read_object(self._files.read(entry.name), "a pin").get("note")
                except (ManifestError, FileNotFoundError):
                    note = None  # an unreadable note still pins
                found[run] = note if isinstance(note, str) else ""
        return found

    def thin(self, run: str, parts: Collection[str]) -> None:
        """Say that of the results of *run* only the artifacts named in *parts* are kept."""
        lease_name(run)
        self._files.put(f"{THINNED}/{run}", json.dumps({"parts": sorted(parts)}).encode("utf-8"))

    def unthin(self, run: str) -> None:
        """Forget what was given up of *run*: the run itself is gone."""
        lease_name(run)
        self._files.remove(f"{THINNED}/{run}")

    def thinned(self) -> dict[str, frozenset[str]]:
        """Give every run whose results were given up, with the names of the artifacts that it keeps."""
        found = {}
        for entry in self._files.list(THINNED):
            run = entry.name.rpartition("/")[2]
            if is_run_id(run):
                parts = self.parts_of(run)
                if parts is not None:
                    found[run] = parts
        return found

    def parts_of(self, run: str) -> frozenset[str] | None:
        """Give the artifacts that a thinned run keeps; None if nothing of *run* was given up, as far as is known."""
        lease_name(run)
        try:
            parts = read_object(self._files.read(f"{THINNED}/{run}"), "what a run keeps").get("parts")
        except (ManifestError, FileNotFoundError):
            return None  # of a note that cannot be read everything is kept
        return frozenset(map(str, parts)) if isinstance(parts, list) else None

    def take_in(self, run: str) -> None:
        """Say that *run* was computed elsewhere, by somebody who is not trusted: its results are never served."""
        lease_name(run)
        self._files.put(f"{IMPORTED}/{run}", b"")

    def trust(self, run: str) -> None:
        """Let the results of *run* be served, wherever they were computed."""
        lease_name(run)
        self._files.remove(f"{IMPORTED}/{run}")

    def is_foreign(self, run: str) -> bool:
        """Tell whether *run* was computed elsewhere and is not trusted."""
        lease_name(run)
        return self._files.size(f"{IMPORTED}/{run}") is not None

    def _read(self, folder: str) -> Iterator[tuple[str, str | None]]:
        for entry in self._files.list(folder):
            try:
                yield entry.name.rpartition("/")[2], _run(self._files.read(entry.name))
            except FileNotFoundError:
                continue


def _run(data: bytes) -> str | None:
    text = data[:64].decode("ascii", "replace").strip()
    return text if is_run_id(text) else None
