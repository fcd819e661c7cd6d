"""Positions, trades, schemes, fillers and new orders: the numbers are backtrader's to the bit."""

from __future__ import annotations

import datetime as dt
import random
from types import SimpleNamespace
from typing import Any

import backtrader
import pytest

import backtrail
from backtrail.broker import fillers
from backtrail.market import schemes
from backtrail.market.commission import CommInfoBase, CommissionInfo
from backtrail.market.order import BuyOrder, SellOrder
from backtrail.market.position import Position
from backtrail.market.trade import Trade

pytestmark = pytest.mark.contract


class FakeLine(list[float]):
    """One value that can be read as a line of dates."""

    def datetime(self, ago: int = 0) -> dt.datetime:
        return backtrader.num2date(self[0])

    def date(self, ago: int = 0) -> dt.date:
        return self.datetime().date()


class FakeData:
    """What orders and trades ask of a data."""

    _name = "fake"
    _compensate = None
    _tz = None
    p = SimpleNamespace(sessionend=dt.time(17), sessionstart=dt.time(9))

    def __init__(self, moment: float = 730000.5, close: float = 10.25) -> None:
        self.datetime = FakeLine([moment])
        self.close = FakeLine([close])

    def __len__(self) -> int:
        return 5

    def num2date(self, number: float | None = None, tz: Any = None, naive: bool = True) -> dt.datetime:
        return backtrader.num2date(self.datetime[0] if number is None else number)

    def date2num(self, moment: dt.datetime) -> float:
        return float(backtrader.date2num(moment))


def mixed(rng: random.Random) -> float:
    return rng.choice([0, rng.randint(-5, 5), rng.uniform(-5, 5)])


def test_positions() -> None:
    rng = random.Random(4)
    for _ in range(3000):
        size, price = mixed(rng), rng.uniform(1, 9)
        theirs, ours = backtrader.position.Position(size, price), Position(size, price)
        for _ in range(rng.randint(1, 6)):
            traded = rng.choice([mixed(rng), -theirs.size, -2 * theirs.size])
            price = rng.uniform(1, 9)
            what = rng.choice(["update", "update", "pseudoupdate", "set", "fix"])
            assert repr(getattr(theirs, what)(traded, price)) == repr(getattr(ours, what)(traded, price))
            for name in ("size", "price", "price_orig", "upopened", "upclosed", "adjbase"):
                assert getattr(theirs, name) == getattr(ours, name), (what, name)
            assert bool(theirs) == bool(ours)


def options(rng: random.Random) -> dict[str, Any]:
    choices: dict[str, Any] = {
        "commission": rng.choice([0, 0.1, rng.uniform(0, 2)]),
        "mult": rng.choice([1.0, 2, rng.uniform(0.1, 50)]),
        "margin": rng.choice([None, 0, rng.uniform(1, 3000)]),
        "commtype": rng.choice([None, 0, 1]),
        "stocklike": rng.random() < 0.5,
        "percabs": rng.random() < 0.5,
        "interest": rng.uniform(0, 0.2),
        "interest_long": rng.random() < 0.5,
        "leverage": rng.choice([1.0, 2.0, rng.uniform(1, 5)]),
        "automargin": rng.choice([False, -1, rng.uniform(0.1, 2)]),
    }
    return {name: value for name, value in choices.items() if rng.random() < 0.4}


def outcome(obj: Any, name: str, *args: Any) -> Any:
    try:
        return getattr(obj, name)(*args)
    except (TypeError, ZeroDivisionError) as error:
        return type(error)


