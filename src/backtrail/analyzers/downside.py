"""Sortino and Omega: return against the risk of falling short of a target."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..base.declare import param
from .base import Floats
from .periodreturns import PeriodReturns, known, quotient


class Sortino(PeriodReturns):
    """Report the Sortino ratio: mean return above a target, over the deviation of the returns that fall short of it.

    ``sortino = sqrt(factor) * mean(r - t) / sqrt(mean(min(r - t, 0) ** 2))`` over returns *r* of periods of
    ``timeframe`` (days by default), where *t* is the target per period: ``target`` is per year and converted with
    ``(1 + target) ** (1 / factor) - 1``. All periods count in the second mean (Sortino and Price, 1994), those above
    the target with zero. ffn, in contrast, takes the standard deviation of the shortfalls around their mean.

    Results: ``sortino`` (yearly; None without a return below the target), ``downside_risk`` (the denominator times
    ``sqrt(factor)``; None without returns) and ``periods``.
    """

    definition: ClassVar[str] = (
        "sqrt(factor) * mean(r - t) / sqrt(mean(min(r - t, 0) ** 2)), t: target per period"
    )
    target: float = param(default=0.0, gt=-1.0)

    def evaluate(self, returns: Floats) -> dict[str, Any]:
        """Give ratio and risk."""
        if not len(returns):
            return {"sortino": None, "downside_risk": None}
        excess = returns - self._per_period(self.p.target)
        risk = np.sqrt(np.mean(np.minimum(excess, 0.0) ** 2))
        scale = self._per_year**0.5
        ratio = quotient(np.mean(excess), risk)
        return {
            "sortino": None if ratio is None else known(ratio * scale),
            "downside_risk": known(risk * scale),
        }


class Omega(PeriodReturns):
    """Report the Omega ratio: the sum of what returns have above a target by the sum of what others lack of it.

    ``omega = sum(max(r - t, 0)) / sum(max(t - r, 0))`` over returns *r* of periods of ``timeframe`` (days by default),
    with *t* as for :class:`Sortino` (Keating and Shadwick, 2002). Above 1 the gains weigh more.

    Results: ``omega`` (None without a return below the target) and ``periods``.
    """

    definition: ClassVar[str] = "sum(max(r - t, 0)) / sum(max(t - r, 0)), t: target per period"
    target: float = param(default=0.0, gt=-1.0)

    def evaluate(self, returns: Floats) -> dict[str, Any]:
        """Give the ratio."""
        excess = returns - self._per_period(self.p.target)
        return {"omega": quotient(np.sum(excess[excess > 0.0]), -np.sum(excess[excess < 0.0]))}


__all__ = ["Omega", "Sortino"]
