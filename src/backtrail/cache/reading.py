"""The files that a cached function reads while it runs: their content decides its result as arguments do."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

from ..runs.code.places import not_user_code
from ..runs.watching import Watch, digest_of, relative, track
from .records import rests_elsewhere

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ..runs.code import Closure
    from ..runs.store import Run, Store


class Reading(Watch):
    """Collects what the thread that makes it reads between `start` and `stop`.

    Code of *closure*, files of *store*, its index and backtrail's own caches, and files that were written meanwhile are
    left out.
    """

    def __init__(self, closure: Closure, store: Store) -> None:
        import platformdirs

        known = [one.source for one in closure.files if one.source is not None and one.how != "yaml"]
        super().__init__(closure.root, frozenset(known))
        index = store.index.path
        own = [
            store.url, None if index is None else os.path.dirname(index), os.environ.get("BACKTRAIL_CACHE_DIR"),
            platformdirs.user_cache_dir("backtrail", appauthor=False),
        ]  # fmt: skip
        self._own = tuple(os.path.join(os.path.abspath(one), "") for one in own if one)
        self._written_: set[str] = set()
        self._thread = threading.get_ident()

    def opened(self, path: str, writing: bool) -> None:
        """Take note of a file that this thread opened."""
        if threading.get_ident() != self._thread or path.startswith(self._own):
            return
        if writing:
            self._written_.add(path)
        elif path not in self._written_:
            super().opened(path, writing)

    def ended(self) -> tuple[list[dict[str, Any]], list[str]]:
        """Stop; give the files of the project that were read, with their digests, and the names of those outside."""
        self.stop()
        for path in [path for path in self.read if os.path.exists(path) and not os.path.isfile(path)]:
            del self.read[path]
        found, outside = self.inputs()
        if not outside:
            return found, []
        reals = [os.path.realpath(path) for path in self.read]
        apart = [one for one in reals if relative(one, self.root) is None and not one.startswith(not_user_code())]
        return found, sorted({os.path.basename(one) for one in apart if one not in self.ignored})


def changed_inputs(run: Run, root: Path) -> list[str]:
    """Name the files below *root* that *run* read and that differ from what it read; the others count as read again."""
    changed = []
    for one in run.manifest.get("inputs") or ():
        path = os.path.join(root, *one["path"].split("/"))
        if digest_of(path) != one.get("digest"):
            changed.append(one["path"])
        else:
            track(path)
    return changed


def read_the_same(known: Run, manifest: Mapping[str, Any]) -> bool:
    """Tell whether *known* and the run of *manifest* are known to rest on the same files with the same content."""
    if rests_elsewhere(known.manifest) or rests_elsewhere(manifest):
        return False
    return (manifest.get("inputs") or []) == (known.manifest.get("inputs") or [])


__all__ = ["Reading", "changed_inputs", "read_the_same"]
