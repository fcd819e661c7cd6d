"""Indicators of volume: weighted means of the price, running totals, flows of money."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any, ClassVar

import numpy as np

from ..base.datenums import EPOCH_ORDINAL, to_micros
from ..base.declare import param
from ..base.time import num2date
from ..errors import DeclarationError, ParameterValueError
from ..kernels import volume
from ..lines.series import line
from .base import Floats, Indicator
from .windows import SumN

_DAY_MICROS = 86_400_000_000
_RESTARTS = ("session", "week", "month", "quarter", "year", "never")


def _offset_micros(number: float, tz: Any) -> int:
    """Give how far the clocks of *tz* are ahead of UTC at the date number *number*."""
    moved = num2date(number, tz) - num2date(number)
    return (moved.days * 86_400 + moved.seconds) * 1_000_000


def local_micros(numbers: Floats, tz: Any) -> Any:
    """Give date numbers (UTC) as microseconds since 1970 of the clock of *tz*."""
    micros = to_micros(numbers)
    if tz is None:
        return micros
    days, at = np.unique(micros // _DAY_MICROS, return_inverse=True)
    starts = [float(day + EPOCH_ORDINAL) for day in days.tolist()]
    before = np.array([_offset_micros(start, tz) for start in starts])
    after = np.array([_offset_micros(start + 1.0, tz) for start in starts])
    offsets = before[at]
    for i in np.flatnonzero((before != after)[at]).tolist():  # the days on which clocks are changed
        offsets[i] = _offset_micros(float(numbers[i]), tz)
    return micros + offsets


def session_numbers(numbers: Floats, tz: Any, opens: time, closes: time, restart: str) -> Floats:
    """Give the number of the session, week, month, quarter or year of each bar, 0 for ``"never"``.

    A session is a day of the clock of *tz*; one that *opens* later than it *closes* runs over midnight and belongs
    to the day on which it ends.
    """
    if restart == "never":
        return np.zeros(len(numbers))
    micros = local_micros(numbers, tz)
    if opens > closes:
        opening = ((opens.hour * 60 + opens.minute) * 60 + opens.second) * 1_000_000 + opens.microsecond
        micros = micros + (_DAY_MICROS - opening)
    days = micros // _DAY_MICROS
    if restart == "session":
        return (days + EPOCH_ORDINAL).astype(np.float64)  # type: ignore[no-any-return]
    if restart == "week":
        return ((days + EPOCH_ORDINAL - 1) // 7).astype(np.float64)  # type: ignore[no-any-return]  # 1 is a Monday
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) + 12 * 1970
    per = {"month": 1, "quarter": 3, "year": 12}[restart]
    return (months // per).astype(np.float64)  # type: ignore[no-any-return]


def typical(data: Any) -> Any:
    """Give the typical price of *data*: the mean of high, low and close."""
    return (data.high + data.low + data.close) / 3.0


class _Session(Indicator):
    """Number of the session (or week, month …) that a bar belongs to."""

    restart: str = "session"
    number = line()

    def compute(self, start: int, stop: int) -> None:
        """Number the bars of [start, stop)."""
        feed = self.data
        self.array[start:stop] = session_numbers(
            feed.datetime.array[start:stop], feed._tz, feed.p.sessionstart, feed.p.sessionend, self.p.restart
        )


class _Since(Indicator):
    """0 from the first bar at or after a moment on, -1 before; with a second data: how often that was not zero."""

    anchor: Any = None
    number = line()

    def compute(self, start: int, stop: int) -> None:
        """Number the bars of [start, stop)."""
        out = self.array
        if len(self.datas) > 1:
            signal = self.data1.array[start:stop]
            before = -1.0 if start == self.first else out[start - 1]
            out[start:stop] = before + np.cumsum((signal != 0.0) & (signal == signal))
            return
        anchor = self.p.anchor
        if anchor is None:
            out[start:stop] = 0.0
            return
        moment = anchor if isinstance(anchor, datetime) else datetime.combine(anchor, time.min)
        out[start:stop] = np.where(self.data.datetime.array[start:stop] >= self.data.date2num(moment), 0.0, -1.0)


class _Weighted(Indicator):
    """Mean of the first data's price weighted by volume since the number in the second data changed, and its sums."""

    _mindatas: ClassVar[int] = 3
    mean = line()
    amount = line()
    weight = line()

    def compute(self, start: int, stop: int) -> None:
        """Continue the sums over [start, stop)."""
        columns = self._columns_of_(start, stop, *self.lines, self.data0, self.data1, self.data2)
        volume.anchored_mean(start, stop, *columns, start == self.first)


