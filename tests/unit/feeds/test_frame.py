from __future__ import annotations

import re
import subprocess
import sys
import warnings
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from backtrail.base.time import date2num
from backtrail.errors import DataError, DataWarning, ParameterValueError
from backtrail.feeds.columns import Columns
from backtrail.feeds.frame import FrameData, PandasData, PandasDirectData

from .reading import read

COUNT = 5
TIMES = pd.date_range("2006-01-02 09:31", periods=COUNT, freq="min")
VALUES = {
    "open": [1.0, 2.0, np.nan, 4.0, 5.0],
    "high": [2.0, 3.0, 4.0, 5.0, 6.0],
    "low": [0.5, 1.5, 2.5, 3.5, 4.5],
    "close": [1.5, 2.5, 3.5, 4.5, 5.5],
    "volume": [100, 200, 300, 400, 500],
    "openinterest": [0, 1, 2, 3, 4],
}
NUMBERS = [date2num(moment) for moment in TIMES.to_pydatetime()]


def frame() -> pd.DataFrame:
    return pd.DataFrame(VALUES, index=TIMES)


def flat() -> pd.DataFrame:
    return frame().reset_index(names="datetime")


def same(found: Columns) -> None:
    assert found.datetime.tolist() == NUMBERS
    for name, values in VALUES.items():
        assert np.array_equal(found.line(name), np.array(values, dtype=float), equal_nan=True)


class Stream:
    """A table that only offers the Arrow stream interface."""

    def __init__(self, table: Any) -> None:
        self.table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)


class Interchange:
    """A table that only offers the data frame interchange interface."""

    def __init__(self, table: Any) -> None:
        self.table = table

    def __dataframe__(self, *args: Any, **kwargs: Any) -> Any:
        return self.table.__dataframe__(*args, **kwargs)


def arrow() -> pa.Table:
    return pa.Table.from_pandas(flat(), preserve_index=False)


def polars() -> pl.DataFrame:
    return pl.DataFrame(
        {"datetime": TIMES.to_pydatetime().tolist()}
        | {name: [None if value != value else value for value in values] for name, values in VALUES.items()}
    )


@pytest.mark.parametrize(
    "table",
    [
        frame(),
        polars(),
        polars().lazy(),
        arrow(),
        arrow().to_batches()[0],
        pa.concat_tables([arrow().slice(0, 2), arrow().slice(2)]),
        Stream(arrow()),
        Interchange(arrow()),
    ],
    ids=["pandas", "polars", "lazy polars", "arrow", "batch", "arrow in pieces", "stream", "interchange"],
)
def test_tables_of_every_kind(table: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        same(read(FrameData(dataname=table)))


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "US/Eastern"])
def test_times_of_every_unit_with_and_without_a_zone(unit: str, zone: str | None) -> None:
    index = TIMES.as_unit(unit)
    if zone is not None:
        index = index.tz_localize("UTC").tz_convert(zone)
    table = frame().set_index(index)
    same(read(PandasData(dataname=table)))
    same(read(FrameData(dataname=table.reset_index(names="datetime"), datetime="datetime")))
    same(read(FrameData(dataname=pa.Table.from_pandas(table.reset_index(names="datetime")))))
    if unit != "s":
        same(read(FrameData(dataname=pl.from_pandas(table.reset_index(names="datetime")))))


def test_dates_are_midnights() -> None:
    expected = [date2num(date(2006, 1, 2))] * COUNT
    table = polars().with_columns(pl.col("datetime").dt.date())
    assert read(FrameData(dataname=table)).datetime.tolist() == expected
    assert read(FrameData(dataname=table.to_arrow())).datetime.tolist() == expected
    objects = frame().set_index(pd.Index([date(2006, 1, 2)] * COUNT, dtype=object))
    assert read(PandasData(dataname=objects)).datetime.tolist() == expected


def test_python_datetimes_as_index() -> None:
    same(read(PandasData(dataname=frame().set_index(pd.Index(TIMES.to_pydatetime(), dtype=object)))))


def test_the_first_column_of_times_is_found() -> None:
    named = arrow().rename_columns(["when", *VALUES])
    same(read(FrameData(dataname=named)))
    same(read(FrameData(dataname=pl.from_arrow(named))))
    same(read(FrameData(dataname=named, datetime=-1)))
    same(read(FrameData(dataname=flat(), datetime=0)))


def test_the_input_zone_places_times_in_utc() -> None:
    moved = read(PandasData(dataname=frame(), tzinput="US/Eastern")).datetime
    assert moved[0] == date2num(datetime(2006, 1, 2, 14, 31))


