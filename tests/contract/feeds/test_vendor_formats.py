"""Files of Visual Chart and Quandl, InfluxDB and rows: the bars are backtrader's, and wrong input is named."""

from __future__ import annotations

import struct
import sys
import threading
import types
import warnings
from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import backtrader
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import backtrail
from backtrail.errors import DataError, ParameterValueError
from backtrail.feeds import csvscan, csvtext

pytestmark = [pytest.mark.contract, pytest.mark.filterwarnings("ignore::backtrail.errors.DataWarning")]

Bars = list[tuple[float, ...]]
MODES: list[dict[str, Any]] = [{}, {"preload": False}]
MINUTES, DAYS, WEEKS = 4, 5, 6


def delivered(bt: Any, feed: Any, **modes: Any) -> Bars:
    seen: Bars = []

    class Watch(bt.Strategy):  # type: ignore[misc]
        def next(self) -> None:
            seen.append(tuple(line[0] for line in self.data.lines))

    cerebro = bt.Cerebro(stdstats=False, **modes)
    cerebro.adddata(feed)
    cerebro.addstrategy(Watch)
    cerebro.run()
    return seen


def same(make: Callable[[Any], Any]) -> Bars:
    """Check that both libraries deliver the same bars from what *make* builds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = delivered(backtrader, make(backtrader))
    for mode in MODES:
        found = delivered(backtrail, make(backtrail), **mode)
        assert len(found) == len(expected)
        for mine, theirs in zip(found, expected):
            assert np.array_equal(mine, theirs, equal_nan=True), (mine, theirs)
    return expected


def stamp(moment: datetime) -> int:
    return moment.year * 500 + moment.month * 32 + moment.day


PRICE = st.floats(0.0078125, 1e5, width=32)
RECORDS = st.lists(
    st.tuples(st.integers(1, 9), PRICE, PRICE, PRICE, PRICE, st.integers(0, 2**32 - 1)), max_size=8
)


def binary(rows: list[Any], intraday: bool) -> bytes:
    moment, raw = datetime(2006, 1, 2, 9, 30), b""
    for gap, *prices, volume in rows:
        moment += timedelta(minutes=gap) if intraday else timedelta(days=gap)
        seconds = [moment.hour * 3600 + moment.minute * 60] if intraday else []
        raw += struct.pack(f"<{'II' if intraday else 'I'}ffffII", stamp(moment), *seconds, *prices, volume, 7)
    return raw


@settings(max_examples=12)
@given(rows=RECORDS, intraday=st.booleans(), end=st.sampled_from([None, time(17, 30)]))
def test_visual_chart_binary_files(
    rows: list[Any], intraday: bool, end: time | None, tmp_path_factory: Any
) -> None:
    folder: Path = tmp_path_factory.mktemp("vc")
    options: dict[str, Any] = {"timeframe": MINUTES if intraday else DAYS, "sessionend": end}
    name = f"SYM{'.min' if intraday else '.fd'}"
    (folder / name).write_bytes(binary(rows, intraday))
    same(lambda bt: bt.feeds.VChartData(dataname=str(folder / "SYM"), **options))
    same(lambda bt: bt.feeds.VChartData(dataname=str(folder / name), **options))

    (folder / "0015").mkdir()
    (folder / "0015" / f"010015ES{'.min' if intraday else '.fd'}").write_bytes(binary(rows, intraday))

    def stored(bt: Any) -> Any:
        bt.stores.VChartFile._singleton = None
        return bt.stores.VChartFile(path=str(folder)).getdata(dataname="015ES", **options)

    assert len(same(stored)) == len(rows)


def test_the_factory_of_visual_chart_looks_in_its_folders(tmp_path: Path) -> None:
    folder = tmp_path / "RealServer" / "Data" / "01" / "5ES"
    folder.mkdir(parents=True)
    (folder / "015ES.fd").write_bytes(binary([(1, 1.0, 2.0, 0.5, 1.5, 10)], False))
    assert len(same(lambda bt: bt.feeds.VChartFeed(basepath=str(tmp_path)).getdata("015ES"))) == 1


def test_wrong_binary_files_are_named(tmp_path: Path) -> None:
    good = binary([(1, 1.0, 2.0, 0.5, 1.5, 10)], False)
    read = partial(backtrail.feeds.VChartData, dataname=str(tmp_path / "X"))
    with pytest.raises(FileNotFoundError, match=r"X\.fd"):
        delivered(backtrail, read())
    for raw, said in (
        (good[:20], "records of 28 bytes"),
        (struct.pack("<IffffII", 20060102, 1, 1, 1, 1, 1, 1), "record 1.*no day"),
        (struct.pack("<IffffII", stamp(datetime(2006, 2, 1)) + 29, 1, 1, 1, 1, 1, 1), "no day"),
    ):
        (tmp_path / "X.fd").write_bytes(raw)
        with pytest.raises(DataError, match=said):
            delivered(backtrail, read())
    (tmp_path / "X.min").write_bytes(
        struct.pack("<IIffffII", stamp(datetime(2006, 2, 1)), 86400, 1, 1, 1, 1, 1, 1)
    )
    with pytest.raises(DataError, match="second of the day"):
        delivered(backtrail, read(timeframe=MINUTES))
    with pytest.raises(DataError, match="expected a path"):
        delivered(backtrail, backtrail.feeds.VChartData(dataname=3))


def test_the_file_of_a_symbol_needs_the_folder_of_a_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backtrail.feeds.VChartFile, "folder", None)
    with pytest.raises(DataError, match=r"bt\.stores\.VChartFile"):
        delivered(backtrail, backtrail.feeds.VChartFile(dataname="015ES"))
    with pytest.raises(DataError, match="ticks are not read"):
        delivered(backtrail, backtrail.feeds.VChartFile(dataname="015ES", timeframe=1))
    backtrail.stores.VChartFile._singleton = None
    with pytest.raises(ParameterValueError, match="folder"):
        backtrail.stores.VChartFile(path=3)


TITLES = "ticker,per,date,time,open,high,low,close,volume,oi\n"


@settings(max_examples=12)
@given(
    rows=st.lists(
        st.tuples(st.integers(1, 40), PRICE, PRICE, PRICE, PRICE, st.integers(0, 10**6)), max_size=6
    ),
    period=st.sampled_from("IDWM"),
    end=st.sampled_from([None, time(17, 30)]),
)
def test_visual_chart_text_files(
    rows: list[Any], period: str, end: time | None, tmp_path_factory: Any
) -> None:
    path: Path = tmp_path_factory.mktemp("vc") / "x.csv"
    moment, text = datetime(2006, 1, 2, 9, 30), TITLES
    for gap, *prices, volume in rows:
        moment += timedelta(minutes=gap) if period == "I" else timedelta(days=gap)
        text += f"SYM,{period},{moment:%Y%m%d,%H%M%S},{','.join(map(repr, prices))},{volume},3\n"
    path.write_text(text)
    made = []

    def make(bt: Any) -> Any:
        made.append(bt.feeds.VChartCSVData(dataname=str(path), sessionend=end))
        return made[-1]

    same(make)
    assert len({feed._timeframe for feed in made}) == 1


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("SYM,X,20060102,0,1,2,3,4,5,6", "column 1 .period"),
        ("SYM,D,2006-01-02,0,1,2,3,4,5,6", "column 2 .date"),
        ("SYM,I,20060102,09:30,1,2,3,4,5,6", "column 3 .time"),
        ("SYM,D,20060102,0,1,2,3,4,5", "at least 10 fields"),
    ],
)
def test_wrong_rows_of_visual_chart_are_named(row: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(TITLES + row + "\n")
    with pytest.raises(DataError, match=f"line 2, .*{said}"):
        delivered(backtrail, backtrail.feeds.VChartCSVData(dataname=str(tmp_path / "x.csv")))


HEAD = "Date,Open,High,Low,Close,Volume,ExDiv,Split,AdjO,AdjH,AdjL,AdjC,AdjV\n"
PLAIN = st.decimals("0.01", "900", places=3).map(str)


@settings(max_examples=15)
@given(
    rows=st.lists(st.lists(PLAIN, min_size=12, max_size=12), max_size=6),
    options=st.fixed_dictionaries(
        {
            "adjclose": st.booleans(),
            "round": st.booleans(),
            "reverse": st.booleans(),
            "decimals": st.integers(0, 4),
        }
    ),
)
def test_quandl_text_files(rows: list[list[str]], options: dict[str, Any], tmp_path_factory: Any) -> None:
    path: Path = tmp_path_factory.mktemp("quandl") / "x.csv"
    lines = [
        f"{datetime(2006, 1, 2) + timedelta(days=at):%Y-%m-%d},{','.join(row)}\n"
        for at, row in enumerate(rows)
    ]
    path.write_text(HEAD + "".join(reversed(lines) if options["reverse"] else lines))
    same(lambda bt: bt.feeds.QuandlCSV(dataname=str(path), **options))


def test_a_short_row_of_quandl_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(HEAD + "2006-01-02,1,2,3,4,5\n")
    with pytest.raises(DataError, match=r"line 2, column 8 .open"):
        delivered(backtrail, backtrail.feeds.QuandlCSV(dataname=str(tmp_path / "x.csv")))


class Site(BaseHTTPRequestHandler):
    asked: list[str] = []
    kind = "text/csv"
    pages: dict[str, str] = {}

    def do_GET(self) -> None:
        type(self).asked.append(self.path)
        text = next((page for begin, page in self.pages.items() if self.path.startswith(begin)), None)
        self.send_response(200 if text is not None else 404)
        self.send_header("Content-Type", self.kind)
        self.end_headers()
        self.wfile.write((text or "").encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def site() -> Iterator[Any]:
    kept: Any = type("Kept", (Site,), {"asked": [], "pages": {}})
    server = HTTPServer(("127.0.0.1", 0), kept)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    kept.url = f"http://127.0.0.1:{server.server_port}"
    yield kept
    server.shutdown()
    server.server_close()


DAYS_ASKED = {"fromdate": datetime(2006, 1, 1), "todate": datetime(2006, 2, 1)}


@pytest.mark.parametrize("more", [{}, {"apikey": "KEY"}, DAYS_ASKED, {"dataset": "X", "reverse": False}])
def test_quandl_asks_its_service_as_backtrader_does(site: Any, more: dict[str, Any]) -> None:
    site.pages["/"] = HEAD + "2006-01-02,1,2,3,4,5,6,7,8.5,9.5,8,9,12\n2006-01-03,1,2,3,4,5,6,7,8,9,8,9,12\n"
    assert len(same(lambda bt: bt.feeds.Quandl(dataname="A B", baseurl=site.url, **more))) == 2
    assert len(set(site.asked)) == 1


def test_what_a_service_answers_instead_of_bars_is_said(site: Any) -> None:
    feed = backtrail.feeds.Quandl(dataname="X", baseurl=site.url, apikey="SECRET")
    with pytest.raises(DataError, match="404") as said:
        delivered(backtrail, feed)
    assert "SECRET" not in str(said.value)
    site.pages["/"], site.kind = "<html>log in</html>", "text/html"
    with pytest.raises(DataError, match=r"found text/html: '<html>log in"):
        delivered(backtrail, backtrail.feeds.Quandl(dataname="X", baseurl=site.url))


def test_yahoo_is_asked_for_crumb_and_file(site: Any) -> None:
    site.pages["/hist/YHOO"] = r'x "CrumbStore":{"crumb":"a\u002Fb"} y'
    site.pages["/down"] = "Date,Open,High,Low,Close,Adj Close,Volume\n2006-01-02,1,2,3,4,2,6\n"
    feed = backtrail.feeds.YahooFinance(urlhist=site.url + "/hist/{}", urldown=site.url + "/down").getdata(
        "YHOO", **DAYS_ASKED
    )
    assert feed.p.urldown.endswith("/down")
    assert [bar[:5] for bar in delivered(backtrail, feed)] == [(2.0, 1.5, 1.0, 0.5, 12.0)]
    assert site.asked[1] == (
        "/down/YHOO?period2=1138752000&period1=1136073600&interval=1d&events=history&crumb=a/b"
    )
    delivered(backtrail, feed)
    assert len(site.asked) == 2


def test_yahoo_is_asked_again_and_then_given_up(site: Any) -> None:
    options = {"urlhist": site.url + "/{}", "urldown": site.url, "retries": 1}
    with pytest.raises(DataError, match="404"):
        delivered(backtrail, backtrail.feeds.YahooFinanceData(dataname="X", **options))
    assert len(site.asked) == 2
    with pytest.raises(ParameterValueError, match="Days, Weeks or Months"):
        delivered(backtrail, backtrail.feeds.YahooFinanceData(dataname="X", timeframe=MINUTES))


class Points:
    """What the client of InfluxDB gives for a query: an object with ``get_points``."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows

    def get_points(self) -> Iterator[dict[str, Any]]:
        return iter(self.rows)


