"""Whatever a strategy.yaml says: it is a listing or an error of the documented kinds, and stays in the project."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backtrail.runs.code.strategy_yaml import parse_listing, read_listing

WORDS = st.sampled_from(
    [
        "files:",
        "exclude:",
        "allow_external:",
        "allow_secrets:",
        "metadata:",
        "- ",
        "  - ",
        "a.py",
        "../x",
        "/etc/passwd",
        "*",
        "**/*",
        "[",
        "]",
        "{",
        "}",
        "&a",
        "*a",
        "!!python/object:os.system",
        "true",
        "null",
        "1",
        "'",
        '"',
        ":",
        "|",
        ">",
        "\n",
        "\n",
        "\n  ",
        "\t",
        "#",
        "---",
        "...",
        "%TAG",
        "? ",
        "<<: ",
        "\0",
        "\ud800",
        "é",
        "~",
        "!",
        "link",
        "fifo",
    ]
)
TEXTS = st.one_of(
    st.lists(WORDS, max_size=25).map("".join),
    st.lists(st.text(max_size=20), max_size=4).map(
        lambda names: "files:\n" + "".join(f"  - {n!r}\n" for n in names)
    ),
)


def bytes_of(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def parses_or_is_refused(content: bytes) -> None:
    try:
        written = parse_listing(content)
    except (ValueError, yaml.YAMLError):
        return
    assert written.entries
    assert all(isinstance(entry.text, str) and entry.text.strip() for entry in written.entries)


@pytest.mark.row("A30")
@given(st.one_of(st.binary(max_size=200), TEXTS.map(bytes_of)))
def test_any_text_is_a_listing_or_refused(content: bytes) -> None:
    parses_or_is_refused(content)


@pytest.mark.long
@settings(max_examples=100_000)
@given(st.one_of(st.binary(max_size=200), TEXTS.map(bytes_of)))
def test_any_text_is_a_listing_or_refused_100000_times(content: bytes) -> None:
    parses_or_is_refused(content)


@pytest.mark.row("A25", "A26")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(
            st.text(min_size=1, max_size=12),
            st.lists(
                st.sampled_from(["..", ".", "a.py", "deep", "link", "*", "**", "fifo", "etc", "", "passwd"]),
                min_size=1,
                max_size=6,
            ).map("/".join),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_no_entry_leads_outside_of_the_project(tmp_path: Path, entries: list[str]) -> None:
    root = tmp_path / "project"
    if not root.exists():
        (root / "deep").mkdir(parents=True)
        (root / "a.py").write_text("")
        (root / "deep" / "a.py").write_text("")
        (root / "link").symlink_to(tmp_path)
        (tmp_path / "outside.py").write_text("")
    listing = root / "deep" / "strategy.yaml"
    listing.write_bytes(bytes_of(yaml.safe_dump({"files": entries})))
    try:
        found = read_listing(listing, root.resolve())
    except (ValueError, yaml.YAMLError):
        return
    assert all(path.is_relative_to(root.resolve()) and path.is_file() for path in found.files)
