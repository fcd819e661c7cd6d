"""Bars from delimited text files whose columns and times are told by parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..base.datenums import from_days, localize_moments
from ..base.time import date2num
from ..base.timeframe import TimeFrame
from ..errors import ParameterValueError
from .base import CSVFeedBase
from .csv import CSVDataBase, FieldError, micros_of, number, text
from .csvtext import Kind, Table
from .stamps import Bytes, Layout, layout_of, moments

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class _Column(NamedTuple):
    line: str
    at: int | None


class GenericCSVData(CSVDataBase):
    """Rows in any order of columns, told by parameters.

    ``datetime``, ``time``, ``open``, ``high``, ``low``, ``close``, ``volume``, ``openinterest`` and one
    parameter for each further line of a subclass hold the column number, from 0; -1 or None: there is no such
    column. A field that is empty reads as ``nullvalue``. ``dtformat`` is a ``strptime`` format, 1 (whole
    seconds since 1970), 2 (seconds with a fraction) or a callable that makes a datetime of the text;
    ``tmformat`` is the format of a ``time`` column. Bars of a day or longer are moved to the end of the
    session.
    """

    params: ClassVar[Any] = (
        ("nullvalue", float("NaN")),
        ("dtformat", "%Y-%m-%d %H:%M:%S"),
        ("tmformat", "%H:%M:%S"),
        ("datetime", 0),
        ("time", -1),
        ("open", 1),
        ("high", 2),
        ("low", 3),
        ("close", 4),
        ("volume", 5),
        ("openinterest", 6),
    )
    _null_ = ""
    _plan_: Any = None

    def start(self) -> None:
        """Open the file and skip its header line."""
        super().start()
        self._plan_ = self._value_columns_()

    def _check_parameters_(self) -> None:
        super()._check_parameters_()
        form = self.p.dtformat
        if not (isinstance(form, str) or callable(form) or form in (1, 2)):
            raise ParameterValueError(
                f"reading feed {self._label_()} - expected dtformat to be a strptime format, 1 (seconds since "
                "1970), 2 (the "
                f"same with a fraction) or a callable - found {form!r} - correct dtformat"
            )
        if isinstance(form, str) and self._has_clock_():
            twice = {
                mark for mark in "YymdHIMSfpbBjzZ" if f"%{mark}" in form and f"%{mark}" in self.p.tmformat
            }
            if twice:
                raise ParameterValueError(
                    f"reading feed {self._label_()} with a time column - expected dtformat and tmformat to read "
                    "different "
                    f"parts of the time - found {form!r} and {self.p.tmformat!r}, which both read "
                    f"{sorted('%' + mark for mark in twice)} - pass dtformat='%Y-%m-%d' or time=-1"
                )
        try:
            float(self.p.nullvalue)
        except (TypeError, ValueError):
            raise ParameterValueError(
                f"reading feed {self._label_()} - expected nullvalue to be a number - found {self.p.nullvalue!r} - "
                "pass nullvalue=float('nan') or nullvalue=0.0"
            ) from None

    def _has_clock_(self) -> bool:
        return self._column_("time") is not None

    def _column_(self, name: str) -> int | None:
        """Give the column number of line *name*, None if there is no column."""
        if name not in self.p._getkeys():
            raise ParameterValueError(
                f"reading feed {self._label_()} - expected a parameter for every line of {type(self).__name__} "
                "- found none "
                f"for {name!r} - declare params = (({name!r}, <column number>),)"
            )
        at = getattr(self.p, name)
        if at is None:
            return None
        if isinstance(at, bool) or not hasattr(at, "__index__"):
            raise ParameterValueError(
                f"reading feed {self._label_()} - expected {name} to be a column number counted from 0, or -1 "
                "for none - "
                f"found {at!r} - pass the number of the column"
            )
        number = at.__index__()
        return number if number >= 0 or name == "datetime" else None

    def _value_columns_(self) -> tuple[_Column, ...]:
        return tuple(
            _Column(name, self._column_(name)) for name in self.lines.getlinealiases() if name != "datetime"
        )

    def _row_names_(self) -> tuple[str, ...]:
        return ("datetime", *(column.line for column in self._plan_))

    # -- row by row -------------------------------------------------------------------------------------------------

    def _row_(self, tokens: list[str]) -> Sequence[float]:
        null = float(self.p.nullvalue)
        moment = self._moment_(tokens)
        try:
            values = [self._bar_number_(moment)]
        except ValueError as error:
            raise FieldError(f"column {self.p.datetime} (datetime) - {error}") from None
        for name, at in self._plan_:
            if at is None or not text(tokens, at, name):
                values.append(null)
            else:
                values.append(number(tokens, at, name))
        return values

    def _moment_(self, tokens: list[str]) -> datetime:
        at, form = self.p.datetime, self.p.dtformat
        written = text(tokens, at, "datetime")
        expected = f"dtformat={form!r}"
        try:
            if isinstance(form, str):
                clock = self._column_("time")
                if clock is not None:
                    written += "T" + text(tokens, clock, "time")
                    form += "T" + self.p.tmformat
                    expected += f" and tmformat={self.p.tmformat!r}"
                return datetime.strptime(written, form)
            if callable(form):
                return _datetime(form(written))
            seconds = int(written) if form == 1 else float(written)
            return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
        except FieldError:
            raise
        except (ValueError, OverflowError, OSError) as error:
            raise FieldError(
                f"column {at} (datetime) - expected a time written as {expected} says - found {written!r} "
                f"({error}) - "
                "correct the row, or dtformat and the column numbers"
            ) from None

    def _bar_number_(self, moment: datetime) -> float:
        """Give the date number of a bar's *moment*: as written, or the end of the session for daily and longer bars."""
        if self.p.timeframe < TimeFrame.Days:
            return date2num(moment)
        written = date2num(moment)
        end = date2num(datetime.combine(moment.date(), self.p.sessionend), self._tz)
        placed = written if self._tzinput is None else date2num(moment, self._tzinput)
        return end if end > placed else written

    # -- all at once ------------------------------------------------------------------------------------------------

    def _kinds_(self, first: Sequence[str]) -> dict[int, Kind] | None:
        at, form, clock = self._column_("datetime"), self.p.dtformat, self._column_("time")
        if at is None:
            raise ParameterValueError(
                f"reading feed {self._label_()} - expected datetime to be a column number counted from 0 - found None "
                "- pass the number of the column"
            )
        if at < 0 or callable(form):
            return None
        kinds: dict[int, Kind] = {column: "number" for _, column in self._plan_ if column is not None}
        stamps: dict[int, Kind] = {
            at: "time" if isinstance(form, str) else "integer" if form == 1 else "number"
        }
        if clock is not None and isinstance(form, str):
            stamps[clock] = "time"
        # a column that is both a time and a value is read row by row
        return None if stamps.keys() & kinds.keys() else kinds | stamps

    def _from_table_(self, table: Table) -> Mapping[str, Floats] | None:
        when = self._table_numbers_(table)
        if when is None:
            return None
        lines = {"datetime": when}
        null = float(self.p.nullvalue)
        for name, at in self._plan_:
            if at is None:
                lines[name] = np.full(table.count, null)
                continue
            values = table.numbers[at]
            if at in table.nulls and null == null:
                values = np.where(table.nulls[at], null, values)
            lines[name] = values
        return lines

    def _table_numbers_(self, table: Table) -> Floats | None:
        found = self._table_moments_(table)
        if found is None:
            return None
        written = from_days(*found)
        if self.p.timeframe < TimeFrame.Days:
            return written
        end = localize_moments(found[0], micros_of(self.p.sessionend), self._tz)
        placed = written if self._tzinput is None else localize_moments(*found, self._tzinput)
        return np.where(end > placed, end, written)

    def _table_moments_(self, table: Table) -> tuple[Ints, Ints] | None:
        at, form = self.p.datetime, self.p.dtformat
        if form == 1:
            days, seconds = np.divmod(table.integers[at], 86400)
            return _in_calendar(days, seconds * 1_000_000)
        if form == 2:
            return None if at in table.nulls else _from_seconds(table.numbers[at])
        layout, codes = self._layout_(table, at, form)
        if layout is None or codes is None:
            return None
        clock = self._column_("time")
        if clock is None:
            return moments(codes, layout)
        time_layout, times = self._layout_(table, clock, self.p.tmformat)
        if time_layout is None or times is None:
            return None
        return moments(codes, layout, times, time_layout)

    @staticmethod
    def _layout_(table: Table, at: int, form: str) -> tuple[Layout | None, Bytes | None]:
        codes = table.codes[at]
        return (None if codes is None else layout_of(form, codes.shape[1])), codes


