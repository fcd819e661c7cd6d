"""Wrong input gives an error that names the thing and the remedy, or a warning where backtrader trades on."""

from __future__ import annotations

import datetime as dt
import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import backtrail as bt
from backtrail.errors import (
    CompatWarning,
    DataError,
    DataWarning,
    DeclarationError,
    LookAheadError,
    LookAheadWarning,
    OrderError,
    OrderWarning,
    ParameterError,
    ParameterValueError,
)

Order = bt.Order
MODES: dict[str, dict[str, Any]] = {
    "vectorised": {},
    "stepped": {"runonce": False},
    "delivered": {"preload": False},
}
HEADER = "Date,Open,High,Low,Close,Volume,OI\n"
GOOD = "2024-01-01,1,1,1,1,1,0\n"


def frame(count: int = 8, **columns: Any) -> pd.DataFrame:
    made = pd.DataFrame(
        {"open": 10.0, "high": 10.0, "low": 10.0, "close": 10.0, "volume": 1.0, "openinterest": 0.0},
        index=pd.date_range("2024-01-01", periods=count),
    )
    return made.assign(**columns)


def run(data: Any, strategy: Any = bt.Strategy, **kwargs: Any) -> Any:
    cerebro = bt.Cerebro(**{"stdstats": False, **kwargs})
    cerebro.adddata(data)
    cerebro.addstrategy(strategy)
    return cerebro.run()


def acting(act: Callable[[Any], Any], at: int = 3) -> Any:
    """Give a strategy that calls *act* on bar *at* and keeps what it is told of orders."""

    class Acting(bt.Strategy):
        def start(self) -> None:
            self.told: list[Any] = []

        def next(self) -> None:
            if len(self) == at:
                act(self)

        def notify_order(self, order: Any) -> None:
            self.told.append(order)

    return Acting


def told(act: Callable[[Any], Any], **kwargs: Any) -> list[tuple[str, str]]:
    """Run *act*; give (status, reason) of the last notification of each order."""
    (strategy,) = run(bt.feeds.PandasData(dataname=frame()), acting(act), **kwargs)
    last = {order.ref: order for order in strategy.told}
    return [(order.getstatusname(), order.reason) for order in last.values()]


# -- files and columns -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "feed", [bt.feeds.GenericCSVData, bt.feeds.BacktraderCSVData, bt.feeds.YahooFinanceCSVData]
)
@pytest.mark.parametrize("mode", MODES)
def test_a_missing_file(feed: Any, mode: str) -> None:
    with pytest.raises(DataError, match=r"expected 'no/such.csv' to exist .* correct dataname") as caught:
        run(feed(dataname="no/such.csv"), **MODES[mode])
    assert isinstance(caught.value, FileNotFoundError)


def test_a_folder_instead_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="to be a file that can be read - Is a directory - correct dataname"):
        run(bt.feeds.GenericCSVData(dataname=str(tmp_path)))


def test_a_frame_instead_of_a_feed() -> None:
    with pytest.raises(DataError, match="expected a feed - found DataFrame - wrap what is read in a feed"):
        bt.Cerebro().adddata(frame())


def test_a_column_that_is_not_there() -> None:
    with pytest.raises(DataError, match=r"no column 'clos'; it has .* Did you mean 'close'\?"):
        run(bt.feeds.PandasData(dataname=frame(), close="clos"))
    with pytest.raises(DataError, match="expected close at column 17 - found 6 columns"):
        run(bt.feeds.PandasData(dataname=frame(), close=17))
    with pytest.warns(DataWarning, match="there is no column 'close', so close is NaN on every bar"):
        run(bt.feeds.PandasData(dataname=frame().drop(columns="close")))


