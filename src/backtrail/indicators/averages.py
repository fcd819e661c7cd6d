"""Moving averages, and the registry in which every one of them (also a user's own) is found by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ..base.declare import param
from ..base.parameter import WHOLE
from ..kernels import recursive
from ..lines.series import line
from .base import Indicator
from .windows import Average, ExponentialSmoothing, ExponentialSmoothingDynamic, SumN, WeightedAverage


class MovingAverage:
    """Registry of moving averages: one attribute per class name, and per name without the words "MovingAverage"."""

    _movavs: ClassVar[list[type]] = []

    @classmethod
    def register(cls, regcls: type) -> None:
        """Make the moving average *regcls* available under its names."""
        cls._movavs.append(regcls)
        name = regcls.__name__
        setattr(cls, name, regcls)
        if name.endswith("MovingAverage"):
            setattr(cls, name.removesuffix("MovingAverage"), regcls)
        elif name.startswith("MovingAverage"):
            setattr(cls, name.removeprefix("MovingAverage"), regcls)


class MovAv(MovingAverage):
    """The registry under the name by which parameters refer to it: ``movav=MovAv.EMA``."""


class MovingAverageBase(Indicator):
    """Base of moving averages; subclasses are registered in :class:`MovAv`."""

    period: int = param(default=30, ge=1)
    plotinfo = {"subplot": False}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        MovingAverage.register(cls)


MovingAverage.register(MovingAverageBase)


class MovingAverageSimple(MovingAverageBase):
    """Simple moving average: the arithmetic mean of the last *period* values."""

    alias = ("SMA", "SimpleMovingAverage")
    sma = line()

    def setup(self) -> None:
        """Average the data."""
        self.lines[0] = Average(self.data, period=self.p.period)


class ExponentialMovingAverage(MovingAverageBase):
    """Exponential moving average with factor ``2 / (1 + period)``, seeded with a simple average."""

    alias = ("EMA", "MovingAverageExponential")
    ema = line()

    def setup(self) -> None:
        """Smooth the data."""
        period = self.p.period
        smoothed = ExponentialSmoothing(self.data, period=period, alpha=2.0 / (1.0 + period))
        self.alpha, self.alpha1 = smoothed.alpha, smoothed.alpha1
        self.lines[0] = smoothed


class SmoothedMovingAverage(MovingAverageBase):
    """Wilder's smoothing: an exponential average with factor ``1 / period``, seeded with a simple average."""

    alias = ("SMMA", "WilderMA", "MovingAverageSmoothed", "MovingAverageWilder", "ModifiedMovingAverage")
    smma = line()

    def setup(self) -> None:
        """Smooth the data."""
        period = self.p.period
        smoothed = ExponentialSmoothing(self.data, period=period, alpha=1.0 / period)
        self.alpha, self.alpha1 = smoothed.alpha, smoothed.alpha1
        self.lines[0] = smoothed


class WeightedMovingAverage(MovingAverageBase):
    """Linearly weighted moving average: the newest value weighs *period*, the oldest 1."""

    alias = ("WMA", "MovingAverageWeighted")
    period: int = param(default=30, ge=1, kind=WHOLE)
    wma = line()

    def setup(self) -> None:
        """Weigh the data."""
        period = self.p.period
        coef = 2.0 / (period * (period + 1.0))
        weights = tuple(float(w) for w in range(1, period + 1))
        self.lines[0] = WeightedAverage(self.data, period=period, coef=coef, weights=weights)


if TYPE_CHECKING:  # made by ``alias``
    EMA = ExponentialMovingAverage
    SMA = MovingAverageSimple
    WMA = WeightedMovingAverage


class DoubleExponentialMovingAverage(MovingAverageBase):
    """Mulloy's double exponential average: ``2 * ema - ema(ema)``."""

    alias = ("DEMA", "MovingAverageDoubleExponential")
    _movav: Any = param(default=EMA)
    dema = line()

    def setup(self) -> None:
        """Combine the averages."""
        once = self.p._movav(self.data, period=self.p.period)
        twice = self.p._movav(once, period=self.p.period)
        self.lines.dema = 2.0 * once - twice


class TripleExponentialMovingAverage(MovingAverageBase):
    """Mulloy's triple exponential average: ``3 * ema - 3 * ema(ema) + ema(ema(ema))``."""

    alias = ("TEMA", "MovingAverageTripleExponential")
    _movav: Any = param(default=EMA)
    tema = line()

    def setup(self) -> None:
        """Combine the averages."""
        once = self.p._movav(self.data, period=self.p.period)
        twice = self.p._movav(once, period=self.p.period)
        thrice = self.p._movav(twice, period=self.p.period)
        self.lines.tema = 3.0 * once - 3.0 * twice + thrice


