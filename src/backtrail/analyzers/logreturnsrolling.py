"""Logarithmic returns over a rolling window of periods."""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from .moments import log_ratio
from .timereturn import PeriodGrowth


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
        if start >= stop:
            return
        ends, keys, continued = self._period_ends(start, stop)
        values = ends.tolist()
        if self._lastvalue is None:
            waiting = int(np.isnan(ends).sum())
            self.rets.update(dict.fromkeys(keys[:waiting], 0.0))
            if waiting == len(keys):
                self._value_start = None
                return
            values, keys, continued = values[waiting:], keys[waiting:], 0
            self._value_start = base = self._first_base
        else:
            base = self._lastvalue
        window = list(self._values)
        if not continued:
            window.append(base)
        window += values[:-1]
        size = len(self._values)
        offset = len(window) - len(values) - size + 1
        self.rets.update(zip(keys, map(log_ratio, values, window[offset:])))
        self._values.extend(window[-size:])
        self._lastvalue = values[-1]


__all__ = ["LogReturnsRolling"]
