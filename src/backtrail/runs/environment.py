"""Where a run took place, as far as its result may depend on it: Python, machine, libraries, git.

Nothing here names the user, the host or a folder outside of the project.
"""

from __future__ import annotations

import functools
import json
import os
import platform
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .. import _version
from .code.secrets import allowed_environment, kinds_of_secrets, redact_arguments, strip_userinfo
from .digests import blob_digest, digest, is_digest
from .key import SEMANTICS_EPOCH

GIT_SECONDS: Final = 5.0
LARGEST_DIFF: Final = 4 * 1024 * 1024
_LOCKS: Final = ("uv.lock", "pylock.toml", "poetry.lock", "pdm.lock", "requirements.txt", "requirements.lock")
_RACY_SECONDS: Final = 2.0  # a file that changed so lately may change again within the same tick of its clock
_OWN: Final = Path(__file__).resolve().parent.parent


# -- the engine ------------------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=1)
def engine_build() -> str | None:
    """Give the digest of the engine's source if it is under development (not installed as a package); else None."""
    if "site-packages" in _OWN.parts or "dist-packages" in _OWN.parts:
        return None
    seen = {path: os.stat(path) for path in _sources(str(_OWN))}
    marks = [f"{path} {one.st_size} {one.st_mtime_ns} {one.st_ino}".encode() for path, one in seen.items()]
    settled = max(one.st_mtime for one in seen.values()) < time.time() - _RACY_SECONDS
    memo = _memo_file(digest("backtrail-engine-files/1", *marks))
    if settled:
        try:
            known = memo.read_text(encoding="ascii")
            if is_digest(known):
                return known
        except (OSError, ValueError):
            pass
    parts = []
    for path in seen:
        with open(path, "rb") as opened:
            parts += [os.path.relpath(path, _OWN).replace(os.sep, "/").encode(), opened.read()]
    build = digest("backtrail-engine/1", *parts)
    if settled:
        _keep(memo, build)
    return build


def _sources(folder: str) -> list[str]:
    """Give the engine's source files, sorted by path."""
    found = []
    for entry in sorted(os.scandir(folder), key=lambda one: one.name):
        if folder == str(_OWN) and _is_apart(entry.name):
            continue
        if entry.is_dir(follow_symlinks=False):
            found += _sources(entry.path) if entry.name != "__pycache__" else []
        elif entry.name.endswith(".py"):
            found.append(entry.path)
    return found


def _memo_file(mark: str) -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("backtrail", appauthor=False)) / "engine" / mark[3:35]


def _keep(memo: Path, build: str) -> None:
    """Remember a digest; it can be made again, so a fault is no failure."""
    draft = memo.with_name(f"{memo.name}.{os.getpid()}")
    try:
        memo.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(build, encoding="ascii")
        os.replace(draft, memo)
    except OSError:
        return


def _is_apart(package: str) -> bool:
    """Tell whether a part of backtrail decides no result of a run."""
    return package in ("cli", "web", "testing", "runs", "report", "backtest", "cache", "cache.py", "compat")


def engine_entry() -> dict[str, Any]:
    """Give what a manifest says of the engine."""
    return {
        "name": "backtrail",
        "version": _version.__version__,
        "semantics_epoch": SEMANTICS_EPOCH,
        "build": engine_build(),
    }


# -- libraries -------------------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=8)
def _installed(folders: tuple[tuple[str, int], ...]) -> dict[str, str]:
    """Give the version of every distribution in *folders* (each with the time of its last change), by name."""
    found: dict[str, str] = {}
    for folder, _ in folders:
        with os.scandir(folder) as entries:
            for entry in entries:
                stem, dot, kind = entry.name.rpartition(".")
                if dot and kind == "dist-info" and "-" in stem:
                    name, _, version = stem.rpartition("-")
                    found.setdefault(name.lower().replace("_", "-").replace(".", "-"), version)
    return found


def distributions() -> dict[str, str]:
    """Give the version of every installed distribution by its normalised name."""
    folders = []
    for path in dict.fromkeys(sys.path):
        try:
            if path and path.endswith(("site-packages", "dist-packages")):
                folders.append((path, os.stat(path).st_mtime_ns))
        except OSError:
            continue
    return _installed(tuple(folders))


@functools.lru_cache(maxsize=1)
def _owners() -> dict[str, list[str]]:
    from importlib.metadata import packages_distributions

    return {name: sorted(owners) for name, owners in packages_distributions().items()}


def versions_of(packages: Iterable[str]) -> dict[str, str]:
    """Give the version of each of *packages* (top-level names of imports) that is installed."""
    known = distributions()
    made: dict[str, str] = {}
    for package in sorted(packages):
        name = package.lower().replace("_", "-")
        if package == "backtrail":
            continue  # the engine is a part of its own
        if name in known:
            made[package] = known[name]
            continue
        owners = _owners().get(package, [])
        if owners:
            made[package] = " ".join(
                f"{owner} {known.get(owner.lower().replace('_', '-').replace('.', '-'), '?')}"
                for owner in owners
            )
    return made


def key_values(packages: Iterable[str]) -> list[Any]:
    """Give what of the environment belongs to a key: Python's minor version, the machine, the libraries in use."""
    return [list(sys.version_info[:2]), platform.machine(), versions_of(packages)]


def lock() -> bytes:
    """Give the installed distributions as JSON: names and versions, sorted."""
    return json.dumps(dict(sorted(distributions().items())), separators=(",", ":")).encode()


@functools.lru_cache(maxsize=1)
def _fixed() -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": sys.platform,
        "machine": platform.machine(),
        "cores": os.cpu_count(),
    }


