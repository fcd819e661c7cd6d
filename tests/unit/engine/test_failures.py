"""Exceptions in user code: the traceback stays, one note says where it was, everything is stopped."""

from __future__ import annotations

import contextlib
import io
import traceback
from typing import Any

import pytest

import backtrail as bt
from backtrail.errors import LookAheadError

from .market import MODES, bars, cerebro


class Boom(Exception):
    """Raised by the tests' user code."""


def boom(*args: Any, **kwargs: Any) -> None:
    raise Boom("on purpose")


def failing(hook: str, **body: Any) -> Any:
    if hook == "notify_order":
        body["next"] = lambda self: self.buy()
    if hook == "notify_trade":
        body["next"] = lambda self: self.close() if self.position else self.buy()
    if hook == "prenext":
        body["__init__"] = lambda self: setattr(self, "sma", bt.ind.SMA(period=3))
    return type("Failing", (bt.Strategy,), {**body, hook: boom})


def failure_of(setup: bt.Cerebro) -> Boom:
    with pytest.raises(Boom) as caught:
        setup.run()
    assert traceback.extract_tb(caught.value.__traceback__)[-1].name == "boom"
    return caught.value


@pytest.mark.parametrize(
    ("hook", "read", "told"),
    [
        ("__init__", lambda self: self.data1.close, "Reading uses data1; it was given 1 data. Pass one more."),
        ("next", lambda self: self.data3.close[0], "Reading uses data3; it was given 1 data. Pass one more."),
        (
            "next",
            lambda self: self.data.lines.bid[0],
            "Bars has no line 'bid'; it has ['close', 'low', 'high', 'open', 'volume', 'openinterest', "
            "'datetime'].",
        ),
    ],
)
def test_a_data_or_line_that_is_not_there_is_explained(hook: str, read: Any, told: str) -> None:
    setup = cerebro(type("Reading", (bt.Strategy,), {hook: read}))
    with pytest.raises(AttributeError) as caught:
        setup.run()
    assert caught.value.__notes__[0] == told
    assert len(caught.value.__notes__) == 2


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("hook", "place"),
    [
        ("__init__", "creating Failing before the first bar of feed 'eur'"),
        ("start", "starting Failing before the first bar of feed 'eur'"),
        ("prenext", "running on bar 1 of feed 'eur' (2024-01-01 00:00:00)"),
        ("nextstart", "running on bar 1 of feed 'eur' (2024-01-01 00:00:00)"),
        ("next", "running on bar 1 of feed 'eur' (2024-01-01 00:00:00)"),
        ("next_open", "running on bar 2 of feed 'eur' (2024-01-02 00:00:00)"),
        ("notify_order", "running on bar 2 of feed 'eur' (2024-01-02 00:00:00)"),
        ("notify_trade", "running on bar 2 of feed 'eur' (2024-01-02 00:00:00)"),
        ("notify_cashvalue", "running on bar 1 of feed 'eur' (2024-01-01 00:00:00)"),
        ("notify_fund", "running on bar 1 of feed 'eur' (2024-01-01 00:00:00)"),
        ("stop", "stopping Failing on bar 6 of feed 'eur' (2024-01-06 00:00:00)"),
    ],
)
def test_one_note_names_bar_time_and_feed(hook: str, place: str, mode: str) -> None:
    setup = cerebro(failing(hook), datas=[bars(name="eur")], cheat_on_open=hook == "next_open", **MODES[mode])
    assert failure_of(setup).__notes__ == [f"While {place}."]


def failing_part(kind: str) -> Any:
    base = {"analyzer": bt.Analyzer, "observer": bt.Observer, "sizer": bt.Sizer, "indicator": bt.Indicator}[
        kind
    ]
    body: dict[str, Any] = {"lines": ("x",)} if kind in ("observer", "indicator") else {}
    return type("Failing", (base,), {**body, ("_getsizing" if kind == "sizer" else "next"): boom})


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", ["analyzer", "observer", "sizer"])
def test_parts_of_a_strategy_fail_on_a_bar_too(kind: str, mode: str) -> None:
    setup = cerebro(type("Buyer", (bt.Strategy,), {"next": lambda self: self.buy()}), **MODES[mode])
    getattr(setup, f"add{kind}")(failing_part(kind))
    assert failure_of(setup).__notes__ == ["While running on bar 1 of feed 'data' (2024-01-01 00:00:00)."]


