"""Logarithmic returns over a rolling window of periods."""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from .moments import log_ratio
from .timereturn import PeriodGrowth, Periods


class LogReturnsRolling(PeriodGrowth):
    """Report, for each period, the logarithm of the growth since ``compression`` periods ago.

    NaN until there are that many periods, and where the logarithm does not exist.
    """

    def start(self) -> None:
        """Begin with an empty window."""
        super().start()
        size = self.compression
        self._values: deque[float] = deque([math.nan] * size, maxlen=size)

    def on_dt_over(self) -> None:
        """Take the value at the end of the last period into the window."""
        if self._lastvalue is None:
            self._value_start = None
        else:
            self._values.append(self._lastvalue)

    def _begin(self, base: float) -> None:
        self._value_start = base
        self._values.append(base)

    def next(self) -> None:
        """Report the growth over the window."""
        if self._waits():
            self.rets[self.dtkey] = 0.0
            return
        self.rets[self.dtkey] = log_ratio(self._value, self._values[0])
        self._lastvalue = self._value

    def advance(self, start: int, stop: int) -> None:
        """Do the same for many cycles at once."""
        if start < stop:
            self._follow(start, stop)

    def _follow(self, start: int, stop: int) -> tuple[Periods, list[float]]:
        """Advance, and give the periods and the value that each one (after those waiting) is compared with."""
        found = self._periods(start, stop)
        waiting = found.waiting
        self.rets.update(dict.fromkeys(found.keys[:waiting], 0.0))
        if waiting == len(found.keys):
            self._value_start = None
            return found, []
        values = found.values[found.stops[waiting:] - 1].tolist()
        window = list(self._values)
        if self._lastvalue is None or not found.continued:
            assert found.base is not None
            window.append(found.base)
        if self._lastvalue is None:
            self._value_start = found.base
        window += values[:-1]
        size = len(self._values)
        bases = window[len(window) - len(values) - size + 1 :][: len(values)]
        self.rets.update(zip(found.keys[waiting:], map(log_ratio, values, bases)))
        self._values.extend(window[-size:])
        self._lastvalue = values[-1]
        return found, bases

    def _trail(self, start: int, stop: int) -> list[float]:
        """Advance, and give the growth over the window in each of the cycles."""
        found, bases = self._follow(start, stop)
        out: list[float] = []
        for base, first, end in zip(
            [math.nan] * found.waiting + bases, found.firsts.tolist(), found.stops.tolist()
        ):
            out += (log_ratio(value, base) for value in found.values[first:end].tolist())
        if self.p.data is not None:
            before = np.isnan(found.values[start:stop])
            out = [0.0 if early else growth for early, growth in zip(before.tolist(), out)]
        return out


__all__ = ["LogReturnsRolling"]
