"""Feeds that read a file: its path, the name it gives the feed, and what is said when it is not there."""

from __future__ import annotations

import os
from typing import Any, NoReturn

from ..errors import DataError


class DataFileNotFoundError(DataError, FileNotFoundError):
    """A file that a feed is to read is not there."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message,)


def is_path(source: Any) -> bool:
    """Tell whether *source* is the path of a file."""
    return isinstance(source, (str, os.PathLike))


def file_stem(source: Any) -> str:
    """Give the name of the file *source* without folder and extension; empty if it is no path."""
    if not is_path(source):
        return ""
    name: str = os.path.basename(os.fspath(source))
    return os.path.splitext(name)[0]


def not_found(feed: str, source: Any) -> NoReturn:
    """Raise that there is no file *source* for the feed called *feed*."""
    raise DataFileNotFoundError(
        f"opening the file of feed {feed} - expected {os.fspath(source)!r} to exist - found nothing there (from "
        f"{os.getcwd()!r}) - correct dataname"
    ) from None
