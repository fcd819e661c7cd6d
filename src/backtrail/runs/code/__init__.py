"""The code of a run: which files it is made of, what they say, where it was started.

:func:`closure_of` gives the :class:`Closure` of classes, functions and scripts. Nothing of the user's is imported or
executed to find it.
"""

from __future__ import annotations

from .closure import closure_of
from .entry import detect_entry_point
from .model import Closure, CodeCaptureError, CodeFile, EntryPointDetectionResult, Problem

__all__ = ["Closure", "CodeCaptureError", "CodeFile", "EntryPointDetectionResult", "Problem", "closure_of",
           "detect_entry_point"]  # fmt: skip
