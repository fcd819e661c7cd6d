"""``backtrail check``: what a script means is read, nothing of it is run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from backtrail.cli.check import check_source, run_check
from backtrail.cli.check_script import PAGE, Finding

ROOT = Path(__file__).resolve().parents[3]

HEAD = "import backtrader as bt\nimport backtrader.indicators as btind\nfrom backtrader import Strategy\n"


def found(body: str, head: str = HEAD) -> list[Finding]:
    return check_source((head + body).encode(), "script.py")


def kinds(body: str, head: str = HEAD) -> list[str]:
    return [one.kind for one in found(body, head)]


def in_next(code: str, setup: str = "pass", bases: str = "bt.Strategy") -> str:
    return (
        f"class S({bases}):\n    def __init__(self):\n        {setup}\n    def next(self):\n        {code}\n"
    )


GOOD = """
import datetime
import backtrader as bt
import backtrader.indicators as btind
from backtrader.feeds import GenericCSVData
from backtrader.utils import AutoOrderedDict

class Mine(GenericCSVData):
    lines = ("pe",)
    params = (("pe", 7),)

class Cross(bt.Strategy):
    params = dict(fast=10, limits=[1, 2])

    def __init__(self):
        self.sma = btind.MovAv.SMA(self.data, period=self.p.fast)
        self.cross = bt.ind.CrossOver(self.sma, self.data.close(-1))
        self.seen = {}
        self.orders = []

    def next(self):
        other = self.datas[1]
        for i, d in enumerate(self.datas):
            self.seen[i] = d.close[0] - d.close[-1] + other.high[0]
        if self.cross[0] > self.p.limits[1] and self.orders[1:]:
            self.buy(exectype=bt.Order.Limit, price=self.data.lines[1][0], valid=datetime.timedelta(1))

