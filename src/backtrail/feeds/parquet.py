"""Bars from Parquet files."""

from __future__ import annotations

from contextlib import closing

from .columns import Columns
from .frame import FrameData
from .paths import file_stem, is_path
from .tables import ParquetTable


class ParquetData(FrameData):
    """Bars from a Parquet file, given by its path; parameters as in :class:`FrameData`.

    Only the columns that lines need are read.
    """

    def _finish_(self) -> None:
        self._name = self.p.name or file_stem(self.p.dataname)
        super()._finish_()

    def _read_columns_(self) -> Columns | None:
        source = self.p.dataname
        if not is_path(source):
            return super()._read_columns_()
        with closing(ParquetTable(source, self._label_())) as table:
            return self._columns_of_(table)
