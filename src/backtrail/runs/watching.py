"""What a run does besides computing: files it reads, the network, programs, chance. Seen through Python's audit events.

One hook is installed for the life of the process when the first run is recorded; it does nothing unless a run is being
watched. Readers written in C (pyarrow, polars) open files without an event: name such files with :func:`track`.
"""

from __future__ import annotations

import contextlib
import os
import random
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from .code.model import CodeFile
from .code.normal import analyse
from .code.places import not_user_code
from .code.recordable import recordable
from .digests import blob_digest
from .references import asked
from .source import compiled_source

LARGEST_INPUT: Final = 512 * 1024 * 1024
_SYSTEM: Final = ("/proc/", "/sys/", "/dev/", "/usr/", "/etc/", "/lib", "/bin/")
_WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_TRUNC
_PROGRAMS: Final = ("subprocess.Popen", "os.system", "os.posix_spawn", "os.exec")
_COMPILED: Final = (".pyc", ".pyo", ".so", ".pyd")

_installed = False
_watches: list[Watch] = []
_recorders: list[int] = []
_lock = threading.Lock()


class Watch:
    """Collects what happens between :meth:`start` and :meth:`stop`: on the thread that started it, and on threads that
    no other watch or recorder is known to work on.

    *ignored* are files that are known otherwise: bars that are fingerprinted, and code that is in the closure.
    """

    def __init__(self, root: Path, ignored: frozenset[str] = frozenset()) -> None:
        self.root = str(root)
        self.ignored = ignored
        self.read: dict[str, str] = {}
        self.network = False
        self.programs = False
        self.wrote = False
        self.thread = 0
        self._modules: frozenset[str] = frozenset()
        self._late_: dict[str, str] = {}
        self._chance: Any = None
        self.chance = False

    def start(self) -> None:
        """Begin to watch."""
        global _installed
        with _lock:
            if not _installed:
                sys.addaudithook(_heard)
                _installed = True
            self._modules = frozenset(sys.modules)
            self._chance = _chance_state()
            self.thread = threading.get_ident()
            _watches.append(self)

    def stop(self) -> None:
        """Watch no longer."""
        with _lock:
            if self in _watches:
                _watches.remove(self)
        self._late_ = self._late_modules()
        self.chance = _chance_state() != self._chance

    def opened(self, path: str, writing: bool) -> None:
        """Take note of a file that was opened."""
        if path.startswith(_SYSTEM) or path.endswith(_COMPILED) or "__pycache__" in path:
            return
        if path.endswith(".py") and path.startswith(not_user_code()):
            return
        if writing:
            self.wrote = self.wrote or not path.startswith(_SYSTEM)
        elif path not in self.ignored:
            self.read.setdefault(path, "observed")

    def inputs(self) -> tuple[list[dict[str, Any]], bool]:
        """Give the files that were read, with their digests, and whether one of them lies outside of the project.

        A file that was to be read and is not there has no digest: a run that finds it is another one.

        Modules of the user's that were first loaded meanwhile are among them.
        """
        self.read.update(dict.fromkeys(self._late_, "imported"))
        found, outside = [], False
        skipped = not_user_code()
        for path, how in sorted(self.read.items()):
            real = os.path.realpath(path)
            if real.startswith(skipped) or (real in self.ignored and how == "observed"):
                continue
            shown = relative(real, self.root)
            if shown is None or not _is_text(shown):
                outside = outside or os.path.exists(real)  # what was looked for elsewhere in vain is no input
                continue
            seen = digest_of(real)
            if seen is not None or not os.path.exists(real):
                found.append({"path": shown, "digest": seen, "how": how})
        return found, outside

    def late_code(self) -> list[CodeFile]:
        """Give the modules of the project that were first loaded meanwhile and that nobody knew of before."""
        found = []
        for path, name in self._late_.items():
            real = os.path.realpath(path)
            shown = relative(real, self.root)
            if shown is None or real in self.ignored or not _is_text(shown):
                continue
            try:
                with open(real, "rb") as opened:
                    text = opened.read()
            except OSError:
                continue
            seen = analyse(text)
            file = CodeFile(
                path=recordable(shown, seen.raw), module=name, raw=seen.raw, norm=seen.norm, role="module",
                how="runtime", size=len(text), secrets=seen.secrets, content=text,
            )  # fmt: skip
            found.append(file)
        return found

    def late_asked(self) -> set[str]:
        """Give what the code of the modules that were first loaded meanwhile asks for that no key can tell."""
        found: set[str] = set()
        for path, name in self._late_.items():
            module = sys.modules.get(name)
            with contextlib.suppress(OSError, SyntaxError, ValueError):
                found.update(asked(compiled_source(Path(path).read_bytes()), {} if module is None else vars(module)))
        return found

    def _late_modules(self) -> dict[str, str]:
        """Give the file and the name of each module of the user's that was first loaded meanwhile."""
        late: dict[str, str] = {}
        for name, module in list(sys.modules.items()):
            if name not in self._modules:
                file = getattr(module, "__file__", None)
                if isinstance(file, str) and file.endswith(".py") and not file.startswith(not_user_code()):
                    late.setdefault(file, name)
        return late


