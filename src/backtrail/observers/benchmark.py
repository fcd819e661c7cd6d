"""Observer of the return against that of a data."""

from __future__ import annotations

from typing import Any, ClassVar

from ..analyzers import timereturn as analysis
from ..lines.buffer import NAN
from .timereturn import TimeReturn, period_label


class Benchmark(TimeReturn):
    """Follow the return of the present period, and that of a data (the first one if ``data`` is None).

    With ``_doprenext=False`` the comparison begins with the strategy's minimum period. ``firstopen`` lets the data's
    first period start from the open of its first bar.
    """

    _stclock: ClassVar[bool] = True
    lines: ClassVar[Any] = ("benchmark",)
    plotlines: ClassVar[Any] = {"benchmark": {"_name": "Benchmark"}}
    params: ClassVar[Any] = (("data", None), ("_doprenext", False), ("firstopen", False))

    def setup(self) -> None:
        """Let analyzers work them out."""
        if self.p.data is None:
            self.p.data = self.data0
        options = self.p._getkwargs()
        self.tbench = self._owner._addanalyzer_slave(analysis.TimeReturn, **options)
        options["data"] = None
        self.treturn = self._owner._addanalyzer_slave(analysis.TimeReturn, **options)

    def _plotlabel(self) -> list[Any]:
        return [*period_label(self.treturn), self.tbench.p.data._name]

    def prenext(self) -> None:
        """Note the returns before the minimum period if that is asked for."""
        if self.p._doprenext:
            self.next()

    def next(self) -> None:
        """Note the returns."""
        super().next()
        self.lines.benchmark[0] = self.tbench.rets.get(self.tbench.dtkey, NAN)

    def observe(self, start: int, stop: int) -> None:
        """Note the returns in many cycles."""
        super().observe(start, stop)
        self._fill_line_(self.lines.benchmark, self.tbench._trail(start, stop), start, stop)


__all__ = ["Benchmark"]
