"""The pictures of the manual are what the script draws, and each stands on a page."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "images"


def test_the_pictures_are_what_the_script_draws() -> None:
    script = ROOT / "scripts" / "draw_manual.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_picture_stands_on_a_page() -> None:
    pages = "\n".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs").rglob("*.md"))
    shown = set(re.findall(r"\((?:\.\./)?images/([a-z-]+\.svg)\)", pages))
    assert shown == {file.name for file in IMAGES.glob("*.svg")}
