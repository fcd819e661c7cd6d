"""How far a value stands from its mean, and how two series move together."""

from __future__ import annotations

from typing import Any, ClassVar

from ..base.declare import param
from ..errors import ParameterValueError
from ..kernels import moments
from ..lines.series import line
from .windows import PeriodN


class ZScore(PeriodN):
    """Give the distance of the value from the mean of the last *period* values, in standard deviations.

    *ddof* 0 divides by *period*, 1 by *period* - 1. Equal values give 0. Deviations are taken from the mean (two
    passes), so that nothing cancels.

    Formula: ``(x - mean) / sqrt(sum((x - mean)²) / (period - ddof))``.
    """

    period: int = param(default=20, ge=2)
    ddof: int = param(default=0, ge=0)
    plotinfo = {"plothlines": [0.0]}
    zscore = line()

    def _plotlabel(self) -> list[Any]:
        return [self.p.period]

    def setup(self) -> None:
        """Check the divisor and wait for *period* bars."""
        if self.p.ddof >= self.p.period:
            raise ParameterValueError(
                f"ZScore: parameter 'ddof' must be less than period ({self.p.period}); got {self.p.ddof!r}. "
                "The default is 0."
            )
        super().setup()

    def compute(self, start: int, stop: int) -> None:
        """Score the values of [start, stop)."""
        moments.score(start, stop, *self._columns_(start, stop), self.p.period, self.p.ddof)


class _Together(PeriodN):
    """Base of indicators of two series; the second one is brought to the clock of the first."""

    _mindatas: ClassVar[int] = 2
    returns: bool = False

    def _plotlabel(self) -> list[Any]:
        return [self.p.period]

    def setup(self) -> None:
        """Align the datas, and take their changes where these are meant."""
        same = self.data1._c_ is self.data0._c_
        first: Any = self.data0.lines[0]
        second: Any = self.data1.lines[0] if same else self.data1(self.data0)
        if self.p.returns:
            first, second = (one / one(-1) - 1.0 for one in (first, second))
        self._first, self._second = first, second
        self._wait_for_(first, second)
        super().setup()


class RollingBeta(_Together):
    """Give the beta of the first data to the second one (the market) over *period* values.

    With *returns* (the default) the values are changes from bar to bar, relative to the value before; without it the
    values themselves are compared. NaN where the second data does not move.

    Formula: the least squares slope ``cov(y, x) / var(x)``; with returns it is TA-Lib's ``BETA(x, y)``, which takes the
    market first.
    """

    period: int = param(default=60, ge=2)
    returns: bool = True
    beta = line()

    def compute(self, start: int, stop: int) -> None:
        """Fill [start, stop) with slopes."""
        columns = self._columns_of_(start, stop, self, self._first, self._second)
        moments.slope(start, stop, *columns, self.p.period)


class RollingCorrelation(_Together):
    """Give Pearson's correlation of two datas over *period* values.

    With *returns* the values are changes from bar to bar, relative to the value before. NaN where one of the datas
    does not move.

    Formula: ``cov(y, x) / (sd(y) * sd(x))``; without returns it is TA-Lib's ``CORREL``.
    """

    period: int = param(default=30, ge=2)
    plotinfo = {"plotymargin": 0.05, "plotyhlines": [-1.0, 0.0, 1.0]}
    correlation = line()

    def compute(self, start: int, stop: int) -> None:
        """Fill [start, stop) with correlations."""
        columns = self._columns_of_(start, stop, self, self._first, self._second)
        moments.correlation(start, stop, *columns, self.p.period)
