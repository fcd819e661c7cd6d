"""Small modules of backtrader that are answered here."""

from __future__ import annotations

import io
import random
import sys
from pathlib import Path

import pytest

from backtrail.compat import flushfile, mathsupport, py3, real_backtrader


@pytest.fixture
def sample() -> Path:
    return Path(__file__).resolve().parents[3] / "src" / "backtrail" / "cli" / "data" / "sample-daily.csv"


def test_mathsupport_gives_the_same_bits_as_backtrader() -> None:
    theirs = real_backtrader().mathsupport
    rng = random.Random(7)
    for _ in range(300):
        x = [rng.uniform(-5.0, 5.0) for _ in range(rng.randint(2, 30))]
        for bessel in (False, True):
            assert mathsupport.average(x, bessel) == theirs.average(x, bessel)
            assert mathsupport.standarddev(x, None, bessel) == theirs.standarddev(x, None, bessel)
        assert mathsupport.variance(x) == theirs.variance(x)
        assert mathsupport.variance(x, 0.5) == theirs.variance(x, 0.5)


def test_py3_has_backtraders_names_with_the_same_results() -> None:
    from importlib import import_module

    real_backtrader()
    theirs = import_module("backtrader.utils.py3")
    mine = {name for name in dir(py3) if not name.startswith("_")}
    wanted = {name for name in dir(theirs) if not name.startswith("_")}
    assert wanted - mine - {"absolute_import", "division", "print_function", "unicode_literals"} == set()
    assert py3.PY2 is False
    assert py3.cmp(1, 2) == theirs.cmp(1, 2) == -1
    assert py3.bytes("é") == theirs.bytes("é")
    assert py3.bstr(b"x") == theirs.bstr(b"x")
    d = {"a": 1, "b": 2}
    for name in ("keys", "values", "items"):
        assert getattr(py3, name)(d) == getattr(theirs, name)(d)
    for name in ("iterkeys", "itervalues", "iteritems"):
        assert list(getattr(py3, name)(d)) == list(getattr(theirs, name)(d))
    for name in ("MAXINT", "MININT", "MAXFLOAT", "MINFLOAT", "string_types", "integer_types", "long"):
        assert getattr(py3, name) == getattr(theirs, name)


def test_flushfile_writes_through() -> None:
    out = io.StringIO()
    stream = flushfile.flushfile(out)
    stream.write("x")
    stream.flush()
    assert out.getvalue() == "x"
    stream.close()
    assert out.closed


def test_stdout_goes_nowhere_until_stopped(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout
    silent = flushfile.StdOutDevNull()
    print("lost")
    silent.flush()
    silent.stop()
    assert sys.stdout is before
    print("kept")
    assert capsys.readouterr().out == "kept\n"


def test_the_strategy_that_backtrader_ships_trades_the_same(sample: Path) -> None:
    import backtrail as bt

    real = real_backtrader()
    values = []
    for package in (bt, real):
        cerebro = package.Cerebro()
        cerebro.adddata(package.feeds.BacktraderCSVData(dataname=str(sample)))
        cerebro.addstrategy(package.strategies.SMA_CrossOver, fast=15)
        cerebro.run()
        values.append(cerebro.broker.getvalue())
    assert values[0] == values[1]
    assert bt.strats.MA_CrossOver.params._getpairs()["slow"] == 30
