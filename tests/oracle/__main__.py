"""Fuzz from the command line: `python -m tests.oracle [FAMILY …] --seeds 0:200 [--shrink] [--save NAME]`.

Every diverging seed is printed with its first difference; with `--shrink` it is made small and printed as a program,
with `--save NAME` the small one is kept as the regression case NAME. Exits with 1 when something diverged.
"""

from __future__ import annotations

import argparse
import functools
import logging
import sys
from collections import Counter
from pathlib import Path
from time import perf_counter

from tests.oracle.compare import compare
from tests.oracle.generate import FAMILIES, generate
from tests.oracle.shrink import save_case, script, shrink

REGRESSIONS = Path(__file__).resolve().parent.parent / "contract" / "fuzz" / "regressions"


def main(argv: list[str] | None = None) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="tests.oracle", description="Compare generated runs with backtrader."
    )
    parser.add_argument(
        "families", nargs="*", metavar="FAMILY", help=f"of {', '.join(FAMILIES)}; all if none"
    )
    parser.add_argument("--seeds", default="0:50", metavar="FROM:TO", help="seeds to run (0:50)")
    parser.add_argument(
        "--shrink", action="store_true", help="make diverging runs small and print them as programs"
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="time for each shrinking (60)")
    parser.add_argument("--save", metavar="NAME", help="keep the first small run as the regression case NAME")
    parser.add_argument("--about", default="", help="what went wrong, for --save")
    parser.add_argument("--loose", action="store_true", help="take 1 for 1.0 and -0.0 for 0.0")
    parser.add_argument("--bare", action="store_true", help="without indicators, observers and analyzers")
    parser.add_argument("--stop", type=int, default=0, metavar="N", help="stop a family after N divergences")
    args = parser.parse_args(argv)
    logging.disable(logging.WARNING)  # refused orders are what is looked for
    first, last = (int(part) for part in args.seeds.split(":"))
    check = functools.partial(compare, strict=not args.loose)
    failures = 0
    for family in args.families or FAMILIES:
        kinds: Counter[str] = Counter()
        begin, ran, bad = perf_counter(), 0, 0
        for seed in range(first, last):
            spec = generate(seed, family)
            if args.bare:
                spec["cerebro"]["stdstats"] = False
                spec["analyzers"] = []
                for strategy in spec["strategies"]:
                    strategy["indicators"] = []
            found = check(spec)
            ran += 1
            if found is None:
                continue
            bad += 1
            kinds[found.signature] += 1
            if kinds[found.signature] == 1:
                print(f"{family} {seed}\n{found}\n")
                if args.shrink or args.save:
                    small, found = shrink(spec, check, seconds=args.seconds)
                    print(f"{found}\n\n{script(small)}")
                    if args.save:
                        save_case(small, REGRESSIONS / f"{args.save}.json", args.about)
                        return 1
            if args.stop and bad >= args.stop:
                break
        failures += bad
        took = perf_counter() - begin
        print(
            f"{family}: {bad} of {ran} diverged in {took:.1f} s {dict(kinds) or ''}",
            file=sys.stderr,
            flush=True,
        )
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
