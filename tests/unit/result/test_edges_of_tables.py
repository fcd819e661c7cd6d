"""Tables and figures where something is missing: no bars, one day, no start value, another library absent."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

import backtrail as bt
from backtrail.engine.ending import Account
from backtrail.engine.metrics import daily, drawdowns, figures, metrics_table
from backtrail.engine.result import TABLES, RunResult, StoredResult
from backtrail.engine.tables import Column, Table
from backtrail.errors import ResultError

DAY = bt.date2num(datetime(2024, 1, 1))


def frame(closes: Any, freq: str = "D", **columns: Any) -> pd.DataFrame:
    close = np.array(closes, dtype=float)
    index = pd.date_range("2024-01-01", periods=len(close), freq=freq)
    prices = {"open": close, "high": close + 1, "low": close - 1, "close": close, "volume": 100.0}
    return pd.DataFrame({**prices, **columns}, index=index)


def ran(strategy: Any, feed: Any = None, **options: Any) -> bt.Cerebro:
    made = bt.Cerebro(stdstats=False, **options)
    made.adddata(bt.feeds.PandasData(dataname=frame([10, 11, 12, 11, 12, 13])) if feed is None else feed)
    made.addstrategy(strategy)
    return made


def doing(plan: dict[int, Any], **body: Any) -> Any:
    """Give a strategy that calls *plan*'s entry for the number of the bar."""

    def on_bar(self: Any) -> None:
        if len(self) in plan:
            plan[len(self)](self)

    return type("Doing", (bt.Strategy,), {"next": on_bar, **body})


ROUND_TRIP = doing({1: lambda s: s.buy(size=2), 3: lambda s: s.close()})


def nothing() -> Table:
    return Table("trades", {"pnl_net": Column("float", []), "status": Column("text", [])})


def fills(*rows: tuple[int, str, float]) -> Table:
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    kinds = ("int", "text", "float")
    names = ("cycle", "data", "position_size")
    made = {n: Column(k, list(c)) for n, k, c in zip(names, kinds, columns, strict=True)}
    return Table("fills", {**made, "commission": Column("float", [0.0] * len(rows))})


def account(values: Any, step: float = 1.0) -> Account:
    value = np.array(values, dtype=float)
    return Account(DAY + step * np.arange(len(value)), value, value, value)


# -- figures ---------------------------------------------------------------------------------------------------------


def test_a_run_without_bars_has_no_figures_of_its_value() -> None:
    found = figures(account([]), 100.0, nothing(), fills())
    assert found == {"bars": 0.0, "start_value": 100.0, "trades": 0.0, "commission": 0.0}
    assert [len(part) for part in daily(np.empty(0), np.empty(0))] == [0, 0]
    assert [len(part) for part in drawdowns(np.empty(0))] == [0, 0, 0]


def test_one_day_has_a_return_but_none_per_year() -> None:
    found = figures(account([100.0, 90.0, 110.0], step=0.1), 100.0, nothing(), fills())
    assert found["total_return"] == pytest.approx(0.1)
    assert found["max_drawdown"] == pytest.approx(0.1)
    assert not found.keys() & {"annual_return", "volatility", "sharpe_ratio", "sortino_ratio", "calmar_ratio"}


def test_the_last_value_of_each_day_counts() -> None:
    days, values = daily(DAY + np.array([0.1, 0.9, 1.0, 3.5]), np.array([1.0, 2.0, 3.0, 4.0]))
    assert values.tolist() == [2.0, 3.0, 4.0]
    assert (days - int(DAY)).tolist() == [0, 1, 3]


def test_without_a_start_value_there_is_no_growth() -> None:
    found = figures(account([0.0, 5.0, 10.0]), 0.0, nothing(), fills())
    assert found["final_value"] == 10.0
    assert not found.keys() & {"total_return", "annual_return", "calmar_ratio"}


def test_a_value_below_zero_has_no_return_per_year() -> None:
    found = figures(account([50.0, -20.0]), 100.0, nothing(), fills())
    assert found["total_return"] == pytest.approx(-1.2)
    assert "annual_return" not in found
    assert found["max_drawdown"] == pytest.approx(1.4)


def test_a_value_that_never_moves_has_no_ratio() -> None:
    found = figures(account([100.0] * 4), 100.0, nothing(), fills())
    assert (found["volatility"], found["max_drawdown"], found["max_drawdown_bars"]) == (0.0, 0.0, 0.0)
    assert not found.keys() & {"sharpe_ratio", "sortino_ratio", "calmar_ratio"}


