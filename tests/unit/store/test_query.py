"""Questions to the index."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from backtrail.errors import QueryError
from backtrail.runs.store import Store

Record = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[int]]:
    """Give the numbers of the runs that a question finds."""
    folder = tmp_path_factory.mktemp("asked")
    store = Store.open(folder / "store", index_folder=folder)
    rows = [
        dict(strategy="sma", params={"period": 10, "kind": "it's", "deep": {"x": True}}, status="finished"),
        dict(strategy="sma", params={"period": 20, "kind": "b"}, status="failed"),
        dict(strategy="rsi", params={"period": 10.5}, status="finished", split={"set": "wf", "fold": 3}),
        dict(strategy=None, params={}, status="killed"),
    ]
    metrics = [{"sharpe_ratio": 1.5, "odd name": 1}, {"sharpe_ratio": math.nan}, {"sharpe_ratio": math.inf}, {}]
    runs = []
    for number, (row, held) in enumerate(zip(rows, metrics)):
        time = {"start": f"2026-11-2{number}T00:00:00Z"}
        fields = {name: value for name, value in row.items() if value is not None}
        runs.append(store.commit({**fields, "result": {"metrics": held}, "time": time}))
    return lambda text: sorted(runs.index(run.id) for run in store.query(text))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [0, 1, 2, 3]),
        ("strategy='sma' and sharpe_ratio>1", [0]),
        ("strategy == \"sma\"", [0, 1]),
        ("strategy != 'sma'", [2]),
        ("not strategy = 'sma'", [2, 3]),
        ("strategy is null", [3]),
        ("strategy is not null and status <> 'failed'", [0, 2]),
        ("sharpe_ratio > 1", [0, 2]),
        ("sharpe_ratio is null", [1, 3]),
        ("sharpe_ratio is not null", [0, 2]),
        ("metric.sharpe_ratio <= 1.5e0", [0]),
        ("`odd name` = 1", [0]),
        ("param.period = 10 or period >= 20", [0, 1]),
        ("period in (10, 10.5)", [0, 2]),
        ("not period in (10)", [1, 2, 3]),
        ("period not in (10)", [1, 2, 3]),
        ("kind = 'it''s'", [0]),
        ("kind like 'it*'", [0]),
        ("kind not like '*'", [2, 3]),
        ("deep.x = true", [0]),
        ("deep.x = false", []),
        ("splits = 'wf' AND fold = 3", [2]),
        ("start >= '2026-11-22'", [2, 3]),
        ("start < '2026-11-21T00:00:00+00:00'", [0]),
        ("(strategy='sma' or strategy='rsi') and (period<15)", [0, 2]),
        ("status in ('failed','killed')", [1, 3]),
        ("period > -1", [0, 1, 2]),
        ("kind = '; DROP TABLE runs; --'", []),
    ],
)
def test_a_question_finds_its_runs(asked: Callable[[str], list[int]], text: str, found: list[int]) -> None:
    assert asked(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "strategy",
        "strategy =",
        "strategy = sma",
        "= 1",
        "strategy = 'x",
        "strategy = 'x' strategy = 'y'",
        "(strategy = 'x'",
        "strategy = 'x')",
        "nothing = 1",
        "sharp_ratio > 1",
        "strategy = 'x'; DROP TABLE runs",
        "1 = 1",
        "strategy = 'x' --",
        "start > 'yesterday'",
        "strategy like 3",
        "strategy in ()",
        "strategy not = 3",
        "strategy is 3",
        "(" * 100 + "strategy = 'x'" + ")" * 100,
        "not " * 100 + "strategy = 'x'",
        "x" * 20_000,
        "period = 1_000",
        "period = 1.2.3",
        "\0",
    ],
)
def test_what_is_no_question_is_refused(asked: Callable[[str], list[int]], text: str) -> None:
    with pytest.raises(QueryError, match=r"reading a query - expected"):
        asked(text)


def test_a_name_that_is_nearly_right_is_suggested(asked: Callable[[str], list[int]]) -> None:
    with pytest.raises(QueryError, match="Did you mean 'sharpe_ratio'"):
        asked("sharp_ratio > 1")


def test_runs_come_in_the_order_asked_for(store: Store, make_record: Record) -> None:
    runs = [store.commit(make_record(float(n), time={"start": n})) for n in range(4)]
    assert store.runs().ids == runs[::-1]
    assert store.runs(order="start", limit=2).ids == runs[:2]
    assert store.query(order="sharpe_ratio", limit=1).ids == runs[3:]
    assert store.runs()[1:3].ids == runs[2:0:-1]
    assert store.runs()[0].id == runs[3]
    with pytest.raises(QueryError, match="ordering runs"):
        store.runs(order="nothing")
    with pytest.raises(ValueError, match="limit"):
        store.runs(limit=-1)


@pytest.mark.row("B26")
def test_runs_become_tables_with_one_name_per_column(store: Store) -> None:
    """B26: parameters have a prefix, metrics get one where their name is taken; nested parameters are flat."""
    store.commit(
        {
            "strategy": "a",
            "params": {"x": 1, "deep": {"y": "z"}, "mixed": 1},
            "result": {"metrics": {"strategy": 2.0, "param_x": 3.0, "sharpe_ratio": math.nan}},
            "time": {"start": 0},
        }
    )
    store.commit({"strategy": "b", "params": {"x": 1.5, "mixed": "t"}, "time": {"start": 1}})
    table = store.runs(order="start").to_arrow()
    rows = table.to_pylist()
    assert rows[0]["strategy"] == "a"
    assert (rows[0]["metric_strategy"], rows[0]["param_x"], rows[0]["metric_param_x"]) == (2.0, 1.0, 3.0)
    assert (rows[0]["param_deep.y"], rows[1]["param_deep.y"]) == ("z", None)
    assert (rows[0]["param_mixed"], rows[1]["param_mixed"]) == ("1", "t")
    assert math.isnan(rows[0]["sharpe_ratio"])
    assert rows[1]["sharpe_ratio"] is None
    assert rows[0]["start"] == datetime(1970, 1, 1, tzinfo=UTC)
    assert store.runs(order="start").to_polars()["param_x"].to_list() == [1.0, 1.5]
    assert store.runs(order="start").to_pandas()["strategy"].tolist() == ["a", "b"]
    assert store.runs(limit=0).to_arrow().num_rows == 0
    assert "param_deep.y" not in store.runs(order="start").rows()[1]


def test_a_run_may_be_compared_with_itself(store: Store, make_record: Record) -> None:
    first, second = store.commit(make_record(1.0)), store.commit(make_record(2.0))
    assert store.compare([first, second, first]).columns()["sharpe_ratio"] == [1.0, 2.0, 1.0]


@pytest.mark.row("B25")
def test_runs_are_compared_from_the_index_alone(store: Store, make_record: Record) -> None:
    """B25: neither results nor manifests are read to compare runs."""
    runs = [store.commit(make_record(float(n))) for n in range(3)]
    listing = store.compare(reversed(runs))
    for entry in list(store.files.list("runs")):
        store.files.remove(entry.name)
    assert listing.columns()["sharpe_ratio"] == [2.0, 1.0, 0.0]
    assert store.compare([]).columns()["id"] == []
    with pytest.raises(KeyError, match="found no run"):
        store.compare(["01a1febf-1600-78c2-ba4d-11f320f90af9"])


def test_usage_counts_every_blob_and_byte(store: Store, make_record: Any) -> None:
    snapshot, result = store.put(b"bars" * 100), store.put(b"result" * 10)
    store.commit(make_record(data=[{"snapshot": snapshot}], result={"artifacts": {"x": {"blob": result}}}))
    told = store.usage()
    assert (told["blobs"], told["bytes"]) == (2, 460)
    assert told["record_bytes"] > 100
