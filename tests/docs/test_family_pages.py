"""Every class of a family stands on its page, with the parameters that it has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import backtrail as bt
from backtrail.market import calendar
from backtrail.report import writer
from backtrail.strategy import signals

DOCS = Path(__file__).resolve().parents[2] / "docs"
_CLASSES = {
    "analyzers": [(bt.analyzers, bt.analyzers.__all__)],
    "observers": [(bt.observers, bt.observers.__all__)],
    "sizers": [(bt.sizers, bt.sizers.__all__)],
    "fills": [(bt.fillers, bt.fillers.__all__)],
    "commission": [(bt.commissions, [n for n in dir(bt.commissions) if n.startswith("CommInfo") and "_" in n])],
    "signals": [(signals, signals.__all__)],
    "calendars": [(calendar, ["TradingCalendar", "TradingCalendarBase", "PandasMarketCalendar", "ExchangeCalendar"])],
    "filters": [(bt.filters, ["HeikinAshi", "Renko", "CalendarDays", "DaySplitter_Close", "BarReplayer_Open",
                              "DayStepsFilter", "SessionFilter", "SessionFilterSimple", "SessionFiller", "DataFilter",
                              "DataFiller"])],
    "writers": [(writer, ["WriterBase", "WriterFile", "WriterStringIO"])],
    "risk-rules": [(bt.strategies, ["DailyLossLimitMixin", "EODPositionCloserMixin", "MA_CrossOver", "SMA_CrossOver"]),
                   (bt.analyzers, ["PropFirmDrawDown", "ConsistencyAnalyzer"])],
}  # fmt: skip
#: Bases, types and what stands on a page as a pattern.
UNLISTED = {"AccountPath", "Observer", "Sizer", "SizerBase", "CommInfo_Futures", "CommInfo_Stocks", "Signal",
            "SignalTypes", "SIGNAL_NONE"}  # fmt: skip


def _known(name: str) -> bool:
    return name in UNLISTED or (name.startswith("SIGNAL_") and name.endswith(("_INV", "_ANY")))


@pytest.mark.parametrize("page", _CLASSES)
def test_every_name_of_a_family_stands_on_its_page(page: str) -> None:
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    names = [name for _, names in _CLASSES[page] for name in names if not _known(name)]
    assert [name for name in names if not re.search(rf"\b{name}\b", text)] == []


@pytest.mark.parametrize("page", ["observers", "sizers", "fills", "filters", "risk-rules"])
def test_the_parameters_of_a_page_are_those_of_the_class(page: str) -> None:
    modules: list[Any] = [module for module, _ in _CLASSES[page]]
    rows = re.findall(r"^\| `(\w+)`[^|]*\|([^\n]*)\|$", (DOCS / f"{page}.md").read_text(encoding="utf-8"), re.MULTILINE)
    checked = 0
    for name, rest in rows:
        made = next((getattr(module, name) for module in modules if hasattr(module, name)), None)
        cell = rest.split("|")[1 if page == "observers" else 0]
        for parameter, value in re.findall(r"(\w+)=([^,\s]+)", cell):
            defaults = made.params._getpairs()
            assert parameter in defaults, (name, parameter)
            default = defaults[parameter]
            known = (str(default), str(default)[:5], getattr(default, "__name__", ""))
            assert value.strip('"') in known, (name, parameter)
            checked += 1
    assert checked > 3


def test_signal_types_stand_on_their_page_by_kind() -> None:
    text = (DOCS / "signals.md").read_text(encoding="utf-8")
    kinds = {name.removesuffix("_INV").removesuffix("_ANY") for name in signals.__all__ if name.startswith("SIGNAL_")}
    assert [kind for kind in kinds - {"SIGNAL_NONE"} if f"`{kind}`" not in text] == []


def test_every_metric_has_a_definition_and_a_period() -> None:
    text = (DOCS / "analyzers.md").read_text(encoding="utf-8")
    table = text[text.index("| analyzer | result | definition | period | source |") :].split("\n\n")[0]
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table.splitlines()[2:]]
    assert len(rows) > 30
    assert [row for row in rows if len(row) != 5 or not (row[1] and row[2] and row[3])] == []
    assert sum(bool(row[4]) for row in rows) > 25
