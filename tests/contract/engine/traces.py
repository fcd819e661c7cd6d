"""Run one scenario on backtrader and on backtrail, and compare what it saw, value by value."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random
from types import ModuleType
from typing import Any

import backtrader
from tests.oracle import differs

import backtrail
from backtrail.errors import BacktrailWarning

MODES: dict[str, dict[str, Any]] = {
    "vectorised": {},
    "stepped": {"runonce": False},
    "delivered": {"preload": False},
    "saving": {"exactbars": 1},
}
START = datetime(2024, 1, 1)
Row = tuple[datetime, float, float, float, float, float]

_feeds: dict[ModuleType, Any] = {}


def rows(
    count: int = 10,
    seed: int = 1,
    start: datetime = START,
    step: timedelta = timedelta(days=1),
    holes: float = 0.0,
) -> list[Row]:
    """Give *count* random bars as (time, open, high, low, close, volume)."""
    rng = Random(seed)
    made: list[Row] = []
    price, now = 100.0, start
    while len(made) < count:
        if rng.random() >= holes:
            opened = price + rng.gauss(0.0, 1.0)
            price = opened + rng.gauss(0.0, 1.0)
            high, low = (
                max(opened, price) + abs(rng.gauss(0.0, 0.5)),
                min(opened, price) - abs(rng.gauss(0.0, 0.5)),
            )
            made.append((now, opened, high, low, price, float(rng.randint(0, 500))))
        now += step
    return made


def feed(lib: ModuleType, bars: Sequence[Row] | int = 10, **kwargs: Any) -> Any:
    """Give a feed of *lib* that loads *bars* (or as many random ones) one by one."""
    if lib not in _feeds:

        class Rows(lib.feed.DataBase):  # type: ignore[misc,name-defined]
            params = (("rows", ()),)

            def start(self) -> None:
                super().start()
                self.at = 0

            def _load(self) -> bool:
                if self.at >= len(self.p.rows):
                    return False
                row = self.p.rows[self.at]
                self.at += 1
                self.lines.datetime[0] = lib.date2num(row[0])
                for name, value in zip(("open", "high", "low", "close", "volume"), row[1:], strict=True):
                    getattr(self.lines, name)[0] = value
                self.lines.openinterest[0] = 0.0
                return True

        _feeds[lib] = Rows
    return _feeds[lib](rows=tuple(rows(bars) if isinstance(bars, int) else bars), **kwargs)


def seen(scenario: Callable[[ModuleType], Any], lib: ModuleType) -> Any:
    """Give what *scenario* saw on *lib*, without the warnings that only backtrail gives."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BacktrailWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        return scenario(lib)


def same(scenario: Callable[[ModuleType], Any]) -> Any:
    """Run *scenario* on both libraries; what they saw must be the same to the last bit. Give it."""
    failure = None
    try:
        expected = seen(scenario, backtrader)
    except Exception as error:  # noqa: BLE001 - whatever it is, its place within the reference does not matter
        failure = f"backtrader raised {error!r}"
    assert failure is None, failure
    found = seen(scenario, backtrail)
    _compare(expected, found)
    return found


def _compare(expected: Any, found: Any) -> None:
    if isinstance(expected, list) and isinstance(found, list):
        for number, (a, b) in enumerate(zip(expected, found)):
            assert not differs(a, b), f"entry {number} of {len(expected)}: expected {a!r}, found {b!r}"
        missing, more = expected[len(found) :], found[len(expected) :]
        assert not missing, f"expected {missing!r} more"
        assert not more, f"found {more!r} more"
    assert not differs(expected, found), f"expected {expected!r}, found {found!r}"
