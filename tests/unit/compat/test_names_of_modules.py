"""What backtrader's modules show is found in the modules of the same paths here, under either name of the package."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
import types
from collections.abc import Iterator

import pytest

import backtrail
from backtrail.compat import alias_backtrader, real_backtrader
from backtrail.errors import NotAvailableError

#: Modules that are not there (drawing, a program of its own, online services), or whose names TA-Lib makes.
ABSENT = ("plot", "btrun", "talib", "ib", "oanda", "vc")
#: What Python's libraries give to a module of backtrader, and names that its loops leave behind.
FOREIGN = {
    "ProxyHandler", "TIMEFRAMES", "build_opener", "dt", "install_opener", "queue", "struct", "time", "tzinfo", "unpack",
    "urlopen", "urlquote", "uuid", "bisect", "fsum", "btind", "items", "newaliases", "newcls", "newclsdct", "newclsdoc",
    "newclsname", "suffix", "alias", "linename", "module", "movav", "movname", "name",
}  # fmt: skip


def modules(package: types.ModuleType) -> Iterator[types.ModuleType]:
    """Give every module below *package* that can be imported here."""
    for info in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        last = info.name.rpartition(".")[2]
        if last.startswith(ABSENT) and not last.startswith("vchart"):
            continue
        try:
            module = importlib.import_module(info.name)
        except ImportError:  # it needs what is not installed
            continue
        yield module
        if info.ispkg:
            yield from modules(module)


def shown() -> list[tuple[str, str]]:
    """Give module path and name of all that backtrader's modules show to scripts."""
    found = []
    for module in modules(real_backtrader()):
        path = module.__name__.partition(".")[2]
        for name, value in vars(module).items():
            made = name.startswith(("_", "Lines_", "AutoInfoClass_", "Meta", "VC", "vc"))
            # modules within packages are looked into for what they define
            here = "." not in path or getattr(value, "__module__", None) == module.__name__
            if here and not made and name not in FOREIGN and type(value).__module__ != "__future__":
                found.append((path, name))
    return found


SHOWN = shown()


def test_there_is_something_to_ask_for() -> None:
    assert len(SHOWN) > 1200
    assert ("broker", "fillers") in SHOWN


def test_every_name_is_found_below_backtrader() -> None:
    missing = []
    with alias_backtrader():
        for path, name in SHOWN:
            try:
                getattr(importlib.import_module(f"backtrader.{path}"), name)
            except (ImportError, AttributeError):
                missing.append(f"{path}:{name}")
    assert missing == []


def test_every_name_is_found_below_backtrail() -> None:
    missing = []
    for path, name in SHOWN:
        found = backtrail
        try:
            for part in (*path.split("."), name):
                found = getattr(found, part)
        except AttributeError:
            missing.append(f"{path}:{name}")
    assert missing == []


def test_what_both_show_is_the_same() -> None:
    with alias_backtrader():
        for path, name in SHOWN:
            theirs = getattr(importlib.import_module(f"backtrader.{path}"), name)
            ours = backtrail
            for part in (*path.split("."), name):
                ours = getattr(ours, part)
            if (
                not isinstance(theirs, types.ModuleType) and name != "Cerebro"
            ):  # the alias has warnings of its own
                assert theirs is ours, f"{path}:{name}"


@pytest.mark.parametrize(
    "line",
    [
        "import backtrail.linebuffer",
        "from backtrail.indicators.sma import MovingAverageSimple",
        "from backtrail.strategy import Strategy",
        "from backtrail.broker import BrokerBase, fillers",
        "from backtrail.feeds.pandafeed import PandasData",
        "import backtrail.utils.py3",
        "from backtrail.errors import BacktraderError",
    ],
)
def test_imports_work_first_of_all(line: str) -> None:
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "package", ["analyzers", "broker", "cerebro", "feeds", "indicators", "observers", "sizers", "strategy"]
)
def test_a_name_that_is_nothing_is_an_error_that_says_so(package: str) -> None:
    module = importlib.import_module(f"backtrail.{package}")
    with pytest.raises(NotAvailableError, match=f"backtrader.{package} has no 'Nothing'"):
        module.Nothing
    with pytest.raises(AttributeError, match="has no attribute '__nothing__'"):
        module.__nothing__


def test_a_name_nearly_right_is_suggested() -> None:
    with pytest.raises(NotAvailableError, match="Did you mean 'SharpeRatio'"):
        backtrail.analyzers.ShapreRatio


def test_a_path_that_is_nothing_is_not_found() -> None:
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("backtrail.indicators.nothing")
