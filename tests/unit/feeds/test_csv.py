from __future__ import annotations

import io
import subprocess
import sys
from datetime import datetime, time
from pathlib import Path
from typing import Any

import pytest

from backtrail.base.time import date2num
from backtrail.base.timeframe import TimeFrame
from backtrail.errors import DataError, ParameterValueError
from backtrail.feeds import csvtext
from backtrail.feeds.csv import BacktraderCSV, BacktraderCSVData, CSVDataBase
from backtrail.feeds.genericcsv import GenericCSV, GenericCSVData
from backtrail.feeds.yahoo import YahooFinanceCSV, YahooFinanceCSVData

from .reading import file, read

TITLE = "Date,Open,High,Low,Close,Volume,OpenInterest\n"
DAILY = "2006-01-02,1,2,0.5,1.5,100,7\n2006-01-03,1.25,2,0.5,1.5,100.5,8\n"
MINUTE = "2006-01-02,09:31:00,1,2,0.5,1.5,100,7\n2006-01-02,09:32:05,1,2,0.5,1.5,100,7\n"
END = 0.9999999999


def test_daily_bars_end_with_the_session(tmp_path: Path) -> None:
    columns = read(BacktraderCSVData(dataname=file(tmp_path, TITLE + DAILY)))
    assert columns.datetime.tolist() == [732313.9999999999, 732314.9999999999]
    assert columns.open.tolist() == [1.0, 1.25]
    assert columns.volume.tolist() == [100.0, 100.5]
    assert columns.openinterest.tolist() == [7.0, 8.0]
    assert [columns.row(k) for k in range(2)] == [2, 3]


def test_another_end_of_session(tmp_path: Path) -> None:
    columns = read(BacktraderCSVData(dataname=file(tmp_path, TITLE + DAILY), sessionend=time(17, 30)))
    assert columns.datetime[0] == date2num(datetime(2006, 1, 2, 17, 30))


def test_rows_of_eight_fields_have_a_time(tmp_path: Path) -> None:
    columns = read(BacktraderCSVData(dataname=file(tmp_path, TITLE + MINUTE), timeframe=TimeFrame.Minutes))
    assert columns.datetime.tolist() == [
        date2num(datetime(2006, 1, 2, 9, 31)),
        date2num(datetime(2006, 1, 2, 9, 32, 5)),
    ]


def test_rows_with_and_without_a_time_may_alternate(tmp_path: Path) -> None:
    columns = read(BacktraderCSVData(dataname=file(tmp_path, TITLE + MINUTE + DAILY)))
    assert columns.datetime[2] == 732313.9999999999
    assert len(columns) == 4


@pytest.mark.parametrize(
    "text",
    [
        DAILY.replace("\n", "\r\n"),
        DAILY.replace("\n", "\r"),
        DAILY.rstrip("\n"),
        DAILY + "\n\n",
        DAILY.replace("\n", "\n\n  \n"),
        "\ufeff" + DAILY,
        DAILY.replace(",", ", "),
        DAILY.replace("2006-01-0", "2006/01/0"),
    ],
    ids=["crlf", "cr", "no end of line", "blank end", "blank lines", "byte order mark", "blanks", "slashes"],
)
def test_files_that_differ_in_spelling_only_read_the_same(tmp_path: Path, text: str) -> None:
    columns = read(BacktraderCSVData(dataname=file(tmp_path, text), headers=False))
    assert columns.datetime.tolist() == [732313.9999999999, 732314.9999999999]
    assert columns.close.tolist() == [1.5, 1.5]


@pytest.mark.parametrize(("separator", "by"), [(";", ";"), (None, " "), ("||", "||")])
def test_other_separators(tmp_path: Path, separator: str | None, by: str) -> None:
    name = file(tmp_path, (TITLE + DAILY).replace(",", by))
    assert read(BacktraderCSVData(dataname=name, separator=separator)).open.tolist() == [1.0, 1.25]


def test_the_input_zone_places_bars_in_utc(tmp_path: Path) -> None:
    name = file(tmp_path, TITLE + MINUTE)
    columns = read(BacktraderCSVData(dataname=name, tzinput="US/Eastern"))
    assert columns.datetime[0] == date2num(datetime(2006, 1, 2, 14, 31))


@pytest.mark.parametrize("text", ["", TITLE])
def test_a_file_without_rows_has_no_bars(tmp_path: Path, text: str) -> None:
    columns = read(BacktraderCSVData(dataname=file(tmp_path, text)))
    assert len(columns) == 0
    assert columns.extra == {}


def test_a_path_object_and_a_file_object_can_be_given(tmp_path: Path) -> None:
    name = file(tmp_path, TITLE + DAILY)
    feed = BacktraderCSVData(dataname=Path(name))
    assert feed._name == "bars"
    assert len(read(feed)) == 2
    assert len(read(BacktraderCSVData(dataname=io.BytesIO((TITLE + DAILY).encode())))) == 2


