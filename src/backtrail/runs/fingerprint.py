"""Fingerprints of data: every value of every column, its type, name and order; and where two tables begin to differ.

``fingerprint(table)`` takes frames of pandas and polars, Arrow tables, numpy arrays and mappings of names to arrays.
The digest of a column stands for its logical type, its length, its nulls and its values; that of the table for the
columns with their names in their order, an index of pandas among them. Frames that hold the same columns have the same
fingerprint, whichever library holds them and however its memory is laid out.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from .columns import CHUNK_ROWS, ColumnFingerprint
from .digests import digest
from .encoding import Place, UncacheableParameter, encode, refusal
from .feeds import FeedFingerprint, fingerprint_feed
from .tables import columns_of, mapping_columns, names_of

_TABLE: Final = "backtrail-table/1"
_EPOCH: Final = datetime(1970, 1, 1)
_PER_MICROSECOND: Final = {"s": (1_000_000, 1), "ms": (1_000, 1), "us": (1, 1), "ns": (1, 1_000)}
_MISSING: Final = -(2**63)


@dataclass(frozen=True, slots=True)
class TableFingerprint:
    """The fingerprint of a table.

    ``first`` and ``last`` are the first and last time in it (ISO 8601), from the index or else the first column of
    times; None without one. ``parts`` are the columns in their order, an index before them.
    """

    digest: str
    rows: int
    first: str | None
    last: str | None
    parts: tuple[ColumnFingerprint, ...]

    @property
    def columns(self) -> dict[str, str]:
        """The digest of every column by name; an index is called ``index`` and its name in brackets."""
        out: dict[str, str] = {}
        for one in self.parts:
            label = one.name if one.role == "column" else f"index[{one.name}]" if one.name else "index"
            unique, number = label, 1
            while unique in out:
                number += 1
                unique = f"{label}#{number}"
            out[unique] = one.digest
        return out

    def chunk_list(self) -> bytes:
        """Write the digests of all chunks, for a store: by them later fingerprints can say where they differ."""
        return json.dumps(
            {
                "chunk_rows": CHUNK_ROWS,
                "digest": self.digest,
                "rows": self.rows,
                "first": self.first,
                "last": self.last,
                "columns": [
                    [one.name, one.role, one.type, one.rows, one.digest, one.chunks.hex()]
                    for one in self.parts
                ],
            },
            separators=(",", ":"),
        ).encode()

    @classmethod
    def from_chunk_list(cls, written: bytes) -> TableFingerprint:
        """Read what :meth:`chunk_list` wrote; ValueError if it is something else."""
        try:
            told = json.loads(written)
            parts = tuple(
                ColumnFingerprint(
                    str(name), str(role), str(kind), int(rows), str(root), bytes.fromhex(chunks)
                )
                for name, role, kind, rows, root, chunks in told["columns"]
            )
            return cls(str(told["digest"]), int(told["rows"]), told["first"], told["last"], parts)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
            raise ValueError(
                f"reading a list of chunks - expected what TableFingerprint.chunk_list() wrote - found something else "
                f"({error}) - read the blob that the manifest names under data[].chunks"
            ) from None


def fingerprint(source: Any, where: str = "data") -> TableFingerprint:
    """Give the fingerprint of a table.

    A mapping holds columns by name: one-dimensional arrays of one length. :class:`UncacheableParameter` names the
    column that cannot be told by its values.
    """
    parts, rows = _parts(source, Place(where))
    first, last = _span(source) if rows else (None, None)
    return TableFingerprint(table_digest(parts, rows, _shape(source)), rows, first, last, parts)


def digest_of(source: Any, where: str = "data") -> str:
    """Give the digest of a table alone: ``fingerprint(source).digest``."""
    parts, rows = _parts(source, Place(where))
    return table_digest(parts, rows, _shape(source))


def _parts(source: Any, place: Place) -> tuple[tuple[ColumnFingerprint, ...], int]:
    """Give the columns of a table and the number of its rows."""
    polars = sys.modules.get("polars")
    if polars is not None and isinstance(source, polars.LazyFrame):
        raise refusal(source, place, "its rows are not known yet", "pass frame.collect()")
    if isinstance(source, Mapping):
        parts: tuple[ColumnFingerprint, ...] | None = mapping_columns(source, place)
    else:
        parts = columns_of(source, place)
    if parts is None:
        raise refusal(
            source,
            place,
            "no table",
            "pass a frame of pandas or polars, an Arrow table, or a mapping of arrays",
        )
    rows = parts[0].rows if parts else (0 if isinstance(source, Mapping) else len(source))
    if isinstance(source, np.ndarray):
        rows = len(source) if source.ndim else 1
    return parts, rows


def table_digest(parts: tuple[ColumnFingerprint, ...], rows: int, shape: bytes = b"") -> str:
    """Give the digest of a table made of *parts*; *shape* tells what the columns do not."""
    written: list[bytes] = []
    for one in parts:
        written += (
            one.role.encode(),
            one.name.encode("utf-8", "surrogatepass"),
            bytes.fromhex(one.digest[3:]),
        )
    return digest(_TABLE, rows.to_bytes(8, "little"), shape, *written)


def _shape(source: Any) -> bytes:
    """Encode what tells a Series from a frame of one column, an array by its shape, and names that are no strings."""
    if isinstance(source, np.ndarray):
        return encode(["array", source.shape])
    frame = isinstance(source, Mapping) or type(source).__name__ in ("DataFrame", "Table", "RecordBatch")
    return names_of(source) if frame or _has_columns(source) else b"column" + names_of(source)


def _has_columns(source: Any) -> bool:
    """Tell whether *source* derives from a frame."""
    return any(one.__name__ == "DataFrame" for one in type(source).__mro__)


def _span(source: Any) -> tuple[str | None, str | None]:
    """Give the first and the last time of a table."""
    if isinstance(source, Mapping):
        for values in source.values():
            if getattr(getattr(values, "dtype", None), "kind", "") == "M":
                return str(values[0]), str(values[-1])
        return None, None
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(source, (pandas.DataFrame, pandas.Series)):
        return _pandas_span(source, isinstance(source, pandas.DataFrame))
    return _schema_span(source, source.schema) if hasattr(type(source), "schema") else (None, None)


def _pandas_span(source: Any, frame: bool) -> tuple[str | None, str | None]:
    index = source.index
    if getattr(index.dtype, "kind", "") == "M":
        if index.tz is None and index.unit in _PER_MICROSECOND:
            ticks = index.asi8
            return _moment(ticks[0], index.unit), _moment(ticks[-1], index.unit)
        return _iso(index[0]), _iso(index[-1])
    for at, kind in enumerate(source.dtypes if frame else ()):
        if getattr(kind, "kind", "") == "M":
            return _iso(source.iloc[0, at]), _iso(source.iloc[-1, at])
    return None, None


def _schema_span(source: Any, schema: Any) -> tuple[str | None, str | None]:
    types = getattr(schema, "types", None)
    kinds = list(types) if types is not None else list(schema.values())
    for at, kind in enumerate(kinds):
        if str(kind).lower().startswith(("timestamp", "datetime", "date")):
            column = source.column(at) if types is not None else source.to_series(at)
            return _iso(column[0]), _iso(column[-1])
    return None, None


def _moment(tick: Any, unit: str) -> str | None:
    """Write the time that is *tick* units after the beginning of 1970, to the microsecond; None for a missing one."""
    times, over = _PER_MICROSECOND[unit]
    if tick == _MISSING:
        return None
    return (_EPOCH + timedelta(microseconds=int(tick) * times // over)).isoformat()


def _iso(moment: Any) -> str | None:
    """Write a time; None for a missing one."""
    moment = moment.as_py() if hasattr(moment, "as_py") else moment
    if moment is None or moment != moment:
        return None
    written: str = moment.isoformat()
    return written


# -- where two tables differ --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two tables begin to differ.

    ``column`` is None if they differ as a whole. ``rows`` are the first row that differs and the row after the last
    that may, counted from 0: one row if the values are at hand, else a chunk; None if types, names or lengths differ.
    """

    column: str | None
    rows: tuple[int, int] | None
    text: str


