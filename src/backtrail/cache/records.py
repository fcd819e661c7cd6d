"""Cached backtests as records of the store: how they are written, and how results come back from them."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from ..errors import StoreError
from ..runs.environment import engine_entry
from ..runs.plain import UnstorableValue
from ..runs.store.run import seconds, start_of
from ..runs.store.values import as_number
from .model import BacktestMetadata, BacktestResult
from .values import Node, Writer, payload_digest, read_node

if TYPE_CHECKING:
    import pandas as pd

    from ..runs.key import RunKey
    from ..runs.store import Run, Work

FORMAT: Final = 1
LARGEST_INLINE: Final = 32 * 1024
SLOTS: Final = ("metrics", "trades", "equity_curve", "positions", "diagnostics")
SUMMARY: Final = ("sharpe_ratio", "total_return", "max_drawdown", "win_rate", "profit_factor")
LARGEST_METRICS: Final = 1000


class Draft:
    """A result in its stored form, before it is written."""

    def __init__(self) -> None:
        self.writer = Writer()
        self.node: Node = {}
        self.left_out: list[str] = []
        self.reason = ""

    @classmethod
    def of_slots(cls, slots: Mapping[str, Any]) -> Draft:
        """Make the draft of the parts of a result; what cannot be stored is left out and named."""
        made = cls()
        pairs = []
        for name, value in slots.items():
            try:
                pairs.append([name, made.writer.node(value, name)])
            except UnstorableValue as error:
                made._leave_out_(error)
                pairs.append([name, made._rest(name, value)])
        made.node = {"k": "dict", "v": pairs}
        return made

    def _rest(self, name: str, value: Any) -> Node:
        """Give the node of what can be stored of a dict."""
        if type(value) is not dict:
            return {"k": "leaf", "v": None}
        pairs = []
        for key, one in value.items():
            try:
                pairs.append(self.writer.node({key: one}, name)["v"][0])
            except UnstorableValue as error:
                self._leave_out_(error)
        return {"k": "dict", "v": pairs}

    def _leave_out_(self, error: UnstorableValue) -> None:
        text = str(error)
        if text not in self.left_out:
            self.left_out.append(text)
        self.reason = self.reason or text

    @classmethod
    def of_result(cls, value: Any) -> Draft:
        """Make the draft of what a function returned; what cannot be stored makes it one that is not served."""
        made = cls()
        try:
            made.node = made.writer.node(value, "result")
        except UnstorableValue as error:
            made.writer = Writer()
            made._leave_out_(error)
        return made

    @property
    def servable(self) -> bool:
        """Whether the result comes back as it was."""
        return bool(self.node) and not self.left_out

    @property
    def payload(self) -> str:
        """The digest of the result."""
        return payload_digest(self.node)

    def place(self, work: Work, said: dict[str, Any]) -> dict[str, Any]:
        """Have tables and shape stored with *work*, fill in *said*, the record's own section; give the artifacts."""
        artifacts: dict[str, Any] = {}
        tables = self.writer.tables
        for name, stored in work.put_tables(tables).items():
            artifacts[name] = {"blob": stored.blob, "content": stored.content, "rows": tables[name].num_rows}
        said["payload"] = self.payload
        written = json.dumps(self.node, separators=(",", ":")).encode("ascii")
        if len(written) > LARGEST_INLINE:
            artifacts["shape"] = {"blob": work.put(written)}
        else:
            said["shape"] = written.decode("ascii")
        return artifacts


def numbers_of(metrics: Any, lead: str = "") -> dict[str, float]:
    """Give the numbers in a mapping of metrics, those of inner mappings with dots; what is no number is left out."""
    found: dict[str, float] = {}
    if isinstance(metrics, Mapping):
        for name, value in metrics.items():
            path = f"{lead}{name}"
            if isinstance(value, Mapping):
                found.update(numbers_of(value, f"{path}."))
                continue
            if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
                value = value.item()  # a scalar of numpy
            number = as_number(value)
            if number is not None and path and len(found) < LARGEST_METRICS:
                found[path] = number
    return found


