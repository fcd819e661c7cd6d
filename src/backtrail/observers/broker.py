"""Observers of cash, value and fund."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from .base import Observer


class Cash(Observer):
    """Follow the broker's cash."""

    _stclock: ClassVar[bool] = True
    lines: ClassVar[Any] = ("cash",)
    plotinfo: ClassVar[Any] = {"plot": True, "subplot": True}

    def next(self) -> None:
        """Note the cash."""
        self.lines.cash[0] = self._owner.broker.getcash()

    def observe(self, start: int, stop: int) -> None:
        """Note the cash of many cycles."""
        self._fill_line_(self.lines.cash, self._path_.left("cash", self._owner)[start:stop], start, stop)


class Value(Observer):
    """Follow the value of the portfolio, or of a fund share with ``fund`` (None: as the broker's mode is)."""

    _stclock: ClassVar[bool] = True
    params: ClassVar[Any] = (("fund", None),)
    lines: ClassVar[Any] = ("value",)
    plotinfo: ClassVar[Any] = {"plot": True, "subplot": True}

    def start(self) -> None:
        """Find out what to follow."""
        self._fundmode = self._owner.broker.fundmode if self.p.fund is None else self.p.fund

    def next(self) -> None:
        """Note the value."""
        broker = self._owner.broker
        self.lines.value[0] = broker.fundvalue if self._fundmode else broker.getvalue()

    def observe(self, start: int, stop: int) -> None:
        """Note the value of many cycles."""
        values = self._path_.left("fundvalue" if self._fundmode else "value", self._owner)
        self._fill_line_(self.lines.value, values[start:stop], start, stop)


class Broker(Observer):
    """Follow cash and value of the portfolio; with ``fund`` the value of a fund share, and no cash."""

    alias: ClassVar[Any] = ("CashValue",)
    _stclock: ClassVar[bool] = True
    params: ClassVar[Any] = (("fund", None),)
    lines: ClassVar[Any] = ("cash", "value")
    plotinfo: ClassVar[Any] = {"plot": True, "subplot": True}

    def start(self) -> None:
        """Find out what to follow."""
        self._fundmode = self._owner.broker.fundmode if self.p.fund is None else self.p.fund

    def next(self) -> None:
        """Note cash and value."""
        broker = self._owner.broker
        if self._fundmode:
            self.lines.value[0] = broker.fundvalue
        else:
            self.lines.cash[0] = broker.getcash()
            self.lines.value[0] = broker.getvalue()

    def observe(self, start: int, stop: int) -> None:
        """Note cash and value of many cycles."""
        path = self._path_
        if self._fundmode:
            self._fill_line_(self.lines.value, path.left("fundvalue", self._owner)[start:stop], start, stop)
        else:
            self._fill_line_(self.lines.cash, path.left("cash", self._owner)[start:stop], start, stop)
            self._fill_line_(self.lines.value, path.left("value", self._owner)[start:stop], start, stop)


class FundValue(Observer):
    """Follow the value of a fund share."""

    alias: ClassVar[Any] = ("FundShareValue", "FundVal")
    _stclock: ClassVar[bool] = True
    lines: ClassVar[Any] = ("fundval",)
    plotinfo: ClassVar[Any] = {"plot": True, "subplot": True}

    def next(self) -> None:
        """Note the value."""
        self.lines.fundval[0] = self._owner.broker.fundvalue

    def observe(self, start: int, stop: int) -> None:
        """Note the value of many cycles."""
        self._fill_line_(self.lines.fundval, self._path_.left("fundvalue", self._owner)[start:stop], start, stop)


class FundShares(Observer):
    """Follow the number of fund shares."""

    _stclock: ClassVar[bool] = True
    lines: ClassVar[Any] = ("fundshares",)
    plotinfo: ClassVar[Any] = {"plot": True, "subplot": True}

    def next(self) -> None:
        """Note the number."""
        self.lines.fundshares[0] = self._owner.broker.fundshares

    def observe(self, start: int, stop: int) -> None:
        """Note the number in many cycles."""
        self._fill_line_(self.lines.fundshares, self._path_.left("fundshares", self._owner)[start:stop], start, stop)


if TYPE_CHECKING:  # the aliases, which the classes make

    class CashValue(Broker):
        """Another name of :class:`Broker`."""

    class FundShareValue(FundValue):
        """Another name of :class:`FundValue`."""

    class FundVal(FundValue):
        """Another name of :class:`FundValue`."""


__all__ = ["Broker", "Cash", "CashValue", "FundShareValue", "FundShares", "FundVal", "FundValue", "Value"]
