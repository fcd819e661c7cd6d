"""Fingerprints and keys: `python -m benchmarks.fingerprint` (`--json FILE` writes the figures, `--edits N`).

Speed is that of one thread over columns of float64 numbers, beside what BLAKE3 alone reaches over the same bytes in the
same moments. Chunks are looked through for NaN and -0.0 only the first time they are met, so both are given. Times are
processor time, the best of many.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from blake3 import blake3

import backtrail as bt
from backtrail.runs.columns import CHUNK_ROWS
from backtrail.runs.encoding import encode
from backtrail.runs.feeds import fingerprint_feed
from backtrail.runs.fingerprint import fingerprint
from backtrail.runs.key import RunKey, data_part, part

DAILY_ROWS = 2_520
SIZES = {"cached": 4 * CHUNK_ROWS, "medium": 40 * CHUNK_ROWS, "large": 400 * CHUNK_ROWS}
PARAMS = {"fast": 10, "slow": 30, "threshold": 0.5, "symbol": "AAPL", "exits": ("stop", "target"), "on": True}


def seconds(call: Callable[[], object]) -> float:
    """Give the processor time of one call."""
    begin = time.thread_time()
    call()
    return time.thread_time() - begin


def best(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Give the shortest time of each call, taken in turn so that other work on the machine falls on all of them."""
    found = dict.fromkeys(calls, float("inf"))
    for _ in range(rounds):
        for name, call in calls.items():
            found[name] = min(found[name], seconds(call))
    return found


def speeds(rows: int) -> dict[str, float]:
    """Give GB/s of BLAKE3 and of fingerprints over a column of *rows* numbers: prices, and changes of either sign."""
    rng = np.random.default_rng(1)
    prices = 100.0 + rng.random(rows)
    changes = rng.normal(size=rows)
    raw = prices.view(np.uint8)
    calls: dict[str, Callable[[], object]] = {
        "blake3": lambda: blake3(raw).digest(),
        "prices, first time": lambda: fingerprint({"a": unseen(prices)}),
        "changes, first time": lambda: fingerprint({"a": unseen(changes)}),
        "prices": lambda: fingerprint({"a": prices}),
        "changes": lambda: fingerprint({"a": changes}),
    }
    times = best(calls, max(5, 4_000_000 * 40 // rows))
    return {name: prices.nbytes / taken / 1e9 for name, taken in times.items()}


def unseen(values: np.ndarray) -> np.ndarray:
    """Change every chunk, so that no fingerprint has seen it."""
    values[::CHUNK_ROWS] += 1.0
    return values


def daily() -> pd.DataFrame:
    """Give ten years of daily bars."""
    rng = np.random.default_rng(2)
    close = 100.0 + rng.normal(size=DAILY_ROWS).cumsum()
    columns = {"open": close, "high": close + 1, "low": close - 1, "close": close, "volume": close * 1000}
    return pd.DataFrame(columns, index=pd.date_range("2010-01-01", periods=DAILY_ROWS, freq="B"))


def latencies() -> dict[str, float]:
    """Give microseconds for a daily frame, a loaded daily feed, parameters, and a key of both."""
    frame = daily()
    feed = bt.feeds.PandasData(dataname=frame, openinterest=None)
    code = part("code", "b3:" + "0" * 64)

    def key() -> RunKey:
        return RunKey.of(code=code, params=part("params", PARAMS), data=data_part([fingerprint_feed(feed)]))

    calls: dict[str, Callable[[], object]] = {
        "daily frame": lambda: fingerprint(frame),
        "daily feed": lambda: fingerprint_feed(feed),
        "parameters": lambda: encode(PARAMS),
        "key of parameters and daily feed": key,
    }
    return {name: taken * 1e6 for name, taken in best(calls, 2_000).items()}


def noticed(count: int) -> int:
    """Give how many of *count* random edits of one cell, each by one bit, change the fingerprint."""
    rng = np.random.default_rng(3)
    frame = daily()
    columns = {name: frame[name].to_numpy().copy() for name in frame}
    columns["when"] = frame.index.to_numpy().astype("M8[us]").copy()
    names = list(columns)
    whole = fingerprint(columns).digest
    found = 0
    for _ in range(count):
        cells = columns[names[rng.integers(len(names))]].view(np.int64)
        row, bit = rng.integers(len(cells)), np.int64(1) << np.int64(rng.integers(0, 52))
        cells[row] ^= bit
        found += fingerprint(columns).digest != whole
        cells[row] ^= bit
    return found


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--edits", type=int, default=10_000, help="how many cells to edit")
    options = parser.parse_args()
    figures: dict[str, object] = {}
    for name, rows in SIZES.items():
        found = speeds(rows)
        figures[f"GB/s {name}"] = found
        print(f"{rows * 8 / 1e6:.1f} MB: blake3 {found['blake3']:.2f} GB/s")
        for kind in list(found)[1:]:
            print(f"{found[kind]:8.2f} GB/s ({found[kind] / found['blake3']:.0%})  {kind}")
    for name, taken in latencies().items():
        figures[f"µs {name}"] = taken
        print(f"{taken:8.1f} µs  {name}")
    figures["edits noticed"] = noticed(options.edits)
    print(f"{figures['edits noticed']} of {options.edits} edits of one cell noticed")
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
