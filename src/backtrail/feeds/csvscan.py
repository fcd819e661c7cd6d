"""The compiled reader of delimited text: fields become numbers and times in one pass over the bytes.

A decimal number of at most 18 digits whose digits, read as a whole, are at most 2**53 is that whole number divided by a
power of ten: both are exact in a double, so the quotient is what ``float(text)`` gives (W. D. Clinger, "How to read
floating point numbers accurately", 1990). Other numbers (exponents, more digits, blanks, nothing at all) are
listed with where they stand and read by ``float`` itself. A text that is not regular is refused as a whole.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..kernels.jit import kernel, policy
from .csvtext import Kind, Table, can_separate

SKIPPED, NUMBER, INTEGER, TEXT, DAY, CLOCK = range(6)
_CODES: Final[dict[Kind, int]] = {
    "number": NUMBER, "integer": INTEGER, "time": TEXT, "iso date": DAY, "iso time": CLOCK,
}  # fmt: skip
_POWERS: Final = np.array([float(10**at) for at in range(19)])
_BLOCK: Final = 1 << 19
#: What pyarrow takes for a byte of text more than this reader, in nanoseconds.
SAVED_NS: Final = 3
# a block with more odd fields than this is left to pyarrow
_MOST_ODD: Final = 2048

# Eight bytes at once are a signed integer, the first byte lowest. What goes beyond 64 bits is masked.
_ONES: Final = 0x0101010101010101
_LOW: Final = 0x7F7F7F7F7F7F7F7F
_FROM_10: Final = 0x7676767676767676  # what makes 10 to 127 at least 128
_FROM_14: Final = 0x7272727272727272
# of a day and a clock, what gives digits when it is taken from the first and from the last eight bytes
_FORMS: Final = {
    DAY: (int.from_bytes(b"0000-00-", "little"), int.from_bytes(b"00-00-00", "little")),
    CLOCK: (int.from_bytes(b"00:00:00", "little"),) * 2,
}
_AHEAD: Final = 16  # bytes beyond the end of the text that are looked at


@kernel(cost_ns=SAVED_NS)
def scan(
    start: int, stop: int, text: Any, words: Any, separator: int, plan: Any, numbers: Any, integers: Any,
    codes: Any, odd: Any,
) -> tuple[int, int]:  # fmt: skip
    """Read the rows of ``text[start:stop]``, which ends with a line's end; *words* are the eight bytes from each byte.

    *plan* has a row for every part of a row: see ``_plan_``. Give the number of rows and of fields that are listed in
    *odd* (row, part, begin, end); the number of rows is -1 where the text is not regular. Days and clocks go to
    *integers* as ``read_days`` and ``read_clocks`` take them.
    """
    at, row, listed, parts = start, 0, 0, len(plan)
    while at < stop:
        for part in range(parts):
            what, slot, wide, end = plan[part, 0], plan[part, 1], plan[part, 2], plan[part, 3]
            begin, code = at, text[at]
            if what == NUMBER or what == INTEGER:  # noqa: SIM109 - numba is slow to build tuples
                negative = code == 45
                at += 1 if negative else 0
                whole, first, decimals = 0, at, 0
                while 48 <= text[at] <= 57:
                    whole = whole * 10 + (text[at] - 48)
                    at += 1
                digits = at - first
                if text[at] == 46 and what == NUMBER:
                    at += 1
                    first = at
                    while 48 <= text[at] <= 57:
                        whole = whole * 10 + (text[at] - 48)
                        at += 1
                    decimals = at - first
                code = text[at]
                ended = code == end or (code == 13 and end == 10 and text[at + 1] == 10)
                exact = 0 < digits + decimals < 19 and (what == INTEGER or whole <= 9007199254740992)
                if not ended or not exact:
                    while code != separator and code != 10 and code != 13:
                        at += 1
                        code = text[at]
                    if listed == len(odd):
                        return -1, listed
                    odd[listed, 0], odd[listed, 1], odd[listed, 2], odd[listed, 3] = row, part, begin, at
                    listed += 1
                elif what == NUMBER:
                    value = whole / _POWERS[decimals]
                    numbers[slot, row] = -value if negative else value
                else:
                    integers[slot, row] = -whole if negative else whole
            elif what == SKIPPED:
                while True:  # eight bytes without a line's end, and without the end of the last field
                    word, ends = words[at], words[at] ^ separator * _ONES
                    ends = ~((ends & _LOW) + _LOW | ends) >> 7 & _ONES  # a bit for every separator
                    count = ends * _ONES >> 56 & 255
                    if count >= wide or ~((word & _LOW) + _FROM_14 | word) >> 7 & _ONES & ~ends:
                        break
                    wide -= count
                    at += 8
                while text[at] != 10 and text[at] != 13 and (wide > 1 or text[at] != separator):
                    wide -= 1 if text[at] == separator else 0
                    at += 1
                if wide > 1:
                    return -1, listed
            elif what == TEXT:
                for place in range(wide):
                    if code == separator or code == 10 or code == 13:
                        return -1, listed
                    codes[row, slot + place] = code
                    at += 1
                    code = text[at]
            else:
                head, tail = words[at] ^ plan[part, 4], words[at + wide - 8] ^ plan[part, 5]
                if ((head & _LOW) + _FROM_10 | head | (tail & _LOW) + _FROM_10 | tail) >> 7 & _ONES:
                    return -1, listed
                integers[slot, row], integers[slot + 1, row] = head, tail
                at += wide
            if text[at] != end:
                if text[at] != 13 or end != 10 or text[at + 1] != 10:
                    return -1, listed
                at += 1
            at += 1
        row += 1
    return row, listed


@kernel(cost_ns=SAVED_NS)
def read_days(start: int, stop: int, words: Any, more: Any, begins: Any, out: Any) -> bool:
    """Read the days since 1970 that ``scan`` stored; False if one does not exist. *begins*: see ``_begins``."""
    right = True
    for at in range(start, stop):
        word = words[at]
        year = (((word & 255) * 10 + (word >> 8 & 255)) * 10 + (word >> 16 & 255)) * 10 + (word >> 24 & 255)
        month = (word >> 40 & 255) * 10 + (word >> 48 & 255)
        right &= word & 0x0F00000F00000000 == 0 and 1 <= month <= 12
        month = year * 12 + month - 1 if right else 0
        day = begins[month] + (more[at] >> 48 & 255) * 10 + (more[at] >> 56 & 255) - 1
        right &= begins[month] <= day < begins[month + 1]
        out[at] = day
    return right


@kernel(cost_ns=SAVED_NS)
def read_clocks(start: int, stop: int, words: Any, out: Any) -> bool:
    """Read the seconds of the day that ``scan`` stored; False if one does not exist."""
    right = True
    for at in range(start, stop):
        word = words[at]
        hour = (word & 255) * 10 + (word >> 8 & 255)
        minute = (word >> 24 & 255) * 10 + (word >> 32 & 255)
        second = (word >> 48 & 255) * 10 + (word >> 56 & 255)
        right &= word & 0x00000F00000F0000 == 0 and hour < 24 and minute < 60 and second < 60
        out[at] = (hour * 60 + minute) * 60 + second
    return right


@lru_cache(maxsize=1)
def _begins() -> NDArray[np.int64]:
    """Give the first days of the months from January of the year 0, which has no days, to January of 10000."""
    months = np.arange(-1970 * 12, (10000 - 1970) * 12 + 1).view("datetime64[M]")
    begins = months.astype("datetime64[D]").view(np.int64)
    begins[:12] = begins[12]
    return begins


def pays(size: int) -> bool:
    """Tell whether reading *size* bytes is worth the compiled reader, as its price is not paid yet."""
    return scan._compiled is not None or policy.wants(scan, size * SAVED_NS)


def scanned(
    path: str,
    skip: int,
    first_row: Sequence[str],
    separator: str,
    kinds: Mapping[int, Kind],
    null: str | None,
) -> Generator[Table | None]:
    """Read the columns *kinds* of a file with the compiled reader, a block of rows after the other.

    Arguments are those of ``csvtext.blocks``. None ends it where the text is not regular or the reader is not there.
    """
    run = scan._compiled or scan.compile()
    times = [first_row[at] for at, kind in kinds.items() if kind == "time"]
    if run is None or not can_separate(separator) or not all(times) or sys.byteorder != "little":
        yield None
        return
    plan, places, parts = _plan(first_row, separator, kinds)
    rows = _BLOCK // len(first_row) + 1
    numbers = np.empty((places[NUMBER], rows))
    integers = np.empty((places[INTEGER], rows), dtype=np.int64)
    codes = np.empty((rows if places[TEXT] else 0, places[TEXT]), dtype=np.uint8)
    odd = np.empty((_MOST_ODD, 4), dtype=np.int64)
    line = skip + 1
    size = _BLOCK
    buffer = bytearray(size + _AHEAD)
    text, words = np.frombuffer(buffer, np.uint8), np.ndarray(size + 2, "<i8", buffer, 0, (1,))
    for start, stop in _pieces(path, skip, buffer, size):
        count, listed = run(start, stop, text, words, ord(separator), plan, numbers, integers, codes, odd)
        if count <= 0:
            yield None
            return
        table = Table(count, range(line, line + count))
        for at, kind in kinds.items():
            slot, wide = int(plan[parts[at], 1]), int(plan[parts[at], 2])
            if kind == "number":
                table.numbers[at] = numbers[slot, :count]
            elif kind == "integer":
                table.integers[at] = integers[slot, :count]
            elif kind == "time":
                table.codes[at] = np.ascontiguousarray(codes[:count, slot : slot + wide])
            else:
                found = (table.days if kind == "iso date" else table.seconds)[at] = integers[slot, :count]
                given = (found, integers[slot + 1], _begins()) if kind == "iso date" else (found,)
                reader = read_days if kind == "iso date" else read_clocks
                if not (reader._compiled or reader.compile() or reader)(0, count, *given, found):
                    yield None
                    return
        columns = {part: at for at, part in parts.items()}
        if not _read_odd(
            table, text, [(row, columns[part], *span) for row, part, *span in odd[:listed].tolist()], null
        ):
            yield None
            return
        yield table
        line += count


def _plan(
    first_row: Sequence[str], separator: str, kinds: Mapping[int, Kind]
) -> tuple[NDArray[np.int64], dict[int, int], dict[int, int]]:
    """Give what ``scan`` is to do, how many places of each sort that takes, and the part of each column.

    For a part: what it holds, the row of numbers or integers (or the place in the rows of codes) that it goes to, how
    many characters (of texts, days and clocks) or fields (that are skipped) it has, the byte that ends it, and of days
    and clocks what is taken from them.
    """
    plan: list[tuple[int, ...]] = []
    places = {NUMBER: 0, INTEGER: 0, TEXT: 0}
    parts: dict[int, int] = {}
    for at, field in enumerate(first_row):
        end = ord(separator) if at < len(first_row) - 1 else 10
        kind = kinds.get(at)
        if kind is None:
            skipped = plan.pop()[2] if plan and plan[-1][0] == SKIPPED else 0
            plan.append((SKIPPED, 0, skipped + 1, end, 0, 0))
            continue
        what = _CODES[kind]
        sort = what if what in places else INTEGER
        wide = {TEXT: len(field.encode("utf-8", "surrogateescape")), DAY: 10, CLOCK: 8}.get(what, 1)
        parts[at] = len(plan)
        plan.append((what, places[sort], wide, end, *_FORMS.get(what, (0, 0))))
        places[sort] += wide if what == TEXT else 2 if what in _FORMS else 1
    return np.array(plan, dtype=np.int64), places, parts


def _pieces(path: str, skip: int, buffer: bytearray, size: int) -> Iterator[tuple[int, int]]:
    """Read a file into the first *size* bytes of *buffer*, and give where the whole lines in it begin and end.

    *skip* lines at the start are left out. What cannot be given so ends before it begins.
    """
    view = memoryview(buffer)
    with open(path, "rb", buffering=0) as file:
        kept = file.readinto(view[: len(b"\xef\xbb\xbf")]) or 0
        kept = 0 if buffer[:kept] == b"\xef\xbb\xbf" else kept
        while True:
            filled = kept
            while filled < size - 1 and (count := file.readinto(view[filled : size - 1]) or 0):
                filled += count
            ended = filled < size - 1
            if ended and filled and buffer[filled - 1] != 10:
                buffer[filled] = 10  # the last line may lack its end
                filled += 1
            start = 0
            while skip and (end := buffer.find(b"\n", start, filled)) >= 0:
                if 0 <= buffer.find(b"\r", start, end) < end - 1:
                    yield 0, -1  # a line's end of another sort
                    return
                start, skip = end + 1, skip - 1
            stop = buffer.rfind(b"\n", start, filled) + 1
            if stop > start:
                yield start, stop
            elif not ended:
                yield 0, -1  # a line that is too long
                return
            if ended:
                return
            start = max(stop, start)
            kept = filled - start
            buffer[:kept] = buffer[start:filled]


def _read_odd(table: Table, text: NDArray[np.uint8], odd: Sequence[Sequence[int]], null: str | None) -> bool:
    """Read the fields that ``scan`` listed; False if one of them is not a number."""
    for row, column, begin, end in odd:
        field = text[begin:end].tobytes().decode("utf-8", "surrogateescape")
        values = table.numbers.get(column)
        try:
            if values is None:
                table.integers[column][row] = int(field)
            elif field == null:
                values[row] = np.nan
                if column not in table.nulls:
                    table.nulls[column] = np.zeros(table.count, dtype=np.bool_)
                table.nulls[column][row] = True
            else:
                values[row] = float(field)
        except (ValueError, OverflowError):
            return False
    return True


__all__ = ["pays", "scan", "scanned"]
