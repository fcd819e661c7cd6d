"""The compiled reader of delimited text: fields become numbers and times in one pass over the bytes.

A decimal number of at most 18 digits whose digits, read as a whole, are at most 2**53 is that whole number divided by a
power of ten: both are exact in a double, so the quotient is what ``float(text)`` gives (W. D. Clinger, "How to read
floating point numbers accurately", 1990). Other numbers (exponents, more digits, blanks, nothing at all) are
listed with where they stand and read by ``float`` itself. A text that is not regular is refused as a whole.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..kernels.jit import kernel, policy
from .csvtext import Kind, Table, can_separate
from .stamps import days_of, seconds_of

SKIPPED, NUMBER, INTEGER, TEXT, DIGITS = range(5)
_CODES: Final[dict[Kind, int]] = {"number": NUMBER, "integer": INTEGER, "time": TEXT}
# parts of a date or clock: digits, and what ends them (None: the field's end)
_PARTS: Final[dict[Kind, tuple[tuple[int, str | None], ...]]] = {
    "iso date": ((4, "-"), (2, "-"), (2, None)),
    "iso time": ((2, ":"), (2, ":"), (2, None)),
}
_POWERS: Final = np.array([float(10**at) for at in range(19)])
_BLOCK: Final = 1 << 19
#: What pyarrow takes for a byte of text more than this reader, in nanoseconds.
SAVED_NS: Final = 3
# a block with more odd fields than this is left to pyarrow
_MOST_ODD: Final = 2048


@kernel(cost_ns=SAVED_NS)
def scan(
    start: int, stop: int, text: Any, separator: int, plan: Any, numbers: Any, integers: Any, codes: Any, odd: Any
) -> tuple[int, int]:  # fmt: skip
    """Read the rows of ``text[start:stop]``, which ends with a line's end.

    *plan* has a row for every part of a row: what it holds, the row of *numbers* or *integers* (or the place in the
    rows of *codes*) that it goes to, how many characters it has (of texts and digits), and the byte that ends it. Give
    the number of rows and of fields that are listed in *odd* (row, part, begin, end); the number of rows is -1 where
    the text is not regular.
    """
    parts = len(plan)
    highest = separator if separator > 13 else 13  # what is higher ends no field
    at, row, listed = start, 0, 0
    while at < stop:
        for part in range(parts):
            what, slot, end = plan[part, 0], plan[part, 1], plan[part, 3]
            begin = at
            code = text[at]
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
                while code > highest or (code != separator and code != 10 and code != 13):
                    at += 1
                    code = text[at]
            else:
                whole = 0
                for place in range(plan[part, 2]):
                    if code == separator or code == 10 or code == 13:
                        return -1, listed
                    if what == TEXT:
                        codes[row, slot + place] = code
                    elif 48 <= code <= 57:
                        whole = whole * 10 + (code - 48)
                    else:
                        return -1, listed
                    at += 1
                    code = text[at]
                if what == DIGITS:
                    integers[slot, row] = whole
            if code != end:
                if code != 13 or end != 10 or text[at + 1] != 10:
                    return -1, listed
                at += 1
            at += 1
        row += 1
    return row, listed


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
    if run is None or not can_separate(separator) or not all(times):
        yield None
        return
    plan, places, parts = _plan(first_row, separator, kinds)
    rows = _BLOCK // len(first_row) + 1
    numbers = np.empty((places[NUMBER], rows))
    integers = np.empty((places[INTEGER], rows), dtype=np.int64)
    codes = np.empty((rows if places[TEXT] else 0, places[TEXT]), dtype=np.uint8)
    odd = np.empty((_MOST_ODD, 4), dtype=np.int64)
    line = skip + 1
    for text, stop in _texts(path, skip):
        count, listed = run(0, stop, text, ord(separator), plan, numbers, integers, codes, odd)
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
                found = (days_of if kind == "iso date" else seconds_of)(*integers[slot : slot + 3, :count])
                if found is None:
                    yield None
                    return
                (table.days if kind == "iso date" else table.seconds)[at] = found
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
    """Give what ``scan`` is to do, how many places of each sort that takes, and the first part of each column."""
    plan: list[tuple[int, int, int, int]] = []
    places = {NUMBER: 0, INTEGER: 0, TEXT: 0}
    parts: dict[int, int] = {}
    for at, field in enumerate(first_row):
        end = ord(separator) if at < len(first_row) - 1 else 10
        kind = kinds.get(at)
        parts[at] = len(plan)
        if kind is None:
            plan.append((SKIPPED, 0, 0, end))
        elif kind in _PARTS:
            for digits, mark in _PARTS[kind]:
                plan.append((DIGITS, places[INTEGER], digits, end if mark is None else ord(mark)))
                places[INTEGER] += 1
        else:
            what = _CODES[kind]
            wide = len(field.encode("utf-8", "surrogateescape")) if what == TEXT else 1
            plan.append((what, places[what], wide, end))
            places[what] += wide
    return np.array(plan, dtype=np.int64), places, parts


def _texts(path: str, skip: int) -> Iterator[tuple[NDArray[np.uint8], int]]:
    """Give the file's bytes in pieces of whole lines, after *skip* lines, with their length; 0 for a line too long."""
    buffer = bytearray(_BLOCK)
    view, text = memoryview(buffer), np.frombuffer(buffer, dtype=np.uint8)
    with open(path, "rb", buffering=0) as file:
        kept = file.readinto(view[: len(b"\xef\xbb\xbf")]) or 0
        kept = 0 if buffer[:kept] == b"\xef\xbb\xbf" else kept
        while True:
            filled = kept
            while filled < len(buffer) - 1 and (count := file.readinto(view[filled:-1]) or 0):
                filled += count
            ended = filled < len(buffer) - 1
            if ended and filled and buffer[filled - 1] != 10:
                buffer[filled] = 10  # the last line may lack its end
                filled += 1
            start = 0
            while skip and (end := buffer.find(b"\n", start, filled)) >= 0:
                if 0 <= buffer.find(b"\r", start, end) < end - 1:
                    yield text, 0  # a line's end of another sort
                    return
                start, skip = end + 1, skip - 1
            stop = buffer.rfind(b"\n", start, filled) + 1
            if stop > start:
                yield text[start:stop], stop - start
            elif not ended:
                yield text, 0
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