class TestColumns:
    def test_names_in_any_case(self) -> None:
        table = frame().rename(columns=str.upper)
        same(read(PandasData(dataname=table)))
        same(read(PandasData(dataname=table, open="Open")))

    @pytest.mark.filterwarnings("ignore:feed 'PandasData'")
    def test_names_in_this_case_only(self) -> None:
        same(read(PandasData(dataname=frame(), nocase=False)))
        with pytest.warns(DataWarning, match="no column 'close'"):
            assert np.isnan(
                read(PandasData(dataname=frame().rename(columns=str.upper), nocase=False)).close
            ).all()
        with pytest.raises(DataError, match=r"no column 'Open'.* Did you mean 'open'"):
            read(PandasData(dataname=frame(), nocase=False, open="Open"))

    def test_positions(self) -> None:
        same(read(PandasData(dataname=frame(), open=0, high=1, low=2, close=3, volume=4, openinterest=5)))
        same(read(PandasData(dataname=flat(), datetime=0)))

    def test_a_column_for_another_line(self) -> None:
        assert read(PandasData(dataname=frame(), open="close")).open.tolist() == VALUES["close"]

    def test_no_column(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            columns = read(PandasData(dataname=frame(), openinterest=None, open=None))
        assert np.isnan(columns.openinterest).all()
        assert np.isnan(columns.open).all()

    def test_missing_volume_is_no_news_but_missing_prices_are(self) -> None:
        table = frame().drop(columns=["volume", "openinterest"])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert np.isnan(read(PandasData(dataname=table)).volume).all()
        with pytest.warns(DataWarning, match=r"feed 'PandasData': there is no column 'high'.* Pass high="):
            read(PandasData(dataname=frame().drop(columns=["high"])))

    def test_the_first_of_two_columns_of_a_name(self) -> None:
        table = frame().assign(OPEN=99.0)
        assert read(PandasData(dataname=table)).open[0] == 1.0

    def test_extra_lines(self) -> None:
        class Ratio(PandasData):
            lines = ("pe",)
            params = (("pe", -1),)

        assert read(Ratio(dataname=frame().assign(pe=8))).line("pe").tolist() == [8.0] * COUNT
        assert np.isnan(read(Ratio(dataname=frame())).line("pe")).all()
        assert read(Ratio(dataname=frame(), pe="low")).line("pe").tolist() == VALUES["low"]

    def test_an_extra_line_without_a_parameter(self) -> None:
        class NoColumn(PandasData):
            lines = ("pe",)

        with pytest.raises(ParameterValueError, match="for every line of NoColumn - found none for 'pe'"):
            read(NoColumn(dataname=frame()))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([1, 2, 3, 4, 5], dtype="float32"), [1.0, 2.0, 3.0, 4.0, 5.0]),
        (np.array([1, 2, 3, 4, 5], dtype="uint8"), [1.0, 2.0, 3.0, 4.0, 5.0]),
        ([True, False, True, True, False], [1.0, 0.0, 1.0, 1.0, 0.0]),
        (pd.array([1, None, 3, 4, 5], dtype="Int64"), [1.0, np.nan, 3.0, 4.0, 5.0]),
        (pd.array([True, None, True, True, True], dtype="boolean"), [1.0, np.nan, 1.0, 1.0, 1.0]),
        (pd.Series([1, None, Decimal("2.5"), 4, 5], dtype=object, index=TIMES), [1.0, np.nan, 2.5, 4.0, 5.0]),
    ],
)
def test_numbers_of_every_kind(values: Any, expected: list[float]) -> None:
    table = frame()
    table["open"] = values
    assert np.array_equal(read(PandasData(dataname=table)).open, np.array(expected), equal_nan=True)


def test_numbers_of_arrow_and_polars_kinds() -> None:
    table = arrow().set_column(1, "open", pa.array([True, None, True, False, True]))
    assert np.array_equal(read(FrameData(dataname=table)).open, [1.0, np.nan, 1.0, 0.0, 1.0], equal_nan=True)
    table = arrow().set_column(1, "open", pa.array([Decimal("1.5")] * COUNT))
    assert read(FrameData(dataname=table)).open.tolist() == [1.5] * COUNT
    table = arrow().set_column(1, "open", pa.nulls(COUNT))
    assert np.isnan(read(FrameData(dataname=table)).open).all()
    lazy = polars().with_columns(open=pl.lit(None), high=pl.lit(True), low=pl.lit(7, pl.Int8))
    columns = read(FrameData(dataname=lazy))
    assert np.isnan(columns.open).all()
    assert (columns.high.tolist(), columns.low.tolist()) == ([1.0] * COUNT, [7.0] * COUNT)


def test_the_frame_is_not_written_to() -> None:
    table = frame()
    columns = read(PandasData(dataname=table))
    columns.close[0] = 99.0
    assert table["close"].iloc[0] == 1.5


def test_an_empty_frame_has_no_bars() -> None:
    assert len(read(PandasData(dataname=pd.DataFrame(columns=list(VALUES))))) == 0
    assert len(read(PandasData(dataname=frame().iloc[:0]))) == 0


