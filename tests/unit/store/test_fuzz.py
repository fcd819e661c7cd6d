"""Readers of what a stranger may have written: ids, manifests, records, segments, queries. At worst they refuse."""

from __future__ import annotations

import json
import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtrail.errors import QueryError, StoreError, StoreVersionError
from backtrail.runs.digests import blob_digest
from backtrail.runs.store import Store
from backtrail.runs.store.layout import is_id_prefix, is_run_id, manifest_name, new_run_id
from backtrail.runs.store.manifest import check, decode, encode, is_safe_path, read_object, seal
from backtrail.runs.store.query import compile_query
from backtrail.runs.store.rows import Source, rows_of
from backtrail.runs.store.segments import MAGIC, frame, scan
from backtrail.runs.store.sweeps import read_record
from backtrail.runs.store.values import from_json, to_json

RUN = "01a1febf-1600-78c2-ba4d-11f320f90af9"
DIGEST = blob_digest(b"x")

texts = st.text(max_size=20) | st.sampled_from(["../x", "/etc/passwd", "$float", "nan", RUN, DIGEST, "\ud800", "a\0b"])
numbers = st.integers() | st.floats() | st.booleans()
plain = st.recursive(
    st.none() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
FIELDS = [
    "schema", "run", "status", "key", "attempt_of", "backtest_id", "engine", "code", "git", "params", "config", "seed",
    "data", "inputs", "env", "split", "sweep", "purity", "result", "time", "exit", "strategy", "later",
]  # fmt: skip
INNER = [
    "files", "path", "raw", "norm", "size", "metrics", "artifacts", "blob", "content", "parts", "fingerprint",
    "columns", "rows", "start", "end", "wall", "id", "index", "closure", "digest", "diff", "traceback", "set", "fold",
    "entry",
]  # fmt: skip
shaped = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(INNER) | texts, inner, max_size=4),
    max_leaves=10,
)
manifests = st.dictionaries(st.sampled_from(FIELDS), shaped, max_size=8).map(
    lambda fields: {"schema": 1, "run": RUN, "status": "finished", **fields}
)


def read_or_refuse(action: Callable[[], Any]) -> Any:
    try:
        return action()
    except (StoreError, StoreVersionError):
        return None


def manifest_reader(fields: dict[str, Any]) -> None:
    """Whatever is accepted can be read on: indexed, sealed, decoded to values, and names no unsafe path."""
    try:
        body = json.dumps(fields).encode()
    except ValueError:
        return
    found = read_or_refuse(lambda: read_object(body, "a record"))
    if found is None or read_or_refuse(lambda: check(found) or True) is None:
        return
    rows_of(found, Source("x"))
    from_json(found)
    assert all(is_safe_path(item["path"]) for item in (found.get("code") or {}).get("files") or ())
    manifest_name(found["run"])
    data = read_or_refuse(lambda: seal(found))
    if data is not None and "seal" not in found:
        assert decode(data) == found


def segment_reader(data: bytes) -> None:
    for record in read_or_refuse(lambda: list(scan(data))) or []:
        assert data[record.start + 8 : record.end] == record.data
        read_or_refuse(lambda record=record: read_record("s", {}, record.data))


def id_reader(text: str) -> None:
    if is_run_id(text):
        assert manifest_name(text).count("/") == 3
    else:
        with pytest.raises(ValueError, match="naming a run"):
            manifest_name(text)
    if is_id_prefix(text):
        assert set(text) <= set("0123456789abcdef-")


def query_reader(text: str) -> None:
    try:
        condition = compile_query(text, lambda kind: ["sharpe_ratio"] if kind == "metric" else ["period"])
    except QueryError:
        return
    assert condition.sql.count("?") == len(condition.values)
    assert "'" not in condition.sql
    assert ";" not in condition.sql


def value_reader(value: Any) -> None:
    written = to_json(value)
    assert to_json(written) == written or repr(written) == repr(to_json(written))
    from_json(written)
    read_or_refuse(lambda: encode({"schema": 1, "run": RUN, "status": "finished", "params": {"x": value}}))


WORDS = """strategy sharpe_ratio period start and or not in like is null ( ) , = == != < <= > >= 'a' "b" 1 -2.5e3
    true metric.x param.y `odd` ; -- '"""
words = st.sampled_from(WORDS.split())
queries = st.lists(words, max_size=12).map(" ".join) | st.text(max_size=40)
segments = st.binary(max_size=200) | st.lists(
    st.binary(min_size=1, max_size=40).map(frame)
    | st.binary(max_size=30)
    | manifests.map(lambda fields: frame(json.dumps(fields).encode())),
    max_size=4,
).map(lambda parts: MAGIC + b"".join(parts))
ids = st.text(max_size=40) | st.text("0123456789abcdef-\n", min_size=30, max_size=40) | st.builds(new_run_id)

