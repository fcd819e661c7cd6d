"""Executions and fund values of the past, replayed while the run passes their dates."""

from __future__ import annotations

import datetime as _dt
from collections.abc import Iterable, Iterator
from typing import Any

from ..errors import OrderError


def moment(value: Any, what: str) -> _dt.datetime:
    """Give *value* (a date, a datetime or ``YYYY-MM-DD[THH:MM:SS[.us]]``) as a datetime."""
    if isinstance(value, _dt.datetime):
        return value
    if isinstance(value, _dt.date):
        return _dt.datetime(value.year, value.month, value.day)
    if isinstance(value, str):
        form = "%Y-%m-%d"
        if "T" in value:
            form += "T%H:%M:%S"
            if "." in value:
                form += ".%f"
        try:
            return _dt.datetime.strptime(value, form)
        except ValueError:
            pass
    raise OrderError(
        f"{what}: a date, a datetime or a string YYYY-MM-DD[THH:MM:SS[.us]] is expected first; got {value!r}."
    )


class PastOrders:
    """A list of past executions ``[date, size, price]`` or ``[date, size, price, data]``, oldest first.

    *data* is a data, its name or its number; the first data if left out.
    """

    def __init__(self, orders: Iterable[Any], notify: bool) -> None:
        self.notify = notify
        self._rest: Iterator[Any] = iter(orders)
        self._entry: tuple[_dt.datetime, float, float, Any] | None = None
        self._step_()

    def _step_(self) -> None:
        entry = next(self._rest, None)
        if entry is None:
            self._entry = None
            return
        parts = list(entry)
        if len(parts) < 3:
            raise OrderError(
                f"Order history: an entry is [date, size, price] or [date, size, price, data]; got {entry!r}."
            )
        self._entry = (
            moment(parts[0], "Order history"),
            parts[1],
            parts[2],
            parts[3] if len(parts) > 3 else None,
        )

    @property
    def done(self) -> bool:
        """Whether all entries were taken."""
        return self._entry is None

    def due(self, cerebro: Any) -> Iterator[tuple[Any, float, float]]:
        """Take and give the entries ``(data, size, price)`` whose date has come."""
        while self._entry is not None:
            date, size, price, which = self._entry
            data = _data_of(cerebro, which)
            if not len(data) or date > data.datetime.datetime():
                return
            self._step_()
            yield data, size, price


def _data_of(cerebro: Any, which: Any) -> Any:
    """Give the data that an entry names."""
    if which is None:
        return cerebro.datas[0]
    if isinstance(which, int):
        if which >= len(cerebro.datas):
            raise OrderError(
                f"Order history: there is no data number {which}; there are {len(cerebro.datas)}."
            )
        return cerebro.datas[which]
    if isinstance(which, str):
        if which not in cerebro.datasbyname:
            raise OrderError(
                f"Order history: there is no data called {which!r}; there are {list(cerebro.datasbyname)}."
            )
        return cerebro.datasbyname[which]
    return which


class PastFund:
    """A list of past fund values ``[date, share value, net asset value]``, oldest first."""

    def __init__(self, fund: Iterable[Any]) -> None:
        self._rest: Iterator[Any] = iter(fund)
        self._entry: tuple[_dt.datetime, float, float] | None = None
        self.last: tuple[float, float] = (float("nan"), float("nan"))
        self._step_()

    def _step_(self) -> None:
        entry = next(self._rest, None)
        if entry is None:
            self._entry = None
            return
        parts = list(entry)
        if len(parts) < 3:
            raise OrderError(
                f"Fund history: an entry is [date, share value, net asset value]; got {entry!r}."
            )
        self._entry = (moment(parts[0], "Fund history"), parts[1], parts[2])

    def at(self, now: _dt.datetime) -> tuple[float, float]:
        """Give the share value and the net asset value as of *now*."""
        while self._entry is not None and self._entry[0] <= now:
            self.last = self._entry[1:]
            self._step_()
        return self.last


__all__ = ["PastFund", "PastOrders", "moment"]
