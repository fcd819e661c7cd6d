"""Whether somebody chose a place for run records: asked before every run, so it looks at no more than it must."""

from __future__ import annotations

import os
from typing import Final

VARIABLE: Final = "BACKTRAIL_STORE"
FOLDER: Final = ".backtrail"


def is_configured() -> bool:
    """Tell whether ``BACKTRAIL_STORE`` is set, or a folder ``.backtrail`` lies in the current folder or above."""
    if os.environ.get(VARIABLE, "").strip():
        return True
    try:
        folder = os.getcwd()
    except OSError:  # the current folder was deleted
        return False
    while True:
        if os.path.isdir(os.path.join(folder, FOLDER)):
            return True
        parent = os.path.dirname(folder)
        if parent == folder:
            return False
        folder = parent


__all__ = ["is_configured"]
