"""What values a declared parameter may have."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Sized
from numbers import Integral, Real
from typing import Any, NamedTuple

from ..errors import ParameterTypeError, ParameterValueError, ParameterWarning

# How far the user's line is above a warning given in check(): warn, check, _prepare_, _construct, __init__, user.
_DEPTH = 5


class Kind(NamedTuple):
    """A kind of values: in words, how to tell that a value is one, and whether they are numbers."""

    text: str
    holds: Callable[[Any], bool]
    number: bool = False


def _is_finite(value: Any) -> bool:
    return isinstance(value, Real) and math.isfinite(value)


def _are_numbers(value: Any) -> bool:
    return isinstance(value, Iterable) and isinstance(value, Sized) and all(isinstance(one, Real) for one in value)


WHOLE = Kind("a whole number", lambda value: isinstance(value, Integral), number=True)
FINITE = Kind("a finite number", _is_finite, number=True)
NUMBERS = Kind("a list of numbers", _are_numbers)
FUNCTION = Kind("a function", callable)


class Param:
    """A declared parameter: default, kind, and the range that values must lie in.

    Values outside of *usual* are taken, with a warning that says what is *unusual* about them.
    """

    __slots__ = ("choices", "default", "ge", "gt", "kind", "le", "lt", "unusual", "usual")

    def __init__(
        self,
        default: Any,
        ge: float | None = None,
        gt: float | None = None,
        le: float | None = None,
        lt: float | None = None,
        choices: Iterable[Any] | None = None,
        kind: Kind | None = None,
        usual: Param | None = None,
        unusual: str = "",
    ) -> None:
        self.default = default
        self.ge = ge
        self.gt = gt
        self.le = le
        self.lt = lt
        self.choices = None if choices is None else tuple(choices)
        self.kind = kind
        self.usual = usual
        self.unusual = unusual

    def check(self, owner: str, name: str, value: Any) -> None:
        """Raise :class:`ParameterValueError` unless *value* is acceptable; None is where it is the default."""
        if value is None and self.default is None:
            return
        wanted = self._missed(value)
        if wanted:
            fault = ParameterTypeError if self._is_of_another_kind(value) else ParameterValueError
            raise fault(
                f"{owner}: parameter {name!r} must be {' and '.join(wanted)}; got {value!r}.{self._said_default()}"
            )
        if self.usual is not None and (self.usual.kind or _is_finite(value)) and self.usual._missed(value):
            warnings.warn(
                f"{owner}: parameter {name!r} is {value!r}: {self.unusual}.", ParameterWarning, stacklevel=_DEPTH
            )

    def _missed(self, value: Any) -> list[str]:
        """Give what *value* would have to be and is not."""
        if self.kind is not None and not self.kind.holds(value):
            return [self.kind.text]
        wanted = []
        try:
            for sign, bound, ok in (
                (">=", self.ge, self.ge is None or value >= self.ge),
                (">", self.gt, self.gt is None or value > self.gt),
                ("<=", self.le, self.le is None or value <= self.le),
                ("<", self.lt, self.lt is None or value < self.lt),
            ):
                if bound is not None and not ok:
                    wanted.append(f"{sign} {bound}")
            if wanted and value != value:
                wanted = ["a number that is not NaN"]
        except TypeError:
            wanted.append("a number")
        if self.choices is not None and value not in self.choices:
            wanted.append(f"one of {list(self.choices)}")
        return wanted

    def _said_default(self) -> str:
        plain = isinstance(self.default, (bool, int, float, str, list, type(None)))
        return f" The default is {self.default!r}." if plain else ""

    def _is_of_another_kind(self, value: Any) -> bool:
        """Tell whether a value that is not acceptable is not even of the kind that is: no number, no text."""
        if self.kind is not None and not self.kind.number:
            return not self.kind.holds(value)
        if self.choices is not None:
            return not isinstance(value, tuple({type(one) for one in self.choices}))
        return not isinstance(value, Real)


def param(
    *,
    default: Any = None,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
    choices: Iterable[Any] | None = None,
    kind: Kind | None = None,
    usual: Param | None = None,
    unusual: str = "",
    kw_only: bool = True,
    init: bool = True,
) -> Any:
    """Declare a parameter with a *default* and a range: ``period: int = param(default=30, ge=1)``.

    *kw_only* and *init* are for type checkers: is it passed by keyword only, is it passed at all.
    """
    return Param(default, ge, gt, le, lt, choices, kind, usual, unusual)


def warn_of_text(owner: str, names: Iterable[str], values: dict[str, Any], depth: int = _DEPTH) -> None:
    """Warn of the switches *names* whose value is a text: 'no' counts as yes."""
    for name in names:
        value = values.get(name)
        if isinstance(value, str):
            warnings.warn(
                f"{owner}: parameter {name!r} is {value!r}, a text, and counts as {bool(value)}. Pass True or False.",
                ParameterWarning,
                stacklevel=depth,
            )


__all__ = ["FINITE", "FUNCTION", "NUMBERS", "WHOLE", "Kind", "Param", "param", "warn_of_text"]
