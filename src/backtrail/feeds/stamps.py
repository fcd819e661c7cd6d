"""Columns of written times, read all at once.

A :class:`Layout` says where in a text of fixed width the digits of year, month, day, hour, minute and second
stand. Reading a column by a layout gives exactly what ``strptime`` gives, or None where that is not certain (a
field without its leading zero, a name of a month, anything that is not a time): the caller then reads row by
row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Parts = NDArray[np.int32]
Bytes = NDArray[np.uint8]

_WIDTHS: Final = {"Y": 4, "y": 2, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2, "f": 6}
_ONE: Final = np.int32(1)
_BLOCK: Final = 8192  # arrays of this size stay in the processor's cache from one step to the next


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the parts of a written time stand: (part, offset, digits), and the other characters (offset, code).

    ``open_ended`` texts may go on after the last part.
    """

    parts: tuple[tuple[str, int, int], ...]
    literals: tuple[tuple[int, int], ...]
    width: int
    open_ended: bool = False

    def fits(self, width: int) -> bool:
        """Tell whether texts of *width* characters can have this layout."""
        return width >= self.width if self.open_ended else width == self.width


# backtrader's own csv format cuts the text at fixed places and does not look at what stands between them
ISO_DATE: Final = Layout((("Y", 0, 4), ("m", 5, 2), ("d", 8, 2)), (), 10, open_ended=True)
ISO_TIME: Final = Layout((("H", 0, 2), ("M", 3, 2), ("S", 6, 2)), (), 8, open_ended=True)


@lru_cache(maxsize=64)
def layout_of(form: str, width: int) -> Layout | None:
    """Give the layout of texts *width* characters wide that ``strptime`` reads by *form*; None if it is not fixed."""
    marks = _marks(form)
    spare = width - sum(_WIDTHS.get(part, 1) for part, _ in marks)
    parts: list[tuple[str, int, int]] = []
    literals: list[tuple[int, int]] = []
    at = 0
    for (part, text), (_, following) in zip(marks, [*marks[1:], ("", "")]):
        if part:
            digits = _WIDTHS.get(part, 0) + (spare if part == "f" else 0)
            # `%f` takes as many digits as there are, up to six: nothing that starts with a digit may follow
            if not 1 <= digits <= 6 or (
                part == "f" and (not following or following.isdigit()) and at + digits < width
            ):
                return None
            if any(part == known for known, *_ in parts):
                return None
            parts.append((part, at, digits))
            at += digits
        elif not text.isascii() or (text.isspace() and text != " "):
            return None
        else:
            literals.append((at, ord(text)))
            at += 1
    return Layout(tuple(parts), tuple(literals), width) if at == width else None


def _marks(form: str) -> list[tuple[str, str]]:
    """Split a format into ("Y", "") for a directive and ("", ":") for any other character."""
    marks: list[tuple[str, str]] = []
    characters = iter(form)
    for character in characters:
        if character != "%":
            marks.append(("", character))
            continue
        part = next(characters, "")
        marks.append(("", "%") if part == "%" else (part or "?", ""))
    return marks


@lru_cache(maxsize=1)
def _two_digits() -> NDArray[np.int32]:
    """Give the value of every two bytes (first one low) that are digits, and -1 for all others."""
    table = np.full(65536, -1, dtype=np.int32)
    tens, ones = np.divmod(np.arange(100), 10)
    table[(48 + tens) + 256 * (48 + ones)] = np.arange(100, dtype=np.int32)
    return table


def bytes_of(texts: Sequence[str]) -> Bytes | None:
    """Give *texts* as one row of ASCII codes each; None unless all are ASCII and of one length."""
    if not texts:
        return None
    width = len(texts[0])
    if not width or set(map(len, texts)) != {width}:
        return None
    joined = "".join(texts)
    if not joined.isascii():
        return None
    return np.frombuffer(joined.encode("ascii"), dtype=np.uint8).reshape(-1, width)


