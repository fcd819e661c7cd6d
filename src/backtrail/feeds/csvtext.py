"""Delimited text as columns: floats, integers and times, read all at once.

A number reads exactly as ``float(text)`` reads it. Whatever cannot be read so as a whole (rows of different
length, a field that is not a number) gives None: the feed then goes through the rows one by one, which either
succeeds or finds the row and column to name. Small texts are read by Python alone; large ones by pyarrow, which
is imported only then.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from .stamps import Bytes, bytes_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Kind = Literal["number", "integer", "time", "iso date", "iso time"]

# below this many bytes Python is done before pyarrow is imported
LARGE: Final = 1_000_000
LARGE_WHEN_LOADED: Final = 200_000
_BLOCK: Final = 1 << 20

# times that pyarrow reads itself; those that begin so and go on otherwise are read as texts
_ISO: Final[dict[Kind, re.Pattern[str]]] = {
    "iso date": re.compile(r"\d{4}-\d\d-\d\d"),
    "iso time": re.compile(r"\d\d:\d\d:\d\d"),
}
_FIRST_DAY: Final = -719162  # 1 January of the year 1, in days since 1970


@dataclass(slots=True)
class Table:
    """The wanted columns of a text, by column number."""

    count: int
    lines: Sequence[int]
    numbers: dict[int, Floats] = field(default_factory=dict)
    integers: dict[int, Ints] = field(default_factory=dict)
    codes: dict[int, Bytes | None] = field(default_factory=dict)
    days: dict[int, Ints] = field(default_factory=dict)  # since 1970
    seconds: dict[int, Ints] = field(default_factory=dict)  # of the day
    texts: dict[int, Sequence[str]] = field(default_factory=dict)
    nulls: dict[int, Mask] = field(default_factory=dict)


class Pile:
    """Lines that come in pieces, put one below the other; *room* is about how many rows there will be at most.

    With *upwards* each row is put above the one before.
    """

    def __init__(self, room: int, upwards: bool = False) -> None:
        self.room = room
        self.upwards = upwards
        self.count = 0
        self._lines: dict[str, Floats] = {}
        self._rows: list[Sequence[int]] = []

    def add(self, lines: Mapping[str, Floats], rows: Sequence[int]) -> None:
        """Put *lines*, read from the lines *rows* of the text, below what is there."""
        more = len(lines["datetime"])
        if not self._lines:
            # what is not written to takes no memory
            self._lines = {name: np.empty(self.room) for name in lines}
        filled = self.count + more
        for name, values in lines.items():
            held = self._lines[name]
            if filled > len(held):
                both = [held[self._filled_(len(held))], np.empty(filled // 4 + more)]
                held = self._lines[name] = np.concatenate(both[::-1] if self.upwards else both)
            if self.upwards:
                held[len(held) - filled : len(held) - self.count] = values[::-1]
            else:
                held[self.count : filled] = values
        self.count = filled
        self._rows.append(rows)

    def lines(self) -> dict[str, Floats]:
        """Give the lines by name."""
        if self.upwards:
            return {name: values[self._filled_(len(values))] for name, values in self._lines.items()}
        for values in self._lines.values():
            values.resize(self.count, refcheck=False)
        return self._lines

    def _filled_(self, room: int) -> slice:
        return slice(room - self.count, room) if self.upwards else slice(0, self.count)

    def rows(self) -> Sequence[int]:
        """Give the number of each row's line in the text."""
        together: Sequence[int]
        if all(isinstance(part, range) for part in self._rows):
            together = range(self._rows[0][0], self._rows[-1][-1] + 1) if self.count else ()
        else:
            parts = [np.asarray(part, dtype=np.int64) for part in self._rows]
            together = np.concatenate(parts).tolist()
        return together[::-1] if self.upwards else together


