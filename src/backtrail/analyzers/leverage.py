"""How much of the account is invested."""

from __future__ import annotations

import numpy as np

from .base import Analyzer
from .moments import ratio
from .periods import as_datetimes, local_micros


class GrossLeverage(Analyzer):
    """Report, bar by bar, the invested part of the value: ``{moment: (value - cash) / value}``.

    The moment is that of the first data. ``fund`` chooses the fund's share value; None asks the broker for its mode.
    """

    fund: bool | None = None

    def start(self) -> None:
        """Find out what to follow."""
        self._fundmode = self._in_fund_mode_()

    def notify_fund(self, cash: float, value: float, fundvalue: float, shares: float) -> None:
        """Note cash and value."""
        self._cash = cash
        self._value = fundvalue if self._fundmode else value

    def next(self) -> None:
        """Report on this bar."""
        data = self.data
        times = data.lines.datetime
        if len(data):
            moment = times.datetime()
        elif data._c_.size:
            # before its first bar a preloaded data shows its last one, as in backtrader
            moment = data.num2date(float(times.array[-1]))
        else:
            return  # the cycle of the first bar, whose moment it would be, writes over this one
        self.rets[moment] = ratio(self._value - self._cash, self._value)

    def advance(self, start: int, stop: int) -> None:
        """Report on many bars."""
        path = self._path_
        if path is None or start >= stop:
            return
        values = self._worths_()[start:stop]
        cash = path.told("cash", self.strategy)[start:stop]
        with np.errstate(divide="ignore", invalid="ignore"):
            levels = (values - cash) / values
        times, bars = self.data.lines.datetime.array, path.bars(self.data)
        # before its first bar a preloaded data shows its last one, as in backtrader
        numbers = times[start:stop] if bars is None else times[bars[start:stop]]
        moments = as_datetimes(local_micros(numbers, self.data.lines.datetime._tz))
        self.rets.update(zip(moments, levels.tolist()))
        self._cash = float(cash[-1])
        self._value = float(values[-1])


__all__ = ["GrossLeverage"]
