"""Tables of a run: named columns that convert to Arrow, pandas and polars and speak the dataframe protocols."""

from __future__ import annotations

import datetime as _dt
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..base.datenums import to_micros
from ..errors import ResultError, unknown_name

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

NO_TIME = np.iinfo(np.int64).min
_EPOCH = _dt.datetime(1970, 1, 1, tzinfo=_dt.UTC)
_SHOWN = 5


class Column(NamedTuple):
    """One column: its kind and its values.

    ``kind`` is ``"time"`` (int64 microseconds since 1970 in UTC, :data:`NO_TIME` where there is none), ``"float"``,
    ``"int"``, ``"bool"`` or ``"text"``. Values are an array, or a list in which None is a missing value.
    """

    kind: str
    values: Any


def times(numbers: Sequence[float] | NDArray[np.float64]) -> Column:
    """Give date numbers as a column of times; 0, NaN and infinities are missing."""
    stamps = np.asarray(numbers, dtype=np.float64)
    there = np.isfinite(stamps) & (stamps >= 1.0)
    if there.all():
        return Column("time", to_micros(stamps))
    micros = np.full(len(stamps), NO_TIME, dtype=np.int64)
    micros[there] = to_micros(stamps[there])
    return Column("time", micros)


class Table:
    """Columns of one length with names.

    ``table["price"]`` gives a column as a numpy array (times as ``datetime64[us]`` in UTC), ``table.rows()`` dicts,
    ``to_arrow()``, ``to_pandas()`` and ``to_polars()`` the table in that library, times tz-aware in UTC. Libraries
    that know the Arrow C stream or the dataframe interchange protocol take the table as it is.
    """

    __slots__ = ("_arrow", "_columns_", "_length_", "name")

    def __init__(self, name: str, columns: dict[str, Column]) -> None:
        self.name = name
        self._columns_ = columns
        self._length_ = len(next(iter(columns.values())).values) if columns else 0
        self._arrow: Any = None

    @classmethod
    def from_arrow(cls, name: str, arrow: pyarrow.Table) -> Table:
        """Give the table that *arrow* holds; its columns are of the kinds that :class:`Column` names."""
        table = cls(name, {field.name: _column_of(arrow.column(field.name)) for field in arrow.schema})
        table._length_ = arrow.num_rows
        return table

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return list(self._columns_)

    @property
    def kinds(self) -> dict[str, str]:
        """The kind of each column."""
        return {name: column.kind for name, column in self._columns_.items()}

    def __len__(self) -> int:
        return self._length_

    def __getitem__(self, name: str) -> NDArray[Any]:
        column = self._columns_.get(name)
        if column is None:
            raise KeyError(unknown_name("column", f"The table {self.name!r}", str(name), self._columns_))
        if column.kind == "time":
            return np.asarray(column.values, dtype=np.int64).view("datetime64[us]")
        if isinstance(column.values, np.ndarray):
            return column.values
        if column.kind == "float":
            return np.array([np.nan if v is None else v for v in column.values], dtype=np.float64)
        if column.kind == "text" or any(value is None for value in column.values):
            return np.array(column.values, dtype=object)
        return np.array(column.values, dtype=np.int64 if column.kind == "int" else np.bool_)

    def column(self, name: str) -> Column:
        """Give a column as it is kept."""
        self[name]
        return self._columns_[name]

    def values(self, name: str) -> list[Any]:
        """Give a column as Python values: tz-aware datetimes, floats, whole numbers, text; None where missing."""
        self[name]
        column = self._columns_[name]
        listed = column.values.tolist() if isinstance(column.values, np.ndarray) else list(column.values)
        if column.kind != "time":
            return listed
        return [None if v == NO_TIME else _EPOCH + _dt.timedelta(microseconds=v) for v in listed]

    def rows(self) -> Iterator[dict[str, Any]]:
        """Iterate over the rows as dicts of Python values."""
        names = self.columns
        for row in zip(*(self.values(name) for name in names), strict=True):
            yield dict(zip(names, row, strict=True))

    # -- other libraries -----------------------------------------------------------------------------------------

    def to_arrow(self) -> pyarrow.Table:
        """Give a ``pyarrow.Table``; times are ``timestamp[us, UTC]``."""
        if self._arrow is None:
            import pyarrow as pa

            kinds = _arrow_types()
            arrays = [_arrow_array(pa, column, kinds[column.kind]) for column in self._columns_.values()]
            schema = pa.schema([(name, kinds[column.kind]) for name, column in self._columns_.items()])
            self._arrow = pa.Table.from_arrays(arrays, schema=schema)
        return self._arrow

    def to_pandas(self) -> pandas.DataFrame:
        """Give a ``pandas.DataFrame``; times are ``datetime64[us, UTC]``. Needs the extra ``pandas``."""
        try:
            import pandas  # noqa: F401
        except ImportError as error:
            raise ResultError(_missing(self.name, "pandas")) from error
        frame: pandas.DataFrame = self.to_arrow().to_pandas()
        return frame

    def to_polars(self) -> polars.DataFrame:
        """Give a ``polars.DataFrame``; times are ``Datetime("us", "UTC")``. Needs the extra ``polars``."""
        try:
            import polars as pl
        except ImportError as error:
            raise ResultError(_missing(self.name, "polars")) from error
        frame = pl.from_arrow(self.to_arrow())
        return frame if isinstance(frame, pl.DataFrame) else frame.to_frame()

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Export the table as an Arrow C stream (the Arrow PyCapsule protocol)."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> Any:
        """Export the schema (the Arrow PyCapsule protocol)."""
        return self.to_arrow().schema.__arrow_c_schema__()

    def __dataframe__(self, nan_as_null: bool = False, allow_copy: bool = True) -> Any:
        """Give the table for the dataframe interchange protocol."""
        return self.to_arrow().__dataframe__(nan_as_null, allow_copy)

    # -- showing -------------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        names = self.columns
        shown = [[_text(value) for value in self.values(name)[:_SHOWN]] for name in names]
        widths = [max(len(name), *map(len, cells), 0) for name, cells in zip(names, shown, strict=True)]
        lines = [f"{self.name}: {self._length_:,} rows"]
        for row in (names, *zip(*shown, strict=True)):
            lines.append("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))
        if self._length_ > _SHOWN:
            lines.append("...")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from html import escape

        names = self.columns
        head = "".join(f"<th>{escape(name)}</th>" for name in names)
        shown = [[_text(value) for value in self.values(name)[: 2 * _SHOWN]] for name in names]
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
            for row in zip(*shown, strict=True)
        )
        return f"<table><caption>{escape(self.name)}: {self._length_:,} rows</caption><tr>{head}</tr>{body}</table>"