@pytest.mark.parametrize(
    ("net", "expected"),
    [
        ([5.0, 3.0], {"win_rate": 1.0, "average_win": 4.0, "expectancy": 4.0}),
        ([-5.0, -3.0], {"win_rate": 0.0, "average_loss": -4.0, "expectancy": -4.0, "profit_factor": 0.0}),
        ([0.0], {"win_rate": 0.0, "expectancy": 0.0}),
    ],
    ids=["all won", "all lost", "nothing gained"],
)
def test_figures_of_trades_that_are_not_defined_are_left_out(
    net: list[float], expected: dict[str, float]
) -> None:
    trades = Table(
        "trades", {"pnl_net": Column("float", net), "status": Column("text", ["closed"] * len(net))}
    )
    found = figures(account([100.0]), 100.0, trades, fills())
    of_trades = {"win_rate", "profit_factor", "expectancy", "average_win", "average_loss"}
    assert {name: value for name, value in found.items() if name in of_trades} == expected


def test_exposure_counts_cycles_at_whose_end_any_data_is_held() -> None:
    overlapping = fills((1, "a", 2.0), (2, "b", 1.0), (3, "a", 0.0), (5, "b", 0.0))
    assert figures(account([1.0] * 8), 1.0, nothing(), overlapping)["exposure"] == 4 / 8
    still_held = fills((6, "a", 2.0))
    assert figures(account([1.0] * 8), 1.0, nothing(), still_held)["exposure"] == 2 / 8
    unknown = fills((-1, "a", 2.0))
    assert "exposure" not in figures(account([1.0] * 8), 1.0, nothing(), unknown)


def test_a_figure_of_ones_own_has_no_definition() -> None:
    table = metrics_table({"trades": 2.0, "mood": 7.0})
    assert table.values("definition") == ["closed trades", ""]


# -- runs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"preload": False}], ids=str)
def test_a_run_that_fails_before_its_first_bar_has_empty_tables(options: dict[str, bool]) -> None:
    class Fails(bt.Strategy):
        def start(self) -> None:
            raise ArithmeticError("on purpose")

    cerebro = ran(Fails, **options)
    with pytest.raises(ArithmeticError):
        cerebro.run()
    tables = cerebro.result.tables()
    assert tuple(tables) == TABLES
    assert {name: len(table) for name, table in tables.items() if name != "metrics"} == dict.fromkeys(
        TABLES[:-1], 0
    )
    assert cerebro.result.summary == {"bars": 0.0, "start_value": 10_000.0, "trades": 0.0, "commission": 0.0}


def test_a_strategy_shares_the_tables_of_the_account() -> None:
    cerebro = ran(ROUND_TRIP)
    (strategy,) = cerebro.run()
    whole, own = cerebro.result, strategy.result
    for name in ("positions", "equity", "drawdown"):
        assert getattr(own, name) is getattr(whole, name)
    assert (
        repr(own) == "<RunResult of strategy 0: orders, fills, trades, positions, equity, drawdown, metrics>"
    )
    assert repr(whole).startswith("<RunResult of all strategies:")
    assert isinstance(whole, RunResult)


def test_the_class_itself_has_no_result() -> None:
    assert bt.Cerebro.result is bt.Cerebro.__dict__["result"]


def test_feeds_without_a_name_are_listed_by_their_number() -> None:
    cerebro = ran(ROUND_TRIP)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame([1, 2, 3, 4, 5, 6])))
    for data in cerebro.datas:
        data._name = ""
    cerebro.run()
    assert cerebro.result.fills["data"].tolist() == ["data0", "data0"]


@pytest.mark.parametrize("sign", [1, -1], ids=["buying", "selling"])
def test_slippage_of_an_execution_at_the_close_is_against_that_close(sign: int) -> None:
    feed = bt.feeds.PandasData(dataname=frame([11.0] * 4))
    cerebro = ran(doing({2: lambda s: s.buy(size=2) if sign > 0 else s.sell(size=2)}), feed)
    cerebro.broker.set_coc(True)
    cerebro.broker.set_slippage_fixed(0.25)
    cerebro.run()
    (fill,) = cerebro.result.fills.rows()
    assert (fill["price"], fill["slippage"]) == (11.0 + sign * 0.25, 0.25)


def test_slippage_is_not_known_where_bars_are_forgotten() -> None:
    trades = doing({1: lambda s: s.buy(), 2998: lambda s: s.close()})
    cerebro = ran(trades, bt.feeds.PandasData(dataname=frame(range(10, 3010))), exactbars=1)
    cerebro.broker.set_slippage_fixed(0.25)
    cerebro.run()
    assert cerebro.result.fills.values("slippage") == [None, 0.25]


