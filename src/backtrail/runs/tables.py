"""Tables in memory as fingerprints of their columns: pandas, polars, Arrow, numpy, and mappings of arrays.

The logical type of a column is named as Arrow names it. A pandas column whose dtype Arrow's own conversion would not
give (``object``, ``Int64``, ``category``…) carries that dtype too, because code sees the difference. An index
of pandas that is not the plain row number is a column of its own kind.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from .arrow import arrow_column
from .columns import (
    CHUNK_ROWS,
    ColumnFingerprint,
    digest_rows,
    fixed_chunks,
    is_odd,
    make_column,
    piece_chunks,
)
from .digests import digest_bytes
from .encoding import Place, encode, encode_at, items, named, refusal, text

_NUMPY_KINDS = {"b": "bool", "i": "int", "u": "uint", "f": "float", "c": "complex"}


def columns_of(source: Any, place: Place) -> tuple[ColumnFingerprint, ...] | None:
    """Give the fingerprints of the columns of *source*; None if it is no table."""
    shape = _reader(source)
    return None if shape is None else tuple(shape(source, place))


def _reader(source: Any) -> Callable[[Any, Place], Iterator[ColumnFingerprint]] | None:
    pandas = sys.modules.get("pandas")
    if pandas is not None:
        if isinstance(source, pandas.DataFrame):
            return _pandas_frame
        if isinstance(source, pandas.Series):
            return _pandas_series
        if isinstance(source, pandas.Index):
            return _pandas_index
    polars = sys.modules.get("polars")
    if polars is not None:
        if isinstance(source, polars.DataFrame):
            return _polars_frame
        if isinstance(source, polars.Series):
            return _polars_series
    arrow = sys.modules.get("pyarrow")
    if arrow is not None:
        if isinstance(source, (arrow.Table, arrow.RecordBatch)):
            return _arrow_table
        if isinstance(source, (arrow.Array, arrow.ChunkedArray)):
            return _arrow_array
    if isinstance(source, np.ndarray):
        return _numpy
    return None


def is_table(value: Any) -> bool:
    """Tell whether *value* is a table, a column or an array."""
    return _reader(value) is not None


def encode_table(value: Any, place: Place) -> bytes | None:
    """Encode a table or array held in memory by its fingerprint; None for anything else."""
    if isinstance(value, np.ndarray):
        return _encode_numpy(value, place)
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(value, pandas.api.extensions.ExtensionArray):
        return named(b"W", "pandas array", _written(tuple(_pandas_series(pandas.Series(value), place))))
    columns = columns_of(value, place)
    if columns is None:
        return None
    written = getattr(value, "attrs", None)
    more = encode_at(written, place.key("attrs")) if written and isinstance(written, dict) else b""
    return named(b"W", _shape_name(value), names_of(value), _written(columns), more)


def _shape_name(value: Any) -> str:
    """Give what kind of table *value* is to code that uses it: a frame of pandas is not one of polars."""
    kind = type(value)
    return f"{kind.__module__.partition('.')[0]}.{kind.__name__}"


def _written(columns: tuple[ColumnFingerprint, ...]) -> bytes:
    return b"".join([text(one.role) + text(one.name) + digest_bytes(one.digest) for one in columns])


def names_of(source: Any) -> bytes:
    """Encode the names of pandas columns, or of a Series, with their types: ``1`` and ``"1"`` differ."""
    pandas = sys.modules.get("pandas")
    if pandas is None or not isinstance(source, (pandas.DataFrame, pandas.Series)):
        return b""
    if isinstance(source, pandas.Series):
        return b"" if type(source.name) is str else encode([source.name])
    names = source.columns
    if names.name is None and names.inferred_type == "string" and not names.hasnans:
        return b""
    return encode([names.tolist(), list(names.names), str(names.dtype)])


# -- numpy --------------------------------------------------------------------------------------------------


def numpy_type(dtype: np.dtype[Any]) -> str:
    """Give the logical type of *dtype* as Arrow names it where it has one."""
    kind = dtype.kind
    if kind in "biufc":
        name = _NUMPY_KINDS[kind]
        return name if kind == "b" else f"{name}{8 * dtype.itemsize}"
    if kind in "Mm":
        unit, count = np.datetime_data(dtype)
        label = unit if count == 1 else f"{count}{unit}"
        return f"{'timestamp' if kind == 'M' else 'duration'}[{label}]"
    return f"{dtype.newbyteorder('<')}" if kind in "SU" else str(dtype)


def array_column(
    values: np.ndarray[Any, Any], place: Place, name: str = "", role: str = "column"
) -> ColumnFingerprint:
    """Give the fingerprint of a one-dimensional array."""
    kind = values.dtype.kind
    rows = len(values)
    if kind in "OT":
        inside = place.enter(values)
        pieces = [encode_at(one, Place(f"[{at}]", place, inside)) for at, one in enumerate(values.tolist())]
        return make_column(name, role, "object" if kind == "O" else "StringDType", rows, piece_chunks(pieces))
    if values.dtype.names is not None or values.dtype.hasobject:
        raise refusal(values, place, f"records ({values.dtype})", "pass its fields as a table")
    if kind in "fc" and values.dtype.itemsize > (8 if kind == "f" else 16):
        raise refusal(values, place, f"{values.dtype} differs between machines", "use float64")
    named_type = numpy_type(values.dtype)
    if kind in "Mm":
        values = values.astype(values.dtype.newbyteorder("<"), copy=False).view(np.int64)
    elif kind in "SUV":
        values = values.astype(values.dtype.newbyteorder("<"), copy=False)
        values = np.ascontiguousarray(values).view(np.dtype(f"V{values.dtype.itemsize}")) if rows else values
    return make_column(name, role, named_type, rows, fixed_chunks(values))


def _numpy(source: np.ndarray[Any, Any], place: Place) -> Iterator[ColumnFingerprint]:
    names = source.dtype.names
    if names is not None:
        for name in names:
            yield array_column(source[name].reshape(-1), place.key(name), name)
    elif source.ndim == 2:
        for at in range(source.shape[1]):
            yield array_column(source[:, at], place.key(at), str(at))
    else:
        yield array_column(source.reshape(-1), place, "")


def _encode_numpy(value: np.ndarray[Any, Any], place: Place) -> bytes:
    """Encode an array by shape, type and values in C order; of subclasses only masked arrays are known."""
    shape = items(value.shape, place, value.shape)
    if isinstance(value, np.ma.MaskedArray):
        data = value.filled(0) if value.dtype.kind in "biufc" else value.data
        parts = (encode_at(np.asarray(data), place), encode_at(np.ma.getmaskarray(value), place))
        return named(b"W", "numpy.ma", shape, *parts)
    if type(value) is not np.ndarray and type(value) is not np.memmap:
        raise refusal(value, place, "a subclass of numpy.ndarray", "pass numpy.asarray(...) of it")
    flat = np.asarray(value).reshape(-1)
    if value.dtype.names is not None:
        fields = [array_column(flat[name], place.key(name), name) for name in value.dtype.names]
        return named(b"W", "numpy records", shape, _written(tuple(fields)))
    column = array_column(flat, place)
    return named(b"W", "numpy", shape, digest_bytes(column.digest))


# -- pandas -------------------------------------------------------------------------------------------------


def _pandas_frame(source: Any, place: Place) -> Iterator[ColumnFingerprint]:
    yield from _index_columns(source.index, place.key("index"))
    names = source.columns.tolist()
    labels = [name if isinstance(name, str) else repr(name) for name in names]
    whole = _small_block(source)
    if whole is not None:
        kind, rows = numpy_type(whole.dtype), len(source)
        for label, values in zip(labels, whole):
            yield make_column(label, "column", kind, rows, [digest_rows(values)])
        return
    for at, name in enumerate(names):
        yield _pandas_column(source.iloc[:, at], place.key(name), labels[at])


def _small_block(source: Any) -> np.ndarray[Any, Any] | None:
    """Give the columns of a frame of one chunk that holds only plain float64 numbers, one after the other, else None.

    None, too, if one is NaN or -0.0. The columns of a small frame cost more to get one by one than to digest.
    """
    rows, count = source.shape
    if not 0 < rows <= CHUNK_ROWS or not count:
        return None
    if any(kind != np.float64 for kind in source.dtypes.tolist()):
        return None
    whole = np.ascontiguousarray(source.to_numpy().T)
    return None if is_odd(whole) else whole


def _pandas_series(source: Any, place: Place) -> Iterator[ColumnFingerprint]:
    yield from _index_columns(source.index, place.key("index"))
    name = source.name
    yield _pandas_column(source, place, name if isinstance(name, str) else f"{name!r}")


def _pandas_index(source: Any, place: Place) -> Iterator[ColumnFingerprint]:
    yield from _index_columns(source, place, always=True)


def _index_columns(index: Any, place: Place, always: bool = False) -> Iterator[ColumnFingerprint]:
    """Give the columns of an index; none for the plain row number of a frame without names."""
    import pandas as pd

    if isinstance(index, pd.RangeIndex) and not always:
        if index.name is None and index.start == 0 and index.step == 1:
            return
    freq = getattr(index, "freqstr", None)
    for level in range(index.nlevels):
        values = index if index.nlevels == 1 else index.get_level_values(level)
        name = values.name
        label = name if isinstance(name, str) else "" if name is None else repr(name)
        role = "index" if name is None else f"index {type(name).__name__}"
        yield _pandas_column(values, place, label, role if freq is None else f"{role} freq {freq}")


def _pandas_column(values: Any, place: Place, label: str, role: str = "column") -> ColumnFingerprint:
    """Give the fingerprint of a Series or of one level of an Index."""
    import pandas as pd

    dtype = values.dtype
    if isinstance(dtype, np.dtype):
        plain = values.asi8 if isinstance(values, pd.DatetimeIndex) else None
        if plain is not None:
            return make_column(label, role, numpy_type(dtype), len(plain), fixed_chunks(plain))
        return array_column(values.to_numpy(), place, label, role)
    if isinstance(dtype, pd.DatetimeTZDtype):
        from .scalars import zone, zone_name

        zone(dtype.tz, place)  # refuses a zone that has no name
        stamps = pd.DatetimeIndex(values).asi8
        kind = f"timestamp[{dtype.unit}, tz={zone_name(dtype.tz)}]"
        return make_column(label, role, kind, len(stamps), fixed_chunks(stamps))
    if isinstance(dtype, pd.CategoricalDtype):
        codes = values.cat.codes if hasattr(values, "cat") else values.codes
        known = _pandas_column(dtype.categories, place.key("categories"), "")
        kind = f"category<{known.type} {known.digest} {'ordered' if dtype.ordered else 'unordered'}>"
        return make_column(label, role, kind, len(values), fixed_chunks(np.asarray(codes).astype(np.int64)))
    if isinstance(dtype, pd.SparseDtype):
        dense = array_column(np.asarray(values), place, label, role)
        return make_column(label, role, f"{dense.type} as {dtype}", dense.rows, [dense.chunks])
    import pyarrow as pa

    note = "" if str(dtype) == "str" else f" as {dtype}"
    return arrow_column(pa.array(values.array), place, label, role, note)


# -- polars and Arrow ---------------------------------------------------------------------------------------


def _polars_frame(source: Any, place: Place) -> Iterator[ColumnFingerprint]:
    for one in source.get_columns():
        yield from _polars_series(one, place.key(one.name))


def _polars_series(source: Any, place: Place) -> Iterator[ColumnFingerprint]:
    import polars as pl

    kind = source.dtype
    if isinstance(kind, pl.Object) or (kind.is_integer() and "128" in str(kind)):
        pieces = items(source.to_list(), place, source)
        yield make_column(source.name, "column", str(kind), len(source), piece_chunks([pieces]))
        return
    if source.null_count() == 0 and (kind.is_float() or kind.is_integer()):
        yield array_column(source.rechunk().to_numpy(), place, source.name)
        return
    note = f" as Enum {encode(kind.categories.to_list()).hex()}" if isinstance(kind, pl.Enum) else ""
    yield arrow_column(source.to_arrow(), place, source.name, note=note)


def _arrow_table(source: Any, place: Place) -> Iterator[ColumnFingerprint]:
    batches: list[Any] = source.to_batches() if type(source).__name__ == "Table" else []
    columns = batches[0].columns if len(batches) == 1 else source.columns
    for name, column in zip(source.schema.names, columns):
        yield arrow_column(column, place.key(name), name)


def _arrow_array(source: Any, place: Place) -> Iterator[ColumnFingerprint]:
    yield arrow_column(source, place)


def mapping_columns(source: Mapping[str, Any], place: Place) -> tuple[ColumnFingerprint, ...]:
    """Give the columns of a mapping of names to one-dimensional arrays of one length."""
    out: list[ColumnFingerprint] = []
    for name, values in source.items():
        where = place.key(name)
        if not isinstance(name, str):
            raise refusal(name, where, "the name of a column", "use strings")
        if isinstance(values, (list, tuple)):
            pieces = [encode_at(one, Place(f"[{at}]", where)) for at, one in enumerate(values)]
            out.append(make_column(name, "column", "object", len(pieces), piece_chunks(pieces)))
            continue
        pandas = sys.modules.get("pandas")
        if pandas is not None and isinstance(values, (pandas.Series, pandas.Index)):
            raise refusal(values, where, "it has an index", "make one DataFrame of the mapping")
        made = columns_of(values, where)
        if made is None or len(made) != 1:
            raise refusal(values, where, "a column is expected", "pass a one-dimensional array")
        out.append(replace(made[0], name=name))
    if len({one.rows for one in out}) > 1:
        raise refusal(source, place, "its columns differ in length", "pass columns of one length")
    return tuple(out)


__all__ = [
    "array_column",
    "columns_of",
    "encode_table",
    "is_table",
    "mapping_columns",
    "names_of",
    "numpy_type",
]
