"""Run a record again and say whether the same comes out: code and bars as recorded, in a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import BacktrailError
from .checkout import CannotRebuild, checkout, inputs_not_stored, missing_parts
from .compare import first_row
from .digests import blob_digest
from .fingerprint import fingerprint
from .record import TABLES

if TYPE_CHECKING:
    from .store import Run

ENVIRONMENTS: Final = ("current", "locked")
_PACKAGE: Final = Path(__file__).resolve().parent.parent
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_VERSION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.!+_-]*")
# what an engine that was not installed as a package needs
_NEEDED: Final = (
    "blake3", "cloudpickle", "filelock", "numba", "numpy", "pathspec", "platformdirs", "pyarrow", "pyyaml", "rich",
    "typer",
)  # fmt: skip
_NOT_LOCKED: Final = frozenset(("backtrail", "pip", "setuptools", "wheel"))


class RerunFailed(BacktrailError, RuntimeError):
    """A run that could not be run again; the message says what the process said."""


def rerun(run: Run, env: str = "current", timeout_s: float | None = None) -> dict[str, Any]:
    """Run *run* again and compare: ``{"identical": …, "tables": …, "metrics": …}``.

    *env* is ``"current"`` (this Python and its libraries) or ``"locked"`` (an environment made of the recorded lock).
    ``tables`` gives for each table None if it is the same, else the first row that differs; ``not_restored`` names the
    files that the run read and of which only the digest is recorded. Raise
    :class:`~.checkout.CannotRebuild` or :class:`RerunFailed`.
    """
    if env not in ENVIRONMENTS:
        raise CannotRebuild(
            f"running {run.id} again - expected env to be one of {list(ENVIRONMENTS)} - found {env!r}"
        )
    lacking = missing_parts(run)
    if lacking:
        raise CannotRebuild(f"running {run.id} again - its record lacks {', '.join(lacking)}")
    with tempfile.TemporaryDirectory(prefix="backtrail-rerun-") as folder:
        code, out = Path(folder, "code"), Path(folder, "out")
        code.mkdir()
        out.mkdir()
        checkout(run, code)
        python, path = (sys.executable, None) if env == "current" else locked_python(run)
        _execute(run, python, path, code, out, timeout_s)
        return _compared(run, out, env)


def _execute(run: Run, python: str, path: str | None, code: Path, out: Path, timeout_s: float | None) -> None:
    environment = {
        name: value for name, value in os.environ.items() if name not in ("BACKTRAIL_STORE", "PYTHONPATH")
    }
    before = [str(_PACKAGE.parent)] if path is None else [path]
    environment["PYTHONPATH"] = os.pathsep.join(one for one in before if one)
    hashed = (run.manifest.get("seed") or {}).get("PYTHONHASHSEED")
    if isinstance(hashed, str):
        environment["PYTHONHASHSEED"] = hashed
    command = [python, "-m", "backtrail.cli.runs_again", run.store.place.url, run.id, str(code), str(out)]
    try:
        done = subprocess.run(
            command, cwd=code, env=environment, capture_output=True, text=True, check=False, timeout=timeout_s,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise RerunFailed(f"running {run.id} again - it took longer than {timeout_s} s") from error
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise RerunFailed(
            f"running {run.id} again - the process ended with {done.returncode}: " + "\n".join(said[-8:])
        )


def _compared(run: Run, out: Path, env: str) -> dict[str, Any]:
    import pyarrow as pa

    told = json.loads((out / "result.json").read_text(encoding="utf-8"))
    tables: dict[str, Any] = {}
    for name in TABLES:
        item = run.artifacts.get(name)
        path = out / f"{name}.arrow"
        if item is None or not path.exists():
            if item is not None:
                tables[name] = {"row": 0, "text": "the new run has no such table"}
            continue
        with pa.memory_map(str(path)) as source:
            table = pa.ipc.open_file(source).read_all()
            same = fingerprint(table).digest == item.get("content")
            tables[name] = None if same else first_row(run.table(name), table)
            del table
    again = {name: float(value) for name, value in (told.get("metrics") or {}).items()}
    known = run.metrics
    metrics = {
        name: [known[name], value] for name, value in again.items() if name in known and known[name] != value
    }
    status = "finished" if run.status == "cached" else run.status
    same_status = told["status"] == status
    return {
        "run": run.id,
        "env": env,
        "identical": same_status and not metrics and all(one is None for one in tables.values()),
        "status": [status, told["status"]],
        "message": told.get("message"),
        "tables": tables,
        "metrics": metrics,
        "not_restored": inputs_not_stored(run),
    }


# -- an environment of the recorded lock -----------------------------------------------------------------------------


def locked_python(run: Run) -> tuple[str, str | None]:
    """Give the interpreter of an environment with the recorded libraries (made with pip if it is not there yet).

    Given with it is the folder to import backtrail from where the recorded engine was not installed as a package; None
    if the environment has it.
    """
    env = run.manifest.get("env") or {}
    if not env.get("dists"):
        raise CannotRebuild(
            f"running {run.id} again - its record has no list of libraries - use env 'current'"
        )
    lock = run.store.get(env["dists"])
    here = ".".join(str(part) for part in sys.version_info[:2])
    recorded = ".".join(str(env.get("python", "")).split(".")[:2])
    if recorded != here:
        raise CannotRebuild(
            f"running {run.id} again - expected Python {recorded}, as recorded - this is {here} - run backtrail there"
        )
    versions = read_lock(lock)
    engine = run.manifest.get("engine") or {}
    own = None
    if engine.get("build") is None:
        versions["backtrail"] = str(engine.get("version"))
    else:
        own = str(_PACKAGE.parent)
    wanted = requirements(versions, env.get("packages") or {})
    folder = _environments() / blob_digest(json.dumps([wanted, versions]).encode()).removeprefix("b3:")[:24]
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not (folder / "complete").exists():
        _install(run, folder, python, wanted, versions)
    return str(python), own


def _install(run: Run, folder: Path, python: Path, wanted: list[str], versions: dict[str, str]) -> None:
    """Make an environment with what is *wanted*, and what that needs, in the recorded *versions*."""
    venv.EnvBuilder(with_pip=True, clear=True).create(folder)
    listed, bounds = folder / "requirements.txt", folder / "constraints.txt"
    listed.write_text("\n".join(wanted) + "\n", encoding="utf-8")
    bounds.write_text("".join(f"{name}=={version}\n" for name, version in versions.items()), encoding="utf-8")
    done = subprocess.run(
        [str(python), "-m", "pip", "install", "--quiet", "-r", str(listed), "-c", str(bounds)],
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode != 0:
        said = " ".join(done.stderr.split())[-600:]
        raise RerunFailed(f"running {run.id} again - pip could not install the recorded libraries: {said}")
    (folder / "complete").touch()


def read_lock(lock: bytes) -> dict[str, str]:
    """Give the versions by name that a recorded lock holds; CannotRebuild if it is no such list."""
    try:
        versions = {str(name): str(version) for name, version in sorted(json.loads(lock).items())}
    except (ValueError, AttributeError) as error:
        raise CannotRebuild(
            f"reading the list of libraries of a record - expected JSON - found: {error}"
        ) from error
    for name, version in versions.items():
        if not _NAME.fullmatch(name) or not _VERSION.fullmatch(version):
            raise CannotRebuild(
                f"reading the list of libraries of a record - expected names and versions - found {name!r} {version!r}"
            )
    return {name: version for name, version in versions.items() if name not in _NOT_LOCKED}


def requirements(versions: dict[str, str], packages: dict[str, Any]) -> list[str]:
    """Give what pip is asked for: what the run's own code imports, and backtrail or what it needs."""
    names = {str(package).lower().replace("_", "-") for package in packages}
    for told in packages.values():  # where a distribution has another name than its package: "name version"
        names.update(part.lower().replace("_", "-") for part in str(told).split())
    names.update(("backtrail",) if "backtrail" in versions else _NEEDED)
    return [f"{name}=={versions[name]}" for name in sorted(names) if name in versions]


def _environments() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("backtrail", appauthor=False)) / "environments"


__all__ = ["ENVIRONMENTS", "RerunFailed", "locked_python", "read_lock", "requirements", "rerun"]
