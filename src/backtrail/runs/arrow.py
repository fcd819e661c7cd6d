"""Arrow columns as fingerprints: nulls apart from values, strings as offsets and bytes, whatever the chunks are."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .columns import CHUNK_ROWS, ColumnFingerprint, fixed_chunks, make_column, piece_chunks, text_chunks
from .encoding import Place, encode_at


def arrow_column(
    column: Any, place: Place, name: str = "", role: str = "column", note: str = ""
) -> ColumnFingerprint:
    """Give the fingerprint of an Arrow array or chunked array; *note* is added to its type."""
    import pyarrow as pa

    kind = column.type
    rows = len(column)
    own = isinstance(kind, pa.BaseExtensionType)
    number = None if own else _number(kind)
    if number is not None and column.null_count == 0:
        piece = _piece(column)
        if piece is not None:
            chunks = fixed_chunks(_lying(piece, number[1]))
            return make_column(name, role, number[0] + note, rows, chunks)
    types = pa.types
    outer = ""
    if own:
        column = pa.chunked_array([one.storage for one in _pieces(column)], type=kind.storage_type)
        outer, kind = f"{kind} of ", kind.storage_type
    if types.is_dictionary(kind):
        logical = f"dictionary<{_text_name(kind.value_type)}{', ordered' if kind.ordered else ''}>"
        column, kind = column.cast(kind.value_type), kind.value_type
    else:
        logical = _text_name(kind)
    nulls = column.null_count > 0
    if types.is_null(kind):
        return make_column(name, role, f"{outer}null{note}", rows, [])
    if _is_text(kind):
        chunks = _text(column, kind, nulls)
    else:
        width = 1 if types.is_boolean(kind) else _width(kind, types)
        if width:
            chunks = _fixed(column, kind, nulls)
        else:
            values = column.to_pylist()
            inside = place.enter(values)
            chunks = piece_chunks(
                [encode_at(v, Place(f"[{at}]", place, inside)) for at, v in enumerate(values)]
            )
    return make_column(name, role, f"{outer}{logical}{note}", rows, chunks, nullable=nulls)


def _pieces(column: Any) -> list[Any]:
    return list(column.chunks) if _is_chunked(column) else [column]


def _piece(column: Any) -> Any:
    """Give the one array that *column* consists of, None if there are several or none."""
    if not _is_chunked(column):
        return column
    return column.chunk(0) if column.num_chunks == 1 else None


def _is_chunked(column: Any) -> bool:
    return type(column).__name__ == "ChunkedArray"


@functools.lru_cache(maxsize=256)
def _text_name(kind: Any) -> str:
    """Give one name for the layouts in which the same strings can be held; of other types their own."""
    if str(kind) in ("string", "large_string", "string_view"):
        return "utf8"
    if str(kind) in ("binary", "large_binary", "binary_view"):
        return "binary"
    own = {"float": "float32", "double": "float64", "halffloat": "float16"}
    return own.get(str(kind), str(kind))


def _is_text(kind: Any) -> bool:
    return _text_name(kind) in ("utf8", "binary")


def _width(kind: Any, types: Any) -> int:
    """Give the bytes of one value of a type of fixed width, 0 for other types."""
    if types.is_nested(kind) or types.is_union(kind):
        return 0
    try:
        return int(kind.bit_width) // 8
    except ValueError:
        return 0


@functools.lru_cache(maxsize=256)
def _number(kind: Any) -> tuple[str, np.dtype[Any]] | None:
    """Give the name of a type whose values lie one after the other, and how numpy reads them; None for others."""
    import pyarrow as pa

    types = pa.types
    if types.is_dictionary(kind) or types.is_null(kind):
        return None
    if types.is_boolean(kind) or _is_text(kind) or not _width(kind, types):
        return None
    return _text_name(kind), _dtype(kind)


def _dtype(kind: Any) -> np.dtype[Any]:
    import pyarrow as pa

    types = pa.types
    if types.is_floating(kind):
        return np.dtype(f"<f{kind.bit_width // 8}")
    if types.is_unsigned_integer(kind):
        return np.dtype(f"<u{kind.bit_width // 8}")
    if kind.bit_width in (8, 16, 32, 64) and not types.is_fixed_size_binary(kind):
        return np.dtype(f"<i{kind.bit_width // 8}")
    return np.dtype(f"V{kind.bit_width // 8}")


def _fixed(column: Any, kind: Any, nulls: bool) -> list[bytes]:
    out: list[bytes] = []
    for part in _parts(column):
        out.extend(fixed_chunks(_values(part, kind), _valid(part) if nulls else None))
    return out


def _parts(column: Any) -> Iterator[Any]:
    """Give 65,536 rows at a time as one array, whatever the pieces are that the column is made of."""
    import pyarrow as pa

    piece = _piece(column)
    if piece is not None and 0 < len(piece) <= CHUNK_ROWS:
        yield piece
        return
    for at in range(0, len(column), CHUNK_ROWS):
        part = column.slice(at, CHUNK_ROWS)
        yield pa.concat_arrays(part.chunks) if _is_chunked(part) else part


def _values(part: Any, kind: Any) -> NDArray[Any]:
    """Give the values of one array where they lie (under nulls anything)."""
    import pyarrow as pa

    if pa.types.is_boolean(kind):
        import pyarrow.compute as pc

        return np.asarray(pc.cast(pc.fill_null(part, False), pa.uint8()).to_numpy(zero_copy_only=False))
    return _lying(part, _dtype(kind))


def _lying(part: Any, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Give the values of one array of numbers where they lie."""
    data = part.buffers()[1]
    if data is None or not len(part):
        return np.empty(0, dtype=dtype)
    return np.frombuffer(data, dtype=dtype, count=len(part), offset=part.offset * dtype.itemsize)


def _valid(part: Any) -> NDArray[np.bool_]:
    """Tell which values of one array are no nulls."""
    marks = part.buffers()[0]
    if marks is None:
        return np.asarray(part.is_valid().to_numpy(zero_copy_only=False), dtype=np.bool_)
    bits = np.frombuffer(marks, dtype=np.uint8)
    return np.unpackbits(bits, count=part.offset + len(part), bitorder="little")[part.offset :].view(np.bool_)


_OFFSETS: Final = {"string": 4, "binary": 4, "large_string": 8, "large_binary": 8}
"""Bytes of where a text ends, by the types that hold them one after the other."""


def _text(column: Any, kind: Any, nulls: bool) -> list[bytes]:
    import pyarrow as pa
    import pyarrow.compute as pc

    text = _text_name(kind) == "utf8"
    width = _OFFSETS.get(str(kind), 0)
    out: list[bytes] = []
    for part in _parts(column):
        valid = _valid(part) if nulls else None
        if not width:
            part = part.cast(pa.large_string() if text else pa.large_binary())
        if part.null_count:
            part = pc.fill_null(part, "" if text else b"")
        _, offsets, content = part.buffers()
        size = width or 8
        ends = np.frombuffer(offsets, dtype=f"<i{size}", count=len(part) + 1, offset=part.offset * size)
        out.extend(text_chunks(ends.astype(np.int64, copy=False), content, valid))
    return out


__all__ = ["arrow_column"]
