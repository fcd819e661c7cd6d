"""What is known of one source file: its digests and its imports."""

from __future__ import annotations

from typing import Final, NamedTuple

from ..digests import digest

FORM: Final = "backtrail-code/1"  # change it when the normal form changes: digests that were remembered lapse


class Import(NamedTuple):
    """One import: ``level`` leading dots, the module, and the names taken from it (None: the module itself).

    ``optional`` imports may fail without the program failing: those inside a ``try`` that catches their failure, or
    under ``TYPE_CHECKING``.
    """

    level: int
    module: str
    names: tuple[str, ...] | None
    line: int
    optional: bool = False
    dynamic: bool = False


class Analysis(NamedTuple):
    """What one file is, as far as its text tells.

    ``norm`` digests the normal form, ``docs`` the docstrings and the places where they stand. ``flags`` is a subset of
    ``own-doc``, ``all-doc``, ``own-source``, ``all-source``, ``computed-import`` and ``path``. ``error`` says why the
    file could not be parsed, as ``line: message``; its ``norm`` is then the digest of its bytes.
    ``secrets`` names the kinds of secrets seen.
    """

    raw: str
    norm: str
    docs: str
    imports: tuple[Import, ...] = ()
    exported: tuple[str, ...] = ()
    flags: frozenset[str] = frozenset()
    error: str | None = None
    secrets: tuple[str, ...] = ()


def unreadable_norm(raw: str) -> str:
    """Give the normal form of what has none: the digest of its bytes, apart from every other digest."""
    return digest(f"{FORM}/bytes", raw.encode())


__all__ = ["FORM", "Analysis", "Import", "unreadable_norm"]
