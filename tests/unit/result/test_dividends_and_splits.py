"""Dividends and splits that the broker accounts for, as tables and waiting orders show them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import backtrail as bt

MODES: dict[str, dict[str, Any]] = {
    "vectorised": {},
    "stepped": {"runonce": False},
}
PRICES = [100.0] * 3 + [50.0] * 7


def stock(
    closes: Any = PRICES, dividends: Any = None, splits: Any = None, freq: str = "D", **options: Any
) -> Any:
    index = pd.date_range("2024-01-01", periods=len(closes), freq=freq)
    frame = pd.DataFrame(dict.fromkeys(("open", "high", "low", "close"), closes), index=index, dtype=float)
    frame["volume"] = 6.0
    for name, rows in (("dividends", dividends), ("splits", splits)):
        frame[name] = 0.0
        for row, value in (rows or {}).items():
            frame.iloc[row, frame.columns.get_loc(name)] = value
    return bt.feeds.StockData(dataname=frame, **options)


def run(plan: dict[int, Any], *feeds: Any, setup: Any = None, **options: Any) -> Any:
    """Run a strategy that calls *plan*'s entry on that bar of its first feed; what it gives is in ``made``."""

    class Planned(bt.Strategy):
        def __init__(self) -> None:
            self.made: dict[int, Any] = {}

        def next(self) -> None:
            if len(self) in plan:
                self.made[len(self)] = plan[len(self)](self)

    cerebro = bt.Cerebro(stdstats=False, **options)
    for number, feed in enumerate(feeds):
        cerebro.adddata(feed, name=f"stock{number}")
    if setup is not None:
        setup(cerebro)
    cerebro.addstrategy(Planned)
    (strategy,) = cerebro.run()
    return strategy


TWO_TRADES = {
    1: lambda s: s.buy(size=10),
    5: lambda s: s.close(),
    6: lambda s: s.buy(size=10),
    8: lambda s: s.close(),
}


@pytest.mark.parametrize("mode", MODES)
def test_executions_keep_cycle_and_cash(mode: str) -> None:
    result = run(TWO_TRADES, stock(dividends={2: 1.0}, splits={3: 2.0}), **MODES[mode]).result
    assert result.fills["cycle"].tolist() == [1, 5, 6, 8]
    assert result.fills["cash"].tolist() == [9000.0, 10010.0, 9510.0, 10010.0]
    assert result.fills["size"].tolist() == [10.0, -20.0, 10.0, -10.0]
    assert result.summary["exposure"] == 6 / 10


def test_trades_are_told_in_shares_after_the_split() -> None:
    first, second = run(TWO_TRADES, stock(dividends={2: 1.0}, splits={3: 2.0})).result.trades.rows()
    assert (first["size"], first["entry_price"], first["exit_price"]) == (20.0, 50.0, 50.0)
    assert (first["pnl"], first["pnl_net"]) == (0.0, 10.0)
    assert (second["size"], second["entry_price"], second["exit_price"]) == (10.0, 50.0, 50.0)


def test_a_split_after_the_last_execution_counts_for_the_open_trade() -> None:
    (trade,) = run({1: lambda s: s.buy(size=10)}, stock(splits={3: 2.0})).result.trades.rows()
    assert (trade["status"], trade["size"], trade["entry_price"]) == ("open", 20.0, 50.0)


def test_a_split_between_parts_of_the_way_out_keeps_the_average_price() -> None:
    """Half of ten shares go at 100 before a split of 2:1, the other half as ten shares at 50 after it."""
    plan = {1: lambda s: s.buy(size=10), 2: lambda s: s.sell(size=5), 5: lambda s: s.close()}
    (trade,) = run(plan, stock([100.0] * 4 + [50.0] * 4, splits={4: 2.0})).result.trades.rows()
    assert (trade["size"], trade["exit_price"], trade["pnl"]) == (20.0, 50.0, 0.0)


def test_trades_that_come_to_no_position_are_split_too() -> None:
    plan = {
        1: lambda s: (s.buy(size=10, tradeid=1), s.sell(size=10, tradeid=2)),
        5: lambda s: (s.sell(size=20, tradeid=1), s.buy(size=20, tradeid=2)),
    }
    rows = list(run(plan, stock(splits={3: 2.0})).result.trades.rows())
    assert [(row["side"], row["status"], row["size"], row["pnl"]) for row in rows] == [
        ("long", "closed", 20.0, 0.0),
        ("short", "closed", 20.0, 0.0),
    ]


