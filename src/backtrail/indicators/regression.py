"""Regressions over the last *period* values: slopes and spreads of two datas, co-integration, the Hurst exponent."""

from __future__ import annotations

import math
from importlib import import_module
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..base.declare import param
from ..base.parameter import WHOLE
from ..errors import ParameterValueError
from ..kernels import moments
from ..lines.expr import undefined_is_nan, where_of
from ..lines.series import line
from .averages import SMA
from .volatility import StandardDeviation
from .windows import PeriodN

Floats = NDArray[np.float64]

#: Windows prepared at once.
_BLOCK = 512


def missing_data(message: str) -> ValueError:
    """Give the error for a window with a missing value: statsmodels' ``MissingDataError`` and a ``ValueError`` in one.

    Without statsmodels it is a plain ``ValueError``.
    """
    try:
        refused: type[Exception] = import_module("statsmodels.tools.sm_exceptions").MissingDataError
    except ImportError:
        return ValueError(message)

    class MissingDataError(refused, ValueError):  # type: ignore[misc,valid-type]  # a class that may be absent
        """A window that has a missing value."""

        def __reduce__(self) -> tuple[Any, ...]:
            return missing_data, self.args

    found: ValueError = MissingDataError(message)
    return found


class _Pairwise(PeriodN):
    """Base of indicators over two datas; the second one is brought to the clock of the first."""

    _mindatas: ClassVar[int] = 2
    period: int = param(default=10, ge=2)

    def setup(self) -> None:
        """Align the datas."""
        same = self.data1._c_ is self.data0._c_
        self._second = self.data1 if same else self.data1(self.data0)
        super().setup()


class OLS_Slope_InterceptN(_Pairwise):
    """Give slope and intercept of the regression of the first data on the second.

    A window without a slope, because the second data does not move or lacks a value, ends the run with a
    ``ValueError`` that names the bar (a ``MissingDataError`` of statsmodels too, where a value lacks and statsmodels is
    installed); ``Cerebro(zero_division="nan")`` takes NaN instead. As in backtrader, slope and intercept are NaN where
    the first data lacks a value, and a second data that stays at 0 is no error: the slope is 0 and the intercept the
    mean of the first (NaN with ``zero_division="nan"``).

    Formula: ordinary least squares, deviations taken from the means.
    """

    slope = line()
    intercept = line()

    def compute(self, start: int, stop: int) -> None:
        """Regress over each window of [start, stop)."""
        slopes, intercepts = self.lines.slope, self.lines.intercept
        columns = self._columns_of_(start, stop, slopes, intercepts, self.data0, self._second)
        moments.fit(start, stop, *columns, self.p.period)
        undefined = np.isnan(slopes.array[start:stop])
        if not undefined.any() or undefined_is_nan(slopes):
            return
        for i in (start + np.flatnonzero(undefined)).tolist():
            window = slice(i - self.p.period + 1, i + 1)
            first, second = self.data0.array[window], self._second.array[window]
            whole = bool(np.isfinite(second).all())
            if whole and not np.isfinite(first).all() and (second != second[0]).any():
                continue
            if not second.any() and np.isfinite(first).all():
                slopes.array[i] = 0.0
                intercepts.array[i] = math.fsum(first.tolist()) / self.p.period
                continue
            message = (
                f"{type(self).__name__}: regressing the last {self.p.period} values at {where_of(slopes, i)} - "
                "expected a second data that moves, and no value of it missing - found "
                f"{'one that does not move' if whole else 'a missing value'} - use a longer period, or "
                "Cerebro(zero_division='nan') to go on with NaN"
            )
            raise ValueError(message) if whole else missing_data(message)


class OLS_BetaN(_Pairwise):
    """Give the slope of the regression of the first data on the second."""

    beta = line()

    def setup(self) -> None:
        """Regress."""
        super().setup()
        self.lines.beta = OLS_Slope_InterceptN(self.data0, self.data1, period=self.p.period).slope


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
    """Give score and p-value of the co-integration test of two datas (Engle and Granger; needs statsmodels).

    A window that statsmodels refuses, because the first data does not move or the second lacks a value, ends the run
    with the exception of statsmodels and the bar; ``Cerebro(zero_division="nan")`` takes NaN for both values instead.
    """

    trend: str = param(default="c", choices=("c", "n", "ct", "ctt"))
    score = line()
    pvalue = line()

    def setup(self) -> None:
        """Find the test."""
        try:
            self._test = import_module("statsmodels.tsa.stattools").coint
            self._refusals = (import_module("statsmodels.tools.sm_exceptions").MissingDataError,)
        except ImportError as missing:
            raise ModuleNotFoundError(
                f"{type(self).__name__} tests for co-integration with statsmodels, which is not installed. "
                "Run: pip install 'backtrail[statistics]'"
            ) from missing
        super().setup()

    def compute(self, start: int, stop: int) -> None:
        """Test each window of [start, stop)."""
        scores, pvalues = self.lines.score.array, self.lines.pvalue.array
        period, first, second = self.p.period, self.data0.array, self._second.array
        for i in range(start, stop):
            window = slice(i - period + 1, i + 1)
            scores[i], pvalues[i] = self._tested(first[window], second[window], i)

    def _tested(self, first: Floats, second: Floats, bar: int) -> tuple[float, float]:
        """Give score and p-value of one window, which ends at *bar*."""
        still = bool((first == first[0]).all())
        untestable = still or not (np.isfinite(first).all() and np.isfinite(second).all())
        if untestable and undefined_is_nan(self.lines.score):
            return math.nan, math.nan
        try:
            score, pvalue = self._test(first, second, trend=self.p.trend)[:2]
        except (ValueError, *self._refusals) as refused:
            found = "a first data that does not move" if still else "a missing value" if untestable else str(refused)
            kind = missing_data if isinstance(refused, self._refusals) else type(refused)
            raise kind(
                f"{type(self).__name__}: testing the last {self.p.period} values at {where_of(self.lines.score, bar)} "
                "for co-integration - expected prices that move, and enough of them without a missing one - found "
                f"{found} - use a longer period, or Cerebro(zero_division='nan') to go on with NaN where prices stand "
                "still or are missing"
            ) from None
        return float(score), float(pvalue)


class HurstExponent(PeriodN):
    """Give the Hurst exponent of the last *period* values: below 0.5 they revert, above they trend.

    It is twice the slope, in logarithms, of the root of the standard deviation of differences over *lag_start* (2) to
    *lag_end* (half the period) bars.
    """

    alias = ("Hurst",)
    period: int = param(default=40, ge=4)
    lag_start: Any = param(default=None, kind=WHOLE)
    lag_end: Any = param(default=None, kind=WHOLE)
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
                f"{type(self).__name__}: fitting deviations of differences over several numbers of bars - expected "
                f"lag_end ({self._lag_end}; half of the period unless given) above lag_start ({self._lag_start}) - "
                "found nothing between them - pass a longer period"
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