@pytest.mark.parametrize("mode", MODES)
def test_parts_that_fail_when_they_are_made(mode: str) -> None:
    setup = cerebro(**MODES[mode])
    setup.addanalyzer(type("Failing", (bt.Analyzer,), {"__init__": boom}))
    assert failure_of(setup).__notes__ == ["While furnishing Strategy before the first bar of feed 'data'."]


def test_analyzers_that_fail_at_the_end() -> None:
    setup = cerebro()
    setup.addanalyzer(type("Failing", (bt.Analyzer,), {"stop": boom}))
    assert failure_of(setup).__notes__ == [
        "While stopping Strategy on bar 6 of feed 'data' (2024-01-06 00:00:00)."
    ]


class FailsOnFour(bt.Indicator):
    lines = ("x",)

    def next(self) -> None:
        if len(self) == 4:
            boom()
        self.lines.x[0] = 0.0


@pytest.mark.parametrize("mode", MODES)
def test_indicators_fail_on_the_bar_they_work_on(mode: str) -> None:
    setup = cerebro(**MODES[mode])
    setup.addindicator(FailsOnFour)
    doing = "computing FailsOnFour" if mode == "vectorised" else "running"
    assert failure_of(setup).__notes__ == [f"While {doing} on bar 4 of feed 'data' (2024-01-04 00:00:00)."]


@pytest.mark.parametrize("hook", ["once", "compute"])
def test_indicators_that_compute_all_bars_at_once(hook: str) -> None:
    setup = cerebro()
    setup.addindicator(type("Failing", (bt.Indicator,), {"lines": ("x",), hook: boom}))
    assert failure_of(setup).__notes__ == ["While computing Failing over the bars of feed 'data'."]


def test_the_innermost_place_is_told() -> None:
    class Outer(bt.Indicator):
        lines = ("y",)

        def __init__(self) -> None:
            self.lines.y = FailsOnFour() + 1.0

    setup = cerebro()
    setup.addindicator(Outer)
    (note,) = failure_of(setup).__notes__
    assert note == "While computing FailsOnFour on bar 4 of feed 'data' (2024-01-04 00:00:00)."


def test_notes_of_the_user_stay() -> None:
    def noted(self: Any) -> None:
        error = Boom("with a note")
        error.add_note("mine")
        raise error

    with pytest.raises(Boom) as caught:
        cerebro(type("Noted", (bt.Strategy,), {"next": noted})).run()
    assert caught.value.__notes__ == ["mine", "While running on bar 1 of feed 'data' (2024-01-01 00:00:00)."]


def test_the_feed_that_is_furthest_in_time_is_named() -> None:
    def late(self: Any) -> None:
        if len(self.data0) == 2 and len(self.data1) == 3:
            boom()

    setup = cerebro(
        type("Late", (bt.Strategy,), {"next": late}), datas=[bars(2, name="short"), bars(5, name="long")]
    )
    assert failure_of(setup).__notes__ == ["While running on bar 3 of feed 'long' (2024-01-03 00:00:00)."]


def test_bars_are_counted_from_the_first_one_when_old_ones_are_forgotten() -> None:
    def late(self: Any) -> None:
        if len(self) == 3000:
            boom()

    setup = cerebro(type("Late", (bt.Strategy,), {"next": late}), datas=[bars(3010)], exactbars=1)
    assert failure_of(setup).__notes__[0].startswith("While running on bar 3000 of feed 'data' (2032-")


# -- what is stopped ------------------------------------------------------------------------------------------------