def _missing(name: str, library: str) -> str:
    return (
        f"The table {name!r} was to become a {library} frame, which needs {library}; it is not installed. "
        f"Install it: pip install 'backtrail[{library}]'."
    )


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _arrow_types() -> dict[str, Any]:
    import pyarrow as pa

    return {
        "time": pa.timestamp("us", tz="UTC"),
        "float": pa.float64(),
        "int": pa.int64(),
        "bool": pa.bool_(),
        "text": pa.string(),
    }


def _arrow_array(pa: Any, column: Column, kind: Any) -> Any:
    if column.kind != "time":
        return pa.array(column.values, type=kind, from_pandas=False)
    micros = np.asarray(column.values, dtype=np.int64)
    missing = micros == NO_TIME
    made = pa.array(micros, type=pa.int64(), mask=missing if missing.any() else None)
    return made.cast(pa.timestamp("us")).cast(kind) if len(micros) else pa.array([], type=kind)


def _column_of(array: Any) -> Column:
    """Give an Arrow column as one of ours."""
    import pyarrow as pa

    kinds = {str(kind): name for name, kind in _arrow_types().items()}
    name = kinds.get(str(array.type))
    if name is None:
        raise ResultError(
            f"A table of a run was to be read from Arrow; its columns are of {sorted(kinds)}; found {array.type}. "
            "It was not written by backtrail."
        )
    if name == "time":
        whole = array.cast(pa.int64())
        return Column(name, whole.fill_null(NO_TIME).to_numpy())
    if name == "text" or array.null_count or name == "bool":
        return Column(name, array.to_pylist())
    return Column(name, array.to_numpy())


__all__ = ["NO_TIME", "Column", "Table", "times"]
