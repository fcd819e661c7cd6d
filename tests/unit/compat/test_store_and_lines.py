"""Stores and the small classes around lines."""

from __future__ import annotations

from typing import Any

import pytest

import backtrail as bt
from backtrail.compat.lines import LineAlias


class Feed:
    _env = "environment"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.arguments = (args, kwargs)


class Broker:
    def __init__(self) -> None:
        self.told: list[Any] = []

    def data_started(self, data: Any) -> None:
        self.told.append(data)


def make_store() -> Any:
    class MyStore(bt.Store):  # type: ignore[misc, name-defined]
        params = (("host", "localhost"),)
        DataCls = Feed
        BrokerCls = Broker

    return MyStore


def test_a_store_exists_once_per_class() -> None:
    first, second = make_store(), make_store()
    store = first(host="here")
    assert first() is store
    assert store.p.host == "here"
    assert second() is not store


def test_a_store_makes_feeds_and_the_broker() -> None:
    store = make_store()()
    data = store.getdata(1, k=2)
    assert data.arguments == ((1,), {"k": 2})
    assert data._store is store
    assert isinstance(store.getbroker(), Broker)


def test_a_store_tells_the_broker_of_datas_and_keeps_messages() -> None:
    store = make_store()()
    data, broker = store.getdata(), store.getbroker()
    store.start()
    store.start(data=data)
    store.start(broker=broker)
    store.start(data=data)
    assert store.datas == [data, data]
    assert broker.told == [data]
    store.put_notification("news", 1, k=2)
    assert store.get_notifications() == [("news", (1,), {"k": 2})]
    assert store.get_notifications() == []
    store.stop()


def test_a_pseudo_array_is_a_constant() -> None:
    constant = bt.PseudoArray(3.5)
    assert constant[-4] == constant.array[7] == 3.5


def test_a_line_alias_reads_and_binds_a_line() -> None:
    class Group:
        second = LineAlias(1)

        def __init__(self) -> None:
            self.lines = ["a", "b"]

    group = Group()
    assert group.second == "b"
    group.second = "c"
    assert group.lines == ["a", "c"]


@pytest.mark.parametrize("runonce", [True, False])
def test_any_line_becomes_an_indicator(runonce: bool, tmp_path: Any) -> None:
    seen = []

    class Show(bt.Strategy):
        def __init__(self) -> None:
            self.change = self.data.close - self.data.open
            self.shown = bt.LinePlotterIndicator(self.change, name="change")

        def next(self) -> None:
            seen.append(self.shown.lines.change[0] == self.change[0] == self.shown[0])

    source = tmp_path / "bars.csv"
    source.write_text(
        "Date,Open,High,Low,Close,Volume,OpenInterest\n2024-01-02,1,3,1,2,0,0\n2024-01-03,2,3,1,1,0,0\n"
    )
    cerebro = bt.Cerebro(runonce=runonce, stdstats=False)
    cerebro.adddata(bt.feeds.BacktraderCSVData(dataname=str(source)))
    cerebro.addstrategy(Show)
    strategy = cerebro.run()[0]
    assert isinstance(strategy.shown, bt.Indicator)
    assert seen == [True, True]


def test_a_filter_is_started_once_and_called_for_each_bar() -> None:
    seen = []

    class Counting(bt.Filter):  # type: ignore[misc, name-defined]
        params = (("step", 1),)

        def nextstart(self, data: Any) -> None:
            seen.append("start")

        def next(self, data: Any) -> None:
            seen.append(self.p.step)

    one = Counting("feed", step=2)
    assert one("feed") is None
    one("feed")
    assert seen == ["start", 2, 2]
