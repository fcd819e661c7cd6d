"""The documented face of run records: capture a strategy's code, keep a run's files, run in one call.

``from backtrail.backtest import StrategyCodeCapture, BacktestArtifactManager, run_algorithm``. The engine is loaded
when :func:`run_algorithm` is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .artifacts import BacktestArtifactManager
from .code_capture import EntryPointDetectionResult, StrategyCodeCapture

if TYPE_CHECKING:
    from .running import run_algorithm as run_algorithm


def __getattr__(name: str) -> Any:
    if name == "run_algorithm":
        from .running import run_algorithm

        return run_algorithm
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["BacktestArtifactManager", "EntryPointDetectionResult", "StrategyCodeCapture", "run_algorithm"]
