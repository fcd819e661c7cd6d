"""Futures contracts by tick, perpetual futures with funding, and sizers of contracts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import backtrail as bt
from backtrail.errors import OrderError, ParameterError, ParameterValueError


@pytest.mark.parametrize(
    ("name", "mult", "margin", "commission"),
    [
        ("FuturesCommInfo", 50.0, 1.0, 0.0),
        ("ES", 50.0, 15000.0, 2.25),
        ("NQ", 20.0, 20000.0, 2.25),
        ("CL", 1000.0, 5000.0, 2.25),
        ("MES", 5.0, 1500.0, 0.50),
        ("MNQ", 2.0, 2000.0, 0.50),
    ],
)
def test_contracts_price_by_their_tick(name: str, mult: float, margin: float, commission: float) -> None:
    scheme = getattr(bt.commissions, name)()
    assert scheme is not getattr(bt.commissions.futures, name)()
    assert (scheme.p.mult, scheme.get_margin(4000.0), scheme.getcommission(-2, 4000.0)) == (
        pytest.approx(mult),
        margin,
        2 * commission,
    )
    assert not scheme.stocklike
    tick = scheme.p.tick_size
    assert scheme.profitandloss(1, 4000.0, 4000.0 + tick) == pytest.approx(scheme.p.tick_value)


def test_tick_size_and_value_must_be_above_zero() -> None:
    with pytest.raises(ParameterValueError, match=r"tick_size.*> 0\.0"):
        bt.commissions.FuturesCommInfo(tick_size=0)
    with pytest.raises(ParameterError, match="Did you mean 'tick_value'"):
        bt.commissions.ES(tickvalue=5.0)


def hours(closes: list[float], start: str = "2024-01-01 04:00", step: str = "4h") -> pd.DataFrame:
    index = pd.date_range(start, periods=len(closes), freq=step)
    return pd.DataFrame(dict.fromkeys(("open", "high", "low", "close"), closes), index=index).assign(
        volume=1.0
    )


class Hold(bt.Strategy):
    """Trade *size* on the first bar, close on bar *until*."""

    params = (("size", 1), ("until", 0))

    def __init__(self) -> None:
        self.cash: list[float] = []
        self.trades: list[Any] = []

    def notify_cashvalue(self, cash: float, value: float) -> None:
        self.cash.append(round(value, 9))

    def notify_trade(self, trade: Any) -> None:
        self.trades.append(trade)

    def next(self) -> None:
        if len(self) == 1:
            (self.buy if self.p.size > 0 else self.sell)(size=abs(self.p.size))
        elif len(self) == self.p.until:
            self.close()


def hold(frame: Any, scheme: Any, feed: Any = None, cash: float = 10000.0, **params: Any) -> Any:
    cerebro = bt.Cerebro(stdstats=False)
    feed = bt.feeds.PandasData if feed is None else feed
    cerebro.adddata(feed(dataname=frame, timeframe=bt.TimeFrame.Minutes, compression=240), name="perp")
    cerebro.broker.setcash(cash)
    cerebro.broker.addcommissioninfo(scheme)
    cerebro.addstrategy(Hold, **params)
    return cerebro.run()[0]


def test_a_long_position_pays_funding_every_eight_hours() -> None:
    # bought at 100 at 08:00; funding at 16:00 and 24:00
    scheme = bt.commissions.CommInfo_Perpetual(funding_rate=0.01)
    strategy = hold(hours([100.0] * 6), scheme, size=2)
    assert strategy.cash == [10000.0, 10000.0, 10000.0, 9998.0, 9998.0, 9996.0]


def test_a_short_position_receives_it() -> None:
    scheme = bt.commissions.CommInfo_Perpetual(funding_rate=0.01)
    strategy = hold(hours([100.0] * 6), scheme, size=-2)
    assert strategy.cash == [10000.0, 10000.0, 10000.0, 10002.0, 10002.0, 10004.0]


def test_a_bar_of_a_day_owes_three_fundings_at_its_close() -> None:
    scheme = bt.commissions.CommInfo_Perpetual(funding_rate=0.01, mult=10.0)
    strategy = hold(hours([100.0, 100.0, 200.0], "2024-01-01", "D"), scheme)
    assert strategy.cash[-1] == 10000.0 + 10 * 100.0 - 3 * 0.01 * 10 * 200.0


def test_funding_is_in_the_net_profit_of_the_trade() -> None:
    scheme = bt.commissions.CommInfo_Perpetual(funding_rate=0.01, commission=0.001)
    trade = hold(hours([100.0] * 6), scheme, until=4).trades[-1]
    assert trade.isclosed
    assert trade.pnlcomm == pytest.approx(-0.1 - 0.1 - 1.0)


def test_offset_moves_the_moments() -> None:
    scheme = bt.commissions.CommInfo_Perpetual(funding_rate=0.01, funding_offset=dt.timedelta(hours=4))
    assert hold(hours([100.0] * 4), scheme).cash == [10000.0, 10000.0, 9999.0, 9999.0]


def test_the_rate_may_come_from_a_function_of_the_moment_or_a_line() -> None:
    asked = []

    def rate(moment: dt.datetime) -> float:
        asked.append(moment)
        return -0.01

    assert hold(hours([100.0] * 4), bt.commissions.CommInfo_Perpetual(funding_rate=rate)).cash[-1] == 10001.0
    assert asked == [dt.datetime(2024, 1, 1, 16)]

    class WithRate(bt.feeds.PandasData):
        lines = ("rate",)
        params = (("rate", -1),)

    frame = hours([100.0] * 6).assign(rate=[0.0, 0.0, 0.0, 0.02, 0.0, float("nan")])
    scheme = bt.commissions.CommInfo_Perpetual(funding_rate="rate")
    assert hold(frame, scheme, WithRate).cash[3:] == [9998.0, 9998.0, 9998.0]


def test_a_line_that_is_not_there_is_named() -> None:
    with pytest.raises(ParameterValueError, match="'perp' has no line 'rate'"):
        hold(hours([100.0] * 6), bt.commissions.CommInfo_Perpetual(funding_rate="rate"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"funding_interval": 8}, "datetime.timedelta above 0"),
        ({"funding_interval": dt.timedelta()}, "datetime.timedelta above 0"),
        ({"funding_offset": 1}, "datetime.timedelta of any sign"),
        ({"funding_rate": None}, "finite number"),
        ({"funding_rate": float("nan")}, "finite number"),
    ],
)
def test_wrong_funding_parameters_are_named(options: Any, words: str) -> None:
    with pytest.raises(ParameterValueError, match=words):
        bt.commissions.CommInfo_Perpetual(**options)


# -- sizers ---------------------------------------------------------------------------------------------------------


def sizes(sizer: Any, steps: list[Callable[[Any], Any]], scheme: Any = None, **params: Any) -> list[Any]:
    """Call one of *steps* per bar and give the position after each bar."""
    found = []

    class Steps(bt.Strategy):
        def next(self) -> None:
            found.append(self.position.size)
            if len(self) <= len(steps):
                steps[len(self) - 1](self)

    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(bt.feeds.PandasData(dataname=hours([100.0] * (len(steps) + 1))), name="es")
    cerebro.broker.setcash(1e7)
    if scheme is not None:
        cerebro.broker.addcommissioninfo(scheme)
    cerebro.addstrategy(Steps)
    cerebro.addsizer(sizer, **params)
    cerebro.run()
    return found[1:]


BUY, SELL = (lambda s: s.buy()), (lambda s: s.sell())


def test_max_contracts_stops_at_the_limit_on_either_side() -> None:
    got = sizes(bt.sizers.MaxContractsSizer, [BUY] * 4 + [SELL] * 5, max_contracts=5, stake=2)
    assert got == [2, 4, 5, 5, 3, 1, -1, -3, -5]


def test_max_contracts_has_a_default_of_ten() -> None:
    assert sizes(bt.sizers.MaxContractsSizer, [BUY] * 12) == [*range(1, 11), 10, 10]


def test_risk_per_trade_divides_the_risk_by_that_of_a_contract() -> None:
    sizer = bt.sizers.RiskPerTradeSizer
    assert sizes(sizer, [BUY], bt.commissions.ES()) == [2]  # 100 / (4 * 12.50)
    assert sizes(sizer, [BUY], bt.commissions.MES(), risk_per_trade=260.0, stop_ticks=10) == [20]
    assert sizes(sizer, [SELL], tick_value=12.5, risk_per_trade=150.0) == [-3]
    assert sizes(sizer, [BUY], tick_value=30.0) == [0]


def test_risk_per_trade_needs_the_value_of_a_tick() -> None:
    with pytest.raises(OrderError, match="sizing an order on es: the value of a tick"):
        sizes(bt.sizers.RiskPerTradeSizer, [BUY])


@pytest.mark.parametrize(
    ("name", "params", "words"),
    [
        ("MaxContractsSizer", {"max_contracts": -1}, ">= 0"),
        ("RiskPerTradeSizer", {"risk_per_trade": 0}, "> 0.0"),
        ("RiskPerTradeSizer", {"stop_ticks": 0}, "> 0"),
    ],
)
def test_wrong_sizer_parameters_are_named(name: str, params: Any, words: str) -> None:
    with pytest.raises(ParameterValueError, match=words):
        getattr(bt.sizers, name)(**params)