class Watched:
    """Counts what is stopped."""

    def __init__(self, **kwargs: Any) -> None:
        self.setup = setup = cerebro(**kwargs)
        self.text = io.StringIO()
        self.store = store = bt.Store()
        self.stops: list[str] = []
        stops = self.stops
        broker = setup.broker
        store.stop = lambda: stops.append("store")
        plain_stop = broker.stop

        def stop_broker() -> None:
            stops.append("broker")
            plain_stop()

        broker.stop = stop_broker
        setup.addstore(store)
        setup.addwriter(bt.WriterFile, out=self.text, csv=True)


@pytest.mark.parametrize("error", [Boom, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("hook", ["__init__", "start", "next", "stop"])
def test_broker_feeds_and_stores_are_stopped_whatever_happens(
    hook: str, mode: str, error: type[BaseException]
) -> None:
    def fail(self: Any, *args: Any, **kwargs: Any) -> None:
        raise error

    data = bars()
    watched = Watched(datas=[data], **MODES[mode])
    watched.setup.addstrategy(type("Failing", (bt.Strategy,), {hook: fail}))
    with pytest.raises(error):
        watched.setup.run()
    assert watched.stops == ["broker", "store"]
    assert not data.running
    assert not any(writer.p.csv and getattr(writer, "_open", False) for writer in watched.setup.runwriters)


def test_a_feed_that_cannot_start_stops_the_others() -> None:
    class Dead(type(bars())):  # type: ignore[misc]
        def start(self) -> None:
            raise Boom

    first = bars()
    watched = Watched(datas=[first, Dead(closes=(1.0,))])
    with pytest.raises(Boom):
        watched.setup.run()
    assert watched.stops == ["broker", "store"]
    assert not first.running


@pytest.mark.parametrize("mode", MODES)
def test_a_cerebro_can_run_after_a_run_that_failed(mode: str) -> None:
    """Also with expressions of lines, which a feed left in the state of a running one would compute on the spot."""

    class Once(bt.Strategy):
        fail = True

        def __init__(self) -> None:
            self.spread = self.data.close - self.data.open(-1)

        def next(self) -> None:
            if type(self).fail:
                type(self).fail = False
                raise Boom

    setup = cerebro(Once, **MODES[mode])
    with pytest.raises(Boom):
        setup.run()
    (found,) = setup.run()
    assert len(found) == 6
    assert found.spread.array[5] == 1.0


# -- reads of the future ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_a_future_read_ends_the_run(mode: str) -> None:
    class Peeking(bt.Strategy):
        def next(self) -> None:
            self.data.close[1]

    with pytest.raises(LookAheadError, match=r"close\[1\] was read at bar 1") as caught:
        cerebro(Peeking, **MODES[mode]).run()
    assert caught.value.__notes__ == ["While running on bar 1 of feed 'data' (2024-01-01 00:00:00)."]


@pytest.mark.parametrize("mode", MODES)
def test_a_future_read_that_user_code_swallows_is_raised_again_after_everything_was_stopped(
    mode: str,
) -> None:
    stopped: list[int] = []

    class Swallowing(bt.Strategy):
        def next(self) -> None:
            with contextlib.suppress(Exception):  # as users do
                self.data.close[1]

        def stop(self) -> None:
            stopped.append(len(self))

    data = bars()
    watched = Watched(datas=[data], **MODES[mode])
    watched.setup.addstrategy(Swallowing)
    with pytest.raises(LookAheadError, match="read at bar 1") as caught:
        watched.setup.run()
    assert stopped == [6]
    assert watched.stops == ["broker", "store"]
    assert "raised again at the end" in caught.value.__notes__[0]
    assert traceback.extract_tb(caught.value.__traceback__)[-1].name == "_outside_"


def test_a_future_read_is_not_an_index_error() -> None:
    assert not issubclass(LookAheadError, IndexError)


@pytest.mark.parametrize("hook", ["next", "__init__"])
def test_a_parameter_that_is_not_there_is_told_with_those_that_are(hook: str) -> None:
    body = {"params": (("period", 3),), hook: lambda self: self.p.perod}
    with pytest.raises(AttributeError, match="no attribute 'perod'") as caught:
        cerebro(type("Misspelt", (bt.Strategy,), body)).run()
    assert any("it has ['period']. Did you mean 'period'?" in note for note in caught.value.__notes__)
