"""Taking over what an older cache of backtests stored as pickles: ``backtrail runs migrate FOLDER``.

The folder has ``runs/ID.pkl``, and may have ``splits/NAME_fold_N.pkl`` and ``trades/ID_trades.parquet`` (or
``.csv.gz``). It is only read. No pickle is read in this process: see `pickles`.
"""

from __future__ import annotations

import json
import os
import stat
import struct
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import ManifestError, ModuleImportError
from ..runs.digests import blob_digest, digest
from ..runs.folds import adopt_fold
from ..runs.leaves import read_leaf
from ..runs.store.manifest import read_object
from ..runs.store.run import seconds
from .records import Draft, numbers_of
from .values import read_node

if TYPE_CHECKING:
    from ..runs.store import Store
    from .backtests import BacktestCache

LARGEST: Final = 1 << 30
"""Bytes of the largest file that is read."""

_KEY: Final = "backtrail-migrated/1"
_DATA: Final = "backtrail-migrated-data/1"
_KINDS: Final = frozenset(("leaf", "table", "dict", "tuple", "list"))
_PROGRAM: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from backtrail.cache.pickles import serve; serve()"
)


@dataclass(slots=True)
class Migrated:
    """What became of the files of an older cache, by their names in its folder.

    ``runs`` has the id of each run that is stored, ``present`` of those that were stored before; ``splits`` and
    ``trades`` are the folds and the trades without a result that were stored. ``refused`` says why a file was not
    read; it is left as it is. ``notes`` says what of a stored run is lacking.
    """

    runs: dict[str, str] = field(default_factory=dict)
    present: dict[str, str] = field(default_factory=dict)
    splits: list[str] = field(default_factory=list)
    trades: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)


class _Unreadable(ValueError):
    """A file that is not taken over, and why."""


def migrate(folder: str | os.PathLike[str], cache_dir: str | os.PathLike[str] | Store | None = None) -> Migrated:
    """Take the results, folds and trades in *folder*, the folder of an older cache, into the cache at *cache_dir*.

    The folder is left as it is, and another call stores nothing twice. A run keeps name, parameters, metrics, tables,
    the range of its data and its time. Data and code are not known, so it answers no call: it is listed, compared and
    ranked, with the runs that had the same hash of data. ValueError for a folder that is none of such a cache.
    """
    from .backtests import BacktestCache

    if find_spec("pandas") is None:
        raise ModuleImportError(
            "migrating an older cache - expected pandas, which its frames are of - it is not installed - "
            "pip install 'backtrail[pandas]'"
        )
    root = Path(folder)
    files = {
        name: sorted(one.name for one in (root / name).iterdir()) if (root / name).is_dir() else []
        for name in ("runs", "splits", "trades")
    }
    pickles = [name for name in files["runs"] if name.endswith(".pkl")]
    folds = [name for name in files["splits"] if name.endswith(".pkl")]
    if not pickles and not folds and not (root / "backtest_index.json").is_file():
        raise ValueError(
            f"migrating {os.fspath(folder)} - expected the folder of an older cache, with runs/*.pkl - found none - "
            "name the folder that has backtest_index.json"
        )
    cache = BacktestCache(cache_dir)
    done = Migrated()
    with _Reader() as reader:
        for name in pickles:
            _take(done, f"runs/{name}", partial(_run, done, cache, reader, root, files["trades"]))
        for name in folds:
            _take(done, f"splits/{name}", partial(_fold, done, cache, reader, root))
        for name in files["trades"]:
            run = _trades_of(name)
            if run is not None and f"{run}.pkl" not in pickles:
                _take(done, f"trades/{name}", partial(_trades, done, cache, reader, root, run))
    for run in _listed(root):
        if f"{run}.pkl" not in pickles:
            done.refused[f"backtest_index.json: {run}"] = "the file of its result is not there"
    return done


def _take(done: Migrated, path: str, work: Callable[[str], None]) -> None:
    """Let *work* take the file at *path* over, or note why it does not."""
    try:
        work(path)
    except (_Unreadable, OSError) as error:
        done.refused[path] = str(error)


