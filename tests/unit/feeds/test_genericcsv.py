from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from backtrail.base.time import date2num
from backtrail.base.timeframe import TimeFrame
from backtrail.errors import DataError, ParameterValueError
from backtrail.feeds import csvtext
from backtrail.feeds.genericcsv import GenericCSVData, MT4CSVData, SierraChartCSVData

from .reading import file, read

TITLE = "datetime,open,high,low,close,volume,openinterest\n"
ROW = "2006-01-02 09:31:00,1,2,0.5,1.5,100,7\n"
MINUTES: dict[str, Any] = {"timeframe": TimeFrame.Minutes}
MOMENT = datetime(2006, 1, 2, 9, 31)


class WithRatio(GenericCSVData):
    lines = ("pe",)
    params = (("pe", 7),)


@pytest.fixture(params=["small", "large"], autouse=True)
def both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read every file of these tests as a small one and as a large one."""
    if request.param == "large":
        monkeypatch.setattr(csvtext, "LARGE", -1)
        monkeypatch.setattr(csvtext, "LARGE_WHEN_LOADED", -1)


def times(folder: Path, text: str, **options: Any) -> list[float]:
    return read(GenericCSVData(dataname=file(folder, TITLE + text), **options)).datetime.tolist()


def test_columns_in_their_usual_order(tmp_path: Path) -> None:
    columns = read(GenericCSVData(dataname=file(tmp_path, TITLE + ROW), **MINUTES))
    assert {name: values.tolist() for name, values in columns.lines().items()} == {
        "datetime": [date2num(MOMENT)],
        "open": [1.0],
        "high": [2.0],
        "low": [0.5],
        "close": [1.5],
        "volume": [100.0],
        "openinterest": [7.0],
    }


def test_columns_in_another_order(tmp_path: Path) -> None:
    text = "1.5;x;2006-01-02 09:31:00;1\n"
    options = {
        "datetime": 2,
        "close": 0,
        "open": 3,
        "high": -1,
        "low": None,
        "volume": -1,
        "openinterest": -1,
    }
    feed = GenericCSVData(dataname=file(tmp_path, text), headers=False, separator=";", **options, **MINUTES)
    columns = read(feed)
    assert columns.close.tolist() == [1.5]
    assert columns.open.tolist() == [1.0]
    assert math.isnan(columns.high[0])
    assert math.isnan(columns.low[0])


def test_what_is_not_there_reads_as_nullvalue(tmp_path: Path) -> None:
    name = file(tmp_path, TITLE + "2006-01-02 09:31:00,,2,0.5,1.5,,\n")
    assert math.isnan(read(GenericCSVData(dataname=name)).open[0])
    columns = read(GenericCSVData(dataname=name, nullvalue=0.0, openinterest=-1))
    assert (columns.open[0], columns.volume[0], columns.openinterest[0]) == (0.0, 0.0, 0.0)


def test_lines_of_a_subclass_have_columns_of_their_own(tmp_path: Path) -> None:
    name = file(tmp_path, TITLE + ROW.strip() + ",33\n" + ROW.strip() + ",\n")
    ratio = read(WithRatio(dataname=name)).line("pe")
    assert ratio[0] == 33.0
    assert math.isnan(ratio[1])
    assert math.isnan(read(WithRatio(dataname=name, pe=-1)).line("pe")[0])


@pytest.mark.parametrize(
    ("written", "form", "moment"),
    [
        ("2006-01-02 09:31:00", "%Y-%m-%d %H:%M:%S", MOMENT),
        ("2006-1-2 9:31:0", "%Y-%m-%d %H:%M:%S", MOMENT),
        ("20060102 0931", "%Y%m%d %H%M", MOMENT),
        ("02.01.06 09:31", "%d.%m.%y %H:%M", MOMENT),
        ("2006-01-02T09:31:00.25", "%Y-%m-%dT%H:%M:%S.%f", MOMENT.replace(microsecond=250000)),
        ("02-jan-2006 09:31", "%d-%b-%Y %H:%M", MOMENT),
        ("01/02/2006 09:31 PM", "%m/%d/%Y %I:%M %p", MOMENT.replace(hour=21)),
        ("2006-01-02 09:31:00+0200", "%Y-%m-%d %H:%M:%S%z", MOMENT - timedelta(hours=2)),
        ("1136194260", 1, MOMENT),
        ("-1136194260", 1, datetime(1933, 12, 30, 14, 29)),
        ("1136194260.5", 2, MOMENT.replace(microsecond=500000)),
        ("1136194260", 2, MOMENT),
        ("31", lambda text: datetime(2006, 1, 2, 9, int(text)), MOMENT),
        ("2006-01-02", lambda text: date.fromisoformat(text), datetime(2006, 1, 2)),
        ("31", lambda text: datetime(2006, 1, 2, 9, int(text), tzinfo=UTC), MOMENT),
    ],
)
def test_times_in_many_formats(tmp_path: Path, written: str, form: Any, moment: datetime) -> None:
    text = ROW.replace("2006-01-02 09:31:00", written)
    assert times(tmp_path, text, dtformat=form, **MINUTES) == [date2num(moment)]


def test_a_time_column_of_its_own(tmp_path: Path) -> None:
    text = ROW.replace(" ", ",")
    at = {
        "dtformat": "%Y-%m-%d",
        "time": 1,
        "open": 2,
        "high": 3,
        "low": 4,
        "close": 5,
        "volume": 6,
        "openinterest": 7,
    }
    assert times(tmp_path, text, **at, **MINUTES) == [date2num(MOMENT)]
    text = text.replace("09:31:00", "9:31")
    assert times(tmp_path, text, **at, tmformat="%H:%M", **MINUTES) == [date2num(MOMENT)]


def test_a_column_counted_from_the_end_and_one_that_is_time_and_value(tmp_path: Path) -> None:
    text = "1,1,1,1,1,1,1,2006-01-02 09:31:00\n"
    assert times(tmp_path, text, datetime=-1, **MINUTES) == [date2num(MOMENT)]
    text = "1136194260,1,1,1,1,1,1\n"
    feed = GenericCSVData(dataname=file(tmp_path, TITLE + text), dtformat=1, openinterest=0, **MINUTES)
    assert read(feed).openinterest.tolist() == [1136194260.0]


class TestDailyBars:
    """Bars of a day or longer move to the end of the session, unless they are later."""

    def test_the_default_end_of_session(self, tmp_path: Path) -> None:
        for timeframe in (TimeFrame.Days, TimeFrame.Weeks, TimeFrame.NoTimeFrame):
            assert times(tmp_path, ROW, timeframe=timeframe) == [732313.9999999999]

    @pytest.mark.parametrize(("end", "hour"), [(time(18), 18), (time(8), 9)])
    def test_an_earlier_end_of_session_leaves_the_time(self, tmp_path: Path, end: time, hour: int) -> None:
        minute = 31 if hour == 9 else 0
        assert times(tmp_path, ROW, sessionend=end) == [date2num(datetime(2006, 1, 2, hour, minute))]

    def test_the_end_of_session_is_that_of_the_feeds_zone(self, tmp_path: Path) -> None:
        found = times(tmp_path, ROW, sessionend=time(16), tz="US/Eastern")
        assert found == [date2num(datetime(2006, 1, 2, 21))]

    def test_shorter_bars_keep_their_time(self, tmp_path: Path) -> None:
        assert times(tmp_path, ROW, tz="US/Eastern", **MINUTES) == [date2num(MOMENT)]

    def test_the_input_zone_places_the_bar_afterwards(self, tmp_path: Path) -> None:
        assert times(tmp_path, ROW, tzinput="US/Eastern", **MINUTES) == [
            date2num(datetime(2006, 1, 2, 14, 31))
        ]
        assert times(tmp_path, ROW, tzinput="US/Eastern", sessionend=time(16)) == [
            date2num(datetime(2006, 1, 2, 21))
        ]
        # what the input zone moves beyond the end of session keeps its own time
        assert times(tmp_path, ROW, tzinput="US/Eastern", sessionend=time(14)) == [
            date2num(datetime(2006, 1, 2, 14, 31))
        ]

    def test_rows_read_one_by_one_are_placed_the_same(self, tmp_path: Path) -> None:
        for zones in (
            {},
            {"tz": "US/Eastern"},
            {"tzinput": "US/Eastern"},
            {"tz": "Asia/Tokyo", "tzinput": "US/Eastern"},
        ):
            for end in (None, time(12), time(18)):
                at_once = times(tmp_path, ROW, sessionend=end, **zones)
                assert (
                    times(tmp_path, ROW, dtformat=datetime.fromisoformat, sessionend=end, **zones) == at_once
                )


class TestErrors:
    def refused(
        self, folder: Path, text: str, match: str, kind: type[Exception] = DataError, **options: Any
    ) -> None:
        with pytest.raises(kind, match=match):
            times(folder, text, **options)

    def test_a_time_that_is_none(self, tmp_path: Path) -> None:
        match = r"line 2, column 0 \(datetime\) - .*dtformat='%Y-%m-%d' says - found '2006-01-02 09:31:00'"
        self.refused(tmp_path, ROW, match, dtformat="%Y-%m-%d")

    def test_a_time_column_that_is_none(self, tmp_path: Path) -> None:
        match = r"dtformat='%Y-%m-%d' and tmformat='%H:%M:%S' says - found '2006-01-02Tx'"
        self.refused(tmp_path, "2006-01-02,x\n", match, dtformat="%Y-%m-%d", time=1)

    @pytest.mark.parametrize(("written", "form"), [("1.5", 1), ("x", 2), ("1e300", 2), ("99999999999999", 1)])
    def test_seconds_that_are_none(self, tmp_path: Path, written: str, form: int) -> None:
        self.refused(
            tmp_path, ROW.replace("2006-01-02 09:31:00", written), r"column 0 \(datetime\)", dtformat=form
        )

    def test_a_callable_that_gives_no_time(self, tmp_path: Path) -> None:
        self.refused(tmp_path, ROW, "the callable gave 7, which is no datetime", dtformat=lambda text: 7)

    def test_a_missing_column(self, tmp_path: Path) -> None:
        self.refused(tmp_path, "2006-01-02 09:31:00,1,2,3,4\n", r"line 2, column 5 \(volume\) .* found 5")

    def test_text_where_a_number_should_be(self, tmp_path: Path) -> None:
        self.refused(tmp_path, ROW + ROW.replace("0.5", "n/a"), r"line 3, column 3 \(low\) .* found 'n/a'")

    def test_a_time_with_a_zone_and_an_input_zone(self, tmp_path: Path) -> None:
        text = ROW.replace("00,", "00+0200,")
        options = {"dtformat": "%Y-%m-%d %H:%M:%S%z", "tzinput": "US/Eastern"}
        self.refused(tmp_path, text, r"line 2, column 0 \(datetime\) .*not naive", **options)

    @pytest.mark.parametrize("form", [3, 1.5, None])
    def test_a_format_that_is_none(self, tmp_path: Path, form: object) -> None:
        self.refused(tmp_path, ROW, "expected dtformat to be", ParameterValueError, dtformat=form)

    def test_two_formats_that_read_the_same_part(self, tmp_path: Path) -> None:
        self.refused(tmp_path, ROW, r"both read \['%H', '%M', '%S'\]", ParameterValueError, time=1)

    def test_a_nullvalue_that_is_no_number(self, tmp_path: Path) -> None:
        self.refused(tmp_path, ROW, "expected nullvalue to be a number", ParameterValueError, nullvalue=None)

    @pytest.mark.parametrize("at", ["Open", 1.0, True])
    def test_a_column_that_is_no_number(self, tmp_path: Path, at: object) -> None:
        self.refused(tmp_path, ROW, "expected open to be a column number", ParameterValueError, open=at)

    def test_a_line_without_a_parameter(self, tmp_path: Path) -> None:
        class NoColumn(GenericCSVData):
            lines = ("pe",)

        with pytest.raises(ParameterValueError, match=r"for every line of NoColumn - found none for 'pe'"):
            read(NoColumn(dataname=file(tmp_path, TITLE + ROW)))


def test_files_of_metatrader(tmp_path: Path) -> None:
    feed = MT4CSVData(dataname=file(tmp_path, "2006.01.02,09:31,1,2,0.5,1.5,100\n"), headers=False, **MINUTES)
    columns = read(feed)
    assert columns.datetime.tolist() == [date2num(MOMENT)]
    assert columns.volume.tolist() == [100.0]


def test_files_of_sierra_chart(tmp_path: Path) -> None:
    feed = SierraChartCSVData(dataname=file(tmp_path, "2006/01/02,1,2,0.5,1.5,100,0\n"), headers=False)
    assert read(feed).datetime.tolist() == [732313.9999999999]
