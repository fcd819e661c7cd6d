"""The pages of the families of indicators: examples run, pictures are what the script draws, no class is left out."""

from __future__ import annotations

import re
import runpy
import shutil
import warnings
from pathlib import Path
from typing import Any

import pytest

from backtrail import indicators
from backtrail.errors import BacktrailWarning

ROOT = Path(__file__).resolve().parent.parent.parent.parent
FOLDER = ROOT / "docs" / "indicators"
SAMPLE = ROOT / "src" / "backtrail" / "cli" / "data" / "sample-daily.csv"
PAGES = sorted(FOLDER.glob("*.md"))
FAMILIES = [page for page in PAGES if page.stem != "speed"]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")

#: What is no indicator of its own, and the envelopes and oscillators that every average has.
UNLISTED = {"Indicator", "MovAv", "MovingAverage", "EnvelopeMixIn", "OscillatorMixIn"}


@pytest.mark.parametrize("page", FAMILIES, ids=lambda p: p.stem)
def test_the_example_of_a_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if page.stem == "talib":
        pytest.importorskip("talib")
    blocks = BLOCK.findall(page.read_text(encoding="utf-8"))
    assert blocks
    shutil.copy(SAMPLE, tmp_path / SAMPLE.name)
    monkeypatch.chdir(tmp_path)
    script = tmp_path / "example.py"
    script.write_text("\n".join(blocks), encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BacktrailWarning)
        runpy.run_path(str(script))


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_links_lead_somewhere(page: Path) -> None:
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_class_and_alias_stands_on_a_page() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    averages = ("Envelope", "Oscillator", "Osc")
    missing = []
    for name in indicators.__all__:
        made = getattr(indicators, name)
        of_an_average = name.endswith(averages) and made.__module__ == "backtrail.indicators.envelopes"
        if name not in UNLISTED and not of_an_average and not re.search(rf"\b{name}\b", text):
            missing.append(name)
    assert missing == []


def test_the_lines_and_parameters_of_a_page_are_those_of_the_class() -> None:
    for page in FAMILIES:
        for row in re.findall(r"^\| (\w+)(?: \(.*?\))? \| ([\w, ]+) \| ([^|]*) \|", page.read_text(), re.MULTILINE):
            name, lines, given = row
            made = getattr(indicators, name, None)
            if made is None or name in ("Envelope", "UpDay"):
                continue
            assert tuple(lines.split(", ")) == made.lines._getlines(), name
            for parameter in re.findall(r"(\w+)=", given):
                assert parameter in made.params._getkeys(), (name, parameter)


def test_the_numbers_on_the_page_of_talib_are_counted() -> None:
    talib = pytest.importorskip("talib")
    from tests.contract.indicators.test_against_talib import CASES

    text = (FOLDER / "talib.md").read_text(encoding="utf-8")
    assert f"compares {len(CASES)} of backtrail's own" in text
    if talib.__version__.startswith("0.8"):
        assert f"{len(talib.get_functions())} of them with TA-Lib 0.8" in text


def test_pictures_are_what_the_script_draws() -> None:
    pytest.importorskip("talib")
    drawing: dict[str, Any] = runpy.run_path(str(FOLDER / "draw.py"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BacktrailWarning)
        for name in drawing["PICTURES"]:
            assert drawing["picture"](name) == (FOLDER / f"{name}.svg").read_text(encoding="utf-8"), name


def test_every_family_has_its_picture() -> None:
    for page in FAMILIES:
        assert f"({page.stem}.svg)" in page.read_text(encoding="utf-8")