class HullMovingAverage(MovingAverageBase):
    """Hull's average: a weighted average over the root of *period* of ``2 * wma(period / 2) - wma(period)``."""

    alias = ("HMA", "HullMA")
    _movav: Any = param(default=WMA)
    hma = line()

    def setup(self) -> None:
        """Combine the averages."""
        period = self.p.period
        slow = self.p._movav(self.data, period=period)
        fast = 2.0 * self.p._movav(self.data, period=period // 2)
        self.lines.hma = self.p._movav(fast - slow, period=int(pow(period, 0.5)))


class AdaptiveMovingAverage(MovingAverageBase):
    """Kaufman's adaptive average: smooths more the less efficiently the price moves over *period* bars.

    The factor is the square of a value between ``2 / (slow + 1)`` and ``2 / (fast + 1)``.
    """

    alias = ("KAMA", "MovingAverageAdaptive")
    fast: int = param(default=2, ge=0)
    slow: int = param(default=30, ge=0)
    kama = line()

    def setup(self) -> None:
        """Measure the efficiency and smooth by it."""
        period = self.p.period
        direction = self.data - self.data(-period)
        volatility = SumN(abs(self.data - self.data(-1)), period=period)
        efficiency = abs(direction / volatility)
        fast = 2.0 / (self.p.fast + 1.0)
        slow = 2.0 / (self.p.slow + 1.0)
        factor = pow(efficiency * (fast - slow) + slow, 2)
        self.lines[0] = ExponentialSmoothingDynamic(self.data, period=period, alpha=factor)


class ZeroLagExponentialMovingAverage(MovingAverageBase):
    """Exponential average of ``2 * value - value half a period ago``."""

    alias = ("ZLEMA", "ZeroLagEma")
    _movav: Any = param(default=EMA)
    zlema = line()

    def setup(self) -> None:
        """Average the corrected data."""
        lag = (self.p.period - 1) // 2
        corrected = 2 * self.data - self.data(-lag)
        self.lines.zlema = self.p._movav(corrected, period=self.p.period)


class ZeroLagIndicator(MovingAverageBase):
    """Error-correcting average (Ehlers and Way): each bar takes the gain that comes closest to the price.

    The gains tried are -*gainlimit* / 10 … *gainlimit* / 10.
    """

    alias = ("ZLIndicator", "ZLInd", "EC", "ErrorCorrecting")
    gainlimit: int = param(default=50, ge=0, kind=WHOLE)
    _movav: Any = param(default=EMA)
    ec = line()

    def _plotlabel(self) -> list[Any]:
        return [self.p.period, self.p.gainlimit] + [self.p._movav] * self.p.notdefault("_movav")

    def setup(self) -> None:
        """Build the average that is corrected."""
        self.ema = EMA(period=self.p.period)  # whatever _movav is, as in backtrader
        self.limits = [-self.p.gainlimit, self.p.gainlimit + 1]
        self.alpha = 2.0 / (1.0 + self.p.period)
        self.alpha1 = 1.0 - self.alpha

    def compute(self, start: int, stop: int) -> None:
        """Continue the correction over [start, stop)."""
        out, src, average = self._columns_of_(start, stop, self, self.data, self.ema)
        if start == self.first:
            out[start] = average[start]
            start += 1
        if start < stop:
            recursive.zero_lag(start, stop, out, src, average, self.alpha, self.alpha1, self.p.gainlimit)


if TYPE_CHECKING:
    HMA = HullMovingAverage


class DicksonMovingAverage(MovingAverageBase):
    """Dickson's average: the middle of an error-correcting average and a Hull average over *hperiod*."""

    alias = ("DMA", "DicksonMA")
    gainlimit: int = param(default=50, ge=0, kind=WHOLE)
    hperiod: int = param(default=7, ge=1, kind=WHOLE)
    _movav: Any = param(default=EMA)
    _hma: Any = param(default=HMA)
    dma = line()

    def _plotlabel(self) -> list[Any]:
        return (
            [self.p.period, self.p.gainlimit, self.p.hperiod]
            + [self.p._movav] * self.p.notdefault("_movav")
            + [self.p._hma] * self.p.notdefault("_hma")
        )

    def setup(self) -> None:
        """Combine the averages."""
        corrected = ZeroLagIndicator(period=self.p.period, gainlimit=self.p.gainlimit, _movav=self.p._movav)
        hull = self.p._hma(period=self.p.hperiod)
        self.lines.dma = (corrected + hull) / 2.0
