from __future__ import annotations

import warnings
from datetime import datetime

import numpy as np
import pytest

from backtrail.base.time import date2num
from backtrail.base.timeframe import TimeFrame
from backtrail.errors import DataWarning
from backtrail.feeds.columns import Columns, check_bars, warn_empty

DAY = date2num(datetime(2006, 1, 2))


def bars(*days: float, **lines: list[float]) -> Columns:
    given = {name: np.array(values) for name, values in lines.items()}
    flat = {name: np.ones(len(days)) for name in ("open", "high", "low", "close")}
    return Columns.of({"datetime": DAY + np.array(days), **flat, **given})


def quiet(columns: Columns, timeframe: int = TimeFrame.Days) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_bars(columns, "x", timeframe)


def test_what_is_not_given_is_nan() -> None:
    columns = Columns.of({"datetime": np.array([DAY]), "close": np.array([1.0]), "pe": np.array([8.0])})
    assert np.isnan(columns.volume).all()
    assert columns.line("pe").tolist() == [8.0]
    assert list(columns.extra) == ["pe"]
    assert list(columns.lines()) == [
        "datetime",
        "open",
        "high",
        "low",
        "close",
        "volume",
        "openinterest",
        "pe",
    ]


def test_parts_and_reversal_keep_their_row_numbers() -> None:
    columns = bars(0, 1, 2)
    assert [columns.row(k) for k in range(3)] == [1, 2, 3]
    part = columns.between(1, 3)
    assert len(part) == 2
    assert [part.row(k) for k in range(2)] == [2, 3]
    assert part.reversed().datetime.tolist() == [DAY + 2, DAY + 1]
    assert [part.reversed().row(k) for k in range(2)] == [3, 2]
    assert columns.reversed().row(0) == 3


def test_good_bars_are_not_warned_of() -> None:
    quiet(bars())
    quiet(bars(0))
    quiet(bars(0, 1, 2, close=[-5.0, 0.0, 1e300]))
    quiet(bars(0, 1, open=[np.nan, np.nan]))
    quiet(bars(0, 0, 1), TimeFrame.Ticks)


def test_bars_out_of_order_are_named() -> None:
    with pytest.warns(
        DataWarning, match=r"feed 'x': 1 bar\(s\) are earlier .* row 3 \(2006-01-03 .* after row 2 .*[Ss]ort"
    ):
        check_bars(bars(0, 2, 1), "x")


def test_duplicate_bars_are_named() -> None:
    with pytest.warns(DataWarning, match=r"2 bar\(s\) have the same time .* row 2 \(2006-01-02"):
        check_bars(bars(0, 0, 0, 1), "x")


@pytest.mark.parametrize("price", [np.nan, np.inf, -np.inf])
def test_prices_that_are_no_numbers_are_named(price: float) -> None:
    with pytest.warns(DataWarning, match=r"1 bar\(s\) have no finite high price, first row 2 .*Drop or fill"):
        check_bars(bars(0, 1, high=[1.0, price]), "x")


def test_a_column_of_infinities_is_named() -> None:
    with pytest.warns(DataWarning, match="2 bar"):
        check_bars(bars(0, 1, low=[np.inf, np.inf]), "x")


def test_an_empty_range_says_what_there_is() -> None:
    with pytest.warns(
        DataWarning, match=r"no bar lies between fromdate=2010.* the 2 bars .* 2006-01-02 .* 2006-01-03"
    ):
        warn_empty("x", bars(0, 1), datetime(2010, 1, 1), None)


def test_an_empty_source_says_so() -> None:
    with pytest.warns(DataWarning, match="no bars in the source"):
        warn_empty("x", bars(), None, None)
