"""Positions and trades by themselves."""

from __future__ import annotations

import datetime as dt
import pickle
from types import SimpleNamespace
from typing import Any

import pytest

from backtrail.base.time import date2num, num2date
from backtrail.market.commission import CommissionInfo
from backtrail.market.position import Position, split
from backtrail.market.trade import Trade, TradeHistory

NOW = dt.datetime(2024, 5, 2)


class Data:
    """What positions and trades ask of a data."""

    _name = "d"
    _tz = None

    def __init__(self) -> None:
        self.datetime = SimpleNamespace(datetime=lambda: NOW)

    def num2date(self, number: float, tz: Any = None, naive: bool = True) -> dt.datetime:
        return num2date(number)


@pytest.mark.parametrize(
    ("before", "size", "expected"),
    [
        (0, 3, (3, 3, 0)),
        (2, 3, (5, 3, 0)),
        (-2, -3, (-5, -3, 0)),
        (5, -3, (2, 0, -3)),
        (-5, 3, (-2, 0, 3)),
        (5, -5, (0, 0, -5)),
        (5, -8, (-3, -3, -5)),
        (-5, 8, (3, 3, 5)),
        (4, 0, (4, 0, 0)),
    ],
)
def test_a_size_is_split_into_what_opens_and_what_closes(
    before: float, size: float, expected: tuple[float, ...]
) -> None:
    assert split(before, size) == expected


def test_an_increase_averages_the_price_and_a_reduction_leaves_it() -> None:
    position = Position()
    position.update(3, 10.0)
    position.update(2, 12.0)
    assert position.price == (10.0 * 3 + 12.0 * 2) / 5
    position.update(-1, 99.0)
    assert position.price == (10.0 * 3 + 12.0 * 2) / 5
    assert position.price_orig == position.price


def test_a_reversal_starts_at_its_own_price() -> None:
    position = Position(3, 10.0)
    assert position.update(-5, 12.0) == (-2, 12.0, -2, -3)


def test_a_flat_position_is_false_and_has_no_length() -> None:
    position = Position(3, 10.0)
    assert len(position) == 3
    position.update(-3, 12.0)
    assert not position
    assert (len(position), position.price) == (0, 0.0)


def test_a_fractional_size_has_no_length() -> None:
    with pytest.raises(TypeError):
        len(Position(2.5, 1.0))


def test_a_trial_changes_nothing() -> None:
    position = Position(3, 10.0)
    assert position.pseudoupdate(2, 15.0) == (5, 12.0, 2, 0)
    assert (position.size, position.price) == (3, 10.0)
    assert position.clone().price == 10.0


def test_the_time_is_that_of_the_update_while_flat_and_of_the_bar_while_held() -> None:
    position = Position()
    assert position.datetime is None
    position.update(1, 10.0, NOW)
    assert position.datetime == NOW
    position._when, position._data = date2num(dt.datetime(2024, 5, 1)), Data()
    assert position.datetime == dt.datetime(2024, 5, 1)
    position.adjbase = 9.0
    position._follows = position._data
    position._data.close = [11.0]
    assert (position.datetime, position.adjbase) == (NOW, 11.0)
    position.size = 0
    assert (position.datetime, position.adjbase) == (dt.datetime(2024, 5, 1), 9.0)
    position.datetime = None
    assert position.datetime is None


def test_positions_print_what_they_are() -> None:
    assert "- Size: 3\n- Price: 10.0" in str(Position(3, 10.0))
    assert repr(Position(3, 10.0)) == "Position(size=3, price=10.0)"


class Ticking(Data):
    """A data with one bar."""

    def __init__(self, number: float = 738000.5) -> None:
        super().__init__()
        self.datetime = [number]  # type: ignore[assignment]

    def __len__(self) -> int:
        return 7


def order(simulated: bool = False) -> Any:
    return SimpleNamespace(simulated=simulated)


def test_a_trade_opens_grows_shrinks_and_closes() -> None:
    trade = Trade(Ticking(), tradeid=2, historyon=True)
    scheme = CommissionInfo(commission=0.0)
    trade.update(order(), 2, 10.0, 0.0, 1.0, 0.0, scheme)
    assert (trade.justopened, trade.isopen, trade.long, trade.baropen, trade.status) == (
        True,
        True,
        True,
        7,
        Trade.Open,
    )
    trade.update(order(), 2, 12.0, 0.0, 1.0, 0.0, scheme)
    assert (trade.justopened, trade.price, trade.value) == (False, 11.0, 44.0)
    trade.update(order(), -1, 14.0, 0.0, 1.0, 0.0, scheme)
    assert (trade.pnl, trade.pnlcomm) == (3.0, 0.0)
    trade.update(order(), 0, 14.0, 0.0, 1.0, 0.0, scheme)
    trade.update(order(), -3, 12.0, 0.0, 1.0, 0.0, scheme)
    assert (trade.isclosed, trade.size, trade.price, trade.value, trade.pnl) == (True, 0, 11.0, 0.0, 6.0)
    assert not trade
    assert len(trade) == 0
    assert [entry.event.size for entry in trade.history] == [2, 2, -1, -3]


def test_trades_number_on_and_know_their_times() -> None:
    first, second = Trade(), Trade(Ticking())
    assert second.ref == first.ref + 1
    second.update(order(), -2, 10.0, 0.0, 0.0, 0.0, CommissionInfo(margin=3.0, mult=2.0))
    assert (second.long, second.value) == (False, 6.0)
    assert second.open_datetime() == num2date(738000.5)
    second.update(order(), 2, 9.0, 0.0, 0.0, 0.0, CommissionInfo(margin=3.0, mult=2.0))
    assert second.close_datetime() == num2date(738000.5)
    assert (second.pnl, second.getdataname()) == (4.0, "d")


def test_simulated_orders_open_trades_without_a_time() -> None:
    trade = Trade(Ticking(), historyon=True)
    trade.update(order(simulated=True), 1, 10.0, 0.0, 0.0, 0.0, CommissionInfo())
    assert trade.dtopen == 0.0
    assert trade.history[0].status.dt == 0.0


def test_a_scheme_of_the_users_values_the_trade() -> None:
    class Half(CommissionInfo):
        def getvaluesize(self, size: float, price: float) -> float:
            return size * price / 2

        def profitandloss(self, size: float, price: float, newprice: float) -> float:
            return 100.0

    trade = Trade(Ticking())
    trade.update(order(), 2, 10.0, 0.0, 0.0, 0.0, Half())
    assert trade.value == 10.0
    trade.update(order(), -1, 10.0, 0.0, 0.0, 0.0, Half())
    assert trade.pnl == 100.0


def test_trades_print_what_they_are_and_are_copied() -> None:
    trade = Trade(Ticking(), tradeid=5)
    assert "tradeid:5\nsize:0" in str(trade)
    assert "Created 0 at 0.0" in repr(trade)
    copied = trade.copy()
    trade.update(order(), 1, 10.0, 0.0, 0.0, 0.0, CommissionInfo())
    assert (copied.ref, copied.size) == (trade.ref, 0)


def test_entries_of_the_history_can_be_kept() -> None:
    entry = TradeHistory(1, 738000.5, 2, 3, 4.0, 5.0, 6.0, 7.0, None)
    entry.doupdate("order", 3, 4.0, 0.5)
    kept = pickle.loads(pickle.dumps(entry))
    assert (kept.status.pnlcomm, kept.event.commission, kept.datetime()) == (7.0, 0.5, num2date(738000.5))
    with pytest.raises(KeyError):
        entry.status.nothing
