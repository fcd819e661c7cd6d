"""Feeds and runs that the tests of the engine share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

import backtrail as bt

START = datetime(2024, 1, 1)


class Bars(bt.feeds.DataBase):  # type: ignore[misc]  # the class is typed for its users
    """A feed of given closes, one bar a day; open, high and low are the close."""

    params: ClassVar[Any] = (("closes", ()), ("first", START), ("step", timedelta(days=1)))

    def start(self) -> None:
        super().start()
        self.at = 0
        self.running = True

    def stop(self) -> None:
        super().stop()
        self.running = False

    def _load(self) -> bool:
        closes = self.p.closes
        if self.at >= len(closes):
            return False
        self.lines.datetime[0] = bt.date2num(self.p.first + self.at * self.p.step)
        for name in ("open", "high", "low", "close"):
            getattr(self.lines, name)[0] = closes[self.at]
        self.lines.volume[0] = self.lines.openinterest[0] = 0.0
        self.at += 1
        return True


def bars(closes: Sequence[float] | int = 6, **kwargs: Any) -> Bars:
    """Give a feed of *closes*, or of as many bars as said: 1.0, 2.0, …"""
    if isinstance(closes, int):
        closes = [float(n + 1) for n in range(closes)]
    return Bars(closes=tuple(closes), **kwargs)


def cerebro(*strategies: Any, datas: Sequence[Any] = (), **kwargs: Any) -> bt.Cerebro:
    """Give a Cerebro with *strategies* on *datas* (by default one feed of six bars)."""
    kwargs.setdefault("stdstats", False)
    made = bt.Cerebro(**kwargs)
    for data in datas or (bars(),):
        made.adddata(data)
    for strategy in strategies:
        made.addstrategy(strategy)
    return made


MODES: dict[str, dict[str, Any]] = {
    "vectorised": {},
    "stepped": {"runonce": False},
    "delivered": {"preload": False},
}
