"""Orders by themselves: identity, parameters, copies, states, executions."""

from __future__ import annotations

import copy
import datetime as dt
import pickle
from types import SimpleNamespace
from typing import Any

import pytest

from backtrail.market.execution import OrderData, OrderExecutionBit
from backtrail.market.order import (
    BuyOrder,
    Order,
    OrderBase,
    SellOrder,
    StopBuyOrder,
    StopLimitBuyOrder,
    StopLimitSellOrder,
    StopSellOrder,
)


class Line(list[float]):
    def datetime(self, ago: int = 0) -> dt.datetime:
        return dt.datetime(1999, 9, 3, 12)

    def date(self, ago: int = 0) -> dt.date:
        return dt.date(1999, 9, 3)


class Data:
    """What an order asks of its data."""

    _name = "d"
    p = SimpleNamespace(sessionend=dt.time(17))

    def __init__(self) -> None:
        self.datetime = Line([730000.5])
        self.close = Line([10.25])

    def __len__(self) -> int:
        return 5

    def num2date(self, number: float) -> dt.datetime:
        return dt.datetime(1, 1, 1) + dt.timedelta(days=number - 1)

    def date2num(self, moment: dt.date) -> float:
        if not isinstance(moment, dt.datetime):
            moment = dt.datetime.combine(moment, dt.time())
        return (moment - dt.datetime(1, 1, 1)).total_seconds() / 86400 + 1


def buy(**given: Any) -> BuyOrder:
    return BuyOrder(data=Data(), **{"size": 3, **given})


def sell(**given: Any) -> SellOrder:
    return SellOrder(data=Data(), **{"size": 3, **given})


def execute(order: OrderBase, size: float, price: float) -> None:
    order.execute(730001.0, size, price, 0, 0.0, 0.0, size, size * price, 1.0, 5.0, 0.5, size, price)


def test_orders_are_numbered_one_after_the_other() -> None:
    first, second = buy(), sell()
    assert second.ref == first.ref + 1


def test_orders_compare_by_number_and_with_anything() -> None:
    order = buy()
    assert order == order.clone()
    assert order != buy()
    assert order != None  # noqa: E711 - the comparison is what is tested
    assert not order == None  # noqa: E711, SIM201
    assert order != "order"


def test_orders_are_found_in_sets_and_dicts() -> None:
    order = buy()
    assert order.clone() in {order}
    assert {order: 1}[order.clone()] == 1


def test_the_size_of_a_sell_is_negative_but_its_parameter_is_not() -> None:
    order = sell(size=7)
    assert (order.size, order.p.size, order.created.size, order.executed.remsize) == (-7, 7, -7, -7)


def test_parameters_are_those_of_the_creation() -> None:
    order = buy(price=9.0, valid=dt.date(2030, 1, 1), tradeid=4)
    assert order.params is order.p
    assert (order.p.price, order.p.tradeid, order.p.exectype) == (9.0, 4, None)
    assert buy(exectype=Order.Market).p.exectype == Order.Market
    assert order.p.valid == dt.date(2030, 1, 1)
    assert isinstance(order.valid, float)
    assert Order.params.transmit is True
    assert Order.params._getkeys()[0] == "owner"


def test_setting_a_parameter_sets_the_order() -> None:
    order = buy(price=9.0)
    order.p.price = 8.0
    order.p.size = 5
    assert order.price == 8.0
    assert order.size == 3
    assert order["price"] == 8.0


def test_copies_share_what_was_asked_and_what_was_attached() -> None:
    order = buy(price=9.0)
    copied = order.clone()
    order.info.note = "mine"
    assert copied.info.note == "mine"
    assert copied.created is order.created
    assert copied.executed is not order.executed


def test_info_makes_what_is_read() -> None:
    order = buy()
    order.addinfo(a=1)
    assert order.info["a"] == order.info.a == 1
    assert order.info.b == {}
    order.info = {"c": 2}
    assert order.info == {"c": 2}


