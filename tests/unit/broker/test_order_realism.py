"""Orders beyond backtrader's rules: ways through a bar, live brackets, volume shares, margin calls."""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import backtrail as bt
from backtrail.broker.path import Path
from backtrail.errors import ParameterValueError
from backtrail.market.order import Order

from .conftest import Bar, Outcome, flat

Run = Callable[..., Outcome]
BackBroker = bt.brokers.BackBroker


# -- the way through a bar ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bar", "points"),
    [
        ((10.0, 20.0, 9.0, 15.0), (10.0, 9.0, 20.0, 15.0)),
        ((10.0, 11.0, 5.0, 6.0), (10.0, 11.0, 5.0, 6.0)),
        ((10.0, 12.0, 8.0, 11.0), (10.0, 8.0, 12.0, 11.0)),
        ((10.0, 12.0, 8.0, 9.0), (10.0, 12.0, 8.0, 9.0)),
        ((10.0, 10.0, 10.0, 10.0), (10.0, 10.0, 10.0, 10.0)),
    ],
)
def test_the_price_goes_to_the_nearer_extreme_first(bar: Bar, points: Bar) -> None:
    assert Path(*bar).points == points


def test_prices_are_reached_in_their_place() -> None:
    path = Path(10.0, 20.0, 9.0, 15.0)
    assert path.reach(9.5, up=False) == 0.5
    assert path.reach(20.0, up=True) == 2.0
    assert path.reach(14.5, up=True) == 1.5
    assert path.reach(17.5, up=False, since=2.0) == 2.5
    assert path.reach(21.0, up=True) is None
    assert path.reach(8.0, up=False) is None
    assert path.reach(12.0, up=False) == 0.0
    assert path.price(1.5) == 14.5
    assert path.price(3.0) == 15.0
    assert path.rest(1.5) == (14.5, 20.0, 14.5, 15.0)


PRICES = st.lists(st.integers(1, 50), min_size=4, max_size=4)


@given(PRICES, st.integers(1, 50), st.booleans(), st.floats(0.0, 3.0))
def test_a_place_is_where_the_price_is_first_reached(
    prices: list[int], level: int, up: bool, since: float
) -> None:
    low, first, last, high = sorted(prices)
    path = Path(float(first), float(high), float(low), float(last))
    place = path.reach(level, up, since)
    rest = path.rest(since)
    reachable = rest.high >= level if up else rest.low <= level
    assert (place is not None) == reachable
    if place is not None:
        assert since <= place <= 3.0
        beyond = rest.open >= level if up else rest.open <= level
        assert path.price(place) == pytest.approx(rest.open if beyond else level)
        before = path.rest(since).open
        assert place == since or (before < level if up else before > level)


# -- orders in the order of prices -------------------------------------------------------------------------------------

RISES_LAST: Bar = (10.0, 15.0, 9.0, 14.0)
FALLS_LAST: Bar = (10.0, 11.0, 5.0, 6.0)


def oco(strategy: Any) -> list[Any]:
    """A target above and a stop below, of which one cancels the other; the target is issued first."""
    target = strategy.sell(size=1, exectype=Order.Limit, price=10.5)
    return [target, strategy.sell(size=1, exectype=Order.Stop, price=9.5, oco=target)]


@pytest.mark.parametrize(("bar", "first"), [(RISES_LAST, (1, -1, 9.5)), (FALLS_LAST, (0, -1, 10.5))])
def test_the_price_that_comes_first_is_executed_first(run: Run, bar: Bar, first: tuple[Any, ...]) -> None:
    bars = [*flat(1), bar, *flat(1)]
    assert run(bars, {1: oco}).fills() == [(0, -1, 10.5)]
    assert run(bars, {1: oco}, broker=BackBroker(price_order=True)).fills() == [first]


