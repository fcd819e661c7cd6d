"""Tables in memory, read column by column: one small adapter each for pandas, polars and Arrow.

The libraries are imported only when a table of theirs is given, and then they are loaded already.
"""

from __future__ import annotations

import os
import sys
from datetime import date
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..base.datenums import from_datetime64
from ..base.time import date2num
from ..errors import DataError
from .csvtext import doubles, int64s
from .paths import not_found

Floats = NDArray[np.float64]


class Table(Protocol):
    """What a feed needs of a table: its column names, and columns by position."""

    names: list[Any]
    has_index: bool

    def doubles(self, at: int) -> Floats:
        """Give column *at* as an array of its own; nulls are NaN."""
        ...

    def times(self, at: int | None) -> Floats:
        """Give column *at* (None: the index) as date numbers, times with a zone in UTC."""
        ...

    def first_time(self) -> int | None:
        """Give the first column that holds times."""
        ...


def as_table(source: Any, feed: str) -> Table:
    """Give the adapter for *source*; *feed* names the feed in messages."""
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(source, pandas.DataFrame):
        return PandasTable(source, feed)
    polars = sys.modules.get("polars")
    if polars is not None and isinstance(source, polars.LazyFrame):
        source = source.collect()
    if polars is not None and isinstance(source, polars.DataFrame):
        return PolarsTable(source, feed)
    arrow = _as_arrow(source)
    if arrow is None:
        raise DataError(
            f"reading feed {feed} - expected a table as dataname (pandas, polars, Arrow, or one with an Arrow or data "
            f"frame interface) - found {type_name(source)} - pass the frame itself"
        )
    return ArrowTable(arrow, feed)


def type_name(source: Any) -> str:
    """Give the full name of the type of *source*."""
    kind = type(source)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _as_arrow(source: Any) -> Any:
    """Give *source* as a pyarrow Table; None if it is no table."""
    offers = ("__arrow_c_stream__", "__arrow_c_array__", "__dataframe__")
    if isinstance(source, type) or not any(hasattr(source, name) for name in offers):
        return None
    import pyarrow as pa

    if isinstance(source, pa.Table):
        return source
    if isinstance(source, pa.RecordBatch):
        return pa.Table.from_batches([source])
    if not hasattr(source, "__arrow_c_stream__") and not hasattr(source, "__arrow_c_array__"):
        from pyarrow.interchange import from_dataframe

        return from_dataframe(source)
    try:
        return pa.table(source)
    except (pa.ArrowInvalid, TypeError):
        return None  # a single column offers the interface too


def _refuse(feed: str, column: Any, expected: str, found: str, remedy: str) -> DataError:
    return DataError(
        f"reading feed {feed}, column {column!r} - expected {expected} - found {found} - {remedy}"
    )


def _numbers(stamps: NDArray[np.datetime64], feed: str, column: Any) -> Floats:
    """Give *stamps* as date numbers; DataError if one is missing."""
    out = from_datetime64(stamps)
    if np.isnan(out.sum()):
        missing = np.flatnonzero(np.isnan(out))
        row = int(missing[0]) + 1
        raise _refuse(
            feed,
            column,
            "a time in every row",
            f"none in {missing.size} row(s), first row {row}",
            "drop these rows",
        )
    return out


