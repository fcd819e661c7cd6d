"""Feeds that end at different times, deliver nothing, or are laid out in advance: the cycles that come of it."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import numpy as np
import pytest

import backtrail as bt
from backtrail.engine.delivery import Merge
from backtrail.engine.timeline import build_timeline

from .market import MODES, START, bars, cerebro

HOUR = timedelta(hours=1)
MINUTES, WEEKS = bt.TimeFrame.Minutes, bt.TimeFrame.Weeks


class Lengths(bt.Strategy):
    """Note in each cycle how many bars each feed has delivered."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, ...]] = []

    def prenext(self) -> None:
        self.next()

    def next(self) -> None:
        self.seen.append(tuple(len(data) for data in self.datas))


def lengths(*feeds: Any, **options: Any) -> list[tuple[int, ...]]:
    (strategy,) = cerebro(Lengths, datas=feeds, **options).run()
    return strategy.seen  # type: ignore[no-any-return]


def started(*feeds: Any) -> list[Any]:
    for feed in feeds:
        feed.reset()
        feed._start()
    return list(feeds)


def minutes(count: int, first: datetime = START, **kwargs: Any) -> Any:
    return bars(count, first=first, step=timedelta(minutes=1), timeframe=MINUTES, **kwargs)


def test_nothing_comes_after_the_end_of_all_feeds() -> None:
    merge = Merge(started(bars(1), bars(2)))
    assert [merge.step() for _ in range(5)] == [True, True, False, False, False]


@pytest.mark.parametrize("options", [{"preload": False}, {"runonce": False}], ids=str)
def test_a_resampled_feed_goes_on_after_the_others_have_ended(options: dict[str, Any]) -> None:
    """While others deliver they set the time of the cycle; afterwards the resampled feed does."""
    plain, weekly = bars(3), bars(28)
    weekly.resample(timeframe=WEEKS)
    seen = lengths(plain, weekly, **options)
    assert seen[:3] == [(1, 0), (2, 0), (3, 0)]
    assert seen[3:] == [(3, 1), (3, 2), (3, 3), (3, 4)]


@pytest.mark.filterwarnings("ignore::backtrail.errors.DataWarning")  # from 1.0 to 2.0, as at a split
def test_filters_of_a_feed_without_a_bar_are_asked_at_the_time_of_the_others() -> None:
    asked: list[float] = []

    class Asked:
        def __init__(self, data: Any) -> None:
            pass

        def __call__(self, data: Any) -> bool:
            return False

        def check(self, data: Any, _forcedata: Any) -> None:
            asked.append(_forcedata.datetime[0])

    short, long = bars(2), bars(4)
    short.addfilter(Asked)
    assert lengths(short, long, preload=False) == [(1, 1), (2, 2), (2, 3), (2, 4)]
    assert asked == [bt.date2num(START + timedelta(days=day)) for day in (2, 3)]


@pytest.mark.filterwarnings("ignore::backtrail.errors.DataWarning")
@pytest.mark.parametrize("options", [{}, {"preload": False}], ids=str)
def test_feeds_without_bars_make_no_cycles(options: dict[str, Any]) -> None:
    setup = cerebro(**options)
    source = bars(0)
    setup.datas.clear()
    setup.adddata(source)
    setup.resampledata(source, timeframe=WEEKS)
    setup.addstrategy(Lengths)
    strategies = setup.run()
    assert [one.seen for one in strategies] in ([], [[]])


def test_the_same_times_are_recognised_without_a_comparison() -> None:
    one, other = (feed for feed in started(bars(3), bars(3)))
    for feed in (one, other):
        feed.preload()
    other.lines.datetime.array = one.lines.datetime.array
    timeline = build_timeline([one, other])
    assert timeline is not None
    assert [group.bars for group in timeline.groups] == [None]


@pytest.mark.parametrize("zone", [None, "America/New_York"])
def test_a_bar_of_another_feed_at_the_end_of_a_session_ends_the_day_in_every_mode(zone: str | None) -> None:
    found = []
    for options in MODES.values():
        first = minutes(5, START + 9 * HOUR, sessionend=time(10), tz=zone)
        setup = cerebro(
            datas=[first, bars(3, first=START + 9 * HOUR, step=HOUR, timeframe=MINUTES)], **options
        )
        setup.resampledata(first, timeframe=bt.TimeFrame.Days)
        setup.addstrategy(Lengths)
        (strategy,) = setup.run()
        assert strategy.datas[2].close[0] == 5.0
        found.append(strategy.seen)
    assert found[0] == found[1] == found[2]
    assert found[0][-1] == (5, 3, 1)


def test_an_indicator_that_counts_its_calls_counts_the_same_in_every_mode() -> None:
    """Hooks on larger bars run in each cycle in which such a bar is current."""

    class Calls(bt.Indicator):
        lines = ("calls",)

        def __init__(self) -> None:
            self.count = 0

        def next(self) -> None:
            self.count += 1
            self.lines.calls[0] = self.count

    class Counting(bt.Strategy):
        def __init__(self) -> None:
            self.calls = Calls(self.datas[1])
            self.seen: list[float] = []

        def next(self) -> None:
            self.seen.append(self.calls[0])

    found = []
    for options in MODES.values():
        setup = cerebro(datas=[bars(20)], **options)
        setup.resampledata(setup.datas[0], timeframe=WEEKS)
        setup.addstrategy(Counting)
        found.append(setup.run()[0].seen)
    assert found[0] == found[1] == found[2]
    assert found[0][-1] > 3.0


@pytest.mark.parametrize("mode", MODES)
def test_lines_of_a_strategy_follow_their_source(mode: str) -> None:
    """A line of the strategy bound to one of an indicator has its values, NaN before its first one."""

    class Bound(bt.Strategy):
        lines = ("mean",)

        def __init__(self) -> None:
            self.lines.mean = bt.ind.SMA(self.datas[1], period=2)
            self.seen: list[float] = []

        def prenext(self) -> None:
            self.next()

        def next(self) -> None:
            self.seen.append(self.lines.mean[0])

    late = bars(4, first=START + timedelta(days=2))
    (strategy,) = cerebro(Bound, datas=[bars(6), late], **MODES[mode]).run()
    np.testing.assert_array_equal(strategy.seen, [np.nan, np.nan, np.nan, 1.5, 2.5, 3.5])


def test_the_result_of_a_run_is_not_there_before_its_end() -> None:
    class Early(bt.Strategy):
        def next(self) -> None:
            assert not hasattr(self, "result")
            _ = self.result

    with pytest.raises(AttributeError, match=r"asked for while it goes on; read it after Cerebro\.run\(\)"):
        cerebro(Early).run()
