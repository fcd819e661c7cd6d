"""Where code lives: the project root, and whether a file is the user's, a library's or Python's own.

Files are told apart by where they resolve to, never by their name: a ``calendar.py`` beside the script is the user's,
and a folder that happens to be called ``backtrail`` is too.
"""

from __future__ import annotations

import os
import site
import sys
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from pathlib import Path

Place = Literal["project", "external", "framework", "stdlib", "library"]

MARKERS: Final = ("pyproject.toml", "setup.py", "setup.cfg", ".git")
_NEVER_PROJECT: Final = frozenset({"site-packages", "dist-packages", "node_modules", ".git", ".backtrail"})
_PACKAGE: Final = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
_OURS: Final = _PACKAGE + os.sep
FRAMEWORK_NAMES: Final = ("backtrail", "backtrader")
_RECORDED: Final = r"(?m)^([^/,]+?)(?:/|\.py,|\.[^/,]*\.(?:so|pyd),)"


def project_root(file: str | os.PathLike[str]) -> Path:
    """Give the project that *file* belongs to, resolved.

    It is the nearest folder upwards with ``pyproject.toml``, ``setup.py``, ``setup.cfg`` or ``.git``; without one the
    current folder if it contains the file, and else the file's own folder.
    """
    from pathlib import Path

    return Path(project_folder(file))


def project_folder(file: str | os.PathLike[str]) -> str:
    """Give the path of what :func:`project_root` gives."""
    folder = os.path.dirname(os.path.realpath(file))
    candidate, inner = folder, ""
    while candidate != inner:
        if any(os.path.lexists(os.path.join(candidate, marker)) for marker in MARKERS):
            return candidate
        candidate, inner = os.path.dirname(candidate), candidate
    try:
        current = os.path.realpath(os.getcwd())
    except OSError:  # the current folder was deleted
        return folder
    return current if below(folder).startswith(below(current)) else folder


def below(folder: str) -> str:
    """Give *folder* as the beginning of the paths below it."""
    return folder if folder.endswith(os.sep) else folder + os.sep


def _prefixes(folders: Iterable[str | None]) -> tuple[str, ...]:
    """Give *folders* and what they resolve to as prefixes of the paths below them."""
    given = [folder for folder in folders if folder]
    return tuple(
        dict.fromkeys(below(path) for folder in given for path in (folder, os.path.realpath(folder)))
    )


@lru_cache(maxsize=1)
def library_prefixes() -> tuple[str, ...]:
    """Give the folders into which packages are installed."""
    whole = {
        sys.prefix,
        sys.base_prefix,
        sys.exec_prefix,
    }  # Windows names these too: they hold more than packages
    user = site.getusersitepackages() if site.ENABLE_USER_SITE else None
    return _prefixes([*(folder for folder in site.getsitepackages() if folder not in whole), user])


@lru_cache(maxsize=1)
def stdlib_prefixes() -> tuple[str, ...]:
    """Give the folders of Python's own library."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    found = [os.path.dirname(os.__file__), os.path.join(sys.base_exec_prefix, sys.platlibdir, version)]
    found.append(os.path.join(sys.base_prefix, "lib", f"{version.replace('.', '')}.zip"))
    if os.name == "nt":
        found.append(os.path.join(sys.base_prefix, "DLLs"))
    return _prefixes(found)


@lru_cache(maxsize=1)
def not_user_code() -> tuple[str, ...]:
    """Give the beginnings of file names that a frame of the user's never has."""
    return (_OURS, *library_prefixes(), *stdlib_prefixes(), "<frozen ")


