"""`BacktestCache`: results of backtests under the key of what they were made of, on the store of run records."""

from __future__ import annotations

import logging
import os
import time
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from ..errors import StoreError
from ..runs.digests import digest
from ..runs.encoding import UncacheableParameter
from ..runs.folds import note_fold
from ..runs.plain import UnstorableValue
from ..runs.splits import Split, read_fold, verify_fold, write_fold
from ..runs.store.check import is_sound
from ..runs.store.layout import blob_name
from ..runs.store.retention import Policy
from ..runs.store.run import start_of
from . import places, ranking
from .explaining import explain_key
from .keys import Data, direct_key, hash_of, parameters_of, shown
from .listing import RunIndex
from .model import (
    BacktestResult,
    CacheConflict,
    CacheWarning,
    Explanation,
    NonDeterministicResult,
    StoreResult,
)
from .reading import read_the_same
from .records import (
    Draft,
    data_hash_of,
    manifest_of,
    node_of,
    numbers_of,
    own,
    recorded_at,
    rests_elsewhere,
    result_of,
    run_id_of,
    span_of,
    splits_of,
    summary_of,
)
from .room import Room
from .values import read_node

if TYPE_CHECKING:
    import pandas as pd

    from ..runs.key import RunKey
    from ..runs.store import Run, Store

OnConflict = Literal["keep", "replace", "error"]

_TRADES: Final = "backtrail-cache-trades/1"
_KEPT: Final = {"summary": ("metrics", "equity_curve"), "metrics": ("metrics",)}

log = logging.getLogger(__name__)


def warn(text: str, kind: type[Warning] = CacheWarning, depth: int = 3) -> None:
    """Warn of *text* on behalf of whoever called the cache."""
    warnings.warn(text, kind, stacklevel=depth + 1)


