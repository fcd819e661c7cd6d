from __future__ import annotations

import random
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtrail.base.time import date2num
from backtrail.errors import DataError, ParameterValueError
from backtrail.feeds import csvtext
from backtrail.feeds.yahoo import YahooFinanceCSVData, YahooLegacyCSV, rounded

from .reading import file, read

TITLE = "Date,Open,High,Low,Close,Adj Close,Volume\n"
FIRST = "2006-01-02,10.123,12.377,9.555,11.111,5.55,1000\n"
SECOND = "2006-01-03,10.5,12.5,9.5,11.5,11.5,2000.7\n"
NULLS = "2006-01-04,null,null,null,null,null,null\n"


@pytest.fixture(params=["small", "large"], autouse=True)
def both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read every file of these tests as a small one and as a large one."""
    if request.param == "large":
        monkeypatch.setattr(csvtext, "LARGE", -1)
        monkeypatch.setattr(csvtext, "LARGE_WHEN_LOADED", -1)


def lines(folder: Path, text: str, **options: Any) -> dict[str, list[float]]:
    columns = read(YahooFinanceCSVData(dataname=file(folder, TITLE + text), **options))
    return {name: values.tolist() for name, values in columns.lines().items()}


def test_prices_are_adjusted_and_rounded(tmp_path: Path) -> None:
    assert lines(tmp_path, FIRST + NULLS + SECOND) == {
        "datetime": [732313.9999999999, 732314.9999999999],
        "open": [5.06, 10.5],
        "high": [6.18, 12.5],
        "low": [4.77, 9.5],
        "close": [5.55, 11.5],
        "volume": [2002.0, 2001.0],
        "openinterest": [0.0, 0.0],
        "adjclose": [5.55, 11.5],
    }


def test_nothing_is_adjusted_without_adjclose(tmp_path: Path) -> None:
    found = lines(tmp_path, FIRST, adjclose=False)
    assert (found["open"], found["close"], found["volume"]) == ([10.12], [11.11], [1000.0])
    assert found["adjclose"] == [5.55]


def test_nothing_is_rounded_without_round_but_the_volume(tmp_path: Path) -> None:
    found = lines(tmp_path, FIRST, round=False)
    assert found["open"] == [10.123 / (11.111 / 5.55)]
    assert found["volume"] == [2002.0]


@pytest.mark.parametrize(
    ("places", "volume"), [(False, 2002.0), (True, 2002.0), (3, 2001.982), (None, 2002.0), (-2, 2000.0)]
)
def test_places_of_the_volume(tmp_path: Path, places: Any, volume: float) -> None:
    assert lines(tmp_path, FIRST, roundvolume=places)["volume"] == [volume]


@pytest.mark.parametrize("places", [2.5, "x", []])
def test_places_that_are_no_whole_number_are_named(tmp_path: Path, places: Any) -> None:
    with pytest.raises(ParameterValueError, match="roundvolume"):
        lines(tmp_path, FIRST, roundvolume=places)


def test_the_volume_stays_without_adjvolume(tmp_path: Path) -> None:
    assert lines(tmp_path, FIRST, adjvolume=False)["volume"] == [1000.0]


def test_swapped_closes(tmp_path: Path) -> None:
    found = lines(tmp_path, FIRST, swapcloses=True)
    assert (found["close"], found["open"], found["adjclose"]) == ([11.11], [20.27], [11.111])


def test_newest_first(tmp_path: Path) -> None:
    assert lines(tmp_path, SECOND + NULLS + FIRST, reverse=True) == lines(tmp_path, FIRST + SECOND)
    columns = read(YahooFinanceCSVData(dataname=file(tmp_path, TITLE + SECOND + NULLS + FIRST), reverse=True))
    assert [columns.row(k) for k in range(2)] == [4, 2]


def test_rows_may_lack_the_volume_or_have_more_fields(tmp_path: Path) -> None:
    found = lines(
        tmp_path, FIRST + "2006-01-05,1,2,3,4,2\n2006-01-06,1,2,3,4,2,x\n2006-01-07,1,2,3,4,2,50,8\n"
    )
    assert found["volume"] == [2002.0, 0.0, 0.0, 100.0]


def test_a_null_anywhere_leaves_the_row_out(tmp_path: Path) -> None:
    text = FIRST + "".join(
        "2006-01-05," + ",".join("null" if at == k else "1" for at in range(7)) + "\n" for k in range(7)
    )
    assert len(lines(tmp_path, text)["close"]) == 1
    assert lines(tmp_path, NULLS)["close"] == []


def test_a_null_date_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"column 0 \(date\)"):
        lines(tmp_path, FIRST + FIRST.replace("2006-01-02", "null"))


def test_the_input_zone_places_bars_in_utc(tmp_path: Path) -> None:
    end = datetime(2006, 1, 3, 4, 59, 59, 999989)
    assert lines(tmp_path, FIRST, tzinput="US/Eastern")["datetime"] == [date2num(end)]


@pytest.mark.parametrize("row", ["2006-01-02,1,2,3,4,0,1\n", "2006-01-02,1,2,3,0,4,1\n"])
def test_a_close_of_zero_cannot_adjust(tmp_path: Path, row: str) -> None:
    with pytest.raises(DataError, match=r"line 3, columns 4 and 5 .* pass adjclose=False"):
        lines(tmp_path, FIRST + row)
    assert len(lines(tmp_path, FIRST + row, adjclose=False)["close"]) == 2


@pytest.mark.parametrize("row", ["2006-01-02,1,2,3,x,2,1\n", "2006-01-02,1,2,,4,2,1\n", "2006-01-02,1,2,3\n"])
def test_fields_that_are_no_numbers(tmp_path: Path, row: str) -> None:
    with pytest.raises(DataError, match=r"line 3, column \d \(\w+\) - expected"):
        lines(tmp_path, FIRST + row)


def test_users_row_by_row_reading_gets_the_rows_oldest_first(tmp_path: Path) -> None:
    seen: list[str] = []

    class Own(YahooFinanceCSVData):
        def _loadline(self, linetokens: list[str]) -> bool:
            seen.append(linetokens[0])
            return super()._loadline(linetokens)

    feed = Own(dataname=file(tmp_path, TITLE + SECOND + NULLS + FIRST), reverse=True)
    feed._start()
    while feed.load():
        pass
    closes = feed.lines.close.array.tolist()[: len(feed)]
    feed.stop()
    assert seen == ["2006-01-02", "2006-01-04"]
    assert closes == [5.55, 11.5]


def test_nulls_at_the_end_of_a_users_reading_end_the_feed(tmp_path: Path) -> None:
    class Own(YahooFinanceCSVData):
        def _loadline(self, linetokens: list[str]) -> bool:
            return super()._loadline(linetokens)

    feed = Own(dataname=file(tmp_path, TITLE + FIRST + NULLS))
    feed._start()
    assert feed.load() is True
    assert feed.load() is False
    feed.stop()


def test_files_of_before_2017(tmp_path: Path) -> None:
    assert read(YahooLegacyCSV(dataname=file(tmp_path, TITLE + FIRST), version="")).close.tolist() == [5.55]


@given(
    st.lists(st.floats(-1e12, 1e12) | st.decimals(-1000, 1000, places=3).map(float), min_size=1),
    st.integers(-2, 12),
)
def test_rounding_an_array_is_rounding_each(values: list[float], places: int) -> None:
    assert rounded(np.array(values), places).tolist() == [round(value, places) for value in values]


def test_rounding_ties_and_values_that_are_no_numbers() -> None:
    ties = [k + 0.5 for k in range(-5, 5)] + [
        random.Random(3).randrange(10**6) / 1000 + 0.005 for _ in range(2000)
    ]
    ties += np.nextafter(ties, np.inf).tolist() + np.nextafter(ties, -np.inf).tolist()
    ties += [-5e-05, float(np.nextafter(-5e-05, 0.0)), 0.125, 0.375, 4.35, 1e9 + 0.005]
    for places in (0, 2, 4):
        found = rounded(np.array(ties), places)
        assert found.tobytes() == np.array([float(round(value, places)) for value in ties]).tobytes()
    assert rounded(np.array([np.inf, -np.inf, 1e300, -0.001]), 2).tolist() == [np.inf, -np.inf, 1e300, -0.0]
    assert np.isnan(rounded(np.array([np.nan]), 2)[0])
    assert rounded(np.array([2.5, 3.5]), None).tolist() == [2.0, 4.0]
