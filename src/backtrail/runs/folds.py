"""Folds of walk-forward analyses: what a run carries of the fold it belongs to, and single folds in the store.

A fold in the store is one sealed file of its own, below a folder named by the digest of its split id: any text is a
split id, and processes that store folds of one set do not touch each other's files.
"""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ..errors import BacktrailError, BacktrailWarning, ManifestError
from .digests import digest
from .fingerprint import fingerprint
from .store.faults import reading, writing
from .store.manifest import read_sealed, seal

if TYPE_CHECKING:
    from .store import Run, Store

FORMAT: Final = 1
_ID: Final = "backtrail-split-id/1"
_FOLD: Final = "backtrail-split-fold/1"


class LeakWarning(BacktrailWarning):
    """A fold that is tested on what it was trained on, or may be."""


class SplitReplacedWarning(BacktrailWarning):
    """A fold that was stored before, of other data."""


class SplitMismatch(BacktrailError, ValueError):
    """Data that is not what a split was made of."""


@dataclass(frozen=True, slots=True)
class Split:
    """The fold a run belongs to: set, number and number of folds, and the times it trains and is tested on."""

    set: str
    name: str
    fold: int
    folds: int
    train: tuple[str | None, str | None] = (None, None)
    test: tuple[str | None, str | None] = (None, None)
    purge: int = 0
    embargo: int = 0

    def entry(self) -> dict[str, Any]:
        """Give what a manifest says of the fold."""
        return {
            "set": self.set, "name": self.name, "fold": self.fold, "folds": self.folds, "purge": self.purge,
            "embargo": self.embargo, "train": list(self.train), "test": list(self.test),
        }  # fmt: skip


_current: ContextVar[Split | None] = ContextVar("backtrail_fold", default=None)


def current_fold() -> Split | None:
    """Give the fold within which the caller runs; None outside of `in_fold`."""
    return _current.get()


@contextlib.contextmanager
def in_fold(split: Split) -> Iterator[Split]:
    """Let the runs that are cached within the block carry *split*."""
    token = _current.set(split)
    try:
        yield split
    finally:
        _current.reset(token)


def note_fold(store: Store, run: Run, fold: Split) -> str:
    """Record that the stored result *run* is that of *fold* too, unless that is known; give the run that carries it."""
    said = fold.entry()
    if run.manifest.get("split") == said:
        return run.id
    sql = "SELECT id FROM runs WHERE key=? AND splits=? AND fold=? AND status IN ('finished', 'cached')"
    known = store.search.ask(sql, [run.key, said["set"], said["fold"]])
    if known:
        return str(known[0][0])
    manifest = {name: one for name, one in run.manifest.items() if name not in ("run", "schema", "time", "seal")}
    now = time.time()
    manifest |= {
        "status": "cached",
        "attempt_of": run.id,
        "split": said,
        "time": {"start": now, "end": now},
    }
    return store.commit(manifest)


def rows_of(data: Any) -> int:
    """Count the rows of a frame, series, table, array or mapping of arrays."""
    if isinstance(data, Mapping):
        return len(next(iter(data.values()))) if data else 0
    rows = getattr(data, "num_rows", None)
    return int(rows) if rows is not None else len(data)


def range_of(data: Any) -> tuple[str | None, str | None]:
    """Give the first and the last time of a table (ISO 8601); None without times."""
    told = fingerprint(data)
    return told.first, told.last


# -- single folds ----------------------------------------------------------------------------------------------------


def _folder(split_id: str) -> str:
    return f"splits/{digest(_ID, str(split_id).encode('utf-8', 'surrogatepass'))[3:]}"


def _whole(name: str, value: Any) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise ValueError(f"caching a split - expected {name} to be a whole number - found {value!r:.60}")
    return int(value.__index__())


def _number(fold: Any, total: Any) -> tuple[int, int]:
    number, folds = _whole("fold_number", fold), _whole("total_folds", total)
    if folds < 1 or not 0 <= number <= folds:
        raise ValueError(
            f"caching a split - expected a fold from 0 to {folds} - found fold {number} of {folds}"
        )
    return number, folds


