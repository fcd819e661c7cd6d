"""Measure the reading of CSV files side by side with backtrader, in processor time.

    python -m benchmarks.csv_rows [--rows 1000000] [--theirs-rows 100000] [--profile]

Each library reads a file of one-minute bars through a feed (``GenericCSVData``) into its lines, without a strategy.
backtrader's time grows with the rows, so it may be measured on fewer of them and scaled; the ratio is of times per row.
``--profile`` shows what backtrail's time goes into. Processor time of all threads is counted (``time.process_time``).
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import importlib
import pstats
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from types import ModuleType
from typing import Any

HERE = Path(__file__).resolve().parent
if __name__ == "__main__" and str(HERE.parent) not in sys.path:  # run as a file
    sys.path.insert(0, str(HERE.parent))

from benchmarks.data import bars, write_csv  # noqa: E402


def reader(bt: ModuleType, path: Path) -> Callable[[], Any]:
    """Give a function that reads *path* with *bt* and gives the feed."""

    def read() -> Any:
        data = bt.feeds.GenericCSVData(
            dataname=str(path), timeframe=bt.TimeFrame.Minutes, dtformat="%Y-%m-%d %H:%M:%S", openinterest=-1
        )
        data.setenvironment(bt.Cerebro())
        data._start()
        data.preload()
        return data

    return read


def measured(read: Callable[[], Any], times: int) -> tuple[float, float, int]:
    """Give the least processor time and wall time of *times* readings, and the number of bars."""
    best, wall, count = float("inf"), float("inf"), 0
    for _ in range(times):
        gc.collect()
        begin, start = process_time(), perf_counter()
        data = read()
        best, wall = min(best, process_time() - begin), min(wall, perf_counter() - start)
        count = data.buflen()
    return best, wall, count


def profiled(read: Callable[[], Any], lines: int = 12) -> None:
    """Print what the reading spends its time in."""
    profile = cProfile.Profile()
    profile.runcall(read)
    pstats.Stats(profile).sort_stats("tottime").print_stats(lines)


def main() -> None:
    """Write the file, let both read it, print the times."""
    options = argparse.ArgumentParser(description="Measure the reading of CSV files beside backtrader.")
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--theirs-rows", type=int, default=100_000)
    options.add_argument("--profile", action="store_true")
    chosen = options.parse_args()
    ours, theirs = importlib.import_module("backtrail"), importlib.import_module("backtrader")
    with tempfile.TemporaryDirectory() as folder:
        path = write_csv(bars(chosen.rows), Path(folder) / "bars.csv", intraday=True)
        short = write_csv(bars(chosen.theirs_rows), Path(folder) / "short.csv", intraday=True)
        first = measured(reader(ours, path), 1)
        mine = measured(reader(ours, path), 5)
        other = measured(reader(theirs, short), 2)
        if chosen.profile:
            profiled(reader(ours, path))
    for name, (seconds, wall, count) in (
        ("first reading", first),
        ("backtrail", mine),
        ("backtrader", other),
    ):
        each = seconds / count * 1e9
        print(f"{name:14} {count:>9,} rows {seconds:8.3f} s processor {wall:8.3f} s wall {each:8.0f} ns/row")
    print(f"ratio per row: {other[0] / other[2] / (mine[0] / mine[2]):.1f} in processor time")


if __name__ == "__main__":
    main()
