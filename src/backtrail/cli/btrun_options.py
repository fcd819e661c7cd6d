"""The options of ``backtrail btrun``: those of backtrader's command of that name."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime

from ..base.timeframe import TimeFrame

FORMATS = {
    "btcsv": "BacktraderCSVData",
    "vchartcsv": "VChartCSVData",
    "vcfile": "VChartFile",
    "sierracsv": "SierraChartCSVData",
    "mt4csv": "MT4CSVData",
    "yahoocsv": "YahooFinanceCSVData",
    "yahoocsv_unreversed": "YahooFinanceCSVData",
    "yahoo": "YahooFinanceData",
}
TIMEFRAMES = {
    name.lower(): getattr(TimeFrame, name)
    for name in TimeFrame.Names
    if name not in ("", "Ticks", "NoTimeFrame")
}
_CLASS = (
    "module:name:keywords; without module a built-in one, without name the first in the file; may be repeated"
)


def moment(text: str) -> datetime:
    """Read YYYY-MM-DD[THH:MM:SS]."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S" if "T" in text else "%Y-%m-%d")


def frame(text: str) -> tuple[int, int]:
    """Read ``timeframe:compression``, such as ``weeks:1`` or ``weeks``."""
    name, _, count = text.partition(":")
    if name.lower() not in TIMEFRAMES or not (count or "1").isdigit():
        raise ValueError(text)
    return TIMEFRAMES[name.lower()], int(count or 1)


def parser() -> ArgumentParser:
    """Make the parser."""
    made = ArgumentParser(
        prog="backtrail btrun",
        description="Run strategies, signals, analyzers and so on that options name, on data files.",
    )
    _data_options(made)
    _parts(made)
    _broker_options(made)
    made.add_argument("--flush", action="store_true", help="write every line of output at once")
    made.add_argument(
        "--plot",
        "-p",
        nargs="?",
        const="",
        metavar="keywords",
        help="refused after the run: drawing is not there",
    )
    return made


def _data_options(made: ArgumentParser) -> None:
    group = made.add_argument_group("data")
    group.add_argument("--data", "-d", action="append", required=True, help="a data file; may be repeated")
    group.add_argument(
        "--format", "--csvformat", "-c", choices=[*FORMATS], default="btcsv", help="of the files"
    )
    group.add_argument(
        "--fromdate", "-f", type=moment, metavar="YYYY-MM-DD[THH:MM:SS]", help="first moment to take"
    )
    group.add_argument(
        "--todate", "-t", type=moment, metavar="YYYY-MM-DD[THH:MM:SS]", help="last moment to take"
    )
    group.add_argument("--timeframe", "-tf", choices=[*TIMEFRAMES], help="of one bar")
    group.add_argument("--compression", "-cp", type=int, help="how many timeframes one bar stands for")
    one = group.add_mutually_exclusive_group()
    one.add_argument(
        "--resample", "-rs", type=frame, metavar="timeframe[:compression]", help="make longer bars"
    )
    one.add_argument(
        "--replay", "-rp", type=frame, metavar="timeframe[:compression]", help="let longer bars grow"
    )


def _parts(made: ArgumentParser) -> None:
    group = made.add_argument_group("what runs")
    group.add_argument(
        "--cerebro", "-cer", nargs="?", const="", default="", metavar="keywords", help="of Cerebro"
    )
    group.add_argument("--nostdstats", action="store_true", help="no standard observers")
    for name, short in (("strategy", "st"), ("observer", "ob"), ("analyzer", "an"), ("indicator", "ind")):
        group.add_argument(
            f"--{name}", f"-{short}", action="append", default=[], metavar="module:name:keywords", help=_CLASS
        )
    group.add_argument(
        "--signal", "-sig", action="append", default=[], metavar="type+module:name:keywords",
        help="a signal, of type longshort if none is given; may be repeated",
    )  # fmt: skip
    group.add_argument(
        "--hook", action="append", default=[], metavar="module:function:keywords",
        help="a function that gets the Cerebro before the run, or :method for one of Cerebro's own; may be repeated",
    )  # fmt: skip
    group.add_argument(
        "--writer",
        "-wr",
        nargs="?",
        const="",
        action="append",
        default=[],
        metavar="keywords",
        help="a writer",
    )
    shown = group.add_mutually_exclusive_group()
    shown.add_argument(
        "--pranalyzer", "-pralyzer", action="store_true", help="print the analyzers as reports"
    )
    shown.add_argument(
        "--ppranalyzer", "-ppralyzer", action="store_true", help="print the analyzers as Python"
    )


def _broker_options(made: ArgumentParser) -> None:
    group = made.add_argument_group("money")
    group.add_argument("--cash", "-cash", type=float, help="cash to begin with")
    group.add_argument("--commission", "-comm", type=float, help="commission")
    group.add_argument("--margin", "-marg", type=float, help="margin of one contract")
    group.add_argument("--mult", "-mul", type=float, help="multiplier of the price")
    group.add_argument("--interest", type=float, help="credit interest of a year, 0.05 for 5 %%")
    group.add_argument("--interest_long", action="store_true", help="charge interest on long positions too")
    group.add_argument("--slip_perc", type=float, help="slippage as a share of the price")
    group.add_argument("--slip_fixed", type=float, help="slippage in units of the price")
    group.add_argument("--slip_open", action="store_true", help="slip prices of openings too")
    group.add_argument(
        "--no-slip_match", action="store_true", help="do not cut slipped prices at high and low"
    )
    group.add_argument(
        "--slip_out", action="store_true", help="let slipped prices lie outside of high and low"
    )


__all__ = ["FORMATS", "TIMEFRAMES", "frame", "moment", "parser"]
