"""Faults of disk and network as one family of errors, each saying what was done and where."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from ...errors import StoreReadError, StoreWriteError

_REMEDIES = {
    errno.ENOSPC: "free some space, or remove runs with `backtrail runs rm` and `backtrail runs gc`",
    errno.EDQUOT: "free some space, or remove runs with `backtrail runs rm` and `backtrail runs gc`",
    errno.EROFS: "choose a store that can be written with BACKTRAIL_STORE",
    errno.EACCES: "ask for the permission, or choose another store with BACKTRAIL_STORE",
    errno.EPERM: "ask for the permission, or choose another store with BACKTRAIL_STORE",
}


@contextmanager
def writing(what: str, place: str) -> Iterator[None]:
    """Raise `StoreWriteError` for every fault of the system while *what* is done in the store at *place*."""
    try:
        yield
    except OSError as error:
        if isinstance(error, StoreReadError | StoreWriteError):
            raise
        raise StoreWriteError(_sentence(what, place, error, "a store that can be written")) from error


@contextmanager
def reading(what: str, place: str) -> Iterator[None]:
    """Raise `StoreReadError` for every fault of the system while *what* is done in the store at *place*."""
    try:
        yield
    except OSError as error:
        if isinstance(error, StoreReadError | StoreWriteError):
            raise
        raise StoreReadError(_sentence(what, place, error, "a store that can be read")) from error


def _sentence(what: str, place: str, error: OSError, expected: str) -> str:
    found = error.strerror or str(error) or type(error).__name__
    remedy = _REMEDIES.get(error.errno or 0, "look at the disk or the connection, then try again")
    return f"{what} (store {place}) - expected {expected} - found: {found} - {remedy}"