def _run(
    done: Migrated, cache: BacktestCache, reader: _Reader, root: Path, trades: list[str], path: str
) -> None:
    name = path.removeprefix("runs/").removesuffix(".pkl")
    parts = [_content(root, path)]
    beside = next((one for one in trades if _trades_of(one) == name), None)
    if beside is not None:
        parts.append(_content(root, f"trades/{beside}"))
    head, tables = reader.ask("result", parts)
    draft, metadata = _draft(head, tables), _value(head.get("metadata"), {})
    manifest = _manifest(name, metadata, draft, blob_digest(parts[0]))
    known = cache.store.lookup(manifest["key"])
    stored = cache.keep_draft(draft, manifest)
    if not stored.stored:
        raise _Unreadable(f"it was read and could not be stored: {stored.reason}")
    (done.runs if known is None else done.present)[path] = str(stored)
    notes = [str(one) for one in head.get("notes") or ()]
    if notes:
        done.notes[path] = notes


def _manifest(name: str, metadata: Any, draft: Draft, file: str) -> dict[str, Any]:
    """Give the record of a run of another cache: what is known of it, and nothing that is not."""
    if not isinstance(metadata, dict) or not isinstance(metadata.get("strategy_name"), str):
        raise _Unreadable("it does not say of which strategy it is")
    slots = read_node(draft.node, draft.writer.tables.__getitem__)
    old = str(metadata.get("data_hash") or "")
    data = {"name": "data", "fingerprint": digest(_DATA, old.encode("utf-8", "surrogatepass"))}
    for end, written in (("first", "start_date"), ("last", "end_date")):
        if hasattr(metadata.get(written), "isoformat"):
            data[end] = metadata[written].isoformat()
    params = metadata.get("parameters")
    at = seconds(metadata.get("timestamp"))
    return {
        "key": digest(_KEY, name.encode("utf-8", "surrogatepass"), draft.payload.encode("ascii")),
        "status": "finished",
        "strategy": metadata["strategy_name"],
        "engine": {"name": "unknown"},
        "params": {str(key): value for key, value in params.items()} if isinstance(params, dict) else {},
        "data": [data],
        "purity": ["migrated"],
        "result": {"metrics": numbers_of(slots.get("metrics")), "artifacts": {}},
        "cache": {"format": 1, "kind": "direct", "data_hash": old, "migrated": {"run": name, "file": file}},
        **({} if at is None else {"time": {"start": at, "end": at}}),
    }


def _fold(done: Migrated, cache: BacktestCache, reader: _Reader, root: Path, path: str) -> None:
    head, _ = reader.ask("split", [_content(root, path)])
    told: Any = head.get("split")
    try:
        fold = {name: told[name] for name in ("split_id", "fold", "total_folds", "train_hash", "test_hash")}
        for part in ("train", "test"):
            first, last = (read_leaf(one) for one in told[f"{part}_range"])
            if hasattr(first, "isoformat") != hasattr(last, "isoformat"):
                raise ValueError("its ranges have ends of two kinds")
            fold[f"{part}_ends"] = (first, last)
        if adopt_fold(cache.store, fold):
            done.splits.append(path)
        else:
            done.present[path] = f"fold {fold['fold']} of {fold['split_id']}"
    except (KeyError, TypeError, ValueError) as error:
        raise _Unreadable(f"it holds no fold of a split: {error}") from error


def _trades(done: Migrated, cache: BacktestCache, reader: _Reader, root: Path, run: str, path: str) -> None:
    if cache.get_cached_trades(run) is not None:
        done.present[path] = run
        return
    head, tables = reader.ask("trades", [_content(root, path)])
    try:
        cache.cache_trades(run, _value(head.get("node"), tables))
    except (ValueError, TypeError) as error:
        raise _Unreadable(f"its trades cannot be stored: {error}") from error
    done.trades.append(path)


def _trades_of(name: str) -> str | None:
    """Give the run whose trades file *name* holds."""
    for ending in ("_trades.parquet", "_trades.csv.gz"):
        if name.endswith(ending):
            return name.removesuffix(ending)
    return None


