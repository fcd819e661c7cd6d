"""What captured code, records and the cache promise, and that a test stands for each promise.

A test says with ``@pytest.mark.row("A1", …)`` which promises it holds. Those of A are about capturing code and about
the folders of a backtest, those of B about the cache, its keys and its store.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[2]

PROMISES = {
    "A1": "imports are the default mode, all modes are accepted, and a run takes all code and names its entry point",
    "A2": "both paths may be left out until a method needs one, which says so",
    "A3": "a missing strategy raises at once, as does an unknown mode; a missing dependency is a warning",
    "A4": "a syntax error raises only of the strategy and only when asked directly; strict makes imports errors",
    "A5": "copying never raises for one file: what was left out is in the warnings and in the manifest",
    "A6": "entries of a yaml are relative to it, else to the project root; beside the yaml wins, and both are told",
    "A7": "a yaml that is given wins over the one beside the strategy, which wins over the closure",
    "A8": "the entry point is found by frames and modules, never by the text of a line; in workers by the classes",
    "A9": "finding it takes less than a tenth of a millisecond at any depth",
    "A10": "the result has the four documented fields first; a failed detection is a fallback of low confidence",
    "A11": "a session without a file has no entry point and says so; what its source is known of is kept as cells",
    "A12": "a packed application gives its bundled source or none, and is always known by its executable",
    "A13": "a notebook is never guessed; executed cells are kept; outputs are not",
    "A14": "the whole closure is captured, once however many runs share it",
    "A15": "submodules that a from-import names are followed, relative ones too",
    "A16": "every package above an imported module is captured",
    "A17": "modules of the user's that shadow Python's own are captured",
    "A18": "looking for modules executes nothing",
    "A19": "environments, installed packages, git's folder and stores inside of a project are not the project's",
    "A20": "literal dynamic imports and modules that were loaded by computed names are found and listed",
    "A21": "files that a run reads are inputs by their digest; a run that used the network says so",
    "A22": "the text is that of the start; what was edited after it was loaded is told, and both texts are kept",
    "A23": "coding cookies and byte order marks are obeyed",
    "A24": "chains of imports of any length are followed",
    "A25": "a yaml may read above its folder and never writes outside of the output folder",
    "A26": "files outside of the project are refused with a warning unless they are allowed",
    "A27": "outside files of one name do not overwrite each other",
    "A28": "links lead nowhere that is not allowed; their target is recorded and its content stored",
    "A29": "only regular files within the limits are read; beyond them the digest and a warning stay",
    "A30": "a yaml is checked line by line, expands folders and patterns, obeys excludes and is captured itself",
    "A31": "key stores are not captured, keys in texts are flagged, private and not packed, arguments are redacted",
    "A32": "records hold no absolute path, user or host",
    "A33": "ids of 19 characters are unique over processes",
    "A34": "ids are in UTC",
    "A35": "no name leads out of a backtest's folder",
    "A36": "metadata of every kind are written whole or not at all",
    "A37": "code is captured from the caller without being told; what is missing is recorded",
    "A38": "a record has digests, libraries, data, seed, engine and git, can be verified and restored",
    "A39": "every documented example runs as it is shown",
    "A40": "one object may be used from several threads",
    "A41": "analyses are remembered by content and by Python's version",
    "A42": "whose a module is, is told by where it lies and never by a part of its name",
    "A43": "extension modules, zip archives, namespace, editable and sibling packages are told apart",
    "A44": "names are stored so that every system can hold them",
    "A45": "two hundred files take less than three seconds",
    "B1": "every changed cell and index value is another key",
    "B2": "types, order, names, zones and frequency of columns and index are in the key",
    "B3": "text and objects have the same key in every process",
    "B4": "empty frames keep their schema and have no dates",
    "B5": "arrays in parameters count in full",
    "B6": "sets have the same key in every process",
    "B7": "numbers of numpy, callables and keys of dicts have their own keys; what has none is said once",
    "B8": "the code of the function and of what it imports is in the key",
    "B9": "engine, settings, seed, calendar, libraries and machine are in the key",
    "B10": "every argument is in the key, bound to the defaults; those to ignore are named",
    "B11": "a function that changes its data hits, and that is told",
    "B12": "a hit has the shape of the miss",
    "B13": "no fault of storing loses a computed result",
    "B14": "methods, coroutines and data of every kind can be cached; generators are refused clearly",
    "B15": "processes and machines that write at once lose nothing",
    "B16": "an index that is torn or gone is made again from the records",
    "B17": "what was not stored says so; strict raises",
    "B18": "nothing is unpickled; pickles of other caches are read by a process of their own, of listed types",
    "B19": "ids never become paths",
    "B20": "records of earlier formats are read, of later ones refused or passed over clearly",
    "B21": "the folder may be text, a path or nothing; the environment and the user's folder stand in",
    "B22": "another result for the same key is told with the first difference, and kept, replaced or refused",
    "B23": "results are verified by their digests",
    "B24": "the best are those of the same data, code and settings, in the metric's direction, with trials counted",
    "B25": "questions are answered from the index",
    "B26": "columns of a comparison do not clash; nested parameters have dots",
    "B27": "numbers keep their value, and those that are not finite too",
    "B28": "folds are kept with fingerprints, verified, checked for leaks, and carried by runs",
    "B29": "clearing keeps what is wanted, refuses negative ages, can be tried and taken back",
    "B30": "results are stored once, and a cache holds to its policy and size",
    "B31": "types, zones and indices survive, or the frame is refused",
    "B32": "threads and forked processes share a cache",
    "B33": "running, finished, failed, killed and served runs are seen, failures with their traceback",
    "B34": "processes that need the same result compute it once",
    "B35": "a miss is explained by what differs from the nearest run",
    "B36": "times are in UTC and know it",
    "B37": "keys join length-prefixed parts by BLAKE3, and no weak digest is used",
    "B38": "the global cache is configured for the process or a block, or by the environment",
    "B39": "the figures have their documented names and come from the index",
}


def marked() -> dict[str, list[str]]:
    """Give the tests of each promise, read from the marks in the test files without importing them."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(TESTS.rglob("test_*.py")):
        text = path.read_bytes()
        if b"mark.row(" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                for mark in node.decorator_list:
                    if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.row":
                        for one in mark.args:
                            assert isinstance(one, ast.Constant), (path, node.name)
                            found[one.value].append(f"{path.relative_to(TESTS)}::{node.name}")
    return found


@pytest.fixture(scope="module")
def tests_of() -> dict[str, list[str]]:
    return marked()


def test_every_promise_has_a_test(tests_of: dict[str, list[str]]) -> None:
    assert [f"{one}: {said}" for one, said in PROMISES.items() if not tests_of.get(one)] == []


def test_every_mark_names_a_promise(tests_of: dict[str, list[str]]) -> None:
    assert {one: tests for one, tests in tests_of.items() if one not in PROMISES} == {}


def test_promises_are_counted_without_a_gap() -> None:
    assert list(PROMISES) == [
        *(f"A{number}" for number in range(1, 46)),
        *(f"B{number}" for number in range(1, 40)),
    ]