def _number(codes: Bytes, at: int, digits: int) -> Parts | None:
    """Read *digits* digits at offset *at* of every row; None if one of them is not a digit."""
    value: Parts | None = None
    for start in range(at, at + digits, 2):
        part: Parts
        if start + 1 < at + digits:
            size, step = (len(codes),), (codes.strides[0],)
            part = _two_digits().take(np.ndarray(size, "<u2", codes, start, step))
            if part.min() < 0:
                return None
            value = part if value is None else value * 100 + part
        else:
            part = codes[:, start].astype(np.int32) - 48
            if part.min() < 0 or part.max() > 9:
                return None
            value = part if value is None else value * 10 + part
    return value


def _read(codes: Bytes, layout: Layout) -> dict[str, Parts] | None:
    """Read the parts of *layout* from every row of *codes*; None if a row does not have it."""
    if not layout.fits(codes.shape[1]):
        return None
    if not all((codes[:, at] == code).all() for at, code in layout.literals):
        return None
    values: dict[str, Parts] = {}
    for part, at, digits in layout.parts:
        value = _number(codes, at, digits)
        if value is None:
            return None
        values[part] = value * 10 ** (6 - digits) if part == "f" else value
    return values


def _days(values: Mapping[str, Parts | Ints]) -> Ints | None:
    """Give the days since 1970 of the years, months and days read; None if one of them does not exist."""
    if "Y" in values:
        year = values["Y"]
    elif "y" in values:
        year = values["y"] + np.where(values["y"] < 69, 2000, 1900)
    else:
        return None
    month, day = values.get("m", _ONE), values.get("d", _ONE)
    first, last = int(year.min()), int(year.max())
    if first < 1 or month.min() < 1 or month.max() > 12 or day.min() < 1:
        return None
    # the first day of each month of the years at hand, and of the month after them
    months = np.arange((first - 1970) * 12, (last - 1969) * 12 + 1).view("datetime64[M]")
    begins = months.astype("datetime64[D]").view(np.int64)
    at = (year - first) * 12 + (month - 1)
    days: Ints = begins.take(at)
    days += day - 1
    return None if (days >= begins[1:].take(at)).any() else days


def _seconds(values: dict[str, Parts], count: int) -> Parts | None:
    """Give the second of the day of the hours, minutes and seconds read; None if one of them does not exist."""
    total: Parts | None = None
    for part, size, limit in (("H", 3600, 24), ("M", 60, 60), ("S", 1, 60)):
        value = values.get(part)
        if value is not None:
            if value.max() >= limit:
                return None
            value = value * np.int32(size)
            total = value if total is None else total + value
    return np.zeros(count, dtype=np.int32) if total is None else total


def days_of(year: Ints, month: Ints, day: Ints) -> Ints | None:
    """Give the days since 1970 of years, months and days of the month; None if one of them does not exist."""
    return _days({"Y": year, "m": month, "d": day})


def seconds_of(hour: Ints, minute: Ints, second: Ints) -> Ints | None:
    """Give the second of the day of hours, minutes and seconds; None if one of them does not exist."""
    if hour.max() > 23 or minute.max() > 59 or second.max() > 59:
        return None
    seconds: Ints = (hour * 60 + minute) * 60 + second
    return seconds


def moments(
    codes: Bytes, layout: Layout, times: Bytes | None = None, time_layout: Layout | None = None
) -> tuple[Ints, Ints] | None:
    """Give days since 1970 and microseconds of the day for every row; None where only reading row by row is certain.

    *times* and *time_layout* read the time of day from a second column.
    """
    count = len(codes)
    days, micros = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
    for start in range(0, count, _BLOCK):
        part = slice(start, start + _BLOCK)
        values = _read(codes[part], layout)
        if values is not None and times is not None and time_layout is not None:
            more = _read(times[part], time_layout)
            values = None if more is None or set(more) & set(values) else values | more
        day = None if values is None else _days(values)
        second = None if values is None else _seconds(values, len(micros[part]))
        if values is None or day is None or second is None:
            return None
        days[part] = day
        np.multiply(second, 1_000_000, out=micros[part], dtype=np.int64)
        if "f" in values:
            micros[part] += values["f"]
    return days, micros
