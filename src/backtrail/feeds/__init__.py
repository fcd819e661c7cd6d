"""Feeds: where bars come from.

Each feed is loaded when it is first used, so that a script on CSV files does not pay for data frames.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..base.legacy import answer

if TYPE_CHECKING:
    from .base import AbstractDataBase as AbstractDataBase
    from .base import CSVFeedBase as CSVFeedBase
    from .base import DataBase as DataBase
    from .base import DataClone as DataClone
    from .base import FeedBase as FeedBase
    from .blaze import BlazeData as BlazeData
    from .chain import Chainer as Chainer
    from .corporate import CorporateActions as CorporateActions
    from .corporate import StockData as StockData
    from .csv import BacktraderCSVData as BacktraderCSVData
    from .csv import CSVDataBase as CSVDataBase
    from .frame import ArrowData as ArrowData
    from .frame import FrameData as FrameData
    from .frame import PandasData as PandasData
    from .frame import PandasDirectData as PandasDirectData
    from .genericcsv import GenericCSVData as GenericCSVData
    from .genericcsv import MT4CSVData as MT4CSVData
    from .genericcsv import SierraChartCSVData as SierraChartCSVData
    from .influx import InfluxDB as InfluxDB
    from .parquet import ParquetData as ParquetData
    from .quandl import Quandl as Quandl
    from .quandl import QuandlCSV as QuandlCSV
    from .rollover import RollOver as RollOver
    from .vchart import VChartData as VChartData
    from .vchart import VChartFeed as VChartFeed
    from .vchart import VChartFile as VChartFile
    from .vchartcsv import VChartCSV as VChartCSV
    from .vchartcsv import VChartCSVData as VChartCSVData
    from .yahoo import YahooFinanceCSVData as YahooFinanceCSVData
    from .yahoo import YahooLegacyCSV as YahooLegacyCSV
    from .yahooweb import YahooFinance as YahooFinance
    from .yahooweb import YahooFinanceData as YahooFinanceData

_HOME = {
    "AbstractDataBase": "base", "DataBase": "base", "DataClone": "base", "FeedBase": "base", "CSVFeedBase": "base",
    "Chainer": "chain", "RollOver": "rollover",
    "CSVDataBase": "csv", "BacktraderCSVData": "csv",
    "GenericCSVData": "genericcsv", "MT4CSVData": "genericcsv", "SierraChartCSVData": "genericcsv",
    "YahooFinanceCSVData": "yahoo", "YahooLegacyCSV": "yahoo",
    "FrameData": "frame", "PandasData": "frame", "PandasDirectData": "frame", "ArrowData": "frame",
    "ParquetData": "parquet",
    "CorporateActions": "corporate", "StockData": "corporate",
    "BacktraderCSV": "csv",
    "GenericCSV": "genericcsv",
    "YahooFinanceCSV": "yahoo",
    "YahooFinance": "yahooweb", "YahooFinanceData": "yahooweb",
    "Quandl": "quandl", "QuandlCSV": "quandl",
    "VChartCSV": "vchartcsv", "VChartCSVData": "vchartcsv",
    "VChartData": "vchart", "VChartFeed": "vchart", "VChartFile": "vchart",
    "InfluxDB": "influx",
    "BlazeData": "blaze",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        return answer(__name__, name)
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})


__all__ = list(_HOME)  # pyright: ignore[reportUnsupportedDunderAll]
