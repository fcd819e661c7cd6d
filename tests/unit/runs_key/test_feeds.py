from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import backtrail as bt
from backtrail.feeds import (
    ArrowData,
    Chainer,
    DataBase,
    FrameData,
    GenericCSVData,
    PandasData,
    ParquetData,
    RollOver,
)
from backtrail.feeds.corporate import CorporateActions, StockData
from backtrail.market.calendar import TradingCalendar
from backtrail.runs.encoding import UncacheableParameter
from backtrail.runs.feeds import (
    UncacheableFeed,
    fingerprint_feed,
    fingerprint_stored,
)
from backtrail.runs.record import RecordWarning

COUNT = 120
FIELDS = ["open", "high", "low", "close", "volume", "openinterest"]
RNG = np.random.default_rng(3)
CLOSES = (100.0 + RNG.normal(size=COUNT).cumsum()).round(4)


def bars(count: int = COUNT) -> pd.DataFrame:
    index = pd.date_range("2020-03-02 14:30", periods=count, freq="min", name="datetime")
    values = {"open": CLOSES, "high": CLOSES + 1, "low": CLOSES - 1, "close": CLOSES + 0.5}
    frame = pd.DataFrame({name: one[:count] for name, one in values.items()}, index=index)
    return frame.assign(volume=np.arange(float(count)), openinterest=0.0)


MINUTES: dict[str, Any] = {"timeframe": bt.TimeFrame.Minutes}


def csv(folder: Path, frame: pd.DataFrame | None = None, **options: Any) -> Any:
    folder.mkdir(exist_ok=True)
    path = folder / "AAPL.csv"
    (bars() if frame is None else frame).to_csv(path, date_format="%Y-%m-%d %H:%M:%S")
    return GenericCSVData(dataname=str(path), dtformat="%Y-%m-%d %H:%M:%S", **{**MINUTES, **options})


def pandas(frame: pd.DataFrame | None = None, **options: Any) -> Any:
    return PandasData(dataname=bars() if frame is None else frame, **{**MINUTES, **options})


def of(data: Any) -> str:
    return fingerprint_feed(data).digest


def test_the_same_bars_are_the_same_feed_from_every_source(tmp_path: Path) -> None:
    flat = bars().reset_index()
    pq.write_table(pa.Table.from_pandas(flat), tmp_path / "bars.parquet")
    ways = [
        csv(tmp_path / "one"),
        csv(tmp_path / "another folder"),
        pandas(),
        pandas(bars()[FIELDS[::-1]]),
        pandas(bars().astype({"volume": "int64"})),
        FrameData(dataname=pl.from_pandas(flat), **MINUTES),
        FrameData(dataname=pa.Table.from_pandas(flat), **MINUTES),
        ArrowData(dataname=pa.Table.from_pandas(flat), **MINUTES),
        ParquetData(dataname=str(tmp_path / "bars.parquet"), **MINUTES),
    ]
    assert {of(way) for way in ways} == {of(pandas())}


def test_a_fingerprint_of_a_feed_tells_what_it_is_of() -> None:
    found = fingerprint_feed(pandas(name="AAPL"))
    assert (found.name, found.rows) == ("AAPL", COUNT)
    assert (found.first, found.last) == ("2020-03-02T14:30:00", "2020-03-02T16:29:00")
    assert set(found.columns) == {*FIELDS, "datetime"}
    told = found.manifest()
    assert told["fingerprint"] == found.digest
    assert told["settings"]["timeframe"] == "Minutes"


def edited(name: str, at: int) -> pd.DataFrame:
    frame = bars()
    frame.iloc[at, FIELDS.index(name)] += 1e-6
    return frame


class Marked(PandasData):
    params = (("strength", 1),)


OTHERS: dict[str, Callable[[], Any]] = {
    "the bars as they are": pandas,
    "a price": lambda: pandas(edited("close", 60)),
    "the last volume": lambda: pandas(edited("volume", -1)),
    "a time": lambda: pandas(bars().set_axis(bars().index + pd.to_timedelta([0] * 119 + [1], "s"))),
    "a bar less": lambda: pandas(bars()[:-1]),
    "a bar less at the beginning": lambda: pandas(bars()[1:]),
    "a field less": lambda: pandas(bars().drop(columns="openinterest"), openinterest=None),
    "the name": lambda: pandas(name="AAPL"),
    "the timeframe": lambda: pandas(timeframe=bt.TimeFrame.Seconds),
    "the compression": lambda: pandas(compression=5),
    "the time zone": lambda: pandas(tz="America/New_York"),
    "the zone of the source": lambda: pandas(tzinput="America/New_York"),
    "the start of the session": lambda: pandas(sessionstart=dt.time(9, 30)),
    "the end of the session": lambda: pandas(sessionend=dt.time(16)),
    "where it begins": lambda: pandas(fromdate=dt.datetime(2020, 3, 2, 15)),
    "where it may end": lambda: pandas(todate=dt.datetime(2020, 3, 3)),
    "a calendar": lambda: pandas(calendar=TradingCalendar()),
    "another calendar": lambda: pandas(calendar=TradingCalendar(holidays=[dt.date(2020, 1, 1)])),  # type: ignore[call-arg]
    "a parameter of the user's": lambda: Marked(dataname=bars(), **MINUTES),
    "its value": lambda: Marked(dataname=bars(), strength=2, **MINUTES),
}  # fmt: skip