@pytest.mark.parametrize("name", ["CommInfoBase", "CommissionInfo", *schemes.__all__])
def test_commission_schemes(name: str) -> None:
    rng = random.Random(name)
    ours = {"CommInfoBase": CommInfoBase, "CommissionInfo": CommissionInfo}.get(name) or getattr(
        schemes, name
    )
    theirs = getattr(backtrader if hasattr(backtrader, name) else backtrader.commissions, name)
    for _ in range(300):
        chosen = options(rng)
        one, other = theirs(**chosen), ours(**chosen)
        size = rng.choice([0, 1, -1]) * rng.choice([rng.randint(1, 99), rng.uniform(0.1, 99)])
        price, later, cash = rng.uniform(1, 200), rng.uniform(1, 200), rng.uniform(-100, 10000)
        held = backtrader.position.Position(size, price)
        for method, args in (
            ("get_margin", (price,)),
            ("get_leverage", ()),
            ("getsize", (price, cash)),
            ("getoperationcost", (size, price)),
            ("getvaluesize", (size, price)),
            ("getvalue", (held, later)),
            ("getcommission", (size, price)),
            ("confirmexec", (size, price)),
            ("profitandloss", (size, price, later)),
            ("cashadjust", (size, price, later)),
            ("_get_credit_interest", (None, size, price, 3, None, None)),
        ):
            assert outcome(one, method, *args) == outcome(other, method, *args), (chosen, method, args)
        assert (one.margin, one.stocklike) == (other.margin, other.stocklike)
        for key in one.p._getkeys():
            assert getattr(one.p, key) == getattr(other.p, key)


@pytest.mark.parametrize("name", fillers.__all__)
def test_fillers(name: str) -> None:
    rng = random.Random(name)
    for _ in range(500):
        data = SimpleNamespace(
            volume=[rng.choice([0, rng.randint(0, 100), rng.uniform(0, 100.0)])],
            high=[rng.uniform(10, 12)],
            low=[rng.uniform(8, 10)],
        )
        remains = rng.choice([1, -1]) * rng.choice([rng.randint(1, 80), rng.uniform(1, 80)])
        order = SimpleNamespace(data=data, executed=SimpleNamespace(remsize=remains))
        chosen: dict[str, Any] = {
            "FixedSize": {"size": rng.choice([None, 0, 5, rng.uniform(1, 50)])},
            "FixedBarPerc": {"perc": rng.uniform(1, 100)},
            "BarPointPerc": {"minmov": rng.choice([None, 0.01, 0.1, 0.25, 0]), "perc": rng.uniform(1, 100)},
        }[name]
        expected = getattr(backtrader.fillers, name)(**chosen)(order, 9.0, 0)
        assert repr(getattr(fillers, name)(**chosen)(order, 9.0, 0)) == repr(expected)


PAIRS = [(backtrader.BuyOrder, BuyOrder), (backtrader.SellOrder, SellOrder)]


@pytest.mark.parametrize("exectype", range(8))
@pytest.mark.parametrize(("theirs", "ours"), PAIRS, ids=["buy", "sell"])
def test_prices_of_new_orders(theirs: Any, ours: Any, exectype: int) -> None:
    rng = random.Random(exectype)
    prices = [None, 0, 0.0, 8.0, 9.0, rng.uniform(1, 20), rng.uniform(1, 20)]
    for _ in range(200):
        given = {
            "data": FakeData(),
            "size": rng.choice([1, 2.5, -3]),
            "price": rng.choice(prices),
            "pricelimit": rng.choice(prices),
            "exectype": exectype,
            "trailamount": rng.choice([None, 0, rng.uniform(0.1, 1)]),
            "trailpercent": rng.choice([None, 0, rng.uniform(0.01, 0.2)]),
        }
        one, other = theirs(**given), ours(**given)
        for _ in range(3):
            for name in (
                "price",
                "pricelimit",
                "plimit",
                "pclose",
                "dt",
                "size",
                "trailamount",
                "trailpercent",
            ):
                assert getattr(one.created, name) == getattr(other.created, name), (given, name)
            for name in (
                "price",
                "pricelimit",
                "size",
                "_limitoffset",
                "dteos",
                "plimit",
                "exectype",
                "triggered",
            ):
                assert getattr(one, name) == getattr(other, name), (given, name)
            for key in one.p._getkeys():
                assert getattr(one.p, key) == getattr(other.p, key), (given, key)
            close = rng.uniform(5, 15)
            one.trailadjust(close)
            other.trailadjust(close)


