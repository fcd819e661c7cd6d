"""Observers of closed trades."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from operator import itemgetter
from typing import Any, ClassVar

import numpy as np

from ..base.info import Info, PlotLines
from ..lines.series import LinesSpec
from .base import Observer

_MARKERS = ("o", "v", "^", "<", ">", "1", "2", "3", "4", "8", "s", "p", "*", "h", "H", "+", "x", "D", "d")
_COLORS = ("b", "g", "r", "c", "m", "y", "k")


class Trades(Observer):
    """Mark the profit of the trades that closed: ``pnlplus`` if it is not negative, else ``pnlminus``.

    The profit is after commission with ``pnlcomm``. Of several trades in a bar the last one of each kind counts.
    """

    _stclock: ClassVar[bool] = True
    lines: ClassVar[Any] = ("pnlplus", "pnlminus")
    params: ClassVar[Any] = (("pnlcomm", True),)
    plotinfo: ClassVar[Any] = {
        "plot": True,
        "subplot": True,
        "plotname": "Trades - Net Profit/Loss",
        "plotymargin": 0.10,
        "plothlines": [0.0],
    }
    plotlines: ClassVar[Any] = {
        "pnlplus": {
            "_name": "Positive",
            "ls": "",
            "marker": "o",
            "color": "blue",
            "markersize": 8.0,
            "fillstyle": "full",
        },
        "pnlminus": {
            "_name": "Negative",
            "ls": "",
            "marker": "o",
            "color": "red",
            "markersize": 8.0,
            "fillstyle": "full",
        },
    }

    def setup(self) -> None:
        """Begin with no trade."""
        self._read = 0
        self._watched = {id(data) for data in self.datas}

    def next(self) -> None:
        """Mark the trades of this bar."""
        for trade in self._owner._tradespending:
            if trade.isclosed:
                self._mark(trade, self._c_.i)

    def _mark(self, trade: Any, index: int) -> None:
        if id(trade.data) not in self._watched:
            return
        pnl = trade.pnlcomm if self.p.pnlcomm else trade.pnl
        (self.lines.pnlplus if pnl >= 0.0 else self.lines.pnlminus)._a_[index] = pnl

    def observe(self, start: int, stop: int) -> None:
        """Mark the trades of many cycles."""
        log, watched = self._owner._closed_, self._watched
        at, self._read = self._read, bisect_left(log, stop, lo=self._read, key=itemgetter(0))
        closed = [entry for entry in log[at : self._read] if id(entry[1].data) in watched]
        if not closed:
            return
        cycles = np.array([cycle for cycle, _ in closed])
        name = "pnlcomm" if self.p.pnlcomm else "pnl"
        pnl = np.array([getattr(trade, name) for _, trade in closed], dtype=np.float64)
        plus = pnl >= 0.0
        self._room_(self.lines.pnlplus)[cycles[plus]] = pnl[plus]
        self._room_(self.lines.pnlminus)[cycles[~plus]] = pnl[~plus]


class DataTrades(Observer):
    """Mark the profit, before commission, of the trades that closed, with one line per data.

    The lines have the names of the datas, or ``data0``, ``data1`` … with ``usenames=False``. Of several trades of a
    data in a bar the last one counts.
    """

    _stclock: ClassVar[bool] = True
    params: ClassVar[Any] = (("usenames", True),)
    plotinfo: ClassVar[Any] = {"plot": True, "subplot": True, "plothlines": [0.0], "plotymargin": 0.10}

    def _prepare_(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        args, kwargs = super()._prepare_(args, kwargs)
        if self.p.usenames:
            names = tuple(data._name for data in self.datas)
        else:
            names = tuple(f"data{number}" for number in range(len(self.datas)))
        self._make_lines_(self._c_, LinesSpec(names))
        self._own_lines_()
        options = {"ls": "", "markersize": 8.0, "fillstyle": "full"}
        marks = zip(names, _MARKERS, itertools.cycle(_COLORS))
        self.__dict__["plotlines"] = PlotLines(
            {n: Info({**options, "marker": m, "color": c}) for n, m, c in marks}
        )
        return args, kwargs

    def setup(self) -> None:
        """Begin with no trade."""
        self._read = 0
        self._line_of = {id(data): line for data, line in zip(self.datas, self.lines)}

    def next(self) -> None:
        """Mark the trades of this bar."""
        for trade in self._owner._tradespending:
            if trade.isclosed:
                self._mark(trade, self._c_.i)

    def _mark(self, trade: Any, index: int) -> None:
        line = self._line_of.get(id(trade.data))
        if line is not None:
            line._a_[index] = trade.pnl

    def observe(self, start: int, stop: int) -> None:
        """Mark the trades of many cycles."""
        log = self._owner._closed_
        at, self._read = self._read, bisect_left(log, stop, lo=self._read, key=itemgetter(0))
        for line in self.lines:
            self._room_(line)
        for cycle, trade in log[at : self._read]:
            self._mark(trade, cycle)


__all__ = ["DataTrades", "Trades"]
