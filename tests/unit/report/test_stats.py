"""The figures of a backtest."""

from __future__ import annotations

import datetime as dt
import math
import statistics as reference

import pytest

from backtrail.errors import DataError
from backtrail.report.stats import deepest_drawdown, sharpe_ratio, statistics
from backtrail.report.tables import rows


def days(count: int) -> list[dt.datetime]:
    return [dt.datetime(2024, 1, 1, 23, 59, 59) + dt.timedelta(days=n) for n in range(count)]


def test_returns_and_rates() -> None:
    stats = statistics(days(3), [100.0, 110.0, 121.0], 100.0, [30.0, -10.0, 5.0], 4.5)
    assert stats.total_return == pytest.approx(0.21)
    assert stats.trades == 3
    assert stats.win_rate == pytest.approx(2 / 3)
    assert stats.profit_factor == pytest.approx(3.5)
    assert stats.commission == 4.5
    assert (stats.first, stats.last, stats.bars) == (dt.date(2024, 1, 1), dt.date(2024, 1, 3), 3)


def test_annual_return_compounds() -> None:
    moments = [dt.datetime(2020, 1, 1), dt.datetime(2022, 1, 1)]
    stats = statistics(moments, [100.0, 121.0], 100.0, [], 0.0)
    assert stats.annual_return == pytest.approx(0.1, abs=1e-3)


def test_sharpe_is_mean_over_deviation_of_daily_returns_per_year() -> None:
    values = [101.0, 99.0, 103.0, 104.0]
    returns = [now / then - 1.0 for now, then in zip(values, [100.0, *values[:-1]], strict=True)]
    expected = reference.mean(returns) / reference.pstdev(returns) * math.sqrt(252)
    assert sharpe_ratio(values, 100.0) == pytest.approx(expected)


def test_figures_that_are_not_defined_are_none_and_a_dash() -> None:
    stats = statistics(days(1), [100.0], 100.0, [], 0.0)
    assert (
        stats.sharpe is stats.win_rate is stats.profit_factor is stats.drawdown is stats.annual_return is None
    )
    shown = {name: value for name, value, _ in rows(stats)}
    assert (
        shown["Sharpe ratio"] == shown["Win rate"] == shown["Profit factor"] == shown["Max drawdown"] == "-"
    )


def test_drawdown_has_its_dates() -> None:
    dates = [moment.date() for moment in days(6)]
    fall = deepest_drawdown(dates, [100.0, 120.0, 90.0, 100.0, 121.0, 120.0])
    assert fall is not None
    assert fall.depth == pytest.approx(0.25)
    assert fall.amount == 30.0
    assert (fall.peak, fall.trough, fall.recovered) == (dates[1], dates[2], dates[4])


def test_drawdown_that_lasts_is_not_recovered() -> None:
    dates = [moment.date() for moment in days(3)]
    fall = deepest_drawdown(dates, [100.0, 50.0, 99.0])
    assert fall is not None
    assert fall.recovered is None


def test_a_value_that_never_falls_has_no_drawdown() -> None:
    assert deepest_drawdown([moment.date() for moment in days(3)], [1.0, 1.0, 2.0]) is None


def test_several_values_of_a_day_count_once() -> None:
    day = dt.datetime(2024, 1, 2)
    moments = [day, day + dt.timedelta(hours=1), day + dt.timedelta(days=1)]
    stats = statistics(moments, [90.0, 100.0, 110.0], 100.0, [], 0.0)
    assert stats.drawdown is None
    assert stats.bars == 3


def test_no_value_is_an_error() -> None:
    with pytest.raises(DataError, match="at one moment at least"):
        statistics([], [], 100.0, [], 0.0)
