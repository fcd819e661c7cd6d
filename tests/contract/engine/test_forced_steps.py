"""An indicator with ``_nextforce`` has the whole run go bar by bar, as Heikin-Ashi does."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from .traces import feed, rows, same

KINDS = ("HeikinAshi", "haDelta", "own", "own, nested")


def forcing(lib: ModuleType, kind: str, data: Any, log: list[Any]) -> Any:
    if kind in ("HeikinAshi", "haDelta"):
        return getattr(lib.ind, kind)(data)

    class Forces(lib.Indicator):
        lines = ("x",)
        _nextforce = True

        def next(self) -> None:
            self.lines.x[0] = self.data[0]
            log.append(("next", len(self)))

        def once(self, start: int, end: int) -> None:
            log.append(("once", start, end))

    class Around(lib.Indicator):
        lines = ("y",)

        def __init__(self) -> None:
            self.lines.y = Forces(self.data) + 1.0

    return (Around if "nested" in kind else Forces)(data)


@pytest.mark.parametrize("feeds", ["one", "gaps", "weeks"])
@pytest.mark.parametrize("ahead", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_what_reaches_back_is_not_known_beforehand(kind: str, ahead: bool, feeds: str) -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        log: list[Any] = []

        class Reads(lib.Strategy):
            def __init__(self) -> None:
                self.seen = [forcing(lib, kind, self.data, log), lib.ind.EMA(self.data, period=3)]
                if ahead:
                    ichimoku = lib.ind.Ichimoku(self.data, tenkan=2, kijun=3, senkou=4, senkou_lead=2, chikou=2)
                    self.seen += [ichimoku.lines.chikou_span, lib.studies.Fractal(self.data), self.data.close(2)]
                if len(self.datas) > 1:
                    self.seen.append(self.data1.close() - self.data0.close)

            def next(self) -> None:
                log.append((len(self), [len(data) for data in self.datas], [float(one[0]) for one in self.seen]))
                if self.seen[1] > self.data.close:
                    self.close()
                elif not self.position:
                    self.buy()

        cerebro = lib.Cerebro()
        data = feed(lib, rows(30, 5), timeframe=lib.TimeFrame.Days)
        cerebro.adddata(data)
        if feeds == "gaps":
            cerebro.adddata(feed(lib, rows(24, 6, holes=0.2)))
        elif feeds == "weeks":
            cerebro.resampledata(data, timeframe=lib.TimeFrame.Weeks)
        cerebro.addstrategy(Reads)
        cerebro.run()
        log.append(cerebro.broker.getvalue())
        return log

    log = same(scenario)
    assert not any(entry[0] == "once" for entry in log[:-1])