BAD_ROWS = {
    "date": ("01/02/2024,1,1,1,1,1,0\n", r"bars.csv, line 3, column 0 \(datetime\) .* found '01/02/2024'"),
    "number": (
        "2024-01-02,1,x,1,1,1,0\n",
        r"bars.csv, line 3, column 2 \(high\) - expected a number - found 'x'",
    ),
    "short": (
        "2024-01-02,1,1\n",
        r"bars.csv, line 3, column 4 \(close\) - expected at least 5 fields - found 3",
    ),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", BAD_ROWS)
def test_a_row_that_cannot_be_read_is_named(tmp_path: Path, kind: str, mode: str) -> None:
    row, words = BAD_ROWS[kind]
    file = tmp_path / "bars.csv"
    file.write_text(HEADER + GOOD + row)
    with pytest.raises(DataError, match=words):
        run(bt.feeds.GenericCSVData(dataname=str(file), dtformat="%Y-%m-%d"), **MODES[mode])


@pytest.mark.parametrize("feed", [bt.feeds.BacktraderCSVData, bt.feeds.YahooFinanceCSVData])
def test_a_row_of_other_formats_that_cannot_be_read_is_named(tmp_path: Path, feed: Any) -> None:
    file = tmp_path / "bars.csv"
    file.write_text(HEADER + GOOD + "2024-01-02,1,x,1,1,1,0\n")
    with pytest.raises(
        DataError, match=r"bars.csv, line 3, column 2 \(high\) - expected a number - found 'x'"
    ):
        run(feed(dataname=str(file)))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (lambda: frame(close=["a"] * 8), "column 'close' - expected numbers - found 'a' in row 1"),
        (lambda: frame().reset_index(drop=True), "column 'index' - expected times - found int64"),
        (lambda: [1, 2], "expected a table as dataname .* found list"),
    ],
)
def test_frames_that_cannot_be_read(data: Callable[[], Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        run(bt.feeds.PandasData(dataname=data()))


# -- bars --------------------------------------------------------------------------------------------------------------

ODD_BARS: dict[str, tuple[Callable[[], pd.DataFrame], str]] = {
    "unsorted": (lambda: frame(4).iloc[[0, 2, 1, 3]], r"1 bar\(s\) are earlier .* first row 3 \(2024-01-02"),
    "doubled": (lambda: frame(4).iloc[[0, 1, 1, 3]], r"1 bar\(s\) have the same time .* first row 3 \(2024-01-02"),
    "nan": (lambda: frame(3, close=[1.0, np.nan, 1.0]), r"1 bar\(s\) have no finite close price, .*close=nan"),
    "inf": (lambda: frame(3, high=[1.0, np.inf, 1.0]), r"1 bar\(s\) have no finite high price, first row 2 .*high=inf"),
    "empty": (lambda: frame(0), "there are no bars in the source"),
}  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", ODD_BARS)
def test_odd_bars_are_warned_of_in_every_mode(kind: str, mode: str) -> None:
    made, words = ODD_BARS[kind]
    with pytest.warns(DataWarning, match=f"feed 'X': {words}"):
        run(bt.feeds.PandasData(dataname=made(), name="X"), **MODES[mode])


class OneByOne(bt.feeds.DataBase):  # type: ignore[misc]
    """A user's feed of closes 2, nan, 1 on the days 1, 3 and 2."""

    at = 0

    def _load(self) -> bool:
        if self.at == 3:
            return False
        day, close = ((1, 2.0), (3, float("nan")), (2, 1.0))[self.at]
        self.at += 1
        self.lines.datetime[0] = bt.date2num(dt.datetime(2024, 1, day))
        for name in ("open", "high", "low", "close"):
            getattr(self.lines, name)[0] = close
        return True


@pytest.mark.parametrize("mode", MODES)
def test_odd_bars_of_a_users_feed_are_warned_of(mode: str) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run(OneByOne(name="mine"), **MODES[mode])
    texts = [str(one.message) for one in caught if one.category is DataWarning]
    assert any("feed 'mine': 1 bar(s) are earlier than the bar before, first row 3" in text for text in texts)
    assert any("no finite close price, first row 2" in text for text in texts)


@pytest.mark.parametrize("mode", MODES)
def test_negative_prices_are_legal(mode: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(bt.feeds.PandasData(dataname=-frame().assign(volume=-1.0)), **MODES[mode])


def test_an_empty_range() -> None:
    data = bt.feeds.PandasData(dataname=frame(), fromdate=dt.datetime(2030, 1, 1))
    words = "no bar lies between fromdate=2030-01-01 .* run from 2024-01-01 .* Correct fromdate/todate"
    with pytest.warns(DataWarning, match=words):
        run(data)


@pytest.mark.parametrize("name", ["fromdate", "todate"])
def test_dates_are_dates(name: str) -> None:
    with pytest.raises(
        ParameterValueError, match=f"PandasData: parameter '{name}' must be a date .* got '2024-01-01'"
    ):
        bt.feeds.PandasData(dataname=frame(), **{name: "2024-01-01"})


@pytest.mark.parametrize("mode", MODES)
def test_data_shorter_than_a_warm_up(mode: str) -> None:
    class Warm(bt.Strategy):
        def __init__(self) -> None:
            self.sma = bt.ind.SMA(period=30)

    words = "Feed 'X' has 8 bars; SMA needs 30 .* next\\(\\) of Warm is never called"
    with pytest.warns(DataWarning, match=words):
        run(bt.feeds.PandasData(dataname=frame(), name="X"), Warm, **MODES[mode])


# -- parameters --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: bt.Cerebro(runonec=False), r"Cerebro has no parameter 'runonec'.*Did you mean 'runonce'\?"),
        (lambda: bt.feeds.PandasData(dataname=frame(), tiemframe=1), "PandasData has no parameter 'tiemframe'"),
        (lambda: bt.brokers.BackBroker(margin_cascad=False), "margin_cascad"),
        (lambda: bt.sizers.FixedSize(stakes=1), r"FixedSize has no parameter 'stakes'.*Did you mean 'stake'\?"),
    ],
)  # fmt: skip
def test_constructors_raise_for_unknown_parameters(make: Callable[[], Any], words: str) -> None:
    with pytest.raises(TypeError, match=words):
        make()


def test_an_unknown_parameter_of_an_indicator_names_the_place() -> None:
    with pytest.raises(ParameterError, match="SMA has no parameter 'perod'") as caught:
        run(
            bt.feeds.PandasData(dataname=frame()),
            type("Wrong", (bt.Strategy,), {"__init__": lambda self: bt.ind.SMA(perod=3) and None}),
        )
    assert caught.value.__notes__ == ["While creating Wrong before the first bar of feed 'data'."]


def test_run_warns_of_an_unknown_parameter() -> None:
    cerebro = bt.Cerebro()
    cerebro.adddata(bt.feeds.PandasData(dataname=frame()))
    with pytest.warns(
        CompatWarning, match=r"Cerebro.run has no parameter 'runonec'.*Did you mean 'runonce'\?"
    ):
        assert len(cerebro.run(runonec=False)) == 1


@pytest.mark.parametrize("method", ["addstrategy", "optstrategy"])
def test_a_strategy_that_is_no_class(method: str) -> None:
    with pytest.raises(ParameterValueError, match="expected a class of strategies - found 'Mine'"):
        getattr(bt.Cerebro(), method)("Mine")


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        ("addsizer", "sizers"),
        ("addindicator", "indicators"),
        ("addanalyzer", "analyzers"),
        ("addobserver", "observers"),
        ("addobservermulti", "observers"),
        ("addwriter", "writers"),
    ],
)
def test_a_part_that_is_no_class(method: str, kind: str) -> None:
    cerebro = bt.Cerebro()
    with pytest.raises(ParameterValueError, match=rf"Cerebro.{method}\(\) - expected a class of {kind} - found 5"):
        getattr(cerebro, method)(5)
    if method != "addsizer":
        with pytest.raises(ParameterValueError, match=f"expected a class of {kind} - found None"):
            getattr(cerebro, method)(None)
    with pytest.raises(ParameterValueError, match="expected a class of sizers - found 'Mine'"):
        cerebro.addsizer_byidx(0, "Mine")
    cerebro.addsizer(None)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame()))
    cerebro.addstrategy(bt.Strategy)
    assert type(cerebro.run()[0].getsizer()) is bt.sizers.FixedSize


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (lambda b: b.set_slippage_perc("x"), r"slip_perc must be a finite number; got 'x'.*set_slippage_perc\(0.01\)"),
        (lambda b: b.set_slippage_fixed(float("nan")), "slip_fixed must be a finite number; got nan"),
        (lambda b: setattr(b.p, "slip_fixed", float("inf")), "slip_fixed must be a finite number; got inf"),
        (lambda b: b.set_filler(5), "filler must be a function of order, price and bars ago.*got 5"),
        (lambda b: b.set_fundstartval("x"), "fundstartval must be a finite number other than 0; got 'x'"),
        (lambda b: b.set_fundmode(True, 0), "fundstartval must be a finite number other than 0; got 0"),
    ],
)
def test_settings_that_no_broker_could_work_with(told: Any, words: str) -> None:
    cerebro = bt.Cerebro()
    cerebro.adddata(bt.feeds.PandasData(dataname=frame()))
    cerebro.addstrategy(bt.Strategy)
    with pytest.raises(ParameterValueError, match=words):
        told(cerebro.broker)
        cerebro.run()


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({"timeframe": "Weeks"}, "Resampler: parameter 'timeframe' must be one of .* got 'Weeks'"),
        ({"compression": -1}, "Resampler: parameter 'compression' must be a whole number >= 1; got -1"),
        ({"compresion": 2}, r"Resampler has no parameter 'compresion'.*Did you mean 'compression'\?"),
    ],
)
def test_wrong_ways_to_resample(kwargs: dict[str, Any], words: str) -> None:
    with pytest.raises((ParameterValueError, ParameterError), match=words):
        bt.Cerebro().resampledata(bt.feeds.PandasData(dataname=frame()), **kwargs)