def test_a_split_touches_nothing_of_another_stock() -> None:
    feeds = stock(splits={3: 2.0}), stock([30.0] * 10, dividends={4: 1.0})
    low = {"exectype": bt.Order.Limit, "price": 10.0}
    plan = {
        1: lambda s: (s.buy(s.datas[0], size=4), s.buy(s.datas[1], size=4)),
        2: lambda s: (s.buy(s.datas[0], size=3, **low), s.buy(s.datas[1], size=3, **low)),
    }
    strategy = run(plan, *feeds)
    split, other = strategy.made[2]
    assert (split.size, split.created.price, other.size, other.created.price) == (6, 5.0, 3, 10.0)
    assert [strategy.getposition(data).size for data in strategy.datas] == [8, 4]
    assert strategy.broker.getcash() == 10_000.0 - 4 * 100.0 - 4 * 30.0 + 4 * 1.0
    assert strategy.result.fills["cycle"].tolist() == [1, 1]


@pytest.mark.parametrize("begun", [False, True], ids=["before", "after"])
def test_a_bracket_is_split_as_a_whole_before_and_after_its_parent_is_executed(begun: bool) -> None:
    price = 100.0 if begun else 30.0
    bracket = {"size": 4, "price": price, "limitprice": 120.0, "stopprice": 20.0}
    parent, stop, limit = run({1: lambda s: s.buy_bracket(**bracket)}, stock(splits={3: 2.0})).made[1]
    assert [(stop.size, stop.created.price), (limit.size, limit.created.price)] == [(-8, 10.0), (-8, 60.0)]
    assert (parent.size, parent.created.price) == ((4, 100.0) if begun else (8, 15.0))


def test_the_rest_of_an_order_that_was_executed_in_part_is_split() -> None:
    """Six shares of a hundred are traded per bar; what is left of the order then is multiplied."""

    def fill_by_volume(cerebro: bt.Cerebro) -> None:
        cerebro.broker.set_filler(bt.fillers.FixedSize(size=2))

    strategy = run({1: lambda s: s.buy(size=7)}, stock(splits={3: 2.0}), setup=fill_by_volume)
    # two and two, then the three that are left are six: two, two, two
    assert strategy.result.fills["size"].tolist() == [2.0] * 5
    assert strategy.position.size == 2 * (2 + 2) + 6
    assert strategy.made[1].status == bt.Order.Completed


def test_past_orders_belong_to_nobody_and_hold_a_split_up_for_nobody() -> None:
    def history(cerebro: bt.Cerebro) -> None:
        cerebro.add_order_history([["2024-01-02", 10, 100.0]], notify=False)

    strategy = run({2: lambda s: s.buy(size=1)}, stock(splits={3: 2.0}), setup=history)
    assert strategy.position.size == 22


def test_an_order_for_the_close_that_waits_over_a_split_is_executed_at_prices_after_it() -> None:
    """Bars of twelve hours: the order waits for the close of its session."""
    feed = stock([100.0] * 2 + [50.0] * 6, splits={2: 2.0}, freq="h", timeframe=bt.TimeFrame.Minutes)
    strategy = run({1: lambda s: s.buy(size=3, exectype=bt.Order.Close)}, feed)
    order = strategy.made[1]
    assert order.size == 6
    assert order.pannotated in (None, 50.0)


@pytest.mark.parametrize("mode", MODES)
def test_a_split_is_a_row_of_the_positions(mode: str) -> None:
    strategy = run(TWO_TRADES, stock(splits={3: 2.0}), **MODES[mode])
    rows = list(strategy.cerebro.result.positions.rows())
    assert [(row["size"], row["price"], row["fill"], row["cycle"]) for row in rows] == [
        (10.0, 100.0, 1, 1),
        (20.0, 50.0, None, 3),
        (0.0, 0.0, 2, 5),
        (10.0, 50.0, 3, 6),
        (0.0, 0.0, 4, 8),
    ]
    assert [str(row["time"].date()) for row in rows][:2] == ["2024-01-02", "2024-01-04"]
    table = strategy.cerebro.result.positions.to_pandas()
    assert table["fill"].isna().sum() == 1


