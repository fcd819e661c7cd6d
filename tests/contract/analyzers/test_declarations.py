"""Analyzers, observers, sizers, fillers, commission schemes, signals and timers declare what backtrader's declare."""

from __future__ import annotations

import inspect
from typing import Any

import backtrader
import pytest

import backtrail
from backtrail.errors import ParameterError, ParameterValueError

pytestmark = pytest.mark.contract

GROUPS = {
    "analyzers": [
        *("AnnualReturn", "Calmar", "DrawDown", "GrossLeverage", "LogReturnsRolling", "PeriodStats"),
        *(
            "PositionsValue",
            "PyFolio",
            "Returns",
            "SQN",
            "SharpeRatio",
            "SharpeRatio_A",
            "TimeDrawDown",
            "TimeReturn",
        ),
        *("TradeAnalyzer", "Transactions", "VWR", "VariabilityWeightedReturn"),
    ],
    "observers": [
        *(
            "Benchmark",
            "Broker",
            "BuySell",
            "Cash",
            "DataTrades",
            "DrawDown",
            "DrawDownLength",
            "DrawDown_Old",
        ),
        *("FundShares", "FundValue", "LogReturns", "LogReturns2", "TimeReturn", "Trades", "Value"),
        *("CashValue", "FundShareValue", "FundVal"),
    ],
    "sizers": [
        *("FixedReverser", "FixedSize", "FixedSizeTarget", "AllInSizer", "AllInSizerInt", "PercentSizer"),
        *("PercentSizerInt", "SizerFix"),
    ],
    "fillers": ["BarPointPerc", "FixedBarPerc", "FixedSize"],
    "commissions": [
        *(
            "CommInfo",
            "CommInfo_Futures",
            "CommInfo_Futures_Fixed",
            "CommInfo_Futures_Perc",
            "CommInfo_Stocks",
        ),
        *("CommInfo_Stocks_Fixed", "CommInfo_Stocks_Perc"),
    ],
    "brokers": ["BackBroker", "BrokerBack"],
    "": [
        *(
            "Analyzer",
            "CommInfoBase",
            "CommissionInfo",
            "Observer",
            "Signal",
            "SignalStrategy",
            "Sizer",
            "SizerFix",
            "Strategy",
        ),
        *("TimeFrameAnalyzerBase", "Timer", "TradingCalendar", "WriterFile", "WriterStringIO"),
    ],
}
CASES = [(group, name) for group, names in GROUPS.items() for name in names]
every_class = pytest.mark.parametrize(("group", "name"), CASES)


def find(library: Any, group: str, name: str) -> Any:
    return getattr(getattr(library, group) if group else library, name)


def shown(value: Any) -> Any:
    """Give *value* in words that are the same in both libraries."""
    if isinstance(value, type):
        return value.__name__
    if type(value).__module__.partition(".")[0] in ("backtrader", "backtrail"):
        return type(value).__name__
    return value


def parameters(cls: Any) -> list[tuple[str, Any]]:
    return [(name, shown(value)) for name, value in cls.params._getitems()]


@every_class
def test_parameters_and_defaults_are_backtraders(group: str, name: str) -> None:
    ours, theirs = find(backtrail, group, name), find(backtrader, group, name)
    assert parameters(ours) == parameters(theirs)


@every_class
def test_public_methods_are_there(group: str, name: str) -> None:
    ours, theirs = find(backtrail, group, name), find(backtrader, group, name)
    wanted = {name for name, value in inspect.getmembers(theirs, callable) if not name.startswith("_")}
    wanted = {name for name in wanted if not isinstance(getattr(theirs, name), type)}
    assert sorted(wanted - set(dir(ours)) - {"frompackages", "packages", "BrokerBase"}) == []


@pytest.mark.parametrize("name", GROUPS["observers"])
def test_observers_have_backtraders_lines_and_plot_options(name: str) -> None:
    ours, theirs = find(backtrail, "observers", name), find(backtrader, "observers", name)
    assert tuple(ours.lines._getlines()) == tuple(theirs.lines._getlines())
    assert dict(ours.plotinfo._getitems()) == dict(theirs.plotinfo._getitems())
    assert ours._stclock == theirs._stclock


def test_every_class_of_backtrader_is_in_the_table() -> None:
    for group in ("analyzers", "observers", "sizers", "fillers", "commissions"):
        theirs = {
            name
            for name, value in inspect.getmembers(getattr(backtrader, group), inspect.isclass)
            if hasattr(value, "params") and value.__module__.startswith(f"backtrader.{group}")
        }
        assert sorted(theirs - set(GROUPS[group])) == []


def test_types_of_signals_are_backtraders() -> None:
    names = [name for name in dir(backtrader) if name.startswith("SIGNAL_")]
    assert len(names) == 14
    assert {name: getattr(backtrail, name) for name in names} == {
        name: getattr(backtrader, name) for name in names
    }


@pytest.mark.parametrize(
    ("group", "name", "options"),
    [
        ("sizers", "FixedSize", {"stak": 2}),
        ("sizers", "PercentSizer", {"percent": 2}),
        ("sizers", "PercentSizer", {"strategy": None}),
        ("fillers", "FixedBarPerc", {"percent": 2}),
        ("commissions", "CommInfo_Stocks", {"comission": 2}),
    ],
)
def test_unknown_parameters_are_named(group: str, name: str, options: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match=f"has no parameter {next(iter(options))!r}"):
        find(backtrail, group, name)(**options)


@pytest.mark.parametrize(
    ("group", "name", "options"),
    [
        ("sizers", "FixedSize", {"tranches": 0}),
        ("sizers", "FixedSizeTarget", {"tranches": 0}),
        ("sizers", "PercentSizer", {"percents": -1}),
        ("fillers", "FixedBarPerc", {"perc": -0.5}),
        ("fillers", "BarPointPerc", {"perc": -1}),
        ("fillers", "FixedSize", {"size": -1}),
        ("fillers", "BarPointPerc", {"minmov": "x"}),
        ("sizers", "FixedReverser", {"stake": "ten"}),
        ("commissions", "CommInfo", {"commission": "x"}),
        ("commissions", "CommInfo_Futures", {"margin": -5}),
        ("", "CommissionInfo", {"mult": None}),
        ("", "CommissionInfo", {"interest": "x"}),
        ("commissions", "CommInfo_Stocks", {"leverage": 0}),
        ("commissions", "CommInfo_Stocks", {"commtype": 7}),
    ],
)
def test_parameters_out_of_range_are_named(group: str, name: str, options: dict[str, Any]) -> None:
    with pytest.raises(ParameterValueError, match=f"parameter {next(iter(options))!r} must be"):
        find(backtrail, group, name)(**options)