@pytest.mark.filterwarnings("ignore::backtrail.errors.DataWarning")  # from 20 to 10, as at a split
def test_slippage_is_not_known_where_an_order_met_another_bar() -> None:
    """What is left in a resampler at the end makes a bar whose orders meet the bar before."""
    closes = [20.0] * 7 + [10.0] * 7 + [20.0] * 3
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.resampledata(bt.feeds.PandasData(dataname=frame(closes)), timeframe=bt.TimeFrame.Weeks)
    limit = {"exectype": bt.Order.Limit, "price": 15.0}
    cerebro.addstrategy(doing({2: lambda s: s.buy(size=1, **limit)}))
    cerebro.broker.set_slippage_fixed(0.25, slip_limit=True)
    cerebro.run()
    (fill,) = cerebro.result.fills.rows()
    assert fill["price"] <= 15.0
    assert fill["slippage"] is None


# -- tables ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_library_that_is_not_installed_is_named_with_its_extra(
    library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    table = Table("fills", {"price": Column("float", [1.0])})
    with pytest.raises(ResultError, match=rf"pip install 'backtrail\[{library}\]'"):
        getattr(table, f"to_{library}")()


def test_a_long_table_shows_its_first_rows() -> None:
    table = Table("t", {"n": Column("int", list(range(1234)))})
    shown = repr(table).splitlines()
    assert shown[0] == "t: 1,234 rows"
    assert shown[-1] == "..."
    assert len(shown) == 8
    assert Table("none", {}).columns == []
    assert len(Table("none", {})) == 0


def test_the_interchange_protocol_gives_the_arrow_table() -> None:
    table = Table("t", {"n": Column("int", [1, 2])})
    assert table.__dataframe__().num_rows() == 2
    assert pd.api.interchange.from_dataframe(table.__dataframe__())["n"].tolist() == [1, 2]


def test_whole_numbers_with_gaps_are_objects_and_without_are_numbers() -> None:
    table = Table(
        "t", {"a": Column("int", [1, None]), "b": Column("int", [1, 2]), "c": Column("bool", [True, False])}
    )
    assert table["a"].tolist() == [1, None]
    assert (table["b"].dtype, table["c"].dtype) == (np.int64, np.bool_)


# -- what was read back ----------------------------------------------------------------------------------------------


def stored(result: RunResult) -> StoredResult:
    return StoredResult(lambda name: getattr(result, name).to_arrow(), result.summary)


def test_stored_tables_are_those_of_the_run() -> None:
    cerebro = ran(ROUND_TRIP)
    cerebro.addstrategy(doing({2: lambda s: s.sell(size=1)}))
    cerebro.run()
    whole, again = cerebro.result, stored(cerebro.result)
    for name, table in again.tables().items():
        assert table.to_arrow().equals(getattr(whole, name).to_arrow()), name
    second = again.of_strategy(1)
    assert second.orders["order"].tolist() == whole.of_strategy(1).orders["order"].tolist() == [2]
    assert len(second.equity) == len(whole.equity)
    assert second.orders is second.orders


def test_a_stored_result_names_its_tables() -> None:
    with pytest.raises(ResultError, match=r"has the tables \['orders', .*it has no 'order'"):
        _ = StoredResult(dict.get, {}).order


@pytest.mark.parametrize(
    "change", [lambda broker: broker.add_cash(500.0), lambda broker: broker.setcash(10_500.0)]
)
def test_later_changes_of_cash_do_not_move_what_was_told_before(change: Any) -> None:
    """Cash that a strategy brings in on its turn is not in what observers saw of the strategy before it."""

    class Adds(bt.Strategy):
        def next(self) -> None:
            if len(self) == 3:
                change(self.broker)

    found = []
    for options in ({}, {"runonce": False}, {"preload": False}):
        cerebro = ran(bt.Strategy, **options)
        cerebro.addstrategy(Adds)
        cerebro.addobserver(bt.observers.Broker)
        strategies = cerebro.run()
        found.append([list(one.observers.broker.lines.cash.array[:6]) for one in strategies])
    assert found[0] == found[1] == found[2]
    first, second = found[0]
    assert first[:3] == [10_000.0] * 3
    assert first[-1] == second[-1] == 10_500.0


def test_intraday_equity_keeps_the_time_of_its_bars() -> None:
    feed = bt.feeds.PandasData(
        dataname=frame([1, 2, 3], freq="h"), timeframe=bt.TimeFrame.Minutes, compression=60
    )
    cerebro = ran(bt.Strategy, feed)
    cerebro.run()
    first, *_, last = cerebro.result.equity.values("time")
    assert last - first == timedelta(hours=2)
