"""Observer of the return by period."""

from __future__ import annotations

from typing import Any, ClassVar

from ..analyzers import timereturn as analysis
from ..base.timeframe import TimeFrame
from ..lines.buffer import NAN
from .base import Observer


class TimeReturn(Observer):
    """Follow the return of the present period (:class:`~backtrail.analyzers.TimeReturn`)."""

    _stclock: ClassVar[bool] = True
    lines: ClassVar[Any] = ("timereturn",)
    plotinfo: ClassVar[Any] = {"plot": True, "subplot": True}
    plotlines: ClassVar[Any] = {"timereturn": {"_name": "Return"}}
    params: ClassVar[Any] = (("timeframe", None), ("compression", None), ("fund", None))

    def setup(self) -> None:
        """Let an analyzer work it out."""
        self.treturn = self._owner._addanalyzer_slave(analysis.TimeReturn, **self.p._getkwargs())

    def _plotlabel(self) -> list[Any]:
        return period_label(self.treturn)

    def next(self) -> None:
        """Note the return."""
        self.lines.timereturn[0] = self.treturn.rets.get(self.treturn.dtkey, NAN)

    def observe(self, start: int, stop: int) -> None:
        """Note the returns in many cycles."""
        self._fill_line_(self.lines.timereturn, self.treturn._trail(start, stop), start, stop)


def period_label(analyzer: Any) -> list[Any]:
    """Give timeframe and compression of *analyzer* as words."""
    timeframe = getattr(analyzer, "timeframe", None) or analyzer.p.timeframe
    compression = getattr(analyzer, "compression", None) or analyzer.p.compression or 1
    name = TimeFrame.getname(timeframe, compression) if timeframe else ""
    return [name, str(compression)]


__all__ = ["TimeReturn", "period_label"]