@pytest.mark.parametrize("method", ["set_cash", "add_cash"])
@pytest.mark.parametrize("cash", ["1000", float("nan"), None])
def test_cash_is_a_number(method: str, cash: Any) -> None:
    with pytest.raises(OrderError, match=f"{method}: the cash must be a finite number; got {cash!r}"):
        getattr(bt.brokers.BackBroker(), method)(cash)


# -- orders ------------------------------------------------------------------------------------------------------------

DOUBTFUL: dict[str, tuple[dict[str, Any], str]] = {
    "limit without": ({"exectype": Order.Limit}, "a Limit order needs a price; the current close is taken"),
    "stop without": ({"exectype": Order.Stop}, "a Stop order needs a price; the current close is taken"),
    "no plimit": ({"exectype": Order.StopLimit, "price": 11.0}, "a StopLimit order needs plimit"),
    "market price": ({"price": 5.0}, "a Market order takes no price"),
    "market plimit": ({"plimit": 5.0}, "a Market order takes no price"),
    "limit plimit": ({"exectype": Order.Limit, "price": 5.0, "plimit": 6.0}, "a Limit order takes no plimit"),
    "no distance": ({"exectype": Order.StopTrail}, "needs trailamount or trailpercent"),
    "distance": ({"exectype": Order.Limit, "price": 5.0, "trailamount": 1.0}, "a Limit order does not trail"),
    "nan": ({"exectype": Order.Limit, "price": float("nan")}, "price is nan"),
}