def _content(root: Path, path: str) -> bytes:
    """Read a file of the folder: a plain file of a size that is read, no link that leads elsewhere."""
    found = os.lstat(root / path)
    if not stat.S_ISREG(found.st_mode):
        raise _Unreadable("it is no plain file")
    if found.st_size > LARGEST:
        raise _Unreadable(f"it has {found.st_size:,} bytes, more than the {LARGEST:,} that are read")
    return (root / path).read_bytes()


def _listed(root: Path) -> list[str]:
    """Give the runs that the old index lists; none if it cannot be read."""
    try:
        told = json.loads(_content(root, "backtest_index.json"))
    except (OSError, ValueError, RecursionError):
        return []
    return [str(run) for run in told] if isinstance(told, dict) else []


# -- answers ---------------------------------------------------------------------------------------------------------


def _draft(head: dict[str, Any], tables: Mapping[str, Any]) -> Draft:
    """Give the result in an answer as a draft, having looked at every part of it."""
    draft = Draft()
    draft.node = head.get("node") or {}
    _value(draft.node, tables)
    draft.writer.tables.update(tables)
    draft.left_out = [str(one) for one in head.get("left_out") or ()]
    return draft


def _value(node: Any, tables: Mapping[str, Any]) -> Any:
    """Read the value of a node that came from a stranger: containers, plain values and frames only."""
    pending = [node]
    while pending:
        one = pending.pop()
        kind = one.get("k") if isinstance(one, dict) else None
        if kind not in _KINDS:
            raise _Unreadable("the process that read it gave no answer that is understood")
        held = one.get("v")
        if kind in ("tuple", "list") and isinstance(held, list):
            pending += held
        elif kind == "dict" and isinstance(held, list):
            pending += [pair[1] for pair in held if isinstance(pair, list) and len(pair) == 2]
    try:
        return read_node(node, lambda name: tables[name])
    except ValueError as error:
        raise _Unreadable(str(error)) from error


class _Reader:
    """The process that reads, started when it is needed and started again when it has ended."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> _Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def ask(self, kind: str, parts: list[bytes]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Have *parts* read; give head and tables of the answer. _Unreadable says why there is none."""
        if self._process is None:
            self._process = _started()
        source, target = self._process.stdin, self._process.stdout
        if source is None or target is None:
            raise _Unreadable("the process that reads pickles has no pipes")
        try:
            source.write(json.dumps([kind, [len(part) for part in parts]]).encode("ascii") + b"\n")
            for part in parts:
                source.write(part)
            source.flush()
            told = _whole(target, struct.unpack(">Q", _whole(target, 8))[0])
        except (OSError, EOFError) as error:
            self._end()
            raise _Unreadable("the process that read it ended without an answer") from error
        if not hasattr(os, "fork"):
            self._end()  # one process for each pickle
        return _read_answer(told)


def _started() -> subprocess.Popen[bytes]:
    paths = json.dumps([os.path.abspath(one) for one in sys.path if one and os.path.exists(one)])
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "TZDIR", "PYTHONTZPATH") if name in os.environ}
    return subprocess.Popen(
        [sys.executable, "-I", "-B", "-c", _PROGRAM, paths],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=kept, close_fds=True,
    )  # fmt: skip


def _whole(source: Any, size: int) -> bytes:
    data: bytes = source.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _read_answer(told: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    import pyarrow as pa

    tables: dict[str, Any] = {}
    try:
        (length,) = struct.unpack_from(">Q", told)
        head = read_object(told[8 : 8 + length], "an answer")
        if "refused" in head:
            raise _Unreadable(str(head["refused"]))
        at = 8 + length
        for name, size in head.get("tables") or ():
            table = pa.ipc.open_file(pa.BufferReader(told[at : at + size])).read_all()
            table.validate(full=True)
            tables[str(name)] = table
            at += size
    except (struct.error, TypeError, ManifestError, pa.ArrowException) as error:
        raise _Unreadable(f"the process that read it gave no answer that is understood: {error}") from error
    return head, tables


__all__ = ["Migrated", "migrate"]