class Places:
    """Tells whose a file is, for one project; answers about folders are kept for as long as the object lives.

    *root* is the project root; *vendored* names are asked of ``dist-info`` folders that lie beside a module outside of
    the folders for installed packages (``pip install --target``).
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self._root_ = below(str(root))
        self._folders: dict[str, bool] = {}
        self._vendored: dict[str, frozenset[str]] = {}

    def of(self, resolved: str) -> Place:
        """Tell whose the file *resolved* is (an absolute path without links)."""
        if resolved.startswith(_OURS):
            return "framework"
        if resolved.startswith(library_prefixes()):
            return "library"
        if resolved.startswith(stdlib_prefixes()):
            return "stdlib"
        folder = resolved[: resolved.rindex(os.sep)]
        if self._installed(folder):
            return "library"
        if resolved.startswith(self._root_):
            return "project"
        return "external"

    def _installed(self, folder: str) -> bool:
        """Tell whether *folder* lies in an environment or among installed packages."""
        known = self._folders.get(folder)
        if known is None:
            parent = os.path.dirname(folder)
            if os.path.basename(folder) in _NEVER_PROJECT or os.path.isfile(
                os.path.join(folder, "pyvenv.cfg")
            ):
                known = True
            elif parent == folder or below(folder) == self._root_:
                known = False
            else:
                known = self._installed(parent)
            self._folders[folder] = known
        return known

    def vendored(self, folder: str, names: Iterable[str]) -> frozenset[str]:
        """Give the top-level names in *folder* that installed distributions own; *names* is what the folder holds."""
        known = self._vendored.get(folder)
        if known is None:
            owned: set[str] = set()
            for name in names:
                if name.endswith(".dist-info"):
                    owned |= _owned(os.path.join(folder, name, "RECORD"))
            known = self._vendored[folder] = frozenset(owned)
        return known


def _owned(record: str) -> set[str]:
    import re

    try:
        with open(record, encoding="utf-8", errors="replace") as file:
            return set(re.findall(_RECORDED, file.read()))
    except OSError:
        return set()


@lru_cache(maxsize=8)
def _editable_in(folder: str, changed_ns: int) -> tuple[str, ...]:
    """Give the folders of distributions installed in *folder* as editable (PEP 610); *changed_ns* dates the answer."""
    found = []
    try:
        names = [name for name in os.listdir(folder) if name.endswith(".dist-info")]
    except OSError:
        return ()
    for name in sorted(names):
        record = os.path.join(folder, name, "direct_url.json")
        if not os.access(record, os.R_OK):  # quicker than to fail to open what most have not
            continue
        import json

        try:
            with open(record, encoding="utf-8") as file:
                written = json.load(file)
        except (OSError, ValueError):
            continue
        if not isinstance(written, dict) or not isinstance(written.get("dir_info"), dict):
            continue
        path = _path_of(str(written.get("url", "")))
        if path and written["dir_info"].get("editable"):
            where = os.path.realpath(path)
            found += [path for path in (os.path.join(where, "src"), where) if os.path.isdir(path)]
    return tuple(found)


def _path_of(url: str) -> str:
    """Give the path that a ``file:`` address means, without the slash before a drive letter; empty for other ones."""
    scheme, colon, rest = url.partition(":")
    if not colon or scheme.lower() != "file":
        return ""
    path = rest.partition("#")[0].partition("?")[0]
    if path.startswith("//"):  # the name of a machine, which is empty or this one
        path = path[2:]
        path = path[path.find("/") :] if "/" in path else ""
    if "%" in path:
        from urllib.parse import unquote

        path = unquote(path)
    return path[1:] if os.name == "nt" and path[2:3] == ":" else path


def editable_roots() -> tuple[str, ...]:
    """Give the source folders of packages that are installed as editable: code that changes like the project's own."""
    found: list[str] = []
    for prefix in library_prefixes():
        folder = prefix.rstrip(os.sep)
        try:
            changed = os.stat(folder).st_mtime_ns
        except OSError:
            continue
        found += _editable_in(folder, changed)
    return tuple(path for path in dict.fromkeys(found) if not below(path).startswith(_OURS) and
                 not _OURS.startswith(below(path)))  # fmt: skip


__all__ = ["FRAMEWORK_NAMES", "Place", "Places", "editable_roots", "library_prefixes", "not_user_code",
           "project_folder", "project_root", "stdlib_prefixes"]  # fmt: skip
