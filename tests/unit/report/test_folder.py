"""Run folders are complete or not there."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from pathlib import Path

import pytest

from backtrail.report.folder import RunFolder, to_json


@dataclasses.dataclass
class Row:
    when: dt.datetime
    price: float | None


def test_files_appear_with_the_folder(tmp_path: Path) -> None:
    with RunFolder(tmp_path / "runs", "demo") as folder:
        folder.write_rows("a.csv", ("x", "y"), [(1, 0.1), (dt.datetime(2024, 1, 2, 3), None)])
        folder.write_records("b.csv", Row, [Row(dt.datetime(2024, 1, 2), 1 / 3)])
        folder.write_json("c.json", {"n": 1})
        assert not folder.path.exists()
    assert folder.path == tmp_path / "runs" / "demo"
    assert (
        sorted(p.name for p in folder.path.iterdir()) == sorted(folder.files) == ["a.csv", "b.csv", "c.json"]
    )
    assert (folder.path / "a.csv").read_text() == "x,y\n1,0.1\n2024-01-02 03:00:00,\n"
    assert (folder.path / "b.csv").read_text() == "when,price\n2024-01-02 00:00:00,0.3333333333333333\n"
    assert [p.name for p in (tmp_path / "runs").iterdir()] == ["demo"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_nothing_stays_behind_when_interrupted(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), RunFolder(tmp_path, "demo") as folder:
        folder.write_rows("a.csv", ("x",), [(1,)])
        raise error
    assert list(tmp_path.iterdir()) == []


def test_a_taken_name_gets_a_number(tmp_path: Path) -> None:
    names = []
    for _ in range(3):
        with RunFolder(tmp_path, "demo") as folder:
            folder.write_json("a.json", 1)
        names.append(folder.path.name)
    assert names == ["demo", "demo-2", "demo-3"]


def test_json_has_no_nan_and_readable_moments() -> None:
    content = {
        dt.date(2024, 1, 2): float("nan"), "inf": [float("-inf"), 1.5], "row": Row(dt.datetime(2024, 1, 2), None),
        "time": dt.time(9, 30), "other": {1: {"a"}},
    }  # fmt: skip
    assert json.loads(to_json(content)) == {
        "2024-01-02": None, "inf": [None, 1.5], "row": {"when": "2024-01-02 00:00:00", "price": None},
        "time": "09:30:00", "other": {"1": "{'a'}"},
    }  # fmt: skip
