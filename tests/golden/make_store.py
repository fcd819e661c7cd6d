"""Make the golden store of the format that this version writes: `python tests/golden/make_store.py FOLDER`.

The stores kept beside this file were made by the versions whose format they have. A store of an earlier format is never
made again: later versions must open it as it is.
"""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa

from backtrail.runs.digests import digest
from backtrail.runs.store import Store

KEY = digest("golden", b"key")
FINISHED = "018c8f1a-0000-7abc-8def-000000000001"
FAILED = "018c8f1a-0001-7abc-8def-000000000002"
KILLED = "018c8f1a-0002-7abc-8def-000000000003"
SWEPT = [f"018c8f1a-0003-7abc-8def-00000000000{n}" for n in range(4)]


def equity() -> pa.Table:
    """Give a table whose times are long enough to be a blob of their own."""
    times = pa.array(np.arange(8192) * 60, type=pa.timestamp("s", tz="UTC"))
    return pa.table({"time": times, "value": np.arange(8192) % 7 * 0.5})


def make(folder: Path) -> None:
    """Make the store in *folder*."""
    with TemporaryDirectory() as index:
        store = Store.open(folder, index_folder=index)
        source, trace = store.put("value = 1  # é\n".encode()), store.put(b"Traceback: boom\n")
        code = {"entry": "sma.py", "files": [{"path": "sma.py", "raw": source, "size": 16, "role": "entry"}]}
        with store.begin(run=FINISHED, key=KEY, strategy="sma") as work:
            table = work.put_table(equity())
            work.commit(
                {
                    "params": {"period": 14, "window": (1, 2), "fee": Decimal("0.10"), "odd": {1: "a"}},
                    "code": code,
                    "data": [{"name": "d", "fingerprint": digest("golden", b"data"), "rows": 3}],
                    "split": {"set": "wf", "fold": 2},
                    "result": {
                        "metrics": {"sharpe_ratio": 1.25, "max_drawdown": 0.1, "nothing": float("nan")},
                        "artifacts": {"equity": table._asdict()},
                    },
                    "time": {"start": "2023-12-21T00:00:00+00:00", "end": "2023-12-21T00:00:02+00:00", "wall": 2.0},
                    "later": {"kept": ["as", "it", "is"]},
                }
            )
        store.commit({"run": FAILED, "status": "failed", "strategy": "sma", "exit": {"traceback": trace}})
        store.commit({"run": KILLED, "status": "killed", "strategy": "rsi"})
        sweep = store.sweep("grid", {"common": {"strategy": "sma", "code": code}, "objective": "sharpe_ratio", "n": 4})
        for n, run in enumerate(SWEPT):
            metrics = {"sharpe_ratio": n / 4}
            sweep.append({"run": run, "params": {"n": n}, "result": {"metrics": metrics}, "sweep": {"index": n}})
        sweep.close()
        store.tag(FINISHED, "golden")
        store.pin(FAILED, "to look at")
        store.close()
    for path in folder.glob("sweeps/grid/*.seg"):  # its name says which machine wrote it
        path.rename(path.with_name("golden-1-0.seg"))


if __name__ == "__main__":
    make(Path(sys.argv[1]))
