"""Remember analyses: in this process by what ``stat`` says of a file, on disk by the digest of its bytes.

The file on disk holds the analyses of one project for one minor version of Python. It is a cache: losing it costs the
time to parse again, and a file that is torn, foreign or of another layout is ignored. Processes may write it at the
same time: each write is whole, and the last one stays.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Iterable
from functools import partial
from typing import Any, Final, NamedTuple

from ..digests import blob_digest, digest, is_digest
from .analysis import FORM, Analysis, Import
from .folders import Folders, Signature, is_settled, read_regular, read_signed, signature

LIMIT: Final = 64 * 1024 * 1024
_LARGEST_PACK: Final = 64 * 1024 * 1024
_SPARE: Final = 200
_MINOR: Final = f"{sys.version_info[0]}.{sys.version_info[1]}"


class Snapshot(NamedTuple):
    """The bytes of a file at one moment, with their digest."""

    content: bytes
    raw: str
    signature: Signature


class Memo:
    """What is known of source files; one object may serve many closures and threads."""

    def __init__(self, where: str | os.PathLike[str] | None = None) -> None:
        """Keep analyses below the folder *where* (default: backtrail's folder in the user's cache directory)."""
        self.folders = Folders()
        self._where_ = None if where is None else os.fspath(where)
        self._snapshots: dict[str, tuple[Signature, bool, Snapshot]] = {}
        self._analyses: dict[str, Analysis] = {}
        self._packs: dict[str, set[str]] = {}

    def snapshot(self, path: str) -> Snapshot:
        """Read the file *path*, or give what was read before if it cannot have changed; may raise OSError."""
        known = self._snapshots.get(path)
        if known is not None and known[1] and known[0] == signature(path):
            return known[2]
        now_ns = time.time_ns()
        content, signed = read_signed(path, LIMIT)
        made = Snapshot(content, blob_digest(content), signed)
        self._snapshots[path] = (made.signature, is_settled(made.signature, now_ns), made)
        return made

    def analysis(self, snapshot: Snapshot) -> Analysis:
        """Give the analysis of a file's bytes."""
        known = self._analyses.get(snapshot.raw)
        if known is None:
            from .normal import analyse

            known = self._analyses[snapshot.raw] = analyse(snapshot.content, snapshot.raw)
        return known

    def open_project(self, root: str) -> None:
        """Read what was remembered of the project at *root*, once."""
        if root in self._packs:
            return
        content = b""
        with contextlib.suppress(OSError):
            content = read_regular(self._pack(root), _LARGEST_PACK)
        written = _unpacked(content)
        for one in written:
            self._analyses.setdefault(one.raw, one)
        self._packs[root] = {one.raw for one in written}

    def save_project(self, root: str, used: Iterable[str]) -> None:
        """Write the analyses of the digests *used* for the project at *root*, if any of them is not written yet."""
        written = self._packs.setdefault(root, set())
        wanted = set(used) & self._analyses.keys()
        if wanted <= written:
            return
        spare = sorted((written - wanted) & self._analyses.keys())[: _SPARE + len(wanted)]
        kept = sorted([*wanted, *spare])
        self._packs[root] = set(kept)
        with contextlib.suppress(
            OSError
        ):  # a cache that cannot be written is no cache, and no fault of the run
            _replace(self._pack(root), _packed([self._analyses[raw] for raw in kept]))

    def _pack(self, root: str) -> str:
        name = digest(f"{FORM}/project", os.fsencode(root), _MINOR.encode()).removeprefix("b3:")
        return os.path.join(self._folder(), f"{name[:32]}.json")

    def _folder(self) -> str:
        if self._where_ is None:
            given = os.environ.get("BACKTRAIL_CACHE_DIR")
            if given:
                self._where_ = os.path.join(given, "code")
            else:
                from platformdirs import user_cache_dir

                self._where_ = os.path.join(user_cache_dir("backtrail", appauthor=False), "code")
        return self._where_


def _packed(analyses: list[Analysis]) -> bytes:
    body = json.dumps(
        {
            "form": FORM,
            "python": _MINOR,
            "files": [
                [a.raw, a.norm, a.docs, a.imports, a.exported, sorted(a.flags), a.error, a.secrets]
                for a in analyses
            ],
        },
        separators=(",", ":"),
    ).encode()
    return f"{blob_digest(body)}\n".encode() + body


def _unpacked(content: bytes) -> list[Analysis]:
    """Read what :func:`_packed` wrote; nothing of it if anything is amiss."""
    head, _, body = content.partition(b"\n")
    if not body or head.decode("ascii", "replace") != blob_digest(body):
        return []
    try:
        written = json.loads(body)
        if written["form"] != FORM or written["python"] != _MINOR:
            return []
        return [_entry(item) for item in written["files"]]
    except (ValueError, TypeError, KeyError, RecursionError):
        return []


_import = partial(tuple.__new__, Import)  # as Import._make, at half of its cost


def _entry(item: list[Any]) -> Analysis:
    raw, norm, docs, imports, exported, flags, error, secrets = item
    if not (is_digest(raw) and is_digest(norm)):
        raise ValueError("an analysis without digests")
    found = [
        _import((level, module, None if names is None else tuple(names), line, bool(optional), bool(dynamic)))
        for level, module, names, line, optional, dynamic in imports
    ]
    return Analysis(raw, norm, docs, tuple(found), tuple(exported), frozenset(flags), error, tuple(secrets))


def _replace(path: str, content: bytes) -> None:
    """Put *content* at *path* in one step."""
    folder, name = os.path.split(path)
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder, 0o700)
    temporary = os.path.join(folder, f".{name}-{os.getpid()}-{threading.get_ident()}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


__all__ = ["LIMIT", "Memo", "Snapshot"]
