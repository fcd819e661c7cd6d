"""What a question to the store gives: runs in order, as objects or as a table of fields, parameters and metrics."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, overload

from .index import Index
from .run import Run

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from .store import Store

Columns = dict[str, list[Any]]

SHOWN = ("id", "strategy", "status", "start", "wall", "sweep", "number", "splits", "fold", "key")


class Listing(Sequence[Run]):
    """The runs that a question found, best or latest first."""

    def __init__(self, store: Store, index: Index, runs: Sequence[str]) -> None:
        """Give *runs* of *store* in this order."""
        self._store = store
        self._index_ = index
        self.ids = list(runs)

    def __len__(self) -> int:
        """Count the runs."""
        return len(self.ids)

    @overload
    def __getitem__(self, index: int) -> Run: ...

    @overload
    def __getitem__(self, index: slice) -> Listing: ...

    def __getitem__(self, index: int | slice) -> Run | Listing:
        """Give one run, or a part of the listing."""
        if isinstance(index, slice):
            return Listing(self._store, self._index_, self.ids[index])
        return Run(self._store, self.ids[index])

    def __iter__(self) -> Iterator[Run]:
        """Give the runs."""
        return (Run(self._store, run) for run in self.ids)

    def missing(self) -> list[str]:
        """Give the runs of the listing that the index does not know."""
        known: set[str] = set()
        for first in range(0, len(self.ids), 500):
            part = self.ids[first : first + 500]
            places = ",".join("?" * len(part))
            known.update(run for (run,) in self._index_.rows(f"SELECT id FROM runs WHERE id IN ({places})", part))
        return [run for run in self.ids if run not in known]

    def columns(self) -> dict[str, list[Any]]:
        """Give the listing as columns: fields, then ``param_…``, then metrics by name.

        A metric whose name is that of another column is called ``metric_…``.
        """
        once = list(dict.fromkeys(self.ids))
        if len(once) < len(self.ids):
            places = [once.index(run) for run in self.ids]
            found = Listing(self._store, self._index_, once).columns()
            return {name: [values[at] for at in places] for name, values in found.items()}
        try:
            fields, params, metrics = self._read()
        except sqlite3.DatabaseError:  # torn since the question: have it made anew
            fields, params, metrics = self._store.search.asking(self._read)
        columns = fields
        for path in sorted(params):
            columns[f"param_{path}"] = _alike(params[path])
        for metric in sorted(metrics):
            name = metric
            while name in columns:
                name = f"metric_{name}"
            columns[name] = metrics[metric]
        return columns

    def rows(self) -> list[dict[str, Any]]:
        """Give the listing as one dict per run, without what the run does not have."""
        columns = self.columns()
        names = list(columns)
        cells = zip(*columns.values())
        return [{name: value for name, value in zip(names, row) if value is not None} for row in cells]

    def _read(self) -> tuple[Columns, Columns, Columns]:
        """Read fields, parameters and metrics, each as columns with a place for every run."""
        count = len(self.ids)
        fields: Columns = {name: [None] * count for name in SHOWN}
        params: Columns = {}
        metrics: Columns = {}
        places = {run: at for at, run in enumerate(self.ids)}
        names = ", ".join(f'"{name}"' for name in SHOWN)
        for first in range(0, count, 500):
            part = self.ids[first : first + 500]
            marks = ",".join("?" * len(part))
            at: dict[int, int] = {}
            for n, *row in self._index_.rows(f"SELECT n, {names} FROM runs WHERE id IN ({marks})", part):
                at[n] = places[row[0]]
                for name, value in zip(SHOWN, row):
                    fields[name][at[n]] = datetime.fromtimestamp(value, UTC) if name == "start" else value
            marks = ",".join("?" * len(at))
            sql = f"SELECT run, path, number, text FROM params WHERE run IN ({marks})"
            for n, path, number, text in self._index_.rows(sql, list(at)):
                if path not in params:
                    params[path] = [None] * count
                params[path][at[n]] = _param(number, text)
            for n, name, value in self._index_.rows(f"SELECT * FROM metrics WHERE run IN ({marks})", list(at)):
                if name not in metrics:
                    metrics[name] = [None] * count
                metrics[name][at[n]] = math.nan if value is None else value
        return fields, params, metrics

    def to_arrow(self) -> pa.Table:
        """Give the listing as an Arrow table."""
        import pyarrow as pa

        columns = self.columns()
        kinds = {"start": pa.timestamp("us", tz="UTC"), "wall": pa.float64(), "number": pa.int64(), "fold": pa.int64()}
        arrays = []
        for name, values in columns.items():
            kind = kinds.get(name) if name in SHOWN else None
            if kind is None and name in SHOWN:
                kind = pa.string()
            arrays.append(pa.array(values, type=kind))
        return pa.table(arrays, names=list(columns))

    def to_pandas(self) -> pd.DataFrame:
        """Give the listing as a pandas frame; raise ImportError naming the extra if pandas is not installed."""
        _require("pandas")
        frame: pd.DataFrame = self.to_arrow().to_pandas()
        return frame

    def to_polars(self) -> pl.DataFrame:
        """Give the listing as a polars frame; raise ImportError naming the extra if polars is not installed."""
        frame: pl.DataFrame = _require("polars").from_arrow(self.to_arrow())
        return frame

    def __repr__(self) -> str:
        """Say how many runs there are."""
        return f"<Listing of {len(self.ids)} runs>"


def _param(number: float | None, text: str | None) -> Any:
    if number is None:
        return text
    if text in ("true", "false"):
        return text == "true"
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _alike(values: list[Any]) -> list[Any]:
    """Give *values* as numbers if all are, as booleans if all are, else as texts: a column has one type."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int} or kinds <= {bool} or kinds <= {str}:
        return values
    if kinds <= {int, float}:
        return [None if value is None else float(value) for value in values]
    return [None if value is None else str(value) for value in values]


def _require(name: str) -> Any:
    import importlib

    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ImportError(
            f"giving runs as a {name} frame - expected {name} - it is not installed - pip install 'backtrail[{name}]'"
        ) from error
