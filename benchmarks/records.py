"""What recording costs a run, and how fast a hit is: `python -m benchmarks.records [case …] [--folder DIR]`.

Cases:

capture   from the beginning of `Cerebro.run` to the first bar and what is done of it afterwards besides the store:
          closure, key, environment; the first run of a process (memo of the code warm) and the following ones
commit    the durable commit of a run with six tables, as `Cerebro.run` makes it: encoding, writing, flushing
hit       `Cerebro(cache="use").run()` with 100,000 rows of equity
lookup    key and lookup of a hit on ten years of daily bars, the bars loaded
journal   what it costs a run without a store that its result can be asked for afterwards

Each prints what it measured and what must be reached, and fails if it is not.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import backtrail as bt
from backtrail.broker.journal import Journal, Nowhere
from backtrail.engine.run import Run
from backtrail.runs import record
from backtrail.runs.store import Store
from backtrail.runs.store.work import Work
from benchmarks import cases, data

CROSS = cases.sma_cross_strategy(bt)
DAILY = 2_520
MINUTES = 100_000


def prepared(store: Any, frame: Any, **kwargs: Any) -> bt.Cerebro:
    """Make the Cerebro that is measured."""
    cerebro = bt.Cerebro(store=store, stdstats=False, **kwargs)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame), name="X")
    cerebro.addstrategy(CROSS)
    cerebro.addanalyzer(bt.analyzers.TradeAnalyzer)
    cerebro.addanalyzer(bt.analyzers.SharpeRatio)
    cerebro.broker.setcommission(commission=0.001)
    return cerebro


def timed(call: Callable[[], Any], count: int) -> list[float]:
    """Give the wall times of *count* calls in ms."""
    found = []
    for _ in range(count):
        begin = perf_counter()
        call()
        found.append((perf_counter() - begin) * 1e3)
    return found


def said(name: str, value: float, must: float) -> bool:
    """Print one figure; tell whether it is reached."""
    print(f"{name:<58} {value:8.2f} ms   must {must:g}   {'ok' if value <= must else 'MISSED'}")
    return value <= must


_FIRST = """
import json, sys, time
from benchmarks.records import captured
print(json.dumps(captured(sys.argv[1])))
"""


def captured(folder: str, count: int = 20) -> dict[str, float]:
    """Measure the making of a recording, the loading and fingerprint of the bars apart."""
    store = Store.open(folder)
    frame = data.bars(DAILY, "B")
    times = []
    for _ in range(count):
        cerebro = prepared(store, frame)
        run = Run(cerebro.spec([next(iter(cerebro.strats[0]))]), cerebro)
        record.Recording._read_feeds(_Feeds(run))
        begin = perf_counter()
        made = _Capture(cerebro, run, store, None)
        made.key  # noqa: B018
        record.env_entry(made.closure.root, made.closure.packages)
        times.append((perf_counter() - begin) * 1e3)
        made.git.state()
    return {"first": times[0], "after": min(times[1:]), "median": statistics.median(times[1:])}


class _Feeds(record.Recording):
    """Only the feeds of a recording."""

    def __init__(self, run: Any) -> None:
        self.run = run
        self.feeds = []
        self.uncacheable = ""


class _Capture(record.Recording):
    """A recording whose bars are fingerprinted already."""

    def _read_feeds(self) -> None:
        self.feeds = []


def measure_capture(folder: Path) -> bool:
    """Measure capture in fresh processes, the second of which finds the memo of the code."""
    root = Path(__file__).resolve().parent.parent
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # modules are compiled once, as where they are installed
    figures = []
    for _ in range(4):
        done = subprocess.run(
            [sys.executable, "-c", _FIRST, str(folder / "capture")],
            cwd=root, env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        figures.append(json.loads(done.stdout))
    warm = figures[1:]
    first = said("capture, first run of a process", min(one["first"] for one in warm), 25)
    return said("capture, following runs", min(one["after"] for one in warm), 2) and first


def measure_commit(folder: Path) -> bool:
    """Measure what the store takes of the end of runs over daily bars: encoding, writing and flushing of tables."""
    store = Store.open(folder / "commit")
    frame = data.bars(DAILY, "B")
    spent: dict[str, list[float]] = {"finished": [], "store": []}
    usual = {(kind, name): getattr(kind, name) for kind, name in _ENDING}

    def watched(kind: Any, name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            begin = perf_counter()
            try:
                return usual[kind, name](*args, **kwargs)
            finally:
                took = (perf_counter() - begin) * 1e3
                if kind is Work:
                    spent["store"][-1] += took
                else:
                    spent["finished"].append(took)

        return call

    for kind, name in _ENDING:
        setattr(kind, name, watched(kind, name))
    try:
        for stake in range(120):
            cerebro = prepared(store, frame)
            cerebro.addsizer(bt.sizers.FixedSize, stake=1 + stake)
            spent["store"].append(0.0)
            cerebro.run()
    finally:
        for (kind, name), call in usual.items():
            setattr(kind, name, call)
    whole, stored = sorted(spent["finished"][5:]), sorted(spent["store"][5:])
    print(f"{'end of a run, tables and figures made, p50':<58} {whole[len(whole) // 2]:8.2f} ms")
    half = said("durable commit of a run, p50", stored[len(stored) // 2], 10)
    return said("durable commit of a run, p99", stored[int(len(stored) * 0.99)], 30) and half


_ENDING = ((record.Recording, "finished"), (Work, "put"), (Work, "put_tables"), (Work, "commit"))


def measure_hit(folder: Path) -> bool:
    """Measure a run that is taken from the store."""
    store = Store.open(folder / "hit")
    frame = data.bars(MINUTES)
    first = prepared(store, frame, cache="use")
    first.run()
    hit = prepared(store, frame, cache="use")
    hit.run()
    if hit.run_id != first.run_id:
        raise SystemExit("the run was not found again")
    loading = min(timed(lambda: record.load(hit.datas[0]), 10))
    whole = min(timed(hit.run, 20))
    print(f"{'a hit with 100,000 bars, loading of the bars included':<58} {whole:8.2f} ms")
    return said("a hit with 100,000 rows of equity, bars loaded", whole - loading, 5)


def measure_lookup(folder: Path) -> bool:
    """Measure key and lookup on daily bars that are loaded."""
    store = Store.open(folder / "lookup")
    frame = data.bars(DAILY, "B")
    prepared(store, frame, cache="use").run()
    cerebro = prepared(store, frame, cache="use")
    run = Run(cerebro.spec([next(iter(cerebro.strats[0]))]), cerebro)
    run.preloaded = True
    record.load(cerebro.datas[0])
    time.sleep(2.1)  # the folder of the stores was made: what changed less than two seconds ago is read again

    def once(where: Store = store) -> None:
        made = record.Recording(cerebro, run, where, "use")
        if made.key is None or where.lookup(made.key.digest) is None:
            raise SystemExit("the run was not found again")

    others = iter([Store.open(folder / "lookup") for _ in range(60)])
    first = min(timed(lambda: once(next(others)), 60))
    print(f"{'the same, the record read for the first time':<58} {first:8.2f} ms")
    return said("key and lookup of a hit, daily bars", min(timed(once, 60)), 1)


def measure_journal(folder: Path) -> bool:
    """Compare a run that keeps its journal with one that does not."""
    run = cases.prepare_sma_cross(MINUTES, folder)
    usual = Journal.discard

    def forget(journal: Journal) -> None:
        usual(journal)
        journal.kept = False
        journal.moves = Nowhere()

    spent: dict[Any, list[float]] = {usual: [], forget: []}
    for pair in range(60):
        for way in (usual, forget) if pair % 2 else (forget, usual):
            Journal.discard = way  # type: ignore[method-assign]
            gc.collect()
            begin = process_time()
            run(bt)
            spent[way].append(process_time() - begin)
    Journal.discard = usual  # type: ignore[method-assign]
    more = statistics.median(one - other for one, other in zip(spent[usual], spent[forget], strict=True))
    cost = more / statistics.median(spent[forget]) * 100
    print(
        f"{'what the result costs a run that nobody asks for it':<58} {cost:8.2f} %    must 3   "
        f"{'ok' if cost <= 3 else 'MISSED'}"
    )
    return cost <= 3


CASES = {
    "capture": measure_capture,
    "commit": measure_commit,
    "hit": measure_hit,
    "lookup": measure_lookup,
    "journal": measure_journal,
}  # fmt: skip


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="benchmarks.records", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(CASES)}; all if none")
    parser.add_argument("--folder", type=Path, default=Path.cwd(), help="where the stores are made")
    args = parser.parse_args()
    good = True
    with tempfile.TemporaryDirectory(dir=args.folder, prefix=".benchmark-") as folder:
        for name in args.cases or CASES:
            good = CASES[name](Path(folder)) and good
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
