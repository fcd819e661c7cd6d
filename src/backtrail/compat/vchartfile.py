"""The store of Visual Chart's files: it knows the folder that the program keeps them in."""

from __future__ import annotations

from typing import Any, ClassVar

from ..errors import ParameterValueError
from ..feeds import vchart
from .store import Store


class VChartFile(Store):
    """The folder ``path`` of Visual Chart's files, from which ``getdata(dataname=symbol)`` makes feeds."""

    p: Any
    DataCls = vchart.VChartFile
    params: ClassVar[Any] = (("path", None),)

    def __init__(self) -> None:
        path = self.p.path
        if path is not None and not isinstance(path, str):
            raise ParameterValueError(
                f"making a store of Visual Chart's files - expected path to be the folder that holds them - found "
                f"{path!r} - pass path='folder'"
            )
        self._path_ = path
        vchart.VChartFile.folder = path

    def get_datapath(self) -> str | None:
        """Give the folder."""
        return self._path_


__all__ = ["VChartFile"]
