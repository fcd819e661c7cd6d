"""Dividends and splits that there cannot be are said with feed and row."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import backtrail as bt
from backtrail.cli.check import check_source
from backtrail.errors import DataWarning


def loaded(**columns: Any) -> bt.Cerebro:
    frame = pd.DataFrame({"close": [100.0] * 5}, index=pd.date_range("2024-01-01", periods=5))
    frame = frame.assign(open=100.0, high=101.0, low=99.0, volume=10.0, dividends=0.0, splits=float("nan"))
    for name, (row, value) in columns.items():
        frame.iloc[row, frame.columns.get_loc(name)] = value
    cerebro = bt.Cerebro()
    cerebro.adddata(bt.feeds.StockData(dataname=frame, name="ACME"))
    cerebro.addstrategy(bt.Strategy)
    cerebro.run()
    return cerebro


@pytest.mark.parametrize(
    ("column", "row", "value", "words"),
    [
        ("splits", 1, -2.0, r"ACME.*split\(s\) are not possible, first row 2 \(2024-01-02 00:00:00\): -2\.0"),
        ("splits", 2, math.inf, r"split\(s\) are not possible, first row 3 .*: inf"),
        ("dividends", 3, -3.0, r"dividend\(s\) are not possible, first row 4 .*: -3\.0"),
        ("dividends", 1, math.inf, r"dividend\(s\) are not possible, first row 2 .*: inf"),
        ("dividends", 4, 150.0, r"dividend\(s\) are not possible, first row 5 .*: 150\.0 .*close of the bar before"),
    ],
)
def test_what_cannot_be_is_warned_of(column: str, row: int, value: float, words: str) -> None:
    with pytest.warns(DataWarning, match=words):
        loaded(**{column: (row, value)})


def test_what_can_be_is_not() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded(splits=(1, 2.0), dividends=(2, 1.5))
        loaded(splits=(1, 0.0))


def test_a_column_by_number_is_a_name_that_a_table_does_not_have() -> None:
    with pytest.raises(KeyError, match="has no column '0'"):
        loaded().result.orders[0]


def test_a_script_that_is_nested_too_deeply_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(SyntaxError, match="nested too deeply"):
        check_source(b"x = " + b"+".join([b"1"] * 100_000), "deep.py")
