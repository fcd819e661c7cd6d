"""One run: its manifest, read when first asked for, and its tables and sources, read one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ...errors import MissingBlobError
from .layout import run_time
from .manifest import Manifest
from .values import as_number, from_json

if TYPE_CHECKING:
    import pyarrow as pa

    from .store import Store


class Run:
    """A recorded run. Nothing is read before it is asked for, and everything that is read is checked."""

    def __init__(self, store: Store, run: str, manifest: Manifest | None = None) -> None:
        """Stand for *run* of *store*; *manifest* spares reading it."""
        self.store = store
        self.id = run
        if manifest is not None:
            self.manifest = manifest

    @cached_property
    def manifest(self) -> Manifest:
        """The record as it is stored: plain JSON values, unknown fields included. Do not change it."""
        return self.store.manifest(self.id)

    @property
    def key(self) -> str | None:
        """The digest of everything the result depends on; None if that could not be told."""
        key: str | None = self.manifest.get("key")
        return key

    @property
    def status(self) -> str:
        """``finished``, ``failed``, ``killed`` or ``cached``."""
        status: str = self.manifest["status"]
        return status

    @property
    def strategy(self) -> str | None:
        """The name of the strategy."""
        return strategy_of(self.manifest)

    @property
    def started(self) -> datetime:
        """When the run began, in UTC."""
        return datetime.fromtimestamp(start_of(self.manifest), UTC)

    @property
    def wall(self) -> float | None:
        """How long it took, in seconds."""
        return as_number((self.manifest.get("time") or {}).get("wall"))

    @cached_property
    def params(self) -> dict[str, Any]:
        """The parameters with their types."""
        params: dict[str, Any] = from_json(self.manifest.get("params") or {})
        return params

    @cached_property
    def metrics(self) -> dict[str, float]:
        """The metrics; NaN and infinities are floats."""
        return metrics_of(self.manifest)

    @property
    def sweep(self) -> str | None:
        """The sweep the run belongs to."""
        sweep: str | None = (self.manifest.get("sweep") or {}).get("id")
        return sweep

    @property
    def tags(self) -> list[str]:
        """The tags that name the run."""
        return [tag for tag, run in self.store.tags().items() if run == self.id]

    @property
    def pinned(self) -> bool:
        """Whether the run is kept until it is unpinned."""
        return self.id in self.store.pins()

    @property
    def artifacts(self) -> dict[str, dict[str, Any]]:
        """What is kept of what the run left, by name: ``{"blob": …, "content": …, "size": …}``."""
        found = self._recorded
        parts = self.store.refs.parts_of(self.id) if found else None
        return found if parts is None else {name: item for name, item in found.items() if name in parts}

    @property
    def given_up(self) -> list[str]:
        """The names of what the run left and the store keeps no longer (see `Store.retain`)."""
        kept = self.artifacts
        return sorted(name for name in self._recorded if name not in kept)

    @property
    def _recorded(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = (self.manifest.get("result") or {}).get("artifacts") or {}
        return found

    def bytes(self, name: str) -> bytes:
        """Read artifact *name* as it is stored."""
        item = self.artifacts.get(name)
        if item is None and name in self._recorded:
            raise MissingBlobError(
                f"reading {name!r} of run {self.id} - expected it in the store - it was given up to hold less - "
                "run the backtest again"
            )
        if item is None:
            raise MissingBlobError(f"reading {name!r} of run {self.id} - it has {sorted(self.artifacts)}")
        return self.store.get(item["blob"], size=item.get("size"))

    def table(self, name: str, *, full: bool = False) -> pa.Table:
        """Read artifact *name* as an Arrow table; *full* checks every value of it."""
        return self.store.table_of(self.bytes(name), full=full)

    @property
    def trades(self) -> pa.Table:
        """The trades."""
        return self.table("trades")

    @property
    def orders(self) -> pa.Table:
        """The orders."""
        return self.table("orders")

    @property
    def fills(self) -> pa.Table:
        """The fills."""
        return self.table("fills")

    @property
    def equity(self) -> pa.Table:
        """Cash and value bar by bar."""
        return self.table("equity")

    @property
    def positions(self) -> pa.Table:
        """The positions."""
        return self.table("positions")

    @property
    def log(self) -> pa.Table:
        """What the strategy logged."""
        return self.table("log")

    @cached_property
    def code(self) -> Code:
        """The captured sources by path: ``run.code["strategy.py"]`` is text."""
        return Code(self.store, (self.manifest.get("code") or {}).get("files") or [])

    @property
    def traceback(self) -> str | None:
        """The traceback of a failed run."""
        blob = (self.manifest.get("exit") or {}).get("traceback")
        return None if blob is None else self.store.get(blob).decode("utf-8", "replace")

    def __eq__(self, other: object) -> bool:
        """Runs of one id are equal."""
        return isinstance(other, Run) and other.id == self.id

    def __hash__(self) -> int:
        """Hash the id."""
        return hash(self.id)

    def __repr__(self) -> str:
        """Name the run."""
        return f"<Run {self.id}>"


class Code(Mapping[str, str]):
    """The captured sources of a run by path, read one by one."""

    def __init__(self, store: Store, files: list[dict[str, Any]]) -> None:
        """Give the sources listed in *files*."""
        self._store = store
        self._files = {item["path"]: item for item in files}

    def __getitem__(self, path: str) -> str:
        """Give the text of file *path*."""
        import io
        import tokenize

        data = self.bytes(path)
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
            return data.decode(encoding)
        except (SyntaxError, UnicodeDecodeError):
            return data.decode("utf-8", "replace")

    def bytes(self, path: str) -> bytes:
        """Give the bytes of file *path*."""
        item = self._files[path]
        if not item.get("raw"):
            raise MissingBlobError(f"reading {path!r} - expected its text in the store - found only a record of it")
        return self._store.get(item["raw"], size=item.get("size"))

    def __iter__(self) -> Iterator[str]:
        """Give the paths."""
        return iter(self._files)

    def __len__(self) -> int:
        """Count the files."""
        return len(self._files)


def strategy_of(manifest: Manifest) -> str | None:
    """Give the name of the strategy of *manifest*: its own field, else the stem of the entry file."""
    named = manifest.get("strategy")
    if isinstance(named, str):
        return named
    entry = (manifest.get("code") or {}).get("entry")
    return entry.rpartition("/")[2].removesuffix(".py") if isinstance(entry, str) else None


def start_of(manifest: Manifest) -> float:
    """Give when the run of *manifest* began, in seconds since 1970."""
    began = seconds((manifest.get("time") or {}).get("start"))
    return run_time(manifest["run"]) if began is None else began


def seconds(value: object) -> float | None:
    """Give a time of a manifest, written as seconds or in ISO 8601, as seconds since 1970; None if it is none."""
    if isinstance(value, dict):
        value = value.get("$datetime")
    number = as_number(value)
    if number is not None:
        return number if 0 <= number < 253402300800.0 else None
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def metrics_of(manifest: Manifest) -> dict[str, float]:
    """Give the metrics of *manifest* as floats; those without a value are NaN."""
    found = ((manifest.get("result") or {}).get("metrics") or {}).items()
    numbers = {name: as_number(value) for name, value in found}
    return {name: float("nan") if value is None else value for name, value in numbers.items()}
