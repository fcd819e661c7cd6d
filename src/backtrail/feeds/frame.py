"""Bars from data frames: pandas, polars, Arrow, and whatever offers the Arrow or the data frame interface."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..base.datenums import localize_numbers
from ..errors import DataError, ParameterValueError, unknown_name
from .base import DataBase
from .columns import FIELDS, PRICES, Columns, warn_data
from .parameters import is_whole, refuse
from .paths import file_stem, is_path
from .tables import ArrowTable, Table, as_table, open_ipc, type_name

Floats = NDArray[np.float64]
_FRAME_PARAMS: tuple[tuple[str, Any], ...] = (
    ("nocase", True),
    ("datetime", None),
    *((name, -1) for name in FIELDS),
)


class FrameData(DataBase):
    """Bars from a table in memory: a pandas or polars DataFrame, a pyarrow Table, or what converts to one.

    Every line has a parameter that says its column: -1 (the column of that name, in either case unless
    ``nocase`` is False), a name, a position from 0, or None (no such column, the line is NaN). ``datetime``
    None or -1 takes the column of that name, else a pandas frame's index, else the first column that holds
    times. Times with a zone count in UTC; others are taken as they are, or placed by ``tzinput``. What a table
    has no column for is NaN; so are nulls.
    """

    params: ClassVar[Any] = _FRAME_PARAMS
    datafields: ClassVar[list[str]] = ["datetime", *FIELDS]

    def _read_columns_(self) -> Columns | None:
        return self._columns_of_(self._table_())

    def _columns_of_(self, table: Table) -> Columns:
        when = self._times_(table)
        if self._tzinput is not None:
            when = localize_numbers(when, self._tzinput)
        lines = {"datetime": when}
        for name in self.lines.getlinealiases():
            at = None if name == "datetime" else self._position_(table, name)
            if at is not None:
                lines[name] = table.doubles(at)
            elif name != "datetime" and name not in FIELDS:
                lines[name] = np.full(len(when), nan)
        return Columns.of(lines)

    def _table_(self) -> Table:
        return as_table(self.p.dataname, self._label_())

    def _label_(self) -> str:
        return repr(self._name or type(self).__name__)

    def _times_(self, table: Table) -> Floats:
        at = self._time_position_(table)
        if at is None and not table.has_index:
            raise DataError(
                f"reading feed {self._label_()} - expected a column that holds times - found none in "
                f"{table.names} - pass "
                "datetime=<name or position>"
            )
        return table.times(at)

    def _time_position_(self, table: Table) -> int | None:
        """Give the column that holds the times, None for the index."""
        if self.p.datetime is not None:
            at = self._position_(table, "datetime")
            if at is not None:
                return at
        if table.has_index:
            return None
        named = _find(table.names, "datetime", self.p.nocase)
        return table.first_time() if named is None else named

    def _position_(self, table: Table, name: str) -> int | None:
        """Give the column of line *name*; None if it has none."""
        if name not in self.p._getkeys():
            raise ParameterValueError(
                f"reading feed {self._label_()} - expected a parameter for every line of {type(self).__name__} "
                "- found none "
                f"for {name!r} - declare params = (({name!r}, -1),)"
            )
        wanted = getattr(self.p, name)
        if wanted is None:
            return None
        if isinstance(wanted, str):
            return self._named_(table, name, wanted)
        if isinstance(wanted, bool) or not hasattr(wanted, "__index__"):
            raise ParameterValueError(
                f"reading feed {self._label_()} - expected {name} to be a column name, a position from 0, -1 or "
                "None - found "
                f"{wanted!r}"
            )
        at: int = wanted.__index__()
        if at < 0:
            return self._detected_(table, name)
        if at >= len(table.names):
            raise DataError(
                f"reading feed {self._label_()} - expected {name} at column {at} - found {len(table.names)} columns: "
                f"{table.names} - correct {name}"
            )
        return at

    def _named_(self, table: Table, name: str, wanted: str) -> int:
        found = _find(table.names, wanted, self.p.nocase)
        if found is None:
            known = [column for column in table.names if isinstance(column, str)]
            raise DataError(
                f"reading feed {self._label_()}, line {name!r}: "
                f"{unknown_name('column', 'the frame', wanted, known)} Correct "
                f"{name}=..., or pass {name}=None if there is no such column."
            )
        return found

    def _detected_(self, table: Table, name: str) -> int | None:
        found = _find(table.names, name, self.p.nocase)
        if found is None and any(isinstance(column, tuple) for column in table.names):
            raise DataError(
                f"reading feed {self._label_()} - expected a column {name!r} - found columns of several levels: "
                f"{table.names} - take one of them, for example frame.xs('AAPL', axis=1, level=1)"
            )
        if found is None and name in PRICES:
            warn_data(
                self._name or type(self).__name__,
                f"there is no column {name!r}, so {name} is NaN on every bar; there are {table.names}. "
                f"Pass {name}=<name or position>, or {name}=None if this is meant.",
            )
        return found


def _find(names: Sequence[Any], wanted: str, nocase: bool) -> int | None:
    """Give the position of the first column called *wanted*."""
    if nocase:
        wanted = wanted.lower()
    for at, name in enumerate(names):
        if isinstance(name, str) and (name.lower() if nocase else name) == wanted:
            return at
    return None


class PandasData(FrameData):
    """Bars from a pandas DataFrame.

    ``datetime`` None takes the index, -1 the column called so (or else the index); the prices and further lines as in
    :class:`FrameData`.
    """

    def _table_(self) -> Table:
        table = super()._table_()
        if not table.has_index:
            raise DataError(
                f"reading feed {self._label_()} - expected a pandas DataFrame as dataname - found "
                f"{type_name(self.p.dataname)} - use feeds.FrameData, which takes polars and Arrow tables too"
            )
        return table


class PandasDirectData(PandasData):
    """Bars from a pandas DataFrame by position: 0 is the index, 1 the first column; negative or None: no column."""

    params: ClassVar[Any] = (
        ("datetime", 0),
        ("open", 1),
        ("high", 2),
        ("low", 3),
        ("close", 4),
        ("volume", 5),
        ("openinterest", 6),
    )

    def _time_position_(self, table: Table) -> int | None:
        return self._position_(table, "datetime")

    def _position_(self, table: Table, name: str) -> int | None:
        wanted = getattr(self.p, name, None)
        if wanted is not None and not isinstance(wanted, str) and not is_whole(wanted):
            remedy = f"Pass {name}=1, for example."
            refuse(type(self).__name__, name, "the number of a column (0 is the index), or -1 for none", wanted, remedy)
        if wanted is None or isinstance(wanted, str) or wanted < 0 or (wanted == 0 and name == "datetime"):
            return super()._position_(table, name) if isinstance(wanted, str) else None
        if wanted == 0 or wanted > len(table.names):
            raise DataError(
                f"reading feed {self._label_()} - expected {name} at column {wanted} (0 is the index) - found "
                f"{len(table.names)} columns: {table.names} - correct {name}, or pass {name}=-1 if there is none"
            )
        return int(wanted) - 1


class ArrowData(FrameData):
    """Bars from a pyarrow Table, or from an Arrow IPC (Feather) file given by its path."""

    def _finish_(self) -> None:
        self._name = self.p.name or file_stem(self.p.dataname)
        super()._finish_()

    def _table_(self) -> Table:
        source = self.p.dataname
        if not is_path(source):
            return super()._table_()
        return ArrowTable(open_ipc(source, self._label_()), self._label_())
