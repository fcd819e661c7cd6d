"""What folders hold and what files are: kept while ``stat`` says that nothing changed.

A signature is (device, inode, size, mtime, ctime). A file or folder that changed less than two seconds before it was
read is read again next time: file systems date changes too coarsely to tell a second one.
"""

from __future__ import annotations

import os
import stat
import time
from typing import Final, NamedTuple

from ..digests import PREFIX

Signature = tuple[int, int, int, int, int]
RACY_NS: Final = 2_000_000_000
MOST_DIGESTED: Final = 4 * 1024**3  # bytes of the largest file that is digested although it is not stored
_READ: Final = (
    os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
)
_GONE: Final[Signature] = (-1, -1, -1, -1, -1)


def signature(path: str) -> Signature | None:
    """Give the signature of *path*, or None if there is nothing (or nothing that may be looked at)."""
    try:
        seen = os.stat(path)
    except (OSError, ValueError):
        return None
    return (seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)


def is_settled(seen: Signature, now_ns: int) -> bool:
    """Tell whether *seen* is old enough at *now_ns* for a later change to have another signature."""
    return max(seen[3], seen[4]) < now_ns - RACY_NS


class Entry(NamedTuple):
    """One name in a folder."""

    is_folder: bool
    is_link: bool


_KINDS: Final = {(folder, link): Entry(folder, link) for folder in (False, True) for link in (False, True)}


class Folders:
    """Listings of folders and of zip archives on the import path."""

    def __init__(self) -> None:
        self._listings: dict[str, tuple[Signature, bool, dict[str, Entry]]] = {}
        self._zips: dict[str, tuple[Signature, frozenset[str]]] = {}

    def listing(self, folder: str) -> tuple[Signature, dict[str, Entry]]:
        """Give the signature of *folder* and what it holds; nothing for what is no readable folder."""
        seen = signature(folder)
        if seen is None:
            return _GONE, {}
        known = self._listings.get(folder)
        if known is not None and known[0] == seen and known[1]:
            return seen, known[2]
        now_ns = time.time_ns()
        entries: dict[str, Entry] = {}
        try:
            with os.scandir(folder) as found:
                for one in found:
                    try:
                        entries[one.name] = _KINDS[one.is_dir(), one.is_symlink()]
                    except OSError:
                        entries[one.name] = _KINDS[False, True]
        except OSError:
            entries = {}
        self._listings[folder] = (seen, is_settled(seen, now_ns), entries)
        return seen, entries

    def members(self, archive: str) -> frozenset[str]:
        """Give the names in a zip *archive*; none for what is no archive."""
        seen = signature(archive)
        if seen is None:
            return frozenset()
        known = self._zips.get(archive)
        if known is not None and known[0] == seen:
            return known[1]
        import zipfile

        try:
            with zipfile.ZipFile(archive) as opened:
                names = frozenset(opened.namelist())
        except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError):
            names = frozenset()
        self._zips[archive] = (seen, names)
        return names


def read_member(archive: str, member: str, limit: int) -> bytes:
    """Read *member* of a zip *archive*, at most *limit* bytes; OSError if that fails."""
    import zipfile

    try:
        with zipfile.ZipFile(archive) as opened:
            if opened.getinfo(member).file_size > limit:
                raise OSError(f"{archive}/{member} is larger than {limit} bytes")
            with opened.open(member) as file:
                return file.read(limit)
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, ValueError) as error:
        raise OSError(f"cannot read {member} in {archive}: {error}") from error


def read_regular(path: str, limit: int) -> bytes:
    """Read the regular file *path*, at most *limit* bytes.

    A FIFO, socket, device or folder raises OSError without being opened; a larger file raises :class:`FileTooLarge`.
    """
    return read_signed(path, limit)[0]


def read_signed(path: str, limit: int) -> tuple[bytes, Signature]:
    """Read as :func:`read_regular` does, and give the signature of what was read too.

    The checks are made again on the open file, so that it cannot be exchanged in between.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise OSError(f"{path} is not a regular file")
    handle = os.open(path, _READ)
    try:
        seen = os.fstat(handle)
        if not stat.S_ISREG(seen.st_mode):
            raise OSError(f"{path} is not a regular file")
        if seen.st_size > limit:
            raise FileTooLarge(path, seen.st_size, limit)
        signed = (seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)
        content = os.read(handle, seen.st_size + 1)
        if len(content) == seen.st_size:
            return content, signed
        chunks = [content]  # the file changes while it is read, or a file system gives it in pieces
        left = limit + 1 - len(content)
        while left > 0:
            chunk = os.read(handle, min(left, 1 << 20))
            if not chunk:
                return b"".join(chunks), signed
            chunks.append(chunk)
            left -= len(chunk)
        raise FileTooLarge(path, limit + 1, limit)
    finally:
        os.close(handle)


def digest_of_file(path: str) -> tuple[str, int]:
    """Give digest and size of the regular file *path*, however large it is; OSError if it cannot be read."""
    from blake3 import blake3

    if not stat.S_ISREG(os.stat(path).st_mode):
        raise OSError(f"{path} is not a regular file")
    hasher, size = blake3(), 0
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            hasher.update(chunk)
            size += len(chunk)
    return f"{PREFIX}{hasher.hexdigest()}", size


class FileTooLarge(OSError):
    """A file beyond the limit of what is stored."""

    def __init__(self, path: str, size: int, limit: int) -> None:
        super().__init__(f"{path} has {size} bytes, more than the {limit} that are stored of one file")
        self.path, self.size, self.limit = path, size, limit


__all__ = [
    "MOST_DIGESTED",
    "Entry",
    "FileTooLarge",
    "Folders",
    "Signature",
    "digest_of_file",
    "is_settled",
    "read_member",
    "read_regular",
    "read_signed",
    "signature",
]
