"""The pictures of the page on realism."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_the_pictures_are_what_the_script_draws() -> None:
    script = ROOT / "scripts" / "draw_realism.py"
    done = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_picture_is_shown() -> None:
    page = (ROOT / "docs" / "realism.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"\(images/(realism-[a-z-]+\.svg)\)", page))
    assert shown == {file.name for file in (ROOT / "docs" / "images").glob("realism-*.svg")}
