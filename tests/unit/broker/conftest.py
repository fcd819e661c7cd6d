"""Small runs for the tests of the broker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pytest

import backtrail as bt

Bar = tuple[float, float, float, float]


def frame(bars: list[Bar], start: str = "2024-01-01", freq: str = "D") -> pd.DataFrame:
    """Make a data frame of bars (open, high, low, close), 100 units traded in each."""
    made = pd.DataFrame(bars, columns=["open", "high", "low", "close"], dtype=float)
    made.index = pd.date_range(start, periods=len(bars), freq=freq)
    return made.assign(volume=100.0, openinterest=0.0)


def flat(count: int, price: float = 10.0) -> list[Bar]:
    """Make *count* bars in which nothing moves."""
    return [(price, price, price, price)] * count


@dataclass
class Outcome:
    """What a run left."""

    strategy: Any = None
    broker: Any = None
    #: Notified orders, as copies.
    orders: list[Any] = field(default_factory=list)
    trades: list[Any] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def fills(self) -> list[tuple[int, float, float]]:
        """Give (order's place, size, price) of each execution, in order."""
        refs = sorted({order.ref for order in self.strategy.issued})
        return [
            (refs.index(order.ref), bit.size, bit.price)
            for order in self.orders
            for bit in order.executed.iterpending()
        ]

    def statuses(self, order: Any) -> list[str]:
        """Give the names of the states that *order* was notified in."""
        return [seen.getstatusname() for seen in self.orders if seen == order]


Plan = dict[int, Callable[[Any], Any]]


def run(
    bars: list[Bar] | list[list[Bar]],
    plan: Plan,
    setup: Callable[[Any], Any] | None = None,
    broker: Any = None,
    listens: bool = True,
    freq: str = "D",
    options: dict[str, Any] | None = None,
    feed: dict[str, Any] | None = None,
) -> Outcome:
    """Run *plan* (bar number from 1 → what the strategy does there) over *bars*; orders it returns are collected."""
    outcome = Outcome()

    class Planned(bt.Strategy):
        def __init__(self) -> None:
            self.issued: list[Any] = []

        def next(self) -> None:
            outcome.values.append(self.broker.getvalue())
            todo = plan.get(len(self))
            if todo is not None:
                made = todo(self)
                self.issued += [
                    o for o in (made if isinstance(made, list) else [made]) if isinstance(o, bt.Order)
                ]

        def prenext(self) -> None:
            self.next()

    class Listening(Planned):
        def notify_order(self, order: Any) -> None:
            outcome.orders.append(order)

        def notify_trade(self, trade: Any) -> None:
            outcome.trades.append(trade)

    cerebro = bt.Cerebro(**{"stdstats": False, **(options or {})})
    if broker is not None:
        cerebro.broker = broker
    several = bars if isinstance(bars[0], list) else [bars]
    for number, each in enumerate(several):
        data = bt.feeds.PandasData(dataname=frame(each, freq=freq), **(feed or {}))  # type: ignore[arg-type]
        cerebro.adddata(data, name=f"d{number}")
    if setup is not None:
        setup(cerebro)
    cerebro.addstrategy(Listening if listens else Planned)
    outcome.strategy = cerebro.run()[0]
    outcome.broker = cerebro.broker
    return outcome


@pytest.fixture(name="run")
def _run() -> Callable[..., Outcome]:
    return run
