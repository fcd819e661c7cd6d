"""The switches of the simulated broker that turn backtrader's unexpected ways off, with their strict values."""

from __future__ import annotations

from typing import Any

from ..errors import ParameterValueError

STRICT: dict[str, Any] = {
    "margin_cascade": False,
    "cancel_submitted": True,
    "stale_fills": False,
    "sell_limit_floor": True,
    "trail_extremes": True,
    "honour_eosbar": True,
    "price_order": True,
    "live_brackets": True,
    "volume_share": 1.0,
    "margin_call": 0.5,
}


def check_share(name: str, value: Any) -> None:
    """Raise :class:`ParameterValueError` unless *value* is None or a share above 0."""
    if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0.0):
        return
    raise ParameterValueError(
        f"BackBroker: {name} must be None or a number above 0 (1.0 is all of it); got {value!r}."
    )


__all__ = ["STRICT", "check_share"]
