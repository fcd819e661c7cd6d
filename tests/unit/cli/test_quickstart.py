"""``backtrail quickstart``: the report, its files, and what it agrees with."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from backtrail.cli.quickstart import CASH, build, run_quickstart

ROOT = Path(__file__).resolve().parent.parent.parent.parent
SAMPLE = ROOT / "src" / "backtrail" / "cli" / "data" / "sample-daily.csv"
EXAMPLE = ROOT / "examples" / "quickstart.py"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("quickstart")
    command = [sys.executable, "-m", "backtrail", "quickstart", "--json", "--output", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    found: dict[str, object] = json.loads(done.stdout)
    return found


def rows(report: dict[str, object], name: str) -> list[dict[str, str]]:
    with open(Path(str(report["folder"])) / name, encoding="utf-8") as source:
        return list(csv.DictReader(source))


def test_the_report_is_printed_with_its_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_quickstart(tmp_path) == 0
    out = capsys.readouterr().out
    for figure in (
        "Start value", "Final value", "Total return", "Annual return", "Sharpe ratio", "Max drawdown", "Trades",
        "Win rate", "Profit factor", "Commission paid", "bars/s",
    ):  # fmt: skip
        assert figure in out
    (folder,) = tmp_path.iterdir()
    assert f"Files in {folder}: equity.csv, orders.csv, trades.csv, report.json" in out


def test_the_files_agree_with_the_report(report: dict[str, object]) -> None:
    stats = report["statistics"]
    assert isinstance(stats, dict)
    equity, orders, trades = (rows(report, name) for name in ("equity.csv", "orders.csv", "trades.csv"))
    assert len(equity) == stats["bars"] == 2519
    assert float(equity[0]["value"]) == stats["start_value"] == CASH
    assert float(equity[-1]["value"]) == stats["final_value"]
    assert len(trades) == stats["trades"]
    assert sum(float(order["commission"]) for order in orders) == pytest.approx(stats["commission"])
    assert [int(order["number"]) for order in orders] == list(range(1, len(orders) + 1))
    assert {order["type"] for order in orders} == {"Market", "Stop"}
    with open(Path(str(report["folder"])) / "report.json", encoding="utf-8") as source:
        assert json.load(source)["statistics"] == stats


def test_the_figures_agree_with_the_analyzers(report: dict[str, object]) -> None:
    stats, analyzers = report["statistics"], report["analyzers"]
    assert isinstance(stats, dict)
    assert isinstance(analyzers, dict)
    assert stats["drawdown"]["depth"] * 100.0 == pytest.approx(analyzers["drawdown"]["max"]["drawdown"])
    assert stats["sharpe"] == pytest.approx(analyzers["sharpe"]["sharperatio"])
    assert stats["trades"] == analyzers["trades"]["total"]["closed"]


def test_the_example_script_ends_with_the_same_value_as_backtrader(
    report: dict[str, object], tmp_path: Path
) -> None:
    stats = report["statistics"]
    assert isinstance(stats, dict)
    theirs = tmp_path / "theirs.py"
    theirs.write_text(EXAMPLE.read_text().replace("import backtrail as bt", "import backtrader as bt"))
    printed = [
        subprocess.run(
            [sys.executable, str(script), str(SAMPLE)], capture_output=True, text=True, check=True
        ).stdout
        for script in (EXAMPLE, theirs)
    ]
    assert printed[0] == printed[1]
    assert f"Final value:  {stats['final_value']:,.2f}" in printed[0]


def test_the_progress_bar_goes_to_stderr(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_quickstart(tmp_path, show_progress=True, as_json=True) == 0
    out, err = capfd.readouterr()
    json.loads(out)
    assert re.search(r"Backtest: 2,519 of 2,519 bars", err)


def test_a_folder_that_cannot_be_made_is_a_short_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = tmp_path / "file"
    taken.write_text("")
    assert run_quickstart(taken) == 1
    assert "--output FOLDER" in capsys.readouterr().err


def test_building_gives_a_cerebro_to_start_from() -> None:
    cerebro = build(SAMPLE)
    assert cerebro.broker.getcash() == CASH
    assert cerebro.datas[0]._name == "SAMPLE"


def test_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    slow = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from backtrail.cli import quickstart\n"
        "from backtrail.report.folder import RunFolder\n"
        "def write_json(self, name, content):\n"
        "    print('writing', flush=True)\n"
        "    time.sleep(60)\n"
        "RunFolder.write_json = write_json\n"
        "sys.exit(quickstart.run_quickstart(Path(sys.argv[1])))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", slow, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "no files were written" in err
    assert list(tmp_path.iterdir()) == []
