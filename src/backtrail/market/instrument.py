"""What a market lets one trade of an instrument: steps of prices and sizes, least sizes, the multiplier."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from ..base.keywords import named_keywords
from ..errors import ParameterValueError

#: How far a value may be from a step, as a part of the step, to count as on it.
_SLACK = 1e-6
_RULES = ("round", "refuse")


@dataclass(frozen=True, slots=True)
class Instrument:
    """The trading rules of an instrument; what is None is not checked.

    ``tick_size``         step of prices
    ``lot_step``          step of sizes
    ``minimum_size``      smallest size of an order
    ``maximum_size``      largest size of an order
    ``minimum_notional``  smallest value of an order, ``size * price * multiplier``, in money
    ``multiplier``        worth of one unit per point of the price, for futures (None: as the commission scheme says)
    ``prices``            ``"round"`` prices that are off the tick, or ``"refuse"`` the order
    ``sizes``             ``"round"`` sizes that are off the lot down, or ``"refuse"`` the order

    Prices are rounded so that an order never gives more than it asks to: limits of buys down and of sells up, stops of
    buys up and of sells down, trailing distances up.
    """

    tick_size: float | None = None
    lot_step: float | None = None
    minimum_size: float | None = None
    maximum_size: float | None = None
    minimum_notional: float | None = None
    multiplier: float | None = None
    prices: str = "round"
    sizes: str = "round"

    def __post_init__(self) -> None:
        for name in (
            "tick_size",
            "lot_step",
            "minimum_size",
            "maximum_size",
            "minimum_notional",
            "multiplier",
        ):
            value = getattr(self, name)
            if value is None:
                continue
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not 0.0 < value < math.inf:
                raise ParameterValueError(
                    f"Instrument: {name} must be a finite number above 0, or None for no rule; got {value!r}."
                )
        for name in ("prices", "sizes"):
            value = getattr(self, name)
            if value not in _RULES:
                raise ParameterValueError(f"Instrument: {name} must be one of {list(_RULES)}; got {value!r}.")
        if self.minimum_size and self.maximum_size and self.minimum_size > self.maximum_size:
            raise ParameterValueError(
                f"Instrument: minimum_size must be at most maximum_size; got {self.minimum_size!r} and "
                f"{self.maximum_size!r}."
            )

    def price(self, value: float, up: bool) -> float:
        """Give *value* on the tick: the next one *up* or down, itself if it is there."""
        return value if self.tick_size is None else on_step(value, self.tick_size, up)

    def size(self, value: float) -> float:
        """Give *value* (positive) cut to whole lots."""
        return value if self.lot_step is None else on_step(value, self.lot_step, False)


Instrument.__init__ = named_keywords("Instrument")(Instrument.__init__)  # type: ignore[method-assign]  # made by dataclass


def is_on_step(value: float, step: float) -> bool:
    """Tell whether *value* is a multiple of *step*, up to rounding."""
    steps = value / step
    return abs(steps - round(steps)) <= _SLACK


def on_step(value: float, step: float, up: bool) -> float:
    """Give the multiple of *step* next to *value*, free of rounding errors; a whole value stays a whole number."""
    steps = value / step
    count = round(steps)
    if abs(steps - count) > _SLACK:
        count = math.ceil(steps) if up else math.floor(steps)
    exact = count * (Decimal(step) if isinstance(step, int) else Decimal(repr(float(step))))
    if isinstance(step, int) or (isinstance(value, int) and exact == exact.to_integral_value()):
        return int(exact)
    return float(exact)


__all__ = ["Instrument", "is_on_step", "on_step"]
