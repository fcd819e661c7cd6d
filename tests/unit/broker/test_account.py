"""Cash, margin, value, fund, interest and histories."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.broker.conftest import flat

import backtrail as bt
from backtrail.broker.history import moment
from backtrail.broker.protocol import BrokerBase
from backtrail.errors import OrderError

Order = bt.Order
Run = Callable[..., Any]
UP = [(10, 11, 9, 10), (10, 11, 9, 10), (12, 13, 11, 12), (14, 15, 13, 14), (16, 17, 15, 16)]


def cash(amount: float) -> Callable[[Any], None]:
    return lambda cerebro: cerebro.broker.setcash(amount)


def test_an_order_that_cannot_be_paid_says_what_is_missing(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        done = run(UP, {1: lambda s: s.buy(size=11)}, cash(100))
    order = done.strategy.issued[0]
    assert done.statuses(order) == ["Submitted", "Margin"]
    assert "buying 11 of d0 at 10.0 takes 110.0 and 0.0 commission" in order.reason
    assert "cash before: 100.0, after: -10.0" in order.reason
    assert order.reason in caplog.text


def test_only_the_first_refusals_of_a_run_are_told_aloud(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    def issue(strategy: Any) -> list[Any]:
        return [strategy.buy(size=1000) for _ in range(9)]

    with caplog.at_level(logging.INFO):
        run(UP, {1: issue}, cash(100))
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 5 + ["INFO"] * 4


def test_a_refused_order_counts_against_those_after_it(run: Run) -> None:
    plan = {1: lambda s: [s.buy(size=11), s.buy(size=1)]}
    done = run(UP, plan, cash(100))
    assert [order.getstatusname() for order in done.strategy.issued] == ["Margin", "Margin"]
    assert "margin_cascade=False" in done.strategy.issued[1].reason
    done = run(UP, plan, cash(100), bt.brokers.BackBroker(margin_cascade=False))
    assert [order.getstatusname() for order in done.strategy.issued] == ["Margin", "Completed"]


def test_on_a_gap_the_closing_part_is_executed_and_the_opening_part_refused(run: Run) -> None:
    bars = [(10, 10, 10, 10), (10, 10, 10, 10), (10, 10, 10, 10), (12, 12, 12, 12), (12, 12, 12, 12)]

    def setup(cerebro: Any) -> None:
        cerebro.broker.setcash(100)
        cerebro.broker.setcommission(margin=50.0)

    plan = {1: lambda s: s.sell(size=1), 3: lambda s: s.buy(size=3)}
    done = run(bars, plan, setup)
    order = done.strategy.issued[1]
    assert done.statuses(order) == ["Submitted", "Accepted", "Partial", "Margin"]
    assert (order.executed.size, order.executed.psize, done.strategy.position.size) == (1, 0, 0)


def test_a_market_order_that_a_gap_makes_too_dear_is_refused_at_the_open(run: Run) -> None:
    bars = [(10, 10, 10, 10), (12, 12, 12, 12), (12, 12, 12, 12)]
    for listens in (True, False):
        done = run(bars, {1: lambda s: s.buy(size=10)}, cash(100), listens=listens)
        assert done.strategy.issued[0].getstatusname() == "Margin"
        assert "at 12.0" in done.strategy.issued[0].reason


def test_short_sales_of_stocks_bring_cash_unless_told_otherwise(run: Run) -> None:
    plan = {1: lambda s: s.sell(size=5)}
    assert run(UP, plan).broker.getcash() == 10050.0
    done = run(UP, plan, lambda c: c.broker.set_shortcash(False))
    assert done.broker.getcash() == 9950.0
    assert done.broker.getvalue() == 10000.0 - 5 * 6


def test_the_value_does_not_move_while_the_strategy_works(run: Run) -> None:
    seen: list[float] = []

    def trade(strategy: Any) -> Any:
        seen.append(strategy.broker.getvalue())
        order = strategy.buy(size=5)
        seen.append(strategy.broker.getvalue())
        return order

    run(UP, {2: trade})
    assert seen == [10000.0, 10000.0]


@pytest.mark.parametrize("runonce", [True, False])
def test_the_value_of_positions_can_be_asked_for(run: Run, runonce: bool) -> None:
    def look(strategy: Any) -> None:
        broker, (first, second) = strategy.broker, strategy.datas
        assert broker.getvalue([first]) == 28.0
        assert broker.getvalue([second]) == -14.0
        assert broker.getvalue([first, second]) == 14.0
        assert broker.getvalue([]) == broker.getvalue() == broker.get_value()
        assert broker.get_value(mkt=True) == 14.0
        assert broker.get_value(lever=True) == broker.get_value_lever()
        assert broker.get_value_lever(mkt=True) == 14.0
        assert broker.get_leverage() == 1.0

    plan = {1: lambda s: [s.buy(s.datas[0], size=2), s.sell("d1", size=1)], 4: look}
    run([UP, UP], plan, options={"runonce": runonce})


def test_with_leverage_positions_bind_less(run: Run) -> None:
    def look(strategy: Any) -> None:
        broker = strategy.broker
        assert broker.getcash() == 10000.0 - 10.0
        assert broker.getvalue([strategy.data]) == 28.0
        assert broker.get_value([strategy.data], lever=True) == 18.0
        assert broker.get_leverage() == 28.0 / 18.0

    def setup(cerebro: Any) -> None:
        cerebro.broker.setcommission(leverage=2.0)

    run(UP, {1: lambda s: s.buy(size=2), 4: look}, setup)


def test_futures_bind_their_margin_and_settle_every_bar(run: Run) -> None:
    def setup(cerebro: Any) -> None:
        cerebro.broker.setcommission(commission=1.0, margin=100.0, mult=10.0)

    plan = {1: lambda s: s.buy(size=2), 3: lambda s: s.sell(size=5)}
    done = run(UP, plan, setup, options={"stdstats": True})
    # bought at 10 and sold at 14; then three short from 14 to 16
    assert done.broker.getcash() == 10000.0 + 2 * 4 * 10 - 2 - 5 - 3 * 100 - 3 * 2 * 10
    assert done.broker.journal.dense[-1][2] == done.broker.getvalue()


def test_futures_held_before_settle_at_the_price_of_an_increase(run: Run) -> None:
    def setup(cerebro: Any) -> None:
        cerebro.broker.setcommission(margin=100.0, mult=10.0)

    done = run(UP, {1: lambda s: s.buy(size=1), 2: lambda s: s.buy(size=1)}, setup)
    assert done.broker.getcash() == 10000.0 - 200 + 10 * (16 - 10) + 10 * (16 - 12)


def interest(**given: Any) -> Callable[[Any], None]:
    return lambda cerebro: cerebro.broker.setcommission(**{"interest": 0.365, **given})


def test_shorts_pay_interest_by_the_day(run: Run) -> None:
    plan = {1: lambda s: s.sell(size=10), 4: lambda s: s.close()}
    done = run(UP, plan, interest())
    assert done.orders[-1].executed.comm == pytest.approx(3 * 0.001 * 10 * 10.0)
    assert done.broker.getcash() == pytest.approx(10000 + 100 - 160 - 0.3)
    done = run(UP, plan, lambda c: (interest()(c), c.broker.set_int2pnl(False)))
    assert done.orders[-1].executed.comm == 0.0


def test_longs_pay_interest_if_asked_for(run: Run) -> None:
    plan = {1: lambda s: s.buy(size=10)}
    assert run(UP, plan, interest()).broker.getcash() == 9900.0
    assert run(UP, plan, interest(interest_long=True)).broker.getcash() == pytest.approx(9900.0 - 0.3)


def test_a_scheme_can_be_changed_while_positions_are_held(run: Run) -> None:
    def change(strategy: Any) -> None:
        strategy.broker.setcommission(margin=5.0, mult=2.0)

    done = run(UP, {1: lambda s: s.buy(size=1), 3: change})
    # from the close of the third bar (12) the position settles as a future: up by 4, twice
    assert done.broker.getcash() == 9990.0 + 8.0


def test_a_scheme_of_the_users_is_asked(run: Run) -> None:
    class Fixed(bt.CommissionInfo):
        def _getcommission(self, size: float, price: float, pseudoexec: bool) -> float:
            asked.append(pseudoexec)
            return 3.0

    asked: list[bool] = []
    done = run(UP, {1: lambda s: s.buy(size=1)}, lambda c: c.broker.addcommissioninfo(Fixed()))
    assert done.broker.getcash() == 10000.0 - 13.0
    assert asked == [True, True, False]


def test_schemes_are_found_by_name() -> None:
    broker = bt.brokers.BackBroker()
    broker.setcommission(commission=0.5, name="gold")
    gold = broker.comminfo["gold"]
    assert broker.getcommissioninfo(type("D", (), {"_name": "gold"})()) is gold
    assert broker.getcommissioninfo(type("D", (), {"_name": "tin"})()) is broker.comminfo[None]


def test_cash_added_comes_with_the_next_bar_and_buys_shares(run: Run) -> None:
    seen: list[tuple[float, float]] = []

    def look(strategy: Any) -> None:
        seen.append((strategy.broker.getcash(), strategy.broker.fundshares))

    def add(strategy: Any) -> None:
        strategy.broker.add_cash(500.0)
        look(strategy)

    done = run(UP, {2: add, 3: look})
    assert seen == [(10000.0, 100.0), (10500.0, 105.0)]
    assert done.broker.fundvalue == 100.0


def test_cash_added_comes_at_once_when_a_position_is_valued(run: Run) -> None:
    def add(strategy: Any) -> None:
        strategy.broker.add_cash(500.0)
        strategy.broker.getvalue([strategy.data])
        assert strategy.broker.getcash() == 10500.0
        assert strategy.broker.getvalue() == 10000.0

    done = run(UP, {2: add}, options={"stdstats": True})
    assert done.broker.getvalue() == 10500.0
    assert done.broker.journal.dense == [(1, 10500.0, 10000.0, 100.0)]


def test_readers_of_positions_bring_cash_in_at_the_end_of_the_bar(run: Run) -> None:
    def hold(strategy: Any) -> None:
        strategy.broker.hold_positions(strategy.datas)

    def add(strategy: Any) -> None:
        strategy.broker.add_cash(500.0)

    done = run([UP, UP], {1: hold, 3: add, 5: add})
    assert done.broker.getcash() == 11000.0
    assert list(done.broker.positions) == list(done.strategy.datas)


def test_cash_can_be_set_again(run: Run) -> None:
    def setting(strategy: Any) -> None:
        strategy.broker.set_cash(500)
        assert strategy.broker.getvalue() == 500

    done = run(UP, {1: lambda s: s.buy(size=1), 3: setting})
    assert done.broker.getvalue() == 500.0 + 16.0
    assert done.broker.startingcash == 500


def test_a_fund_reports_shares(run: Run) -> None:
    broker = bt.brokers.BackBroker(cash=5000.0)
    broker.set_fundmode(True, 50.0)
    done = run(UP, {1: lambda s: s.buy(size=100)}, broker=broker)
    assert broker.fundmode
    assert (broker.fundshares, broker.fundvalue) == (100.0, 56.0)
    assert done.broker.getvalue() == 5600.0
    broker.fundmode = False
    assert not broker.get_fundmode()


def test_past_orders_are_replayed(run: Run) -> None:
    past = [
        ["2024-01-02", 5, 9.0],
        [dt.date(2024, 1, 3), -2, 20.0, "d1"],
        [dt.datetime(2024, 1, 4, 0), -1, 21.0, 1],
    ]

    def setup(cerebro: Any) -> None:
        cerebro.add_order_history(past, notify=True)

    done = run([UP, UP], {}, setup)
    assert [(o.size, o.executed.price, o.getstatusname()) for o in done.orders if not o.alive()] == [
        (5, 9.0, "Completed"),
        (-2, 20.0, "Completed"),
        (-1, 21.0, "Completed"),
    ]
    assert [done.broker.getposition(data).size for data in done.strategy.datas] == [5, -3]


def test_past_orders_can_name_a_data_itself_and_go_untold(run: Run) -> None:
    feeds: list[Any] = []

    def setup(cerebro: Any) -> None:
        feeds.append(cerebro.datas[1])
        cerebro.add_order_history([["2024-01-02T00:00:00", 5, 9.0, feeds[0]]], notify=False)

    done = run([UP, UP], {}, setup)
    assert done.orders == []
    assert done.broker.getposition(feeds[0]).size == 5


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        (["yesterday", 1, 2.0], "a date, a datetime or a string"),
        ([5, 1, 2.0], "a date, a datetime or a string"),
        (["2024-01-02", 1], "an entry is [date, size, price]"),
        (["2024-01-02", 1, 2.0, 7], "there is no data number 7"),
        (["2024-01-02", 1, 2.0, "gold"], "no data called 'gold'"),
    ],
)
def test_past_orders_must_be_understood(run: Run, entry: list[Any], complaint: str) -> None:
    with pytest.raises(OrderError, match="Order history") as caught:
        run(UP, {}, lambda c: c.add_order_history([entry]))
    assert complaint in str(caught.value)


def test_times_of_the_past_have_several_spellings() -> None:
    assert moment("2024-01-02T03:04:05.5", "x") == dt.datetime(2024, 1, 2, 3, 4, 5, 500000)
    assert moment(dt.date(2024, 1, 2), "x") == dt.datetime(2024, 1, 2)


@pytest.mark.parametrize("runonce", [True, False])
def test_past_fund_values_replace_the_computed_ones(run: Run, runonce: bool) -> None:
    def setup(cerebro: Any) -> None:
        cerebro.set_fund_history([["2024-01-01", 100.0, 10000.0], ["2024-01-03", 110.0, 12000.0]])

    done = run(UP, {1: lambda s: s.buy(size=2)}, setup, options={"runonce": runonce})
    assert done.broker.fundvalue == 110.0
    assert done.broker.getvalue() == 12000.0
    assert done.broker.getcash() == 12000.0 - 32.0


def test_past_fund_values_must_be_complete(run: Run) -> None:
    with pytest.raises(OrderError, match="share value, net asset value"):
        run(UP, {}, lambda c: c.set_fund_history([["2024-01-01", 100.0]]))


def test_histories_are_for_one_run(run: Run) -> None:
    broker = bt.brokers.BackBroker()
    broker.add_order_history([["2030-01-01", 1, 1.0]])
    run(UP, {}, broker=broker)
    assert broker._userhist == []


def test_a_compensating_data_trades_the_position_of_the_other(run: Run) -> None:
    def setup(cerebro: Any) -> None:
        cerebro.datas[1].compensate(cerebro.datas[0])
        cerebro.broker.setcommission(margin=100.0, name="d1")

    done = run(
        [UP, UP], {1: lambda s: s.buy(s.datas[0], size=2), 2: lambda s: s.sell(s.datas[1], size=2)}, setup
    )
    assert done.broker.getposition(done.strategy.datas[0]).size == 0
    assert [trade.data._name for trade in done.trades] == ["d0", "d0"]


def test_a_broker_starts_over_with_each_run(run: Run) -> None:
    broker = bt.brokers.BackBroker()
    for _ in range(2):
        done = run(UP, {1: lambda s: s.buy(size=1)}, broker=broker)
        assert done.broker.getvalue() == 10006.0
        assert len(broker.orders) == 1


def test_without_a_clock_the_value_is_computed_on_every_call() -> None:
    broker = bt.brokers.BackBroker(cash=50)
    assert (broker.getvalue(), broker.getcash(), broker.get_leverage()) == (50, 50, 1.0)
    broker.add_cash(5)
    broker.add_cash(5)
    assert broker.cash == 50


def test_the_base_of_brokers_names_what_a_broker_answers() -> None:
    broker = BrokerBase()
    broker.start()
    broker.stop()
    broker.next()
    broker.set_fundmode(True)
    assert (broker.get_fundshares(), broker.fundshares, broker.get_fundmode()) == (1.0, 1.0, False)
    broker.fundmode = True
    for call in (
        lambda: broker.add_order_history([]),
        lambda: broker.set_fund_history([]),
        lambda: broker.getcash(),
        lambda: broker.fundvalue,
        lambda: broker.getposition(None),
        lambda: broker.submit(None),
        lambda: broker.cancel(None),
        lambda: broker.buy(None, None, 1),
        lambda: broker.sell(None, None, 1),
    ):
        with pytest.raises(NotImplementedError):
            call()


def test_nothing_moves_on_a_flat_market(run: Run) -> None:
    done = run(flat(5), {1: lambda s: s.buy(size=1)})
    assert set(done.values) == {10000.0}
