"""Keeping Python's garbage collector out of short work that makes many objects and no cycles."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def without_collection() -> Iterator[None]:
    """Keep the collector from walking, again and again, over objects that live until the work is done.

    A walk over the results of earlier runs takes longer than writing a record.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
