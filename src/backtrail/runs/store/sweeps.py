"""Sweeps: many runs that share code, data and settings. What they share is in the plan, once; each run is one record.

A run of a sweep is written as one flushed append to a segment, and reads as the manifest that plan and record make
together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import ManifestError, StoreVersionError
from .faults import writing
from .files import Files
from .layout import SWEEPS, check_name, new_run_id
from .manifest import SCHEMA, Manifest, check, dump, read_object, read_sealed, seal, to_plain
from .segments import SegmentWriter, scan

_KEEP = re.compile(r"(?:all|metrics|top:([1-9][0-9]{0,8}))\Z")
_ANY_RUN = "00000000-0000-7000-8000-000000000000"


@dataclass(frozen=True, slots=True)
class Keep:
    """Which results of a sweep's runs are kept: of all, of the best *top* by its objective, or of none."""

    metrics_only: bool = False
    top: int | None = None


def keep_of(plan: Manifest) -> Keep:
    """Read ``plan["keep"]``: ``"all"`` (the default), ``"metrics"`` or ``"top:50"``; `ManifestError` for another."""
    written = plan.get("keep", "all")
    found = _KEEP.match(written) if isinstance(written, str) else None
    if found is None:
        raise ManifestError(f"reading a plan - expected keep 'all', 'metrics' or 'top:50' - found {written!r:.80}")
    if found[1] is None:
        return Keep(metrics_only=written == "metrics")
    return Keep(top=int(found[1]))


class Sweep:
    """One sweep of a store. Threads may share it, and processes may each open it and append."""

    def __init__(self, files: Files, name: str, plan: Manifest, url: str) -> None:
        """Stand for sweep *name* with its *plan* in the store at *url*."""
        self.id = name
        self.plan = plan
        self._files = files
        self._url = url
        self._writer = SegmentWriter(files, sweep_folder(name))

    @property
    def common(self) -> Manifest:
        """What every run's manifest has in common."""
        common: Manifest = self.plan.get("common") or {}
        return common

    @property
    def objective(self) -> str | None:
        """The metric that decides which run is the best."""
        objective = self.plan.get("objective")
        return objective if isinstance(objective, str) else None

    @property
    def keep(self) -> Keep:
        """Which results are kept, as ``plan["keep"]`` says."""
        return keep_of(self.plan)

    def append(self, record: Mapping[str, Any]) -> str:
        """Append one run; it is on the medium when this returns. Give its id.

        *record* is a manifest without what the plan says; ``run`` and ``status`` are filled in if missing.
        """
        return self.append_all([record])[0]

    def append_all(self, records: Sequence[Mapping[str, Any]]) -> list[str]:
        """Append several runs with one flush; give their ids."""
        plain = []
        for record in records:
            item = to_plain({"run": new_run_id(), "status": "finished", **record})
            check_record(self.id, self.common, item)
            if self.keep.metrics_only and item.get("result"):
                item["result"].pop("artifacts", None)
            plain.append(item)
        with writing(f"appending to sweep {self.id!r}", self._url):
            self._writer.append_all([dump(item) for item in plain])
        return [item["run"] for item in plain]

    def manifests(self) -> Iterator[Manifest]:
        """Give the manifest of every run in every segment; torn tails and refused records are passed over."""
        for entry in list(self._files.list(sweep_folder(self.id))):
            if not entry.name.endswith(".seg"):
                continue
            for record in scan(self._files.read(entry.name)):
                try:
                    yield read_record(self.id, self.common, record.data)
                except ManifestError:
                    continue

    def close(self) -> None:
        """Close the segment; a later append begins another."""
        self._writer.close()


def sweep_folder(name: str) -> str:
    """Give the folder of sweep *name*."""
    return f"{SWEEPS}/{check_name('sweep', name)}"


def create(files: Files, name: str, plan: Mapping[str, Any], url: str) -> Sweep:
    """Make sweep *name*, or open it if it was made with the same *plan*; raise ValueError if with another."""
    plain = {"schema": SCHEMA, "sweep": name, **to_plain(plan)}
    check_plan(name, plain)
    if not files.put_new(f"{sweep_folder(name)}/plan.json", seal(plain)):
        found = read_plan(files, name)
        if found != plain:
            raise ValueError(
                f"beginning sweep {name!r} - expected the plan it was begun with - found another - "
                "choose another name, or open it without a plan"
            )
    return Sweep(files, name, plain, url)


def read_plan(files: Files, name: str) -> Manifest:
    """Read the plan of sweep *name*; raise FileNotFoundError if there is none, `ManifestError` if it is refused."""
    plain = read_sealed(files.read(f"{sweep_folder(name)}/plan.json"), "a plan")
    check_plan(name, plain)
    return plain


def check_plan(name: str, plain: Manifest) -> None:
    """Check what this version knows of a plan."""
    schema, common = plain.get("schema"), plain.get("common", {})
    if type(schema) is not int or schema < 1:
        raise ManifestError(f"reading the plan of sweep {name!r} - expected a schema - found {schema!r}")
    if schema > SCHEMA:
        raise StoreVersionError(
            f"reading the plan of sweep {name!r} - expected a schema up to {SCHEMA} - found {schema} - "
            "a later version of backtrail wrote it: update backtrail to read it"
        )
    if plain.get("sweep") != name or not isinstance(common, dict):
        raise ManifestError(f"reading the plan of sweep {name!r} - expected its name and an object 'common'")
    check({"status": "finished", **common, "schema": SCHEMA, "run": _ANY_RUN})
    keep_of(plain)


def merge(name: str, common: Manifest, record: Manifest) -> Manifest:
    """Give the manifest that *common* and *record* make: sections of both are joined, the record's fields winning."""
    merged = {"schema": SCHEMA, **common}
    for field, value in record.items():
        shared = common.get(field)
        merged[field] = {**shared, **value} if isinstance(shared, dict) and isinstance(value, dict) else value
    sweep = merged.get("sweep")
    merged["sweep"] = {**(sweep if isinstance(sweep, dict) else {}), "id": name}
    return merged


def read_record(name: str, common: Manifest, data: bytes) -> Manifest:
    """Read one record of sweep *name* as a manifest; raise `ManifestError` if it is refused."""
    record = read_object(data, "a record")
    check_record(name, common, record)
    return merge(name, common, record)


def check_record(name: str, common: Manifest, record: Manifest) -> None:
    """Check one record by itself: the plan was checked when it was read."""
    sweep = record.get("sweep")
    joined = {**(sweep if isinstance(sweep, dict) else {}), "id": name}
    check({"schema": SCHEMA, "status": common.get("status"), **record, "sweep": joined})