def test_a_split_after_the_last_execution_and_without_a_position() -> None:
    held = run({1: lambda s: s.buy(size=10)}, stock(splits={6: 0.5}))
    assert [row["size"] for row in held.cerebro.result.positions.rows()] == [10.0, 5.0]
    gone = run({1: lambda s: s.buy(size=10), 3: lambda s: s.close()}, stock(splits={7: 0.5}))
    assert [row["size"] for row in gone.cerebro.result.positions.rows()] == [10.0, 0.0]


def test_a_dividend_is_no_change_of_a_position() -> None:
    held = run({1: lambda s: s.buy(size=10)}, stock(dividends={4: 1.0}))
    assert len(held.cerebro.result.positions) == 1


@pytest.mark.parametrize(("size", "ratio", "left"), [(30, 0.1, 3), (49, 1 / 49, 1), (30, 0.3333333333, 10)])
def test_a_reverse_split_leaves_no_rest_from_rounding(size: int, ratio: float, left: int) -> None:
    prices = [10.0] * 3 + [10.0 / ratio] * 7
    plan = {1: lambda s: s.buy(size=size), 6: lambda s: s.sell(size=left), 7: lambda s: s.buy(size=1)}
    strategy = run(plan, stock(closes=prices, splits={3: ratio}), setup=lambda c: c.broker.setcash(1e5))
    trades = strategy.cerebro.result.trades.rows()
    assert [(row["status"], row["size"]) for row in trades] == [("closed", left), ("open", 1.0)]
    sizes = [row["size"] for row in strategy.cerebro.result.positions.rows()]
    assert sizes == [size, left, 0.0, 1.0]


def test_fractions_of_shares_are_kept_and_closed_without_a_rest() -> None:
    plan = {1: lambda s: s.buy(size=10), 5: lambda s: s.sell(size=1), 7: lambda s: s.close()}
    strategy = run(plan, stock(closes=[10.0] * 3 + [30.0] * 7, splits={3: 1 / 3}))
    assert [row["size"] for row in strategy.cerebro.result.positions.rows()] == [10.0, 10 / 3, 10 / 3 - 1, 0.0]
    (trade,) = strategy.cerebro.result.trades.rows()
    assert trade["status"] == "closed"


@pytest.mark.parametrize("same_bar", [False, True])
@pytest.mark.parametrize(("parts", "ratio"), [((1, 2), 1 / 3), ((1, 4), 1 / 3), ((3, 8), 4 / 9), ((1, 1, 5), 2 / 11)])
def test_orders_for_parts_of_a_position_close_it_without_a_rest(
    parts: tuple[int, ...], ratio: float, same_bar: bool
) -> None:
    def share_out(strategy: Any) -> None:
        for number, size in enumerate(parts):
            limit = 120.0 if same_bar else 120.0 + 10.0 * number
            strategy.sell(size=size, exectype=bt.Order.Limit, price=limit)

    plan = {1: lambda s: s.buy(size=sum(parts)), 2: share_out, 11: lambda s: s.buy(size=1)}
    prices = [100.0] * 3 + [100.0 / ratio] * 2 + [(125.0 + 10.0 * k) / ratio for k in range(3)] + [100.0] * 4
    strategy = run(plan, stock(closes=prices, splits={3: ratio}))
    sizes = [row["size"] for row in strategy.cerebro.result.positions.rows()]
    assert sizes[-2:] == [0.0, 1.0]
    orders = list(strategy.cerebro.result.orders.rows())
    assert {row["status"] for row in orders} == {"Completed"}
    assert all(row["size"] == row["filled"] for row in orders)
    trades = list(strategy.cerebro.result.trades.rows())
    assert [(row["status"], row["size"]) for row in trades][1:] == [("open", 1.0)]
    assert trades[0]["status"] == "closed"


def test_trades_of_their_own_keep_their_sizes() -> None:
    def share_out(strategy: Any) -> None:
        strategy.sell(size=1, tradeid=1, exectype=bt.Order.Limit, price=120.0)
        strategy.sell(size=2, tradeid=2, exectype=bt.Order.Limit, price=120.0)

    plan = {1: lambda s: (s.buy(size=1, tradeid=1), s.buy(size=2, tradeid=2)), 2: share_out}
    prices = [100.0] * 3 + [300.0] * 2 + [400.0] * 4
    strategy = run(plan, stock(closes=prices, splits={3: 1 / 3}))
    trades = list(strategy.cerebro.result.trades.rows())
    assert [(row["status"], row["size"]) for row in trades] == [("closed", 1 / 3), ("closed", 2 / 3)]
