"""Return of each calendar year."""

from __future__ import annotations

from collections import OrderedDict

from ..base.timeframe import TimeFrame
from .base import Analyzer
from .moments import ratio
from .periods import as_datetimes, local_micros, period_starts


class AnnualReturn(Analyzer):
    """Report the return of each calendar year: ``{year: return}``.

    A year starts from the value at the end of the year before; the first one from the value on the first bar. In the
    broker's fund mode the value is that of a fund share. The same results are in ``ret``.
    """

    def start(self) -> None:
        """Begin without a year."""
        self._fundmode = bool(self.strategy.broker.fundmode)
        self._ends: OrderedDict[int, float] = OrderedDict()
        self._first: float | None = None
        self._value = 0.0

    def notify_fund(self, cash: float, value: float, fundvalue: float, shares: float) -> None:
        """Note the value."""
        self._value = fundvalue if self._fundmode else value

    def next(self) -> None:
        """Take the value as the latest of its year."""
        if self._first is None:
            self._first = self._value
        year = self.strategy.datetime.date(tz=self._zone()).year
        self._ends[max(year, next(reversed(self._ends), year))] = self._value

    def _zone(self) -> object:
        return self.data.lines.datetime._tz

    def advance(self, start: int, stop: int) -> None:
        """Do the same for many cycles at once."""
        path = self._path_
        if path is None or start >= stop:
            return
        values = path.fundvalue if self._fundmode else path.value
        if self._first is None:
            self._first = float(values[start])
        numbers = path.datetime[start:stop]
        starts = period_starts(numbers, TimeFrame.Years, 1, self._zone())
        years = [moment.year for moment in as_datetimes(local_micros(numbers[starts], self._zone()))]
        ends = [*(starts[1:] - 1).tolist(), stop - start - 1]
        for year, end in zip(years, ends):
            self._ends[max(year, next(reversed(self._ends), year))] = float(values[start + end])

    def _follow_first_data(self) -> None:
        """Give the last values of the run the dates of the first data's bars, where these are not as many.

        backtrader reads both from the end: with datas of different lengths it is a bar of the first data, not a cycle,
        that a value belongs to.
        """
        path = self.strategy._account_path_()
        count = len(self.data)
        if path is None or count == path.cycles or not count:
            return
        count = min(count, path.cycles)
        values = (path.fundvalue if self._fundmode else path.value)[path.cycles - count :].tolist()
        numbers = self.data.lines.datetime.array[len(self.data) - count : len(self.data)]
        self._first = values[0]
        self._ends.clear()
        for moment, value in zip(as_datetimes(local_micros(numbers, self._zone())), values):
            self._ends[max(moment.year, next(reversed(self._ends), moment.year))] = value

    def stop(self) -> None:
        """Report."""
        self._follow_first_data()
        self.ret: OrderedDict[int, float] = OrderedDict()
        base = self._first
        for year, end in self._ends.items():
            assert base is not None
            self.ret[year] = ratio(end, base) - 1.0
            base = end

    def get_analysis(self) -> OrderedDict[int, float]:
        """Give the results; there are none before the end of the run."""
        return self.ret


__all__ = ["AnnualReturn"]
