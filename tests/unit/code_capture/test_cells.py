"""Which cells of a notebook count. Sources are as IPython keeps them: magics are calls there."""

from __future__ import annotations

import linecache
import os
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backtrail.runs.code.cells import counting, holds, unwrapped
from backtrail.runs.code.closure import closure_of
from backtrail.runs.code.model import Closure, EntryPointDetectionResult
from backtrail.runs.code.notebook import executed_cells, session_names

from .projects import project, write

BASE = "class Base:\n    def next(self):\n        return 1\n"
FIRST = "class Cross(Base):\n    def next(self):\n        return 2\n"
SECOND = "class Cross(Base):\n    def next(self):\n        return 3\n"
RUN = "run(Cross)\n"

Execute = Callable[..., dict[str, Any]]


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Execute:
    """Give a function that executes cells as a kernel of IPython does, and gives the session's names."""

    def execute(*cells: str) -> dict[str, Any]:
        names: dict[str, Any] = {"__name__": "__main__", "run": lambda strategy: None}
        names["get_ipython"] = lambda: Shell(names, cells)
        module = types.ModuleType("IPython")
        module.get_ipython = names["get_ipython"]  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "IPython", module)
        monkeypatch.delitem(sys.modules, "__mp_main__", raising=False)
        monkeypatch.setitem(sys.modules, "__main__", types.ModuleType("__main__"))  # that of a kernel has no file
        for number, source in enumerate(cells, 1):
            file = f"/ipykernel_1/{number}.py"
            text = source.rstrip("\n") + "\n"
            monkeypatch.setitem(linecache.cache, file, (len(text), None, text.splitlines(True), file))
            try:
                exec(compile(text, file, "exec"), names)
            except ZeroDivisionError:  # the kernel goes on with the next cell
                continue
        return names

    return execute


class Shell:
    """What an IPython kernel's shell offers."""

    kernel = object()

    def __init__(self, names: dict[str, Any], cells: tuple[str, ...]) -> None:
        self.user_ns = names
        self.history_manager = types.SimpleNamespace(input_hist_parsed=["", *cells])

    def run_line_magic(self, name: str, line: str) -> None:
        self.run_cell_magic(name, "", line)

    def run_cell_magic(self, name: str, line: str, cell: str) -> None:
        if name == "time":
            exec(compile(cell, "<timed exec>", "exec"), self.user_ns)

    def system(self, command: str) -> None:
        pass


def kept() -> list[str]:
    return [cell.source.strip() for cell in counting(executed_cells(), session_names())]


def closure(thing: Any) -> Closure:
    return closure_of(thing, entry=EntryPointDetectionResult(None, "ipython", "low", []))


def stripped(*cells: str) -> list[str]:
    return [cell.strip() for cell in cells]


def test_a_definition_that_was_executed_anew_counts_in_its_last_form(kernel: Execute) -> None:
    kernel(BASE, FIRST, SECOND, RUN)
    assert kept() == stripped(BASE, SECOND, RUN)
    kernel(BASE, FIRST, RUN, SECOND, RUN)
    assert kept() == stripped(BASE, SECOND, RUN)
    kernel("def f():\n    return 1", "def f():\n    return 2")
    assert kept() == ["def f():\n    return 2"]


@pytest.mark.parametrize(
    "between",
    [
        "strategies = [Cross]",  # the first form is still in use
        "class Other(Cross):\n    pass",
        "def made():\n    return Cross\nfirst = made()",
        "globals()['kept'] = 1",
        "get_ipython().run_line_magic('something', '')",
        "Cross.extra = 1",
        "del Cross",
        "f'{Cross}'.strip()",
    ],
)
def test_a_definition_that_was_used_before_it_was_replaced_is_kept(kernel: Execute, between: str) -> None:
    kernel(BASE, FIRST, between, SECOND, RUN)
    assert FIRST.strip() in kept()


@pytest.mark.parametrize(
    "first",
    [
        FIRST + "x = print()\n",
        "@staticmethod\ndef Cross():\n    return 1",
        "Cross = 1",
        "import sys as Cross",
        "class Cross:\n    print(1)",
        "class Cross:\n    def next(self):\n        return 2\nclass Alone:\n    pass",
    ],
)
def test_a_cell_that_does_more_than_define_what_is_replaced_is_kept(kernel: Execute, first: str) -> None:
    kernel(BASE, first, SECOND, RUN)
    assert first.strip() in kept()


def test_a_definition_that_a_failed_cell_did_not_replace_is_kept(kernel: Execute) -> None:
    names = kernel(BASE, FIRST, "1 / 0\n" + SECOND, RUN)
    assert names["Cross"]().next() == 2
    assert FIRST.strip() in kept()


@pytest.mark.row("A13")
def test_a_class_in_use_counts_though_its_cell_was_replaced(kernel: Execute) -> None:
    old = kernel(BASE, FIRST)["Cross"]
    kernel(BASE, "pass", "pass", SECOND)
    text = FIRST
    linecache.cache["/ipykernel_1/2.py"] = (len(text), None, text.splitlines(True), "/ipykernel_1/2.py")
    assert [file.text for file in closure(old).files].count(FIRST) == 1