@pytest.mark.parametrize("kind", DOUBTFUL)
def test_orders_that_are_not_what_they_seem_are_warned_of(kind: str) -> None:
    terms, words = DOUBTFUL[kind]
    with pytest.warns(OrderWarning, match=words):
        told(lambda strategy: strategy.buy(**terms))


IMPOSSIBLE: dict[str, tuple[Callable[[Any], Any], str]] = {
    "price": (lambda s: s.buy(exectype=Order.Limit, price="5"), "price must be a number; got '5'"),
    "size": (lambda s: s.buy(size="1"), "size must be a finite number; got '1'"),
    "type": (lambda s: s.buy(exectype="Limit"), "exectype must be one of bt.Order.Market, .* got 'Limit'"),
    "valid": (lambda s: s.buy(exectype=Order.Limit, price=5.0, valid="soon"), "valid must be a date.* got 'soon'"),
    "oco": (lambda s: s.buy(oco="other"), "oco must be an order.* got 'other'"),
    "parent": (lambda s: s.buy(parent=4), "parent must be an order, the one whose completion .* got 4"),
    "data": (lambda s: s.buy(data="eur"), "has no data 'eur'"),
    "target": (lambda s: s.order_target_percent(target="half"), "target must be a number; got 'half'"),
}  # fmt: skip


@pytest.mark.parametrize("kind", IMPOSSIBLE)
def test_orders_that_cannot_be_raise_at_once(kind: str) -> None:
    act, words = IMPOSSIBLE[kind]
    with pytest.raises(OrderError, match=words) as caught:
        told(act)
    assert caught.value.__notes__[0].startswith("While running on bar 3 of feed ")


def test_nothing_is_ordered_for_nan() -> None:
    with pytest.warns(OrderWarning, match="order_target_value: target is nan, so nothing is ordered"):
        assert told(lambda strategy: strategy.order_target_value(target=float("nan"))) == []


def test_nothing_is_cancelled_for_none() -> None:
    assert told(lambda strategy: strategy.cancel(None)) == []
    with pytest.warns(OrderWarning, match=r"cancel\(\) was given \[\]: it takes one order at a time"):
        told(lambda strategy: strategy.cancel([]))


def cancelled(strategy: Any) -> None:
    order = strategy.buy(exectype=Order.Limit, price=5.0)
    strategy.broker.pending.append(order)
    strategy.broker.submitted.remove(order)
    strategy.cancel(order)


REASONS: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "margin": (
        lambda s: s.buy(size=10**6),
        "Margin",
        "refused for margin: buying 1000000 of the data at 10.0 takes",
    ),
    "expired": (
        lambda s: s.buy(exectype=Order.Limit, price=5.0, valid=dt.timedelta(days=1)),
        "Expired",
        "expired: the bar is later than its time limit (2024-01-04 00:00:00)",
    ),
    "cancelled": (cancelled, "Canceled", "cancelled by request"),
    "rejected": (
        lambda s: s.sell(parent=s.broker.buy(s, s.data, 1, transmit=False, parent=s.buy(size=1))),
        "Rejected",
        "rejected: its parent, order",
    ),
}


