"""Columns and their digests: values over chunks of 65,536 rows, the chunks' digests over the column.

Numbers are digested where they lie, without a copy. Every NaN counts as the same NaN and ``-0.0`` as ``0.0``: chunks
that hold such values are copied and made canonical; whether they do is looked up after digesting, while the chunk is in
the processor's cache, and once per content and process. What lies under a null does not count.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray

from .digests import PREFIX, framed

CHUNK_ROWS: Final = 65_536
DIGEST_BYTES: Final = 32
_COLUMN: Final = "backtrail-column/1"

Array = NDArray[Any]
Valid = NDArray[np.bool_] | None


# by width: how the bits of a number are read as an integer, and what -0.0 is then
_BITS: Final = {2: (np.int16, -(2**15)), 4: (np.int32, -(2**31)), 8: (np.int64, -(2**63))}


@dataclass(frozen=True, slots=True)
class ColumnFingerprint:
    """The fingerprint of one column.

    ``name`` is its name as text, ``role`` is ``"column"`` or ``"index"``, ``type`` its logical type (as Arrow names
    it), ``chunks`` the digests of its chunks, 32 bytes each. The name is not part of ``digest``.
    """

    name: str
    role: str
    type: str
    rows: int
    digest: str
    chunks: bytes

    def chunk(self, at: int) -> bytes:
        """Give the digest of rows ``at * 65536`` and the following."""
        return self.chunks[at * DIGEST_BYTES : (at + 1) * DIGEST_BYTES]


def column_root(kind: str, rows: int, nullable: bool, chunks: bytes) -> bytes:
    """Give the 32 bytes that stand for a column of type *kind* with these chunks."""
    length = len(chunks).to_bytes(8, "little")
    value: bytes = blake3(_head(kind, nullable) + rows.to_bytes(8, "little") + length + chunks).digest()
    return value


@functools.lru_cache(maxsize=256)
def _head(kind: str, nullable: bool) -> bytes:
    """Give what is digested for a column before its number of rows, the length of that number included."""
    return framed(_COLUMN.encode(), kind.encode(), b"nulls" if nullable else b"", bytes(8))[:-8]


def make_column(
    name: str, role: str, kind: str, rows: int, chunks: Sequence[bytes], nullable: bool = False
) -> ColumnFingerprint:
    """Give the fingerprint of a column whose chunks have the digests *chunks*."""
    joined = chunks[0] if len(chunks) == 1 else b"".join(chunks)
    root = column_root(kind, rows, nullable, joined)
    return ColumnFingerprint(name, role, kind, rows, f"{PREFIX}{root.hex()}", joined)


def fixed_chunks(values: Array, valid: Valid = None, known: bool = False) -> list[bytes]:
    """Give the digests of the chunks of *values*: numbers, truths, moments or raw bytes of one width.

    Rows where *valid* is false are nulls. *known* tells that there is no NaN and no -0.0.
    """
    if valid is not None:
        return [
            _nullable(values[at : at + CHUNK_ROWS], valid[at : at + CHUNK_ROWS]) for at in _starts(values)
        ]
    kind = values.dtype.kind
    if values.dtype.byteorder == ">":
        values = values.astype(values.dtype.newbyteorder("<"))
    if kind == "c":
        rows = np.ascontiguousarray(values)
        halves = rows.view(np.dtype(f"f{values.dtype.itemsize // 2}"))
        return [_float_digest(halves[2 * at : 2 * (at + CHUNK_ROWS)]) for at in _starts(values)]
    if kind == "f":
        return _float_chunks(values, known)
    return [
        _hash(np.ascontiguousarray(values[at : at + CHUNK_ROWS]).view(np.uint8)) for at in _starts(values)
    ]


def digest_rows(values: Array) -> bytes:
    """Give the digest of one chunk: contiguous *values* of which none is NaN or -0.0."""
    return _hash(values.view(np.uint8))


def _hash(content: Any) -> bytes:
    """Give the digest of what lies in an array of bytes."""
    value: bytes = blake3(content).digest()
    return value


def _starts(values: Array) -> range:
    return range(0, len(values), CHUNK_ROWS)


# By width of the numbers: the digest of a chunk as it lies, and in canonical form. A chunk that was seen before, as in
# every run of a sweep, need not be looked through again.
_settled: Final[dict[int, dict[bytes, bytes]]] = {2: {}, 4: {}, 8: {}}
_MOST_SETTLED: Final = 1 << 16


def _float_chunks(values: Array, known: bool) -> list[bytes]:
    """Digest each chunk as it lies, and then look for NaN and -0.0 unless it is *known* to hold none."""
    whole = values.flags.c_contiguous
    raw = values.view(np.uint8) if whole else None
    width = values.dtype.itemsize
    stride = CHUNK_ROWS * width
    settled = _settled[width]
    out: list[bytes] = []
    for at in range(-(-len(values) // CHUNK_ROWS)):
        part = values[at * CHUNK_ROWS : (at + 1) * CHUNK_ROWS]
        if raw is None:
            part = np.ascontiguousarray(part)
        found = _hash(part.view(np.uint8) if raw is None else raw[at * stride : (at + 1) * stride])
        if not known:
            final = settled.get(found)
            if final is None:
                final = _float_digest(part) if is_odd(part) else found
                if len(settled) >= _MOST_SETTLED:
                    settled.clear()
                settled[found] = final
            found = final
        out.append(found)
    return out


def is_odd(values: Array) -> bool:
    """Tell whether *values* (contiguous floating point numbers, at least one) hold a NaN or -0.0."""
    least = values.min()
    if least > 0.0:
        return False
    kind, negative_zero = _BITS[values.dtype.itemsize]
    return bool(least != least) or int(values.view(kind).min()) == negative_zero


def _float_digest(part: Array) -> bytes:
    """Give the digest of a chunk in canonical form."""
    return _hash(canonical(part).view(np.uint8))


def canonical(values: Array) -> Array:
    """Give a copy of floating point *values* in which every NaN is the same and no zero is negative."""
    with np.errstate(invalid="ignore"):  # a signalling NaN
        out: Array = np.ascontiguousarray(values) + values.dtype.type(0.0)
    odd = out != out
    if odd.any():
        out[odd] = np.nan
    return out


def _nullable(part: Array, valid: NDArray[np.bool_]) -> bytes:
    """Give the digest of a chunk with nulls: which rows have a value, and the values of those."""
    if part.dtype.kind in "fc":
        kept = np.where(valid, part, part.dtype.type(0))
        flat = kept.view(np.dtype(f"f{kept.dtype.itemsize // 2}")) if part.dtype.kind == "c" else kept
        kept = canonical(flat)
    else:
        kept = np.ascontiguousarray(part).copy()
        kept[~valid] = np.zeros(1, dtype=kept.dtype)[0]
    return _joined(np.packbits(valid, bitorder="little"), kept)


def _joined(*arrays: Array) -> bytes:
    """Give the digest of *arrays*, each preceded by its length in bytes."""
    value: bytes = blake3(framed(*[one.tobytes() for one in arrays])).digest()
    return value


def text_chunks(offsets: NDArray[np.int64], content: Any, valid: Valid = None) -> list[bytes]:
    """Give the digests of the chunks of a column of strings or bytes.

    Element *k* is ``content[offsets[k]:offsets[k + 1]]``; where *valid* is false it is empty.
    """
    data = np.frombuffer(content, dtype=np.uint8) if content is not None else np.empty(0, dtype=np.uint8)
    out = []
    for at in range(0, len(offsets) - 1, CHUNK_ROWS):
        ends = offsets[at : at + CHUNK_ROWS + 1]
        parts = [ends - ends[0], data[int(ends[0]) : int(ends[-1])]]
        if valid is not None:
            parts.append(np.packbits(valid[at : at + CHUNK_ROWS], bitorder="little"))
        out.append(_joined(*parts))
    return out


def piece_chunks(pieces: Sequence[bytes]) -> list[bytes]:
    """Give the digests of the chunks of a column whose elements are encoded one by one (each tells its own length)."""
    out = []
    for at in range(0, len(pieces), CHUNK_ROWS):
        out.append(blake3(b"".join(pieces[at : at + CHUNK_ROWS])).digest())
    return out


__all__ = [
    "CHUNK_ROWS",
    "DIGEST_BYTES",
    "ColumnFingerprint",
    "canonical",
    "column_root",
    "digest_rows",
    "fixed_chunks",
    "is_odd",
    "make_column",
    "piece_chunks",
    "text_chunks",
]
