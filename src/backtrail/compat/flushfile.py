"""Streams that flush at once or go nowhere. Importing this changes nothing: Python flushes a terminal by line."""

from __future__ import annotations

from typing import Any


class flushfile:
    """Write to *f* and flush after every write."""

    def __init__(self, f: Any) -> None:
        self.f = f

    def write(self, x: str) -> None:
        """Write and flush."""
        self.f.write(x)
        self.f.flush()

    def flush(self) -> None:
        """Flush."""
        self.f.flush()

    def close(self) -> None:
        """Close the stream below."""
        self.f.close()


class StdOutDevNull:
    """Swallow what is written, in place of ``sys.stdout``, until :meth:`stop`."""

    def __init__(self) -> None:
        import sys

        self.stdout = sys.stdout
        sys.stdout = self

    def write(self, x: str) -> None:
        """Drop *x*."""

    def flush(self) -> None:
        """Do nothing."""

    def stop(self) -> None:
        """Put the former ``sys.stdout`` back."""
        import sys

        sys.stdout = self.stdout
