"""Bars from the binary files of Visual Chart: daily (``.fd``) and intraday (``.min``)."""

from __future__ import annotations

import os
from datetime import time
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..base.datenums import from_days, localize_numbers
from ..base.timeframe import TimeFrame
from ..errors import DataError
from .base import DataBase, FeedBase
from .columns import FIELDS, Columns
from .paths import is_path, not_found

Ints = NDArray[np.int64]

_PRICES = [
    ("open", "<f4"),
    ("high", "<f4"),
    ("low", "<f4"),
    ("close", "<f4"),
    ("volume", "<u4"),
    ("openinterest", "<u4"),
]
# 28 bytes for a day, 32 for a bar within one: the day as year * 500 + month * 32 + day, the second of the day
DAILY: np.dtype[Any] = np.dtype([("day", "<u4"), *_PRICES])
INTRADAY: np.dtype[Any] = np.dtype([("day", "<u4"), ("second", "<u4"), *_PRICES])
_SECONDS_OF_DAY = 86400


class _BinaryData(DataBase):
    """A feed that reads records of fixed size."""

    _whole_records: ClassVar[bool] = True  # a file that ends within a record is refused

    def _label_(self) -> str:
        return repr(self._name or type(self).__name__)

    def _file(self) -> str:
        """Give the path of the file."""
        raise NotImplementedError

    def _layout_(self) -> np.dtype[Any]:
        return INTRADAY if self.p.timeframe < TimeFrame.Days else DAILY

    def _daily_time(self) -> time:
        """Give the time of the day that daily bars have."""
        return time.min

    def start(self) -> None:
        """Check that the file is there."""
        super().start()
        name = self._file()
        if not os.path.exists(name):
            not_found(self._label_(), name)

    def _read_columns_(self) -> Columns:
        name, layout = self._file(), self._layout_()
        with open(name, "rb") as file:
            raw = file.read()
        spare = len(raw) % layout.itemsize
        if spare and self._whole_records:
            raise DataError(
                f"reading feed {self._label_()} from {name} - expected records of {layout.itemsize} bytes - found "
                f"{len(raw)} bytes, which are {len(raw) // layout.itemsize} records and {spare} bytes - check "
                "timeframe (it says whether the file is daily or intraday) and that the file is complete"
            )
        records = np.frombuffer(raw, layout, len(raw) // layout.itemsize)
        days = self._days(records["day"].astype(np.int64), name)
        when = from_days(days, self._micros(records, name))
        if self._tzinput is not None:
            when = localize_numbers(when, self._tzinput)
        lines = {field: records[field].astype(np.float64) for field in FIELDS}
        return Columns.of({"datetime": when, **lines})

    def _days(self, written: Ints, name: str) -> Ints:
        """Give the days since 1970 of days written year * 500 + month * 32 + day."""
        year, rest = np.divmod(written, 500)
        month, day = np.divmod(rest, 32)
        wrong = (year < 1) | (year > 9999) | (month < 1) | (month > 12) | (day < 1)
        months = np.where(wrong, 0, (year - 1970) * 12 + month - 1)
        days: Ints = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + day - 1
        # a day that the month does not have lies in the next one
        wrong |= days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) != months
        if wrong.any():
            at = int(np.flatnonzero(wrong)[0])
            raise DataError(
                f"reading feed {self._label_()} from {name}, record {at + 1} - expected a day written year * 500 + "
                f"month * 32 + day - found {int(written[at])}, which is no day - check that this is a file of Visual "
                "Chart of the kind that timeframe says"
            )
        return days

    def _micros(self, records: NDArray[Any], name: str) -> Ints:
        if "second" not in (records.dtype.names or ()):
            clock = self._daily_time()
            seconds = (clock.hour * 60 + clock.minute) * 60 + clock.second
            return np.full(len(records), seconds * 1_000_000 + clock.microsecond, dtype=np.int64)
        found = records["second"].astype(np.int64)
        if len(found) and found.max() >= _SECONDS_OF_DAY:
            at = int(found.argmax())
            raise DataError(
                f"reading feed {self._label_()} from {name}, record {at + 1} - expected the second of the day, below "
                f"{_SECONDS_OF_DAY} - found {int(found[at])} - check that this is an intraday file of Visual Chart"
            )
        return found * 1_000_000


class VChartData(_BinaryData):
    """A binary file of Visual Chart: ``dataname`` with the extension ``.fd`` (daily and longer) or ``.min``.

    The extension is added by ``timeframe`` if there is none (backtrader's rule: longer than a day is looked for in the
    intraday file). Daily bars have the time 00:00.
    """

    def _extension(self) -> str:
        return ".fd" if self.p.timeframe == TimeFrame.Days else ".min"

    def _layout_(self) -> np.dtype[Any]:
        return DAILY if self.p.timeframe == TimeFrame.Days else INTRADAY

    def _file(self) -> str:
        source = self.p.dataname
        if not is_path(source):
            raise DataError(
                f"opening the file of feed {self._label_()} - expected a path as dataname - found {source!r} - pass "
                "dataname='folder/name', without extension"
            )
        name: str = os.fspath(source)
        return name if os.path.splitext(name)[1] else name + self._extension()


class VChartFeed(FeedBase):
    """A factory of :class:`VChartData` for the folders that Visual Chart keeps below ``basepath``."""

    DataCls = VChartData
    params: ClassVar[Any] = (("basepath", ""),)

    def _getdata(self, dataname: Any, **kwargs: Any) -> Any:
        market, rest = dataname[:2], dataname[2:]
        kwargs.pop("basepath", None)
        folder = os.path.join(self.p.basepath, "RealServer", "Data", market)
        return super()._getdata(os.path.join(folder, rest, dataname), **kwargs)


class VChartFile(_BinaryData):
    """A binary file of Visual Chart found by its symbol, such as ``015ES``, below the folder of a store.

    Symbol ``015ES`` is ``<folder>/0015/010015ES.fd``, or ``.min`` for intraday bars. The folder is that of the store
    (``bt.stores.VChartFile(path=...)``), through which the feed is made or which is made before it. Daily bars end
    with the session.
    """

    folder: ClassVar[str | None] = None
    _whole_records = False

    def _file(self) -> str:
        if self.p.timeframe < TimeFrame.Minutes:
            raise DataError(
                f"opening the file of feed {self._label_()} - expected timeframe Minutes or longer - found "
                f"{TimeFrame.getname(self.p.timeframe)} - Visual Chart's files of ticks are not read"
            )
        folder = type(self).folder if self._store is None else self._store.get_datapath()
        if folder is None:
            raise DataError(
                f"opening the file of feed {self._label_()} - expected a store that knows the folder of Visual Chart - "
                "found none - make bt.stores.VChartFile(path='folder') first"
            )
        extension = ".fd" if self.p.timeframe >= TimeFrame.Days else ".min"
        symbol = self.p.dataname
        return os.path.join(folder, f"0{symbol[:3]}", f"010{symbol}{extension}")

    def _daily_time(self) -> time:
        end: time = self.p.sessionend
        return end


__all__ = ["VChartData", "VChartFeed", "VChartFile"]
