"""Orders that cannot work, and orders that will not do what they seem to ask for."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.unit.broker.conftest import flat

import backtrail as bt
from backtrail.errors import OrderError, OrderWarning

Order = bt.Order
Run = Callable[..., Any]


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"exectype": 9}, "exectype must be one of bt.Order.Market"),
        ({"exectype": "Limit"}, "got 'Limit'"),
        ({"exectype": Order.Limit, "price": "10"}, "price must be a number; got '10'"),
        ({"exectype": Order.StopLimit, "price": 10.0, "plimit": "10"}, "plimit must be a number"),
        ({"exectype": Order.StopTrail, "trailamount": "1"}, "trailamount must be a number"),
        ({"exectype": Order.StopTrail, "trailpercent": "1"}, "trailpercent must be a number"),
        ({"data": "gold"}, "has no data 'gold'"),
    ],
)
def test_an_order_that_no_broker_could_take_is_an_error(
    run: Run, given: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(OrderError) as caught:
        run(flat(4), {2: lambda s: s.buy(**given)})
    assert complaint in str(caught.value)


def test_a_name_that_is_nearly_right_is_suggested(run: Run) -> None:
    with pytest.raises(OrderError, match="Did you mean 'd0'"):
        run(flat(4), {2: lambda s: s.sell("d00")})


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"exectype": Order.Limit}, "a Limit order needs a price; the current close is taken"),
        ({"exectype": Order.Stop}, "a Stop order needs a price"),
        ({"exectype": Order.StopLimit}, "a StopLimit order needs a price"),
        ({"exectype": Order.StopLimit, "price": 11.0}, "a StopLimit order needs plimit"),
        ({"exectype": Order.Limit, "price": 9.0, "plimit": 8.0}, "a Limit order takes no plimit"),
        (
            {"exectype": Order.StopTrail, "price": 9.0, "plimit": 8.0, "trailamount": 1.0},
            "a StopTrail order takes no",
        ),
        ({"price": 9.0}, "a Market order takes no price"),
        ({"exectype": Order.Close, "price": 9.0}, "a Close order takes no price"),
        ({"exectype": Order.StopTrail}, "a StopTrail order needs trailamount or trailpercent"),
        ({"exectype": Order.Limit, "price": 9.0, "trailamount": 1.0}, "a Limit order does not trail"),
        ({"exectype": Order.Limit, "price": math.nan}, "price is nan"),
        ({"size": math.nan}, "size is nan: no cash suffices"),
        ({"size": math.inf}, "size is inf: no cash suffices"),
    ],
)
def test_an_order_that_is_not_what_it_seems_is_warned_of(
    run: Run, given: dict[str, Any], complaint: str
) -> None:
    with pytest.warns(OrderWarning) as caught:
        run(flat(4), {2: lambda s: s.buy(**given)})
    assert [w for w in caught if complaint in str(w.message)]
    assert "d0" in str(caught[0].message)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"price": 10.0},
        {"exectype": Order.Limit, "price": 9.0},
        {"exectype": Order.Limit, "price": np.float64(9.0)},
        {"exectype": Order.StopLimit, "price": 11.0, "plimit": 11.5},
        {"exectype": Order.StopTrail, "trailpercent": 0.1},
        {"exectype": Order.StopTrailLimit, "price": 9.0, "plimit": 8.0, "trailamount": 1.0},
        {"exectype": Order.Close, "size": np.int64(2)},
    ],
)
def test_a_right_order_is_not_warned_of(run: Run, given: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", OrderWarning)
        run(flat(4), {2: lambda s: s.buy(**given)})


def test_the_price_of_a_target_value_is_for_the_size(run: Run) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", OrderWarning)
        done = run(flat(4), {2: lambda s: s.order_target_value(target=100.0, price=5.0)})
        assert done.strategy.position.size == 20
        broker = bt.brokers.BackBroker(checksubmit=False)
        assert run(
            flat(4), {2: lambda s: s.order_target_value(target=100.0, price=5.0)}, broker=broker
        ).fills()


def test_a_warning_points_at_the_line_of_the_user(run: Run) -> None:
    def issue(strategy: Any) -> None:
        strategy.buy(exectype=Order.Limit)
        strategy.sell(exectype=Order.Limit, price=math.nan)

    with pytest.warns(OrderWarning) as caught:
        run(flat(4), {2: issue})
    assert {w.filename for w in caught} == {__file__}


def test_an_order_at_no_number_says_so_instead_of_asking_for_cash(run: Run) -> None:
    with pytest.warns(OrderWarning, match="price is nan"):
        outcome = run(flat(4), {2: lambda s: s.buy(exectype=Order.Limit, price=math.nan)})
    order = outcome.orders[-1]
    assert order.status == Order.Margin
    assert order.reason.startswith("refused for margin: what buying 1 of d0 at nan takes is not known.")
    assert order.reason.endswith("is an indicator still warming up?")
