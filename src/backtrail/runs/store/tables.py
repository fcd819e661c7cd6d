"""Tables as blobs: Arrow IPC compressed with lz4. Long columns of times are blobs of their own, stored once.

The metadata of a table with such parts says which columns they are::

    backtrail.columns   [["time", "b3:…"], ["value", null]]
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from ...errors import CorruptBlobError
from ..digests import is_digest
from .blobs import Blobs

if TYPE_CHECKING:
    import pyarrow as pa

SHARED_ROWS = 8192
"""From how many rows on a column of times becomes a blob of its own (64 KiB of them)."""

_COLUMNS = b"backtrail.columns"
_MAGIC = b"ARROW1\0\0"


class StoredTable(NamedTuple):
    """A stored table: the digest of its bytes and the digest of what it says, whichever version wrote it."""

    blob: str
    content: str


def content_of(table: pa.Table) -> str:
    """Give the digest of what *table* holds."""
    from ..fingerprint import digest_of

    return digest_of(table)


def encode_table(table: pa.Table) -> list[bytes]:
    """Give the bytes of *table*, and before them those of the columns it may share with other tables."""
    from ..digests import blob_digest

    table = table.combine_chunks()
    names = [name for name in table.column_names if _shared(table, name)]
    if not names or len(set(table.column_names)) < table.num_columns:
        return [_write(table)]
    parts = [_write(table.select([name]).replace_schema_metadata(None)) for name in names]
    digests = {name: blob_digest(part) for name, part in zip(names, parts)}
    layout = [[name, digests.get(name)] for name in table.column_names]
    rest = table.drop_columns(names)
    metadata = {**(table.schema.metadata or {}), _COLUMNS: json.dumps(layout).encode("utf-8")}
    return [*parts, _write(rest.replace_schema_metadata(metadata))]


def decode_table(data: bytes, blobs: Blobs, *, full: bool = False) -> pa.Table:
    """Read the table in *data*, its parts from *blobs*; *full* checks every value, as one does for a stranger's."""
    table = _read(data, full)
    layout = _layout(table.schema)
    if layout is None:
        return table
    import pyarrow as pa

    columns, fields = [], []
    for name, digest in layout:
        held = table if digest is None else _read(blobs.get(digest), full)
        if name not in held.column_names:
            raise CorruptBlobError(f"reading a table - expected column {name!r} - found {held.column_names}")
        columns.append(held.column(name))
        fields.append(held.schema.field(name))
    if len({len(column) for column in columns}) > 1:
        raise CorruptBlobError("reading a table - expected columns of one length - found several")
    metadata = {key: value for key, value in table.schema.metadata.items() if key != _COLUMNS}
    return pa.Table.from_arrays(columns, schema=pa.schema(fields, metadata=metadata or None))


def parts_of(data: bytes) -> list[str]:
    """Give the digests of the blobs that the table in *data* needs besides itself; none for what is no table."""
    if not data.startswith(_MAGIC) or _COLUMNS not in data:
        return []
    import pyarrow as pa

    try:
        schema = pa.ipc.open_file(pa.BufferReader(data)).schema
    except (pa.ArrowException, OSError, ValueError) as error:
        raise CorruptBlobError(f"reading a table - expected Arrow IPC - found: {error}") from error
    return [digest for _, digest in _layout(schema) or () if digest is not None]


def _shared(table: pa.Table, name: str) -> bool:
    import pyarrow as pa

    column = table.column(name)
    return bool(table.num_rows >= SHARED_ROWS and pa.types.is_timestamp(column.type) and column.null_count == 0)


def _write(table: pa.Table) -> bytes:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
    with pa.ipc.new_file(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _read(data: bytes, full: bool) -> pa.Table:
    import pyarrow as pa

    try:
        options = pa.ipc.IpcReadOptions(use_threads=False)  # handing work over costs more than it saves here
        table = pa.ipc.open_file(pa.BufferReader(data), options=options).read_all()
        table.validate(full=full)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise CorruptBlobError(f"reading a table - expected Arrow IPC - found: {error}") from error
    return table


def _layout(schema: Any) -> list[tuple[str, str | None]] | None:
    written = (schema.metadata or {}).get(_COLUMNS)
    if written is None:
        return None
    try:
        layout = [(name, digest) for name, digest in json.loads(written)]
    except (ValueError, TypeError) as error:
        raise CorruptBlobError(f"reading a table - expected a list of its columns - found: {error}") from error
    if not all(isinstance(name, str) and (digest is None or is_digest(digest)) for name, digest in layout):
        raise CorruptBlobError("reading a table - expected names and digests of its columns - found other values")
    return layout
