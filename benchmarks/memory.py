"""Peak memory of one run, in its own process: `python memory.py MODULE BARS`. Prints one JSON object.

The growth of the process's peak resident size between the start of `run()` and its end is compared with the size of the
lines that the run keeps: the seven lines of the data, the strategy's datetime, two averages and their crossing.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
from pathlib import Path

KEPT_LINES = 7 + 1 + 2 + 1
ALLOWED = 1.3


def _status(field: str) -> int:
    for row in Path("/proc/self/status").read_text().splitlines():
        if row.startswith(field + ":"):
            return int(row.split()[1]) * 1024
    raise KeyError(field)


def _reset_peak() -> bool:
    """Set the peak back to the present size where the kernel allows it."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def main() -> None:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from benchmarks import cases, data

    bt = importlib.import_module(sys.argv[1])
    count = int(sys.argv[2])
    frame = data.bars(count)
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame, timeframe=bt.TimeFrame.Minutes))
    cerebro.broker.setcommission(commission=0.001)
    cerebro.addstrategy(cases.sma_cross_strategy(bt), fast=100, slow=400)  # few orders: lines are what is measured
    exact = _reset_peak()
    before = _status("VmRSS") if exact else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    strategy = cerebro.run()[0]
    after = _status("VmHWM") if exact else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    kept = count * KEPT_LINES * 8
    report = {
        "bars": count,
        "kept_lines": KEPT_LINES,
        "kept_bytes": kept,
        "growth_bytes": after - before,
        "ratio": (after - before) / kept,
        "allowed": ALLOWED,
        "orders": strategy.order_count,
        "method": "VmHWM after a reset" if exact else "ru_maxrss",
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