@pytest.mark.parametrize(
    "valid",
    [
        None, 5, 730000.2, True, 3.5, -1, dt.date(1999, 1, 1), dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 1, 12),
        dt.timedelta(), dt.timedelta(days=2), dt.timedelta(hours=-1), backtrader.Order.DAY,
    ],
)  # fmt: skip
@pytest.mark.parametrize("exectype", range(8))
def test_time_limits(valid: Any, exectype: int) -> None:
    given = {"size": 1, "price": 9.0, "exectype": exectype, "valid": valid}
    for later in (0.0, 0.4, 0.6, 3.0):
        one, other = backtrader.BuyOrder(data=FakeData(), **given), BuyOrder(data=FakeData(), **given)
        assert (one.valid, one.p.valid) == (other.valid, other.p.valid)
        one.data.datetime[0] += later
        other.data.datetime[0] += later
        assert (one.expire(), one.status, one.executed.dt) == (
            other.expire(),
            other.status,
            other.executed.dt,
        )


@pytest.mark.parametrize("hour", [0.2, 0.7, 0.9, 17 / 24])
def test_end_of_the_session(hour: float) -> None:
    given = {"size": 1, "exectype": 1}
    one = backtrader.BuyOrder(data=FakeData(730000 + hour), **given)
    assert BuyOrder(data=FakeData(730000 + hour), **given).dteos == one.dteos


def test_executions_of_an_order() -> None:
    rng = random.Random(9)
    for _ in range(300):
        first, second = rng.uniform(0.1, 9), rng.randint(1, 9)
        orders = [
            made(data=FakeData(), size=first + second, exectype=0, simulated=True) for made, _ in PAIRS[:1]
        ]
        orders.append(BuyOrder(data=FakeData(), size=first + second, exectype=0, simulated=True))
        clones: list[list[Any]] = [[], []]
        for size in (first, second):
            price, comm, pnl = rng.uniform(1, 200), rng.uniform(0, 1), rng.uniform(-1, 1)
            for order, seen in zip(orders, clones):
                order.execute(1.0, size, price, 0, 0.0, 0.0, size, size * price, comm, 5.0, pnl, size, price)
                seen.append(order.clone())
        states = [
            [
                (*(getattr(o.executed, n) for n in ("size", "price", "remsize", "value", "comm", "pnl", "margin")),
                 o.status, o.executed.p1, o.executed.p2, [b.price for b in o.executed.iterpending()])
                for o in (order, *seen)
            ]
            for order, seen in zip(orders, clones)
        ]  # fmt: skip
        assert states[0] == states[1]


def test_trades() -> None:
    rng = random.Random(2)
    names = (
        *(
            "size",
            "price",
            "value",
            "commission",
            "pnl",
            "pnlcomm",
            "justopened",
            "isopen",
            "isclosed",
            "baropen",
        ),
        *("dtopen", "barclose", "dtclose", "barlen", "status", "long"),
    )
    for _ in range(300):
        given = {"commission": rng.uniform(0, 0.1)} | rng.choice([{}, {"margin": 10.0, "mult": 2.0}])
        data, trades, scheme = FakeData(), [], []
        for bt in (backtrader, backtrail):
            trades.append(bt.Trade(data=data, tradeid=3, historyon=True))
            scheme.append(bt.CommissionInfo(**given))
        orders = [backtrader.BuyOrder(data=data, size=3, exectype=0), BuyOrder(data=data, size=3, exectype=0)]
        held = 0.0
        for size in (rng.uniform(1, 5), rng.randint(1, 3), -rng.uniform(0.1, 0.9), 0):
            _update(trades, orders, scheme, size, rng)
            held += size
        _update(trades, orders, scheme, -trades[0].size, rng)
        assert [getattr(trades[0], n) for n in names] == [getattr(trades[1], n) for n in names]
        histories = [
            [(dict(e.status), e.event.size, e.event.price, e.event.commission) for e in trade.history]
            for trade in trades
        ]
        assert histories[0] == histories[1]
        assert isinstance(trades[1], Trade)


def _update(trades: list[Any], orders: list[Any], scheme: list[Any], size: float, rng: random.Random) -> None:
    price, cost = rng.uniform(1, 200), rng.uniform(0, 1)
    for trade, order, comminfo in zip(trades, orders, scheme):
        trade.update(
            order=order, size=size, price=price, value=1.0, commission=cost, pnl=0.3, comminfo=comminfo
        )
