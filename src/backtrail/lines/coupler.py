"""Lines brought from one clock to another: ``line()``, ``indicator(data0)``."""

from __future__ import annotations

from typing import Any

from ..base.owner import find_owner
from .align import seen_values
from .buffer import Line, as_line
from .clock import Clock
from .expr import LineActions
from .root import LineRoot
from .series import LineSeries, LineSeriesStub


class LineCoupler(LineActions):
    """The value of a line as a bar of another clock sees it."""

    def __init__(self, source: Line, clock: Clock, root: Any) -> None:
        self.source = source
        super().__init__(source)
        self._set_clock(clock)
        self._root_ = root
        self._minperiod = 1

    def compute(self, start: int, stop: int) -> None:
        """Fill the bars [start, stop)."""
        self.array[start:stop] = seen_values(self.source, self._c_, start, stop)

    def value(self) -> float:
        """Give the value of the current bar (NaN before the source has one)."""
        source = self.source
        at = source._c_.i
        return float(source._a_[at]) if at >= 0 else float("nan")


class LinesCoupler(LineSeriesStub):
    """The lines of a group as bars of another clock see them, under the names that they have there."""

    def __init__(self, source: LineSeries, target: Any) -> None:
        couplers = [couple(line, target) for line in source.lines]
        LineSeriesStub.__init__(self, couplers[0])
        lines, spec = self.lines.__dict__, source.lines._spec
        lines.update(_spec=spec, _all=couplers, lines=couplers)
        named = dict(zip(spec._names, couplers))
        named.update((alias, named[name]) for alias, name in spec._aliases)
        lines.update(named)
        self.__dict__.update(named)


LinesCoupler.__init__ = LinesCoupler.__dict__["__init__"].__wrapped__  # type: ignore[method-assign]


def couple(source: LineRoot, target: Any = None) -> Any:
    """Bring *source* to the clock of *target* (default: the clock of the object under construction).

    A group gives all of its lines. A strategy is called in every cycle of the run, also where its first feed has no
    bar.
    """
    if isinstance(source, LineSeries) and not isinstance(source, LineSeriesStub):
        return LinesCoupler(source, target)
    line = as_line(source)
    other: Any = target if target is not None else find_owner(LineRoot)
    if line is None or other is None:
        raise TypeError("a line can be coupled only inside of a strategy or an indicator")
    clock: Clock = other._c_
    cycles: Clock | None = getattr(other, "_clock_of_run_", None)
    if cycles is not None and (cycles.aligned or not cycles.size):
        clock = cycles
    return LineCoupler(line, clock, other._root_)


MultiCoupler = LinesCoupler
SingleCoupler = LineCoupler
