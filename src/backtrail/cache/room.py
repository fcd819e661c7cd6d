"""How much a cache keeps: it is brought back to its policy and its limit after writing, when there is reason to."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from ..errors import StoreError
from ..runs.store.retention import Policy, Retained, bytes_of

if TYPE_CHECKING:
    from ..runs.store import Store

VARIABLE: Final = "BACKTRAIL_CACHE_MAX_BYTES"
FILL: Final = 0.9
"""To which part of the limit a cache that is over it is brought, so that this need not be done at each write."""

_MANIFEST: Final = 16 * 1024  # what a record without results needs at most, as a rule


class Room:
    """The policy and the limit of one cache. Only runs that a cache recorded are ever given up."""

    def __init__(self, store: Store, keep: str, max_bytes: int | str | None) -> None:
        """Keep *max_bytes* at most, or what ``BACKTRAIL_CACHE_MAX_BYTES`` says; ValueError for what is no size."""
        if max_bytes is None:
            max_bytes = os.environ.get(VARIABLE) or None
        self.keep = keep
        self.policy = Policy.of(keep)
        self.limit = None if max_bytes is None else bytes_of(max_bytes)
        self._store = store
        self._writes = 0
        self._counted = 0  # what the index said when the records were looked at, and what was free then
        self._slack = self.limit or 0

    def after_write(self) -> tuple[Retained | None, str]:
        """Give up what is too much; say what was, and what is wrong if it cannot be done."""
        if self.policy.top is None and self.limit is None:
            return None, ""
        try:
            return self._settle_()
        except (StoreError, OSError) as error:
            return None, f"the cache cannot be brought back to its size: {error}"

    def _settle_(self) -> tuple[Retained | None, str]:
        """Look at every record if the index says that there is reason to, or if it is time to."""
        runs, used = self._counted_by_index()
        self._writes += 1
        due = self._writes > runs // 50
        may_be_full = self.limit is not None and used - self._counted > self._slack
        if not may_be_full and not (due and (self.policy.top is not None or used > self._slack)):
            return None, ""
        keep = None if self.policy.top is None else self.keep
        done = self._store.retain(
            keep=keep, max_bytes=self.limit, fill=FILL, only=is_of_a_cache, dry_run=False
        )
        self._writes = 0
        if self.limit is None:
            return done, ""
        _, self._counted = self._counted_by_index()
        self._slack = max(self.limit - done.bytes_after, 0)
        if done.bytes_after <= self.limit:
            return done, ""
        return done, (
            f"the cache needs {done.bytes_after:,} bytes, more than the {self.limit:,} it may: "
            f"{len(done.kept)} of its runs are pinned, tagged or the best of a sweep"
        )

    def _counted_by_index(self) -> tuple[int, int]:
        """Give the number of runs and about how many bytes they need, without reading them."""
        [(runs, size)] = self._store.search.ask(
            "SELECT (SELECT count(*) FROM runs), (SELECT coalesce(sum(size), 0) FROM blobs)"
        )
        return runs, size + runs * _MANIFEST


def is_of_a_cache(manifest: dict[str, Any]) -> bool:
    """Tell whether a cache recorded the run of *manifest*, not the engine."""
    return isinstance(manifest.get("cache"), dict)


__all__ = ["FILL", "VARIABLE", "Room", "is_of_a_cache"]
