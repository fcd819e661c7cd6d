"""Stores behind URLs: in memory, on the local file system through fsspec, and on an S3 server emulated on loopback."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from backtrail.errors import (
    MissingBlobError,
    RunNotFoundError,
    StoreError,
    StoreNotFoundError,
    StoreReadError,
)
from backtrail.runs.store import Store

Record = Callable[..., dict[str, Any]]
Key = Callable[[str], str]


@pytest.fixture(params=["memory", "local", "file"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    kind = request.param
    return f"memory://runs-{uuid.uuid4().hex}/store" if kind == "memory" else f"{kind}://{tmp_path}/remote"


def use(url: str, tmp_path: Path, make_record: Record, key: str, **options: Any) -> None:
    """Do with the store at *url* everything that may be done with a store, from two machines."""
    here, there = (Store.open(url, index_folder=tmp_path / name, **options) for name in ("here", "there"))
    assert here.id == there.id
    table = pa.table({"time": pa.array(np.arange(9000), type=pa.timestamp("s")), "v": np.arange(9000.0)})
    with here.begin(key=key, strategy="sma") as work:
        assert [item.state for item in there.attempts()] == ["running"]
        work.beat()
        stored = work.put_table(table)
        run = work.commit(make_record(result={"metrics": {"cagr": 0.5}, "artifacts": {"equity": stored._asdict()}}))
    assert here.attempts() == []
    found = there.lookup(key)
    assert found is not None
    assert (found.id, found.equity.equals(table)) == (run, True)
    sweep = there.sweep("grid", {"common": {"strategy": "sma"}})
    better = sweep.append({"result": {"metrics": {"cagr": 0.7}}})
    sweep.append_all([{"params": {"n": 1}}, {"params": {"n": 2}}])
    sweep.close()
    assert here.best("cagr", scope="all").ids == [better]
    assert len(here.query("strategy = 'sma'")) == 4
    here.tag(run, "golden")
    assert there.run("golden").id == run
    with pytest.raises(MissingBlobError):
        there.get("b3:" + "0" * 64)
    with there.claim("b3:" + "1" * 64) as claim:
        assert claim.owned
    assert here.fsck().clean
    there.untag("golden")
    assert there.rm(run, dry_run=False).runs == [run]
    with pytest.raises(RunNotFoundError):
        here.run(run)
    assert here.lookup(key) is None
    assert [len(here.gc(grace_days=0, dry_run=False).deleted) for _ in range(3)] == [1, 0, 2]
    assert len(here.runs()) == 3


def test_a_store_behind_a_url_is_a_store(url: str, tmp_path: Path, make_record: Record, make_key: Key) -> None:
    use(url, tmp_path, make_record, make_key("a"))


def test_a_file_url_is_a_folder(tmp_path: Path, make_record: Record) -> None:
    store = Store.open(f"file://{tmp_path}/store", index_folder=tmp_path)
    run = store.commit(make_record())
    assert Store.open(tmp_path / "store", index_folder=tmp_path).run("latest").id == run


def test_a_damaged_object_is_found(tmp_path: Path, make_record: Record) -> None:
    store = Store.open(f"memory://{uuid.uuid4().hex}", index_folder=tmp_path)
    blob = store.put(b"x" * 100)
    store.commit(make_record(result={"artifacts": {"x": {"blob": blob}}}))
    store.files.put(f"objects/b3/{blob[3:5]}/{blob[5:]}", b"x" * 99)
    assert [p.done.startswith("moved") for p in store.fsck().problems] == [True, False]


def test_a_place_that_is_none_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(StoreNotFoundError):
        Store.open(f"memory://{uuid.uuid4().hex}", create=False)
    with pytest.raises(StoreError):
        Store.open("nosuchkind://x/y", index_folder=tmp_path)


def test_credentials_in_a_url_are_refused_or_not_shown(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="found credentials") as refused:
        Store.open("s3://someone:hidden@bucket/runs", index_folder=tmp_path)
    assert "hidden" not in str(refused.value)
    assert Store.open(f"memory://someone:hidden@{uuid.uuid4().hex}/x", index_folder=tmp_path).url.count("hidden") == 0


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Serve S3 on loopback."""
    moto = pytest.importorskip("moto.server")
    pytest.importorskip("s3fs")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    running = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


def options_of(server: str, secret: str) -> dict[str, Any]:
    return {"key": "someone", "secret": secret, "client_kwargs": {"endpoint_url": server}}


@pytest.mark.long
def test_a_store_on_s3_is_a_store(server: str, tmp_path: Path, make_record: Record, make_key: Key) -> None:
    import s3fs

    s3fs.S3FileSystem(**options_of(server, "secret")).mkdir("whole")
    use("s3://whole/runs", tmp_path, make_record, make_key("a"), storage_options=options_of(server, "secret"))


def test_a_store_on_s3_is_found_from_elsewhere_and_keeps_no_credentials(
    server: str, tmp_path: Path, make_record: Record, make_key: Key
) -> None:
    import s3fs

    secret = "not-a-secret-but-looks-like-one"
    options = options_of(server, secret)
    s3fs.S3FileSystem(**options).mkdir("bucket")
    run = Store.open("s3://bucket/runs", index_folder=tmp_path / "here", storage_options=options).commit(
        make_record(key=make_key("a"))
    )
    store = Store.open("s3://bucket/runs", create=False, index_folder=tmp_path, storage_options=options)
    assert store.runs().ids == [run]
    assert store.lookup(make_key("a")) == store.run(run)
    everything = [store.files.read(e.name) for e in store.files.list("runs")] + [store.files.read("store.json")]
    everything += [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(secret.encode() in data for data in everything)
    assert secret not in repr(store)


def test_a_server_that_does_not_answer_is_a_store_error(tmp_path: Path) -> None:
    pytest.importorskip("s3fs")
    options = {
        "key": "a",
        "secret": "b",
        "client_kwargs": {"endpoint_url": "http://127.0.0.1:9"},
        "config_kwargs": {"retries": {"max_attempts": 0}, "connect_timeout": 1},
    }
    with pytest.raises(StoreReadError, match=r"s3://bucket/runs"):
        Store.open("s3://bucket/runs", index_folder=tmp_path, storage_options=options)
