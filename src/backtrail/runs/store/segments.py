"""Segments: files to which one process appends records, each of them on the medium when `SegmentWriter.append` returns.

A segment begins with eight bytes, ``BTSEG`` and the version of the format in three digits. Then, per record: its
length and the CRC-32 of its bytes, both unsigned, 32 bits, little-endian; then the bytes. What a process was writing
when it was killed is a torn tail: it was never acknowledged and is passed over.

The writer holds the lock on its segment and keeps zeros ready behind the last record: writing over them changes
neither the size of the file nor where it lies on the medium, which makes a flush several times quicker. They are cut
off when the segment is closed; a length of zero ends the records.
"""

from __future__ import annotations

import itertools
import os
import secrets
import struct
import threading
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...errors import ManifestError, StoreVersionError, StoreWriteError
from .disk import Disk
from .files import Files, LocalFiles
from .locks import lock
from .machine import host_id

VERSION = 1
MAGIC = b"BTSEG001"
READY = 256 * 1024
"""Bytes of zeros that are written ahead of the records."""

LIMIT = 16 * 1024 * 1024
"""Bytes of the largest record."""

_HEAD = struct.Struct("<II")
_counter = itertools.count()


@dataclass(frozen=True, slots=True)
class Record:
    """A record as found in a segment: its bytes and where they begin and end in the file."""

    data: bytes
    start: int
    end: int


def frame(data: bytes) -> bytes:
    """Give *data* as it stands in a segment; raise ValueError if it is empty or too long."""
    if not 0 < len(data) <= LIMIT:
        raise ValueError(f"appending a record - expected 1 to {LIMIT} bytes - found {len(data)}")
    return _HEAD.pack(len(data), zlib.crc32(data)) + data


def scan(data: bytes, offset: int = 0) -> Iterator[Record]:
    """Give the whole records in *data*, which is a segment from *offset* on (0: from its beginning).

    Stop at the first that is torn. Raise `StoreVersionError` for a later version of the format and `ManifestError` for
    what is no segment.
    """
    at = 0
    if offset == 0:
        begun = data[: len(MAGIC)].rstrip(b"\0")
        if len(begun) < len(MAGIC) and MAGIC.startswith(begun) and not data[len(begun) :].strip(b"\0"):
            return  # killed before anything was written
        check_magic(data[: len(MAGIC)])
        at = len(MAGIC)
    view = memoryview(data)
    while at + _HEAD.size <= len(data):
        length, crc = _HEAD.unpack_from(data, at)
        begin, end = at + _HEAD.size, at + _HEAD.size + length
        if not 0 < length <= LIMIT or end > len(data) or zlib.crc32(view[begin:end]) != crc:
            return
        yield Record(bytes(view[begin:end]), offset + at, offset + end)
        at = end


def check_magic(found: bytes) -> None:
    """Raise for the first eight bytes of a file that is no segment of a version that is read here."""
    if found == MAGIC:
        return
    if found[:5] == MAGIC[:5] and found[5:].isdigit() and int(found[5:]) > VERSION:
        raise StoreVersionError(
            f"reading a segment - expected format {VERSION} - found {int(found[5:])} - "
            "a later version of backtrail wrote it: update backtrail to read it"
        )
    raise ManifestError(f"reading a segment - expected {MAGIC!r} at its beginning - found {found!r} - it is refused")


class SegmentWriter:
    """Appends records to a segment of its own. Threads may share it; a forked child begins a segment of its own."""

    def __init__(self, files: Files, folder: str) -> None:
        """Write into *folder*; the file is made by the first append."""
        self._files = files
        self._folder = folder
        self._lock = threading.Lock()
        self._pid = 0
        self._handle: int | None = None
        self._size = 0
        self._ready = 0
        self._broken = False
        self.name = ""

    @property
    def disk(self) -> Disk | None:
        """The disk that is written to, None on a remote place."""
        return self._files.disk if isinstance(self._files, LocalFiles) else None

    def append(self, data: bytes) -> tuple[str, int]:
        """Append one record; it is on the medium when this returns. Give the file and where the record begins."""
        return self.append_all([data])[0]

    def append_all(self, records: Sequence[bytes]) -> list[tuple[str, int]]:
        """Append several records with one flush; all are on the medium when this returns."""
        framed = [frame(data) for data in records]
        with self._lock:
            if isinstance(self._files, LocalFiles):
                start = self._append_local(self._files, b"".join(framed))
            else:  # a record of a remote place is an object of its own
                self.name = f"{self._new_name()}"
                start = len(MAGIC)
                self._files.put(self.name, MAGIC + b"".join(framed))
            offsets = itertools.accumulate((len(item) for item in framed[:-1]), initial=start)
            return [(self.name, offset) for offset in offsets]

    def _append_local(self, files: LocalFiles, data: bytes) -> int:
        if self._handle is None or self._pid != os.getpid() or self._broken:
            self._open(files)
        assert self._handle is not None
        start = self._size
        try:
            if start + len(data) > self._ready:
                self._make_ready(files.disk, self._handle, start + len(data))
            self._write_at(files.disk, self._handle, data, start)
            files.disk.flush_data(self._handle)
        except OSError:
            self._broken = True  # what follows a torn record would not be read: go on in another file
            raise
        self._size += len(data)
        return start

    def _open(self, files: LocalFiles) -> None:
        if self._handle is not None and self._pid == os.getpid():
            files.disk.close(self._handle)
        self._handle = None
        for _ in range(16):
            self.name = self._new_name()
            try:
                self._handle = files.open_new(self.name)
                break
            except FileExistsError:
                continue
        else:
            raise StoreWriteError("opening a segment - expected a free name - found 16 taken ones - try again")
        lock(self._handle)
        self._pid, self._broken = os.getpid(), False
        self._size = self._ready = 0
        self._make_ready(files.disk, self._handle, len(MAGIC))
        self._write_at(files.disk, self._handle, MAGIC, 0)
        self._size = len(MAGIC)

    def _make_ready(self, disk: Disk, handle: int, needed: int) -> None:
        """Write zeros up to *needed* bytes and some more."""
        more = needed - self._ready + READY
        self._write_at(disk, handle, bytes(more), self._ready)
        disk.flush(handle)
        self._ready += more

    def _write_at(self, disk: Disk, handle: int, data: bytes, offset: int) -> None:
        rest = memoryview(data)
        while rest:
            written = disk.write_at(handle, rest, offset)
            rest, offset = rest[written:], offset + written

    def _new_name(self) -> str:
        return f"{self._folder}/{host_id()[:8]}-{os.getpid()}-{next(_counter)}-{secrets.token_hex(3)}.seg"

    def close(self) -> None:
        """Close the file; a later append begins another."""
        with self._lock:
            if self._handle is not None and self._pid == os.getpid() and self.disk is not None:
                self.disk.cut(self._handle, self._size)
                self.disk.close(self._handle)
            self._handle = None
