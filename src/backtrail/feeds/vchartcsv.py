"""Bars from text files that Visual Chart exports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time

import numpy as np
from numpy.typing import NDArray

from ..base.datenums import from_days
from ..base.time import date2num
from ..base.timeframe import TimeFrame
from .base import CSVFeedBase
from .columns import FIELDS
from .csv import CSVDataBase, FieldError, UnknownCodeError, micros_of, number, text
from .csvtext import Kind, Table
from .stamps import Layout, moments

Floats = NDArray[np.float64]

_PERIODS = {
    "I": TimeFrame.Minutes,
    "D": TimeFrame.Days,
    "W": TimeFrame.Weeks,
    "M": TimeFrame.Months,
}

_DATE = Layout((("Y", 0, 4), ("m", 4, 2), ("d", 6, 2)), (), 8)
_TIME = Layout((("H", 0, 2), ("M", 2, 2), ("S", 4, 2)), (), 6)


class VChartCSVData(CSVDataBase):
    """Rows of ``ticker,period,date,time,open,high,low,close,volume,openinterest``.

    Dates are written 20060102 and times 93500. The period is I, D, W or M: it becomes the feed's timeframe (Minutes
    for I), and only bars of period I have the time of the row; others end with the session, to the second.
    """

    def _kinds_(self, first: Sequence[str]) -> dict[int, Kind] | None:
        if len(first) <= 1 or first[1] not in _PERIODS:
            return None
        stamps: dict[int, Kind] = {1: "time", 2: "time"}
        if first[1] == "I":
            stamps[3] = "time"
        return stamps | {4 + at: "number" for at in range(len(FIELDS))}

    def _from_table_(self, table: Table) -> Mapping[str, Floats] | None:
        period, days = table.codes[1], table.codes[2]
        # one period throughout, written with one letter
        if period is None or days is None or period.shape[1] != 1 or (period != period[0]).any():
            return None
        letter = chr(int(period[0, 0]))
        times = table.codes.get(3)
        if letter != "I":
            found = moments(days, _DATE)
        else:
            found = None if times is None else moments(days, _DATE, times, _TIME)
        if found is None:
            return None
        self._timeframe = _PERIODS[letter]
        end = self.p.sessionend.replace(microsecond=0)
        when = from_days(found[0], found[1] if letter == "I" else micros_of(end))
        return {"datetime": when} | {name: table.numbers[4 + at] for at, name in enumerate(FIELDS)}

    def _row_(self, tokens: list[str]) -> Sequence[float]:
        period = text(tokens, 1, "period")
        timeframe = _PERIODS.get(period)
        if timeframe is None:
            raise UnknownCodeError(
                f"column 1 (period) - expected one of {sorted(_PERIODS)} - found {period!r} - correct the row"
            )
        self._timeframe = timeframe
        moment = _moment(tokens, self.p.sessionend if period != "I" else None)
        return (date2num(moment), *(number(tokens, 4 + at, name) for at, name in enumerate(FIELDS)))


def _moment(tokens: list[str], end: time | None) -> datetime:
    day = text(tokens, 2, "date")
    try:
        on = date(int(day[0:4]), int(day[4:6]), int(day[6:8]))
    except ValueError as error:
        raise FieldError(
            f"column 2 (date) - expected a date written YYYYMMDD - found {day!r} ({error}) - correct the row"
        ) from None
    if end is not None:
        return datetime.combine(on, end.replace(microsecond=0))
    clock = text(tokens, 3, "time")
    try:
        hours, rest = divmod(int(clock), 10000)
        return datetime.combine(on, time(hours, *divmod(rest, 100)))
    except ValueError as error:
        raise FieldError(
            f"column 3 (time) - expected a time written HHMMSS - found {clock!r} ({error}) - correct the row"
        ) from None


class VChartCSV(CSVFeedBase):
    """A factory of :class:`VChartCSVData` for the files of one folder."""

    DataCls = VChartCSVData


__all__ = ["VChartCSV", "VChartCSVData"]
