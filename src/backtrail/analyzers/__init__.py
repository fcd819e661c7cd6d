"""Analyzers: what a run came to."""

from ..base.legacy import answering
from .annualreturn import AnnualReturn
from .base import AccountPath, Analyzer
from .benchmark import AlphaBeta
from .calmar import Calmar
from .consistency import ConsistencyAnalyzer
from .downside import Omega, Sortino
from .drawdown import DrawDown, TimeDrawDown
from .excursions import TradeExcursions
from .expectancy import Expectancy
from .exposure import Exposure
from .growth import CAGR, MonthlyReturns, UlcerIndex
from .leverage import GrossLeverage
from .logreturnsrolling import LogReturnsRolling
from .periodreturns import PeriodReturns
from .periodstats import PeriodStats
from .positions import PositionsValue
from .propfirm import PropFirmDrawDown
from .pyfolio import PyFolio
from .returns import Returns
from .sharpe import SharpeRatio, SharpeRatio_A
from .sharpeinterval import SharpeInterval
from .sqn import SQN, SystemQualityNumber
from .tails import TailRatio, ValueAtRisk
from .timeframe import TimeFrameAnalyzerBase
from .timereturn import TimeReturn
from .tradeanalyzer import TradeAnalyzer
from .transactions import Transactions
from .vwr import VWR, VariabilityWeightedReturn

__getattr__ = answering(__name__)

__all__ = [
    "CAGR",
    "SQN",
    "VWR",
    "AccountPath",
    "AlphaBeta",
    "Analyzer",
    "AnnualReturn",
    "Calmar",
    "ConsistencyAnalyzer",
    "DrawDown",
    "Expectancy",
    "Exposure",
    "GrossLeverage",
    "LogReturnsRolling",
    "MonthlyReturns",
    "Omega",
    "PeriodReturns",
    "PeriodStats",
    "PositionsValue",
    "PropFirmDrawDown",
    "PyFolio",
    "Returns",
    "SharpeInterval",
    "SharpeRatio",
    "SharpeRatio_A",
    "Sortino",
    "SystemQualityNumber",
    "TailRatio",
    "TimeDrawDown",
    "TimeFrameAnalyzerBase",
    "TimeReturn",
    "TradeAnalyzer",
    "TradeExcursions",
    "Transactions",
    "UlcerIndex",
    "ValueAtRisk",
    "VariabilityWeightedReturn",
]
