"""Bars from files of Yahoo Finance: prices adjusted for splits and dividends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..base.legacy import answering
from ..base.time import date2num
from .base import CSVFeedBase
from .csv import CSVDataBase, FieldError, iso_moment, number, text
from .csvtext import Kind, Table
from .parameters import check_decimals

Floats = NDArray[np.float64]
_NAMES = ("open", "high", "low", "close", "adjclose", "volume")
_NULL = "null"
_FEW = 64  # values that are rounded sooner one by one


class YahooFinanceCSVData(CSVDataBase):
    """Rows of ``date,open,high,low,close,adjclose,volume``, dates written YYYY-MM-DD.

    ``reverse``: the newest row is first. ``adjclose``: open, high, low and close are divided by close/adjclose,
    and with ``adjvolume`` the volume is multiplied by it. ``swapcloses``: the two closes stand in each other's
    place. ``round``: prices are rounded to ``decimals`` places; the volume is always rounded, to
    ``roundvolume`` places (False: none). Rows with ``null`` in a field are left out; a volume that is not there
    or not a number is 0. ``adjclose`` is a line too, as the file has it.
    """

    lines: ClassVar[Any] = ("adjclose",)
    params: ClassVar[Any] = (
        ("reverse", False),
        ("adjclose", True),
        ("adjvolume", True),
        ("round", True),
        ("decimals", 2),
        ("roundvolume", False),
        ("swapcloses", False),
    )
    _null_ = _NULL

    def start(self) -> None:
        """Open the file and skip its header line."""
        super().start()
        if self._newest_first_() and self._overridden_("_loadline", "_getnextline"):
            # a user's own reading gets the rows oldest first
            self.f = _backwards(self.f)

    def _check_parameters_(self) -> None:
        super()._check_parameters_()
        check_decimals(type(self).__name__, "decimals", self.p.decimals)
        if not isinstance(self.p.roundvolume, bool):
            check_decimals(type(self).__name__, "roundvolume", self.p.roundvolume)

    def _newest_first_(self) -> bool:
        return bool(self.p.reverse)

    # -- row by row -------------------------------------------------------------------------------------------------

    def _row_names_(self) -> tuple[str, ...]:
        return ("datetime", "open", "high", "low", "close", "volume", "openinterest", "adjclose")

    def _loadline(self, linetokens: list[str]) -> bool:
        tokens: list[str] | None = linetokens
        while tokens and self._leave_out_(tokens):
            tokens = self._getnextline()
        return super()._loadline(tokens) if tokens else False

    def _leave_out_(self, tokens: Sequence[str]) -> bool:
        return _NULL in tokens[1:]

    def _row_(self, tokens: list[str]) -> Sequence[float]:
        moment = iso_moment(text(tokens, 0, "date"), None, self.p.sessionend)
        prices = [number(tokens, at + 1, name) for at, name in enumerate(_NAMES[:5])]
        try:
            volume = float(tokens[6])
        except (IndexError, ValueError):
            volume = 0.0
        p = self.p
        adjusted = prices.pop()
        if p.swapcloses:
            prices[3], adjusted = adjusted, prices[3]
        if p.adjclose:
            try:
                factor = prices[3] / adjusted
                prices = [price / factor for price in prices]
            except ZeroDivisionError:
                raise FieldError(
                    "columns 4 and 5 (close, adjclose) - expected prices other than 0 to adjust by - found "
                    f"close={prices[3]} "
                    f"and adjclose={adjusted} - correct the row, or pass adjclose=False"
                ) from None
            # the adjusted close is what the file says, not what a division gives back
            prices[3] = adjusted
            if p.adjvolume:
                volume *= factor
        if p.round:
            prices = [round(price, p.decimals) for price in prices]
        return (date2num(moment), *prices, float(round(volume, p.roundvolume)), 0.0, adjusted)

    # -- all at once ------------------------------------------------------------------------------------------------

    _same_width_ = True

    def _kinds_(self, first: Sequence[str]) -> dict[int, Kind] | None:
        if len(first) != len(_NAMES) + 1:
            return None
        kinds: dict[int, Kind] = {0: "iso date"}
        for at in range(1, len(_NAMES) + 1):
            kinds[at] = "number"
        return kinds

    def _from_table_(self, table: Table) -> Mapping[str, Floats] | None:
        when = self._iso_numbers_(table, None)
        if when is None:
            return None
        values = [table.numbers[at] for at in range(1, len(_NAMES) + 1)]
        if table.nulls:
            kept = ~np.logical_or.reduce(list(table.nulls.values()))
            when = when[kept]
            values = [column[kept] for column in values]
            table.lines = np.asarray(table.lines)[kept].tolist()
        *prices, adjusted, volume = values
        p = self.p
        if p.swapcloses:
            prices[3], adjusted = adjusted, prices[3]
        if p.adjclose:
            if not (prices[3].all() and adjusted.all()):
                return None
            factor = prices[3] / adjusted
            prices = [*(price / factor for price in prices[:3]), adjusted]
            if p.adjvolume:
                volume = volume * factor
        if p.round:
            prices = [rounded(price, p.decimals) for price in prices]
        lines = dict(zip(_NAMES, prices))
        return lines | {
            "datetime": when,
            "volume": rounded(volume, p.roundvolume),
            "openinterest": np.zeros(len(when)),
            "adjclose": adjusted,
        }


def rounded(values: Floats, decimals: int | None) -> Floats:
    """Round every one of *values* to *decimals* places exactly as ``round`` does."""
    if decimals is None or not 0 <= decimals <= 15:
        return np.array([float(round(value, decimals)) for value in values.tolist()])
    scale = 10.0**decimals
    with np.errstate(invalid="ignore", over="ignore"):  # infinities stay what they are
        scaled = values * scale
        whole = np.rint(scaled)
        # halfway between two results (and where there are no fractions left) the exact value decides
        largest = max(scaled.max(), -scaled.min()) if len(scaled) else 0.0
        if largest <= 1e8:  # no NaN and no infinity either
            np.subtract(scaled, whole, out=scaled)
            unsure = np.abs(scaled, out=scaled) >= 0.5 - 2e-6
        else:
            size = np.abs(scaled)
            unsure = np.abs(np.abs(scaled - whole) - 0.5) <= 1e-6 + 1e-14 * size
            unsure = (unsure | (size > 2.0**50)) & np.isfinite(values)
    out: Floats = np.divide(
        whole, scale, out=whole
    )  # correctly rounded, as reading the decimal digits would be
    if unsure.any():
        at = np.flatnonzero(unsure)
        if len(at) > _FEW and largest <= 2.0**50:
            out[at] = _rounded_exactly(values[at], scale)
        else:
            out[at] = [round(value, decimals) for value in values[at].tolist()]
    return out


def _rounded_exactly(values: Floats, scale: float) -> Floats:
    """Round to multiples of 1 / *scale* by the exact products, of at most 2**50; halves go to the even neighbour.

    What the product loses in rounding is found as in T. J. Dekker, "A floating-point technique for extending the
    available precision", 1971.
    """
    sizes = np.abs(values)
    product = sizes * scale
    (high, low), (scale_high, scale_low) = _halves(sizes), _halves(scale)
    lost = ((high * scale_high - product) + high * scale_low + low * scale_high) + low * scale_low
    whole = np.floor(product)
    beyond = product - whole - 0.5 + lost  # its sign tells on which side of the half
    up = (beyond > 0.0) | ((beyond == 0.0) & (np.fmod(whole, 2.0) != 0.0))
    out: Floats = np.copysign((whole + up) / scale, values)
    return out


def _halves(values: Any) -> tuple[Any, Any]:
    """Split doubles into sums of two with half of the bits each."""
    spread = values * 134217729.0
    high = spread - (spread - values)
    return high, values - high


def _backwards(file: Any) -> StringIO:
    """Give the rest of *file* with its lines in reverse order, and close it."""
    with file:
        lines = [line.rstrip("\n") for line in file]
    return StringIO("".join(f"{line}\n" for line in reversed(lines)))


class YahooLegacyCSV(YahooFinanceCSVData):
    """Files that Yahoo Finance gave before 2017; ``version`` is kept for old scripts and has no effect."""

    params: ClassVar[Any] = (("version", ""),)


class YahooFinanceCSV(CSVFeedBase):
    """A factory of :class:`YahooFinanceCSVData` for the files of one folder."""

    DataCls = YahooFinanceCSVData


__getattr__ = answering(__name__)