def test_everything_that_a_run_can_see_makes_another_feed() -> None:
    found = {name: of(make()) for name, make in OTHERS.items()}
    digests = list(found.values())
    assert [name for name, one in found.items() if digests.count(one) > 1] == []


def test_what_the_broker_does_about_dividends_and_splits_counts() -> None:
    def made(**options: Any) -> str:
        frame = bars().assign(dividends=0.0, splits=1.0)
        return of(StockData(dataname=frame, **MINUTES, **options))

    ways = [
        made(),
        made(dividend_policy="ignore"),
        made(split_policy="ignore"),
        made(split_policy="ignore", dividend_policy="ignore"),
    ]
    assert len(set(ways)) == len(ways)


def test_parameters_of_every_library_class_are_left_out(tmp_path: Path) -> None:
    class FromText(CorporateActions, GenericCSVData):
        params = (("dtformat", "%Y-%m-%d %H:%M:%S"), ("dividends", 7), ("splits", 8))

    frame = bars().assign(dividends=0.0, splits=1.0)
    path = tmp_path / "AAPL.csv"
    frame.to_csv(path)
    assert of(FromText(dataname=str(path), **MINUTES)) == of(StockData(dataname=frame, **MINUTES))


def test_which_feed_is_compensated_counts() -> None:
    def made(other: int | None) -> str:
        cerebro = bt.Cerebro()
        datas = [pandas() for _ in range(3)]
        for data in datas:
            cerebro.adddata(data)
        if other is not None:
            datas[2].compensate(datas[other])
        return of(datas[2])

    assert len({made(None), made(0), made(1)}) == 3


def test_a_name_taken_from_the_path_does_not_count(tmp_path: Path) -> None:
    assert of(csv(tmp_path / "a")) == of(pandas())
    assert of(csv(tmp_path / "b", name="AAPL")) == of(pandas(name="AAPL"))


def test_the_feed_of_a_cerebro_is_told_by_the_name_given_there(tmp_path: Path) -> None:
    cerebro = bt.Cerebro()
    cerebro.adddata(csv(tmp_path / "a"), name="X")
    assert of(cerebro.datas[0]) == of(pandas(name="X"))


def test_extra_lines_count() -> None:
    class Signal(PandasData):
        lines = ("signal",)
        params = (("signal", -1),)

    one = bars().assign(signal=1.0)
    other = one.copy()
    other.iloc[5, -1] = 2.0
    assert of(Signal(dataname=one, **MINUTES)) == of(Signal(dataname=one.copy(), **MINUTES))
    assert (
        len({of(Signal(dataname=one, **MINUTES)), of(Signal(dataname=other, **MINUTES)), of(pandas())}) == 3
    )


# -- loading


def test_a_feed_is_loaded_once_and_stays_loaded() -> None:
    data = pandas()
    found = fingerprint_feed(data)
    assert data._c_.size == COUNT
    data.lines.close.array[0] += 1.0  # it is not read again
    assert fingerprint_feed(data).digest != found.digest


def test_bars_that_changed_since_the_last_run_are_read_again() -> None:
    frame = bars()
    data = pandas(frame)
    cerebro = bt.Cerebro()
    cerebro.adddata(data)
    before = of(data)
    cerebro.run()
    frame.iloc[3, 0] += 1.0
    assert fingerprint_stored(data).digest == before
    assert of(data) == of(pandas(frame)) != before


def test_a_fingerprint_leaves_the_run_as_it_is() -> None:
    class Count(bt.Strategy):
        def stop(self) -> None:
            self.seen = (len(self), self.data.close[0])

    def run(before: bool, **options: Any) -> Any:
        cerebro = bt.Cerebro(**options)
        data = pandas()
        cerebro.adddata(data)
        cerebro.addstrategy(Count)
        if before:
            fingerprint_feed(data)
        return cerebro.run()[0].seen

    for options in ({}, {"preload": False}, {"runonce": False}, {"exactbars": 1}):
        assert run(True, **options) == run(False, **options)


class Counting(DataBase):
    """A user's feed that delivers bars one by one."""

    params = (("bars", 10), ("step", 1.0))

    def start(self) -> None:
        super().start()
        self.at = 0

    def _load(self) -> bool:
        if self.at >= self.p.bars:
            return False
        self.lines.datetime[0] = 737000.0 + self.at
        for name in ("open", "high", "low", "close"):
            getattr(self.lines, name)[0] = self.at * self.p.step
        self.at += 1
        return True


class LiveFeed(Counting):
    def islive(self) -> bool:
        return True


