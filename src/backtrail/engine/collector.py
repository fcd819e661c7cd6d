"""Python's garbage collector during a run: rarely at work, because what a run makes stays beyond its end."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

#: Objects made (and not freed) between two collections; Python's default is some hundreds or thousands.
RARELY: Final = 100_000

#: Objects that runs leave unlooked at, all together, before the collector is asked to look at everything.
ENOUGH: Final = 1_000_000

_left = 0


@contextmanager
def rare_collections() -> Iterator[None]:
    """Let the collector start less often; afterwards as before.

    Orders and trades live as long as the run: looking at all of them again and again finds nothing to free. A collector
    that is off, or works even less often, is left alone; so it is when another run in this process was first.

    Afterwards what the run made is counted among what lives long, instead of being looked at once more as new.
    """
    before = gc.get_threshold()
    if not 0 < before[0] < RARELY:
        yield
        return
    gc.set_threshold(RARELY, *before[1:])
    try:
        yield
    finally:
        _count_as_old()
        gc.set_threshold(*before)


def _count_as_old() -> None:
    """Put all objects into the oldest generation; look at everything when enough was put there that way."""
    global _left
    if gc.get_freeze_count():  # somebody keeps objects away from the collector: these would come back, too
        return
    _left += gc.get_count()[0]
    gc.freeze()
    gc.unfreeze()
    if _left > ENOUGH:
        _left = 0
        gc.collect()


__all__ = ["rare_collections"]
