"""The entry point, notebooks and interactive sessions. Names begin with the promise they hold."""

from __future__ import annotations

import json
import linecache
import sys
import time
import types
from pathlib import Path

import pytest
from tests.unit.code_capture.projects import project, python, write

from backtrail.runs.code import closure_of, detect_entry_point
from backtrail.runs.code.entry import INTERACTIVE
from backtrail.runs.code.memo import Memo
from backtrail.runs.code.model import EntryPointDetectionResult
from backtrail.runs.code.notebook import executed_cells, notebook_path, strip_outputs
from backtrail.runs.digests import blob_digest

SHOW = "from backtrail.backtest import StrategyCodeCapture as S\nr = S().detect_entry_point()\n" + (
    "print(r.detected_file, r.detection_method, r.confidence, r.warnings, r.execution_context)\n"
)


@pytest.mark.row("A8")
def test_a8_the_callers_file_is_found_at_module_level(tmp_path: Path) -> None:
    done = python(project(tmp_path, {"my_strategy.py": SHOW}), "my_strategy.py")
    assert done.stdout.strip() == f"{tmp_path / 'my_strategy.py'} inspect_stack high [] script"


@pytest.mark.row("A8")
def test_a8_it_is_found_by_frames_and_not_by_text(tmp_path: Path) -> None:
    files = {
        "main.py": "import runner  # run_algorithm is only named here\nrunner.go()\n",
        "runner.py": f"def go():\n{''.join(f'    {line}' + chr(10) for line in SHOW.splitlines())}",
    }
    assert python(project(tmp_path, files), "main.py").stdout.startswith(
        f"{tmp_path / 'runner.py'} inspect_stack"
    )


@pytest.mark.row("A8")
def test_a8_a_module_started_with_m_and_one_in_a_package_are_found(tmp_path: Path) -> None:
    done = python(project(tmp_path, {"pkg/__init__.py": "", "pkg/main.py": SHOW}), "-m", "pkg.main")
    assert done.stdout.startswith(f"{tmp_path / 'pkg' / 'main.py'} inspect_stack high")


@pytest.mark.row("A8")
def test_a8_a_worker_process_falls_back_to_the_main_module(tmp_path: Path) -> None:
    program = """
        from concurrent.futures import ProcessPoolExecutor
        import multiprocessing
        from backtrail.runs.code import detect_entry_point

        if __name__ == "__main__":
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
                found = pool.submit(detect_entry_point).result()
            print(found.detected_file, found.detection_method, found.confidence, found.fallback_used)
    """
    done = python(project(tmp_path, {"main.py": program}), "main.py")
    assert done.stdout.strip() == f"{tmp_path / 'main.py'} fallback medium True"


@pytest.mark.row("A9")
def test_a9_detection_takes_a_tenth_of_a_millisecond_at_any_depth() -> None:
    def deep(level: int) -> float:
        if level:
            return deep(level - 1)
        begun = time.process_time()
        for _ in range(200):
            detect_entry_point()
        return (time.process_time() - begun) / 200

    assert min(deep(40) for _ in range(5)) < 0.0001


@pytest.mark.row("A10")
def test_a10_the_documented_fields_come_first() -> None:
    assert list(EntryPointDetectionResult.__dataclass_fields__)[:4] == [
        "detected_file",
        "detection_method",
        "confidence",
        "warnings",
    ]
    plain = EntryPointDetectionResult(Path("x.py"), "inspect_stack", "high", [])
    assert (plain.confidence_score, plain.execution_context, plain.fallback_used) == (0.0, "unknown", False)


@pytest.mark.row("A11", "A10")
@pytest.mark.parametrize("arguments", [["-"], ["-c", SHOW], ["-i", "-q"]], ids=["stdin", "-c", "repl"])
def test_a11_a_session_without_a_file_has_none_and_says_so(tmp_path: Path, arguments: list[str]) -> None:
    done = python(project(tmp_path, {}), *arguments, stdin=None if "-c" in arguments else SHOW)
    assert f"None fallback low ['{INTERACTIVE}'] repl" in done.stdout


@pytest.mark.row("A11")
def test_a11_code_that_linecache_remembers_is_captured_as_a_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    source = "class Typed:\n    def next(self):\n        return 1\n"
    name = "<python-input-3>"
    monkeypatch.setitem(linecache.cache, name, (len(source), None, source.splitlines(True), name))
    names: dict[str, object] = {"__name__": "__console__"}
    exec(compile(source, name, "exec"), names)
    closure = closure_of(names["Typed"], entry=Path(__file__))
    (cell,) = (file for file in closure.files if file.role == "cell")
    assert cell.path == "<repl>/cell_4.py"
    assert cell.text == source
    assert closure.keyable


@pytest.mark.row("A12")
def test_a12_a_packed_application_gives_its_bundled_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    main = types.ModuleType("__main__")
    main.__file__ = "my_strategy.py"
    monkeypatch.setitem(sys.modules, "__main__", main)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    missing = detect_entry_point()
    assert (missing.detected_file, missing.detection_method, missing.confidence) == (None, "frozen", "low")
    write(tmp_path, {"my_strategy.py": ""})
    found = detect_entry_point()
    assert (found.detected_file, found.detection_method, found.confidence) == (
        tmp_path / "my_strategy.py",
        "frozen",
        "medium",
    )


