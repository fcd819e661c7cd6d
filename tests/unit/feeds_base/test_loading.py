"""Feeds load bars bar by bar or in bulk, past dates and filters, and can be moved through."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from math import inf, isnan, nan
from typing import Any

import numpy as np
import pytest

from backtrail.base.time import date2num
from backtrail.base.timezone import tzparse
from backtrail.errors import DataWarning
from backtrail.feeds.base import DataBase
from backtrail.feeds.columns import Columns
from backtrail.feeds.series import SimpleFilterWrapper

DAY = datetime(2020, 1, 2)


class Listed(DataBase):
    """A feed as users write them: closes 0, 1, 2 … on given days."""

    params = (("days", ()),)

    def start(self) -> None:
        super().start()
        self.left = list(enumerate(self.p.days))

    def _load(self) -> bool | None:
        if not self.left:
            return False
        value, day = self.left.pop(0)
        if day is None:
            return None
        self.lines.datetime[0] = date2num(day)
        for name in ("open", "high", "low", "close", "volume"):
            getattr(self.lines, name)[0] = value
        return True


class Bulk(DataBase):
    """The same, read at once."""

    params = (("days", ()),)
    reads = 0

    def _read_columns_(self) -> Columns:
        type(self).reads += 1
        when = np.array([date2num(day) for day in self.p.days], dtype=np.float64)
        values = np.arange(len(when), dtype=np.float64)
        return Columns(when, values, values, values, values, values, np.zeros(len(when)))


def days(count: int) -> list[datetime]:
    return [DAY + timedelta(days=k) for k in range(count)]


def started(feed: Any) -> Any:
    feed.reset()
    feed._start()
    return feed


def preloaded(feed: Any) -> Any:
    started(feed).preload()
    return feed


def closes(feed: Any) -> list[float]:
    return [float(x) for x in feed.close.array]


@pytest.mark.parametrize("cls", [Listed, Bulk])
def test_preload_stores_all_bars_and_stands_before_the_first(cls: Any) -> None:
    feed = preloaded(cls(days=days(4)))
    assert len(feed) == 0
    assert feed._c_.size == 4
    assert closes(feed) == [0.0, 1.0, 2.0, 3.0]
    assert feed.advance_peek() == date2num(DAY)
    assert feed.next() is True
    assert feed.close[0] == 0.0
    assert [feed.next() for _ in range(4)] == [True, True, True, False]
    assert feed.advance_peek() == inf


@pytest.mark.parametrize("cls", [Listed, Bulk])
def test_bar_by_bar_each_next_loads_one(cls: Any) -> None:
    feed = started(cls(days=days(3)))
    lengths = []
    while feed.next():
        lengths.append((len(feed), feed.close[0]))
    assert lengths == [(1, 0.0), (2, 1.0), (3, 2.0)]
    assert len(feed) == 3


def test_columns_are_read_once_when_stepped_through() -> None:
    Bulk.reads = 0
    feed = started(Bulk(days=days(5)))
    while feed.next():
        pass
    assert Bulk.reads == 1


def test_a_rewound_bar_is_offered_again_without_loading() -> None:
    feed = started(Listed(days=days(3)))
    assert feed.next()
    feed.rewind()
    assert len(feed) == 0
    assert len(feed.left) == 2
    assert feed.next()
    assert (len(feed), feed.close[0], len(feed.left)) == (1, 0.0, 2)


def test_next_does_not_go_beyond_the_master() -> None:
    early, late = started(Listed(days=days(3))), started(Listed(days=days(9)[5:]))
    assert early.next()
    assert late.next(datamaster=early) is False
    assert len(late) == 0
    late.advance(datamaster=early)
    assert len(late) == 0
    late.advance()
    assert len(late) == 1


def test_none_from_load_means_nothing_yet() -> None:
    feed = started(Listed(days=[DAY, None, DAY + timedelta(days=1)]))
    assert [feed.next() for _ in range(4)] == [True, None, True, False]
    assert len(feed) == 2


@pytest.mark.parametrize("cls", [Listed, Bulk])
@pytest.mark.parametrize("preload", [True, False])
def test_fromdate_and_todate_cut(cls: Any, preload: bool) -> None:
    feed = cls(days=days(9), fromdate=DAY + timedelta(days=2), todate=DAY + timedelta(days=5))
    started(feed)
    if preload:
        feed.preload()
    found = []
    while feed.next():
        found.append(feed.close[0])
    assert found == [2.0, 3.0, 4.0, 5.0]


@pytest.mark.filterwarnings("ignore::backtrail.errors.DataWarning")
@pytest.mark.parametrize("cls", [Listed, Bulk])
def test_the_first_bar_past_todate_ends_an_unsorted_feed(cls: Any) -> None:
    order = [days(9)[k] for k in (0, 5, 1, 8, 2)]
    feed = preloaded(cls(days=order, fromdate=DAY + timedelta(days=1), todate=DAY + timedelta(days=6)))
    assert closes(feed) == [1.0, 2.0]


def test_a_date_means_its_session_and_a_datetime_itself() -> None:
    day = date(2020, 1, 3)
    feed = started(Listed(fromdate=day, todate=day, sessionstart=time(9), sessionend=time(16)))
    assert feed.p.fromdate == datetime(2020, 1, 3, 9)
    assert feed.p.todate == datetime(2020, 1, 3, 16)
    assert feed.fromdate == date2num(datetime(2020, 1, 3, 9))
    whole = started(Listed(fromdate=datetime(2020, 1, 3)))
    assert (whole.fromdate, whole.todate) == (date2num(datetime(2020, 1, 3)), inf)
    assert whole.p.sessionend == time(23, 59, 59, 999990)


def test_nothing_in_range_is_warned_of() -> None:
    with pytest.warns(DataWarning, match="fromdate"):
        preloaded(Bulk(days=days(3), fromdate=datetime(2030, 1, 1), name="late"))


def test_tzinput_places_and_tz_shows() -> None:
    feed = started(Listed(days=[datetime(2020, 7, 1, 9, 30)], tz="Europe/Madrid", tzinput="America/New_York"))
    assert feed.next()
    assert feed.lines.datetime[0] == date2num(datetime(2020, 7, 1, 13, 30))
    assert feed.datetime.datetime(0) == datetime(2020, 7, 1, 15, 30)
    assert feed.num2date() == datetime(2020, 7, 1, 15, 30)
    assert feed.num2date(tz=tzparse("UTC")) == datetime(2020, 7, 1, 13, 30)
    assert feed.date2num(datetime(2020, 7, 1, 15, 30)) == feed.lines.datetime[0]


# -- filters ----------------------------------------------------------------------------------------------------------


def test_a_filter_that_returns_true_has_taken_the_bar() -> None:
    feed = Listed(days=days(5))

    def odd(data: Any) -> bool:
        if data.close[0] % 2:
            data.backwards()
            return True
        return False

    feed.addfilter(odd)
    assert closes(preloaded(feed)) == [0.0, 2.0, 4.0]


def test_addfilter_passes_its_arguments() -> None:
    feed = Listed(days=days(3))
    feed.addfilter(lambda data, by, plus=0: data.close.set(data.close[0] * by + plus), 10, plus=1)
    assert closes(preloaded(feed)) == [1.0, 11.0, 21.0]


def test_addfilter_simple_leaves_out_bars() -> None:
    feed = Listed(days=days(5))
    feed.addfilter_simple(lambda data, above: data.close[0] > above, 2)
    assert isinstance(feed._filters[0][0], SimpleFilterWrapper)
    assert closes(preloaded(feed)) == [0.0, 1.0, 2.0]


def test_bars_on_the_stack_pass_no_more_filters_and_stashed_ones_do() -> None:
    seen: list[float] = []

    def doubling(data: Any, stash: bool) -> bool:
        seen.append(data.close[0])
        if data.close[0] < 100:
            bar = [line[0] for line in data.lines]
            bar[0] += 100
            data._add2stack(bar, stash=stash)
        return False

    for stash in (False, True):
        seen.clear()
        feed = Listed(days=days(2))
        feed.addfilter(doubling, stash)
        assert closes(preloaded(feed)) == [0.0, 100.0, 1.0, 101.0]
        assert seen == ([0.0, 100.0, 1.0, 101.0] if stash else [0.0, 1.0])


def test_save2stack_and_updatebar() -> None:
    def late(data: Any) -> bool:
        data._save2stack(erase=True)
        return True

    feed = Listed(days=days(3))
    feed.addfilter(late)
    assert closes(preloaded(feed)) == [0.0, 1.0, 2.0]
    feed = started(Listed(days=days(1)))
    assert feed.next()
    feed._updatebar([5.0] * 6 + [feed.lines.datetime[0]])
    assert feed.open[0] == 5.0
    feed._updatebar([6.0] * 6 + [7.0], forward=True)
    assert (len(feed), feed.close[0], feed.close[-1]) == (2, 6.0, 5.0)


def test_class_filters_get_the_feed_and_deliver_the_rest_at_the_end() -> None:
    class Pairs:
        def __init__(self, data: Any, size: int = 2) -> None:
            self.size = size
            self.held: list[Any] = []

        def __call__(self, data: Any) -> bool:
            self.held.append([line[0] for line in data.lines])
            data.backwards()
            if len(self.held) == self.size:
                data._add2stack(self.held[-1])
                self.held.clear()
            return True

        def last(self, data: Any) -> int:
            for bar in self.held:
                data._add2stack(bar)
            return len(self.held)

    feed = Listed(days=days(5))
    feed.addfilter(Pairs)
    assert closes(preloaded(feed)) == [1.0, 3.0, 4.0]
    given = Listed(days=days(5), filters=[Pairs])
    assert closes(preloaded(given)) == [1.0, 3.0, 4.0]


def test_filters_start_over_with_each_run() -> None:
    feed = Listed(days=days(5))
    feed.resample(timeframe=5, compression=2)
    assert closes(preloaded(feed)) == [1.0, 3.0, 4.0]
    assert closes(preloaded(feed)) == [1.0, 3.0, 4.0]


# -- ticks ------------------------------------------------------------------------------------------------------------


def test_the_newest_tick_is_the_current_bar_unless_something_else_is_said() -> None:
    feed = started(Listed(days=days(2)))
    assert feed.tick_close is None
    feed.next()
    feed.next()
    assert (feed.tick_open, feed.tick_close, feed.tick_last) == (1.0, 1.0, 1.0)
    feed.tick_close = 7.0
    assert (feed.tick_close, feed.tick_open) == (7.0, None)
    feed._tick_fill()
    assert feed.tick_open == 1.0
    feed._tick_nullify()
    assert feed.tick_open is None


def test_values_nobody_sets_are_nan() -> None:
    feed = started(Listed(days=days(1)))
    feed.next()
    assert isnan(feed.openinterest[0])
    assert nan not in [feed.close[0]]


def test_filled_days_pass_through_the_filters_after() -> None:
    from backtrail.feeds.filters import CalendarDays

    feed = Listed(days=[DAY, DAY + timedelta(days=4)])
    feed.addfilter(CalendarDays)
    feed.resample(timeframe=5, compression=2)
    assert [round(x - date2num(DAY)) for x in preloaded(feed).datetime.array.tolist()] == [2, 4, 5]
    assert closes(feed) == [0.0, 0.0, 1.0]
    bar_by_bar = Listed(days=[DAY, DAY + timedelta(days=3)])
    bar_by_bar.addfilter(CalendarDays)
    started(bar_by_bar)
    seen = []
    while bar_by_bar.next():
        seen.append((len(bar_by_bar), bar_by_bar.close[0]))
    assert seen == [(1, 0.0), (2, 0.0), (3, 0.0), (4, 1.0)]


def test_an_instance_may_be_given_as_filter() -> None:
    calls: list[int] = []

    def count(data: Any) -> bool:
        calls.append(len(data))
        return False

    assert closes(preloaded(Listed(days=days(2), filters=[count]))) == [0.0, 1.0]
    assert calls == [1, 2]


def test_several_bars_can_be_opened_and_forgotten_at_once() -> None:
    feed = started(Listed(days=days(1)))
    feed.forward(7.0, 3)
    assert [feed.close[0], feed.close[-2], len(feed)] == [7.0, 7.0, 3]
    feed.backwards(2)
    assert len(feed) == 1
    feed.forward()
    assert isnan(feed.close[0])
