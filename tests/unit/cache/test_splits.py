"""Promise B28: folds that are kept with their data's fingerprints, checked, and carried by runs."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from backtrail.cache import BacktestCache, SplitSet, cached_backtest
from backtrail.errors import ManifestError
from backtrail.runs.folds import (
    LeakWarning,
    SplitMismatch,
    SplitReplacedWarning,
    in_fold,
    read_fold,
    write_fold,
)
from backtrail.runs.store import Store


@pytest.mark.row("B28")
def test_b28_a_fold_comes_back_with_ranges_and_fingerprints(cache: BacktestCache, bars: pd.DataFrame) -> None:
    key = cache.cache_walk_forward_split("wf", bars[:200], bars[200:], 1, 3)
    found = cache.get_walk_forward_split("wf", 1)
    assert isinstance(key, str)
    assert found is not None
    assert (found["split_id"], found["fold"], found["total_folds"]) == ("wf", 1, 3)
    assert found["train_range"] == (bars.index[0], bars.index[199])
    assert found["test_range"] == (bars.index[200], bars.index[-1])
    assert found["train_hash"] != found["test_hash"]
    assert cache.get_walk_forward_split("wf", 2) is None
    assert cache.get_walk_forward_split("other", 1) is None


@pytest.mark.row("B28")
def test_b28_ids_numbers_and_totals_do_not_run_into_each_other(
    cache: BacktestCache, bars: pd.DataFrame
) -> None:
    said = [("a", 1, 12), ("a_fold_1", 2, 12), ("a", 11, 12), ("a", 1, 2), ("a_fold_1_fold", 2, 12)]
    keys = [
        cache.cache_walk_forward_split(name, bars[:200], bars[200:], at, total) for name, at, total in said
    ]
    assert len(set(keys)) == len(said)
    for total in (12, 2):
        found = cache.get_walk_forward_split("a", 1, total_folds=total)
        assert found is not None
        assert found["total_folds"] == total
    latest = cache.get_walk_forward_split("a", 1)
    assert latest is not None
    assert latest["total_folds"] == 2


@pytest.mark.row("B28")
def test_b28_data_is_verified_when_a_fold_is_read(cache: BacktestCache, bars: pd.DataFrame) -> None:
    cache.cache_walk_forward_split("wf", bars[:200], bars[200:], 0, 1)
    assert cache.get_walk_forward_split("wf", 0, data=(bars[:200].copy(), bars[200:])) is not None
    changed = bars[:200].copy()
    changed.iloc[100, 0] += 1e-9
    with pytest.raises(SplitMismatch, match=r"train data.*open"):
        cache.get_walk_forward_split("wf", 0, data=(changed, bars[200:]))
    with pytest.raises(SplitMismatch, match=r"test data.*100 rows - 99"):
        cache.get_walk_forward_split("wf", 0, data=(bars[:200], bars[201:]))


@pytest.mark.row("B28")
@pytest.mark.parametrize("part", ["train", "test"])
def test_b28_an_empty_part_is_refused_naming_the_fold(
    cache: BacktestCache, bars: pd.DataFrame, part: str
) -> None:
    parts = {"train": bars[:200], "test": bars[200:], part: bars[:0]}
    with pytest.raises(ValueError, match=f"fold 3 .*{part}"):
        cache.cache_walk_forward_split("wf", parts["train"], parts["test"], 3, 5)
    rows = {"train": [0, 1], "test": [2], part: []}
    with pytest.raises(ValueError, match=f"fold 1 .*{part}"):
        SplitSet.of(bars, [([0], [1]), (rows["train"], rows["test"])])


@pytest.mark.row("B28")
@pytest.mark.parametrize(("fold", "total"), [(-1, 3), (4, 3), (0, 0), (1.5, 3), (True, 3), ("1", 3)])
def test_b28_a_fold_that_cannot_be_is_refused(
    cache: BacktestCache, bars: pd.DataFrame, fold: Any, total: Any
) -> None:
    with pytest.raises(ValueError, match="fold"):
        cache.cache_walk_forward_split("wf", bars[:200], bars[200:], fold, total)


@pytest.mark.row("B28")
def test_b28_leaks_between_parts_are_told(cache: BacktestCache, bars: pd.DataFrame) -> None:
    with pytest.warns(LeakWarning, match="share 10 times"):
        cache.cache_walk_forward_split("wf", bars[:210], bars[200:], 0, 1)
    with pytest.warns(LeakWarning, match="goes on until"):
        cache.cache_walk_forward_split("wf", bars[200:], bars[:200], 0, 1)


@pytest.mark.row("B28")
def test_b28_a_torn_fold_is_told_and_passed_over(cache: BacktestCache, bars: pd.DataFrame) -> None:
    cache.cache_walk_forward_split("wf", bars[:200], bars[200:], 0, 1)
    [path] = (cache.cache_dir / "splits").rglob("*.json")
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b'"fold":0', b'"fold":7'))
    with pytest.warns(UserWarning, match="altered"):
        assert cache.get_walk_forward_split("wf", 0) is None


@pytest.mark.row("B28")
def test_b28_folds_without_times_keep_their_labels(cache: BacktestCache) -> None:
    frame = pd.DataFrame({"x": np.arange(10.0)})
    cache.cache_walk_forward_split("rows", frame[:6], frame[6:], 0, 1)
    found = cache.get_walk_forward_split("rows", 0)
    assert found is not None
    assert found["train_range"] == (0, 5)
    assert found["test_range"] == (6, 9)
    cache.cache_walk_forward_split("arrow", pa.table({"x": [1.0]}), pa.table({"x": [2.0]}), 0, 1)
    found = cache.get_walk_forward_split("arrow", 0)
    assert found is not None
    assert found["train_range"] == (None, None)


# -- split sets ------------------------------------------------------------------------------------------------------


@pytest.mark.row("B28")
def test_walk_forward_moves_a_window_with_a_gap(bars: pd.DataFrame) -> None:
    made = SplitSet.walk_forward(bars, train=100, test=50, purge=5, embargo=2)
    assert [(fold.train[0], fold.train[-1], fold.test[0], fold.test[-1]) for fold in made] == [
        (0, 99, 107, 156), (50, 149, 157, 206), (100, 199, 207, 256),
    ]  # fmt: skip
    anchored = SplitSet.walk_forward(bars, test=50, folds=3)
    assert [(fold.train[0], len(fold.train), fold.test[0]) for fold in anchored] == [
        (0, 50, 50),
        (0, 100, 100),
        (0, 150, 150),
    ]
    assert len(SplitSet.walk_forward(bars, train=100, test=50, step=10)) == 16


@pytest.mark.row("B28")
def test_k_fold_purges_before_and_embargoes_after(bars: pd.DataFrame) -> None:
    made = SplitSet.k_fold(bars, folds=3, purge=5, embargo=10, label_horizon=5)
    assert made.folds[1].test[0] == 100
    assert made.folds[1].test[-1] == 199
    assert made.folds[1].train.tolist() == [*range(95), *range(210, 300)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"test": 0}, {"test": 400}, {"test": 10, "train": 0}, {"test": 10, "step": 0}, {"test": 10, "purge": -1},
        {"test": 10, "folds": 0}, {"test": 10, "folds": 1000}, {"test": 1.5}, {"test": True},
        {"test": 10, "embargo": "1"},
    ],
)  # fmt: skip
def test_impossible_splits_are_refused(bars: pd.DataFrame, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="split"):
        SplitSet.walk_forward(bars, **wrong)


def test_rows_that_are_not_there_are_refused(bars: pd.DataFrame) -> None:
    for rows in ([300], [-1], [0.5]):
        with pytest.raises(ValueError, match="fold 0"):
            SplitSet.of(bars, [(rows, [10])])
    with pytest.raises(ValueError, match="at least one fold"):
        SplitSet.of(bars, [])
    with pytest.raises(ValueError, match="folds"):
        SplitSet.k_fold(bars, folds=1)
    masks = np.arange(300) < 100
    assert len(SplitSet.of(bars, [(masks, ~masks)]).folds[0].train) == 100


@pytest.mark.row("B28")
def test_b28_leaks_between_rows_are_told(bars: pd.DataFrame) -> None:
    with pytest.warns(LeakWarning, match="trains on 5 of its test rows"):
        SplitSet.of(bars, [(range(105), range(100, 150))])
    with pytest.warns(LeakWarning, match="labels reach 5 ahead"):
        made = SplitSet.walk_forward(bars, train=100, test=50, purge=3, label_horizon=5)
    assert len(made.leaks()) == 3
    with pytest.warns(LeakWarning, match="embargo more"):
        SplitSet.k_fold(bars, folds=3, purge=5, label_horizon=5)
    with pytest.warns(LeakWarning, match="do not ascend"):
        SplitSet.walk_forward(bars[::-1], test=50)
    with pytest.warns(LeakWarning, match="share times"):
        SplitSet.walk_forward(pd.concat([bars, bars]).sort_index(), test=50)
    assert SplitSet.walk_forward(bars, train=100, test=50, purge=5, label_horizon=5).leaks() == []


@pytest.mark.row("B28")
def test_b28_a_set_is_kept_and_verified_on_read(store: Store, bars: pd.DataFrame) -> None:
    made = SplitSet.walk_forward(bars, train=100, test=50, purge=5, name="study")
    found = SplitSet.load(store, made.save(store), data=bars.copy())
    assert found == made
    assert found.id == made.id
    assert found.name == "study"
    assert hash(found) == hash(made)
    for one, two in zip(found, made, strict=True):
        np.testing.assert_array_equal(one.train, two.train)
        np.testing.assert_array_equal(one.test, two.test)
        assert (one.train_fingerprint, one.test_range) == (two.train_fingerprint, two.test_range)
    changed = bars.copy()
    changed.iloc[120, 0] = 0.0
    with pytest.raises(SplitMismatch, match=r"folds \[0, 1, 2\]|folds \[0, 1\]"):
        SplitSet.load(store, made.id, data=changed)
    with pytest.raises(SplitMismatch, match="300 rows"):
        found.verify(bars[1:])
    with pytest.raises(KeyError, match="split set"):
        SplitSet.load(store, "../../etc/passwd")
    [path] = list((store.files.root / "splits").rglob("set.json"))  # type: ignore[attr-defined]
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"[0,100]", b"[0,999]"))
    with pytest.raises(ManifestError):
        SplitSet.load(store, made.id)


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow", "numpy", "mapping"])
def test_a_set_gives_the_parts_of_its_data(bars: pd.DataFrame, kind: str) -> None:
    values = bars["close"].to_numpy()
    data: Any = {
        "pandas": bars, "polars": pl.DataFrame({"c": values}), "arrow": pa.table({"c": values}), "numpy": values,
        "mapping": {"c": values},
    }[kind]  # fmt: skip
    made = SplitSet.walk_forward(data, train=100, test=50, purge=5)
    _, test = made.frames(data, 1)
    held = test["close"] if kind == "pandas" else test if kind == "numpy" else test["c"]
    np.testing.assert_array_equal(np.asarray(held), values[155:205])
    other = (
        bars.iloc[::-1] if kind == "pandas" else {"c": values[::-1]} if kind == "mapping" else values[::-1]
    )
    with pytest.raises(SplitMismatch, match="fold 1"):
        made.frames(other, 1)


@pytest.mark.row("B28")
def test_b28_runs_carry_set_and_fold(cache: BacktestCache, bars: pd.DataFrame) -> None:
    made = SplitSet.walk_forward(bars, train=100, test=50, purge=5)

    @cached_backtest("study", cache=cache)
    def run(data: Any) -> dict[str, float]:
        return {"mean": float(data["close"].mean())}

    for fold in made:
        train, test = made.frames(bars, fold.number)
        with in_fold(made.fold(fold.number)):
            run(test)
        run_id = cache.cache_backtest("direct", {}, train, {"x": 1.0}, split=made.fold(fold.number))
        found = cache.get_cached_backtest("direct", {}, train)
        assert found is not None
        assert found.metadata.splits is not None
        assert found.metadata.run_id == run_id
        assert found.metadata.splits[1] == (bars.index[fold.test[0]], bars.index[fold.test[-1]])
    runs = cache.store.query(f"splits = '{made.id}' and strategy = 'study'", order="fold")
    assert [one.manifest["split"]["fold"] for one in runs] == [0, 1, 2]
    assert runs[0].manifest["split"]["purge"] == 5


@pytest.mark.row("B28")
def test_b28_a_hit_in_another_fold_is_recorded_as_such(cache: BacktestCache, bars: pd.DataFrame) -> None:
    ran = []

    @cached_backtest("study", cache=cache)
    def run(data: Any) -> dict[str, float]:
        ran.append(1)
        return {"mean": float(data["close"].mean())}

    run(bars)
    made = SplitSet.k_fold(bars, folds=3)
    for _ in range(2):
        for number in (0, 1):
            with in_fold(made.fold(number)):
                run(bars)
    assert len(ran) == 1
    assert len(cache.index) == 1
    served = cache.store.query(f"splits = '{made.id}'", order="fold")
    assert [(one.status, one.manifest["split"]["fold"]) for one in served] == [("cached", 0), ("cached", 1)]
    assert {one.manifest["attempt_of"] for one in served} == {cache.store.runs(status="finished")[0].id}
    assert cache.find_best_parameters("study", "mean")["trials"].tolist() == [1]


def test_the_store_checks_clean_with_results_trades_and_folds(
    cache: BacktestCache, bars: pd.DataFrame
) -> None:
    cache.cache_backtest("sma", {}, bars, {"x": 1.0}, bars)
    cache.cache_trades("run", bars)
    cache.cache_walk_forward_split("wf", bars[:200], bars[200:], 0, 1)
    SplitSet.k_fold(bars, folds=3).save(cache.store)
    assert cache.store.fsck().clean
    assert cache.store.gc(grace_days=0, dry_run=False).trashed == []
    assert cache.get_cached_trades("run") is not None
    assert cache.get_walk_forward_split("wf", 0) is not None


def test_a_fold_that_is_not_there_is_named(bars: pd.DataFrame) -> None:
    made = SplitSet.walk_forward(bars, train=40, test=20, name="mine")
    for number in (99, -1, len(made)):
        with pytest.raises(IndexError, match=rf"'mine' - expected a number from 0 to {len(made) - 1} - found {number}"):
            made.fold(number)
        with pytest.raises(IndexError, match="'mine' - expected a number"):
            made.frames(bars, number)


def test_a_fold_that_is_stored_again_with_other_data_says_so(cache: BacktestCache, bars: pd.DataFrame) -> None:
    store = cache.store
    train, test = bars.iloc[:40], bars.iloc[40:60]
    write_fold(store, "walk", train, test, 1, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_fold(store, "walk", train, test, 1, 3)
        write_fold(store, "walk", train, test, 2, 3)
    with pytest.warns(SplitReplacedWarning, match="Fold 1 of split 'walk' was stored with other test data"):
        write_fold(store, "walk", train, bars.iloc[40:70], 1, 3)
    found = read_fold(store, "walk", 1)
    assert found is not None
    assert found["test_rows"] == 30