@pytest.mark.row("A12")
def test_a12_a_packed_application_is_keyed_by_its_executable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    names: dict[str, object] = {"__name__": "nowhere"}
    exec("class S:\n    def next(self):\n        return 1\n", names)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys.modules["__main__"], "__version__", "1.2", raising=False)
    digests = []
    for content in (b"one", b"two"):
        write(tmp_path, {"app": content})
        monkeypatch.setattr(sys, "executable", str(tmp_path / "app"))
        closure = closure_of(names["S"], memo=Memo(tmp_path / content.decode()))
        assert closure.keyable
        assert closure["_application/app"].size == 3
        assert closure.manifest()["application"] == {"file": "app", "version": "1.2", "digest": blob_digest(content)}
        digests.append(closure.digest)
    assert digests[0] != digests[1]


class History:
    def __init__(self, cells: list[str]) -> None:
        self.input_hist_parsed = cells


class Shell:
    """What an IPython kernel's shell offers."""

    kernel = object()

    def __init__(self, cells: list[str], names: dict[str, object]) -> None:
        self.history_manager = History(cells)
        self.user_ns = names


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Let this process look like a notebook's kernel."""

    def make(cells: list[str], names: dict[str, object]) -> None:
        module = types.ModuleType("IPython")
        module.get_ipython = lambda: Shell(cells, names)  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "IPython", module)
        monkeypatch.delitem(sys.modules, "__mp_main__", raising=False)  # what the start of worker processes leaves
        monkeypatch.delenv("JPY_SESSION_NAME", raising=False)

    return make


def in_cell(source: str, number: int = 1) -> dict[str, object]:
    """Execute *source* as a kernel does, and give its names."""
    name = f"/tmp/ipykernel_77/{number}.py"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    names: dict[str, object] = {"__name__": "__main__"}
    exec(compile(source, name, "exec"), names)
    return names


@pytest.mark.row("A13")
def test_a13_the_notebook_is_the_one_the_kernel_was_told_of(
    tmp_path: Path, kernel, monkeypatch: pytest.MonkeyPatch
) -> None:  # type: ignore[no-untyped-def]
    write(tmp_path, {"right.ipynb": "{}", "newer.ipynb": "{}"})
    monkeypatch.chdir(tmp_path)
    source = "from backtrail.runs.code import detect_entry_point\nfound = detect_entry_point()\n"
    kernel(["", source], {})
    unknown = in_cell(source)["found"]
    assert isinstance(unknown, EntryPointDetectionResult)
    assert (unknown.detected_file, unknown.detection_method) == (
        None,
        "ipython",
    )  # never guessed from the folder
    kernel(["", source], {"__vsc_ipynb_file__": str(tmp_path / "right.ipynb")})
    known = in_cell(source)["found"]
    assert isinstance(known, EntryPointDetectionResult)
    assert (known.detected_file, known.detection_method, known.confidence) == (
        tmp_path / "right.ipynb",
        "ipython",
        "medium",
    )
    kernel([], {"__session__": "newer.ipynb"})
    assert notebook_path() == tmp_path / "newer.ipynb"
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "right.ipynb"))
    assert notebook_path() == tmp_path / "right.ipynb"


@pytest.mark.row("A13")
def test_a13_executed_cells_are_kept_in_the_order_of_a_full_run(kernel) -> None:  # type: ignore[no-untyped-def]
    kernel(["", "a = 1", "b = 2", "run()", "b = 2", "run()"], {})
    assert [(cell.number, cell.source) for cell in executed_cells()] == [
        (1, "a = 1"),
        (4, "b = 2"),
        (5, "run()"),
    ]


@pytest.mark.row("A13")
def test_a13_a_notebooks_closure_has_its_cells_and_their_imports(
    tmp_path: Path, kernel, monkeypatch: pytest.MonkeyPatch
) -> None:  # type: ignore[no-untyped-def]
    project(
        tmp_path,
        {"tools.py": "X = 1\n", "book.ipynb": json.dumps({"cells": [], "metadata": {}, "nbformat": 4})},
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(sys.modules, "tools", types.ModuleType("tools"))
    names = {"__vsc_ipynb_file__": str(tmp_path / "book.ipynb")}
    source = "import tools\nclass S:\n    def next(self):\n        return tools.X\n"

    def closure(*cells: str) -> object:
        kernel(["", *cells, "closure_of(S)"], names)
        return closure_of(in_cell(cells[0])["S"], entry=detection)

    detection = EntryPointDetectionResult(tmp_path / "book.ipynb", "ipython", "medium", [])
    first = closure(source)
    paths = [file.path for file in first.files]  # type: ignore[attr-defined]
    assert paths == ["<repl>/cell_1.py", "<repl>/cell_2.py", "tools.py", "book.ipynb"]
    assert first.entry == "book.ipynb"  # type: ignore[attr-defined]
    assert first.keyable  # type: ignore[attr-defined]
    assert closure(source, "closure_of(S)").digest == first.digest  # type: ignore[attr-defined]
    assert closure(source.replace("tools.X", "2")).digest != first.digest  # type: ignore[attr-defined]


@pytest.mark.row("A13")
def test_a13_notebooks_are_stored_without_outputs() -> None:
    cell = {
        "cell_type": "code",
        "source": ["x"],
        "outputs": [{"data": "SECRET"}],
        "execution_count": 7,
        "metadata": {},
    }
    book = {
        "cells": [cell, {"cell_type": "markdown", "source": "t", "attachments": {"a": "SECRET"}}],
        "nbformat": 4,
        "metadata": {"widgets": {"state": "SECRET"}, "kernelspec": {"name": "python3"}},
    }
    stripped = strip_outputs(json.dumps(book).encode())
    assert b"SECRET" not in stripped
    assert json.loads(stripped)["cells"][0]["source"] == ["x"]
    for wrong in (b"", b"[]", b"{}", b'{"cells": 1}', b"[" * 100_000):
        with pytest.raises(ValueError):
            strip_outputs(wrong)
