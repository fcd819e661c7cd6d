"""Analyzers: what a run came to."""

from .annualreturn import AnnualReturn
from .base import AccountPath, Analyzer
from .calmar import Calmar
from .drawdown import DrawDown, TimeDrawDown
from .leverage import GrossLeverage
from .logreturnsrolling import LogReturnsRolling
from .periodstats import PeriodStats
from .positions import PositionsValue
from .pyfolio import PyFolio
from .returns import Returns
from .sharpe import SharpeRatio, SharpeRatio_A
from .sqn import SQN, SystemQualityNumber
from .timeframe import TimeFrameAnalyzerBase
from .timereturn import TimeReturn
from .tradeanalyzer import TradeAnalyzer
from .transactions import Transactions
from .vwr import VWR, VariabilityWeightedReturn

__all__ = [
    "SQN",
    "VWR",
    "AccountPath",
    "Analyzer",
    "AnnualReturn",
    "Calmar",
    "DrawDown",
    "GrossLeverage",
    "LogReturnsRolling",
    "PeriodStats",
    "PositionsValue",
    "PyFolio",
    "Returns",
    "SharpeRatio",
    "SharpeRatio_A",
    "SystemQualityNumber",
    "TimeDrawDown",
    "TimeFrameAnalyzerBase",
    "TimeReturn",
    "TradeAnalyzer",
    "Transactions",
    "VariabilityWeightedReturn",
]
