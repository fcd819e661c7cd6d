"""Nested results as indented text, one level of headings per level of the dictionary."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from .declare import ParamsBase, param


class Outline(ParamsBase):
    """Write lines, separators and nested dictionaries to ``out``.

    ``out`` is an open text file, the path of a file to (over)write, a callable that gives a file, or None for standard
    output; what is opened here is closed by :meth:`stop`, other files only with ``close_out``. ``indent`` is the number
    of spaces per level, ``separators`` has one character per level (used again from the first when there are more
    levels), ``seplen`` is the width of separator lines; floats are rounded to ``rounding`` digits if that is not None.
    """

    params: ClassVar[Any] = (
        ("out", None),
        ("close_out", False),
        ("csv", False),
        ("csvsep", ","),
        ("csv_filternan", True),
        ("csv_counter", True),
        ("indent", param(default=2, ge=0)),
        ("separators", ["=", "-", "+", "*", ".", "~", '"', "^", "#"]),
        ("seplen", param(default=79, ge=0)),
        ("rounding", None),
    )

    out: Any
    close_out: bool
    _opened_: str | None = None

    def _start_output(self) -> None:
        """Open ``out``; a path opened by an earlier start is continued."""
        out = self.p.out
        self.close_out = self.p.close_out
        if out is None:
            self.out = sys.stdout
            self.close_out = False
        elif isinstance(out, str) or hasattr(out, "__fspath__"):
            self.out = open(out, "a" if self._opened_ == str(out) else "w", encoding="utf-8")  # noqa: SIM115
            self._opened_ = str(out)
            self.close_out = True
        else:
            self.out = out() if callable(out) else out

    def start(self) -> None:
        """Open the output."""
        self._start_output()

    def stop(self) -> None:
        """Close the output if it was opened here, or if ``close_out`` says so."""
        if self.close_out:
            self.out.close()

    def writeline(self, line: str) -> None:
        """Write *line* and end it."""
        self.out.write(line + "\n")

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each of *lines* and end it."""
        for line in lines:
            self.out.write(line + "\n")

    def writeiterable(
        self, iterable: Iterable[Any], func: Callable[[Any], str] | None = None, counter: Any = ""
    ) -> None:
        """Write the items in one line, separated by ``csvsep``, after *counter* (unless ``csv_counter`` is off).

        *func* turns each of them, the counter too, into text.
        """
        if self.p.csv_counter:
            iterable = itertools.chain([counter], iterable)
        if func is not None:
            iterable = map(func, iterable)
        self.writeline(self.p.csvsep.join(iterable))

    def writelineseparator(self, level: int = 0) -> None:
        """Write the separator line of *level*."""
        separators = self.p.separators
        blank = " " * (level * self.p.indent)
        mark = separators[level % len(separators)]
        self.writeline(blank + mark * (self.p.seplen - len(blank)))

    def writedict(self, dct: Mapping[Any, Any], level: int = 0, recurse: bool = False) -> None:
        """Write *dct* one item per line, and dictionaries inside it below, one level deeper.

        The first call writes a separator before everything; with *recurse* it stands before each nested dictionary.
        """
        if not recurse:
            self.writelineseparator(level)
        head = " " * (level * self.p.indent) + ("- " if recurse else "")
        for key, value in dct.items():
            if isinstance(value, Mapping):
                if recurse:
                    self.writelineseparator(level)
                self.writeline(f"{head}{key}:")
                self.writedict(value, level=level + 1, recurse=True)
            else:
                self.writeline(f"{head}{key}: {self._text(value)}")

    def _text(self, value: Any) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, float):
            rounding = self.p.rounding
            return str(value if rounding is None else round(value, rounding))
        if isinstance(value, type) and hasattr(value, "plotlines"):
            return value.__name__  # indicators and feeds as parameter values
        if isinstance(value, Iterable) and not isinstance(value, type):
            return ", ".join(map(str, value))
        return str(value)


__all__ = ["Outline"]
