"""Brackets and one-cancels-other groups."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

import backtrail as bt

Order = bt.Order
Run = Callable[..., Any]
RISE = [
    (10, 11, 9, 10),
    (10, 11, 9, 10),
    (10, 13, 9.5, 12),
    (12, 13, 11, 12),
    (12, 13, 11, 12),
    (12, 13, 8, 9),
]


def bracket(strategy: Any, **given: Any) -> Any:
    return strategy.buy_bracket(**{"size": 2, "price": 9.2, "stopprice": 8.5, "limitprice": 12.5, **given})


def test_children_wait_for_the_parent_and_cancel_each_other(run: Run) -> None:
    done = run(RISE, {1: bracket})
    main, stop, limit = done.strategy.issued
    assert done.fills() == [(0, 2, 9.2), (2, -2, 12.5)]
    assert done.statuses(stop)[-1] == "Canceled"
    assert stop.reason == f"cancelled: order {limit.ref} of the same bracket was Completed"
    assert main.status == limit.status == Order.Completed


def test_a_parent_that_is_cancelled_takes_its_children_along(run: Run) -> None:
    def cancel(strategy: Any) -> None:
        strategy.cancel(strategy.issued[0])

    done = run(RISE, {1: lambda s: bracket(s, price=5.0), 3: cancel})
    assert [order.getstatusname() for order in done.strategy.issued] == ["Canceled"] * 3


def test_a_parent_that_expires_takes_its_children_along(run: Run) -> None:
    done = run(RISE, {1: lambda s: bracket(s, price=5.0, oargs={"valid": dt.timedelta(days=1)})})
    assert [order.getstatusname() for order in done.strategy.issued] == ["Expired", "Canceled", "Canceled"]


def test_a_parent_that_cannot_be_paid_takes_its_children_along(run: Run) -> None:
    done = run(RISE, {1: lambda s: bracket(s, size=5000)})
    main, stop, limit = done.strategy.issued
    assert [order.getstatusname() for order in (main, stop, limit)] == ["Margin", "Rejected", "Rejected"]
    assert stop.reason == f"rejected: its parent, order {main.ref}, is no longer there"


def test_one_side_of_a_bracket_can_be_left_out(run: Run) -> None:
    done = run(RISE, {1: lambda s: bracket(s, stopexec=None)})
    assert done.fills() == [(0, 2, 9.2), (1, -2, 12.5)]
    done = run(RISE, {1: lambda s: bracket(s, limitexec=None, exectype=Order.Market, price=None)})
    assert done.fills() == [(0, 2, 10.0), (1, -2, 8.5)]
    done = run(RISE, {1: lambda s: bracket(s, limitexec=None, stopexec=None)})
    assert done.fills() == [(0, 2, 9.2)]


def test_a_sell_bracket_is_the_mirror_of_a_buy_bracket(run: Run) -> None:
    plan = {
        1: lambda s: s.sell_bracket(
            size=2, price=10.5, stopprice=12.2, limitprice=8.5, stopargs={"tradeid": 0}
        )
    }
    assert run(RISE, plan).fills() == [(0, -2, 10.5), (1, 2, 12.2)]
    done = run(RISE, {1: lambda s: s.sell_bracket(size=2, price=10.5, stopexec=None, limitprice=8.5)})
    assert done.fills() == [(0, -2, 10.5), (1, 2, 8.5)]
    done = run(RISE, {1: lambda s: s.sell_bracket(size=2, price=10.5, stopprice=12.2, limitexec=None)})
    assert done.fills() == [(0, -2, 10.5), (1, 2, 12.2)]


def test_a_bracket_without_a_size_issues_nothing(run: Run) -> None:
    made: list[Any] = []
    run(RISE, {1: lambda s: made.append(bracket(s, size=0))})
    assert made == [[None, None, None]]


def test_a_child_of_an_order_that_is_over_is_rejected(run: Run) -> None:
    def late(strategy: Any) -> Any:
        parent = strategy.issued[0]
        strategy.cancel(parent)
        return strategy.sell(exectype=Order.Limit, price=15.0, parent=parent)

    done = run(RISE, {1: lambda s: s.buy(exectype=Order.Limit, price=1.0), 3: late})
    assert done.strategy.issued[1].getstatusname() == "Rejected"


def test_a_child_of_a_child_is_rejected(run: Run) -> None:
    def chain(strategy: Any) -> list[Any]:
        parent = strategy.buy(transmit=False)
        child = strategy.sell(parent=parent, transmit=False)
        return [parent, child, strategy.sell(parent=child)]

    assert run(RISE, {1: chain}).strategy.issued[2].getstatusname() == "Rejected"


def test_a_child_of_an_order_that_was_executed_waits_for_ever(run: Run) -> None:
    def late(strategy: Any) -> Any:
        return strategy.sell(exectype=Order.Limit, price=5.0, parent=strategy.issued[0])

    done = run(RISE, {1: lambda s: s.buy(), 3: late})
    assert done.strategy.issued[1].getstatusname() == "Accepted"
    assert not done.strategy.issued[1].active()


def test_an_order_that_is_not_transmitted_is_not_there(run: Run) -> None:
    done = run(RISE, {1: lambda s: s.buy(transmit=False)})
    assert done.fills() == []
    assert done.strategy.issued[0].status == Order.Created


def test_the_last_child_sends_the_whole_family(run: Run) -> None:
    def family(strategy: Any) -> list[Any]:
        parent = strategy.buy(transmit=False)
        first = strategy.sell(exectype=Order.Stop, price=8.5, parent=parent, transmit=False)
        return [parent, first, strategy.sell(exectype=Order.Limit, price=12.5, parent=parent)]

    assert run(RISE, {1: family}).fills() == [(0, 1, 10.0), (2, -1, 12.5)]


def test_an_execution_cancels_the_rest_of_the_group(run: Run) -> None:
    def group(strategy: Any) -> list[Any]:
        first = strategy.buy(exectype=Order.Limit, price=9.5)
        second = strategy.buy(exectype=Order.Limit, price=5.0, oco=first)
        return [first, second, strategy.buy(exectype=Order.Limit, price=4.0, oco=second)]

    done = run(RISE, {1: group})
    first, second, third = done.strategy.issued
    assert [order.getstatusname() for order in (first, second, third)] == [
        "Completed",
        "Canceled",
        "Canceled",
    ]
    assert second.reason == f"cancelled: order {first.ref} of the same OCO group was Completed"
    cancelled = [order.ref for order in done.orders if order.status == Order.Canceled]
    assert cancelled == [third.ref, second.ref]


@pytest.mark.parametrize("how", ["cancel", "expire", "margin"])
def test_any_end_of_a_member_cancels_the_group(run: Run, how: str) -> None:
    def group(strategy: Any) -> list[Any]:
        first = strategy.buy(exectype=Order.Limit, price=4.0)
        valid = dt.timedelta(days=1) if how == "expire" else None
        size = 100_000 if how == "margin" else 1
        return [first, strategy.buy(size=size, exectype=Order.Limit, price=5.0, oco=first, valid=valid)]

    def cancel(strategy: Any) -> None:
        if how == "cancel":
            strategy.cancel(strategy.issued[1])

    assert run(RISE, {1: group, 3: cancel}).strategy.issued[0].getstatusname() == "Canceled"


def test_an_order_executed_in_part_has_left_its_group(run: Run) -> None:
    def setup(cerebro: Any) -> None:
        cerebro.broker.set_filler(lambda order, price, ago: min(1, abs(order.executed.remsize)))

    def join(strategy: Any) -> Any:
        return strategy.buy(exectype=Order.Limit, price=4.0, oco=strategy.issued[0])

    def cancel(strategy: Any) -> None:
        strategy.cancel(strategy.issued[1])

    done = run(RISE, {1: lambda s: s.buy(size=9), 3: join, 5: cancel}, setup)
    assert done.strategy.issued[0].status == Order.Partial
    done = run(RISE, {1: lambda s: s.buy(size=9), 3: join}, setup)
    assert done.strategy.issued[1].getstatusname() == "Canceled"
