"""How much of an instrument is held, and at which average price."""

from __future__ import annotations

import datetime as _dt
from typing import Any


def split(before: float, size: float) -> tuple[float, float, float]:
    """Give the size after trading *size*, and the parts of it that open and close; the parts are signed as *size*."""
    after = before + size
    if not after:
        return after, 0, size
    if not before:
        return after, size, 0
    if (before > 0) == (size > 0):
        return after, size, 0
    if (before > 0) == (after > 0):
        return after, 0, size
    return after, after, -before


class Position:
    """Size and average price; a negative size is a short position.

    ``price_orig`` is the price before the last update, ``upopened`` and ``upclosed`` are what the last update
    opened and closed, ``adjbase`` is the price that futures cash was last adjusted to: the last close while something
    was held. ``len(position)`` is the absolute size, a flat position is false.
    """

    upopened: float = 0
    upclosed: float = 0
    updt: Any = None
    _adjbase: float | None = None
    _follows: Any = None  # the feed whose present close and time are those of what is held
    _opened_in: int = -1  # the cycle of the last execution that opened something
    _when: Any = None
    _data: Any = None

    def __init__(self, size: float = 0, price: float = 0.0) -> None:
        self.size = size
        self.price = self.price_orig = price if size else 0.0

    @property
    def datetime(self) -> _dt.datetime | None:
        """The time of the last update (of the last bar, while something is held); None before the first update."""
        if self._follows is not None and self.size:
            return self._follows.datetime.datetime()  # type: ignore[no-any-return]
        when, data = self._when, self._data
        if data is not None and when is not None:
            when = data.num2date(when)
        known: _dt.datetime | None = when
        return known

    @datetime.setter
    def datetime(self, value: Any) -> None:
        self._when = value
        self._data = None

    @property
    def adjbase(self) -> float | None:
        """The price that futures cash was last adjusted to."""
        if self._follows is not None and self.size:
            close: float = self._follows.close[0]
            return close
        return self._adjbase

    @adjbase.setter
    def adjbase(self, value: float | None) -> None:
        self._adjbase = value
        self._follows = None

    def fix(self, size: float, price: float) -> bool:
        """Set size and price; tell whether the size is what it was."""
        before = self.size
        self.size = size
        self.price = price
        return before == size

    def set(self, size: float, price: float) -> tuple[float, float, float, float]:
        """Replace the position; give (size, price, opened, closed)."""
        before = self.size
        if before > 0:
            if size > before:
                self.upopened, self.upclosed = size - before, 0
            else:
                self.upopened, self.upclosed = min(0, size), min(before, before - size)
        elif before < 0:
            if size < before:
                self.upopened, self.upclosed = size - before, 0
            else:
                self.upopened, self.upclosed = max(0, size), max(before, before - size)
        else:
            self.upopened, self.upclosed = self.size, 0
        self.size = size
        self.price_orig = self.price
        self.price = price if size else 0.0
        return self.size, self.price, self.upopened, self.upclosed

    def clone(self) -> Position:
        """Give a position of the same size and price."""
        return Position(self.size, self.price)

    def pseudoupdate(self, size: float, price: float) -> tuple[float, float, float, float]:
        """Give what :meth:`update` would give, without updating."""
        return Position(self.size, self.price).update(size, price)

    def update(self, size: float, price: float, dt: Any = None) -> tuple[float, float, float, float]:
        """Trade *size* at *price*; give (size, price, opened, closed), signed as the operation.

        An increase averages the price, a reduction leaves it, a reversal starts at *price*.
        """
        self._when = dt
        before = self.size
        entry = self.price_orig = self.price
        after, opened, closed = split(before, size)
        self.size = after
        if not after:
            self.price = 0.0
        elif opened:
            self.price = price if closed or not before else (entry * before + size * price) / after
        self.upopened, self.upclosed = opened, closed
        return after, self.price, opened, closed

    def __len__(self) -> int:
        return abs(self.size)  # type: ignore[return-value]  # fractional sizes raise TypeError, as len() must

    def __bool__(self) -> bool:
        return True if self.size else False  # noqa: SIM210  # the quickest: strategies ask on every bar

    def __str__(self) -> str:
        return "\n".join(
            (
                "--- Position Begin",
                f"- Size: {self.size}",
                f"- Price: {self.price}",
                f"- Price orig: {self.price_orig}",
                f"- Closed: {self.upclosed}",
                f"- Opened: {self.upopened}",
                f"- Adjbase: {self.adjbase}",
                "--- Position End",
            )
        )

    def __repr__(self) -> str:
        return f"Position(size={self.size}, price={self.price})"
