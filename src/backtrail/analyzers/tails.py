"""The ends of the distribution of returns: tail ratio, value at risk, expected shortfall."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..base.declare import param
from .base import Floats
from .periodreturns import PeriodReturns, known, quotient


class TailRatio(PeriodReturns):
    """Report the tail ratio: the size of the good returns by that of the bad ones.

    ``tail_ratio = abs(percentile 95) / abs(percentile 5)`` of the returns of periods of ``timeframe`` (days by
    default), with linear interpolation between returns. ``cutoff`` 0.05 is the share of returns in each tail. The
    definition is that of empyrical.

    Results: ``tail_ratio`` (None without returns, or with a lower percentile of 0) and ``periods``.
    """

    definition: ClassVar[str] = "abs(percentile 100 * (1 - cutoff) of r) / abs(percentile 100 * cutoff of r)"
    cutoff: float = param(default=0.05, gt=0.0, lt=0.5)
    _yearly: ClassVar[bool] = False

    def evaluate(self, returns: Floats) -> dict[str, Any]:
        """Give the ratio."""
        if not len(returns):
            return {"tail_ratio": None}
        share = 100.0 * self.p.cutoff
        low, high = np.abs(np.percentile(returns, [share, 100.0 - share]))
        return {"tail_ratio": quotient(high, low)}


class ValueAtRisk(PeriodReturns):
    """Report value at risk and expected shortfall from the returns as they were (historical method).

    ``var`` is the return of a period of ``timeframe`` (days by default) that the share ``cutoff`` (0.05) of all
    returns lies below, with linear interpolation. ``cvar`` is the mean of the ``int((periods - 1) * cutoff) + 1`` worst
    returns. Both are returns: -0.02 is a loss of 2 % in a period. Sources: Jorion, "Value at Risk" (1997), on
    historical simulation; Rockafellar and Uryasev, "Optimization of Conditional Value-at-Risk", Journal of Risk 2
    (2000).

    Results: ``var`` and ``cvar`` (None without returns) and ``periods``.
    """

    definition: ClassVar[str] = (
        "var: percentile 100 * cutoff of r; cvar: mean of the int((periods - 1) * cutoff) + 1 lowest r"
    )
    cutoff: float = param(default=0.05, gt=0.0, lt=1.0)
    _yearly: ClassVar[bool] = False

    def evaluate(self, returns: Floats) -> dict[str, Any]:
        """Give both figures."""
        if not len(returns):
            return {"var": None, "cvar": None}
        last = int((len(returns) - 1) * self.p.cutoff)
        worst = np.partition(returns, last)[: last + 1]
        return {"var": known(np.percentile(returns, 100.0 * self.p.cutoff)), "cvar": known(np.mean(worst))}


__all__ = ["TailRatio", "ValueAtRisk"]
