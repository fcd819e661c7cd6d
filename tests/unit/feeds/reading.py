"""What the tests of feeds share: a feed's bars as plain lists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from backtrail.feeds.columns import Columns


def read(feed: Any) -> Columns:
    """Give the bars that *feed* reads, before dates and filters."""
    feed._start()
    try:
        columns = feed._read_columns_()
    finally:
        feed.stop()
    assert columns is not None
    for values in columns.lines().values():
        assert values.dtype == np.float64
        assert values.flags.writeable
        assert values.flags.c_contiguous
    return columns


def file(folder: Path, text: str, name: str = "bars.csv") -> str:
    """Write *text* to a file and give its path."""
    path = folder / name
    path.write_bytes(text.encode())
    return str(path)
