"""Runs side by side, the best of them, and in what two results of the same inputs begin to differ."""

from __future__ import annotations

import importlib
import itertools
import math
import statistics
import warnings
from typing import TYPE_CHECKING, Any

from ..errors import RunNotFoundError, StoreError, UnknownMetricError
from ..runs.store.rows import flat
from ..runs.store.run import start_of
from .model import CacheWarning
from .records import Draft, moments_of, node_of, own, run_id_of, value_of
from .values import Node

if TYPE_CHECKING:
    import pandas as pd

    from ..runs.store import Run, Store
    from .listing import RunIndex

_EULER = 0.5772156649015329
_COLUMNS = ("strategy", "timestamp", "start_date", "end_date")


def pandas() -> Any:
    """Give pandas; ImportError names the extra that brings it."""
    try:
        return importlib.import_module("pandas")
    except ModuleNotFoundError as error:
        raise ImportError(
            "giving runs as a frame - expected pandas - it is not installed - pip install 'backtrail[pandas]'"
        ) from error


def compare(index: RunIndex, run_ids: list[str], metrics: list[str] | None) -> pd.DataFrame:
    """Give runs as rows of a frame; see `BacktestCache.compare_runs`."""
    found: list[tuple[str, Run]] = []
    for run_id, run in index.find_all(map(str, run_ids)).items():
        try:
            if run is not None:
                found.append((run_id_of(run), run))
                continue
        except RunNotFoundError:  # removed since it was listed
            pass
        text = f"Run {run_id!r:.80} is not in {index.url}: it is left out"
        warnings.warn(text, CacheWarning, stacklevel=3)
    return frame_of(found, metrics)


def frame_of(found: list[tuple[str, Run]], metrics: list[str] | None) -> pd.DataFrame:
    """Give runs as rows of a frame with their ids as index."""
    pd = pandas()
    if not found:
        return pd.DataFrame()
    params = [_flat_params(run) for _, run in found]
    taken = {*_COLUMNS, *(f"param_{path}" for held in params for path in held)}
    rows = []
    for (run_id, run), held in zip(found, params, strict=True):
        first, last = moments_of(run)
        row: dict[str, Any] = {
            "run_id": run_id,
            "strategy": run.strategy,
            "timestamp": pd.Timestamp(start_of(run.manifest), unit="s", tz="UTC"),
            "start_date": pd.NaT if first is None else first,
            "end_date": pd.NaT if last is None else last,
        }
        row.update((f"param_{path}", value) for path, value in held.items())
        for name, value in run.metrics.items():
            if metrics is None or name in metrics:
                row[column_of(name, taken)] = value
        rows.append(row)
    return pd.DataFrame(rows).set_index("run_id")


def column_of(metric: str, taken: set[str]) -> str:
    """Give the name of the column of a metric: its own unless another column has it."""
    name = metric
    while name in taken or name == "run_id":
        name = f"metric_{name}"
    return name


def _flat_params(run: Run) -> dict[str, Any]:
    from ..runs.store.values import from_json

    return {path: from_json(value) for path, value in flat(run.manifest.get("params") or {}) if path}


# -- the best --------------------------------------------------------------------------------------------------------


def find_best(
    index: RunIndex, store: Store, strategy: str, metric: str, maximize: bool, top_n: int, scope: str
) -> pd.DataFrame:
    """Give the best runs of a strategy; see `BacktestCache.find_best_parameters`."""
    pd = pandas()
    if not index.has_strategy(strategy):
        warnings.warn(f"There are no runs of {strategy!r} in {store.url}", CacheWarning, stacklevel=3)
        return pd.DataFrame()
    lower = store.directions.of(metric) == "lower"
    agrees = maximize is not False or lower
    where = "status = 'finished'"
    try:
        count = 2 * top_n + 50 if agrees else 2**31
        best = store.best(metric, max(count, 1), scope=scope, strategy=strategy, where=where)
    except UnknownMetricError:
        known = sorted({name for run in store.runs(strategy=strategy, limit=50) for name in run.metrics})
        raise UnknownMetricError(
            f"finding the best run of {strategy!r} - expected a metric that its runs have - found {metric!r} - "
            f"they have {known}"
        ) from None
    ranked = list(zip(best.ids, best.values, strict=True))
    if not agrees:
        ranked.sort(key=lambda one: (not math.isfinite(one[1]), one[1]))
    chosen: list[tuple[str, Run]] = []
    seen: set[str] = set()
    for run, _ in ranked:
        if len(chosen) >= top_n:
            break
        held = index.known(run)
        if run_id_of(held) not in seen:
            seen.add(run_id_of(held))
            chosen.append((run_id_of(held), held))
    frame = frame_of(chosen, [metric])
    if not frame.empty:
        trials = best.trials
        frame["trials"] = trials
        frame.attrs.update(trials=trials, scope=dict(best.scope), direction="lower" if lower else "higher")
        if "sharpe" in metric.lower():
            every = best if len(best.ids) >= trials else store.best(
                metric, trials, scope=scope, strategy=strategy, where=where
            )  # fmt: skip
            values = [value for value in every.values if math.isfinite(value)]
            frame["deflated_sharpe"] = [_deflated(held, metric, values) for _, held in chosen]
    return frame