def env_entry(root: Path, packages: Iterable[str]) -> tuple[dict[str, Any], list[bytes]]:
    """Give what a manifest says of the environment, and the blobs that it names."""
    blobs = [lock()]
    entry = {
        **_fixed(),
        "packages": versions_of(packages),
        "dists": blob_digest(blobs[0]),
        "variables": allowed_environment(),
        "argv": redact_arguments([os.path.basename(sys.argv[0]), *sys.argv[1:]] if sys.argv else []),
        "lockfiles": [],
    }
    for name in _LOCKS:
        path = root / name
        if path.is_file() and path.stat().st_size <= LARGEST_DIFF:
            blobs.append(path.read_bytes())
            entry["lockfiles"].append({"path": name, "digest": blob_digest(blobs[-1])})
    return entry, blobs


# -- git -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class GitState:
    """What git says of the project: the entry of a manifest, and the difference to the last commit."""

    entry: dict[str, Any]
    diff: bytes | None


_git_lock = threading.Lock()
_git_known: dict[Any, GitState | None] = {}


class GitReader:
    """Asks git about the project of *root* on a thread of its own, so that a run need not wait for it.

    What is known for the same commit, index and code (*mark*) is not asked again.
    """

    def __init__(self, root: Path, mark: Any) -> None:
        self._root_ = root
        self._key = (str(root), mark, _head(root))
        self._state: GitState | None = None
        self._thread: threading.Thread | None = None
        with _git_lock:
            known = self._key in _git_known
        if self._key[2] is None:
            return
        if known:
            self._state = _git_known[self._key]
            return
        self._thread = threading.Thread(target=self._read, daemon=True, name="backtrail-git")
        self._thread.start()

    def _read(self) -> None:
        self._state = _git(self._root_)
        with _git_lock:
            while len(_git_known) >= 16:
                del _git_known[next(iter(_git_known))]
            _git_known[self._key] = self._state

    def state(self) -> GitState | None:
        """Give what git said; None without git or outside of a repository."""
        if self._thread is not None:
            self._thread.join(GIT_SECONDS)
        return self._state


def _head(root: Path) -> Any:
    """Give what changes whenever a commit is made or files are staged; None outside of a repository."""
    folder = str(root)
    while True:
        git = os.path.join(folder, ".git")
        if os.path.exists(git):
            break
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent
    marks: list[Any] = [folder]
    for name in ("HEAD", "index", "logs/HEAD"):
        try:
            seen = os.stat(os.path.join(git, name))
            marks.append((name, seen.st_mtime_ns, seen.st_size))
        except OSError:
            continue
    return tuple(marks)


# Nothing that the configuration of a repository names is run: monitors, hooks, filters, other programs that tell
# differences, or what fetches objects that are not there; nor git within a submodule, which has its own configuration.
_QUIET: Final = ("--no-pager", "--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
_OFFLINE: Final = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}
_PLAIN_DIFF: Final = (
    "--no-ext-diff", "--no-textconv", "--no-color", "--binary", "--ignore-submodules=dirty",
)  # fmt: skip


def _git(root: Path) -> GitState | None:
    program = shutil.which("git")
    if program is None:
        return None

    quiet = [*_QUIET]

    def ask(*arguments: str, none: int = 0) -> bytes | None:
        """Give what git says; None if it fails, or ends with something else than 0 or *none*."""
        try:
            done = subprocess.run(
                [program, *quiet, "-C", str(root), *arguments], env={**os.environ, **_OFFLINE},
                capture_output=True, timeout=GIT_SECONDS, stdin=subprocess.DEVNULL, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout if done.returncode in (0, none) else None

    settings = ask("config", "-z", "--get-regexp", r"^(filter\..*|remote\.origin\.url)$", none=1)
    if settings is None:
        return None
    remote = ""
    for one in settings.decode("utf-8", "surrogateescape").split("\0"):
        name, _, value = one.partition("\n")
        if name == "remote.origin.url":
            remote = value
        elif name:
            name = name.rpartition(".")[0]
            if "=" in name:
                return None  # such a name cannot be given on the command line, so its programs cannot be left out
            for program_of in ("clean", "smudge", "process"):
                quiet += ["-c", f"{name}.{program_of}="]
            quiet += ["-c", f"{name}.required=false"]
    status = ask("status", "--porcelain=v2", "--branch", "--untracked-files=no", "--ignore-submodules=dirty")
    if status is None:
        return None
    said = status.decode("utf-8", "replace").splitlines()
    heads = dict(line[2:].split(" ", 1) for line in said if line.startswith("# branch.") and " " in line[2:])
    dirty = any(not line.startswith("#") for line in said)
    entry: dict[str, Any] = {
        "commit": None if heads.get("branch.oid") == "(initial)" else heads.get("branch.oid"),
        "branch": heads.get("branch.head"),
        "dirty": dirty,
        "diff": None,
        "remote": strip_userinfo(remote.encode("utf-8", "replace").decode().strip()) if remote else None,
    }
    diff = None
    if dirty and entry["commit"]:
        diff = ask("diff", *_PLAIN_DIFF, "HEAD", "--", ".")
        if diff is not None and len(diff) > LARGEST_DIFF:
            entry["diff_size"], diff = len(diff), None
    if diff:
        entry["diff"] = blob_digest(diff)
        found = kinds_of_secrets(diff)
        if found:
            entry["secrets"] = list(found)
    return GitState(entry, diff or None)


__all__ = ["GitReader", "GitState", "distributions", "engine_build", "engine_entry", "env_entry", "key_values", "lock",
           "versions_of"]  # fmt: skip
