"""A feed of a file that failed and is started again says so again, whether it was stopped or not."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

import backtrail as bt
from backtrail.errors import DataError
from backtrail.feeds.csv import BacktraderCSVData, CSVDataBase
from backtrail.feeds.genericcsv import GenericCSVData
from backtrail.feeds.yahoo import YahooFinanceCSVData

from .reading import file

TITLE = "Date,Open,High,Low,Close,Volume,OpenInterest\n"
GOOD = "2006-01-02,1,2,0.5,1.5,100,7\n"
BAD = "2006-01-03,1.25,two,0.5,1.5,100.5,8\n"
LATER = "2006-01-04,1.25,2,0.5,1.5,100.5,8\n"


class OwnRows(CSVDataBase):
    """A feed as users write them: one row after the other."""

    def _loadline(self, tokens: list[str]) -> bool:
        self.lines.datetime[0] = float(self._lineno_) + 730_000
        self.lines.high[0] = float(tokens[2])
        return True


FEEDS: list[tuple[type, dict[str, Any]]] = [
    (BacktraderCSVData, {}),
    (GenericCSVData, {"dtformat": "%Y-%m-%d"}),
    (YahooFinanceCSVData, {"reverse": True}),
    (OwnRows, {}),
]


def started(feed: Any) -> None:
    feed.reset()
    feed._start()


@pytest.mark.parametrize(("kind", "settings"), FEEDS, ids=[kind.__name__ for kind, _ in FEEDS])
@pytest.mark.parametrize("how", ["preload", "next"])
@pytest.mark.parametrize("stopped", [True, False], ids=["stopped", "not stopped"])
def test_a_feed_that_failed_fails_again(
    tmp_path: Path, kind: type, settings: dict[str, Any], how: str, stopped: bool
) -> None:
    feed = kind(dataname=file(tmp_path, TITLE + GOOD + BAD + LATER), **settings)
    said = []
    for _ in range(3):
        started(feed)
        with pytest.raises((DataError, ValueError)) as caught:
            if how == "preload":
                feed.preload()
            else:
                for _ in range(9):
                    feed.load()
        said.append(str(caught.value))
        if stopped:
            feed.stop()
    assert said[0] == said[1] == said[2]
    assert "two" in said[0]
    feed.stop()
    assert feed.f is None


@pytest.mark.parametrize("stopped", [True, False], ids=["stopped", "not stopped"])
def test_a_text_that_was_given_is_read_from_its_beginning_again(stopped: bool) -> None:
    feed = BacktraderCSVData(dataname=io.StringIO(TITLE + GOOD + LATER))
    for _ in range(3):
        started(feed)
        feed.load()
        assert feed.lines.open[0] == 1.0
        if stopped:
            feed.stop()


def test_a_file_that_is_put_right_is_read_when_the_feed_is_started_again(tmp_path: Path) -> None:
    path = file(tmp_path, TITLE + GOOD + BAD)
    feed = BacktraderCSVData(dataname=path)
    started(feed)
    with pytest.raises(DataError, match="two"):
        feed.preload()
    Path(path).write_text(TITLE + GOOD + LATER)
    started(feed)
    feed.preload()
    assert feed.buflen() == 2


def test_a_file_that_a_feed_opened_itself_is_left_to_it(tmp_path: Path) -> None:
    class OwnFile(OwnRows):
        def start(self) -> None:
            self.f = io.StringIO(TITLE + GOOD + LATER)
            super().start()

    feed = OwnFile(dataname="nowhere.csv")
    for _ in range(2):
        started(feed)
        feed.preload()
        assert feed.buflen() == 2


def test_a_run_that_failed_fails_again(tmp_path: Path) -> None:
    cerebro = bt.Cerebro(store=False)
    cerebro.adddata(BacktraderCSVData(dataname=file(tmp_path, TITLE + GOOD + BAD)))
    cerebro.addstrategy(bt.Strategy)
    for _ in range(2):
        with pytest.raises(DataError, match="two"):
            cerebro.run()
