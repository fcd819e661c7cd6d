"""Claims on keys: of several processes that need the same result, one computes it and the others wait for it."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING

from . import locks
from .files import LocalFiles
from .layout import LIVE, key_name

if TYPE_CHECKING:
    from .run import Run
    from .store import Store


@dataclass(slots=True)
class Claim:
    """The right to compute a key, or the result of whoever had it."""

    owned: bool
    """Whether nobody else of this machine computes the key as long as the claim is held."""

    run: Run | None
    """The result, if there is one."""

    _handle: int | None = field(default=None, repr=False)
    _path_: str = field(default="", repr=False)
    _pid: int = field(default_factory=os.getpid, repr=False)

    def release(self) -> None:
        """Give the claim up."""
        if self._handle is not None and self._pid == os.getpid():
            with contextlib.suppress(OSError):  # the lock ends with the handle; the file may stay
                os.unlink(self._path_)
            os.close(self._handle)
        self._handle = None
        self.owned = False

    def __enter__(self) -> Claim:
        """Give the claim itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the claim up."""
        self.release()


def claim(store: Store, key: str, wait_s: float) -> Claim:
    """Claim *key*, waiting up to *wait_s* seconds for the result of another process that computes it.

    On a remote place there are no locks: there every claim is granted and a result may be computed twice.
    """
    name = key_name(key)
    found = store.lookup(key)
    if found is not None or not isinstance(store.files, LocalFiles):
        return Claim(found is None, found)
    path = store.files.claim_path(f"{LIVE}/{name}")
    until = time.monotonic() + wait_s
    pause = 0.002
    while True:
        handle = locks.take_named(path)
        if handle is not None:
            found = store.lookup(key)  # whoever held it may just have finished
            return Claim(found is None, found, handle, path)
        if time.monotonic() >= until:
            return Claim(False, store.lookup(key))
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