READERS: list[tuple[Any, Callable[[Any], None]]] = [
    (manifests, manifest_reader),
    (segments, segment_reader),
    (ids, id_reader),
    (queries, query_reader),
    (plain, value_reader),
]
NAMES = ["manifests", "segments", "ids", "queries", "values"]


@pytest.mark.parametrize(("cases", "reader"), READERS, ids=NAMES)
def test_whatever_is_read_is_accepted_or_refused(cases: Any, reader: Callable[[Any], None]) -> None:
    settings(max_examples=15)(given(cases)(reader))()


@pytest.mark.long
@pytest.mark.parametrize(("cases", "reader"), READERS, ids=NAMES)
def test_a_hundred_thousand_cases_are_accepted_or_refused(cases: Any, reader: Callable[[Any], None]) -> None:
    settings(max_examples=25_000, derandomize=False)(given(cases)(reader))()


WHOLE: dict[str, Any] = {
    "schema": 1, "run": RUN, "key": DIGEST, "status": "finished", "attempt_of": None, "backtest_id": "x",
    "strategy": "s", "engine": {"name": "backtrail", "version": "1"},
    "code": {"closure": DIGEST, "entry": "a.py", "files": [{"path": "a/b.py", "raw": DIGEST, "size": 1}]},
    "git": {"commit": "abc", "diff": DIGEST}, "params": {"a": 1, "b": {"c": [1.5, {"$tuple": [1]}]}},
    "config": {"cash": 1e4}, "seed": {"python": 1},
    "data": [{"name": "d", "fingerprint": DIGEST, "rows": 3, "columns": {"close": DIGEST}, "chunks": DIGEST}],
    "inputs": [{"path": "p.json", "digest": DIGEST}], "env": {"dists": DIGEST}, "split": {"set": "w", "fold": 1},
    "sweep": {"id": "g", "index": 3}, "purity": ["pure"],
    "result": {"metrics": {"m": 1.0}, "artifacts": {"t": {"blob": DIGEST, "content": DIGEST, "parts": [DIGEST]}}},
    "time": {"start": "2026-01-01T00:00:00Z", "wall": 1}, "exit": {"traceback": DIGEST},
}  # fmt: skip
ODD: list[Any] = [
    None, True, 0, -1, 2**70, 1e308, "", "x", "../x", "a\\b", RUN, DIGEST, [], {}, [[]], {"$float": "nan"}, {"a": {}},
    {"$dict": [1]}, {"$dict": [[[], 1]]}, {"$set": [[1]]}, {"$set": [{}]}, {"$tuple": 3}, {"$datetime": 3},
    {"$timedelta": [1e308]}, {"$bytes": "é"}, {"$decimal": {}}, {"path": "..", "blob": "b3:", "rows": "1"},
]  # fmt: skip


def spoil(value: Any, choose: random.Random) -> Any:
    """Give *value* with one thing in it replaced, taken away or added."""
    if isinstance(value, dict) and value and choose.random() < 0.85:
        name = choose.choice(list(value))
        if choose.random() < 0.1:
            return {other: held for other, held in value.items() if other != name}
        return {**value, name: spoil(value[name], choose)}
    if isinstance(value, list) and value and choose.random() < 0.85:
        at = choose.randrange(len(value))
        return [*value[:at], spoil(value[at], choose), *value[at + choose.randrange(2) :]]
    return choose.choice(ODD)


def spoil_many(seed: int, count: int) -> None:
    choose = random.Random(seed)
    accepted = 0
    for _ in range(count):
        fields = WHOLE
        for _ in range(choose.choice((1, 1, 2, 3))):
            fields = spoil(fields, choose)
        manifest_reader(fields)
        accepted += read_or_refuse(lambda fields=fields: check(fields) or True) is not None
        body = bytearray(MAGIC + frame(json.dumps(fields).encode()) + frame(b"{}"))
        body[choose.randrange(len(body))] ^= 1 << choose.randrange(8)
        segment_reader(bytes(body))
    assert 0 < accepted < count


def test_spoilt_manifests_and_segments_are_accepted_or_refused() -> None:
    spoil_many(3, 1_000)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_a_hundred_thousand_spoilt_manifests_and_segments_are_accepted_or_refused(seed: int) -> None:
    spoil_many(1000 + seed, 25_000)


def test_altered_bytes_of_a_manifest_are_always_refused() -> None:
    data = encode({"schema": 1, "run": RUN, "status": "finished", "params": {"period": 14}})
    for at in range(len(data) - 1):
        wrong = bytearray(data)
        wrong[at] ^= 1
        with pytest.raises(StoreError):
            decode(bytes(wrong))


def test_a_length_that_lies_reads_nothing(tmp_path: Path) -> None:
    for length in (0, 1, 2**31, 2**32 - 1):
        assert list(scan(MAGIC + struct.pack("<II", length, zlib.crc32(b"")) + b"x")) == []
    store = Store.open(tmp_path / "store", index_folder=tmp_path)
    with pytest.raises(StoreError):
        store.run("\ud800")