def _deflated(run: Run, metric: str, trials: list[float]) -> float:
    """Give the deflated Sharpe ratio of a run among *trials*; NaN where its equity curve is not stored.

    Bailey and López de Prado (2014): the probability that the Sharpe ratio is above what the best of as many trials
    without skill would show, given its length, skewness and kurtosis. Ratios are per bar; those of the trials are
    brought to that scale by this run's own.
    """
    reported = run.metrics.get(metric, math.nan)
    returns = _returns(run)
    if len(returns) < 3 or not math.isfinite(reported) or reported == 0:
        return math.nan
    mean, deviation = statistics.fmean(returns), statistics.stdev(returns)
    if deviation == 0 or mean == 0:
        return math.nan
    ratio = mean / deviation
    spread = statistics.stdev(trials) * abs(ratio / reported) if len(trials) > 1 else 0.0
    return deflated_sharpe(ratio, len(trials), spread, returns)


def deflated_sharpe(ratio: float, trials: int, spread: float, returns: list[float]) -> float:
    """Give the deflated Sharpe ratio: *ratio* per bar, *spread* the standard deviation of those of all *trials*."""
    normal = statistics.NormalDist()
    expected = 0.0
    if trials > 1:
        low, high = normal.inv_cdf(1 - 1 / trials), normal.inv_cdf(1 - 1 / (trials * math.e))
        expected = spread * ((1 - _EULER) * low + _EULER * high)
    mean, deviation = statistics.fmean(returns), statistics.pstdev(returns)
    skew = statistics.fmean(((one - mean) / deviation) ** 3 for one in returns)
    kurtosis = statistics.fmean(((one - mean) / deviation) ** 4 for one in returns)
    variance = 1 - skew * ratio + (kurtosis - 1) / 4 * ratio**2
    if variance <= 0:
        return math.nan
    return normal.cdf((ratio - expected) * math.sqrt(len(returns) - 1) / math.sqrt(variance))


def _returns(run: Run) -> list[float]:
    """Give the returns bar by bar of the equity curve of a run; none where there is none."""
    from .records import slots_of

    try:
        curve = (
            slots_of(value_of(run)).get("equity_curve") if own(run) else run.table("equity").column("value")
        )
        held = curve.to_numpy().astype(float).reshape(-1).tolist() if curve is not None else []
    except (StoreError, ValueError, KeyError, AttributeError, TypeError):
        return []
    made = [after / before - 1 for before, after in itertools.pairwise(held) if before]
    return [one for one in made if math.isfinite(one)]


# -- two results of one key ------------------------------------------------------------------------------------------


def first_divergence(known: Run, draft: Draft) -> str:
    """Say where the stored result and another one begin to differ."""
    try:
        left, right = node_of(known), draft.node
        at, one, two = _differing("result", left, right)
        if one is not None and two is not None and one.get("k") == two.get("k") == "table":
            from ..runs.fingerprint import first_difference

            found = first_difference(known.table(one["n"]), draft.writer.tables[two["n"]])
            return f"{at}: {found.text}" if found is not None else f"{at}: types differ"
        return f"{at}: {_said(one)} - {_said(two)}"
    except (StoreError, ValueError, KeyError, TypeError) as error:
        return f"the stored result cannot be read ({error})"


def _differing(at: str, one: Node | None, two: Node | None) -> tuple[str, Node | None, Node | None]:
    """Walk down to the first part that differs."""
    while (
        one is not None and two is not None and one.get("k") == two.get("k") and one.get("t") == two.get("t")
    ):
        left, right = _parts(one), _parts(two)
        names = [name for name in dict.fromkeys([*left, *right]) if left.get(name) != right.get(name)]
        if not names:
            break
        at, one, two = f"{at}{names[0]}", left.get(names[0]), right.get(names[0])
    return at.removeprefix("result."), one, two


def _parts(node: Node) -> dict[str, Node]:
    if node["k"] in ("dict", "fields"):
        return {f".{key}": held for key, held in node["v"]}
    if node["k"] in ("tuple", "list"):
        return {f"[{at}]": held for at, held in enumerate(node["v"])}
    return {}


def _said(node: Node | None) -> str:
    if node is None:
        return "nothing"
    return f"{node.get('v')!r:.80}" if node.get("k") == "leaf" else str(node.get("t") or node.get("k"))


__all__ = ["column_of", "compare", "deflated_sharpe", "find_best", "first_divergence", "frame_of"]
