"""Contract schemes and funding move the account as in backtrader under the same terms; empty rules do nothing."""

from __future__ import annotations

import datetime as dt
from typing import Any

import backtrader
import pytest
from tests.contract.analyzers.setups import make_bars, make_trader, quietly

import backtrail

pytestmark = pytest.mark.contract

CONTRACTS = {
    "ES": (50.0, 15000.0, 2.25),
    "NQ": (20.0, 20000.0, 2.25),
    "CL": (1000.0, 5000.0, 2.25),
    "MES": (5.0, 1500.0, 0.50),
    "MNQ": (2.0, 2000.0, 0.50),
}


def account(
    bt: Any, scheme: Any, seed: int, setup: Any = None, cash: float = 1e7, step_hours: int = 24
) -> list[str]:
    """Trade at random under *scheme*; give what the strategy is told."""

    class Teller(make_trader(bt)):  # type: ignore[misc]
        def start(self) -> None:
            self.told: list[str] = []

        def notify_order(self, order: Any) -> None:
            executed = order.executed
            self.told.append(
                f"{order.getstatusname()} {executed.size!r} {executed.price!r} {executed.comm!r}"
            )

        def notify_trade(self, trade: Any) -> None:
            self.told.append(f"trade {trade.size!r} {trade.price!r} {trade.pnl!r} {trade.pnlcomm!r}")

        def notify_cashvalue(self, cash: float, value: float) -> None:
            self.told.append(f"{cash!r} {value!r}")

    cerebro = bt.Cerebro(stdstats=False)
    for number in range(2):
        frame = make_bars(80, seed + number, dt.datetime(2024, 1, 1), dt.timedelta(hours=step_hours))
        compression = step_hours * 60
        data = bt.feeds.PandasData(dataname=frame, timeframe=bt.TimeFrame.Minutes, compression=compression)
        cerebro.adddata(data, name=f"d{number}")
    cerebro.broker.setcash(cash)
    if scheme is not None:
        cerebro.broker.addcommissioninfo(scheme)
    if setup is not None:
        setup(cerebro.broker)
    cerebro.addstrategy(Teller, seed=seed, density=0.3)
    told: list[str] = quietly(cerebro.run)[0].told
    return told


@pytest.mark.parametrize("name", CONTRACTS)
def test_contracts_are_those_of_backtrader_with_the_same_terms(name: str) -> None:
    mult, margin, commission = CONTRACTS[name]
    plain = backtrader.CommInfoBase(
        mult=getattr(backtrail.commissions, name)().p.mult, margin=margin, commission=commission, commtype=1
    )
    assert plain.p.mult == pytest.approx(mult)
    for seed in (3, 8):
        ours = account(backtrail, getattr(backtrail.commissions, name)(), seed)
        assert ours == account(backtrader, plain, seed)


@pytest.mark.parametrize("seed", [1, 4])
@pytest.mark.parametrize("step_hours", [4, 24])
def test_funding_is_booked_as_backtrader_books_interest(seed: int, step_hours: int) -> None:
    eight = dt.timedelta(hours=8)

    class Funded(backtrader.CommInfoBase):  # type: ignore[misc]
        params = (("commtype", 0), ("percabs", True), ("commission", 0.0005), ("margin", 20.0), ("mult", 2.0))

        def get_credit_interest(self, data: Any, pos: Any, now: dt.datetime) -> float:
            begin = dt.datetime(1970, 1, 1)
            count = (now - begin) // eight - (pos.datetime - begin) // eight
            return float(pos.size * 2.0 * data.close[0] * sum([0.0003] * count))

    scheme = backtrail.commissions.CommInfo_Perpetual(
        commission=0.0005, margin=20.0, mult=2.0, funding_rate=0.0003
    )
    ours = account(backtrail, scheme, seed, step_hours=step_hours)
    theirs = account(backtrader, Funded(), seed, step_hours=step_hours)
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        numbers = [[float(word) for word in row.split() if word[0] in "-0123456789"] for row in (one, other)]
        assert numbers[0] == pytest.approx(numbers[1], rel=1e-12), (one, other)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_an_instrument_without_rules_changes_nothing(seed: int) -> None:
    def setup(broker: Any) -> None:
        broker.set_instrument(None, backtrail.Instrument())
        broker.set_instrument("d1", backtrail.Instrument(lot_step=1, tick_size=0.01, minimum_size=1))

    plain = account(backtrail, None, seed, cash=5000.0)
    assert plain == account(backtrail, None, seed, setup, cash=5000.0)
    assert plain == account(backtrader, None, seed, cash=5000.0)
