"""The base of filters with parameters; any callable that takes a feed is a filter too."""

from __future__ import annotations

from typing import Any, ClassVar

from ..base.declare import ParamsBase


class Filter(ParamsBase):
    """Base of filters: called with the feed for each bar that it has just loaded."""

    _firsttime: ClassVar[bool] = True

    def __init__(self, data: Any) -> None:
        """Begin on *data*."""

    def __call__(self, data: Any) -> None:
        if self._firsttime:
            self.nextstart(data)
            self.__dict__["_firsttime"] = False
        self.next(data)

    def nextstart(self, data: Any) -> None:
        """Run once, before the first bar."""

    def next(self, data: Any) -> None:
        """Run for each bar."""
