"""Python's garbage collector during a run: rarely at work, because what a run makes stays until its end."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

#: Objects made (and not freed) between two collections; Python's default is some hundreds or thousands.
RARELY: Final = 100_000


@contextmanager
def rare_collections() -> Iterator[None]:
    """Let the collector start less often; afterwards as before.

    Orders and trades live as long as the run: looking at all of them again and again finds nothing to free. A collector
    that is off, or works even less often, is left alone; so it is when another run in this process was first.
    """
    before = gc.get_threshold()
    if not 0 < before[0] < RARELY:
        yield
        return
    gc.set_threshold(RARELY, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


__all__ = ["rare_collections"]
