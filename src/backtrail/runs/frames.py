"""Frames as Arrow tables and back: the same kind of frame with the same types, index, names and values.

What Arrow does not say (the kind of index, names that are no strings, categories, the dtype of pandas) stands in a
description of plain values beside the table. A frame that would come back as anything else is refused when it is
written: its fingerprint before and after must be the same.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from .leaves import leaf, read_leaf
from .plain import UnstorableValue

if TYPE_CHECKING:
    import pyarrow as pa

Told = dict[str, Any]


def is_frame(value: Any) -> bool:
    """Tell whether *value* is a frame, a series or an array that is stored as a table."""
    return kind_of(value) is not None


def kind_of(value: Any) -> str | None:
    """Give what kind of table *value* is; None if it is none, or of a class derived from one."""
    kind = type(value)
    if kind is np.ndarray:
        return "numpy.ndarray" if value.dtype.kind in "biufcMm" and value.ndim else None
    pandas = sys.modules.get("pandas")
    if pandas is not None and kind in (pandas.DataFrame, pandas.Series):
        return f"pandas.{kind.__name__}"
    polars = sys.modules.get("polars")
    if polars is not None and kind in (polars.DataFrame, polars.Series):
        return f"polars.{kind.__name__}"
    arrow = sys.modules.get("pyarrow")
    return "pyarrow.Table" if arrow is not None and kind is arrow.Table else None


def to_table(value: Any, where: str) -> tuple[pa.Table, Told]:
    """Give a frame as a table and its description; UnstorableValue if it would not come back the same."""
    import pyarrow as pa

    from .encoding import UncacheableParameter, encode

    kind = kind_of(value)
    try:
        table, told = _WRITERS[kind or ""](value, where)
        told["of"] = kind
        told = json.loads(json.dumps(told))
        same = encode(from_table(table, told)) == encode(value)
    except (pa.ArrowException, UncacheableParameter, TypeError, ValueError, KeyError, OverflowError) as error:
        raise UnstorableValue(
            f"storing {where} - expected a frame of values that Arrow can hold - found: {error}"
        ) from error
    if not same:
        raise UnstorableValue(
            f"storing {where} - expected a {kind} that comes back the same - found types that Arrow does not keep - "
            "convert its columns to plain types"
        )
    return table, told


def from_table(table: pa.Table, told: Told) -> Any:
    """Give the frame that *told* describes; ValueError if it describes none."""
    import pyarrow as pa

    try:
        return _READERS[told["of"]](table, told)
    except (
        pa.ArrowException, KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError, ImportError
    ) as error:  # fmt: skip
        raise ValueError(f"reading a stored frame - expected what was written - found: {error}") from error


# -- pandas ----------------------------------------------------------------------------------------------------------


def _write_frame(value: Any, where: str) -> tuple[pa.Table, Told]:
    arrays, index = _write_index(value.index, where)
    names = [name for name, _ in arrays]
    told: Told = {"index": index, "columns": _write_labels(value.columns, where), "types": []}
    labels = value.columns.tolist()
    held = [one for _, one in arrays]
    for at, label in enumerate(labels):
        array, kind = _write_column(value.iloc[:, at], f"{where}[{label!r:.40}]")
        told["types"].append(kind)
        held.append(array)
        names.append(_unique(str(label), names))
    if value.attrs:
        told["attrs"] = leaf(dict(value.attrs), f"{where}.attrs")
    return _table(held, names), told


def _write_series(value: Any, where: str) -> tuple[pa.Table, Told]:
    arrays, index = _write_index(value.index, where)
    array, kind = _write_column(value, where)
    names = [name for name, _ in arrays]
    names.append(_unique("value" if value.name is None else str(value.name), names))
    told = {"index": index, "types": [kind], "name": leaf(value.name, f"{where}.name")}
    return _table([*(one for _, one in arrays), array], names), told


def _table(arrays: list[Any], names: list[str]) -> pa.Table:
    import pyarrow as pa

    return pa.table(arrays, names=names)


def _unique(name: str, taken: list[str]) -> str:
    """Give a name for a column that no other column has."""
    made, number = name, 1
    while made in taken:
        number += 1
        made = f"{name}#{number}"
    return made


def _write_labels(labels: Any, where: str) -> Told:
    import pandas as pd

    names = [leaf(name, f"{where}.columns.names") for name in labels.names]
    held = [leaf(one, f"{where}.columns") for one in labels.tolist()]
    return {
        "labels": held,
        "names": names,
        "type": str(labels.dtype),
        "multi": isinstance(labels, pd.MultiIndex),
    }


def _read_labels(told: Told) -> Any:
    import pandas as pd

    labels = [read_leaf(one) for one in told["labels"]]
    names = [read_leaf(one) for one in told["names"]]
    if told["multi"]:
        return pd.MultiIndex.from_tuples(labels, names=names)
    return pd.Index(labels, dtype=told["type"], name=names[0])


def _write_index(index: Any, where: str) -> tuple[list[tuple[str, Any]], Told]:
    import pandas as pd

    names = [leaf(name, f"{where}.index.name") for name in index.names]
    if type(index) is pd.RangeIndex:
        return [], {"range": [index.start, index.stop, index.step], "names": names}
    arrays: list[tuple[str, Any]] = []
    types = []
    for level in range(index.nlevels):
        values = index if index.nlevels == 1 else index.get_level_values(level)
        array, kind = _write_column(pd.Series(values), f"{where}.index")
        types.append(kind)
        label = "index" if values.name is None else str(values.name)
        arrays.append((_unique(label, [name for name, _ in arrays]), array))
    freq = getattr(index, "freqstr", None)
    return arrays, {"types": types, "names": names, "freq": freq, "multi": isinstance(index, pd.MultiIndex)}


def _read_index(table: pa.Table, told: Told) -> tuple[Any, int]:
    """Give the index and how many columns it takes."""
    import pandas as pd

    names = [read_leaf(one) for one in told["names"]]
    if "range" in told:
        start, stop, step = told["range"]
        return pd.RangeIndex(start, stop, step, name=names[0]), 0
    levels = [_read_column(table.column(at), kind) for at, kind in enumerate(told["types"])]
    if told["multi"]:
        return pd.MultiIndex.from_arrays(levels, names=names), len(levels)
    index = pd.Index(levels[0], name=names[0])
    if told["freq"] is not None:
        index = (
            pd.DatetimeIndex(index, freq=told["freq"], name=names[0]) if index.dtype.kind == "M" else index
        )
    return index, 1


def _write_column(values: Any, where: str) -> tuple[Any, Told]:
    import pandas as pd
    import pyarrow as pa

    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        known = dtype.categories
        held = {
            "labels": [leaf(one, where) for one in known.tolist()],
            "type": str(known.dtype),
            "ordered": dtype.ordered,
        }
        return pa.array(np.asarray(values.cat.codes, dtype=np.int64)), {"categories": held}
    if isinstance(dtype, pd.DatetimeTZDtype):
        return pa.array(pd.DatetimeIndex(values).asi8), {"zone": str(dtype)}
    if isinstance(dtype, np.dtype):
        if dtype.kind == "O":
            return _write_objects(values.tolist(), where)
        if dtype.kind in "Mm":
            return pa.array(values.to_numpy().view(np.int64)), {"moments": str(dtype)}
        if dtype.kind == "c":
            raise UnstorableValue(
                f"storing {where} - expected real numbers - found {dtype} - split them in two columns"
            )
        return pa.array(values.to_numpy()), {"numpy": str(dtype)}
    return pa.array(values.array), {"pandas": str(dtype)}


def _write_objects(values: list[Any], where: str) -> tuple[Any, Told]:
    import pyarrow as pa

    if all(one is None or type(one) is str for one in values):
        return pa.array(values, type=pa.string()), {"objects": "text"}
    written = [json.dumps(leaf(one, where), separators=(",", ":")) for one in values]
    return pa.array(written, type=pa.string()), {"objects": "leaves"}


def _read_column(column: Any, told: Told) -> Any:
    import pandas as pd

    [(kind, held)] = told.items()
    if kind == "objects":
        values = column.to_pylist()
        made = np.empty(len(values), dtype=object)
        for at, one in enumerate(values):  # a list must stay one value
            made[at] = one if held == "text" else read_leaf(json.loads(one))
        return pd.Series(made, dtype=object)
    if kind == "pandas":
        return pd.Series(_pandas_type(held).__from_arrow__(column))
    numbers = np.array(column.to_numpy())  # Arrow's memory cannot be written to
    if kind == "categories":
        known = pd.Index([read_leaf(one) for one in held["labels"]], dtype=held["type"])
        return pd.Series(pd.Categorical.from_codes(numbers, categories=known, ordered=held["ordered"]))
    if kind == "zone":
        dtype = _pandas_type(held)
        stamps = pd.DatetimeIndex(numbers.view(f"M8[{dtype.unit}]"))
        return pd.Series(stamps.tz_localize("UTC").tz_convert(dtype.tz))
    dtype = np.dtype(held)
    return pd.Series(
        numbers.view(dtype) if kind == "moments" else numbers.astype(dtype, copy=False), dtype=dtype
    )


def _pandas_type(name: str) -> Any:
    import pandas as pd

    return pd.api.types.pandas_dtype(name)


def _read_frame(table: pa.Table, told: Told) -> Any:
    import pandas as pd

    index, first = _read_index(table, told["index"])
    columns = {at: _read_column(table.column(first + at), kind) for at, kind in enumerate(told["types"])}
    frame = pd.DataFrame(columns) if columns else pd.DataFrame(index=index)
    frame.index = index
    frame.columns = _read_labels(told["columns"])
    if "attrs" in told:
        frame.attrs = read_leaf(told["attrs"])
    return frame


def _read_series(table: pa.Table, told: Told) -> Any:
    index, first = _read_index(table, told["index"])
    made = _read_column(table.column(first), told["types"][0])
    made.index = index
    made.name = read_leaf(told["name"])
    return made


# -- polars, Arrow, numpy --------------------------------------------------------------------------------------------


def _write_polars(value: Any, where: str) -> tuple[pa.Table, Told]:
    return value.to_arrow(), {}


def _read_polars(table: pa.Table, told: Told) -> Any:
    import polars

    return polars.from_arrow(table)


def _write_polars_series(value: Any, where: str) -> tuple[pa.Table, Told]:
    return value.to_frame().to_arrow(), {}


def _read_polars_series(table: pa.Table, told: Told) -> Any:
    import polars

    frame = polars.from_arrow(table)
    return frame.to_series() if isinstance(frame, polars.DataFrame) else frame


def _write_arrow(value: pa.Table, where: str) -> tuple[pa.Table, Told]:
    return value, {}


def _read_arrow(table: pa.Table, told: Told) -> pa.Table:
    return table


def _write_array(value: np.ndarray[Any, Any], where: str) -> tuple[pa.Table, Told]:
    dtype = value.dtype.newbyteorder("=")
    flat = np.ascontiguousarray(value, dtype=dtype).reshape(-1)
    if dtype.kind in "Mm":
        flat = flat.view(np.int64)
    elif dtype.kind == "c":
        flat = flat.view(np.float32 if dtype.itemsize == 8 else np.float64)
    return _table([flat], ["value"]), {"shape": list(value.shape), "type": dtype.str}


def _read_array(table: pa.Table, told: Told) -> Any:
    values = np.array(table.column(0).to_numpy())
    dtype = np.dtype(told["type"])
    if dtype.kind not in "biufcMm":
        raise ValueError(f"expected numbers, found {dtype}")
    made = values.view(dtype) if dtype.kind in "cMm" else values.astype(dtype, copy=False)
    return made.reshape(told["shape"])


_WRITERS = {
    "pandas.DataFrame": _write_frame,
    "pandas.Series": _write_series,
    "polars.DataFrame": _write_polars,
    "polars.Series": _write_polars_series,
    "pyarrow.Table": _write_arrow,
    "numpy.ndarray": _write_array,
}
_READERS = {
    "pandas.DataFrame": _read_frame,
    "pandas.Series": _read_series,
    "polars.DataFrame": _read_polars,
    "polars.Series": _read_polars_series,
    "pyarrow.Table": _read_arrow,
    "numpy.ndarray": _read_array,
}

__all__ = ["from_table", "is_frame", "kind_of", "to_table"]
