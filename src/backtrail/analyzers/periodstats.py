"""Statistics over the returns of periods."""

from __future__ import annotations

from ..base.declare import param
from ..base.timeframe import TimeFrame
from .base import Analyzer
from .moments import average, standarddev
from .timereturn import TimeReturn


class PeriodStats(Analyzer):
    """Report statistics over the returns of periods of ``timeframe``.

    Results: ``average``, ``stddev`` (of the population), ``positive``, ``negative``, ``nochange`` (how many; a return
    of zero counts as positive with ``zeroispos``), ``best`` and ``worst``.
    """

    timeframe: int | None = param(default=TimeFrame.Years, choices=(None, *range(1, 10)))
    compression: int | None = 1
    zeroispos: bool = False
    fund: bool | None = None

    def setup(self) -> None:
        """Follow the returns."""
        self._tr = TimeReturn(timeframe=self.p.timeframe, compression=self.p.compression, fund=self.p.fund)

    def stop(self) -> None:
        """Report."""
        returns = list(self._tr.get_analysis().values())
        rets = self.rets
        if not returns:
            return
        positive = negative = nochange = 0
        for value in returns:
            if value > 0.0:
                positive += 1
            elif value < 0.0:
                negative += 1
            elif self.p.zeroispos:
                positive += 1
            else:
                nochange += 1
        rets["average"] = average(returns)
        rets["stddev"] = standarddev(returns)
        rets["positive"] = positive
        rets["negative"] = negative
        rets["nochange"] = nochange
        rets["best"] = max(returns)
        rets["worst"] = min(returns)


__all__ = ["PeriodStats"]
