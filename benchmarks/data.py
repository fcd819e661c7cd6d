"""Seeded market data for the benchmarks: frames of bars and the CSV files written from them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("open", "high", "low", "close", "volume", "openinterest")


def bars(count: int, freq: str = "1min", seed: int = 1, volatility: float = 0.0005) -> pd.DataFrame:
    """Give *count* bars of a random walk around 100, prices rounded to cents, indexed by time.

    *freq* is a pandas frequency: `1min` runs around the clock, `B` gives working days.
    """
    import pandas as pd

    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0.0, volatility, count)))
    opened = np.empty(count)
    opened[0] = 100.0
    opened[1:] = close[:-1] * np.exp(rng.normal(0.0, volatility / 5, count - 1))
    high = np.maximum(opened, close) * np.exp(np.abs(rng.normal(0.0, volatility / 2, count)))
    low = np.minimum(opened, close) * np.exp(-np.abs(rng.normal(0.0, volatility / 2, count)))
    values = np.round(np.column_stack([opened, high, low, close]), 4)
    frame = pd.DataFrame(values, columns=list(COLUMNS[:4]))
    frame["volume"] = rng.integers(100, 10_000, count).astype(float)
    frame["openinterest"] = 0.0
    frame.index = pd.date_range("2015-01-01", periods=count, freq=freq, name="datetime")
    return frame


def write_csv(frame: pd.DataFrame, path: Path, *, intraday: bool) -> Path:
    """Write *frame* as the CSV that GenericCSVData reads, with a date and, if *intraday*, a time of day."""
    stamp = "%Y-%m-%d %H:%M:%S" if intraday else "%Y-%m-%d"
    frame.to_csv(path, date_format=stamp, float_format="%.4f")
    return path
