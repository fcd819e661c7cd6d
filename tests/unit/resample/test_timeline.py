"""Timelines: which bar of each feed is current in which cycle, and the clocks that tell it."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from backtrail.base.time import date2num
from backtrail.engine.delivery import Delivery, Merge
from backtrail.engine.timeline import Timeline, build_timeline
from backtrail.errors import DataError
from backtrail.feeds.base import DataBase
from backtrail.feeds.columns import Columns
from backtrail.lines.clock import Clock

START = datetime(2020, 1, 2, 9)


class Minutes(DataBase):
    """One bar on each of the given minutes."""

    params = (("minutes", ()), ("timeframe", 4))

    def _read_columns_(self) -> Columns:
        when = np.array([date2num(START + timedelta(minutes=m)) for m in self.p.minutes], dtype=np.float64)
        values = np.array(self.p.minutes, dtype=np.float64)
        return Columns(when, values, values, values, values, values, values)


class Live(DataBase):
    """A feed that has a bar only now and then."""

    params = (("script", ()), ("timeframe", 4))

    def start(self) -> None:
        super().start()
        self.left = list(self.p.script)

    def _load(self) -> bool | None:
        if not self.left:
            return False
        minute = self.left.pop(0)
        if minute is None:
            return None
        self.lines.datetime[0] = date2num(START + timedelta(minutes=minute))
        self.lines.close[0] = minute
        return True

    def islive(self) -> bool:
        return True


def ready(*feeds: Any) -> list[Any]:
    for feed in feeds:
        feed.reset()
        feed._start()
        feed.preload()
    return list(feeds)


def minutes_of(timeline: Timeline) -> list[int]:
    start = date2num(START)
    return [round((x - start) * 1440) for x in timeline.datetime.tolist()]


def current(timeline: Timeline, feeds: list[Any]) -> list[list[int]]:
    """Give the current bar of each feed, cycle by cycle, as its clock tells."""
    clock = Clock()
    timeline.bind(clock)
    table = []
    for cycle in range(timeline.cycles):
        row = []
        for feed in feeds:
            bars = feed._c_.bars_at
            assert bars is not None or feed._c_ is clock
            row.append(cycle if bars is None else int(bars[cycle]))
        table.append(row)
    return table


def test_one_feed_is_on_the_clock_of_the_run() -> None:
    feeds = ready(Minutes(minutes=[0, 1, 4]))
    timeline = build_timeline(feeds)
    assert timeline is not None
    clock = Clock()
    timeline.bind(clock)
    assert feeds[0]._c_ is clock
    assert feeds[0].lines.close._c_ is clock
    assert clock.size == 3
    assert minutes_of(timeline) == [0, 1, 4]


def test_feeds_with_the_same_times_share_a_clock() -> None:
    feeds = ready(Minutes(minutes=[0, 1, 4]), Minutes(minutes=[0, 1, 4]), Minutes(minutes=[0, 4]))
    timeline = build_timeline(feeds)
    assert timeline is not None
    assert [group.datas for group in timeline.groups] == [feeds[:2], feeds[2:]]
    assert current(timeline, feeds) == [[0, 0, 0], [1, 1, 0], [2, 2, 1]]


@pytest.mark.filterwarnings("ignore::backtrail.errors.DataWarning")
def test_feeds_that_start_late_and_end_early() -> None:
    feeds = ready(Minutes(minutes=[0, 3]), Minutes(minutes=[2, 3, 5]), Minutes(minutes=[]))
    timeline = build_timeline(feeds)
    assert timeline is not None
    assert minutes_of(timeline) == [0, 2, 3, 5]
    assert current(timeline, feeds) == [[0, -1, -1], [0, 0, -1], [1, 1, -1], [1, 2, -1]]


@pytest.mark.filterwarnings("ignore::backtrail.errors.DataWarning")
def test_unsorted_feeds_advance_by_their_next_bar() -> None:
    feeds = ready(Minutes(minutes=[5, 1, 6]), Minutes(minutes=[2, 6, 7]))
    timeline = build_timeline(feeds)
    assert timeline is not None
    assert minutes_of(timeline) == [2, 5, 1, 6, 7]
    assert current(timeline, feeds) == [[-1, 0], [0, 0], [1, 0], [2, 1], [2, 2]]
    ready(*feeds)
    stepped = build_timeline(feeds, stepped=True)
    assert stepped is not None
    assert minutes_of(stepped) == [2, 5, 2, 6, 7]  # the latest time of any feed


@pytest.mark.filterwarnings("ignore::backtrail.errors.DataWarning")
def test_a_bar_without_a_time_is_named() -> None:
    feeds = ready(Minutes(minutes=[5, 1, 6], name="odd"), Minutes(minutes=[2, 6, 7]))
    feeds[0].lines.datetime.array[1] = np.nan
    with pytest.raises(DataError, match=r"bar 2 of feed 'odd'"):
        build_timeline(feeds)


def resampled(feed: Any, **params: Any) -> Any:
    clone = feed.clone()
    clone.resample(**params)
    return clone


def test_larger_bars_are_current_from_the_bar_that_completes_them() -> None:
    feed = Minutes(minutes=[1, 2, 5, 6, 11, 12])
    feeds = ready(feed, resampled(feed, timeframe=4, compression=5))
    timeline = build_timeline(feeds, event_mode=True)
    assert timeline is not None
    assert timeline.by_time
    # the bar that is left at the end makes a cycle of its own, at its own time
    assert minutes_of(timeline) == [1, 2, 5, 6, 11, 12, 15]
    assert current(timeline, feeds) == [[0, -1], [1, -1], [2, 0], [3, 0], [4, 1], [5, 1], [5, 2]]
    assert all(feed._c_.aligned for feed in feeds)


def test_a_larger_bar_may_be_completed_by_the_time_of_another_feed() -> None:
    short = Minutes(minutes=[1, 2])
    feeds = ready(short, Minutes(minutes=[1, 4, 7]), resampled(short, timeframe=4, compression=5))
    timeline = build_timeline(feeds, event_mode=True)
    assert timeline is not None
    assert minutes_of(timeline) == [1, 2, 4, 7]
    assert [row[2] for row in current(timeline, feeds)] == [-1, -1, -1, 0]


def test_laid_out_and_delivered_cycles_agree() -> None:
    first = Minutes(minutes=[1, 2, 3, 4, 6, 9, 10, 11])
    second = Minutes(minutes=[1, 2, 3, 4, 6, 9])
    clones = [resampled(one, timeframe=4, compression=size) for one in (first, second) for size in (2, 5)]
    feeds = ready(first, second, *clones)
    timeline = build_timeline(feeds, event_mode=True)
    assert timeline is not None
    laid_out = current(timeline, feeds)
    for feed in feeds:
        feed.reset()
        feed._start()
    merge = Merge(feeds)
    delivered = []
    while merge.step():
        delivered.append([feed._c_.i for feed in feeds])
    assert delivered == laid_out


def test_feeds_resampled_in_place_are_delivered_once_beforehand() -> None:
    one, other = Minutes(minutes=[1, 2, 6, 7, 13]), Minutes(minutes=[3, 4, 9])
    one.resample(timeframe=4, compression=5)
    other.resample(timeframe=4, compression=5)
    feeds = ready(one, other)
    timeline = build_timeline(feeds, event_mode=True)
    assert timeline is not None
    assert minutes_of(timeline) == [5, 10, 15]
    assert current(timeline, feeds) == [[0, 0], [1, 1], [2, 1]]


def test_a_live_feed_without_a_bar_gives_none() -> None:
    feed = Live(script=[0, None, 1])
    feed.reset()
    feed._start()
    merge = Merge([feed])
    assert [merge.step() for _ in range(4)] == [True, None, True, False]


def test_a_live_feed_does_not_hold_up_another() -> None:
    live, other = Live(script=[None, 1, None]), Live(script=[0, 1, 2])
    for feed in (live, other):
        feed.reset()
        feed._start()
    merge = Merge([live, other])
    seen = []
    while merge.step():
        seen.append((len(live), len(other)))
    assert seen == [(0, 1), (1, 2), (1, 3)]


def test_feeds_wait_only_while_nobody_has_something() -> None:
    waited = []

    class Waiting(Live):
        ready = False

        def _load(self) -> bool | None:
            waited.append(self._qcheck)
            return super()._load()

        def haslivedata(self) -> bool:
            return self.ready

    feed = Waiting(script=[0, 1], qcheck=0.25)
    feed.reset()
    feed._start()
    merge = Merge([feed])
    assert merge.step()
    assert waited[-1] > 0.2
    feed.ready = True
    assert merge.step()
    assert waited[-1] == 0.0


def test_messages_reach_callbacks_cerebro_and_strategies_in_this_order() -> None:
    heard: list[Any] = []

    def ear(name: str) -> Any:
        def hear(*args: Any, **kwargs: Any) -> None:
            heard.append((name, args[1:] if hasattr(args[0], "lines") else args, kwargs))

        return hear

    class Store:
        left: list[Any] = [("hello", (1,), {"a": 2})]

        def get_notifications(self) -> list[Any]:
            taken, self.left = self.left, []
            return taken

    feed = Live(script=[0])
    feed.reset()
    feed._start()
    feed.put_notification(feed.DELAYED)
    spec = SimpleNamespace(
        stores=[Store()], store_callbacks=(ear("store callback"),), data_callbacks=(ear("data callback"),)
    )
    cerebro = SimpleNamespace(notify_store=ear("cerebro store"), notify_data=ear("cerebro data"))
    strat = SimpleNamespace(notify_store=ear("strategy store"), notify_data=ear("strategy data"))
    run = SimpleNamespace(spec=spec, cerebro=cerebro, strats=[strat], datas=[feed], stop_requested=False)
    delivery = Delivery(run)
    assert delivery.deliver() == date2num(START)
    assert heard == [
        ("store callback", ("hello", 1), {"a": 2}),
        ("cerebro store", ("hello", 1), {"a": 2}),
        ("strategy store", ("hello", 1), {"a": 2}),
        ("data callback", (3,), {}),
        ("cerebro data", (3,), {}),
        ("strategy data", (3,), {}),
    ]
    assert delivery.deliver() is False
    feed.put_notification(feed.LIVE)
    delivery.messages.finish()
    assert [name for name, _, _ in heard[6:]] == ["data callback", "cerebro data", "strategy data"]
    run.stop_requested = True
    assert delivery.deliver() is False