def test_a_file_object_is_read_again_from_where_it_stood() -> None:
    source = io.StringIO("first line\n" + TITLE + DAILY)
    source.readline()
    feed = BacktraderCSVData(dataname=source)
    assert len(read(feed)) == 2
    assert len(read(feed)) == 2
    assert not source.closed


def test_the_feed_is_named_after_its_file(tmp_path: Path) -> None:
    name = file(tmp_path, TITLE + DAILY, "abc.def.csv")
    assert BacktraderCSVData(dataname=name)._name == "abc.def"
    assert BacktraderCSVData(dataname=name, name="mine")._name == "mine"


def test_a_large_file_reads_as_a_small_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = file(tmp_path, "\ufeff" + TITLE + MINUTE.replace("\n", "\r\n"))
    small = read(BacktraderCSVData(dataname=name))
    monkeypatch.setattr(csvtext, "LARGE", 0)
    monkeypatch.setattr(csvtext, "LARGE_WHEN_LOADED", 0)
    monkeypatch.setattr(BacktraderCSVData, "_read_small_file_", None)
    large = read(BacktraderCSVData(dataname=name))
    assert {n: v.tolist() for n, v in large.lines().items()} == {
        n: v.tolist() for n, v in small.lines().items()
    }
    assert [large.row(k) for k in range(2)] == [small.row(k) for k in range(2)] == [2, 3]


