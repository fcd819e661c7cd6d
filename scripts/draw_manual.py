#!/usr/bin/env python3
"""Draw the pictures of the manual that show runs: analyzers, observers, sizers, orders, sessions, filters.

`python scripts/draw_manual.py` writes docs/images/*.svg; with `--check` it only tells whether they are as they would be
written. Everything in them comes out of runs over the sample data, or over bars made from a seed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import manual_account
import manual_bars
import manual_time

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "images"
PICTURES = {**manual_account.PICTURES, **manual_bars.PICTURES, **manual_time.PICTURES}


def main(argv: list[str] | None = None) -> int:
    """Write the pictures, or check them."""
    parser = argparse.ArgumentParser(description="Draw the pictures of the manual.")
    parser.add_argument("--check", action="store_true", help="only tell whether the files are up to date")
    args = parser.parse_args(argv)
    stale = []
    for name, draw in PICTURES.items():
        file, text = FOLDER / f"{name}.svg", draw().svg()
        if args.check:
            if not file.exists() or file.read_text(encoding="utf-8") != text:
                stale.append(file.name)
        else:
            file.write_text(text, encoding="utf-8")
    if stale:
        print(f"not as {Path(__file__).name} draws them: {', '.join(stale)}; run it", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
