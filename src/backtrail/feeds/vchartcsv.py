"""Bars from text files that Visual Chart exports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time

from ..base.time import date2num
from ..base.timeframe import TimeFrame
from .base import CSVFeedBase
from .columns import FIELDS
from .csv import CSVDataBase, FieldError, number, text

_PERIODS = {
    "I": TimeFrame.Minutes,
    "D": TimeFrame.Days,
    "W": TimeFrame.Weeks,
    "M": TimeFrame.Months,
}


class VChartCSVData(CSVDataBase):
    """Rows of ``ticker,period,date,time,open,high,low,close,volume,openinterest``.

    Dates are written 20060102 and times 93500. The period is I, D, W or M: it becomes the feed's timeframe (Minutes
    for I), and only bars of period I have the time of the row; others end with the session, to the second.
    """

    def _row(self, tokens: list[str]) -> Sequence[float]:
        period = text(tokens, 1, "period")
        timeframe = _PERIODS.get(period)
        if timeframe is None:
            raise FieldError(
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