def manifest_of(
    *,
    name: str,
    kind: str,
    key: RunKey | None,
    parameters: Mapping[str, Any],
    data: list[dict[str, Any]],
    data_hash: str | None,
    metrics: Mapping[str, float],
    begun: float,
    more: Mapping[str, Any],
) -> dict[str, Any]:
    """Give the manifest of a cached backtest without its results. *more* are sections of its own."""
    made: dict[str, Any] = {
        "status": "finished",
        "strategy": name,
        "engine": engine_entry(),
        "params": dict(parameters),
        "data": data,
        "purity": ["pure"],
        "result": {"metrics": dict(metrics), "artifacts": {}},
        "cache": {"format": FORMAT, "kind": kind},
        "time": {
            "start": datetime.fromtimestamp(begun, UTC).isoformat(),
            "end": datetime.now(UTC).isoformat(),
        },
        **more,
    }
    if data_hash is not None:
        made["cache"]["data_hash"] = data_hash
    if key is not None:
        made["key"] = key.digest
        made["components"] = dict(key.components)
    return made


# -- back ------------------------------------------------------------------------------------------------------------


def own(run: Run) -> dict[str, Any]:
    """Give what the cache wrote of a run; nothing for a run that the engine recorded."""
    said = run.manifest.get("cache")
    return said if isinstance(said, dict) else {}


def is_servable(run: Run) -> bool:
    """Tell whether the stored result of a run is the whole result, in a format that is known."""
    said = own(run)
    return said.get("format") == FORMAT and said.get("servable") is True and not rests_elsewhere(run.manifest)


def rests_elsewhere(manifest: Mapping[str, Any]) -> bool:
    """Tell whether a result rests on something that its key does not know: its ``purity`` says on what.

    Records without it say ``outside`` of the cache.
    """
    reasons = {*(manifest.get("purity") or ())} - {"pure", "migrated"}
    return bool(reasons or (manifest.get("cache") or {}).get("outside"))


def value_of(run: Run) -> Any:
    """Give the stored result of a run; StoreError or ValueError if it cannot be read."""
    return read_node(node_of(run), run.table)


def node_of(run: Run) -> Node:
    """Give the stored form of the result of a run."""
    said = own(run)
    if said.get("format") != FORMAT:
        raise StoreError(
            f"reading run {run.id} - expected a cached result in format {FORMAT} - found {said.get('format')!r} - "
            "a run that the engine recorded has tables (run.trades); one of a later version needs that version"
        )
    written = said["shape"] if "shape" in said else run.bytes("shape")
    node = json.loads(written)
    if not isinstance(node, dict):
        raise ValueError(
            f"reading run {run.id} - expected the shape of its result - found {type(node).__name__}"
        )
    return node


def run_id_of(run: Run) -> str:
    """Give the id of a run as the cache writes it: its key in hexadecimal digits, or the id of its record."""
    return run.key.removeprefix("b3:") if run.key else run.id


def data_hash_of(run: Run) -> str:
    """Give the digest of the data of a run."""
    found = own(run).get("data_hash")
    if isinstance(found, str):
        return found
    entries = run.manifest.get("data") or [{}]
    return str(entries[0].get("fingerprint") or "")


def span_of(run: Run) -> tuple[str | None, str | None]:
    """Give the first and the last time of the data of a run, as they are written."""
    entries = [item for item in run.manifest.get("data") or () if item.get("first") and item.get("last")]
    if not entries:
        return None, None
    return str(entries[0]["first"]), str(entries[0]["last"])


def summary_of(run: Run) -> dict[str, float]:
    """Give the most important metrics of a run."""
    return {name: run.metrics[name] for name in SUMMARY if name in run.metrics}


def moments_of(run: Run) -> tuple[pd.Timestamp | None, pd.Timestamp | None]:
    """Give the first and the last time of the data of a run as pandas has them, in the zone of the data."""
    import pandas as pd

    zone = next((item.get("zone") for item in run.manifest.get("data") or () if item.get("first")), None)
    made = [None if text is None else pd.Timestamp(text) for text in span_of(run)]
    if isinstance(zone, str):
        with contextlib.suppress(KeyError, ValueError, TypeError):  # a zone that this machine does not know
            made = [one if one is None or one.tz is None else one.tz_convert(zone) for one in made]
    return made[0], made[1]


