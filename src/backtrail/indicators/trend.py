"""Trends: Aroon, Ichimoku, parabolic stops, vortex, Heikin-Ashi bars, accumulation."""

from __future__ import annotations

from typing import Any, ClassVar

from ..base.declare import param
from ..kernels import recursive
from ..lines.functions import If, Max, Min
from ..lines.series import line
from .averages import SMA
from .base import Indicator
from .strength import DownDay, UpDay
from .volatility import TrueHigh, TrueLow
from .windows import Accum, FindFirstIndexHighest, FindFirstIndexLowest, Highest, Lowest, PeriodN, SumN


class _AroonBase(Indicator):
    """Base that computes how recent the highest high (``up``) and the lowest low (``down``) are, from 0 to 100."""

    _up = False
    _down = False
    period: int = param(default=14, ge=1)
    upperband: float = 70
    lowerband: float = 30
    plotinfo: ClassVar[Any] = {"plotymargin": 0.05, "plotyhlines": [0, 100]}

    def _plotlabel(self) -> list[Any]:
        return [self.p.period]

    def _plotinit(self) -> None:
        self.plotinfo.plotyhlines = [0, 100, self.p.lowerband, self.p.upperband]

    def setup(self) -> None:
        """Find the extremes of *period* + 1 bars."""
        period = self.p.period
        if self._up:
            ago = FindFirstIndexHighest(self.data.high, period=period + 1)
            self.up = (100.0 / period) * (period - ago)
        if self._down:
            since = FindFirstIndexLowest(self.data.low, period=period + 1)
            self.down = (100.0 / period) * (period - since)


class AroonUp(_AroonBase):
    """Give how recent the highest high of *period* bars is: 100 now, 0 *period* bars ago (Chande)."""

    _up = True
    aroonup = line()

    def setup(self) -> None:
        """Publish the line."""
        super().setup()
        self.lines.aroonup = self.up


class AroonDown(_AroonBase):
    """Give how recent the lowest low of *period* bars is: 100 now, 0 *period* bars ago (Chande)."""

    _down = True
    aroondown = line()

    def setup(self) -> None:
        """Publish the line."""
        super().setup()
        self.lines.aroondown = self.down


class AroonUpDown(AroonUp, AroonDown):
    """Give Aroon up and Aroon down."""

    alias = ("AroonIndicator",)


class AroonOscillator(_AroonBase):
    """Give Aroon up minus Aroon down."""

    alias = ("AroonOsc",)
    _up = True
    _down = True
    aroonosc = line()

    def _plotinit(self) -> None:
        super()._plotinit()
        self.plotinfo.plotyhlines += [-line for line in self.plotinfo.plotyhlines]

    def setup(self) -> None:
        """Subtract."""
        super().setup()
        self.lines.aroonosc = self.up - self.down


class AroonUpDownOscillator(AroonUpDown, AroonOscillator):
    """Give Aroon up, Aroon down and their difference."""

    alias = ("AroonUpDownOsc",)


class Ichimoku(Indicator):
    """Give Hosoda's Ichimoku lines: the middles of three ranges, their projections ahead, and the close shifted back.

    ``chikou_span`` shows the close of *chikou* bars later: it is meant for charts, not for decisions.
    """

    tenkan: int = param(default=9, ge=1)
    kijun: int = param(default=26, ge=1)
    senkou: int = param(default=52, ge=1)
    senkou_lead: int = param(default=26, ge=0)
    chikou: int = param(default=26, ge=0)
    plotinfo = {"subplot": False}
    plotlines = {"senkou_span_a": {"_fill_gt": ("senkou_span_b", "g"), "_fill_lt": ("senkou_span_b", "r")}}
    tenkan_sen = line()
    kijun_sen = line()
    senkou_span_a = line()
    senkou_span_b = line()
    chikou_span = line()

    def setup(self) -> None:
        """Build the five lines."""
        self.lines.tenkan_sen = self._middle(self.p.tenkan)
        self.lines.kijun_sen = self._middle(self.p.kijun)
        between = (self.lines.tenkan_sen + self.lines.kijun_sen) / 2.0
        self.lines.senkou_span_a = between(-self.p.senkou_lead)
        self.lines.senkou_span_b = self._middle(self.p.senkou)(-self.p.senkou_lead)
        self.lines.chikou_span = self.data.close(self.p.chikou)

    def _middle(self, period: int) -> Any:
        """Give the middle of the range of *period* bars."""
        return (Highest(self.data.high, period=period) + Lowest(self.data.low, period=period)) / 2.0