class TestByPosition:
    def test_the_index_is_column_zero(self) -> None:
        same(read(PandasDirectData(dataname=frame())))

    def test_negative_is_no_column(self) -> None:
        assert np.isnan(read(PandasDirectData(dataname=frame(), openinterest=-1)).openinterest).all()

    def test_another_column_of_times(self) -> None:
        moved = {name: at for at, name in enumerate(VALUES, 2)}
        same(read(PandasDirectData(dataname=flat(), datetime=1, **moved)))

    @pytest.mark.parametrize("at", [0, 7])
    def test_a_column_that_is_not_there(self, at: int) -> None:
        with pytest.raises(
            DataError, match=rf"expected open at column {at} \(0 is the index\) - found 6 columns"
        ):
            read(PandasDirectData(dataname=frame(), open=at))


class TestErrors:
    def refused(self, table: Any, match: str, kind: type[FrameData] = FrameData, **options: Any) -> None:
        with pytest.raises(DataError, match=match):
            read(kind(dataname=table, **options))

    @pytest.mark.parametrize("source", [None, 5, [1, 2], pd.DataFrame, frame()["open"]])
    def test_what_is_no_table(self, source: Any) -> None:
        self.refused(source, "expected a table as dataname .* found .* pass the frame itself")

    def test_another_table_as_pandas(self) -> None:
        self.refused(polars(), "expected a pandas DataFrame .* use feeds.FrameData", PandasData)

    def test_columns_of_several_levels(self) -> None:
        self.refused(pd.concat({"AAPL": frame()}, axis=1), r"several levels.*frame\.xs", PandasData)

    def test_positions_and_names_that_are_not_there(self) -> None:
        self.refused(frame(), "expected open at column 17 - found 6 columns", open=17)
        self.refused(frame(), "line 'open': the frame has no column 'price'", open="price")

    @pytest.mark.parametrize("wanted", [1.5, True])
    def test_a_column_that_is_neither_name_nor_position(self, wanted: Any) -> None:
        with pytest.raises(ParameterValueError, match="expected open to be a column name"):
            read(FrameData(dataname=frame(), open=wanted))

    def test_text_where_numbers_should_be(self) -> None:
        text = frame().astype({"open": str})
        self.refused(text, r"column 'open' - expected numbers - found .*pandas\.to_numeric")
        self.refused(frame().assign(open=TIMES), r"column 'open' - expected numbers - found datetime64")
        self.refused(polars().cast({"open": pl.String}), r"column 'open' - expected numbers - found String")
        self.refused(polars(), "column 'datetime' - expected numbers", open="datetime")
        self.refused(arrow(), "column 'datetime' - expected numbers", open="datetime")
        for odd in (b"x", object(), "x"):
            values = [1.0, None, pd.NA, odd] + [2.0] * (COUNT - 4)
            table = frame().assign(open=pd.Series(values, dtype=object, index=TIMES))
            self.refused(table, f"column 'open' - expected numbers - found {re.escape(repr(odd))} in row 4")

    def test_no_times(self) -> None:
        self.refused(arrow().drop_columns(["datetime"]), "expected a column that holds times - found none")
        self.refused(polars().drop("datetime"), "expected a column that holds times - found none")
        self.refused(
            flat(), r"column 'index' - expected times - found int64 .*pandas\.to_datetime\(frame\.index\)"
        )
        self.refused(flat(), "column 'open' - expected times - found float64", datetime="open")
        self.refused(arrow(), "column 'open' - expected times", datetime="open")
        self.refused(polars(), "column 'open' - expected times", datetime="open")
        text = frame().set_index(frame().index.astype(str))
        self.refused(text, "column 'index' - expected times - found", PandasData)
        self.refused(
            frame().set_index(pd.period_range("2006", periods=COUNT)), r"\.to_timestamp\(\)", PandasData
        )

    def test_missing_times(self) -> None:
        missing = TIMES.to_series(index=range(COUNT)).where([True, True, False, True, True])
        self.refused(
            frame().set_index(pd.DatetimeIndex(missing)), "found none in 1 row.*first row 3", PandasData
        )
        objects = pd.Index([*TIMES.to_pydatetime()[:4], None], dtype=object)
        self.refused(frame().set_index(objects), "found None in row 5", PandasData)
        holes = polars().with_columns(pl.col("datetime").replace(TIMES.to_pydatetime()[2], None))
        self.refused(holes, "found none in row 3")
        self.refused(holes.to_arrow(), "found none in 1 row")


def test_polars_are_read_without_pandas_and_pyarrow() -> None:
    code = """
import sys, datetime, polars
from backtrail.feeds.frame import FrameData
frame = polars.DataFrame({"datetime": [datetime.datetime(2006, 1, 2)], "open": [1.0], "high": [1.0], "low": [1.0],
                          "close": [1.0]})
feed = FrameData(dataname=frame)
feed._start()
print(len(feed._read_columns_()), {"pandas", "pyarrow"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1 set()"
