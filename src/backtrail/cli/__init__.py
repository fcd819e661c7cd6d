"""The command ``backtrail``."""

from __future__ import annotations


def main() -> None:
    """Run the command line and exit with its status."""
    from .app import app

    app()


__all__ = ["main"]