def _needs_feed(indicator: Indicator) -> None:
    """Refuse a data that has no time stamps of its own."""
    if not hasattr(indicator.data, "_tz"):
        raise DeclarationError(
            f"{type(indicator).__name__} weighs prices by volume from a moment on - expected a data feed with time "
            f"stamps, prices and volume - found {type(indicator.data).__name__} - pass the feed itself, for example "
            "self.data"
        )


class VolumeWeightedAveragePrice(Indicator):
    """Give the mean of the typical price weighted by volume since the session began.

    *restart* begins anew with each ``"session"`` (a day of the feed's time zone; with ``sessionstart`` later than
    ``sessionend`` the session that runs over midnight), ``"week"``, ``"month"``, ``"quarter"``, ``"year"``, or
    ``"never"``. Before the first volume of a session the value is the typical price.

    Formula: Berkowitz, Logue and Noser, "The Total Cost of Transactions on the NYSE", Journal of Finance 43 (1988),
    with the typical price (high + low + close) / 3 of each bar. ``restart="never"`` is TA-Lib's ``VWAP``.
    """

    alias = ("VWAP",)
    restart: str = param(default="session", choices=_RESTARTS)
    plotinfo = {"subplot": False}
    vwap = line()

    def setup(self) -> None:
        """Number the sessions and weigh the prices."""
        _needs_feed(self)
        number = _Session(self.data, restart=self.p.restart)
        self.lines.vwap = _Weighted(typical(self.data), self.data.volume, number).mean


class AnchoredVWAP(Indicator):
    """Give the mean of the typical price weighted by volume since an anchor.

    The anchor is a moment (*anchor*: a ``datetime`` or ``date`` in the feed's time zone; the first bar when left out)
    or a second data: the mean begins anew on every bar on which that is not zero. Before the anchor there is no value
    (NaN). Formula as in :class:`VolumeWeightedAveragePrice`; the anchor is Brian Shannon's, "Maximum Trading Gains
    with Anchored VWAP" (2023).
    """

    anchor: Any = None
    plotinfo = {"subplot": False}
    avwap = line()

    def setup(self) -> None:
        """Find the anchors and weigh the prices."""
        _needs_feed(self)
        anchor = self.p.anchor
        if anchor is not None and not isinstance(anchor, date):
            raise ParameterValueError(
                f"AnchoredVWAP: parameter 'anchor' must be a datetime, a date or None; got {anchor!r}. "
                "For a moment that the prices decide, pass a line as second data."
            )
        if anchor is not None and len(self.datas) > 1:
            raise ParameterValueError(
                f"AnchoredVWAP: weighing prices from an anchor on - expected a moment or a second data that marks "
                f"bars - found both (anchor={anchor!r}) - leave one of them out"
            )
        number = _Since(*self.datas[:2], anchor=anchor)
        self.lines.avwap = _Weighted(typical(self.data), self.data.volume, number).mean


class OnBalanceVolume(Indicator):
    """Give the running total of volume, added on a higher close and subtracted on a lower one.

    The first bar's volume is the first value, as in TA-Lib. Formula: Joseph Granville, "Granville's New Key to Stock
    Market Profits" (1963).
    """

    alias = ("OBV",)
    obv = line()

    def compute(self, start: int, stop: int) -> None:
        """Continue the total over [start, stop)."""
        out, close, amount = self._columns_of_(start, stop, self, self.data.close, self.data.volume)
        if start == self.first:
            out[start] = amount[start]
            start += 1
        if start < stop:
            volume.on_balance(start, stop, out, close, amount)


