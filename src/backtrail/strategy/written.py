"""What writers show of a strategy: the columns of a row, and the closing report."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, ClassVar


class WriterMixin:
    """The writers' view of a strategy."""

    analyzers: Any
    broker: Any
    lines: ClassVar[Any]
    _observers_flat_: Any
    params: ClassVar[Any]
    plotinfo: ClassVar[Any]
    getindicators_lines: Any

    def _written_(self) -> Iterator[Any]:
        """Give what has columns of its own: the strategy, then indicators and observers with ``csv`` set."""
        yield self
        yield from (one for one in self.getindicators_lines() if one.csv)
        yield from (one for one in self._observers_flat_() if one.csv)

    def getwriterheaders(self) -> list[str]:
        """Give the titles of the columns that a writer prints for this strategy."""
        headers: list[str] = []
        for one in self._written_():
            headers += (_title(one), "len", *one.lines.getlinealiases())
        return headers

    def getwritervalues(self) -> list[Any]:
        """Give the values of the current bar in the order of the titles; empty ones before the first bar."""
        values: list[Any] = []
        for one in self._written_():
            length = len(one)
            values += (_title(one), length)
            if length:
                values += (line[0] for line in one.lines.itersize())
            else:
                values += [""] * one.lines.size()
        return values

    def getwriterinfo(self) -> OrderedDict[str, Any]:
        """Give the closing report: parameters, indicators, observers, analyzers with their results."""
        info: OrderedDict[str, Any] = OrderedDict()
        info["Params"] = self.params._getkwargs()
        for title, group in (
            ("Indicators", self.getindicators_lines()),
            ("Observers", self._observers_flat_()),
        ):
            info[title] = {
                type(one).__name__: {
                    "Lines": one.lines.getlinealiases(),
                    "Params": one.params._getkwargs() or None,
                }
                for one in group
            }
        found: OrderedDict[str, Any] = OrderedDict()
        begin = getattr(self.broker, "startingcash", math.nan)  # a broker of the user's own may not say
        found["Value"] = {"Begin": begin, "End": self.broker.getvalue()}
        for name, analyzer in self.analyzers.getitems():
            found[name] = {
                "Params": analyzer.params._getkwargs() or None,
                "Analysis": analyzer.get_analysis(),
            }
        info["Analyzers"] = found
        return info


def _title(one: Any) -> str:
    title: str = one.plotinfo._get("plotname") or type(one).__name__
    return title


__all__ = ["WriterMixin"]
