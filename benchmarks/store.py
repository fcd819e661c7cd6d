"""How fast the store of run records is: `python -m benchmarks.store [case …] [--folder DIR]`.

Cases: commit, records, best, hit, sweep. Each prints what it measured and what must be reached, and fails if it is not.
Times are those of the disk that the folder lies on (default: the current directory).
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa

from backtrail.runs.digests import digest
from backtrail.runs.store import Store

WRITERS = 8
RECORDS = 500
MANY = 100_000


def open_store(folder: Path) -> Store:
    return Store.open(folder / "store", index_folder=folder / "index")


def tables(seed: int, bars: int = 2_520) -> dict[str, pa.Table]:
    """Give the six tables of a run over ten years of daily bars with 250 trades."""
    random = np.random.default_rng(seed)
    times = pa.array(np.arange(bars) * 86_400_000_000_000, type=pa.timestamp("ns"))

    def table(rows: int, columns: int) -> pa.Table:
        held: dict[str, Any] = {"time": times.slice(0, rows)}
        held.update((f"c{i}", random.standard_normal(rows)) for i in range(columns))
        return pa.table(held)

    sizes = {"equity": (bars, 4), "positions": (bars, 3), "orders": (500, 12), "fills": (500, 8)}
    found = {name: table(*size) for name, size in sizes.items()}
    return {**found, "trades": table(250, 10), "log": table(100, 3)}


def record(seed: int, artifacts: dict[str, Any] | None = None) -> dict[str, Any]:
    """Give what a run records of itself."""
    random = np.random.default_rng(seed)
    names = ("sharpe_ratio", "total_return", "max_drawdown", "volatility", "trades", "win_rate", "exposure", "cagr")
    return {
        "strategy": "SmaCross",
        "key": digest("benchmark", str(seed).encode()),
        "params": {"fast": int(random.integers(2, 50)), "slow": int(random.integers(50, 300)), "stop": 0.02},
        "result": {"metrics": dict(zip(names, random.standard_normal(8).tolist())), "artifacts": artifacts or {}},
        "time": {"wall": 0.1},
    }


def percentile(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * share))] * 1e3


def commit(folder: Path) -> list[tuple[str, float, float]]:
    """Time a durable commit of six tables, encoding included: lease, blobs, manifest, key, index."""
    store = open_store(folder)
    times = []
    for seed in range(320):
        held = tables(seed)
        start = perf_counter()
        with store.begin(strategy="SmaCross") as work:
            artifacts = {name: stored._asdict() for name, stored in work.put_tables(held).items()}
            work.commit(record(seed, artifacts))
        times.append(perf_counter() - start)
    times = times[20:]
    return [("commit of six tables, p50, ms", percentile(times, 0.5), 10), ("p99, ms", percentile(times, 0.99), 30)]


def write_records(folder: Path, writer: int, start: Any, count: int) -> None:
    store = open_store(folder)
    sweep = store.sweep("grid")
    records = [record(writer * count + number) for number in range(count)]
    start.wait()
    for item in records:
        sweep.append(item)
    sweep.close()


def records(folder: Path) -> list[tuple[str, float, float]]:
    """Let eight processes append 500 durable records each to a sweep."""
    store = open_store(folder)
    store.sweep("grid", {"common": {"strategy": "SmaCross"}, "objective": "sharpe_ratio"})
    context = multiprocessing.get_context("fork")
    start = context.Barrier(WRITERS + 1)
    writers = [context.Process(target=write_records, args=(folder, i, start, RECORDS)) for i in range(WRITERS)]
    for writer in writers:
        writer.start()
    start.wait()
    began = perf_counter()
    for writer in writers:
        writer.join()
    rate = WRITERS * RECORDS / (perf_counter() - began)
    lost = WRITERS * RECORDS - len(store.runs(sweep="grid"))
    return [("8 processes × 500 durable records, per second", rate, -3_000), ("records lost", lost, 0)]


def best(folder: Path) -> list[tuple[str, float, float]]:
    """Ask for the best of 100,000 runs and compare 1,000 of them."""
    store = open_store(folder)
    sweep = store.sweep("large", {"common": {"strategy": "SmaCross"}, "objective": "sharpe_ratio"})
    for first in range(0, MANY, 5_000):
        sweep.append_all([record(number) for number in range(first, first + 5_000)])
    sweep.close()
    began = perf_counter()
    store.runs(limit=1)
    print(f"  (reading {MANY:,} records into the index: {perf_counter() - began:.1f} s)")
    latest = best_time(lambda: store.best("sharpe_ratio", 5), 21)
    overall = best_time(lambda: store.best("sharpe_ratio", 5, scope="all"), 21)
    lower = best_time(lambda: store.best("max_drawdown", 5), 21)
    ids = store.runs(limit=1_000).ids
    compared = best_time(lambda: store.compare(ids).columns(), 11)
    return [
        ("best five of 100,000 runs like the latest, ms", latest, 5),
        ("best five of all 100,000, ms", overall, 5),
        ("best five of 100,000 by drawdown, ms", lower, 5),
        ("compare 1,000 runs, ms", compared, 50),
    ]


def hit(folder: Path) -> list[tuple[str, float, float]]:
    """Look up a key that is there, one that is not, and read back 100,000 rows of equity."""
    store = open_store(folder)
    with store.begin() as work:
        equity = work.put_table(tables(1, 100_000)["equity"])
        others = {name: work.put_table(table)._asdict() for name, table in tables(2).items() if name != "equity"}
        work.commit(record(1, {"equity": equity._asdict(), **others}))
    key, absent = record(1)["key"], record(2)["key"]
    assert store.lookup(key) is not None

    def read() -> None:
        run = store.lookup(key)
        assert run is not None
        run.equity  # noqa: B018

    return [
        ("lookup of a hit, ms", best_time(lambda: store.lookup(key), 201), 0.3),
        ("lookup of a miss, ms", best_time(lambda: store.lookup(absent), 201), 0.3),
        ("hit and 100,000 rows × 4 columns of equity, ms", best_time(read, 21), 5),
    ]


def sweep(folder: Path) -> list[tuple[str, float, float]]:
    """Store the code of a sweep of 1,000 runs: as often as there are files, not as there are runs."""
    store = open_store(folder)
    sources = [b"value = %d\n" % number * 400 for number in range(20)]
    for seed in range(1_000):
        digests = store.put_all(sources)
        files = [{"path": f"f{i}.py", "raw": raw, "size": len(sources[i])} for i, raw in enumerate(digests)]
        store.commit({**record(seed), "sweep": {"id": "code", "index": seed}, "code": {"files": files}})
    stored = sum(1 for _ in store.files.list("objects"))
    return [("files of code stored by 1,000 runs of 20 files", stored, 20)]


def best_time(question: Callable[[], object], times: int) -> float:
    """Give the median time of *question* in milliseconds, after one that is not counted."""
    question()
    found = []
    for _ in range(times):
        began = perf_counter()
        question()
        found.append(perf_counter() - began)
    return statistics.median(found) * 1e3


CASES = {"commit": commit, "records": records, "best": best, "hit": hit, "sweep": sweep}


def main() -> int:
    parser = argparse.ArgumentParser(description="measure the store of run records")
    parser.add_argument("cases", nargs="*", choices=[*CASES, []], help="what to measure (default: everything)")
    parser.add_argument("--folder", default=os.curdir, help="where to put the store (default: here)")
    arguments = parser.parse_args()
    missed = 0
    for name in arguments.cases or CASES:
        with tempfile.TemporaryDirectory(prefix="bench-store-", dir=arguments.folder) as folder:
            for what, found, limit in CASES[name](Path(folder)):
                reached = found >= -limit if limit < 0 else found <= limit
                bound = f"≥ {-limit:,.0f}" if limit < 0 else f"≤ {limit:g}"
                print(f"{name:8} {what:52} {found:>12,.3f}   must be {bound:8} {'' if reached else 'MISSED'}")
                missed += not reached
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
