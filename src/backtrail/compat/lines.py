"""Small classes around lines that backtrader shows and scripts rarely use."""

from __future__ import annotations

from typing import Any

from ..indicators.base import Indicator


class PseudoArray:
    """A constant that can be indexed like a line."""

    def __init__(self, wrapped: Any) -> None:
        self.wrapped = wrapped

    def __getitem__(self, key: Any) -> Any:
        return self.wrapped

    @property
    def array(self) -> PseudoArray:
        """Give this object: every item of it is the constant."""
        return self


class LineAlias:
    """Descriptor: line number *line* of a group of lines; assigning a line binds it."""

    def __init__(self, line: int) -> None:
        self.line = line

    def __get__(self, obj: Any, cls: type | None = None) -> Any:
        return obj.lines[self.line]

    def __set__(self, obj: Any, value: Any) -> None:
        obj.lines[self.line] = value


class LinePlotterIndicator(Indicator):
    """Make an indicator of any line, called *name*, so that it is shown like one."""

    def __new__(cls, line: Any, name: str = "line") -> Any:
        made: Any = type(cls.__name__, (cls,), {"lines": (name,), "__module__": cls.__module__})
        return object.__new__(made)

    def __init__(self, name: str = "line") -> None:
        setattr(self.lines, name, self.data.lines[0])
