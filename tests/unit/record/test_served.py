"""What a script reads after a run, computed and served: the same, or an error that says what the record lacks."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import datetime as dt
import enum
import fractions
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from tests.unit.record.conftest import Cross, cerebro_of, frame

import backtrail as bt
from backtrail.errors import NotRecordedError
from backtrail.optimize.transport import dumps, loads
from backtrail.runs.folds import Split, in_fold
from backtrail.runs.store import Store

BERLIN = ZoneInfo("Europe/Berlin")


class Colour(enum.Enum):
    RED = 1


class Pair(NamedTuple):
    a: int
    b: Any


@dataclasses.dataclass
class Doubled:
    x: int
    y: int = dataclasses.field(init=False, default=0)

    def __post_init__(self) -> None:
        self.x *= 2


VALUES: dict[str, Any] = {
    "_private": 7,
    "data_points": [1, 2],
    "zoned": dt.datetime(2024, 1, 1, tzinfo=BERLIN),
    "twice_that_night": dt.datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=BERLIN),
    "utc": dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
    "opening": dt.time(9, 30, tzinfo=BERLIN),
    "path": Path("/tmp/x"),
    "stamp": pd.Timestamp("2024-01-01", tz="Europe/Berlin"),
    "stamps": [pd.Timestamp("2024-01-01"), pd.NaT],
    "span": pd.Timedelta("1s"),
    "table": pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}, index=pd.date_range("2024", periods=2, tz="UTC")),
    "column": pd.Series([1.0, 2.0], name="c"),
    "tables": {"one": pd.DataFrame({"a": [1.5]}), "other": [pd.Series([1])]},
    "pair": Pair(1, dt.date(2024, 1, 1)),
    "doubled": Doubled(3),
    "colour": Colour.RED,
    "last": collections.deque([1, 2], maxlen=5),
    "fraction": fractions.Fraction(1, 3),
    "amount": Decimal("1.10"),
    "bytes_": bytearray(b"x"),
    "steps": range(3),
    "day": np.datetime64("2024-01-01"),
    "texts": np.array(["a", "bc"]),
    "matrix": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "long": np.arange(5000.0),
    "half": "\ud800",
    "keyed": {"\ud800": 1, "$x": 2, (1, 2): 3, None: 4},
    "many": list(range(10_000)),
}


class Setting(bt.Strategy):
    def __init__(self):
        self.total = -1
        for name, value in VALUES.items():
            setattr(self, name, value)

    def next(self):
        self.total = len(self)

    @property
    def twice(self):
        return self._private * 2


def both(store: Store, strategy: type, **kwargs: Any) -> tuple[bt.Cerebro, Any, bt.Cerebro, Any]:
    """Run a strategy, and once more from its record."""
    first = cerebro_of(store, strategy, cache="use", **kwargs)
    computed = first.run()[0]
    second = cerebro_of(store, strategy, cache="use", **kwargs)
    served = second.run()[0]
    assert second.run_id == first.run_id
    return first, computed, second, served


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are of the same types and equal."""
    if type(one) is not type(other):
        return False
    if isinstance(one, pd.DataFrame | pd.Series):
        return bool(one.equals(other)) and str(one.index.dtype) == str(other.index.dtype)
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.strides == other.strides and one.tobytes("A") == other.tobytes("A")
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return repr(one) == repr(other) and getattr(one, "fold", 0) == getattr(other, "fold", 0)


def test_attributes_come_back_with_types_and_values(store: Store) -> None:
    _, computed, _, served = both(store, Setting)
    different = [name for name in VALUES if not same(getattr(computed, name), getattr(served, name))]
    assert different == []
    assert served.total == computed.total == 60
    assert served.twice == 14


def test_of_a_plain_strategy_nothing_is_missing(store: Store) -> None:
    class Plain(bt.Strategy):
        def next(self):
            pass

    cerebro = cerebro_of(store, Plain)
    cerebro.run()
    shape = store.run(cerebro.run_id).manifest["result"]["shape"]["strategies"][0]
    assert (shape["attributes"], shape["missing"], shape["params"]) == ({}, {}, {})


