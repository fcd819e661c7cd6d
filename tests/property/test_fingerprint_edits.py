"""Every edit of one cell is noticed, whatever the column holds and wherever the cell lies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from backtrail.runs.columns import CHUNK_ROWS
from backtrail.runs.fingerprint import fingerprint, first_difference

ROWS = 2_520
EDITS = 250
LONG_EDITS = 10_000


def daily(rows: int, rng: np.random.Generator) -> pd.DataFrame:
    """Give a frame with a column of each kind that bars come with."""
    close = 100.0 + rng.normal(size=rows).cumsum()
    return pd.DataFrame(
        {
            "open": close + rng.normal(size=rows),
            "close": close,
            "change": np.diff(close, prepend=close[0]),
            "volume": rng.integers(0, 10**9, rows),
            "small": rng.random(rows).astype(np.float32),
            "flag": rng.random(rows) < 0.5,
            "gaps": np.where(rng.random(rows) < 0.3, np.nan, close),
            "signal": pd.array(rng.integers(0, 9, rows), dtype="Int64"),
            "symbol": pd.array(rng.choice(["AAPL", "MSFT", "GOOG"], rows).tolist(), dtype="str"),
            "when": pd.date_range("2001-01-01", periods=rows, freq="h", tz="America/New_York"),
        },
        index=pd.date_range("2010-01-01", periods=rows, freq="D"),
    )


def edited(value: Any, rng: np.random.Generator) -> Any:
    """Give a value that differs from *value*: mostly by as little as can be."""
    if isinstance(value, (bool, np.bool_)):
        return not value
    if isinstance(value, (float, np.floating)):
        if value != value:
            return type(value)(0.0)
        if rng.random() < 0.1:
            return type(value)(np.nan)
        return np.nextafter(value, type(value)(np.inf if rng.random() < 0.5 else -np.inf))
    if isinstance(value, (int, np.integer)):
        return value ^ (1 << int(rng.integers(0, 31)))
    if isinstance(value, str):
        at = int(rng.integers(0, len(value)))
        return value[:at] + "\u0430" + value[at + 1 :]
    return value + pd.Timedelta(nanoseconds=1000)


def edits(
    frame: pd.DataFrame, count: int, rng: np.random.Generator
) -> Iterator[tuple[int, int, pd.DataFrame]]:
    names = list(frame.columns)
    for _ in range(count):
        row, at = int(rng.integers(0, len(frame))), int(rng.integers(0, len(names)))
        column = frame[names[at]].copy()
        column.iloc[row] = edited(column.iloc[row], rng)
        yield row, at, frame.assign(**{names[at]: column})


def unnoticed(rows: int, count: int, seed: int) -> list[tuple[int, int]]:
    rng = np.random.default_rng(seed)
    frame = daily(rows, rng)
    whole = fingerprint(frame)
    return [
        (row, at) for row, at, other in edits(frame, count, rng) if fingerprint(other).digest == whole.digest
    ]


@pytest.mark.row("B1")
def test_every_edit_of_a_cell_is_noticed() -> None:
    """A hash of about a hundred rows noticed 100 of 1,000 edits (B1)."""
    assert unnoticed(ROWS, EDITS, 1) == []


@pytest.mark.row("B1")
@pytest.mark.long
def test_all_of_ten_thousand_edits_are_noticed() -> None:
    assert unnoticed(ROWS, LONG_EDITS, 2) == []
    assert unnoticed(3 * CHUNK_ROWS + 5, 200, 3) == []


def test_the_edited_cell_is_named() -> None:
    rng = np.random.default_rng(4)
    frame = daily(400, rng)
    for row, at, other in edits(frame, 10, rng):
        found = first_difference(frame, other)
        assert found is not None
        assert found.rows == (row, row + 1)
        assert found.column == frame.columns[at]


@pytest.mark.parametrize(
    "offset", [0, 1, CHUNK_ROWS - 1, CHUNK_ROWS, CHUNK_ROWS + 1, 2 * CHUNK_ROWS - 1, 2 * CHUNK_ROWS]
)
def test_cells_at_the_seams_of_chunks_are_noticed(offset: int) -> None:
    values = np.arange(1.0, 2.0 * CHUNK_ROWS + 2)
    for make in (
        lambda one: {"a": one},
        lambda one: {"a": one.astype(np.int64)},
        lambda one: {"a": one - CHUNK_ROWS},
    ):
        other = values.copy()
        other[offset] += 1.0
        one, two = fingerprint(make(values)), fingerprint(make(other))
        assert one.digest != two.digest
        seam = offset // CHUNK_ROWS
        same = [one.parts[0].chunk(at) == two.parts[0].chunk(at) for at in range(3)]
        assert same == [at != seam for at in range(3)]


def test_long_columns_are_the_same_in_every_library_and_layout() -> None:
    rng = np.random.default_rng(5)
    rows = CHUNK_ROWS + 1_000
    values = rng.normal(size=rows)
    values[::1_000] = np.nan
    values[7::1_000] = -0.0
    words = rng.choice(["a", "bb", ""], rows).tolist()
    table = pa.table({"a": values, "s": words})
    uneven = pa.concat_tables(
        [table[:3], table[3:CHUNK_ROWS], table[CHUNK_ROWS : CHUNK_ROWS + 1], table[CHUNK_ROWS + 1 :]]
    )
    strided = np.empty((rows, 2))
    strided[:, 1] = values
    ways = [
        table,
        uneven,
        pl.from_arrow(table),
        pd.DataFrame({"a": values, "s": pd.Series(words, dtype="str")}),
    ]
    assert len({fingerprint(way).digest for way in ways}) == 1
    assert fingerprint({"a": strided[:, 1]}).digest == fingerprint({"a": values}).digest