def test_orders_at_the_open_keep_the_order_of_issue(run: Run) -> None:
    plan = {1: lambda s: [s.buy(size=3, exectype=Order.Limit, price=12.0), s.buy(size=1), s.sell(size=2)]}
    found = run([*flat(1), RISES_LAST, *flat(1)], plan, broker=BackBroker(price_order=True))
    assert found.fills() == [(0, 3, 10.0), (1, 1, 10.0), (2, -2, 10.0)]


def test_an_order_that_is_not_reached_waits_in_its_place(run: Run) -> None:
    def issue(s: Any) -> list[Any]:
        return [s.buy(size=n, exectype=Order.Limit, price=p) for n, p in ((1, 7.0), (2, 9.5), (3, 7.0))]

    found = run([*flat(1), RISES_LAST, FALLS_LAST], {1: issue}, broker=BackBroker(price_order=True))
    assert found.fills() == [(1, 2, 9.5), (0, 1, 7.0), (2, 3, 7.0)]


def test_close_orders_are_executed_last(run: Run) -> None:
    plan = {1: lambda s: [s.buy(exectype=Order.Close), s.buy(exectype=Order.Limit, price=9.5)]}
    found = run([*flat(1), RISES_LAST], plan, broker=BackBroker(price_order=True))
    assert found.fills() == [(1, 1, 9.5), (0, 1, 14.0)]


def test_orders_expire_before_they_are_matched(run: Run) -> None:
    import datetime as dt

    plan = {1: lambda s: s.buy(exectype=Order.Limit, price=5.0, valid=dt.timedelta(days=1))}
    found = run([*flat(2), FALLS_LAST], plan, broker=BackBroker(price_order=True))
    assert found.fills() == []
    assert found.statuses(found.strategy.issued[0]) == ["Submitted", "Accepted", "Expired"]
    assert found.strategy.issued[0].reason.startswith("expired")


STOP_LIMITS: list[tuple[Bar, float, float, Any]] = [
    # open 10, down to 9, up to 15, close 14
    (RISES_LAST, 12.0, 13.0, (0, 1, 12.0)),
    (RISES_LAST, 12.0, 11.0, None),
    (RISES_LAST, 12.0, 9.5, None),
    (RISES_LAST, 9.5, 10.5, (0, 1, 10.0)),
    (RISES_LAST, 9.5, 9.2, (0, 1, 9.2)),
    # open 10, up to 11, down to 5, close 6
    (FALLS_LAST, 10.5, 10.2, (0, 1, 10.2)),
    (FALLS_LAST, 12.0, 12.0, None),
]


@pytest.mark.parametrize(("bar", "stop", "limit", "fill"), STOP_LIMITS)
def test_the_limit_of_a_stop_limit_order_is_met_after_its_stop(
    run: Run, bar: Bar, stop: float, limit: float, fill: Any
) -> None:
    plan = {1: lambda s: s.buy(size=1, exectype=Order.StopLimit, price=stop, plimit=limit)}
    found = run([*flat(1), bar], plan, broker=BackBroker(price_order=True))
    assert found.fills() == ([] if fill is None else [fill])


# -- trailing stops ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Order.StopTrail, Order.StopTrailLimit])
def test_a_trailing_stop_follows_the_extreme_and_is_hit_on_the_same_bar(run: Run, kind: int) -> None:
    """10 → 9.5 → 15 → 12: the stop goes up to 13 on the way, and the price falls through it."""
    bars: list[Bar] = [*flat(1), (10.0, 15.0, 9.5, 12.0), *flat(2, 12.0)]
    prices = {} if kind == Order.StopTrail else {"price": 10.0, "plimit": 9.0}
    plan = {1: lambda s: s.sell(size=1, exectype=kind, trailamount=2.0, **prices)}
    assert run(bars, plan).fills() == []
    assert run(bars, plan, broker=BackBroker(trail_extremes=True)).fills() == [(0, -1, 12.0)]
    strict = run(bars, plan, broker=BackBroker(trail_extremes=True, price_order=True))
    assert strict.fills() == [(0, -1, 13.0)]


