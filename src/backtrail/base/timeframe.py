"""Timeframes: the unit of time that one bar stands for."""

from __future__ import annotations

from typing import ClassVar


class TimeFrame:
    """The units of time, ordered from the smallest to none at all.

    A bar lasts ``compression`` units of its timeframe. The numbers are part of the public face: they are compared,
    sorted and stored as plain integers.
    """

    Ticks = 1
    MicroSeconds = 2
    Seconds = 3
    Minutes = 4
    Days = 5
    Weeks = 6
    Months = 7
    Years = 8
    NoTimeFrame = 9

    Names: ClassVar[list[str]] = [
        "",
        "Ticks",
        "MicroSeconds",
        "Seconds",
        "Minutes",
        "Days",
        "Weeks",
        "Months",
        "Years",
        "NoTimeFrame",
    ]
    names: ClassVar[list[str]] = Names

    @classmethod
    def getname(cls, tframe: int, compression: int | None = None) -> str:
        """Give the name of *tframe*, in the singular for a compression of 0 or 1.

        Without a *compression* the plural name is given.
        """
        name = cls.Names[tframe]
        if compression is None or compression > 1 or tframe == cls.NoTimeFrame:
            return name
        return name[:-1]

    @classmethod
    def TFrame(cls, name: str) -> int:
        """Give the number of the timeframe called *name*, for example ``"Days"``; AttributeError if there is none."""
        if name not in cls.Names[1:]:
            raise AttributeError(f"no timeframe is called {name!r}; there are {cls.Names[1:]}")
        return cls.Names.index(name)

    @classmethod
    def TName(cls, tframe: int) -> str:
        """Give the name of the timeframe numbered *tframe*."""
        return cls.Names[tframe]