def splits_of(run: Run) -> list[tuple[str, str]] | None:
    """Give the ranges of training and test data of the fold a run belongs to; None without one."""
    split = run.manifest.get("split") or {}
    ranges = [split.get("train"), split.get("test")]
    found = [(one[0], one[1]) for one in ranges if isinstance(one, list) and len(one) == 2 and all(one)]
    return found or None


def metadata_of(run: Run, parameters: Mapping[str, Any] | None = None) -> BacktestMetadata:
    """Give the metadata of a run; *parameters* are those it was asked for with."""
    first, last = moments_of(run)
    splits = splits_of(run)
    return BacktestMetadata(
        strategy_name=run.strategy or "",
        parameters=dict(run.params if parameters is None else parameters),
        data_hash=data_hash_of(run),
        start_date=first,
        end_date=last,
        timestamp=start_of(run.manifest),
        run_id=run_id_of(run),
        splits=None if splits is None else [_range(*one) for one in splits],
        performance_summary=summary_of(run),
    )


def _range(first: str, last: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    import pandas as pd

    return pd.Timestamp(first), pd.Timestamp(last)


def result_of(run: Run, parameters: Mapping[str, Any] | None = None) -> BacktestResult:
    """Give a run as a result, whoever recorded it; StoreError or ValueError if it cannot be read."""
    metadata = metadata_of(run, parameters)
    if not own(run):
        tables = {
            name: run.table(name).to_pandas() for name in ("trades", "positions") if name in run.artifacts
        }
        equity = run.table("equity").to_pandas() if "equity" in run.artifacts else None
        return BacktestResult(
            metadata, dict(run.metrics), tables.get("trades"), equity, tables.get("positions")
        )
    value = value_of(run)
    slots = value if own(run).get("kind") == "direct" else slots_of(value)
    others = {name: slots.get(name) for name in SLOTS[1:]}
    return BacktestResult(metadata, slots.get("metrics") or {}, **others)


def slots_of(value: Any) -> dict[str, Any]:
    """Tell which part of what a function returned is what: metrics, trades, equity curve, positions, diagnostics.

    Parts of a dict that has an entry for one, or of an object, are known by name; those of a tuple by position.
    """
    from .values import fields_of

    names = fields_of(type(value))
    if names is not None:
        held = {name: getattr(value, name) for name in names}
        return held if "metrics" in held else _by_position(list(held.values()), held)
    if type(value) is dict:
        inner = isinstance(value.get("metrics"), Mapping)
        return (
            {**value}
            if inner
            else {"metrics": value, **{name: value[name] for name in SLOTS[1:] if name in value}}
        )
    if type(value) is tuple:
        return _by_position(list(value), {})
    return {"metrics": {"value": value}} if as_number(value) is not None else {"metrics": {}}


def _by_position(values: list[Any], named: dict[str, Any]) -> dict[str, Any]:
    found = dict(zip(SLOTS, values))
    found.update({name: value for name, value in named.items() if name in SLOTS})
    if not isinstance(found.get("metrics"), Mapping):
        found["metrics"] = {name: value for name, value in named.items() if as_number(value) is not None}
    return found


def is_finite(value: Any) -> bool:
    """Tell whether a metric is a number that can be compared."""
    number = as_number(value)
    return number is not None and math.isfinite(number)


def recorded_at(run: Run) -> float:
    """Give when a run was recorded, in seconds since 1970."""
    ended = seconds((run.manifest.get("time") or {}).get("end"))
    return start_of(run.manifest) if ended is None else ended


__all__ = [
    "FORMAT",
    "SLOTS",
    "Draft",
    "data_hash_of",
    "is_finite",
    "is_servable",
    "manifest_of",
    "metadata_of",
    "moments_of",
    "node_of",
    "numbers_of",
    "own",
    "recorded_at",
    "result_of",
    "run_id_of",
    "slots_of",
    "span_of",
    "splits_of",
    "summary_of",
    "value_of",
]
