"""Dividends and splits: accounted for by the broker, adjusted by the feed, or warned of."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

import backtrail as bt
from backtrail.errors import DataError, ParameterValueError

RAW = [100.0, 100.0, 100.0, 100.0, 50.0, 50.0, 50.0, 50.0]


def bars(closes: Any = RAW, dividends: Any = None, splits: Any = None) -> pd.DataFrame:
    index = pd.date_range("2024-01-01", periods=len(closes), freq="D")
    frame = pd.DataFrame(dict.fromkeys(("open", "high", "low", "close"), closes), index=index, dtype=float)
    frame["volume"] = 10.0
    for name, rows in (("dividends", dividends), ("splits", splits)):
        frame[name] = 0.0
        for row, value in (rows or {}).items():
            frame.iloc[row, frame.columns.get_loc(name)] = value
    return frame


class Buyer(bt.Strategy):
    """Trade *size* on bar 1, leave a limit order waiting, close on bar 7."""

    params = (("size", 10),)

    def __init__(self) -> None:
        self.rows: list[tuple[float, float, float, float]] = []
        self.trades: list[Any] = []

    def notify_cashvalue(self, cash: float, value: float) -> None:
        self.rows.append((cash, value, self.position.size, self.position.price))

    def notify_trade(self, trade: Any) -> None:
        self.trades.append(trade)

    def next(self) -> None:
        if len(self) == 1:
            (self.buy if self.p.size > 0 else self.sell)(size=abs(self.p.size))
            self.waiting = self.buy(size=4, exectype=bt.Order.Limit, price=80.0, plimit=None)
            self.trailing = self.sell(size=1, exectype=bt.Order.StopTrail, trailamount=90.0)
        elif len(self) == 7:
            self.close()


def run(frame: Any, strategy: Any = Buyer, cerebro: Any = None, size: int = 10, **policies: Any) -> Any:
    cerebro = bt.Cerebro(stdstats=False) if cerebro is None else cerebro
    cerebro.adddata(bt.feeds.StockData(dataname=frame, **policies), name="stock")
    cerebro.addstrategy(strategy, size=size)
    cerebro.addanalyzer(bt.analyzers.TimeReturn, timeframe=bt.TimeFrame.NoTimeFrame)
    return cerebro.run()[0]


@pytest.mark.parametrize("options", [{}, {"runonce": False}, {"preload": False}, {"exactbars": 1}], ids=str)
def test_a_split_multiplies_what_is_held_and_ordered(options: Any) -> None:
    strategy = run(bars(splits={4: 2.0}), cerebro=bt.Cerebro(stdstats=False, **options))
    assert strategy.rows[3] == (9000.0, 10000.0, 10, 100.0)
    assert strategy.rows[4] == (9000.0, 10000.0, 20, 50.0)
    assert isinstance(strategy.position.size, int)
    assert strategy.rows[-1] == (10000.0, 10000.0, 0, 0.0)
    assert (strategy.waiting.size, strategy.waiting.created.price) == (8, 40.0)
    assert strategy.waiting.alive()
    assert (strategy.trailing.size, strategy.trailing.created.price, strategy.trailing.trailamount) == (
        -2,
        5.0,
        45.0,
    )
    assert strategy.trades[-1].isclosed
    assert strategy.trades[-1].pnlcomm == 0.0
    assert next(iter(strategy.analyzers[0].get_analysis().values())) == 0.0


def test_a_reverse_split_may_leave_a_part_of_a_share() -> None:
    closes = [10.0] * 4 + [100.0] * 4
    strategy = run(bars(closes, splits={4: 0.1}), size=15)
    # the limit order for 4 shares was executed on bar 2
    assert strategy.rows[4] == pytest.approx((9810.0, 10000.0, 1.9, 100.0))
    assert strategy.trades[-1].pnl == pytest.approx(0.0)


@pytest.mark.parametrize(("size", "sign"), [(10, 1), (-10, -1)])
@pytest.mark.parametrize("options", [{}, {"runonce": False}], ids=str)
def test_a_dividend_is_paid_to_who_held_the_bar_before(size: int, sign: int, options: Any) -> None:
    frame = bars([100.0] * 8, dividends={1: 50.0, 4: 2.0})
    strategy = run(frame, cerebro=bt.Cerebro(stdstats=False, **options), size=size)
    values = [row[1] for row in strategy.rows]
    assert values == [10000.0] * 4 + [10000.0 + sign * 20.0] * 4
    assert strategy.trades[-1].pnlcomm == sign * 20.0
    assert strategy.trades[-1].pnl == 0.0
    growth = next(iter(strategy.analyzers[0].get_analysis().values()))
    assert growth == pytest.approx(sign * 0.002)


def test_nothing_is_paid_twice_on_bars_of_another_data() -> None:
    class Slow(bt.Strategy):
        params = (("size", 1),)

        def next(self) -> None:
            if len(self.data) == 2 and not self.position and not self.broker.get_orders_open():
                self.buy(size=10)

    cerebro = bt.Cerebro(stdstats=False)
    slow = bars([100.0] * 4, dividends={3: 1.0})
    slow.index = pd.date_range("2024-01-01", periods=4, freq="2D")
    cerebro.adddata(bt.feeds.StockData(dataname=slow), name="slow")
    cerebro.adddata(bt.feeds.PandasData(dataname=bars([5.0] * 10)), name="fast")
    cerebro.addstrategy(Slow)
    cerebro.run()
    assert cerebro.broker.getvalue() == 10010.0


def test_what_is_ignored_can_be_read() -> None:
    strategy = run(bars(splits={4: 2.0}, dividends={3: 1.0}), dividend_policy="ignore", split_policy="ignore")
    assert strategy.rows[4][1] == 10000.0 - 10 * 50.0 - 4 * 30.0 + 4 * 0.0 + 120.0
    assert strategy.data.splits.array[4] == 2.0


def test_adjusted_prices_have_no_jump() -> None:
    frame = bars([100.0, 100.0, 98.0, 98.0, 49.0, 49.0], splits={4: 2.0}, dividends={2: 2.0})
    strategy = run(frame, dividend_policy="adjust", split_policy="adjust")
    data = strategy.data
    assert data.close.array.tolist() == [49.0] * 6
    assert data.open.array.tolist() == [49.0] * 6
    assert data.volume.array.tolist() == [20.0] * 4 + [10.0] * 2
    assert [row[1] for row in strategy.rows] == [10000.0] * 6


def test_dividends_before_an_adjusted_split_are_per_share_after_it() -> None:
    frame = bars([100.0] * 4 + [50.0] * 4, splits={4: 2.0}, dividends={3: 2.0, 5: 1.0})
    strategy = run(frame, split_policy="adjust")
    assert strategy.data.dividends.array.tolist() == [0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0]


def test_adjusting_gives_the_return_of_reinvested_dividends() -> None:
    rng = np.random.default_rng(4)
    closes = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.02, 60)))
    dividends = {10: 1.5, 30: 2.0, 50: 0.5}
    data = run(bars(closes, dividends=dividends), dividend_policy="adjust").data
    expected = 1.0
    for at in range(
        1, 60
    ):  # buy more of the share with each dividend at the close of the bar before, less it
        expected *= closes[at] / (closes[at - 1] - dividends.get(at, 0.0))
    assert data.close.array[-1] / data.close.array[0] == pytest.approx(expected)


def test_a_dividend_above_the_price_cannot_be_adjusted_for() -> None:
    with pytest.raises(DataError, match=r"found 120\.0 on row 3 .* after a close of 100\.0"):
        run(bars(dividends={2: 120.0}), dividend_policy="adjust")


def test_rows_that_say_nothing_change_nothing() -> None:
    frame = bars(RAW[:4], splits={1: math.nan, 2: 1.0, 3: -2.0}, dividends={2: math.nan})
    strategy = run(frame)
    assert [row[1] for row in strategy.rows] == [10000.0] * 4
    assert run(frame, split_policy="adjust").data.close.array.tolist() == RAW[:4]


def test_policies_are_checked_and_columns_named() -> None:
    with pytest.raises(ParameterValueError, match="'account', 'adjust', 'ignore'"):
        bt.feeds.StockData(dataname=bars(), split_policy="back")
    renamed = bars(splits={4: 2.0}).rename(columns={"splits": "Stock Splits"})
    assert run(renamed, splits="Stock Splits").rows[4][1] == 10000.0


def test_other_feeds_can_carry_them(tmp_path: Any) -> None:
    class WithActions(bt.feeds.corporate.CorporateActions, bt.feeds.GenericCSVData):
        params = (("dtformat", "%Y-%m-%d"), ("openinterest", -1), ("dividends", 6), ("splits", 7))

    path = tmp_path / "stock.csv"
    bars(splits={4: 2.0}, dividends={6: 1.0}).to_csv(path)
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(WithActions(dataname=str(path)))
    cerebro.addstrategy(Buyer)
    assert [row[1] for row in cerebro.run()[0].rows] == [10000.0] * 6 + [10020.0] * 2


@pytest.mark.parametrize("seed", range(8))
def test_accounting_for_a_split_trades_as_on_adjusted_prices(seed: int) -> None:
    """Orders of half the size at twice the price before a split of 2:1 come to what the adjusted series makes."""
    rng = np.random.default_rng(seed)
    closes = 50.0 * np.exp(np.cumsum(rng.normal(0.0, 0.02, 60)))
    frame = bars(closes)
    frame["open"] = closes * np.exp(rng.normal(0.0, 0.005, 60))
    frame["high"] = frame[["open", "close"]].max(axis=1) * 1.01
    frame["low"] = frame[["open", "close"]].min(axis=1) * 0.99
    split = int(rng.integers(10, 50))
    raw = frame.copy()
    raw.iloc[split, raw.columns.get_loc("splits")] = 2.0
    raw.loc[raw.index[:split], ["open", "high", "low", "close"]] *= 2.0

    class Random(bt.Strategy):
        params = (("adjusted", False),)

        def __init__(self) -> None:
            self.values: list[float] = []
            self.rng = np.random.default_rng(seed)
            self.closed: list[float] = []

        def notify_cashvalue(self, cash: float, value: float) -> None:
            self.values.append(value)

        def notify_trade(self, trade: Any) -> None:
            if trade.isclosed:
                self.closed.append(trade.pnlcomm)

        def next(self) -> None:
            before = len(self) <= split
            unit = 2.0 if before and self.p.adjusted else 1.0
            size = unit * int(self.rng.integers(1, 5))
            kind = int(self.rng.integers(0, 8))
            close = self.data.close[0]
            if kind == 0:
                self.buy(size=size)
            elif kind == 1:
                self.sell(size=size)
            elif kind == 2:
                self.buy(size=size, exectype=bt.Order.Limit, price=close * 0.97)
            elif kind == 3:
                self.sell(size=size, exectype=bt.Order.Stop, price=close * 0.96)
            elif kind == 4:
                self.sell(size=size, exectype=bt.Order.StopTrail, trailamount=close * 0.05)
            elif kind == 5:
                self.buy(size=size, exectype=bt.Order.StopLimit, price=close * 1.02, plimit=close * 1.01)
            elif kind == 6:
                self.close()

    found = []
    for policy in ("account", "adjust"):
        cerebro = bt.Cerebro(stdstats=False)
        cerebro.adddata(bt.feeds.StockData(dataname=raw, split_policy=policy))
        cerebro.broker.setcash(1e6)
        cerebro.addstrategy(Random, adjusted=policy == "adjust")
        found.append(cerebro.run()[0])
    accounted, adjusted = found
    assert accounted.values == pytest.approx(adjusted.values, rel=1e-12)
    assert accounted.closed == pytest.approx(adjusted.closed, abs=1e-6)
    assert len(accounted.closed) > 0
    assert accounted.position.size == adjusted.position.size


@pytest.mark.parametrize("how", ["resampledata", "replaydata"])
def test_bars_that_are_put_together_are_adjusted_but_not_accounted_for(how: str) -> None:
    frame = bars(RAW, dividends={2: 1.0}, splits={4: 2.0})

    def weeks(**policies: str) -> Any:
        cerebro = bt.Cerebro(stdstats=False)
        feed = bt.feeds.StockData(dataname=frame, **policies)
        getattr(cerebro, how)(feed, timeframe=bt.TimeFrame.Weeks, name="weeks")
        cerebro.addstrategy(Buyer)
        return cerebro.run()[0]

    with pytest.warns(
        bt.DataWarning, match=r"'weeks': dividends .* resampled or replayed are not accounted for"
    ):
        assert weeks().data.accounts_dividends is False
    with warnings.catch_warnings():
        warnings.simplefilter("error", bt.DataWarning)
        adjusted = weeks(dividend_policy="adjust", split_policy="adjust")
    assert adjusted.data.high[0] < 51.0


# -- splits that nobody told of -----------------------------------------------------------------------------------


def warned(closes: Any, **options: Any) -> list[str]:
    cerebro = bt.Cerebro(stdstats=False)
    cls = options.pop("cls", bt.feeds.PandasData)
    cerebro.adddata(cls(dataname=bars(closes, **options.pop("rows", {})), **options), name="raw")
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        cerebro.run()
    return [str(one.message) for one in seen if issubclass(one.category, bt.DataWarning)]


@pytest.mark.parametrize(
    ("closes", "kind"),
    [(RAW, "2:1"), ([10.0, 10.1, 101.0, 102.0], "1:10"), ([700.0, 700.0, 101.0, 99.0], "7:1")],
)
def test_a_jump_as_at_a_split_is_warned_of(closes: Any, kind: str) -> None:
    (text,) = warned(closes)
    assert "feed 'raw'" in text
    assert f"as at a split of {kind}." in text
    assert "row " in text
    assert "feeds.StockData" in text


def test_ordinary_moves_bad_ticks_and_known_splits_are_not_warned_of() -> None:
    assert warned([100.0, 100.0, 60.0, 60.0]) == []
    assert warned([100.0, 100.0, 50.0, 100.0, 100.0]) == []
    assert warned(RAW, cls=bt.feeds.StockData, rows={"splits": {4: 2.0}}) == []
    assert warned(RAW, timeframe=bt.TimeFrame.Minutes) == []
    assert warned([0.0, 5.0, 5.0]) == []
