"""Lines brought from one feed to another: the same in every cycle where backtrader couples by time.

That is so after ``resampledata``, and with ``runonce=False``. In its vectorised mode couplers are NaN.
"""

from __future__ import annotations

from datetime import datetime
from types import ModuleType
from typing import Any

import pytest

from .traces import feed, rows, same

EXPRESSIONS: dict[str, Any] = {
    "coupled": lambda lib, fast, slow: slow.close(),
    "difference": lambda lib, fast, slow: slow.close() - fast.close,
    "comparison": lambda lib, fast, slow: lib.ind.SMA(fast, period=2) > lib.ind.SMA(slow, period=2)(),
    "average": lambda lib, fast, slow: lib.ind.SMA(slow.close() - fast.close, period=2),
    "recursive": lambda lib, fast, slow: lib.ind.EMA(slow.close() - fast.close, period=3),
    "choice": lambda lib, fast, slow: lib.If(fast.close > slow.close(), 1.0, slow.open()),
    "crossing": lambda lib, fast, slow: lib.ind.CrossOver(slow.close() + 0.0, fast.close),
    "of a comparison": lambda lib, fast, slow: lib.And(fast.close > slow.close(), fast.close > fast.open),
    "of several lines": lambda lib, fast, slow: lib.ind.BollingerBands(slow, period=2)().bot - slow().high,
    "sum": lambda lib, fast, slow: lib.ind.SumN(fast.close > slow.close(), period=3),
}
MODES: dict[str, dict[str, Any]] = {"as it is": {}, "stepped": {"runonce": False}, "delivered": {"preload": False}}


def add_feeds(lib: ModuleType, cerebro: Any, kind: str) -> None:
    data = feed(lib, rows(37, 5), timeframe=lib.TimeFrame.Days)
    if kind == "gaps first":
        data = feed(lib, rows(29, 5, holes=0.25), timeframe=lib.TimeFrame.Days)
    cerebro.adddata(data)
    if kind in ("gaps", "gaps first"):
        cerebro.adddata(feed(lib, rows(30, 6, holes=0.2)))
    if kind == "later":
        other = feed(lib, rows(24, 6, start=datetime(2023, 12, 20, 12)))
        cerebro.resampledata(other, timeframe=lib.TimeFrame.Days, compression=3)
    else:
        cerebro.resampledata(data, timeframe=lib.TimeFrame.Weeks)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", ["weeks", "gaps", "gaps first", "later"])
def test_coupled_lines_are_the_same_in_every_cycle(kind: str, mode: str) -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        log: list[Any] = []

        class Reads(lib.Strategy):
            def __init__(self) -> None:
                self.seen = [make(lib, self.datas[0], self.datas[-1]) for make in EXPRESSIONS.values()]
                self.plain = lib.ind.EMA(self.data, period=3)

            def note(self) -> None:
                told = [float(one[0]) for one in self.seen]
                log.append((len(self), [len(data) for data in self.datas], told, self.plain[0]))
                if told[2] and not self.position:
                    self.buy()
                elif not told[2]:
                    self.close()

            def next(self) -> None:
                self.note()

            def notify_order(self, order: Any) -> None:
                log.append((order.status, order.size, order.executed.price))

        cerebro = lib.Cerebro(**MODES[mode])
        add_feeds(lib, cerebro, kind)
        cerebro.addstrategy(Reads)
        cerebro.run()
        log.append(cerebro.broker.getvalue())
        return log

    assert len(same(scenario)) > 20


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("reach", ["forward", "fractal", "own"])
def test_what_a_later_bar_settles_is_not_known_before(reach: str, mode: str) -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        class Peaks(lib.Indicator):
            lines = ("peak",)

            def __init__(self) -> None:
                self.addminperiod(3)

            def next(self) -> None:
                high = self.data.high
                if high[-2] < high[-1] > high[0]:
                    self.lines.peak[-1] = high[-1]

        class Reads(lib.Strategy):
            def __init__(self) -> None:
                self.seen = {
                    "forward": lambda: self.data.close(2),
                    "fractal": lambda: lib.studies.Fractal(self.data),
                    "own": lambda: Peaks(self.data),
                }[reach]()

            def next(self) -> None:
                log.append((len(self), [float(self.seen[-ago]) for ago in range(4)] if len(self) > 4 else None))

        log: list[Any] = []
        cerebro = lib.Cerebro(**MODES[mode])
        add_feeds(lib, cerebro, "weeks")
        cerebro.addstrategy(Reads)
        cerebro.run()
        return log

    found = same(scenario)
    later = [told for _, told in found if told]
    assert all(told[0] != told[0] for told in later)
    assert any(value == value for told in later for value in told)
