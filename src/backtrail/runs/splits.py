"""Walk-forward splits: which rows a fold trains and is tested on, kept in the store and checked when they are used.

A `SplitSet` is its definition, the rows of every fold, and the fingerprints of the data as a whole and of each part.
Read with data at hand, it says where that differs from what it was made of.

Rows whose outcome reaches into the test rows teach what they are tested on: *purge* leaves out so many rows before test
rows, *embargo* so many after them. `SplitSet.leaks` names what is left.
"""

from __future__ import annotations

import itertools
import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ..errors import ManifestError
from .digests import digest
from .fingerprint import fingerprint
from .folds import (
    LeakWarning,
    Split,
    SplitMismatch,
    current_fold,
    in_fold,
    range_of,
    read_fold,
    rows_of,
    verify_fold,
    write_fold,
)
from .store.manifest import read_sealed, seal

if TYPE_CHECKING:
    from .store import Store

Rows = NDArray[np.int64]

FORMAT: Final = 1
_SET: Final = "backtrail-split-set/1"


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """One fold: the rows it trains and is tested on (ascending, counted from 0), and their fingerprints."""

    number: int
    train: Rows
    test: Rows
    train_fingerprint: str
    test_fingerprint: str
    train_range: tuple[str | None, str | None]
    test_range: tuple[str | None, str | None]


