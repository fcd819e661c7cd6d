"""Regressions over the last *period* values: slopes and spreads of two datas, co-integration, the Hurst exponent."""

from __future__ import annotations

from importlib import import_module
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..base.declare import param
from ..lines.series import line
from .averages import SMA
from .volatility import StandardDeviation
from .windows import PeriodN

Floats = NDArray[np.float64]


class _Pairwise(PeriodN):
    """Base of indicators over two datas; the second one is brought to the clock of the first."""

    _mindatas: ClassVar[int] = 2
    period: int = param(default=10, ge=2)

    def setup(self) -> None:
        """Align the datas."""
        same = self.data1._c is self.data0._c
        self._second = self.data1 if same else self.data1(self.data0)
        super().setup()

    def windows(self, start: int, stop: int) -> Any:
        """Give ``(index, first data's window, second data's window)`` for every index of [start, stop)."""
        period = self.p.period
        first, second = self.data0.array, self._second.array
        for i in range(start, stop):
            yield i, first[i - period + 1 : i + 1], second[i - period + 1 : i + 1]


def regress(y: Floats, x: Floats) -> tuple[float, float]:
    """Give slope and intercept of the least squares line of *y* over *x*."""
    design = np.column_stack((np.ones(len(x)), x))
    intercept, slope = np.linalg.lstsq(design, y, rcond=None)[0].tolist()
    return slope, intercept


class OLS_Slope_InterceptN(_Pairwise):
    """Give slope and intercept of the regression of the first data on the second."""

    slope = line()
    intercept = line()

    def compute(self, start: int, stop: int) -> None:
        """Regress over each window of [start, stop)."""
        slopes, intercepts = self.lines.slope.array, self.lines.intercept.array
        for i, y, x in self.windows(start, stop):
            slopes[i], intercepts[i] = regress(y, x)


class OLS_BetaN(_Pairwise):
    """Give the slope of the regression of the first data on the second."""

    beta = line()

    def compute(self, start: int, stop: int) -> None:
        """Regress over each window of [start, stop)."""
        out = self.array
        for i, y, x in self.windows(start, stop):
            out[i] = regress(y, x)[0]


class OLS_TransformationN(_Pairwise):
    """Give the spread of the first data from its regression on the second, with mean, deviation and z-score."""

    spread = line()
    spread_mean = line()
    spread_std = line()
    zscore = line()

    def setup(self) -> None:
        """Regress, subtract and standardise."""
        period = self.p.period
        fit = OLS_Slope_InterceptN(self.data0, self.data1, period=period)
        spread = self.data0 - (fit.slope * self.data1 + fit.intercept)
        self.lines.spread = spread
        self.lines.spread_mean = SMA(spread, period=period)
        self.lines.spread_std = StandardDeviation(spread, period=period)
        self.lines.zscore = (spread - self.lines.spread_mean) / self.lines.spread_std


class CointN(_Pairwise):
    """Give score and p-value of the co-integration test of two datas (Engle and Granger; needs statsmodels)."""

    trend: str = "c"
    score = line()
    pvalue = line()

    def setup(self) -> None:
        """Find the test."""
        try:
            self._test = import_module("statsmodels.tsa.stattools").coint
        except ImportError as missing:
            raise ModuleNotFoundError(
                f"{type(self).__name__} tests for co-integration with statsmodels, which is not installed. "
                "Run: pip install statsmodels"
            ) from missing
        super().setup()

    def compute(self, start: int, stop: int) -> None:
        """Test each window of [start, stop)."""
        scores, pvalues = self.lines.score.array, self.lines.pvalue.array
        for i, first, second in self.windows(start, stop):
            scores[i], pvalues[i] = self._test(first, second, trend=self.p.trend)[:2]


class HurstExponent(PeriodN):
    """Give the Hurst exponent of the last *period* values: below 0.5 they revert, above they trend.

    It is twice the slope, in logarithms, of the root of the standard deviation of differences over *lag_start* (2) to
    *lag_end* (half the period) bars.
    """

    alias = ("Hurst",)
    period: int = param(default=40, ge=4)
    lag_start: Any = None
    lag_end: Any = None
    hurst = line()

    def _plotlabel(self) -> list[Any]:
        return [self.p.period, self._lag_start, self._lag_end]

    def setup(self) -> None:
        """Find the lags."""
        self._lag_start = self.p.lag_start or 2
        self._lag_end = self.p.lag_end or self.p.period // 2
        self._lags = np.arange(self._lag_start, self._lag_end)
        self._log_lags = np.log10(self._lags)
        super().setup()

    def compute(self, start: int, stop: int) -> None:
        """Fit each window of [start, stop)."""
        out, src, period = self.array, self.data.array, self.p.period
        for i in range(start, stop):
            values = src[i - period + 1 : i + 1]
            spreads = [np.sqrt(np.std(values[lag:] - values[:-lag])) for lag in self._lags]
            out[i] = np.polyfit(self._log_lags, np.log10(spreads), 1)[0] * 2.0