def test_a_trailing_buy_follows_the_low(run: Run) -> None:
    """10 → 10.5 → 5 → 8: the stop comes down to 7 and is hit on the way back up."""
    bars: list[Bar] = [*flat(1), (10.0, 10.5, 5.0, 8.0), *flat(1, 8.0)]
    plan = {1: lambda s: s.buy(size=1, exectype=Order.StopTrail, trailpercent=0.4)}
    assert run(bars, plan, broker=BackBroker(trail_extremes=True, price_order=True)).fills() == [(0, 1, 7.0)]


def test_a_trailing_stop_that_opens_beyond_is_executed_at_the_open(run: Run) -> None:
    bars: list[Bar] = [*flat(1), (7.0, 7.0, 6.0, 6.5), *flat(1)]
    plan = {1: lambda s: s.sell(size=1, exectype=Order.StopTrail, trailamount=2.0)}
    assert run(bars, plan, broker=BackBroker(trail_extremes=True, price_order=True)).fills() == [(0, -1, 7.0)]


def test_without_extremes_trailing_stops_follow_the_close_in_order_of_prices_too(run: Run) -> None:
    bars: list[Bar] = [*flat(1), (10.0, 15.0, 9.5, 14.0), (14.0, 14.0, 11.0, 11.5), *flat(1)]
    plan = {1: lambda s: s.sell(size=1, exectype=Order.StopTrail, trailamount=2.0)}
    assert run(bars, plan).fills() == [(0, -1, 12.0)]
    assert run(bars, plan, broker=BackBroker(price_order=True)).fills() == [(0, -1, 12.0)]


# -- brackets ----------------------------------------------------------------------------------------------------------


def bracket(strategy: Any, **kwargs: Any) -> Any:
    terms = {"size": 1, "price": 9.5, "stopprice": 8.0, "limitprice": 12.0, **kwargs}
    return strategy.buy_bracket(**terms)


def outcome_of(run: Run, bars: list[Bar], **switches: Any) -> list[Any]:
    found = run(bars, {1: bracket}, broker=BackBroker(**switches))
    return [
        (*fill, next(o.executed.dt for o in found.orders if o.executed.size and o.executed.price == fill[2]))
        for fill in found.fills()
    ]


@pytest.mark.parametrize("price_order", [False, True])
def test_children_meet_the_rest_of_the_bar_of_their_parent(run: Run, price_order: bool) -> None:
    """10 → 9 → 15 → 14: in at 9.5 on the way down, out at the target of 12 on the way up."""
    bars = [*flat(1), RISES_LAST, *flat(2)]
    late = outcome_of(run, bars, price_order=price_order)
    assert [(n, size, price) for n, size, price, _ in late] == [(0, 1, 9.5)]
    live = outcome_of(run, bars, live_brackets=True, price_order=price_order)
    assert [(n, size, price) for n, size, price, _ in live] == [(0, 1, 9.5), (2, -1, 12.0)]
    assert live[0][3] == live[1][3]


def test_what_the_price_did_before_the_entry_does_not_count(run: Run) -> None:
    """10 → 13 → 5 → 6: 12 was reached before the entry at 9.5; the stop at 8 comes after it."""
    bars: list[Bar] = [*flat(1), (10.0, 13.0, 5.0, 6.0), *flat(1)]
    found = run(bars, {1: bracket}, broker=BackBroker(live_brackets=True))
    assert found.fills() == [(0, 1, 9.5), (1, -1, 8.0)]
    main, stop, limit = found.strategy.issued
    assert [o.getstatusname() for o in (main, stop, limit)] == ["Completed", "Completed", "Canceled"]


