"""What the cache gives and what it warns of: metadata, results, the id of a stored run, explanations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import BacktrailError, BacktrailWarning

if TYPE_CHECKING:
    import pandas as pd


class CacheWarning(BacktrailWarning):
    """A result that was not stored or not taken from the store as it was asked to be; the result itself is there."""


class InputMutated(CacheWarning):
    """A cached function changed what it was given: its caller sees the change on a miss and not on a hit."""


class NonDeterministicResult(CacheWarning):
    """The same inputs gave another result than the stored one."""


class CacheConflict(BacktrailError):
    """The same inputs gave another result than the stored one, and that was to be an error."""


@dataclass
class BacktestMetadata:
    """What a cached backtest was made of.

    ``timestamp`` is when it was recorded, in seconds since 1970 (UTC). ``start_date`` and ``end_date`` are the first
    and the last time of the data, None if it has none. ``splits`` are the ranges of training and test data if the run
    belongs to a fold of a split set.
    """

    strategy_name: str
    parameters: dict[str, Any]
    data_hash: str
    start_date: pd.Timestamp | None
    end_date: pd.Timestamp | None
    timestamp: float
    run_id: str
    splits: list[tuple[pd.Timestamp, pd.Timestamp]] | None = None
    performance_summary: dict[str, float] | None = None


@dataclass
class BacktestResult:
    """A cached backtest: its metadata and its results, each as it was given."""

    metadata: BacktestMetadata
    metrics: dict[str, float]
    trades: pd.DataFrame | None = None
    equity_curve: pd.Series | None = None
    positions: pd.DataFrame | None = None
    diagnostics: dict[str, Any] | None = None


class StoreResult(str):
    """The id of a run as text, and whether the run is in the store.

    ``stored`` is False if it is not; ``reason`` then says why. ``run`` is the id of the record (a UUID), ``left_out``
    names the parts of the result that have no stored form.
    """

    __slots__ = ("left_out", "reason", "run", "stored")

    stored: bool
    run: str | None
    reason: str
    left_out: tuple[str, ...]

    def __new__(
        cls,
        run_id: str,
        *,
        stored: bool = True,
        run: str | None = None,
        reason: str = "",
        left_out: tuple[str, ...] = (),
    ) -> StoreResult:
        made = super().__new__(cls, run_id)
        made.stored = stored
        made.run = run
        made.reason = reason
        made.left_out = left_out
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return _made_again, (str(self), self.stored, self.run, self.reason, self.left_out)


def _made_again(
    run_id: str, stored: bool, run: str | None, reason: str, left_out: tuple[str, ...]
) -> StoreResult:
    return StoreResult(run_id, stored=stored, run=run, reason=reason, left_out=left_out)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a backtest is in the cache or not.

    ``nearest`` is the id of the run that differs in the fewest components of the key, None if the strategy has no run;
    ``differs`` names those components (``engine``, ``code``, ``params``, ``config``, ``data``, ``seed``, ``env``,
    ``salt``; ``inputs`` for files that a cached function reads), ``details`` says what is different in them.
    """

    hit: bool
    run_id: str | None
    nearest: str | None = None
    differs: tuple[str, ...] = ()
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say it in one line per point."""
        if self.hit:
            return f"hit: run {self.run_id}"
        if self.run_id is None:
            return "\n".join(["no key", *self.details])
        if self.nearest is None:
            return "miss: no run to compare with"
        return "\n".join(
            [
                f"miss: nearest is run {self.nearest}, which differs in {', '.join(self.differs)}",
                *self.details,
            ]
        )


__all__ = [
    "BacktestMetadata",
    "BacktestResult",
    "CacheConflict",
    "CacheWarning",
    "Explanation",
    "InputMutated",
    "NonDeterministicResult",
    "StoreResult",
]
