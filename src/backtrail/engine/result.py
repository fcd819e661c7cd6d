"""The result of a run as tables: orders, fills, trades, positions, equity, drawdown and metrics."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ResultError
from .ending import Ending
from .listings import Listings
from .metrics import drawdowns, figures, metrics_table
from .tables import Column, Table, times

Floats = NDArray[np.float64]

TABLES = ("orders", "fills", "trades", "positions", "equity", "drawdown", "metrics")


class RunResult:
    """The tables of one run, each worked out when it is first read.

    ``cerebro.result`` covers all strategies of the last run, ``strategy.result`` the orders, fills and trades of one:
    its orders keep the numbers that they have in the run. The account (positions, equity, drawdown) is shared by all.
    """

    def __init__(self, ending: Ending, strategy: int | None = None, whole: RunResult | None = None) -> None:
        self._ending = ending
        self._strategy = strategy
        self._whole = whole

    @cached_property
    def _listings(self) -> Listings:
        return Listings(self._ending) if self._whole is None else self._whole._listings

    def of_strategy(self, number: int) -> RunResult:
        """Give the part of strategy number *number*, from 0."""
        return RunResult(self._ending, number, self)

    @cached_property
    def orders(self) -> Table:
        """Every order as it stood at the end of the run.

        ``size`` and ``filled`` are without sign; ``price`` is that of limit and stop orders (of trailing ones the last
        stop), ``limit_price`` that of StopLimit and StopTrailLimit; ``parent`` and ``oco`` are order numbers;
        ``reason`` says why an order was refused, cancelled or expired.
        """
        return self._listings.order_table(self._strategy)

    @cached_property
    def fills(self) -> Table:
        """Every execution, in the order in which they happened.

        ``size``, ``closed`` and ``opened`` are signed; ``slippage`` is per unit, positive where it costs; ``cash`` and
        ``position_…`` are those afterwards; ``cycle`` is the row of ``equity`` (-1 where the broker keeps no journal).
        """
        return self._listings.fill_table(self._strategy)

    @cached_property
    def trades(self) -> Table:
        """Every trade, open ones included, in the order of opening.

        ``size`` is the most that was held, without sign; ``entry_price`` and ``exit_price`` are averages; ``pnl_net``
        is after commission.
        """
        return self._listings.trade_table(self._strategy)

    @cached_property
    def positions(self) -> Table:
        """The positions of the account, one row per change, as they stood afterwards; ``size`` is signed."""
        if self._whole is not None:
            return self._whole.positions
        return self._listings.position_table()

    @cached_property
    def equity(self) -> Table:
        """Cash, value and fund value (the value of a fund share) of the account, one row per cycle."""
        if self._whole is not None:
            return self._whole.equity
        account = self._ending.account()
        return Table(
            "equity",
            {
                "time": times(account.moments),
                "cash": Column("float", account.cash),
                "value": Column("float", account.value),
                "fund_value": Column("float", account.fundvalue),
            },
        )

    @cached_property
    def drawdown(self) -> Table:
        """How far the value is below its highest so far, one row per cycle.

        ``drawdown`` is a fraction of ``peak``, ``money`` the difference, ``bars`` for how many cycles that has lasted.
        """
        if self._whole is not None:
            return self._whole.drawdown
        account = self._ending.account()
        return drawdown_table(times(account.moments), account.value)

    @cached_property
    def summary(self) -> dict[str, float]:
        """The figures by name; those that are not defined for this run are left out."""
        account = self._ending.account()
        return figures(account, self._ending.start_cash, self.trades, self.fills)

    @cached_property
    def metrics(self) -> Table:
        """The figures with their definitions."""
        return metrics_table(self.summary)

    def tables(self) -> dict[str, Table]:
        """Give all tables by name."""
        return {name: getattr(self, name) for name in TABLES}

    def __repr__(self) -> str:
        whose = "all strategies" if self._strategy is None else f"strategy {self._strategy}"
        return f"<RunResult of {whose}: {', '.join(TABLES)}>"


class StoredResult:
    """Tables read back from a record, by the names that :class:`RunResult` has. *read* gives one as an Arrow table."""

    def __init__(self, read: Any, summary: dict[str, float], strategy: int | None = None) -> None:
        self._read = read
        self._strategy = strategy
        self.summary = summary

    def of_strategy(self, number: int) -> StoredResult:
        """Give the part of strategy number *number*, from 0."""
        return StoredResult(self._read, self.summary, number)

    def __getattr__(self, name: str) -> Table:
        if name not in TABLES:
            raise ResultError(f"A result has the tables {list(TABLES)}, and summary; it has no {name!r}.")
        table = self._table_(name)
        self.__dict__[name] = table
        return table

    def _table_(self, name: str) -> Table:
        if name == "metrics":
            return metrics_table(self.summary)
        if name == "drawdown":
            equity = self.equity
            return drawdown_table(equity.column("time"), equity["value"])
        arrow = self._read(name)
        if self._strategy is not None and "strategy" in arrow.column_names:
            import pyarrow.compute as pc

            arrow = arrow.filter(pc.equal(arrow.column("strategy"), self._strategy))
        return Table.from_arrow(name, arrow)

    def tables(self) -> dict[str, Table]:
        """Give all tables by name."""
        return {name: getattr(self, name) for name in TABLES}


def drawdown_table(moments: Column, value: Floats) -> Table:
    """Give the drawdown of *value* at *moments*."""
    peak, fall, length = drawdowns(value)
    return Table(
        "drawdown",
        {
            "time": moments,
            "drawdown": Column("float", fall),
            "money": Column("float", peak - value),
            "peak": Column("float", peak),
            "bars": Column("int", length),
        },
    )


__all__ = ["TABLES", "RunResult", "StoredResult", "drawdown_table"]
