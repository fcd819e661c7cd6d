"""``backtrail check``: read a script written for backtrader, without running it, and say what to look at."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from ..report.folder import to_json
from .check_keywords import check_keywords
from .check_methods import check_methods
from .check_names import check_names
from .check_reads import check_reads
from .check_script import Finding, Script
from .script import FAILED, MISUSED

_WORDS = {"error": "error", "differs": "differs", "note": "note"}


def check_source(source: bytes, name: str) -> list[Finding]:
    """Give what is to be said about *source*, in the order of the lines; SyntaxError if it is no Python."""
    script = Script.parse(source, name)
    check_names(script)
    check_keywords(script)
    check_methods(script)
    check_reads(script)
    return sorted(script.findings)


def run_check(paths: Sequence[Path], as_json: bool = False) -> int:
    """Check the scripts at *paths* and print what was found.

    Give the exit status: 0 if the scripts run and give backtrader's results, 1 if something fails or differs, 2 if a
    script cannot be read.
    """
    status = 0
    reports = []
    for path in paths:
        try:
            found = check_source(path.read_bytes(), str(path))
        except OSError as error:
            print(f"backtrail check: {path} cannot be read: {error.strerror or error}.", file=sys.stderr)
            return MISUSED
        except (SyntaxError, ValueError) as error:
            print(f"backtrail check: {path} is not Python that this version reads: {error}.", file=sys.stderr)
            return MISUSED
        worst = any(one.severity != "note" for one in found)
        status = max(status, FAILED if worst else 0)
        reports.append({"script": str(path), "status": FAILED if worst else 0, "findings": found})
        if not as_json:
            _print(path, found)
    if as_json:
        print(to_json({"status": status, "scripts": reports}))
    return status


def _print(path: Path, found: list[Finding]) -> None:
    for one in found:
        print(f"{path}:{one.line}:{one.column}: {_WORDS[one.severity]}: {one.text}")
        print(f"    {one.remedy} ({one.link})")
    counts = {word: sum(one.severity == word for one in found) for word in _WORDS}
    if not found:
        print(f"{path}: nothing to change; the results are backtrader's.")
    else:
        print(
            f"{path}: {counts['error']} that fail, {counts['differs']} whose results differ from backtrader's, "
            f"{counts['note']} to note."
        )


__all__ = ["check_source", "run_check"]
