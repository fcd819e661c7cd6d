"""Envelopes around a line, distances from it, and both for every moving average of the library."""

from __future__ import annotations

import sys
from typing import Any, ClassVar

from ..lines.series import line
from .averages import MovAv, MovingAverageBase
from .base import Indicator


class EnvelopeMixIn:
    """Adds the lines ``top`` and ``bot``, *perc* percent above and below the first line of the class."""

    lines: ClassVar[Any] = ("top", "bot")
    params: ClassVar[Any] = (("perc", 2.5),)
    plotlines: ClassVar[Any] = {"top": {"_samecolor": True}, "bot": {"_samecolor": True}}

    def _surround(self: Any) -> None:
        """Build the bands around the first line."""
        share = self.p.perc / 100.0
        self.lines.top = self.lines[0] * (1.0 + share)
        self.lines.bot = self.lines[0] * (1.0 - share)


class _EnvelopeBase(Indicator):
    """Base that takes its data as the line to surround."""

    plotinfo = {"subplot": False}
    plotlines = {"src": {"_plotskip": True}}
    src = line()

    def setup(self) -> None:
        """Take over the data."""
        self.lines.src = self.data


class Envelope(_EnvelopeBase, EnvelopeMixIn):
    """Give the data and bands *perc* percent above and below it."""

    lines: ClassVar[Any] = EnvelopeMixIn.lines
    params: ClassVar[Any] = EnvelopeMixIn.params
    plotlines: ClassVar[Any] = EnvelopeMixIn.plotlines

    def setup(self) -> None:
        """Build the bands."""
        super().setup()
        self._surround()


class OscillatorMixIn(Indicator):
    """Makes a moving average give the distance of the data from it."""

    plotlines: ClassVar[Any] = {"_0": {"_name": "osc"}}

    def _plotinit(self) -> None:
        setattr(self.plotlines, self.lines._getlinealias(0), self.plotlines._0)

    def _swing(self) -> None:
        """Replace the first line by the distance of the data from it."""
        self.lines[0] = self.data - self.lines[0]


class Oscillator(Indicator):
    """Give the distance of a line from the data that it is computed from; or, of two datas, their distance."""

    plotlines = {"_0": {"_name": "osc"}}
    osc = line()

    def setup(self) -> None:
        """Subtract."""
        if len(self.datas) > 1:
            source, other = self.data0, self.data1
        else:
            source, other = self.data.data, self.data
        self.lines.osc = source - other


def _make_envelope(movav: type[MovingAverageBase], module: Any) -> None:
    """Define ``<name>Envelope`` for one moving average and its aliases."""
    name = movav.__name__

    def setup(self: Any) -> None:
        movav.setup(self)
        self._surround()

    body = {
        "__module__": __name__,
        "__doc__": f"Give {name} and bands *perc* percent above and below it.",
        "lines": EnvelopeMixIn.lines,
        "params": EnvelopeMixIn.params,
        "plotinfo": {"subplot": False},
        "plotlines": EnvelopeMixIn.plotlines,
        "alias": tuple(f"{alias}Envelope" for alias in movav.alias),
        "setup": setup,
    }
    setattr(module, f"{name}Envelope", type(f"{name}Envelope", (movav, EnvelopeMixIn), body))


def _make_oscillator(movav: type[MovingAverageBase], module: Any) -> None:
    """Define ``<name>Oscillator`` for one moving average and its aliases."""
    name = movav.__name__

    def setup(self: Any) -> None:
        movav.setup(self)
        self._swing()

    aliases = [f"{name}Osc"]
    for alias in movav.alias:
        aliases.extend((f"{alias}Oscillator", f"{alias}Osc"))
    body = {
        "__module__": __name__,
        "__doc__": f"Give the distance of the data from {name}.",
        "plotinfo": {"subplot": True},
        "alias": tuple(aliases),
        "setup": setup,
    }
    setattr(module, f"{name}Oscillator", type(f"{name}Oscillator", (movav, OscillatorMixIn), body))


def _make_all() -> None:
    module = sys.modules[__name__]
    for movav in list(MovAv._movavs):
        if movav is MovingAverageBase or movav.__dict__.get("aliased"):
            continue
        if issubclass(movav, MovingAverageBase):
            _make_envelope(movav, module)
            _make_oscillator(movav, module)


_make_all()
