"""The same values have the same encoding in every process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import sys, enum, dataclasses, pathlib, datetime
sys.path.insert(0, ".")
import numpy as np
import pandas as pd
from backtrail.runs.digests import digest
from backtrail.runs.encoding import encode
from backtrail.runs.fingerprint import fingerprint
from helper_rules import scale

class Side(enum.Enum):
    LONG = "long"

@dataclasses.dataclass
class Rule:
    names: set = dataclasses.field(default_factory=lambda: {"a", "b", "c"})

    def fires(self, x):
        return x in {"u", "v", "w"}

days = pd.date_range("2020", periods=3, tz="UTC")
frame = pd.DataFrame({"s": ["x", "yy", None], "n": [1.0, 2.0, float("nan")]}, index=days)
mixed = pd.DataFrame({"o": [1, "a", None]}, dtype=object)
values = {
    "set": {"a", "b", "c", "d", "e"}, "nested": {frozenset({"x", "y"}), frozenset({"z"})},
    "dict": {"b": 1, "a": 2}, "rule": Rule(), "side": Side.LONG, "class": Rule,
    "lambda": lambda x: x in {"p", "q", "r"},
    "scale": scale, "path": pathlib.Path("a/b"), "frame": frame, "object": mixed,
    "array": np.array(["a", "b"], dtype=object),
    "when": datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc),
}
for name, value in values.items():
    print(name, digest("test", encode(value)))
print("table", fingerprint(frame).digest, fingerprint(mixed).digest)
"""

RULES = "K = {'m', 'n'}\n\ndef scale(x):\n    return x in K or x in {'g', 'h', 'i'}\n"


def outcome(folder: Path, seed: str) -> str:
    folder.mkdir()
    (folder / "script.py").write_text(SCRIPT, encoding="utf-8")
    (folder / "helper_rules.py").write_text(RULES, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "script.py"],
        cwd=folder,
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.row("B3", "B6", "B7")
def test_hash_seeds_and_folders_do_not_matter(tmp_path: Path) -> None:
    """Strings of a frame used to be hashed by their addresses, sets in the order of their hashes (B3, B6, B7)."""
    found = {outcome(tmp_path / f"folder{seed}", seed) for seed in ("0", "4711")}
    assert len(found) == 1
    assert len(found.pop().splitlines()) == 14