@pytest.mark.parametrize("kind", REASONS)
def test_orders_that_end_without_execution_say_why(kind: str) -> None:
    act, status, words = REASONS[kind]
    found = told(act)
    assert any(name == status and reason.startswith(words[:40]) for name, reason in found), found


def test_a_refusal_is_logged_with_its_arithmetic(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        told(lambda strategy: strategy.buy(size=10**6))
    assert "takes 10000000.0 and 0.0 commission; cash before: 10000.0, after: -9990000.0" in caplog.text


# -- the future, the truth, user code ------------------------------------------------------------------------------


def peek(strategy: Any) -> None:
    strategy.data.close[1]


def test_a_future_read_is_an_error_by_default() -> None:
    with pytest.raises(
        LookAheadError, match=r"close\[1\] was read at bar 3: that is 1 bar\(s\) in the future"
    ):
        told(peek)


def test_a_future_read_can_be_warned_of_or_allowed() -> None:
    with pytest.warns(LookAheadWarning, match=r"close\[1\] was read at bar 3: a bar of the future"):
        told(peek, future_reads="warn")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        told(peek, future_reads="allow")
    with pytest.raises(ParameterValueError, match="future_reads must be one of"):
        told(peek, future_reads="perhaps")


def test_lookahead_lengthens_the_lines_as_in_backtrader() -> None:
    seen: list[float] = []

    def last(strategy: Any) -> None:
        seen.extend((strategy.data.close[1], strategy.data.close[2]))

    data = bt.feeds.PandasData(dataname=frame(3))
    run(data, acting(last), future_reads="allow", lookahead=2)
    assert all(value != value for value in seen)
    with pytest.raises(IndexError, match="there are only 3 bars"):
        run(bt.feeds.PandasData(dataname=frame(3)), acting(last), future_reads="allow", lookahead=1)
    with pytest.raises(LookAheadError):
        run(bt.feeds.PandasData(dataname=frame(3)), acting(last), lookahead=2)


def test_prices_read_before_the_first_bar_are_warned_of() -> None:
    class Early(bt.Strategy):
        def __init__(self) -> None:
            self.price = self.data.close[0]

    with pytest.warns(LookAheadWarning, match="was read before the first bar was delivered"):
        run(bt.feeds.PandasData(dataname=frame()), Early)


def truth_if(self: Any) -> None:
    if self.data.close > self.data.open:
        self.up = True


def truth_max(self: Any) -> None:
    self.top = max(self.data.close, self.data.open)


@pytest.mark.parametrize("init", [truth_if, truth_max])
def test_the_truth_of_a_line_is_not_known_in_init(init: Any) -> None:
    with pytest.raises(DeclarationError, match=r"Use bt.And, bt.Or or bt.If .* or test it in next\(\)"):
        run(bt.feeds.PandasData(dataname=frame()), type("Asking", (bt.Strategy,), {"__init__": init}))


@pytest.mark.parametrize("mode", MODES)
def test_an_error_in_user_code_keeps_its_traceback(mode: str) -> None:
    def fail(strategy: Any) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine") as caught:
        run(bt.feeds.PandasData(dataname=frame(), name="X"), acting(fail), **MODES[mode])
    assert caught.traceback[-1].name == "fail"
    assert caught.value.__notes__ == ["While running on bar 3 of feed 'X' (2024-01-03 00:00:00)."]


@pytest.mark.parametrize("mode", MODES)
def test_a_timer_that_is_added_too_late_is_warned_of(mode: str) -> None:
    with pytest.warns(CompatWarning, match=r"Acting.add_timer\(\) .* never due .* in __init__ or start\(\)"):
        run(
            bt.feeds.PandasData(dataname=frame()),
            acting(lambda s: s.add_timer(bt.timer.SESSION_START)),
            **MODES[mode],
        )


@pytest.mark.parametrize("mode", MODES)
def test_a_run_writes_nothing_to_stdout(mode: str, capfd: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        told(lambda strategy: strategy.buy(size=10**6), **MODES[mode])
        run(bt.feeds.PandasData(dataname=frame(3).iloc[[1, 0, 2]]), stdstats=True, progress=True)
    assert capfd.readouterr().out == ""