def test_the_child_that_is_reached_first_ends_the_bracket(run: Run) -> None:
    """10 → 9 → 13 → 7: in at the open, the stop at 9.2 is reached before the target at 12."""
    bars: list[Bar] = [*flat(1), (10.0, 13.0, 9.0, 9.1), *flat(1)]
    plan = {1: lambda s: bracket(s, exectype=Order.Market, price=None, stopprice=9.2)}
    found = run(bars, plan, broker=BackBroker(live_brackets=True))
    assert found.fills() == [(0, 1, 10.0), (1, -1, 9.2)]


def test_children_of_other_types_follow_on_the_same_bar(run: Run) -> None:
    def family(s: Any) -> list[Any]:
        main = s.buy(size=2, exectype=Order.Limit, price=9.5, transmit=False)
        trail = s.sell(size=2, exectype=Order.StopTrail, trailamount=1.0, parent=main, transmit=False)
        return [main, trail, s.sell(size=2, exectype=Order.Close, parent=main)]

    bars: list[Bar] = [*flat(1), (10.0, 15.0, 9.0, 13.0), *flat(1)]
    switches = {"live_brackets": True, "trail_extremes": True}
    assert run(bars, {1: family}, broker=BackBroker(**switches)).fills() == [(0, 2, 9.5), (1, -2, 9.0)]

    def at_once(s: Any) -> list[Any]:
        main = s.buy(size=2, exectype=Order.Limit, price=9.5, transmit=False)
        return [main, s.sell(size=2, parent=main)]

    assert run(bars, {1: at_once}, broker=BackBroker(**switches)).fills() == [(0, 2, 9.5), (1, -2, 9.5)]


def test_an_entry_at_the_open_of_its_own_bar_has_live_children(run: Run) -> None:
    class OnOpen(bt.Strategy):
        fills: list[Any]

        def start(self) -> None:
            self.fills = []

        def next_open(self) -> None:
            if len(self.data) == 2:
                bracket(self, exectype=Order.Market, price=None)

        def notify_order(self, order: Any) -> None:
            if order.status == order.Completed:
                self.fills.append((len(self), order.executed.price))

    from .conftest import frame

    cerebro = bt.Cerebro(stdstats=False, realism="strict", cheat_on_open=True)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame([*flat(1), (10.0, 15.0, 9.0, 14.0), *flat(1)])))
    cerebro.addstrategy(OnOpen)
    assert cerebro.run()[0].fills == [(2, 10.0), (2, 12.0)]


# -- volume ------------------------------------------------------------------------------------------------------------


def test_all_orders_of_a_bar_share_its_volume(run: Run) -> None:
    plan = {1: lambda s: [s.buy(size=15), s.buy(size=10), s.buy(size=4)]}
    assert run(flat(5), plan).fills() == [(0, 15, 10.0), (1, 10, 10.0), (2, 4, 10.0)]
    found = run(flat(5), plan, broker=BackBroker(volume_share=0.2))
    assert found.fills() == [(0, 15, 10.0), (1, 5.0, 10.0), (1, 5.0, 10.0), (2, 4, 10.0)]
    assert found.statuses(found.strategy.issued[1]) == ["Submitted", "Accepted", "Partial", "Completed"]


def test_whole_sizes_stay_whole_and_broken_ones_do_not(run: Run) -> None:
    plan = {1: lambda s: s.buy(size=3)}
    assert run(flat(4), plan, broker=BackBroker(volume_share=0.015)).fills() == [(0, 1.0, 10.0)] * 3
    plan = {1: lambda s: s.buy(size=2.5)}
    assert run(flat(4), plan, broker=BackBroker(volume_share=0.015)).fills() == [
        (0, 1.5, 10.0),
        (0, 1.0, 10.0),
    ]


def volumes(amounts: list[float]) -> Callable[[Any], None]:
    def setup(cerebro: Any) -> None:
        cerebro.datas[0].p.dataname["volume"] = amounts

    return setup