def is_large(size: int) -> bool:
    """Tell whether a text of *size* bytes is worth pyarrow."""
    return size > (LARGE_WHEN_LOADED if "pyarrow.csv" in sys.modules else LARGE)


def split_lines(text: str, first_line: int) -> tuple[list[str], Sequence[int]]:
    """Give the lines that are not blank and their numbers, counted from *first_line*."""
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    numbers: Sequence[int] = range(first_line, first_line + len(lines))
    # a quick look: blank lines are rare
    if "" in lines or any(line.isspace() for line in lines if len(line) < 8):
        kept = [(number, line) for number, line in zip(numbers, lines) if line and not line.isspace()]
        numbers, lines = [number for number, _ in kept], [line for _, line in kept]
    return lines, numbers


def read_text(
    lines: Sequence[str],
    numbers: Sequence[int],
    separator: str | None,
    kinds: Mapping[int, Kind],
    null: str | None,
    width: int | None = None,
) -> Table | None:
    """Read the columns *kinds* of *lines*; fields that read *null* are NaN and marked.

    With *width* every row must have exactly that many fields.
    """
    rows = [line.split(separator) for line in lines]
    sizes = set(map(len, rows))
    if not rows or min(sizes) <= max(kinds) or (width is not None and sizes != {width}):
        return None
    columns = list(zip(*rows))
    table = Table(len(rows), numbers)
    for at, kind in kinds.items():
        texts = columns[at]
        if kind not in ("number", "integer"):
            table.texts[at] = texts
            table.codes[at] = bytes_of(texts)
            continue
        try:
            if kind == "integer":
                table.integers[at] = np.fromiter(map(int, texts), np.int64, len(texts))
            elif null is not None and null in texts:
                table.nulls[at] = np.array([text == null for text in texts])
                table.numbers[at] = np.array([float("nan" if text == null else text) for text in texts])
            else:
                table.numbers[at] = np.fromiter(map(float, texts), np.float64, len(texts))
        except (ValueError, OverflowError):
            return None
    return table


def can_separate(separator: str) -> bool:
    """Tell whether *separator* is one that the readers of large texts split at."""
    return len(separator) == 1 and separator.isascii() and separator not in "\r\n"


def forms(kinds: Mapping[int, Kind], first_row: Sequence[str]) -> list[dict[int, Kind]]:
    """Give what to read the columns as, in order of preference: dates and times as such, or as texts.

    *first_row* holds the fields of the first row: whether they look like what they should be.
    """
    texts: dict[int, Kind] = {at: "time" if kind in _ISO else kind for at, kind in kinds.items()}
    if texts == kinds:
        return [texts]
    usual = all(_ISO[kind].fullmatch(first_row[at]) for at, kind in kinds.items() if kind in _ISO)
    return [dict(kinds), texts] if usual else [texts]


def blocks(
    source: Any,
    skip: int,
    first_row: Sequence[str],
    separator: str,
    kinds: Mapping[int, Kind],
    null: str | None,
) -> Generator[Table | None]:
    """Read the columns *kinds* with pyarrow, a block of rows after the other; None ends a text that is not regular.

    *source* is a path or bytes, of which *skip* lines at the start are left out. *first_row* holds the fields of the
    first row: how many there are, and how wide the times are written. A table is good until the next one is asked for.
    """
    import pyarrow as pa
    import pyarrow.csv as pacsv

    types: dict[str, Any] = {}
    for at, kind in kinds.items():
        if kind in _ISO:
            types[str(at)] = pa.date32() if kind == "iso date" else pa.time32("s")
        elif kind in ("number", "integer"):
            types[str(at)] = pa.float64() if kind == "number" else pa.int64()
        else:
            types[str(at)] = pa.binary(len(first_row[at].encode("utf-8", "surrogateescape")))
    if not can_separate(separator) or not all(first_row[at] for at, kind in kinds.items() if kind == "time"):
        yield None
        return
    reading = pacsv.ReadOptions(
        column_names=[str(at) for at in range(len(first_row))], skip_rows=skip, block_size=_BLOCK
    )
    parsing = pacsv.ParseOptions(
        delimiter=separator, quote_char=False, double_quote=False, escape_char=False, ignore_empty_lines=False
    )
    converting = pacsv.ConvertOptions(
        check_utf8=False,
        column_types=types,
        include_columns=[str(at) for at in kinds],
        null_values=[] if null is None else [null],
    )
    line = skip + 1
    try:
        given = pa.BufferReader(source) if isinstance(source, bytes) else source
        with pacsv.open_csv(given, reading, parsing, converting) as batches:
            for batch in batches:
                if not batch.num_rows:
                    continue
                table = Table(batch.num_rows, range(line, line + batch.num_rows))
                line += batch.num_rows
                taken = all(
                    _take(table, batch.column(place), at, kind)
                    for place, (at, kind) in enumerate(kinds.items())
                )
                yield table if taken else None
    except (pa.ArrowInvalid, pa.ArrowKeyError):
        yield None


