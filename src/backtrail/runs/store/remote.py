"""A store behind a URL: every file is one object, written whole by one put, reached through fsspec.

There is neither rename nor append there and none is needed: an object appears at one instant, with all of its bytes.
Credentials come from the environment or from the options given to `Store.open`; nothing of them is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, Final, TypeVar

from .files import A, B, Entry, Staged

T = TypeVar("T")

REQUESTS: Final = 8
"""How many requests are made at once."""

_BUCKETS = ("s3", "s3a", "gs", "gcs")


class RemoteFiles:
    """Files below a URL that fsspec knows."""

    remote = True

    def __init__(self, url: str, storage_options: Mapping[str, Any] | None = None) -> None:
        """Reach *url* with *storage_options*; raise ImportError naming the extra if fsspec is not installed."""
        try:
            import fsspec
        except ModuleNotFoundError as error:
            kind = url.partition(":")[0]
            raise ImportError(
                f"opening {kind}:// - expected fsspec - it is not installed - pip install 'backtrail[remote]'"
            ) from error
        kind, _, rest = url.partition("://")
        login = rest.partition("/")[0].rpartition("@")[0]
        if login and kind in _BUCKETS:
            raise ValueError(
                f"opening {kind}://… - expected a bucket - found credentials before it - "
                "give them in the environment or as storage_options: a URL is shown and recorded"
            )
        self._secret = login.partition(":")[2]
        try:
            self._fs, root = fsspec.core.url_to_fs(url, use_listings_cache=False, **(storage_options or {}))
        except TypeError:  # a file system that keeps no listings does not know the option
            self._fs, root = fsspec.core.url_to_fs(url, **(storage_options or {}))
        except ValueError as error:
            raise OSError(f"no such kind of place: {error}") from error
        self._root_ = str(root).rstrip("/")

    def _call(self, method: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Call *method*, giving every fault of the network as an OSError without the password of the URL."""
        try:
            return method(*arguments, **named)
        except KeyError as error:
            raise FileNotFoundError(str(error)) from error
        except OSError as error:
            if not self._secret:
                raise
            raise type(error)(str(error).replace(self._secret, "…")) from None
        except Exception as error:  # noqa: BLE001  # each kind of place raises errors of its own
            text = f"{type(error).__name__}: {error}"
            raise OSError(text.replace(self._secret, "…") if self._secret else text) from None

    def path(self, name: str) -> str:
        """Give the path of *name* as fsspec writes it."""
        return f"{self._root_}/{name}"

    def read(self, name: str) -> bytes:
        """Read all of a file."""
        data: bytes = self._call(self._fs.cat_file, self.path(name))
        return data

    def read_from(self, name: str, offset: int, length: int = -1) -> bytes:
        """Read *length* bytes of a file from byte *offset* on, or all there are."""
        data = self.read(name)[offset:]
        return data if length < 0 else data[:length]

    def size(self, name: str) -> int | None:
        """Give the size in bytes, None if there is no such file."""
        try:
            found: int = self._call(self._fs.info, self.path(name))["size"]
        except FileNotFoundError:
            return None
        return found

    def entry(self, name: str) -> Entry | None:
        """Give size and modification time, None if there is no such file."""
        try:
            item = self._call(self._fs.info, self.path(name))
        except FileNotFoundError:
            return None
        return Entry(name, int(item.get("size") or 0), _modified(item))

    def map(self, call: Callable[[A], B], items: Iterable[A]) -> list[B]:
        """Call for several items at once: each call waits for the network."""
        with ThreadPoolExecutor(REQUESTS, thread_name_prefix="backtrail-store") as pool:
            return list(pool.map(call, items))

    def put(self, name: str, data: bytes, *, durable: bool = True) -> None:
        """Write a whole object."""
        self._call(self._fs.pipe_file, self.path(name), data)

    def put_new(self, name: str, data: bytes) -> bool:
        """Write a whole object unless there is one; of two that do so at once, the last remains."""
        if self.size(name) is not None:
            return False
        self.put(name, data)
        return True

    def stage(self, data: bytes, *, private: bool = False, sealed: bool = True) -> Staged:
        """Keep *data* until it is published; who may read it, the place itself decides."""
        return Staged("", data)

    def settle(self, files: Iterable[Staged]) -> None:
        """Do nothing: what is staged is written when it is published."""

    def publish(self, files: Sequence[tuple[str, Staged]], last: tuple[str, Staged] | None = None) -> None:
        """Write several objects, then the *last*."""
        if files:
            self._call(self._fs.pipe, {self.path(name): staged.data for name, staged in files})
        if last is not None:
            self.put(last[0], last[1].data)

    def discard(self, staged: Staged) -> None:
        """Do nothing: what is not published was not written."""

    def list(self, prefix: str) -> Iterator[Entry]:
        """Give every object below *prefix*."""
        self._fs.invalidate_cache()
        try:
            found = self._call(self._fs.find, self.path(prefix), detail=True)
        except FileNotFoundError:
            return
        begin = len(self._root_) + 1
        for path, item in found.items():
            name = str(path)[begin:]
            if item.get("type") == "file" and name.startswith(prefix + "/"):
                yield Entry(name, int(item.get("size") or 0), _modified(item))

    def remove(self, name: str) -> None:
        """Remove an object; that there is none is no fault."""
        try:
            self._call(self._fs.rm_file, self.path(name))
        except FileNotFoundError:
            return

    def move(self, source: str, target: str) -> None:
        """Copy an object, then remove the first."""
        self.put(target, self.read(source))
        self.remove(source)

    def touch(self, name: str) -> bool:
        """Write an object once more, which makes its age zero; tell whether there is one."""
        try:
            item = self._call(self._fs.info, self.path(name))
        except FileNotFoundError:
            return False
        if _modified(item) == 0.0 or _age(item) > RENEW_S:
            self.put(name, self.read(name))
        return True


RENEW_S = 86_400.0
"""An object younger than this counts as of age zero: it is a day into the grace of a fortnight."""


def _modified(item: Mapping[str, Any]) -> float:
    for name in ("mtime", "LastModified", "last_modified", "created", "updated"):
        value = item.get(name)
        if isinstance(value, datetime):
            return value.timestamp()
        if isinstance(value, int | float):
            return float(value)
    return 0.0


def _age(item: Mapping[str, Any]) -> float:
    import time

    return time.time() - _modified(item)
