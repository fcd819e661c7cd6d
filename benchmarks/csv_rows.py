"""Measure the reading of CSV files side by side with backtrader, in processor time.

    python -m benchmarks.csv_rows [--rows 1000000] [--theirs-rows 50000] [--rounds 4] [--only NAME] [--profile]

Each library reads a file of every format into the lines of its feed, without a strategy. backtrader's time grows with
the rows, so it is measured on fewer of them and scaled; the ratio is of times per row. The two alternate, and the least
time of each counts. ``--profile`` shows what backtrail's time goes into. Processor time of all threads is counted
(``time.process_time``), wall time beside it. The first reading of a process is by pyarrow and is shown apart, with
imports; the compiled reader takes over once what it saves would have paid for importing and loading it.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import importlib
import pstats
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

HERE = Path(__file__).resolve().parent
if __name__ == "__main__" and str(HERE.parent) not in sys.path:  # run as a file
    sys.path.insert(0, str(HERE.parent))

from benchmarks.data import bars  # noqa: E402

if TYPE_CHECKING:
    import pandas as pd

PRICES = ["open", "high", "low", "close"]
BAR = [*PRICES, "volume", "openinterest"]


class Format(NamedTuple):
    """A feed, what it is given, and the columns of its file."""

    feed: str
    columns: Callable[[pd.DataFrame], dict[str, Any]]
    intraday: bool = False
    options: Callable[[ModuleType], dict[str, Any]] = lambda bt: {}


def _minutes(bt: ModuleType) -> dict[str, Any]:
    return {"timeframe": bt.TimeFrame.Minutes}


def _of(frame: pd.DataFrame, *names: str) -> dict[str, Any]:
    return {name: frame[name] for name in names}


def _stamp(frame: pd.DataFrame, form: str) -> Any:
    return frame.index.strftime(form)


def _adjusted(frame: pd.DataFrame) -> dict[str, Any]:
    adjusted = (frame["close"] * 0.9173).round(4)
    return {
        "day": _stamp(frame, "%Y-%m-%d"),
        **_of(frame, *PRICES),
        "adjusted": adjusted,
        "volume": frame["volume"],
    }


def _quandl(frame: pd.DataFrame) -> dict[str, Any]:
    plain = {"day": _stamp(frame, "%Y-%m-%d"), **_of(frame, *BAR[:-1])}
    return plain | {"paid": 0.0, "split": 1.0} | {f"{name}2": frame[name] for name in BAR[:-1]}


FORMATS: dict[str, Format] = {
    "generic": Format(
        "GenericCSVData",
        lambda frame: {"at": _stamp(frame, "%Y-%m-%d %H:%M:%S"), **_of(frame, *BAR)},
        True,
        lambda bt: _minutes(bt) | {"dtformat": "%Y-%m-%d %H:%M:%S", "openinterest": -1},
    ),
    "generic, day and time": Format(
        "GenericCSVData",
        lambda frame: {"day": _stamp(frame, "%Y-%m-%d"), "at": _stamp(frame, "%H:%M:%S"), **_of(frame, *BAR)},
        True,
        lambda bt: _minutes(bt) | {"dtformat": "%Y-%m-%d", "time": 1} | {name: at + 2 for at, name in enumerate(BAR)},
    ),
    "generic, daily": Format(
        "GenericCSVData",
        lambda frame: {"day": _stamp(frame, "%Y-%m-%d"), **_of(frame, *BAR)},
        False,
        lambda bt: {"dtformat": "%Y-%m-%d"},
    ),
    "generic, seconds": Format(
        "GenericCSVData",
        lambda frame: {"at": frame.index.astype("datetime64[s]").astype("int64"), **_of(frame, *BAR)},
        True,
        lambda bt: _minutes(bt) | {"dtformat": 1},
    ),
    "backtrader": Format(
        "BacktraderCSVData",
        lambda frame: {"day": _stamp(frame, "%Y-%m-%d"), "at": _stamp(frame, "%H:%M:%S"), **_of(frame, *BAR)},
        True,
        _minutes,
    ),
    "backtrader, daily": Format(
        "BacktraderCSVData", lambda frame: {"day": _stamp(frame, "%Y-%m-%d"), **_of(frame, *BAR)}
    ),
    "yahoo": Format("YahooFinanceCSVData", _adjusted),
    "yahoo, reversed": Format("YahooFinanceCSVData", _adjusted, False, lambda bt: {"reverse": True}),
    "mt4": Format(
        "MT4CSVData",
        lambda frame: {"day": _stamp(frame, "%Y.%m.%d"), "at": _stamp(frame, "%H:%M"), **_of(frame, *BAR[:-1])},
        True,
        _minutes,
    ),
    "sierra chart": Format(
        "SierraChartCSVData", lambda frame: {"day": _stamp(frame, "%Y/%m/%d"), **_of(frame, *BAR)}
    ),
    "visual chart": Format(
        "VChartCSVData",
        lambda frame: {
            "name": "SYM", "per": "I", "day": _stamp(frame, "%Y%m%d"), "at": _stamp(frame, "%H%M%S"), **_of(frame, *BAR)
        },
        True,
    ),
    "quandl": Format("QuandlCSV", _quandl),
    "quandl, reversed": Format("QuandlCSV", _quandl, False, lambda bt: {"reverse": True}),
    "quandl, rounded": Format("QuandlCSV", _quandl, False, lambda bt: {"round": True}),
}  # fmt: skip


def write(form: Format, count: int, path: Path) -> Path:
    """Write *count* bars as *form* reads them: minutes around the clock, or days over and over."""
    import pandas as pd

    frame = bars(count)
    if not form.intraday:  # a million days in a row would take 2,700 years
        days = pd.date_range("1980-01-01", periods=12_000, freq="D")
        frame.index = days[[at % len(days) for at in range(count)]]
    pd.DataFrame(form.columns(frame)).to_csv(path, index=False, float_format="%.4f")
    return path


def reader(bt: ModuleType, form: Format, path: Path) -> Callable[[], Any]:
    """Give a function that reads *path* with *bt* and gives the feed."""

    def read() -> Any:
        data = getattr(bt.feeds, form.feed)(dataname=str(path), **form.options(bt))
        data.setenvironment(bt.Cerebro())
        data._start()
        data.preload()
        return data

    return read


class Least:
    """The least processor time and wall time of several readings, per bar."""

    def __init__(self, read: Callable[[], Any]) -> None:
        self.read = read
        self.cpu = self.wall = float("inf")
        self.first: float | None = None

    def measure(self) -> None:
        """Read once more."""
        gc.collect()
        begin, start = process_time(), perf_counter()
        data = self.read()
        cpu, wall = process_time() - begin, perf_counter() - start
        count = data.buflen()
        self.first = cpu / count if self.first is None else self.first
        self.cpu, self.wall = min(self.cpu, cpu / count), min(self.wall, wall / count)


def profiled(read: Callable[[], Any], lines: int = 12) -> None:
    """Print what the reading spends its time in."""
    profile = cProfile.Profile()
    profile.runcall(read)
    pstats.Stats(profile).sort_stats("tottime").print_stats(lines)


def main() -> None:
    """Write the files, let both read them in turn, print the times."""
    options = argparse.ArgumentParser(description="Measure the reading of CSV files beside backtrader.")
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--theirs-rows", type=int, default=50_000)
    options.add_argument("--rounds", type=int, default=4)
    options.add_argument("--only", choices=FORMATS, action="append")
    options.add_argument("--profile", action="store_true")
    chosen = options.parse_args()
    ours, theirs = importlib.import_module("backtrail"), importlib.import_module("backtrader")
    warnings.simplefilter("ignore")  # days over and over are out of order
    print(
        f"{'ns/row':22} {'backtrail: first':>16} {'cpu':>6} {'wall':>6} {'backtrader: cpu':>16}   ratio: cpu   wall"
    )
    for name in chosen.only or FORMATS:
        form = FORMATS[name]
        with tempfile.TemporaryDirectory() as folder:
            path = write(form, chosen.rows, Path(folder) / "bars.csv")
            short = write(form, chosen.theirs_rows, Path(folder) / "short.csv")
            mine, other = Least(reader(ours, form, path)), Least(reader(theirs, form, short))
            for _ in range(chosen.rounds):
                mine.measure()
                other.measure()
                mine.measure()
            if chosen.profile:
                profiled(mine.read)
        times = f"{(mine.first or 0.0) * 1e9:16.0f} {mine.cpu * 1e9:6.0f} {mine.wall * 1e9:6.0f}"
        print(
            f"{name:22} {times} {other.cpu * 1e9:16.0f} {other.cpu / mine.cpu:12.1f} {other.wall / mine.wall:6.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
