"""Named values of a class with defaults: parameters, plot options."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from ..errors import unknown_name


def pairs_of(declared: Any) -> dict[str, Any]:
    """Read a declaration (``None``, a dict, or an iterable of ``(name, default)`` pairs) into a dict.

    A pair may also be a bare string, whose default is then None.
    """
    if not declared:
        return {}
    if isinstance(declared, Info):
        return dict(declared._getpairs())
    if isinstance(declared, Mapping):
        return dict(declared)
    out: dict[str, Any] = {}
    for item in declared:
        if isinstance(item, str):
            out[item] = None
        else:
            out[item[0]] = item[1]
    return out


def hold_plainly(one: Any, attributes: dict[str, Any]) -> None:
    """Let *attributes* be the ``__dict__`` of *one*.

    Up to Python 3.12 objects share the keys of their dicts with others of their class, and once the dict of such an
    object was asked for, its attributes are read several times as slowly as those of an object with a dict like this.
    """
    object.__setattr__(one, "__dict__", attributes)


class Info:
    """Values by name: one attribute each, defaults remembered.

    Held by a class it carries the defaults; held by an instance it carries that instance's values.
    """

    _defaults: Mapping[str, Any]

    def __init__(self, defaults: Mapping[str, Any], values: Mapping[str, Any] | None = None) -> None:
        hold_plainly(self, {**defaults, "_defaults": defaults, **(values or {})})

    def _getpairs(self) -> OrderedDict[str, Any]:
        """Give the defaults by name."""
        return OrderedDict(self._defaults)

    _getpairsbase = _getpairs

    def _gettuple(self) -> tuple[tuple[str, Any], ...]:
        """Give the defaults as a tuple of pairs."""
        return tuple(self._defaults.items())

    def _getkeys(self) -> list[str]:
        """Give the names."""
        return list(self._defaults)

    def _getdefaults(self) -> list[Any]:
        """Give the default values in order of declaration."""
        return list(self._defaults.values())

    def _getvalues(self) -> list[Any]:
        """Give the current values in order of declaration."""
        own = self.__dict__
        return [own[name] for name in self._defaults]

    def _getitems(self) -> Iterable[tuple[str, Any]]:
        """Give ``(name, default)`` pairs."""
        return self._defaults.items()

    def _getkwargs(self, skip_: bool = False) -> OrderedDict[str, Any]:
        """Give the current values as keyword arguments; names with a leading underscore are left out on request."""
        own = self.__dict__
        return OrderedDict((k, own[k]) for k in self._defaults if not (skip_ and k.startswith("_")))

    def _getkwargsdefault(self) -> OrderedDict[str, Any]:
        """Give the defaults as keyword arguments."""
        return OrderedDict(self._defaults)

    def _get(self, name: str, default: Any = None) -> Any:
        """Give the value called *name*, or *default*."""
        return self.__dict__.get(name, default)

    def isdefault(self, pname: str) -> bool:
        """Tell whether *pname* holds its default."""
        return bool(self._get(pname) == self._defaults[pname])

    def notdefault(self, pname: str) -> bool:
        """Tell whether *pname* differs from its default."""
        return not self.isdefault(pname)

    def _derive(self, name: str, info: Any, otherbases: Iterable[Any] = (), recurse: bool = False) -> Info:
        """Give a new set of defaults: these, then those of *otherbases*, then *info*."""
        merged = dict(self._defaults)
        for other in otherbases:
            merged.update(pairs_of(other))
        merged.update(pairs_of(info))
        return Info(merged)

    def __call__(self, **values: Any) -> Info:
        """Give an own copy of the defaults, as a class of declared values gives an instance."""
        return type(self)(self._defaults, values)

    def __iter__(self) -> Iterator[str]:
        return iter(self._defaults)

    if TYPE_CHECKING:  # a class that has it pays for it with every reading

        def __getattr__(self, name: str) -> Any:
            """Give the value called *name*."""

    def __reduce__(self) -> tuple[Any, ...]:
        values = {k: v for k, v in self.__dict__.items() if k not in ("_defaults", "_heard_by")}
        return (type(self), (dict(self._defaults), values))


class Noticed(Info):
    """Values whose setting is noticed: ``_before_setting(name)`` and ``_after_setting(name)`` of those who listen."""

    def __setattr__(self, name: str, value: Any) -> None:
        heard_by = tuple(self.__dict__.get("_heard_by", ()))
        for one in heard_by:
            one._before_setting_(name)
        self.__dict__[name] = value
        for one in heard_by:
            one._after_setting_(name)

    def _let_hear(self, one: Any) -> None:
        """Let *one* listen, as long as it lives."""
        self.__dict__.setdefault("_heard_by", WeakSet()).add(one)


def explain_missing(error: AttributeError) -> str:
    """Say which values there are where *error* asked for one that there is not; nothing for other errors."""
    if not isinstance(error.obj, Info):
        return ""
    return unknown_name("value", "this set of parameters or options", error.name or "", error.obj._defaults)


class PlotLines(Info):
    """Plot options by line name; each an :class:`Info`, made when first asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "_defaults":
            raise AttributeError(name)
        made = self.__dict__[name] = Info({})
        return made
