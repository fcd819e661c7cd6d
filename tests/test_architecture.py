"""The laws of the architecture that a program can check."""

from __future__ import annotations

import ast
import functools
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "backtrail"
MODULE_LINES = 600
FUNCTION_LINES = 80
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}
HEAVY = {"pandas", "polars", "matplotlib", "numba", "llvmlite", "pyarrow", "asyncio", "backtrader"}
HEAVY |= {"aiohttp", "fastapi", "flask", "starlette", "tornado", "uvicorn"}
# backtrader's own spelling, `class MyMeta(bt.MetaParams)`, needs a real metaclass to derive from.
LEGACY = {"compat"}

MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def package_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0]


@functools.cache
def parse(path: Path) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("error", SyntaxWarning)
        return ast.parse(path.read_text(encoding="utf-8"), str(path))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


every_module = pytest.mark.parametrize("path", MODULES, ids=name_of)


def test_there_are_modules_to_check() -> None:
    assert len(MODULES) > 5


@every_module
def test_module_fits_in_600_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MODULE_LINES


@every_module
def test_module_states_what_it_is(path: Path) -> None:
    assert ast.get_docstring(parse(path)), f"{name_of(path)} has no docstring"


@every_module
def test_functions_fit_in_80_lines(path: Path) -> None:
    long = {f.name: f.end_lineno - f.lineno + 1 for f in functions(parse(path)) if f.end_lineno is not None}
    assert {name: n for name, n in long.items() if n > FUNCTION_LINES} == {}


@every_module
def test_nothing_is_imported_by_star(path: Path) -> None:
    stars = [
        node.lineno
        for node in ast.walk(parse(path))
        if isinstance(node, ast.ImportFrom) and any(name.name == "*" for name in node.names)
    ]
    assert stars == []


@every_module
def test_no_exception_is_swallowed_wholesale(path: Path) -> None:
    """Bare ``except`` and ``except Exception`` hide faults, unless the block raises again or says why it is right."""
    lines = path.read_text(encoding="utf-8").splitlines()
    blind = []
    for node in ast.walk(parse(path)):
        if not isinstance(node, ast.ExceptHandler):
            continue
        types = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        names = {"Exception" if t is None else getattr(t, "id", "") for t in types}
        raises_again = any(isinstance(n, ast.Raise) for n in ast.walk(node))
        reason = lines[node.lineno - 1].partition("# noqa: BLE001")[2].strip(" #")
        if names & {"Exception", "BaseException"} and not raises_again and not reason:
            blind.append(node.lineno)
    assert blind == []


@every_module
def test_no_metaclass_of_our_own(path: Path) -> None:
    if package_of(path) in LEGACY:
        return
    found = []
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.ClassDef):
            bases = [base.id for base in node.bases if isinstance(base, ast.Name)]
            if "type" in bases or "EnumMeta" in bases or "ABCMeta" in bases:
                found.append(node.name)
            for keyword in node.keywords:
                plain = isinstance(keyword.value, ast.Name) and keyword.value.id == "ABCMeta"
                if keyword.arg == "metaclass" and not plain:
                    found.append(node.name)
    assert found == []


@every_module
def test_nothing_is_left_to_do(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert [word for word in ("TO" + "DO", "FIX" + "ME", "XX" + "X") if word in text] == []


@every_module
def test_input_is_not_checked_with_assert(path: Path) -> None:
    """``assert`` disappears under ``python -O``; only what a type checker cannot see may be stated so."""
    found = [
        node.lineno
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Assert) and not narrows(node.test)
    ]
    assert found == []


def narrows(test: ast.expr) -> bool:
    """Tell whether *test* is ``x is not None`` or ``isinstance(x, …)``."""
    if isinstance(test, ast.Compare):
        return isinstance(test.ops[0], ast.IsNot) and isinstance(test.comparators[0], ast.Constant)
    return isinstance(test, ast.Call) and isinstance(test.func, ast.Name) and test.func.id == "isinstance"


@every_module
def test_frames_are_not_walked(path: Path) -> None:
    """Owners come from the stack of objects under construction; only the entry point may be read from frames."""
    if package_of(path) in {"runs"}:
        return
    names = {node.attr for node in ast.walk(parse(path)) if isinstance(node, ast.Attribute)}
    assert names & {"_getframe", "currentframe", "f_back", "f_locals"} == set()


@every_module
def test_layers_do_not_reach_up_through_the_package_root(path: Path) -> None:
    """``from backtrail import Strategy`` inside the package would go round the layers."""
    if path.name == "__init__.py" and path.parent == PACKAGE:
        return
    subpackages = {p.name for p in PACKAGE.iterdir() if p.is_dir()} | {p.stem for p in PACKAGE.glob("*.py")}
    found = []
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module == "backtrail":
            found += [alias.name for alias in node.names if alias.name not in subpackages]
        if isinstance(node, ast.Import) and package_of(path) not in {"compat", "cli"}:
            found += [alias.name for alias in node.names if alias.name == "backtrail"]
    assert found == []


def test_no_module_has_a_vague_name() -> None:
    named = {p for p in PACKAGE.rglob("*") if p.suffix == ".py" or p.is_dir()}
    assert sorted(name_of(p) for p in named if p.stem in VAGUE_NAMES and package_of(p) not in LEGACY) == []


def test_every_package_has_an_init() -> None:
    folders = {p.parent for p in MODULES}
    assert sorted(str(f) for f in folders if not (f / "__init__.py").exists()) == []


def loaded_by(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint('\\n'.join(sys.modules))"
    env = {**os.environ, "PYTHONWARNINGS": ""}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)
    return {name.partition(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize(
    "statement",
    [
        "import backtrail",
        "import backtrail as bt; bt.Cerebro, bt.Strategy, bt.indicators.SMA, bt.analyzers.SharpeRatio",
    ],
    ids=["import", "first use"],
)
def test_import_loads_nothing_heavy(statement: str) -> None:
    assert loaded_by(statement) & HEAVY == set()
