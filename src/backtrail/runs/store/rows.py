"""What the index keeps of a manifest: one row per run, and one per metric, parameter, input and blob."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..digests import digest
from .manifest import Manifest
from .run import metrics_of, seconds, start_of, strategy_of
from .values import as_number

COLUMNS = (
    "id", "key", "strategy", "status", "start", "end", "wall", "sweep", "number", "splits", "fold",
    "code", "data", "config", "engine", "purity", "backtest_id", "folder", "offset", "length",
)  # fmt: skip

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a manifest is kept: its folder, or a segment with the bytes of the record in it."""

    folder: str
    offset: int | None = None
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one manifest; the number of the run is put before each of those that need it."""

    run: Row
    metrics: list[Row]
    params: list[Row]
    inputs: list[Row]
    blobs: list[Row]


def rows_of(manifest: Manifest, source: Source, stored: Manifest | None = None) -> Rows:
    """Give the rows of *manifest*, kept at *source*; *stored* is the part of it that names blobs of its own."""
    time = manifest.get("time") or {}
    start, end, wall = start_of(manifest), seconds(time.get("end")), as_number(time.get("wall"))
    if wall is None and end is not None:
        wall = end - start
    sweep, split = manifest.get("sweep") or {}, manifest.get("split") or {}
    number, fold = sweep.get("index"), split.get("fold")
    run = (
        manifest["run"],
        manifest.get("key"),
        strategy_of(manifest),
        manifest["status"],
        start,
        end,
        _finite(wall),
        sweep.get("id"),
        number if _small(number) else None,
        split.get("set") if isinstance(split.get("set"), str) else None,
        fold if _small(fold) else None,
        (manifest.get("code") or {}).get("closure"),
        data_digest(manifest),
        config_digest(manifest),
        _text((manifest.get("engine") or {}).get("version")),
        " ".join(item for item in manifest.get("purity") or () if isinstance(item, str)),
        manifest.get("backtest_id"),
        source.folder,
        source.offset,
        source.length,
    )
    metrics = [(name, None if math.isnan(value) else value) for name, value in metrics_of(manifest).items()]
    return Rows(run, metrics, list(params_of(manifest)), list(_inputs(manifest)), list(blob_rows(stored or manifest)))


def data_digest(manifest: Manifest) -> str | None:
    """Give one digest for all data of the run, None if it is not recorded."""
    found = [item.get("fingerprint") for item in manifest.get("data") or ()]
    if not found or None in found:
        return None
    return found[0] if len(found) == 1 else digest("backtrail-index-data/1", *(text.encode() for text in found))


def config_digest(manifest: Manifest) -> str | None:
    """Give one digest for the settings of the run, None if there are none recorded."""
    config = manifest.get("config")
    if not config:
        return None
    return digest("backtrail-index-config/1", json.dumps(config, sort_keys=True).encode("utf-8"))


def params_of(manifest: Manifest) -> Iterator[Row]:
    """Give every parameter as path (joined with dots), number and text; one of the two says the value."""
    seen = set()
    for path, value in flat(manifest.get("params") or {}):
        if path and path not in seen:
            seen.add(path)
            number = as_number(value)
            text = value if isinstance(value, str) else None if number is not None else json.dumps(value)
            if isinstance(value, bool):
                text = "true" if value else "false"
            yield path, _finite(number), text


def flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Give the leaves of nested objects with their paths, joined with dots."""
    pending = [(path, value)]
    while pending:
        path, item = pending.pop()
        if isinstance(item, dict) and item and not any(name.startswith("$") for name in item):
            inside = [(f"{path}.{name}" if path else name, held) for name, held in item.items()]
            pending.extend(reversed(inside))
        else:
            yield path, item


def _inputs(manifest: Manifest) -> Iterator[Row]:
    seen = set()
    for item in manifest.get("inputs") or ():
        if item["path"] not in seen:
            seen.add(item["path"])
            yield item["path"], item.get("digest")


def blob_rows(manifest: Manifest) -> Iterator[Row]:
    """Give digest and size of the artifacts and sources of *manifest*."""
    items = list(((manifest.get("result") or {}).get("artifacts") or {}).values())
    found = {item["blob"]: item.get("size") for item in items}
    for item in (manifest.get("code") or {}).get("files") or ():
        if item.get("raw"):
            found[item["raw"]] = item.get("size")
    for blob, size in found.items():
        yield blob, size if _small(size) else None


def _small(value: object) -> bool:
    return type(value) is int and -(1 << 63) <= value < 1 << 63


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
