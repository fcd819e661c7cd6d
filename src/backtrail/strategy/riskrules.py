"""Rules that prop firms put on strategies, as mixins: a daily loss limit and a flat position at the end of the day.

A mixin goes in front of ``Strategy``: ``class Mine(DailyLossLimitMixin, bt.Strategy)``. A strategy that defines a hook
that the mixin uses (named in its docstring) calls ``super()`` in it.
"""

from __future__ import annotations

import datetime as _dt
from typing import Any, ClassVar

from ..base.declare import ParamsBase, param
from ..errors import ParameterValueError


class _Flattening(ParamsBase):
    """Base of mixins that close all positions of the strategy's broker in its datas."""

    datas: list[Any]
    broker: Any

    def _flatten(self, cancel: bool) -> None:
        """Cancel the strategy's pending orders if *cancel*, and close all positions by market orders."""
        strategy: Any = self
        if cancel:
            for order in self.broker.get_orders_open():
                if order.owner is self and order not in self._closing():
                    strategy.cancel(order)
        waiting = {order.data for order in self._closing()}
        for data in self.datas:
            if data in waiting:
                continue
            order = self._close_out(data)
            if order is not None:
                self.__dict__.setdefault("_close_orders", []).append(order)

    def _close_out(self, data: Any) -> Any:
        strategy: Any = self
        return strategy.close(data=data)

    def _closing(self) -> list[Any]:
        """Give the closing orders that wait to be executed."""
        alive = [order for order in self.__dict__.get("_close_orders", ()) if order.alive()]
        self.__dict__["_close_orders"] = alive
        return alive


class DailyLossLimitMixin(_Flattening):
    """Stop trading for the rest of the day when the account has lost ``daily_loss_limit`` since the day began.

    The loss is measured at the end of each bar, against the value at the end of the last bar of the day before (before
    the first bar: at the start). When it reaches the limit, all positions in the strategy's datas are closed by market
    orders, its pending orders are cancelled (with ``cancel_open_on_breach``), and ``buy`` and ``sell`` (so every way of
    issuing an order) give None until the first bar of the next date. Positions that orders left alone open on the same
    day are closed on the next bar.

    ``daily_loss_breached`` tells whether the limit is reached today, ``day_start_value`` is the value that the loss
    counts from. Uses the hook ``notify_cashvalue``.
    """

    params: ClassVar[Any] = (
        ("daily_loss_limit", param(default=1000.0, gt=0.0)),
        ("cancel_open_on_breach", True),
    )

    daily_loss_breached: bool = False
    day_start_value: float | None = None
    _loss_day: _dt.date | None = None
    _last_value: float | None = None
    _closing_out: bool = False

    def notify_cashvalue(self, cash: float, value: float) -> None:
        """Measure the loss of the day."""
        strategy: Any = self
        super().notify_cashvalue(cash, value)  # type: ignore[misc]  # that of the strategy behind the mixin
        today = strategy.datetime.date()
        if today != self._loss_day:
            self._loss_day = today
            self.day_start_value = (
                strategy.broker.startingcash if self._last_value is None else self._last_value
            )
            self.daily_loss_breached = False
        self._last_value = value
        begin = self.day_start_value
        if not self.daily_loss_breached and begin is not None and begin - value >= self.p.daily_loss_limit:
            self.daily_loss_breached = True
            self._flatten(self.p.cancel_open_on_breach)
        elif self.daily_loss_breached:
            self._flatten(False)

    def _close_out(self, data: Any) -> Any:
        self._closing_out = True
        try:
            return super()._close_out(data)
        finally:
            self._closing_out = False

    def buy(self, *args: Any, **kwargs: Any) -> Any:
        """Issue an order to buy; None while the limit of the day is reached."""
        if self.daily_loss_breached and not self._closing_out:
            return None
        return super().buy(*args, **kwargs)  # type: ignore[misc]  # that of the strategy behind the mixin

    def sell(self, *args: Any, **kwargs: Any) -> Any:
        """Issue an order to sell; None while the limit of the day is reached."""
        if self.daily_loss_breached and not self._closing_out:
            return None
        return super().sell(*args, **kwargs)  # type: ignore[misc]  # that of the strategy behind the mixin


class EODPositionCloserMixin(_Flattening):
    """Close all positions in the strategy's datas on the first bar of each day at or after ``close_time``.

    They are closed by market orders, so at the open of the bar after it: choose a time at which another bar of the same
    day follows. The strategy's pending orders are cancelled before (with ``cancel_open_orders``). For intraday datas.
    Uses a timer and the hook ``notify_timer``.
    """

    params: ClassVar[Any] = (("close_time", _dt.time(15, 55)), ("cancel_open_orders", True))

    def _finish_(self) -> None:
        super()._finish_()
        when = self.p.close_time
        if not isinstance(when, _dt.time):
            raise ParameterValueError(
                f"{type(self).__name__}: parameter 'close_time' must be a datetime.time; got {when!r}. "
                "For five to four pass close_time=datetime.time(15, 55)."
            )
        strategy: Any = self
        self._eod_timer = strategy.add_timer(when=when)

    def notify_timer(self, timer: Any, when: _dt.datetime, *args: Any, **kwargs: Any) -> None:
        """Close the positions when it is time."""
        if timer is self._eod_timer:
            self._flatten(self.p.cancel_open_orders)
        super().notify_timer(timer, when, *args, **kwargs)  # type: ignore[misc]  # that of the strategy behind it


__all__ = ["DailyLossLimitMixin", "EODPositionCloserMixin"]
