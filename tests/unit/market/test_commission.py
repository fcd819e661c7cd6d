"""Commission schemes: what is a stock, what is a future, and what each costs."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest

from backtrail.market import schemes
from backtrail.market.commission import CommInfoBase, CommissionInfo, has_interest
from backtrail.market.position import Position


def test_without_a_margin_it_is_a_stock_with_a_percentage() -> None:
    scheme = CommissionInfo(commission=0.01)
    assert scheme.stocklike
    assert scheme.getcommission(-5, 10.0) == 0.5
    assert (scheme.getvaluesize(-5, 10.0), scheme.getoperationcost(-5, 10.0)) == (-50.0, 50.0)


def test_with_a_margin_it_is_a_future_with_a_fixed_commission() -> None:
    scheme = CommissionInfo(commission=2.0, margin=100.0, mult=5.0)
    assert not scheme.stocklike
    assert scheme.margin == 100.0
    assert scheme.confirmexec(-3, 10.0) == 6.0
    assert (scheme.getvaluesize(-3, 10.0), scheme.getoperationcost(-3, 10.0)) == (300.0, 300.0)
    assert scheme.profitandloss(2, 10.0, 12.0) == scheme.cashadjust(2, 10.0, 12.0) == 20.0


def test_a_future_without_a_margin_binds_one_per_unit() -> None:
    assert CommissionInfo(commtype=CommInfoBase.COMM_FIXED).get_margin(10.0) == 1.0


@pytest.mark.parametrize(("automargin", "margin"), [(False, 7.0), (-1, 30.0), (0.5, 5.0)])
def test_the_margin_can_follow_the_price(automargin: Any, margin: float) -> None:
    assert CommissionInfo(margin=7.0, mult=3.0, automargin=automargin).get_margin(10.0) == margin


def test_percentages_are_fractions_only_if_said_so() -> None:
    assert CommInfoBase(commission=1.0).getcommission(1, 100.0) == 1.0
    assert CommissionInfo(commission=0.01).getcommission(1, 100.0) == 1.0
    assert schemes.CommInfo_Stocks_Perc(commission=1.0).getcommission(1, 100.0) == 1.0


def test_cash_pays_for_whole_units() -> None:
    assert CommissionInfo(leverage=2.0).getsize(10.0, 35.0) == 6
    assert CommissionInfo(margin=20.0).getsize(10.0, 45.0) == 2
    assert CommissionInfo(leverage=2.0).get_leverage() == 2.0


def test_the_value_of_a_short_stock_is_mirrored_at_its_entry() -> None:
    scheme = CommissionInfo()
    assert scheme.getvalue(Position(3, 11.0), 13.0) == 39.0
    assert scheme.getvalue(Position(-3, 11.0), 13.0) == -27.0
    assert CommissionInfo(margin=9.0).getvalue(Position(-3, 11.0), 13.0) == 27.0


def test_stocks_do_not_settle() -> None:
    assert CommissionInfo().cashadjust(3, 10.0, 12.0) == 0.0


def interest_of(size: float, days: int, **given: Any) -> float:
    position: Any = SimpleNamespace(size=size, price=10.0, datetime=dt.datetime(2024, 1, 1, 23))
    scheme = CommissionInfo(interest=0.365, **given)
    return scheme.get_credit_interest(None, position, dt.datetime(2024, 1, 1 + days, 1))


def test_interest_counts_calendar_days_of_shorts() -> None:
    assert interest_of(-10, 3) == pytest.approx(3 * 0.001 * 10 * 10.0)
    assert interest_of(-10, 0) == 0.0
    assert interest_of(10, 3) == 0.0
    assert interest_of(10, 3, interest_long=True) == interest_of(-10, 3)


class Minimum(CommissionInfo):
    """Costs one at least."""

    def _getcommission(self, size: float, price: float, pseudoexec: bool) -> float:
        return max(1.0, super()._getcommission(size, price, pseudoexec))


class Lending(CommissionInfo):
    """Charges in its own way."""

    def _get_credit_interest(self, *args: Any) -> float:
        return 1.0


def test_a_scheme_that_overrides_prices_is_not_standard() -> None:
    assert CommissionInfo()._standard_
    assert schemes.CommInfo_Futures_Fixed()._standard_
    assert Lending()._standard_
    assert not Minimum()._standard_
    assert Minimum().getcommission(1, 10.0) == 1.0


def test_interest_is_known_beforehand() -> None:
    assert not has_interest(CommissionInfo())
    assert has_interest(CommissionInfo(interest=0.1))
    assert has_interest(Lending())
    assert has_interest(SimpleNamespace())


def test_schemes_have_names_by_kind() -> None:
    assert schemes.CommInfo_Stocks_Fixed(commission=2.0).getcommission(3, 10.0) == 6.0
    assert schemes.CommInfo_Futures_Perc(commission=1.0).getcommission(3, 100.0) == 3.0
    assert schemes.CommInfo_Futures_Fixed(margin=5.0).getvaluesize(2, 100.0) == 10.0
