"""The base of all indicators."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..errors import ParameterTypeError
from ..lines.iterator import IndicatorBase
from ..lines.root import LineRoot

Floats = NDArray[np.float64]

# Numbers that only a plot shows, or that are asked for in some cases only.
_MAY_BE_NONE = frozenset((
    "upperband", "lowerband", "band", "safehigh", "safelow", "safezero", "af", "level1", "level2", "level3",
))  # fmt: skip
_FAMILY = __name__.rpartition(".")[0] + "."


class Indicator(IndicatorBase):
    """Base of indicators.

    A typed indicator declares its parameters and lines and implements ``compute(start, stop)``. The legacy spelling
    (``params``, ``lines``, expressions in ``__init__``, ``next``, ``once``) works as well.
    """

    csv: ClassVar[bool] = False
    plotinfo: ClassVar[Any] = {
        "plot": True, "plotmaster": None, "legendloc": None, "subplot": True, "plotname": "", "plotskip": False,
        "plotabove": False, "plotlinelabels": False, "plotlinevalues": True, "plotvaluetags": True, "plotymargin": 0.0,
        "plotyhlines": [], "plotyticks": [], "plothlines": [], "plotforce": False,
    }  # fmt: skip

    # parameters of ours by what they are: numbers, and classes such as the moving average to use
    _numbers_: ClassVar[frozenset[str]] = frozenset()
    _classes_: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def _declare_(cls) -> None:
        super()._declare_()
        if cls.__module__.startswith(_FAMILY):
            given = cls.params._getpairs().items()
            cls._numbers_ = frozenset(
                name for name, value in given if isinstance(value, (int, float)) and not isinstance(value, bool)
            )
            cls._classes_ = frozenset(name for name, value in given if isinstance(value, type))

    def _prepare_(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        for name in self._numbers_ & kwargs.keys():
            value = kwargs[name]
            if value is None and name in _MAY_BE_NONE:
                continue
            if not (hasattr(type(value), "__float__") or isinstance(value, LineRoot)):
                raise ParameterTypeError(
                    f"{type(self).__name__}: parameter {name!r} must be a number; got {value!r}. "
                    f"The default is {self.params._getpairs()[name]!r}."
                )
        for name in self._classes_ & kwargs.keys():
            value = kwargs[name]
            if isinstance(value, LineRoot) or not callable(value):
                default = self.params._getpairs()[name].__name__
                near = get_close_matches(value, self._made_by_name_()) if isinstance(value, str) else ()
                raise ParameterTypeError(
                    f"{type(self).__name__}: parameter {name!r} must be a class of indicators; got {value!r}. "
                    f"The default is bt.ind.{default}." + "".join(f" Did you mean bt.ind.{n}?" for n in near[:1])
                )
        return super()._prepare_(args, kwargs)

    @staticmethod
    def _made_by_name_() -> list[str]:
        """Give the names under which indicators are found: ``bt.ind.SMA``."""
        package = sys.modules[_FAMILY.rstrip(".")]
        return list(package.__all__)

    def setup(self) -> None:
        """Build what the indicator needs.

        The default, for a typed indicator with a parameter ``period``, is a warm-up of that many bars.
        """
        period = self.params._get("period")
        if self._by_ == "compute" and isinstance(period, int):
            self.addminperiod(period)

    def _plotinit(self) -> None:
        """Complete the plot options from the parameters; a plot calls this once."""

    def _wait_for_(self, *parts: Any) -> None:
        """Put off the first value until all *parts*, which :meth:`compute` reads, have one."""
        for one in self.lines._all:
            one.updateminperiod(max(part._minperiod for part in parts))

    def _columns_(self, start: int, stop: int) -> tuple[Any, Any]:
        """Give the first line and the data's for a kernel: memoryviews for a single bar, else arrays."""
        if stop - start == 1:
            return self._a_, self.data._a_
        return self.array, self.data.array

    @staticmethod
    def _columns_of_(start: int, stop: int, *lines: Any) -> list[Any]:
        """Give *lines* for a kernel: memoryviews for a single bar, else arrays."""
        if stop - start == 1:
            return [one._a_ for one in lines]
        return [one.array for one in lines]