@pytest.mark.parametrize(
    "look",
    [
        "frame", "len(frame)", "print('a', [1, -x], f'{y:.2f}', a[1:2], x == 2 or y)", "run.__doc__", "pass", "",
        "get_ipython().system('pip list')", "get_ipython().run_line_magic('matplotlib', 'inline')",
    ],
)  # fmt: skip
def test_a_cell_that_only_looks_does_not_count(kernel: Execute, look: str) -> None:
    kernel(BASE, FIRST, RUN)
    before = kept()
    cells = [BASE, FIRST, RUN, look, RUN]
    monkeyed = Shell({}, tuple(cells))
    sys.modules["IPython"].get_ipython = lambda: monkeyed  # type: ignore[attr-defined]
    assert kept() == before


@pytest.mark.row("A13")
@pytest.mark.parametrize(
    "change", ["x = 1", "seed(1)", "print(seed(1))", "(x := 1)", "a[0] = 1", "[f(1) for f in fs]", "x +", "await f()"]
)  # fmt: skip
def test_every_other_cell_counts(change: str) -> None:
    from backtrail.runs.code.notebook import Cell

    assert counting([Cell(1, change)], {}) == [Cell(1, change)]


def test_layout_and_comments_make_no_other_cell(kernel: Execute) -> None:
    kernel("x = f = abs(1)  # one", "y = 2", "x = f = abs( 1 )")
    assert kept() == ["y = 2", "x = f = abs( 1 )"]


def test_the_code_of_a_measuring_magic_stands_for_it() -> None:
    cell = "get_ipython().run_cell_magic('time', '', 'import tools\\nx = 1\\n')"
    assert unwrapped(cell)[0] == "import tools\nx = 1\n"
    assert unwrapped("get_ipython().run_line_magic('time', 'y = f(3)')\nz = 1")[0] == "y = f(3)\nz = 1\n"
    for other in (
        "get_ipython().run_line_magic('timeit', 'f()')",
        "get_ipython().run_line_magic('time', '-x f()')",
        "get_ipython().run_cell_magic('time', '', 'no python here')",
        "get_ipython().run_cell_magic('bash', '', 'x = 1')",
        "get_ipython().run_line_magic(name, 'x')",
        "other().run_line_magic('time', 'x')",
        "await f()",
        "no python here",
    ):
        assert unwrapped(other)[0] == other


@pytest.mark.row("A11", "A13")
def test_a_class_that_was_defined_in_a_measured_cell_has_a_source(
    kernel: Execute, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a project without any of the modules that tests have loaded

    def measured(source: str) -> str:
        return f"get_ipython().run_cell_magic('time', '', {source!r})"

    names = kernel(BASE, measured(FIRST))
    found = closure(names["Cross"])
    assert found.keyable
    assert (found.completeness, found.problems) == ("complete", ())
    assert found.digest != closure(kernel(BASE, measured(SECOND))["Cross"]).digest
    assert not holds(executed_cells(), names["Cross"])  # only what the magic holds has it, and that changed


@pytest.mark.row("A13")
def test_a_notebook_has_the_closure_of_its_last_form_however_it_came_about(kernel: Execute) -> None:
    fresh = closure(kernel(BASE, SECOND, RUN)["Cross"])
    assert fresh.keyable
    cells_kept = [file.text.strip() for file in fresh.files if file.role == "cell"]
    assert cells_kept == stripped(BASE, SECOND, RUN)
    for cells in ((BASE, FIRST, RUN, SECOND, RUN), (BASE, SECOND, RUN, "Cross", RUN)):
        assert closure(kernel(*cells)["Cross"]).digest == fresh.digest
    assert closure(kernel(BASE, FIRST, RUN)["Cross"]).digest != fresh.digest


MARIMO = """
import marimo
app = marimo.App()
@app.cell
def _():
    LEVEL = 1
    class Cross:
        def next(self):
            return LEVEL
    return (Cross,)
def helper(x):
    if x:
        return 1
    return 2
app.run()
"""
# what marimo does with a notebook: the bodies of its cells are compiled as modules, under the notebook's name
LIBRARY = """
import ast
class App:
    def cell(self, function):
        return function
    def run(self):
        import __main__
        source = open(__main__.__file__).read()
        cell = next(one for one in ast.parse(source).body if isinstance(one, ast.FunctionDef))
        names = {"__name__": "__main__"}
        exec(compile(ast.Module(cell.body[:-1], []), __main__.__file__, "exec"), names)
        if EDIT:
            open(__main__.__file__, "w").write(source.replace("return LEVEL", "return -LEVEL"))
        from backtrail.runs.code.closure import closure_of
        found = closure_of(names["Cross"], entry=__main__.__file__)
        print(found.keyable, found.stale, [file.path for file in found.files])
"""


@pytest.mark.row("A13")
@pytest.mark.parametrize("edited", [False, True])
def test_a_marimo_notebook_that_runs_as_a_script_has_a_key(tmp_path: Path, edited: bool) -> None:
    library = write(tmp_path / "site-packages", {"marimo.py": LIBRARY.replace("EDIT", str(edited))})
    folder = project(tmp_path / "mine", {"book.py": MARIMO})
    done = subprocess.run(
        [sys.executable, "book.py"], cwd=folder, env=os.environ | {"PYTHONPATH": str(library)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.startswith("False True" if edited else "True False"), done.stdout + done.stderr