def first_difference(a: Any, b: Any) -> Difference | None:
    """Say where *a* and *b* begin to differ: tables, or fingerprints of tables; None if they are equal."""
    one = a if isinstance(a, TableFingerprint) else fingerprint(a)
    two = b if isinstance(b, TableFingerprint) else fingerprint(b)
    if one.digest == two.digest:
        return None
    names = [(part.role, part.name) for part in one.parts], [(part.role, part.name) for part in two.parts]
    if names[0] != names[1]:
        return Difference(None, None, f"columns {_labels(names[0])} - {_labels(names[1])}")
    found: Difference | None = None
    for left, right in zip(one.parts, two.parts):
        if left.digest == right.digest:
            continue
        if left.type != right.type:
            return Difference(left.name, None, f"type of {_label(left)}: {left.type} - {right.type}")
        here = _in_chunks(left, right)
        if here.rows is not None and (found is None or found.rows is None or here.rows[0] < found.rows[0]):
            found = here
    if found is None:
        return Difference(None, None, f"rows {one.rows} - {two.rows}, or the names and types of the columns")
    if isinstance(a, TableFingerprint) or isinstance(b, TableFingerprint) or found.rows is None:
        return found
    return _in_rows(a, b, found, max(one.rows, two.rows))


def _labels(names: list[tuple[str, str]]) -> list[str]:
    return [name if role == "column" else f"{role} {name}".strip() for role, name in names]


