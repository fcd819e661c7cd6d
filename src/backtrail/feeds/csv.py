"""Bars from delimited text files."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from datetime import date, datetime, time
from itertools import islice
from math import inf
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..base.datenums import from_days, localize_numbers
from ..base.time import date2num
from ..errors import DataError, ParameterValueError
from .base import CSVFeedBase, DataBase
from .columns import FIELDS, Columns
from .csvscan import pays, scanned
from .csvtext import Kind, Pile, Table, blocks, forms, is_large, read_text, split_lines
from .paths import file_stem, is_path, not_found
from .stamps import ISO_DATE, ISO_TIME, Bytes, Layout, moments

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class FieldError(DataError):
    """A field of a row that cannot be read; the feed adds file and line."""


class MissingFieldError(FieldError, IndexError):
    """A field that a row does not have."""


class UnknownCodeError(FieldError, KeyError):
    """A field that holds none of the codes that the format has."""


class RowError(DataError):
    """A row that cannot be read: file, line and column, what was expected and what to do."""


class ShortRowError(RowError, IndexError):
    """A row that is too short."""


class UnknownCodeRowError(RowError, KeyError):
    """A row with a code that its format does not have."""

    __str__ = Exception.__str__  # that of a KeyError is in quotes


def number(tokens: Sequence[str], at: int, name: str) -> float:
    """Give field *at* of a row as a float; FieldError names the column."""
    try:
        return float(tokens[at])
    except ValueError:
        raise FieldError(
            f"column {at} ({name}) - expected a number - found {tokens[at]!r} - correct the row or the column number"
        ) from None
    except IndexError:
        raise MissingFieldError(
            f"column {at} ({name}) - expected at least {at + 1} fields - found {len(tokens)}: {list(tokens)} - "
            "correct the row, the separator or the column number"
        ) from None


def text(tokens: Sequence[str], at: int, name: str) -> str:
    """Give field *at* of a row; FieldError if the row is too short."""
    try:
        return tokens[at]
    except IndexError:
        raise MissingFieldError(
            f"column {at} ({name}) - expected at least {at + 1} fields - found {len(tokens)}: {list(tokens)} - "
            "correct the row, the separator or the column number"
        ) from None


def iso_moment(day: str, clock: str | None, end: time) -> datetime:
    """Read a date written YYYY-MM-DD and a time written HH:MM:SS, by position; *end* is the time if there is none."""
    try:
        on = date(int(day[0:4]), int(day[5:7]), int(day[8:10]))
    except ValueError as error:
        raise FieldError(
            f"column 0 (date) - expected a date written YYYY-MM-DD - found {day!r} ({error}) - correct the "
            "row, or read "
            "the file with GenericCSVData(dtformat=...)"
        ) from None
    if clock is None:
        return datetime.combine(on, end)
    try:
        return datetime.combine(on, time(int(clock[0:2]), int(clock[3:5]), int(clock[6:8])))
    except ValueError as error:
        raise FieldError(
            f"column 1 (time) - expected a time written HH:MM:SS - found {clock!r} ({error}) - correct the "
            "row, or read "
            "the file with GenericCSVData(dtformat=..., time=1, tmformat=...)"
        ) from None


class CSVDataBase(DataBase):
    """Base of feeds that read delimited text: a path, or an object with ``readline``/``read``.

    Subclasses implement ``_loadline(linetokens)``: take the fields of one row, set ``self.lines.<name>[0]`` and
    return True (False ends the feed). While a feed runs, ``self.f`` is the open file, past its header line, and
    ``self.separator`` the separator; ``_getnextline`` gives the next row's fields, None at the end.
    """

    params: ClassVar[Any] = (("headers", True), ("separator", ","))

    f: Any = None
    separator: Any = ","
    _lineno_: int = 0
    _opened_: bool = False
    _stream_start_: Any = None

    def _finish_(self) -> None:
        self._name = self.p.name or file_stem(self.p.dataname)
        super()._finish_()

    # -- the file ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Open the file and skip its header line."""
        super().start()
        self._check_parameters_()
        if self._opened_:  # started again without a stop, as after a fault: what was read is read anew
            self._close()
        if self.f is None:
            self.f = self._open()
            self._opened_ = True
        self._lineno_ = 0
        if self.p.headers:
            self.f.readline()
            self._lineno_ = 1
        self.separator = self.p.separator

    def stop(self) -> None:
        """Close the file."""
        super().stop()
        self._close()

    def _open(self) -> Any:
        source = self.p.dataname
        if hasattr(source, "readline"):
            if hasattr(source, "seekable") and source.seekable():
                # a second run reads the same text again
                if self._stream_start_ is None:
                    self._stream_start_ = source.tell()
                source.seek(self._stream_start_)
            return source
        if not is_path(source):
            raise DataError(
                f"opening the file of feed {self._label_()} - expected a path or a file object as dataname - found "
                f"{source!r} - pass dataname='path/to/file.csv'"
            )
        try:
            # bytes that are not UTF-8 matter only in the fields that are read
            return open(source, encoding="utf-8-sig", errors="surrogateescape")
        except FileNotFoundError:
            not_found(self._label_(), source)
        except OSError as error:
            raise DataError(
                f"opening the file of feed {self._label_()} - expected {os.fspath(source)!r} to be a file that can be "
                f"read - {error.strerror} - correct dataname"
            ) from None

    def _close(self) -> None:
        if self.f is not None:
            if self.f is not self.p.dataname:
                self.f.close()
            self.f = None
        self._opened_ = False

    def _label_(self) -> str:
        return repr(self._name or type(self).__name__)

    def _where_(self, line: int) -> str:
        source = self.p.dataname
        name = os.fspath(source) if is_path(source) else "the given file object"
        return f"reading feed {self._label_()} from {name}, line {line}"

    def _refused_(self, line: int, error: FieldError) -> RowError:
        titles = "; if the file starts with a line of titles, pass headers=True" if line == 1 else ""
        message = f"{self._where_(line)}, {Exception.__str__(error)}{titles}"
        if isinstance(error, UnknownCodeError):
            return UnknownCodeRowError(message)
        return ShortRowError(message) if isinstance(error, MissingFieldError) else RowError(message)

    # -- row by row -------------------------------------------------------------------------------------------------

    def _load(self) -> bool | None:
        if not self._overridden_("_loadline", "_getnextline"):
            return super()._load()
        if self.f is None:
            return False
        tokens = self._getnextline()
        if not tokens:
            return False
        try:
            return bool(self._loadline(tokens))
        except FieldError as error:
            raise self._refused_(self._lineno_, error) from None

    def _getnextline(self) -> list[str] | None:
        """Give the fields of the next row, None at the end of the file (which is then closed)."""
        if self.f is None:
            return None
        line = self.f.readline()
        if not line:
            self._close()
            return None
        self._lineno_ += 1
        fields: list[str] = line.rstrip("\n").split(self.separator)
        return fields

    def _loadline(self, linetokens: list[str]) -> bool:
        """Put one row into the lines."""
        values = self._row_(linetokens)
        lines = self.lines
        for name, value in zip(self._row_names_(), values):
            getattr(lines, name)[0] = value
        return True

    # -- what a format says -----------------------------------------------------------------------------------------

    def _row_names_(self) -> tuple[str, ...]:
        """Give the lines that ``_row_`` gives values for, datetime first."""
        return ("datetime", *FIELDS)

    def _row_(self, tokens: list[str]) -> Sequence[float]:
        """Give the values of one row, in the order of ``_row_names_``; FieldError names a field that cannot be read."""
        raise DataError(
            f"reading feed {self._label_()} - expected {type(self).__name__} to say what its rows mean - found no "
            "_loadline - implement _loadline(self, linetokens)"
        )

    def _leave_out_(self, tokens: Sequence[str]) -> bool:
        """Tell whether a row is no bar."""
        return False

    def _kinds_(self, first: Sequence[str]) -> dict[int, Kind] | None:
        """Give what each column holds, judged by the *first* row; None if rows must be read one by one."""
        return None

    def _from_table_(self, table: Table) -> Mapping[str, Floats] | None:
        """Give the lines of a table by name; None if rows must be read one by one."""
        return None

    def _newest_first_(self) -> bool:
        """Tell whether the rows are to be turned."""
        return False

    # what stands for no value, and whether rows may differ in length
    _null_: ClassVar[str | None] = None
    _same_width_: ClassVar[bool] = False

    # -- all at once ------------------------------------------------------------------------------------------------

    def _read_columns_(self) -> Columns | None:
        if self.f is None or self._overridden_("_loadline", "_getnextline"):
            return None
        columns = self._read_large_file_()
        if columns is None:
            columns = self._read_small_file_()
            columns = columns.reversed() if self._newest_first_() else columns
        self._close()
        return columns

    def _check_parameters_(self) -> None:
        """Refuse parameters that cannot work, before anything is read."""
        separator = self.p.separator
        if separator is not None and (not isinstance(separator, str) or not separator):
            raise ParameterValueError(
                f"reading feed {self._label_()} - expected separator to be text such as ',' or None for blanks "
                "- found "
                f"{separator!r} - correct separator"
            )

    def _read_large_file_(self) -> Columns | None:
        """Read a large file with pyarrow; None if it is small, or not as regular as that needs."""
        source = self.p.dataname
        if not is_path(source) or self._overridden_("start"):
            return None
        if not is_large(os.path.getsize(source)) or not isinstance(self.separator, str):
            return None
        with open(source, encoding="utf-8-sig", errors="surrogateescape") as peek:
            first = next(islice(peek, self._lineno_, None), "").rstrip("\n").split(self.separator)
        kinds = self._kinds_(first)
        if kinds is None or max(kinds) >= len(first):
            return None
        size, width = os.path.getsize(source), sum(map(len, first)) + len(first)
        readers = [scanned, blocks] if pays(size) else [blocks]
        for form in forms(kinds, first):
            for read in readers:
                # as if the rows were a third shorter than the first one
                pile = Pile(size * 3 // (width * 2) + 16, self._newest_first_())
                tables = read(os.fspath(source), self._lineno_, first, self.separator, form, self._null_)
                if self._pile_(tables, pile):
                    return self._assemble_(pile.lines(), pile.rows())
        return None

    def _pile_(self, tables: Generator[Table | None], pile: Pile) -> bool:
        """Put what *tables* hold into *pile*; False if rows must be read one by one."""
        with closing(tables):
            for table in tables:
                lines = None if table is None else self._from_table_(table)
                if table is None or lines is None:
                    return False
                pile.add(lines, table.lines)
        return pile.count > 0

    def _read_small_file_(self) -> Columns:
        body = self.f.read()
        if isinstance(body, bytes):
            body = body.decode("utf-8-sig", "surrogateescape")
        if "\r" in body:
            body = body.replace("\r\n", "\n").replace("\r", "\n")
        rows, numbers = split_lines(body, self._lineno_ + 1)
        if not rows:
            return self._assemble_({name: np.empty(0) for name in self._row_names_()}, ())
        first = rows[0].split(self.separator)
        kinds = self._kinds_(first)
        if kinds is not None:
            width = len(first) if self._same_width_ else None
            table = read_text(rows, numbers, self.separator, kinds, self._null_, width)
            lines = None if table is None else self._from_table_(table)
            if table is not None and lines is not None:
                return self._assemble_(lines, table.lines)
        return self._read_rows_(rows, numbers)

    def _read_rows_(self, rows: Sequence[str], numbers: Sequence[int]) -> Columns:
        """Read row by row: formats that cannot be read at once, and finding the row that is wrong.

        A row that comes after a bar later than ``todate`` is never asked for: it may be anything.
        """
        found: list[Sequence[float]] = []
        kept: list[int] = []
        step = -1 if self._newest_first_() else 1
        for line, row in zip(numbers[::step], rows[::step]):
            tokens = row.split(self.separator)
            if self._leave_out_(tokens):
                continue
            try:
                found.append(self._row_(tokens))
            except FieldError as error:
                if not self._late_(found):
                    raise self._refused_(line, error) from None
                break
            kept.append(line)
        names = self._row_names_()
        values = np.array(found[::step], dtype=np.float64).reshape(len(found), len(names)).T
        lines = {name: np.ascontiguousarray(part) for name, part in zip(names, values)}
        return self._assemble_(lines, kept[::step])

    def _late_(self, found: Sequence[Sequence[float]]) -> bool:
        """Tell whether one of the rows *found* is later than ``todate``."""
        if not found or self.todate == inf:
            return False
        when = np.array([row[0] for row in found])
        if self._tzinput is not None:
            when = localize_numbers(when, self._tzinput)
        return bool((when > self.todate).any())

    def _assemble_(self, lines: Mapping[str, Floats], rows: Sequence[int]) -> Columns:
        when = lines["datetime"]
        if self._tzinput is not None:
            when = localize_numbers(when, self._tzinput)
        return Columns.of({**lines, "datetime": when}, rows)

    def _iso_numbers_(self, table: Table, clock: int | None) -> Floats | None:
        """Give the date numbers of column 0 (YYYY-MM-DD) and column *clock* (HH:MM:SS; None: the end of session)."""
        if clock is None:
            days = table.days[0] if 0 in table.days else _part(table.codes[0], ISO_DATE, 0)
            return None if days is None else from_days(days, micros_of(self.p.sessionend))
        if 0 in table.days and clock in table.seconds:
            return from_days(table.days[0], table.seconds[clock] * 1_000_000)
        codes, times = table.codes[0], table.codes[clock]
        found = None if codes is None or times is None else moments(codes, ISO_DATE, times, ISO_TIME)
        return None if found is None else from_days(*found)


def _part(codes: Bytes | None, layout: Layout, at: int) -> Ints | None:
    """Give the days (*at* 0) or microseconds (1) that *codes* stand for; None where rows must be read one by one."""
    found = None if codes is None else moments(codes, layout)
    return None if found is None else found[at]


def micros_of(clock: time) -> int:
    """Give the microseconds of the day at *clock*."""
    seconds = (clock.hour * 60 + clock.minute) * 60 + clock.second
    return seconds * 1_000_000 + clock.microsecond


class BacktraderCSVData(CSVDataBase):
    """Rows of ``date,[time,]open,high,low,close,volume,openinterest``: YYYY-MM-DD and HH:MM:SS.

    Rows of exactly eight fields have a time; the bars of others end with the session (``sessionend``).
    """

    _same_width_ = True

    def _kinds_(self, first: Sequence[str]) -> dict[int, Kind] | None:
        start = 2 if len(first) == 8 else 1
        kinds: dict[int, Kind] = {0: "iso date"} if start == 1 else {0: "iso date", 1: "iso time"}
        for at in range(start, start + len(FIELDS)):
            kinds[at] = "number"
        return kinds

    def _from_table_(self, table: Table) -> Mapping[str, Floats] | None:
        start = len(table.codes) + len(table.days) + len(table.seconds)
        when = None if table.nulls else self._iso_numbers_(table, 1 if start == 2 else None)
        if when is None:
            return None
        return {"datetime": when} | {name: table.numbers[start + at] for at, name in enumerate(FIELDS)}

    def _row_(self, tokens: list[str]) -> Sequence[float]:
        start = 2 if len(tokens) == 8 else 1
        moment = iso_moment(tokens[0], tokens[1] if start == 2 else None, self.p.sessionend)
        return (date2num(moment), *(number(tokens, start + at, name) for at, name in enumerate(FIELDS)))


class BacktraderCSV(CSVFeedBase):
    """A factory of :class:`BacktraderCSVData` for the files of one folder."""

    DataCls = BacktraderCSVData
