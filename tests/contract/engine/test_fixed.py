"""Bugs of backtrader that nothing sane depends on: here they are right, each shown by what it used to break."""

from __future__ import annotations

import io
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import backtrail as bt

from .traces import MODES, feed, rows


def cerebro(*strategies: Any, bars: int = 6, **kwargs: Any) -> bt.Cerebro:
    made = bt.Cerebro(**{"stdstats": False, **kwargs})
    made.adddata(feed(bt, bars, name="d0"))
    for strategy in strategies:
        made.addstrategy(strategy)
    return made


def csv_rows(text: str) -> list[list[str]]:
    lines = [line.split(",") for line in text.splitlines()]
    return [line for line in lines if line[0].isdigit()]


class Skipped(bt.Strategy):
    def __init__(self) -> None:
        raise bt.StrategySkipError


def test_a_writer_survives_that_all_strategies_are_skipped() -> None:
    out = io.StringIO()
    made = cerebro(Skipped)
    made.addwriter(bt.WriterFile, out=out, csv=True)
    assert made.run() == []
    assert csv_rows(out.getvalue()) == []


@pytest.mark.parametrize("mode", MODES)
def test_the_csv_has_one_row_per_bar_however_many_strategies(mode: str) -> None:
    class First(bt.Strategy):
        """One of two."""

    class Second(bt.Strategy):
        """The other."""

    out = io.StringIO()
    made = cerebro(First, Second, **MODES[mode])
    made.addwriter(bt.WriterFile, out=out, csv=True)
    made.run()
    found = csv_rows(out.getvalue())
    assert [row[0] for row in found] == ["1", "2", "3", "4", "5", "6"]
    header = next(line for line in out.getvalue().splitlines() if line.startswith("Id,")).split(",")
    places = [at + 1 for at, name in enumerate(header) if name in ("First", "Second")]
    assert len(places) == 2
    assert all([row[at] for at in places] == [row[0]] * 2 for row in found)


def test_the_csv_of_a_feed_that_replaces_the_usual_lines_has_matching_columns() -> None:
    class BidAsk(bt.feeds.GenericCSVData):  # type: ignore[misc]
        linesoverride = True
        lines = ("bid", "ask", "datetime")
        params = (("bid", 1), ("ask", 2))

    class Feed(bt.feeds.DataBase):  # type: ignore[misc]
        linesoverride = True
        lines = ("bid", "ask", "datetime")
        at = 0

        def _load(self) -> bool:
            self.at += 1
            if self.at > 3:
                return False
            self.lines.datetime[0] = bt.date2num(datetime(2024, 1, self.at))
            self.lines.bid[0], self.lines.ask[0] = 1.0, 2.0
            return True

    assert BidAsk.lines._getlines() == ("bid", "ask", "datetime")
    out = io.StringIO()
    made = bt.Cerebro(stdstats=False)
    made.adddata(Feed(name="quotes"))
    made.addstrategy(bt.Strategy)
    made.addwriter(bt.WriterFile, out=out, csv=True)
    made.run()
    header = next(line for line in out.getvalue().splitlines() if line.startswith("Id,")).split(",")
    assert all(len(row) == len(header) for row in csv_rows(out.getvalue()))
    assert {"bid", "ask"} <= set(header)


class Timed(bt.Strategy):
    params = (("choice", 0),)
    alive: list[Any] = []

    def __init__(self) -> None:
        self.add_timer(bt.timer.SESSION_START)
        self.stopped = False

    def notify_timer(self, timer: Any, when: datetime, *args: Any, **kwargs: Any) -> None:
        assert not self.stopped
        Timed.alive.append(self)

    def stop(self) -> None:
        self.stopped = True


def test_timers_of_earlier_runs_are_silent() -> None:
    Timed.alive.clear()
    made = cerebro(Timed)
    made.run()
    made.run()
    assert len(Timed.alive) == 12
    assert len(set(map(id, Timed.alive))) == 2


def test_timers_of_earlier_combinations_are_silent() -> None:
    Timed.alive.clear()
    made = cerebro(maxcpus=1)
    made.optstrategy(Timed, choice=[1, 2, 3])
    made.run()
    assert len(Timed.alive) == 18


def test_a_file_writer_writes_every_combination(tmp_path: Path) -> None:
    made = cerebro(maxcpus=1)
    made.optstrategy(Timed, choice=[1, 2])
    out = tmp_path / "runs.txt"
    made.addwriter(bt.WriterFile, out=str(out), csv=True)
    assert len(made.run()) == 2
    assert "Strategies" in out.read_text(encoding="utf-8")


