"""What the first capture of a process loads, and the little that stands for what it does not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.unit.code_capture.projects import project, python, static

from backtrail.runs.code import Closure, EntryPointDetectionResult, closure_of
from backtrail.runs.code.places import _path_of, project_folder, project_root

ASKED_FOR = ("pathlib", "urllib.parse", "logging", "fnmatch")
OWN = ("cells", "copying", "imports", "normal", "secrets", "strategy_yaml")
CAPTURE = f"""
import sys
import helper
for name in {ASKED_FOR!r}:  # whatever Python itself loaded
    sys.modules.pop(name, None)
from backtrail.runs.code import closure_of
found = closure_of((), entry=__file__)
print(len(found.files), *(name for name in {ASKED_FOR!r} if name in sys.modules))
print(*(name for name in {OWN!r} if f"backtrail.runs.code.{{name}}" in sys.modules))
print(type(found.root).__name__, found.root.name, found.detection.detected_file.name)
"""


def test_a_capture_loads_what_parses_and_copies_only_where_it_is_needed(tmp_path: Path) -> None:
    root = project(tmp_path / "lean", {"main.py": CAPTURE, "helper.py": "import json\n"})
    for path in root.iterdir():
        os.utime(path, (1e9, 1e9))
    env = {"BACKTRAIL_CACHE_DIR": str(tmp_path / "cache")}
    cold = python(root, "main.py", env=env).stdout.splitlines()
    warm = python(root, "main.py", env=env).stdout.splitlines()
    assert "normal" in cold[1].split()
    assert warm == ["2", "", "PosixPath lean main.py" if os.name == "posix" else "WindowsPath lean main.py"]


def test_paths_of_a_closure_are_paths_to_whoever_reads_them(tmp_path: Path) -> None:
    main = project(tmp_path, {"main.py": "X = 1\n"}) / "main.py"
    found = static(main, entry=main)
    assert isinstance(found, Closure)
    assert found.root == tmp_path.resolve()
    assert found.detection.detected_file == main
    assert found.detection.entry()["file"] == "main.py"
    given = EntryPointDetectionResult(main, "fallback", "high", [], 1.0, "script")
    assert found.detection == given
    assert closure_of(main, entry=str(main), runtime=False).detection.file == str(main)
    assert EntryPointDetectionResult(None, "fallback", "low", []).file is None


def test_a_file_of_a_closure_does_not_show_its_bytes(tmp_path: Path) -> None:
    [file] = static(project(tmp_path, {"main.py": "SECRET_PLAN = 1\n"}) / "main.py").files
    assert "SECRET_PLAN" not in repr(file)
    assert repr(file).startswith("CodeFile(path='main.py', module=")


def test_the_folder_of_a_project_is_its_root(tmp_path: Path) -> None:
    inner = project(tmp_path / "outer", {"deep/er/s.py": "X = 1\n"}) / "deep" / "er" / "s.py"
    assert project_folder(inner) == str(project_root(inner)) == str(tmp_path.resolve() / "outer")
    assert os.path.isdir(project_folder(os.sep))


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file:///a/b%20c", "/a/b c"),
        ("file://localhost/a/b", "/a/b"),
        ("file:/a/b#egg=x", "/a/b"),
        ("FILE:///a/b?x=1", "/a/b"),
        ("file:///%C3%A4", "/ä"),
        ("file://machine", ""),
        ("https://example.org/a", ""),
        ("git+file:///a/b", ""),
        ("/a/b", ""),
        ("", ""),
    ],
)
def test_an_address_of_a_file_is_its_path(url: str, path: str) -> None:
    assert _path_of(url) == path
