"""Parameters of feeds that cannot work are refused where the feed is made, by name and with a remedy."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import backtrail as bt
from backtrail.errors import DataError, ParameterError, ParameterValueError


def feed(**options: Any) -> Any:
    return bt.feeds.BacktraderCSVData(dataname="bars.csv", **options)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timeframe", 99),
        ("timeframe", 0),
        ("timeframe", "Days"),
        ("timeframe", None),
        ("timeframe", True),
        ("compression", 0),
        ("compression", -1),
        ("compression", 1.5),
        ("fromdate", "2015-01-05"),
        ("todate", 5),
        ("sessionstart", 9),
        ("sessionend", "17:00"),
        ("filters", 3),
        ("filters", [3]),
        ("filters", bt.filters.HeikinAshi),
    ],
)
def test_a_value_out_of_range_is_named(name: str, value: Any) -> None:
    with pytest.raises(
        ParameterValueError, match=rf"BacktraderCSVData: parameter '{name}' must be .*; got .*\. Pass "
    ):
        feed(**{name: value})


def test_values_of_every_sensible_kind_are_taken() -> None:
    made = feed(
        timeframe=np.int64(4),
        compression=np.int32(5),
        fromdate=datetime.date(2015, 1, 1),
        todate=datetime.datetime(2015, 1, 2),
        sessionstart=datetime.datetime(2015, 1, 1, 9, 30),
        sessionend=datetime.time(16),
        filters=(bt.filters.HeikinAshi, lambda data: False),
    )
    assert made.p.sessionstart == datetime.time(9, 30)


def test_unknown_parameters_name_the_nearest() -> None:
    with pytest.raises(ParameterError, match="Did you mean 'timeframe'"):
        feed(timeframes=4)


@pytest.mark.parametrize("kind", [bt.feeds.Chainer, bt.feeds.RollOver])
def test_feeds_are_joined_of_feeds(kind: Any) -> None:
    with pytest.raises(ParameterValueError, match="found 3"):
        kind(feed(), 3)
    with pytest.raises(ParameterValueError, match="found none"):
        kind()


@pytest.mark.parametrize("name", ["checkdate", "checkcondition"])
def test_rolling_over_takes_functions(name: str) -> None:
    with pytest.raises(ParameterValueError, match=f"parameter '{name}' must be a function"):
        bt.feeds.RollOver(feed(), feed(), **{name: 3})


@pytest.mark.parametrize("kind", [bt.feeds.QuandlCSV, bt.feeds.YahooFinanceCSVData])
def test_decimals_are_whole(kind: Any, tmp_path: Path) -> None:
    (tmp_path / "bars.csv").write_text("")
    cerebro = bt.Cerebro()
    cerebro.adddata(kind(dataname=str(tmp_path / "bars.csv"), decimals="x"))
    with pytest.raises(ParameterValueError, match="'decimals' must be a whole number or None"):
        cerebro.run()


def test_rows_are_an_iterable() -> None:
    cerebro = bt.Cerebro()
    cerebro.adddata(bt.feeds.BlazeData(dataname=3))
    with pytest.raises(DataError, match="expected rows as dataname - found 3"):
        cerebro.run()
