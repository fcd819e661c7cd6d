"""Observers of the logarithmic returns of datas."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..analyzers import logreturnsrolling as analysis
from ..lines.buffer import NAN
from .base import Observer
from .timereturn import period_label


class LogReturns(Observer):
    """Follow the rolling logarithmic return of the first data (:class:`~backtrail.analyzers.LogReturnsRolling`)."""

    _stclock: ClassVar[bool] = True
    lines: ClassVar[Any] = ("logret1",)
    plotinfo: ClassVar[Any] = {"plot": True, "subplot": True}
    params: ClassVar[Any] = (("timeframe", None), ("compression", None), ("fund", None))

    def setup(self) -> None:
        """Let an analyzer work it out."""
        self._follow(self.data0)

    def _follow(self, data: Any) -> Any:
        return self._owner._addanalyzer_slave(analysis.LogReturnsRolling, data=data, **self.p._getkwargs())

    def _plotlabel(self) -> list[Any]:
        return period_label(self._analyzers[0])

    def next(self) -> None:
        """Note the return."""
        for line, analyzer in zip(self.lines, self._analyzers):
            line[0] = analyzer.rets.get(analyzer.dtkey, NAN)

    def observe(self, start: int, stop: int) -> None:
        """Note the returns in many cycles."""
        for line, analyzer in zip(self.lines, self._analyzers):
            self._fill_line_(line, np.array(analyzer._trail(start, stop)), start, stop)


class LogReturns2(LogReturns):
    """Follow the rolling logarithmic returns of the first two datas."""

    lines: ClassVar[Any] = ("logret2",)

    def setup(self) -> None:
        """Let analyzers work them out."""
        super().setup()
        self._follow(self.data1)


__all__ = ["LogReturns", "LogReturns2"]
