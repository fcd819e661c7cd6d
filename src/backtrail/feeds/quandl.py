"""Bars from files of Quandl's WIKI prices, and from its service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from io import StringIO
from typing import Any, ClassVar
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from ..base.time import date2num
from .columns import FIELDS, Columns
from .csv import CSVDataBase, iso_moment, number, text
from .csvtext import Kind, Table
from .download import fetch
from .parameters import check_decimals
from .yahoo import _backwards, rounded

Floats = NDArray[np.float64]
_NAMES = FIELDS[:-1]
_PLAIN, _ADJUSTED = 1, 8  # the columns in which prices and adjusted prices begin


class QuandlCSV(CSVDataBase):
    """Rows of ``date,open,high,low,close,volume,ex-dividend,split ratio``, then the adjusted prices and volume.

    ``adjclose`` takes the adjusted columns (8 to 12) instead of columns 1 to 5. ``reverse``: the newest row is first.
    ``round``: prices and volume are rounded to ``decimals`` places. Open interest is 0.
    """

    params: ClassVar[Any] = (("reverse", False), ("adjclose", True), ("round", False), ("decimals", 2))
    _same_width_ = True

    def start(self) -> None:
        """Open the file and skip its header line."""
        super().start()
        if self._newest_first_() and self._overridden_("_loadline", "_getnextline"):
            # a user's own reading gets the rows oldest first
            self.f = _backwards(self.f)

    def _check_parameters_(self) -> None:
        super()._check_parameters_()
        check_decimals(type(self).__name__, "decimals", self.p.decimals)

    def _newest_first_(self) -> bool:
        return bool(self.p.reverse)

    def _first(self) -> int:
        return _ADJUSTED if self.p.adjclose else _PLAIN

    def _row_(self, tokens: list[str]) -> Sequence[float]:
        moment = iso_moment(text(tokens, 0, "date"), None, self.p.sessionend)
        values = [number(tokens, self._first() + at, name) for at, name in enumerate(_NAMES)]
        if self.p.round:
            values = [float(round(value, self.p.decimals)) for value in values]
        return (date2num(moment), *values, 0.0)

    def _kinds_(self, first: Sequence[str]) -> dict[int, Kind] | None:
        kinds: dict[int, Kind] = {0: "iso date"}
        return kinds | {self._first() + at: "number" for at in range(len(_NAMES))}

    def _from_table_(self, table: Table) -> Mapping[str, Floats] | None:
        when = self._iso_numbers_(table, None)
        if when is None:
            return None
        lines = {name: table.numbers[self._first() + at] for at, name in enumerate(_NAMES)}
        if self.p.round:
            lines = {name: rounded(values, self.p.decimals) for name, values in lines.items()}
        return {"datetime": when, **lines, "openinterest": np.zeros(len(when))}


class Quandl(QuandlCSV):
    """Prices downloaded from Quandl's service (now Nasdaq Data Link), which needs an ``apikey`` for most data sets.

    ``dataname`` is the symbol and ``dataset`` the collection that has it. ``reverse`` asks the service for the oldest
    row first. ``buffered`` is kept for old scripts and has no effect: the answer is read as a whole.
    """

    params: ClassVar[Any] = (
        ("baseurl", "https://www.quandl.com/api/v3/datasets"),
        ("proxies", {}),
        ("buffered", True),
        ("reverse", True),
        ("apikey", None),
        ("dataset", "WIKI"),
    )
    _answer: str | None = None

    def _newest_first_(self) -> bool:
        return False  # the service gives them as asked

    def _address(self) -> str:
        p = self.p
        query = ["order=asc"] if p.reverse else []
        if p.apikey is not None:
            query.append(f"api_key={quote(p.apikey)}")
        for name, moment in (("start_date", p.fromdate), ("end_date", p.todate)):
            if isinstance(moment, datetime):
                query.append(f"{name}={moment:%Y-%m-%d}")
        address = f"{p.baseurl}/{p.dataset}/{quote(p.dataname)}.csv"
        return f"{address}?{'&'.join(query)}" if query else address

    def _open(self) -> Any:
        if self._answer is None:
            self._answer = fetch(self._label_(), self._address(), self.p.proxies)
        return StringIO(self._answer)

    def _read_large_file_(self) -> Columns | None:
        return None  # there is no file


__all__ = ["Quandl", "QuandlCSV"]
