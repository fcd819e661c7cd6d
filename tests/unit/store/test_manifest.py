"""Manifests: what may be written, what is read, what a stranger's can do at worst."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pytest

from backtrail.errors import ManifestError, StoreVersionError
from backtrail.runs.digests import blob_digest
from backtrail.runs.store import Store
from backtrail.runs.store.layout import manifest_name, new_run_id, run_time
from backtrail.runs.store.manifest import Again, blobs_of, check, decode, encode, is_safe_path, seal
from backtrail.runs.store.values import Named, as_number, from_json, to_json

RUN = "01a1febf-1600-78c2-ba4d-11f320f90af9"
DIGEST = blob_digest(b"x")


def manifest(**fields: Any) -> dict[str, Any]:
    return {"schema": 1, "run": RUN, "status": "finished", **fields}


class Colour(Enum):
    RED = 1


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -(2**70),
        1.5,
        -0.0,
        "é\n",
        b"\0\xff",
        [1, [2.0, "x"]],
        (1, (2, "a")),
        frozenset({1, 2}),
        {"a": {"b": 1}},
        {1: "a", "1": "b", (1, 2): None},
        {"$x": 1, "b": 2},
        Decimal("1.50"),
        datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
        datetime(2026, 1, 2),
        date(2026, 1, 2),
        time(3, 4),
        timedelta(days=-1, seconds=3, microseconds=5),
        PurePosixPath("a/b"),
        math.inf,
        -math.inf,
    ],
)
def test_a_value_comes_back_with_its_type(value: object) -> None:
    text = json.dumps(to_json(value), allow_nan=False)
    found = from_json(json.loads(text))
    assert (type(found), found) == (type(value), value)


@pytest.mark.row("B27")
def test_numbers_of_numpy_are_the_numbers_they_hold() -> None:
    """B27: a float32 is no text, and NaN is written so that JSON can hold it."""
    assert to_json({"a": np.float32(1.5), "b": np.int64(7), "c": np.bool_(True)}) == {"a": 1.5, "b": 7, "c": True}
    assert to_json(np.float64("nan")) == {"$float": "nan"}
    assert math.isnan(from_json({"$float": "nan"}))


def test_what_is_no_value_is_named_and_never_made_again() -> None:
    assert to_json(Colour.RED)["$enum"].endswith(":Colour.RED")
    assert from_json({"$class": "os:system"}) == Named("class", "os:system")
    assert from_json({"$float": "1"}) == Named("float", "'1'")
    assert from_json({"$later": [1]}) == Named("later", "[1]")
    assert str(Named("class", "a:B")) == "a:B"
    assert to_json(Named("class", "a:B")) == {"$class": "a:B"}
    assert to_json(len)["$function"].endswith(":len")
    assert to_json(object()) == {"$instance": "builtins:object"}


def test_what_is_written_already_is_copied() -> None:
    once = to_json({"a": math.nan, "b": (1, 2), "c": {1: 2}})
    assert to_json(once) == once


def test_metrics_are_numbers() -> None:
    assert as_number({"$float": "-inf"}) == -math.inf
    assert as_number(10**400) == math.inf
    assert as_number("1") is None
    assert as_number({"$float": "x"}) is None


@pytest.mark.row("B20")
def test_a_manifest_comes_back_with_fields_of_later_versions() -> None:
    """B20: fields that are not known are kept."""
    given = manifest(later={"deep": [1, {"x": None}]}, result={"metrics": {"a": 1}, "later": 2})
    assert decode(encode(given), run=RUN) == given


@pytest.mark.parametrize("cut", [0, 1, 10, -1, -2, -5, -70])
def test_a_cut_manifest_is_refused(cut: int) -> None:
    data = encode(manifest(key=DIGEST))
    with pytest.raises(ManifestError):
        decode(data[: len(data) + cut if cut < 0 else cut].rstrip(b"\n") if cut != -1 else data[:-2])


def test_an_altered_manifest_is_refused() -> None:
    data = encode(manifest(params={"period": 14}))
    with pytest.raises(ManifestError, match="altered"):
        decode(data.replace(b"14", b"15"))


def test_the_manifest_of_another_run_is_refused() -> None:
    with pytest.raises(ManifestError, match="run"):
        decode(encode(manifest()), run=new_run_id())


def test_a_manifest_of_a_later_schema_is_refused_clearly() -> None:
    with pytest.raises(StoreVersionError, match=r"schema up to 1 - found 2 .* update backtrail"):
        decode(seal({"schema": 2, "run": RUN}))


@pytest.mark.row("B19")
@pytest.mark.parametrize(
    "fields",
    [
        {"run": "x"},
        {"run": RUN.upper()},
        {"run": RUN.replace("-7", "-4", 1)},
        {"run": RUN + "\n"},
        {"schema": 0},
        {"schema": True},
        {"schema": "1"},
        {"status": "done"},
        {"status": None},
        {"status": []},
        {"key": "b3:abc"},
        {"key": "sha256:" + "0" * 64},
        {"params": []},
        {"strategy": 3},
        {"data": {}},
        {"data": [3]},
        {"data": [{"fingerprint": "x"}]},
        {"data": [{"rows": -1}]},
        {"data": [{"rows": True}]},
        {"data": [{"columns": {"close": "x"}}]},
        {"inputs": [{"digest": DIGEST}]},
        {"code": {"files": [{"path": "../x.py"}]}},
        {"code": {"files": [{"path": "/etc/passwd"}]}},
        {"code": {"files": [{"path": "a\\..\\b"}]}},
        {"code": {"files": [{"path": "C:x"}]}},
        {"code": {"files": [{"path": "a\0b"}]}},
        {"code": {"files": [{"path": "a.py"}, {"path": "a.py"}]}},
        {"code": {"files": [{"path": "a.py", "raw": "x"}]}},
        {"code": {"files": [{"path": "a.py", "size": -1}]}},
        {"code": {"files": [{"path": "a.py", "size": 1 << 70}]}},
        {"code": {"files": [{"path": "a.py", "link_target": "../../b"}]}},
        {"code": {"files": ["a.py"]}},
        {"result": {"metrics": {"a": "1"}}},
        {"result": {"metrics": {"": 1}}},
        {"result": {"metrics": [1]}},
        {"result": {"artifacts": {"../x": {"blob": DIGEST}}}},
        {"result": {"artifacts": {"equity": {}}}},
        {"result": {"artifacts": {"equity": DIGEST}}},
        {"result": {"artifacts": {"equity": {"blob": "../../x"}}}},
        {"result": {"artifacts": {"equity": {"blob": DIGEST, "content": 1}}}},
        {"result": {"artifacts": {"equity": {"blob": DIGEST, "parts": ["x"]}}}},
        {"result": {"artifacts": {"equity": {"blob": DIGEST, "size": -1}}}},
        {"git": {"diff": "x"}},
        {"exit": {"traceback": "x"}},
        {"time": {"start": []}},
        {"sweep": {"id": "x" * 300}},
    ],
    ids=str,
)
def test_a_manifest_with_a_wrong_field_is_refused(fields: dict[str, Any]) -> None:
    """B19: nothing that a stranger wrote becomes a path or is taken for what it is not."""
    with pytest.raises(ManifestError):
        decode(seal({**manifest(), **fields}))


@pytest.mark.parametrize(
    "body",
    [
        b"[1",
        b'{"a":NaN',
        b'{"a":1,"a":2',
        b'{"a":"\\ud800"',
        b'{"a":' + b"[" * 100_000,
        b'{"a":' + b"9" * 5_000,
        b'{"a":"\xff"',
        b"",
    ],
    ids=range(8),
)
def test_json_that_is_not_plain_is_refused(body: bytes) -> None:
    sealed = b'%s,"seal":"%s"}\n' % (body, blob_digest(body).encode())
    with pytest.raises(ManifestError):
        decode(sealed)


def test_a_manifest_that_could_not_be_read_is_not_written() -> None:
    deep: list[Any] = []
    for _ in range(200):
        deep = [deep]
    for wrong in ({"params": {"a": deep}}, {3: 4}, {"\ud800": 1}):
        with pytest.raises(ManifestError):
            encode({**manifest(), **wrong})  # type: ignore[dict-item]


def test_every_digest_counts_as_a_blob_wherever_it_stands() -> None:
    other = blob_digest(b"y")
    assert blobs_of(manifest(key=DIGEST, later=[{"x": other}])) == {DIGEST, other}


@pytest.mark.row("A28")
def test_a_link_may_lead_upwards_within_the_project_only() -> None:
    def of(link: str) -> dict[str, Any]:
        return manifest(code={"files": [{"path": "a/b.py", "link_target": link}]})

    for link in ("../c.py", "c.py", "../d/e.py"):
        check(of(link))
    for link in ("../../c.py", "/etc/passwd", "c:/x", "..\\..\\x", "..", "../..", ""):
        with pytest.raises(ManifestError, match="link_target"):
            check(of(link))


def test_safe_paths() -> None:
    assert is_safe_path("a/b.py")
    assert is_safe_path("_external/0123/ü.py")
    for path in ("", ".", "..", "a/../b", "a//b", "/a", "a/", "./a", "c:/x", "a\\b", 3, "x" * 5000, "u\u0308.py"):
        assert not is_safe_path(path)


@pytest.mark.row("A33")
def test_ids_of_runs_sort_by_time_and_tell_it() -> None:
    first, second = new_run_id(1_700_000_000.0), new_run_id(1_700_000_000.5)
    assert first < second
    assert run_time(first) == 1_700_000_000.0
    assert manifest_name(first) == f"runs/2023/11/{first}.json"
    assert manifest_name("ffffffff-ffff-7fff-bfff-ffffffffffff").startswith("runs/9999/12/")


@pytest.mark.row("B19")
@pytest.mark.parametrize("run", ["", "../x", RUN[:-1], RUN + "0"])
def test_what_is_no_id_names_no_file(run: str) -> None:
    with pytest.raises(ValueError, match="UUID"):
        manifest_name(run)


def test_a_manifest_that_is_read_again_is_a_copy_of_its_own() -> None:
    again, data = Again(), encode(manifest(params={"values": [1, 2.5, None, "x"]}))
    read = [again.decode(data, RUN) for _ in range(4)]
    assert all(one == decode(data) for one in read)
    read[2]["params"]["values"].append("changed")
    assert again.decode(data, RUN) == decode(data)


def test_a_manifest_that_was_altered_since_it_was_read_is_refused() -> None:
    again, data = Again(), encode(manifest(params={"n": 1}))
    for _ in range(3):
        again.decode(data, RUN)
    with pytest.raises(ManifestError, match="it was altered"):
        again.decode(data.replace(b'"n":1', b'"n":2'), RUN)
    other = encode(manifest(params={"n": 3}))
    assert again.decode(other, RUN)["params"] == {"n": 3}
    with pytest.raises(ManifestError, match="run"):
        again.decode(other, new_run_id())


def test_only_the_manifests_that_were_read_lately_are_kept() -> None:
    again = Again(most=3)
    runs = [new_run_id() for _ in range(8)]
    for run in [*runs, *runs]:
        assert again.decode(encode(manifest(run=run)), run)["run"] == run
    assert list(again._kept) == runs[-3:]


def test_half_a_surrogate_pair_costs_no_record(store: Store, make_record: Callable[..., dict[str, Any]]) -> None:
    params = {"half": "\ud800", "keyed": {"a\udfff": 1}, "whole": "\U0001f600"}
    run = store.run(store.commit(make_record(params=params)))
    assert run.params == params


def test_names_of_metrics_are_no_tags(store: Store, make_record: Callable[..., dict[str, Any]]) -> None:
    metrics = {"$pnl": 1.5, "$float": 2.0, "plain": float("inf")}
    run = store.run(store.commit(make_record(result={"metrics": metrics})))
    assert run.metrics == metrics
    assert store.run("best:$pnl") == run
    for name, value in metrics.items():
        one = store.run(store.commit(make_record(result={"metrics": {name: value}})))
        assert one.metrics == {name: value}
