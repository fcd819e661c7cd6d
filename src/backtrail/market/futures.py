"""Commission schemes of futures contracts that are quoted in ticks, and of perpetual futures with funding."""

from __future__ import annotations

import datetime as _dt
import math
from typing import Any, ClassVar

from ..base.declare import param
from ..base.time import num2date
from ..errors import ParameterValueError
from .commission import CommInfoBase

_EPOCH = _dt.datetime(1970, 1, 1)


class FuturesCommInfo(CommInfoBase):
    """A futures contract by its tick: ``mult`` is ``tick_value / tick_size``.

    ``tick_size`` is the smallest step of the price and ``tick_value`` what it is worth per contract, in money.
    ``margin`` is bound per contract, ``commission`` paid per contract and side.
    """

    params: ClassVar[Any] = (
        ("tick_size", param(default=0.25, gt=0.0)),
        ("tick_value", param(default=12.50, gt=0.0)),
        ("stocklike", False),
        ("commtype", CommInfoBase.COMM_FIXED),
    )

    def __init__(self) -> None:
        super().__init__()
        self.p.mult = self.p.tick_value / self.p.tick_size


class ES(FuturesCommInfo):
    """E-mini S&P 500: 0.25 points are 12.50 dollars."""

    params: ClassVar[Any] = (("margin", 15000.0), ("commission", 2.25))


class NQ(FuturesCommInfo):
    """E-mini Nasdaq-100: 0.25 points are 5 dollars."""

    params: ClassVar[Any] = (("tick_value", 5.0), ("margin", 20000.0), ("commission", 2.25))


class CL(FuturesCommInfo):
    """Crude oil: 0.01 dollars a barrel are 10 dollars."""

    params: ClassVar[Any] = (
        ("tick_size", 0.01),
        ("tick_value", 10.0),
        ("margin", 5000.0),
        ("commission", 2.25),
    )


class MES(FuturesCommInfo):
    """Micro E-mini S&P 500: 0.25 points are 1.25 dollars."""

    params: ClassVar[Any] = (("tick_value", 1.25), ("margin", 1500.0), ("commission", 0.50))


class MNQ(FuturesCommInfo):
    """Micro E-mini Nasdaq-100: 0.25 points are 0.50 dollars."""

    params: ClassVar[Any] = (("tick_value", 0.50), ("margin", 2000.0), ("commission", 0.50))


class CommInfo_Perpetual(CommInfoBase):
    """A linear perpetual future: a percentage as commission, margin per unit, and funding.

    Funding is due every ``funding_interval``, counted from midnight UTC plus ``funding_offset``, on the position held
    at that moment: ``size * mult * price * rate`` is paid if positive, received if negative, so with a positive rate
    long positions pay short ones. ``price`` is the close of the bar in which the moment lies; a bar reaches from after
    the time of the one before to its own. ``funding_rate`` is a number per interval, the name of a line of the data
    that holds it, or a function of the moment (a naive datetime in UTC); NaN means no funding.

    Funding is booked as interest is: taken from the cash on the bar in which it is due, and (broker parameter
    ``int2pnl``) counted in the commission of the execution that closes the position. ``margin`` is what a unit binds,
    in money (1.0 if not given); ``commission`` is a fraction of the price (``percabs``).
    """

    params: ClassVar[Any] = (
        ("commtype", CommInfoBase.COMM_PERC),
        ("stocklike", False),
        ("percabs", True),
        ("funding_rate", 0.0001),
        ("funding_interval", _dt.timedelta(hours=8)),
        ("funding_offset", _dt.timedelta()),
    )

    def __init__(self) -> None:
        super().__init__()
        p = self.p
        for name, least in (("funding_interval", "above 0"), ("funding_offset", "of any sign")):
            value = getattr(p, name)
            if not isinstance(value, _dt.timedelta) or (
                name == "funding_interval" and value <= _dt.timedelta()
            ):
                raise ParameterValueError(
                    f"{type(self).__name__}: parameter {name!r} must be a datetime.timedelta {least}; got {value!r}."
                )
        rate = p.funding_rate
        number = isinstance(rate, int | float) and not isinstance(rate, bool) and math.isfinite(rate)
        if not (number or isinstance(rate, str) or callable(rate)):
            raise ParameterValueError(
                f"{type(self).__name__}: parameter 'funding_rate' must be a finite number, the name of a line of the "
                f"data or a function of the moment; got {rate!r}."
            )

    def get_credit_interest(self, data: Any, pos: Any, dt: _dt.datetime) -> float:
        """Give the funding due on *pos* after its last update, up to *dt*; negative for what it receives."""
        interval = self.p.funding_interval
        begin = _EPOCH + self.p.funding_offset
        first, last = (
            (_in_utc(data, pos.datetime) - begin) // interval + 1,
            (_in_utc(data, dt) - begin) // interval,
        )
        if first > last or not pos.size:
            return 0.0
        rates = [self._rate(data, begin + count * interval) for count in range(first, last + 1)]
        rate = math.fsum(rate for rate in rates if rate == rate)
        due: float = pos.size * self.p.mult * data.close[0] * rate
        return due if due == due else 0.0

    def _rate(self, data: Any, moment: _dt.datetime) -> float:
        """Give the rate at *moment*."""
        rate = self.p.funding_rate
        if isinstance(rate, str):
            line = getattr(data.lines, rate, None)
            if line is None:
                names = data.lines.getlinealiases()
                raise ParameterValueError(
                    f"{type(self).__name__}: feed {data._name!r} has no line {rate!r} for the funding rate; it has "
                    f"{list(names)}. Declare it in the feed (lines = ({rate!r},)) or give funding_rate=<number>."
                )
            return float(line[0])
        return float(rate(moment) if callable(rate) else rate)


def _in_utc(data: Any, moment: _dt.datetime) -> _dt.datetime:
    """Give a *moment* on the clock of *data* in UTC."""
    return moment if data._tz is None else num2date(data.date2num(moment))


__all__ = ["CL", "ES", "MES", "MNQ", "NQ", "CommInfo_Perpetual", "FuturesCommInfo"]
