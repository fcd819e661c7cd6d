"""What the parameters of feeds may be, and what is said about those that cannot work."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any, NoReturn

from ..base.timeframe import TimeFrame
from ..errors import ParameterValueError


def refuse(owner: str, name: str, wanted: str, found: Any, remedy: str) -> NoReturn:
    """Raise that parameter *name* of *owner* must be *wanted*; *remedy* is a sentence."""
    raise ParameterValueError(f"{owner}: parameter {name!r} must be {wanted}; got {found!r}. {remedy}")


def is_whole(value: Any) -> bool:
    """Tell whether *value* is a whole number, of Python or of numpy."""
    return hasattr(value, "__index__") and not isinstance(value, bool)


def check_parameters(owner: str, p: Any) -> None:
    """Check the parameters that every feed has, *p*; ParameterValueError names the one that is wrong."""
    if not is_whole(p.timeframe) or not TimeFrame.Ticks <= p.timeframe <= TimeFrame.NoTimeFrame:
        refuse(
            owner,
            "timeframe",
            "one of bt.TimeFrame.Ticks ... NoTimeFrame",
            p.timeframe,
            _EXAMPLE["timeframe"],
        )
    if not is_whole(p.compression) or p.compression < 1:
        refuse(owner, "compression", "a whole number from 1", p.compression, _EXAMPLE["compression"])
    for name in ("sessionstart", "sessionend"):
        value = getattr(p, name)
        if value is not None and not isinstance(value, time | datetime):
            refuse(
                owner, name, "a time of the day", value, f"Pass {name}=datetime.time(17, 30), for example."
            )
    for name in ("fromdate", "todate"):
        value = getattr(p, name)
        if value is not None and not isinstance(value, date):
            refuse(
                owner,
                name,
                "a date or a datetime",
                value,
                f"Pass {name}=datetime.date(2024, 1, 31), for example.",
            )
    filters = p.filters
    if not isinstance(filters, Iterable) or not all(map(callable, filters)):
        refuse(owner, "filters", "a list of filters: classes or functions", filters, _EXAMPLE["filters"])


_EXAMPLE = {
    "timeframe": "Pass timeframe=bt.TimeFrame.Minutes, for example.",
    "compression": "Pass compression=5 for bars of five timeframes.",
    "filters": "Pass filters=[bt.filters.HeikinAshi], for example, or call addfilter.",
}


def check_decimals(owner: str, name: str, value: Any) -> None:
    """Check a number of decimal places."""
    if value is not None and not is_whole(value):
        refuse(owner, name, "a whole number or None", value, f"Pass {name}=2, for example.")


__all__ = ["check_decimals", "check_parameters", "is_whole", "refuse"]
