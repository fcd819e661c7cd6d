"""Regressions over the last *period* values: slopes and spreads of two datas, co-integration, the Hurst exponent."""

from __future__ import annotations

from importlib import import_module
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..base.declare import param
from ..errors import ParameterValueError
from ..lines.series import line
from .averages import SMA
from .volatility import StandardDeviation
from .windows import PeriodN

Floats = NDArray[np.float64]

#: Windows prepared at once.
_BLOCK = 512


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
                "Run: pip install 'backtrail[statistics]'"
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
        lags = np.arange(self._lag_start, self._lag_end)
        if not len(lags):
            raise ParameterValueError(
                f"{type(self).__name__}: comparing differences over {self._lag_start} to {self._lag_end} bars - "
                f"expected lag_end above lag_start - found none between them (lag_end is half of period={self.p.period} unless "
                "given) - pass a longer period"
            )
        self._lags = lags.tolist()
        design = np.vander(np.log10(lags) + 0.0, 2)  # what polyfit of degree 1 solves, made once
        self._scale = np.sqrt((design * design).sum(axis=0))
        self._design = design / self._scale
        self._rcond = len(lags) * np.finfo(np.float64).eps
        super().setup()

    def compute(self, start: int, stop: int) -> None:
        """Fit each window of [start, stop)."""
        out = self.array
        solve, design, rcond, scale = np.linalg.lstsq, self._design, self._rcond, self._scale[0]
        for begin in range(start, stop, _BLOCK):
            end = min(begin + _BLOCK, stop)
            for i, spreads in enumerate(self._log_spreads(begin, end), begin):
                out[i] = solve(design, spreads, rcond)[0][0] / scale * 2.0

    def _log_spreads(self, start: int, stop: int) -> Floats:
        """Give the logarithms of the roots of the deviations, a row for each bar of [start, stop)."""
        period = self.p.period
        values = self.data.array[start - period + 1 : stop]
        spreads = np.empty((stop - start, len(self._lags)))
        for k, lag in enumerate(self._lags):
            # a row of its own for each window, so that the sums are those of the window alone
            windows = np.lib.stride_tricks.sliding_window_view(values[lag:] - values[:-lag], period - lag)
            spreads[:, k] = np.std(np.ascontiguousarray(windows), axis=1)
        with np.errstate(divide="ignore"):  # prices that stand still have no deviation, and the fit is NaN
            logs: Floats = np.log10(np.sqrt(spreads))
        return logs
