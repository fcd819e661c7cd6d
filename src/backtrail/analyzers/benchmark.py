"""Alpha and beta: the account's returns against those of a data."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..base.declare import param
from ..errors import ParameterValueError
from .base import Floats
from .periodreturns import PeriodReturns, known, quotient
from .timereturn import TimeReturn


class AlphaBeta(PeriodReturns):
    """Report alpha and beta against a benchmark: a data, its name, or by default the first data.

    Over periods of ``timeframe`` (days by default), with *r* the account's return and *b* the benchmark's, both less
    the risk-free rate per period: ``beta = cov(r, b) / var(b)`` (moments of the population) and
    ``alpha = (1 + mean(r - beta * b)) ** factor - 1`` (Jensen's alpha, compounded to a year). ``riskfreerate`` is per
    year. ``correlation`` is Pearson's; ``tracking_error`` is the standard deviation (of a sample) of ``r - b`` times
    ``sqrt(factor)`` and ``information_ratio`` the mean of ``r - b`` times ``factor``, by that.

    Sources: Jensen, "The Performance of Mutual Funds in the Period 1945-1964", Journal of Finance 23 (1968), for alpha;
    Grinold and Kahn, "Active Portfolio Management" (1995), for tracking error and information ratio.

    The benchmark's first period starts from the open of its first bar; its return is 0 before. Periods in which one of
    the returns is not a finite number are left out.

    Results: ``alpha``, ``beta``, ``correlation``, ``tracking_error``, ``information_ratio`` (None where fewer than two
    periods count, or the benchmark, the account or their difference do not vary) and ``periods``.
    """

    definition: ClassVar[str] = (
        "beta = cov(r, b) / var(b); alpha = (1 + mean(r - beta * b)) ** factor - 1, both less the risk-free rate"
    )
    data: Any = None
    riskfreerate: float = param(default=0.0, gt=-1.0)

    def setup(self) -> None:
        """Follow both."""
        super().setup()
        chosen = self.p.data
        if chosen is None:
            chosen = self.datas[0]
        elif isinstance(chosen, str):
            chosen = self.strategy._named_(chosen)
        elif not any(chosen is data for data in self.datas):
            raise ParameterValueError(
                f"AlphaBeta: parameter 'data' must be a data of this run or its name; got {chosen!r}. "
                f"The names are {[data._name for data in self.datas]}."
            )
        self._benchmark = TimeReturn(timeframe=self._frame, compression=self.p.compression, data=chosen)

    def returns(self) -> Floats:
        """Give the account's returns where both are known; those of the benchmark go with them."""
        own, other = self._growth.get_analysis(), self._benchmark.get_analysis()
        keys = [key for key in own if key in other]
        pairs = np.array([(own[key], other[key]) for key in keys], dtype=np.float64).reshape(-1, 2)
        pairs = pairs[np.isfinite(pairs).all(axis=1)]
        self._others: Floats = pairs[:, 1]
        return pairs[:, 0]

    def stop(self) -> None:
        """Report."""
        super().stop()
        self._others = np.empty(0)  # not needed any more

    def evaluate(self, returns: Floats) -> dict[str, Any]:
        """Give the figures."""
        results: dict[str, Any] = dict.fromkeys(
            ("alpha", "beta", "correlation", "tracking_error", "information_ratio")
        )
        if len(returns) < 2:
            return results
        rate = self._per_period(self.p.riskfreerate)
        own, other = returns - rate, self._others - rate
        own_spread, other_spread = own - np.mean(own), other - np.mean(other)
        covariance, variance = np.mean(own_spread * other_spread), np.mean(other_spread**2)
        if np.ptp(other) > 0.0:
            beta = quotient(covariance, variance)
            if beta is not None:
                mean = float(np.mean(own - beta * other))
                results["beta"] = beta
                results["alpha"] = known((1.0 + mean) ** self._per_year - 1.0) if mean > -1.0 else -1.0
            if np.ptp(own) > 0.0:
                results["correlation"] = quotient(covariance, np.sqrt(variance * np.mean(own_spread**2)))
        gap = own - other
        error = np.std(gap, ddof=1) * self._per_year**0.5 if np.ptp(gap) > 0.0 else 0.0
        results["tracking_error"] = known(error)
        results["information_ratio"] = quotient(np.mean(gap) * self._per_year, error)
        return results


__all__ = ["AlphaBeta"]
