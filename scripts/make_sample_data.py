#!/usr/bin/env python3
"""Write the daily bars that the quickstart runs on: ten invented years of a share, the same in every run.

Prices follow a random walk whose volatility comes in clusters and whose drift changes every few months; bars exist on
the days on which American exchanges are open. Needs nothing but Python::

    python scripts/make_sample_data.py            # writes src/backtrail/cli/data/sample-daily.csv
    python scripts/make_sample_data.py --check    # fails if the file is not what would be written
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from datetime import date, timedelta
from pathlib import Path

SEED = 1812
START = date(2015, 1, 1)
END = date(2024, 12, 31)
TARGET = Path(__file__).resolve().parent.parent / "src" / "backtrail" / "cli" / "data" / "sample-daily.csv"

_MONDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 3, 5, 6


def easter(year: int) -> date:
    """Give Easter Sunday of the Gregorian calendar (Meeus, Jones, Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def nth_weekday(year: int, month: int, weekday: int, n: int) -> date:
    """Give the *n*-th *weekday* of a month; -1 is the last one."""
    if n > 0:
        first = date(year, month, 1)
        return first + timedelta((weekday - first.weekday()) % 7 + 7 * (n - 1))
    last = date(year + month // 12, month % 12 + 1, 1) - timedelta(1)
    return last - timedelta((last.weekday() - weekday) % 7)


def observed(day: date) -> date:
    """Move a holiday that falls on a weekend to the nearest working day."""
    return day + timedelta({_SATURDAY: -1, _SUNDAY: 1}.get(day.weekday(), 0))


def holidays(year: int) -> set[date]:
    """Give the days of the week on which the exchange is closed."""
    return {
        observed(date(year, 1, 1)),
        nth_weekday(year, 1, _MONDAY, 3),
        nth_weekday(year, 2, _MONDAY, 3),
        easter(year) - timedelta(2),
        nth_weekday(year, 5, _MONDAY, -1),
        observed(date(year, 7, 4)),
        nth_weekday(year, 9, _MONDAY, 1),
        nth_weekday(year, 11, _THURSDAY, 4),
        observed(date(year, 12, 25)),
    }


def trading_days() -> list[date]:
    """Give the days from START to END on which the exchange is open."""
    closed = {day for year in range(START.year, END.year + 2) for day in holidays(year)}
    days = (START + timedelta(n) for n in range((END - START).days + 1))
    return [day for day in days if day.weekday() < _SATURDAY and day not in closed]


def bars() -> list[str]:
    """Give the rows of the file."""
    rng = random.Random(SEED)
    close = 42.0
    variance = usual = 0.0125**2
    drift, left = 0.0, 0
    shock = 0.0
    rows = ["Date,Open,High,Low,Close,Volume,OpenInterest"]
    for day in trading_days():
        if left == 0:
            drift = rng.gauss(0.00035, 0.0011)
            left = rng.randint(40, 160)
        left -= 1
        variance = 0.04 * usual + 0.08 * shock * shock + 0.88 * variance
        spread = math.sqrt(variance)
        gap = rng.gauss(0.0, 0.35 * spread)
        shock = rng.gauss(0.0, spread)
        opened = close * math.exp(gap)
        close = opened * math.exp(drift + shock - gap * 0.1)
        high = max(opened, close) * math.exp(abs(rng.gauss(0.0, 0.45 * spread)))
        low = min(opened, close) * math.exp(-abs(rng.gauss(0.0, 0.45 * spread)))
        volume = int(1_200_000 * math.exp(rng.gauss(0.0, 0.25) + 9.0 * abs(shock)))
        rows.append(f"{day:%Y-%m-%d},{opened:.2f},{high:.2f},{low:.2f},{close:.2f},{volume},0")
        close = round(close, 2)
    return rows


def main() -> int:
    """Write the file, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    text = "\n".join(bars()) + "\n"
    if parser.parse_args().check:
        same = TARGET.exists() and TARGET.read_text(encoding="utf-8") == text
        print(
            f"{TARGET.name}: {'as generated' if same else 'differs from what the script generates: run it again'}"
        )
        return 0 if same else 1
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(text, encoding="utf-8")
    print(f"wrote {text.count(chr(10)) - 1} bars to {TARGET}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
