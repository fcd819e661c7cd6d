"""Locks on files that end with the process that holds them."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

if sys.platform == "win32":
    import msvcrt

    def lock(handle: int) -> bool:
        """Lock an open file; tell whether no other process holds it."""
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def lock(handle: int) -> bool:
        """Lock an open file; tell whether no other process holds it."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks: nothing to wait for
            return True
        return True


def take(path: str, *, create: bool) -> int | None:
    """Lock the file at *path*; give its handle, None if another process holds the lock.

    The lock is held until the handle is closed or the process ends, however it ends.
    """
    flags = os.O_RDWR | (os.O_CREAT if create else 0) | getattr(os, "O_CLOEXEC", 0)
    handle = os.open(path, flags, 0o644)
    if lock(handle):
        return handle
    os.close(handle)
    return None


def is_held(path: str) -> bool:
    """Tell whether a process holds the lock on the file at *path*; False if there is no such file."""
    try:
        handle = take(path, create=False)
    except FileNotFoundError:
        return False
    except PermissionError:
        return True  # another user's: not ours to judge
    if handle is None:
        return True
    os.close(handle)
    return False


def take_soon(path: str) -> int | None:
    """Lock the file at *path*, which others hold at most for the moment in which they look whether it is held."""
    for _ in range(100):
        handle = take(path, create=False)
        if handle is not None:
            return handle
        time.sleep(0.0005)
    return None


def take_named(path: str) -> int | None:
    """Lock the file at *path*, making it, such that whoever holds the lock may remove it; None if it is held."""
    while True:
        handle = take(path, create=True)
        if handle is None:
            return None
        try:
            if os.stat(path).st_ino == os.fstat(handle).st_ino:
                return handle
        except FileNotFoundError:
            pass
        os.close(handle)  # it was removed between opening and locking: this is another file


@contextmanager
def waiting(path: str, timeout_s: float) -> Iterator[bool]:
    """Hold the lock on the file at *path* within the block; give False if it was not free within *timeout_s*."""
    until = time.monotonic() + timeout_s
    handle = take(path, create=True)
    pause = 0.0005
    while handle is None and time.monotonic() < until:
        time.sleep(pause)
        pause = min(pause * 2, 0.02)
        handle = take(path, create=True)
    try:
        yield handle is not None
    finally:
        if handle is not None:
            os.close(handle)
