"""Every example of the manual and of the README runs as it stands, page by page."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SAMPLE = ROOT / "src" / "backtrail" / "cli" / "data" / "sample-daily.csv"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")


def program(page: Path) -> str:
    """Give the page's examples as one program, each line where it is in the page."""
    lines = page.read_text(encoding="utf-8").splitlines()
    keep = [""] * len(lines)
    text = "\n".join(lines) + "\n"
    for block in BLOCK.finditer(text):
        first = text.count("\n", 0, block.start(1))
        for offset, line in enumerate(block.group(1).splitlines()):
            keep[first + offset] = line
    return "\n".join(keep) + "\n"


def test_every_page_is_found() -> None:
    assert {page.stem for page in PAGES} >= {
        "README",
        "strategies",
        "orders",
        "feeds",
        "indicators",
        "analyzers",
    }


@pytest.mark.parametrize("page", [p for p in PAGES if program(p).strip()], ids=lambda p: p.name)
def test_examples_run(page: Path, tmp_path: Path) -> None:
    shutil.copy(SAMPLE, tmp_path / SAMPLE.name)
    script = tmp_path / f"page_{page.stem}.py"  # no name of a package that it imports
    script.write_text(program(page), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_sample_data_are_what_the_script_generates() -> None:
    script = ROOT / "scripts" / "make_sample_data.py"
    done = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
