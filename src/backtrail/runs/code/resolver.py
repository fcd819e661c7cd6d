"""Find the file of a module without importing anything.

The order within one folder is Python's: a package, an extension module, a source file, and a folder without
``__init__.py`` only if no entry of the path has anything better. Names that are built in or frozen into the
interpreter come first, because nothing can shadow them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import EXTENSION_SUFFIXES, FrozenImporter
from typing import Final, Literal, NamedTuple

from .folders import Entry, Folders, Signature
from .places import FRAMEWORK_NAMES, Place, Places, below

Kind = Literal["source", "binary", "namespace", "zip", "builtin"]
_SUFFIXES: Final = (*((suffix, "binary") for suffix in EXTENSION_SUFFIXES), (".py", "source"), (".pyw", "source"),
                    (".pyc", "binary"))  # fmt: skip


class Found(NamedTuple):
    """A module that was found.

    ``file`` is the path as found, ``real`` what it resolves to (both empty for built-in modules and for packages
    without ``__init__.py``); ``locations`` are the folders in which submodules lie, None for a plain module. A member
    of a zip archive has the archive as ``archive`` and its name in there as ``member``.
    """

    name: str
    kind: Kind
    place: Place
    file: str = ""
    real: str = ""
    locations: tuple[str, ...] | None = None
    archive: str = ""
    member: str = ""
    is_link: bool = False


class Resolver:
    """Resolves absolute names along *path* and relative ones in a folder; every answer is kept for its lifetime.

    ``consulted`` collects the signature of each folder whose content decided an answer: as long as they stay, so do the
    answers.
    """

    def __init__(self, places: Places, path: Sequence[str], folders: Folders) -> None:
        self.places = places
        self.path = path
        self.folders = folders
        self.consulted: dict[str, Signature] = {}
        self._entries: dict[str, dict[str, Entry]] = {}
        self._known: dict[str, Found | None] = {}
        self._real: dict[str, str] = {}

    def find(self, name: str) -> Found | None:
        """Find the module *name* (dotted, absolute), or None if no file answers it."""
        if name in self._known:
            return self._known[name]
        parent, _, tail = name.rpartition(".")
        if parent:
            package = self.find(parent)
            if package is None:
                found = None
            elif package.locations is None or package.kind == "builtin":
                found = None
            else:
                found = self.find_in(package.locations, tail, name)
        elif is_fixed(name):
            found = Found(name, "builtin", "stdlib")
        else:
            found = self.find_in(self.path, tail, name)
        self._known[name] = found
        return found

    def find_in(self, folders: Iterable[str], tail: str, name: str) -> Found | None:
        """Find *tail* in *folders* and call it *name*."""
        portions: list[str] = []
        for folder in folders:
            entries = self._listing(folder)
            if not entries:
                inside = self._find_in_zip(folder, tail, name)
                if inside is not None:
                    return inside
                continue
            entry = entries.get(tail)
            if entry is not None and entry.is_folder:
                found = self.package(folder, tail, name, entry.is_link)
                if found is not None:
                    return found
                portions.append(below(folder) + tail)
            for suffix, kind in _SUFFIXES:
                plain = entries.get(tail + suffix)
                if plain is not None and not plain.is_folder:
                    return self._file(folder, tail + suffix, name, kind, None, plain.is_link)  # type: ignore[arg-type]
        if not portions:
            return None
        place = self.places.of(os.path.join(self._resolved(portions[0]), "__init__.py"))
        return Found(name, "namespace", place, locations=tuple(portions))

    def _listing(self, folder: str) -> dict[str, Entry]:
        entries = self._entries.get(folder)
        if entries is None:
            self.consulted[folder], entries = self.folders.listing(folder)
            self._entries[folder] = entries
        return entries

    def package(self, folder: str, tail: str, name: str, is_link: bool = False) -> Found | None:
        """Find the regular package *tail* in *folder* and call it *name*."""
        inner = below(folder) + tail
        entries = self._listing(inner)
        for suffix, kind in _SUFFIXES:
            init = entries.get(f"__init__{suffix}")
            if init is not None and not init.is_folder:
                linked = is_link or init.is_link
                return self._file(inner, f"__init__{suffix}", name, kind, (inner,), linked)  # type: ignore[arg-type]
        return None

    def _file(
        self, folder: str, base: str, name: str, kind: Kind, locations: tuple[str, ...] | None, is_link: bool
    ) -> Found:
        file = below(folder) + base
        real = os.path.realpath(file) if is_link else below(self._resolved(folder)) + base
        place = self.places.of(real)
        if place in ("project", "external"):
            outer, _, tail = name.rpartition(".")
            if outer:
                package = self._known.get(outer)
                place = "library" if package is not None and package.place == "library" else place
            elif tail in self.places.vendored(*self._beside(folder, locations)):
                place = "library"
        return Found(name, kind, place, file, real, locations, is_link=is_link)

    def _beside(self, folder: str, locations: tuple[str, ...] | None) -> tuple[str, dict[str, Entry]]:
        """Give the folder in which a top-level module or package lies, and what it holds."""
        outer = folder if locations is None else os.path.dirname(folder)
        return outer, self._listing(outer)

    def _find_in_zip(self, path: str, tail: str, name: str) -> Found | None:
        archive, inner = _split_archive(path)
        if not archive:
            return None
        members = self.folders.members(archive)
        for member, is_package in ((f"{inner}{tail}/__init__.py", True), (f"{inner}{tail}.py", False)):
            if member in members:
                real = os.path.realpath(archive)
                place = self.places.of(real)
                locations = (os.path.join(path, tail),) if is_package else None
                return Found(
                    name, "zip", place, f"{archive}{os.sep}{member}", real, locations, archive, member
                )
        return None

    def _resolved(self, folder: str) -> str:
        known = self._real.get(folder)
        if known is None:
            known = self._real[folder] = os.path.realpath(folder)
        return known


def _split_archive(path: str) -> tuple[str, str]:
    """Split a path that leads into a zip archive: the archive, and the folder in it with a slash behind."""
    lower = path.lower()
    for suffix in (".zip", ".egg", ".whl", ".pyz"):
        at = lower.find(suffix)
        end = at + len(suffix)
        if at >= 0 and (end == len(path) or path[end] == os.sep) and os.path.isfile(path[:end]):
            inner = path[end:].strip(os.sep).replace(os.sep, "/")
            return path[:end], f"{inner}/" if inner else ""
    return "", ""


def is_fixed(name: str) -> bool:
    """Tell whether *name* is built in or frozen into the interpreter: no file can take its place."""
    if name in sys.builtin_module_names:
        return True
    return FrozenImporter.find_spec(name) is not None


def is_framework(name: str) -> bool:
    """Tell whether *name* is backtrail, one of its modules, or the name under which it answers for backtrader."""
    return name.partition(".")[0] in FRAMEWORK_NAMES


def search_path(main: str | None, root: str, extra: Sequence[str] = ()) -> tuple[str, ...]:
    """Give the folders in which absolute imports are looked up.

    These are the folder of the main file, the project root, its ``src``, ``sys.path``, and *extra*.
    """
    first = [os.path.dirname(main)] if main else []
    src = os.path.join(root, "src")
    path = [entry or os.curdir for entry in sys.path]
    absolute = [os.path.abspath(entry) for entry in (*first, root, src, *path, *extra)]
    return tuple(dict.fromkeys(absolute))


__all__ = ["Found", "Kind", "Resolver", "is_fixed", "is_framework", "search_path"]