def test_a_feed_that_loads_bar_by_bar_is_told_by_its_bars() -> None:
    assert fingerprint_feed(Counting()).rows == 10
    assert of(Counting()) == of(Counting())
    assert len({of(Counting()), of(Counting(bars=11)), of(Counting(step=2.0))}) == 3


def test_a_live_feed_is_refused() -> None:
    with pytest.raises(UncacheableFeed, match=r"LiveFeed.*it is live") as caught:
        fingerprint_feed(LiveFeed(), "data[1]")
    assert isinstance(caught.value, UncacheableParameter)
    assert caught.value.where == "data[1]"


class Once(DataBase):
    """A feed that delivers what it was given, and then nothing more."""

    params = (("source", None),)

    def _load(self) -> bool:
        row = next(self.p.source, None)
        if row is None:
            return False
        self.lines.datetime[0] = 737000.0 + row
        for name in ("open", "high", "low", "close"):
            getattr(self.lines, name)[0] = 1.0 + row
        return True


@pytest.mark.parametrize("options", [{}, {"runonce": False}, {"preload": False}, {"exactbars": 1}], ids=str)
def test_recording_does_not_use_up_a_feed_that_delivers_once(options: dict[str, Any], tmp_path: Path) -> None:
    cerebro = bt.Cerebro(store=str(tmp_path / "store"), **options)
    cerebro.adddata(Once(source=iter(range(10))))
    cerebro.addstrategy(bt.Strategy)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RecordWarning)
        assert len(cerebro.run()[0]) == 10


def test_a_calendar_that_cannot_be_told_is_refused() -> None:
    class Odd:
        def schedule(self, day: Any, tz: Any = None) -> Any:
            return None

    with pytest.raises(UncacheableParameter, match=r"data\.calendar"):
        fingerprint_feed(pandas(calendar=Odd()))


# -- larger bars


def larger(method: str, data: Any, **options: Any) -> Any:
    cerebro = bt.Cerebro()
    getattr(cerebro, method)(data, **{"timeframe": bt.TimeFrame.Minutes, "compression": 5, **options})
    return cerebro.datas[0]


@pytest.mark.parametrize("method", ["resampledata", "replaydata"])
def test_larger_bars_are_told_by_their_source_and_rule(method: str, tmp_path: Path) -> None:
    one = of(larger(method, pandas()))
    assert one == of(larger(method, csv(tmp_path / "a")))
    others = [
        of(larger(method, pandas(edited("high", 3)))),
        of(larger(method, pandas(), compression=10)),
        of(larger(method, pandas(), rightedge=False)),
        of(larger(method, pandas(), boundoff=1)),
        of(pandas()),
    ]
    assert len({one, *others}) == 1 + len(others)


def test_resampled_and_replayed_bars_differ() -> None:
    assert of(larger("resampledata", pandas())) != of(larger("replaydata", pandas()))


@pytest.mark.parametrize("method", ["resampledata", "replaydata"])
def test_larger_bars_beside_their_source_are_told_too(method: str, tmp_path: Path) -> None:
    def made(data: Any) -> Any:
        cerebro = bt.Cerebro()
        cerebro.adddata(data)
        getattr(cerebro, method)(data, timeframe=bt.TimeFrame.Minutes, compression=5)
        return cerebro.datas[1]

    assert of(made(pandas())) == of(made(csv(tmp_path / "a")))
    assert of(made(pandas())) != of(made(pandas(edited("low", 7))))


def test_a_replayed_feed_that_can_only_be_read_once_is_refused() -> None:
    with pytest.raises(UncacheableFeed, match="may not be possible twice"):
        fingerprint_feed(larger("replaydata", Counting(), timeframe=bt.TimeFrame.Weeks, compression=1))


# -- chained feeds


def test_chained_feeds_are_told_by_what_they_read() -> None:
    def chain(*frames: pd.DataFrame, kind: Any = Chainer, **options: Any) -> str:
        return of(kind(*[pandas(one) for one in frames], **options))

    first, second = bars()[:60], bars()[60:]
    ways = [
        chain(first, second), chain(second, first), chain(first), chain(first, edited("close", 100)[60:]),
        chain(first, second, kind=RollOver), chain(first, second, kind=RollOver, checkdate=lambda when, data: True),
        chain(first, second, kind=RollOver, checkdate=lambda when, data: False),
    ]  # fmt: skip
    assert len(set(ways)) == len(ways)
    assert chain(first, second) == ways[0]
    assert len(fingerprint_feed(Chainer(pandas(first), pandas(second))).sources) == 2


def test_a_chain_of_feeds_that_deliver_once_is_refused() -> None:
    with pytest.raises(UncacheableFeed, match="may not be possible twice"):
        fingerprint_feed(Chainer(pandas(), Counting()))


def test_a_chained_feed_runs_after_it_was_told() -> None:
    data = Chainer(pandas(bars()[:60]), pandas(bars()[60:]))
    fingerprint_feed(data)
    cerebro = bt.Cerebro()
    cerebro.adddata(data)
    cerebro.addstrategy(bt.Strategy)
    assert len(cerebro.run()[0]) == COUNT