@dataclass(frozen=True, slots=True, eq=False)
class SplitSet:
    """The folds of one analysis. Make one with `walk_forward`, `k_fold` or `of`; ``id`` names it by its content."""

    definition: Mapping[str, Any]
    rows: int
    data: str
    folds: tuple[Fold, ...]
    id: str = field(default="")

    def __post_init__(self) -> None:
        if not self.id:
            object.__setattr__(self, "id", digest(_SET, json.dumps(self._plain(), sort_keys=True).encode()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SplitSet) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    # -- making --------------------------------------------------------------------------------------------------

    @classmethod
    def walk_forward(
        cls,
        data: Any,
        *,
        test: int,
        train: int | None = None,
        folds: int | None = None,
        step: int | None = None,
        purge: int = 0,
        embargo: int = 0,
        label_horizon: int = 0,
        name: str = "walk-forward",
    ) -> SplitSet:
        """Split *data* into folds that train on *train* rows and are tested on the *test* rows after them.

        With *train* None every fold trains on all rows before its test rows; the first then has as many as the test.
        The window moves on by *step* rows (default: *test*), *folds* times or as often as there are rows. *purge* rows
        before the test rows are left out of the training, and *embargo* rows more. *label_horizon* says how many rows
        the outcome of a row reaches ahead. ValueError if a number is out of range or there is not one whole fold.
        """
        rows = rows_of(data)
        step = test if step is None else step
        _from("test", test, 1), _from("step", step, 1)
        if train is not None:
            _from("train", train, 1)
        _settings(purge, embargo, label_horizon)
        gap = purge + embargo
        first = (test if train is None else train) + gap
        pairs: list[tuple[Rows, Rows]] = []
        for start in range(first, rows - test + 1, step):
            if folds is not None and len(pairs) == folds:
                break
            begin = 0 if train is None else start - gap - train
            pairs.append((np.arange(begin, start - gap), np.arange(start, start + test)))
        wanted = 1 if folds is None else _from("folds", folds, 1)
        if len(pairs) < wanted:
            raise ValueError(
                f"splitting {rows} rows - expected room for {wanted} fold(s) of {first} rows before "
                f"{test} test rows - found "
                f"room for {len(pairs)} - pass more data or smaller parts"
            )
        said = {"kind": "walk-forward", "train": train, "test": test, "step": step, "folds": len(pairs)}
        return cls.of(
            data, pairs, purge=purge, embargo=embargo, label_horizon=label_horizon, name=name, definition=said
        )

    @classmethod
    def k_fold(
        cls,
        data: Any,
        *,
        folds: int,
        purge: int = 0,
        embargo: int = 0,
        label_horizon: int = 0,
        name: str = "k-fold",
    ) -> SplitSet:
        """Split *data* into *folds* test parts in order; each trains on all other rows but those purged and embargoed.

        *purge* rows before and *embargo* rows after the test rows are left out of the training.
        """
        rows = rows_of(data)
        _settings(purge, embargo, label_horizon)
        if _from("folds", folds, 2) > rows:
            raise ValueError(
                f"splitting {rows} rows - expected at most {rows} folds - found {folds} - pass fewer"
            )
        pairs = []
        for part in np.array_split(np.arange(rows), folds):
            before, after = np.arange(0, max(part[0] - purge, 0)), np.arange(part[-1] + 1 + embargo, rows)
            pairs.append((np.concatenate([before, after]), part))
        said = {"kind": "k-fold", "folds": folds}
        return cls.of(
            data, pairs, purge=purge, embargo=embargo, label_horizon=label_horizon, name=name, definition=said
        )

    @classmethod
    def of(
        cls,
        data: Any,
        pairs: Sequence[tuple[Any, Any]],
        *,
        purge: int = 0,
        embargo: int = 0,
        label_horizon: int = 0,
        name: str = "given",
        definition: Mapping[str, Any] | None = None,
    ) -> SplitSet:
        """Make a set of *pairs* of training and test rows; warn of `LeakWarning` about what leaks between them.

        ValueError names the fold whose training or test has no rows, or rows that the data does not have.
        """
        rows = rows_of(data)
        _settings(purge, embargo, label_horizon)
        folds = []
        for number, (train, test) in enumerate(pairs):
            parts = [
                _rows_array(one, rows, f"fold {number}", part)
                for one, part in ((train, "train"), (test, "test"))
            ]
            frames = [_take(data, one) for one in parts]
            told = [fingerprint(one) for one in frames]
            ranges = [range_of(one) for one in frames]
            folds.append(
                Fold(number, parts[0], parts[1], told[0].digest, told[1].digest, ranges[0], ranges[1])
            )
        if not folds:
            raise ValueError(
                "making a split set - expected at least one fold - found none - pass pairs of rows"
            )
        said = dict(definition or {"kind": "given", "folds": len(folds)})
        said |= {"name": str(name), "purge": purge, "embargo": embargo, "label_horizon": label_horizon}
        made = cls(said, rows, fingerprint(data).digest, tuple(folds))
        for text in [*made.leaks(), *_times(data)]:
            warnings.warn(f"Split set {name!r}: {text}", LeakWarning, stacklevel=3)
        return made

    # -- using ---------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.folds)

    def __iter__(self) -> Iterator[Fold]:
        return iter(self.folds)

    def frames(self, data: Any, number: int) -> tuple[Any, Any]:
        """Give the training and test part of *data* for fold *number*; `SplitMismatch` if it is other data."""
        fold = self._fold(number)
        train, test = _take(data, fold.train), _take(data, fold.test)
        for part, held, expected in (
            ("train", train, fold.train_fingerprint),
            ("test", test, fold.test_fingerprint),
        ):
            if fingerprint(held).digest != expected:
                raise SplitMismatch(
                    f"taking fold {number} of split set {self.name!r} - expected the {part} data it was "
                    "made of - found "
                    "other values - pass that data, or make a set of this one"
                )
        return train, test

    @property
    def name(self) -> str:
        """The name of the set."""
        return str(self.definition.get("name", ""))

    def verify(self, data: Any) -> None:
        """Raise `SplitMismatch`, naming the folds it concerns, if *data* is not what the set was made of."""
        rows = rows_of(data)
        if rows != self.rows:
            raise SplitMismatch(
                f"checking split set {self.name!r} - expected {self.rows} rows - found {rows}"
            )
        if fingerprint(data).digest == self.data:
            return
        changed = [
            fold.number
            for fold in self.folds
            if fingerprint(_take(data, fold.train)).digest != fold.train_fingerprint
            or fingerprint(_take(data, fold.test)).digest != fold.test_fingerprint
        ]
        raise SplitMismatch(
            f"checking split set {self.name!r} - expected the data it was made of - found other values, in folds "
            f"{changed or 'none: only in rows that no fold uses'} - make a set of this data"
        )

    def leaks(self) -> list[str]:
        """Name every way in which a fold is tested on what it was trained on."""
        purge, embargo = int(self.definition.get("purge", 0)), int(self.definition.get("embargo", 0))
        horizon = int(self.definition.get("label_horizon", 0))
        found = []
        for fold in self.folds:
            shared = np.intersect1d(fold.train, fold.test, assume_unique=True)
            if len(shared):
                found.append(
                    f"fold {fold.number} trains on {len(shared)} of its test rows, the first is row {shared[0]}"
                )
            before, after = _gaps(fold.train, fold.test)
            needed = max(horizon, purge)
            if before is not None and before < needed:
                found.append(
                    f"fold {fold.number}: {before} rows lie between training and test, labels reach "
                    f"{needed} ahead: purge more"
                )
            needed = max(horizon, embargo)
            if after is not None and after < needed:
                found.append(
                    f"fold {fold.number}: training goes on {after} rows after the test, {needed} are "
                    "needed: embargo more"
                )
        return found

    def _fold(self, number: int) -> Fold:
        if not 0 <= number < len(self.folds):
            raise IndexError(
                f"taking a fold of {self.name!r} - expected a number from 0 to {len(self.folds) - 1} - found {number!r}"
            )
        return self.folds[number]

    def fold(self, number: int) -> Split:
        """Give what a run of fold *number* carries: pass it as ``split=``, or run within ``in_fold(...)`` of it."""
        fold = self._fold(number)
        settings = {name: int(self.definition.get(name, 0)) for name in ("purge", "embargo")}
        return Split(self.id, self.name, number, len(self), fold.train_range, fold.test_range, **settings)

    # -- keeping -------------------------------------------------------------------------------------------------

    def _plain(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "definition": dict(self.definition),
            "rows": self.rows,
            "data": self.data,
            "folds": [
                {
                    "train": _packed(fold.train),
                    "test": _packed(fold.test),
                    "train_fingerprint": fold.train_fingerprint,
                    "test_fingerprint": fold.test_fingerprint,
                    "train_range": list(fold.train_range),
                    "test_range": list(fold.test_range),
                }
                for fold in self.folds
            ],
        }

    def save(self, store: Store) -> str:
        """Store the set; give its id. A set that is there already is left as it is."""
        store.files.put(_file(self.id), seal({"id": self.id, **self._plain()}))
        return self.id

    @classmethod
    def load(cls, store: Store, set_id: str, *, data: Any = None) -> SplitSet:
        """Read set *set_id*; with *data*, raise `SplitMismatch` unless it is what the set was made of.

        KeyError if there is no such set, ManifestError if what is stored is not as it was written.
        """
        try:
            plain = read_sealed(store.files.read(_file(set_id)), "a split set")
        except FileNotFoundError:
            raise KeyError(
                f"reading split set {set_id!r:.80} - expected it in {store.url} - found none"
            ) from None
        if plain.get("format") != FORMAT:
            raise ManifestError(
                f"reading a split set - expected format {FORMAT} - found {plain.get('format')!r:.40}"
            )
        try:
            folds = tuple(_fold_of(at, one) for at, one in enumerate(plain["folds"]))
            made = cls(dict(plain["definition"]), int(plain["rows"]), str(plain["data"]), folds)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise ManifestError(f"reading a split set - expected folds of rows - found: {error}") from error
        if made.id != set_id:
            raise ManifestError(f"reading split set {set_id!r:.80} - expected that content - found {made.id}")
        if data is not None:
            made.verify(data)
        return made


def _file(set_id: str) -> str:
    return f"splits/{digest(_SET, str(set_id).encode('utf-8', 'surrogatepass'))[3:]}/set.json"


def _from(name: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ValueError(
            f"splitting data - expected {name} to be a whole number from {least} on - found {value!r}"
        )
    return int(value)


def _settings(purge: int, embargo: int, label_horizon: int) -> None:
    for name, value in (("purge", purge), ("embargo", embargo), ("label_horizon", label_horizon)):
        _from(name, value, 0)


def _rows_array(rows: Any, count: int, fold: str, part: str) -> Rows:
    """Give the numbers of rows in ascending order, each once."""
    given = np.asarray(rows)
    if given.dtype == np.bool_:
        given = np.flatnonzero(given)
    if given.size and given.dtype.kind not in "iu":
        raise ValueError(f"making {fold} - expected numbers of rows to {part} on - found {given.dtype}")
    made = np.unique(given.astype(np.int64))
    if not len(made):
        raise ValueError(
            f"making {fold} - expected rows to {part} on - found none - {part} data must not be empty"
        )
    if made[0] < 0 or made[-1] >= count:
        raise ValueError(
            f"making {fold} - expected {part} rows from 0 to {count - 1} - found {made[0]} to {made[-1]}"
        )
    return made


def _gaps(train: Rows, test: Rows) -> tuple[int | None, int | None]:
    """Give how many rows lie at least between a training row and a test row after it, and the other way round."""
    at = np.searchsorted(test, train, side="right")
    ahead, behind = at < len(test), at > 0
    before = test[at[ahead]] - train[ahead] - 1
    after = train[behind] - test[at[behind] - 1] - 1
    after = after[after >= 0]
    return (int(before.min()) if len(before) else None), (int(after.min()) if len(after) else None)


def _take(data: Any, rows: Rows) -> Any:
    """Give some rows of a frame, series, table, array or mapping of arrays."""
    if isinstance(data, Mapping):
        return {name: np.asarray(values)[rows] for name, values in data.items()}
    if hasattr(data, "iloc"):
        return data.iloc[rows]
    if hasattr(data, "take") and type(data).__module__.startswith("pyarrow"):
        return data.take(rows)
    return data[rows]


def _times(data: Any) -> list[str]:
    """Name what is wrong with the times of *data* for splitting in order."""
    index = getattr(data, "index", None)
    if index is None or getattr(getattr(index, "dtype", None), "kind", "") != "M":
        return []
    if not index.is_monotonic_increasing:
        return ["the times of the data do not ascend, so what is trained on may come after what is tested on"]
    return [] if index.is_unique else ["rows share times, so a fold may train on a time it is tested on"]


def _packed(rows: Rows) -> list[list[int]]:
    """Give ascending rows as runs of neighbours: first row and row after the last."""
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    return [[int(part[0]), int(part[-1]) + 1] for part in np.split(rows, breaks)]


def _unpacked(runs: Any) -> Rows:
    ends = [0, *itertools.chain.from_iterable((int(first), int(stop)) for first, stop in runs)]
    if (
        ends != sorted(ends)
        or ends[-1] > 2**40
        or sum(int(stop) - int(first) for first, stop in runs) > 2**28
    ):
        raise ValueError("expected ascending runs of rows")
    return np.concatenate([np.arange(int(first), int(stop), dtype=np.int64) for first, stop in runs])


def _fold_of(number: int, plain: Mapping[str, Any]) -> Fold:
    return Fold(
        number,
        _unpacked(plain["train"]),
        _unpacked(plain["test"]),
        str(plain["train_fingerprint"]),
        str(plain["test_fingerprint"]),
        (plain["train_range"][0], plain["train_range"][1]),
        (plain["test_range"][0], plain["test_range"][1]),
    )


__all__ = [
    "Fold",
    "LeakWarning",
    "Split",
    "SplitMismatch",
    "SplitSet",
    "current_fold",
    "in_fold",
    "read_fold",
    "verify_fold",
    "write_fold",
]
