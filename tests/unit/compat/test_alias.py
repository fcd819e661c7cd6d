"""The name backtrader, answered by backtrail for as long as it is asked to."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

from backtrail.compat import alias_backtrader, names, real_backtrader
from backtrail.errors import NotAvailableError


def test_import_backtrader_gives_backtrail_inside_the_block() -> None:
    with alias_backtrader():
        import backtrader as bt

        import backtrail

        assert bt.Strategy is backtrail.Strategy
        assert bt.version.__version__ == bt.__version__ == "1.9.78.123"


@pytest.mark.parametrize("path", names.module_paths())
def test_every_module_path_of_backtrader_is_importable(path: str) -> None:
    with alias_backtrader():
        module = import_module(f"backtrader.{path}")
        assert module.__name__ == f"backtrader.{path}"


def test_from_imports_of_common_names() -> None:
    script = """
from backtrail.compat import alias_backtrader
alias_backtrader()
import backtrader.indicators as btind
import backtrader.utils.flushfile
from backtrader import Indicator, date2num, num2date
from backtrader.analyzers import SharpeRatio
from backtrader.analyzers.drawdown import DrawDown
from backtrader.brokers.bbroker import BackBroker
from backtrader.comminfo import CommInfoBase
from backtrader.dataseries import TimeFrame
from backtrader.feed import DataBase
from backtrader.feeds import GenericCSVData
from backtrader.feeds.yahoo import YahooFinanceCSVData
from backtrader.indicators import MovAv
from backtrader.indicators.mabase import MovAv as MovAv2
from backtrader.metabase import MetaParams, ParamsBase, findowner
from backtrader.order import BuyOrder
from backtrader.position import Position
from backtrader.trade import Trade
from backtrader.utils import AutoOrderedDict
from backtrader.utils.autodict import AutoDict
from backtrader.utils.date import num2date as n2
from backtrader.utils.dateintern import num2date as n3
from backtrader.utils.py3 import MAXINT, PY2, iteritems, range, with_metaclass, zip
import backtrail
assert btind.SMA is backtrail.indicators.SMA and MovAv is MovAv2 and n2 is n3 is num2date
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_star_import_gives_what_the_module_shows() -> None:
    space: dict[str, object] = {}
    with alias_backtrader():
        exec("from backtrader.utils.py3 import *", space)
    assert space["MAXINT"] == sys.maxsize
    assert callable(space["iteritems"])


def test_the_installed_backtrader_comes_back_after_the_block() -> None:
    import backtrader as before

    with alias_backtrader():
        import backtrader as inside
    import backtrader as after

    assert before is after
    assert inside is not before


def test_the_installed_backtrader_is_importable_while_aliased() -> None:
    with alias_backtrader():
        real = real_backtrader()
        import backtrader as bt

        assert real is not bt
        assert real.Cerebro.__module__ == "backtrader.cerebro"
        assert bt.Cerebro.__module__.startswith("backtrail.")
    assert real is sys.modules["backtrader"]


def test_aliasing_twice_changes_nothing() -> None:
    with alias_backtrader():
        import backtrader as first

        alias_backtrader()
        import backtrader as second

        assert first is second


def test_a_missing_name_says_what_to_do() -> None:
    with alias_backtrader():
        import backtrader as bt

        with pytest.raises(NotAvailableError, match="Did you mean 'Cerebro'"):
            bt.Cerebr
        with pytest.raises(AttributeError, match=r"docs/migration\.md"):
            bt.order.NoSuchOrder
        assert not hasattr(bt, "no_such_name")
        with pytest.raises(NotAvailableError, match="Interactive Brokers is not part of backtrail"):
            bt.stores.IBStore
        with pytest.raises(NotAvailableError, match="live data"):
            bt.feeds.VCData


def test_a_missing_module_is_an_import_error() -> None:
    with alias_backtrader(), pytest.raises(ModuleNotFoundError):
        import_module("backtrader.nosuchmodule")


@pytest.mark.parametrize("name", names.top_names())
def test_every_top_level_name_is_answered(name: str) -> None:
    import backtrail

    with alias_backtrader():
        import backtrader as bt

        assert hasattr(bt, name)
    assert hasattr(backtrail, name)


def test_the_top_level_names_are_those_of_backtrader() -> None:
    real = real_backtrader()
    assert names.top_names() == sorted(name for name in dir(real) if not name.startswith("__"))


def test_values_of_constants_agree_with_backtrader() -> None:
    import backtrail as bt

    real = real_backtrader()
    for name in names.top_names():
        theirs = getattr(real, name)
        if isinstance(theirs, (int, str, tuple, list)):
            assert getattr(bt, name) == theirs, name


def test_the_strategies_that_run_are_known_to_cerebro() -> None:
    with alias_backtrader():
        import backtrader as bt

        class Feed(bt.feed.DataBase):  # type: ignore[misc]
            def _load(self) -> bool:
                if len(self) > 3:
                    return False
                self.lines.datetime[0] = 730000.0 + len(self)
                return True

        class Strategy(bt.Strategy):  # type: ignore[misc]
            def next(self) -> None:
                assert self.cerebro.runningstrats == [self]

        cerebro = bt.Cerebro()
        assert cerebro.runningstrats == []
        cerebro.adddata(Feed())
        cerebro.addstrategy(Strategy)
        assert cerebro.run() == cerebro.runningstrats
