"""The Sharpe ratio."""

from __future__ import annotations

import math
from typing import ClassVar

from ..base.declare import param
from ..base.timeframe import TimeFrame
from .annualreturn import AnnualReturn
from .base import Analyzer
from .moments import average, standarddev
from .timereturn import TimeReturn


class SharpeRatio(Analyzer):
    """Report the Sharpe ratio: mean excess return over its standard deviation.

    The returns are those of periods of ``timeframe``. ``riskfreerate`` is per year: it is converted to the timeframe
    (``convertrate``: ``(1 + r) ** (1 / factor) - 1``), else the returns are compounded to a year. ``factor`` is the
    number of periods per year (252 days, 52 weeks, 12 months, 1 year unless given; ``daysfactor`` is its older name
    for days). ``annualize`` multiplies a ratio with converted rate by ``sqrt(factor)``; ``stddev_sample`` divides by
    one less. ``legacyannual`` takes yearly returns from :class:`AnnualReturn` and the rate as it is.

    Source: Sharpe, "The Sharpe Ratio", Journal of Portfolio Management 21 (1994).

    Result: ``sharperatio``; None where it cannot be computed (no returns, or returns that do not vary).
    """

    timeframe: int | None = param(default=TimeFrame.Years, choices=(None, *range(1, 10)))
    compression: int | None = 1
    riskfreerate: float = param(default=0.01, ge=-1.0)
    factor: float | None = param(default=None, gt=0)
    convertrate: bool = True
    annualize: bool = False
    stddev_sample: bool = False
    daysfactor: float | None = param(default=None, gt=0)
    legacyannual: bool = False
    fund: bool | None = None

    RATEFACTORS: ClassVar[dict[int, int]] = {
        TimeFrame.Days: 252,
        TimeFrame.Weeks: 52,
        TimeFrame.Months: 12,
        TimeFrame.Years: 1,
    }

    def setup(self) -> None:
        """Follow the returns."""
        if self.p.legacyannual:
            self.anret = AnnualReturn()
        else:
            self.timereturn = TimeReturn(
                timeframe=self.p.timeframe, compression=self.p.compression, fund=self.p.fund
            )

    def stop(self) -> None:
        """Report."""
        super().stop()
        self.ratio = self._of_years() if self.p.legacyannual else self._of_periods()
        self.rets["sharperatio"] = self.ratio

    def _of_years(self) -> float | None:
        returns = list(self.anret.get_analysis().values())
        rate = self.p.riskfreerate
        excess = [r - rate for r in returns]
        try:
            return average(excess) / standarddev(returns)
        except ZeroDivisionError:
            return None

    def _of_periods(self) -> float | None:
        p = self.p
        returns = list(self.timereturn.get_analysis().values())
        rate = p.riskfreerate
        if p.timeframe == TimeFrame.Days and p.daysfactor is not None:
            factor = p.daysfactor
        else:
            factor = p.factor if p.factor is not None else self.RATEFACTORS.get(p.timeframe)
        try:
            if factor is not None:
                if p.convertrate:
                    rate = pow(1.0 + rate, 1.0 / factor) - 1.0
                else:
                    returns = [pow(1.0 + r, factor) - 1.0 for r in returns]
            excess = [r - rate for r in returns]
            result = average(excess) / standarddev(excess, bessel=p.stddev_sample)
        except (ArithmeticError, TypeError, ValueError):
            # no or one return, no variation, or a loss of more than everything that cannot be compounded
            return None
        if factor is not None and p.convertrate and p.annualize:
            result = math.sqrt(factor) * result
        return result


class SharpeRatio_A(SharpeRatio):
    """Report the Sharpe ratio as a yearly figure."""

    annualize: bool = True


__all__ = ["SharpeRatio", "SharpeRatio_A"]