def test_copies_of_an_order_without_prices_know_them_too() -> None:
    order = object.__new__(BuyOrder)
    order.ref, order.owner, order.data, order.size, order.exectype = 1, None, Data(), 2, 0
    order._dt, order._pclose, order.status = 730000.5, 10.25, 1
    copied = order.clone()
    assert copied.created is order.created
    assert (copied.created.price, copied.created.plimit, copied.created.dt) == (10.25, None, 730000.5)


def test_executions_average_their_price() -> None:
    order = buy(size=10)
    execute(order, 3, 10.0)
    assert (order.status, order.executed.remsize, len(order.executed)) == (Order.Partial, 7, 1)
    execute(order, 7, 20.0)
    done = order.executed
    assert (order.status, done.remsize, done.size) == (Order.Completed, 0, 10)
    assert (done.price, done.value, done.comm, done.pnl, done.margin) == (17.0, 170.0, 2.0, 1.0, 5.0)
    assert done[1].price == 20.0


def test_an_execution_of_nothing_leaves_no_trace() -> None:
    order = buy()
    execute(order, 0, 10.0)
    assert len(order.executed) == 0
    assert order.status == Order.Partial


def test_each_copy_tells_what_came_since_the_one_before() -> None:
    order = buy(size=10)
    execute(order, 3, 10.0)
    first = order.clone()
    execute(order, 4, 11.0)
    execute(order, 3, 12.0)
    second = order.clone()
    assert [bit.price for bit in first.executed.getpending()] == [10.0]
    assert [bit.price for bit in second.executed.iterpending()] == [11.0, 12.0]


def test_an_order_executed_at_once_shows_its_execution() -> None:
    order = buy(size=2)
    order.comminfo = SimpleNamespace(margin=None)
    order._bit = (730001.0, 2, 11.0, 0, 0.0, 0.0, 2, 22.0, 0.5, 0.0, 2, 11.0)
    done = order.executed
    assert (done.size, done.price, done.remsize, done.comm, done.p1, done.p2) == (2, 11.0, 0, 0.5, 0, 1)
    assert order.clone().executed.getpending() == []


@pytest.mark.parametrize("state", ["cancel", "margin", "reject"])
def test_ends_take_the_time_of_the_bar(state: str) -> None:
    order = buy()
    getattr(order, state)()
    assert order.executed.dt == 730000.5
    assert not order.alive()


def test_an_end_after_an_execution_takes_the_later_time() -> None:
    order = buy(size=4)
    execute(order, 1, 10.0)
    order.cancel()
    assert order.executed.dt == 730000.5
    assert order.executed.size == 1


def test_simulated_orders_touch_neither_time_nor_session() -> None:
    order = BuyOrder(
        data=SimpleNamespace(), size=1, price=5.0, exectype=Order.Limit, simulated=True, valid=7.0
    )
    order.submit()
    order.accept()
    order.cancel()
    assert (order.created.dt, order.created.pclose, order.dteos, order.executed.dt) == (0.0, 5.0, 0.0, None)
    assert order.valid == 7.0


def test_an_order_is_rejected_once() -> None:
    order = buy()
    broker = SimpleNamespace(orderstatus=lambda order: order.status)
    assert order.reject(broker)
    assert not order.reject(broker)
    assert order.broker is broker
    assert order.brokerstatus() == Order.Rejected


def test_states_and_kinds_have_names() -> None:
    order = sell(exectype=Order.StopLimit, price=9.0, pricelimit=8.0)
    assert (order.getstatusname(), order.getstatusname(Order.Margin)) == ("Created", "Margin")
    assert (order.getordername(), order.getordername(Order.StopTrail)) == ("StopLimit", "StopTrail")
    assert (order.ordtypename(), order.ordtypename(Order.Buy)) == ("Sell", "Buy")
    assert Order.ExecType("Limit") == Order.Limit
    assert (order.isbuy(), order.issell()) == (False, True)
    assert Order.Cancelled == Order.Canceled
    order.partial()
    assert order.getstatusname() == "Partial"
    order.completed()
    assert order.brokerstatus() == Order.Completed


