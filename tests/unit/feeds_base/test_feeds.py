"""Names, notifications, clones and factories of feeds."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import pytest

from backtrail.base.time import date2num, num2date
from backtrail.errors import DataError
from backtrail.feeds.base import AbstractDataBase, CSVFeedBase, DataBase, DataClone, FeedBase
from backtrail.feeds.chain import Chainer
from backtrail.feeds.filters import DataFiller, DataFilter
from backtrail.feeds.rollover import RollOver


class Minutes(DataBase):
    """One bar on each of the given minutes after nine."""

    params = (("minutes", ()), ("timeframe", 4), ("day", 2))

    def start(self) -> None:
        super().start()
        self.left = list(self.p.minutes)

    def _load(self) -> bool:
        if not self.left:
            return False
        minute = self.left.pop(0)
        moment = datetime(2020, 1, self.p.day, 9) + timedelta(minutes=minute)
        self.lines.datetime[0] = date2num(moment)
        for name in ("open", "high", "low", "close", "volume"):
            getattr(self.lines, name)[0] = minute
        return True


def all_of(feed: Any, preload: bool = False) -> list[tuple[datetime, float]]:
    feed.reset()
    feed._start()
    if preload:
        feed.preload()
    found = []
    while feed.next():
        found.append((num2date(feed.lines.datetime[0]), feed.close[0]))
    feed.stop()
    return found


def test_a_feed_is_named_by_name_or_by_a_dataname_that_is_text() -> None:
    assert Minutes(dataname="abc")._name == "abc"
    assert Minutes(dataname="abc", name="x")._name == "x"
    assert Minutes(dataname=5)._name == ""


def test_a_status_is_queued_once() -> None:
    feed = Minutes()
    feed.put_notification(feed.CONNECTED)  # where every feed starts
    feed.put_notification(feed.DELAYED, 1, why="x")
    feed.put_notification(feed.DELAYED)
    feed.put_notification(feed.LIVE)
    assert feed.get_notifications() == [(3, (1,), {"why": "x"}), (4, (), {})]
    assert feed.get_notifications() == []
    assert AbstractDataBase._getstatusname(6) == "NOTSUPPORTED_TIMEFRAME"


def test_waiting_time_is_what_the_loop_leaves() -> None:
    feed = Minutes(qcheck=0.5)
    feed.do_qcheck(True, 0.2)
    assert feed._qcheck == pytest.approx(0.3)
    feed.do_qcheck(True, 0.9)
    assert feed._qcheck == 0.0
    feed.do_qcheck(False, 0.0)
    assert feed._qcheck == 0.0
    assert not feed.islive()
    assert not feed.haslivedata()


def test_a_clone_reads_the_other_feed_as_it_moves() -> None:
    feed = Minutes(minutes=[0, 1], compression=5, sessionend=time(17), name="a", dataname="src")
    clone = feed.clone(name="b")
    assert isinstance(clone, DataClone)
    assert (clone._name, clone._dataname, clone._timeframe, clone._compression) == ("b", "src", 4, 5)
    assert clone.p.sessionend == time(17)
    for one in (feed, clone):
        one.reset()
        one._start()
    assert clone.next() is False
    assert feed.next()
    assert clone.next()
    assert clone.close[0] == 0.0
    assert clone.next() is False
    copy = feed.copyas("other")
    assert (copy._name, copy._dataname) == ("other", "other")


def test_a_clone_of_a_preloaded_feed_preloads_its_bars() -> None:
    feed = Minutes(minutes=[0, 1, 2])
    clone = feed.clone()
    for one in (feed, clone):
        one.reset()
        one._start()
        one.preload()
    assert clone.close.array.tolist() == [0.0, 1.0, 2.0]
    assert len(feed) == 0


def test_compensation_is_remembered() -> None:
    feed, other = Minutes(), Minutes()
    feed.compensate(other)
    assert feed._compensate is other


def test_a_factory_passes_its_parameters_on() -> None:
    class MinutesFeed(FeedBase):
        DataCls = Minutes

    factory = MinutesFeed(timeframe=5, name="made")
    data = factory.getdata("x", minutes=[1], compression=3)
    assert isinstance(data, Minutes)
    assert (data.p.timeframe, data.p.compression, data._name, data._dataname) == (5, 3, "made", "x")
    assert data.getfeed() is factory
    assert factory.datas == [data]
    assert factory.getdata("x", name="other")._name == "other"
    factory.start()
    factory.stop()


def test_a_text_factory_puts_its_path_before_the_name() -> None:
    class Texts(CSVFeedBase):
        DataCls = Minutes

    assert Texts(basepath="dir/").getdata("x.csv")._dataname == "dir/x.csv"
    with pytest.raises(DataError, match="DataCls"):
        FeedBase().getdata("x")


def test_chained_feeds_go_on_where_the_one_before_ended() -> None:
    chained = Chainer(Minutes(minutes=[0, 5]), Minutes(minutes=[3, 5, 8]), dataname="both")
    assert chained.islive()
    assert [value for _, value in all_of(chained)] == [0.0, 5.0, 8.0]
    assert [value for _, value in all_of(chained)] == [0.0, 5.0, 8.0]
    assert chained._timeframe == 4


def test_chaining_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one feed"):
        Chainer(dataname="none")


def test_rolling_over_by_date_and_condition() -> None:
    asked = []

    def due(moment: datetime, data: Any) -> bool:
        return moment.minute >= 3

    def wanted(old: Any, new: Any) -> bool:
        asked.append((old.close[0], new.close[0]))
        return moment_of(new) >= 5

    def moment_of(data: Any) -> float:
        return float(data.close[0])

    rolled = RollOver(
        Minutes(minutes=range(10)), Minutes(minutes=range(1, 12)), checkdate=due, checkcondition=wanted
    )
    assert [value for _, value in all_of(rolled)] == [float(k) for k in range(12)]
    assert asked == [(3.0, 3.0), (4.0, 4.0), (5.0, 5.0)]


def test_a_future_that_ends_before_the_active_one_does_not_hold_the_run() -> None:
    rolled = RollOver(Minutes(minutes=range(8)), Minutes(minutes=[0, 1]))
    assert [value for _, value in all_of(rolled)] == [float(k) for k in range(8)]


@pytest.mark.parametrize("preload", [True, False])
def test_a_feed_that_filters_another(preload: bool) -> None:
    feed = DataFilter(dataname=Minutes(minutes=range(6)), funcfilter=lambda data: data.close[0] % 2)
    assert [value for _, value in all_of(feed, preload)] == [1.0, 3.0, 5.0]
    assert feed._timeframe == 4
    assert [value for _, value in all_of(feed, preload)] == [1.0, 3.0, 5.0]


@pytest.mark.parametrize("preload", [True, False])
def test_a_feed_that_fills_another(preload: bool) -> None:
    source = Minutes(minutes=[1, 2, 5], sessionstart=time(9), sessionend=time(9, 6))
    feed = DataFiller(dataname=source, fill_vol=0.0)
    found = all_of(feed, preload)
    assert [moment.minute for moment, _ in found] == [1, 2, 3, 4, 5]
    assert [value for _, value in found] == [1.0, 2.0, 2.0, 2.0, 5.0]


def test_filling_needs_bars_of_minutes_or_seconds() -> None:
    feed = DataFiller(dataname=Minutes(minutes=[1], timeframe=5))
    feed.reset()
    with pytest.raises(ValueError, match="minutes or seconds"):
        feed._start()
