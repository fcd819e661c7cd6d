"""Tables of a run: what they hold, what they convert to, when they are worked out."""

from __future__ import annotations

import datetime as dt
import gc
import math

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import backtrail as bt
from backtrail.engine.ending import Ending
from backtrail.engine.metrics import METRICS, drawdowns
from backtrail.engine.tables import Column, Table, times
from backtrail.errors import ResultError
from backtrail.report.stats import statistics

CLOSES = [10.0, 11.0, 12.0, 11.0, 9.0, 10.0, 13.0, 12.0, 14.0, 15.0]


def frame(closes: list[float] = CLOSES, start: str = "2020-01-01") -> pd.DataFrame:
    close = np.array(closes)
    index = pd.date_range(start, periods=len(close), freq="D")
    return pd.DataFrame(
        {
            "open": close,
            "high": close + 1,
            "low": close - 1,
            "close": close,
            "volume": 100.0,
            "openinterest": 0.0,
        },
        index=index,
    )


class BuyThenSell(bt.Strategy):
    params = (("buy_at", 2), ("sell_at", 5), ("stake", 3))

    def next(self):
        if len(self) == self.p.buy_at:
            self.buy(size=self.p.stake)
        if len(self) == self.p.sell_at:
            self.sell(size=self.p.stake)


class Brackets(bt.Strategy):
    def next(self):
        if len(self) == 2:
            self.buy_bracket(size=2, exectype=bt.Order.Market, stopprice=5.0, limitprice=13.5)
        if len(self) == 3:
            self.first = self.buy(size=1, price=1.0, exectype=bt.Order.Limit, tradeid=7)
            self.buy(size=1, price=12.0, exectype=bt.Order.Limit, oco=self.first, tradeid=8)


def ran(*strategies: type, cerebro: bt.Cerebro | None = None, **kwargs: object) -> bt.Cerebro:
    made = cerebro or bt.Cerebro(stdstats=False, **kwargs)
    if not made.datas:
        made.adddata(bt.feeds.PandasData(dataname=frame()), name="X")
    for strategy in strategies:
        made.addstrategy(strategy)
    made.broker.setcommission(commission=0.01)
    made.run()
    return made


def test_orders_fills_and_trades_of_a_run() -> None:
    result = ran(BuyThenSell).result
    orders = list(result.orders.rows())
    assert [row["order"] for row in orders] == [1, 2]
    assert [(row["side"], row["type"], row["status"], row["size"]) for row in orders] == [
        ("buy", "Market", "Completed", 3.0),
        ("sell", "Market", "Completed", 3.0),
    ]
    assert orders[0]["created"] == dt.datetime(2020, 1, 2, tzinfo=dt.UTC)
    assert orders[0]["executed"] == dt.datetime(2020, 1, 3, tzinfo=dt.UTC)
    assert orders[0]["price"] is None
    fills = list(result.fills.rows())
    assert [(row["size"], row["price"], row["position_size"]) for row in fills] == [(3, 12, 3), (-3, 10, 0)]
    assert fills[0]["commission"] == pytest.approx(0.36)
    (trade,) = result.trades.rows()
    assert (trade["side"], trade["size"], trade["entry_price"], trade["exit_price"]) == ("long", 3, 12, 10)
    assert trade["pnl"] == -6.0
    assert trade["pnl_net"] == pytest.approx(-6.0 - 0.36 - 0.30)
    assert trade["bars"] == 3


def test_numbers_start_from_one_in_each_run() -> None:
    first, second = ran(BuyThenSell), ran(BuyThenSell)
    assert first.result.orders["order"].tolist() == second.result.orders["order"].tolist() == [1, 2]
    assert second.result.trades["trade"].tolist() == [1]


def test_parents_groups_and_reasons_use_the_numbers_of_the_run() -> None:
    ran(BuyThenSell)
    rows = {row["order"]: row for row in ran(Brackets).result.orders.rows()}
    assert [rows[n]["parent"] for n in (1, 2, 3)] == [None, 1, 1]
    assert rows[5]["oco"] == 4
    assert rows[2]["reason"] == "cancelled: order 3 of the same bracket was Completed"
    assert rows[4]["reason"] == "cancelled: order 5 of the same OCO group was Completed"
    assert rows[5]["tradeid"] == "8"


def test_equity_has_one_row_per_bar_in_utc() -> None:
    result = ran(BuyThenSell).result
    equity = result.equity
    assert equity.columns == ["time", "cash", "value", "fund_value"]
    assert len(equity) == len(CLOSES)
    assert equity.values("time")[0] == dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    assert equity["value"][2] == 10_000 - 0.36
    assert result.drawdown["drawdown"][5] == pytest.approx(1 - equity["value"][5] / 10_000)