def test_a_bar_without_volume_executes_nothing_once_there_was_some(run: Run) -> None:
    plan = {2: lambda s: s.buy(size=1)}
    found = run(flat(5), plan, volumes([5.0, 5.0, 0.0, 5.0, 5.0]), BackBroker(volume_share=1.0))
    assert [o.executed.dt for o in found.orders if o.executed.size] == [found.strategy.data.datetime.array[3]]


@pytest.mark.parametrize("amount", [0.0, float("nan")])
def test_feeds_without_volume_are_not_limited(run: Run, amount: float) -> None:
    plan = {2: lambda s: s.buy(size=1)}
    found = run(flat(4), plan, volumes([amount] * 4), BackBroker(volume_share=0.1))
    assert found.fills() == [(0, 1, 10.0)]


def test_a_filler_decides_before_the_share_does(run: Run) -> None:
    broker = BackBroker(volume_share=0.5)
    broker.set_filler(bt.fillers.FixedSize(size=30))
    plan = {1: lambda s: [s.buy(size=40), s.buy(size=40)]}
    found = run(flat(3), plan, broker=broker)
    assert found.fills() == [(0, 30, 10.0), (1, 20.0, 10.0), (0, 10, 10.0), (1, 20.0, 10.0)]


# -- margin calls ------------------------------------------------------------------------------------------------------


def test_an_account_that_is_worth_too_little_is_closed_out(run: Run, caplog: Any) -> None:
    """Short 600 at 10 with 10,000: at 22 the account is worth 2,800, and 6,600 (half of 13,200) are needed."""
    bars = [*flat(2), *flat(1, 15.0), *flat(1, 22.0), *flat(2, 23.0)]
    plan = {1: lambda s: s.sell(size=600), 3: lambda s: s.buy(size=1, exectype=Order.Limit, price=1.0)}
    assert run(bars, plan).broker.getposition(run(bars, {}).strategy.data).size == 0
    caplog.clear()
    found = run(bars, plan, broker=BackBroker(margin_call=0.5))
    assert [(size, price) for _, size, price in _all_fills(found)] == [(-600, 10.0), (600, 23.0)]
    assert "Margin call: the account is worth 2800.0 and its positions need 6600.0" in caplog.text
    waiting = found.strategy.issued[1]
    assert (waiting.getstatusname(), "margin call" in waiting.reason) == ("Canceled", True)
    closing = [o for o in found.orders if o.info.get("margin_call")]
    assert closing[-1].getstatusname() == "Completed"
    assert [trade.isclosed for trade in found.trades] == [False, True]


def _all_fills(found: Outcome) -> list[Any]:
    return [(o.ref, bit.size, bit.price) for o in found.orders for bit in o.executed.iterpending()]


def test_an_account_that_is_worth_enough_is_left_alone(run: Run) -> None:
    bars = [*flat(2), *flat(3, 15.0)]
    found = run(bars, {1: lambda s: s.sell(size=600)}, broker=BackBroker(margin_call=0.5))
    assert found.fills() == [(0, -600, 10.0)]


def test_each_trade_is_closed_by_itself(run: Run) -> None:
    bars = [*flat(3), *flat(3, 30.0)]
    plan = {
        1: lambda s: [s.sell(size=300, tradeid=1), s.sell(size=300, tradeid=2)],
        2: lambda s: s.buy(size=100, tradeid=2),
    }
    found = run(bars, plan, broker=BackBroker(margin_call=0.5))
    ends = [(t.tradeid, t.isclosed, t.price) for t in found.trades]
    assert ends == [(1, False, 10.0), (2, False, 10.0), (1, True, 10.0), (2, True, 10.0)]


@pytest.mark.parametrize("checksubmit", [False, True])
def test_futures_are_closed_out_too(run: Run, checksubmit: bool) -> None:
    def setup(cerebro: Any) -> None:
        cerebro.broker.setcommission(margin=1000.0, mult=10.0)
        cerebro.broker.set_checksubmit(checksubmit)

    bars = [*flat(2, 100.0), *flat(3, 10.0)]
    found = run(bars, {1: lambda s: s.buy(size=9)}, setup, BackBroker(margin_call=0.5))
    assert [size for _, size, _ in _all_fills(found)] == [9, -9]
    assert found.broker.getposition(found.strategy.data).size == 0


