"""The example behind ``backtrail quickstart``: a strategy on ten years of daily bars, a report, a folder of results."""

from __future__ import annotations

import contextlib
import datetime as _dt
import sys
import time
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import backtrail as bt

from ..report.folder import RunFolder, to_json
from ..report.progress import progress
from ..report.record import OrderRow, Record, TradeRow
from ..report.stats import SHARPE_DEFINITION, Statistics, statistics
from ..report.tables import rows, table
from .script import FAILED, INTERRUPTED

CASH = 100_000.0
COMMISSION = 0.001
# loaded before the clock starts
_LOADED = (bt.indicators.SMA, bt.indicators.CrossOver, bt.observers.Broker)
ANALYZERS = ("drawdown", "sharpe", "sqn", "trades")


class SmaCross(bt.Strategy):
    """Hold the share while its fast mean is above the slow one; a stop order limits the loss of each trade."""

    fast: int = bt.param(default=20, ge=1)
    slow: int = bt.param(default=50, ge=2)
    stop_loss: float = bt.param(default=0.08, gt=0.0, lt=1.0)
    invested: float = bt.param(default=0.95, gt=0.0, le=1.0)

    def setup(self) -> None:
        """Compute the crossing of the two means."""
        fast = bt.indicators.SMA(self.data, period=self.fast)
        slow = bt.indicators.SMA(self.data, period=self.slow)
        self.cross = bt.indicators.CrossOver(fast, slow)
        self.stop_order: Any = None

    def next(self) -> None:
        """Buy when the fast mean crosses over the slow one, sell when it crosses under."""
        if not self.position:
            if self.cross[0] > 0:
                self.buy(size=int(self.broker.getvalue() * self.invested / self.data.close[0]))
        elif self.cross[0] < 0:
            if self.stop_order is not None:
                self.cancel(self.stop_order)
            self.close()

    def notify_order(self, order: Any) -> None:
        """Protect a new position with a stop order."""
        if order.status != order.Completed:
            return
        self.stop_order = None
        if order.isbuy():
            price = order.executed.price * (1.0 - self.stop_loss)
            self.stop_order = self.sell(size=order.executed.size, exectype=bt.Order.Stop, price=price)


def build(path: Path) -> bt.Cerebro:
    """Put the example together on the bars at *path*."""
    cerebro = bt.Cerebro()
    cerebro.adddata(bt.feeds.BacktraderCSVData(dataname=str(path), name="SAMPLE"))
    cerebro.addstrategy(SmaCross)
    cerebro.broker.setcash(CASH)
    cerebro.broker.setcommission(commission=COMMISSION)
    cerebro.addanalyzer(Record, _name="record")
    cerebro.addanalyzer(bt.analyzers.DrawDown, _name="drawdown")
    cerebro.addanalyzer(
        bt.analyzers.SharpeRatio,
        timeframe=bt.TimeFrame.Days,
        riskfreerate=0.0,
        annualize=True,
        _name="sharpe",
    )
    cerebro.addanalyzer(bt.analyzers.SQN, _name="sqn")
    cerebro.addanalyzer(bt.analyzers.TradeAnalyzer, _name="trades")
    return cerebro


def run_quickstart(output: Path, show_progress: bool = False, as_json: bool = False) -> int:
    """Run the example, write its files below *output*, print the report; give the exit status."""
    try:
        return _run(output, show_progress, as_json)
    except KeyboardInterrupt:
        print("backtrail quickstart: interrupted; no files were written.", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        print(
            f"backtrail quickstart: the results cannot be written to {output}: {error.strerror or error}. "
            "Choose another place with --output FOLDER.",
            file=sys.stderr,
        )
        return FAILED


def _run(output: Path, show_progress: bool, as_json: bool) -> int:
    with as_file(files(__package__) / "data" / "sample-daily.csv") as path:
        cerebro = build(path)
        with progress(cerebro, "Backtest") if show_progress else contextlib.nullcontext():
            started = time.perf_counter()
            strategy = cerebro.run()[0]
            seconds = time.perf_counter() - started
    record: Record = strategy.analyzers.record
    trades = record.trade_rows()
    stats = statistics(
        record.moments(), record.value, CASH, [trade.net_profit for trade in trades], record.commission()
    )
    report = _report(strategy, stats, seconds)
    with RunFolder(output, f"quickstart-{_dt.datetime.now():%Y%m%d-%H%M%S}") as folder:
        folder.write_rows(
            "equity.csv",
            ("datetime", "cash", "value"),
            zip(record.moments(), record.cash, record.value, strict=True),
        )
        folder.write_records("orders.csv", OrderRow, record.order_rows())
        folder.write_records("trades.csv", TradeRow, trades)
        folder.write_json("report.json", report)
    if as_json:
        print(to_json({**report, "folder": str(folder.path), "files": folder.files}))
    else:
        _print(stats, seconds, folder)
    return 0


def _report(strategy: Any, stats: Statistics, seconds: float) -> dict[str, Any]:
    return {
        "backtrail": bt.__version__,
        "strategy": {"name": type(strategy).__name__, "parameters": dict(strategy.p._getkwargs())},
        "data": strategy.data._name,
        "commission_rate": COMMISSION,
        "statistics": stats,
        "sharpe_definition": SHARPE_DEFINITION,
        "seconds": seconds,
        "bars_per_second": stats.bars / seconds,
        "analyzers": {name: getattr(strategy.analyzers, name).get_analysis() for name in ANALYZERS},
    }


def _print(stats: Statistics, seconds: float, folder: RunFolder) -> None:
    from rich.console import Console

    speed = ("Speed", f"{stats.bars / seconds:,.0f} bars/s", f"loading and running took {seconds:.3f} s")
    title = "SMA cross (20, 50) with an 8 % stop on SAMPLE, daily bars, commission 0.1 %"
    console = Console()
    console.print(table(title, [*rows(stats), speed]))
    print(f"Files in {folder.path}: {', '.join(folder.files)}")
    print("The same strategy as a script to start from: examples/quickstart.py")