@pytest.mark.parametrize(
    "options", [{}, {"runonce": False}, {"preload": False}], ids=["fast", "stepped", "bars"]
)
def test_tables_are_the_same_in_every_mode(options: dict[str, bool]) -> None:
    plain, other = ran(Brackets).result, ran(Brackets, **options).result
    for name, table in plain.tables().items():
        assert table.to_arrow().equals(other.tables()[name].to_arrow()), name


def test_observers_and_analyzers_change_no_table() -> None:
    watched = bt.Cerebro(stdstats=True)
    watched.addanalyzer(bt.analyzers.TradeAnalyzer)
    plain, other = ran(Brackets).result, ran(Brackets, cerebro=watched).result
    for name, table in plain.tables().items():
        assert table.to_arrow().equals(other.tables()[name].to_arrow()), name


def test_a_later_run_leaves_the_tables_of_an_earlier_one_alone() -> None:
    cerebro = bt.Cerebro(stdstats=False)
    ran(BuyThenSell, cerebro=cerebro)
    early = cerebro.result
    wanted = {name: table.to_arrow() for name, table in ran(BuyThenSell).result.tables().items()}
    cerebro.broker.setcash(500.0)
    cerebro.broker.setcommission(commission=0.5, mult=3.0, margin=1.0)
    cerebro.run()
    for name, table in early.tables().items():
        assert table.to_arrow().equals(wanted[name]), name
    assert cerebro.result is not early
    assert cerebro.result.equity["value"][0] == 500.0


def test_nothing_is_worked_out_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Ending] = []
    usual = Ending.account
    monkeypatch.setattr(Ending, "account", lambda self: (asked.append(self), usual(self))[1])
    cerebro = ran(BuyThenSell)
    result = cerebro.result
    len(result.orders), len(result.trades)
    assert asked == []
    len(result.equity)
    assert len(asked) == 1


def test_each_strategy_has_its_own_orders_and_the_shared_account() -> None:
    class Later(BuyThenSell):
        params = (("buy_at", 3), ("sell_at", 6))

    cerebro = bt.Cerebro(stdstats=False)
    ran(BuyThenSell, Later, cerebro=cerebro)
    first, second = cerebro.runstrats[0]
    assert len(cerebro.result.orders) == 4
    assert first.result.orders["order"].tolist() == [1, 3]
    assert second.result.orders["order"].tolist() == [2, 4]
    assert second.result.trades["strategy"].tolist() == [1]
    assert second.result.equity is cerebro.result.equity
    assert first.result is first.result


def test_a_strategy_may_have_an_attribute_of_that_name() -> None:
    class Own(bt.Strategy):
        def __init__(self):
            self.result = 5

    cerebro = ran(Own)
    assert cerebro.runstrats[0][0].result == 5


def test_results_that_are_not_there_are_named() -> None:
    with pytest.raises(ResultError, match=r"call run\(\) first"):
        _ = bt.Cerebro().result

    class Early(bt.Strategy):
        def next(self):
            self.cerebro.result

    with pytest.raises(ResultError, match="has none"):
        ran(Early)
    cerebro = bt.Cerebro(maxcpus=1, stdstats=False)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame()))
    cerebro.optstrategy(BuyThenSell, buy_at=[1, 2])
    runs = cerebro.run()
    with pytest.raises(ResultError, match="optreturn=False"):
        _ = runs[0][0].result
    assert not hasattr(runs[0][0], "result")


def test_combinations_of_an_optimisation_keep_their_tables_with_optreturn_off() -> None:
    cerebro = bt.Cerebro(maxcpus=1, stdstats=False, optreturn=False)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame()))
    cerebro.optstrategy(BuyThenSell, buy_at=[1, 2])
    early, late = cerebro.run()
    assert early[0].result.fills["price"].tolist() == [11.0, 10.0]
    assert late[0].result.fills["price"].tolist() == [12.0, 10.0]
    assert early[0].result.equity["value"][-1] == 10_000 - 3.0


def test_a_failed_run_has_the_tables_up_to_its_failure() -> None:
    class Fails(BuyThenSell):
        def next(self):
            super().next()
            if len(self) == 4:
                raise RuntimeError("stop here")

    cerebro = bt.Cerebro(stdstats=False)
    with pytest.raises(RuntimeError):
        ran(Fails, cerebro=cerebro)
    assert len(cerebro.result.fills) == 1
    assert len(cerebro.result.equity) == 3


def test_forgotten_bars_are_said_to_be_forgotten() -> None:
    cerebro = ran(BuyThenSell, exactbars=1)
    with pytest.raises(ResultError, match="exactbars=1 forgets bars"):
        _ = cerebro.result.equity
    assert len(cerebro.result.orders) == 2


def test_slippage_is_the_price_paid_above_the_one_without() -> None:
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.broker.set_slippage_fixed(0.25)
    fills = ran(BuyThenSell, cerebro=cerebro).result.fills
    assert fills["slippage"].tolist() == [0.25, 0.25]
    assert fills["price"].tolist() == [12.25, 9.75]


