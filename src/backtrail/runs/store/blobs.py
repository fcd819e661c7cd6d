"""Immutable bytes under the digest of themselves: written once however many runs hold them, checked when read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from ...errors import CorruptBlobError, MissingBlobError
from ..digests import blob_digest
from .files import Files, Staged
from .layout import TRASH, blob_name

MOST_OPEN: Final = 64
"""How many files are on their way to the medium at once, each of them open."""

Waiting = tuple[str, bytes, bool]
"""A blob to be stored: its digest, its bytes, and whether it is its owner's alone."""


class Blobs:
    """The objects of a store."""

    def __init__(self, files: Files) -> None:
        """Keep blobs among *files*."""
        self._files = files

    def put(self, data: bytes) -> str:
        """Store *data* durably unless it is there; give its digest."""
        return self.put_all([data])[0]

    def put_all(self, contents: Sequence[bytes]) -> list[str]:
        """Store several blobs durably at less cost than one by one; give their digests."""
        digests = [blob_digest(data) for data in contents]
        staged: dict[str, Staged | None] = {}
        try:
            self.stage([(digest, data, False) for digest, data in dict(zip(digests, contents)).items()], staged)
        except BaseException:
            for item in staged.values():
                if item is not None:
                    self._files.discard(item)
            raise
        self.publish(staged)
        return digests

    def stage(self, blobs: Sequence[Waiting], staged: dict[str, Staged | None]) -> None:
        """Send blobs to the medium without their names, and enter them in *staged*, None for those the store has."""
        for (digest, _, _), item in zip(blobs, self._files.map(self._stage_, blobs)):
            staged[digest] = item
            if len(staged) % MOST_OPEN == 0:
                self._files.settle(one for one in staged.values() if one is not None)

    def _stage_(self, blob: Waiting) -> Staged | None:
        digest, data, private = blob
        return None if self.keep(digest, len(data)) else self._files.stage(data, private=private)

    def publish(self, staged: Mapping[str, Staged | None], last: tuple[str, Staged] | None = None) -> None:
        """Give staged blobs their names, and after them the file *last* (its name, and where it is staged) its own."""
        files = [(blob_name(digest), item) for digest, item in staged.items() if item is not None]
        if files or last is not None:
            self._files.publish(files, last)

    def keep(self, digest: str, size: int) -> bool:
        """Tell whether the blob is there in full, and if so say that it is in use."""
        name = blob_name(digest)
        return self._files.size(name) == size and self._files.touch(name)

    def get(self, digest: str, *, size: int | None = None, verify: bool = True) -> bytes:
        """Give the bytes of *digest*.

        Raise `MissingBlobError` if there are none, `CorruptBlobError` if their length is not *size* or, unless *verify*
        is false, if they have another digest.
        """
        name = blob_name(digest)
        try:
            data = self._files.read(name)
        except FileNotFoundError:
            data = self._from_trash(digest)
        if size is not None and len(data) != size:
            raise CorruptBlobError(
                f"reading blob {digest} - expected {size} bytes - found {len(data)} - run `backtrail runs fsck`"
            )
        if verify and blob_digest(data) != digest:
            raise CorruptBlobError(
                f"reading blob {digest} - expected bytes of that digest - found others ({len(data)} bytes) - "
                "run `backtrail runs fsck`"
            )
        return data

    def size(self, digest: str) -> int | None:
        """Give how many bytes the blob has, None if there is none."""
        found = self._files.size(blob_name(digest))
        return self._files.size(trash_name(digest)) if found is None else found

    def missing(self, digests: Iterable[str]) -> list[str]:
        """Give those of *digests* that the store does not have, in order."""
        return sorted(digest for digest in set(digests) if self.size(digest) is None)

    def _from_trash(self, digest: str) -> bytes:
        """Take the blob back from the trash: somebody needs it after all."""
        try:
            data = self._files.read(trash_name(digest))
        except FileNotFoundError:
            raise MissingBlobError(
                f"reading blob {digest} - expected it in the store - found nothing - "
                "copy it from where the run came from, or run `backtrail runs fsck`"
            ) from None
        if blob_digest(data) == digest:
            self.publish({digest: self._files.stage(data)})
        return data


def trash_name(digest: str) -> str:
    """Give the file to which a blob that no run needs is moved first."""
    return f"{TRASH}/{blob_name(digest)}"
