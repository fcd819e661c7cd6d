from __future__ import annotations

from typing import Any

import pytest

import backtrail as bt
from backtrail.engine.run import Run

from .market import bars, cerebro


def mode_of(setup: bt.Cerebro) -> str:
    run = Run(setup.spec(()), setup)
    run.choose_mode()
    return run.mode


@pytest.mark.parametrize(
    ("options", "mode"),
    [
        ({}, "vectorised"),
        ({"runonce": False}, "stepped"),
        ({"preload": False}, "delivered"),
        ({"preload": False, "runonce": False}, "delivered"),
        ({"exactbars": 1}, "delivered"),
        ({"exactbars": True}, "delivered"),
        ({"exactbars": -1}, "stepped"),
        ({"exactbars": -2}, "stepped"),
        ({"exactbars": False}, "vectorised"),
        ({"live": True}, "delivered"),
        ({"oldsync": True}, "vectorised"),
        ({"oldsync": True, "preload": False}, "stepped"),
        ({"oldsync": True, "runonce": False}, "stepped"),
        ({"oldsync": True, "exactbars": 1}, "stepped"),
        ({"oldsync": True, "live": True}, "delivered"),
    ],
    ids=str,
)
def test_the_mode_follows_from_the_settings(options: dict[str, Any], mode: str) -> None:
    assert mode_of(cerebro(**options)) == mode


def test_a_live_feed_is_delivered_bar_by_bar() -> None:
    class Live(type(bars())):  # type: ignore[misc]
        def islive(self) -> bool:
            return True

    assert mode_of(cerebro(datas=[bars(), Live(closes=(1.0,))])) == "delivered"


def test_a_replayed_feed_is_delivered_bar_by_bar() -> None:
    setup = bt.Cerebro()
    setup.replaydata(bars(10), timeframe=bt.TimeFrame.Weeks)
    assert mode_of(setup) == "delivered"


def test_resampled_feeds_keep_the_fast_mode() -> None:
    setup = bt.Cerebro()
    setup.resampledata(bars(10), timeframe=bt.TimeFrame.Weeks)
    assert mode_of(setup) == "vectorised"
    assert setup.spec(()).event_mode


def test_feeds_whose_times_cannot_be_laid_out_are_started_again_and_delivered() -> None:
    """A clone that is resampled in a way of its own has to be asked bar by bar."""

    class Untold(type(bars())):  # type: ignore[misc]
        def _restep_(self) -> bool:
            return False

        def _read_columns_(self) -> None:
            return None

    def lengths(kind: Any) -> list[list[int]]:
        seen: list[list[int]] = []

        class Watcher(bt.Strategy):
            def next(self) -> None:
                seen.append([len(d) for d in self.datas])

        setup = bt.Cerebro(stdstats=False)
        setup.resampledata(kind(closes=tuple(float(n) for n in range(14))), timeframe=bt.TimeFrame.Weeks)
        setup.resampledata(bars(20), timeframe=bt.TimeFrame.Weeks)
        setup.addstrategy(Watcher)
        setup.run()
        return seen

    assert lengths(Untold) == lengths(type(bars()))
    assert lengths(Untold)[0] == [1, 1]


def test_what_a_run_consists_of_is_plain_data() -> None:
    setup = cerebro(bt.Strategy, seed=5, exactbars=True)
    setup.addanalyzer(bt.analyzers.SQN, _name="q")
    setup.addsizer(bt.sizers.FixedSize, stake=2)
    spec = setup.spec(setup.strats[0])
    assert spec.settings.seed == 5
    assert spec.settings.exactbars == 1
    assert spec.settings.future_reads == "error"
    assert spec.analyzers[0].kwargs == {"_name": "q"}
    assert spec.sizers[None]().p.stake == 2
    assert not spec.event_mode
    with pytest.raises(AttributeError):
        spec.settings.seed = 6  # type: ignore[misc]