def test_refused_orders_are_listed_with_their_reason() -> None:
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.broker.setcash(5.0)
    orders = ran(BuyThenSell, cerebro=cerebro).result.orders
    assert orders["status"].tolist()[0] == "Margin"
    assert orders["reason"][0].startswith("refused for margin: buying 3")


def test_a_run_without_orders_has_empty_tables_of_the_same_kinds() -> None:
    empty, full = ran(bt.Strategy).result, ran(Brackets).result
    for name in ("orders", "fills", "trades", "positions"):
        assert len(empty.tables()[name]) == 0
        assert empty.tables()[name].to_arrow().schema == full.tables()[name].to_arrow().schema


# -- figures ---------------------------------------------------------------------------------------------------------


def test_figures_agree_with_those_of_the_report() -> None:
    cerebro = ran(BuyThenSell)
    result = cerebro.result
    moments = [moment.replace(tzinfo=None) for moment in result.equity.values("time")]
    report = statistics(
        moments, result.equity["value"].tolist(), 10_000.0, result.trades["pnl_net"].tolist(), 0.66
    )
    found = result.summary
    assert found["sharpe_ratio"] == pytest.approx(report.sharpe, rel=1e-12)
    assert found["annual_return"] == pytest.approx(report.annual_return, rel=1e-12)
    assert found["total_return"] == pytest.approx(report.total_return, rel=1e-12)
    assert found["max_drawdown"] == pytest.approx(report.drawdown.depth, rel=1e-12)
    assert found["commission"] == pytest.approx(0.66)
    assert found["exposure"] == 3 / 10
    assert set(found) <= set(METRICS)
    assert result.metrics.values("definition")[0] == METRICS["bars"].definition


def test_drawdown_by_hand() -> None:
    peak, fall, length = drawdowns(np.array([10.0, 8.0, 9.0, 12.0, 6.0]))
    assert peak.tolist() == [10, 10, 10, 12, 12]
    assert fall.tolist() == [0.0, 0.2, 0.1, 0.0, 0.5]
    assert length.tolist() == [0, 1, 2, 0, 1]


# -- conversion ------------------------------------------------------------------------------------------------------


def test_tables_convert_to_arrow_pandas_and_polars() -> None:
    equity = ran(BuyThenSell).result.equity
    assert equity.to_arrow().schema.field("time").type == pa.timestamp("us", tz="UTC")
    assert str(equity.to_pandas()["time"].dtype) == "datetime64[us, UTC]"
    assert equity.to_polars().schema["time"] == pl.Datetime("us", "UTC")
    assert equity.to_polars()["value"].to_list() == equity["value"].tolist()


def test_tables_speak_the_dataframe_protocols() -> None:
    orders = ran(Brackets).result.orders
    assert pa.table(orders).equals(orders.to_arrow())
    assert pl.DataFrame(orders).height == len(orders)
    assert pa.schema(orders) == orders.to_arrow().schema
    assert pd.api.interchange.from_dataframe(ran(BuyThenSell).result.equity)["cash"].tolist()[0] == 10_000.0


def test_missing_values_are_null() -> None:
    arrow = ran(BuyThenSell).result.orders.to_arrow()
    assert arrow.column("price").null_count == 2
    assert arrow.column("valid").null_count == 2
    assert math.isnan(ran(BuyThenSell).result.orders["price"][0])


def test_a_table_read_back_from_arrow_is_the_same() -> None:
    orders = ran(Brackets).result.orders
    again = Table.from_arrow("orders", orders.to_arrow())
    assert again.kinds == orders.kinds
    assert list(again.rows()) == list(orders.rows())
    assert Table.from_arrow("none", orders.to_arrow().slice(0, 0)).values("created") == []


def test_strange_arrow_columns_are_refused() -> None:
    with pytest.raises(ResultError, match="found int32"):
        Table.from_arrow("orders", pa.table({"a": pa.array([1], type=pa.int32())}))


def test_unknown_columns_are_named_with_the_nearest() -> None:
    with pytest.raises(KeyError, match="Did you mean 'value'"):
        ran(BuyThenSell).result.equity["values"]


def test_a_table_shows_itself() -> None:
    orders = ran(Brackets).result.orders
    assert repr(orders).startswith("orders: 5 rows\norder  strategy")
    assert "<caption>orders: 5 rows</caption>" in orders._repr_html_()


def test_times_without_a_number_are_missing() -> None:
    column = times([0.0, float("nan"), 737425.0])
    table = Table("t", {"time": column, "flag": Column("bool", [True, False, None])})
    assert table.values("time") == [None, None, dt.datetime(2020, 1, 1, tzinfo=dt.UTC)]
    assert table["flag"].tolist() == [True, False, None]


def test_a_discarded_run_is_freed() -> None:
    import weakref

    cerebro = ran(BuyThenSell)
    len(cerebro.result.equity)
    gone = weakref.ref(cerebro._last_run)
    cerebro.run()
    gc.collect()
    assert gone() is None
