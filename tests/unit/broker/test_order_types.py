"""What each order type does in a run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

import backtrail as bt

UP = [(10, 11, 9, 10), (10, 11, 9, 10), (12, 13, 11, 12), (14, 15, 13, 14), (16, 17, 15, 16)]
Order = bt.Order
Run = Callable[..., Any]


def test_a_market_order_is_executed_at_the_next_open(run: Run) -> None:
    done = run(UP, {2: lambda s: s.buy(size=3)})
    assert done.fills() == [(0, 3, 12.0)]
    assert done.statuses(done.strategy.issued[0]) == ["Submitted", "Accepted", "Completed"]


def test_without_the_check_of_cash_an_order_is_accepted_at_once(run: Run) -> None:
    done = run(UP, {2: lambda s: s.buy(size=3)}, lambda c: c.broker.set_checksubmit(False))
    assert done.statuses(done.strategy.issued[0]) == ["Accepted", "Completed"]


def test_cheating_on_close_takes_the_close_and_time_of_the_creation(run: Run) -> None:
    done = run(UP, {2: lambda s: s.buy(size=3)}, lambda c: c.broker.set_coc(True))
    order = done.strategy.issued[0]
    assert order.executed.price == 10.0
    assert order.executed.dt == order.created.dt


def test_an_order_can_refuse_to_cheat_on_close(run: Run) -> None:
    done = run(UP, {2: lambda s: s.buy(size=3, coc=False)}, lambda c: c.broker.set_coc(True))
    assert done.strategy.issued[0].executed.price == 12.0


def test_cheating_on_open_takes_the_open_that_is_seen(run: Run) -> None:
    class Early(bt.Strategy):
        def next_open(self) -> None:
            if len(self) == 2:
                self.order = self.buy()

    from tests.unit.broker.conftest import frame

    cerebro = bt.Cerebro(stdstats=False, cheat_on_open=True)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame(UP)))
    cerebro.addstrategy(Early)
    assert cerebro.run()[0].order.executed.price == 12.0


def test_a_close_order_is_executed_at_the_next_close_of_daily_bars(run: Run) -> None:
    done = run(UP, {2: lambda s: s.sell(size=1, exectype=Order.Close)})
    assert done.fills() == [(0, -1, 12.0)]


def test_a_close_order_is_executed_at_the_last_bar_of_the_session(run: Run) -> None:
    bars = [(p, p, p, p) for p in (10.0, 11.0, 12.0, 13.0, 14.0)]
    feed = {"timeframe": bt.TimeFrame.Minutes, "sessionend": dt.time(3)}
    done = run(bars, {1: lambda s: s.buy(exectype=Order.Close)}, freq="h", feed=feed)
    assert done.fills() == [(0, 1, 13.0)]


def test_a_close_order_takes_the_bar_before_the_end_if_none_is_at_the_end(run: Run) -> None:
    bars = [(p, p, p, p) for p in (10.0, 11.0, 12.0, 13.0, 14.0)]
    feed = {"timeframe": bt.TimeFrame.Minutes, "sessionend": dt.time(2, 30)}
    done = run(bars, {1: lambda s: s.buy(exectype=Order.Close)}, freq="h", feed=feed)
    order = done.strategy.issued[0]
    assert order.executed.price == 12.0
    assert bt.num2date(order.executed.dt).hour == 2


@pytest.mark.parametrize(("eosbar", "price"), [(False, 13.0), (True, 13.0)])
def test_a_bar_at_the_end_of_the_session_ends_it(run: Run, eosbar: bool, price: float) -> None:
    bars = [(p, p, p, p) for p in (10.0, 11.0, 12.0, 13.0, 14.0)]
    feed = {"timeframe": bt.TimeFrame.Minutes, "sessionend": dt.time(3)}

    def setup(cerebro: Any) -> None:
        cerebro.broker.seteosbar(eosbar)

    for honour in (False, True):
        done = run(
            bars, {1: lambda s: s.buy(exectype=Order.Close)}, setup, bt.brokers.BackBroker(honour_eosbar=honour),
            freq="h", feed=feed,
        )  # fmt: skip
        order = done.strategy.issued[0]
        assert order.executed.price == price
        # Honoured and without eosbar, that bar only counts once a later one shows that it was the last.
        assert len(order.data) == 5


def test_a_stop_order_fills_at_open_on_a_gap(run: Run) -> None:
    done = run(UP, {2: lambda s: s.buy(exectype=Order.Stop, price=11.5)})
    assert done.fills() == [(0, 1, 12.0)]


def test_a_stop_limit_waits_as_a_limit_once_triggered(run: Run) -> None:
    bars = [(10, 10, 10, 10), (10, 10, 10, 10), (11, 12, 11, 12), (12, 12, 9, 9), (9, 9, 9, 9)]
    done = run(bars, {1: lambda s: s.buy(exectype=Order.StopLimit, price=11.5, plimit=10.5)})
    assert done.fills() == [(0, 1, 10.5)]
    assert done.strategy.issued[0].triggered


def test_a_trailing_stop_follows_the_close(run: Run) -> None:
    bars = [(10, 10, 10, 10), (10, 10, 10, 10), (10, 15, 10, 12), (12, 12, 11.5, 12), (12, 12, 10.5, 11)]
    done = run(bars, {1: lambda s: s.sell(exectype=Order.StopTrail, trailamount=1.0)})
    assert done.fills() == [(0, -1, 11.0)]


def test_a_trailing_stop_can_follow_the_extremes(run: Run) -> None:
    bars = [(10, 10, 10, 10), (10, 10, 10, 10), (10, 15, 10, 12), (12, 12, 11.5, 12), (12, 12, 10.5, 11)]
    broker = bt.brokers.BackBroker(trail_extremes=True)
    done = run(bars, {1: lambda s: s.sell(exectype=Order.StopTrail, trailamount=1.0)}, broker=broker)
    assert done.fills() == [(0, -1, 12.0)]


def test_a_trailing_stop_limit_keeps_its_distance(run: Run) -> None:
    bars = [(10, 10, 10, 10), (10, 10, 10, 10), (10, 12, 10, 12), (12, 12, 10, 10), (10, 10, 10, 10)]
    for extremes in (False, True):
        broker = bt.brokers.BackBroker(trail_extremes=extremes)
        plan = {1: lambda s: s.sell(exectype=Order.StopTrailLimit, price=10.0, plimit=9.5, trailpercent=0.1)}
        done = run(bars, plan, broker=broker)
        order = done.strategy.issued[0]
        assert order.created.price - order.created.pricelimit == pytest.approx(0.5)
        assert done.fills() == [(0, -1, pytest.approx(10.8))]


def test_an_order_expires_after_its_time_and_says_so(run: Run) -> None:
    day = dt.timedelta(days=1)
    done = run(UP, {1: lambda s: s.buy(exectype=Order.Limit, price=5.0, valid=day)})
    order = done.strategy.issued[0]
    assert done.statuses(order) == ["Submitted", "Accepted", "Expired"]
    assert order.reason.startswith("expired: ")
    assert order.reason == done.orders[-1].reason


def test_an_order_still_trades_on_the_bar_of_its_time_limit(run: Run) -> None:
    done = run(UP, {1: lambda s: s.buy(exectype=Order.Limit, price=9.5, valid=dt.datetime(2024, 1, 2))})
    assert done.fills() == [(0, 1, 9.5)]


def test_a_cancelled_order_says_so(run: Run) -> None:
    def cancel(strategy: Any) -> None:
        strategy.cancel(strategy.issued[0])

    done = run(UP, {1: lambda s: s.buy(exectype=Order.Limit, price=5.0), 3: cancel})
    assert done.statuses(done.strategy.issued[0]) == ["Submitted", "Accepted", "Canceled"]
    assert done.strategy.issued[0].reason == "cancelled by request"


def test_cancelling_in_the_bar_of_creation_has_no_effect(run: Run) -> None:
    def both(strategy: Any) -> Any:
        order = strategy.buy()
        strategy.cancel(order)
        return order

    assert run(UP, {1: both}).fills() == [(0, 1, 10.0)]
    done = run(UP, {1: both}, broker=bt.brokers.BackBroker(cancel_submitted=True))
    assert done.statuses(done.strategy.issued[0]) == ["Submitted", "Canceled"]


def test_a_copy_cancels_the_order_but_takes_the_state_itself(run: Run) -> None:
    def cancel(strategy: Any) -> None:
        assert strategy.broker.cancel(seen[-1])

    class Planned(bt.Strategy):
        def next(self) -> None:
            if len(self) == 1:
                self.order = self.buy(exectype=Order.Limit, price=5.0)
            if len(self) == 3:
                cancel(self)
                assert self.broker.get_orders_open() == []

        def notify_order(self, order: Any) -> None:
            seen.append(order)

    from tests.unit.broker.conftest import frame

    seen: list[Any] = []
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame(UP)))
    cerebro.addstrategy(Planned)
    order = cerebro.run()[0].order
    assert seen[1].status == Order.Canceled
    assert order.status == Order.Accepted
    assert order.reason == "cancelled by request"


def test_open_orders_and_states_can_be_asked_for(run: Run) -> None:
    def look(strategy: Any) -> None:
        order = strategy.issued[0]
        broker = strategy.broker
        assert broker.get_orders_open() == [order]
        copies = broker.get_orders_open(safe=True)
        assert copies == [order]
        assert copies[0] is not order
        assert broker.orderstatus(copies[0]) == Order.Accepted
        assert broker.get_notification() is None

    run(UP, {1: lambda s: s.buy(exectype=Order.Limit, price=5.0), 3: look})


def test_notifications_can_be_fetched_by_hand() -> None:
    broker = bt.brokers.BackBroker()
    broker.notifs.append("order")
    assert broker.get_notification() == "order"


def test_a_filler_decides_how_much_a_bar_takes(run: Run) -> None:
    def setup(cerebro: Any) -> None:
        cerebro.broker.set_filler(lambda order, price, ago: min(2, abs(order.executed.remsize)))

    done = run(UP, {1: lambda s: s.buy(size=3)}, setup)
    assert done.fills() == [(0, 2, 10.0), (0, 1, 12.0)]
    assert done.statuses(done.strategy.issued[0])[-2:] == ["Partial", "Completed"]
    done = run(UP, {1: lambda s: s.sell(size=3)}, setup, listens=False)
    assert done.strategy.issued[0].executed.size == -3
    assert [trade.size for trade in done.strategy._trades[done.strategy.data][0]] == [-3]


def test_a_filler_that_gives_nothing_leaves_the_order_alone(run: Run) -> None:
    done = run(UP, {1: lambda s: s.buy(size=3)}, lambda c: c.broker.set_filler(lambda *_: 0))
    assert done.statuses(done.strategy.issued[0]) == ["Submitted", "Accepted"]


def test_slippage_without_matching_leaves_orders_pending(run: Run) -> None:
    def setup(cerebro: Any) -> None:
        cerebro.broker.set_slippage_fixed(50.0, slip_match=False, slip_limit=False)

    plan = {
        1: lambda s: [
            s.buy(),
            s.buy(exectype=Order.Limit, price=20.0),
            s.sell(exectype=Order.Stop, price=20.0),
            s.sell(exectype=Order.StopLimit, price=20.0, plimit=7.0),
        ]
    }
    assert run(UP, plan, setup).fills() == []


def test_limit_and_stop_orders_meet_the_bar_that_is_there_unless_told_otherwise(run: Run) -> None:
    fast = [(p, p, p, p) for p in (10.0, 10.0, 10.0, 10.0)]
    slow = [(10, 11, 9, 10)]

    def issue(strategy: Any) -> list[Any]:
        data = strategy.datas[1]
        return [
            strategy.buy(data, exectype=Order.Limit, price=9.5),
            strategy.buy(data, exectype=Order.Stop, price=10.5),
            strategy.buy(data, exectype=Order.StopLimit, price=10.5, plimit=10.8),
        ]

    assert len(run([fast, slow], {2: issue}).fills()) == 3
    broker = bt.brokers.BackBroker(stale_fills=False)
    assert run([fast, slow], {2: issue}, broker=broker).fills() == []


def test_a_sell_limit_can_be_kept_above_the_low(run: Run) -> None:
    def setup(cerebro: Any) -> None:
        cerebro.broker.set_slippage_fixed(5.0)

    plan = {1: lambda s: s.sell(exectype=Order.Limit, price=6.0)}
    assert run(UP, plan, setup).fills() == [(0, -1, 6.0)]
    assert run(UP, plan, setup, bt.brokers.BackBroker(sell_limit_floor=True)).fills() == [(0, -1, 9.0)]


def test_strict_rules_turn_all_of_it_on() -> None:
    broker = bt.brokers.BackBroker()
    broker.use_strict_rules()
    assert (broker.margin_cascade, broker.stale_fills) == (False, False)
    assert broker.cancel_submitted
    assert broker.sell_limit_floor
    assert broker.trail_extremes
    assert broker.honour_eosbar


def test_orders_meet_the_newest_tick_while_replaying() -> None:
    class Ticks:
        _ticks_ = (1.5, 0.5, 2.0, 1.0, 0.0, 0.0, 1.5)
        tick_open, tick_high, tick_low, tick_close = 1.0, 2.0, 0.5, 1.5

    assert bt.brokers.BackBroker()._bar_(Ticks()) == (1.0, 2.0, 0.5, 1.5)
