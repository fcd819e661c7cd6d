"""Orders under the rules of an instrument: prices and sizes rounded or refused, least values, the multiplier."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import backtrail as bt
from backtrail.errors import ParameterValueError
from backtrail.market.instrument import on_step


def bars(count: int = 6) -> pd.DataFrame:
    index = pd.date_range("2024-01-01", periods=count, freq="D")
    frame = pd.DataFrame(
        {"open": 100.0, "high": 101.0, "low": 99.0, "close": 100.0, "volume": 1.0}, index=index
    )
    return frame


def run(issue: Any, *rules: Any, setup: Any = None, **options: Any) -> Any:
    """Call *issue* with the strategy on the first bar, under *rules* (pairs of name and instrument)."""

    class Issuing(bt.Strategy):
        def __init__(self) -> None:
            self.told: list[tuple[int, str, str]] = []

        def notify_order(self, order: Any) -> None:
            self.told.append((order.ref - first, order.getstatusname(), order.reason))

        def next(self) -> None:
            if len(self) == 1:
                self.issued = issue(self)

    cerebro = bt.Cerebro(stdstats=False, **options)
    for name in ("es", "other"):
        cerebro.adddata(bt.feeds.PandasData(dataname=bars()), name=name)
    if setup is not None:
        setup(cerebro.broker)
    for name, instrument in rules:
        cerebro.broker.set_instrument(name, instrument)
    cerebro.addstrategy(Issuing)
    first = next(bt.Order.refbasis)
    strategy = cerebro.run()[0]
    return strategy.issued, strategy


LIMIT, STOP = bt.Order.Limit, bt.Order.Stop


@pytest.mark.parametrize(
    ("side", "exectype", "price", "rounded"),
    [
        ("buy", LIMIT, 99.3, 99.25),
        ("sell", LIMIT, 100.6, 100.75),
        ("buy", STOP, 100.6, 100.75),
        ("sell", STOP, 99.3, 99.25),
        ("buy", LIMIT, 99.25, 99.25),
    ],
)
def test_prices_are_rounded_to_the_passive_side(
    side: str, exectype: int, price: float, rounded: float
) -> None:
    def issue(strategy: Any) -> Any:
        return getattr(strategy, side)(size=1, exectype=exectype, price=price)

    order, strategy = run(issue, ("es", bt.Instrument(tick_size=0.25)))
    assert (order.created.price, order.price, order.p.price) == (rounded, rounded, rounded)
    assert order.executed.price == rounded
    assert strategy.told[-1][1] == "Completed"


def test_stop_limits_round_both_prices_and_trails_their_distance() -> None:
    rules = ("es", bt.Instrument(tick_size=0.25))
    order, _ = run(lambda s: s.buy(size=1, exectype=bt.Order.StopLimit, price=103.1, plimit=103.9), rules)
    assert (order.created.price, order.created.pricelimit, order.plimit) == (103.25, 103.75, 103.75)
    order, _ = run(lambda s: s.sell(size=1, exectype=bt.Order.StopTrail, trailamount=5.1), rules)
    assert (order.trailamount, order.created.price) == (5.25, 94.75)


def test_off_tick_prices_can_be_refused() -> None:
    rules = ("es", bt.Instrument(tick_size=0.25, prices="refuse"))
    order, strategy = run(lambda s: s.buy(size=1, exectype=LIMIT, price=99.3, note="mine"), rules)
    assert order.status == bt.Order.Rejected
    assert "its price 99.3 is not a multiple of the tick size 0.25 of es" in order.reason
    assert order.info.note == "mine"
    assert strategy.told == [(1, "Rejected", order.reason)]
    assert strategy.position.size == 0


@pytest.mark.parametrize(
    ("rules", "size", "traded"),
    [
        ({"lot_step": 1}, 10.7, 10),
        ({"lot_step": 0.001}, 0.0019999999, 0.002),
        ({"lot_step": 0.001}, 0.0019, 0.001),
        ({"lot_step": 5}, 12, 10),
        ({"minimum_size": 3.0}, 3, 3),
        ({"minimum_notional": 200.0}, 2, 2),
    ],
)
def test_sizes_are_cut_to_whole_lots(rules: Any, size: float, traded: float) -> None:
    order, strategy = run(lambda s: s.sell(size=size), ("es", bt.Instrument(**rules)))
    assert (order.size, order.created.size, order.p.size) == (-traded, -traded, traded)
    assert strategy.position.size == -traded


@pytest.mark.parametrize(
    ("rules", "size", "words"),
    [
        ({"lot_step": 1}, 0.4, "its size 0.4 is less than the lot step 1 of es"),
        ({"lot_step": 1, "sizes": "refuse"}, 1.5, "its size 1.5 is not a multiple of the lot step 1 of es"),
        ({"minimum_size": 2}, 1, "its size 1 is less than the minimum size 2 of es"),
        ({"maximum_size": 2}, 3, "its size 3 is more than the maximum size 2 of es"),
        (
            {"minimum_notional": 201},
            2,
            "its value 200.0 (2 at 100.0, multiplier 1.0) is less than the minimum",
        ),
    ],
)
def test_sizes_beyond_the_rules_are_refused(rules: Any, size: float, words: str) -> None:
    order, strategy = run(lambda s: s.buy(size=size), ("es", bt.Instrument(**rules)))
    assert order.status == bt.Order.Rejected
    assert words in order.reason
    assert strategy.position.size == 0


def test_a_price_that_is_not_a_number_stays_what_it_is() -> None:
    with pytest.warns(bt.OrderWarning):
        order, _ = run(
            lambda s: s.buy(size=1, exectype=LIMIT, price=math.nan), ("es", bt.Instrument(tick_size=0.25))
        )
    assert math.isnan(order.created.price)
    assert order.status == bt.Order.Margin  # as without rules


def test_steps_may_be_numbers_of_numpy() -> None:
    rules = bt.Instrument(tick_size=np.float64(0.25), lot_step=np.float64(0.5))
    order, _ = run(
        lambda s: s.buy(size=np.float64(1.7), exectype=LIMIT, price=np.float64(99.3)), ("es", rules)
    )
    assert (order.size, order.created.price) == (1.5, 99.25)


def test_rules_hold_for_a_name_a_data_or_all_others() -> None:
    tenths, ones = bt.Instrument(lot_step=0.1), bt.Instrument(lot_step=1)

    def both(strategy: Any) -> Any:
        return [strategy.buy(data, size=1.25).size for data in strategy.datas]

    assert run(both, ("es", ones))[0] == [1, 1.25]
    assert run(both, (None, ones))[0] == [1, 1]
    assert run(both, setup=lambda broker: broker.set_instrument(broker.cerebro.datas[1], ones))[0] == [
        1.25,
        1,
    ]
    assert run(both, (None, ones), ("other", tenths))[0] == [1, 1.2]
    assert run(both, (None, ones), (None, None))[0] == [1.25, 1.25]


def test_orders_that_close_the_position_may_have_any_size() -> None:
    rules = bt.Instrument(lot_step=1, minimum_notional=150.0)

    class Closing(bt.Strategy):
        def next(self) -> None:
            if len(self) == 1:
                self.buy(size=0.5)
            elif len(self) == 3:
                self.broker.set_instrument(self.data, rules)
                assert self.broker.get_instrument(self.data) is rules
                self.refused = self.sell(size=0.25)
                self.closing = self.close()

    cerebro = bt.Cerebro()
    cerebro.adddata(bt.feeds.PandasData(dataname=bars()), name="es")
    cerebro.addstrategy(Closing)
    strategy = cerebro.run()[0]
    assert strategy.refused.status == bt.Order.Rejected
    assert strategy.closing.status == bt.Order.Completed


def test_a_bracket_with_a_refused_part_is_given_up() -> None:
    rules = ("es", bt.Instrument(tick_size=0.25, prices="refuse"))
    for prices in ({"price": 99.3}, {"stopprice": 90.1}, {"limitprice": 120.1}):
        terms = {"price": 99.5, "stopprice": 90.0, "limitprice": 120.0, **prices}
        orders, strategy = run(lambda s, terms=terms: s.buy_bracket(size=1, **terms), rules)
        assert strategy.position.size == 0
        assert not any(order.alive() for order in orders)
        assert sum("tick size" in order.reason for order in orders) == 1
        assert all(order.reason for order in orders)


def test_the_children_of_a_bracket_take_the_rounded_size() -> None:
    rules = ("es", bt.Instrument(lot_step=2))
    orders, _ = run(lambda s: s.buy_bracket(size=5, price=99.5, stopprice=90, limitprice=120), rules)
    assert [order.size for order in orders] == [4, -4, -4]


def test_the_multiplier_counts_in_profit_and_notional() -> None:
    def futures(broker: Any) -> None:
        broker.setcommission(commission=1.0, margin=500.0, name="es")
        broker.setcommission(commission=1.0, margin=300.0)

    rules = ("es", bt.Instrument(multiplier=50.0, minimum_notional=5000.0))
    order, strategy = run(lambda s: s.buy(size=1), rules, setup=futures)
    assert order.status == bt.Order.Completed
    assert order.comminfo.p.mult == 50.0
    assert order.comminfo.p.margin == 500.0
    assert strategy.broker.getcommissioninfo(strategy.datas[1]).p.mult == 1.0


def test_a_multiplier_needs_futures() -> None:
    with pytest.raises(ParameterValueError, match="commission scheme of futures for es"):
        run(lambda s: None, ("es", bt.Instrument(multiplier=50.0)))


def test_the_scheme_says_the_multiplier_of_the_notional() -> None:
    rules = ("es", bt.Instrument(minimum_notional=5000.0))
    order, _ = run(lambda s: s.buy(size=1), rules, setup=lambda b: b.addcommissioninfo(bt.commissions.MES()))
    assert "500.0 (1 at 100.0, multiplier 5.0) is less" in order.reason


@pytest.mark.parametrize("options", [{}, {"runonce": False}, {"exactbars": 1}, {"stdstats": True}])
def test_every_mode_gives_the_same(options: Any) -> None:
    rules = ("es", bt.Instrument(tick_size=0.5, lot_step=3, minimum_size=6))

    def issue(strategy: Any) -> Any:
        return [strategy.buy(size=size, exectype=LIMIT, price=99.7) for size in (2, 5, 7, 30)]

    options = {"stdstats": False, **options}
    cerebro_options = {name: value for name, value in options.items() if name != "stdstats"}
    orders, strategy = run(issue, rules, **cerebro_options)
    assert [order.getstatusname() for order in orders] == ["Rejected", "Rejected", "Completed", "Completed"]
    assert strategy.position.size == 36
    assert strategy.position.price == 99.5


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"tick_size": 0}, "tick_size must be a finite number above 0"),
        ({"lot_step": math.nan}, "lot_step must be"),
        ({"minimum_size": "1"}, "minimum_size must be"),
        ({"multiplier": True}, "multiplier must be"),
        ({"prices": "nearest"}, "prices must be one of"),
        ({"minimum_size": 5, "maximum_size": 1}, "at most maximum_size"),
    ],
)
def test_wrong_rules_are_named(rules: Any, words: str) -> None:
    with pytest.raises(ParameterValueError, match=words):
        bt.Instrument(**rules)


def test_only_instruments_are_taken() -> None:
    with pytest.raises(ParameterValueError, match=r"must be a backtrail\.Instrument; got 0\.25"):
        bt.Cerebro().broker.set_instrument("es", 0.25)


@given(
    st.integers(0, 10**7),
    st.sampled_from([0.01, 0.25, 0.005, 1, 1e-8, 0.1, 12.5]),
    st.floats(0.001, 0.999),
    st.booleans(),
)
def test_rounding_gives_the_decimal_multiple_next_to_the_value(
    count: int, step: float, part: float, up: bool
) -> None:
    exact = float(count * Decimal(repr(step)))
    assert on_step(exact, step, up) == exact
    between = exact + part * step
    assert on_step(between, step, up) == float((count + up) * Decimal(repr(step)))