@pytest.fixture
def influx(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Stand in for the package ``influxdb`` with a client that answers from ``rows``."""
    package: Any = types.ModuleType("influxdb")
    package.rows, package.asked = [], []

    class InfluxDBClient:
        def __init__(self, *where: Any) -> None:
            package.asked.append(where)

        def query(self, text: str) -> Points:
            package.asked.append(text)
            return Points(package.rows)

    package.InfluxDBClient = InfluxDBClient
    errors: Any = types.ModuleType("influxdb.exceptions")
    errors.InfluxDBClientError = RuntimeError
    monkeypatch.setitem(sys.modules, "influxdb", package)
    monkeypatch.setitem(sys.modules, "influxdb.exceptions", errors)
    return package


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"timeframe": MINUTES, "compression": 5, "startdate": "2005-01-01", "close": "last"},
        {"timeframe": WEEKS, "host": "h", "port": "1", "username": "u", "password": "p", "database": "d"},
    ],
)
def test_influxdb_is_asked_as_backtrader_asks(influx: Any, options: dict[str, Any]) -> None:
    influx.rows = [
        {"time": f"2006-01-0{day}T09:30:00Z", "open": 1.5, "high": 2, "low": 1, "close": 1.25, "volume": day}
        for day in (2, 3)
    ]
    assert len(same(lambda bt: bt.feeds.InfluxDB(dataname="SYM", **options))) == 2
    assert influx.asked[:2] == influx.asked[2:4] == influx.asked[4:]


def test_influxdb_gives_open_interest_and_takes_what_is_missing(influx: Any) -> None:
    influx.rows = [{"time": "2006-01-02T00:00:00.5Z", "open": None, "close": 2.0, "openinterest": 5}]
    (bar,) = delivered(backtrail, backtrail.feeds.InfluxDB(dataname="SYM"))
    assert bar[0] == 2.0
    assert bar[5] == 5.0
    assert np.isnan(bar[3])
    assert abs(backtrail.num2date(bar[6]).microsecond - 500_000) < 10


def test_influxdb_cannot_group_by_months_and_says_when_its_client_is_missing(monkeypatch: Any) -> None:
    with pytest.raises(ParameterValueError, match="resampledata"):
        delivered(backtrail, backtrail.feeds.InfluxDB(dataname="SYM", timeframe=7))
    monkeypatch.setitem(sys.modules, "influxdb", None)
    with pytest.raises(ImportError, match="pip install influxdb"):
        delivered(backtrail, backtrail.feeds.InfluxDB(dataname="SYM"))


def test_influxdb_points_without_a_time_are_named(influx: Any) -> None:
    influx.rows = [{"time": 12}]
    with pytest.raises(DataError, match="found 12"):
        delivered(backtrail, backtrail.feeds.InfluxDB(dataname="SYM"))


def test_rows_of_any_iterable() -> None:
    import importlib

    rows = [
        (datetime(2006, 1, 2, 9, 30), 1, 2, 0.5, 1.5, 100, 7),
        (datetime(2006, 1, 3), 2, 3, 1.5, 2.5, 100, 7),
    ]

    def make(bt: Any, **options: Any) -> Any:
        module = importlib.import_module(f"{bt.__name__}.feeds.blaze") if bt is backtrader else bt.feeds
        return module.BlazeData(dataname=rows, **options)

    assert len(same(make)) == 2
    same(partial(make, volume=-1, close=1))
    with pytest.raises(DataError, match=r"row 1 .* position 9 .open"):
        delivered(backtrail, make(backtrail, open=9))
    with pytest.raises(DataError, match="a datetime at position 1"):
        delivered(backtrail, make(backtrail, datetime=1))


WIDE = {
    "BacktraderCSVData": ("{0:%Y-%m-%d},{0:%H:%M:%S},{1},{2},{3},{1},{4},0", {"timeframe": MINUTES}),
    "QuandlCSV": ("{0:%Y-%m-%d},{1},{2},{3},{1},{4},0,1,{1},{2},{3},{1},{4}", {"round": True}),
    "YahooFinanceCSVData": ("{0:%Y-%m-%d},{1},{2},{3},{1},{2},{4}", {}),
    "VChartCSVData": ("SYM,D,{0:%Y%m%d},0,{1},{2},{3},{1},{4},0", {"sessionend": time(17, 30)}),
    "VChartCSVData intraday": ("SYM,I,{0:%Y%m%d,%H%M%S},{1},{2},{3},{1},{4},0", {}),
    "VChartCSVData periods": ("SYM,{5},{0:%Y%m%d,%H%M%S},{1},{2},{3},{1},{4},0", {}),
}


def plain(given: Any) -> Any:
    if not isinstance(given, np.ndarray):
        return given
    return memoryview(given) if given.flags.aligned else given.tolist()


@pytest.mark.parametrize("kind", list(WIDE))
@pytest.mark.parametrize("by", ["rows", "pyarrow", "compiled"])
def test_large_files_read_as_small_ones(
    kind: str, by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if by == "compiled":  # the same code as it is compiled from
        for kernel in (csvscan.scan, csvscan.read_clocks, csvscan.read_days):
            monkeypatch.setattr(kernel, "_compiled", lambda *given, of=kernel: of.python(*map(plain, given)))
    if by != "rows":
        monkeypatch.setattr(csvtext, "LARGE", -1)
        monkeypatch.setattr(csvtext, "LARGE_WHEN_LOADED", -1)
    row, options = WIDE[kind]
    text = "title\n"
    for at in range(60):
        moment = datetime(1999, 12, 20, 9, 31, 5) + timedelta(days=at, minutes=at * 7)
        text += row.format(moment, f"{10 + at / 7:.3f}", 30 + at, at / 8, at * 1000, "DI"[at % 2]) + "\n"
    (tmp_path / "x.csv").write_text(text)
    name = kind.partition(" ")[0]
    assert len(same(lambda bt: getattr(bt.feeds, name)(dataname=str(tmp_path / "x.csv"), **options))) == 60
