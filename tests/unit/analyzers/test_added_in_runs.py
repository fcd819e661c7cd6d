"""Added analyzers in random runs: stepped, worked out afterwards and read on the way they report the same."""

from __future__ import annotations

from typing import Any

import pytest
from tests.contract.analyzers.setups import SetUp, quietly

import backtrail as bt

CHOICES: list[tuple[str, dict[str, Any]]] = [
    *(
        (name, {})
        for name in ("Sortino", "Omega", "CAGR", "UlcerIndex", "TailRatio", "ValueAtRisk", "AlphaBeta")
    ),
    *(
        (name, {})
        for name in ("MonthlyReturns", "Exposure", "Expectancy", "TradeExcursions", "ConsistencyAnalyzer")
    ),
    ("Sortino", {"timeframe": 7, "target": 0.1}),
    ("Omega", {"timeframe": 4, "compression": 45, "factor": 100, "fund": True}),
    ("AlphaBeta", {"timeframe": 6, "data": "d0", "riskfreerate": 0.02}),
    ("SharpeInterval", {"samples": 20, "block": 3}),
    ("PropFirmDrawDown", {"max_drawdown": 50.0, "fund": True}),
    ("PropFirmDrawDown", {"max_drawdown": 100.0, "trailing_mode": "eod", "trail_stop_threshold": 200.0}),
]


def stepped(cls: Any) -> Any:
    """Give a subclass that changes nothing but is stepped bar by bar."""
    return type(cls)(
        f"Own{cls.__name__}", (cls,), {"next": lambda self: cls.next(self), "__module__": __name__}
    )


def reports(seed: int, step: bool = False, look_every: int = 0) -> list[str]:
    """Run the set-up of *seed* and give the results as text; numbers of trades go on from run to run."""
    cerebro = SetUp(seed).cerebro(bt, look_every)
    for name, options in CHOICES:
        cls = getattr(bt.analyzers, name)
        cerebro.addanalyzer(stepped(cls) if step else cls, **options)
    found = []
    for analyzer in quietly(cerebro.run)[0].analyzers:
        result = dict(analyzer.get_analysis())
        if isinstance(result.get("trades"), list):
            result["trades"] = [{**row, "ref": 0} for row in result["trades"]]
        found.append(f"{type(analyzer).__name__.removeprefix('Own')} {result!r}")
    return found


def check(seed: int) -> None:
    afterwards = reports(seed)
    assert afterwards == reports(seed, step=True)
    assert afterwards == reports(seed, look_every=7)


@pytest.mark.parametrize("seed", [0, 2, 5, 8, 13, 234])
def test_every_way_of_working_reports_the_same(seed: int) -> None:
    check(seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 250))
def test_every_way_of_working_reports_the_same_in_a_campaign(seed: int) -> None:
    check(seed)
