"""Feeds that have nothing yet: bars come one by one, and the broker works in the gaps."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import ModuleType
from typing import Any

import pytest

from .traces import same

START = datetime(2024, 1, 1)


def live(lib: ModuleType, script: str, price: float = 10.0, **kwargs: Any) -> Any:
    """Give a live feed by *script*: ``b`` a bar, ``-`` nothing yet, ``s`` a day without a bar, ``!`` a new status."""

    class Live(lib.feed.DataBase):  # type: ignore[misc,name-defined]
        def islive(self) -> bool:
            return True

        def start(self) -> None:
            super().start()
            self.at = self.day = 0

        def _load(self) -> bool | None:
            while self.at < len(script):
                sign = script[self.at]
                self.at += 1
                if sign == "-":
                    return None
                if sign == "!":
                    self.put_notification(self.LIVE)
                    return None
                self.day += 1
                if sign == "b":
                    self.lines.datetime[0] = lib.date2num(START + timedelta(days=self.day))
                    for name in ("open", "high", "low", "close"):
                        getattr(self.lines, name)[0] = price + self.day
                    self.lines.volume[0] = self.lines.openinterest[0] = 0.0
                    return True
            return False

    return Live(**kwargs)


def watch(lib: ModuleType, log: list[Any]) -> Any:
    class Watching(lib.Strategy):  # type: ignore[misc,name-defined]
        def next(self) -> None:
            log.append(("next", len(self), [len(d) for d in self.datas], self.broker.getvalue()))
            if len(self) % 3 == 1:
                self.buy()
            elif len(self) % 3 == 0:
                self.close()

        def notify_order(self, order: Any) -> None:
            log.append(("order", len(self), order.getstatusname(), order.executed.price))

        def notify_trade(self, trade: Any) -> None:
            log.append(("trade", len(self), trade.pnl))

        def notify_data(self, data: Any, status: int, *args: Any, **kwargs: Any) -> None:
            log.append(("data", len(self), data._getstatusname(status)))

    return Watching


SCRIPTS = {
    "one": ["bb-b--b!bb-b"],
    "one that waits at once": ["--bbbb--"],
    "two": ["bbbbbb", "bsbsbb"],
    "two that wait": ["b-bb--bbb", "bb-bsb!bb"],
    "one that ends early": ["bb", "bbb--bbb"],
}


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("kind", SCRIPTS)
def test_live_feeds_are_waited_for(kind: str, quick: bool) -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        log: list[Any] = []
        cerebro = lib.Cerebro(stdstats=False, quicknotify=quick)
        for number, script in enumerate(SCRIPTS[kind]):
            cerebro.adddata(live(lib, script, 10.0 + number), name=f"d{number}")
        cerebro.addstrategy(watch(lib, log))
        cerebro.run()
        return log

    assert any(entry[0] == "trade" for entry in same(scenario)) or kind == "one that waits at once"


@pytest.mark.parametrize("kind", ["one", "two"])
def test_old_synchronisation_of_preloaded_feeds(kind: str) -> None:
    def scenario(lib: ModuleType) -> list[Any]:
        from .traces import feed, rows

        log: list[Any] = []
        cerebro = lib.Cerebro(stdstats=False, oldsync=True)
        cerebro.adddata(feed(lib, rows(8)))
        if kind == "two":
            cerebro.adddata(feed(lib, rows(5, seed=2, step=timedelta(days=2))))
        cerebro.addstrategy(watch(lib, log))
        cerebro.run()
        return log

    same(scenario)
