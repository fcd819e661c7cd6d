"""Whole columns of bars, and what is checked about them before anybody trades on them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import nan

import numpy as np
from numpy.typing import NDArray

from ..base.time import num2date
from ..base.timeframe import TimeFrame
from ..errors import DataWarning
from .splits import jump_faults

Floats = NDArray[np.float64]

PRICES = ("open", "high", "low", "close")
FIELDS = (*PRICES, "volume", "openinterest")
Rows = Sequence[int] | NDArray[np.int64] | None


@dataclass(frozen=True, slots=True)
class Columns:
    """Bars as one float64 array per field, all of the same length.

    ``datetime`` holds date numbers (``base.time``) in UTC. What a source does not have is NaN. ``extra`` holds
    the further lines of a feed by name. ``rows`` gives each bar's row or line number in its source, for
    messages; None means that bar *k* is row *k* + 1. The arrays can be written to and are nobody else's: the
    feed that reads them keeps them.
    """

    datetime: Floats
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    openinterest: Floats
    extra: Mapping[str, Floats] = field(default_factory=dict)
    rows: Rows = None

    @classmethod
    def of(cls, lines: Mapping[str, Floats], rows: Rows = None) -> Columns:
        """Give the bars whose lines are *lines*, by name: ``datetime`` and any others; those missing are NaN."""
        when = lines["datetime"]
        absent = [name for name in FIELDS if name not in lines]
        given = {**lines, **{name: np.full(len(when), nan) for name in absent}}
        extra = {name: values for name, values in lines.items() if name != "datetime" and name not in FIELDS}
        return cls(
            datetime=when,
            open=given["open"],
            high=given["high"],
            low=given["low"],
            close=given["close"],
            volume=given["volume"],
            openinterest=given["openinterest"],
            extra=extra,
            rows=rows,
        )

    def __len__(self) -> int:
        return len(self.datetime)

    def line(self, name: str) -> Floats:
        """Give the values of the line called *name*."""
        values: Floats = self.extra[name] if name in self.extra else getattr(self, name)
        return values

    def row(self, at: int) -> int:
        """Give the number that bar *at* has in its source."""
        return at + 1 if self.rows is None else int(self.rows[at])

    def between(self, start: int, stop: int) -> Columns:
        """Give bars *start* to *stop* - 1 (views, nothing is copied)."""
        rows = range(1, len(self) + 1) if self.rows is None else self.rows
        part = slice(start, stop)
        return Columns.of({name: values[part] for name, values in self.lines().items()}, rows[part])

    def reversed(self) -> Columns:
        """Give the bars in the opposite order; their arrays are turned in place, and these columns with them."""
        rows = range(1, len(self) + 1) if self.rows is None else self.rows
        half = len(self) // 2
        for values in {id(values): values for values in self.lines().values()}.values():
            first = values[:half].copy()
            values[:half] = values[len(self) - half :][::-1]
            values[len(self) - half :] = first[::-1]
        return Columns.of(self.lines(), rows[::-1])

    def lines(self) -> dict[str, Floats]:
        """Give all lines by name, ``datetime`` first."""
        return {name: getattr(self, name) for name in ("datetime", *FIELDS)} | dict(self.extra)


def check_bars(columns: Columns, feed: str, timeframe: int = TimeFrame.Days, stacklevel: int = 3) -> None:
    """Warn (:class:`DataWarning`) of bars that are out of order, doubled, or have NaN or infinite prices.

    Bars of days and more are also looked through for jumps as at a split.

    *feed* names the feed in the message. Equal times are normal for ticks and not warned of there; a price
    column that is NaN throughout is one that the source does not have.
    """
    for message in (
        *_order_faults(columns, timeframe),
        *_price_faults(columns),
        *jump_faults(columns, timeframe),
    ):
        warn_data(feed, message, stacklevel + 1)


def _at(columns: Columns, bar: int) -> str:
    return f"row {columns.row(bar)} ({num2date(float(columns.datetime[bar]))})"


def _order_faults(columns: Columns, timeframe: int) -> list[str]:
    when = columns.datetime
    if len(when) < 2 or bool((when[1:] > when[:-1]).all()):
        return []
    faults = []
    back = np.flatnonzero(when[1:] < when[:-1]) + 1
    if back.size:
        at = int(back[0])
        faults.append(
            f"{back.size} bar(s) are earlier than the bar before, first {_at(columns, at)} after "
            f"{_at(columns, at - 1)}. Bars must be sorted by time: results that use them are wrong. Sort the source "
            "(files with the newest row first: reverse=True where the feed has it)."
        )
    same = np.flatnonzero(when[1:] == when[:-1]) + 1
    if same.size and timeframe != TimeFrame.Ticks:
        at = int(same[0])
        faults.append(
            f"{same.size} bar(s) have the same time as the bar before, first {_at(columns, at)}. Every one of "
            "them counts "
            "as a bar of its own. Drop the duplicates, or set timeframe and compression to what the bars are."
        )
    return faults


def _price_faults(columns: Columns) -> list[str]:
    faults = []
    for name in PRICES:
        values = columns.line(name)
        if not len(values) or np.isfinite(values.sum()):
            continue
        bad = np.flatnonzero(~np.isfinite(values))
        if bad.size == 0 or (bad.size == len(values) and bool(np.isnan(values).all())):
            continue
        at = int(bad[0])
        faults.append(
            f"{bad.size} bar(s) have no finite {name} price, first {_at(columns, at)}: {name}={float(values[at])}. "
            "Indicators and orders on such bars give NaN. Drop or fill these rows before feeding them."
        )
    return faults


def warn_empty(
    feed: str, columns: Columns, fromdate: date | None, todate: date | None, stacklevel: int = 3
) -> None:
    """Warn (:class:`DataWarning`) that a feed delivers no bar at all, and say why."""
    if not len(columns):
        text = "there are no bars in the source. Check the file or frame that dataname names."
    else:
        first, last = num2date(float(columns.datetime.min())), num2date(float(columns.datetime.max()))
        text = (
            f"no bar lies between fromdate={fromdate} and todate={todate}; the {len(columns)} bars of the "
            "source run from "
            f"{first} to {last}. Correct fromdate/todate."
        )
    warn_data(feed, text, stacklevel + 1)


def warn_data(feed: str, text: str, stacklevel: int = 3) -> None:
    """Warn (:class:`DataWarning`) about the feed called *feed*."""
    warnings.warn(f"feed {feed!r}: {text}", DataWarning, stacklevel=stacklevel)
