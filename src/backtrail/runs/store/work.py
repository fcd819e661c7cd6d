"""A run that is being computed: its lease, and its blobs, which are written together with its manifest."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..digests import blob_digest
from .faults import writing
from .files import Staged
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
        self._staging: dict[str, Future[Staged | None]] = {}
        self._writer: ThreadPoolExecutor | None = None
        self.run = self._lease.run

    def put(self, data: bytes, *, private: bool = False) -> str:
        """Have *data* stored with the run; give its digest. It is written while the caller goes on.

        In a folder, what is *private* can be read by its owner only.
        """
        digest = blob_digest(data)
        if digest not in self._staging:
            if self._writer is None:
                self._writer = ThreadPoolExecutor(4, thread_name_prefix="backtrail-store")
            self._staging[digest] = self._writer.submit(self._store.blobs.stage, digest, bytes(data), private)
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
        with writing("storing the results of a run", self._store.url):
            staged = {digest: future.result() for digest, future in self._staging.items()}
            self._store.blobs.publish({digest: item for digest, item in staged.items() if item is not None})
            self._staging.clear()
        run = self._store.commit({**given, **manifest, "run": self.run})
        self.release()
        return run

    def beat(self) -> None:
        """Say that the run is still being computed; needed only where a store is shared and a process is stopped."""
        with writing("renewing a lease", self._store.url):
            self._lease.beat()

    def release(self) -> None:
        """Give the run up, or end the lease of a committed one."""
        for future in self._staging.values():
            self._discard(future)
        self._staging.clear()
        if self._writer is not None:
            self._writer.shutdown()
            self._writer = None
        with writing("ending a lease", self._store.url):
            self._lease.release()

    def _discard(self, future: Future[Staged | None]) -> None:
        if future.cancel():
            return
        with contextlib.suppress(OSError):  # what could not be written leaves nothing to remove
            staged = future.result()
            if staged is not None:
                self._store.files.discard(staged)

    def __enter__(self) -> Work:
        """Give the work itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the lease."""
        self.release()
