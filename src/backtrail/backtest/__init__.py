"""The documented face of run records: capture a strategy's code, keep a run's files, run in one call.

``from backtrail.backtest import StrategyCodeCapture, BacktestArtifactManager, run_algorithm``
"""

from __future__ import annotations

from .artifacts import BacktestArtifactManager
from .code_capture import EntryPointDetectionResult, StrategyCodeCapture
from .running import run_algorithm

__all__ = ["BacktestArtifactManager", "EntryPointDetectionResult", "StrategyCodeCapture", "run_algorithm"]