class PandasTable:
    """A pandas DataFrame."""

    has_index = True

    def __init__(self, frame: Any, feed: str) -> None:
        self.frame = frame
        self.feed = feed
        self.names: list[Any] = list(frame.columns)

    def doubles(self, at: int) -> Floats:
        column = self.frame.iloc[:, at]
        kind = column.dtype.kind
        if kind in "fiu" or kind == "b":
            if isinstance(column.dtype, np.dtype):
                return np.array(column.to_numpy(), dtype=np.float64)
            return np.array(column.to_numpy(dtype=np.float64, na_value=np.nan))
        import pandas as pd

        values = column.tolist()
        if kind != "O":
            raise self._no_number(at, f"{column.dtype} ({next(iter(values), None)!r} in row 1)")
        out = np.empty(len(values), dtype=np.float64)
        for row, value in enumerate(values):
            try:
                out[row] = np.nan if value is None or value is pd.NA else _real(value)
            except (TypeError, ValueError):
                raise self._no_number(at, f"{value!r} in row {row + 1}") from None
        return out

    def _no_number(self, at: int, found: str) -> DataError:
        remedy = "convert it: frame[column] = pandas.to_numeric(frame[column], errors='coerce')"
        return _refuse(self.feed, self.names[at], "numbers", found, remedy)

    def times(self, at: int | None) -> Floats:
        import pandas as pd

        name = "index" if at is None else self.names[at]
        values = self.frame.index if at is None else self.frame.iloc[:, at]
        if values.dtype.kind == "M":
            stamps = pd.DatetimeIndex(values)
            unit = getattr(stamps, "unit", "ns")
            return _numbers(stamps.asi8.view(f"datetime64[{unit}]"), self.feed, name)
        if values.dtype == object and len(values) and isinstance(values.tolist()[0], date):
            return self._from_objects(values.tolist(), name)
        if not len(values):
            return np.empty(0, dtype=np.float64)
        remedy = "convert it: frame.index = pandas.to_datetime(frame.index)"
        if at is not None:
            remedy = f"convert it: frame[{name!r}] = pandas.to_datetime(frame[{name!r}])"
        if isinstance(values.dtype, pd.PeriodDtype):
            remedy = "convert it with .to_timestamp()"
        raise _refuse(self.feed, name, "times", f"{values.dtype} ({values.tolist()[0]!r})", remedy)

    def _from_objects(self, values: list[Any], name: Any) -> Floats:
        out = []
        for row, value in enumerate(values, 1):
            try:
                out.append(date2num(value))
            except (AttributeError, ValueError, TypeError):
                raise _refuse(
                    self.feed, name, "a time in every row", f"{value!r} in row {row}", "correct it"
                ) from None
        return np.array(out)

    def first_time(self) -> int | None:
        for at, dtype in enumerate(self.frame.dtypes):
            if dtype.kind == "M":
                return at
        return None


def _real(value: Any) -> float:
    if isinstance(value, (str, bytes)):
        raise TypeError
    return float(value)


class PolarsTable:
    """A polars DataFrame."""

    has_index = False

    def __init__(self, frame: Any, feed: str) -> None:
        self.frame = frame
        self.feed = feed
        self.names: list[Any] = list(frame.columns)

    def doubles(self, at: int) -> Floats:
        import polars as pl

        column = self.frame.to_series(at)
        kind = column.dtype
        if not (kind.is_numeric() or kind in (pl.Boolean, pl.Null)):
            raise _refuse(
                self.feed,
                self.names[at],
                "numbers",
                str(kind),
                f"convert it: frame.with_columns(pl.col({self.names[at]!r}).cast(pl.Float64))",
            )
        return np.array(column.cast(pl.Float64).to_numpy(), dtype=np.float64)

    def times(self, at: int | None) -> Floats:
        import polars as pl

        name = self.names[at or 0]
        column = self.frame.to_series(at or 0)
        if column.dtype == pl.Date:
            column = column.cast(pl.Datetime("us"))
        if column.dtype != pl.Datetime:
            raise _refuse(
                self.feed,
                name,
                "times (Datetime or Date)",
                str(column.dtype),
                f"convert it: frame.with_columns(pl.col({name!r}).str.to_datetime())",
            )
        if column.null_count():
            row = int(column.is_null().arg_max() or 0) + 1
            raise _refuse(
                self.feed,
                name,
                "a time in every row",
                f"none in row {row}",
                f"drop it: frame.drop_nulls({name!r})",
            )
        ticks = np.ascontiguousarray(column.to_physical().to_numpy())
        return _numbers(ticks.view(f"datetime64[{column.dtype.time_unit}]"), self.feed, name)

    def first_time(self) -> int | None:
        for at, dtype in enumerate(self.frame.dtypes):
            if dtype.is_temporal() and dtype.base_type().__name__ in ("Datetime", "Date"):
                return at
        return None


