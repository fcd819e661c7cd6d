"""Bars in the making that nobody's bar completes: closed by the clock, or by another feed's time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backtrail.base.time import date2num, num2date
from backtrail.engine.delivery import Merge
from backtrail.feeds.base import DataBase
from backtrail.feeds.resample import DTFaker, Replayer, Resampler

START = datetime(2020, 1, 2, 9)


class Minutes(DataBase):
    """One bar on each of the given minutes, None for nothing yet."""

    params = (("minutes", ()), ("timeframe", 4), ("start_at", START))

    def start(self) -> None:
        super().start()
        self.left = list(self.p.minutes)

    def _load(self) -> bool | None:
        if not self.left:
            return False
        minute = self.left.pop(0)
        if minute is None:
            return None
        self.lines.datetime[0] = date2num(self.p.start_at + timedelta(minutes=minute))
        for name in ("open", "high", "low", "close", "volume"):
            getattr(self.lines, name)[0] = minute
        return True


def started(feed: Any) -> Any:
    feed.reset()
    feed._start()
    return feed


def times(feed: Any) -> list[str]:
    return [f"{num2date(x):%H:%M}" for x in feed.lines.datetime.array[: len(feed)].tolist()]


def test_a_live_bar_is_closed_by_the_clock() -> None:
    feed = Minutes(minutes=[1, 2, None, None])
    feed.resample(timeframe=4, compression=5)
    merge = Merge([started(feed)])
    assert merge.step() is None
    assert merge.step() is True  # the clock is far beyond
    assert times(feed)[0] in ("09:05", "23:59")
    assert feed.volume[0] == 3.0


def test_a_live_bar_that_is_not_over_stays_open() -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    feed = Minutes(minutes=[1, None, None], start_at=now + timedelta(days=1))
    feed.resample(timeframe=4, compression=1440)
    merge = Merge([started(feed)])
    assert merge.step() is None
    assert merge.step() is None
    assert len(feed) == 0


def test_a_faked_time_is_that_of_the_other_feed() -> None:
    feed, other = started(Minutes(minutes=[1, 2])), started(Minutes(minutes=[7]))
    feed.next()
    other.next()
    fake = DTFaker(feed, other)
    assert fake[0] == other.lines.datetime[0]
    assert fake[-1] == float("-inf")
    assert fake() == fake.datetime() == START + timedelta(minutes=7)
    assert (fake.date(), fake.time()) == (START.date(), (START + timedelta(minutes=7)).time())
    assert len(fake) == 1
    assert fake.num2date(fake[0]) == START + timedelta(minutes=7)
    assert fake.date2num(START) == date2num(START)
    assert fake._getnexteos() == feed._getnexteos()
    assert fake._calendar is None
    wall = DTFaker(feed)
    assert abs(wall() - datetime.now(UTC).replace(tzinfo=None)) < timedelta(minutes=1)


@pytest.mark.parametrize("timeframe", [4, 3])
def test_another_feeds_time_completes_bars_of_minutes_only(timeframe: int) -> None:
    feed, other = Minutes(minutes=[1, 2]), Minutes(minutes=[1, 2, 9])
    feed.resample(timeframe=timeframe, compression=300 if timeframe == 3 else 5)
    merge = Merge([started(feed), started(other)])
    lengths = []
    while merge.step():
        lengths.append((len(feed), len(other)))
    assert lengths == ([(0, 1), (0, 2), (1, 3)] if timeframe == 4 else [(0, 1), (0, 2), (0, 3), (1, 3)])


def test_a_replayed_bar_of_a_feed_that_ended_moves_to_its_end() -> None:
    feed, other = Minutes(minutes=[1, 2]), Minutes(minutes=[1, 2, 9, 10])
    feed.replay(timeframe=4, compression=5, adjbartime=True)
    merge = Merge([started(feed), started(other)])
    shown = []
    while merge.step():
        shown.append((len(feed), f"{num2date(feed.lines.datetime[0]):%H:%M}"))
    assert shown == [(1, "09:01"), (1, "09:02"), (1, "09:05"), (1, "09:05")]
    plain = Minutes(minutes=[1, 2])
    plain.replay(timeframe=4, compression=5)
    merge = Merge([started(plain), started(Minutes(minutes=[1, 2, 9]))])
    while merge.step():
        pass
    assert times(plain) == ["09:02"]


def test_filters_can_be_asked_directly() -> None:
    feed, other = started(Minutes(minutes=[1, 2])), started(Minutes(minutes=[9]))
    other.next()
    for cls in (Resampler, Replayer):
        made = cls(feed, timeframe=4, compression=5)
        assert made.bar.isopen() is False
        made(feed, fromcheck=True, forcedata=other)
        assert not feed._barstack
    assert feed.resampling == 1
    assert feed.replaying
