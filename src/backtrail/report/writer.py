"""Writers: a csv row per bar, and a nested report at the end of a run."""

from __future__ import annotations

import io
import itertools
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, ClassVar

from ..base.declare import ParamsBase
from ..base.outline import Outline


class WriterBase(ParamsBase):
    """Base of writers."""


class WriterFile(Outline, WriterBase):
    """Write to a file: with ``csv`` a row per bar (and strategy columns beside those of the datas), then the report.

    ``out`` is an open text file, a path, a callable that gives a file, or None for standard output. A file opened here
    is closed at the end of the run, other files only with ``close_out``; a writer that is started again goes on
    writing to the same path. Rows begin with a counter (``csv_counter``), are separated by ``csvsep`` and show NaN
    as nothing (``csv_filternan``). ``indent``, ``separators``, ``seplen`` and ``rounding`` shape the report.
    """

    def __init__(self) -> None:
        self.headers: list[Any] = []
        self.values: list[Any] = []
        self._len = itertools.count(1)

    def start(self) -> None:
        """Open the output; with ``csv`` write the header row."""
        self._start_output()
        if self.p.csv:
            self.writelineseparator()
            self.writeiterable(self.headers, counter="Id")

    def stop(self) -> None:
        """End the run: close what was opened here, and be ready to start again."""
        super().stop()
        self.headers = []
        self.values = []
        self._len = itertools.count(1)

    def next(self) -> None:
        """Write the row."""
        if self.p.csv:
            self.writeiterable(self.values, func=str, counter=next(self._len))
            self.values = []

    def addheaders(self, headers: Iterable[Any]) -> None:
        """Add titles to the header row."""
        if self.p.csv:
            self.headers.extend(headers)

    def addvalues(self, values: Iterable[Any]) -> None:
        """Add values to the row."""
        if self.p.csv:
            if self.p.csv_filternan:
                values = (value if value == value else "" for value in values)
            self.values.extend(values)


class WriterStringIO(WriterFile):
    """Write to memory: after the run ``out`` is an ``io.StringIO`` at its beginning."""

    params: ClassVar[Any] = (("out", io.StringIO),)

    def stop(self) -> None:
        """End the run: go back to the beginning."""
        super().stop()
        self.out.seek(0)


def run_info(datas: Iterable[Any], strategies: Iterable[Any]) -> dict[str, Any]:
    """Give the report on a run; of strategies of one name the last one is in it."""
    info: dict[str, Any] = OrderedDict()
    info["Datas"] = {f"Data{number}": data.getwriterinfo() for number, data in enumerate(datas)}
    info["Strategies"] = {type(one).__name__: one.getwriterinfo() for one in strategies}
    return info


__all__ = ["WriterBase", "WriterFile", "WriterStringIO", "run_info"]