class ArrowTable:
    """A pyarrow Table."""

    has_index = False

    def __init__(self, table: Any, feed: str) -> None:
        self.table = table
        self.feed = feed
        self.names: list[Any] = list(table.column_names)

    def column(self, at: int) -> Any:
        """Give column *at* as a chunked array."""
        return self.table.column(at)

    def kind(self, at: int) -> Any:
        """Give the Arrow type of column *at*."""
        return self.table.schema.types[at]

    def doubles(self, at: int) -> Floats:
        import pyarrow as pa

        kind = self.kind(at)
        types = pa.types
        fits = (types.is_integer, types.is_floating, types.is_decimal, types.is_boolean, types.is_null)
        if not any(fit(kind) for fit in fits):
            raise _refuse(
                self.feed,
                self.names[at],
                "numbers",
                str(kind),
                "convert the column to float64 before feeding it",
            )
        column = self.column(at)
        if types.is_boolean(kind):
            column = column.cast(pa.int8())
        values, _ = doubles(column if types.is_float64(kind) else column.cast(pa.float64()))
        return values

    def times(self, at: int | None) -> Floats:
        import pyarrow as pa

        name, kind, column = self.names[at or 0], self.kind(at or 0), self.column(at or 0)
        if pa.types.is_date(kind):
            column, unit = column.cast(pa.timestamp("ms")), "ms"
        elif pa.types.is_timestamp(kind):
            unit = kind.unit
        else:
            raise _refuse(
                self.feed,
                name,
                "times (timestamp or date)",
                str(kind),
                "convert the column to timestamps before feeding it",
            )
        if column.null_count:
            raise _refuse(
                self.feed,
                name,
                "a time in every row",
                f"none in {column.null_count} row(s)",
                "drop these rows",
            )
        return _numbers(int64s(column).view(f"datetime64[{unit}]"), self.feed, name)

    def first_time(self) -> int | None:
        import pyarrow as pa

        for at in range(len(self.names)):
            kind = self.kind(at)
            if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
                return at
        return None


class ParquetTable(ArrowTable):
    """A Parquet file, of which only the columns asked for are read."""

    def __init__(self, source: Any, feed: str) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = os.fspath(source)
        try:
            self.file = pq.ParquetFile(path)
        except FileNotFoundError:
            not_found(feed, path)
        except (pa.ArrowInvalid, OSError) as error:
            raise DataError(
                f"opening the file of feed {feed} - expected {path!r} to be a Parquet file - found something "
                f"else ({error}) - "
                "correct dataname, or write the file with DataFrame.to_parquet"
            ) from None
        self.schema = self.file.schema_arrow
        self.feed = feed
        self.names = list(self.schema.names)

    def column(self, at: int) -> Any:
        """Give column *at* as a chunked array."""
        return self.file.read(columns=[self.names[at]]).column(0)

    def kind(self, at: int) -> Any:
        """Give the Arrow type of column *at*."""
        return self.schema.types[at]

    def close(self) -> None:
        """Close the file."""
        self.file.close()


def open_ipc(source: Any, feed: str) -> Any:
    """Give the Arrow table in the IPC (Feather) file *source*, mapped into memory."""
    import pyarrow as pa

    path = os.fspath(source)
    try:
        mapped = pa.memory_map(path)
    except FileNotFoundError:
        not_found(feed, path)
    for opening in (pa.ipc.open_file, pa.ipc.open_stream):
        try:
            mapped.seek(0)
            return opening(mapped).read_all()
        except pa.ArrowInvalid:
            continue
    raise DataError(
        f"opening the file of feed {feed} - expected {path!r} to be an Arrow IPC or Feather file - found "
        "something else - "
        "correct dataname, or use ParquetData or GenericCSVData for files of that kind"
    )
