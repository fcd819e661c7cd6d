"""A run that is being computed: its lease, and its blobs, which are written together with its manifest."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from ...errors import MissingBlobError
from ..digests import blob_digest
from .blobs import Waiting
from .faults import writing
from .files import Staged
from .layout import manifest_name
from .lease import Lease
from .tables import StoredTable, content_of, encode_table, parts_of

if TYPE_CHECKING:
    import pyarrow as pa

    from .store import Facts, Store

WAITING: Final = 4 * 1024 * 1024
"""From how many bytes on that were put they are sent to the medium before the commit."""


class Work:
    """A run from `Store.begin` to `commit`. Leaving the ``with`` block without a commit leaves nothing behind."""

    def __init__(self, store: Store, run: str | None, key: str | None, strategy: str | None) -> None:
        """Take the lease."""
        self._store = store
        self._lease = Lease(store.files, run, key, strategy)
        self._facts: dict[str, Facts] = {}
        self._waiting: list[Waiting] = []
        self._waiting_bytes = 0
        self._staged: dict[str, Staged | None] = {}
        self.run = self._lease.run

    def put(self, data: bytes, *, private: bool = False) -> str:
        """Have *data* stored with the run; give its digest. It is written when much is together, or at the commit.

        In a folder, what is *private* can be read by its owner only.
        """
        return self._put(bytes(data), private, None)

    def put_table(self, table: pa.Table) -> StoredTable:
        """Have an Arrow table stored with the run; give the digest of its bytes and that of its content."""
        return self.put_tables({"": table})[""]

    def put_tables(self, tables: Mapping[str, pa.Table]) -> dict[str, StoredTable]:
        """Have several Arrow tables stored with the run; give what `put_table` gives for each.

        Where there are several they are on their way to the medium, with what else was put, while their contents are
        digested.
        """
        blobs = {name: self._put_encoded(encode_table(table)) for name, table in tables.items()}
        if len(blobs) > 1:
            self.write()
        return {name: StoredTable(blob, content_of(tables[name])) for name, blob in blobs.items()}

    def _put_encoded(self, blobs: list[bytes]) -> str:
        *parts, table = blobs
        return self._put(table, False, [self._put(data, False, []) for data in parts])

    def _put(self, data: bytes, private: bool, parts: list[str] | None) -> str:
        digest = blob_digest(data)
        if digest not in self._facts:
            self._facts[digest] = (len(data), parts_of(data) if parts is None else parts)
            self._waiting.append((digest, data, private))
            self._waiting_bytes += len(data)
            if self._waiting_bytes >= WAITING:
                self.write()
        return digest

    def write(self) -> None:
        """Send what was put to the medium. It is on its way there while the caller goes on."""
        waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        with writing("storing the results of a run", self._store.url):
            self._store.blobs.stage(waiting, self._staged)

    def commit(self, manifest: Mapping[str, Any]) -> str:
        """Record the run durably; give its id. The lease ends."""
        begun = {"key": self._lease.key, "strategy": self._lease.strategy}
        given = {name: value for name, value in begun.items() if value is not None}
        store = self._store
        self.write()
        with writing("recording a run", store.url):
            plain, data = store.prepare({**given, **manifest, "run": self.run}, self._facts)
            self._look_for_the_others()
            last = None if data is None else (manifest_name(self.run), store.files.stage(data, sealed=False))
            store.blobs.publish(self._staged, last)
        self._staged.clear()
        if data is not None:
            store.recorded(plain)
        self.release()
        return self.run

    def _look_for_the_others(self) -> None:
        """Raise :class:`MissingBlobError` if a blob that the store had is there no more."""
        for digest, item in self._staged.items():
            if item is None and self._store.blobs.size(digest) != self._facts[digest][0]:
                raise MissingBlobError(f"recording run {self.run} - expected {digest} in the store - it was removed")

    def beat(self) -> None:
        """Say that the run is still being computed; needed only where a store is shared and a process is stopped."""
        with writing("renewing a lease", self._store.url):
            self._lease.beat()

    def release(self) -> None:
        """Give the run up, or end the lease of a committed one."""
        self._waiting.clear()
        for item in self._staged.values():
            if item is not None:
                with contextlib.suppress(OSError):
                    self._store.files.discard(item)
        self._staged.clear()
        with writing("ending a lease", self._store.url):
            self._lease.release()

    def __enter__(self) -> Work:
        """Give the work itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the lease."""
        self.release()