def _datetime(moment: Any) -> datetime:
    if isinstance(moment, datetime):
        return moment
    if isinstance(moment, date):
        return datetime(moment.year, moment.month, moment.day)
    raise ValueError(f"the callable gave {moment!r}, which is no datetime")


def _in_calendar(days: Ints, micros: Ints) -> tuple[Ints, Ints] | None:
    """Give the moments if all of them lie in the years 1 to 9999."""
    if len(days) and (days.min() < -719162 or days.max() > 2932896):
        return None
    return days, micros


def _from_seconds(seconds: Floats) -> tuple[Ints, Ints] | None:
    """Give days and microseconds of times counted in seconds since 1970, rounded as ``datetime.fromtimestamp`` does."""
    if not np.isfinite(seconds).all() or (np.abs(seconds) > 3e11).any():
        return None
    fraction, whole = np.modf(seconds)
    micros = whole.astype(np.int64) * 1_000_000 + np.rint(fraction * 1e6).astype(np.int64)
    days = micros // 86_400_000_000
    return _in_calendar(days, micros - days * 86_400_000_000)


class MT4CSVData(GenericCSVData):
    """Files that MetaTrader 4 exports: ``date,time,open,high,low,close,volume``, dates written 2006.01.02."""

    params: ClassVar[Any] = (
        ("dtformat", "%Y.%m.%d"),
        ("tmformat", "%H:%M"),
        ("datetime", 0),
        ("time", 1),
        ("open", 2),
        ("high", 3),
        ("low", 4),
        ("close", 5),
        ("volume", 6),
        ("openinterest", -1),
    )


class SierraChartCSVData(GenericCSVData):
    """Files that Sierra Chart exports: dates written 2006/01/02."""

    params: ClassVar[Any] = (("dtformat", "%Y/%m/%d"),)


class GenericCSV(CSVFeedBase):
    """A factory of :class:`GenericCSVData` for the files of one folder."""

    DataCls = GenericCSVData
