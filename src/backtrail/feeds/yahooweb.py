"""Bars downloaded from Yahoo Finance's CSV service."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from io import StringIO
from typing import Any, ClassVar
from urllib.parse import quote

from ..base.timeframe import TimeFrame
from ..errors import ParameterValueError
from .base import CSVFeedBase
from .columns import Columns
from .download import DownloadError, fetch
from .yahoo import YahooFinanceCSVData

_INTERVALS = {TimeFrame.Days: "1d", TimeFrame.Weeks: "1wk", TimeFrame.Months: "1mo"}
_DOWNLOAD: tuple[tuple[str, Any], ...] = (
    ("proxies", {}),
    ("period", "d"),
    ("urlhist", "https://finance.yahoo.com/quote/{}/history"),
    ("urldown", "https://query1.finance.yahoo.com/v7/finance/download"),
    ("retries", 3),
)
_ADJUSTING = (
    ("reverse", False),
    ("adjclose", True),
    ("adjvolume", True),
    ("round", True),
    ("decimals", 2),
    ("roundvolume", False),
    ("swapcloses", False),
)
_CRUMB = re.compile(r'"CrumbStore":\{"crumb":"([^"]+)"\}')


class YahooFinanceData(YahooFinanceCSVData):
    """Prices downloaded for the symbol ``dataname``, from a service that speaks Yahoo's protocol of 2017.

    Yahoo has closed that service to anonymous use; ``urldown`` (and ``urlhist``, the page that hands out the crumb)
    may name another one. ``retries`` times more are tried. ``period`` is kept for old scripts: ``timeframe`` says
    whether daily, weekly or monthly prices are asked for.
    """

    params: ClassVar[Any] = _DOWNLOAD
    _answer: str | None = None
    error: str | None = None
    crumb: str | None = None

    def start(self) -> None:
        """Download the file, unless an earlier run did."""
        if self._answer is None:
            self.start_v7()
        super().start()

    def start_v7(self) -> None:
        """Get the crumb and then the prices; DownloadError if that fails every time."""
        address = self._address()
        failed: DownloadError | None = None
        for _ in range(self.p.retries + 1):
            try:
                page = fetch(
                    self._label_(), self.p.urlhist.format(quote(self.p.dataname)), self.p.proxies, csv=False
                )
                found = _CRUMB.search(page)
                self.crumb = (
                    found.group(1).encode("ascii", "replace").decode("unicode_escape") if found else None
                )
                wanted = address if self.crumb is None else f"{address}&crumb={quote(self.crumb, safe='/')}"
                self._answer = fetch(self._label_(), wanted, self.p.proxies)
                return
            except DownloadError as error:
                failed = error
        if failed is not None:
            self.error = str(failed)
            raise failed

    def _address(self) -> str:
        p = self.p
        interval = _INTERVALS.get(p.timeframe)
        if interval is None:
            raise ParameterValueError(
                f"downloading the bars of feed {self._label_()} - expected timeframe Days, Weeks or Months - found "
                f"{TimeFrame.getname(p.timeframe)} - pass timeframe=bt.TimeFrame.Days"
            )
        query = []
        for name, moment in (("period2", p.todate), ("period1", p.fromdate)):
            if isinstance(moment, datetime):
                query.append(f"{name}={int(moment.replace(tzinfo=UTC).timestamp())}")
        query += [f"interval={interval}", "events=history"]
        return f"{p.urldown}/{quote(p.dataname)}?{'&'.join(query)}"

    def _open(self) -> Any:
        return StringIO(self._answer or "")

    def _read_large_file_(self) -> Columns | None:
        return None  # there is no file


class YahooFinance(CSVFeedBase):
    """A factory of :class:`YahooFinanceData`."""

    DataCls = YahooFinanceData
    params: ClassVar[Any] = (*_ADJUSTING, *_DOWNLOAD)


__all__ = ["YahooFinance", "YahooFinanceData"]