class BacktestCache:
    """A cache of backtests in a store of run records.

    *cache_dir* is a folder, a URL or a store; None finds the store as everywhere: ``BACKTRAIL_STORE``, else the nearest
    ``.backtrail`` folder, else the user's data directory. Any number of processes may use one store at once.

    With *strict*, what cannot be stored raises instead of warning. *keep* says which parts of a result are stored:
    ``"all"``, ``"summary"`` (metrics and equity curve), ``"metrics"``, or ``"top:50"``: everything of the best 50 runs
    of a strategy on the same data, code and settings, by the Sharpe ratio (``"top:50:METRIC"``: by another metric), and
    the metrics of the others. *max_bytes*, or else the environment variable ``BACKTRAIL_CACHE_MAX_BYTES``, limits what
    the cached runs need: a number of bytes, or text such as ``"2GB"``; what was not used for the longest time goes
    first. Runs that are pinned or tagged, and those of the engine, are never given up.

    Wherever a run id is taken, so are the id of a record, the beginning of either, a tag, ``latest`` and
    ``best:METRIC``.
    """

    def __init__(
        self,
        cache_dir: str | os.PathLike[str] | Store | None = None,
        *,
        strict: bool = False,
        keep: str = "all",
        max_bytes: int | str | None = None,
    ) -> None:
        Policy.of(keep)  # refuses what is none
        self.store: Store = places.open_store(cache_dir)
        self._room_ = Room(self.store, keep, max_bytes)
        self.strict = strict
        self.keep = keep
        self._index_ = RunIndex(self.store)

    @property
    def cache_dir(self) -> Path:
        """The folder of the store (for a store behind a URL: its URL as a path)."""
        return Path(self.store.url)

    @property
    def runs_dir(self) -> Path:
        """The folder with the records of runs."""
        return self.cache_dir / "runs"

    @property
    def metadata_dir(self) -> Path:
        """The folder with what is known of each run besides its results: the same records."""
        return self.runs_dir

    @property
    def splits_dir(self) -> Path:
        """The folder with the folds of walk-forward analyses, one file each. It is there once there is a fold."""
        return self.cache_dir / "splits"

    @property
    def trades_dir(self) -> Path:
        """The folder in which trades lie, with all tables and sources under their digests; `cache_trades` gives a file.

        Files in the folders of a cache are never changed by hand: runs share them.
        """
        return self.cache_dir / "objects"

    @property
    def index_file(self) -> Path | None:
        """The index by which runs are found, an SQLite file that can be made again; None if it is kept in memory.

        Every machine has its own, in the user's cache directory.
        """
        return self.store.index.path

    @property
    def index(self) -> RunIndex:
        """The finished runs by id, as the store holds them: a mapping that cannot be written to."""
        return self._index_

    # -- results -------------------------------------------------------------------------------------------------

    def cache_backtest(
        self,
        strategy_name: str,
        parameters: Mapping[str, Any] | None,
        data: Any,
        metrics: dict[str, float],
        trades: pd.DataFrame | None = None,
        equity_curve: pd.Series | None = None,
        positions: pd.DataFrame | None = None,
        diagnostics: dict[str, Any] | None = None,
        *,
        config: Mapping[str, Any] | None = None,
        seed: Any = None,
        split: Split | None = None,
        on_conflict: OnConflict = "keep",
    ) -> StoreResult:
        """Store a backtest; give its run id: the key of name, parameters, data, *config*, *seed* and engine.

        *parameters* None stands for none; ParameterError refuses what is no mapping. *data* is a frame, series, Arrow
        table or feed, or a dict or list of those. The id is text that also says
        whether the run is ``stored``. If the store has a run of this key with another result, warn of
        `NonDeterministicResult`: *on_conflict* ``"keep"`` leaves the stored one, ``"replace"`` takes the other,
        ``"error"`` raises `CacheConflict`. Parts that have no stored form are left out with a warning. What has no key
        is stored under the id of its record. *split* is the fold that the run belongs to (see `SplitSet`).
        """
        if on_conflict not in ("keep", "replace", "error"):
            raise ValueError(
                f"caching a backtest - expected on_conflict keep, replace or error - found {on_conflict!r}"
            )
        begun = time.time()
        said = parameters_of(parameters)
        made = data_reason = None
        key: RunKey | None = None
        try:
            made = Data(data)
            key = direct_key(strategy_name, said, made, config, seed)
        except UncacheableParameter as error:
            data_reason = str(error)
            warn(
                f"The backtest {strategy_name!r} has no key: it is stored, and is never found again by "
                f"its inputs. {error}"
            )
        slots = {"metrics": metrics, "trades": trades, "equity_curve": equity_curve}
        slots |= {"positions": positions, "diagnostics": diagnostics}
        kept = _KEPT.get(self.keep)
        draft = Draft.of_slots(
            {name: one if kept is None or name in kept else None for name, one in slots.items()}
        )
        if draft.left_out:
            if self.strict:
                raise UnstorableValue(draft.left_out[0])
            warn(f"A part of the backtest {strategy_name!r} is not stored: {'; '.join(draft.left_out)}")
        more: dict[str, Any] = {"config": dict(config)} if config else {}
        if seed is not None:
            more["seed"] = {"given": seed}
        if data_reason is not None:
            more["uncacheable"] = data_reason
        manifest = manifest_of(
            name=strategy_name, kind="direct", key=key, parameters=shown(said),
            data=[] if made is None else made.entries, data_hash=None if made is None else hash_of([made]),
            metrics=numbers_of(metrics), begun=begun, more=more,
        )  # fmt: skip
        return self.keep_draft(draft, manifest, split=split, on_conflict=on_conflict)

    def keep_draft(
        self,
        draft: Draft,
        manifest: dict[str, Any],
        *,
        split: Split | None = None,
        on_conflict: OnConflict = "keep",
        sources: Iterable[tuple[bytes, bool]] = (),
    ) -> StoreResult:
        """Write a record, unless its key has one. No fault of the store is raised unless the cache is strict.

        *sources* are the files of the code that the record names, each with whether only its owner may read it.
        """
        from ..runs.splits import current_fold

        run_id = (manifest.get("key") or "").removeprefix("b3:")
        fold = split or current_fold()
        if fold is not None:
            manifest["split"] = fold.entry()
        try:
            known = self.store.lookup(manifest["key"]) if run_id else None
            same = known is not None and read_the_same(known, manifest)
            if known is not None and same and self._is_settled(known, draft, on_conflict):
                self.note_fold(known, fold)
                return StoreResult(run_id, run=known.id, left_out=tuple(draft.left_out))
            replaced = known or (self._index_.thinned(manifest["key"]) if run_id else None)
            run = self._write(draft, manifest, sources)
            if replaced is not None and (known is None or same or rests_elsewhere(known.manifest)):
                self.store.rm(replaced.id, dry_run=False)
            log.info("cached backtest %s (%s)", run_id or run, manifest["strategy"])
        except CacheConflict:
            raise
        except Exception as error:
            if self.strict:
                raise
            warn(f"The backtest {manifest['strategy']!r} is not stored: {error}", depth=4)
            return StoreResult(run_id, stored=False, reason=str(error), left_out=tuple(draft.left_out))
        done, problem = self._room_.after_write()
        if problem:
            warn(f"After the backtest {manifest['strategy']!r} was stored, {problem}", depth=4)
        gone = done is not None and run in done.evicted
        reason = "it is larger than the cache may be" if gone else ""
        return StoreResult(run_id or run, stored=not gone, reason=reason, run=run, left_out=tuple(draft.left_out))

    def _write(self, draft: Draft, manifest: dict[str, Any], sources: Iterable[tuple[bytes, bool]]) -> str:
        with self.store.begin(key=manifest.get("key"), strategy=manifest["strategy"]) as work:
            for source, private in sources:
                work.put(source, private=private)
            manifest["result"]["artifacts"] = draft.place(work, manifest["cache"])
            manifest["cache"]["servable"] = draft.servable or manifest["cache"]["kind"] == "direct"
            if draft.left_out:
                manifest["cache"]["lacking"] = list(draft.left_out)
            return work.commit(manifest)

    def _is_settled(self, known: Run, draft: Draft, on_conflict: OnConflict) -> bool:
        """Tell whether the stored run stays, having said what differs from it."""
        said = own(known)
        if said.get("payload") == draft.payload:
            return is_sound(self.store, known)
        if not said.get("servable"):
            return not draft.servable
        if not draft.node:
            return True
        text = (
            f"The backtest {known.strategy!r} gave another result for the same inputs than run {run_id_of(known)}: "
            f"{ranking.first_divergence(known, draft)}. Something that decides its result is not among its inputs "
            "(a random seed, the clock, a file); the "
        )
        if on_conflict == "error":
            raise CacheConflict(text + "stored run stays")
        warn(
            f"{text}{'stored run stays' if on_conflict == 'keep' else 'later one is stored'}",
            NonDeterministicResult,
            5,
        )
        return on_conflict == "keep"

    def note_fold(self, run: Run, fold: Split | None) -> None:
        """Record that the stored result *run* is that of *fold* too."""
        if fold is not None and run.key is not None:
            note_fold(self.store, run, fold)

    def get_cached_backtest(
        self,
        strategy_name: str,
        parameters: Mapping[str, Any] | None,
        data: Any,
        *,
        config: Mapping[str, Any] | None = None,
        seed: Any = None,
    ) -> BacktestResult | None:
        """Give the stored result of a backtest; None if there is none, or none that can be read."""
        said = parameters_of(parameters)
        try:
            key = direct_key(strategy_name, said, Data(data), config, seed)
        except UncacheableParameter as error:
            warn(f"The backtest {strategy_name!r} cannot be looked up: {error}")
            return None
        try:
            run = self.store.lookup(key.digest)
            if run is None:
                return None
            found = result_of(run, said)
            self.store.note_use(run)
            return found
        except (StoreError, ValueError, KeyError, OSError) as error:
            warn(f"The stored result of {strategy_name!r} cannot be read and is passed over: {error}")
            return None

    def explain(
        self,
        strategy_name: str,
        parameters: Mapping[str, Any] | None,
        data: Any,
        *,
        config: Mapping[str, Any] | None = None,
        seed: Any = None,
    ) -> Explanation:
        """Say whether a backtest is in the cache, and if not, in what the nearest run of the strategy differs."""
        said = parameters_of(parameters)
        try:
            made = Data(data)
            key = direct_key(strategy_name, said, made, config, seed)
        except UncacheableParameter as error:
            return Explanation(False, None, details=(str(error),))
        return explain_key(self.store, strategy_name, key, shown(said), made.entries)

    # -- walk-forward splits -------------------------------------------------------------------------------------

    def cache_walk_forward_split(
        self,
        split_id: str,
        train_data: pd.DataFrame,
        test_data: pd.DataFrame,
        fold_number: int,
        total_folds: int,
    ) -> str:
        """Store what the fold of a walk-forward analysis is made of; give its key.

        Any text is a split id. ValueError names the fold if training or test data has no rows. Warn of `LeakWarning` if
        the two share times or the test does not follow the training.
        """
        return write_fold(self.store, split_id, train_data, test_data, fold_number, total_folds)

    def get_walk_forward_split(
        self,
        split_id: str,
        fold_number: int,
        *,
        total_folds: int | None = None,
        data: tuple[Any, Any] | None = None,
    ) -> dict[str, Any] | None:
        """Give what was stored of a fold: ids, ranges and fingerprints of its data; None if there is nothing.

        Of several sets of folds under one id, *total_folds* says which (default: the one stored last). With
        *data*, ``(train_data, test_data)``, ValueError says where they differ from those that were stored.
        """
        try:
            found = read_fold(self.store, split_id, fold_number, total_folds)
        except StoreError as error:
            warn(f"Fold {fold_number} of split {split_id!r:.80} cannot be read: {error}")
            return None
        if found is not None and data is not None:
            verify_fold(found, data)
        return found

    # -- trades --------------------------------------------------------------------------------------------------

    def cache_trades(self, run_id: str, trades: pd.DataFrame) -> Path:
        """Store the trades of a run by themselves; give the file that holds them (an Arrow file).

        Any text is a run id. Raise UnstorableValue for a frame that would not come back the same.
        """
        draft = Draft.of_result(trades)
        if not draft.servable:
            raise UnstorableValue(draft.reason)
        manifest: dict[str, Any] = {
            "key": digest(_TRADES, str(run_id).encode("utf-8", "surrogatepass")),
            "result": {"metrics": {}, "artifacts": {}},
            "cache": {"format": 1, "kind": "trades", "servable": True},
        }
        with self.store.begin(key=manifest["key"]) as work:
            artifacts = draft.place(work, manifest["cache"])
            manifest["result"]["artifacts"] = artifacts
            work.commit(manifest)
        return self.cache_dir / blob_name(artifacts["result"]["blob"])

    def get_cached_trades(self, run_id: str) -> pd.DataFrame | None:
        """Give the trades of a run: those stored by themselves last, else those of its result; None without any."""
        try:
            alone = self.store.lookup(digest(_TRADES, str(run_id).encode("utf-8", "surrogatepass")))
            if alone is not None:
                return read_node(node_of(alone), alone.table)
            run = self.index.find(run_id)
            return None if run is None else result_of(run).trades
        except (StoreError, ValueError, KeyError) as error:
            warn(f"The trades of run {run_id!r:.80} cannot be read: {error}")
            return None

    # -- questions -----------------------------------------------------------------------------------------------

    def compare_runs(self, run_ids: list[str], metrics: list[str] | None = None) -> pd.DataFrame:
        """Give runs as rows of a frame: strategy, times, ``param_…`` and metrics (all, or those named).

        A metric with the name of another column is called ``metric_…``; nested parameters have dots. Runs that are not
        found are left out with a warning.
        """
        return ranking.compare(self.index, run_ids, metrics)

    def find_best_parameters(
        self,
        strategy_name: str,
        metric: str = "sharpe_ratio",
        maximize: bool = True,
        top_n: int = 5,
        *,
        scope: Literal["latest", "all"] = "latest",
    ) -> pd.DataFrame:
        """Give the best runs of a strategy, best first, as `compare_runs` shows them.

        Compared are the runs on the data, code and settings of the latest one; *scope* ``"all"`` compares all.
        Which values are better, the registry of metrics knows (of drawdowns the small ones, of a metric that it does
        not know the large ones); *maximize* False puts the smallest first. Runs without a finite value come last. The
        column ``trials`` says among how many each is the best, ``deflated_sharpe`` (for a Sharpe ratio, where
        the equity curve is stored) how likely it is more than luck. KeyError lists the metrics if none has *metric*;
        without any run the frame is empty.
        """
        return ranking.find_best(self.index, self.store, strategy_name, metric, maximize, top_n, scope)

    def get_run_metadata(self, run_id: str) -> dict[str, Any] | None:
        """Give the metadata of a run as plain values; None if there is no such run."""
        run = self.index.find(run_id)
        if run is None:
            return None
        first, last = span_of(run)
        return {
            "strategy_name": run.strategy,
            "parameters": run.params,
            "data_hash": data_hash_of(run),
            "start_date": first,
            "end_date": last,
            "timestamp": start_of(run.manifest),
            "run_id": run_id_of(run),
            "splits": splits_of(run),
            "performance_summary": summary_of(run),
        }

    # -- care ----------------------------------------------------------------------------------------------------

    def clear_old_runs(self, days: float = 30, *, dry_run: bool = False) -> int:
        """Remove the runs that this cache recorded more than *days* ago; give how many.

        Runs that are pinned, tagged or the best of their sweep are kept, and so is what the engine recorded. Removed
        runs are in the trash of the store until its ``gc`` empties it. With *dry_run* nothing is removed. ValueError
        for a negative number of days.
        """
        from ..runs.store.collect import days as in_seconds

        before = time.time() - in_seconds("clearing old runs", days)
        old = []
        for run in self.store.runs(order="start"):
            try:
                if own(run) and recorded_at(run) < before:
                    old.append(run)
            except StoreError:
                continue  # what cannot be read is for the store's own check to judge
        if not old:
            return 0
        removed = set(self.store.rm([run.id for run in old], dry_run=dry_run).runs)
        return len({run_id_of(run) for run in old if run.id in removed and run.strategy is not None})

    def get_cache_stats(self) -> dict[str, Any]:
        """Give the number of runs, of each strategy's runs, the size in MiB and the folder of the records."""
        strategies = self.index.strategies()
        return {
            "total_runs": sum(strategies.values()),
            "strategies": strategies,
            "cache_size_mb": round(self.store.stats()["bytes"] / (1024 * 1024), 2),
            "runs_dir": str(self.runs_dir),
        }

    def __repr__(self) -> str:
        return f"<BacktestCache {self.store.url}>"


__all__ = ["BacktestCache"]
