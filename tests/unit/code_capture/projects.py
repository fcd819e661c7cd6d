"""Small projects on disk, and programs run in them."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

from backtrail.runs.code import Closure, closure_of
from backtrail.runs.code.memo import Memo


def write(root: Path, files: dict[str, str | bytes]) -> Path:
    """Write *files* below *root* and give it."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(textwrap.dedent(content), encoding="utf-8")
    return root


def project(root: Path, files: dict[str, str | bytes]) -> Path:
    """Write a project with a marker of its root."""
    return write(root, {"pyproject.toml": "[project]\nname = 'p'\n", **files})


def static(main: Path, **settings: object) -> Closure:
    """Give the closure of the files alone, remembered nowhere."""
    memo = Memo(main.parent / ".memo")
    return closure_of(main, runtime=False, memo=memo, **settings)  # type: ignore[arg-type]


def paths(closure: Closure) -> set[str]:
    return {file.path for file in closure.files}


def python(
    folder: Path, *arguments: str, stdin: str | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run Python in *folder* and give what it printed; fail with its errors."""
    given = {**os.environ, "BACKTRAIL_CACHE_DIR": str(folder / ".cache"), **(env or {})}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        input=stdin,
        env=given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done