def test_a_repeated_timer_keeps_to_its_time_zone() -> None:
    zone = ZoneInfo("America/New_York")
    seen: list[datetime] = []

    class Zoned(bt.Strategy):
        def __init__(self) -> None:
            every = timedelta(hours=3)
            self.add_timer(datetime(2024, 1, 1, 10).time(), repeat=every, tzdata=zone)

        def notify_timer(self, timer: Any, when: datetime, *args: Any, **kwargs: Any) -> None:
            seen.append(when)

    made = bt.Cerebro(stdstats=False)
    hourly = rows(30, start=datetime(2024, 1, 8, 12), step=timedelta(hours=1))
    made.adddata(feed(bt, hourly, timeframe=bt.TimeFrame.Minutes, compression=60))
    made.addstrategy(Zoned)
    made.run()
    assert {when.hour for when in seen} <= {10, 13, 16, 19, 22}
    assert len(seen) >= 3


def test_the_value_of_several_datas_is_that_of_their_positions() -> None:
    found: list[tuple[float, ...]] = []

    class Two(bt.Strategy):
        def next(self) -> None:
            if len(self) == 1:
                self.buy(self.data0, size=3)
                self.buy(self.data1, size=2)
            if len(self) == 4:
                before = self.broker.getvalue(), self.broker.get_fundvalue(), self.broker.get_leverage()
                held = self.broker.getvalue([self.data0, self.data1])
                each = self.broker.getvalue([self.data0]), self.broker.getvalue([self.data1])
                assert before == (
                    self.broker.getvalue(),
                    self.broker.get_fundvalue(),
                    self.broker.get_leverage(),
                )
                found.append((held, sum(each)))

    made = cerebro(Two)
    made.adddata(feed(bt, 6, name="d1"))
    made.run()
    ((held, total),) = found
    assert held == total > 0


@pytest.mark.parametrize("mode", MODES)
def test_annual_returns_need_no_observers(mode: str) -> None:
    class Buyer(bt.Strategy):
        def next(self) -> None:
            if not self.position:
                self.buy()

    made = cerebro(Buyer, bars=400, **MODES[mode])
    made.addanalyzer(bt.analyzers.AnnualReturn)
    made.addanalyzer(bt.analyzers.SharpeRatio, legacyannual=True)
    (strategy,) = made.run()
    assert list(strategy.analyzers[0].get_analysis()) == [2024, 2025]


def test_hidden_analyzers_can_be_asked_for_by_either_name() -> None:
    class Watching(bt.Strategy):
        def __init__(self) -> None:
            self.made = self._getanalyzer_slave(bt.analyzers.TimeReturn)

    (strategy,) = cerebro(Watching).run()
    assert len(strategy.made.get_analysis()) == 6
    assert len(strategy.analyzers) == 0


def test_a_future_that_ends_before_the_active_one_is_passed_over() -> None:
    def future(name: str, first: int, count: int) -> Any:
        return feed(bt, rows(count, seed=first, start=datetime(2024, 1, first)), name=name)

    made = bt.Cerebro(stdstats=False)
    futures = [future("a", 1, 20), future("b", 1, 5), future("c", 1, 25)]
    made.rolloverdata(*futures, name="rolled", checkdate=lambda dt, d: dt >= datetime(2024, 1, 12))
    made.addstrategy(bt.Strategy)
    (strategy,) = made.run()
    assert 5 <= len(strategy) <= 50


def test_fund_history_holds_in_vectorised_runs() -> None:
    values: list[float] = []

    class Watching(bt.Strategy):
        def next(self) -> None:
            values.append(self.broker.getvalue())

    made = cerebro(Watching)
    made.set_fund_history([[date(2024, 1, 1), 100.0, 5_000.0], [date(2024, 1, 4), 110.0, 6_000.0]])
    made.run()
    assert values[0] == 5_000.0
    assert values[-1] == 6_000.0


def test_a_bracket_of_size_zero_is_no_order() -> None:
    found: list[Any] = []

    class Zero(bt.Sizer):
        def _getsizing(self, *args: Any) -> int:
            return 0

    class Bracket(bt.Strategy):
        def next(self) -> None:
            found.append(self.buy_bracket(price=90.0, stopprice=80.0, limitprice=110.0))

    made = cerebro(Bracket)
    made.addsizer(Zero)
    made.run()
    assert found[0] == [None, None, None]
