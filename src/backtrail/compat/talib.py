"""TA-Lib's functions as indicators: ``bt.talib.SMA(self.data, timeperiod=20)``.

There is one class per function, named as the function; parameters and lines are those of TA-Lib. The classes are made
when they are first asked for, and TA-Lib is imported then: ``pip install 'backtrail[talib]'``.

Inputs are given by position as TA-Lib lists them (``bt.talib.ATR(self.data.high, self.data.low, self.data.close)``);
where a function reads prices of one feed, the feed alone will do (``bt.talib.ATR(self.data)``).

Over preloaded bars the function runs once. Bar by bar TA-Lib's streaming handles carry it forward, with the same bits;
releases of TA-Lib without them (before 0.8) run the function over all bars so far, again and again.
"""

from __future__ import annotations

import math
import operator
import sys
from functools import lru_cache
from importlib import import_module
from typing import Any, ClassVar

import numpy as np

from ..errors import DeclarationError, ModuleImportError, ParameterValueError, unknown_name
from ..indicators.base import Indicator

_STYLES = {"Line": "-", "Dashed Line": "--", "Dotted Line": ":", "Dot Line": ":", "Dash Dot Line": "-."}
_UPPER = "Values represent an upper limit"
_LOWER = "Values represent a lower limit"
_PRICES = ("open", "high", "low", "close", "volume", "openinterest")


@lru_cache(maxsize=1)
def _library() -> Any:
    """Import TA-Lib."""
    try:
        import_module("talib.abstract")
        import_module("talib.stream")
    except ImportError as missing:
        raise ModuleImportError(
            "bt.talib computes with TA-Lib - expected the package 'talib' - found none that can be imported "
            f"({missing}) - run: pip install 'backtrail[talib]'"
        ) from missing
    return sys.modules["talib"]


