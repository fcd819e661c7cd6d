"""The switches of the simulated broker that turn backtrader's unexpected ways off, with their strict values."""

from __future__ import annotations

from typing import Any

STRICT: dict[str, Any] = {
    "margin_cascade": False,
    "cancel_submitted": True,
    "stale_fills": False,
    "sell_limit_floor": True,
    "trail_extremes": True,
    "honour_eosbar": True,
}

__all__ = ["STRICT"]
