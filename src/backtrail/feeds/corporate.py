"""Dividends and splits: feeds that carry them, and prices adjusted for them."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..base.declare import param
from ..base.time import num2date
from ..errors import DataError
from .base import DataBase
from .columns import PRICES, Columns, warn_data
from .frame import FrameData

Floats = NDArray[np.float64]
POLICIES = ("account", "adjust", "ignore")


class CorporateActions(DataBase):
    """Base of feeds with dividends and splits: ``class Mine(CorporateActions, GenericCSVData)``.

    The line ``dividends`` holds the money per share paid to who held it at the end of the bar before (0 or NaN: none),
    ``splits`` the number of shares that one share became with this bar (2.0 for a split of 2:1, 0.1 for a reverse split
    of 1:10; 0, 1 or NaN: none). On a bar with both, the dividend is per share after the split. The prices are raw: as
    traded. The parameters ``dividends`` and ``splits`` say where these columns are, as for other lines.

    ``dividend_policy`` and ``split_policy`` say what is done about them:

    ``"account"``  the simulated broker pays dividends into the cash (short positions pay them), which also counts in
                   the net profit of the trade that is open; on a split it multiplies positions, open trades and waiting
                   orders, and divides their prices
    ``"adjust"``   prices before are divided by the split and their volume multiplied, or are scaled down by
                   ``1 - dividend / close before``, so that prices have no jump; the newest prices stay as they are
    ``"ignore"``   the lines are there to be read, nothing else

    Bars that are resampled or replayed from such a feed cannot be accounted for, which is warned of.
    """

    lines: ClassVar[Any] = ("dividends", "splits")
    params: ClassVar[Any] = (
        ("dividends", -1),
        ("splits", -1),
        ("dividend_policy", param(default="account", choices=POLICIES)),
        ("split_policy", param(default="account", choices=POLICIES)),
    )

    @property
    def accounts_dividends(self) -> bool:
        """Whether the broker pays the dividends."""
        return bool(self.p.dividend_policy == "account") and not self._merges()

    @property
    def accounts_splits(self) -> bool:
        """Whether the broker splits positions, trades and orders."""
        return bool(self.p.split_policy == "account") and not self._merges()

    def _merges(self) -> bool:
        """Tell whether bars are put together, and so what each of them tells is lost."""
        return bool(self.resampling or self._replaying_)

    def _read_columns_(self) -> Columns | None:
        columns: Columns | None = super()._read_columns_()
        if columns is None:
            return None
        if self._merges() and "account" in (self.p.dividend_policy, self.p.split_policy):
            warn_data(
                self._name or type(self).__name__,
                "dividends and splits of bars that are resampled or replayed are not accounted for. Use "
                "dividend_policy='adjust' and split_policy='adjust', or 'ignore' if this is meant.",
            )
        feed = self._name or type(self).__name__
        _warn_of_actions(columns, feed)
        dividends, splits = self.p.dividend_policy == "adjust", self.p.split_policy == "adjust"
        if not (dividends or splits):
            return columns
        return adjusted(columns, dividends, splits, feed)


def _warn_of_actions(columns: Columns, feed: str) -> None:
    """Warn of dividends and splits that there cannot be: the first row of each kind."""
    splits, paid = columns.extra.get("splits"), columns.extra.get("dividends")
    if splits is not None:
        odd = np.isinf(splits) | (splits < 0.0)
        _warn_of(odd, splits, "split", "a positive number of shares; it is ignored", columns, feed)
    if paid is not None:
        before = np.concatenate(([np.nan], columns.close[:-1]))
        odd = np.isinf(paid) | (paid < 0.0) | (paid >= before)
        _warn_of(odd, paid, "dividend", "one from 0 to the close of the bar before; it is paid as it is", columns, feed)


def _warn_of(odd: NDArray[np.bool_], values: Floats, kind: str, wanted: str, columns: Columns, feed: str) -> None:
    found = np.flatnonzero(odd)
    if found.size:
        at = int(found[0])
        warn_data(
            feed,
            f"{found.size} {kind}(s) are not possible, first row {columns.row(at)} "
            f"({num2date(float(columns.datetime[at]))}): {float(values[at])} instead of {wanted}. Correct the column.",
        )


class StockData(CorporateActions, FrameData):
    """Bars, dividends and splits from a table in memory: see :class:`FrameData` and :class:`CorporateActions`."""


def adjusted(columns: Columns, dividends: bool, splits: bool, feed: str = "the feed") -> Columns:
    """Give *columns* with prices and volume adjusted back for dividends, splits or both.

    The lines ``dividends`` and ``splits`` stay, but dividends before an adjusted split are per share after it.
    """
    count = len(columns)
    ratios = np.ones(count)
    if "splits" in columns.extra:
        given = columns.extra["splits"]
        told = np.isfinite(given) & (given > 0.0)
        ratios[told] = given[told]
    shares = _later(ratios) if splits else np.ones(count)
    scale = 1.0 / shares
    paid = columns.extra.get("dividends", np.zeros(count))
    paid = np.where(np.isfinite(paid), paid, 0.0)
    if dividends and count > 1:
        before = np.concatenate(([np.nan], columns.close[:-1])) / ratios
        with np.errstate(divide="ignore", invalid="ignore"):
            parts = np.where((paid != 0.0) & np.isfinite(before), 1.0 - paid / before, 1.0)
        bad = np.flatnonzero(~(parts > 0.0))
        if bad.size:
            at = int(bad[0])
            raise DataError(
                f"adjusting feed {feed!r} for dividends - expected a dividend below the close of the bar before - "
                f"found {float(paid[at])} on row {columns.row(at)} ({num2date(float(columns.datetime[at]))}) after a "
                f"close of {float(columns.close[at - 1])} - correct the row, or use dividend_policy='account'"
            )
        scale = scale * _later(parts)
    lines = columns.lines()
    for name in PRICES:
        lines[name] = lines[name] * scale
    lines["volume"] = lines["volume"] * shares
    if "dividends" in lines and splits:
        lines["dividends"] = lines["dividends"] / shares
    return Columns.of(lines, columns.rows)


def _later(factors: Floats) -> Floats:
    """Give for each bar the product of the factors of the bars after it."""
    products: Floats = np.concatenate((np.cumprod(factors[::-1])[::-1][1:], [1.0]))
    return products


__all__ = ["CorporateActions", "StockData", "adjusted"]
