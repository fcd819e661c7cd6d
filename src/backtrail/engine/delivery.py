"""Bars delivered one by one: which feeds are due in each cycle.

Feeds are asked in the order of their timeframes. The earliest bar that came sets the time of the cycle; feeds that are
ahead of it take their bar back and offer it again in the next cycle. Feeds that make larger bars get the chance to
close one at that time. At the end of all feeds, what their filters hold back makes one more cycle.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from time import monotonic
from typing import Any

from ..base.time import date2num
from .messages import Messages

_LONG_FROM_NOW = date2num(datetime.max) - 2


class Merge:
    """The feeds of a run, advanced together cycle by cycle; ``moment`` is the time of the cycle as a date number."""

    def __init__(self, datas: Sequence[Any]) -> None:
        self.datas = sorted(datas, key=lambda d: (d._timeframe, d._compression))
        resampled = [bool(d.resampling) and not d.replaying for d in self.datas]
        mixed = any(resampled) and not all(resampled)
        # resampled feeds do not set the time of the cycle while others do
        self._masters = [not (mixed and one) for one in resampled]
        self._checked = [bool(d._filters) for d in self.datas]
        self._sources = sum(not d._clone for d in self.datas)
        self._waiting = any(d.p.qcheck for d in self.datas)
        self._alone = len(self.datas) == 1 and not self._waiting
        self.moment = _LONG_FROM_NOW
        self._ended = False
        self.flushed: list[Any] = []

    def step(self) -> bool | None:
        """Deliver the bars of one cycle: True; False at the end of all feeds, None when live feeds have nothing yet."""
        datas = self.datas
        if self._ended:
            return False
        if self._alone:
            return self._step_one(datas[0])
        if self._waiting:
            came = self._ask_waiting()
        else:
            came = [d.next(ticks=False) for d in datas]
        if not any(came):
            if any(one is None for one in came):
                for data in datas:
                    data._check()
                return None
            return self._flush()
        times = [d.lines.datetime[0] if one else None for d, one in zip(datas, came, strict=True)]
        candidates = [t for t, may in zip(times, self._masters, strict=True) if may and t is not None]
        if not candidates:
            candidates = [t for t in times if t is not None]
        self.moment = moment = min(candidates)
        master = datas[times.index(moment)]
        for at, data in enumerate(datas):
            if not came[at]:
                if self._checked[at]:
                    data._check(forcedata=master)
                if data.next(datamaster=master, ticks=False):
                    times[at] = data.lines.datetime[0]
        for data, when in zip(datas, times, strict=True):
            if when is None:
                continue
            if when > moment:
                data.rewind()
            elif data._ticks_ is not None and not data.replaying:
                data._ticks_ = None
        return True

    def _step_one(self, data: Any) -> bool | None:
        """Deliver the next bar of the only feed."""
        came = data.next(ticks=False)
        if came:
            self.moment = data.lines.datetime[0]
            if data._ticks_ is not None and not data.replaying:
                data._ticks_ = None
            return True
        if came is None:
            data._check()
            return None
        return self._flush()

    def _ask_waiting(self) -> list[bool | None]:
        """Ask all feeds for a bar; live ones may wait for it as long as nobody has something to deliver."""
        wait = not any(d.haslivedata() for d in self.datas)
        if wait:
            live = sum(d._laststatus == d.LIVE for d in self.datas)
            wait = not live or live == self._sources
        started = monotonic()
        came = []
        for data in self.datas:
            data.do_qcheck(wait, monotonic() - started)
            came.append(data.next(ticks=False))
        return came

    def _flush(self) -> bool:
        """Let the feeds deliver what their filters hold back, once; tell whether there was something.

        A bar that comes this way is no tick: orders meet the bar before, as in backtrader.
        """
        self._ended = True
        first = self.datas[0]
        got = False
        for data in self.datas:
            last, ticks = data._c_.i, data._newest_ticks_()
            got = bool(data._last() if data is first else data._last(datamaster=first)) or got
            if data._c_.i > last:
                self.flushed.append(data)
                data._ticks_ = ticks
        return got


class Delivery:
    """The feeds of a run while it goes on, with the messages that stores and feeds send."""

    def __init__(self, run: Any) -> None:
        self.messages = Messages(run)
        self.merge = Merge(run.datas)

    def deliver(self) -> float | bool | None:
        """Deliver the next bars and give the time of the cycle; False at the end, None if there is nothing yet."""
        messages = self.messages
        if not messages.deliver():
            return False
        came = self.merge.step()
        if not messages.of_datas():
            return False
        return self.merge.moment if came else came
