"""How certain a Sharpe ratio is: a bootstrap interval."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..base.declare import param
from ..errors import ParameterValueError
from .base import Floats
from .periodreturns import PeriodReturns, known

_AT_ONCE = 1_000_000  # returns drawn at a time


class SharpeInterval(PeriodReturns):
    """Report the yearly Sharpe ratio and a bootstrap interval of it.

    ``sharpe = sqrt(factor) * mean(r - f) / std(r - f)`` over returns *r* of periods of ``timeframe`` (days by default),
    with the standard deviation of a sample and *f* as ``riskfreerate`` (yearly, 0 by default) per period. ``samples``
    times as many returns as there are are drawn with replacement, in circular blocks of ``block`` in a row (1: each by
    itself; more keep dependence in time); ``low`` and ``high`` hold ``confidence`` of the ratios of the samples between
    them (percentile method; Efron and Tibshirani, 1993; Politis and Romano, 1992, for the blocks).

    ``generator`` is a whole number as seed, which makes every run draw the same samples (1 by default), or a
    ``numpy.random.Generator``, which goes on where it was left.

    Results: ``sharpe``, ``low``, ``high``, ``standard_error`` (standard deviation of the ratios of the samples; all
    None for fewer than three returns or returns that do not vary), ``not_positive`` (share of samples with a ratio of
    at most 0), ``confidence``, ``samples`` (those that count: a sample of equal returns does not) and ``periods``.
    """

    definition: ClassVar[str] = (
        "sqrt(factor) * mean(r - f) / std(r - f, ddof=1); low and high: percentiles of it over bootstrap samples"
    )
    generator: Any = 1
    samples: int = param(default=2000, ge=10)
    confidence: float = param(default=0.95, gt=0.0, lt=1.0)
    block: int = param(default=1, ge=1)
    riskfreerate: float = param(default=0.0, gt=-1.0)

    def setup(self) -> None:
        """Check the generator, and follow the returns."""
        super().setup()
        given = self.p.generator
        is_seed = isinstance(given, int | np.integer) and not isinstance(given, bool) and given >= 0
        if not is_seed and not isinstance(given, np.random.Generator):
            raise ParameterValueError(
                "SharpeInterval: parameter 'generator' must be a seed (a whole number >= 0) or a "
                f"numpy.random.Generator; got {given!r}. Give generator=1 for the same samples in every run."
            )
        for name in ("samples", "block"):
            if not isinstance(getattr(self.p, name), int):
                raise ParameterValueError(
                    f"SharpeInterval: parameter {name!r} must be a whole number; got {getattr(self.p, name)!r}."
                )

    def evaluate(self, returns: Floats) -> dict[str, Any]:
        """Draw the samples and give ratio and interval."""
        p = self.p
        results: dict[str, Any] = dict.fromkeys(("sharpe", "low", "high", "standard_error", "not_positive"))
        results |= {"confidence": p.confidence, "samples": 0}
        if len(returns) < 3 or not np.ptp(returns) > 0.0:
            return results
        excess = returns - self._per_period(p.riskfreerate)
        scale = self._per_year**0.5
        results["sharpe"] = known(scale * np.mean(excess) / np.std(excess, ddof=1))
        ratios = scale * self._draw(excess, np.random.default_rng(p.generator))
        if len(ratios) > 1:
            outside = 50.0 * (1.0 - p.confidence)
            low, high = np.percentile(ratios, [outside, 100.0 - outside])
            results |= {
                "low": known(low),
                "high": known(high),
                "standard_error": known(np.std(ratios, ddof=1)),
                "not_positive": float(np.mean(ratios <= 0.0)),
                "samples": len(ratios),
            }
        return results

    def _draw(self, excess: Floats, generator: np.random.Generator) -> Floats:
        """Give the ratio per period of each sample whose returns vary."""
        count, block = len(excess), min(self.p.block, len(excess))
        blocks = -(-count // block)
        steps = np.arange(block)
        found = []
        left = self.p.samples
        while left:
            rows = min(left, max(_AT_ONCE // count, 1))
            left -= rows
            begins = generator.integers(0, count, size=(rows, blocks))
            drawn = excess[((begins[:, :, None] + steps) % count).reshape(rows, -1)[:, :count]]
            drawn = drawn[np.ptp(drawn, axis=1) > 0.0]
            found.append(drawn.mean(axis=1) / drawn.std(axis=1, ddof=1))
        return np.concatenate(found)


__all__ = ["SharpeInterval"]
