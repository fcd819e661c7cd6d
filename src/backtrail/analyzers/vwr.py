"""The variability-weighted return."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from ..base.declare import param
from .moments import ratio, standarddev
from .returns import Returns
from .timeframe import TimeFrameAnalyzerBase


class VWR(TimeFrameAnalyzerBase):
    """Report the variability-weighted return.

    The yearly return in percent (:class:`Returns`), lowered by how far the growth from period to period strays from a
    steady one: ``rnorm100 * (1 - (deviation / sdev_max) ** tau)``. ``tann`` is the number of periods per year.

    Source: CrystalBull, "Let's repair and modernize the Sharpe ratio",
    https://crystalbull.com/sharpe-ratio-better-with-log-returns.

    Result: ``vwr``; NaN for fewer than two bars and after a total loss.
    """

    params: ClassVar[Any] = (
        ("tann", param(default=None, ge=0)),
        ("tau", param(default=0.20, ge=0)),
        ("sdev_max", param(default=2.0, gt=0)),
        ("fund", None),
    )

    _TANN: ClassVar[dict[int, float]] = Returns._TANN

    def setup(self) -> None:
        """Follow the returns."""
        # as in backtrader, the yearly return follows the broker's mode whatever `fund` says
        self._returns = Returns(timeframe=self.p.timeframe, compression=self.p.compression, tann=self.p.tann)

    def start(self) -> None:
        """Begin with the value before the first bar."""
        super().start()
        self._fundmode = self._in_fund_mode_()
        self._pis: list[float] = [self._worth_()]
        self._pns: list[float | None] = [None]

    def notify_fund(self, cash: float, value: float, fundvalue: float, shares: float) -> None:
        """Take the value as the latest of the present period, at first also of the one that is about to end."""
        self._pns[-1] = fundvalue if self._fundmode else value

    def on_dt_over(self) -> None:
        """Start a period with the present value, with which the last one ended."""
        self._pis.append(self._pns[-1])  # type: ignore[arg-type]  # set in this cycle
        self._pns.append(None)

    def advance(self, start: int, stop: int) -> None:
        """Do the same for many cycles at once."""
        if start >= stop:
            return
        firsts, _, keys = self._divide_(start, stop)
        worths = self._worths_()
        begins: list[float] = worths[firsts[len(firsts) - len(keys) :]].tolist()
        self._pis += begins
        self._pns[-1:] = [*begins, None]
        if not len(keys) or firsts[-1] < stop - 1:
            self._pns[-1] = float(worths[stop - 1])

    def stop(self) -> None:
        """Report."""
        super().stop()
        found = self._returns.get_analysis()
        ravg = found["ravg"]
        ends = [end for end in self._pns if end is not None]
        try:
            strays = [
                ratio(end, begin * math.exp(ravg * n)) - 1.0
                for n, (begin, end) in enumerate(zip(self._pis, ends), 1)
            ]
            deviation = standarddev(strays, bessel=True)
            vwr = found["rnorm100"] * (1.0 - pow(deviation / self.p.sdev_max, self.p.tau))
        except ArithmeticError:
            vwr = math.nan
        self.rets["vwr"] = vwr


VariabilityWeightedReturn = VWR

__all__ = ["VWR", "VariabilityWeightedReturn"]
