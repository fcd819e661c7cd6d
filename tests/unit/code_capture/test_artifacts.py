"""BacktestArtifactManager and run_algorithm. Names begin with the promise they hold."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import json
import math
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.code_capture.projects import project, python

import backtrail as bt
from backtrail.backtest import BacktestArtifactManager
from backtrail.errors import ParameterError

MANY = """
import sys
from backtrail.backtest import BacktestArtifactManager
for _ in range(100):
    manager = BacktestArtifactManager(sys.argv[1])
    manager.initialize()
    print(manager.backtest_id)
"""


@pytest.fixture
def manager(tmp_path: Path) -> BacktestArtifactManager:
    made = BacktestArtifactManager(tmp_path / "backtests")
    made.initialize()
    return made


@pytest.mark.row("A33")
def test_a33_ids_are_unique_over_8_processes_of_100_each(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MANY, str(tmp_path)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(8)]
    ids = [line for process in running for line in process.communicate()[0].split()]
    assert all(process.returncode == 0 for process in running)
    assert len(ids) == len(set(ids)) == 800
    assert {path.name for path in tmp_path.iterdir()} == set(ids)
    assert all(re.fullmatch(r"\d{8}_\d{6}_\d{3}", one) for one in ids)


@pytest.mark.row("A34")
def test_a34_ids_are_utc(tmp_path: Path) -> None:
    program = (
        "from backtrail.backtest import BacktestArtifactManager as M\nprint(M('b').generate_backtest_id())\n"
    )
    before = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    done = python(project(tmp_path, {"m.py": program}), "m.py", env={"TZ": "Asia/Tokyo"})
    made = datetime.datetime.strptime(done.stdout.strip(), "%Y%m%d_%H%M%S_%f")
    assert abs((made - before).total_seconds()) < 60


def test_initialize_makes_the_folders_at_once_and_twice_changes_nothing(
    manager: BacktestArtifactManager,
) -> None:
    assert len(manager.backtest_id) == 19
    assert manager.output_dir == manager.base_dir / manager.backtest_id
    assert sorted(path.name for path in manager.output_dir.iterdir()) == ["code", "metadata", "results"]
    first = manager.backtest_id
    assert manager.initialize() == manager.output_dir
    assert manager.backtest_id == first
    assert (manager.results_dir.name, manager.code_dir.name, manager.metadata_dir.name) == (
        "results",
        "code",
        "metadata",
    )


def test_folders_are_asked_for_before_there_are_any() -> None:
    with pytest.raises(RuntimeError, match=r"initialize\(\)"):
        _ = BacktestArtifactManager().output_dir


@pytest.mark.row("A35")
@pytest.mark.parametrize(
    "name", ["../../x", "../x", "/etc/passwd", "a/../../../x", "", ".", "..", "\0", "link/x", "a/../.."]
)
def test_a35_names_cannot_leave_the_folder(
    manager: BacktestArtifactManager, tmp_path: Path, name: str
) -> None:
    (manager.results_dir / "link").symlink_to(tmp_path)
    with pytest.raises(ValueError):
        manager.get_output_path(name)
    with pytest.raises(ValueError):
        manager.get_result_path(name)


@pytest.mark.row("A35")
@pytest.mark.parametrize("subdir", ["..", "../other", "/etc", "../../x", "\0"])
def test_a35_subfolders_cannot_leave_the_folder(manager: BacktestArtifactManager, subdir: str) -> None:
    with pytest.raises(ValueError):
        manager.get_output_path("x", subdir=subdir)


@pytest.mark.row("A35")
@given(st.text(max_size=30), st.text(max_size=10))
def test_a35_any_name_stays_inside_or_is_refused(name: str, subdir: str) -> None:
    made = BacktestArtifactManager.__new__(BacktestArtifactManager)
    made.base_dir = Path("/nowhere-at-all")
    made._id = "20261121_143527_123"
    try:
        path = made.get_output_path(name, subdir)
    except (ValueError, OSError):
        return
    assert path.is_relative_to(made.output_dir)


def test_paths_for_results_open(manager: BacktestArtifactManager) -> None:
    manager.get_output_path("equity.csv").write_text("1")
    manager.get_output_path("deep/er/x.json").write_text("2")
    manager.get_output_path("notes.txt", subdir="metadata").write_text("3")
    manager.get_result_path("..data").write_text("4")
    assert [path.name for path in manager.list_result_files()] == ["..data", "x.json", "equity.csv"]
    assert [path.name for path in manager.list_result_files("*.csv")] == ["equity.csv"]


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Setting:
    path: Path
    period: int


@pytest.mark.row("A36")
def test_a36_metadata_of_every_kind_are_written(manager: BacktestArtifactManager) -> None:
    manager.save_metadata(
        {
            "path": Path("a/b"),
            "when": datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC),
            "day": datetime.date(2026, 1, 2),
            "exact": decimal.Decimal("1.10"),
            "f32": np.float32(1.5),
            "i64": np.int64(7),
            "flag": np.bool_(True),
            "array": np.arange(3),
            "set": {3, 1, 2},
            "colour": Colour.RED,
            "setting": Setting(Path("x"), 3),
            "nan": float("nan"),
            "inf": -math.inf,
            "npnan": np.float64("nan"),
            "uuid": uuid.UUID(int=1),
            "bytes": b"\1",
            "span": datetime.timedelta(minutes=1),
            "tuple": (1, None, True),
            Path("key"): {1: "a"},
            "text": "é\ud800",
        }
    )
    text = (manager.metadata_dir / "backtest_metadata.json").read_bytes().decode("utf-8", "surrogatepass")
    loaded = json.loads(text)
    assert loaded.pop("text").startswith("é")
    assert loaded == {
        "path": str(Path("a/b")),
        "when": "2026-01-02T00:00:00+00:00",
        "day": "2026-01-02",
        "exact": "1.10",
        "f32": 1.5,
        "i64": 7,
        "flag": True,
        "array": [0, 1, 2],
        "set": [1, 2, 3],
        "colour": "red",
        "setting": {"path": "x", "period": 3},
        "nan": "NaN",
        "inf": "-Infinity",
        "npnan": "NaN",
        "uuid": "00000000-0000-0000-0000-000000000001",
        "bytes": "01",
        "span": 60.0,
        "tuple": [1, None, True],
        "key": {"1": "a"},
    }


@pytest.mark.row("A36")
def test_a36_what_cannot_be_written_leaves_what_was_there(manager: BacktestArtifactManager) -> None:
    manager.save_metadata({"good": 1})
    looped: dict[str, object] = {}
    looped["self"] = looped
    for bad, where in (
        ({"a": [object()]}, r"metadata\['a'\]\[0\]"),
        ({(1, 2): 1}, "key"),
        (looped, "holds itself"),
        ([], "dict"),
    ):
        with pytest.raises(TypeError, match=where):
            manager.save_metadata(bad)
    assert manager.load_metadata() == {"good": 1}
    assert [path.name for path in manager.metadata_dir.iterdir()] == ["backtest_metadata.json"]


@pytest.mark.row("A36")
def test_a36_a_full_disk_leaves_what_was_there(
    manager: BacktestArtifactManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager.save_metadata({"good": 1})

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        manager.save_metadata({"good": 2})
    assert manager.load_metadata() == {"good": 1}
    assert [path.name for path in manager.metadata_dir.iterdir()] == ["backtest_metadata.json"]


def test_metadata_that_are_missing_or_torn_are_said_to_be(manager: BacktestArtifactManager) -> None:
    with pytest.raises(FileNotFoundError, match="nothing was saved"):
        manager.load_metadata()
    for torn in (b'{\n  "x": ', b"[]", b"\xff", b"[" * 100_000):
        (manager.metadata_dir / "backtest_metadata.json").write_bytes(torn)
        with pytest.raises(ValueError):
            manager.load_metadata()


def test_an_earlier_backtest_is_opened_by_its_id(manager: BacktestArtifactManager) -> None:
    manager.save_metadata({"x": 1})
    again = BacktestArtifactManager.from_backtest_id(manager.backtest_id, manager.base_dir)
    assert again.load_metadata() == {"x": 1}
    with pytest.raises(FileNotFoundError):
        BacktestArtifactManager.from_backtest_id("20200101_000000_000", manager.base_dir)
    for wrong in ("../../etc", "", "20200101_000000_000/..", 5, "20200101_000000_000\n"):
        with pytest.raises(ValueError, match="expected an id"):
            BacktestArtifactManager.from_backtest_id(wrong, manager.base_dir)


@pytest.mark.row("A37")
def test_a37_code_is_captured_from_the_caller_without_being_told(tmp_path: Path) -> None:
    program = """
        from backtrail.backtest import BacktestArtifactManager
        import helper
        manager = BacktestArtifactManager()
        print(manager.capture_strategy_code(), manager.capture_strategy_code("helper.py"))
    """
    done = python(project(tmp_path, {"run.py": program, "helper.py": ""}), "run.py")
    assert done.stdout.strip() == "['run.py', 'helper.py'] ['helper.py']"


@pytest.mark.row("A38")
def test_a38_data_are_linked_by_name_and_never_guessed(manager: BacktestArtifactManager) -> None:
    manager.save_metadata({"keep": 1})
    assert manager.link_backtest_to_bundles("spy") == ["spy"]
    assert manager.link_backtest_to_bundles(["qqq", "spy"]) == ["spy", "qqq"]
    assert manager.load_metadata() == {"keep": 1, "data_bundles": ["spy", "qqq"]}
    with pytest.raises(ValueError, match="expected names"):
        manager.link_backtest_to_bundles([None])  # type: ignore[list-item]


class Buyer(bt.Strategy):
    params = (("size", 1),)

    def next(self) -> None:
        if not self.position:
            self.buy(size=self.p.size)


def bars(tmp_path: Path) -> bt.feeds.GenericCSVData:
    path = tmp_path / "bars.csv"
    rows = [f"2026-01-{day:02d},{day},{day + 1},{day - 1},{day},100,0" for day in range(1, 29)]
    path.write_text("\n".join(["date,open,high,low,close,volume,openinterest", *rows]) + "\n")
    return bt.feeds.GenericCSVData(dataname=str(path), dtformat="%Y-%m-%d")


def test_run_algorithm_gives_what_cerebro_run_gives(tmp_path: Path) -> None:
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(bars(tmp_path))
    cerebro.broker.setcash(500.0)
    cerebro.broker.setcommission(commission=0.01)
    cerebro.addsizer(bt.sizers.FixedSize, stake=2)
    cerebro.addanalyzer(bt.analyzers.TradeAnalyzer, _name="trades")
    cerebro.addstrategy(Buyer, size=3)
    (expected,) = cerebro.run()
    (found,) = bt.run_algorithm(
        Buyer, bars(tmp_path), cash=500.0, commission=0.01, sizer=(bt.sizers.FixedSize, {"stake": 2}),
        analyzers={"trades": bt.analyzers.TradeAnalyzer}, settings={"stdstats": False}, size=3,
    )  # fmt: skip
    assert found.broker.getvalue() == expected.broker.getvalue()
    assert found.analyzers.trades.get_analysis() == expected.analyzers.trades.get_analysis()


def test_run_algorithm_takes_frames_and_names(tmp_path: Path) -> None:
    import pandas as pd

    frame = pd.DataFrame({name: np.arange(1.0, 21.0) for name in ("open", "high", "low", "close", "volume")},
                         index=pd.date_range("2026-01-01", periods=20))  # fmt: skip
    (named,) = bt.run_algorithm(Buyer, {"one": frame, "two": bars(tmp_path)}, strategy_params={"size": 2})
    assert [data._name for data in named.datas] == ["one", "two"]
    assert named.p.size == 2
    (alone,) = bt.run_algorithm(Buyer, frame, analyzers=[bt.analyzers.SQN], observers=bt.observers.Value)
    assert len(alone.analyzers) == 1


def test_run_algorithm_says_what_it_cannot_take(tmp_path: Path) -> None:
    data = bars(tmp_path)
    for wrong in (5, "Buyer", dict):
        with pytest.raises(TypeError, match="expected a Strategy class"):
            bt.run_algorithm(wrong, data)
    for wrong_data in ("bars.csv", 5, [5], {"a": "b"}):
        with pytest.raises(TypeError, match="expected"):
            bt.run_algorithm(Buyer, wrong_data)
    with pytest.raises(TypeError, match="expected a class"):
        bt.run_algorithm(Buyer, data, analyzers=["SQN"])
    with pytest.raises(ParameterError, match="size"):
        bt.run_algorithm(Buyer, data, strategy_params={"size": 1}, size=2)
    with pytest.raises(ParameterError, match="Did you mean 'size'"):
        bt.run_algorithm(Buyer, data, sise=2)
