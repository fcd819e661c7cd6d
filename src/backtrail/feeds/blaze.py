"""Bars from any iterable of rows, as Blaze's expressions were."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from math import nan
from typing import Any, ClassVar

import numpy as np

from ..base.datenums import localize_numbers
from ..base.time import date2num
from ..errors import DataError
from .base import DataBase
from .columns import FIELDS, Columns


class BlazeData(DataBase):
    """Rows of ``datetime, open, high, low, close, volume, openinterest``: tuples, or anything that has items.

    Each parameter is the position of its field in a row; a negative one or None means that there is none (NaN).
    ``dataname`` is read once for every run, so an iterator serves for one.
    """

    params: ClassVar[Any] = (("datetime", 0), *((name, at) for at, name in enumerate(FIELDS, 1)))
    datafields: ClassVar[list[str]] = ["datetime", *FIELDS]

    def _label_(self) -> str:
        return repr(self._name or type(self).__name__)

    def _read_columns_(self) -> Columns:
        lines: dict[str, Any] = {}
        if not isinstance(self.p.dataname, Iterable):
            raise DataError(
                f"reading feed {self._label_()} - expected rows as dataname - found {self.p.dataname!r} - pass a list "
                "of tuples (datetime, open, high, low, close, volume, openinterest)"
            )
        rows = list(self.p.dataname)
        for name in ("datetime", *FIELDS):
            at = getattr(self.p, name)
            if at is None or at < 0:
                values = [nan] * len(rows)
            else:
                values = [self._value(row, at, name, number) for number, row in enumerate(rows, 1)]
            lines[name] = np.array(values, dtype=np.float64)
        if self._tzinput is not None:
            lines["datetime"] = localize_numbers(lines["datetime"], self._tzinput)
        return Columns.of(lines)

    def _value(self, row: Any, at: int, name: str, number: int) -> float:
        try:
            found = row[at]
            if name != "datetime":
                return float(found)
            if not isinstance(found, datetime):
                raise TypeError
            return date2num(found)
        except (TypeError, ValueError, IndexError):
            kind = "a datetime" if name == "datetime" else "a number"
            raise DataError(
                f"reading feed {self._label_()}, row {number} - expected {kind} at position {at} ({name}) - found "
                f"{row!r} - correct the row, or the parameter {name}"
            ) from None


__all__ = ["BlazeData"]