def test_children_are_active_once_activated() -> None:
    order = buy()
    order._active = False
    order.activate()
    assert order.active()


def test_what_is_attached_by_the_broker() -> None:
    order = buy()
    order.setposition("position")
    order.addcomminfo("scheme")
    assert (order.position, order.comminfo) == ("position", "scheme")


def test_the_limit_can_be_read_and_set() -> None:
    order = buy(exectype=Order.StopLimit, price=9.0, pricelimit=8.0)
    order.plimit = 7.0
    order.created.plimit = 6.0
    assert (order.plimit, order.created.plimit, order.created.pricelimit) == (7.0, 6.0, 8.0)


def test_a_valid_of_0_is_the_end_of_the_day() -> None:
    assert buy(exectype=Order.Limit, valid=0).valid == buy(exectype=Order.Limit, valid=Order.DAY).valid


def test_a_valid_that_is_no_time_is_kept_as_it_is() -> None:
    assert buy(exectype=Order.Limit, valid=True).valid is True


def test_the_session_of_a_late_order_ends_on_the_next_day() -> None:
    order = buy(exectype=Order.Close)
    order._dt = 0.0
    order.created.dt = 730000.9
    assert order.dteos == pytest.approx(730001.0 + 17 / 24)


def test_the_base_never_trails_and_always_expires() -> None:
    order = object.__new__(OrderBase)
    assert order.trailadjust(5.0) is None
    assert order.expire()


def test_the_base_counts_executions_without_a_state() -> None:
    class Plain(OrderBase):
        ordtype = OrderBase.Buy

    order = Plain(data=Data(), size=2)
    execute(order, 1, 10.0)
    assert order.status == Order.Created
    assert order.executed.remsize == 1
    assert Plain(data=Data()).size is None


def test_orders_print_what_they_are() -> None:
    text = str(buy(price=9.0, exectype=Order.Limit))
    assert "OrdType: Buy" in text
    assert "ExecType: Limit" in text
    assert "Price: 9.0" in text
    assert "Alive: True" in text
    assert repr(buy()).endswith("Buy Market 3 Created>")


@pytest.mark.parametrize("cls", [StopBuyOrder, StopLimitBuyOrder, StopSellOrder, StopLimitSellOrder])
def test_the_old_names_are_orders(cls: type[Order]) -> None:
    assert cls(data=Data(), size=1).isbuy() == (cls.ordtype == Order.Buy)


def test_execution_bits_are_named_values() -> None:
    bit = OrderExecutionBit(1.0, 2, 3.0, 4, 5.0, 6.0, 7, 8.0, 9.0, 10.0, 11, 12.0)
    names = (
        "dt",
        "size",
        "price",
        "closed",
        "closedvalue",
        "closedcomm",
        "opened",
        "openedvalue",
        "openedcomm",
    )
    assert [getattr(bit, name) for name in names] == [1.0, 2, 3.0, 4, 5.0, 6.0, 7, 8.0, 9.0]
    assert (bit.pnl, bit.psize, bit.pprice, bit.value, bit.comm) == (10.0, 11, 12.0, 13.0, 15.0)
    assert copy.copy(bit) == bit
    assert pickle.loads(pickle.dumps(bit)).price == 3.0
    assert "price=3.0" in repr(bit)
    assert OrderExecutionBit().dt is None


def test_order_data_takes_executions() -> None:
    data = OrderData(remsize=5)
    data.add(1.0, 2, 3.0, pnl=4.0)
    assert (data.remsize, data.pnl, len(data)) == (3, 4.0, 1)
    data.markpending()
    assert (data.p1, data.p2) == (0, 1)
    assert "remsize=3" in repr(data)


def test_there_is_no_reason_before_there_is_one() -> None:
    order = buy()
    assert order.reason == ""
    order._why = ("expired: later than {0}", 5)
    assert order.reason == "expired: later than 5"


def test_descriptors_of_the_class_show_themselves() -> None:
    assert Order.created is Order.__dict__.get("created", OrderBase.__dict__["created"])
    assert Order.executed is OrderBase.__dict__["executed"]
