"""Where orders meet a bar of open 10, high 12, low 8 and close 11 (or 9), by price alone."""

from __future__ import annotations

import pytest

from backtrail.broker import matching
from backtrail.broker.slippage import NO_SLIPPAGE, Slippage

OPEN, H, L = 10.0, 12.0, 8.0
PLAIN = NO_SLIPPAGE
NAN = float("nan")


@pytest.mark.parametrize(
    ("buy", "wanted", "expected"),
    [
        (True, 11.0, 10.0),
        (True, 10.0, 10.0),
        (True, 9.0, 9.0),
        (True, 8.0, 8.0),
        (True, 7.0, None),
        (True, NAN, None),
        (False, 9.0, 10.0),
        (False, 10.0, 10.0),
        (False, 11.0, 11.0),
        (False, 12.0, 12.0),
        (False, 13.0, None),
        (False, NAN, None),
    ],
)
def test_a_limit_is_executed_at_the_open_or_at_its_price(
    buy: bool, wanted: float, expected: float | None
) -> None:
    assert matching.limit(buy, OPEN, H, L, wanted, PLAIN) == expected


@pytest.mark.parametrize(
    ("buy", "wanted", "expected"),
    [
        (True, 9.0, 10.0),
        (True, 11.0, 11.0),
        (True, 12.5, None),
        (False, 11.0, 10.0),
        (False, 9.0, 9.0),
        (False, 7.5, None),
    ],
)
def test_a_stop_is_executed_at_its_price_or_at_the_open_on_a_gap(
    buy: bool, wanted: float, expected: float | None
) -> None:
    assert matching.stop(buy, OPEN, H, L, wanted, PLAIN) == expected


@pytest.mark.parametrize(
    ("buy", "close", "wanted", "limit", "expected"),
    [
        # the open is beyond the stop: a limit order from there
        (True, 11.0, 9.0, 9.5, (True, 9.5)),
        (True, 11.0, 9.0, 7.0, (True, None)),
        (False, 9.0, 11.0, 10.5, (True, 10.5)),
        # not hit
        (True, 11.0, 12.5, 12.5, (False, None)),
        (False, 9.0, 7.5, 7.5, (False, None)),
        (True, 11.0, NAN, 11.0, (False, None)),
        (False, 11.0, NAN, 11.0, (False, None)),
        # hit on the way, the limit is beyond the stop
        (True, 11.0, 11.0, 11.5, (True, 11.0)),
        (False, 9.0, 9.0, 8.5, (True, 9.0)),
        # the bar comes back to its close: the limit is met after the stop only if the close is beyond it
        (True, 9.0, 11.0, 9.5, (True, 9.5)),
        (True, 9.0, 11.0, 8.5, (True, None)),
        (True, 11.0, 11.0, 10.5, (True, None)),
        (False, 11.0, 9.0, 10.5, (True, 10.5)),
        (False, 11.0, 9.0, 11.5, (True, None)),
        (False, 9.0, 9.0, 9.5, (True, None)),
    ],
)
def test_a_stop_limit_is_executed_on_the_same_bar_where_the_order_of_prices_is_known(
    buy: bool, close: float, wanted: float, limit: float, expected: tuple[bool, float | None]
) -> None:
    assert matching.stop_limit(buy, OPEN, H, L, close, wanted, limit, PLAIN) == expected


def test_a_market_order_slips_only_if_openings_do() -> None:
    assert matching.market(True, OPEN, H, L, Slippage(fixed=1.0)) == OPEN
    assert matching.market(True, OPEN, H, L, Slippage(fixed=1.0, open=True)) == 11.0
    assert matching.market(False, OPEN, H, L, Slippage(fixed=1.0, open=True)) == 9.0


def test_a_percentage_counts_before_a_fixed_amount() -> None:
    assert Slippage(perc=0.1, fixed=3.0).up(20.0, 10.0) == 11.0
    assert Slippage(perc=0.1, fixed=3.0).down(0.0, 10.0) == 9.0


def test_a_price_that_slips_out_of_the_bar_ends_at_its_edge() -> None:
    assert Slippage(fixed=5.0).up(H, 10.0) == H
    assert Slippage(fixed=5.0).down(L, 10.0) == L


def test_a_price_that_slips_out_of_the_bar_can_be_kept() -> None:
    assert Slippage(fixed=5.0, out=True).up(H, 10.0) == 15.0
    assert Slippage(fixed=5.0, out=True).down(L, 10.0) == 5.0


def test_without_matching_a_price_out_of_the_bar_is_not_executed() -> None:
    strict = Slippage(fixed=5.0, match=False)
    assert strict.up(H, 10.0) is None
    assert strict.down(L, 10.0) is None
    assert strict.up(H, 10.0, limit=True) == H
    assert strict.down(L, 10.0, limit=True) == L
    assert Slippage(fixed=5.0, match=False, limit=False).up(H, 10.0, limit=True) is None


def test_a_limit_sell_slips_below_the_low_unless_floored() -> None:
    slip = Slippage(fixed=5.0, open=True)
    assert matching.limit(False, OPEN, H, L, 6.0, slip) == 6.0
    assert matching.limit(False, OPEN, H, L, 6.0, slip, floor_at_low=True) == L
    assert matching.limit(True, OPEN, H, L, 11.0, slip) == 11.0