def _label(one: ColumnFingerprint) -> str:
    return one.name if one.role == "column" else one.role


def _in_chunks(one: ColumnFingerprint, two: ColumnFingerprint) -> Difference:
    """Find the first chunk in which two columns of one type differ."""
    shorter, longer = min(one.rows, two.rows), max(one.rows, two.rows)
    at = 0
    while at * CHUNK_ROWS < shorter and one.chunk(at) == two.chunk(at):
        at += 1
    first = min(at * CHUNK_ROWS, shorter)
    stop = min(first + CHUNK_ROWS, longer)
    return Difference(one.name, (first, stop), f"{_label(one)}: rows {first} to {stop - 1}, counted from 0")


def _in_rows(a: Any, b: Any, found: Difference, rows: int) -> Difference:
    """Narrow *found* down to the first row by comparing parts of the tables themselves."""
    low, high = found.rows or (0, 0)
    high = min(high, rows)
    while high - low > 1:
        middle = (low + high) // 2
        if fingerprint(_rows(a, low, middle)).digest != fingerprint(_rows(b, low, middle)).digest:
            high = middle
        else:
            low = middle
    left, right = _rows(a, low, low + 1), _rows(b, low, low + 1)
    column = next(
        (
            one.name
            for one, two in zip(fingerprint(left).parts, fingerprint(right).parts)
            if one.digest != two.digest
        ),
        found.column,
    )
    return Difference(
        column,
        (low, low + 1),
        f"{column}: row {low}, counted from 0: {_shown(left, column)} - {_shown(right, column)}",
    )


def _rows(source: Any, start: int, stop: int) -> Any:
    if isinstance(source, Mapping):
        return {name: values[start:stop] for name, values in source.items()}
    if hasattr(source, "iloc"):
        return source.iloc[start:stop]
    if type(source).__module__.startswith("pyarrow"):
        return source.slice(start, stop - start)
    return source[start:stop]


def _shown(row: Any, column: str | None) -> str:
    """Give the value of *column* in the table of one row *row*."""
    if not isinstance(row, Mapping) and hasattr(row, "index") and column is not None and hasattr(row, "iloc"):
        if not len(row):
            return "no row"
        return str(row[column].iloc[0] if column in row else row.index[0])
    try:
        values = row if column is None else row[column]
        return str(values[0]) if len(values) else "no row"
    except (KeyError, IndexError, TypeError, ValueError):
        return "?"


__all__ = [
    "Difference",
    "FeedFingerprint",
    "TableFingerprint",
    "UncacheableParameter",
    "digest_of",
    "fingerprint",
    "fingerprint_feed",
    "first_difference",
    "table_digest",
]
