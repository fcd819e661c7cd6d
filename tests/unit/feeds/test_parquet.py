from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from backtrail.errors import DataError
from backtrail.feeds.columns import Columns
from backtrail.feeds.frame import ArrowData, PandasData
from backtrail.feeds.parquet import ParquetData

from .reading import read

FRAME = pd.DataFrame(
    {name: np.arange(4) + k for k, name in enumerate(("open", "high", "low", "close", "volume"))},
    index=pd.date_range("2006-01-02 09:31", periods=4, freq="min"),
)


def same(found: Columns) -> None:
    expected = read(PandasData(dataname=FRAME))
    for name, values in expected.lines().items():
        assert np.array_equal(found.line(name), values, equal_nan=True)


@pytest.mark.parametrize("index", [True, False])
def test_parquet_files_of_pandas(tmp_path: Path, index: bool) -> None:
    path = tmp_path / "prices.parquet"
    (FRAME if index else FRAME.reset_index(names="when")).to_parquet(path)
    feed = ParquetData(dataname=path)
    assert feed._name == "prices"
    same(read(feed))
    same(read(feed))


def test_only_the_columns_that_are_needed_are_read(tmp_path: Path) -> None:
    path = str(tmp_path / "prices.parquet")
    FRAME.assign(comment="text").to_parquet(path)
    same(read(ParquetData(dataname=path)))


def test_feather_files_and_streams(tmp_path: Path) -> None:
    path = tmp_path / "prices.feather"
    FRAME.reset_index(names="datetime").to_feather(path)
    feed = ArrowData(dataname=str(path), name="mine")
    assert feed._name == "mine"
    same(read(feed))
    table = pa.Table.from_pandas(FRAME.reset_index(names="datetime"), preserve_index=False)
    stream = tmp_path / "prices.arrows"
    with pa.OSFile(str(stream), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    same(read(ArrowData(dataname=stream)))


def test_tables_in_memory_can_be_given_too() -> None:
    table = pa.Table.from_pandas(FRAME.reset_index(names="datetime"), preserve_index=False)
    same(read(ArrowData(dataname=table)))
    same(read(ParquetData(dataname=table)))


@pytest.mark.parametrize("kind", [ParquetData, ArrowData])
def test_a_missing_file_and_a_file_of_another_kind(tmp_path: Path, kind: type) -> None:
    with pytest.raises(FileNotFoundError, match="found nothing there"):
        read(kind(dataname=str(tmp_path / "nothing")))
    other = tmp_path / "prices.csv"
    other.write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=r"feed 'prices' - expected .* found something else"):
        read(kind(dataname=str(other)))


def test_arrow_files_are_read_without_pandas(tmp_path: Path) -> None:
    parquet, feather = tmp_path / "x.parquet", tmp_path / "x.feather"
    FRAME.to_parquet(parquet)
    FRAME.reset_index(names="datetime").to_feather(feather)
    code = (
        "import sys; from backtrail.feeds.parquet import ParquetData; from backtrail.feeds.frame import ArrowData\n"
        f"for feed in (ParquetData(dataname={str(parquet)!r}), ArrowData(dataname={str(feather)!r})):\n"
        "    feed._start(); print(len(feed._read_columns_()), 'pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["4", "False", "4", "False"]