def test_a_thin_market_closes_out_bit_by_bit(run: Run) -> None:
    bars = [*flat(2), *flat(9, 30.0)]
    broker = BackBroker(margin_call=0.5, volume_share=1.0)
    found = run(bars, {1: lambda s: s.sell(size=600)}, volumes([1000.0] * 3 + [200.0] * 8), broker)
    assert [size for _, size, _ in _all_fills(found)] == [-600, 200.0, 200.0, 200.0]


# -- settings ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["volume_share", "margin_call"])
@pytest.mark.parametrize("value", [0.0, -1.0, "half", True])
def test_shares_are_numbers_above_zero(name: str, value: Any) -> None:
    with pytest.raises(ParameterValueError, match=f"BackBroker: {name} must be None or a number above 0"):
        BackBroker(**{name: value})


def test_a_strict_broker_can_be_sent_to_a_worker() -> None:
    broker = BackBroker()
    broker.use_strict_rules()
    there = pickle.loads(pickle.dumps(broker))
    assert (there.volume_share, there.margin_call, there.price_order) == (1.0, 0.5, True)
    assert there._intrabar_.broker is there


@st.composite
def markets(draw: st.DrawFn) -> list[Bar]:
    bars = []
    price = 20
    for _ in range(12):
        first = price + draw(st.integers(-3, 3))
        last = first + draw(st.integers(-3, 3))
        high = max(first, last) + draw(st.integers(0, 3))
        low = min(first, last) - draw(st.integers(0, 3))
        bars.append((float(first), float(high), float(low), float(last)))
        price = last
    return bars


SINGLES = [
    {"exectype": Order.Market},
    {"exectype": Order.Close},
    {"exectype": Order.Limit, "price": 18.0},
    {"exectype": Order.Stop, "price": 23.0},
    {"exectype": Order.StopTrail, "trailamount": 3.0},
]


@settings(max_examples=25)
@given(markets(), st.sampled_from(SINGLES), st.booleans())
def test_a_single_order_is_executed_as_by_backtraders_rules(
    bars: list[Bar], terms: dict[str, Any], buy: bool
) -> None:
    from .conftest import run

    plan = {1: lambda s: (s.buy if buy else s.sell)(size=1, **terms)}
    plain = run(bars, plan)
    for switches in itertools.product([False, True], repeat=2):
        along = BackBroker(price_order=switches[0], live_brackets=switches[1])
        found = run(bars, plan, broker=along)
        assert found.fills() == plain.fills()
        assert found.values == plain.values


@settings(max_examples=40)
@given(markets(), st.integers(1, 6), st.integers(1, 6), st.booleans())
def test_a_bracket_never_ends_twice_and_never_before_it_begins(
    bars: list[Bar], below: int, above: int, at_market: bool
) -> None:
    from .conftest import run

    def issue(s: Any) -> Any:
        close = s.data.close[0]
        entry = {"exectype": Order.Market} if at_market else {"price": close - 1.0}
        return s.buy_bracket(size=1, stopprice=close - 1 - below, limitprice=close + above, **entry)

    broker = BackBroker()
    broker.use_strict_rules()
    found = run(bars, {1: issue}, broker=broker)
    fills = found.fills()
    assert len(fills) <= 2
    assert not fills or fills[0][0] == 0
    assert found.broker.getposition(found.strategy.data).size == (1 if len(fills) == 1 else 0)
    if len(fills) == 2:
        stop, limit = bars[0][3] - 1 - below, bars[0][3] + above
        number, _, price = fills[1]
        assert price <= stop if number == 1 else price >= limit