def write_fold(store: Store, split_id: str, train: Any, test: Any, fold_number: int, total_folds: int) -> str:
    """Store what a fold is made of; give its key (64 hexadecimal digits)."""
    number, folds = _number(fold_number, total_folds)
    for part, held in (("train", train), ("test", test)):
        if not rows_of(held):
            raise ValueError(
                f"caching fold {number} of split {split_id!r:.80} - expected rows to {part} on - found none - "
                f"{part} data must not be empty"
            )
    told = {"train": fingerprint(train, "train"), "test": fingerprint(test, "test")}
    for text in _leaks(train, test, told):
        warnings.warn(f"Fold {number} of split {split_id!r:.80}: {text}", LeakWarning, stacklevel=4)
    plain: dict[str, Any] = {
        "format": FORMAT,
        "fold": number,
        "total_folds": folds,
        "stored": time.time_ns(),
    }
    for part, one in told.items():
        ends = _ends(train if part == "train" else test)
        plain[part] = {
            "hash": one.digest, "rows": one.rows, "first": one.first, "last": one.last, "columns": one.columns,
            "ends": ends,
        }  # fmt: skip
    written = str(split_id).encode("utf-8", "surrogatepass")
    plain["split_id"] = written.hex()
    _say_replaced(store, split_id, (number, folds), told)
    with writing("storing a fold", store.url):
        store.files.put(f"{_folder(split_id)}/{number}-{folds}.json", seal(plain))
    return digest(_FOLD, written, str(number).encode(), str(folds).encode())[3:]


def _say_replaced(store: Store, split_id: str, fold: tuple[int, int], told: Mapping[str, Any]) -> None:
    try:
        known = read_fold(store, split_id, *fold)
    except ManifestError:
        return  # it cannot be read any more
    changed = [part for part in ("train", "test") if known is not None and known[f"{part}_hash"] != told[part].digest]
    if changed:
        warnings.warn(
            f"Fold {fold[0]} of split {split_id!r:.80} was stored with other {' and '.join(changed)} data; it is "
            "replaced. Give another analysis an id of its own.",
            SplitReplacedWarning,
            stacklevel=5,
        )


def adopt_fold(store: Store, told: Mapping[str, Any]) -> bool:
    """Store what another cache knew of a fold; tell whether it was not there yet.

    *told* has ``split_id``, ``fold``, ``total_folds`` and, for ``train`` and ``test``, ``…_ends`` (two labels) and
    ``…_hash``: a text that is no fingerprint, so that data is never taken for the same by it.
    """
    number, folds = _number(told["fold"], told["total_folds"])
    plain: dict[str, Any] = {"format": FORMAT, "fold": number, "total_folds": folds, "stored": time.time_ns()}
    for part in ("train", "test"):
        first, last = told[f"{part}_ends"]
        times = {"first": first.isoformat(), "last": last.isoformat()} if hasattr(first, "isoformat") else {}
        if times and getattr(first, "tz", None) is not None:
            times["zone"] = str(first.tz)
        ends = None if times else [first, last]
        plain[part] = {"hash": f"unknown:{told[f'{part}_hash']}", "rows": None, "columns": {}, "ends": ends, **times}
    written = str(told["split_id"]).encode("utf-8", "surrogatepass")
    plain["split_id"] = written.hex()
    with writing("storing a fold", store.url):
        return store.files.put_new(f"{_folder(told['split_id'])}/{number}-{folds}.json", seal(plain))


def read_fold(
    store: Store, split_id: str, fold_number: int, total_folds: int | None = None
) -> dict[str, Any] | None:
    """Give what was stored of a fold; None if there is nothing. ManifestError if it is not as it was written."""
    number = _whole("fold_number", fold_number)
    found: list[dict[str, Any]] = []
    with reading("reading a fold", store.url):
        for entry in list(store.files.list(_folder(split_id))):
            stem = entry.name.rpartition("/")[2].removesuffix(".json")
            at, _, folds = stem.partition("-")
            if at == str(number) and (total_folds is None or folds == str(total_folds)):
                found.append(_plain(store.files.read(entry.name), split_id))
    return max(found, key=lambda one: int(one.pop("stored"))) if found else None


