"""The figures of a backtest as a table for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .stats import SHARPE_DEFINITION, Statistics

if TYPE_CHECKING:
    from rich.table import Table


def rows(stats: Statistics) -> list[tuple[str, str, str]]:
    """Give ``(name, value, remark)`` for each figure; what is not defined is a dash."""
    fall = stats.drawdown
    if fall is None:
        depth, dates = "-", "the value never fell"
    else:
        depth = f"{fall.depth:.2%}"
        back = f"recovered {fall.recovered}" if fall.recovered else "not recovered"
        dates = f"{fall.peak} to {fall.trough}, {back}"
    return [
        ("Period", f"{stats.bars:,} bars", f"{stats.first} to {stats.last}"),
        ("Start value", f"{stats.start_value:,.2f}", ""),
        ("Final value", f"{stats.final_value:,.2f}", ""),
        ("Total return", f"{stats.total_return:.2%}", ""),
        ("Annual return", _percent(stats.annual_return), "compound, per calendar year"),
        ("Sharpe ratio", _number(stats.sharpe), SHARPE_DEFINITION),
        ("Max drawdown", depth, dates),
        ("Trades", f"{stats.trades:,}", "closed"),
        ("Win rate", _percent(stats.win_rate), "trades with a net profit"),
        ("Profit factor", _number(stats.profit_factor), "net profits / net losses"),
        ("Commission paid", f"{stats.commission:,.2f}", ""),
    ]


def table(title: str, lines: list[tuple[str, str, str]]) -> Table:
    """Give a rich table of ``(name, value, remark)`` lines."""
    from rich import box
    from rich.table import Table

    made = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE, show_header=False)
    made.add_column("figure", no_wrap=True)
    made.add_column("value", justify="right", no_wrap=True, style="bold")
    made.add_column("remark", style="dim")
    for line in lines:
        made.add_row(*line)
    return made


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.2%}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
