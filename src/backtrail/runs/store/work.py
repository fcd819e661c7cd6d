"""A run that is being computed: its lease, and its blobs, which are written together with its manifest."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..digests import blob_digest
from .faults import writing
from .lease import Lease
from .tables import StoredTable, encode_table

if TYPE_CHECKING:
    import pyarrow as pa

    from .store import Store


class Work:
    """A run from `Store.begin` to `commit`. Leaving the ``with`` block without a commit leaves nothing behind."""

    def __init__(self, store: Store, run: str | None, key: str | None, strategy: str | None) -> None:
        """Take the lease."""
        self._store = store
        self._lease = Lease(store.files, run, key, strategy)
        self._blobs: dict[str, bytes] = {}
        self.run = self._lease.run

    def put(self, data: bytes) -> str:
        """Have *data* stored with the run; give its digest."""
        digest = blob_digest(data)
        self._blobs[digest] = bytes(data)
        return digest

    def put_table(self, table: pa.Table) -> StoredTable:
        """Have an Arrow table stored with the run; give the digest of its bytes and that of its content."""
        encoded = encode_table(table)
        digests = [self.put(data) for data in encoded.blobs]
        self._store.note_parts(digests[-1], len(encoded.blobs[-1]), digests[:-1])
        return StoredTable(digests[-1], encoded.content)

    def commit(self, manifest: Mapping[str, Any]) -> str:
        """Record the run durably; give its id. The lease ends."""
        begun = {"key": self._lease.key, "strategy": self._lease.strategy}
        given = {name: value for name, value in begun.items() if value is not None}
        run = self._store.commit({**given, **manifest, "run": self.run}, self._blobs.values())
        self._blobs.clear()
        self.release()
        return run

    def beat(self) -> None:
        """Say that the run is still being computed; needed only where a store is shared and a process is stopped."""
        with writing("renewing a lease", self._store.url):
            self._lease.beat()

    def release(self) -> None:
        """Give the run up, or end the lease of a committed one."""
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
