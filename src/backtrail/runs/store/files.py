"""Named bytes: what a store needs of the place it lives in, and the local folder that gives it.

Names are posix paths below the root, made by `layout` alone. Every write is a whole file that appears at one instant.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from .disk import Disk
from .machine import is_journalled_in_order

A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored file: its name below the root, its size in bytes and its modification time (seconds, 0 if unknown)."""

    name: str
    size: int
    modified: float


@dataclass(slots=True)
class Staged:
    """A file without a name: where it is on this machine, or its bytes where files are written whole.

    ``handle`` is open while the file is on its way to the medium, and negative then.
    """

    path: str
    data: bytes = b""
    handle: int = -1


class Files(Protocol):
    """Whole files below a root. A missing name raises `FileNotFoundError`; other faults raise `OSError`."""

    remote: bool
    """Whether there is neither rename nor append: each put is one whole object."""

    def read(self, name: str) -> bytes:
        """Read all of a file."""
        ...

    def read_from(self, name: str, offset: int, length: int = -1) -> bytes:
        """Read *length* bytes of a file from byte *offset* on, or all there are."""
        ...

    def size(self, name: str) -> int | None:
        """Give the size in bytes, None if there is no such file."""
        ...

    def entry(self, name: str) -> Entry | None:
        """Give size and modification time, None if there is no such file."""
        ...

    def map(self, call: Callable[[A], B], items: Iterable[A]) -> Iterable[B]:
        """Give what *call* gives for each item, in order; where each call is a request several are made at once."""
        ...

    def put(self, name: str, data: bytes, *, durable: bool = True) -> None:
        """Write a whole file at one instant, replacing another of that name."""
        ...

    def put_new(self, name: str, data: bytes) -> bool:
        """Write a whole file unless there is one; tell whether it was written."""
        ...

    def stage(self, data: bytes, *, private: bool = False, sealed: bool = True) -> Staged:
        """Send *data* to the medium under no name yet: read-only if *sealed*, to its owner alone if *private*."""
        ...

    def settle(self, files: Iterable[Staged]) -> None:
        """Wait until staged files are on the medium."""
        ...

    def publish(self, files: Sequence[tuple[str, Staged]], last: tuple[str, Staged] | None = None) -> None:
        """Give staged files their names once they are on the medium, durably; *last* only if all others are."""
        ...

    def discard(self, staged: Staged) -> None:
        """Remove a staged file that is not published."""
        ...

    def list(self, prefix: str) -> Iterator[Entry]:
        """Give every file below folder *prefix*, in no order."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file; that there is none is no fault."""
        ...

    def move(self, source: str, target: str) -> None:
        """Rename a file, replacing another of that name."""
        ...

    def touch(self, name: str) -> bool:
        """Make a file the age of zero; tell whether there is one."""
        ...


