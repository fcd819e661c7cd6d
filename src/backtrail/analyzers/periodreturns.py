"""The base of analyzers that are computed from the returns of periods."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..base.declare import param
from ..base.timeframe import TimeFrame
from ..errors import ParameterValueError
from .base import Analyzer, Floats
from .timereturn import TimeReturn

#: Periods per year by timeframe.
PER_YEAR: dict[int, float] = {
    TimeFrame.Days: 252.0,
    TimeFrame.Weeks: 52.0,
    TimeFrame.Months: 12.0,
    TimeFrame.Years: 1.0,
}


class PeriodReturns(Analyzer):
    """Base of analyzers that are computed from the returns of periods when the run is over.

    The return of a period is the account's value at its end divided by that at the end of the period before, minus 1;
    the first period starts from the value before the first bar. ``timeframe`` and ``compression`` choose the periods:
    days by default, or the timeframe of the first data where that is longer; ``compression`` counts below days only.
    ``factor`` is the number of periods per year: 252 days, 52 weeks, 12 months or 1 year unless given; for shorter
    timeframes it must be given where the results are yearly. ``fund`` chooses the value of a fund share; None asks the
    broker for its mode.

    A period whose return is not a finite number (prices that are NaN, a value of 0 to start from) is left out. The
    result ``periods`` says how many count, ``period`` how long one is, ``factor`` how many a year has (where that
    matters), and ``definition`` how the figures are computed. A figure that cannot be computed is None.
    """

    timeframe: int | None = param(default=None, choices=(None, *range(1, 10)))
    compression: int = param(default=1, ge=1)
    factor: float | None = param(default=None, gt=0.0)
    fund: bool | None = None

    #: How the figures are computed, in one line.
    definition: ClassVar[str] = ""
    #: Whether the results are yearly figures, so that the number of periods per year must be known.
    _yearly: ClassVar[bool] = True

    def setup(self) -> None:
        """Follow the returns."""
        p = self.p
        self._frame: int = p.timeframe or max(TimeFrame.Days, self.datas[0]._timeframe)
        factor = PER_YEAR.get(self._frame) if p.factor is None else p.factor
        name = type(self).__name__
        if factor is None and self._yearly:
            raise ParameterValueError(
                f"{name} gives yearly figures, and the number of periods of {TimeFrame.getname(self._frame)} in a "
                "year depends on the market. Give factor=..., or timeframe=bt.TimeFrame.Days."
            )
        self._per_year = factor or 1.0
        self._growth = TimeReturn(timeframe=self._frame, compression=p.compression, fund=p.fund)

    def returns(self) -> Floats:
        """Give the returns that count, oldest first."""
        values = np.array(list(self._growth.get_analysis().values()), dtype=np.float64)
        return values[np.isfinite(values)]

    def _per_period(self, yearly: float) -> float:
        """Give the rate per period that compounds to *yearly* in a year."""
        return float((1.0 + yearly) ** (1.0 / self._per_year) - 1.0)

    def stop(self) -> None:
        """Report."""
        super().stop()
        returns = self.returns()
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows is reported as None
            for name, value in self.evaluate(returns).items():
                self.rets[name] = value
        self.rets["periods"] = len(returns)
        count = self.p.compression if self._frame < TimeFrame.Days else 1  # it counts below days only
        name = TimeFrame.getname(self._frame, count)
        self.rets["period"] = name.lower() if count == 1 else f"{count} {name.lower()}"
        if self._yearly:
            self.rets["factor"] = self._per_year
        self.rets["definition"] = self.definition

    def evaluate(self, returns: Floats) -> dict[str, Any]:
        """Give the results for *returns*. Made to be overridden."""
        return {}


def known(value: Any) -> float | None:
    """Give *value* as a float; None if it is not a finite number."""
    number = float(value)
    return number if np.isfinite(number) else None


def quotient(a: Any, b: Any) -> float | None:
    """Give ``a / b`` as a float; None where it is not a finite number."""
    return known(float(a) / float(b)) if b else None


__all__ = ["PER_YEAR", "PeriodReturns", "known", "quotient"]