def _plain(data: bytes, split_id: str) -> dict[str, Any]:
    plain = read_sealed(data, "a fold")
    try:
        if plain["format"] != FORMAT:
            raise ManifestError(f"reading a fold - expected format {FORMAT} - found {plain['format']!r:.40}")
        made = {
            "split_id": bytes.fromhex(plain["split_id"]).decode("utf-8", "surrogatepass"),
            "fold": int(plain["fold"]),
            "total_folds": int(plain["total_folds"]),
            "stored": int(plain["stored"]),
        }
        for part in ("train", "test"):
            made[f"{part}_range"] = _range(plain[part])
            made[f"{part}_hash"] = str(plain[part]["hash"])
            rows = plain[part]["rows"]
            made[f"{part}_rows"] = None if rows is None else int(rows)
            made[f"{part}_columns"] = dict(plain[part]["columns"])
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise ManifestError(f"reading a fold - expected what was stored - found: {error!r}") from error
    if made["split_id"] != str(split_id):
        raise ManifestError(f"reading a fold - expected split {split_id!r:.80} - found another")
    return made


def _ends(data: Any) -> list[Any] | None:
    """Give the first and last label of an index that holds no times: whole numbers or texts."""
    index = getattr(data, "index", None)
    if index is None or callable(index) or getattr(getattr(index, "dtype", None), "kind", "M") == "M":
        return None
    ends = [index[0], index[-1]]
    ends = [one.item() if hasattr(one, "item") else one for one in ends]
    return ends if all(type(one) in (int, float, str) for one in ends) else None


def _range(part: Mapping[str, Any]) -> tuple[Any, Any]:
    """Give the first and last label of a part: times as pandas has them."""
    if part.get("ends") is not None:
        first, last = part["ends"]
        return first, last
    if part.get("first") is None:
        return (None, None)
    import pandas as pd

    found = pd.Timestamp(part["first"]), pd.Timestamp(part["last"])
    if isinstance(part.get("zone"), str):
        with contextlib.suppress(KeyError, ValueError, TypeError):  # a zone that this machine does not know
            return found[0].tz_convert(part["zone"]), found[1].tz_convert(part["zone"])
    return found


def _leaks(train: Any, test: Any, told: Mapping[str, Any]) -> list[str]:
    """Name what is wrong between training and test data, as far as their times say."""
    indices = [getattr(one, "index", None) for one in (train, test)]
    if not all(getattr(getattr(one, "dtype", None), "kind", "") == "M" for one in indices):
        return []
    left, right = indices
    if left is None or right is None:
        return []
    shared = left.intersection(right)
    if len(shared):
        return [f"training and test data share {len(shared)} times, the first is {shared[0]}"]
    try:
        if left.max() > right.min():
            return [
                f"training data goes on until {told['train'].last}, test data begins at {told['test'].first}"
            ]
    except TypeError:
        return ["training and test data have times of which only one has a zone"]
    return []


def verify_fold(found: Mapping[str, Any], data: tuple[Any, Any]) -> None:
    """Raise `SplitMismatch` unless *data*, training and test, are what a fold was made of."""
    for part, held in zip(("train", "test"), data, strict=True):
        told = fingerprint(held, part)
        if told.digest == found[f"{part}_hash"]:
            continue
        before, after = found[f"{part}_columns"], told.columns
        if found[f"{part}_rows"] is None:
            what = "a fold of another cache, of which only the ranges are known"
        elif told.rows != found[f"{part}_rows"]:
            what = f"{found[f'{part}_rows']} rows - {told.rows}"
        elif list(before) != list(after):
            what = f"columns {list(before)} - {list(after)}"
        else:
            changed = [name for name in before if before[name] != after[name]]
            what = f"other values in {changed}" if changed else "names or types of the columns"
        raise SplitMismatch(
            f"checking fold {found['fold']} of split {found['split_id']!r:.80} - expected the "
            f"{part} data it was stored with "
            f"- found {what} - pass that data, or store the fold again"
        )


__all__ = [
    "LeakWarning",
    "Split",
    "SplitMismatch",
    "SplitReplacedWarning",
    "adopt_fold",
    "current_fold",
    "in_fold",
    "note_fold",
    "range_of",
    "read_fold",
    "rows_of",
    "verify_fold",
    "write_fold",
]
