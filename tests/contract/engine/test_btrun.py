"""``backtrail btrun`` prints what backtrader's ``btrun`` prints for the same options."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backtrail.cli.btrun import run_btrun
from backtrail.cli.btrun_options import parser
from backtrail.cli.btrun_specs import RunOptionError, keywords
from backtrail.compat import real_backtrader

pytestmark = [pytest.mark.contract, pytest.mark.filterwarnings("ignore::backtrail.errors.DataWarning")]

ROOT = Path(__file__).resolve().parents[3]
SAMPLE = ROOT / "src" / "backtrail" / "cli" / "data" / "sample-daily.csv"

PARTS = """
import backtrader as bt

class Trades(bt.Strategy):
    params = dict(n=3)

    def __init__(self):
        print(dict(self.p._getkwargs()), [(d._name, d._timeframe, d._compression) for d in self.datas])

    def next(self):
        print(len(self), self.data.close[0], self.position.size, self.broker.getvalue())
        if len(self) % self.p.n == 1:
            self.buy()
        elif self.position:
            self.close()

    def notify_order(self, order):
        print(order.getstatusname(), order.executed.price, order.executed.comm)

class Above(bt.Signal):
    params = dict(period=5)

    def __init__(self):
        self.lines.signal = self.data - bt.ind.SMA(period=self.p.period)

class Count(bt.Analyzer):
    params = dict(k=1)

    def get_analysis(self):
        return dict(k=self.p.k, bars=[len(self.strategy), 2])

class Mark(bt.Observer):
    lines = ("mark",)

    def next(self):
        self.lines.mark[0] = len(self)
"""
HOOK = """
def hook(cerebro, **kwargs):
    print(len(cerebro.datas), len(cerebro.strats), kwargs, cerebro.broker.getcash())
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("btrun")
    (made / "parts.py").write_text(PARTS)
    (made / "hooks.py").write_text(HOOK)
    lines = SAMPLE.read_text().splitlines(keepends=True)
    (made / "bars.csv").write_text("".join(lines[:40]))
    return made


@pytest.fixture(autouse=True)
def _modules_of_the_folder() -> Iterator[None]:
    """Forget the modules that a test loads: their files are gone later. backtrader gives them names by chance."""
    known = set(sys.modules)
    yield
    for name in set(sys.modules) - known:
        if Path(getattr(sys.modules[name], "__file__", None) or "").name in ("parts.py", "hooks.py"):
            del sys.modules[name]


@pytest.fixture
def theirs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[list[str]], object]:
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    real = real_backtrader()
    from backtrader.btrun import btrun  # type: ignore[import-untyped]

    vars(real).pop("btrun", None)  # `import backtrader` alone does not show it
    return lambda arguments: btrun(pargs=arguments)


@pytest.mark.parametrize(
    "options",
    [
        "-st parts",
        "-st parts:Trades:n=5 --cash 500 -comm 0.01 --slip_perc 0.01 --slip_open",
        "-st parts -comm 2 --margin 50 --mult 5 --interest 0.1 --interest_long",
        "-st parts --slip_fixed 1 --slip_open --no-slip_match",
        "-st parts.py --slip_fixed 9 --slip_open --slip_out",
        "-st parts -rs weeks:2",
        "-st parts -rp weeks",
        "-st parts -tf weeks -cp 2 -f 2015-01-20 -t 2015-02-10T12:00:00",
        "-st :SMA_CrossOver:fast=3,slow=5 -an :TradeAnalyzer -an parts::k=7 --pranalyzer",
        "-st :SMA_CrossOver:fast=3,slow=5 -an :SQN -an parts --ppranalyzer",
        "-st parts --writer",
        "-st parts -wr csv=True,csv_counter=False --nostdstats -ind :SMA:period=3 -ob parts -ob :DrawDown",
        "-st parts --cerebro runonce=False,exactbars=1 --flush",
        "-st parts --hook hooks --hook hooks:hook:k=1 --hook :addtz:tz='UTC' --cash 77",
        "-sig long+parts:Above:period=3 -an :TradeAnalyzer --pranalyzer -d bars.csv",
        "",
    ],
)
def test_what_is_printed_is_the_same(
    options: str, theirs: Callable[[list[str]], object], capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["-d", "bars.csv", *options.split()]
    theirs(arguments)
    expected = capsys.readouterr().out
    assert run_btrun(arguments) == 0
    assert capsys.readouterr().out == expected


def test_every_option_of_backtrader_is_taken() -> None:
    known = set(parser()._option_string_actions)
    wanted = (
        "--data -d --cerebro -cer --nostdstats --format --csvformat -c --fromdate -f --todate -t "
        "--timeframe -tf --compression -cp --resample -rs --replay -rp --hook --strategy -st --signal "
        "-sig --observer -ob --analyzer -an --pranalyzer -pralyzer --ppranalyzer -ppralyzer --indicator "
        "-ind --writer -wr --cash -cash --commission -comm --margin -marg --mult -mul --interest "
        "--interest_long --slip_perc --slip_fixed --slip_open --no-slip_match --slip_out --flush --plot "
        "-p"
    )
    assert set(wanted.split()) - known == set()


@pytest.mark.parametrize(
    ("options", "said", "status"),
    [
        ("-st :Nope", "No class Nope / module", 2),
        ("-st parts:Nope", "No class Nope / module parts", 2),
        ("-st hooks", "No class  / module hooks", 2),
        ("-st nowhere", "Failed to load module nowhere", 2),
        ("--hook :nope", "No function nope", 2),
        ("--hook hooks:nope", "No function nope / module hooks", 2),
        ("--hook parts", "No function  / module parts", 2),
        ("-sig down+parts", "expected one of", 2),
        ("--cerebro foo=1", "Did you mean", 2),
        ("--cerebro n=[1,2", "name=value", 2),
        ("--cerebro 3", "name=value", 2),
        ("-c yahoo -tf minutes", "Days, Weeks or Months", 1),
        ("--plot", "drawing", 1),
    ],
)
def test_what_cannot_be_done_is_said(
    options: str,
    said: str,
    status: int,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)
    options = options.replace("foo=1", "stdstat=1")
    assert run_btrun(["-d", "bars.csv", *options.split()]) == status
    printed = capsys.readouterr()
    assert said in printed.err


@pytest.mark.parametrize(
    "options", ["", "-d x -rs foo", "-d x -f 2015", "-d x -c nope", "-d x -rs weeks -rp weeks"]
)
def test_misused_options_end_with_the_usage(options: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run_btrun(options.split())
    assert ended.value.code == 2
    assert "usage: backtrail btrun" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_btrun(["-d", "nowhere.csv"]) == 1
    assert "expected 'nowhere.csv' to exist" in capsys.readouterr().err


def test_keywords_are_literals_names_or_words() -> None:
    import backtrail as bt

    read = keywords(
        "a=1,b=-2.5,c='x,y',d=True,timeframe=bt.TimeFrame.Weeks,e=TimeFrame.Days,tz=America/St_Johns,f=word"
    )
    assert read == {
        "a": 1, "b": -2.5, "c": "x,y", "d": True, "timeframe": bt.TimeFrame.Weeks, "e": bt.TimeFrame.Days,
        "tz": "America/St_Johns", "f": "word",
    }  # fmt: skip
    assert keywords("") == {}
    with pytest.raises(RunOptionError):
        keywords("1, 2")
