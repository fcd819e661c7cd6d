"""Recursions over prices and volumes: means weighted by volume since a bar, and running totals of volume.

As in :mod:`.recursive`, the functions fill ``out[start:stop]`` (and state lines), read the state of ``start - 1``, and
may be cut anywhere. *fresh* tells that there is no state yet.
"""

from __future__ import annotations

import math
from typing import Any

from .jit import kernel


@kernel(cost_ns=300)
def anchored_mean(
    start: int, stop: int, out: Any, amount: Any, weight: Any, price: Any, volume: Any, key: Any, fresh: bool
) -> None:
    """Mean of *price* weighted by *volume*, from the bar on which *key* changed last.

    ``amount`` and ``weight`` are the running sums of price times volume and of volume. Where nothing has been traded
    since the change the price itself is the mean. A negative key means that there is none: NaN.
    """
    group = -1.0 if fresh else key[start - 1]
    total = 0.0 if fresh else amount[start - 1]
    traded = 0.0 if fresh else weight[start - 1]
    for i in range(start, stop):
        if key[i] != group:
            group = key[i]
            total = 0.0
            traded = 0.0
        total = total + price[i] * volume[i]
        traded = traded + volume[i]
        amount[i] = total
        weight[i] = traded
        if group < 0.0:
            out[i] = math.nan
        elif traded == 0.0:
            out[i] = price[i]
        else:
            out[i] = total / traded


@kernel(cost_ns=120)
def on_balance(start: int, stop: int, out: Any, price: Any, volume: Any) -> None:
    """Running total of volume: added where the price rose since the bar before, subtracted where it fell."""
    total = out[start - 1]
    for i in range(start, stop):
        if price[i] > price[i - 1]:
            total = total + volume[i]
        elif price[i] < price[i - 1]:
            total = total - volume[i]
        out[i] = total