class _TALibIndicator(Indicator):
    """Base of the indicators that TA-Lib computes."""

    CANDLEOVER: ClassVar[float] = 1.02  # a candle pattern is drawn 2% above …
    CANDLEREF: ClassVar[int] = 1  # … the second input, the high
    _function: ClassVar[str] = ""
    _wanted: ClassVar[tuple[str, ...]] = ()
    _iscandle: ClassVar[bool] = False
    _unstable: ClassVar[bool] = False
    _handle: Any = None
    _at_ = -1

    def setup(self) -> None:
        """Check parameters and inputs, and wait for as many bars as TA-Lib needs."""
        library = _library()
        given = self._checked()
        self._run_ = getattr(library, self._function)
        self._given = given
        self._lookback: int = library.abstract.Function(self._function, **given).lookback
        if self._lookback < 0:
            raise ParameterValueError(
                f"bt.talib.{self._function}: setting it up - expected parameters that TA-Lib accepts - found {given} - "
                f"the defaults are {dict(self.params._getpairs())}"
            )
        self._inputs = self._find_inputs()
        for one in self.lines:
            one.updateminperiod(self._lookback + 1)

    def _checked(self) -> dict[str, Any]:
        """Give the parameters for TA-Lib; whole numbers where it expects them."""
        given: dict[str, Any] = {}
        for name, default in type(self).params._getpairs().items():
            value = getattr(self.p, name)
            try:
                given[name] = operator.index(value) if isinstance(default, int) else float(value)
            except (TypeError, ValueError):
                kind = "a whole number" if isinstance(default, int) else "a number"
                raise ParameterValueError(
                    f"bt.talib.{self._function}: parameter {name!r} must be {kind}; got {value!r}. "
                    f"The default is {default!r}."
                ) from None
        return given

    def _find_inputs(self) -> list[Any]:
        """Give the lines that TA-Lib reads: one per data, or the prices of a single feed."""
        wanted, datas = self._wanted, self.datas
        prices = all(name in _PRICES for name in wanted)
        if len(datas) == 1 and prices and wanted != ("close",):
            lines = self.data.lines
            if all(hasattr(lines, name) for name in wanted):
                return [getattr(lines, name) for name in wanted]
        if len(datas) == len(wanted):
            clock = self.data._c_
            return [d.lines[0] if d._c_ is clock else d(self.data) for d in datas]
        listed = ", ".join(wanted)
        raise DeclarationError(
            f"bt.talib.{self._function}: setting it up - expected {len(wanted)} inputs ({listed})"
            + (", or a feed that has them" if prices else "")
            + f" - found {len(datas)} - pass one line for each, in this order"
        )

    def compute(self, start: int, stop: int) -> None:
        """Fill the bars [start, stop)."""
        if stop - start == 1 and (found := self._follow(start)) is not None:
            for one, value in zip(self.lines, found):
                one._a_[start] = value
        else:
            for one, values in zip(self.lines, self._all_until(stop)):
                one.array[start:stop] = values[start:stop]
        if self._iscandle:
            pattern, mark = self.lines[0].array, self.lines[1].array
            reference = self._inputs[self.CANDLEREF].array[start:stop]
            mark[start:stop] = reference * self.CANDLEOVER * (pattern[start:stop] / 100.0)

    def _all_until(self, stop: int) -> tuple[Any, ...]:
        """Run the function over all bars before *stop*."""
        found = self._run_(*[one.array[:stop] for one in self._inputs], **self._given)
        return found if isinstance(found, tuple) else (found,)

    def _follow(self, i: int) -> tuple[float, ...] | None:
        """Give the values of bar *i* from the streaming handle; None where that cannot tell them.

        The handle has seen the bars before *i*; *i* itself is only shown to it, since a bar that is not complete (a
        slow one in a fast run, a replayed one) is computed several times.
        """
        if not hasattr(sys.modules["talib.stream"], "Stream"):
            return None
        dropped = self._c_.dropped
        columns = [one._a_ for one in self._inputs]
        last = i + dropped - 1
        if self._handle is None or self._at_ > last:
            if not self._open(i, last):
                return None
        while self._at_ < last:
            self._at_ += 1
            bar = [column[self._at_ - dropped] for column in columns]
            if not all(map(math.isfinite, bar)):
                self._handle = None  # what TA-Lib makes of a missing price only the whole function tells
                return None
            self._handle.update(*bar)
        bar = [column[i] for column in columns]
        if not all(map(math.isfinite, bar)):
            return None
        found = self._handle.peek(*bar)
        return found if isinstance(found, tuple) else (found,)

    def _open(self, stop: int, last: int) -> bool:
        """Open a handle on the bars before *stop*; tell whether that was possible."""
        self._handle = None
        history = [np.ascontiguousarray(one.array[:stop]) for one in self._inputs]
        first = max((int(np.argmax(h == h)) if (h == h).any() else stop for h in history), default=0)
        if stop - first <= self._lookback or not all(np.isfinite(h[first:]).all() for h in history):
            return False
        library = sys.modules["talib"]
        try:
            self._handle = getattr(library.stream, self._function)(*history, **self._given)
        except library.InsufficientHistory:
            return False
        self._at_ = last
        return True

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the handle, which cannot be pickled and is opened again."""
        state = super().__getstate__()
        state.pop("_handle", None)
        return state


def _plotlines(function: Any, candle: bool) -> dict[str, dict[str, Any]]:
    """Give how the outputs are drawn, from what TA-Lib says of them."""
    styles: dict[str, dict[str, Any]] = {}
    if candle:
        return {
            function.output_names[0]: {"_plotskip": True},
            "_candleplot": {
                "_name": function.info["name"], "ls": "", "marker": "d", "markersize": "7.0", "fillstyle": "full",
            },
        }  # fmt: skip
    after_upper = False
    for name, flags in function.output_flags.items():
        style: dict[str, Any] = {}
        for flag in flags:
            if flag in _STYLES:
                style["ls"] = _STYLES[flag]
            elif flag == "Histogram":
                style["_method"] = "bar"
        if after_upper or _LOWER in flags:
            style["_samecolor"] = True
        after_upper = _UPPER in flags
        styles[name] = style
    return styles


def _make(name: str) -> type[_TALibIndicator]:
    """Make the indicator of the TA-Lib function called *name*."""
    function = _library().abstract.Function(name)
    flags = function.function_flags or []
    candle = name.startswith("CDL")
    wanted: list[str] = []
    for key, inputs in function.info["input_names"].items():
        if isinstance(inputs, str):
            wanted.append(key if key[-1].isdigit() else inputs)
        else:
            wanted.extend(inputs)
    body = {
        "__module__": __name__,
        "__doc__": getattr(_library(), name).__doc__ or name,
        "params": tuple(function.info["parameters"].items()),
        "lines": (*function.output_names, "_candleplot") if candle else tuple(function.output_names),
        "plotinfo": {
            "subplot": not (candle or "Output scale same as input" in flags),
            "plotlinelabels": candle,
        },
        "plotlines": _plotlines(function, candle),
        "_function": name,
        "_wanted": tuple(wanted),
        "_iscandle": candle,
        "_unstable": "Function has an unstable period" in flags,
    }
    return type(name, (_TALibIndicator,), body)


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        if name != "__all__":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        try:
            return ["MA_Type", *_library().get_functions()]
        except ModuleImportError:
            return []
    library = _library()
    if name == "MA_Type":
        value: Any = library.MA_Type
    elif name in library.get_functions():
        value = _make(name)
    else:
        known = [near for near in library.get_functions() if near[:1] == name[:1]]
        raise AttributeError(unknown_name("function", "TA-Lib", name, known))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__getattr__("__all__")})