def _take(table: Table, column: Any, at: int, kind: Kind) -> bool:
    """Put an Arrow array into *table*; False if it has nulls where there must be none."""
    if kind == "number":
        values, nulls = _doubles(column)
        table.numbers[at] = values
        if nulls is not None:
            table.nulls[at] = nulls
        return True
    if column.null_count:
        return False
    if kind == "integer":
        table.integers[at] = _values(column, np.dtype(np.int64))
        return True
    if kind in _ISO:
        found = _values(column, np.dtype(np.int32)).astype(np.int64)
        (table.days if kind == "iso date" else table.seconds)[at] = found
        return kind == "iso time" or not len(found) or bool(found.min() >= _FIRST_DAY)
    width = column.type.byte_width
    table.codes[at] = _values(column, np.dtype(np.uint8), width).reshape(-1, width)
    return True


def _doubles(chunk: Any) -> tuple[Floats, Mask | None]:
    values: Floats = _values(chunk, np.dtype(np.float64))
    if not chunk.null_count:
        return values, None
    nulls = _nulls(chunk)
    return np.where(nulls, np.nan, values), nulls


def doubles(column: Any) -> tuple[Floats, Mask | None]:
    """Give a float64 Arrow column as an array, nulls as NaN, and where the nulls are (None if there are none).

    The buffers are read directly: Arrow's own conversion would import pandas.
    """
    values: Floats = _joined([_values(chunk, np.dtype(np.float64)) for chunk in column.chunks], np.float64)
    if not values.flags.writeable:
        values = values.copy()
    if not column.null_count:
        return values, None
    nulls = _joined([_nulls(chunk) for chunk in column.chunks], np.bool_)
    values[nulls] = np.nan
    return values, nulls


def int64s(column: Any) -> Ints:
    """Give an Arrow column of 64-bit integers or times, without nulls, as an array of its integers."""
    values: Ints = _joined([_values(chunk, np.dtype(np.int64)) for chunk in column.chunks], np.int64)
    return values


def _joined(parts: list[Any], kind: Any) -> Any:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.empty(0, dtype=kind)


def _values(chunk: Any, kind: np.dtype[Any], width: int = 1) -> Any:
    data = chunk.buffers()[1]
    if data is None:
        return np.empty(0, dtype=kind)
    return np.frombuffer(
        data, dtype=kind, count=len(chunk) * width, offset=chunk.offset * width * kind.itemsize
    )


def _nulls(chunk: Any) -> Mask:
    bitmap = chunk.buffers()[0]
    if bitmap is None or not chunk.null_count:
        return np.zeros(len(chunk), dtype=np.bool_)
    bits = np.unpackbits(np.frombuffer(bitmap, dtype=np.uint8), bitorder="little")
    nulls: Mask = bits[chunk.offset : chunk.offset + len(chunk)] == 0
    return nulls
