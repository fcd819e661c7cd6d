"""Observers of the drawdown."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..analyzers import drawdown as analysis
from ..analyzers.moments import ratio
from .base import Observer


class DrawDown(Observer):
    """Follow the drawdown and its maximum, in percent of the peak (:class:`~backtrail.analyzers.DrawDown`)."""

    _stclock: ClassVar[bool] = True
    params: ClassVar[Any] = (("fund", None),)
    lines: ClassVar[Any] = ("drawdown", "maxdrawdown")
    plotinfo: ClassVar[Any] = {"plot": True, "subplot": True}
    plotlines: ClassVar[Any] = {"maxdrawdown": {"_plotskip": True}}

    def setup(self) -> None:
        """Let an analyzer work it out."""
        self._dd = self._owner._addanalyzer_slave(analysis.DrawDown, **self.p._getkwargs())

    def next(self) -> None:
        """Note the drawdown."""
        found = self._dd.rets
        self.lines.drawdown[0] = found.drawdown
        self.lines.maxdrawdown[0] = found.max.drawdown

    def observe(self, start: int, stop: int) -> None:
        """Note the drawdown of many cycles."""
        highest = self._dd.rets.max.drawdown
        percent, _ = self._dd._follow(start, stop)
        self._fill_line_(self.lines.drawdown, percent, start, stop)
        self._fill_line_(self.lines.maxdrawdown, np.fmax.accumulate(np.fmax(percent, highest)), start, stop)


class DrawDownLength(Observer):
    """Follow the length of the drawdown and its maximum, in bars."""

    _stclock: ClassVar[bool] = True
    lines: ClassVar[Any] = ("len", "maxlen")
    plotinfo: ClassVar[Any] = {"plot": True, "subplot": True}
    plotlines: ClassVar[Any] = {"maxlength": {"_plotskip": True}}

    def setup(self) -> None:
        """Let an analyzer work it out."""
        self._dd = self._owner._addanalyzer_slave(analysis.DrawDown)

    def next(self) -> None:
        """Note the length."""
        found = self._dd.rets
        self.lines.len[0] = found.len
        self.lines.maxlen[0] = found.max.len

    def observe(self, start: int, stop: int) -> None:
        """Note the length in many cycles."""
        longest = self._dd.rets.max.len
        _, lengths = self._dd._follow(start, stop)
        self._fill_line_(self.lines.len, lengths.astype(np.float64), start, stop)
        self._fill_line_(
            self.lines.maxlen,
            np.maximum(np.maximum.accumulate(lengths), longest).astype(np.float64),
            start,
            stop,
        )


class DrawDown_Old(Observer):
    """Follow the drawdown of the portfolio's value and its maximum, in percent of the peak."""

    _stclock: ClassVar[bool] = True
    lines: ClassVar[Any] = ("drawdown", "maxdrawdown")
    plotinfo: ClassVar[Any] = {"plot": True, "subplot": True}
    plotlines: ClassVar[Any] = {"maxdrawdown": {"_plotskip": "True"}}

    def setup(self) -> None:
        """Begin without a peak."""
        self.maxdd = 0.0
        self.peak = float("-inf")

    def next(self) -> None:
        """Compare the value with the peak."""
        value = self._owner.broker.getvalue()
        self.peak = max(self.peak, value)
        down = self.peak - value
        drawdown = 0.0 if not down and not self.peak else ratio(100.0 * down, self.peak)
        self.maxdd = max(self.maxdd, drawdown)
        self.lines.drawdown[0] = drawdown
        self.lines.maxdrawdown[0] = self.maxdd

    def observe(self, start: int, stop: int) -> None:
        """Compare the value with the peak in many cycles."""
        values = self._path_.value[start:stop]
        peaks = np.fmax.accumulate(np.fmax(values, self.peak))
        with np.errstate(divide="ignore", invalid="ignore"):
            down = peaks - values
            percent = 100.0 * down / peaks
        percent[(peaks == 0.0) & (down == 0.0)] = 0.0
        highest = np.fmax.accumulate(np.fmax(percent, self.maxdd))
        self._fill_line_(self.lines.drawdown, percent, start, stop)
        self._fill_line_(self.lines.maxdrawdown, highest, start, stop)
        self.peak, self.maxdd = float(peaks[-1]), float(highest[-1])


__all__ = ["DrawDown", "DrawDownLength", "DrawDown_Old"]
