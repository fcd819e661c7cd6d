"""Measure backtrail side by side with backtrader: `python benchmarks/run.py` (or `make bench`).

Each case is run by both engines in this process, alternating, after a warm-up of backtrail; a ratio is taken of every
pair. The table goes to stdout, progress to stderr, and all figures to a JSON file that a later run can be compared with
(`--compare FILE`).
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time
from types import ModuleType
from typing import Any

HERE = Path(__file__).resolve().parent
if __name__ == "__main__" and str(HERE.parent) not in sys.path:  # run as a file
    sys.path.insert(0, str(HERE.parent))

from benchmarks import bare  # noqa: E402
from benchmarks.cases import CASES, Case, Outcome, Run  # noqa: E402
from benchmarks.data import bars, write_csv  # noqa: E402

FRESH = ("fresh", "fresh process, 2,500 days, 3 analyzers", 2_500, 1.3, 1.8)
SPECIAL = ("fresh", "bare", "memory")


def say(text: str) -> None:
    """Report progress on stderr."""
    print(text, file=sys.stderr, flush=True)


def timed(run: Run, bt: ModuleType, clock: Callable[[], float] = perf_counter) -> tuple[float, Outcome]:
    """Run once, garbage collected beforehand; give seconds and outcome."""
    gc.collect()
    begin = clock()
    outcome = run(bt)
    return clock() - begin, outcome


def summary(ours: list[float], theirs: list[float]) -> dict[str, Any]:
    """Put the seconds of both sides and their ratios, pair by pair, into one record."""
    record: dict[str, Any] = {}
    if ours:
        record["ours_s"] = ours
        record["ours_min_s"] = min(ours)
        record["ours_median_s"] = statistics.median(ours)
    if theirs:
        record["theirs_s"] = theirs
        record["theirs_min_s"] = min(theirs)
        record["theirs_median_s"] = statistics.median(theirs)
    if ours and theirs:
        pairs = [b / a for a, b in zip(ours, theirs, strict=False)]
        record["ratio_min"] = min(pairs)
        record["ratio_median"] = statistics.median(pairs)
        record["ratio_best"] = min(theirs) / min(ours)
    return record


def measure(case: Case, ours: ModuleType | None, theirs: ModuleType | None, args: Any, folder: Path) -> dict[str, Any]:
    """Measure one case; raise RuntimeError when the engines disagree on the outcome."""
    size = case.quick if args.quick else case.size
    run = case.prepare(size, folder)
    clock = process_time if args.cpu else perf_counter
    seconds_ours: list[float] = []
    seconds_theirs: list[float] = []
    outcomes: list[Outcome] = []
    if ours is not None:
        for _ in range(args.warmup):
            timed(run, ours, clock)
    for number in range(args.repeats):
        if theirs is not None:
            took, outcome = timed(run, theirs, clock)
            seconds_theirs.append(took)
            outcomes.append(outcome)
            say(f"  {case.name} {number + 1}/{args.repeats}: backtrader {took:.3f} s")
        if ours is not None:
            tries = sorted((timed(run, ours, clock) for _ in range(args.inner)), key=lambda pair: pair[0])
            took, outcome = tries[args.inner // 2]
            seconds_ours.append(took)
            outcomes.append(outcome)
            say(f"  {case.name} {number + 1}/{args.repeats}: backtrail  {took:.4f} s")
    if len(set(outcomes)) != 1:
        raise RuntimeError(f"{case.name}: the engines disagree: {sorted(set(outcomes), key=str)}")
    record = summary(seconds_ours, seconds_theirs)
    record.update(size=size, title=case.title, must=case.must, aim=case.aim, outcome=asdict(outcomes[0]))
    if seconds_ours:
        record["ours_bars_per_s"] = outcomes[0].bars / min(seconds_ours)
    return record


def measure_fresh(use_ours: bool, use_theirs: bool, args: Any, folder: Path) -> dict[str, Any]:
    """Time whole processes that import, load, run and analyse 2,500 daily bars."""
    name, title, size, must, aim = FRESH
    path = write_csv(bars(size, "B", volatility=0.01), folder / "days.csv", intraday=False)
    seconds: dict[str, list[float]] = {"backtrail": [], "backtrader": []}
    printed: set[str] = set()

    def once(module: str) -> float:
        begin = perf_counter()
        command = [sys.executable, str(HERE / "fresh.py"), module, str(path)]
        printed.add(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        return perf_counter() - begin

    if use_ours:
        once("backtrail")
    for number in range(max(args.repeats, 5)):
        for module, wanted in (("backtrader", use_theirs), ("backtrail", use_ours)):
            if wanted:
                seconds[module].append(once(module))
                say(f"  {name} {number + 1}: {module} {seconds[module][-1]:.3f} s")
    if len(printed) != 1:
        raise RuntimeError(f"{name}: the engines disagree: {sorted(printed)}")
    record = summary(seconds["backtrail"], seconds["backtrader"])
    record.update(size=size, title=title, must=must, aim=aim, outcome=printed.pop().split())
    return record


def measure_memory(args: Any) -> dict[str, Any]:
    """Measure the growth of peak memory during `run()` in a process of its own."""
    count = 500_000 if args.quick else 5_000_000
    command = [sys.executable, str(HERE / "memory.py"), "backtrail", str(count)]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    record: dict[str, Any] = json.loads(out.splitlines()[-1])
    return record


def machine() -> dict[str, str]:
    """Describe the machine and the versions that the figures belong to."""
    cpu = platform.processor()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [row.split(":", 1)[1].strip() for row in info.read_text().splitlines() if row.startswith("model name")]
        cpu = f"{names[0]} x {len(names)}" if names else cpu
    from importlib.metadata import PackageNotFoundError, version

    found = {"cpu": cpu, "system": platform.platform(), "python": platform.python_version()}
    for package in ("backtrail", "backtrader", "numpy", "numba", "pandas", "pyarrow"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def table(results: dict[str, dict[str, Any]], earlier: dict[str, dict[str, Any]]) -> str:
    """Lay the results out as a Markdown table, with the ratio of an earlier run beside them if there is one."""
    head = ["case", "backtrader s", "backtrail s", "ratio min", "ratio median", "must", "aim", "verdict"]
    if earlier:
        head += ["earlier s", "change"]
    rows = [head, ["---"] * len(head)]
    for name, record in results.items():
        if name in ("bare", "memory"):
            continue
        ours, theirs, ratio = record.get("ours_min_s"), record.get("theirs_min_s"), record.get("ratio_median")
        verdict = ""
        if ratio is not None:
            verdict = "aim" if ratio >= record["aim"] else "must" if ratio >= record["must"] else "MISSED"
        row = [
            record["title"],
            f"{theirs:.3f}" if theirs else "",
            f"{ours:.4f}" if ours else "",
            f"{record['ratio_min']:.1f}x" if ratio else "",
            f"{ratio:.1f}x" if ratio else "",
            f"{record['must']:g}x",
            f"{record['aim']:g}x",
            verdict,
        ]
        if earlier:
            before = earlier.get(name, {})
            same = before.get("size") == record["size"] and before.get("ours_min_s") and ours
            row += [f"{before['ours_min_s']:.4f}", f"{ours / before['ours_min_s'] - 1:+.1%}"] if same else ["", ""]
        rows.append(row)
    widths = [max(len(row[k]) for row in rows) for k in range(len(head))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in rows]
    return "\n".join(lines)


def notes(results: dict[str, dict[str, Any]]) -> list[str]:
    """Word the figures that are not ratios against backtrader."""
    lines = []
    speed = results.get("sma_cross", {}).get("ours_bars_per_s")
    if speed:
        lines.append(f"SMA cross, load + run: {speed / 1e6:.2f} million bars/s")
    speed = results.get("bare", {}).get("engine_bars_per_s")
    if speed:
        lines.append(f"engine, SMA cross, from start() to stop(): {speed / 1e6:.2f} million bars/s")
    for kind in ("inline", "objects"):
        loop = results.get("bare", {}).get(f"{kind}_bars_per_s")
        if loop:
            share = f", {loop / speed:.2f} times the engine" if speed else ""
            lines.append(f"bare Python loop, {kind}: {loop / 1e6:.2f} million bars/s{share}")
    memory = results.get("memory")
    if memory:
        verdict = "within" if memory["ratio"] <= memory["allowed"] else "BEYOND"
        lines.append(
            f"memory: {memory['growth_bytes'] / 2**20:.0f} MiB for {memory['bars']:,} bars, {memory['ratio']:.2f} of "
            f"the {memory['kept_lines']} lines kept ({verdict} the {memory['allowed']} allowed)"
        )
    return lines


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    names = [case.name for case in CASES] + list(SPECIAL)
    parser = argparse.ArgumentParser(prog="benchmarks", description="Measure backtrail beside backtrader.")
    parser.add_argument("--case", action="append", choices=names, help="only this case (repeat for more)")
    parser.add_argument("--quick", action="store_true", help="fewer bars; ratios are then smaller")
    parser.add_argument("--repeats", type=int, default=3, help="pairs of runs per case (3)")
    parser.add_argument("--warmup", type=int, default=20, help="unmeasured runs of backtrail per case (20)")
    parser.add_argument("--inner", type=int, default=3, help="runs of backtrail per pair; the median counts (3)")
    parser.add_argument("--cpu", action="store_true", help="measure processor time: for machines that are busy")
    parser.add_argument("--ours-only", action="store_true", help="measure backtrail alone")
    parser.add_argument("--theirs-only", action="store_true", help="measure backtrader alone")
    parser.add_argument("--compare", type=Path, metavar="FILE", help="show the change against this JSON file")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write the figures")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run what the command line asks for; give 1 if a bar that must be cleared was missed."""
    args = parse(argv)
    wanted = args.case or [case.name for case in CASES] + list(SPECIAL)
    ours = None if args.theirs_only else importlib.import_module("backtrail")
    theirs = None if args.ours_only else importlib.import_module("backtrader")
    results: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if "bare" in wanted:
            say("bare loop")
            results["bare"] = {
                "inline_bars_per_s": bare.bars_per_second(bare.inline),
                "objects_bars_per_s": bare.bars_per_second(bare.objects),
            }
            if ours is not None:
                results["bare"]["engine_bars_per_s"] = bare.engine_bars_per_second(ours)
        for case in CASES:
            if case.name in wanted:
                say(f"{case.title} ({case.quick if args.quick else case.size:,} bars)")
                results[case.name] = measure(case, ours, theirs, args, folder)
        if "fresh" in wanted:
            say(FRESH[1])
            results["fresh"] = measure_fresh(ours is not None, theirs is not None, args, folder)
        if "memory" in wanted and ours is not None:
            say("memory")
            results["memory"] = measure_memory(args)
    stamp = datetime.now(UTC)
    path = args.json or HERE / "results" / f"{stamp:%Y%m%dT%H%M%S}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    taken = stamp.isoformat(timespec="seconds")
    record = {"taken": taken, "quick": args.quick, "cpu_time": args.cpu, "machine": machine(), "results": results}
    path.write_text(json.dumps(record, indent=1) + "\n")
    earlier = json.loads(args.compare.read_text())["results"] if args.compare else {}
    print(table(results, earlier))
    for line in notes(results):
        print(line)
    print(f"figures: {path}")
    missed = [n for n, r in results.items() if "ratio_median" in r and r["ratio_median"] < r["must"]]
    return 1 if missed and not args.quick else 0


if __name__ == "__main__":
    raise SystemExit(main())