cerebro = bt.Cerebro(stdstats=False)
cerebro.addstrategy(Cross)
cerebro.adddata(Mine(dataname="x.csv", timeframe=bt.TimeFrame.Days))
cerebro.addanalyzer(bt.analyzers.SharpeRatio, _name="sharpe")
cerebro.run(maxcpus=1)
bt.num2date(bt.MAXINT), bt.datetime.datetime.now(), bt.signal.SIGNAL_LONG
"""


def test_a_script_without_surprises_has_no_findings() -> None:
    assert found("", GOOD) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("bt.indicators.SMMMA", "not answered"),
        ("bt.ind.NoSuchThing(period=3)", "not answered"),
        ("bt.Cerebr()", "not answered"),
        ("bt.stores.IBStore(port=7496)", "not answered"),
        ("bt.Order.Markt", "no such attribute"),
        ("from backtrader.feeds import IBData", "not answered"),
        ("import backtrader.stores.ibstore", "no such module"),
        ("from backtrader.nowhere import X", "no such module"),
        ("x = [btind.Nope for i in range(3)]", "not answered"),
        ("other = bt.indicators\nother.Nope", "not answered"),
    ],
)
def test_names_that_are_not_answered_fail(line: str, said: str) -> None:
    (one,) = found(line + "\n")
    assert (one.severity, one.kind) == ("error", "missing name")
    assert said in one.text
    assert one.link == f"{PAGE}#what-is-not-there"


def test_every_unknown_name_of_an_import_is_named() -> None:
    assert [(one.line, one.text.partition(":")[0]) for one in found("from backtrader import Foo, Cerebro, Bar\n")] == [
        (4, "backtrader.Foo"),
        (4, "backtrader.Bar"),
    ]
    assert [one.text.partition(":")[0] for one in found("import backtrader.nope, backtrader.nada\n")] == [
        "backtrader.nope",
        "backtrader.nada",
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("bt.ind.RSI(peroid=3)", "RSI has no parameter 'peroid'.* Did you mean 'period'"),
        ("bt.feeds.GenericCSVData(dataname='x', dtfrmat='%Y')", "no parameter 'dtfrmat'.* Did you mean 'dtformat'"),
        ("bt.brokers.BackBroker(csh=1)", "BackBroker has no parameter 'csh'.* Did you mean 'cash'"),
        ("cerebro.addanalyzer(bt.analyzers.SharpeRatio, riskfree=0.1)", "Did you mean 'riskfreerate'"),
        ("cerebro.addsizer(bt.sizers.FixedSize, stakee=1)", "Did you mean 'stake'"),
        ("data.addfilter(bt.filters.SessionFiller, fil_price=1)", "Did you mean 'fill_price'"),
    ],
)
def test_keywords_that_a_class_does_not_take_fail(line: str, said: str) -> None:
    (one,) = found(line + "\n")
    assert (one.severity, one.kind) == ("error", "unknown keyword")
    assert re.search(said, one.text)


@pytest.mark.parametrize(
    "line",
    [
        "bt.ind.SMA(data, period=3, plotname='x', subplot=True)",
        "bt.ind.RSI(**options)",
        "cerebro.addanalyzer(bt.analyzers.SharpeRatio, _name='x', riskfreerate=0.1)",
        "cerebro.addobserver(bt.observers.DrawDown, plot=False, obsname='x')",
        "cerebro.addstrategy(bt.strategies.MA_CrossOver, fast=3)",
        "cerebro.addanalyzer(Mine, anything=1)",
        "bt.feeds.PandasData(dataname=frame, plot=False, name='x')",
    ],
)
def test_keywords_that_a_class_takes_are_left_alone(line: str) -> None:
    assert kinds(line + "\n") == []


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("c = bt.Cerebro()\nc.broker.set_cashh(1)", "the broker has no method 'set_cashh'"),
        ("c = bt.Cerebro()\nc.addstrateggy(None)", "Cerebro has no method 'addstrateggy'"),
        (in_next("self.byu()"), "S has no method 'byu'"),
        (in_next("self.broker.get_valuee()"), "the broker has no method 'get_valuee'"),
        ("class Base(Strategy):\n    def log(self): pass\n" + in_next("self.logg()", bases="Base"), "no method 'logg'"),
    ],
)
def test_methods_that_are_not_there_fail(code: str, said: str) -> None:
    (one,) = found(code + "\n")
    assert (one.severity, one.kind) == ("error", "missing method")
    assert said in one.text
    assert "did you mean" in one.remedy


@pytest.mark.parametrize(
    "code",
    [
        in_next("self.buy(); self.data(-1); self.data_close(-1); self.broker.setcash(1)"),
        in_next("self.helper()", "self.helper = print"),
        in_next("self.helper()") + "S.helper = print\n",
        in_next("self.helper()") + "setattr(S, 'helper', print)\n",
        in_next("self.helper()", bases="bt.Strategy, Unknown"),
        in_next("self.helper()", bases="Unknown"),
        in_next("self.helper()") + "    def __getattr__(self, name): return print\n",
        in_next("self.broker.own()") + "c = bt.Cerebro()\nc.broker = Own()\n",
        "c = bt.Cerebro()\nc.setbroker(Own())\nc.broker.own()\n",
        "c = bt.Cerebro()\nc = Own()\nc.own()\n",
        "class Own(bt.Cerebro):\n    def own(self): pass\ncerebro = Own()\ncerebro.own()\n",
        "def run(cerebro):\n    cerebro.own()\n",
        "def f():\n    class B(Strategy):\n        def a(self): pass\n"
        "def g():\n    class B(Strategy):\n        def b(self): pass\n    class C(B):\n"
        "        def next(self): self.a(); self.b()\n",
        in_next("class Inner(list):\n            def add(self): self.append(1)"),
    ],
)
def test_methods_that_may_be_there_are_left_alone(code: str) -> None:
    assert kinds(code) == []


def test_the_remedy_names_the_nearest_name_or_says_that_a_service_is_not_there() -> None:
    assert "Did you mean 'Cerebro'" in found("bt.Cerebr()\n")[0].remedy
    assert "service" in found("bt.stores.IBStore()\n")[0].remedy


@pytest.mark.parametrize(
    "code",
    [
        "x = self.data.close[1]",
        "x = self.data0.high[2]",
        "x = self.data_close[1]",
        "x = self.datas[0].close[1]",
        "x = self.datas[0][1]",
        "x = self.data[1]",
        "x = self.data.lines.close[1]",
        "x = self.data.datetime.date(1)",
        "x = self.data.close.get(ago=1, size=2)",
        "x = self.sma[1]",
        "x = self.kept[1]",
        "x = self.spread[3]",
        "for d in self.datas: d.close[1]",
        "d = self.getdatabyname('a'); d.close[1]",
        "x = self.data.close[+1]",
    ],
)
def test_reads_of_the_future_fail(code: str) -> None:
    setup = "self.sma = btind.SMA(self.data); self.kept = self.data.close; self.spread = self.sma - self.kept"
    reads = [one for one in found(in_next(code, setup)) if one.kind == "future read"]
    assert [one.severity for one in reads] == ["error"]
    assert reads[0].line == 8


@pytest.mark.parametrize(
    "code",
    [
        "x = self.data.close[-1] + self.data.close[0]",
        "x = self.datas[1]",
        "x = self.frame.close[1]",
        "x = self.p.levels[1]",
        "x = self.data.lines[1]",
        "x = self.close[1:]",
        "x = self.data.close[self.p.n]",
        "x = table.close[1]",
        "x = self.stats[1]",
    ],
)
def test_what_is_no_read_of_the_future_is_left_alone(code: str) -> None:
    assert kinds(in_next(code, "self.frame = make(); self.close = []")) == []


def test_reads_count_in_classes_that_derive_through_others_and_in_indicators() -> None:
    base = "class Base(Strategy):\n    pass\n"
    assert kinds(base + in_next("self.data.close[1]", bases="Base")) == ["future read"]
    assert kinds(in_next("self.data.close[1]", bases="bt.Indicator")) == ["future read"]
    assert kinds(in_next("self.data.close[1]", bases="bt.Analyzer")) == ["future read"]
    assert kinds(in_next("self.data.close[1]", bases="object")) == []


def test_early_reads_and_lines_of_the_future_in_setup() -> None:
    assert kinds(in_next("pass", "self.x = self.data.close[0]")) == ["early read"]
    assert [(one.kind, one.severity) for one in found(in_next("pass", "self.x = self.data.close(1)"))] == [
        ("future line", "differs")
    ]


@pytest.mark.parametrize(
    "code",
    [
        "class S(Strategy):\n    def notify(self, order): pass\n",
        "class S(Strategy):\n    def notify_operation(self, trade): pass\n",
        "from backtrader.utils.py3 import range\n",
        "import backtrader.utils.flushfile\n",
        "bt.sizers.SizerFix\n",
        "class P(bt.with_metaclass(bt.MetaParams, object)): pass\n",
    ],
)
def test_old_spellings_are_notes(code: str) -> None:
    assert [(one.kind, one.severity) for one in found(code)] == [("old spelling", "note")]


@pytest.mark.parametrize(
    ("code", "kind", "severity"),
    [
        ("bt.Cerebro(realism='strict')", "strict", "differs"),
        ("bt.Cerebro(objcache=True)", "objcache", "note"),
        ("bt.Cerebro(stdstat=False)", "unknown setting", "error"),
        ("bt.Cerebro().run(stdstat=False)", "plain", ""),
        ("c = bt.Cerebro()\nc.run(stdstat=False)", "unknown setting", "note"),
        ("cerebro.plot()", "plot", "error"),
        ("c = bt.Cerebro()\nc.plot(style='candle')", "plot", "error"),
        ("axes.plot(x, y)", "plain", ""),
        ("self.buy(valid=0)", "valid-zero", "differs"),
        ("self.buy(exectype=bt.Order.StopTrail)", "trailing-stops", "note"),
        ("self.broker.getvalue([self.data0, self.data1])", "value-of-feeds", "differs"),
        ("self.broker.getvalue([self.data0])", "plain", ""),
        ("cerebro.broker.seteosbar(True)", "eosbar", "note"),
        ("cerebro.resampledata(data, rightedge=False)", "rightedge", "note"),
        ("cerebro.resampledata(data, rightedge=True)", "plain", ""),
        ("self.add_timer(when=t, weekdays=[5, 1])", "timer-days", "note"),
        ("self.add_timer(when=t, weekdays=[1, 5])", "plain", ""),
        ("data.addfilter(bt.filters.Renko, size=2)", "renko-bricks", "differs"),
        ("cerebro.addanalyzer(bt.analyzers.PyFolio)", "pyfolio-positions", "note"),
    ],
)
def test_settings_whose_results_differ(code: str, kind: str, severity: str) -> None:
    expected = [] if kind == "plain" else [(kind, severity)]
    assert [(one.kind, one.severity) for one in found(code + "\n")] == expected


def test_star_imports_are_not_traced_and_said_so() -> None:
    assert kinds("from backtrader import *\n", "") == ["untraced"]


def test_every_link_leads_to_a_section_of_the_page() -> None:
    page = (ROOT / PAGE).read_text(encoding="utf-8")
    anchors = {
        line.lstrip("# ").strip().lower().replace(" ", "-").replace("`", "").replace(",", "")
        for line in page.splitlines()
        if line.startswith("#")
    }
    sources = (ROOT / "src" / "backtrail" / "cli").glob("check*.py")
    wanted = {
        part.partition('"')[0]
        for source in sources
        for part in source.read_text(encoding="utf-8").split('"')
        if part in {"what-speaks-up", "what-is-not-there", "what-is-right-here", "what-has-a-switch", "what-stays",
                    "old-spellings", "names"}
    }  # fmt: skip
    assert len(wanted) == 7
    assert wanted - anchors == set()


def test_a_script_is_never_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "script.py"
    script.write_text(HEAD + "raise SystemExit(9)\nbt.Nope\n")
    assert run_check([script]) == 1
    printed = capsys.readouterr().out
    assert f"{script}:5:1: error: bt.Nope: the name is not answered" in printed
    assert "1 that fail, 0 whose results differ" in printed


def test_the_exit_status_counts_what_fails_or_differs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, noted = tmp_path / "good.py", tmp_path / "noted.py"
    good.write_text(GOOD)
    noted.write_text("import backtrader as bt\nbt.sizers.SizerFix\n")
    assert run_check([good, noted]) == 0
    assert "nothing to change" in capsys.readouterr().out


def test_what_is_no_python_is_misuse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("print 'hello'\n")
    assert run_check([broken]) == 2
    assert run_check([tmp_path / "absent.py"]) == 2
    broken.write_bytes(b"\0")
    assert run_check([broken]) == 2
    printed = capsys.readouterr().err
    assert "is not Python that this version reads" in printed
    assert "cannot be read: No such file" in printed


def test_the_command_prints_json(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("import backtrader as bt\nbt.Nope\n")
    done = subprocess.run(
        [sys.executable, "-m", "backtrail", "check", "--json", str(script)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    report = json.loads(done.stdout)
    assert (done.returncode, report["status"]) == (1, 1)
    (one,) = report["scripts"][0]["findings"]
    assert (one["line"], one["column"], one["severity"]) == (2, 1, "error")
    assert one["link"] == "docs/migration.md#what-is-not-there"
