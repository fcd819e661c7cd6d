"""Growth of the account: compounded per year, and month by month."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Any, ClassVar

import numpy as np

from ..base.declare import param
from ..base.time import num2date
from ..base.timeframe import TimeFrame
from .base import Analyzer, Floats
from .periodreturns import PeriodReturns, known
from .timereturn import TimeReturn

_YEAR_S = 365.25 * 86400.0
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


class CAGR(PeriodReturns):
    """Report the compound annual growth rate.

    ``cagr = (final value / value before the first bar) ** (1 / years) - 1``, with ``years`` as the time from the first
    to the last bar by the calendar (years of 365.25 days). ``annual_return`` is the same growth by counted periods:
    ``(final / initial) ** (factor / periods) - 1``. The results are fractions: 0.1 is 10 %.

    Results: ``cagr`` (None for less than two bars), ``annual_return``, ``total_return`` (final / initial - 1),
    ``years`` and ``periods``. An account that lost everything has -1; one below zero counts as that.
    """

    definition: ClassVar[str] = (
        "(final / initial) ** (1 / years) - 1; annual_return: ** (factor / periods) - 1"
    )

    def start(self) -> None:
        """Note the initial value."""
        super().start()
        self._begin: float | None = None
        self._end = 0.0
        self._value_start = self._worth_()

    def next(self) -> None:
        """Note the time."""
        now = self.strategy.datetime[0]
        if self._begin is None:
            self._begin = now
        self._end = now

    def advance(self, start: int, stop: int) -> None:
        """Note the times of many cycles."""
        assert self._path_ is not None
        if start < stop:
            times = self._path_.datetime
            if self._begin is None:
                self._begin = float(times[start])
            self._end = float(times[stop - 1])

    def evaluate(self, returns: Floats) -> dict[str, Any]:
        """Give the rates."""
        begin = self._end if self._begin is None else self._begin
        years = (num2date(self._end) - num2date(begin)).total_seconds() / _YEAR_S if begin else 0.0
        worth = self._worth_()
        growth = worth / self._value_start if self._value_start else math.nan
        return {
            "cagr": _compounded(growth, years),
            "annual_return": _compounded(growth, len(returns) / self._per_year),
            "total_return": known(growth - 1.0),
            "years": years,
        }


def _compounded(growth: float, years: float) -> float | None:
    """Give the yearly rate that makes *growth* in *years*; None where there is none."""
    if growth != growth or years <= 0.0:
        return None
    if growth <= 0.0:
        return -1.0
    exponent = math.log(growth) / years
    return math.expm1(exponent) if exponent < 700.0 else None


class MonthlyReturns(Analyzer):
    """Report the return of each month as a table: ``{year: {month number: return, ..., "year": return}}``.

    The return of a month is the account's value at its last bar divided by that at the last bar of the month before,
    minus 1 (a fraction); the first one starts from the value before the first bar. Months without bars are not there;
    ``"year"`` compounds the months that are. A month whose return is not a finite number is None, and so is its year.
    ``fund`` chooses the value of a fund share; None asks the broker for its mode.

    :meth:`table` gives the results as text.
    """

    definition: ClassVar[str] = "value at the end of the month / value at the end of the month before - 1"
    fund: bool | None = None

    def setup(self) -> None:
        """Follow the months."""
        self._growth = TimeReturn(timeframe=TimeFrame.Months, compression=1, fund=self.p.fund)

    def stop(self) -> None:
        """Report."""
        super().stop()
        years: OrderedDict[int, dict[Any, float | None]] = OrderedDict()
        for end, value in self._growth.get_analysis().items():
            years.setdefault(end.year, {})[end.month] = known(value)
        for year, months in years.items():
            factors = [value + 1.0 for value in months.values() if value is not None]
            complete = len(factors) == len(months)
            self.rets[year] = {**months, "year": math.prod(factors) - 1.0 if complete else None}

    def table(self, digits: int = 2) -> str:
        """Give the results as lines of text, in percent with *digits* decimals."""
        width = digits + 6
        lines = ["Year".ljust(6) + "".join(name.rjust(width) for name in [*_MONTHS, "Year"])]
        for year, row in self.rets.items():
            cells = [row.get(month) for month in [*range(1, 13), "year"]]
            text = ["" if value is None else f"{100.0 * value:.{digits}f}" for value in cells]
            lines.append(f"{year:<6}" + "".join(cell.rjust(width) for cell in text))
        return "\n".join(lines)


class UlcerIndex(PeriodReturns):
    """Report the Ulcer index: the root of the mean squared drawdown, in percent.

    ``ulcer = sqrt(mean(d ** 2))``, where *d* is the percentage that the value at the end of a period of ``timeframe``
    (days by default) lies below the highest value at the end of any period up to it, or before the first bar (Martin
    and McCann, 1989). ``martin`` is the yearly return in percent above ``riskfreerate`` (yearly) divided by it.

    Results: ``ulcer`` (None without returns, 0 without a drawdown), ``martin`` (None where ``ulcer`` is None or 0) and
    ``periods``.
    """

    definition: ClassVar[str] = (
        "sqrt(mean(d ** 2)), d: drawdown in percent at the end of each period; martin: yearly excess return / ulcer"
    )
    riskfreerate: float = param(default=0.0, gt=-1.0)

    def evaluate(self, returns: Floats) -> dict[str, Any]:
        """Give index and ratio."""
        if not len(returns):
            return {"ulcer": None, "martin": None}
        values = np.concatenate(([1.0], np.cumprod(1.0 + returns)))
        peaks = np.maximum.accumulate(values)
        ulcer = known(np.sqrt(np.mean((100.0 * (values / peaks - 1.0)[1:]) ** 2)))
        yearly = _compounded(float(values[-1]), len(returns) / self._per_year)
        if not ulcer or yearly is None:
            return {"ulcer": ulcer, "martin": None}
        return {"ulcer": ulcer, "martin": known(100.0 * (yearly - self.p.riskfreerate) / ulcer)}


__all__ = ["CAGR", "MonthlyReturns", "UlcerIndex"]
