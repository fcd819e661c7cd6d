"""The trailing drawdown of prop firms: a loss limit that follows the highest value of the account."""

from __future__ import annotations

import datetime as _dt
import math
from typing import ClassVar

import numpy as np

from ..base.datenums import EPOCH_ORDINAL
from ..base.declare import param
from ..base.time import num2date
from .base import Analyzer
from .periods import local_days


class PropFirmDrawDown(Analyzer):
    """Follow the drawdown, in money, below a high-water mark that trails the account's value, and note breaches.

    The mark starts at ``starting_balance`` (None: the value before the first bar). With ``trailing_mode="intraday"`` it
    rises with the value of each bar, with ``"eod"`` only with the value at the end of each day. If
    ``trail_stop_threshold`` is given, the mark is frozen for good when it reaches the starting balance plus that. The
    account is in breach while the drawdown is ``max_drawdown`` or more. Trading goes on; a strategy can ask
    :meth:`is_breached`. ``fund`` chooses the value of a fund share; None asks the broker for its mode.

    Results: ``hwm`` (the mark), ``current_value``, ``current_drawdown`` (at least 0), ``max_drawdown`` (the largest
    seen), ``breached`` (ever), ``breach_count`` and ``breaches`` (an entry each time the account gets into breach:
    ``datetime``, ``value``, ``drawdown``, ``hwm``), ``trailing_frozen`` and ``frozen_hwm`` (None unless frozen).
    """

    max_drawdown: float = param(default=3000.0, gt=0.0)
    trailing_mode: str = param(default="intraday", choices=("intraday", "eod"))
    trail_stop_threshold: float | None = param(default=None, ge=0.0)
    starting_balance: float | None = param(default=None, gt=0.0)
    fund: bool | None = None
    _results: ClassVar[tuple[str, ...]] = ("hwm", "current_value", "current_drawdown", "max_drawdown")

    def create_analysis(self) -> None:
        """Make the results."""
        super().create_analysis()
        self.rets.update(dict.fromkeys(self._results, 0.0))
        self.rets.update(breached=False, breach_count=0, breaches=[], trailing_frozen=False, frozen_hwm=None)

    def start(self) -> None:
        """Begin at the starting balance."""
        super().start()
        p = self.p
        self._fundmode = self._in_fund_mode_()
        begin = self._worth_() if p.starting_balance is None else p.starting_balance
        threshold = p.trail_stop_threshold
        self._limit: float = math.inf if threshold is None else begin + threshold
        self._eod: bool = p.trailing_mode == "eod"
        self._day = 0  # the present day's number, 0 before the first bar
        self._in_breach = False
        self._value: float = begin
        self.rets.update(hwm=begin, current_value=begin)
        self._raise(begin)

    def is_breached(self) -> bool:
        """Tell whether the account was in breach at any time so far."""
        return bool(self.rets["breached"])

    def get_current_drawdown(self) -> float:
        """Give how far the value is below the mark."""
        drawdown: float = self.rets["current_drawdown"]
        return drawdown

    def notify_fund(self, cash: float, value: float, fundvalue: float, shares: float) -> None:
        """Note the value."""
        self._before, self._value = self._value, fundvalue if self._fundmode else value

    def next(self) -> None:
        """Compare the value with the mark."""
        now = self.strategy.datetime.datetime()
        today = now.date().toordinal()
        if not self._eod:
            self._raise(self._value)
        elif self._day and today > self._day:
            self._raise(self._before)
        self._day = max(self._day, today)
        rets = self.rets
        value = self._value
        drawdown = rets["hwm"] - value
        drawdown = drawdown if drawdown > 0.0 else 0.0
        rets.update(current_value=value, current_drawdown=drawdown)
        rets["max_drawdown"] = max(rets["max_drawdown"], drawdown)
        breach = drawdown >= self.p.max_drawdown
        if breach and not self._in_breach:
            self._enter_(now, value, drawdown, rets["hwm"])
        self._in_breach = breach

    def _raise(self, value: float) -> None:
        """Let the mark follow *value*."""
        rets = self.rets
        if rets["trailing_frozen"]:
            return
        mark = max(rets["hwm"], value)
        if mark >= self._limit:
            mark = self._limit
            rets.update(trailing_frozen=True, frozen_hwm=mark)
        rets["hwm"] = mark

    def _enter_(self, moment: _dt.datetime, value: float, drawdown: float, mark: float) -> None:
        """Note a breach."""
        rets = self.rets
        rets["breached"] = True
        rets["breach_count"] += 1
        rets["breaches"].append({"datetime": moment, "value": value, "drawdown": drawdown, "hwm": mark})

    def advance(self, start: int, stop: int) -> None:
        """Do the same for many cycles at once."""
        if start >= stop:
            return
        path = self._path_
        assert path is not None
        rets = self.rets
        zone = self.strategy.lines.datetime._tz
        values = self._worths_()[start:stop]
        follow = values
        if self._eod:
            days = local_days(path.datetime[start:stop], zone) + EPOCH_ORDINAL
            days = np.maximum.accumulate(np.maximum(days, self._day))
            follow = np.full(len(values), -np.inf)
            later = np.flatnonzero(days > np.concatenate(([self._day or days[0]], days[:-1])))
            follow[later] = np.concatenate(([self._value], values[:-1]))[later]
            self._day = int(days[-1])
        marks = np.fmax.accumulate(np.fmax(follow, rets["hwm"]))
        if not rets["trailing_frozen"]:
            marks = np.minimum(marks, self._limit)
        else:
            marks = np.full(len(values), rets["hwm"])
        gaps = marks - values
        drawdowns = np.where(gaps > 0.0, gaps, 0.0)
        breach = drawdowns >= self.p.max_drawdown
        for at in np.flatnonzero(breach & ~np.concatenate(([self._in_breach], breach[:-1]))).tolist():
            moment = num2date(float(path.datetime[start + at]), zone)
            self._enter_(moment, *(float(one[at]) for one in (values, drawdowns, marks)))
        self._in_breach = bool(breach[-1])
        self._value = float(values[-1])
        rets.update(current_value=self._value, current_drawdown=float(drawdowns[-1]))
        rets["max_drawdown"] = max(rets["max_drawdown"], float(drawdowns.max()))
        self._raise(float(marks[-1]))

    def stop(self) -> None:
        """Let the last day end."""
        super().stop()
        self._raise(self._value)


__all__ = ["PropFirmDrawDown"]
