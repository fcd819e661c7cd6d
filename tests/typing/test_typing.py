"""mypy and pyright accept typed declarations and reject wrong keywords and types."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CHECKED = HERE / "declarations.py"


def wrong_lines() -> set[int]:
    lines = CHECKED.read_text(encoding="utf-8").splitlines()
    return {number for number, line in enumerate(lines, 1) if line.endswith("# E")}


def test_mypy_rejects_the_wrong_lines_and_no_others() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-error-summary", str(CHECKED)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = {int(n) for n in re.findall(r"declarations\.py:(\d+): error", done.stdout)}
    assert found == wrong_lines(), done.stdout + done.stderr


def test_pyright_rejects_the_wrong_lines_and_no_others() -> None:
    pyright = shutil.which("pyright", path=str(Path(sys.executable).parent))
    assert pyright is not None
    done = subprocess.run(
        [pyright, "--outputjson", "--pythonpath", sys.executable, str(CHECKED)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if not done.stdout.lstrip().startswith("{"):
        pytest.skip(f"pyright cannot start here: {(done.stderr or done.stdout).strip()[-300:]}")
    report = json.loads(done.stdout)["generalDiagnostics"]
    found = {d["range"]["start"]["line"] + 1 for d in report if d["severity"] == "error"}
    assert found == wrong_lines(), report
