"""Stores of every format there has been open in this version; stores of later versions are refused clearly."""

from __future__ import annotations

import math
import shutil
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from backtrail.errors import StoreVersionError
from backtrail.runs.digests import blob_digest, digest
from backtrail.runs.store import Store
from backtrail.runs.store.layout import FORMAT, new_run_id
from backtrail.runs.store.manifest import SCHEMA, seal

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
KEY = digest("golden", b"key")
FINISHED = "018c8f1a-0000-7abc-8def-000000000001"
FAILED = "018c8f1a-0001-7abc-8def-000000000002"


@pytest.fixture(params=sorted(path.name for path in GOLDEN.glob("store_v*")))
def golden(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    shutil.copytree(GOLDEN / request.param, tmp_path / "store")
    return Store.open(tmp_path / "store", create=False, index_folder=tmp_path / "index")


def test_there_is_a_golden_store_of_this_format() -> None:
    assert (GOLDEN / f"store_v{FORMAT}" / "store.json").exists()


@pytest.mark.row("B20")
def test_a_golden_store_opens_and_says_what_it_said(golden: Store) -> None:
    """B20: records are read by later versions."""
    assert golden.fsck().clean
    run = golden.run("golden")
    assert (run.id, run.strategy, run.status, run.wall) == (FINISHED, "sma", "finished", 2.0)
    assert run.params == {"period": 14, "window": (1, 2), "fee": Decimal("0.10"), "odd": {1: "a"}}
    assert run.metrics["sharpe_ratio"] == 1.25
    assert math.isnan(run.metrics["nothing"])
    assert run.manifest["later"] == {"kept": ["as", "it", "is"]}
    assert run.code["sma.py"] == "value = 1  # é\n"
    equity = run.equity
    assert equity.num_rows == 8192
    assert equity["value"].to_pylist() == (np.arange(8192) % 7 * 0.5).tolist()
    assert equity.schema.field("time").type.tz == "UTC"
    found = golden.lookup(KEY)
    assert found == run
    assert golden.pins() == {FAILED: "to look at"}
    assert golden.run(FAILED).traceback == "Traceback: boom\n"
    assert sorted(run.status for run in golden.runs()) == ["failed", *["finished"] * 5, "killed"]
    assert [run.params for run in golden.runs(sweep="grid", order="number")] == [{"n": n} for n in range(4)]
    assert golden.best("sharpe_ratio", sweep="grid").values == [0.75]
    assert golden.query("splits = 'wf' and fold = 2 and sharpe_ratio > 1").ids == [FINISHED]


def test_the_content_of_a_golden_table_has_the_digest_it_had(golden: Store) -> None:
    from backtrail.runs.fingerprint import fingerprint

    run = golden.run(FINISHED)
    assert fingerprint(run.equity).digest == run.artifacts["equity"]["content"]


def test_a_golden_store_may_be_written(golden: Store) -> None:
    run = golden.commit({"strategy": "sma", "key": KEY})
    golden.sweep("grid").append({"result": {"metrics": {"sharpe_ratio": 9}}})
    found = golden.lookup(KEY)
    assert found is not None
    assert found.id == run
    assert golden.best("sharpe_ratio", sweep="grid").values == [9.0]
    assert golden.gc(grace_days=0, dry_run=False).trashed == []
    assert golden.fsck().clean


@pytest.mark.row("B20")
def test_what_a_later_version_wrote_into_a_store_is_refused_and_kept(golden: Store) -> None:
    run = new_run_id()
    blob = golden.put(b"of later use")
    later = {"schema": SCHEMA + 1, "run": run, "status": "paused", "blobs": blob}
    golden.files.put(f"runs/{_month(run)}/{run}.json", seal(later))
    before = len(golden.runs())
    with pytest.raises(StoreVersionError, match=f"found {SCHEMA + 1} - .* update backtrail"):
        golden.run(run)
    checked = golden.fsck()
    assert checked.clean
    assert any("later version" in note for note in checked.notes)
    assert len(golden.runs()) == before
    golden.gc(grace_days=0, dry_run=False)
    assert golden.get(blob) == b"of later use"
    golden.files.put("sweeps/later/plan.json", seal({"schema": SCHEMA + 1, "sweep": "later"}))
    with pytest.raises(StoreVersionError, match="update backtrail"):
        golden.sweep("later")
    assert golden.fsck().clean


def _month(run: str) -> str:
    from backtrail.runs.store.layout import manifest_name

    return "/".join(manifest_name(run).split("/")[1:3])


def test_the_files_of_the_golden_store_are_what_their_names_say() -> None:
    for path in (GOLDEN / f"store_v{FORMAT}" / "objects").rglob("*/*"):
        if path.is_file():
            assert blob_digest(path.read_bytes()) == f"b3:{path.parent.name}{path.name}"