@pytest.mark.parametrize(
    "text", [TITLE + MINUTE + DAILY, TITLE + DAILY + "\n", "", TITLE + DAILY.replace("1.5", " 1_5")]
)
def test_a_large_file_that_is_not_regular_reads_too(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = file(tmp_path, text)
    expected = read(BacktraderCSVData(dataname=name)).close.tolist()
    monkeypatch.setattr(csvtext, "LARGE", -1)
    monkeypatch.setattr(csvtext, "LARGE_WHEN_LOADED", -1)
    assert read(BacktraderCSVData(dataname=name)).close.tolist() == expected


def test_small_files_are_read_without_pyarrow(tmp_path: Path) -> None:
    name = file(tmp_path, TITLE + DAILY)
    code = (
        "import sys; from backtrail.feeds.csv import BacktraderCSVData as F\n"
        f"feed = F(dataname={name!r}); feed._start(); print(len(feed._read_columns_()), 'pyarrow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2", "False"]


class TestErrors:
    def refused(self, folder: Path, text: str, match: str, **options: Any) -> None:
        name = file(folder, text)
        with pytest.raises(DataError, match=match):
            read(BacktraderCSVData(dataname=name, **options))

    def test_a_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(
            FileNotFoundError, match=r"feed 'nothing' .*nothing\.csv' to exist .* correct dataname"
        ):
            read(BacktraderCSVData(dataname=str(tmp_path / "nothing.csv")))

    @pytest.mark.parametrize("source", [None, 5])
    def test_no_file_at_all(self, source: object) -> None:
        with pytest.raises(DataError, match=r"expected a path or a file object .* found"):
            read(BacktraderCSVData(dataname=source))

    def test_a_number_that_is_none(self, tmp_path: Path) -> None:
        match = r"feed 'bars' from .*bars\.csv, line 3, column 2 \(high\) - expected a number - found 'x'"
        self.refused(tmp_path, TITLE + DAILY.replace("1.25,2", "1.25,x"), match)

    def test_an_empty_field(self, tmp_path: Path) -> None:
        self.refused(
            tmp_path, TITLE + DAILY.replace(",7\n", ",\n"), r"line 2, column 6 \(openinterest\).*found ''"
        )

    def test_a_missing_column(self, tmp_path: Path) -> None:
        match = r"line 2, column 6 \(openinterest\) - expected at least 7 fields - found 6"
        self.refused(tmp_path, TITLE + "2006-01-02,1,2,0.5,1.5,100\n", match)

    @pytest.mark.parametrize("day", ["2006-02-29", "2006-1-2", "02.01.2006", ""])
    def test_a_date_that_is_none(self, tmp_path: Path, day: str) -> None:
        match = (
            rf"line 2, column 0 \(date\) - expected a date written YYYY-MM-DD - found '{day}'.*GenericCSVData"
        )
        self.refused(tmp_path, f"{TITLE}{day},1,2,0.5,1.5,100,7\n", match)

    def test_a_time_that_is_none(self, tmp_path: Path) -> None:
        self.refused(
            tmp_path, TITLE + MINUTE.replace("09:31:00", "09:31"), r"line 2, column 1 \(time\).*found '09:31'"
        )

    def test_a_line_of_titles_read_as_bars(self, tmp_path: Path) -> None:
        self.refused(tmp_path, TITLE + DAILY, r"line 1, .* pass headers=True", headers=False)

    def test_lines_are_counted_with_the_blank_ones(self, tmp_path: Path) -> None:
        self.refused(tmp_path, TITLE + "\n" + DAILY.replace("1.25", "x"), "line 4, column 1")

    def test_bytes_that_are_not_utf8_in_a_field_that_is_read(self, tmp_path: Path) -> None:
        path = tmp_path / "latin.csv"
        path.write_bytes(
            TITLE.encode() + b"2006-01-02,1,2,0.5,1.5,100,7,,caf\xe9\n2006-01-03,1\xe9,2,0.5,1.5,100,7,,\n"
        )
        with pytest.raises(DataError, match=r"line 3, column 1 \(open\)"):
            read(BacktraderCSVData(dataname=str(path)))

    @pytest.mark.parametrize("separator", ["", 5])
    def test_a_separator_that_separates_nothing(self, tmp_path: Path, separator: object) -> None:
        with pytest.raises(ParameterValueError, match="expected separator to be text"):
            read(BacktraderCSVData(dataname=file(tmp_path, TITLE), separator=separator))

    def test_a_format_that_says_nothing(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="found no _loadline - implement _loadline"):
            read(CSVDataBase(dataname=file(tmp_path, TITLE + DAILY)))


class Prices(CSVDataBase):
    """A user's format: day;close."""

    params = (("headers", False), ("separator", ";"))

    def _loadline(self, linetokens: list[str]) -> bool:
        if linetokens[0] == "end":
            return False
        self.lines.datetime[0] = date2num(datetime.strptime(linetokens[0], "%Y%m%d"))
        self.lines.close[0] = float(linetokens[1])
        return True


def loaded(feed: Any) -> list[tuple[float, float]]:
    feed._start()
    while feed.load():
        pass
    found = list(zip(feed.lines.datetime.array.tolist(), feed.lines.close.array.tolist()))[: len(feed)]
    feed.stop()
    return found


class TestUserFormats:
    def test_rows_are_read_by_the_users_loadline(self, tmp_path: Path) -> None:
        feed = Prices(dataname=file(tmp_path, "20060102;5\n20060103;6\nend;0\n20060104;7\n"))
        assert loaded(feed) == [(732313.0, 5.0), (732314.0, 6.0)]
        assert feed.f is None

    def test_the_input_zone_applies(self, tmp_path: Path) -> None:
        feed = Prices(dataname=file(tmp_path, "20060102;5\n"), tzinput="US/Eastern")
        assert loaded(feed) == [(date2num(datetime(2006, 1, 2, 5)), 5.0)]

    def test_super_reads_a_row_as_the_format_says(self, tmp_path: Path) -> None:
        class Doubled(BacktraderCSVData):
            def _loadline(self, linetokens: list[str]) -> bool:
                found = super()._loadline(linetokens)
                self.lines.close[0] = self.lines.close[0] * 2
                return found

        feed = Doubled(dataname=file(tmp_path, TITLE + DAILY))
        assert loaded(feed) == [(732313.9999999999, 3.0), (732314.9999999999, 3.0)]

    def test_rows_can_be_skipped(self, tmp_path: Path) -> None:
        class Skipping(Prices):
            def _loadline(self, linetokens: list[str]) -> bool:
                following = self._getnextline()
                return bool(following) and super()._loadline(following)

        feed = Skipping(dataname=file(tmp_path, "20060102;5\n20060103;6\n20060104;7\n"))
        assert loaded(feed) == [(732314.0, 6.0)]

    def test_start_may_read_on(self, tmp_path: Path) -> None:
        class TwoTitles(BacktraderCSVData):
            def start(self) -> None:
                super().start()
                self.f.readline()

        feed = TwoTitles(dataname=file(tmp_path, TITLE + "second title\n" + DAILY))
        assert len(read(feed)) == 2

    def test_an_error_names_the_line(self, tmp_path: Path) -> None:
        class Own(BacktraderCSVData):
            def _loadline(self, linetokens: list[str]) -> bool:
                return super()._loadline(linetokens)

        with pytest.raises(DataError, match=r"line 3, column 1 \(open\)"):
            loaded(Own(dataname=file(tmp_path, TITLE + DAILY.replace("1.25", "x"))))

    def test_bars_step_one_by_one_too(self, tmp_path: Path) -> None:
        feed = BacktraderCSVData(dataname=file(tmp_path, TITLE + DAILY))
        assert loaded(feed) == [(732313.9999999999, 1.5), (732314.9999999999, 1.5)]

    def test_a_feed_that_was_not_started_has_no_rows(self, tmp_path: Path) -> None:
        feed = Prices(dataname=file(tmp_path, "20060102;5\n"))
        assert feed._getnextline() is None
        assert feed._load() is False
        assert feed._read_columns_() is None


def test_a_factory_makes_feeds_of_the_files_of_a_folder(tmp_path: Path) -> None:
    file(tmp_path, (TITLE + DAILY).replace(",", ";"))
    made = BacktraderCSV(basepath=f"{tmp_path}/", separator=";").getdata("bars.csv", name="mine")
    assert isinstance(made, BacktraderCSVData)
    assert made._name == "mine"
    assert len(read(made)) == 2
    assert GenericCSV.DataCls is GenericCSVData
    assert YahooFinanceCSV.DataCls is YahooFinanceCSVData