class _Parabolic(Indicator):
    """Stop, extreme price, acceleration and direction of Wilder's parabolic system, from the second bar on."""

    af: float = 0.02
    afmax: float = 0.20
    sar = line()
    extreme = line()
    factor = line()
    rising = line()

    def setup(self) -> None:
        """Wait for two bars."""
        self.addminperiod(2)

    def compute(self, start: int, stop: int) -> None:
        """Continue the system over [start, stop)."""
        data = self.data
        high, low, close = self._columns_of_(start, stop, data.high, data.low, data.close)
        sar, extreme, factor, rising = self._columns_of_(start, stop, *self.lines)
        if start == self.first:
            up = close[start] >= close[start - 1]
            sar[start] = (low if up else high)[start - 1]
            extreme[start] = (high if up else low)[start]
            factor[start] = self.p.af
            rising[start] = float(up)
            start += 1
        if start < stop:
            recursive.parabolic(start, stop, sar, extreme, factor, rising, high, low, self.p.af, self.p.afmax)


class ParabolicSAR(PeriodN):
    """Give Wilder's parabolic stop and reverse.

    The trend starts on the second bar, upwards unless that closes lower; *period* is the bar of the first value.
    """

    alias = ("PSAR",)
    period: int = param(default=2, ge=2)
    af: float = 0.02
    afmax: float = 0.20
    plotinfo = {"subplot": False}
    plotlines = {"psar": {"marker": ".", "markersize": 4.0, "color": "black", "fillstyle": "full", "ls": ""}}
    psar = line()

    def setup(self) -> None:
        """Build the system."""
        super().setup()
        self._system = _Parabolic(self.data, af=self.p.af, afmax=self.p.afmax)

    def compute(self, start: int, stop: int) -> None:
        """Take over the stops of [start, stop)."""
        out, stops = self._columns_of_(start, stop, self, self._system)
        out[start:stop] = stops[start:stop]


class Vortex(Indicator):
    """Give upward and downward movement over *period* bars, each relative to the true range (Botes and Siepman)."""

    period: int = param(default=14, ge=1)
    plotlines = {"vi_plus": {"_name": "+VI"}, "vi_minus": {"_name": "-VI"}}
    vi_plus = line()
    vi_minus = line()

    def setup(self) -> None:
        """Sum movements and ranges and divide."""
        period = self.p.period
        high, low, close = self.data.high, self.data.low, self.data.close
        up = SumN(abs(high - low(-1)), period=period)
        down = SumN(abs(low - high(-1)), period=period)
        spread = Max(abs(high - low), abs(high - close(-1)), abs(low - close(-1)))
        total = SumN(spread, period=period)
        self.lines.vi_plus = up / total
        self.lines.vi_minus = down / total


class _HeikinOpen(Indicator):
    """Heikin-Ashi open, from the bars and their Heikin-Ashi close: the middle of the body of the bar before."""

    _mindatas: ClassVar[int] = 2
    ha_open = line()

    def compute(self, start: int, stop: int) -> None:
        """Continue the opens over [start, stop)."""
        if start == self.first:
            bars = self.data0
            self._a_[start] = (bars.open._a_[start] + bars.close._a_[start]) / 2.0
            start += 1
        if start < stop:
            recursive.half_way(start, stop, *self._columns_of_(start, stop, self, self.data1))


class HeikinAshi(Indicator):
    """Give the bars as Heikin-Ashi bars: averaged open, high, low and close."""

    _nextforce = True
    linealias = (("ha_open", "open"), ("ha_high", "high"), ("ha_low", "low"), ("ha_close", "close"))
    plotinfo = {"subplot": False}
    ha_open = line()
    ha_high = line()
    ha_low = line()
    ha_close = line()

    def setup(self) -> None:
        """Build the four lines."""
        data = self.data
        close = (data.open + data.high + data.low + data.close) / 4.0
        self.lines.ha_close = close
        opening = _HeikinOpen(data, close)
        self.lines.ha_open = opening
        self.lines.ha_open.updateminperiod(data._minperiod + 1)
        self.lines.ha_high = Max(data.high, self.lines.ha_open, close)
        self.lines.ha_low = Min(data.low, self.lines.ha_open, close)


class haDelta(Indicator):
    """Give the body of the Heikin-Ashi bars (close minus open), and its average over *period* values (Valcu).

    With *autoheikin* False the data already holds Heikin-Ashi bars.
    """

    alias = ("haD",)
    period: int = param(default=3, ge=1)
    movav: Any = SMA
    autoheikin: bool = True
    plotlines = {
        "haDelta": {"color": "red"},
        "smoothed": {"color": "grey", "_fill_gt": (0, "green"), "_fill_lt": (0, "red")},
    }
    haDelta = line()
    smoothed = line()

    def setup(self) -> None:
        """Subtract and average."""
        bars = HeikinAshi(self.data) if self.p.autoheikin else self.data
        delta = bars.close - bars.open
        self.lines.haDelta = delta
        self.lines.smoothed = self.p.movav(delta, period=self.p.period)


class WilliamsAD(Indicator):
    """Give Williams' accumulation and distribution.

    The running total of the close's distance from the true low on rises, and from the true high on falls.
    """

    ad = line()

    def setup(self) -> None:
        """Add up the distances."""
        close = self.data.close
        rise = If(UpDay(close), close - TrueLow(self.data), 0.0)
        fall = If(DownDay(close), close - TrueHigh(self.data), 0.0)
        self.lines.ad = Accum(rise + fall)
