"""Every line of every bar that a feed delivers is what backtrader's feed delivers, to the last bit."""

from __future__ import annotations

import itertools
import tempfile
import warnings
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import backtrader
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import backtrail
from backtrail.base.timezone import tzparse

pytestmark = [pytest.mark.contract, pytest.mark.filterwarnings("ignore::backtrail.errors.DataWarning")]

Bars = list[tuple[float, ...]]
MODES: list[dict[str, Any]] = [{}, {"runonce": False}, {"preload": False}, {"exactbars": 1}]
ZONES = [None, "US/Eastern", "Europe/Berlin", "Asia/Tokyo"]
MINUTES, DAYS, WEEKS = 4, 5, 6


def delivered(bt: Any, feed: Any, **modes: Any) -> Bars:
    """Give every line of every bar of *feed*, seen by a strategy of the library *bt*."""
    seen: Bars = []

    class Watch(bt.Strategy):  # type: ignore[misc]
        def next(self) -> None:
            seen.append(tuple(line[0] for line in self.data.lines))

    cerebro = bt.Cerebro(stdstats=False, **modes)
    cerebro.adddata(feed)
    cerebro.addstrategy(Watch)
    cerebro.run()
    return seen


def same(make: Callable[[Any], Any], modes: list[dict[str, Any]] | None = None) -> Bars:
    """Check that the feed which *make* builds of each library delivers the same, and give it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        warnings.simplefilter("ignore", UserWarning)
        expected = delivered(backtrader, make(backtrader))
    for mode in modes or [{}]:
        found = delivered(backtrail, make(backtrail), **mode)
        assert len(found) == len(expected)
        for mine, theirs in zip(found, expected):
            assert np.array_equal(mine, theirs, equal_nan=True), (mine, theirs)
    return expected


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


_names = itertools.count()


def file(folder: Path, text: str) -> str:
    path = folder / f"bars{next(_names)}.csv"
    path.write_text(text)
    return str(path)


PRICES = st.one_of(
    st.floats(0.01, 1e6).map(repr),
    st.decimals("0.01", "5000", places=2).map(str),
    st.integers(1, 10**6).map(str),
    st.sampled_from(["-1.5", "1e3", ".5", "5.", " 7 ", "0.1"]),
)
ENDS = st.sampled_from([None, time(16), time(9, 30), time(23, 59, 59)])


@st.composite
def moments(draw: st.DrawFn, step: timedelta, most: int = 12) -> list[datetime]:
    start = draw(st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1))).replace(microsecond=0)
    gaps = draw(st.lists(st.integers(1, 5), min_size=1, max_size=most))
    return [start + step * total for total in itertools.accumulate(gaps)]


@st.composite
def ranges(draw: st.DrawFn, when: list[datetime]) -> dict[str, Any]:
    """Draw fromdate and todate near the bars, as dates or as datetimes."""
    edge = st.sampled_from(when).flatmap(
        lambda moment: st.sampled_from(
            [None, moment, moment.date(), moment + timedelta(seconds=1), moment.date() + timedelta(days=1)]
        )
    )
    return {"fromdate": draw(edge), "todate": draw(edge)}


@st.composite
def zones(draw: st.DrawFn) -> dict[str, Any]:
    # backtrader looks names up in pytz; both take a zone that can localize
    return {key: tzparse(draw(st.sampled_from(ZONES))) for key in ("tz", "tzinput")}


@given(st.data())
def test_backtrader_csv(folder: Path, data: st.DataObject) -> None:
    intraday = data.draw(st.booleans())
    when = data.draw(moments(timedelta(minutes=7) if intraday else timedelta(days=1)))
    rows = [
        [*(f"{moment:%Y-%m-%d,%H:%M:%S}" if intraday else f"{moment:%Y-%m-%d}").split(",")]
        + [data.draw(PRICES) for _ in range(6)]
        for moment in when
    ]
    separator = data.draw(st.sampled_from([",", ";", "\t"]))
    headers = data.draw(st.booleans())
    text = "".join(separator.join(row) + "\n" for row in ([["title"] * 7] if headers else []) + rows)
    name = file(folder, text)
    options = data.draw(ranges(when)) | data.draw(zones()) | {"sessionend": data.draw(ENDS)}
    options |= {
        "timeframe": data.draw(st.sampled_from([MINUTES, DAYS])),
        "headers": headers,
        "separator": separator,
    }
    same(lambda bt: bt.feeds.BacktraderCSVData(dataname=name, **options), MODES)


FORMATS = [
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d",
    "%Y%m%d%H%M%S",
    "%d.%m.%y %H:%M",
    "%m/%d/%Y",
    "%d-%b-%Y %H:%M",
    1,
    2,
]


@given(st.data())
def test_generic_csv(folder: Path, data: st.DataObject) -> None:
    when = data.draw(
        moments(data.draw(st.sampled_from([timedelta(minutes=1), timedelta(hours=5), timedelta(days=1)])))
    )
    form = data.draw(st.sampled_from(FORMATS))
    order = data.draw(
        st.permutations(["datetime", "open", "high", "low", "close", "volume", "openinterest", "pe"])
    )
    absent = data.draw(st.sets(st.sampled_from([name for name in order if name != "datetime"]), max_size=3))
    seconds = [int((moment - datetime(1970, 1, 1)).total_seconds()) for moment in when]
    stamps = [
        str(second) if isinstance(form, int) else f"{moment:{form}}" for second, moment in zip(seconds, when)
    ]
    if form == 2:
        stamps = [f"{second}.{data.draw(st.integers(0, 999999))}" for second in seconds]
    holes = data.draw(st.booleans())
    fields = st.one_of(PRICES, st.just("")) if holes else PRICES
    text = "title\n"
    for stamp in stamps:
        text += ",".join(stamp if name == "datetime" else data.draw(fields) for name in order) + "\n"
    name = file(folder, text)
    columns = {
        line: data.draw(st.sampled_from([-1, None])) if line in absent else order.index(line)
        for line in order
    }
    options = data.draw(ranges(when)) | data.draw(zones()) | {"sessionend": data.draw(ENDS)} | columns
    options |= {"dtformat": form, "timeframe": data.draw(st.sampled_from([MINUTES, DAYS, WEEKS]))}
    options |= {"nullvalue": data.draw(st.sampled_from([float("nan"), 0.0, -1.0]))}

    def make(bt: Any) -> Any:
        class Ratio(bt.feeds.GenericCSVData):  # type: ignore[misc]
            lines = ("pe",)
            params = (("pe", -1),)

        return Ratio(dataname=name, **options)

    same(make, MODES)


@given(st.data())
def test_generic_csv_with_a_time_column(folder: Path, data: st.DataObject) -> None:
    when = data.draw(moments(timedelta(minutes=11)))
    form, clock = data.draw(
        st.sampled_from([("%Y-%m-%d", "%H:%M:%S"), ("%Y%m%d", "%H%M"), ("%d/%m/%y", "%H.%M")])
    )
    text = "".join(f"{moment:{form}},{moment:{clock}},1,2,0.5,1.5,10,0\n" for moment in when)
    name = file(folder, text)
    at = {"time": 1, "open": 2, "high": 3, "low": 4, "close": 5, "volume": 6, "openinterest": 7}
    options = data.draw(zones()) | at | {"dtformat": form, "tmformat": clock, "headers": False}
    options |= {"timeframe": data.draw(st.sampled_from([MINUTES, DAYS]))}
    same(lambda bt: bt.feeds.GenericCSVData(dataname=name, **options), MODES)


@given(st.data())
def test_yahoo_csv(folder: Path, data: st.DataObject) -> None:
    when = data.draw(moments(timedelta(days=1)))
    text = "Date,Open,High,Low,Close,Adj Close,Volume\n"
    rows = []
    for moment in when:
        row = [data.draw(PRICES) for _ in range(5)] + [
            data.draw(st.sampled_from(["0", "1000", "1234.5", "77.77"]))
        ]
        if data.draw(st.integers(0, 9)) == 0:
            row[data.draw(st.integers(0, 5))] = "null"
        rows.append(",".join([f"{moment:%Y-%m-%d}", *row]) + "\n")
    reverse = data.draw(st.booleans())
    name = file(folder, text + "".join(reversed(rows) if reverse else rows))
    flags = {key: data.draw(st.booleans()) for key in ("adjclose", "adjvolume", "round", "swapcloses")}
    places = {
        "decimals": data.draw(st.integers(0, 5)),
        "roundvolume": data.draw(st.sampled_from([False, True, 0, 2])),
    }
    options = (
        data.draw(ranges(when)) | data.draw(zones()) | {"sessionend": data.draw(ENDS), "reverse": reverse}
    )
    same(lambda bt: bt.feeds.YahooFinanceCSVData(dataname=name, **options, **flags, **places), MODES)


KINDS = ["float64", "float32", "int64", "uint16", "bool"]


@given(st.data())
def test_pandas(data: st.DataObject) -> None:
    when = data.draw(moments(data.draw(st.sampled_from([timedelta(minutes=1), timedelta(days=1)]))))
    unit = data.draw(st.sampled_from(["s", "ms", "us", "ns"]))
    assume(unit != "ns" or when[-1].year < 2262)
    index = pd.DatetimeIndex(when).as_unit(unit)
    zone = data.draw(st.sampled_from([None, "UTC", "Asia/Tokyo"]))
    if zone is not None:
        index = index.tz_localize(zone)
    names = ["open", "high", "low", "close", "volume", "openinterest", "pe"]
    present = data.draw(st.permutations(names))[: data.draw(st.integers(3, 7))]
    style = data.draw(st.sampled_from([str.lower, str.upper, str.title]))
    frame = pd.DataFrame(index=index)
    for name in present:
        kind = data.draw(st.sampled_from(KINDS))
        values = data.draw(st.lists(st.integers(0, 60000), min_size=len(when), max_size=len(when)))
        frame[style(name)] = (np.array(values) / (7 if kind.startswith("float") else 1)).astype(kind)
    where = data.draw(st.sampled_from(["index", "name", "position", "detected"]))
    columns: dict[str, Any] = {}
    if where != "index":
        frame = frame.reset_index(names="datetime")
        columns["datetime"] = {"name": "datetime", "position": 0, "detected": -1}[where]
    for name in present:
        at = list(frame.columns).index(style(name))
        columns[name] = data.draw(st.sampled_from([-1, None, at, style(name), name]))
    options = data.draw(ranges(when)) | data.draw(zones()) | columns
    options |= {"timeframe": data.draw(st.sampled_from([MINUTES, DAYS]))}

    def make(bt: Any) -> Any:
        class Ratio(bt.feeds.PandasData):  # type: ignore[misc]
            lines = ("pe",)
            params = (("pe", -1),)

        return Ratio(dataname=frame, **options)

    same(make, MODES)


def test_pandas_by_position() -> None:
    index = pd.date_range("2006-01-02 09:31", periods=5, freq="min")
    frame = pd.DataFrame(np.arange(30).reshape(5, 6) / 3, columns=list("ohlcvi"), index=index)
    same(lambda bt: bt.feeds.PandasDirectData(dataname=frame, timeframe=MINUTES), MODES)
    same(lambda bt: bt.feeds.PandasDirectData(dataname=frame, openinterest=-1, close=1), MODES)


TITLE = "a,b,c,d,e,f,g\n"
MINUTE_ROWS = "".join(f"2006-01-02 09:3{k}:00,{k},{k + 1},{k - 1},{k + 0.5},100,{k}\n" for k in range(1, 6))


def user_formats(bt: Any) -> dict[str, Any]:
    """Give classes as users write them, on top of the library *bt*."""

    class Half(bt.feeds.GenericCSVData):  # type: ignore[misc]
        def _loadline(self, linetokens: list[str]) -> Any:
            found = super()._loadline(linetokens)
            self.lines.close[0] = self.lines.close[0] / 2.0
            return found

    class Ends(bt.feeds.GenericCSVData):  # type: ignore[misc]
        def _loadline(self, linetokens: list[str]) -> Any:
            return "09:34" not in linetokens[0] and super()._loadline(linetokens)

    class EverySecond(bt.feeds.GenericCSVData):  # type: ignore[misc]
        def _load(self) -> Any:
            return super()._load() and super()._load()

    class SkipsALine(bt.feeds.GenericCSVData):  # type: ignore[misc]
        def start(self) -> None:
            super().start()
            self.f.readline()

    class Own(bt.feed.CSVDataBase):  # type: ignore[misc]
        def _loadline(self, linetokens: list[str]) -> bool:
            self.lines.datetime[0] = bt.date2num(datetime.fromisoformat(linetokens[0]))
            self.l.close[0] = float(linetokens[4])
            self.lines.open[0] = 5
            return True

    class Counting(bt.feed.DataBase):  # type: ignore[misc]
        count = 0

        def _load(self) -> bool:
            self.count += 1
            if self.count > 3:
                return False
            self.lines.datetime[0] = 730000.25 + self.count
            self.lines.close[0] = self.count
            return True

    return {kind.__name__: kind for kind in (Half, Ends, EverySecond, SkipsALine, Own, Counting)}


@pytest.mark.parametrize("kind", ["Half", "Ends", "EverySecond", "SkipsALine", "Own", "Counting"])
@pytest.mark.parametrize("zone", [None, "US/Eastern"])
def test_formats_that_users_write(folder: Path, kind: str, zone: str | None) -> None:
    name = file(folder, TITLE + MINUTE_ROWS)
    bars = same(
        lambda bt: user_formats(bt)[kind](dataname=name, timeframe=MINUTES, tzinput=tzparse(zone)), MODES
    )
    assert bars


def test_filters_see_the_same_bars(folder: Path) -> None:
    name = file(folder, TITLE + MINUTE_ROWS)

    def make(bt: Any) -> Any:
        feed = bt.feeds.GenericCSVData(dataname=name, timeframe=MINUTES)
        feed.addfilter_simple(lambda data: data.close[0] > 4.0)
        return feed

    assert len(same(make, MODES)) == 3


@pytest.mark.parametrize(
    "text",
    [
        MINUTE_ROWS.replace("\n", "\r\n"),
        MINUTE_ROWS.rstrip("\n"),
        "".join(reversed(MINUTE_ROWS.splitlines(keepends=True))),
        MINUTE_ROWS + MINUTE_ROWS,
        MINUTE_ROWS.replace(",1,", ",nan,"),
        MINUTE_ROWS.replace(",1,", ",inf,"),
        MINUTE_ROWS.replace(",1,", ",-1,"),
        MINUTE_ROWS.replace(",100,", ",1_00,"),
        "",
    ],
    ids=["crlf", "no end of line", "newest first", "twice", "nan", "inf", "negative", "underscore", "empty"],
)
def test_odd_files_are_traded_on_the_same(folder: Path, text: str) -> None:
    name = file(folder, TITLE + text)
    same(lambda bt: bt.feeds.GenericCSVData(dataname=name, timeframe=MINUTES), MODES)


@pytest.mark.parametrize(
    "row",
    [
        "2006-01-02 09:31:00,x,2,3,4,5,6\n",
        "2006-01-02 09:31:00, ,2,3,4,5,6\n",
        "2006-01-02 09:31:00,1,2,3,4\n",
        "2006-01-02,1,2,3,4,5,6\n",
        " 2006-01-02 09:31:00,1,2,3,4,5,6\n",
        "2006-02-29 09:31:00,1,2,3,4,5,6\n",
        '"2006-01-02 09:31:00",1,2,3,4,5,6\n',
        '2006-01-02 09:31:00,"1",2,3,4,5,6\n',
    ],
)
def test_what_backtrader_refuses_is_refused(folder: Path, row: str) -> None:
    name = file(folder, TITLE + MINUTE_ROWS + row)
    with pytest.raises((ValueError, IndexError)):
        delivered(backtrader, backtrader.feeds.GenericCSVData(dataname=name))
    with pytest.raises(backtrail.errors.DataError, match=r"line 7, column \d"):
        delivered(backtrail, backtrail.feeds.GenericCSVData(dataname=name))


@pytest.mark.parametrize("day", [date(2006, 1, 2), datetime(2006, 1, 2, 9, 33), datetime(2006, 1, 3)])
def test_a_date_means_its_session_and_a_datetime_itself(folder: Path, day: date) -> None:
    name = file(folder, TITLE + MINUTE_ROWS)
    for key in ("fromdate", "todate"):
        same(
            lambda bt, key=key: bt.feeds.GenericCSVData(dataname=name, timeframe=MINUTES, **{key: day}), MODES
        )


DAYS_OF_A_WEEK = "".join(f"2006-01-{day:02},{day},{day},{day},{day},5,0\n" for day in range(2, 7))


@pytest.mark.parametrize("row", ["2006-01-07,9", "2006-01-07,9,x,9,9,5,0", "garbage"])
@pytest.mark.parametrize("zone", [None, "Asia/Tokyo"])
def test_what_comes_after_the_last_date_is_not_read(folder: Path, row: str, zone: str | None) -> None:
    name = file(folder, DAYS_OF_A_WEEK + row + "\n")

    def make(bt: Any, todate: datetime = datetime(2006, 1, 4)) -> Any:
        zones = {"tz": tzparse(zone), "tzinput": tzparse(zone)} if zone else {}
        made: Any = bt.feeds.GenericCSVData(
            dataname=name, dtformat="%Y-%m-%d", headers=False, todate=todate, **zones
        )
        return made

    assert len(same(make, MODES)) == 2
    with pytest.raises(ValueError, match="line 6"):
        delivered(backtrail, make(backtrail, datetime(2006, 1, 7)))


def test_the_oldest_row_of_a_file_that_begins_with_the_newest_is_read_first(folder: Path) -> None:
    rows = [f"2006-01-{day:02},{day},{day},{day},{day},{day},5" for day in range(9, 1, -1)]

    def make(bt: Any, rows: list[str]) -> Any:
        name = file(folder, "title\n" + "\n".join(rows) + "\n")
        return bt.feeds.YahooFinanceCSVData(dataname=name, reverse=True, todate=datetime(2006, 1, 5))

    assert len(same(lambda bt: make(bt, [*rows[:2], "2006-01-07,x", *rows[3:]]))) == 3
    with pytest.raises(ValueError, match=r"line 8, column 1"):
        delivered(backtrail, make(backtrail, [*rows[:6], "2006-01-03,x", *rows[7:]]))


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("GenericCSVData", {"dtformat": "%Y-%m-%d"}),
        ("GenericCSVData", {"dtformat": "%Y-%m-%d", "time": 9}),
        ("QuandlCSV", {}),
    ],
)
def test_a_row_that_lacks_a_field_is_an_index_error(folder: Path, kind: str, options: dict[str, Any]) -> None:
    name = file(folder, "2006-01-02,9,9,9\n")
    make = lambda bt: getattr(bt.feeds, kind)(dataname=name, headers=False, **options)  # noqa: E731
    with pytest.raises(IndexError):
        delivered(backtrader, make(backtrader))
    with pytest.raises(IndexError, match=r"line 1, column \d .*expected at least") as found:
        delivered(backtrail, make(backtrail))
    assert isinstance(found.value, ValueError)


def test_an_unknown_period_is_a_key_error(folder: Path) -> None:
    name = file(folder, "SYM,Q,20060102,093100,1,2,3,4,5,6\n")
    with pytest.raises(KeyError):
        delivered(backtrader, backtrader.feeds.VChartCSVData(dataname=name, headers=False))
    with pytest.raises(KeyError) as found:
        delivered(backtrail, backtrail.feeds.VChartCSVData(dataname=name, headers=False))
    assert str(found.value).startswith("reading feed")
    assert isinstance(found.value, backtrail.errors.DataError)
