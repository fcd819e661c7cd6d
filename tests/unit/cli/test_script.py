"""``backtrail run``: a script runs as under Python, with ``import backtrader`` giving backtrail."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent.parent
SAMPLE = ROOT / "src" / "backtrail" / "cli" / "data" / "sample-daily.csv"

BACKTEST = f"""
import sys
import backtrader as bt

class Buy(bt.Strategy):
    params = (("size", 1),)
    def next(self):
        if len(self) == 5:
            self.buy(size=self.p.size)

def main():
    cerebro = bt.Cerebro()
    cerebro.adddata(bt.feeds.BacktraderCSVData(dataname={str(SAMPLE)!r}))
    cerebro.addstrategy(Buy, size=int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    cerebro.run()
    print("%.2f" % cerebro.broker.getvalue())

if __name__ == "__main__":
    main()
"""


def backtrail(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "backtrail", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=120)


def write(folder: Path, text: str) -> Path:
    script = folder / "script.py"
    script.write_text(text, encoding="utf-8")
    return script


def test_an_unmodified_script_prints_what_it_prints_under_backtrader(tmp_path: Path) -> None:
    script = write(tmp_path, BACKTEST)
    ours = backtrail("run", script, 7)
    theirs = subprocess.run([sys.executable, str(script), "7"], capture_output=True, text=True, check=True)
    assert (ours.stdout, ours.returncode) == (theirs.stdout, 0)
    assert ours.stderr == ""


def test_the_script_sees_its_own_argv_main_and_path(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("value = 3\n")
    script = write(
        tmp_path,
        "import sys, beside\nprint(sys.argv, __name__, __file__, beside.value, sys.modules['__main__'].beside)",
    )
    done = backtrail("run", script, "--json", "-x", "1")
    assert done.stdout.startswith(f"['{script}', '--json', '-x', '1'] __main__ {script} 3 <module")


@pytest.mark.parametrize(
    ("ending", "status", "error"),
    [
        ("", 0, ""),
        ("import sys; sys.exit()", 0, ""),
        ("import sys; sys.exit(3)", 3, ""),
        ("import sys; sys.exit('no luck')", 1, "no luck\n"),
    ],
)
def test_exit_status_is_the_scripts(tmp_path: Path, ending: str, status: int, error: str) -> None:
    done = backtrail("run", write(tmp_path, ending))
    assert (done.returncode, done.stderr) == (status, error)


def test_a_traceback_shows_the_script_and_nothing_of_ours(tmp_path: Path) -> None:
    script = write(tmp_path, "def f():\n    return 1 / 0\n\nf()\n")
    ours = backtrail("run", script)
    theirs = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert ours.returncode == theirs.returncode == 1
    assert ours.stderr == theirs.stderr


def test_a_syntax_error_is_shown(tmp_path: Path) -> None:
    done = backtrail("run", write(tmp_path, "x = = 1\n"))
    assert done.returncode == 1
    assert "SyntaxError" in done.stderr
    assert "backtrail" not in done.stderr.replace(str(tmp_path), "")


def test_ctrl_c_gives_130(tmp_path: Path) -> None:
    done = backtrail("run", write(tmp_path, "raise KeyboardInterrupt"))
    assert done.returncode == 130


def test_a_missing_script_says_what_to_do(tmp_path: Path) -> None:
    done = backtrail("run", tmp_path / "nosuch.py")
    assert done.returncode == 2
    assert "does not exist" in done.stderr
    assert len(done.stderr.splitlines()) < 5
    assert backtrail("run", tmp_path).returncode == 2


def test_json_summary_goes_to_stdout_alone(tmp_path: Path) -> None:
    done = backtrail("run", "--json", write(tmp_path, BACKTEST), 2)
    summary = json.loads(done.stdout)
    assert summary["status"] == 0
    (run,) = summary["runs"]
    assert run["strategies"] == ["Buy"]
    assert run["cycles"] == 2519
    assert run["start_cash"] == 10_000.0
    assert f"{run['final_value']:.2f}\n" == done.stderr


def test_progress_goes_to_stderr(tmp_path: Path) -> None:
    done = backtrail("run", "--progress", write(tmp_path, BACKTEST))
    assert len(done.stdout.splitlines()) == 1
    assert "2,519 of 2,519 bars" in done.stderr


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_worker_processes_get_the_alias_and_the_scripts_classes(tmp_path: Path, method: str) -> None:
    script = write(
        tmp_path,
        f"""
import multiprocessing
import backtrader as bt

class Mine(bt.Strategy):
    pass

def name(cls):
    return cls.__name__ + " " + bt.Cerebro.__module__.partition(".")[0]

if __name__ == "__main__":
    with multiprocessing.get_context({method!r}).Pool(1) as pool:
        print(pool.apply(name, (Mine,)))
""",
    )
    done = backtrail("run", script)
    assert (done.stdout, done.stderr) == ("Mine backtrail\n", "")


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_an_optimisation_runs_in_worker_processes(tmp_path: Path, method: str) -> None:
    script = write(
        tmp_path,
        f"""
import multiprocessing
import backtrader as bt

class Hold(bt.Strategy):
    params = (("size", 1),)
    def next(self):
        if len(self) == 1:
            self.buy(size=self.p.size)

if __name__ == "__main__":
    multiprocessing.set_start_method({method!r})
    cerebro = bt.Cerebro(maxcpus=2)
    cerebro.adddata(bt.feeds.BacktraderCSVData(dataname={str(SAMPLE)!r}))
    cerebro.optstrategy(Hold, size=[1, 2, 3])
    cerebro.addanalyzer(bt.analyzers.Returns, _name="returns")
    for (result,) in cerebro.run():
        print(result.p.size, result.analyzers.returns.get_analysis()["rtot"])
""",
    )
    ours = backtrail("run", script)
    theirs = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert (ours.stdout, ours.stderr) == (theirs.stdout, "")


def test_version() -> None:
    import backtrail as package

    assert backtrail("--version").stdout == f"backtrail {package.__version__}\n"


def test_no_command_shows_the_help() -> None:
    done = backtrail()
    assert "quickstart" in done.stdout + done.stderr
