"""Writers: lines, separators, nested reports, rows, files."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import backtrail as bt
from backtrail.base.autodict import AutoOrderedDict
from backtrail.errors import ParameterError


def started(**options: Any) -> tuple[Any, io.StringIO]:
    out = io.StringIO()
    writer = bt.WriterFile(out=out, **options)
    writer.start()
    return writer, out


def dict_text(value: Any, **options: Any) -> list[str]:
    writer, out = started(**options)
    writer.writedict(value)
    return out.getvalue().split("\n")[1:-1]


def daily(count: int = 3) -> Any:
    closes = [100.0 + number for number in range(count)]
    index = pd.bdate_range("2020-01-01", periods=count)
    frame = pd.DataFrame(dict.fromkeys(("open", "high", "low", "close"), closes), index=index)
    return bt.feeds.PandasData(dataname=frame.assign(volume=1.0))


def run(*strategies: Any, writers: Any = ((), {}), **options: Any) -> Any:
    cerebro = bt.Cerebro(stdstats=False, **options)
    cerebro.adddata(daily(), name="data")
    for strategy in strategies:
        cerebro.addstrategy(strategy)
    return cerebro


@pytest.mark.parametrize(
    ("level", "line"),
    [(0, "=" * 79), (1, "  " + "-" * 77), (4, 8 * " " + "." * 71), (10, 20 * " " + "-" * 59)],
)
def test_separators_are_indented_by_level(level: int, line: str) -> None:
    writer, out = started()
    writer.writelineseparator(level)
    assert out.getvalue() == line + "\n"


def test_nested_dictionaries_are_one_level_deeper() -> None:
    assert dict_text({"a": 1, "b": {"c": True, "d": {"e": "text"}, "f": None}}, seplen=10) == [
        "a: 1",
        "b:",
        "  - c: True",
        "  --------",
        "  - d:",
        "    - e: text",
        "  - f: None",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.123456, "2.123456"),
        (float("nan"), "nan"),
        ([1, 2.5, "a"], "1, 2.5, a"),
        (range(3), "0, 1, 2"),
        ([], ""),
        (bt.ind.SMA, "SMA"),
        (int, "<class 'int'>"),
        (dt.datetime(2020, 1, 1), "2020-01-01 00:00:00"),
    ],
)
def test_values_as_text(value: Any, text: str) -> None:
    assert dict_text({"value": value}) == [f"value: {text}"]


def test_rounding_is_for_floats_alone() -> None:
    assert dict_text({"a": 1.23456, "b": [1.23456], "c": 3}, rounding=2) == ["a: 1.23", "b: 1.23456", "c: 3"]


def test_empty_dictionaries_have_a_title() -> None:
    assert dict_text({"empty": AutoOrderedDict()}) == ["empty:"]


def test_indent_and_separators_can_be_chosen() -> None:
    text = dict_text({"a": {"b": 1, "c": {"d": 1}}}, indent=4, separators=["#", "@"], seplen=12)
    assert text == ["a:", "    - b: 1", "    @@@@@@@@", "    - c:", "        - d: 1"]


def test_rows_have_a_counter_and_show_nothing_for_nan() -> None:
    out = io.StringIO()
    writer = bt.WriterFile(out=out, csv=True)
    writer.addheaders(["a", "b"])
    writer.start()
    writer.addvalues([1, float("nan")])
    writer.next()
    writer.addvalues([None, 2.5])
    writer.next()
    assert out.getvalue().split("\n")[1:] == ["Id,a,b", "1,1,", "2,None,2.5", ""]


def test_without_csv_there_are_no_rows() -> None:
    writer, out = started()
    writer.addheaders(["a"])
    writer.addvalues([1])
    writer.next()
    assert out.getvalue() == ""


def test_a_writer_in_memory_is_at_its_beginning_after_the_run() -> None:
    cerebro = run(bt.Strategy)
    cerebro.addwriter(bt.WriterStringIO, csv=True)
    cerebro.run()
    lines = cerebro.runwriters[0].out.read().split("\n")
    assert lines[1].startswith("Id,data,len,datetime,open,")
    assert lines[4].startswith("3,data,3,2020-01-03 00:00:00,102.0,")
    assert lines[6] == "Cerebro:"


def test_a_row_is_written_once_per_bar_for_all_strategies() -> None:
    class First(bt.Strategy):
        pass

    class Second(bt.Strategy):
        lines = ("length",)

        def next(self) -> None:
            self.lines.length[0] = len(self)

    cerebro = run(First, Second)
    cerebro.addwriter(bt.WriterStringIO, csv=True)
    cerebro.run()
    rows = cerebro.runwriters[0].out.read().split("\n")[1:5]
    assert rows[0].endswith("First,len,datetime,Second,len,datetime,length")
    assert [row.rsplit(",", 3)[1:] for row in rows[1:]] == [
        [str(length), f"{737424.0 + length}", str(float(length))] for length in (1, 2, 3)
    ]


def test_columns_of_observers_are_those_of_the_present_bar() -> None:
    cerebro = run(bt.Strategy)
    cerebro.addobserver(bt.observers.Cash)
    cerebro.addwriter(bt.WriterStringIO, csv=True)
    cerebro.run()
    rows = cerebro.runwriters[0].out.read().split("\n")[2:5]
    assert [row.rsplit(",", 3)[1:] for row in rows] == [["Cash", str(n), "10000.0"] for n in (1, 2, 3)]


def test_a_file_is_opened_and_closed(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    cerebro = run(bt.Strategy)
    cerebro.addwriter(bt.WriterFile, out=str(path))
    cerebro.run()
    assert cerebro.runwriters[0].out.closed
    assert path.read_text().split("\n")[1] == "Cerebro:"


def test_a_writer_that_is_started_again_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "rows.txt"
    writer = bt.WriterFile(out=str(path), csv=True)
    for value in (1, 2):
        writer.addheaders(["a"])
        writer.start()
        writer.addvalues([value])
        writer.next()
        writer.stop()
    assert path.read_text().split("\n") == ["=" * 79, "Id,a", "1,1", "=" * 79, "Id,a", "1,2", ""]


def test_files_of_others_stay_open_unless_asked() -> None:
    for close in (False, True):
        out = io.StringIO()
        writer = bt.WriterFile(out=out, close_out=close)
        writer.start()
        writer.stop()
        assert out.closed is close


def test_standard_output_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    cerebro = run(bt.Strategy, writer=True)
    cerebro.run()
    assert capsys.readouterr().out.split("\n")[1] == "Cerebro:"


def test_an_unknown_parameter_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"WriterFile has no parameter 'outt'.*'out'"):
        bt.WriterFile(outt="x")