class _MoneyFlow(Indicator):
    """Typical price times volume on bars whose typical price rose (``up``) and fell (``down``)."""

    up = line()
    down = line()

    def setup(self) -> None:
        """Wait for a bar to compare with."""
        self._typical = typical(self.data)
        self.addminperiod(2)

    def compute(self, start: int, stop: int) -> None:
        """Compare the bars of [start, stop) with those before."""
        price = self._typical.array[start:stop]
        before = self._typical.array[start - 1 : stop - 1]
        flow = price * self.data.volume.array[start:stop]
        nothing = np.where(np.isnan(price - before), np.nan, 0.0)
        self.lines.up.array[start:stop] = np.where(price > before, flow, nothing)
        self.lines.down.array[start:stop] = np.where(price < before, flow, nothing)


class MoneyFlowIndex(Indicator):
    """Give the share of money flowing in on rises, in percent, over *period* bars.

    The flow of a bar is its typical price times its volume. 50 where no money flowed at all.

    Formula: Gene Quong and Avrum Soudack, "Volume-Weighted RSI: Money Flow", Stocks & Commodities 7:3 (1989).
    """

    alias = ("MFI",)
    period: int = param(default=14, ge=1)
    upperband: float = 80.0
    lowerband: float = 20.0
    mfi = line()

    def _plotlabel(self) -> list[Any]:
        return [self.p.period]

    def _plotinit(self) -> None:
        self.plotinfo.plotyhlines = [self.p.upperband, self.p.lowerband]

    def setup(self) -> None:
        """Sum the flows."""
        flow = _MoneyFlow(self.data)
        self._up = SumN(flow.up, period=self.p.period)
        self._down = SumN(flow.down, period=self.p.period)
        self._wait_for_(self._up, self._down)

    def compute(self, start: int, stop: int) -> None:
        """Relate the sums of [start, stop)."""
        up, down = self._up.array[start:stop], self._down.array[start:stop]
        total = up + down
        still = total == 0.0
        self.array[start:stop] = np.where(still, 50.0, 100.0 * (up / np.where(still, 1.0, total)))


class _CloseVolume(Indicator):
    """Volume times where in its range a bar closed: all of it at the high, none in the middle, minus all at the low."""

    flow = line()

    def compute(self, start: int, stop: int) -> None:
        """Fill [start, stop)."""
        data = self.data
        high, low = data.high.array[start:stop], data.low.array[start:stop]
        close, amount = data.close.array[start:stop], data.volume.array[start:stop]
        spread = high - low
        still = spread == 0.0
        share = ((close - low) - (high - close)) / np.where(still, 1.0, spread)
        self.array[start:stop] = np.where(still, 0.0, share * amount)


class ChaikinMoneyFlow(Indicator):
    """Give the volume of *period* bars, each weighed by where in its range it closed, over the whole volume.

    From -1 (every bar closed at its low) to 1 (at its high); 0 where nothing was traded. A bar without a range does
    not count on either side.

    Formula: Marc Chaikin; Steven Achelis, "Technical Analysis from A to Z" (2000).
    """

    alias = ("CMF",)
    period: int = param(default=20, ge=1)
    plotinfo = {"plothlines": [0.0]}
    cmf = line()

    def setup(self) -> None:
        """Sum the weighed and the whole volume."""
        self._flow = SumN(_CloseVolume(self.data), period=self.p.period)
        self._volume = SumN(self.data.volume, period=self.p.period)
        self._wait_for_(self._flow, self._volume)

    def compute(self, start: int, stop: int) -> None:
        """Relate the sums of [start, stop)."""
        whole = self._volume.array[start:stop]
        still = whole == 0.0
        self.array[start:stop] = np.where(
            still, 0.0, self._flow.array[start:stop] / np.where(still, 1.0, whole)
        )