class Holding(bt.Strategy):
    orders: Any = ()

    def __init__(self):
        self.sma = bt.ind.SMA(period=5)
        self.closes = self.data.close
        self.first = self.datas[0]
        self.me = self
        self.orders = []
        self.trades = []
        self.none = None

    def next(self):
        if len(self) == 20:
            self.orders.append(self.buy())
            self.orders.append(self.sell(exectype=bt.Order.Limit, price=1e6))
        if len(self) == 30:
            self.close()

    def notify_trade(self, trade):
        self.trades.append(trade)


READS: dict[str, Any] = {
    "an indicator": lambda strat: strat.sma[0],
    "its array": lambda strat: strat.sma.array,
    "a list of orders": lambda strat: len(strat.orders),
    "one of trades": lambda strat: [trade.pnl for trade in strat.trades],
    "its type": lambda strat: isinstance(strat.trades, list),
    "whether it is empty": lambda strat: bool(strat.orders),
    "in a text": lambda strat: f"{strat.orders}",
    "with a default": lambda strat: getattr(strat.sma, "array", None),
    "a line of the strategy": lambda strat: strat.datetime.date(0),
    "by name": lambda strat: strat.lines.datetime[0],
    "by number": lambda strat: strat.lines[0][0],
    "observers": lambda strat: len(strat.observers),
    "observers by name": lambda strat: strat.stats.broker.value[0],
    "indicators": lambda strat: strat.getindicators(),
    "trades by data": lambda strat: strat._trades,
    "the orders of the broker": lambda strat: len(strat.broker.orders),
    "its open orders": lambda strat: strat.broker.get_orders_open(),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_what_a_record_does_not_keep_says_so(store: Store, read: Any) -> None:
    def prepared(cerebro: bt.Cerebro) -> None:
        cerebro.addobserver(bt.observers.Broker)

    first, computed, _, served = both(store, Holding, setup=prepared)
    read(computed)
    said = rf"reading .* - this result was read from the record of run {first.run_id}, .* run with cache=None"
    with pytest.raises(NotRecordedError, match=said):
        read(served)


def test_feeds_are_left_as_a_run_leaves_them(store: Store) -> None:
    first, computed, second, served = both(store, Holding)
    assert len(served.data) == len(computed.data) == 60
    assert served.data.close.get(size=3) == computed.data.close.get(size=3)
    assert served.data.datetime.date(-1) == computed.data.datetime.date(-1)
    assert served.closes[0] == computed.closes[0]
    assert served.closes is served.data.close
    assert served.first is served.data
    assert served.me is served
    assert served.none is None
    assert second.datas[0].close[-2] == first.datas[0].close[-2]


def test_an_account_without_open_orders_has_none(store: Store) -> None:
    class Idle(bt.Strategy):
        def next(self):
            pass

    _, _, second, _ = both(store, Idle)
    assert second.broker.get_orders_open() == []
    assert list(second.broker.orders) == []


@pytest.mark.parametrize("how", ["resample", "replay"])
@pytest.mark.parametrize("options", [{}, {"runonce": False}, {"preload": False}], ids=str)
def test_bars_that_are_made_of_others_are_as_the_run_left_them_or_say_so(
    store: Store, how: str, options: dict[str, Any]
) -> None:
    def ran() -> bt.Cerebro:
        cerebro = bt.Cerebro(store=store, stdstats=False, cache="use", **options)
        feed = bt.feeds.PandasData(dataname=frame())
        if how == "resample":
            cerebro.adddata(feed)
        make = cerebro.resampledata if how == "resample" else cerebro.replaydata
        make(feed, timeframe=bt.TimeFrame.Weeks)
        cerebro.addstrategy(Cross)
        cerebro.run()
        return cerebro

    first, second = ran(), ran()
    assert second.run_id == first.run_id
    for one, other in zip(first.datas, second.datas, strict=True):
        assert len(other) == len(one)
        try:
            assert other.close.get(size=3) == one.close.get(size=3)
        except NotRecordedError as error:
            assert "the bars of feed" in str(error)  # noqa: PT017
    assert second.run()[0].bought == first.run()[0].bought
    second.p.cache = None
    assert second.run()[0].bought == first.runstrats[0][0].bought


class Doubling(bt.Strategy):
    params = (("n", 5), ("held", None), ("kept", (1, 2)), ("by", None))

    def __init__(self):
        self.p.n *= 2

    def next(self):
        if len(self) == 60:
            self.p.held.append(9)
            self.p.by = self.buy()


def test_parameters_that_a_strategy_changed_come_back_changed(store: Store) -> None:
    first = cerebro_of(store, Doubling, cache="use", args={"held": [1]})
    computed = first.run()[0]
    second = cerebro_of(store, Doubling, cache="use", args={"held": [1]})
    served = second.run()[0]
    assert second.run_id == first.run_id
    assert (served.p.n, served.params.held, served.p.kept) == (computed.p.n, computed.p.held, computed.p.kept)
    assert (served.p.n, served.p.held) == (10, [1, 9])
    with pytest.raises(NotRecordedError, match=r"Doubling\.params\.by .*\(.*Order\)"):
        served.p.by.ref


class Counting(bt.Analyzer):
    count: Any = None

    def start(self):
        self.count = 0
        self.seen = collections.deque(maxlen=2)

    def next(self):
        self.count += 1
        self.seen.append(self.data.close[0])

    def notify_order(self, order):
        self.order = order

    def get_analysis(self):
        return {"count": self.count, "at": dt.datetime(2024, 1, 1, tzinfo=BERLIN)}

    def half(self):
        return self.count / 2


def test_analyzers_have_their_attributes_and_methods(store: Store) -> None:
    def prepared(cerebro: bt.Cerebro) -> None:
        cerebro.addanalyzer(Counting, _name="mine")
        cerebro.addanalyzer(bt.analyzers.TradeAnalyzer, _name="trades")
        cerebro.addanalyzer(bt.analyzers.TimeReturn, _name="returns")

    _, computed, _, served = both(store, Cross, setup=prepared)
    one, other = computed.analyzers.mine, served.analyzers.mine
    assert same(other.get_analysis(), one.get_analysis())
    assert other.half() == one.half()
    assert other.seen == one.seen
    assert other.strategy is served
    with pytest.raises(NotRecordedError, match=r"analyzers\.mine\.order \(|analyzers\.mine\.order - .*Order"):
        other.order.ref
    assert served.analyzers.trades.rets == computed.analyzers.trades.rets
    assert served.analyzers.returns.rets == computed.analyzers.returns.rets


def test_what_is_not_kept_travels_between_processes(store: Store) -> None:
    _, _, _, served = both(store, Holding)
    again = loads(dumps(served))
    with pytest.raises(NotRecordedError, match=r"Holding\.sma"):
        again.sma[0]
    assert "not kept" in repr(again.orders)


def test_records_in_an_earlier_form_are_not_served(store: Store) -> None:
    first, _, _, _ = both(store, Cross)
    run = store.run(first.run_id)
    manifest = {name: value for name, value in run.manifest.items() if name not in ("run", "seal")}
    del manifest["result"]["shape"]["format"]
    older = store.commit(manifest)
    third = cerebro_of(store, cache="use")
    third.run()
    assert third.run_id not in (older, first.run_id)


@pytest.mark.row("B28")
def test_a_result_that_is_served_within_a_fold_carries_it(store: Store) -> None:
    def ran(fold: Split | None) -> str:
        cerebro = cerebro_of(store, cache="use")
        with contextlib.nullcontext() if fold is None else in_fold(fold):
            cerebro.run()
        assert cerebro.run_id is not None
        return cerebro.run_id

    one, other = (Split("b3:" + digit * 64, "walk", 1, 3) for digit in "01")
    plain, first, second = ran(None), ran(one), ran(other)
    assert store.run(plain).manifest.get("split") is None
    for carrier, fold in ((first, one), (second, other)):
        assert store.run(carrier).manifest["split"] == fold.entry()
        assert store.run(carrier).status == "cached"
        assert store.run(carrier).manifest["attempt_of"] == plain
        assert store.query(f"splits = '{fold.set}' and fold = 1").to_arrow().column("id").to_pylist() == [carrier]
    assert (ran(one), ran(other), ran(None)) == (first, second, plain)
