"""The system calls a store makes, one method each, so that a test can stop the process between any two of them."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


class Disk:
    """The local file system. Every method is one step that either happened or did not.

    Pass another object with these methods to `Store.open(disk=…)` to watch the steps, to fail them or to die between
    them.
    """

    def open_new(self, path: str) -> int:
        """Create *path* for writing, which must not exist."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o644)

    def write(self, handle: int, data: bytes | memoryview) -> int:
        """Write some of *data*; give how much."""
        return os.write(handle, data)

    def write_at(self, handle: int, data: bytes | memoryview, offset: int) -> int:
        """Write some of *data* at *offset*; give how much."""
        if hasattr(os, "pwrite"):
            return os.pwrite(handle, data, offset)
        os.lseek(handle, offset, os.SEEK_SET)
        return os.write(handle, data)

    def cut(self, handle: int, size: int) -> None:
        """Make the file *size* bytes long."""
        os.ftruncate(handle, size)

    def begin_flush(self, handle: int) -> None:
        """Let the system begin to bring what was written to the medium, where it can be asked to."""
        if _advise is not None:
            _advise(handle, 0, 0, os.POSIX_FADV_DONTNEED)

    def flush(self, handle: int) -> None:
        """Bring what was written to the medium."""
        os.fsync(handle)

    def flush_data(self, handle: int) -> None:
        """Bring what was written to the medium, without the times of the file."""
        _datasync(handle)

    def seal(self, handle: int, path: str, mode: int = 0o444) -> None:
        """Make the file read-only, for everybody or for those in *mode*."""
        if hasattr(os, "fchmod"):
            os.fchmod(handle, mode)
        else:
            Path(path).chmod(mode)

    def close(self, handle: int) -> None:
        """Close *handle*."""
        os.close(handle)

    def rename(self, source: str, target: str) -> None:
        """Let *source* be *target*, replacing it, at one instant."""
        os.replace(source, target)

    def link(self, source: str, target: str) -> None:
        """Let *target* be *source* too; fail if it exists."""
        os.link(source, target)

    def unlink(self, path: str) -> None:
        """Remove a file."""
        os.unlink(path)

    def make_folder(self, path: str) -> None:
        """Create folder *path*; another process may have done so."""
        with contextlib.suppress(FileExistsError):
            os.mkdir(path)

    def flush_folder(self, path: str) -> None:
        """Bring the names in folder *path* to the medium."""
        if os.name == "nt":
            return
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def touch(self, path: str) -> None:
        """Say that *path* is in use: its modification time is the present."""
        os.utime(path)


_BINARY = getattr(os, "O_BINARY", 0)
_advise = getattr(os, "posix_fadvise", None)
_datasync = getattr(os, "fdatasync", os.fsync)
