"""Paths in records: the same on every system, and none that leads elsewhere."""

from __future__ import annotations

import os
from typing import Final

_ELSEWHERE: Final = r"[\\\x00]|(?<=^[A-Za-z]):"


def recordable(path: str, raw: str) -> str:
    """Give *path* (with forward slashes) as a record can hold it on any system: composed Unicode, no way elsewhere.

    A name with a backslash, what looks like a drive, or bytes that are no text keeps a part of the digest *raw*.
    """
    if path.isascii() and "\\" not in path and ":" not in path and "\0" not in path:
        return path
    import re
    import unicodedata

    composed = unicodedata.normalize("NFC", path)
    made = re.sub(_ELSEWHERE, "_", composed.encode("utf-8", "replace").decode())
    if made == composed:
        return made
    stem, suffix = os.path.splitext(made)
    return f"{stem}~{raw[3:11]}{suffix}"


__all__ = ["recordable"]