@contextlib.contextmanager
def recording() -> Iterator[None]:
    """Have what this thread does count for no watch of another thread: it prepares or writes a record."""
    thread = threading.get_ident()
    with _lock:
        _recorders.append(thread)
    try:
        yield
    finally:
        with _lock:
            _recorders.remove(thread)


def _hearing() -> list[Watch]:
    """Give the watches that what happens on this thread counts for."""
    here = threading.get_ident()
    watches = list(_watches)
    if here in _recorders or any(watch.thread == here for watch in watches):
        return [watch for watch in watches if watch.thread == here]
    return watches


def _heard(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watches:
        return
    if event == "open":
        path, _, flags = arguments
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if isinstance(path, str) and isinstance(flags, int):
            for watch in _hearing():
                watch.opened(os.path.abspath(path), bool(flags & _WRITES))
    elif event == "sqlite3.connect":
        path = _database(arguments[0])
        for watch in _hearing() if path else ():
            watch.opened(path, False)
    elif event == "socket.connect":
        for watch in _hearing():
            watch.network = True
    elif event in _PROGRAMS and not threading.current_thread().name.startswith("backtrail-"):
        for watch in _hearing():
            watch.programs = True


def _is_text(path: str) -> bool:
    """Tell whether the bytes of a file name are text, which a record can hold."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _database(name: Any) -> str:
    """Give the file of an SQLite database; empty for one in memory."""
    text = os.fsdecode(name) if isinstance(name, str | bytes | os.PathLike) else ""
    if text.startswith("file:"):
        text = text[5:].partition("?")[0]
    return os.path.abspath(text) if text and text != ":memory:" else ""


def track(path: str | os.PathLike[str]) -> None:
    """Name a file that the run reads in a way that cannot be seen: the result rests on its content too."""
    for watch in _hearing():
        watch.read[os.path.abspath(path)] = "declared"


def relative(path: str, root: str) -> str | None:
    """Give *path* as a posix path below *root*; None if it is not below it."""
    if not path.startswith(root.rstrip(os.sep) + os.sep):
        return None
    return os.path.relpath(path, root).replace(os.sep, "/")


def digest_of(path: str) -> str | None:
    """Give the digest of a regular file; None if it cannot be read, or is too large."""
    try:
        seen = os.stat(path)
        if not stat.S_ISREG(seen.st_mode) or seen.st_size > LARGEST_INPUT:
            return None
        with open(path, "rb") as opened:
            return blob_digest(opened.read())
    except OSError:
        return None


def _chance_state() -> Any:
    """Give the state of the random generators that a program shares."""
    state: list[Any] = [random.getstate()]
    numpy = sys.modules.get("numpy")
    if numpy is not None and "numpy.random" in sys.modules:
        name, keys, *rest = numpy.random.get_state()
        state += [name, keys.tobytes(), *rest]
    return state


__all__ = ["Watch", "digest_of", "recording", "relative", "track"]