class LocalFiles:
    """Files in a folder of this machine or of a network file system."""

    remote = False

    def __init__(self, root: str | os.PathLike[str], disk: Disk | None = None) -> None:
        """Use folder *root*, making system calls through *disk*."""
        self.root = Path(root)
        self.disk = disk if disk is not None else Disk()
        self._folders: set[str] = set()
        self._ordered = is_journalled_in_order(str(self.root))

    def path(self, name: str) -> str:
        """Give the path of *name* on this machine."""
        return f"{self.root}/{name}"

    def read(self, name: str) -> bytes:
        """Read all of a file."""
        with open(self.path(name), "rb", buffering=0) as file:
            return file.read()

    def read_from(self, name: str, offset: int, length: int = -1) -> bytes:
        """Read *length* bytes of a file from byte *offset* on, or all there are."""
        with open(self.path(name), "rb", buffering=0) as file:
            file.seek(offset)
            return file.read(length)

    def size(self, name: str) -> int | None:
        """Give the size in bytes, None if there is no such file."""
        try:
            return os.stat(self.path(name)).st_size
        except (FileNotFoundError, NotADirectoryError):
            return None

    def entry(self, name: str) -> Entry | None:
        """Give size and modification time, None if there is no such file."""
        try:
            status = os.stat(self.path(name))
        except (FileNotFoundError, NotADirectoryError):
            return None
        return Entry(name, status.st_size, status.st_mtime)

    def map(self, call: Callable[[A], B], items: Iterable[A]) -> Iterable[B]:
        """Call for one item after the other."""
        return map(call, items)

    def put(self, name: str, data: bytes, *, durable: bool = True) -> None:
        """Write a whole file at one instant: a file beside it is written, flushed and renamed."""
        staged = self._whole(data, durable=durable)
        try:
            target = self._target(name, durable=durable)
            self.disk.rename(staged, target)
        except BaseException:
            self.disk.unlink(staged)
            raise
        if durable:
            self.disk.flush_folder(os.path.dirname(target))

    def put_new(self, name: str, data: bytes) -> bool:
        """Write a whole file unless there is one, at one instant; tell whether it was written."""
        staged = self._whole(data, durable=True)
        try:
            target = self._target(name)
            self.disk.link(staged, target)
        except FileExistsError:
            return False
        except OSError:  # a file system without hard links
            if os.path.exists(target):
                return False
            self.disk.rename(staged, target)
            return True
        finally:
            if os.path.exists(staged):
                self.disk.unlink(staged)
        self.disk.flush_folder(os.path.dirname(target))
        return True

    def stage(self, data: bytes, *, private: bool = False, sealed: bool = True) -> Staged:
        """Write a file in ``tmp`` and let the system begin to bring it to the medium.

        Several files that are on their way together take little longer than one.
        """
        handle, path = self._write(data)
        staged = Staged(path, handle=handle)
        try:
            if sealed:
                self.disk.seal(handle, path, 0o400 if private else 0o444)
            self.disk.begin_flush(handle)
        except BaseException:
            self.discard(staged)
            raise
        return staged

    def settle(self, files: Iterable[Staged]) -> None:
        """Flush and close staged files."""
        for staged in files:
            if staged.handle >= 0:
                self.disk.flush(staged.handle)
                self._close(staged)

    def _close(self, staged: Staged) -> None:
        handle, staged.handle = staged.handle, -1
        if handle >= 0:
            self.disk.close(handle)

    def publish(self, files: Sequence[tuple[str, Staged]], last: tuple[str, Staged] | None = None) -> None:
        """Flush and rename staged files, then flush their folders.

        A file system that brings names to the medium in their order needs one flush for all of them, *last* too.
        """
        try:
            self.settle(staged for _, staged in (*files, *([last] if last is not None else [])))
            folders = self._rename(files)
            if last is not None:
                if not self._ordered:
                    self._flush(folders)
                folders = self._rename([last])
        except BaseException:
            for _, staged in (*files, *([last] if last is not None else [])):
                self.discard(staged)
            raise
        self._flush(folders)

    def _rename(self, files: Sequence[tuple[str, Staged]]) -> list[str]:
        """Give staged files their names; give the folders that they are in."""
        folders: dict[str, None] = {}
        for name, staged in files:
            target = self._target(name)
            self.disk.rename(staged.path, target)
            folders[os.path.dirname(target)] = None
        return list(folders)

    def _flush(self, folders: Sequence[str]) -> None:
        """Bring the names in *folders* to the medium."""
        for folder in folders[-1:] if self._ordered else folders:
            self.disk.flush_folder(folder)

    def discard(self, staged: Staged) -> None:
        """Remove a staged file that is not published."""
        self._close(staged)
        with contextlib.suppress(FileNotFoundError):
            self.disk.unlink(staged.path)

    def list(self, prefix: str) -> Iterator[Entry]:
        """Give every file below folder *prefix*; links and special files are left out."""
        pending = [prefix]
        while pending:
            folder = pending.pop()
            try:
                found = os.scandir(self.path(folder))
            except (FileNotFoundError, NotADirectoryError):
                continue
            with found:
                for item in found:
                    if item.is_dir(follow_symlinks=False):
                        pending.append(f"{folder}/{item.name}")
                    elif item.is_file(follow_symlinks=False):
                        try:
                            status = item.stat(follow_symlinks=False)
                        except FileNotFoundError:
                            continue
                        yield Entry(f"{folder}/{item.name}", status.st_size, status.st_mtime)

    def remove(self, name: str) -> None:
        """Remove a file; that there is none is no fault."""
        try:
            self.disk.unlink(self.path(name))
        except (FileNotFoundError, NotADirectoryError):
            return

    def move(self, source: str, target: str) -> None:
        """Rename a file, replacing another of that name."""
        self.disk.rename(self.path(source), self._target(target))

    def touch(self, name: str) -> bool:
        """Make a file the age of zero; tell whether there is one."""
        try:
            self.disk.touch(self.path(name))
        except (FileNotFoundError, NotADirectoryError):
            return False
        except PermissionError:  # another user's file: its owner decides about its age
            return True
        return True

    def claim_path(self, name: str) -> str:
        """Give the path of a file that is only locked, its folder made."""
        return self._target(name)

    def open_new(self, name: str) -> int:
        """Create file *name* for writing; give its handle. It must not exist."""
        handle = self.disk.open_new(self._target(name))
        self.disk.flush_folder(os.path.dirname(self.path(name)))
        return handle

    def _whole(self, data: bytes, *, durable: bool) -> str:
        """Write a file of its own in ``tmp``, on the medium if *durable*; give its path."""
        handle, path = self._write(data)
        try:
            if durable:
                self.disk.flush(handle)
        except BaseException:
            self.disk.unlink(path)
            raise
        finally:
            self.disk.close(handle)
        return path

    def _write(self, data: bytes) -> tuple[int, str]:
        """Write *data* to a file of its own in ``tmp``; give the open handle and the path."""
        name = f"tmp/{os.getpid()}-{secrets.token_hex(8)}"
        path = self._target(name)
        try:
            handle = self.disk.open_new(path)
        except FileNotFoundError:  # somebody tidied the folders away
            self._folders.clear()
            handle = self.disk.open_new(self._target(name))
        try:
            write_whole(self.disk, handle, data)
        except BaseException:
            self.disk.close(handle)
            self.disk.unlink(path)
            raise
        return handle, path

    def _target(self, name: str, *, durable: bool = True) -> str:
        """Give the path of *name* with its folder made, the names of made folders on the medium."""
        path = self.path(name)
        folder = os.path.dirname(path)
        if folder not in self._folders:
            self._make_folder(folder, durable=durable)
        return path

    def _make_folder(self, folder: str, *, durable: bool) -> None:
        if not os.path.isdir(folder):
            above = os.path.dirname(folder)
            if above != folder:
                self._make_folder(above, durable=durable)
            self.disk.make_folder(folder)
            if durable and not self._ordered:  # else the flush of what is put there brings it along
                self.disk.flush_folder(above)
        self._folders.add(folder)


def write_whole(disk: Disk, handle: int, data: bytes) -> None:
    """Write all of *data*, however little the system takes at a time."""
    written = disk.write(handle, data)
    if written == len(data):
        return
    rest = memoryview(data)[written:]
    while rest:
        rest = rest[disk.write(handle, rest) :]
