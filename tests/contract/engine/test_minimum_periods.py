"""In whose bars warm-ups are counted, and so when ``next`` begins: feeds that start apart or have other timeframes."""

from __future__ import annotations

from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest

from .traces import START, feed, rows, same

MODES: dict[str, dict[str, Any]] = {"vectorised": {}, "stepped": {"runonce": False}, "delivered": {"preload": False}}

#: On the second feed, which has fewer bars than the first.
INDICATORS: dict[str, Any] = {
    "line": lambda i, d, lib: i.EMA(d.close, period=3),
    "delay": lambda i, d, lib: d.close(-3),
    "of a delay": lambda i, d, lib: i.EMA(d.close(-1), period=3),
    "of a sum": lambda i, d, lib: i.EMA(d.close + d.open, period=3),
    "of an indicator": lambda i, d, lib: i.EMA(i.EMA(d, period=3), period=3),
    "of a delayed indicator": lambda i, d, lib: i.EMA(i.SMA(d, period=2)(-2), period=3),
    "of a difference": lambda i, d, lib: i.EMA(i.SMA(d, period=2) - i.SMA(d, period=4), period=2),
    "highest before": lambda i, d, lib: i.Highest(d.high(-1), period=4),
    "of a choice": lambda i, d, lib: i.SMA(lib.If(d.close > d.open, 1.0, 0.0), period=4),
    "of a maximum": lambda i, d, lib: i.SMA(lib.Max(d.close, d.open), period=4),
    "twice": lambda i, d, lib: i.SMA(i.SMA(d.close * 2, period=2), period=3),
    "crossing": lambda i, d, lib: i.CrossOver(d.close + 0, i.SMA(d, period=3)),
    "bands": lambda i, d, lib: i.Lowest(i.BollingerBands(d, period=3).top - d.low, period=3),
    "within an indicator": lambda i, d, lib: i.MACDHisto(d, period_me1=2, period_me2=4, period_signal=3),
    "a line of one": lambda i, d, lib: i.SMA(i.MACD(d, period_me1=2, period_me2=4, period_signal=3).signal, period=2),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", ["later", "weeks"])
@pytest.mark.parametrize("name", INDICATORS)
def test_next_begins_when_it_does_in_backtrader(name: str, kind: str, mode: str) -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        log: list[Any] = []

        class Waits(lib.Strategy):
            def __init__(self) -> None:
                self.one = INDICATORS[name](lib.ind, self.datas[1], lib)

            def told(self) -> list[Any]:
                return [len(self), [len(data) for data in self.datas], self.one._minperiod, list(self._minperiods)]

            def prenext(self) -> None:
                log.append(("prenext", len(self)))

            def nextstart(self) -> None:
                log.append(("nextstart", *self.told()))

            def next(self) -> None:
                log.append((len(self), len(self.one), self.one[0]))

        cerebro = lib.Cerebro(**MODES[mode])
        data = feed(lib, rows(70, 5), timeframe=lib.TimeFrame.Days)
        cerebro.adddata(data)
        if kind == "weeks":
            cerebro.resampledata(data, timeframe=lib.TimeFrame.Weeks)
        else:
            later = rows(40, 6, start=START + timedelta(days=20))
            cerebro.adddata(feed(lib, later, timeframe=lib.TimeFrame.Days))
        cerebro.addstrategy(Waits)
        cerebro.run()
        return log

    assert "nextstart" in {entry[0] for entry in same(scenario)}
